//! Reads small files whole, and appends lines to files that a power cut may tear.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write as _};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::{Access, FlockOperation, access, flock};
use rustix::io::Errno;

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
    let bytes = read_most(file, limit as u64 + 1)?;
    if bytes.len() > limit {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("larger than {limit} bytes")));
    }
    Ok(bytes)
}

/// The first bytes of a regular file, at most so many.
pub fn read_beginning(path: &Path, most: usize) -> io::Result<Vec<u8>> {
    let (file, _) = open(path)?;
    read_most(&file, most as u64)
}

/// The rest of an open file or the first `most` bytes of it. Reading to an end is large code, and this is its only place.
pub fn read_most(file: &File, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes)?;
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

/// How far from its end the last line of a file is looked for: a line of ours, then what a file system may have put there
/// in a power cut.
const TAILS: [u64; 2] = [4096, 1 << 20];

/// The lines after the `header` of a file that [`append`] writes, the last `limit` bytes of them. The last line is
/// dropped if it is torn. A file that is not there has no lines; another header is an error.
pub fn read_lines(path: &Path, header: &str, limit: u64) -> io::Result<String> {
    let mut file = match open(path) {
        Ok((file, _)) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(String::new()),
        Err(error) => return Err(error),
    };
    let Some(start) = lines_start(&mut file, header)? else { return Ok(String::new()) };
    let size = file.metadata()?.len();
    let from = start.max(size.saturating_sub(limit));
    // From the byte before, so that a line that begins there is whole.
    file.seek(SeekFrom::Start(from - 1))?;
    let bytes = read_most(&file, limit + 1)?;
    let end = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |last| last + 1);
    let first = bytes.iter().position(|&byte| byte == b'\n').map_or(end, |first| first + 1);
    Ok(String::from_utf8_lossy(bytes.get(first..end).unwrap_or_default()).into_owned())
}

/// Appends whole lines in one write, and waits until the disk has them. A new file begins with the `header`; of a
/// torn last line the rest is removed. Nothing is written to a file that begins with another line, or through a link:
/// root may append to what another user owns.
pub fn append(path: &Path, header: &str, lines: &str) -> io::Result<()> {
    match look(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let flags = libc::O_NONBLOCK | libc::O_NOFOLLOW;
    let mut file = OpenOptions::new().read(true).append(true).create(true).custom_flags(flags).open(path)?;
    let size = regular(file.metadata()?)?.len();
    let is_new = lines_start(&mut file, header)?.is_none();
    if is_new {
        file.set_len(0)?;
        file.write_all(format!("{header}\n{lines}").as_bytes())?;
    } else {
        match TAILS.iter().find_map(|tail| last_line_end(&mut file, size, *tail).transpose()).transpose()? {
            Some(end) if end < size => file.set_len(end)?,
            Some(_) => {}
            None => return Err(io::Error::new(io::ErrorKind::InvalidData, "its last line has no end")),
        }
        file.write_all(lines.as_bytes())?;
    }
    file.sync_all()?;
    if is_new { sync_directory(path) } else { Ok(()) }
}

/// Puts a text in the place of a file. The old one stays until the new one is on the disk.
pub fn replace(path: &Path, text: &str) -> io::Result<()> {
    let new = path.with_extension("new");
    // One that a killed process left behind. What else has the name, such as a link to another file, is not written to.
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).open(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    sync_directory(path)
}

/// A directory that is locked against other processes of this program until this is dropped.
pub struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing the file would not do it while a process that is just being started has it open, too.
        let _ = flock(&self.0, FlockOperation::Unlock);
    }
}

