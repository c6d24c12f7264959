//! The table of formats, and which of them a text is written in.

use std::borrow::Cow;
use std::fmt;

use super::findings::{Error, Finding};
use super::record::Reader;
use super::text::{decoded, not_utf8};
use super::{Dialect, Record, Source, csv, form, json, kernel, prometheus};

/// The formats, those that are told most surely first.
pub static FORMATS: [&Format; 7] =
    [&json::LINES, &json::JSON, &kernel::W1, &prometheus::PROMETHEUS, &csv::CSV, &form::UPLOADS, &form::FORM];

/// A way to write records down.
pub struct Format {
    /// How the configuration calls it.
    pub name: &'static str,
    /// Whether each line is a record, so that a file is followed as it grows.
    pub lines: bool,
    /// Whether a text that begins so is written in it; without a byte order mark and blanks before.
    pub(super) recognises: fn(&str, &Dialect) -> bool,
    /// The lines without which what comes after this text cannot be read.
    pub(super) head: fn(&str, &Dialect) -> String,
    /// Hands the records of a text to the reader.
    pub(super) read: fn(&str, &mut Reader<'_>) -> Result<(), Error>,
}

impl Format {
    /// Hands over the records of a text in their order, and what was made of each key.
    pub fn read(
        &self,
        text: &[u8],
        source: &Source<'_>,
        take: &mut dyn FnMut(Record),
        findings: &mut dyn FnMut(Finding<'_>),
    ) -> Result<(), Error> {
        let text = match std::str::from_utf8(text) {
            Ok(text) => Cow::Borrowed(text),
            // One broken line of a log takes nothing from the others.
            Err(_) if self.lines => decoded(text),
            Err(cause) => return Err(not_utf8(text, cause.valid_up_to())),
        };
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        if text.trim().is_empty() {
            return Err(Error::Empty);
        }
        (self.read)(text, &mut Reader::new(source, take, findings))
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

/// The format called so.
pub fn named(name: &str) -> Option<&'static Format> {
    FORMATS.into_iter().find(|format| format.name == name)
}

/// The format of a text that is written as `dialect` says, by its beginning; JSON if it looks like none
/// of them.
pub fn recognise(beginning: &[u8], dialect: &Dialect) -> &'static Format {
    let text = decoded(beginning);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text).trim_start();
    FORMATS.into_iter().find(|format| (format.recognises)(text, dialect)).unwrap_or(&json::JSON)
}
