//! Instants of the wall clock, as sensors write them and as people read them.
//!
//! No other module uses the time-zone library.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::{
    DateTime, Datelike as _, Local, LocalResult, NaiveDate, NaiveDateTime, TimeZone, Timelike as _, Utc,
};

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

/// How far the clocks of a sensor, a file and a board may differ. A time that is further ahead comes from
/// a wrong clock or another zone.
pub const AHEAD: Duration = Duration::from_secs(120);

/// Epoch numbers above this are milliseconds: as seconds it would be the year 5138.
const EPOCH_MILLIS_FROM: f64 = 1e11;

/// The last instant of the year 9999. Times outside 1970 to 9999 are no observations.
const LAST_MILLIS: i64 = 253_402_300_799_999;

impl Timestamp {
    /// The present instant of the clock. Only the outer modules call this; all others get `now` as an argument.
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
        // Within the bounds the cast is exact to the millisecond. Other results are not used.
        #[expect(clippy::cast_possible_truncation)]
        (0.0..=LAST_MILLIS as f64).contains(&millis).then_some(Timestamp(millis as i64))
    }

    /// From a written time: `2025-03-02T22:26:03+01:00` and similar forms (a blank for the `T`,
    /// a fraction or no seconds, `2025/03/02`, `02/03/2025` or `02.03.2025` with the day first), or
    /// an epoch number. A time without a zone is in `zone`.
    ///
    /// A local time that exists twice, in the night when the clocks go back, means the earlier instant:
    /// a reading may then look older than it is, but no old reading looks new.
    pub fn parse(text: &str, zone: Zone) -> Option<Timestamp> {
        let text = text.trim();
        if let Ok(number) = text.parse::<f64>() {
            return Timestamp::from_epoch(number);
        }
        let (civil, rest) = civil(text)?;
        if rest.is_empty() {
            return Timestamp::from_civil(civil, zone);
        }
        Timestamp::from_millis(civil.and_utc().timestamp_millis() - 60_000 * offset(rest)?)
    }

    fn from_civil(civil: NaiveDateTime, zone: Zone) -> Option<Timestamp> {
        let local = |civil: &NaiveDateTime| match Local.from_local_datetime(civil) {
            LocalResult::Single(only) => Some(only.timestamp_millis()),
            // They are not always in this order.
            LocalResult::Ambiguous(one, other) => Some(one.timestamp_millis().min(other.timestamp_millis())),
            LocalResult::None => None,
        };
        let millis = match zone {
            Zone::Utc => civil.and_utc().timestamp_millis(),
            // The clocks skipped this time when they went forward. A clock that was not set still shows the old time.
            Zone::Local => {
                local(&civil).or_else(|| Some(local(&(civil - chrono::Duration::hours(1)))? + 3_600_000))?
            }
        };
        Timestamp::from_millis(millis)
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

// Times are parsed by hand, except for the calendar. chrono's parser of patterns adds 20 KB to a static program
// and would have to try one pattern after the other for each line of a log.

/// Reads a date and a time. Returns also the rest of the text, without blanks before it.
fn civil(text: &str) -> Option<(NaiveDateTime, &str)> {
    let mut rest = text;
    let first = digits(&mut rest)?;
    let separator = rest.chars().next()?;
    let (second, third) = (digits_after(separator, &mut rest)?, digits_after(separator, &mut rest)?);
    let [year, month, day] = match separator {
        '-' | '/' if first.len() == 4 => [first, second, third],
        '/' | '.' if third.len() == 4 => [third, second, first],
        _ => return None,
    };
    let date = NaiveDate::from_ymd_opt(year.parse().ok()?, two(month)?, two(day)?)?;

    let mut rest = rest.strip_prefix(|c: char| c.is_whitespace() || c == 'T' || c == 't')?;
    let hour = two(digits(&mut rest)?)?;
    let minute = two(digits_after(':', &mut rest)?)?;
    let (mut second, mut fraction) = (0, "0");
    if rest.starts_with(':') {
        second = two(digits_after(':', &mut rest)?)?;
        if rest.starts_with('.') {
            fraction = digits_after('.', &mut rest)?;
        }
    }
    let millis = fraction.bytes().chain(*b"00").take(3).fold(0, |n, digit| 10 * n + u32::from(digit - b'0'));
    // A leap second counts as the second after it.
    let (second, millis) = if second == 60 { (59, 1_000 + millis) } else { (second, millis) };
    Some((date.and_hms_milli_opt(hour, minute, second, millis)?, rest.trim_start()))
}

/// Removes a number from the beginning, and blanks before it: some programs pad with them.
fn digits<'t>(text: &mut &'t str) -> Option<&'t str> {
    let padded = text.trim_start();
    let (digits, rest) = padded.split_at(padded.bytes().take_while(u8::is_ascii_digit).count());
    *text = rest;
    (!digits.is_empty()).then_some(digits)
}

fn digits_after<'t>(mark: char, text: &mut &'t str) -> Option<&'t str> {
    *text = text.strip_prefix(mark)?;
    digits(text)
}

/// Minutes east of Greenwich: `Z`, `+01`, `+0100` or `+01:00`.
fn offset(zone: &str) -> Option<i64> {
    if zone.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let (east, zone) = match zone.strip_prefix('-') {
        Some(zone) => (-1, zone),
        None => (1, zone.strip_prefix('+')?),
    };
    let (hours, minutes) = zone.split_at_checked(2)?;
    let minutes = minutes.strip_prefix(':').unwrap_or(minutes);
    let minutes = if zone.len() == 2 { 0 } else { two(minutes).filter(|m| *m < 60 && minutes.len() == 2)? };
    Some(east * i64::from(60 * two(hours).filter(|hours| *hours < 24)? + minutes))
}

