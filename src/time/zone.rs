//! The board's own zone, and the zone of written times that name none.

use std::env;
use std::fmt;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::NaiveDateTime;
use tz::TimeZone;

use super::Timestamp;

/// Where Linux keeps the rules of the zones (package `tzdata`).
const ZONEINFO: &str = "/usr/share/zoneinfo";

/// The largest file of a zone has some 4 KB.
const ZONE_BYTES: u64 = 64 * 1024;

/// The zone of a written time that names none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Zone {
    /// Coordinated Universal Time.
    Utc,
    /// The board's own zone (`$TZ`, else `/etc/localtime`).
    Local,
    /// So many minutes east of Greenwich, all year.
    Fixed(i16),
    /// A place's zone with its summer time.
    Named(Named),
}

/// A zone of the IANA database, as the board has it.
#[derive(Clone)]
pub struct Named {
    name: String,
    rules: Arc<TimeZone>,
}

impl fmt::Debug for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl PartialEq for Named {
    fn eq(&self, other: &Named) -> bool {
        self.name == other.name
    }
}

impl Eq for Named {}

/// Why a text names no zone.
#[derive(Debug)]
pub enum Error {
    /// None of the forms.
    Form,
    /// The board has no such file, or cannot read it.
    Io(io::Error),
    /// The file holds no rules.
    Rules,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected `utc`, `local`, an offset like `+05:00` or a name like `Europe/Berlin`")?;
        match self {
            Error::Form => Ok(()),
            Error::Io(cause) => write!(f, " that {ZONEINFO} has ({cause})"),
            Error::Rules => write!(f, " that {ZONEINFO} has (that file holds no zone)"),
        }
    }
}

impl std::error::Error for Error {}

impl Zone {
    /// The zone that the configuration names: `utc`, `local`, `+05:00`, `Europe/Berlin`.
    pub fn named(name: &str) -> Result<Zone, Error> {
        match name {
            "utc" | "UTC" => return Ok(Zone::Utc),
            "local" => return Ok(Zone::Local),
            _ => {}
        }
        if let Some(minutes) = offset(name) {
            return Ok(Zone::Fixed(minutes));
        }
        // Names only: no path that leads out of the directory.
        let is_name = |part: &str| {
            part.starts_with(|c: char| c.is_ascii_uppercase())
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+-".contains(&byte))
        };
        if !name.split('/').all(is_name) {
            return Err(Error::Form);
        }
        let path = Path::new(ZONEINFO).join(name);
        let is_small = fs::metadata(&path).map_err(Error::Io)?.len() <= ZONE_BYTES;
        let bytes = if is_small { fs::read(&path).map_err(Error::Io)? } else { Vec::new() };
        let rules = TimeZone::from_tz_data(&bytes).map_err(|_| Error::Rules)?;
        Ok(Zone::Named(Named { name: name.to_owned(), rules: Arc::new(rules) }))
    }

    /// The instant of a calendar date and time of day in this zone.
    ///
    /// A time that exists twice, in the night when the clocks go back, is taken at its earlier
    /// meaning: a reading may then seem older than it is, but none that is old seems new. A time that
    /// was skipped is one of a clock that was not set forward.
    pub(super) fn instant(&self, civil: NaiveDateTime) -> Option<Timestamp> {
        let utc = civil.and_utc().timestamp_millis();
        let millis = match self {
            Zone::Utc => utc,
            Zone::Fixed(minutes) => utc - 60_000 * i64::from(*minutes),
            Zone::Local => utc - 1000 * i64::from(offset_of(&local(), utc)?),
            Zone::Named(Named { rules, .. }) => utc - 1000 * i64::from(offset_of(rules, utc)?),
        };
        Timestamp::from_millis(millis)
    }
}

/// Minutes east of Greenwich: `+01`, `+0100` or `-01:00`.
pub fn offset(text: &str) -> Option<i16> {
    let (east, text) = match text.strip_prefix(['-', '\u{2212}']) {
        Some(text) => (-1, text),
        None => (1, text.strip_prefix('+')?),
    };
    let (hours, minutes) = text.split_at_checked(2)?;
    let minutes = if minutes.is_empty() { "00" } else { minutes.strip_prefix(':').unwrap_or(minutes) };
    let number = |text: &str, below: i16| {
        let is_number = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<i16>().ok().filter(|number| is_number && *number < below)
    };
    Some(east * (60 * number(hours, 24)? + number(minutes, 60)?))
}

/// How long the rules of the board's zone are used before they are read again: somebody may set another zone.
const LOCAL_FOR: Duration = Duration::from_secs(60);

