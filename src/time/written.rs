//! Times as programs and people write them.
//!
//! Read by hand, but for the calendar: chrono's reader of patterns has to be given one pattern after
//! the other for each line of a log. What is not understood whole is not read at all.

use chrono::format::{Fixed, Item, Numeric, Parsed, StrftimeItems};
use chrono::{DateTime, NaiveDate, NaiveTime};

use super::zone::offset;
use super::{DateOrder, Timestamp, Zone};

/// How a source writes its times, as far as they do not say it themselves.
#[derive(Clone, Copy)]
pub struct Notation<'a> {
    /// The zone of those that name none.
    pub zone: &'a Zone,
    /// The order of dates that are three numbers. It is asked for where a date can be read in two ways;
    /// without an order such a date is not read.
    pub order: &'a dyn Fn() -> Option<DateOrder>,
    /// A pattern of strftime(3). What does not fit it is no time.
    pub format: Option<&'a str>,
}

impl Notation<'_> {
    /// Reads a time: an epoch number in s, ms, µs or ns, or a date and a time of day in any of the usual
    /// notations and in either order, with or without a zone.
    pub fn read(&self, text: &str) -> Option<Timestamp> {
        let text = text.trim();
        if let Some(format) = self.format {
            return self.by_format(text, format);
        }
        let is_compact = matches!(text.len(), 12 | 14) && text.starts_with(['1', '2']);
        match text.parse::<f64>() {
            Ok(_) if is_compact && text.bytes().all(|byte| byte.is_ascii_digit()) => {
                let (date, time) = text.split_at(8);
                self.zone.instant(compact_date(date)?.and_time(compact_time(time)?))
            }
            Ok(number) => self.number(number),
            Err(_) => self.words(text).or_else(|| self.between_commas(text)),
        }
    }

    /// As Cumulus writes it: `2026,11,28,10,15,00`.
    fn between_commas(&self, text: &str) -> Option<Timestamp> {
        let parts: Vec<&str> = text.split(',').collect();
        let [year, month, day, hour, minute, second] = parts[..] else { return None };
        self.words(&format!("{year}-{month}-{day} {hour}:{minute}:{second}"))
    }

    /// Reads a number: an epoch number, or the digits of a date and a time of day (20261128101500).
    pub fn number(&self, number: f64) -> Option<Timestamp> {
        // As milliseconds these would be times after the year 2594.
        if (19_700_101_000_000.0..21_000_101_000_000.0).contains(&number) && number.fract() == 0.0 {
            return self.read(&format!("{number:.0}"));
        }
        Timestamp::from_epoch(number)
    }

    fn by_format(&self, text: &str, format: &str) -> Option<Timestamp> {
        let items: Vec<Item<'_>> = StrftimeItems::new(format).collect();
        let mut parsed = Parsed::new();
        chrono::format::parse(&mut parsed, text, items.iter()).ok()?;
        if let Ok(time) = parsed.to_datetime() {
            return Timestamp::from_millis(time.timestamp_millis());
        }
        let civil = parsed.to_naive_datetime_with_offset(0).ok()?;
        // What `%s` reads is in UTC.
        let zone = if format.contains("%s") { &Zone::Utc } else { self.zone };
        zone.instant(civil)
    }

    fn words(&self, text: &str) -> Option<Timestamp> {
        let mut parts = Parts::default();
        let mut rest = text;
        while !rest.is_empty() {
            rest = parts.next(rest, self.order)?;
        }
        parts.instant(self.zone)
    }
}

