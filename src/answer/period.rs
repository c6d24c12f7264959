//! The days that somebody asks about, as a person or a program writes them.

use std::fmt;

use crate::place::fold;
use crate::time::Date;

/// One day, or several that follow each other, none of them after today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
}

/// Ten years with their leap days, and some days more.
const LONGEST: i32 = 3660;

/// The first and the last day, counted from today, and the words for them: in English, German, French, Spanish, Italian
/// and Dutch.
const WORDS: [(i32, i32, [&str; 6]); 5] = [
    (0, 0, ["today", "heute", "aujourd'hui", "hoy", "oggi", "vandaag"]),
    (-1, -1, ["yesterday", "gestern", "hier", "ayer", "ieri", "gisteren"]),
    (-2, -2, ["day before yesterday", "vorgestern", "avant-hier", "anteayer", "l'altro ieri", "eergisteren"]),
    (
        -7,
        -1,
        [
            "last 7 days",
            "letzte 7 Tage",
            "7 derniers jours",
            "últimos 7 días",
            "ultimi 7 giorni",
            "laatste 7 dagen",
        ],
    ),
    (
        -30,
        -1,
        [
            "last 30 days",
            "letzte 30 Tage",
            "30 derniers jours",
            "últimos 30 días",
            "ultimi 30 giorni",
            "laatste 30 dagen",
        ],
    ),
];

/// What can be written.
const EXPECTED: &str = "write a day like 2026-11-20, days like 2026-11-20/2026-11-26, today or yesterday";

/// More of a text that cannot be read is not shown, characters.
const SHOWN: usize = 40;

impl Period {
    /// The seven days before today.
    pub fn last_week(today: Date) -> Period {
        Period { from: today.plus(-7), to: today.plus(-1) }
    }

    /// From a day, a word, or two of them with a slash between.
    ///
    /// # Errors
    ///
    /// It cannot be read or lies ahead: what to write in the field instead.
    pub fn read(field: &str, text: &str, today: Date) -> Result<Period, String> {
        read(field, text, today)?.checked(field, today)
    }

    /// From a first and a last day: until today without the latter, and `None` without both.
    ///
    /// # Errors
    ///
    /// As [`Period::read`].
    pub fn between(from: Option<&str>, to: Option<&str>, today: Date) -> Result<Option<Period>, String> {
        let given = |text: Option<&'_ str>| text.filter(|text| !text.trim().is_empty()).map(str::to_owned);
        let (from, to) = match (given(from), given(to)) {
            (None, None) => return Ok(None),
            (None, Some(_)) => return Err(format!("from: missing beside to; {EXPECTED}")),
            (Some(from), to) => (read("from", &from, today)?, to),
        };
        let last = match to {
            Some(to) => read("to", &to, today)?.to,
            None if from.from < from.to => from.to,
            None => today.max(from.to),
        };
        Period { to: last, ..from }.checked("from", today).map(Some)
    }

    fn checked(self, field: &str, today: Date) -> Result<Period, String> {
        let Period { from, to } = self;
        if from > today {
            return Err(format!("{field}: {from} is still to come, and there are no forecasts; {EXPECTED}"));
        }
        match to.days_after(from) {
            ..0 => Err(format!("{field}: {from} is after {to}; {EXPECTED}")),
            LONGEST.. => Err(format!("{field}: {self} is more than {LONGEST} days; {EXPECTED}")),
            _ => Ok(Period { from, to: to.min(today) }),
        }
    }

    /// How many days it has.
    pub fn days(self) -> usize {
        usize::try_from(self.to.days_after(self.from) + 1).unwrap_or(0)
    }
}

/// As it is written, also if it lies ahead.
fn read(field: &str, text: &str, today: Date) -> Result<Period, String> {
    let end = |text: &str| word(text, today);
    let period = match text.split_once('/') {
        None => end(text),
        Some((from, to)) => end(from).zip(end(to)).map(|(from, to)| Period { from: from.from, to: to.to }),
    };
    period.ok_or_else(|| {
        let shown: String = text.chars().take(SHOWN).collect();
        format!("{field}: {shown:?} cannot be read; {EXPECTED}")
    })
}

