//! One source: a file, or each file of a directory or of a pattern. Knows when to read what, and
//! keeps apart what was read from what is new.
//!
//! A file that is missing, broken or half-written takes nothing away: what it last said stays known,
//! every reading with its own time, and so grows old in the answers.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt;
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use log::{info, warn};

use super::follow::Follow;
use crate::file;
use crate::format::{self, Dialect, Finding, Format, Ignored, Record, Undated, kernel};
use crate::reading::{Device, Quantity, Reading, Station};
use crate::time::{AHEAD, Timestamp, in_words};
use crate::weather;

/// What is read, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// A file, a directory, or a pattern with `*` and `?`.
    pub file: PathBuf,
    /// The configured place that it belongs to; `None` if its records say it themselves.
    pub station: Option<String>,
    /// How it is written, if that is not to be found out.
    pub format: Option<&'static Format>,
    /// Only what these parts of a device are equal to is taken.
    pub select: Device,
    /// Names, columns and the zone of its own.
    pub dialect: Dialect,
    /// What is added to each reading, in base units, for sensors that are wrong by so much.
    pub offsets: Offsets,
    /// The time between two looks.
    pub every: Duration,
}

impl Options {
    /// A file as the tools write it, whose records say themselves which place they are of.
    pub fn new(file: PathBuf, every: Duration) -> Options {
        Options {
            file,
            station: None,
            format: None,
            select: Device::default(),
            dialect: Dialect::USUAL,
            offsets: Offsets::new(),
            every,
        }
    }
}

/// What is added to the readings of a quantity, in thousandths of its base unit.
pub type Offsets = BTreeMap<Quantity, i64>;

/// The longest text that is read as a whole. 10,000 stations with all they can say need 3.5 MB, and
/// the process takes 59 MB while they are read again. The texts that cost most for their length,
/// `[[0],[0],…`, take 190 MB (64 bits, glibc), 135 MB of which the allocator keeps for the next time.
/// A board with 512 MB has them.
pub(super) const FILE_BYTES: usize = 4 << 20;

/// For how long a driver may fail before it is worth a line in the log: a DHT11's does so at every third
/// look or so, and goes on.
const DRIVER_FAILS: Duration = Duration::from_secs(60);

/// More than any driver's file says.
const DRIVER_BYTES: usize = 4096;

/// As much of a larger file as its format is told by.
const BEGINNING: usize = 16 * 1024;

/// A second write within one step of the file system's clock leaves the modification time as it
/// was. FAT, as on memory sticks, has the coarsest: 2 s.
const CLOCK_STEP: Duration = Duration::from_secs(2);

/// Files of one directory or pattern, the last ones by name. A logger that begins a file a day fills it
/// in three years.
const FILES: usize = 1000;

/// What a file says, as far as it is new.
pub(super) enum Change {
    /// All that it says now.
    All(Vec<Record>),
    /// More than it said before.
    More(Vec<Record>),
}

/// A source and what was read of it so far.
pub(super) struct Source {
    pub(super) options: Options,
    /// Records that name no place are of this one.
    pub(super) city: Option<String>,
    files: BTreeMap<PathBuf, File>,
    /// The files in the order in which they came.
    numbers: usize,
}

/// One file.
pub(super) struct File {
    /// What its records are told apart by from those of other files.
    number: usize,
    /// The file as it was read last, if it need not be read again while it looks the same.
    read: Option<Version>,
    /// The file as it was found at first, if it was from the future then.
    undated: Option<Version>,
    /// How far it was read, if it only grows.
    follow: Option<Follow>,
    /// Whether the last reading was good; `None` before the first.
    good: Option<bool>,
    /// When it was read last, for drivers that fail now and then.
    good_at: Option<Timestamp>,
}

impl Source {
    pub(super) fn new(options: Options, city: Option<String>) -> Source {
        Source { options, city, files: BTreeMap::new(), numbers: 0 }
    }

