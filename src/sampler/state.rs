//! What is known of the past, kept over a restart: written seldom, as flash wears, and so that a power cut at any
//! moment costs little.
//!
//! `history` has the pasts of all stations and is replaced as a whole. `slots` is a journal of their series: what
//! has changed is appended each hour, and after three days the file becomes `slots.old` in place of the one before. So
//! a slot is written once or twice. `days` has a file for each station.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use log::warn;

use super::days;
use crate::file;
use crate::reading::{Day, Plots};
use crate::time::{AHEAD, Timestamp};

/// Between two writes of the journal: 11 kB a day for a station with all sensors, and this much is lost in a power cut.
const EVERY: Duration = Duration::from_secs(3600);

/// Writes of the journal for each of the histories, of 4 kB a station at most: 24 kB a day.
const HISTORY_EVERY: u32 = 4;

/// More than what is ever written, of all stations.
const BYTES: usize = 1 << 20;

/// What is read of a journal: three days of 64 stations have 2.5 MB. A larger one is put aside.
const JOURNAL_BYTES: u64 = 4 << 20;

/// The first line of the journal. What the lines hold is up to the table of rows.
const JOURNAL: &str = "weatherhook slots 1";

/// How long the clock has to go on steadily before a day is over: readings may be late, and a clock that was
/// set wrong is set right meanwhile.
const STEADY: Duration = Duration::from_secs(900);

/// The directory and when it was written last.
pub(super) struct State {
    directory: PathBuf,
    clock: Mutex<Clock>,
    /// The files that were reported as faulty.
    reported: Mutex<Vec<PathBuf>>,
}

struct Clock {
    written: Instant,
    writes: u32,
    /// The slot in which the journal was begun.
    begun: Option<i64>,
    steady: Steady,
    /// The slot in which days were made last.
    finished: i64,
}

/// Whether a clock goes on as time does.
struct Steady {
    since: Instant,
    seen: Option<(Instant, Timestamp)>,
}

impl Steady {
    /// Whether the clock was not set for some time.
    fn is_steady(&mut self, now: Timestamp, instant: Instant) -> bool {
        if let Some((before, shown)) = self.seen.replace((instant, now)) {
            let passed = instant.saturating_duration_since(before);
            // Of the two differences one is zero.
            let went = now.age(shown) + shown.age(now);
            let is_back = shown.age(now) > AHEAD;
            if is_back || went.abs_diff(passed) > AHEAD {
                self.since = instant;
            }
        }
        instant.saturating_duration_since(self.since) >= STEADY
    }
}

impl State {
    /// systemd's directory for the service's state.
    pub(super) fn open(directory: &Path) -> State {
        let now = Instant::now();
        let clock = Clock {
            written: now,
            writes: 0,
            begun: None,
            steady: Steady { since: now, seen: None },
            finished: 0,
        };
        State { directory: directory.to_owned(), clock: Mutex::new(clock), reported: Mutex::default() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    fn clock(&self) -> MutexGuard<'_, Clock> {
        self.clock.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reports a fault of a file once, until it is good again. `true` if there is none.
    fn report<T>(&self, path: &Path, result: &io::Result<T>, consequence: &str) -> bool {
        let mut reported = self.reported.lock().unwrap_or_else(PoisonError::into_inner);
        let known = reported.iter().position(|known| known == path);
        match (result, known) {
            (Ok(_), Some(known)) => drop(reported.swap_remove(known)),
            (Err(error), None) => {
                warn!("{}: {error}; {consequence}", path.display());
                reported.push(path.to_owned());
            }
            _ => {}
        }
        result.is_ok()
    }

    /// What the file of the pasts says.
    pub(super) fn pasts(&self) -> String {
        let path = self.path("history");
        match file::read_small(&path, BYTES) {
            Ok(contents) => String::from_utf8(contents.bytes).unwrap_or_default(),
            Err(error) => {
                if error.kind() != io::ErrorKind::NotFound {
                    warn!("{}: {error}; the past is not known", path.display());
                }
                String::new()
            }
        }
    }

    /// What the journal says, the older part first.
    pub(super) fn journal(&self) -> String {
        let mut text = String::new();
        for name in ["slots.old", "slots"] {
            let path = self.path(name);
            let lines = file::read_lines(&path, JOURNAL, JOURNAL_BYTES);
            self.report(&path, &lines, "the last three days are not known");
            let lines = lines.unwrap_or_default();
            let begun = lines.lines().find_map(|line| line.strip_prefix('+')?.parse().ok());
            self.clock().begun = begun;
            text += &lines;
        }
        text
    }

    /// What it is time to write: whether the journal, and whether the histories. If several threads ask at the same time, one gets
    /// `true`.
    pub(super) fn is_due(&self) -> (bool, bool) {
        let Ok(mut clock) = self.clock.try_lock() else { return (false, false) };
        if clock.written.elapsed() < EVERY {
            return (false, false);
        }
        clock.written = Instant::now();
        clock.writes += 1;
        (true, clock.writes % HISTORY_EVERY == 0)
    }

    /// Replaces the file of the pasts.
    pub(super) fn write_pasts(&self, text: &str) {
        let path = self.path("history");
        let written = file::replace(&path, text);
        self.report(&path, &written, "the past will not be known after a restart");
    }

    /// Appends what has changed in the series to the journal.
    pub(super) fn write_journal(&self, changes: &str, now: Timestamp) {
        if changes.is_empty() {
            return;
        }
        let (path, slot) = (self.path("slots"), Plots::slot(now));
        let begun = self.clock().begun;
        let is_long = fs::metadata(&path).is_ok_and(|metadata| metadata.len() > JOURNAL_BYTES);
        if is_long || begun.is_some_and(|begun| !(0..Plots::SLOTS as i64).contains(&(slot - begun))) {
            // If that fails, appending does, too.
            let _ = fs::rename(&path, self.path("slots.old"));
            self.clock().begun = None;
        }
        self.clock().begun.get_or_insert(slot);
        let written = file::append(&path, JOURNAL, &format!("+{slot}\n{changes}"));
        self.report(&path, &written, "the last three days will not be known after a restart");
    }

    /// Whether days that are over are to be made now: once in a slot, while the clock is steady.
    pub(super) fn is_day_due(&self, now: Timestamp) -> bool {
        let Ok(mut clock) = self.clock.try_lock() else { return false };
        let slot = Plots::slot(now);
        let is_steady = clock.steady.is_steady(now, Instant::now());
        is_steady && std::mem::replace(&mut clock.finished, slot) != slot
    }

    /// The days of a station.
    pub(super) fn days(&self, station: &str) -> Vec<Day> {
        let days = days::read(&self.directory, station);
        self.report(&days::path(&self.directory, station), &days, "its days are not known");
        days.unwrap_or_default()
    }

    /// Adds days to those of a station. Whether they are on the disk.
    pub(super) fn append_days(&self, station: &str, days: &[Day]) -> bool {
        let appended = days::append(&self.directory, station, days);
        self.report(&days::path(&self.directory, station), &appended, "no more days are kept")
    }
}
