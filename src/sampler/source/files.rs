//! Files that are looked at from time to time: one, those of a directory, or those of a pattern.

use std::collections::{BTreeMap, VecDeque};
use std::fs::File as OpenFile;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use super::driver::Driver;
use super::health::{Expected, Health, Summary};
use super::log::Log;
use super::losses::Losses;
use super::seen::{Change, Error, Fault, Looked, Name, Patience, Stream, Woken};
use super::text::{Moment, Texts, have_weather};
use super::version::Version;
use crate::file;
use crate::format::{self, Format, Ignored, Undated};
use crate::time::Timestamp;

/// The longest text that is read as a whole. 10,000 stations with all they can say need 3.5 MB, and
/// the process takes 59 MB while they are read again. What takes far more for its length, such as `[[0],[0],…`, is
/// not read, and large texts are read one after the other.
const FILE_BYTES: usize = 4 << 20;

/// As much of a larger file as is needed to detect its format.
const BEGINNING: usize = 16 * 1024;

/// For how long a driver may fail before it is worth a line in the log: a DHT11's does so at every third
/// look or so, and goes on.
const DRIVER_FAILS: Duration = Duration::from_secs(60);

/// Files of one directory or pattern, the last ones by name. A logger that begins a file a day fills it
/// in three years.
const FILES: usize = 1000;

/// Files that are gone and still known, the newest ones: some are away for an instant only, while a new one takes their
/// place.
const GONE: usize = 100;

/// The files that a path or pattern stands for.
pub(super) struct Files {
    path: PathBuf,
    files: BTreeMap<PathBuf, File>,
    /// How many files there were so far.
    numbers: Stream,
    /// What remains of the present look.
    queue: VecDeque<PathBuf>,
    /// Whether the first look has begun.
    was_looked_at: bool,
    losses: Losses,
}

impl Files {
    pub(super) fn new(path: PathBuf) -> Files {
        Files {
            path,
            files: BTreeMap::new(),
            numbers: 0,
            queue: VecDeque::new(),
            was_looked_at: false,
            losses: Losses::default(),
        }
    }

    /// Whether one of them can be read; `None` before the first look.
    pub(super) fn is_good(&self) -> Option<bool> {
        self.files.values().filter_map(|file| file.health.good()).reduce(|a, b| a || b)
    }

    /// Looks at the files up to the first that has something new.
    pub(super) fn next(&mut self, texts: &Texts<'_>, patience: &mut Patience) -> Looked {
        let mut looked = patience.looked();
        if self.queue.is_empty() {
            if std::mem::replace(&mut self.was_looked_at, true) {
                match patience.wait() {
                    Woken::Due => {}
                    Woken::Ordered => self.forget(),
                    Woken::Over => return looked,
                }
            }
            self.queue = paths(&self.path).into();
            self.forget_gone();
        }
        let now = patience.now();
        while let Some(path) = self.queue.pop_front() {
            let goes_on = self.look_at(&path, texts, now, &mut looked);
            if goes_on {
                self.queue.push_front(path);
            }
            if goes_on || !looked.changes.is_empty() {
                break;
            }
        }
        looked.more = !self.queue.is_empty();
        looked
    }

    /// Forgets files that are gone. What they said stays.
    fn forget_gone(&mut self) {
        if self.files.len() <= self.queue.len() + GONE {
            return;
        }
        let Files { files, queue, .. } = self;
        // The queue is in the order of the names.
        let is_gone = |path: &PathBuf| queue.binary_search(path).is_err();
        let mut gone: Vec<Stream> =
            files.iter().filter(|(path, _)| is_gone(path)).map(|(_, file)| file.number).collect();
        gone.sort_unstable();
        let kept = gone.iter().rev().nth(GONE - 1).copied().unwrap_or_default();
        files.retain(|path, file| file.number >= kept || !is_gone(path));
    }

    /// Everything is read again at the next look. Logs too: they may be read in another way now.
    fn forget(&mut self) {
        for file in self.files.values_mut() {
            file.read = None;
            file.log = None;
        }
    }

    /// Whether there is more of the file.
    fn look_at(&mut self, path: &Path, texts: &Texts<'_>, now: Timestamp, looked: &mut Looked) -> bool {
        // Where the last file of a pattern has gone, what it said stays.
        let good = if path == self.path { self.is_good() } else { None };
        let numbers = &mut self.numbers;
        let file = self.files.entry(path.to_owned()).or_insert_with(|| {
            *numbers += 1;
            File::new(*numbers, good)
        });
        let texts = &Texts { elsewhere: elsewhere(&self.path, path), ..*texts };
        let look = Look { path, texts, now };
        looked.findings.begin(look.name());
        let goes_on = file.step(&look, looked);
        self.losses.note(&look.name(), looked.findings.take_losses(), now);
        goes_on
    }
}