    /// Whether something of it could be read; `None` before the first look.
    pub(super) fn is_good(&self) -> Option<bool> {
        self.files.values().filter_map(|file| file.good).reduce(|a, b| a || b)
    }

    /// Reads all files anew at the next look, those that grow too: they may be written otherwise now.
    pub(super) fn forget(&mut self) {
        for file in self.files.values_mut() {
            file.read = None;
            file.follow = None;
        }
    }

    /// Looks at the files and hands over what is new, with the number of its file. Gives those that could
    /// not be read, which the log tells when it begins and when it ends.
    pub(super) fn look(
        &mut self,
        now: Timestamp,
        take: &mut dyn FnMut(usize, Change),
        findings: &mut dyn FnMut(Finding<'_>),
    ) -> Vec<(PathBuf, Error)> {
        let mut faults = Vec::new();
        for path in paths(&self.options.file) {
            // Where the last file of a pattern has gone, what it said stays.
            let good = self.is_good().filter(|_| path == self.options.file);
            let numbers = &mut self.numbers;
            let file = self.files.entry(path.clone()).or_insert_with(|| {
                *numbers += 1;
                File { number: *numbers, read: None, undated: None, follow: None, good, good_at: None }
            });
            let look = Look { path: &path, options: &self.options, city: self.city.as_deref(), now };
            if let Err(fault) = file.look(&look, take, findings) {
                faults.push((path, fault));
            }
        }
        faults
    }
}

/// Whether a path may stand for several files.
fn is_pattern(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().iter().any(|byte| b"*?[".contains(byte))
}

/// The files that a path or pattern stands for now: itself, if there are none.
fn paths(pattern: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = match pattern.to_str().filter(|_| is_pattern(pattern) && !pattern.exists())
    {
        Some(pattern) => glob::glob(pattern).into_iter().flatten().flatten().collect(),
        None if pattern.is_dir() && Driver::at(pattern).is_none() => {
            let entries = pattern.read_dir().into_iter().flatten().flatten();
            let hidden = |path: &PathBuf| {
                path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
            };
            entries.map(|entry| entry.path()).filter(|path| path.is_file() && !hidden(path)).collect()
        }
        None => Vec::new(),
    };
    found.sort();
    found.drain(..found.len().saturating_sub(FILES));
    if found.is_empty() { vec![pattern.to_owned()] } else { found }
}

/// One look at one file.
pub(super) struct Look<'l> {
    pub(super) path: &'l Path,
    pub(super) options: &'l Options,
    pub(super) city: Option<&'l str>,
    pub(super) now: Timestamp,
}

impl Look<'_> {
    /// Reads a text that was written at `modified`: what it says of what is asked for.
    pub(super) fn records(
        &self,
        format: &Format,
        text: &[u8],
        modified: Timestamp,
        undated: Undated,
        findings: &mut dyn FnMut(Finding<'_>),
    ) -> Result<Vec<Record>, Error> {
        let mut taken = Taken::default();
        let mut take = |record| taken.take(record, self.options);
        format.read(text, &self.source(modified, undated), &mut take, findings).map_err(Error::Format)?;
        Ok(taken.told(findings))
    }

    fn source(&self, modified: Timestamp, undated: Undated) -> format::Source<'_> {
        format::Source { city: self.city, modified, undated, dialect: &self.options.dialect }
    }
}

/// The records of the device that is asked for, and which others there are.
#[derive(Default)]
struct Taken {
    records: Vec<Record>,
    others: BTreeSet<String>,
}

impl Taken {
    fn take(&mut self, mut record: Record, options: &Options) {
        if is_selected(&options.select, &record.device) {
            correct(&mut record.station, &options.offsets);
            self.records.push(record);
        } else {
            self.others.insert(record.device.to_string());
        }
    }

