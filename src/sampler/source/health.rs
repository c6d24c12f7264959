//! Whether a stream can be read, and the log lines when that changes.

use std::collections::HashSet;
use std::fmt;
use std::time::Duration;

use log::{info, warn};

use super::findings::Selection;
use super::seen::{Change, Error, Name};
use crate::format::Record;
use crate::time::Timestamp;

/// What is known of one stream.
#[derive(Default)]
pub(super) struct Health {
    /// Whether the last look was good; `None` before the first.
    good: Option<bool>,
    /// When it was good last.
    good_at: Option<Timestamp>,
}

/// What may be expected of a stream.
#[derive(Clone, Copy)]
pub(super) struct Expected {
    /// For how long it may fail before that is logged.
    pub(super) tolerance: Duration,
    /// Whether it may be missing: a pattern is written before its files are there, and many a board has no
    /// such sensor.
    pub(super) optional: bool,
}

impl Health {
    /// A stream that takes the place of others, which were good or bad.
    pub(super) fn after(good: Option<bool>) -> Health {
        Health { good, good_at: None }
    }

    pub(super) fn good(&self) -> Option<bool> {
        self.good
    }

    /// Notes how a look ended. Logs only a change.
    pub(super) fn note(
        &mut self,
        name: &Name,
        result: Result<&Summary, &Error>,
        expected: Expected,
        now: Timestamp,
    ) {
        if result.is_ok() {
            self.good_at = Some(now);
        } else if self.good_at.is_some_and(|at| at.age(now) < expected.tolerance) {
            return;
        }
        match (result, self.good.replace(result.is_ok())) {
            (Ok(_), Some(true)) | (Err(_), Some(false)) => {}
            (Ok(summary), _) => info!("{name}: {summary}"),
            (Err(cause), None) if expected.optional => info!("{name}: {cause}; there are no readings yet"),
            (Err(cause), None) => warn!("{name}: {cause}; there are no readings yet"),
            (Err(cause), Some(true)) => warn!("{name}: {cause}; the last good readings are kept"),
        }
    }
}

/// What is logged of a first good look, and how to find out what could be better.
#[derive(Default)]
pub(super) struct Summary {
    places: HashSet<Option<String>>,
    dropped: usize,
    /// What was selected of the records.
    pub(super) selection: Selection,
}

impl Summary {
    /// Adds the records of a step. They are of the configured place, or of the places that they name.
    pub(super) fn add(&mut self, change: &Change, station: Option<&str>) {
        let place = |record: &Record| station.or(record.station.city.as_deref()).map(str::to_owned);
        self.places.extend(change.records().iter().map(place));
    }

    pub(super) fn add_dropped(&mut self, dropped: usize) {
        self.dropped += dropped;
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "readable, stations: {}", self.places.len())?;
        if self.dropped > 0 {
            write!(f, ", values dropped: {} (`weatherhook check` says why)", self.dropped)?;
        }
        if self.places.len() == 1 && self.places.contains(&None) {
            f.write_str("; it has no name, --city gives it one")?;
        }
        Ok(())
    }
}
