//! What readers made of the keys of a source, by value and each key once: the lines of a log say the
//! same again and again, so the memory is that of the different keys.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::mem::discriminant;

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
    fn of(finding: &format::Finding<'_>) -> Option<Outcome> {
        Some(match *finding {
            format::Finding::Reading { quantity, value, unit, assumed, at, .. } => {
                Outcome::Reading { quantity, value, unit, assumed, at }
            }
            format::Finding::Text { text, at, .. } => Outcome::Text { text: text.to_owned(), at },
            format::Finding::Time { at, .. } => Outcome::Time(at),
            format::Finding::Setting { value, .. } => Outcome::Setting(value.to_string()),
            format::Finding::Ignored { why, .. } => Outcome::Ignored(why),
            format::Finding::Dropped { why, .. } => Outcome::Dropped(why),
            format::Finding::Key { .. } => return None,
        })
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
        format::Finding::Key { name } => (*name).to_owned(),
    }
}

/// What was found in one stream.
#[derive(Debug)]
pub struct Found {
    /// The stream's name.
    pub name: String,
    /// Its format.
    pub format: Option<Recognised>,
    /// How many records were kept.
    pub records: usize,
    /// What was made of each key, in the order in which the keys came.
    pub findings: Vec<Finding>,
    /// The names of its keys, as far as they were looked at.
    pub names: BTreeSet<String>,
    /// Where each finding stands, by verb and key.
    index: HashMap<(&'static str, String), usize>,
}

/// A format, and why a text is read in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recognised {
    /// The name of the format.
    pub name: &'static str,
    /// What the text was recognised by; `None` if the configuration names the format.
    pub by: Option<&'static str>,
}

impl Found {
    fn new(name: String) -> Found {
        Found {
            name,
            format: None,
            records: 0,
            findings: Vec::new(),
            names: BTreeSet::new(),
            index: HashMap::new(),
        }
    }

    fn put(&mut self, finding: Finding) {
        match self.index.get(&(finding.outcome.verb(), finding.key.clone())) {
            Some(&index) => {
                let dropped = self.findings[index].dropped + finding.dropped;
                self.findings[index] = Finding { dropped, ..finding };
            }
            None if self.findings.len() >= MOST => {}
            None => {
                self.index.insert((finding.outcome.verb(), finding.key.clone()), self.findings.len());
                self.findings.push(finding);
            }
        }
    }

    fn append(&mut self, later: Found) {
        self.format = self.format.or(later.format);
        self.records += later.records;
        self.names.extend(later.names);
        later.findings.into_iter().for_each(|finding| self.put(finding));
    }
}

/// The findings of one or more steps, by stream.
#[derive(Debug, Default)]
pub(in crate::sampler) struct Findings {
    /// Whether anybody reads them. Otherwise only the dropped values are counted, as it costs a text
    /// for each key.
    wanted: bool,
    streams: Vec<Found>,
    dropped: usize,
    selection: Selection,
    losses: Vec<Loss>,
}

/// A value that cannot be used.
#[derive(Clone, Debug)]
pub(super) struct Loss {
    /// Where it stands.
    pub(super) key: String,
    /// Why it cannot be used.
    pub(super) why: Dropped,
}

/// Different losses of one step that are kept.
const LOSSES: usize = 100;

/// What was selected of the records since it was asked for last.
#[derive(Debug, Default)]
pub(super) struct Selection {
    /// How many records.
    records: usize,
    /// Some of the devices that were not, each as the configuration would select it.
    others: BTreeSet<String>,
    /// Whether a record has a time that cannot be read.
    is_undated: bool,
}

impl Selection {
    pub(super) fn append(&mut self, later: Selection) {
        self.records += later.records;
        self.is_undated |= later.is_undated;
        later.others.into_iter().for_each(|other| self.add_other(other));
    }

    fn add_other(&mut self, other: String) {
        if self.others.len() < OTHERS {
            self.others.insert(other);
        }
    }

    /// Whether a record has a time that cannot be read.
    pub(super) fn is_undated(&self) -> bool {
        self.is_undated
    }

    /// The devices that there are, if none of them was selected.
    pub(super) fn none_selected(&self) -> Option<Vec<String>> {
        (self.records == 0 && !self.others.is_empty()).then(|| self.others.iter().cloned().collect())
    }
}

