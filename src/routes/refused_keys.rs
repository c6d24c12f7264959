//! Refused keys are logged, but a client that tries many must not fill the card with lines.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use log::warn;

use crate::socket::Peer;

/// Keys that were refused since the last line of the log.
#[derive(Default)]
pub(super) struct RefusedKeys(Mutex<Tally>);

#[derive(Default)]
struct Tally {
    /// Refused since the last line.
    count: u64,
    last_from: Option<Peer>,
    last_line: Option<Instant>,
}

/// The shortest time between two lines.
const BETWEEN_LINES: Duration = Duration::from_secs(60);

impl RefusedKeys {
    /// Counts a refused key, and logs the count if a line is due.
    pub(super) fn note(&self, from: Peer, now: Instant) {
        {
            let mut tally = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            tally.count += 1;
            tally.last_from = Some(from);
        }
        self.report(now);
    }

    /// Logs the count if it is not zero and a line is due.
    pub(super) fn report(&self, now: Instant) {
        let mut tally = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let due = tally.last_line.is_none_or(|last| now.saturating_duration_since(last) >= BETWEEN_LINES);
        let Some(from) = tally.last_from.filter(|_| due && tally.count > 0) else { return };
        let from = match from {
            Peer::Tcp(address) => address.ip().to_string(),
            Peer::Unix => "a unix socket".to_owned(),
        };
        warn!("requests refused for a wrong or missing key: {}, the last from {from}", tally.count);
        *tally = Tally { last_line: Some(now), ..Tally::default() };
    }
}
