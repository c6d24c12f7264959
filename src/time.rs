//! Instants of the wall clock, as sensors write them and as people read them.
//!
//! No other module uses the libraries of calendar and time zones.

mod date;
mod written;
mod zone;

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Datelike as _, Timelike as _, Utc};

pub use self::date::Date;
pub use self::written::{Notation, is_format};
pub use self::zone::{Zone, offset};

/// An instant: milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(i64);

/// The order of a date that is three numbers, of which the first is no year of four digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateOrder {
    /// 28/11/2026
    Dmy,
    /// 11/28/2026
    Mdy,
    /// 26/11/28
    Ymd,
}

impl DateOrder {
    const ALL: [DateOrder; 3] = [DateOrder::Dmy, DateOrder::Mdy, DateOrder::Ymd];
}

/// How far the clocks of a sensor, a file and a board may differ. A time that is further ahead comes from
/// a wrong clock or another zone.
pub const AHEAD: Duration = Duration::from_secs(120);

/// The units of epoch numbers, each with the number from which on it is not the one before: as seconds,
/// milliseconds and microseconds these would be times of the year 5138.
const EPOCH_UNITS: [(f64, f64); 4] = [(1e17, 1e-6), (1e14, 1e-3), (1e11, 1.0), (0.0, 1e3)];

/// The last instant of the year 9999. Times outside 1970 to 9999 are no observations.
const LAST_MILLIS: i64 = 253_402_300_799_999;

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Timestamp = Timestamp(0);

    /// The present instant of the clock. Only the outer modules call this; all others get `now` as an argument.
    pub fn now() -> Timestamp {
        SystemTime::now().into()
    }

    /// From milliseconds since the epoch; `None` outside the years 1970 to 9999.
    pub fn from_millis(millis: i64) -> Option<Timestamp> {
        (0..=LAST_MILLIS).contains(&millis).then_some(Timestamp(millis))
    }

    /// From a number as programs write it: since the epoch in seconds, milliseconds, microseconds or
    /// nanoseconds, whichever gives a time before the year 5138.
    pub fn from_epoch(number: f64) -> Option<Timestamp> {
        let (_, unit) = EPOCH_UNITS.into_iter().find(|(from, _)| number >= *from)?;
        let millis = number * unit;
        // Within the bounds the cast is exact to the millisecond; what it makes of others is not used.
        #[expect(clippy::cast_possible_truncation)]
        (0.0..=LAST_MILLIS as f64).contains(&millis).then_some(Timestamp(millis as i64))
    }

    /// As RFC 3339 has it, to the second, in UTC: `2026-11-22T14:05:00Z`.
    pub fn rfc3339(self) -> String {
        let since = Duration::from_millis(u64::try_from(self.0).unwrap_or_default());
        humantime::format_rfc3339_seconds(UNIX_EPOCH + since).to_string()
    }

    /// Seconds since the epoch.
    pub fn epoch_seconds(self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "exact up to the year 9999")]
        let millis = self.0 as f64;
        millis / 1000.0
    }

    /// How long before `now` this instant is; zero for an instant in the future.
    pub fn age(self, now: Timestamp) -> Duration {
        Duration::from_millis(u64::try_from(now.0 - self.0).unwrap_or(0))
    }

    /// How far after `now` this instant is; zero for an instant in the past.
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
        let offset = zone::local_offset(*self);
        let millis = self.0 + 1000 * i64::from(offset);
        let local = DateTime::<Utc>::from_timestamp_millis(millis).unwrap_or_default();
        let (year, month, day) = (local.year(), local.month(), local.day());
        // Written by hand: chrono's formatting of patterns adds 10 KB to a static program, and padded numbers take
        // three times the instructions.
        let mut text = *b"0000-00-00 00:00 ";
        let (hour, minute) = (local.hour(), local.minute());
        let century = u32::try_from(year / 100).unwrap_or(0);
        let ends = u32::try_from(year % 100).unwrap_or(0);
        for (at, number) in [(0, century), (2, ends), (5, month), (8, day), (11, hour), (14, minute)] {
            for (at, digit) in [(at, number / 10), (at + 1, number % 10)] {
                text[at] += u8::try_from(digit).unwrap_or(0);
            }
        }
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())?;
        match offset / 60 {
            0 => f.write_str("UTC"),
            minutes => {
                let sign = if minutes < 0 { '-' } else { '+' };
                write!(f, "{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
            }
        }
    }
}

/// A length of time in one unit, as people say it: `12 s`, `3 min`, `2 h`, `5 days`.
pub fn in_words(length: Duration) -> String {
    let seconds = length.as_secs();
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// The instant that a text names in UTC.
#[cfg(test)]
#[track_caller]
pub(crate) fn utc(text: &str) -> Timestamp {
    Notation { zone: &Zone::Utc, order: &|| None, format: None }.read(text).expect("a time")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_in_words() {
        #[track_caller]
        fn check(seconds: u64, words: &str) {
            assert_eq!(in_words(Duration::from_secs(seconds)), words);
        }
        check(0, "0 s");
        check(59, "59 s");
        check(60, "1 min");
        check(3_599, "59 min");
        check(3_600, "1 h");
        check(172_799, "47 h");
        check(172_800, "2 days");
        check(8_640_000, "100 days");
    }

    #[test]
    fn ages() {
        let at = |seconds: f64| Timestamp::from_epoch(seconds).expect("an instant");
        assert_eq!(at(10.0).age(at(12.5)), Duration::from_millis(2_500));
        assert_eq!(at(12.5).age(at(10.0)), Duration::ZERO);
        assert_eq!(at(12.5).ahead(at(10.0)), Duration::from_millis(2_500));
        assert_eq!(at(10.0).before(Duration::from_secs(4)), at(6.0));
        assert_eq!(at(10.0).before(Duration::from_secs(40)), at(0.0));
    }
}
