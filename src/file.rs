//! Reads small files whole.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

/// The bytes and the metadata of a file.
#[derive(Debug)]
pub struct Contents {
    /// All of its bytes.
    pub bytes: Vec<u8>,
    /// Read before the first byte.
    pub metadata: Metadata,
}

/// The metadata of the regular file at `path`.
pub fn look(path: &Path) -> io::Result<Metadata> {
    regular(fs::metadata(path)?)
}

/// Reads a regular file of at most `limit` bytes.
pub fn read_small(path: &Path, limit: usize) -> io::Result<Contents> {
    let (file, metadata) = open(path)?;
    Ok(Contents { bytes: read_all(&file, limit)?, metadata })
}

/// The rest of an open file, at most `limit` bytes.
pub fn read_all(file: &File, limit: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > limit {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("larger than {limit} bytes")));
    }
    Ok(bytes)
}

/// The first bytes of a regular file, at most so many.
pub fn read_beginning(path: &Path, most: usize) -> io::Result<Vec<u8>> {
    let (file, _) = open(path)?;
    let mut bytes = Vec::new();
    file.take(most as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Opens a regular file for reading. It never waits for a writer. The open file is checked too, because
/// another file may replace it between the two checks.
pub fn open(path: &Path) -> io::Result<(File, Metadata)> {
    // The first check is before the open, because opening a device may already do something.
    look(path)?;
    // Without O_NONBLOCK, open(2) of a FIFO waits until somebody writes to it.
    let file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path)?;
    let metadata = regular(file.metadata()?)?;
    Ok((file, metadata))
}

fn regular(metadata: Metadata) -> io::Result<Metadata> {
    let found = match metadata.file_type() {
        kind if kind.is_file() => return Ok(metadata),
        kind if kind.is_dir() => "a directory",
        kind if kind.is_fifo() => "a named pipe",
        kind if kind.is_socket() => "a socket",
        _ => "a device",
    };
    Err(io::Error::new(io::ErrorKind::InvalidInput, format!("{found}, expected a regular file")))
}

/// A directory for one test, removed with all its files when the test ends.
#[cfg(test)]
pub(crate) struct Scratch(std::path::PathBuf);

#[cfg(test)]
impl Scratch {
    pub(crate) fn new() -> Scratch {
        use std::sync::atomic::{AtomicU32, Ordering};
        static MADE: AtomicU32 = AtomicU32::new(0);
        let name = format!("weatherhook-{}-{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let directory = std::env::temp_dir().join(name);
        fs::create_dir(&directory).expect("a fresh directory");
        Scratch(directory)
    }

    pub(crate) fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.join(name)
    }

    /// Writes a file that only its owner may read.
    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> std::path::PathBuf {
        let path = self.path(name);
        fs::write(&path, bytes).expect("a written file");
        self.chmod(name, 0o600);
        path
    }

    pub(crate) fn chmod(&self, name: &str, mode: u32) {
        use std::os::unix::fs::PermissionsExt;
        let permissions = fs::Permissions::from_mode(mode);
        fs::set_permissions(self.path(name), permissions).expect("a changed mode");
    }

    pub(crate) fn mkfifo(&self, name: &str) -> std::path::PathBuf {
        let path = self.path(name);
        let made = std::process::Command::new("mkfifo").arg(&path).status().expect("mkfifo runs");
        assert!(made.success());
        path
    }
}

#[cfg(test)]
impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    #[track_caller]
    fn check(path: &Path, limit: usize, expected: Result<&[u8], &str>) {
        let read = read_small(path, limit).map(|contents| contents.bytes).map_err(|error| error.to_string());
        assert_eq!(read.as_deref().map_err(String::as_str), expected);
    }

    #[test]
    fn reads_small_regular_files_only() {
        let scratch = Scratch::new();
        check(&scratch.write("three", "abc"), 3, Ok(b"abc"));
        check(&scratch.write("none", ""), 0, Ok(b""));
        check(&scratch.write("four", "abcd"), 3, Err("larger than 3 bytes"));
        check(&scratch.mkfifo("fifo"), 3, Err("a named pipe, expected a regular file"));
        check(&scratch.path(""), 3, Err("a directory, expected a regular file"));
        check(Path::new("/dev/zero"), 3, Err("a device, expected a regular file"));
        let socket = scratch.path("socket");
        std::os::unix::net::UnixListener::bind(&socket).expect("bound");
        check(&socket, 3, Err("a socket, expected a regular file"));
        check(&scratch.path("absent"), 3, Err("No such file or directory (os error 2)"));
    }

    #[test]
    fn times_after_2038_are_read() {
        use std::time::{Duration, SystemTime};
        let scratch = Scratch::new();
        // date -u -d 2040-03-01 +%s
        let written = SystemTime::UNIX_EPOCH + Duration::from_secs(2_214_172_800);
        let file = File::create(scratch.path("file")).expect("a file");
        file.set_modified(written).expect("a time");
        assert_eq!(look(&scratch.path("file")).expect("a file").modified().expect("a time"), written);
        assert_eq!(read_small(&scratch.path("file"), 0).expect("a file").metadata.mtime(), 2_214_172_800);
    }

    #[test]
    fn the_mode_is_read() {
        let scratch = Scratch::new();
        let path = scratch.write("file", "");
        scratch.chmod("file", 0o640);
        assert_eq!(read_small(&path, 0).expect("an empty file").metadata.mode() & 0o777, 0o640);
    }
}
