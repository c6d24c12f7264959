//! A file that only grows, a record a line: read from where the last three days begin, and then on from where
//! it ended. Each step reads one chunk, so that a log of any size needs the memory of a chunk and a line.

use std::collections::{BTreeSet, VecDeque};
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::time::Duration;

use super::findings::Findings;
use super::seen::Error;
use super::text::{self, Moment, Texts, have_weather};
use super::version::Version;
use crate::file;
use crate::format::{Format, Record, Undated, without_utf16};
use crate::reading::Device;
use crate::time::Timestamp;

/// How much of what was read is compared with what stands there at the next look: a line or two of most sensors. Lines
/// that are put in front of the others, each as long as the next, move them without another size or end.
const TAIL: usize = 256;

/// What is read in one step.
const CHUNK: usize = 64 * 1024;

/// The longest line. A longer one is skipped: rtl_433's have some hundred bytes.
const LINE: usize = 1 << 20;

/// How far back a log is read: as far as the history of a station reaches.
const BACK: Duration = Duration::from_secs(72 * 3600);

/// How much of a log is read back at most: some days of a sensor a second.
const BACK_BYTES: u64 = 16 << 20;

/// How much of a log is read back whose lines have no time.
const UNDATED_BYTES: u64 = 64 * 1024;

/// How much is read before these days to find the names of its columns. Where they stand further up,
/// those of the beginning are used: to read all of a large log takes a board half a minute.
const HEAD_BYTES: u64 = 1 << 20;

/// Files of a directory among which the rest of a rotated one is looked for.
const SIBLINGS: usize = 1000;

/// A file and how far it was read.
pub(super) struct Log {
    format: &'static Format,
    /// The file as it was when it was opened last.
    version: Option<Version>,
    /// What lies before was used: whole lines only.
    offset: u64,
    /// The last bytes of that: where others stand there now, the file was written again.
    tail: Vec<u8>,
    /// What has to stand before the lines that follow: the names of the columns.
    head: Vec<u8>,
    /// Inside a line that is too long.
    is_skipping: bool,
    had_weather: bool,
    /// Whether a look has ever reached its end.
    is_known: bool,
    /// What remains of the present look: the rest of a rotated file, then the new file.
    passages: VecDeque<Passage>,
}

/// A part of a file that one look reads.
struct Passage {
    extent: Extent<File>,
    moment: Moment,
    /// Read already, but no whole line.
    buffer: Vec<u8>,
}

impl Log {
    /// A log of which nothing was read.
    pub(super) fn new(format: &'static Format) -> Log {
        Log {
            format,
            version: None,
            offset: 0,
            tail: Vec::new(),
            head: Vec::new(),
            is_skipping: false,
            had_weather: false,
            is_known: false,
            passages: VecDeque::new(),
        }
    }

    /// The file as it was when it was opened last.
    pub(super) fn version(&self) -> Option<&Version> {
        self.version.as_ref()
    }

    /// Whether there was weather in it so far.
    pub(super) fn had_weather(&self) -> bool {
        self.had_weather
    }

    /// Whether a look has ever reached its end.
    pub(super) fn is_known(&self) -> bool {
        self.is_known
    }

    /// Whether the present look goes on.
    pub(super) fn is_inside(&self) -> bool {
        !self.passages.is_empty()
    }

    /// Begins a look at the file, or goes on with it: the records of one chunk. An error ends the look, and
    /// the next one begins with the lines that were not used.
    pub(super) fn step(
        &mut self,
        path: &Path,
        texts: &Texts<'_>,
        now: Timestamp,
        findings: &mut Findings,
    ) -> Result<Vec<Record>, Error> {
        if self.passages.is_empty() {
            self.begin(path, texts, now)?;
        }
        let records = self.read_on(texts, findings);
        if records.is_err() {
            while self.is_inside() {
                self.end_passage();
            }
        }
        records
    }

