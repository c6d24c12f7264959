//! The days that somebody asks about, as a person or a program writes them.

use std::fmt;

use crate::place::fold;
use crate::reading::Diary;
use crate::time::{Date, Timestamp};

/// One day, or several that follow each other, none of them after today; or a night.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
    /// Whether it is only the night from one to the other.
    pub is_night: bool,
}

/// Ten years with their leap days, and some days more.
const LONGEST: i32 = 3660;

/// What a word means.
enum Span {
    /// The first and the last day, counted from today.
    Days(i32, i32),
    /// From Monday to today.
    Week,
    /// From the first day of the month to today.
    Month,
    /// The night that ends today, also while it goes on.
    Night,
}

/// The words for spans: in English, German, French, Spanish, Italian and Dutch. Those that may also mean the night that
/// comes are here too, as there are no forecasts: `heute Nacht`, `cette nuit`, `stanotte`, `vannacht`; but not
/// `esta noche`, which means the evening that comes.
const WORDS: [(Span, &[&str]); 8] = [
    (Span::Days(0, 0), &["today", "heute", "aujourd'hui", "hoy", "oggi", "vandaag"]),
    (Span::Days(-1, -1), &["yesterday", "gestern", "hier", "ayer", "ieri", "gisteren"]),
    (
        Span::Days(-2, -2),
        &["day before yesterday", "vorgestern", "avant-hier", "anteayer", "l'altro ieri", "eergisteren"],
    ),
    (
        Span::Days(-7, -1),
        &[
            "last 7 days",
            "letzte 7 Tage",
            "7 derniers jours",
            "últimos 7 días",
            "ultimi 7 giorni",
            "laatste 7 dagen",
        ],
    ),
    (
        Span::Days(-30, -1),
        &[
            "last 30 days",
            "letzte 30 Tage",
            "30 derniers jours",
            "últimos 30 días",
            "ultimi 30 giorni",
            "laatste 30 dagen",
        ],
    ),
    (
        Span::Week,
        &["this week", "diese Woche", "cette semaine", "esta semana", "questa settimana", "deze week"],
    ),
    (Span::Month, &["this month", "diesen Monat", "ce mois-ci", "este mes", "questo mese", "deze maand"]),
    (
        Span::Night,
        &[
            "last night",
            "letzte Nacht",
            "heute Nacht",
            "la nuit dernière",
            "cette nuit",
            "anoche",
            "la noche pasada",
            "stanotte",
            "la notte scorsa",
            "vannacht",
            "afgelopen nacht",
        ],
    ),
];

/// What can be written.
const EXPECTED: &str =
    "write a day like 2026-11-20, days like 2026-11-20/2026-11-26, today, yesterday or last night";

/// More of a text that cannot be read is not shown, characters.
const SHOWN: usize = 40;

impl Period {
    /// The seven days before today.
    pub fn last_week(today: Date) -> Period {
        Period::days_of(today.plus(-7), today.plus(-1))
    }

    /// From a first to a last day.
    pub fn days_of(from: Date, to: Date) -> Period {
        Period { from, to, is_night: false }
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
            Some(to) => {
                let last = read("to", &to, today)?;
                if last.is_night != from.is_night {
                    return Err(format!("to: a night has no days beside it; leave to out; {EXPECTED}"));
                }
                last.to
            }
            None if from.from < from.to => from.to,
            None => today.max(from.to),
        };
        Period { to: last, ..from }.checked("from", today).map(Some)
    }

    fn checked(self, field: &str, today: Date) -> Result<Period, String> {
        let Period { from, to, .. } = self;
        if from > today {
            return Err(format!("{field}: {from} is still to come, and there are no forecasts; {EXPECTED}"));
        }
        match to.days_after(from) {
            ..0 => Err(format!("{field}: {from} is after {to}; {EXPECTED}")),
            LONGEST.. => Err(format!("{field}: {self} is more than {LONGEST} days; {EXPECTED}")),
            _ => Ok(Period { to: to.min(today), ..self }),
        }
    }

    /// How many days it has; 1 for a night.
    pub fn days(self) -> usize {
        if self.is_night {
            return 1;
        }
        usize::try_from(self.to.days_after(self.from) + 1).unwrap_or(0)
    }

    /// From when until when it is.
    pub(super) fn span(self) -> (Timestamp, Timestamp) {
        match self.is_night {
            true => Diary::night_of(self.to),
            false => (self.from.start(), self.to.next().start()),
        }
    }

    /// Whether it is a day or a night that goes on.
    pub(super) fn is_under_way(self, now: Timestamp) -> bool {
        self.days() == 1 && now < self.span().1
    }
}

/// As it is written, also if it lies ahead.
fn read(field: &str, text: &str, today: Date) -> Result<Period, String> {
    let end = |text: &str| word(text, today);
    let period = match text.split_once('/') {
        None => end(text),
        Some((from, to)) => {
            let ends = end(from).zip(end(to)).filter(|(from, to)| !from.is_night && !to.is_night);
            ends.map(|(from, to)| Period { to: to.to, ..from })
        }
    };
    period.ok_or_else(|| {
        let shown: String = text.chars().take(SHOWN).collect();
        format!("{field}: {shown:?} cannot be read; {EXPECTED}")
    })
}

fn word(text: &str, today: Date) -> Option<Period> {
    if let Some(date) = Date::parse(text.trim()) {
        return Some(Period::days_of(date, date));
    }
    let written = fold(&text.replace('_', " "));
    let (span, _) = WORDS.iter().find(|(_, words)| words.iter().any(|word| fold(word) == written))?;
    Some(match *span {
        Span::Days(from, to) => Period::days_of(today.plus(from), today.plus(to)),
        Span::Week => Period::days_of(today.monday(), today),
        Span::Month => Period::days_of(today.first_of_month(), today),
        Span::Night => Period { from: today.plus(-1), to: today, is_night: true },
    })
}

/// `2026-11-20`, `2026-11-20 to 2026-11-26`, or `last night, 2026-11-27 18:00 to 2026-11-28 09:00`
impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_night {
            let (start, end) = Diary::NIGHT;
            return write!(f, "last night, {} {start:02}:00 to {} {end:02}:00", self.from, self.to);
        }
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
        check("this week", "2026-11-23 to 2026-11-28");
        check("ce mois-ci", "2026-11-01 to 2026-11-28");
        check("2026-11-01/diese Woche", "2026-11-01 to 2026-11-28");
        for night in ["last_night", "Heute Nacht", "la nuit dernière", "anoche", "stanotte", "vannacht"] {
            check(night, "last night, 2026-11-27 18:00 to 2026-11-28 09:00");
        }
        for (text, why) in [
            ("last night/today", "\"last night/today\" cannot be read"),
            ("2026-11-01/last night", "\"2026-11-01/last night\" cannot be read"),
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
        let mut all: Vec<String> =
            WORDS.iter().flat_map(|(_, words)| words.iter().map(|word| fold(word))).collect();
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
        check("last night", "", "last night, 2026-11-27 18:00 to 2026-11-28 09:00");
        check("last night", "letzte Nacht", "last night, 2026-11-27 18:00 to 2026-11-28 09:00");
        let night = &format!("to: a night has no days beside it; leave to out; {EXPECTED}");
        check("last night", "today", night);
        check("2026-11-20", "last night", night);
        check("this week", "", "2026-11-23 to 2026-11-28");
        check("this month", "yesterday", "2026-11-01 to 2026-11-27");
        assert_eq!(Period::between(None, None, today()), Ok(None));
    }
}
