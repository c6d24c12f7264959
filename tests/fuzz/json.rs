//! A sensor file's text, as bytes: no panic, every value and time believable, every text one line of
//! bounded length, and an answer can be made of whatever was read.

use std::collections::HashSet;
use std::time::Duration;

use weatherhook::testing::answer::{Options, answer};
use weatherhook::testing::format::{self, Error, Finding, Format, Record, Source};
use weatherhook::testing::place::fold;
use weatherhook::testing::reading::Quantity;
use weatherhook::testing::sampler::published;
use weatherhook::testing::time::Timestamp;

/// 2025-03-02T22:30:00Z: when the text was written.
pub(crate) const WRITTEN: f64 = 1_740_954_600.0;

/// A clock may be fast by this much.
const AHEAD: Duration = Duration::from_secs(120);

/// The longest name or words, in characters.
const WORDS_CHARS: usize = 100;

const ALIASES: usize = 100;

/// JSON is read to a depth of 128, each step of a path is cut to 40 characters of at most 4 bytes,
/// and a number's dot or brackets come on top.
const PATH_BYTES: usize = 128 * (40 * 4 + 1);

/// Holds what is read of the text against its bounds.
pub(crate) fn check(text: &[u8]) {
    check_format(format::named("json").expect("a format"), text);
}

/// The same of a text in any format.
pub(crate) fn check_format(format: &Format, text: &[u8]) {
    check_read(&|source, add, find| format.read(text, source, add, find));
}

/// Hands over the records and what is found.
type Read<'r> =
    &'r dyn Fn(&Source<'_>, &mut dyn FnMut(Record), &mut dyn FnMut(Finding<'_>)) -> Result<(), Error>;

/// Holds what is read against its bounds.
pub(crate) fn check_read(read: Read<'_>) {
    let modified = Timestamp::from_epoch(WRITTEN).expect("a time");
    for city in [None, Some("London")] {
        let mut find = |finding: Finding<'_>| match finding {
            Finding::Reading { key, quantity, value, unit, at, .. } => {
                check_line(&key.to_string(), PATH_BYTES);
                assert_eq!(unit.to_base(0.0).0, quantity.base_unit());
                assert!(quantity.bounds().contains(&value), "{quantity:?} {value}");
                assert!(at.ahead(modified) <= AHEAD, "{at}");
            }
            Finding::Text { key, text, at } => {
                check_line(&key.to_string(), PATH_BYTES);
                check_words(text);
                assert!(at.ahead(modified) <= AHEAD, "{at}");
            }
            Finding::Key { .. } => {}
            Finding::Time { key, .. } => check_line(&key.to_string(), PATH_BYTES),
            Finding::Setting { key, value } => {
                check_line(&key.to_string(), PATH_BYTES);
                check_line(&value.to_string(), 1000);
            }
            Finding::Ignored { key, why } => {
                check_line(&key.to_string(), PATH_BYTES);
                check_line(&why.to_string(), 200);
            }
            Finding::Dropped { key, why } => {
                check_line(&key.to_string(), PATH_BYTES);
                check_line(&why.to_string(), 200);
            }
        };
        let mut records = Vec::new();
        let add = &mut |record| records.push(record);
        if let Err(error) = read(&Source::new(city, modified), add, &mut find) {
            check_line(&error.to_string(), 300);
            continue;
        }
        let snapshot = published(records, modified);
        let stations = snapshot.stations();
        let mut names = HashSet::new();
        for station in stations.iter() {
            let name = station.city.as_deref();
            name.into_iter().for_each(check_words);
            assert!(names.insert(fold(name.unwrap_or_default())), "{name:?} twice");
            assert!(station.aliases.len() <= ALIASES);
            station.aliases.iter().for_each(|alias| check_words(alias));
            for words in [&station.air_quality, &station.precipitation].into_iter().flatten() {
                check_words(&words.value);
            }
            for quantity in Quantity::ALL {
                let Some(reading) = station.reading(quantity) else { continue };
                assert_eq!(quantity.plausible(reading.value), Some(reading.value), "{quantity:?}");
                assert!(quantity.bounds().contains(&reading.value));
            }
            assert!(station.newest().is_none_or(|at| at.ahead(modified) <= AHEAD));
        }
        let places: Vec<String> =
            stations.iter().take(3).filter_map(|station| station.city.clone()).collect();
        for place in places.iter().map(|place| Some(place.as_str())).chain([None]) {
            let result = answer(&snapshot, place, Some("how is it?"), modified, &Options::default());
            assert!(!result.is_empty() && result.lines().all(|line| !line.is_empty()), "{result:?}");
            assert!(!result.contains(|c: char| c.is_control() && c != '\n'), "{result:?}");
        }
    }
}

/// A message or a path.
#[track_caller]
fn check_line(line: &str, most: usize) {
    assert!(!line.is_empty() && line.len() <= most, "{line:?}");
    assert!(!line.contains(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')), "{line:?}");
}

/// What becomes a part of a prompt.
#[track_caller]
fn check_words(words: &str) {
    check_line(words, 4 * WORDS_CHARS);
    assert!(words.chars().count() <= WORDS_CHARS && words.trim() == words, "{words:?}");
}
