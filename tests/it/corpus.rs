//! What the fuzzers found and what was written for them, replayed: `fuzz/corpus`, a directory for
//! each target. `fuzz/README.md` says how to fuzz.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use weatherhook::testing::format::{Dialect, FORMATS, recognise};

#[path = "../fuzz/call.rs"]
mod call;
#[path = "../fuzz/connection.rs"]
mod connection;
#[path = "../fuzz/formats.rs"]
mod formats;
#[path = "../fuzz/json.rs"]
mod json;
#[path = "../fuzz/message.rs"]
mod message;

/// So that the corpus stays something that people can look at.
const MAX_FILE: usize = 4 * 1024;

#[track_caller]
fn replay(target: &str, check: fn(&[u8])) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let start = Instant::now();
    let mut files = 0;
    for entry in fs::read_dir(&directory).expect("the corpus") {
        let path = entry.expect("an entry").path();
        let input = fs::read(&path).expect("a file of the corpus");
        assert!(input.len() <= MAX_FILE, "{}: at most 4 KiB", path.display());
        // Shown when the test fails: the last one is to blame.
        println!("{}", path.display());
        check(&input);
        files += 1;
    }
    assert!(files >= 10, "{}: {files} files", directory.display());
    assert!(start.elapsed() < Duration::from_secs(60), "the corpus is too slow to be replayed");
}

#[test]
fn connections() {
    replay("connection", connection::check);
}

#[test]
fn calls() {
    replay("call", call::check);
}

#[test]
fn messages() {
    replay("message", message::check_mutated);
}

#[test]
fn sensor_texts() {
    replay("json", json::check);
}

#[test]
fn sensor_texts_in_each_format() {
    replay("formats", formats::check);
}

#[test]
fn each_format_has_a_text_in_the_corpus() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/formats");
    let entries = fs::read_dir(directory).expect("the corpus");
    let texts: Vec<_> =
        entries.map(|entry| fs::read(entry.expect("an entry").path()).expect("a file")).collect();
    for format in FORMATS {
        let is_of_it = |text: &Vec<u8>| recognise(text, &Dialect::USUAL).ok() == Some(format);
        assert!(texts.iter().any(is_of_it), "no text of {format:?} in fuzz/corpus/formats");
    }
}
