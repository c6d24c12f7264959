//! The values of options and keys, as a layer writes them, and how they are read.

use std::ffi::OsString;
use std::fmt;
use std::net::Ipv4Addr;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Map, Value};

use super::error::{Fault, nearest};
use crate::answer::Units;
use crate::endpoints::{Endpoint, PageAccess};
use crate::http::Engine;
use crate::socket::Address;

const THREADS_MAX: u64 = 64;

/// A value as one of the layers writes it.
pub(super) enum Given<'a> {
    /// The words of a flag, one for each time it is given, or the value of a variable.
    Words(&'a [OsString]),
    /// A value in the file, and the directory of the file.
    Toml(&'a Value, &'a Path),
}

impl<'a> Given<'a> {
    /// No value at all. No reader accepts it.
    pub(super) const NOTHING: Given<'static> = Given::Words(&[]);

    /// The fault of a value that is not as expected.
    pub(super) fn fault(&self, expected: impl AsRef<str>) -> Fault {
        Fault::expected(expected, self)
    }

    fn texts(&self) -> Option<Vec<&str>> {
        match self {
            Given::Words(words) => words.iter().map(|word| word.to_str()).collect(),
            Given::Toml(Value::Array(values), _) => values.iter().map(Value::as_str).collect(),
            Given::Toml(value, _) => value.as_str().map(|text| vec![text]),
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Given::Words([word]) => word.to_str(),
            Given::Words(_) => None,
            Given::Toml(value, _) => value.as_str(),
        }
    }