    /// Finds what there is to read.
    fn begin(&mut self, path: &Path, texts: &Texts<'_>, now: Timestamp) -> Result<(), Error> {
        let (mut extent, version) = open(path)?;
        let appended = Moment { modified: now, undated: Undated::Current };
        let modified = version.written(now);
        let known = self.version.as_ref();
        let rest = known.filter(|known| !known.is_same_file(&version)).and_then(|known| renamed(path, known));
        if let Some(rest) = rest {
            // Rotated by renaming: what was written to the old file after the last look comes first.
            self.passages.push_back(Passage::new(rest, appended));
            let moment = Moment { modified, undated: Undated::Current };
            self.passages.push_back(Passage::new(extent, moment));
        } else if self.goes_on(&mut extent, &version)? {
            self.passages.push_back(Passage::new(extent, appended));
        } else {
            let search = Search { format: self.format, texts, now };
            let (offset, head) =
                if texts.of_all.is_some() { Default::default() } else { search.day(&mut extent)? };
            if !head.is_empty() {
                // Otherwise those before hold: a writer that names the columns only when it starts does
                // not notice that the file is new.
                self.head = head;
            }
            (self.offset, self.is_skipping) = (offset, false);
            self.tail.clear();
            // Of another content nobody knows since when its lines are there.
            self.passages.push_back(Passage::new(extent, Moment { modified, undated: Undated::LastDevice }));
        }
        self.version = Some(version);
        Ok(())
    }

    /// Whether the file is the one that was read before, with lines appended. It is another content if it
    /// is shorter, was written without growing, or what was read does not end there.
    fn goes_on(&self, extent: &mut Extent<File>, version: &Version) -> Result<bool, Error> {
        let Some(known) = self.version.as_ref().filter(|known| known.is_same_file(version)) else {
            return Ok(false);
        };
        let is_rewritten = version.size == known.size && version.modified != known.modified;
        if version.size < self.offset || is_rewritten {
            return Ok(false);
        }
        let mut found = [0; TAIL];
        let found = &mut found[..self.tail.len()];
        extent.read(self.offset.saturating_sub(found.len() as u64), found)?;
        Ok(found == self.tail)
    }

    /// Reads a chunk and uses the lines that are complete.
    fn read_on(&mut self, texts: &Texts<'_>, findings: &mut Findings) -> Result<Vec<Record>, Error> {
        let Some(passage) = self.passages.front_mut() else { return Ok(Vec::new()) };
        let held = passage.buffer.len();
        let is_last = passage.read_chunk(self.offset)?;
        let mut records = Vec::new();
        if let Some(last) = last_line_end(&passage.buffer[held..]) {
            let end = held + last;
            let from = if self.is_skipping { first_line_end(&passage.buffer) } else { 0 };
            let text = [&self.head, &*without_utf16(&passage.buffer[from..end])].concat();
            records = read_lines(self.format, &text, passage.moment(is_last), texts, findings)?;
            self.had_weather |= have_weather(&records);
            self.head = self.format.head(&text, &texts.options.dialect);
            self.is_skipping = false;
            self.offset += end as u64;
            self.tail.clear();
            self.tail.extend_from_slice(&passage.buffer[end.saturating_sub(TAIL)..end]);
            passage.buffer.drain(..end);
        } else if passage.buffer.len() >= LINE {
            self.is_skipping = true;
            self.tail.clear();
            self.offset += passage.buffer.len() as u64;
            passage.buffer.clear();
        }
        if is_last {
            self.end_passage();
            self.is_known |= self.passages.is_empty();
        }
        Ok(records)
    }

    /// Goes on to the next passage, which is the beginning of a new file.
    fn end_passage(&mut self) {
        self.passages.pop_front();
        if !self.passages.is_empty() {
            (self.offset, self.is_skipping) = (0, false);
            self.tail.clear();
        }
    }
}

impl Passage {
    fn new(extent: Extent<File>, moment: Moment) -> Passage {
        Passage { extent, moment, buffer: Vec::new() }
    }

    /// Reads what follows the buffer, which begins at `offset`. Whether it was the last.
    fn read_chunk(&mut self, offset: u64) -> Result<bool, Error> {
        let held = self.buffer.len();
        self.buffer.resize(held + CHUNK, 0);
        let n = self.extent.read(offset + held as u64, &mut self.buffer[held..])?;
        self.buffer.truncate(held + n);
        Ok(n == 0 || offset + self.buffer.len() as u64 >= self.extent.size)
    }

    /// When the lines of a chunk were written.
    fn moment(&self, is_last: bool) -> Moment {
        match self.moment.undated {
            // Undated lines further up may be from any day.
            Undated::LastDevice if !is_last => Moment { undated: Undated::Refused, ..self.moment },
            _ => self.moment,
        }
    }
}

/// Where the last line of the bytes ends.
fn last_line_end(bytes: &[u8]) -> Option<usize> {
    bytes.iter().rposition(|&byte| byte == b'\n').map(|lf| lf + 1)
}

