//! The files of `tests/field/`: what a case is, how its texts get times, and what its answer has to be.
//!
//! `<<300 %H:%M>>` in a text is the time 300 seconds ago, in UTC. Instead of a pattern of strftime(3)
//! there may be `epoch`, `epoch_ms`, `epoch_us`, `epoch_ns`, `iso` or `plain`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value};

/// Lines that say nothing of the weather now.
const SILENT: [&str; 4] = ["City", "Observed", "No current readings", "No readings yet"];

const KEYS: [&str; 23] = [
    "id",
    "about",
    "like",
    "file",
    "text",
    "files",
    "rows",
    "crlf",
    "encoding",
    "written",
    "source",
    "station",
    "city",
    "zone",
    "ask",
    "lines",
    "current",
    "age",
    "check",
    "check_not",
    "first",
    "append",
    "later",
];

/// One case: files of some program, and what weatherhook has to say to them.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) id: String,
    fields: Map<String, Value>,
}

/// A file of a case at some moment.
pub(crate) struct Written {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

/// All cases of `tests/field/`, by file and in their order.
pub(crate) fn all() -> Vec<Case> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/field");
    let entries = fs::read_dir(directory).expect("the cases");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    let mut known: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    let mut cases = Vec::new();
    for path in paths {
        let text = fs::read_to_string(&path).expect("a file of cases");
        let mut file: Map<String, Value> =
            basic_toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let Some(Value::Array(list)) = file.remove("case") else { panic!("{}: no [[case]]", path.display()) };
        for fields in list {
            let Value::Object(fields) = fields else { panic!("{}: a case is a table", path.display()) };
            let case = Case::new(fields, &known);
            assert!(!known.contains_key(&case.id), "{}: twice", case.id);
            known.insert(case.id.clone(), case.fields.clone());
            cases.push(case);
        }
    }
    cases
}

impl Case {
    /// A case with what it does not state of the one that it is `like`.
    fn new(mut fields: Map<String, Value>, known: &BTreeMap<String, Map<String, Value>>) -> Case {
        let id = fields["id"].as_str().expect("an id").to_owned();
        let unknown: Vec<_> = fields.keys().filter(|key| !KEYS.contains(&key.as_str())).collect();
        assert!(unknown.is_empty(), "{id}: unknown {unknown:?}");
        if let Some(like) = fields.remove("like") {
            let like = like.as_str().expect("an id");
            let base = known.get(like).unwrap_or_else(|| panic!("{id}: {like} does not stand before it"));
            // What is expected of one is not expected of the other.
            let input = base.iter().filter(|(key, _)| !is_expectation(key));
            for (key, value) in input {
                fields.entry(key.clone()).or_insert_with(|| value.clone());
            }
        }
        Case { id, fields }
    }

    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.fields.get(key).map(|value| value.as_str().unwrap_or_else(|| panic!("{}: {key}", self.id)))
    }

    pub(crate) fn list(&self, key: &str) -> Vec<&str> {
        let list = self.fields.get(key).and_then(Value::as_array).into_iter().flatten();
        list.map(|value| value.as_str().expect("a text")).collect()
    }

    /// The age of the newest reading in seconds, for a case whose text has times.
    pub(crate) fn age(&self) -> Option<i64> {
        self.fields.get("age").and_then(Value::as_i64)
    }

    /// The steps of a case that a running server sees: the texts that follow, and the answers to them.
    pub(crate) fn steps(&self) -> Vec<(&str, Expected)> {
        let steps = self.fields.get("append").and_then(Value::as_array).into_iter().flatten();
        steps.map(|step| (step["text"].as_str().expect("a text"), expected_lines(&step["lines"]))).collect()
    }

    /// The name of the first file.
    pub(crate) fn file(&self) -> &str {
        match self.fields.get("files") {
            Some(Value::Object(files)) => files.keys().next().expect("a file"),
            _ => self.text("file").unwrap_or("sensor.txt"),
        }
    }

    /// The files as they would have been written `later` seconds ago.
    pub(crate) fn written(&self, now: DateTime<Utc>, later: i64) -> Vec<Written> {
        let older = self.fields.get("later").and_then(Value::as_i64).unwrap_or_default();
        let now = now - TimeDelta::seconds(later + older);
        if let Some(Value::Object(files)) = self.fields.get("files") {
            let file = |(name, text): (&String, &Value)| Written {
                name: name.clone(),
                bytes: self.encoded(&timed(text.as_str().expect("a text"), now)),
            };
            return files.iter().map(file).collect();
        }
        let text = timed(self.text("text").unwrap_or_default(), now) + &self.rows(now);
        vec![Written { name: self.file().to_owned(), bytes: self.encoded(&text) }]
    }

    /// The lines of `rows`: a log in which a number grows.
    fn rows(&self, now: DateTime<Utc>) -> String {
        let Some(rows) = self.fields.get("rows") else { return String::new() };
        let whole = |key: &str, usual: i64| rows.get(key).and_then(Value::as_i64).unwrap_or(usual);
        let number = |key: &str| rows.get(key).and_then(Value::as_f64).unwrap_or_default();
        let outliers: Vec<i64> = rows
            .get("at")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_i64)
            .collect();
        let (count, every, last) = (whole("count", 1), whole("every", 60), whole("last", 0));
        let line = rows["line"].as_str().expect("a line");
        let row = |n: i64| {
            let steps = n / whole("each", 1);
            let value = number("from") + number("step") * steps as f64;
            let digits = usize::try_from(whole("digits", 1)).expect("digits");
            let value = if outliers.contains(&n) {
                rows["outlier"].as_str().expect("an outlier").to_owned()
            } else {
                format!("{value:.digits$}")
            };
            let age = last + (count - 1 - n) * every;
            timed(&line.replace("<<n>>", &value), now - TimeDelta::seconds(age)) + "\n"
        };
        (0..count).map(row).collect()
    }

    fn encoded(&self, text: &str) -> Vec<u8> {
        let crlf = self.fields.get("crlf").and_then(Value::as_bool).unwrap_or_default();
        let text = if crlf { text.replace('\n', "\r\n") } else { text.to_owned() };
        match self.text("encoding") {
            None => text.into_bytes(),
            Some("latin-1") => text.chars().map(|c| u8::try_from(u32::from(c)).expect("Latin-1")).collect(),
            Some("utf-16") => {
                "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
            }
            Some(other) => panic!("{}: encoding {other}", self.id),
        }
    }

    /// The configuration, or nothing for a case that is read without one.
    pub(crate) fn config(&self) -> Option<String> {
        let source = self.text("source");
        if source.is_none() && self.text("station").is_none() {
            return None;
        }
        let station = self.text("station").unwrap_or_default();
        let source = source.unwrap_or_default();
        let file =
            if source.contains("file = ") { String::new() } else { format!("file = {:?}\n", self.file()) };
        Some(format!("[[station]]\ncity = \"Brno\"\n{station}\n\n[[station.source]]\n{file}{source}\n"))
    }

    pub(crate) fn expected(&self) -> Expected {
        let lines = self.fields.get("lines").map(expected_lines).unwrap_or_default();
        let is_silent = self.fields.get("current") == Some(&Value::Bool(false));
        Expected { is_silent, age: self.age(), ..lines }
    }

    /// What a server says before the first step.
    pub(crate) fn first(&self) -> Expected {
        self.fields.get("first").map(expected_lines).unwrap_or_default()
    }
}

