//! The text of a sensor in any format, which the first byte chooses, as bytes: what `json.rs` holds, and
//! that what has to stand above later lines is no record.

use weatherhook::testing::format::{self, Dialect, Source, kernel};
use weatherhook::testing::reading::Stations;
use weatherhook::testing::time::Timestamp;

use super::json::{WRITTEN, check_read};

/// By the digit that the input begins with. The last is that of the kernel's files.
const FORMATS: [&str; 5] = ["csv", "prometheus", "form", "uploads", "jsonl"];

/// Holds what is read of the input against its bounds.
pub(crate) fn check(input: &[u8]) {
    let Some((first, text)) = input.split_first() else { return };
    let chosen = usize::from(first.wrapping_sub(b'0')) % (FORMATS.len() + 1);
    match FORMATS.get(chosen) {
        Some(name) => check_format(name, text),
        None => check_kernel(text),
    }
    let _ = format::recognise(text, &Dialect::USUAL);
}

fn check_format(name: &str, text: &[u8]) {
    let format = format::named(name).expect("a format");
    check_read(&|source, find| format::stations(format, text, source, find));
    let head = format.head(text, &Dialect::USUAL);
    let source = Source::new(None, Timestamp::from_epoch(WRITTEN).expect("a time"));
    let mut records = 0;
    let _ = format.read(&head, &source, &mut |_| records += 1, &mut |_| {});
    assert_eq!(records, 0, "{head:?}");
}

/// Files that are parted by a line `=`; the first line of each is its name.
fn check_kernel(text: &[u8]) {
    let text = String::from_utf8_lossy(text);
    let files = text.split("\n=\n").map(|file| file.split_once('\n').unwrap_or((file, "")));
    let files: Vec<_> = files.map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert!(kernel::wanted(&names).iter().all(|name| names.contains(name)));
    check_read(&|source, find| {
        let mut stations = Stations::default();
        kernel::read(&files, source, &mut |record| assert!(stations.merge(record.station)), find)?;
        Ok(stations.into_vec())
    });
}