/// Whether a path may stand for several files.
fn is_pattern(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().iter().any(|byte| b"*?[".contains(byte))
}

/// Why a file is not about the air outdoors, by what its name has beyond the path or pattern of the source: that is
/// somebody's choice, and `*.json` may bring `kitchen.json`, too.
fn elsewhere(pattern: &Path, path: &Path) -> Option<Ignored> {
    let name = |part: Component<'_>| part.as_os_str().to_str().and_then(format::ruled_out_by_name);
    let is_part = |part: &Component<'_>| *part != Component::CurDir;
    let mut chosen = pattern.components().filter(is_part);
    path.components().filter(is_part).find_map(|part| match chosen.next() {
        Some(chosen) if chosen == part || name(chosen).is_some() => None,
        _ => name(part),
    })
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
struct Look<'l> {
    path: &'l Path,
    texts: &'l Texts<'l>,
    now: Timestamp,
}

/// How far a step of a look has come.
enum Step {
    /// The file is as it was.
    Unchanged,
    /// There is more of it.
    GoesOn,
    /// It was read to its end.
    Complete,
}

/// One file.
struct File {
    number: Stream,
    /// The file as it was read last, if it need not be read again while it looks the same.
    read: Option<Version>,
    /// The file as it was found at first, if it was from the future then.
    undated: Option<Version>,
    /// How far it was read, if it only grows.
    log: Option<Log>,
    health: Health,
    /// What the present look has seen so far.
    summary: Summary,
}

impl File {
    fn new(number: Stream, good: Option<bool>) -> File {
        File {
            number,
            read: None,
            undated: None,
            log: None,
            health: Health::after(good),
            summary: Summary::default(),
        }
    }

    /// Reads a part of the file. Whether there is more of it.
    fn step(&mut self, look: &Look<'_>, looked: &mut Looked) -> bool {
        let driver = if self.is_inside() { None } else { Driver::at(look.path) };
        let dropped = looked.findings.dropped();
        let result = match &driver {
            Some(driver) => {
                let result = self.read_driver(driver, look, looked);
                // What goes on failing is logged as such.
                looked.findings.take_losses();
                result
            }
            None => self.read_file(look, looked),
        };
        self.summary.add_dropped(looked.findings.dropped() - dropped);
        self.summary.selection.append(looked.findings.take_selection());
        match result.map_err(|error| self.explained(error)) {
            Ok(Step::GoesOn) => return true,
            Ok(Step::Unchanged) => {}
            Ok(Step::Complete) => self.note(look, driver.is_some(), None),
            Err(error) => {
                self.read = None;
                self.note(look, driver.is_some(), Some(&error));
                looked.faults.push(Fault { name: look.name(), cause: error });
            }
        }
        false
    }

    /// The cause of an error as precisely as it is known.
    fn explained(&self, error: Error) -> Error {
        match (&error, self.summary.selection.none_selected()) {
            (Error::NoWeather, Some(others)) => Error::NoneSelected(others),
            (Error::NoWeather, None) if self.summary.selection.is_undated() => Error::NoTime,
            _ => error,
        }
    }

    /// Whether the last step has left something of a log.
    fn is_inside(&self) -> bool {
        self.log.as_ref().is_some_and(Log::is_inside)
    }

    /// Notes how a look has ended.
    fn note(&mut self, look: &Look<'_>, is_driver: bool, error: Option<&Error>) {
        let summary = std::mem::take(&mut self.summary);
        let tolerance = if is_driver { DRIVER_FAILS } else { Duration::ZERO };
        let expected = Expected { tolerance, optional: is_pattern(look.path) };
        self.health.note(&look.name(), error.map_or(Ok(&summary), Err), expected, look.now);
    }

    /// Adds what the file says.
    fn add(&mut self, change: Change, texts: &Texts<'_>, looked: &mut Looked) {
        // The summary is logged only when the file was not readable before.
        if self.health.good() != Some(true) {
            self.summary.add(&change, texts.station);
        }
        looked.changes.push((self.number, change));
    }