/// Whether a pattern of strftime(3) is one by which a date and a time of day can be read.
pub fn is_format(format: &str) -> bool {
    let items = || StrftimeItems::new(format);
    let number = |kinds: &[Numeric]| {
        items().any(|item| matches!(item, Item::Numeric(kind, _) if kinds.contains(&kind)))
    };
    let fixed =
        |kinds: &[Fixed]| items().any(|item| matches!(item, Item::Fixed(kind) if kinds.contains(&kind)));
    let is_whole = number(&[Numeric::Timestamp]) || fixed(&[Fixed::RFC2822, Fixed::RFC3339]);
    let month = number(&[Numeric::Month]) || fixed(&[Fixed::ShortMonthName, Fixed::LongMonthName]);
    let day = number(&[Numeric::Ordinal]) || (month && number(&[Numeric::Day]));
    let date = day && number(&[Numeric::Year, Numeric::YearMod100]);
    let half = fixed(&[Fixed::LowerAmPm, Fixed::UpperAmPm]);
    let time = number(&[Numeric::Hour]) || (half && number(&[Numeric::Hour12]));
    let is_known = !items().any(|item| matches!(item, Item::Error));
    is_known && (is_whole || (date && time && number(&[Numeric::Minute])))
}

type Order<'o> = &'o dyn Fn() -> Option<DateOrder>;

/// What was read of a written time so far.
#[derive(Default)]
struct Parts {
    date: Option<NaiveDate>,
    /// A month that is a word, and the numbers beside it.
    month: Option<u32>,
    numbers: Vec<u32>,
    time: Option<NaiveTime>,
    is_afternoon: Option<bool>,
    /// Minutes east of Greenwich.
    offset: Option<i16>,
}

/// The first three letters of the English months: those of mail, C and JavaScript.
const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// Their full names go on like this.
const MONTHS_ON: [&str; 12] =
    ["uary", "ruary", "ch", "il", "", "e", "y", "ust", "tember", "ober", "ember", "ember"];

/// The English days of the week, which say nothing that the date does not.
const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// Words between a date and a time of day, and behind it.
const FILLERS: [&str; 5] = ["at", "um", "uhr", "à", "h"];

/// Zones by their names, in minutes east of Greenwich: those of RFC 2822, and others that name one
/// zone only.
const ZONES: [(&str, i16); 29] = [
    ("z", 0),
    ("utc", 0),
    ("gmt", 0),
    ("est", -300),
    ("edt", -240),
    ("cst", -360),
    ("cdt", -300),
    ("mst", -420),
    ("mdt", -360),
    ("pst", -480),
    ("pdt", -420),
    ("akst", -540),
    ("akdt", -480),
    ("hst", -600),
    ("wet", 0),
    ("west", 60),
    ("bst", 60),
    ("cet", 60),
    ("cest", 120),
    ("mez", 60),
    ("mesz", 120),
    ("eet", 120),
    ("eest", 180),
    ("msk", 180),
    ("jst", 540),
    ("aest", 600),
    ("aedt", 660),
    ("nzst", 720),
    ("nzdt", 780),
];

impl Parts {
    /// Reads what `text` begins with and gives what follows; `None` if it is no part of a time.
    fn next<'t>(&mut self, text: &'t str, order: Order<'_>) -> Option<&'t str> {
        let first = text.chars().next()?;
        if first.is_whitespace() || matches!(first, ',' | ';') {
            return Some(&text[first.len_utf8()..]);
        }
        match first {
            '0'..='9' => self.number(text, order),
            '+' | '-' | '\u{2212}' if self.time.is_some() => self.zone_offset(text),
            '-' if self.date.is_some() => text.strip_prefix("- "),
            // 28-Nov-2026, 28/Nov/2026, Nov. 28
            '-' | '/' | '.' if self.date.is_none() && self.time.is_none() => Some(&text[1..]),
            // 28/Nov/2026:10:15:00, 2026-11-28_10:15:00
            ':' | '_' if self.time.is_none() => Some(&text[1..]),
            '(' | '[' => self.remark(text),
            _ if first.is_alphabetic() => self.word(text),
            _ => None,
        }
    }