/// Where the first line of the bytes ends: with the bytes, if no line does.
fn first_line_end(bytes: &[u8]) -> usize {
    bytes.iter().position(|&byte| byte == b'\n').map_or(bytes.len(), |lf| lf + 1)
}

/// Reads whole lines.
fn read_lines(
    format: &Format,
    text: &[u8],
    moment: Moment,
    texts: &Texts<'_>,
    findings: &mut Findings,
) -> Result<Vec<Record>, Error> {
    if text.trim_ascii().is_empty() {
        return Ok(Vec::new());
    }
    let mut records = texts.records(format, text, moment, findings)?;
    if moment.undated == Undated::LastDevice {
        keep_last(&mut records, moment.modified);
    }
    Ok(records)
}

/// Lines without a time that were there before may be days old, but all have got the time of the file:
/// of these the last of each quantity is kept, because the past would count the others as weather of that time.
fn keep_last(records: &mut [Record], written: Timestamp) {
    let mut said = BTreeSet::new();
    for Record { station, .. } in records.iter_mut().rev() {
        let city = station.city.clone();
        station.change(|quantity, reading| {
            let is_kept = reading.at != written || said.insert((city.clone(), quantity));
            is_kept.then_some(reading)
        });
    }
}

/// Finds where to begin in a log.
struct Search<'s> {
    format: &'static Format,
    texts: &'s Texts<'s>,
    now: Timestamp,
}

impl Search<'_> {
    /// Where the last three days begin, at the beginning of a line, and what has to stand before that line.
    fn day<R: Read + Seek>(&self, extent: &mut Extent<R>) -> Result<(u64, Vec<u8>), Error> {
        let mut back = UNDATED_BYTES;
        if extent.size <= back {
            return Ok((0, Vec::new()));
        }
        let head = self.first_head(extent)?;
        loop {
            let at = extent.size.saturating_sub(back);
            if at == 0 {
                return Ok((0, Vec::new()));
            }
            let (line, time) = self.probe(extent, &head, at)?;
            // Where no other line begins, there may be a long one at the end.
            let is_far_enough = match time {
                Some(time) => time.age(self.now) > BACK,
                None => line < extent.size.min(at + CHUNK as u64),
            };
            if is_far_enough || back >= BACK_BYTES {
                let head = if head.is_empty() { head } else { self.head_before(extent, head, line)? };
                return Ok((line, head));
            }
            back *= 4;
        }
    }

    /// What the first lines of the log name.
    fn first_head<R: Read + Seek>(&self, extent: &mut Extent<R>) -> Result<Vec<u8>, Error> {
        let mut bytes = vec![0; CHUNK];
        let n = extent.read(0, &mut bytes)?;
        let lines = last_line_end(&bytes[..n]).unwrap_or_default();
        Ok(self.format.head(&bytes[..lines], &self.texts.options.dialect))
    }

    /// What has to stand before the line that begins at `end`: since the beginning, which names `head`, the
    /// columns may have got other names.
    fn head_before<R: Read + Seek>(
        &self,
        extent: &mut Extent<R>,
        mut head: Vec<u8>,
        end: u64,
    ) -> Result<Vec<u8>, Error> {
        let mut buffer = vec![0; CHUNK];
        let mut at = end.saturating_sub(HEAD_BYTES);
        // The end of a line could look like other names.
        let mut is_inside = at > 0;
        while at < end {
            let n = extent.read(at, &mut buffer)?.min(usize::try_from(end - at).unwrap_or(CHUNK));
            if n == 0 {
                break;
            }
            let from = if std::mem::take(&mut is_inside) { first_line_end(&buffer[..n]) } else { 0 };
            // A line that is longer names no columns.
            let lines = last_line_end(&buffer[..n]).unwrap_or(n);
            head = self
                .format
                .head(&[&head, &*without_utf16(&buffer[from..lines])].concat(), &self.texts.options.dialect);
            at += lines as u64;
        }
        Ok(head)
    }

    /// The beginning of the next line after `at`, and when the first record there was written.
    fn probe<R: Read + Seek>(
        &self,
        extent: &mut Extent<R>,
        head: &[u8],
        at: u64,
    ) -> Result<(u64, Option<Timestamp>), Error> {
        let mut bytes = vec![0; CHUNK];
        let n = extent.read(at, &mut bytes)?;
        let mut lines =
            bytes[..n].split_inclusive(|&byte| byte == b'\n').filter(|line| line.ends_with(b"\n"));
        let Some(skipped) = lines.next() else { return Ok((at + n as u64, None)) };
        // Other devices have the same clock.
        let options = text::Options { select: Device::default(), ..self.texts.options.clone() };
        let texts = Texts { options: &options, anywhere: true, ..*self.texts };
        let moment = Moment { modified: self.now, undated: Undated::Refused };
        let time = lines.find_map(|line| {
            let text = [head, &without_utf16(line)].concat();
            let records = texts.records(self.format, &text, moment, &mut Findings::default()).ok()?;
            records.iter().find_map(|record| record.station.newest())
        });
        Ok((at + skipped.len() as u64, time))
    }
}

