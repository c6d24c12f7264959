//! The text of a sensor in any format, as bytes. Each format of the table reads each input, so that a new
//! format is fuzzed from its first day: what `json.rs` holds, and that what has to stand above later lines
//! is no record.

use weatherhook::testing::format::{self, Dialect, FORMATS, Format, Source, kernel};
use weatherhook::testing::time::Timestamp;

use super::json::{WRITTEN, check_format, check_read};

/// Holds what is read of the input against its bounds.
pub(crate) fn check(text: &[u8]) {
    for format in FORMATS {
        check_format(format, text);
        check_head(format, text);
    }
    check_kernel(text);
    let _ = format::recognise(text, &Dialect::USUAL);
}

fn check_head(format: &Format, text: &[u8]) {
    let head = format.head(text, &Dialect::USUAL);
    let source = Source::new(None, Timestamp::from_epoch(WRITTEN).expect("a time"));
    let mut records = 0;
    let _ = format.read(&head, &source, &mut |_| records += 1, &mut |_| {});
    assert_eq!(records, 0, "{format:?}: {head:?}");
}

/// The files of a kernel driver, with a line `=` between them. The first line of each is its name.
fn check_kernel(text: &[u8]) {
    let text = String::from_utf8_lossy(text);
    let files = text.split("\n=\n").map(|file| file.split_once('\n').unwrap_or((file, "")));
    let files: Vec<_> = files.map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert!(kernel::wanted(&names).iter().all(|name| names.contains(name)));
    check_read(&|source, add, find| kernel::read(&files, source, add, find));
}