    fn number<'t>(&mut self, text: &'t str, order: Order<'_>) -> Option<&'t str> {
        let (number, rest) = digits(text);
        if rest.starts_with(':') && number.len() <= 2 && self.time.is_none() {
            let (time, rest) = time_of_day(number, rest)?;
            self.time = Some(time);
            return Some(rest);
        }
        // A second number, padded with blanks: 2025- 3- 2.
        let separator = rest.chars().next().filter(|c| matches!(c, '-' | '/' | '.'));
        if let Some(separator) = separator.filter(|_| self.date.is_none() && self.month.is_none()) {
            let second = digits(rest[1..].trim_start());
            if !second.0.is_empty() {
                let (third, rest) = digits(second.1.strip_prefix(separator)?.trim_start());
                self.date = Some(date([number, second.0, third], separator, order)?);
                return Some(rest);
            }
        }
        match number.len() {
            8 if self.date.is_none() => self.date = Some(compact_date(number)?),
            4 | 6 if self.date.is_some() && self.month.is_none() && self.time.is_none() => {
                self.time = Some(compact_time(number)?);
            }
            1 | 2 | 4 if self.date.is_none() => return self.beside_month(number, rest),
            _ => return None,
        }
        Some(rest)
    }

    /// A day or a year beside a month that is a word.
    fn beside_month<'t>(&mut self, number: &str, rest: &'t str) -> Option<&'t str> {
        if self.numbers.len() == 2 {
            return None;
        }
        // So that a year is told from a day.
        let value: u32 = number.parse().ok()?;
        self.numbers.push(if number.len() == 4 { value.max(1_000) } else { value });
        let ordinal = ["st", "nd", "rd", "th"].into_iter().find_map(|ending| rest.strip_prefix(ending));
        let rest = ordinal.unwrap_or(rest);
        self.join();
        Some(rest)
    }

    /// Makes a date of a month's name and two numbers.
    fn join(&mut self) {
        let (Some(month), [first, second]) = (self.month, self.numbers.as_slice()) else { return };
        let (year, day) = match (*first, *second) {
            (year @ 1_000.., day) | (day, year @ 1_000..) => (year, day),
            (day, year) => (century(year), day),
        };
        self.date = i32::try_from(year).ok().and_then(|year| NaiveDate::from_ymd_opt(year, month, day));
    }

    fn word<'t>(&mut self, text: &'t str) -> Option<&'t str> {
        let end = text.find(|c: char| !c.is_alphabetic()).unwrap_or(text.len());
        let (word, rest) = text.split_at(end);
        let word = &*word.to_lowercase();
        if word == "t" && self.date.is_some() && rest.starts_with(|c: char| c.is_ascii_digit()) {
            return Some(rest);
        }
        if let Some((is_afternoon, rest)) = half_of_day(word, rest).filter(|_| self.time.is_some()) {
            self.is_afternoon = Some(is_afternoon);
            return Some(rest);
        }
        if let Some((_, offset)) = ZONES.iter().find(|(zone, _)| *zone == word && self.time.is_some()) {
            if self.offset.replace(*offset).is_some() {
                return None;
            }
            // GMT+0100
            let is_base = matches!(word, "utc" | "gmt") && rest.starts_with(['+', '-']);
            return if is_base { std::mem::take(&mut self.offset).and(Some(rest)) } else { Some(rest) };
        }
        let is_month = |index: &usize| {
            word.strip_prefix(MONTHS[*index])
                .is_some_and(|on| on.is_empty() || on == MONTHS_ON[*index] || word == "sept")
        };
        if let Some(index) = (0..MONTHS.len()).find(is_month).filter(|_| self.month.is_none()) {
            self.month = u32::try_from(index + 1).ok();
            self.join();
            return Some(rest.strip_prefix('.').unwrap_or(rest));
        }
        let is_day = |day: &&str| *day == word || (word.len() >= 3 && day.starts_with(word));
        if DAYS.iter().any(is_day) {
            return Some(rest.strip_prefix('.').unwrap_or(rest));
        }
        FILLERS.contains(&word).then_some(rest)
    }

    fn zone_offset<'t>(&mut self, text: &'t str) -> Option<&'t str> {
        let sign = text.chars().next()?.len_utf8();
        let length = text[sign..].bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b':').count();
        let (zone, rest) = text.split_at(sign + length);
        if self.offset.replace(offset(zone)?).is_some() {
            return None;
        }
        Some(rest)
    }

    /// What stands in brackets behind a zone: `(Coordinated Universal Time)`, `[Europe/Berlin]`. Without
    /// one it has to be its name.
    fn remark<'t>(&mut self, text: &'t str) -> Option<&'t str> {
        let close = if text.starts_with('(') { ')' } else { ']' };
        let (remark, rest) = text[1..].split_once(close)?;
        if self.offset.is_none() && !self.word(remark)?.is_empty() {
            return None;
        }
        self.offset.and(Some(rest))
    }

    fn instant(self, zone: &Zone) -> Option<Timestamp> {
        let civil = self.date?.and_time(on_24_hours(self.time?, self.is_afternoon)?);
        match self.offset {
            Some(offset) => Zone::Fixed(offset).instant(civil),
            None => zone.instant(civil),
        }
    }
}

