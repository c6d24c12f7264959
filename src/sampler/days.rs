//! The files of days: a table for each station that any spreadsheet opens, to which a row is added each day.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt as _, lchown};
use std::path::{Path, PathBuf};

use crate::file;
use crate::reading::Day;

/// The end of a file that is read: the rows of more than ten years.
const BYTES: u64 = 512 * 1024;

/// The longest name without its ending, in a file system that has 255 bytes for one.
const NAME: usize = 200;

/// Reads the days of a station, in the order of the file. What is no row is ignored.
pub(super) fn read(directory: &Path, station: &str) -> io::Result<Vec<Day>> {
    let rows = file::read_lines(&path(directory, station), &Day::header(), BYTES)?;
    Ok(rows.lines().filter_map(Day::parse).collect())
}

/// Adds days to the file of a station.
pub(super) fn append(directory: &Path, station: &str, days: &[Day]) -> io::Result<()> {
    let path = path(directory, station);
    if let Some(parent) = path.parent() {
        match fs::create_dir(parent) {
            Ok(()) => file::sync_directory(parent)?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    let rows = days.iter().fold(String::new(), |rows, day| rows + &format!("{day}\n"));
    file::append(&path, &Day::header(), &rows)
}

/// Gives the file of a station to the owner of the state: somebody else may have added to it. What a link leads to
/// stays as it is: the owner may have made the link, and somebody else may be root.
pub(super) fn give_to_owner(directory: &Path, station: &str) -> io::Result<()> {
    let owner = fs::metadata(directory)?;
    let path = path(directory, station);
    for path in path.parent().into_iter().chain([path.as_path()]) {
        let known = fs::symlink_metadata(path)?;
        if (known.uid(), known.gid()) != (owner.uid(), owner.gid()) {
            lchown(path, Some(owner.uid()), Some(owner.gid()))?;
        }
    }
    Ok(())
}

/// The file of a station, by its folded name.
pub(super) fn path(directory: &Path, station: &str) -> PathBuf {
    directory.join("days").join(format!("{}.csv", file_name(station)))
}

/// A name that every file system keeps: letters and digits of ASCII, `-` and `_`, all others as the numbers of their bytes.
/// The station without a name is `station`.
fn file_name(station: &str) -> String {
    if station.is_empty() {
        return "station".to_owned();
    }
    let mut name = String::new();
    for (at, byte) in station.bytes().enumerate() {
        let is_plain = byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
        if is_plain && !(at == 0 && station == "station") {
            name.push(byte.into());
        } else {
            // Writing to a String cannot fail.
            let _ = write!(name, "%{byte:02x}");
        }
    }
    if name.len() > NAME {
        // FNV-1a
        let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        let hash = station.bytes().fold(0xcbf2_9ce4_8422_2325, step);
        name.truncate(NAME - 17);
        let _ = write!(name, "-{hash:016x}");
    }
    name
}
