//! The table of formats, and how the format of a text is recognised.

use super::looks::looks;
use super::text::decoded;
use super::{Dialect, Error, Format, csv, fields, form, influx, json, kernel, pairs, prometheus, topics};

/// The formats. Those that are recognised most surely stand first.
pub static FORMATS: [&Format; 12] = [
    &json::LINES,
    &json::JSON,
    &kernel::W1,
    &fields::CLIENTRAW,
    &fields::REALTIME,
    &topics::TOPICS,
    &prometheus::PROMETHEUS,
    &influx::INFLUX,
    &csv::CSV,
    &form::UPLOADS,
    &pairs::PAIRS,
    &form::FORM,
];

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
        .ok_or_else(|| Error::Unrecognised { looks: looks(beginning, dialect, &name_list()) })
}

/// What a text looks like that is not in the format that the configuration names, and what to write.
pub(super) fn elsewhere(text: &[u8], dialect: &Dialect) -> String {
    match recognise(text, dialect) {
        Ok(format) => {
            format!("it looks like {} ({}); leave `format` out", format.name, format.expected)
        }
        Err(Error::Unrecognised { looks }) => looks,
        Err(error) => error.to_string(),
    }
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
    fn a_format_that_is_wrong_is_not_the_fault_of_the_text() {
        #[track_caller]
        fn check(text: &str, expected: &str) {
            let format = named("json").expect("a format");
            let source = Source::new(None, Timestamp::now());
            let read = format.read(text.as_bytes(), &source, &mut |_| {}, &mut |_| {});
            assert_eq!(read.expect_err("an error").to_string(), expected);
        }
        check(
            "time,temp\n2026-11-28 20:10,7.4\n",
            "not in the format json: it looks like csv (a row of column names such as time,temperature); leave \
             `format` out",
        );
        check(
            "hello\n",
            &format!("not in the format json: {}", looks(b"hello", &Dialect::USUAL, &name_list())),
        );
        check("{\"temp\": 7", "not JSON: EOF while parsing an object at line 1 column 10");
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
        for (text, looks) in [
            ("21.5", "it looks like numbers without names; write `columns = [\"temperature_C\"]`, "),
            ("hello", "it looks like lines of text; write `format = \"...\"` with one of jsonl, json, w1, "),
            ("\"temp\"", "it looks like lines of text; "),
            ("[2026-11-28 20:10] 7.4 degrees", "it looks like lines of text; "),
            ("[sensor]\nname = x\n", "it looks like lines of text; "),
            ("1,2\n3,4\n", "it looks like a table without names; write `columns = [\"time\", "),
            ("1 2\n3 4\n", "it looks like a table of 2 columns with blanks between them; write "),
            ("wann;warm\n2026-11-28 20:10;7,4\n", "it looks like a table whose names are not known; write "),
            ("a\0\0\0", "it holds bytes that are no text; "),
            ("SQLite format 3\0...", "it looks like a SQLite database; "),
            ("<html>", "it looks like a web page or XML; "),
            ("['temp', 7]", "it looks like a dict of Python; write it with json.dumps(...)"),
            ("{temp: 7}", "it looks like JSON without the quotes around its names; "),
        ] {
            check(text, &format!("the format is not recognised: {looks}"));
        }
    }
}