/// Splits off the digits that a text begins with.
fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.bytes().take_while(u8::is_ascii_digit).count())
}

/// A number of one or two digits.
fn two(text: &str) -> Option<u32> {
    if matches!(text.len(), 1 | 2) { text.parse().ok() } else { None }
}

/// The year that two digits stand for.
fn century(year: u32) -> u32 {
    match year {
        0..70 => 2_000 + year,
        _ => 1_900 + year,
    }
}

/// The date that three numbers stand for.
fn date(numbers: [&str; 3], separator: char, order: Order<'_>) -> Option<NaiveDate> {
    let [first, second, third] = numbers;
    if first.len() == 4 {
        return NaiveDate::from_ymd_opt(first.parse().ok()?, two(second)?, two(third)?);
    }
    if !matches!(third.len(), 2 | 4) {
        return None;
    }
    let numbers = [two(first)?, two(second)?, third.parse().ok()?];
    let is_possible = |order: &DateOrder| order.is_possible(separator, third.len() == 2);
    let mut dates = DateOrder::ALL.into_iter().filter(is_possible).filter_map(|order| order.date(numbers));
    let date = dates.next()?;
    // The same day both ways, or a day over 12.
    if dates.all(|other| other == date) {
        return Some(date);
    }
    order().filter(is_possible)?.date(numbers)
}

impl DateOrder {
    /// The date that three numbers are in this order.
    fn date(self, [first, second, third]: [u32; 3]) -> Option<NaiveDate> {
        let (year, month, day) = match self {
            DateOrder::Dmy => (third, second, first),
            DateOrder::Mdy => (third, first, second),
            DateOrder::Ymd => (first, second, third),
        };
        let year = if year < 100 { century(year) } else { year };
        NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)
    }

    /// Whether dates are written so: with dots the day is first, and a year that is first has two digits
    /// here.
    fn is_possible(self, separator: char, is_short: bool) -> bool {
        match self {
            DateOrder::Dmy => true,
            DateOrder::Mdy => separator != '.',
            DateOrder::Ymd => separator != '.' && is_short,
        }
    }

    /// The order of the dates of a text that are three numbers, the first of them no year of four digits: the
    /// only order in which all of them are dates, else the one in which they do not run to and fro and the newest
    /// comes nearest to and not after the day on which the text was written. `None` if nothing decides, or if
    /// there is no such date.
    pub fn of(text: &str, written: Timestamp) -> Option<DateOrder> {
        let mut runs = DateOrder::ALL.map(Run::new);
        dates(text, &mut |numbers, separator, is_short| {
            runs.iter_mut().for_each(|run| run.add(numbers, separator, is_short));
        });
        let tomorrow = DateTime::from_timestamp_millis(written.0 + 86_400_000)?.date_naive();
        let possible = || runs.iter().filter(|run| run.newest.is_some());
        if possible().count() == 1 {
            return possible().next().map(|run| run.order);
        }
        let past = || possible().filter(|run| run.newest <= Some(tomorrow));
        let is_ordered = past().any(Run::is_ordered);
        let best = past().filter(|run| run.is_ordered() || !is_ordered).max_by_key(|run| run.newest);
        best.map(|run| run.order)
    }
}

