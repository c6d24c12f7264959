//! The table of formats, and how the format of a text is recognised.

use super::text::decoded;
use super::{Dialect, Error, Format, csv, form, json, kernel, prometheus};

/// The formats. Those that are recognised most surely stand first.
pub static FORMATS: [&Format; 7] =
    [&json::LINES, &json::JSON, &kernel::W1, &prometheus::PROMETHEUS, &csv::CSV, &form::UPLOADS, &form::FORM];

/// The format with this name.
pub fn named(name: &str) -> Option<&'static Format> {
    FORMATS.into_iter().find(|format| format.name == name)
}

/// The names of all formats, as a message lists them.
pub fn name_list() -> String {
    FORMATS.map(|format| format.name).join(", ")
}

/// The format of a text that is written as `dialect` says, by its beginning.
pub fn recognise(beginning: &[u8], dialect: &Dialect) -> Result<&'static Format, Error> {
    let text = decoded(beginning);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text).trim_start();
    if text.is_empty() {
        return Err(Error::Empty { expected: "the readings of a sensor" });
    }
    FORMATS
        .into_iter()
        .find(|format| (format.recognises)(text, dialect))
        .ok_or_else(|| Error::Unrecognised { formats: name_list() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::Source;
    use crate::time::Timestamp;

    #[test]
    fn each_format_has_a_name_of_its_own_and_names_what_it_expects() {
        for format in FORMATS {
            assert_eq!(named(format.name), Some(format));
            let error = Error::Empty { expected: format.expected }.to_string();
            let read = format.read(b" \n", &Source::new(None, Timestamp::now()), &mut |_| {}, &mut |_| {});
            assert_eq!(read.expect_err("an error").to_string(), error, "{format:?}");
            let is_json = format.name.starts_with("json");
            assert_eq!(format.expected.contains("JSON"), is_json, "{format:?}: {}", format.expected);
        }
    }

    #[test]
    fn a_text_in_no_format_is_none_of_them() {
        #[track_caller]
        fn check(text: &str, expected: &str) {
            let error = recognise(text.as_bytes(), &Dialect::USUAL).expect_err("an error").to_string();
            assert!(error.starts_with(expected), "{text:?}: {error}");
        }
        check("", "empty, expected the readings of a sensor");
        check("\u{feff} \r\n", "empty, ");
        for text in ["21.5", "hello", "1,2\n3,4\n", "\0\0\0\0", "<html>", "\"temp\""] {
            check(
                text,
                "the format is not recognised: write `format = \"...\"` with one of jsonl, json, w1, ",
            );
        }
    }
}