fn is_expectation(key: &str) -> bool {
    ["id", "about", "lines", "current", "age", "check", "check_not", "first", "append", "later"]
        .contains(&key)
}

/// What an answer has to be.
#[derive(Clone, Default)]
pub(crate) struct Expected {
    /// For each label what may stand there: a text, its beginning before `…`, or "" for no such line.
    lines: Vec<(String, Vec<String>)>,
    is_silent: bool,
    age: Option<i64>,
}

impl Expected {
    /// Nothing that is current.
    pub(crate) fn silence() -> Expected {
        Expected { is_silent: true, ..Expected::default() }
    }

    /// What the answer has otherwise.
    pub(crate) fn faults(&self, answer: &str) -> Vec<String> {
        let lines: Vec<(&str, &str)> = answer.lines().filter_map(|line| line.split_once(": ")).collect();
        let line = |label: &str| lines.iter().find(|(is, _)| *is == label).map_or("", |(_, value)| value);
        let mut faults = Vec::new();
        for (label, wanted) in &self.lines {
            if !wanted.iter().any(|wanted| fits(wanted, line(label))) {
                faults.push(format!("{label}: {:?}, expected {wanted:?}", line(label)));
            }
        }
        let current = lines.iter().filter(|(label, _)| !SILENT.contains(label));
        if self.is_silent && current.clone().count() > 0 {
            faults.push(format!("{:?}, expected nothing current", current.collect::<Vec<_>>()));
        }
        if let Some(age) = self.age {
            let said = [line("Observed"), line("No current readings")].concat();
            // The program runs some seconds after its files were written.
            if !age_in(&said).is_some_and(|(least, most)| most >= age - 5 && least <= age + 70) {
                faults.push(format!("{said:?}, expected an age of {age} s"));
            }
        }
        faults
    }
}

fn expected_lines(value: &Value) -> Expected {
    let texts = |value: &Value| match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(list) => list.iter().map(|one| one.as_str().expect("a text").to_owned()).collect(),
        other => panic!("{other}: expected a text or a list"),
    };
    let lines = value.as_object().expect("a table of lines");
    let lines = lines.iter().map(|(label, value)| (label.clone(), texts(value))).collect();
    Expected { lines, ..Expected::default() }
}

fn fits(wanted: &str, value: &str) -> bool {
    match (wanted.strip_prefix('…'), wanted.strip_suffix('…')) {
        (Some(end), _) => value.ends_with(end),
        (_, Some(start)) => value.starts_with(start),
        _ => wanted == value,
    }
}

/// The least and the most seconds that "5 min ago" may mean.
fn age_in(text: &str) -> Option<(i64, i64)> {
    let words: Vec<&str> = text.split([' ', '(', ')', '.']).collect();
    let ago = words.iter().position(|word| *word == "ago")?;
    let number: i64 = words.get(ago.checked_sub(2)?)?.parse().ok()?;
    let unit = match words[ago - 1] {
        "s" => 1,
        "min" => 60,
        "h" => 3600,
        _ => 86400,
    };
    Some((number * unit, (number + 1) * unit - 1))
}

/// The text with its times.
pub(crate) fn timed(text: &str, now: DateTime<Utc>) -> String {
    let mut parts = text.split("<<");
    let mut timed = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (time, rest) = part.split_once(">>").expect("<<AGE FORM>>");
        let (age, form) = time.split_once(' ').expect("<<AGE FORM>>");
        let at = now - TimeDelta::seconds(age.parse().expect("an age in seconds"));
        timed += &written_as(form, at);
        timed += rest;
    }
    timed
}

fn written_as(form: &str, at: DateTime<Utc>) -> String {
    let seconds = at.timestamp();
    match form {
        "epoch" => format!("{seconds}"),
        "epoch_ms" => format!("{seconds}000"),
        "epoch_us" => format!("{seconds}000000"),
        "epoch_ns" => format!("{seconds}000000000"),
        "iso" => at.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "plain" => at.format("%Y-%m-%d %H:%M:%S").to_string(),
        pattern => at.format(pattern).to_string(),
    }
}
