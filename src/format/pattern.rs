//! The pattern of strftime(3) that a written time seems to have.

/// The pattern by which this text can be read as a date and a time of day, as far as that can be guessed: a
/// year of four digits is needed. Of a day and a month below 13 the day is taken to be the first.
pub(super) fn pattern_of(text: &str) -> Option<String> {
    let parts = parts(text.trim());
    let numbers: Vec<&str> = parts.iter().copied().filter(|part| is_number(part)).collect();
    let year = numbers.iter().position(|number| is_year(number))?;
    let has_month = parts.iter().any(|part| month(part).is_some());
    let has_half = parts.iter().any(|part| is_half(part));
    let mut kinds = kinds(&numbers, year, has_month, has_half)?.into_iter();
    let mut pattern = String::new();
    let mut seconds = false;
    for part in parts {
        let kind = if is_number(part) { kinds.next()? } else { word(part)? };
        if kind == FRACTION {
            // It reads the point before it, too.
            pattern.pop().filter(|point| *point == '.' && seconds)?;
        }
        seconds = kind == "%S" || (seconds && kind == ".");
        pattern.push_str(&kind.replace("%%", "%"));
    }
    Some(pattern)
}

/// Decimals of a second.
const FRACTION: &str = "%.f";

/// Numbers, words, and each other character by itself.
fn parts(text: &str) -> Vec<&str> {
    let kind = |c: char| match c {
        _ if c.is_ascii_digit() => 1,
        _ if c.is_alphabetic() => 2,
        _ => 0,
    };
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = match kind(first) {
            0 => first.len_utf8(),
            same => rest.find(|c| kind(c) != same).unwrap_or(rest.len()),
        };
        parts.push(&rest[..end]);
        rest = &rest[end..];
    }
    parts
}

fn is_number(part: &str) -> bool {
    part.starts_with(|c: char| c.is_ascii_digit())
}

fn is_year(number: &str) -> bool {
    number.len() == 4 && (number.starts_with("19") || number.starts_with("20"))
}

fn is_half(part: &str) -> bool {
    part.eq_ignore_ascii_case("am") || part.eq_ignore_ascii_case("pm")
}

/// What each number is: those around the year are of the date, the others of the time of day.
fn kinds(numbers: &[&str], year: usize, has_month: bool, has_half: bool) -> Option<Vec<&'static str>> {
    let hour = if has_half { "%I" } else { "%H" };
    let day_of_year = numbers.iter().position(|number| number.len() == 3);
    let date: Vec<&'static str> = match (day_of_year, has_month, year) {
        (Some(0), false, 1) => vec!["%j", "%Y"],
        (Some(1), false, 0) => vec!["%Y", "%j"],
        (_, true, 0) => vec!["%Y", "%d"],
        (_, true, 1) => vec!["%d", "%Y"],
        (_, false, 0) => vec!["%Y", "%m", "%d"],
        (_, false, 2) if numbers[1].parse().is_ok_and(|second: u8| second > 12) => vec!["%m", "%d", "%Y"],
        (_, false, 2) => vec!["%d", "%m", "%Y"],
        _ => return None,
    };
    let time = [hour, "%M", "%S", FRACTION];
    let count = numbers.len().checked_sub(date.len()).filter(|count| (2..=time.len()).contains(count))?;
    Some(date.into_iter().chain(time.into_iter().take(count)).collect())
}

/// What a word or another character is.
fn word(part: &str) -> Option<&str> {
    match part {
        "%" => None,
        _ if is_half(part) => Some("%p"),
        _ => Some(month(part).or_else(|| weekday(part)).unwrap_or(part)),
    }
}

fn month(part: &str) -> Option<&'static str> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    named(part, &MONTHS).map(|is_whole| if is_whole { "%B" } else { "%b" })
}

fn weekday(part: &str) -> Option<&'static str> {
    const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    named(part, &DAYS).map(|is_whole| if is_whole { "%A" } else { "%a" })
}

/// Whether a word is one of these names, whole or its first three letters.
fn named(part: &str, names: &[&str]) -> Option<bool> {
    let lower = part.to_ascii_lowercase();
    let name = names.iter().find(|name| **name == lower || name.get(..3) == Some(&lower))?;
    Some(*name == lower && lower.len() > 3)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{Notation, Zone, is_format};

    #[test]
    fn a_pattern_reads_the_text_that_it_was_made_of() {
        for (text, expected) in [
            ("day 332 of 2026 at 20.10 hours", "day %j of %Y at %H.%M hours"),
            ("2026/332-20:10:05", "%Y/%j-%H:%M:%S"),
            ("28.11.2026 um 20h10", "%d.%m.%Y um %Hh%M"),
            ("11/28/2026 08:10:05 PM", "%m/%d/%Y %I:%M:%S %p"),
            ("2026_11_28__20_10_05.123", "%Y_%m_%d__%H_%M_%S%.f"),
            ("Sat, 28 Nov 2026; 20:10", "%a, %d %b %Y; %H:%M"),
            ("November 28 (2026) 20-10", "%B %d (%Y) %H-%M"),
        ] {
            let pattern = pattern_of(text).unwrap_or_default();
            assert_eq!(pattern, expected, "{text}");
            assert!(is_format(&pattern), "{pattern}");
            let notation = Notation { zone: &Zone::Utc, order: &|| None, format: Some(&pattern) };
            assert!(notation.read(text).is_some(), "{text} by {pattern}");
        }
        for text in ["", "20:10", "2026-11-28", "yesterday", "1764360000", "28.11.26 20:10", "100% 2026"] {
            assert_eq!(pattern_of(text), None, "{text}");
        }
    }
}