    /// The records, after it is told whose are left out.
    fn told(self, findings: &mut dyn FnMut(Finding<'_>)) -> Vec<Record> {
        for other in &self.others {
            findings(Finding::Ignored { key: format::Path::key(None, other), why: Ignored::OtherDevice });
        }
        self.records
    }
}

/// Whether each part that is asked for is the device's.
fn is_selected(select: &Device, device: &Device) -> bool {
    let parts =
        [(&select.model, &device.model), (&select.id, &device.id), (&select.channel, &device.channel)];
    parts.into_iter().all(|(wanted, is)| wanted.is_none() || wanted == is)
}

/// Adds the offsets. What is measured in air that the sensor has warmed has too low a humidity: it is
/// that of the same vapour at the corrected temperature, unless it has an offset of its own.
fn correct(station: &mut Station, offsets: &Offsets) {
    let measured = station.reading(Quantity::Temperature);
    station.change(|quantity, reading| match offsets.get(&quantity) {
        Some(thousandths) => {
            let value = quantity.plausible(reading.value + *thousandths as f64 / 1000.0)?;
            Some(Reading { value, ..reading })
        }
        None => Some(reading),
    });
    let corrected = station.reading(Quantity::Temperature);
    let (Some(measured), Some(corrected)) = (measured, corrected) else { return };
    if measured != corrected && !offsets.contains_key(&Quantity::Humidity) {
        station.change(|quantity, reading| {
            if quantity != Quantity::Humidity {
                return Some(reading);
            }
            let value = weather::humidity_at(reading.value, measured.value, corrected.value)?;
            Some(Reading { value: quantity.plausible(value)?, ..reading })
        });
    }
}

impl File {
    fn look(
        &mut self,
        look: &Look<'_>,
        take: &mut dyn FnMut(usize, Change),
        findings: &mut dyn FnMut(Finding<'_>),
    ) -> Result<(), Error> {
        let driver = Driver::at(look.path);
        let found = if driver.is_some() { Ok(None) } else { self.version(look).map(Some) };
        if let Ok(Some(found)) = &found {
            if self.read.as_ref() == Some(found) {
                return Ok(());
            }
        }
        let mut told = Told::default();
        let result = found.and_then(|found| {
            let mut find = |finding: Finding<'_>| {
                told.dropped += usize::from(matches!(finding, Finding::Dropped { .. }));
                findings(finding);
            };
            let number = self.number;
            let places = &mut told.places;
            let mut take = |change| {
                let (Change::All(records) | Change::More(records)) = &change;
                // Only the first good reading is told, in a line.
                let place =
                    |record: &Record| look.options.station.as_ref().or(record.station.city.as_ref()).cloned();
                places.extend(records.iter().map(place));
                take(number, change);
            };
            match (&driver, found) {
                (Some(driver), _) => driver.read(look, &mut take, &mut find),
                (None, Some(found)) => self.read(look, &found, &mut take, &mut find),
                (None, None) => Ok(()),
            }
        });
        if result.is_err() {
            self.read = None;
        }
        let path = look.path.display();
        if result.is_ok() {
            self.good_at = Some(look.now);
        } else if driver.is_some() && self.good_at.is_some_and(|at| at.age(look.now) < DRIVER_FAILS) {
            return result;
        }
        let was_good = self.good.replace(result.is_ok());
        match (&result, was_good) {
            (Ok(()), Some(true)) | (Err(_), Some(false)) => {}
            (Ok(()), _) => info!("{path}: {told}"),
            // Whoever writes a pattern does not know what will be there: many a board has no such sensor.
            (Err(cause), None) if is_pattern(look.path) => {
                info!("{path}: {cause}; there are no readings yet")
            }
            (Err(cause), None) => warn!("{path}: {cause}; there are no readings yet"),
            (Err(cause), Some(true)) => warn!("{path}: {cause}; the last good readings are kept"),
        }
        result
    }

    /// Looks at the file without reading it.
    ///
    /// A board without a battery-backed clock may start in its own past, behind what it wrote before
    /// it lost its power: how old such a file is cannot be told until it is written anew, or the
    /// clock is set and has passed it. What is written while we run is new, whatever its time.
    fn version(&mut self, look: &Look<'_>) -> Result<Version, Error> {
        let found = Version::at(look.path)?;
        let ahead = found.ahead(look.now);
        if self.good.is_none() && ahead.is_some() {
            self.undated = Some(found.clone());
        }
        match ahead {
            Some(ahead) if self.undated.as_ref() == Some(&found) => Err(Error::FromFuture(ahead)),
            _ => Ok(found),
        }
    }