/// The dates of a text as they are in one order.
struct Run {
    order: DateOrder,
    /// None of them is impossible.
    is_possible: bool,
    rises: bool,
    falls: bool,
    /// `None` if one is impossible, too.
    newest: Option<NaiveDate>,
    last: Option<NaiveDate>,
}

impl Run {
    fn new(order: DateOrder) -> Run {
        Run { order, is_possible: true, rises: true, falls: true, newest: None, last: None }
    }

    fn is_ordered(&self) -> bool {
        self.rises || self.falls
    }

    fn add(&mut self, numbers: [u32; 3], separator: char, is_short: bool) {
        let is_possible = self.order.is_possible(separator, is_short);
        let Some(date) = self.order.date(numbers).filter(|_| is_possible) else {
            (self.is_possible, self.newest) = (false, None);
            return;
        };
        if !self.is_possible {
            return;
        }
        self.rises &= self.last.is_none_or(|last| last <= date);
        self.falls &= self.last.is_none_or(|last| last >= date);
        self.newest = self.newest.max(Some(date));
        self.last = Some(date);
    }
}

/// Hands over the dates of a text that are three numbers of which the last is a year or may be one. Those
/// with dots tell nothing: with these the day is first.
fn dates(text: &str, each: &mut dyn FnMut([u32; 3], char, bool)) {
    let is_apart = |c: char| !c.is_alphanumeric() && !matches!(c, '-' | '/' | '.' | ':' | '+');
    let mut rest = text;
    let mut is_begin = true;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        is_begin = rest[..at].chars().next_back().map_or(is_begin, is_apart);
        let (first, after) = digits(&rest[at..]);
        rest = after;
        if std::mem::replace(&mut is_begin, false) && first.len() <= 2 {
            if let Some((numbers, separator, is_short, after)) = date_after(first, after) {
                each(numbers, separator, is_short);
                rest = after;
            }
        }
    }
}

/// The date that begins with this number, if one does, and what follows it.
fn date_after<'t>(first: &str, rest: &'t str) -> Option<([u32; 3], char, bool, &'t str)> {
    let separator = rest.chars().next().filter(|c| matches!(c, '-' | '/'))?;
    let (second, rest) = digits(rest[1..].trim_start_matches(' '));
    let (third, rest) = digits(rest.strip_prefix(separator)?.trim_start_matches(' '));
    let ends = !rest.starts_with(|c: char| c.is_alphanumeric() && c != 'T' || matches!(c, '-' | '/' | '.'));
    let numbers = [two(first)?, two(second)?, third.parse().ok()?];
    (ends && matches!(third.len(), 2 | 4)).then_some((numbers, separator, third.len() == 2, rest))
}

fn compact_date(digits: &str) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(digits.get(..4)?.parse().ok()?, two(digits.get(4..6)?)?, two(digits.get(6..8)?)?)
}

fn compact_time(digits: &str) -> Option<NaiveTime> {
    let seconds = digits.get(4..6).map_or(Some(0), two)?;
    NaiveTime::from_hms_opt(two(digits.get(..2)?)?, two(digits.get(2..4)?)?, seconds)
}

/// A time of day whose hour was read: `:26`, `:26:03`, `:26:03.25`, `:26:03,250`.
fn time_of_day<'t>(hour: &str, rest: &'t str) -> Option<(NaiveTime, &'t str)> {
    // Some pad with a blank.
    let (minute, mut rest) = digits(rest[1..].trim_start());
    let (mut second, mut fraction) = (0, "");
    if let Some(after) = rest.strip_prefix(':') {
        let (digits_of_second, after) = digits(after.trim_start());
        second = two(digits_of_second)?;
        rest = after;
        let after = rest.strip_prefix(['.', ',']).map(digits);
        match after {
            Some((digits, after)) if rest.starts_with('.') && !digits.is_empty() => {
                (fraction, rest) = (digits, after);
            }
            // A comma may also stand before a date.
            Some((digits, after)) if matches!(digits.len(), 3 | 6) && !after.starts_with(['.', '/', '-']) => {
                (fraction, rest) = (digits, after);
            }
            _ => {}
        }
    }
    let millis = fraction.bytes().chain(*b"000").take(3).fold(0, |n, digit| 10 * n + u32::from(digit - b'0'));
    // A leap second is the one after.
    let (second, millis) = if second == 60 { (59, 1_000 + millis) } else { (second, millis) };
    let time = NaiveTime::from_hms_milli_opt(two(hour)?, two(minute)?, second, millis)?;
    Some((time, rest))
}

