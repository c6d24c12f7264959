//! Text in, readings out: the formats in which sensors write, and what their keys mean.
//!
//! A text goes through `registry` (which format), the file of that format (records as values), `record`
//! (what the values of a record are about, by `names`, `units` and their times) and comes out as
//! [`Record`]s and [`Finding`]s. No file is opened here, and nothing that a text contains makes one panic.

mod advice;
mod catalogue;
mod csv;
mod fields;
mod findings;
mod form;
mod influx;
mod json;
pub mod kernel;
mod looks;
mod names;
mod node;
mod notes;
mod pairs;
mod pattern;
mod prometheus;
mod record;
mod registry;
mod sample;
mod surroundings;
mod text;
mod topics;
mod units;

use std::fmt;

pub use self::advice::{Advice, Read, advise};
use self::findings::Fault;
pub use self::findings::{Dropped, Error, Finding, Ignored, Path};
pub use self::names::is_known;
use self::record::Reader;
pub use self::registry::{FORMATS, name_list, named, recognise};
pub use self::surroundings::ruled_out_by_name;
use self::text::decoded;
pub use self::text::without_utf16;
use crate::reading::{Device, Station};
use crate::time::{Timestamp, Zone};

/// What one message of a sensor, one line of a log, one object of a list says.
#[derive(Debug)]
pub struct Record {
    /// Which device it is from, as far as it says so.
    pub device: Device,
    /// Which device the message around it is from, where the record says one of its own.
    pub around: Device,
    /// The place and the readings.
    pub station: Station,
}

/// What the configuration says about how a source is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// Names that stand in the text, and the known keys that they stand for. Of two the first counts.
    pub keys: Vec<(String, String)>,
    /// The keys of the columns, for CSV without a header.
    pub columns: Vec<String>,
    /// The zone of times that name none.
    pub zone: Zone,
    /// The pattern of strftime(3) that times have.
    pub time_format: Option<String>,
}

impl Dialect {
    /// As the tools write.
    pub const USUAL: Dialect =
        Dialect { keys: Vec::new(), columns: Vec::new(), zone: Zone::Local, time_format: None };

    /// The key that stands for this one.
    fn known<'k>(&'k self, key: &'k str) -> &'k str {
        self.keys.iter().find(|(own, _)| own == key).map_or(key, |(_, known)| known)
    }
}

/// What becomes of lines that have no usable time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undated {
    /// They have just been written.
    Current,
    /// Those of the device that wrote last are as new as the text, and where messages of devices take turns, those of
    /// each that still writes; the others' may be from any day.
    LastDevice,
    /// Nothing is known of when they were written.
    Refused,
}

/// What a reader has to know about a text beside its bytes.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The name for records that name no place, and for a lone record that names no city.
    pub city: Option<&'a str>,
    /// When the text was written: the time of what carries none of its own.
    pub modified: Timestamp,
    /// What becomes of lines that do not say when they were written.
    pub undated: Undated,
    /// How it is written.
    pub dialect: &'a Dialect,
    /// Whether only records of selected devices are kept: these may stand anywhere.
    pub picked: bool,
    /// Why the name of its file says that it is not about the air outdoors.
    pub elsewhere: Option<Ignored>,
}

