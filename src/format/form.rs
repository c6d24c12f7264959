//! `key=value`, as weather stations upload it (Ecowitt, Ambient Weather, Weather Underground) and as
//! scripts write it, one a line or several in one.

use std::borrow::Cow;

use super::findings::Fault;
use super::names::{Meaning, meaning};
use super::node::Node;
use super::notes::{add_units, comments};
use super::pairs::{Record, begins_with_pairs, is_content, is_section};
use super::record::Reader;
use super::{Dialect, Dropped, Format, Path, no_head};
use crate::url;

/// One upload, or the pairs of one record.
pub(super) static FORM: Format = Format {
    name: "form",
    expected: "key=value or key: value pairs without sections",
    lines: false,
    recognises: is_form,
    head: no_head,
    read,
};

/// An upload in each line.
pub(super) static UPLOADS: Format = Format {
    name: "uploads",
    expected: "an upload such as tempf=50&humidity=60 in each line",
    lines: true,
    recognises: is_uploads,
    head: no_head,
    read: read_uploads,
};

/// What Ecowitt sends of a sensor that it does not hear.
const ABSENT: f64 = -9999.0;

fn is_form(beginning: &str, dialect: &Dialect) -> bool {
    let first = lines(beginning).next();
    first.is_some_and(|line| is_upload(line) || key_before(line)) || begins_with_pairs(beginning, dialect)
}

/// As of JSON, one line alone may as well be a file that is rewritten.
fn is_uploads(beginning: &str, _: &Dialect) -> bool {
    let mut lines = lines(beginning);
    lines.next().is_some_and(is_upload) && lines.next().is_some_and(is_upload)
}

fn read(text: &str, reader: &mut Reader<'_>) -> Result<(), Fault> {
    let dialect = reader.dialect();
    let written = reader.modified().rfc3339();
    let mut record = Record::new(&written);
    let mut uploads = Vec::new();
    let mut lines = lines(text).filter(|line| is_content(line)).peekable();
    while let Some(line) = lines.next() {
        // What stands in a section may be measured anywhere.
        if is_section(line) {
            return Err(Fault::NoRecord);
        }
        let is_unended = lines.peek().is_none() && !text.ends_with('\n');
        let before = uploads.len();
        let is_read = if is_upload(line) {
            uploads.extend(upload(line));
            if is_unended && line.len() > UPLOAD_BYTES && !is_whole(&mut uploads) {
                uploads.truncate(before);
            }
            uploads.len() > before
        } else if is_unended {
            let unended = record.add_unended(line, dialect);
            unended.iter().for_each(|key| reader.dropped(Path::key(None, key), Dropped::Unended));
            true
        } else {
            record.add(line, dialect)
        };
        if !is_read {
            reader.dropped(Path::key(None, "a line"), Dropped::BadLine);
        }
    }
    let mut entries = record.finish();
    add_units(&mut entries, &comments(text), dialect);
    uploads.extend(entries);
    if uploads.is_empty() {
        return Err(Fault::NoRecord);
    }
    reader.root(&Node::Object(uploads))
}

/// Whether an upload that ends without a line feed says when it was made, before its last value. That one may
/// have been cut within and is left out.
fn is_whole(entries: &mut Vec<Entry<'_>>) -> bool {
    entries.pop();
    entries.iter().any(|(key, _)| matches!(meaning(key), Ok(Meaning::Time(_))))
}

/// An upload that is longer is of a gateway; a shorter one may be a script's, which writes it in one piece.
const UPLOAD_BYTES: usize = 100;

fn read_uploads(text: &str, reader: &mut Reader<'_>) -> Result<(), Fault> {
    reader.lines(text, &|line: &str, then: &mut dyn FnMut(&Node<'_>)| {
        let line = line.trim();
        if !is_upload(line) {
            return Err(Fault::NoRecord);
        }
        then(&Node::Object(upload(line).collect()));
        Ok(())
    });
    Ok(())
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(['#', ';']))
}

type Entry<'t> = (Cow<'t, str>, Node<'t>);