    /// The value in the file, for what only the file can set.
    pub(super) fn toml(&self) -> Option<&'a Value> {
        match self {
            Given::Words(_) => None,
            Given::Toml(value, _) => Some(value),
        }
    }

    /// A path. In the file it starts at the directory of the file.
    pub(super) fn path(&self) -> Option<PathBuf> {
        let (directory, path) = match self {
            Given::Words([word]) => (Path::new(""), Path::new(word)),
            Given::Words(_) => return None,
            Given::Toml(value, directory) => (*directory, Path::new(value.as_str()?)),
        };
        (!path.as_os_str().is_empty()).then(|| directory.join(path))
    }

    pub(super) fn file(&self) -> Result<PathBuf, Fault> {
        self.path().ok_or_else(|| self.fault("the path of a file"))
    }

    fn duration(&self) -> Option<Duration> {
        humantime::parse_duration(self.text()?).ok()
    }

    pub(super) fn every(&self) -> Result<Duration, Fault> {
        let bounds = Duration::from_millis(100)..=Duration::from_secs(3600);
        let every = self.duration().filter(|every| bounds.contains(every));
        every.ok_or_else(|| self.fault("a time from 100ms to 1h, like 5s"))
    }

    pub(super) fn age(&self) -> Result<Duration, Fault> {
        let age = self.duration().filter(|&age| age >= Duration::from_secs(1));
        age.ok_or_else(|| self.fault("a time of at least 1s, like 15m"))
    }

    /// One address, or several with commas between them.
    pub(super) fn addresses(&self) -> Result<Vec<Address>, Fault> {
        let texts = self.texts().unwrap_or_default();
        let parts = texts.iter().flat_map(|text| text.split(','));
        let addresses: Option<Vec<_>> = parts.map(|text| address(text.trim())).collect();
        let addresses = addresses.filter(|addresses| !addresses.is_empty());
        addresses.ok_or_else(|| self.fault("ADDR:PORT, like 127.0.0.1:8000 or [::1]:8000, or unix:/PATH"))
    }

    /// The path of the extension's endpoint, without a slash at its end.
    pub(super) fn endpoint(&self) -> Result<String, Fault> {
        let fits = |path: &&str| {
            path.starts_with('/') && is_of_url(path) && !Endpoint::is_taken(path.trim_end_matches('/'))
        };
        let path = self.text().filter(fits).ok_or_else(|| {
            let taken = Endpoint::fixed_paths().collect::<Vec<_>>();
            self.fault(format!(
                "a slash and visible ASCII characters without ? and #, but not {}",
                alternatives(&taken)
            ))
        })?;
        let path = path.trim_end_matches('/');
        Ok(if path.is_empty() { "/" } else { path }.to_owned())
    }

    /// A URL, without a slash at its end.
    pub(super) fn url(&self) -> Result<String, Fault> {
        let fits = |url: &&str| {
            let host = url.strip_prefix("https://").or(url.strip_prefix("http://"));
            is_of_url(url) && host.is_some_and(|host| !host.is_empty() && !host.starts_with('/'))
        };
        let url = self.text().map(|url| url.trim_end_matches('/')).filter(fits);
        let url = url.ok_or_else(|| self.fault("a URL like https://weather.example.org without ? and #"))?;
        Ok(url.to_owned())
    }

    /// The name of a place.
    pub(super) fn name(&self) -> Result<String, Fault> {
        let name = self.text().and_then(name);
        name.ok_or_else(|| self.fault("a name without control characters"))
    }

    /// The words before the colon of a line of the answer; empty to leave the line out.
    pub(super) fn label(&self) -> Result<String, Fault> {
        let text = self.text().filter(|text| !text.contains(char::is_control));
        let expected = "a text without control characters, or an empty one to leave the line out";
        Ok(text.ok_or_else(|| self.fault(expected))?.to_owned())
    }

    pub(super) fn threads(&self) -> Result<NonZero<usize>, Fault> {
        let number: Option<u64> = match self {
            Given::Words(_) => self.text().and_then(|text| text.parse().ok()),
            Given::Toml(value, _) => value.as_u64(),
        };
        let number = number.filter(|&number| number <= THREADS_MAX);
        let threads = number.and_then(|number| NonZero::new(usize::try_from(number).ok()?));
        threads.ok_or_else(|| self.fault(format!("a number from 1 to {THREADS_MAX}")))
    }

    pub(super) fn units(&self) -> Result<Units, Fault> {
        self.choice(&[("metric", Units::Metric), ("imperial", Units::Imperial)])
    }

    pub(super) fn page(&self) -> Result<PageAccess, Fault> {
        self.choice(&[("key", PageAccess::Key), ("local", PageAccess::Local), ("off", PageAccess::Off)])
    }

    pub(super) fn engine(&self) -> Result<Engine, Fault> {
        if cfg!(feature = "tiny_http") {
            self.choice(&[("event", Engine::Event), ("tiny_http", Engine::TinyHttp)])
        } else {
            let engine = self.text().filter(|&text| text == "event").map(|_| Engine::Event);
            engine.ok_or_else(|| self.fault("event (this build is without the cargo feature tiny_http)"))
        }
    }

    /// One of some words, and what it stands for.
    pub(super) fn choice<T: Copy>(&self, choices: &[(&str, T)]) -> Result<T, Fault> {
        let choice = self.text().and_then(|text| choices.iter().find(|(word, _)| *word == text));
        choice.map(|(_, choice)| *choice).ok_or_else(|| {
            let words = choices.iter().map(|(word, _)| *word).collect::<Vec<_>>();
            self.fault(alternatives(&words))
        })
    }
}

/// As a message shows it, in one line.
impl fmt::Display for Given<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Given::Words([]) => f.write_str("nothing"),
            Given::Words(words) => {
                let shown: Vec<_> = words.iter().map(|word| format!("{word:?}")).collect();
                f.write_str(&shown.join(" and "))?;
                if words.iter().any(|word| word.to_str().is_none()) {
                    f.write_str(", which is not UTF-8")?;
                }
                Ok(())
            }
            // `Display` of the value would add a second writer, for indented JSON, to the program.
            Given::Toml(value, _) => f.write_str(&serde_json::to_string(value).unwrap_or_default()),
        }
    }
}

/// A table of the file, and where it is.
pub(super) struct Table<'a> {
    entries: &'a Map<String, Value>,
    path: String,
    directory: &'a Path,
}