/// A number of one or two digits.
fn two(text: &str) -> Option<u32> {
    if text.len() <= 2 && text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
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
        let (year, month, day) = (local.year(), local.month(), local.day());
        // Written by hand: chrono's formatting of patterns adds 10 KB to a static program.
        write!(f, "{year:04}-{month:02}-{day:02} {:02}:{:02} ", local.hour(), local.minute())?;
        match local.offset().local_minus_utc() / 60 {
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

#[cfg(test)]
mod tests {
    use chrono::FixedOffset;

    use super::*;

    #[test]
    fn written_times() {
        #[track_caller]
        fn check(text: &str, millis: impl Into<Option<i64>>) {
            assert_eq!(Timestamp::parse(text, Zone::Utc).map(|at| at.0), millis.into(), "{text:?}");
        }
        // date -u -d '2025-03-02 22:26:03' +%s
        let seconds = 1_740_954_363;
        for text in [
            "2025-03-02T22:26:03Z",
            "2025-03-02t22:26:03z",
            " 2025-03-02 22:26:03 ",
            "2025-03-02T22:26:03",
            "2025-03-02T23:26:03+01:00",
            "2025-03-02 17:26:03-0500",
            "2025-03-02T23:26:03 +01",
            "2025/03/02 22:26:03",
            "02/03/2025 22:26:03",
            "02.03.2025 22:26:03",
            "2025- 3- 2  22:26: 3",
            " 2. 3.2025 22:26: 3",
            "2025-03-02\t22:26:03",
            "1740954363",
            "1740954363.0",
            "1740954363000",
        ] {
            check(text, seconds * 1000);
        }
        for text in ["2025-03-02T22:26Z", "2025-03-02 22:26", "2.3.2025 22:26", "2025-03-02T23:26+01:00"] {
            check(text, (seconds - 3) * 1000);
        }
        check("2025-03-02T22:26:03.250Z", seconds * 1000 + 250);
        check("2040-03-01T00:00:00Z", 2_214_172_800_000);
        check("2214172800", 2_214_172_800_000);
        check("1740954363.25", seconds * 1000 + 250);
        for text in [
            "",
            "now",
            "22:26:03",
            "2025-03-02",
            "2025-02-30 00:00:00",
            "13/13/2025 00:00:00",
            "@0.087052s",
            "-1",
            "1e300",
            "nan",
            "inf",
            "1960-01-01T00:00:00Z",
            "99999-01-01T00:00:00Z",
            "+2025-03-02 22:26:03",
            "2025-03/02 22:26:03",
            "2025-03-02-01 22:26:03",
            "2025-03-02 22:26.5",
            "2025-03-02 22:26:03.",
            "2025-03-02 22:26:03.1.2",
            "2025-03-02 22:26:61",
            "2025-03-02 24:00:00",
            "2025-03-02 22:26:03 CET",
            "2025-03-02 22:26:03+1:00",
            "2025-03-02 22:26:03+01:60",
            "2025-03-02 22:26:03+01:0",
            "2025-03-02 22:26:03+24:00",
            "2025-03-02 22:26:03-99",
            "12025-03-02 22:26:03",
            "2025-003-02 22:26:03",
            "2025-03-0222:26:03",
            "2025-03-02 22:26:03Z+",
        ] {
            check(text, None);
        }
    }

    /// Times that chrono's patterns accept are read the same.
    #[test]
    fn written_times_as_chrono_reads_them() {
        let dates = ["%Y-%m-%d", "%Y/%m/%d", "%d/%m/%Y", "%d.%m.%Y", "%Y-%-m-%-d", "%-d.%-m.%Y"];
        let times = ["%H:%M:%S", "%H:%M:%S%.3f", "%H:%M:%S%.9f", "%H:%M", "%-H:%M:%S"];
        let zones = ["", "%z", "%:z", " %:z"];
        // From 1970 to 2039 in steps that meet every part of a day, and every quarter of an hour east or west.
        for (n, quarter) in (0..2_000).zip((-48..57).cycle()) {
            let millis = 1_097_363_917 * i64::try_from(n).expect("small");
            let offset = FixedOffset::east_opt(900 * quarter).expect("an offset");
            let at =
                DateTime::<Utc>::from_timestamp_millis(millis).expect("an instant").with_timezone(&offset);
            let (date, time, zone) = (dates[n % dates.len()], times[n % times.len()], zones[n % zones.len()]);
            let text = at.format(&format!("{date} {time}{zone}")).to_string();
            // chrono writes a fraction with a fixed number of digits and reads any number of them.
            let form = format!("{date} {}{zone}", time.replace("%.3f", "%.f").replace("%.9f", "%.f"));
            let expected = if zone.is_empty() {
                NaiveDateTime::parse_from_str(&text, &form).map(|at| at.and_utc().timestamp_millis())
            } else {
                DateTime::parse_from_str(&text, &form).map(|at| at.timestamp_millis())
            };
            let expected = Timestamp::from_millis(expected.expect("chrono reads what it wrote"));
            assert_eq!(Timestamp::parse(&text, Zone::Utc), expected, "{text:?}");
        }
    }

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
