//! Instants of the wall clock, as sensors write them and as people read them.
//!
//! The only room that knows the time-zone library.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Local, NaiveDateTime, TimeZone, Utc};

/// An instant: milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(i64);

/// The zone of a written time that names none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    /// Coordinated Universal Time.
    Utc,
    /// The board's own zone (`$TZ`, else `/etc/localtime`).
    Local,
}

/// Epoch numbers above this are milliseconds: as seconds it would be the year 5138.
const EPOCH_MILLIS_FROM: f64 = 1e11;

/// The years 1970 to 9999; what lies outside is no observation.
const LAST_MILLIS: i64 = 253_402_300_799_999;

impl Timestamp {
    /// The clock's present instant. Only the rim of the program calls this; the rooms take `now`.
    pub fn now() -> Timestamp {
        SystemTime::now().into()
    }

    /// From milliseconds since the epoch; `None` outside the years 1970 to 9999.
    pub fn from_millis(millis: i64) -> Option<Timestamp> {
        (0..=LAST_MILLIS).contains(&millis).then_some(Timestamp(millis))
    }

    /// From a number as sensors write it: seconds since the epoch, milliseconds above 1e11.
    pub fn from_epoch(number: f64) -> Option<Timestamp> {
        let millis = if number > EPOCH_MILLIS_FROM { number } else { number * 1000.0 };
        // Within the bounds the cast is exact to the millisecond; what it makes of others is not used.
        #[expect(clippy::cast_possible_truncation)]
        (0.0..=LAST_MILLIS as f64).contains(&millis).then_some(Timestamp(millis as i64))
    }

    /// From a written time: RFC 3339 with a zone, or `2025-03-02 22:26:03` (a `T` between, a
    /// fraction, or no seconds) in `zone`, or an epoch number. A local time that does not exist or
    /// exists twice, on the nights when clocks change, is taken at its earlier meaning.
    pub fn parse(text: &str, zone: Zone) -> Option<Timestamp> {
        let text = text.trim();
        if let Ok(number) = text.parse::<f64>() {
            return Timestamp::from_epoch(number);
        }
        let zoned = ["%+", "%Y-%m-%d %H:%M:%S%.f%#z", "%Y-%m-%dT%H:%M:%S%.f%#z"]
            .iter()
            .find_map(|form| DateTime::parse_from_str(text, form).ok());
        if let Some(zoned) = zoned {
            return Timestamp::from_millis(zoned.timestamp_millis());
        }
        let civil = ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"]
            .iter()
            .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())?;
        let millis = match zone {
            Zone::Utc => civil.and_utc().timestamp_millis(),
            Zone::Local => match Local.from_local_datetime(&civil).earliest() {
                Some(local) => local.timestamp_millis(),
                // Skipped when the clocks went forward: what the clock before it would have said.
                None => {
                    let before = Local.from_local_datetime(&(civil - chrono::Duration::hours(1)));
                    before.earliest()?.timestamp_millis() + 3_600_000
                }
            },
        };
        Timestamp::from_millis(millis)
    }

    /// How long before `now` this instant lies; zero for one that is still to come.
    pub fn age(self, now: Timestamp) -> Duration {
        Duration::from_millis(u64::try_from(now.0 - self.0).unwrap_or(0))
    }

    /// How far after `now` this instant lies; zero for one that is past.
    pub fn ahead(self, now: Timestamp) -> Duration {
        now.age(self)
    }

    /// The instant `by` before this one, not earlier than the epoch.
    pub fn before(self, by: Duration) -> Timestamp {
        Timestamp(self.0.saturating_sub(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)).max(0))
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Timestamp {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        Timestamp(i64::try_from(since).unwrap_or(LAST_MILLIS).min(LAST_MILLIS))
    }
}

/// The board's local time to the minute with its zone: `2026-11-22 14:05 +01:00`, or `UTC` where
/// the offset is zero.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let utc = DateTime::<Utc>::from_timestamp_millis(self.0).unwrap_or_default();
        let local = utc.with_timezone(&Local);
        if local.offset().local_minus_utc() == 0 {
            write!(f, "{} UTC", local.format("%Y-%m-%d %H:%M"))
        } else {
            write!(f, "{}", local.format("%Y-%m-%d %H:%M %:z"))
        }
    }
}

/// A length of time in one word's precision, as people say it: `12 s`, `3 min`, `2 h`, `5 days`.
pub fn in_words(length: Duration) -> String {
    let seconds = length.as_secs();
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}
