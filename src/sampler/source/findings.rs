//! What readers made of the keys of a source, by value and each key once: the lines of a log say the
//! same again and again, so the memory is that of the different keys.

use std::collections::HashMap;

use crate::format::{self, Dropped, Ignored};
use crate::reading::{Quantity, Unit};
use crate::time::Timestamp;

/// Keys of which a finding is kept: more than any sensor has. A log may bring other keys in each line.
const MOST: usize = 100_000;

/// What was made of one key, as it was seen last.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Where it stands.
    pub key: String,
    /// What was made of it.
    pub outcome: Outcome,
    /// How often its value was dropped.
    pub dropped: usize,
}

/// The same as [`format::Finding`], without its key and by value.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// A number was read.
    Reading {
        /// What it is about.
        quantity: Quantity,
        /// In the quantity's base unit.
        value: f64,
        /// The unit in which it was read.
        unit: Unit,
        /// Whether the text names no unit.
        assumed: bool,
        /// When it was observed.
        at: Timestamp,
    },
    /// A description by the source was read.
    Text {
        /// On one line.
        text: String,
        /// When they were written.
        at: Timestamp,
    },
    /// A time was read.
    Time(Timestamp),
    /// A name, a unit or the mark of the default was read.
    Setting(String),
    /// The key is not used.
    Ignored(Ignored),
    /// The value cannot be used.
    Dropped(Dropped),
}

impl Outcome {
    fn of(finding: &format::Finding<'_>) -> Outcome {
        match *finding {
            format::Finding::Reading { quantity, value, unit, assumed, at, .. } => {
                Outcome::Reading { quantity, value, unit, assumed, at }
            }
            format::Finding::Text { text, at, .. } => Outcome::Text { text: text.to_owned(), at },
            format::Finding::Time { at, .. } => Outcome::Time(at),
            format::Finding::Setting { value, .. } => Outcome::Setting(value.to_string()),
            format::Finding::Ignored { why, .. } => Outcome::Ignored(why),
            format::Finding::Dropped { why, .. } => Outcome::Dropped(why),
        }
    }

    /// What was done with the key, in a word: `read`, `ignored` or `dropped`.
    pub fn verb(&self) -> &'static str {
        match self {
            Outcome::Ignored(_) => "ignored",
            Outcome::Dropped(_) => "dropped",
            _ => "read",
        }
    }
}

fn key(finding: &format::Finding<'_>) -> String {
    match finding {
        format::Finding::Reading { key, .. }
        | format::Finding::Text { key, .. }
        | format::Finding::Time { key, .. }
        | format::Finding::Setting { key, .. }
        | format::Finding::Ignored { key, .. }
        | format::Finding::Dropped { key, .. } => key.to_string(),
    }
}

/// The findings of one or more steps, in the order in which their keys came.
#[derive(Debug, Default)]
pub(in crate::sampler) struct Findings {
    /// Whether anybody reads them. Otherwise only the dropped values are counted, as it costs a text
    /// for each key.
    wanted: bool,
    list: Vec<Finding>,
    /// Where each stands in `list`, by verb and key.
    index: HashMap<(&'static str, String), usize>,
    dropped: usize,
}

impl Findings {
    pub(super) fn new(wanted: bool) -> Findings {
        Findings { wanted, ..Findings::default() }
    }

    pub(super) fn add(&mut self, finding: &format::Finding<'_>) {
        let dropped = usize::from(matches!(finding, format::Finding::Dropped { .. }));
        self.dropped += dropped;
        if self.wanted {
            self.put(Finding { key: key(finding), outcome: Outcome::of(finding), dropped });
        }
    }

    /// Adds what a later step found.
    pub(in crate::sampler) fn append(&mut self, later: Findings) {
        self.dropped += later.dropped;
        later.list.into_iter().for_each(|finding| self.put(finding));
    }

    fn put(&mut self, finding: Finding) {
        match self.index.get(&(finding.outcome.verb(), finding.key.clone())) {
            Some(&index) => {
                let dropped = self.list[index].dropped + finding.dropped;
                self.list[index] = Finding { dropped, ..finding };
            }
            None if self.list.len() >= MOST => {}
            None => {
                self.index.insert((finding.outcome.verb(), finding.key.clone()), self.list.len());
                self.list.push(finding);
            }
        }
    }

    /// How many values were dropped.
    pub(super) fn dropped(&self) -> usize {
        self.dropped
    }

    pub(in crate::sampler) fn into_list(self) -> Vec<Finding> {
        self.list
    }
}
