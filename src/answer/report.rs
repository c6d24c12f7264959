//! What a line is made from, and the text that the lines are written to.

use std::fmt::{Display, Write};
use std::time::Duration;

use super::units::Units;
use crate::reading::{Observed, Quantity, Reading, Station};
use crate::time::{AHEAD, Date, Timestamp};

/// Space for the lines of a station that reports everything, in bytes: one allocation is enough.
const CAPACITY: usize = 640;

/// Whether an observation is current. What lies ahead of the clock was observed before the clock was
/// set back; how long ago is unknown.
pub(super) fn is_current(at: Timestamp, now: Timestamp, stale_after: Duration) -> bool {
    at.age(now) < stale_after && at.ahead(now) <= AHEAD
}

/// What is current at a station at the moment of the answer.
pub(super) struct Current<'a> {
    pub(super) station: &'a Station,
    pub(super) now: Timestamp,
    pub(super) today: Date,
    pub(super) units: Units,
    pub(super) stale_after: Duration,
}

impl<'a> Current<'a> {
    pub(super) fn is_current(&self, at: Timestamp) -> bool {
        is_current(at, self.now, self.stale_after)
    }

    pub(super) fn only(&self, reading: Option<Reading>) -> Option<Reading> {
        reading.filter(|reading| self.is_current(reading.at))
    }

    pub(super) fn reading(&self, quantity: Quantity) -> Option<Reading> {
        self.only(self.station.reading(quantity))
    }

    pub(super) fn text(&self, text: &'a Option<Observed<String>>) -> Option<Observed<&'a str>> {
        let text = text.as_ref().filter(|text| self.is_current(text.at))?;
        Some(Observed { value: &text.value, at: text.at })
    }
}

/// An answer while its lines are written.
pub(super) struct Report {
    pub(super) text: String,
    /// The time of the newest observation in it.
    pub(super) newest: Option<Timestamp>,
}

impl Report {
    pub(super) fn new() -> Report {
        Report { text: String::with_capacity(CAPACITY), newest: None }
    }

    /// Writes a line, unless its label is empty.
    pub(super) fn write(&mut self, label: &str, value: &dyn Display) {
        if label.is_empty() {
            return;
        }
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(label);
        // Writing into a String does not fail.
        let _ = write!(self.text, ": {value}");
    }

    /// Writes a line with what was observed, and notes its time.
    pub(super) fn write_observed(&mut self, label: &str, observed: Observed<impl Display>) {
        self.newest = self.newest.max(Some(observed.at));
        self.write(label, &observed.value);
    }
}