/// Whether `am`, `pm`, `a.m.` or `p.m.` is the afternoon, and what follows it.
fn half_of_day<'t>(word: &str, rest: &'t str) -> Option<(bool, &'t str)> {
    match word {
        "am" | "pm" => Some((word == "pm", rest)),
        "a" | "p" => {
            // `8:10p`, as Davis' WeatherLink writes it, and `8:10 p.m.`
            let behind = rest.strip_prefix(".m").or_else(|| rest.strip_prefix(".M"));
            let is_alone = rest.is_empty() || rest.starts_with(char::is_whitespace);
            let rest = behind.or(Some(rest).filter(|_| is_alone))?;
            Some((word == "p", rest.strip_prefix('.').unwrap_or(rest)))
        }
        _ => None,
    }
}

fn on_24_hours(time: NaiveTime, is_afternoon: Option<bool>) -> Option<NaiveTime> {
    use chrono::Timelike as _;

    match (is_afternoon, time.hour()) {
        (None, _) | (Some(true), 12..) | (Some(false), 1..12) => Some(time),
        (Some(true), hour) if hour > 0 => time.with_hour(hour + 12),
        (Some(false), 12) => time.with_hour(0),
        (Some(_), _) => None,
    }
}

#[cfg(test)]
mod tests {
    use chrono::{FixedOffset, NaiveDateTime, Utc};

    use super::*;

    const UTC: Notation<'_> = Notation { zone: &Zone::Utc, order: &|| None, format: None };
    const DAY_FIRST: Notation<'_> = Notation { order: &|| Some(DateOrder::Dmy), ..UTC };
    const MONTH_FIRST: Notation<'_> = Notation { order: &|| Some(DateOrder::Mdy), ..UTC };

    #[test]
    fn written_times() {
        #[track_caller]
        fn check(text: &str, millis: impl Into<Option<i64>>) {
            assert_eq!(DAY_FIRST.read(text).map(|at| at.0), millis.into(), "{text:?}");
        }
        // date -u -d '2025-03-02 22:26:03' +%s
        let seconds = 1_740_954_363;
        for text in [
            "2025-03-02T22:26:03Z",
            "2025-03-02t22:26:03z",
            "2025,03,02,22,26,03",
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
            "2025-03-02 22:26:03 XYZ",
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

    /// All that chrono's patterns read is read the same.
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
            // It writes a fraction of so many digits, and reads one of any.
            let form = format!("{date} {}{zone}", time.replace("%.3f", "%.f").replace("%.9f", "%.f"));
            let told = if zone.is_empty() {
                NaiveDateTime::parse_from_str(&text, &form).map(|told| told.and_utc().timestamp_millis())
            } else {
                DateTime::parse_from_str(&text, &form).map(|told| told.timestamp_millis())
            };
            let told = Timestamp::from_millis(told.expect("chrono reads what it wrote"));
            assert_eq!(DAY_FIRST.read(&text), told, "{text:?}");
        }
    }

