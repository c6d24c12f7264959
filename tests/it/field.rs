//! Files as other programs write them: each case of `tests/field/` against the real program.

pub(crate) mod case;
#[path = "../fuzz/field.rs"]
mod mutated;

use std::fs::{self, File};
use std::io::Write as _;
use std::process::Command;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use chrono::NaiveDateTime;

use self::case::{Case, Expected};
use crate::fixture::*;

/// Cases that do not hold yet. One that holds is removed from here: the test says so.
const PENDING: &[&str] = &[];

/// Cases of which something is still current forty days later.
const PENDING_LATER: &[&str] = &[];

/// Cases of which a broken file says something that no whole one says.
const PENDING_BROKEN: &[&str] = &[];

/// Later by more days than a month has, so that no day of the month comes again.
const LATER: i64 = 40 * 86400;

#[test]
fn every_case_holds() {
    hold(PENDING, &case::all(), &|case| Site::new(case, 0).faults());
}

/// What says its time is not current again because somebody copies it.
#[test]
fn nothing_is_current_forty_days_later() {
    let mut cases = case::all();
    cases.retain(|case| case.age().is_some() && case.steps().is_empty());
    hold(PENDING_LATER, &cases, &|case| Expected::silence().faults(&Site::new(case, LATER).query()));
}

/// Some thousand broken files, through the library: see `tests/fuzz/field.rs`.
#[test]
fn broken_files_say_nothing_new() {
    let found = mutated::all();
    let tried: usize = found.iter().map(|case| case.tried).sum();
    assert!(tried > 5000, "{tried} broken files");
    let is_pending = |case: &&mutated::Found| PENDING_BROKEN.contains(&case.id.as_str());
    // Shown when the test fails, and with `--nocapture`.
    let pending: Vec<_> = found.iter().filter(is_pending).flat_map(|case| &case.wrong).collect();
    println!("pending: {pending:#?}");
    let wrong: Vec<_> = found.iter().filter(|case| !is_pending(case)).flat_map(|case| &case.wrong).collect();
    assert!(wrong.is_empty(), "{} of {tried} broken files: {wrong:#?}", wrong.len());
}

/// What the fuzzer tries: `fuzz/fuzz_targets/field.rs`.
#[test]
fn plans_of_a_fuzzer() {
    // Nothing, a case without its partner, and two cases with each mutation after the other.
    for plan in [
        "",
        "\0\0",
        "\x01\0\x07\0",
        "\x02\0\x09\0\x02\0\0\0\0\x01\0\0\x01\0\x04\0\0\0\0\x03\0\0\0\0\0\x40\0\0\0",
    ] {
        mutated::check(plan.as_bytes());
    }
}

/// The cases have no faults, but for those that are pending, each of which has some.
#[track_caller]
fn hold(pending: &[&str], cases: &[Case], faults: &(dyn Fn(&Case) -> Vec<String> + Sync)) {
    let queue = Mutex::new(cases.iter());
    let wrong = Mutex::new(Vec::new());
    let next = || queue.lock().expect("a queue").next();
    let work = || {
        while let Some(case) = next() {
            let faults = faults(case);
            match (faults.is_empty(), pending.contains(&case.id.as_str())) {
                (true, true) => wrong
                    .lock()
                    .expect("a list")
                    .push(format!("{} holds: take it out of PENDING in tests/it/field.rs", case.id)),
                (false, false) => {
                    wrong.lock().expect("a list").push(format!("{}: {}", case.id, faults.join("; ")))
                }
                _ => {}
            }
        }
    };
    // A case waits for its program for most of its time.
    std::thread::scope(|scope| (0..8).for_each(|_| drop(scope.spawn(work))));
    let mut wrong = wrong.into_inner().expect("a list");
    let gone = pending.iter().filter(|id| !cases.iter().any(|case| case.id == **id));
    wrong.extend(gone.map(|id| format!("{id} is pending, but there is no such case")));
    wrong.sort();
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

/// A directory with the files of a case.
struct Site<'c> {
    case: &'c Case,
    scratch: Scratch,
}

