//! Days of the calendar in the board's zone.

use std::fmt;

use chrono::{Datelike as _, NaiveDate, NaiveTime};

use super::zone::{self, Zone};
use super::{LAST_MILLIS, Timestamp};

/// A day of the board's calendar: days since 1970-01-01. The last one is in the year 2149.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date(u16);

/// 1970-01-01 in the count of the calendar's library.
const EPOCH: i32 = 719_163;

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;

/// Milliseconds as the board's clock shows them, as if it were in UTC.
fn shown(at: Timestamp) -> i64 {
    at.0 + 1000 * i64::from(zone::local_offset(at))
}

impl Date {
    /// The day on which this instant is.
    pub fn of(at: Timestamp) -> Date {
        let days = shown(at).div_euclid(DAY).clamp(0, u16::MAX.into());
        Date(u16::try_from(days).unwrap_or(u16::MAX))
    }

    /// From the text that `Display` writes, and nothing else.
    pub fn parse(text: &str) -> Option<Date> {
        let is_form =
            |(at, byte): (usize, u8)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() };
        if text.len() != 10 || !text.bytes().enumerate().all(is_form) {
            return None;
        }
        let (year, month, day) = (text[..4].parse().ok()?, text[5..7].parse().ok()?, text[8..].parse().ok()?);
        let date = NaiveDate::from_ymd_opt(year, month, day)?;
        u16::try_from(date.num_days_from_ce() - EPOCH).ok().map(Date)
    }

    fn civil(self) -> NaiveDate {
        NaiveDate::from_num_days_from_ce_opt(EPOCH + i32::from(self.0)).unwrap_or_default()
    }

    /// The first instant of the day: midnight, or what follows if summer time skips midnight.
    pub fn start(self) -> Timestamp {
        self.at(0)
    }

    /// When the board's clock shows this hour of the day, 0 to 23.
    pub fn at(self, hour: u32) -> Timestamp {
        let time = NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or(NaiveTime::MIN);
        // West of Greenwich the last day ends later than times are counted.
        Zone::Local.instant(self.civil().and_time(time)).unwrap_or(Timestamp(if self.0 == 0 {
            0
        } else {
            LAST_MILLIS
        }))
    }

    /// So many days later, or earlier; not beyond the first and the last day that there is.
    pub fn plus(self, days: i32) -> Date {
        let days = i32::from(self.0).saturating_add(days).clamp(0, u16::MAX.into());
        Date(u16::try_from(days).unwrap_or(u16::MAX))
    }

    /// How many days it is after `other`; negative if it is before.
    pub fn days_after(self, other: Date) -> i32 {
        i32::from(self.0) - i32::from(other.0)
    }

    /// The day after.
    pub fn next(self) -> Date {
        self.plus(1)
    }

    /// The Monday of its week.
    pub fn monday(self) -> Date {
        // The first day that there is is a Thursday.
        self.plus(-((i32::from(self.0) + 3) % 7))
    }

    /// The first day of its month.
    pub fn first_of_month(self) -> Date {
        self.plus(1 - i32::try_from(self.civil().day()).unwrap_or(1))
    }

    /// Year, month from 1, day of the month from 1.
    pub fn ymd(self) -> (i32, u32, u32) {
        let civil = self.civil();
        (civil.year(), civil.month(), civil.day())
    }

    /// What the board's clock shows at an instant, in minutes since midnight: 0 to 1,439.
    pub fn minute(at: Timestamp) -> i16 {
        i16::try_from(shown(at).rem_euclid(DAY) / MINUTE).unwrap_or(0)
    }
}

/// `2026-11-20`
impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.ymd();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::process::Command;

    use super::*;

    #[test]
    fn dates_are_written_and_read() {
        for text in ["1970-01-01", "2024-02-29", "2026-11-20", "2149-06-06"] {
            assert_eq!(Date::parse(text).expect("a date").to_string(), text);
        }
        for text in [
            "",
            "2026-11-31",
            "2025-02-29",
            "1969-12-31",
            "2149-06-07",
            "2026-1-20",
            "2026-11-20 ",
            "+026-11-20",
        ] {
            assert_eq!(Date::parse(text), None, "{text}");
        }
        let date = Date::parse("2024-02-28").expect("a date");
        assert_eq!(date.next().to_string(), "2024-02-29");
        assert_eq!(date.plus(-59).to_string(), "2023-12-31");
        assert_eq!(date.plus(-100_000).to_string(), "1970-01-01");
        assert_eq!(date.plus(i32::MAX).to_string(), "2149-06-06");
        assert_eq!(date.ymd(), (2024, 2, 28));
        assert_eq!(date.first_of_month().to_string(), "2024-02-01");
        // It is a Wednesday.
        assert_eq!(date.monday().to_string(), "2024-02-26");
        assert_eq!(date.plus(4).monday().to_string(), "2024-02-26");
        assert_eq!(date.plus(5).monday().to_string(), "2024-03-04");
        assert_eq!((date.next().next().days_after(date), date.days_after(date.next())), (2, -1));
    }

    /// Zones that skip or repeat midnight or half an hour, and the farthest ones: each in a process of its own.
    #[test]
    fn days_of_many_zones() {
        const ZONES: [&str; 7] = [
            "CET-1CEST,M3.5.0,M10.5.0/3",
            "<-03>3<-02>,M10.3.0/0,M2.3.0/0",
            "CST5CDT,M3.2.0/0,M11.1.0/1",
            "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
            "<+0545>-5:45",
            "<+14>-14",
            "<-12>12",
        ];
        let name = "time::date::tests::a_day_begins_where_the_one_before_ends";
        for zone in ZONES {
            let mut command = Command::new(env::current_exe().expect("this test's own binary"));
            let output =
                command.args([name, "--exact", "--nocapture"]).env("TZ", zone).output().expect("its end");
            let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success() && text.contains("1 passed"), "{zone}: {text}");
            // Not in UTC all the time.
            assert!(!text.contains("at 00:00Z each"), "{zone}: {text}");
        }
    }

    /// In the zone of the machine that tests this.
    #[test]
    fn a_day_begins_where_the_one_before_ends() {
        let mut date = Date::parse("2024-01-01").expect("a date");
        for _ in 0..800 {
            let start = date.start();
            assert_eq!((Date::of(start), Date::of(Timestamp(start.0 - 1))), (date, date.plus(-1)), "{date}");
            assert_eq!(Date::minute(Timestamp(start.0 + 59_999)), Date::minute(start), "{date}");
            date = date.next();
        }
        if Date(20_000).start().0 % DAY == 0 && Date(20_180).start().0 % DAY == 0 {
            println!("midnight is at 00:00Z each day");
        }
        assert!(Date(0).start() <= Date(1).start() && Date(u16::MAX - 1).start() < Date(u16::MAX).start());
    }
}