    /// Each notation with the program that writes it.
    #[test]
    fn notations() {
        #[track_caller]
        fn check(text: &str) {
            // date -u -d '2026-11-28 14:05:09' +%s
            assert_eq!(UTC.read(text), Timestamp::from_millis(1_795_874_709_000), "{text}");
        }
        // RFC 5322 (mail), RFC 9110 (HTTP), asctime(3), date(1) of two generations.
        check("28 Nov 2026 14:05:09 +0000");
        check("Sat, 28 Nov 2026 15:05:09 +0100");
        check("Sat, 28 Nov 2026 14:05:09 GMT");
        check("Sat Nov 28 14:05:09 2026");
        check("Sat Nov 28 14:05:09 UTC 2026");
        check("Sat Nov 28 03:05:09 PM CET 2026");
        check("Sat 28 Nov 2026 02:05:09 PM UTC");
        // JavaScript: toString, toUTCString, toLocaleString of several countries.
        check("Sat Nov 28 2026 15:05:09 GMT+0100 (Central European Standard Time)");
        check("11/28/2026, 2:05:09 PM");
        check("28/11/2026, 14:05:09");
        check("28.11.2026, 14:05:09");
        check("November 28, 2026, 2:05:09 p.m.");
        check("November 28, 2026 at 2:05:09 PM UTC");
        // A web server's log, an Excel sheet, Java, Python's logging and datetime.
        check("28/Nov/2026:14:05:09 +0000");
        check("28-Nov-26 14:05:09");
        check("28-Nov-2026 14:05:09");
        check("2026-11-28T15:05:09+01:00[Europe/Berlin]");
        check("2026-11-28 14:05:09.000000 UTC");
        check("2026-11-28 14:05:09 (UTC)");
        // Influx, InfluxDB's shell, TSV of a Pico.
        check("1795874709000000000");
        check("1795874709000000");
        check("20261128T140509Z");
        check("20261128 140509");
        check("20261128140509");
        check("2026.11.28 14:05:09");
        check("2026-11-28,14:05:09");
        check("2026-11-28_14:05:09");
        check("2026-11-28 - 14:05:09");
        check("14:05:09 28/11/2026");
        check("02:05:09 PM 11/28/26");
        check("28.11.2026 um 14:05:09 Uhr");
        check("Saturday, November 28th, 2026 14:05:09");
    }

    #[test]
    fn what_is_no_time_or_can_be_read_in_two_ways() {
        for text in [
            "11/05/2025 10:00",
            "05-11-25 10:00",
            "28/11/2026 13:05 AM",
            "28/11/2026 0:05 PM",
            "29 Feb 2025 10:00:00",
            "Nov 28 10:00:00",
            "28 Nov 2026",
            "10:00 UTC",
            "2026-11-28 10:00 UTC GMT",
            "2026-11-28 10:00 (somewhere)",
            "2026-11-28 10:00 [UTC",
            "day 332 of 2026 at 05.20 hours",
            "332/2026 10:00",
            "28 28 Nov 2026 10:00",
            "28/11 2026 10:00",
            "20261328140509",
            "2026-11-28 10:00 10:01",
        ] {
            assert_eq!(UTC.read(text), None, "{text}");
        }
        assert_eq!(DAY_FIRST.read("05/05/2025 10:00"), UTC.read("05/05/2025 10:00"));
        assert_eq!(DAY_FIRST.read("11/05/2025 10:00"), UTC.read("2025-05-11 10:00"));
        assert_eq!(MONTH_FIRST.read("11/05/2025 10:00"), UTC.read("2025-11-05 10:00"));
        assert_eq!(MONTH_FIRST.read("28/11/2025 10:00"), UTC.read("2025-11-28 10:00"));
        assert_eq!(MONTH_FIRST.read("05.11.2025 10:00"), UTC.read("2025-11-05 10:00"));
        assert_eq!(UTC.read("12:05:09 AM 11/28/26"), UTC.read("2026-11-28 00:05:09"));
        assert_eq!(UTC.read("12:05:09 PM 11/28/26"), UTC.read("2026-11-28 12:05:09"));
    }

    #[test]
    fn formats() {
        #[track_caller]
        fn check(format: &str, text: &str, same: &str) {
            assert!(is_format(format), "{format}");
            let notation = Notation { format: Some(format), ..UTC };
            assert_eq!(notation.read(text), UTC.read(same), "{format} {text}");
        }
        check("day %j of %Y at %H.%M hours", "day 332 of 2026 at 14.05 hours", "2026-11-28 14:05");
        check("%d%m%y %H%M", "281126 1405", "2026-11-28 14:05");
        check("%H:%M %d.%m.%Y %z", "15:05 28.11.2026 +0100", "2026-11-28 14:05");
        check("%s", "1795874700", "2026-11-28 14:05");
        check("%I:%M %p %b %e %Y", "02:05 PM Nov 28 2026", "2026-11-28 14:05");
        check("%+", "2026-11-28T14:05:00Z", "2026-11-28 14:05");
        for format in ["", "%H", "%I:%M %d.%m.%Y", "%H:%M", "%d.%m.%Y", "time", "%Y-%m-%d %Q", "%d.%m. %H:%M"]
        {
            assert!(!is_format(format), "{format}");
        }
    }