/// Whether a line is the query of a URL, and holds more than one pair.
fn is_upload(line: &str) -> bool {
    !line.starts_with(['{', '[', '"'])
        && line.split_once('&').is_some_and(|(first, second)| first.contains('=') && second.contains('='))
}

fn upload(line: &str) -> impl Iterator<Item = Entry<'_>> {
    // The path may stand before it.
    let query = match line.split_once('?') {
        Some((path, query)) if !path.contains('=') => query,
        _ => line,
    };
    url::pairs(query).map(|(key, value)| (key, node(value)))
}

/// Whether a line begins with a key and `=`.
fn key_before(line: &str) -> bool {
    let is_key = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '(' | ')' | '%' | '°');
    line.split_once('=').is_some_and(|(key, _)| !key.trim().is_empty() && key.trim().chars().all(is_key))
}

fn node(value: Cow<'_, str>) -> Node<'_> {
    let text = value.trim();
    // Weather Underground's `dateutc=now` says no more than the file's own time.
    let absent = text.is_empty() || text == "now" || text.parse() == Ok(ABSENT);
    if absent { Node::Missing } else { Node::Text(value) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::tests::{WRITTEN, at, check_mutated, only, read, stations};
    use crate::format::{Error, Source, recognise};
    use crate::reading::Quantity::{self, *};

    #[track_caller]
    fn check(text: &str, expected: &[(Quantity, f64)]) -> Vec<String> {
        check_as(&FORM, text, expected)
    }

    #[track_caller]
    fn check_as(format: &Format, text: &str, expected: &[(Quantity, f64)]) -> Vec<String> {
        let (stations, findings) = read(format, text.as_bytes(), &Source::new(None, at(WRITTEN)));
        assert_eq!(only(&stations), expected, "{text}: {findings:?}");
        findings
    }

    const UPLOAD: &str = "PASSKEY=0123SECRET&stationtype=EasyWeatherV1.6.4&dateutc=2025-03-02+22%3A20:00&tempinf=79.5\
        &humidityin=31&tempf=50.0&humidity=-9999&windspeedmph=10&windgustmph=&baromrelin=29.92&uv=2&rainratein=0.1\
        &dailyrainin=1.000&model=GW1000";

    #[test]
    fn an_upload() {
        let expected = &[
            (Temperature, 10.0),
            (SeaLevelPressure, 1013.21),
            (WindSpeed, 4.47),
            (RainRate, 2.54),
            (RainToday, 25.4),
            (UvIndex, 2.0),
        ];
        for text in [UPLOAD.to_owned(), format!("/data/report/?{UPLOAD}"), format!("{UPLOAD}\r\n")] {
            let findings = check(&text, expected);
            let inside =
                ["stationtype: not a known key", "tempinf: measured indoors", "humidityin: measured indoors"];
            assert_eq!(findings, inside);
            let (stations, _) = read(&FORM, text.as_bytes(), &Source::new(None, at(WRITTEN)));
            assert_eq!(stations[0].newest(), Some(at("2025-03-02T22:20:00Z")));
        }
        check(
            "ID=KX1&PASSWORD=SECRET&dateutc=now&tempf=50&UV=3&city=Saint%2DDenis%2",
            &[(Temperature, 10.0), (UvIndex, 3.0)],
        );
    }

    #[test]
    fn uploads_line_by_line() {
        let text =
            format!("{UPLOAD}\ntempf=5&\nnonsense\n{}\n", "dateutc=2025-03-02+22:25:00&tempf=59&humidity=5");
        let findings = check_as(
            &UPLOADS,
            &text,
            &[
                (Temperature, 15.0),
                (Humidity, 5.0),
                (SeaLevelPressure, 1013.21),
                (WindSpeed, 4.47),
                (RainRate, 2.54),
                (RainToday, 25.4),
                (UvIndex, 2.0),
            ],
        );
        assert_eq!(findings.iter().filter(|finding| *finding == "a line: not a whole record").count(), 2);
    }

    #[test]
    fn pairs_of_a_script() {
        let expected = &[(Temperature, 10.0), (Humidity, 60.0)];
        for text in [
            "temp=10\nhumidity=60\n",
            "# a note\n\ntemp = 10 °C\r\n; another\nhumidity = 60 %\r\n",
            "temp=10 humidity=60\n",
            "temp=50 °F, humidity=60 %",
            "temp=10,humidity=60;",
            "temp = 10 , humidity = 60\n",
            "temp=\"10\"\thumidity=\"60%\"",
            "temp(°F)=50 rh=60\n",
        ] {
            assert_eq!(check(text, expected), [""; 0], "{text}");
        }
        let (stations, _) =
            read(&FORM, b"city=New York temp=5\nPASSKEY=a==\n", &Source::new(None, at(WRITTEN)));
        assert_eq!(stations[0].city.as_deref(), Some("New York"));
        assert_eq!(check("temp=10\nnonsense\n=5\nrh=60\n", expected).len(), 2);
        // A time with what looks like no key in it.
        check("date=2025-03-02 time=22:20:00 temp=10 humidity=60\n", expected);
        // More digits may come.
        let findings = check("temp=10 humidity=60 pressure=99", expected);
        assert_eq!(findings, ["pressure: the last line has no end, so digits may be missing"]);
        for none in ["nonsense", "[indoor]\ntemp=21\n[outdoor]\ntemp=5", "=5"] {
            let source = Source::new(None, at(WRITTEN));
            let result = FORM.read(none.as_bytes(), &source, &mut |_| {}, &mut |_| {});
            assert!(matches!(result, Err(Error::NoRecord { .. })), "{none}");
        }
    }

    #[test]
    fn no_secret_is_told() {
        let texts = [
            UPLOAD.to_owned(),
            UPLOAD.replace('&', "\n"),
            UPLOAD.replace('&', " "),
            "PASSWORD=SECRET&apikey=SECRET&api_key=SECRET&application_key=SECRET&MAC=SECRET&token=SECRET&tempf=SECRET\n".to_owned(),
        ];
        for text in texts {
            let mut shown = String::new();
            let mut record = |finding: crate::format::Finding<'_>| {
                shown += &format!("{finding:?}\n");
                shown.extend(crate::format::tests::complaint(finding));
            };
            let result = stations(&FORM, text.as_bytes(), &Source::new(None, at(WRITTEN)), &mut record);
            assert!(result.is_ok() && !shown.contains("SECRET"), "{shown}");
            for name in ["passkey", "password", "apikey", "mac:"] {
                assert!(!shown.to_lowercase().contains(name), "{shown}");
            }
        }
    }

    #[test]
    fn it_is_recognised() {
        for text in [UPLOAD, "temp=5", "# a note\ntemp = 5\n", "temp=5,rh=6"] {
            assert_eq!(recognise(text.as_bytes(), &Dialect::USUAL).ok(), Some(&FORM), "{text}");
        }
        assert_eq!(
            recognise(format!("{UPLOAD}\n{UPLOAD}\n").as_bytes(), &Dialect::USUAL).ok(),
            Some(&UPLOADS)
        );
        for text in ["=5", "a b", "[a]\nb=5", "{\"a\": \"b=c&d=e\"}", "temp,rh\n", "temp{a=\"b\"} 5"] {
            let format = recognise(text.as_bytes(), &Dialect::USUAL).ok();
            assert!(format != Some(&FORM) && format != Some(&UPLOADS), "{text}");
        }
    }

    #[test]
    fn mutated_texts_give_believable_values_or_none() {
        let pieces = ["\n", "&", "=", "%", "+", "%C3%B6", " ", ",", "\"", "?", "NaN", "-9999", "1e999", "°"];
        let plain = "time=1740954000\ncity=\"Köln\" temp = 10 °C, rh=60\nwind_dir=ENE\n";
        check_mutated(&FORM, &[UPLOAD, plain], &pieces);
        let lines = format!("{UPLOAD}\n{UPLOAD}\ntempf=5&rain_mm=7\n");
        check_mutated(&UPLOADS, &[&lines], &pieces);
    }
}