    fn read_driver(&mut self, driver: &Driver, look: &Look<'_>, looked: &mut Looked) -> Result<Step, Error> {
        looked.findings.set_format("kernel", Some("the files that a driver of the kernel shows"));
        let records = driver.read(look.texts, look.now, &mut looked.findings)?;
        self.add(Change::More(records), look.texts, looked);
        Ok(Step::Complete)
    }

    fn read_file(&mut self, look: &Look<'_>, looked: &mut Looked) -> Result<Step, Error> {
        if self.is_inside() {
            return self.read_log(look, looked);
        }
        let found = self.version(look)?;
        if self.read.as_ref() == Some(&found) {
            return Ok(Step::Unchanged);
        }
        if self.log.is_some() {
            return self.read_log(look, looked);
        }
        let dialect = &look.texts.options.dialect;
        let begun = match look.texts.options.format {
            None if found.size > FILE_BYTES as u64 => {
                Some(file::read_beginning(look.path, BEGINNING).map_err(Error::Io)?)
            }
            _ => None,
        };
        let recognised = begun.and_then(|begun| format::recognise(&begun, dialect).ok());
        let named = look.texts.options.format.or(recognised);
        if let Some(format) = named.filter(|format| format.lines) {
            return self.begin_log(format, look, looked);
        }
        let (text, version) = read(look.path)?;
        looked.wait_for_turn(text.len());
        let format = named.map_or_else(|| format::recognise(&text, dialect), Ok).map_err(Error::Format)?;
        if format.lines {
            return self.begin_log(format, look, looked);
        }
        look.note_format(format, looked);
        let moment = Moment { modified: version.written(look.now), undated: Undated::LastDevice };
        let records = look.texts.records(format, &text, moment, &mut looked.findings)?;
        if !have_weather(&records) && look.texts.elsewhere.is_none() {
            return Err(Error::NoWeather);
        }
        self.read = version.is_settled(look.now).then_some(version);
        self.add(Change::All(records), look.texts, looked);
        Ok(Step::Complete)
    }

    /// Looks at the file without reading it.
    ///
    /// A board without a battery-backed clock may start in its own past, behind what it wrote before
    /// it lost its power: the age of such a file is unknown until it is written again, or the
    /// clock is set and has passed it. What is written while we run is new, whatever its time.
    fn version(&mut self, look: &Look<'_>) -> Result<Version, Error> {
        let found = Version::at(look.path)?;
        let ahead = found.ahead(look.now);
        if self.health.good().is_none() && ahead.is_some() {
            self.undated = Some(found.clone());
        }
        match ahead {
            Some(ahead) if self.undated.as_ref() == Some(&found) => Err(Error::FromFuture(ahead)),
            _ => Ok(found),
        }
    }

    fn begin_log(
        &mut self,
        format: &'static Format,
        look: &Look<'_>,
        looked: &mut Looked,
    ) -> Result<Step, Error> {
        look.note_format(format, looked);
        self.log = Some(Log::new(format));
        self.read_log(look, looked)
    }

    fn read_log(&mut self, look: &Look<'_>, looked: &mut Looked) -> Result<Step, Error> {
        let Some(log) = &mut self.log else { return Ok(Step::Unchanged) };
        let result = log.step(look.path, look.texts, look.now, &mut looked.findings);
        let (is_inside, is_known) = (log.is_inside(), log.is_known());
        let version = log.version().filter(|version| version.is_settled(look.now)).cloned();
        let had_weather = log.had_weather();
        match result {
            Ok(records) if records.is_empty() => {}
            Ok(records) => self.add(Change::More(records), look.texts, looked),
            Err(error) => {
                // What never was read to its end may be something else at the next look.
                self.log = self.log.take().filter(|_| is_known);
                return Err(error);
            }
        }
        if is_inside {
            return Ok(Step::GoesOn);
        }
        self.read = version;
        if had_weather || look.texts.elsewhere.is_some() { Ok(Step::Complete) } else { Err(Error::NoWeather) }
    }
}

impl Look<'_> {
    fn name(&self) -> Name {
        Name::new(self.path.display())
    }

    fn note_format(&self, format: &'static Format, looked: &mut Looked) {
        let is_named = self.texts.options.format.is_some();
        looked.findings.set_format(format.name, (!is_named).then_some(format.expected));
    }
}

/// The whole text of the file and the version that it is.
fn read(path: &Path) -> Result<(Vec<u8>, Version), Error> {
    // A file that is written just now is mostly complete a moment later.
    for _ in 0..2 {
        let (file, metadata) = file::open(path).map_err(Error::Io)?;
        if let Some(whole) = whole(&file, &Version::of(&metadata)?)? {
            return Ok(whole);
        }
    }
    Err(Error::Changing)
}