    fn read(
        &mut self,
        look: &Look<'_>,
        found: &Version,
        take: &mut dyn FnMut(Change),
        findings: &mut dyn FnMut(Finding<'_>),
    ) -> Result<(), Error> {
        if let Some(follow) = &mut self.follow {
            follow.go_on(look, take, findings)?;
            return self.followed(look);
        }
        let dialect = &look.options.dialect;
        let begun = match look.options.format {
            None if found.size > FILE_BYTES as u64 => {
                Some(file::read_beginning(look.path, BEGINNING).map_err(Error::Io)?)
            }
            _ => None,
        };
        let recognised = begun.and_then(|begun| format::recognise(&begun, dialect).ok());
        let named = look.options.format.or(recognised);
        if let Some(format) = named.filter(|format| format.lines) {
            return self.follow(format, look, take, findings);
        }
        let (text, version) = read(look.path)?;
        let format = named.map_or_else(|| format::recognise(&text, dialect), Ok).map_err(Error::Format)?;
        if format.lines {
            return self.follow(format, look, take, findings);
        }
        let written = version.written(look.now);
        let records = look.records(format, &text, written, Undated::LastDevice, findings)?;
        if !records.iter().any(|record| record.station.newest().is_some()) {
            return Err(Error::NoWeather);
        }
        self.read = version.settled(look.now).then_some(version);
        take(Change::All(records));
        Ok(())
    }

    fn follow(
        &mut self,
        format: &'static Format,
        look: &Look<'_>,
        take: &mut dyn FnMut(Change),
        findings: &mut dyn FnMut(Finding<'_>),
    ) -> Result<(), Error> {
        self.follow = Some(Follow::begin(format, look, take, findings)?);
        self.followed(look)
    }

    /// Remembers how the file looked when it was followed to its end.
    fn followed(&mut self, look: &Look<'_>) -> Result<(), Error> {
        let Some(follow) = &self.follow else { return Ok(()) };
        let version = follow.version();
        self.read = version.settled(look.now).then(|| version.clone());
        follow.had_weather()
    }
}

/// The files in which a driver of the kernel shows one sensor. They have neither size nor time that
/// would tell anything: they are read at each look, and what they say is of that moment.
struct Driver {
    directory: PathBuf,
    names: Vec<String>,
}

impl Driver {
    /// The sensor whose directory or file this is.
    fn at(path: &Path) -> Option<Driver> {
        if path.is_dir() {
            let entries = path.read_dir().ok()?.flatten().take(FILES);
            let names: Vec<_> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
            let wanted = kernel::wanted(&names.iter().map(String::as_str).collect::<Vec<_>>());
            let names: Vec<String> = wanted.into_iter().map(str::to_owned).collect();
            return (!names.is_empty()).then(|| Driver { directory: path.to_owned(), names });
        }
        let name = path.file_name()?.to_str().filter(|name| kernel::is_kernel_file(name))?;
        Some(Driver { directory: path.parent()?.to_owned(), names: vec![name.to_owned(), "name".to_owned()] })
    }

    fn read(
        &self,
        look: &Look<'_>,
        take: &mut dyn FnMut(Change),
        findings: &mut dyn FnMut(Finding<'_>),
    ) -> Result<(), Error> {
        let mut files = Vec::new();
        let mut fault = None;
        for name in &self.names {
            match file::read_small(&self.directory.join(name), DRIVER_BYTES) {
                Ok(contents) => {
                    files.push((name.clone(), String::from_utf8_lossy(&contents.bytes).into_owned()))
                }
                // A bus may fail now and then (EIO), and does not hide what else there is. An offset that
                // is there and cannot be read is not none.
                Err(error) if name != "name" => {
                    fault = fault.or(Some(error));
                    files.push((name.clone(), String::new()));
                }
                Err(_) => {}
            }
        }
        let mut taken = Taken::default();
        let source = look.source(look.now, Undated::Taken);
        let mut take_record = |record| taken.take(record, look.options);
        if let Err(error) = kernel::read(&files, &source, &mut take_record, findings) {
            return Err(fault.map_or(Error::Format(error), Error::Io));
        }
        let records = taken.told(findings);
        if !records.iter().any(|record| record.station.newest().is_some()) {
            return Err(fault.map_or(Error::NoWeather, Error::Io));
        }
        take(Change::More(records));
        Ok(())
    }
}

/// What is logged of a good reading, and how to find out what could be better.
#[derive(Default)]
struct Told {
    places: HashSet<Option<String>>,
    dropped: usize,
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "readable, stations: {}", self.places.len())?;
        if self.dropped > 0 {
            write!(f, ", values dropped: {} (`weatherhook check` tells why)", self.dropped)?;
        }
        if self.places.len() == 1 && self.places.contains(&None) {
            f.write_str("; it has no name, --city gives it one")?;
        }
        Ok(())
    }
}

/// What tells one content of a file from the next without reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Version {
    pub(super) device: u64,
    pub(super) inode: u64,
    pub(super) size: u64,
    pub(super) modified: SystemTime,
}

impl Version {
    pub(super) fn of(metadata: &Metadata) -> Result<Version, Error> {
        let modified = metadata.modified().map_err(Error::Io)?;
        Ok(Version { device: metadata.dev(), inode: metadata.ino(), size: metadata.len(), modified })
    }