fn word(text: &str, today: Date) -> Option<Period> {
    if let Some(date) = Date::parse(text.trim()) {
        return Some(Period { from: date, to: date });
    }
    let written = fold(&text.replace('_', " "));
    let (from, to, _) = WORDS.iter().find(|(.., words)| words.iter().any(|word| fold(word) == written))?;
    Some(Period { from: today.plus(*from), to: today.plus(*to) })
}

/// `2026-11-20`, or `2026-11-20 to 2026-11-26`
impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.from.fmt(f)?;
        if self.from < self.to { write!(f, " to {}", self.to) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn today() -> Date {
        Date::parse("2026-11-28").expect("a date")
    }

    fn shown(period: Result<Period, String>) -> String {
        period.map_or_else(|why| why, |period| period.to_string())
    }

    #[test]
    fn days_are_read() {
        #[track_caller]
        fn check(text: &str, expected: &str) {
            assert_eq!(shown(Period::read("date", text, today())), expected);
        }
        check(" 2026-11-20 ", "2026-11-20");
        check("2026-11-20/2026-11-26", "2026-11-20 to 2026-11-26");
        check("2026-11-20 / 2027-01-01", "2026-11-20 to 2026-11-28");
        check("2026-11-20/yesterday", "2026-11-20 to 2026-11-27");
        check("2016-11-21/today", "2016-11-21 to 2026-11-28");
        check("Today", "2026-11-28");
        check("aujourd’hui", "2026-11-28");
        check("GESTERN", "2026-11-27");
        check("avant-hier", "2026-11-26");
        check("last_7_days", "2026-11-21 to 2026-11-27");
        check("ÚLTIMOS 30 días", "2026-10-29 to 2026-11-27");
        for (text, why) in [
            ("2026-11-31", "\"2026-11-31\" cannot be read"),
            ("20.11.2026", "\"20.11.2026\" cannot be read"),
            ("2026-11-20/", "\"2026-11-20/\" cannot be read"),
            ("a/b/c", "\"a/b/c\" cannot be read"),
            ("2026-11-29", "2026-11-29 is still to come, and there are no forecasts"),
            ("2026-11-26/2026-11-20", "2026-11-26 is after 2026-11-20"),
            ("2016-11-20/today", "2016-11-20 to 2026-11-28 is more than 3660 days"),
        ] {
            check(text, &format!("date: {why}; {EXPECTED}"));
        }
        let long = shown(Period::read("date", &"é".repeat(1000), today()));
        assert!(long.chars().count() < 200, "{long}");
    }

    #[test]
    fn every_word_is_one_of_its_row_only() {
        let mut all: Vec<String> = WORDS.iter().flat_map(|(.., words)| words.map(fold)).collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn a_first_and_a_last_day() {
        #[track_caller]
        fn check(from: &str, to: &str, expected: &str) {
            let period = Period::between(Some(from), Some(to), today());
            assert_eq!(
                period.map_or_else(|why| why, |period| shown(period.ok_or("none".to_owned()))),
                expected
            );
        }
        check("", " ", "none");
        check("2026-11-20", "", "2026-11-20 to 2026-11-28");
        check("yesterday", "", "2026-11-27 to 2026-11-28");
        check("last 7 days", "", "2026-11-21 to 2026-11-27");
        check("2026-11-20", "yesterday", "2026-11-20 to 2026-11-27");
        check("today", "today", "2026-11-28");
        check("", "today", &format!("from: missing beside to; {EXPECTED}"));
        check("2026-11-20", "soon", &format!("to: \"soon\" cannot be read; {EXPECTED}"));
        assert_eq!(Period::between(None, None, today()), Ok(None));
    }
}