/// The text of an open file and its version, unless it was written after it was opened. What the path
/// leads to now does not matter: a file that was replaced or removed meanwhile was whole, and the next
/// look finds the new one. Where one is replaced all the time, every look would miss it otherwise.
fn whole(file: &OpenFile, opened: &Version) -> Result<Option<(Vec<u8>, Version)>, Error> {
    let text = file::read_all(file, FILE_BYTES).map_err(Error::Io)?;
    let read = Version::of(&file.metadata().map_err(Error::Io)?)?;
    Ok((read == *opened).then_some((text, read)))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;

    use super::*;
    use crate::file::Scratch;
    use crate::sampler::source::text::Options;

    #[test]
    fn files_that_are_gone_are_forgotten() {
        let scratch = Scratch::new();
        let options = Options::USUAL;
        let texts = Texts {
            options: &options,
            station: None,
            city: None,
            elsewhere: None,
            anywhere: false,
            of_all: None,
        };
        let mut files = Files::new(scratch.path(""));
        let now = Timestamp::now();
        for n in 0..500 {
            let name = format!("{}.json", n * 7919 % 500);
            scratch.write(&name, r#"{"temperature_C": 10}"#);
            while files.next(&texts, &mut Patience::none(now)).more {}
            assert_eq!(files.is_good(), Some(true));
            fs::remove_file(scratch.path(&name)).expect("removed");
        }
        assert!(files.files.len() <= GONE + 2, "{}", files.files.len());
        assert!(files.files.values().any(|file| file.number == files.numbers), "the newest is known");
    }

    #[test]
    fn a_file_that_nobody_has_named_is_judged_by_its_name() {
        #[track_caller]
        fn check(pattern: &str, path: &str, expected: Option<Ignored>) {
            assert_eq!(elsewhere(Path::new(pattern), Path::new(path)), expected, "{pattern} {path}");
        }
        for named in ["/srv/indoor.json", "kitchen/pool.csv", "./kitchen.json"] {
            check(named, named, None);
        }
        check("/srv/pool/*.json", "/srv/pool/a.json", None);
        check("./pool/*.json", "pool/a.json", None);
        check("/srv/kitchen*.json", "/srv/kitchen2.json", None);
        check("/srv/*.json", "/srv/garden.json", None);
        check("/srv/*.json", "/srv/kitchen.json", Some(Ignored::Indoor));
        check("/srv/*/now.json", "/srv/pool/now.json", Some(Ignored::Elsewhere));
        check("/srv", "/srv/Schlafzimmer.csv", Some(Ignored::Indoor));
        check("/srv", "/srv/2026-11-28.csv", None);
    }

    /// What is read of an open file to which something happens between its opening and its reading.
    #[track_caller]
    fn check(happens: impl Fn(&Scratch, &mut fs::File), expected: Option<&str>) {
        let scratch = Scratch::new();
        let path = scratch.write("sensor.json", "whole");
        scratch.write("next", "other");
        let mut writer = fs::OpenOptions::new().append(true).open(&path).expect("a writer");
        let (file, metadata) = file::open(&path).expect("a file");
        let opened = Version::of(&metadata).expect("a version");
        happens(&scratch, &mut writer);
        let read = whole(&file, &opened).expect("a text");
        assert_eq!(read.map(|(text, _)| text).as_deref(), expected.map(str::as_bytes));
    }

    #[test]
    fn an_open_file_is_whole_unless_it_is_written_meanwhile() {
        let replace = |scratch: &Scratch| {
            fs::rename(scratch.path("next"), scratch.path("sensor.json")).expect("renamed");
        };
        check(|_, _| {}, Some("whole"));
        check(|scratch, _| replace(scratch), Some("whole"));
        check(|scratch, _| fs::remove_file(scratch.path("sensor.json")).expect("removed"), Some("whole"));
        let other_name = |scratch: &Scratch, _: &mut fs::File| {
            fs::hard_link(scratch.path("sensor.json"), scratch.path("link")).expect("linked");
            replace(scratch);
        };
        check(other_name, Some("whole"));
        check(|_, writer| writer.write_all(b" and more").expect("written"), None);
        // Its writer may go on after it has lost its name.
        let writes_on = |scratch: &Scratch, writer: &mut fs::File| {
            replace(scratch);
            writer.write_all(b" and more").expect("written");
        };
        check(writes_on, None);
    }
}