/// An open file, and its size when it was opened: what comes later is read at the next look.
struct Extent<R> {
    file: R,
    size: u64,
}

impl<R: Read + Seek> Extent<R> {
    /// Reads from a place until the buffer is full or the file ends.
    fn read(&mut self, at: u64, buffer: &mut [u8]) -> Result<usize, Error> {
        self.file.seek(SeekFrom::Start(at)).map_err(Error::Io)?;
        let mut n = 0;
        while n < buffer.len() {
            match self.file.read(&mut buffer[n..]) {
                Ok(0) => break,
                Ok(more) => n += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Error::Io(error)),
            }
        }
        Ok(n)
    }
}

fn open(path: &Path) -> Result<(Extent<File>, Version), Error> {
    let (file, metadata) = file::open(path).map_err(Error::Io)?;
    let version = Version::of(&metadata)?;
    Ok((Extent { file, size: version.size }, version))
}

/// The file that was at `path` before, if it is still beside it under another name.
fn renamed(path: &Path, before: &Version) -> Option<Extent<File>> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let is_it = |metadata: &fs::Metadata| before.is_file_of(metadata);
    let mut entries = fs::read_dir(parent).ok()?.flatten().take(SIBLINGS);
    let entry = entries.find(|entry| entry.metadata().is_ok_and(|metadata| is_it(&metadata)))?;
    let (file, metadata) = file::open(&entry.path()).ok()?;
    is_it(&metadata).then(|| Extent { file, size: metadata.len() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format;

    /// A table of rows of one length, made while it is read, that counts what is read of it.
    struct Table {
        at: u64,
        size: u64,
        read: u64,
    }

    const NAMES: &[u8] = b"time,temperature_C\n";

    impl Table {
        /// The row that begins at this place: one a second, the last one at [`now`].
        fn row(&self, at: u64) -> Vec<u8> {
            let rows = self.size / NAMES.len() as u64;
            let row = at / NAMES.len() as u64;
            let time = 1_740_954_420 + row + 1 - rows;
            if row == 0 { NAMES.to_vec() } else { format!("{time},21.5000\n").into_bytes() }
        }
    }

    impl Read for Table {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.at >= self.size {
                return Ok(0);
            }
            let row = self.row(self.at);
            let within = usize::try_from(self.at % NAMES.len() as u64).expect("within a row");
            let n = (&row[within..]).read(buffer)?;
            self.at += n as u64;
            self.read += n as u64;
            Ok(n)
        }
    }

    impl Seek for Table {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            let SeekFrom::Start(at) = to else { return Err(io::ErrorKind::Unsupported.into()) };
            self.at = at;
            Ok(at)
        }
    }

    #[test]
    fn of_a_large_table_little_is_read_to_find_its_last_days() {
        let size = 5_000_000 * NAMES.len() as u64;
        let mut extent = Extent { file: Table { at: 0, size, read: 0 }, size };
        let options = &text::Options::USUAL;
        let texts =
            Texts { options, station: None, city: None, elsewhere: None, anywhere: false, of_all: None };
        let now = crate::time::utc("2025-03-02T22:27:00Z");
        let search = Search { format: format::named("csv").expect("a format"), texts: &texts, now };
        let (start, head) = search.day(&mut extent).expect("no fault");
        let days = 3 * 86_400 * NAMES.len() as u64;
        assert!((days..4 * days).contains(&(size - start)), "{} from the end", size - start);
        assert_eq!(start % NAMES.len() as u64, 0, "the beginning of a row");
        assert_eq!(head, NAMES);
        assert!(extent.file.read < 2 << 20, "{} bytes", extent.file.read);
    }
}