/// Devices that a message names.
const OTHERS: usize = 8;

impl Findings {
    pub(super) fn new(wanted: bool) -> Findings {
        Findings { wanted, ..Findings::default() }
    }

    /// What follows is of this stream.
    pub(super) fn begin(&mut self, name: impl fmt::Display) {
        if self.wanted {
            self.streams.push(Found::new(name.to_string()));
        }
    }

    /// The stream is read in this format; `None` for `recognised` if the configuration says so.
    pub(super) fn set_format(&mut self, name: &'static str, by: Option<&'static str>) {
        if let Some(stream) = self.streams.last_mut() {
            stream.format = Some(Recognised { name, by });
        }
    }

    /// So many records of the stream were kept.
    pub(super) fn add_records(&mut self, records: usize) {
        self.selection.records += records;
        if let Some(stream) = self.streams.last_mut() {
            stream.records += records;
        }
    }

    /// A device was not selected.
    pub(super) fn add_unselected(&mut self, selection: Option<&str>) {
        if let Some(selection) = selection {
            self.selection.add_other(selection.to_owned());
        }
    }

    /// The losses since they were asked for last, those with one key and one cause once.
    pub(super) fn take_losses(&mut self) -> Vec<Loss> {
        std::mem::take(&mut self.losses)
    }

    fn add_loss(&mut self, key: String, why: Dropped) {
        let is_same = |known: &Loss| known.key == key && discriminant(&known.why) == discriminant(&why);
        if self.losses.len() < LOSSES && !self.losses.iter().any(is_same) {
            self.losses.push(Loss { key, why });
        }
    }

    pub(super) fn take_selection(&mut self) -> Selection {
        std::mem::take(&mut self.selection)
    }

    pub(super) fn add(&mut self, finding: &format::Finding<'_>) {
        let dropped = usize::from(matches!(finding, format::Finding::Dropped { .. }));
        self.dropped += dropped;
        if let format::Finding::Dropped { why, .. } = finding {
            self.selection.is_undated |= *why == Dropped::NoTime;
            self.add_loss(folded(key(finding)), *why);
        }
        let Some(stream) = self.streams.last_mut() else { return };
        match finding {
            format::Finding::Key { name } if stream.names.len() < MOST => {
                stream.names.insert((*name).to_owned());
            }
            format::Finding::Key { .. } => {}
            _ => {
                if let Some(outcome) = Outcome::of(finding) {
                    stream.put(Finding { key: folded(key(finding)), outcome, dropped });
                }
            }
        }
    }

    /// Adds what a later step found.
    pub(in crate::sampler) fn append(&mut self, later: Findings) {
        self.dropped += later.dropped;
        for found in later.streams {
            match self.streams.iter_mut().find(|known| known.name == found.name) {
                Some(known) => known.append(found),
                None => self.streams.push(found),
            }
        }
    }

    /// How many values were dropped.
    pub(super) fn dropped(&self) -> usize {
        self.dropped
    }

    pub(in crate::sampler) fn into_streams(self) -> Vec<Found> {
        self.streams
    }
}

/// The first elements of a list have lines of their own; the others share one, with the last of them.
const ELEMENTS: usize = 3;

/// The key with `[…]` for each element of a list behind the first ones.
fn folded(key: String) -> String {
    if !key.contains('[') {
        return key;
    }
    let mut folded = String::with_capacity(key.len());
    let mut rest = key.as_str();
    while let Some((before, behind)) = rest.split_once('[') {
        folded.push_str(before);
        folded.push('[');
        let digits = behind.bytes().take_while(u8::is_ascii_digit).count();
        let is_index = digits > 0 && behind[digits..].starts_with(']');
        let is_folded = is_index && behind[..digits].parse().is_ok_and(|index: usize| index >= ELEMENTS);
        if is_folded {
            folded.push('…');
        }
        rest = if is_folded { &behind[digits..] } else { behind };
    }
    folded + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_behind_the_first_ones_share_a_line() {
        for (key, expected) in [
            ("temp", "temp"),
            ("[0].temp", "[0].temp"),
            ("a[2].b[3]", "a[2].b[…]"),
            ("feeds[99].field1", "feeds[…].field1"),
            ("[x][", "[x]["),
            ("[12", "[12"),
        ] {
            assert_eq!(folded(key.to_owned()), expected);
        }
    }
}