    #[test]
    fn orders() {
        #[track_caller]
        fn check(text: &str, written: &str, order: Option<DateOrder>) {
            let written = UTC.read(written).expect("a time");
            assert_eq!(DateOrder::of(text, written), order, "{text}");
        }
        use DateOrder::{Dmy, Mdy, Ymd};
        let now = "2026-11-28 10:00";
        check("2026-11-28 10:00,1\n", now, None);
        check("28/11/2026 10:00,1\n", now, Some(Dmy));
        check("11/28/2026 10:00,1\n", now, Some(Mdy));
        check("11/28/26,10:00,1\n", now, Some(Mdy));
        check("26/11/28,10:00,1\n", now, Some(Ymd));
        check("28-11-26,10:00,1\n", now, Some(Dmy));
        // Of one row on 28 the others learn.
        check("05/10/2026,1\n28/11/2026,2\n", now, Some(Dmy));
        // The newest nearest to and not after the day on which it was written.
        check("11/05/2025 02:05:00,1\n", "2025-11-05 02:10", Some(Mdy));
        check("05/11/2025 02:05:00,1\n", "2025-11-05 02:10", Some(Dmy));
        check("11/05/2025 02:05:00,1\n", "2025-05-11 02:10", Some(Dmy));
        check("04/12/2026,1\n", "2026-12-04 02:10", Some(Dmy));
        check("12/04/2026,1\n", "2026-12-04 02:10", Some(Mdy));
        // Rows that do not run to and fro: 3 Apr, 2 May, 1 Jun and not 4 Mar, 5 Feb, 6 Jan; newest first, too.
        check("03/04/2026,1\n04/04/2026,1\n01/05/2026,2\n", "2026-12-04 02:10", Some(Dmy));
        check("05/01/2026,1\n04/04/2026,1\n04/03/2026,2\n", "2026-12-04 02:10", Some(Mdy));
        // Both in one text, or nothing but times to come: nothing is guessed.
        check("13/05/2026,1\n05/13/2026,1\n", now, None);
        check("05/06/2027,1\n", now, None);
        // What only looks like dates.
        check("10.33.20 1.2/3.4 1/2/3 http://x/1/2/2026/y 2026/11/28 v1-2-2026 1-2-2026-3\n", now, None);
    }

    /// No bytes make the reader panic, and what it makes of them is an instant.
    #[test]
    fn mutated_times() {
        let mut state = 1_u64;
        let mut random = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(state >> 33).unwrap_or_default() % below
        };
        let seeds = [
            "Sat Nov 28 2026 15:05:09 GMT+0100 (Central European Standard Time)",
            "11/28/2026, 2:05:09 p.m.",
            "28/Nov/2026:14:05:09 +0000",
            "20261128T140509Z",
        ];
        let letters: Vec<char> = "0123456789:/-.,+ ()[]TZapmNové\u{2212}".chars().collect();
        for round in 0..20_000 {
            let mut text: Vec<char> = seeds[round % seeds.len()].chars().collect();
            for _ in 0..=random(4) {
                let at = random(text.len());
                match random(3) {
                    0 => text[at] = letters[random(letters.len())],
                    1 => drop(text.remove(at)),
                    _ => text.insert(at, letters[random(letters.len())]),
                }
            }
            let text: String = text.into_iter().collect();
            for notation in [UTC, DAY_FIRST, MONTH_FIRST] {
                let _ = notation.read(&text);
            }
            let _ = DateOrder::of(&text, Timestamp(1_795_874_709_000));
        }
    }
}
