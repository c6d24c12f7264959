//! A file that only grows, a record a line: read from where the last day begins, and then on from where
//! it ended.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use super::source::{Change, Error, Look, Options, Version};
use crate::file;
use crate::format::{Finding, Format, Record, Undated};
use crate::reading::Device;
use crate::time::Timestamp;

/// What is read at once.
const CHUNK: usize = 64 * 1024;

/// The longest line. A longer one is skipped: rtl_433's have some hundred bytes.
const LINE: usize = 1 << 20;

/// How far back a log is read: as far as the history of a station reaches.
const BACK: Duration = Duration::from_secs(24 * 3600);

/// How much of a log is read back at most: a day of a sensor a second.
const BACK_BYTES: u64 = 16 << 20;

/// How much of a log is read back whose lines have no time.
const UNDATED_BYTES: u64 = 64 * 1024;

/// Files of a directory among which the rest of a rotated one is looked for.
const SIBLINGS: usize = 1000;

/// A file and how far it was read.
pub(super) struct Follow {
    format: &'static Format,
    version: Version,
    /// What lies before was used: whole lines only.
    offset: u64,
    /// What has to stand before the lines that follow: the names of the columns.
    head: Vec<u8>,
    /// Inside a line that is too long.
    skipping: bool,
    /// Whether it ever gave a reading.
    weather: bool,
}