impl<'a> Table<'a> {
    /// A table at `path`. If it has a key that is not `known`, that is a fault; `None` is for keys of any name.
    pub(super) fn new(given: &Given<'a>, path: &str, known: Option<&[&str]>) -> Result<Table<'a>, Fault> {
        let (entries, directory) = match given {
            Given::Toml(Value::Object(entries), directory) => (entries, directory),
            _ => return Err(given.fault("a table").at(path)),
        };
        if let Some(known) = known {
            if let Some(key) = entries.keys().find(|key| !known.contains(&key.as_str())) {
                return Err(unknown_key(key, &mut known.iter().copied()).at(path));
            }
        }
        Ok(Table { entries, path: path.to_owned(), directory })
    }

    /// The table's own keys.
    pub(super) fn keys(&self) -> impl Iterator<Item = &'a String> + use<'a> {
        self.entries.keys()
    }

    /// Where it is, for messages.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// The fault of a table that lacks what was expected.
    pub(super) fn fault(&self, expected: &'static str) -> Fault {
        Given::NOTHING.fault(expected).at(&self.path)
    }

    /// The place of a key, for messages.
    pub(super) fn place(&self, key: &str) -> String {
        format!("{}.{key}", self.path)
    }

    /// Outside of the generic functions, which are compiled for each reader.
    #[cold]
    #[inline(never)]
    fn fault_of(&self, key: &str, fault: Fault) -> Fault {
        fault.at(self.place(key))
    }

    fn given(&self, key: &str) -> Option<Given<'a>> {
        self.entries.get(key).map(|value| Given::Toml(value, self.directory))
    }

    /// The value of a key, if it is there.
    pub(super) fn get<T>(
        &self,
        key: &str,
        read: impl FnOnce(&Given<'a>) -> Result<T, Fault>,
    ) -> Result<Option<T>, Fault> {
        let value = self.given(key).map(|given| read(&given)).transpose();
        value.map_err(|fault| self.fault_of(key, fault))
    }

    /// The value of a key that has to be there.
    pub(super) fn need<T>(
        &self,
        key: &str,
        read: impl FnOnce(&Given<'a>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        read(&self.given(key).unwrap_or(Given::NOTHING)).map_err(|fault| self.fault_of(key, fault))
    }

    /// The table of a key, if it is there.
    pub(super) fn inner(&self, key: &str, known: Option<&[&str]>) -> Result<Option<Table<'a>>, Fault> {
        self.given(key).map(|given| Table::new(&given, &self.place(key), known)).transpose()
    }

    /// The tables of a key.
    pub(super) fn list(&self, key: &str, known: &[&str]) -> Result<Vec<Table<'a>>, Fault> {
        self.given(key).map_or(Ok(Vec::new()), |given| tables(&given, &self.place(key), known))
    }
}

/// The tables of a list at `path`.
pub(super) fn tables<'a>(given: &Given<'a>, path: &str, known: &[&str]) -> Result<Vec<Table<'a>>, Fault> {
    let Given::Toml(Value::Array(values), directory) = given else {
        let name = path.rsplit('.').next().unwrap_or(path);
        return Err(given.fault(format!("tables, [[{name}]]")).at(path));
    };
    let table =
        |(index, value)| Table::new(&Given::Toml(value, directory), &format!("{path}[{index}]"), Some(known));
    values.iter().enumerate().map(table).collect()
}

pub(super) fn unknown_key(key: &str, known: &mut dyn Iterator<Item = &str>) -> Fault {
    Fault::unknown("key", key, nearest(key, known).map(str::to_owned))
}

/// A name without the blanks around it, if there is one.
pub(super) fn name(text: &str) -> Option<String> {
    let name = text.trim();
    (!name.is_empty() && !name.contains(char::is_control)).then(|| name.to_owned())
}

/// `a, b or c`.
fn alternatives(words: &[&str]) -> String {
    match words {
        [first @ .., before_last, last] => {
            let first: String = first.iter().map(|word| format!("{word}, ")).collect();
            format!("{first}{before_last} or {last}")
        }
        _ => words.concat(),
    }
}