impl<'c> Site<'c> {
    /// Written now, with times as if that had been `later` seconds ago.
    fn new(case: &'c Case, later: i64) -> Site<'c> {
        let scratch = Scratch::new();
        scratch.write("key", KEY);
        for file in case.written(SystemTime::now().into(), later) {
            let path = scratch.path(&file.name);
            fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
            scratch.write(&file.name, file.bytes);
            if let Some(written) = case.text("written") {
                let at =
                    NaiveDateTime::parse_from_str(written, "%Y-%m-%d %H:%M:%S").expect("a time").and_utc();
                let seconds = u64::try_from(at.timestamp()).expect("a time after 1970");
                let at = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
                File::options()
                    .append(true)
                    .open(&path)
                    .and_then(|file| file.set_modified(at))
                    .expect("a time");
            }
        }
        if let Some(toml) = case.config() {
            scratch.write("weatherhook.toml", toml);
        }
        Site { case, scratch }
    }

    fn command<'a>(&self, words: impl IntoIterator<Item = &'a str>) -> Command {
        let mut command = weatherhook(words);
        command.env("WEATHERHOOK_KEY", KEY).env("TZ", self.case.text("zone").unwrap_or("UTC"));
        command.current_dir(self.scratch.path(""));
        match (self.case.config(), self.case.text("city")) {
            (Some(_), _) => command.args(["--config", "weatherhook.toml"]),
            (None, Some("")) => command.args(["--sensor", self.case.file()]),
            (None, city) => command.args(["--sensor", self.case.file(), "--city", city.unwrap_or("Brno")]),
        };
        command
    }

    fn said(&self, words: &[&str]) -> (String, String) {
        let output = output(&mut self.command(words.iter().copied()));
        let text = |bytes| String::from_utf8(bytes).expect("text");
        (text(output.stdout), text(output.stderr))
    }

    fn query(&self) -> String {
        let words: Vec<&str> = ["query"].into_iter().chain(self.case.text("ask")).collect();
        self.said(&words).0
    }

    fn faults(&self) -> Vec<String> {
        let mut faults = match self.case.steps().is_empty() {
            true => self.case.expected().faults(&self.query()),
            false => self.faults_of_server(),
        };
        let (wanted, unwanted) = (self.case.list("check"), self.case.list("check_not"));
        if !wanted.is_empty() || !unwanted.is_empty() {
            let (out, log) = self.said(&["check"]);
            let said = out + &log;
            let missing = wanted.iter().filter(|text| !said.contains(*text));
            faults.extend(missing.map(|text| format!("`check` does not say {text:?}: {said}")));
            let wrong = unwanted.iter().filter(|text| said.contains(*text));
            faults.extend(wrong.map(|text| format!("`check` says {text:?}: {said}")));
        }
        faults
    }

    /// A server sees the file grow.
    fn faults_of_server(&self) -> Vec<String> {
        let mut command = self.command(["serve", "--listen", "127.0.0.1:0", "--every", "100ms"]);
        let mut client = Server::spawn(&mut command, Scratch::new());
        let mut faults = until(&mut client, &self.case.first());
        let path = self.scratch.path(self.case.file());
        for (text, expected) in self.case.steps() {
            let mut file = File::options().append(true).open(&path).expect("the file");
            file.write_all(case::timed(text, SystemTime::now().into()).as_bytes()).expect("a longer file");
            faults.extend(until(&mut client, &expected));
        }
        faults
    }
}

/// Asks until the answer is as expected; what is wrong with the last one.
fn until(server: &mut Server, expected: &Expected) -> Vec<String> {
    let until = std::time::Instant::now() + Duration::from_secs(6);
    loop {
        let faults = expected.faults(&server.ask("Brno"));
        if faults.is_empty() || std::time::Instant::now() > until {
            return faults;
        }
        std::thread::yield_now();
    }
}