/// Locks a directory. `None` if another process has it.
pub fn lock(directory: &Path) -> io::Result<Option<Lock>> {
    let opened = OpenOptions::new().read(true).custom_flags(libc::O_DIRECTORY).open(directory)?;
    match flock(&opened, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(Lock(opened))),
        Err(Errno::WOULDBLOCK) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Whether files can be made in a directory.
pub fn is_writable(directory: &Path) -> io::Result<()> {
    Ok(access(directory, Access::WRITE_OK | Access::EXEC_OK)?)
}

/// Waits until the disk has the name of the file, too.
pub fn sync_directory(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

/// Where the last line in the tail of a file ends.
fn last_line_end(file: &mut File, size: u64, tail: u64) -> io::Result<Option<u64>> {
    let from = size.saturating_sub(tail);
    file.seek(SeekFrom::Start(from))?;
    let bytes = read_most(file, tail)?;
    Ok(bytes.iter().rposition(|&byte| byte == b'\n').map(|last| from + last as u64 + 1))
}

/// Where the lines after the header begin; `None` if the file is empty or was torn within the header.
fn lines_start(file: &mut File, header: &str) -> io::Result<Option<u64>> {
    let beginning = read_most(file, header.len() as u64 + 2)?;
    match beginning.strip_prefix(header.as_bytes()) {
        Some([b'\n', ..]) => Ok(Some(header.len() as u64 + 1)),
        // A spreadsheet ends lines so.
        Some([b'\r', b'\n']) => Ok(Some(header.len() as u64 + 2)),
        _ if header.as_bytes().starts_with(&beginning) => Ok(None),
        _ => {
            let found =
                String::from_utf8_lossy(beginning.split(|&byte| byte == b'\n').next().unwrap_or_default())
                    .into_owned();
            let begin = |text: &str| text.chars().take(40).collect::<String>();
            let why = format!("it begins with {:?}, expected {:?}", begin(&found), begin(header));
            Err(io::Error::new(io::ErrorKind::InvalidData, why))
        }
    }
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
    fn lines_are_appended_behind_whole_ones() {
        #[track_caller]
        fn check(before: &str, expected: &str) {
            let scratch = Scratch::new();
            let path = scratch.write("table", before);
            append(&path, "a,b", "3\n").expect("appended");
            assert_eq!(fs::read_to_string(&path).expect("text"), expected);
            let lines = expected.split_once('\n').expect("a header").1;
            assert_eq!(read_lines(&path, "a,b", 100).expect("lines"), lines);
            assert_eq!(read_lines(&path, "a,b", 3).expect("lines"), "3\n");
        }
        check("", "a,b\n3\n");
        check("a,", "a,b\n3\n");
        check("a,b", "a,b\n3\n");
        check("a,b\n", "a,b\n3\n");
        check("a,b\n1\n2\n", "a,b\n1\n2\n3\n");
        check("a,b\n1\n2", "a,b\n1\n3\n");
        check("a,b\r\n1\r\n2", "a,b\r\n1\r\n3\n");
        check(&format!("a,b\n1\n{}", "\0".repeat(9_000)), "a,b\n1\n3\n");
        let scratch = Scratch::new();
        assert_eq!(read_lines(&scratch.path("none"), "a,b", 9).expect("no lines"), "");
        for foreign in ["a,bc\n1\n", "b", "\n", "a,b\r1\n"] {
            let path = scratch.write("table", foreign);
            assert!(
                append(&path, "a,b", "3\n").is_err() && read_lines(&path, "a,b", 9).is_err(),
                "{foreign:?}"
            );
            assert_eq!(fs::read_to_string(&path).expect("text"), foreign);
        }
        assert!(append(&scratch.mkfifo("fifo"), "a,b", "3\n").is_err());
        for target in ["empty", "absent"] {
            scratch.write("empty", "");
            std::os::unix::fs::symlink(scratch.path(target), scratch.path(&format!("to {target}")))
                .expect("a link");
            assert!(append(&scratch.path(&format!("to {target}")), "a,b", "3\n").is_err());
        }
        assert!(
            !scratch.path("absent").exists() && scratch.path("empty").metadata().expect("a file").len() == 0
        );
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

    #[test]
    fn what_has_the_name_of_the_new_file_is_not_written_to() {
        let scratch = Scratch::new();
        let path = scratch.write("history", "old");
        let other = scratch.write("other", "of another program");
        std::os::unix::fs::symlink(&other, scratch.path("history.new")).expect("a link");
        replace(&path, "one").expect("a new file");
        assert_eq!(fs::read_to_string(&other).expect("text"), "of another program");
        // A FIFO would wait for a reader.
        scratch.mkfifo("history.new");
        replace(&path, "two").expect("a new file");
        scratch.write("history.new", "of a killed process");
        replace(&path, "three").expect("a new file");
        assert_eq!(fs::read_to_string(&path).expect("text"), "three");
        assert!(fs::symlink_metadata(&path).expect("a file").is_file());
        fs::create_dir(scratch.path("history.new")).expect("a directory");
        assert!(replace(&path, "four").is_err());
        assert_eq!(fs::read_to_string(&path).expect("text"), "three");
    }
}