/// `ADDR:PORT`. No name is looked up, because at start there may be no network yet; `localhost` is
/// always the board itself (RFC 6761, 6.3). A socket in the file system has its whole path, as a service
/// starts in another directory than its user.
fn address(text: &str) -> Option<Address> {
    if let Some(path) = text.strip_prefix("unix:") {
        return path.starts_with('/').then(|| Address::Unix(path.into()));
    }
    let address = match text.strip_prefix("localhost:") {
        Some(port) => format!("{}:{port}", Ipv4Addr::LOCALHOST).parse(),
        None => text.parse(),
    };
    address.ok().map(Address::Tcp)
}

fn is_of_url(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each word, and each value of the file, is a fault of the same kind.
    #[track_caller]
    fn check<T: fmt::Debug>(
        read: fn(&Given<'_>) -> Result<T, Fault>,
        words: &[&str],
        values: &[Value],
        expected: &str,
    ) {
        let fault = |given: Given<'_>| read(&given).expect_err(expected).to_string();
        for word in words {
            let expected = format!("expected {expected}, found {word:?}");
            assert_eq!(fault(Given::Words(&[word.into()])), expected);
        }
        for value in values {
            let expected = format!("expected {expected}, found {value}");
            assert_eq!(fault(Given::Toml(value, Path::new("/etc"))), expected);
        }
        assert_eq!(fault(Given::NOTHING), format!("expected {expected}, found nothing"));
    }

    #[test]
    fn refuses_wrong_values() {
        check(
            |given| given.addresses(),
            &[
                "",
                "127.0.0.1",
                ":8000",
                "8000",
                "::1:8000",
                "pi.local:80",
                "127.0.0.1:70000",
                "localhost:x",
                "127.0.0.1:1,",
                "unix:x",
            ],
            &[Value::Array(Vec::new()), vec![1].into(), 8000.into()],
            "ADDR:PORT, like 127.0.0.1:8000 or [::1]:8000, or unix:/PATH",
        );
        check(
            |given| given.endpoint(),
            &["", "receive", "/a?b", "/a#b", "/a b", "/ä", "/a\nb", "/metrics", "/metrics/"],
            &[],
            "a slash and visible ASCII characters without ? and #, but not /mcp, /weather, /openapi.json, /healthz \
             or /metrics",
        );
        check(
            |given| given.url(),
            &["", "weather.example.org", "https://", "https:///a", "https://a?b", "ftp://a"],
            &[],
            "a URL like https://weather.example.org without ? and #",
        );
        check(|given| given.file(), &[""], &["".into(), 7.into()], "the path of a file");
        check(
            |given| given.name(),
            &["", " ", "two\nlines"],
            &[7.into()],
            "a name without control characters",
        );
        check(
            |given| given.every(),
            &["5", "99ms", "3601s", "soon", "-5s", ""],
            &[5.into()],
            "a time from 100ms to 1h, like 5s",
        );
        check(
            |given| given.age(),
            &["15", "999ms", "never", "99999999999999999999y"],
            &[],
            "a time of at least 1s, like 15m",
        );
        check(|given| given.units(), &["Metric"], &[vec!["metric"].into()], "metric or imperial");
        check(
            |given| given.threads(),
            &["0", "65", "many", "-1", "1.5", "99999999999999999999"],
            &["many".into(), "2".into(), 1.0.into(), (-1).into()],
            "a number from 1 to 64",
        );
        if cfg!(feature = "tiny_http") {
            check(|given| given.engine(), &["axum"], &[], "event or tiny_http");
        } else {
            let expected = "event (this build is without the cargo feature tiny_http)";
            check(|given| given.engine(), &["axum", "tiny_http"], &[], expected);
        }
        let label = "a text without control characters, or an empty one to leave the line out";
        check(|given| given.label(), &["a\nb"], &[3.into()], label);
    }

    #[test]
    fn an_option_of_one_value_is_given_once() {
        let fault = Given::Words(&["1".into(), "2".into()]).threads().expect_err("two values");
        assert_eq!(fault.to_string(), "expected a number from 1 to 64, found \"1\" and \"2\"");
    }

    #[test]
    fn alternatives_are_a_list_with_or() {
        for (words, expected) in
            [(&[][..], ""), (&["a"], "a"), (&["a", "b"], "a or b"), (&["a", "b", "c"], "a, b or c")]
        {
            assert_eq!(alternatives(words), expected);
        }
    }
}