    fn at(path: &Path) -> Result<Version, Error> {
        Version::of(&file::look(path).map_err(Error::Io)?)
    }

    /// How far in the future it was written, if clocks do not differ by so much.
    fn ahead(&self, now: Timestamp) -> Option<Duration> {
        Some(Timestamp::from(self.modified).ahead(now)).filter(|ahead| *ahead > AHEAD)
    }

    /// When the file was written. What was written in the future counts as written now, and ages
    /// from here on.
    pub(super) fn written(&self, now: Timestamp) -> Timestamp {
        Timestamp::from(self.modified).min(now)
    }

    /// Whether a write after `now` must show. Not if the file is as new as a step of its clock; a
    /// modification time far in the future, after the clock was set back, is a settled one too.
    fn settled(&self, now: Timestamp) -> bool {
        let modified = Timestamp::from(self.modified);
        modified.age(now) > CLOCK_STEP || modified.ahead(now) > CLOCK_STEP
    }
}

/// The whole text of the file and the version that it is.
fn read(path: &Path) -> Result<(Vec<u8>, Version), Error> {
    // A file that is written just now is mostly complete a moment later.
    for _ in 0..2 {
        let contents = file::read_small(path, FILE_BYTES).map_err(Error::Io)?;
        let version = Version::of(&contents.metadata)?;
        if Version::at(path)? == version {
            return Ok((contents.bytes, version));
        }
    }
    Err(Error::Changing)
}

/// Why a file gives no readings.
#[derive(Debug)]
pub(super) enum Error {
    Io(io::Error),
    /// Written to during both attempts to read it.
    Changing,
    /// By how much, when it was looked at first.
    FromFuture(Duration),
    Format(format::Error),
    NoWeather,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Io(cause) if cause.kind() == io::ErrorKind::NotFound => {
                f.write_str("no such file, expected the sensor file")
            }
            Error::Io(cause) => cause.fmt(f),
            Error::Changing => f.write_str("is being written all the time, expected a file at rest"),
            Error::FromFuture(ahead) => write!(
                f,
                "from the future by {}, so that its age cannot be told; is waited for to be written anew",
                in_words(*ahead)
            ),
            Error::Format(cause) => cause.fmt(f),
            Error::NoWeather => f.write_str(
                "no weather in it, expected keys like temperature or humidity (`weatherhook check` lists its keys)",
            ),
        }
    }
}
