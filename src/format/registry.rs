//! The table of formats, and which of them a text is written in.

use super::text::decoded;
use super::{Dialect, Format, csv, form, json, kernel, prometheus};

/// The formats, those that are told most surely first.
pub static FORMATS: [&Format; 7] =
    [&json::LINES, &json::JSON, &kernel::W1, &prometheus::PROMETHEUS, &csv::CSV, &form::UPLOADS, &form::FORM];

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