impl Follow {
    /// Reads what a log says of the last day.
    pub(super) fn begin(
        format: &'static Format,
        look: &Look<'_>,
        take: &mut dyn FnMut(Change),
        findings: &mut dyn FnMut(Finding<'_>),
    ) -> Result<Follow, Error> {
        let (mut file, version) = open(look.path)?;
        let mut follow = Follow::new(format, version.clone());
        let mut log = Log { file: &mut file, size: version.size };
        follow.offset = follow.start(&mut log, look)?;
        let written = version.written(look.now);
        follow.read_on(&mut log, look, written, Undated::LastDevice, take, findings)?;
        Ok(follow)
    }

    /// The file as it was when it was read last.
    pub(super) fn version(&self) -> &Version {
        &self.version
    }

    fn new(format: &'static Format, version: Version) -> Follow {
        Follow { format, version, offset: 0, head: Vec::new(), skipping: false, weather: false }
    }

    /// Whether there was weather in it so far.
    pub(super) fn had_weather(&self) -> Result<(), Error> {
        if self.weather { Ok(()) } else { Err(Error::NoWeather) }
    }

    /// Reads what was appended.
    pub(super) fn go_on(
        &mut self,
        look: &Look<'_>,
        take: &mut dyn FnMut(Change),
        findings: &mut dyn FnMut(Finding<'_>),
    ) -> Result<(), Error> {
        let (mut file, version) = open(look.path)?;
        let mut log = Log { file: &mut file, size: version.size };
        let before = std::mem::replace(&mut self.version, version.clone());
        let is_same = (before.device, before.inode) == (version.device, version.inode);
        // Of another content nobody knows since when its lines are there.
        let mut undated = Undated::LastDevice;
        if !is_same {
            // Rotated by renaming: what was written to the old file after we looked last.
            if let Some((mut old, size)) = renamed(look.path, &before) {
                let mut log = Log { file: &mut old, size };
                self.read_on(&mut log, look, look.now, Undated::Taken, take, findings)?;
                undated = Undated::Taken;
            }
        } else if !self.is_rewritten(&mut log, &before)? {
            return self.read_on(&mut log, look, look.now, Undated::Taken, take, findings);
        }
        let (weather, head) = (self.weather, std::mem::take(&mut self.head));
        *self = Follow { weather, ..Follow::new(self.format, version.clone()) };
        if undated == Undated::LastDevice {
            self.offset = self.start(&mut log, look)?;
        }
        if self.head.is_empty() {
            // Who writes the names of the columns once, when it starts, does not know that the file is new.
            self.head = head;
        }
        let written = version.written(look.now);
        self.read_on(&mut log, look, written, undated, take, findings)
    }

    /// Whether the same file has another content: it is shorter, was written without growing, or what
    /// was read does not end a line there.
    fn is_rewritten(&self, log: &mut Log<'_>, before: &Version) -> Result<bool, Error> {
        if log.size < self.offset || (log.size == before.size && self.version.modified != before.modified) {
            return Ok(true);
        }
        let Some(last) = self.offset.checked_sub(1).filter(|_| !self.skipping) else { return Ok(false) };
        let mut byte = [0];
        log.read(last, &mut byte)?;
        Ok(byte != [b'\n'])
    }

    /// Where the last day begins, at the beginning of a line.
    fn start(&mut self, log: &mut Log<'_>, look: &Look<'_>) -> Result<u64, Error> {
        let mut back = UNDATED_BYTES;
        if log.size > back {
            let mut beginning = vec![0; CHUNK];
            let n = log.read(0, &mut beginning)?;
            let lines = beginning[..n].iter().rposition(|&byte| byte == b'\n').map_or(0, |lf| lf + 1);
            self.head = self.format.head(&beginning[..lines], &look.options.dialect);
        }
        loop {
            let at = log.size.saturating_sub(back);
            if at == 0 {
                self.head.clear();
                return Ok(0);
            }
            let (line, time) = self.probe(log, look, at)?;
            // Where no other line begins, there may be a long one at the end.
            let is_far_enough = match time {
                Some(time) => time.age(look.now) > BACK,
                None => line < log.size.min(at + CHUNK as u64),
            };
            if is_far_enough || back >= BACK_BYTES {
                if !self.head.is_empty() {
                    self.head = self.head_before(log, look, line)?;
                }
                return Ok(line);
            }
            back *= 4;
        }
    }

    /// What has to stand before the line that begins at `end`: since the beginning the columns may have
    /// been called otherwise.
    fn head_before(&self, log: &mut Log<'_>, look: &Look<'_>, end: u64) -> Result<Vec<u8>, Error> {
        let mut head = self.head.clone();
        let mut buffer = vec![0; CHUNK];
        let mut at = 0;
        while at < end {
            let n = log.read(at, &mut buffer)?.min(usize::try_from(end - at).unwrap_or(CHUNK));
            if n == 0 {
                break;
            }
            // A line that is longer names no columns.
            let lines = buffer[..n].iter().rposition(|&byte| byte == b'\n').map_or(n, |lf| lf + 1);
            head = self.format.head(&[&head, &buffer[..lines]].concat(), &look.options.dialect);
            at += lines as u64;
        }
        Ok(head)
    }

    /// The beginning of the next line after `at`, and when the first record there was written.
    fn probe(&self, log: &mut Log<'_>, look: &Look<'_>, at: u64) -> Result<(u64, Option<Timestamp>), Error> {
        let mut bytes = vec![0; CHUNK];
        let n = log.read(at, &mut bytes)?;
        let mut lines =
            bytes[..n].split_inclusive(|&byte| byte == b'\n').filter(|line| line.ends_with(b"\n"));
        // Other devices have the same clock.
        let everybody = Options { select: Device::default(), ..look.options.clone() };
        let look = &Look { options: &everybody, ..*look };
        let Some(skipped) = lines.next() else { return Ok((at + n as u64, None)) };
        let line = at + skipped.len() as u64;
        for candidate in lines {
            let text = [&self.head, candidate].concat();
            let records = look.records(self.format, &text, look.now, Undated::Refused, &mut |_| {});
            let time =
                records.ok().and_then(|records| records.iter().find_map(|record| record.station.newest()));
            if time.is_some() {
                return Ok((line, time));
            }
        }
        Ok((line, None))
    }

    /// Hands over what lies between the offset and the last end of a line.
    fn read_on(
        &mut self,
        log: &mut Log<'_>,
        look: &Look<'_>,
        written: Timestamp,
        undated: Undated,
        take: &mut dyn FnMut(Change),
        findings: &mut dyn FnMut(Finding<'_>),
    ) -> Result<(), Error> {
        let mut buffer = Vec::new();
        while self.offset + (buffer.len() as u64) < log.size {
            let held = buffer.len();
            buffer.resize(held + CHUNK, 0);
            let n = log.read(self.offset + held as u64, &mut buffer[held..])?;
            buffer.truncate(held + n);
            if n == 0 {
                break;
            }
            match buffer[held..].iter().rposition(|&byte| byte == b'\n') {
                Some(lf) => {
                    let end = held + lf + 1;
                    let from = if std::mem::take(&mut self.skipping) {
                        buffer.iter().position(|&byte| byte == b'\n').map_or(end, |lf| lf + 1)
                    } else {
                        0
                    };
                    // Undated lines further up may be from any day.
                    let is_last = self.offset + buffer.len() as u64 >= log.size;
                    let undated =
                        if undated == Undated::LastDevice && !is_last { Undated::Refused } else { undated };
                    let text = [&self.head, &buffer[from..end]].concat();
                    let mut records = if text.trim_ascii().is_empty() {
                        Vec::new()
                    } else {
                        look.records(self.format, &text, written, undated, findings)?
                    };
                    if undated == Undated::LastDevice {
                        keep_last(&mut records, written);
                    }
                    self.weather |= records.iter().any(|record| record.station.newest().is_some());
                    take(Change::More(records));
                    self.head = self.format.head(&text, &look.options.dialect);
                    self.offset += end as u64;
                    buffer.drain(..end);
                }
                None if buffer.len() >= LINE => {
                    self.skipping = true;
                    self.offset += buffer.len() as u64;
                    buffer.clear();
                }
                None => {}
            }
        }
        Ok(())
    }
}

/// Lines without a time that were there before may be days old, but all have got the time of the file:
/// of these the last of each quantity counts, or the past would take the others for weather of that time.
fn keep_last(records: &mut [Record], written: Timestamp) {
    let mut said = BTreeSet::new();
    for Record { station, .. } in records.iter_mut().rev() {
        let city = station.city.clone();
        station.change(|quantity, reading| {
            let counts = reading.at != written || said.insert((city.clone(), quantity));
            counts.then_some(reading)
        });
    }
}

/// An open file, and its size when it was opened: what comes later is read at the next look.
struct Log<'f> {
    file: &'f mut File,
    size: u64,
}

impl Log<'_> {
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

fn open(path: &Path) -> Result<(File, Version), Error> {
    let (file, metadata) = file::open(path).map_err(Error::Io)?;
    let version = Version::of(&metadata)?;
    Ok((file, version))
}

/// The file that was at `path` before, if it is still beside it under another name.
fn renamed(path: &Path, before: &Version) -> Option<(File, u64)> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let entries = fs::read_dir(parent).ok()?.flatten().take(SIBLINGS);
    let is_it = |metadata: &fs::Metadata| (metadata.dev(), metadata.ino()) == (before.device, before.inode);
    let entry = entries.into_iter().find(|entry| entry.metadata().is_ok_and(|metadata| is_it(&metadata)))?;
    let (file, metadata) = file::open(&entry.path()).ok()?;
    is_it(&metadata).then_some((file, metadata.len()))
}