impl<'a> Source<'a> {
    /// A file as the tools write it, that may have been there for long.
    pub fn new(city: Option<&'a str>, modified: Timestamp) -> Source<'a> {
        static USUAL: Dialect = Dialect::USUAL;
        Source {
            city,
            modified,
            undated: Undated::LastDevice,
            dialect: &USUAL,
            picked: false,
            elsewhere: None,
        }
    }
}

/// A way to write records down.
pub struct Format {
    /// How the configuration calls it.
    pub name: &'static str,
    /// What a text of it contains and is recognised by, for messages: `a JSON object or a list of them`.
    pub expected: &'static str,
    /// Whether each line is a record, so that a file is followed as it grows.
    pub lines: bool,
    /// Whether a text that begins so is written in it; without a byte order mark and blanks before.
    recognises: fn(&str, &Dialect) -> bool,
    /// The lines without which what comes after this text cannot be read.
    head: fn(&str, &Dialect) -> String,
    /// Hands the records of a text to the reader.
    read: fn(&str, &mut Reader<'_>) -> Result<(), Fault>,
}

impl Format {
    /// Hands over the records of a text in their order, and what was made of each key.
    pub fn read(
        &self,
        text: &[u8],
        source: &Source<'_>,
        emit: &mut dyn FnMut(Record),
        findings: &mut dyn FnMut(Finding<'_>),
    ) -> Result<(), Error> {
        let text = decoded(text);
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        if text.trim().is_empty() {
            return Err(Error::Empty { expected: self.expected });
        }
        (self.read)(text, &mut Reader::new(text, source, emit, findings))
            .map_err(|fault| self.error(fault, text, source.dialect))
    }

    /// Why a text as a whole cannot be read. Where the configuration names a format, the text may be in another.
    fn error(&self, fault: Fault, text: &str, dialect: &Dialect) -> Error {
        match fault {
            Fault::NotJson(_) if !text.trim_start().starts_with(['{', '[']) => {
                Error::OtherFormat { name: self.name, looks: registry::elsewhere(text.as_bytes(), dialect) }
            }
            _ => Error::new(fault, self.expected),
        }
    }

    /// What has to be put before the lines that will follow this text, for them to be read by
    /// themselves: the column names of CSV, with the units below them. Empty where a line needs no other.
    ///
    /// A text that consists of whole lines and begins with what was found before gives what holds from
    /// its end on, so that a log that goes on with other columns is followed, too.
    pub fn head(&self, text: &[u8], dialect: &Dialect) -> Vec<u8> {
        let text = decoded(text);
        (self.head)(text.strip_prefix('\u{feff}').unwrap_or(&text), dialect).into_bytes()
    }
}

impl fmt::Debug for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl PartialEq for Format {
    fn eq(&self, other: &Format) -> bool {
        self.name == other.name
    }
}

impl Eq for Format {}

/// The head of a format in which each line can be read by itself.
fn no_head(_: &str, _: &Dialect) -> String {
    String::new()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::fold;
    use crate::reading::Quantity;

    /// When the texts of the tests were written.
    pub(super) const WRITTEN: &str = "2025-03-02T22:30:00Z";

    pub(super) fn at(text: &str) -> Timestamp {
        crate::time::utc(text)
    }

    /// The records of `text`, joined by place.
    pub(super) fn stations(
        format: &Format,
        text: &[u8],
        source: &Source<'_>,
        findings: &mut dyn FnMut(Finding<'_>),
    ) -> Result<Vec<Station>, Error> {
        let mut stations: Vec<Station> = Vec::new();
        let mut add = |record: Record| {
            let name = |station: &Station| station.city.as_deref().map(fold);
            match stations.iter_mut().find(|known| name(known) == name(&record.station)) {
                Some(known) => known.merge(record.station),
                None => stations.push(record.station),
            }
        };
        format.read(text, source, &mut add, findings)?;
        Ok(stations)
    }

    /// The stations of `text`, and the findings that are no readings.
    #[track_caller]
    pub(super) fn read(format: &Format, text: &[u8], source: &Source<'_>) -> (Vec<Station>, Vec<String>) {
        let mut findings = Vec::new();
        let stations = stations(format, text, source, &mut |finding| findings.extend(complaint(finding)));
        (stations.expect("readable"), findings)
    }

    /// What a finding says of a key that was not used.
    pub(super) fn complaint(finding: Finding<'_>) -> Option<String> {
        match finding {
            Finding::Ignored { key, why } => Some(format!("{key}: {why}")),
            Finding::Dropped { key, why } => Some(format!("{key}: {why}")),
            _ => None,
        }
    }

    /// The readings of the only station, if there is one, to hundredths.
    #[track_caller]
    pub(super) fn only(stations: &[Station]) -> Vec<(Quantity, f64)> {
        assert!(stations.len() <= 1, "{stations:?}");
        stations.first().map(readings).unwrap_or_default()
    }

    /// The readings, to hundredths.
    pub(super) fn readings(station: &Station) -> Vec<(Quantity, f64)> {
        let reading = |quantity| Some((quantity, (station.reading(quantity)?.value * 100.0).round() / 100.0));
        Quantity::ALL.into_iter().filter_map(reading).collect()
    }

    /// Changes bytes of the texts and puts pieces between them: whatever becomes of them, no value that
    /// cannot be comes out, and every message can be written.
    #[track_caller]
    pub(super) fn check_mutated(format: &Format, texts: &[&str], pieces: &[&str]) {
        let source = Source::new(Some("London"), at(WRITTEN));
        let mut readable = 0;
        mutated(texts, pieces, &mut |text| {
            let stations = stations(format, text, &source, &mut check_finding);
            readable += usize::from(stations.is_ok());
            stations.iter().flatten().for_each(check_station);
        });
        assert!(readable > 500, "only {readable} of the mutated texts were still readable");
    }

    pub(super) fn mutated(texts: &[&str], pieces: &[&str], then: &mut dyn FnMut(&[u8])) {
        // Marsaglia's xorshift64, so that a failure comes again.
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let mut below = |bound: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state % bound as u64).expect("small")
        };
        for _ in 0..5_000 {
            let mut text = texts[below(texts.len())].as_bytes().to_vec();
            for _ in 0..=below(3) {
                let place = below(text.len().max(1)).min(text.len());
                match below(5) {
                    0 => text.truncate(place),
                    1 => drop(text.splice(place..place, pieces[below(pieces.len())].bytes())),
                    2 => drop(text.splice(place..place, [0xff])),
                    3 => drop(text.splice(place..text.len().min(place + below(8)), [])),
                    _ => text.iter_mut().skip(place).take(1).for_each(|byte| *byte ^= 1 << below(8)),
                }
            }
            then(&text);
        }
    }

    pub(super) fn check_finding(finding: Finding<'_>) {
        if let Some(line) = complaint(finding) {
            assert!(!line.contains(char::is_control), "{line:?}");
        }
    }

    #[track_caller]
    pub(super) fn check_station(station: &Station) {
        for quantity in Quantity::ALL {
            let value = station.reading(quantity).map(|reading| reading.value);
            assert!(value.is_none_or(|value| quantity.plausible(value) == Some(value)), "{value:?}");
        }
        let mut names = station.city.iter().chain(&station.aliases);
        assert!(names.all(|name| !name.is_empty() && !name.contains(char::is_control)));
    }
}
