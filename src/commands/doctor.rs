//! `weatherhook doctor`: where the way from Dify to the sensor is broken, and how to repair it.
//!
//! Without a URL it looks at what this board can know ([`board`]). With one it calls that endpoint
//! ([`endpoint`]) as Dify does ([`call`]), and explains the answers ([`explain`]).

mod board;
mod call;
mod endpoint;
mod explain;

use std::env;
use std::io::{self, Write};

use super::Failure;
use crate::auth;
use crate::config::{self, Config, Flags};
use crate::printed::printed;
use crate::time::Timestamp;

/// Nobody's key: a server that accepts it does not check keys.
const WRONG_KEY: &str = "this-is-no-key-of-yours";

const PING: &str = r#"{"point": "ping"}"#;

/// An answer of weatherhook is at most some kilobytes; this much of another page is enough to recognize it.
const MAX_ANSWER: u64 = 1 << 20;

/// Checks this board, or the way to the endpoint `url`. `Ok(true)` if nothing is wrong.
pub(super) fn run(flags: &Flags, url: Option<&str>, out: &mut dyn Write) -> Result<bool, Failure> {
    let mut findings = Findings { out, is_good: true };
    match (Config::load(flags, env::vars_os(), None), url) {
        (Ok(config), Some(url)) => endpoint::check(url, &config, &mut findings)?,
        (Ok(config), None) => {
            board::check(&config, flags.has("listen"), Timestamp::now(), &mut findings)?;
        }
        (Err(error @ config::Error::Usage(_)), _) => return Err(error.into()),
        // A wrong configuration is a finding, too.
        (Err(error), _) => {
            findings.problem(faulty(&error, "correct it; weatherhook check shows what is still wrong"))?;
        }
    }
    Ok(findings.is_good)
}

/// Writes findings. `is_good` until one of them is a problem.
struct Findings<'a> {
    out: &'a mut dyn Write,
    is_good: bool,
}

impl Findings<'_> {
    fn ok(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "ok: {}", printable(text))
    }

    fn note(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "note: {}", printable(text))
    }

    /// What is wrong, and what to do about it.
    fn problem(&mut self, (cause, remedy): (String, String)) -> io::Result<()> {
        self.is_good = false;
        writeln!(self.out, "problem: {}\n  {}", printable(&cause), printable(&remedy))
    }
}

/// The text as a finding may show it: what others wrote cannot begin a line or control the terminal.
fn printable(text: &str) -> String {
    text.split('\n').map(printed).collect::<Vec<_>>().join("\n    ")
}

/// The error and the remedy. A file that this user may not read exists: the remedy is never to create another.
fn faulty(error: &config::Error, remedy: &str) -> (String, String) {
    (error.to_string(), if error.is_denied() { "run it with sudo" } else { remedy }.to_owned())
}

/// The same for keys. If there is a key with a fault in it, the remedy is to correct it.
fn faulty_key(error: &config::Error, remedy: &str) -> (String, String) {
    let has_key = matches!(error, config::Error::Keys(auth::Error::Line(..)));
    faulty(
        error,
        if has_key { "correct the key, or replace it: weatherhook keygen makes one" } else { remedy },
    )
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use super::*;

    #[test]
    fn foreign_text_begins_no_line() {
        assert_eq!(printable("a\nok: b\r\u{1b}[2J\u{85}°"), "a\n    ok: b\\r\\u{1b}[2J\\u{85}°");
    }

    #[test]
    fn a_file_that_may_not_be_read_is_not_replaced() {
        let remedy =
            |kind: ErrorKind| faulty(&config::Error::Unreadable("key".into(), kind.into()), "make one").1;
        assert_eq!(remedy(ErrorKind::PermissionDenied), "run it with sudo");
        assert_eq!(remedy(ErrorKind::NotFound), "make one");
        assert_eq!(faulty(&config::Error::NoKey, "make one").1, "make one");
    }
}
