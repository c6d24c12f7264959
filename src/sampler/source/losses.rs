//! What the log says of values that cannot be used or have to wait: a line for each cause, and no more for an hour after it was
//! seen last. A sensor that says the same nonsense every second fills no log, and a cause that comes back is new.

use std::collections::HashMap;
use std::mem::{Discriminant, discriminant};
use std::time::Duration;

use log::info;

use super::findings::Loss;
use super::seen::Name;
use crate::format::Dropped;
use crate::time::Timestamp;

/// Causes that are kept apart: as many as a dozen sensors have. A text may bring other keys in each line.
const CAUSES: usize = 50;

/// For how long a cause is not to be seen until it is new again.
const AWAY: Duration = Duration::from_secs(3600);

/// The causes of one source that the log has said.
#[derive(Default)]
pub(super) struct Losses {
    /// When each was seen last. What waits has no reason to be dropped.
    causes: HashMap<(String, Option<Discriminant<Dropped>>), Timestamp>,
    /// When the log said last that there are more.
    full_at: Option<Timestamp>,
}

impl Losses {
    /// Logs what of this is new.
    pub(super) fn note(&mut self, name: &Name, losses: Vec<Loss>, now: Timestamp) {
        for Loss { key, why } in losses {
            match self.news(key.clone(), Some(why), now) {
                Some(News::Cause) => info!("{name}: dropped: {key}: {why}"),
                Some(News::Full) => info!("{name}: more values are dropped; `weatherhook check` says which"),
                None => {}
            }
        }
    }

    /// Logs which readings of the source wait: what each is, and why it waits.
    pub(super) fn note_waiting(&mut self, name: &Name, waiting: Vec<(String, String)>, now: Timestamp) {
        for (what, why) in waiting {
            match self.news(what, None, now) {
                Some(News::Cause) => info!("{name}: waiting: {why}"),
                Some(News::Full) => info!("{name}: more readings wait; `weatherhook check` says which"),
                None => {}
            }
        }
    }

    fn news(&mut self, key: String, why: Option<Dropped>, now: Timestamp) -> Option<News> {
        let cause = (key, why.map(|why| discriminant(&why)));
        if let Some(seen) = self.causes.get_mut(&cause) {
            let is_new = seen.age(now) >= AWAY;
            *seen = now;
            return is_new.then_some(News::Cause);
        }
        if self.causes.len() >= CAUSES {
            self.causes.retain(|_, seen| seen.age(now) < AWAY);
        }
        if self.causes.len() < CAUSES {
            self.causes.insert(cause, now);
            return Some(News::Cause);
        }
        let is_new = self.full_at.is_none_or(|at| at.age(now) >= AWAY);
        self.full_at = Some(self.full_at.filter(|_| !is_new).unwrap_or(now));
        is_new.then_some(News::Full)
    }
}

/// What the log says.
#[derive(Debug, PartialEq)]
enum News {
    /// A cause.
    Cause,
    /// There are more causes than are kept apart.
    Full,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(seconds: u64) -> Timestamp {
        (std::time::UNIX_EPOCH + Duration::from_secs(1_740_954_420 + seconds)).into()
    }

    #[test]
    fn a_cause_is_logged_once_and_again_when_it_comes_back() {
        let mut losses = Losses::default();
        let mut news = |key: &str, why, seconds| losses.news(key.to_owned(), Some(why), after(seconds));
        assert_eq!(news("temp", Dropped::NoNumber, 0), Some(News::Cause));
        assert_eq!(news("temp", Dropped::NoTime, 1), Some(News::Cause));
        assert_eq!(news("rh", Dropped::NoNumber, 1), Some(News::Cause));
        // It goes on all day: every ten minutes.
        for seconds in (5..86_400).step_by(600) {
            assert_eq!(news("temp", Dropped::NoNumber, seconds), None, "{seconds}");
        }
        assert_eq!(news("rh", Dropped::NoNumber, 3601), Some(News::Cause));
        // The value says nothing of the cause.
        assert_eq!(news("temp", Dropped::Ahead(Duration::from_secs(1)), 0), Some(News::Cause));
        assert_eq!(news("temp", Dropped::Ahead(Duration::from_secs(2)), 5), None);
    }

    #[test]
    fn more_causes_than_any_sensor_has_are_one_line_an_hour() {
        let mut losses = Losses::default();
        let mut said = Vec::new();
        for second in 0..10_000 {
            said.extend(losses.news(second.to_string(), Some(Dropped::BadLine), after(second)));
            assert!(losses.causes.len() <= CAUSES);
        }
        // The first causes were away for an hour when others took their place, three times.
        assert_eq!(said.iter().filter(|news| **news == News::Full).count(), 3);
        assert_eq!(said.len(), 3 * CAUSES + 3);
    }
}