/// The rules of the board's own zone: `$TZ`, else `/etc/localtime`, else UTC.
fn local() -> Arc<TimeZone> {
    static LOCAL: Mutex<Option<(Instant, Arc<TimeZone>)>> = Mutex::new(None);
    let mut known = LOCAL.lock().unwrap_or_else(PoisonError::into_inner);
    match &*known {
        Some((since, rules)) if since.elapsed() < LOCAL_FOR => Arc::clone(rules),
        _ => {
            let rules = match env::var("TZ") {
                Ok(name) if !name.is_empty() => TimeZone::from_posix_tz(&name),
                _ => TimeZone::local(),
            };
            let rules = Arc::new(rules.unwrap_or_else(|_| TimeZone::utc()));
            *known = Some((Instant::now(), Arc::clone(&rules)));
            rules
        }
    }
}

/// The seconds by which the board's zone is east of Greenwich at an instant.
pub(super) fn local_offset(at: Timestamp) -> i32 {
    offset_at(&local(), at.0).unwrap_or(0)
}

/// The seconds by which a zone is east of Greenwich at an instant, milliseconds since 1970.
fn offset_at(rules: &TimeZone, utc: i64) -> Option<i32> {
    Some(rules.find_local_time_type(utc.div_euclid(1000)).ok()?.ut_offset())
}

/// The offset of a calendar date and time of day, milliseconds as if it were in UTC; `None` where the rules end before.
fn offset_of(rules: &TimeZone, civil: i64) -> Option<i32> {
    // No zone changes twice within two days.
    let (before, after) = (offset_at(rules, civil - 86_400_000)?, offset_at(rules, civil + 86_400_000)?);
    let is_right = |of: &i32| offset_at(rules, civil - 1000 * i64::from(*of)) == Some(*of);
    // The larger offset is the earlier instant.
    Some([before.max(after), before.min(after)].into_iter().find(is_right).unwrap_or(before))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The instant at which a clock in `zone` shows this.
    #[track_caller]
    fn check(zone: &str, civil: &str, seconds: i64) {
        let zone = Zone::named(zone).expect("a zone");
        let civil = NaiveDateTime::parse_from_str(civil, "%Y-%m-%d %H:%M").expect("a civil time");
        assert_eq!(zone.instant(civil), Timestamp::from_millis(1000 * seconds), "{zone:?} {civil}");
    }

    #[test]
    fn instants() {
        // date -u -d '2025-03-30 00:30' +%s
        check("utc", "2025-03-30 00:30", 1_743_294_600);
        check("+05:30", "2025-03-30 06:00", 1_743_294_600);
        check("-0330", "2025-03-29 21:00", 1_743_294_600);
    }

    /// `TZ=Europe/Berlin date -d … +%s`; the board that tests this has Debian's tzdata, or skips nothing.
    #[test]
    fn instants_of_a_named_zone() {
        check("Europe/Berlin", "2025-03-30 01:30", 1_743_294_600);
        // Skipped; 02:30 of a clock that still shows winter time.
        check("Europe/Berlin", "2025-03-30 02:30", 1_743_298_200);
        check("Europe/Berlin", "2025-03-30 03:30", 1_743_298_200);
        // Twice; the earlier is summer time.
        check("Europe/Berlin", "2025-10-26 02:30", 1_761_438_600);
        check("America/New_York", "2025-07-01 12:00", 1_751_385_600);
        check("Asia/Kolkata", "2025-07-01 21:30", 1_751_385_600);
    }

    /// Files without a rule for the time after their last change say nothing about it.
    #[test]
    fn no_instant_beyond_the_rules() {
        use tz::timezone::{LocalTimeType, Transition};
        let winter = LocalTimeType::new(3600, false, None).expect("a local time");
        let rules = TimeZone::new(vec![Transition::new(1_743_294_600, 0)], vec![winter], vec![], None);
        let zone = Zone::Named(Named { name: "Old".to_owned(), rules: Arc::new(rules.expect("rules")) });
        let instant =
            |text| zone.instant(NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").expect("a time"));
        assert_eq!(instant("2025-01-01 01:00"), Timestamp::from_millis(1_735_689_600_000));
        assert_eq!(instant("2026-01-01 01:00"), None);
    }

    #[test]
    fn what_names_no_zone() {
        for name in ["", "berlin", "../../etc/passwd", "Europe/../../etc", "+5", "+24:00", "+05:60"] {
            assert!(matches!(Zone::named(name), Err(Error::Form)), "{name}");
        }
        assert!(matches!(Zone::named("Europe/Atlantis"), Err(Error::Io(_))));
        assert!(matches!(Zone::named("Europe"), Err(Error::Rules | Error::Io(_))));
    }
}
