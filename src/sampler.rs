//! Reads the sensor file on a timer and publishes what it says.
//!
//! A file that is missing, broken or half-written takes nothing away: what was last read stays
//! published, every reading with its own time, and so grows old in the answers.

mod check;

use std::fmt;
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use log::{info, warn};

pub use self::check::check;
use crate::file;
use crate::format::{self, AHEAD, Finding, Source};
use crate::reading::{Snapshot, Station};
use crate::time::{Timestamp, in_words};

/// What is sampled, and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The sensor file.
    pub sensor: PathBuf,
    /// The name for records that name no place, and for a lone record that names no city.
    pub city: Option<String>,
    /// The time between two looks at the file.
    pub every: Duration,
}

/// The longest file that is read. 10,000 stations with all they can say need 3.3 MB, and 41 MB while
/// they are read again beside the old ones. The texts that cost most for their length, `[[0],[0],…`,
/// take 190 MB (64 bits, glibc, all samples on one thread), 135 MB of which the allocator keeps
/// for the next time. A board with 512 MB has them.
const FILE_BYTES: usize = 4 << 20;

/// A second write within one step of the file system's clock leaves the modification time as it
/// was. FAT, as on memory sticks, has the coarsest: 2 s.
const CLOCK_STEP: Duration = Duration::from_secs(2);

/// Keeps watch over the sensor file.
#[derive(Debug)]
pub struct Sampler {
    options: Options,
    snapshot: Arc<Snapshot>,
    /// The file as it was read last, if it need not be read again while it looks the same.
    read: Option<Version>,
    /// The file as it was found at first, if it was from the future then.
    undated: Option<Version>,
    /// Whether the last reading was good; `None` before the first.
    good: Option<bool>,
}

impl Sampler {
    /// A sampler that has not looked at its file yet. Until a first reading the configured city is
    /// there without readings; then only what the file gives is.
    pub fn new(options: Options) -> Sampler {
        let city = options.city.iter().map(|city| Station::called(Some(city.clone())));
        let snapshot = Arc::new(Snapshot::new(city.collect()));
        Sampler { options, snapshot, read: None, undated: None, good: None }
    }

    /// Takes other options and reads anew. Where nothing can be read with them, which the log tells,
    /// the old ones stay in force: `false`.
    pub fn reload(&mut self, options: Options, now: Timestamp) -> bool {
        if (&options.sensor, &options.city) == (&self.options.sensor, &self.options.city) {
            self.options = options;
            self.read = None;
            self.sample(now);
            return true;
        }
        let mut next = Sampler::new(options);
        next.sample(now);
        let good = next.good == Some(true);
        if good {
            *self = next;
        }
        good
    }

    /// The time between two looks.
    pub fn every(&self) -> Duration {
        self.options.every
    }

    /// What is known now.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot)
    }

    /// Looks at the file. `Some` when there is something new to publish.
    pub fn sample(&mut self, now: Timestamp) -> Option<Arc<Snapshot>> {
        let found = self.look(now);
        let path = &self.options.sensor;
        if self.read.is_some() && self.read.as_ref() == found.as_ref().ok() {
            return None;
        }
        let mut dropped = 0;
        let (read, result) = match found.and_then(|_| read(path)) {
            Ok((text, version)) => {
                let result = stations(&text, &self.options, version.written(now), &mut |finding| {
                    dropped += usize::from(matches!(finding, Finding::Dropped { .. }));
                });
                (version.settled(now).then_some(version), result)
            }
            Err(cause) => (None, Err(cause)),
        };
        self.read = read;
        let was_good = self.good.replace(result.is_ok());
        match result {
            Ok(stations) => {
                if was_good != Some(true) {
                    info!("{}: {}", path.display(), summary(&stations, dropped));
                }
                let new = Snapshot::new(stations);
                if new == *self.snapshot {
                    return None;
                }
                self.snapshot = Arc::new(new);
                Some(self.snapshot())
            }
            Err(cause) => {
                match was_good {
                    None => warn!("{}: {cause}; there are no readings yet", path.display()),
                    Some(true) => warn!("{}: {cause}; the last good readings are kept", path.display()),
                    Some(false) => {}
                }
                None
            }
        }
    }

    /// Looks at the file without reading it.
    ///
    /// A board without a battery-backed clock may start in its own past, behind what it wrote before
    /// it lost its power: how old such a file is cannot be told until it is written anew, or the
    /// clock is set and has passed it. What is written while we run is new, whatever its time.
    fn look(&mut self, now: Timestamp) -> Result<Version, Error> {
        let found = version_at(&self.options.sensor)?;
        let ahead = found.ahead(now);
        if self.good.is_none() && ahead.is_some() {
            self.undated = Some(found.clone());
        }
        match ahead {
            Some(ahead) if self.undated.as_ref() == Some(&found) => Err(Error::FromFuture(ahead)),
            _ => Ok(found),
        }
    }
}

/// What is logged of a good reading, and how to find out what could be better.
fn summary(stations: &[Station], dropped: usize) -> String {
    let mut summary = format!("readable, stations: {}", stations.len());
    if dropped > 0 {
        summary += &format!(", values dropped: {dropped} (`weatherhook check` tells why)");
    }
    if let [Station { city: None, .. }] = stations {
        summary += "; it has no name, --city gives it one";
    }
    summary
}

/// The stations of a text that was written at `modified`. A text without a single reading is an
/// error, so that a sensor that fails leaves the last good readings in place.
fn stations(
    text: &[u8],
    options: &Options,
    modified: Timestamp,
    findings: &mut dyn FnMut(Finding<'_>),
) -> Result<Vec<Station>, Error> {
    let source = Source::new(options.city.as_deref(), modified);
    let format = format::recognise(text);
    let stations = format::stations(format, text, &source, findings).map_err(Error::Format)?;
    if stations.iter().any(|station| station.newest().is_some()) {
        Ok(stations)
    } else {
        Err(Error::NoWeather)
    }
}

/// What tells one content of a file from the next without reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Version {
    device: u64,
    inode: u64,
    size: u64,
    modified: SystemTime,
}

impl Version {
    fn of(metadata: &Metadata) -> Result<Version, Error> {
        let modified = metadata.modified().map_err(Error::Io)?;
        Ok(Version { device: metadata.dev(), inode: metadata.ino(), size: metadata.len(), modified })
    }

    /// How far in the future it was written, if clocks do not differ by so much.
    fn ahead(&self, now: Timestamp) -> Option<Duration> {
        Some(Timestamp::from(self.modified).ahead(now)).filter(|ahead| *ahead > AHEAD)
    }

    /// When the file was written. What was written in the future counts as written now, and ages
    /// from here on.
    fn written(&self, now: Timestamp) -> Timestamp {
        Timestamp::from(self.modified).min(now)
    }

    /// Whether a write after `now` must show. Not if the file is as new as a step of its clock; a
    /// modification time far in the future, after the clock was set back, is a settled one too.
    fn settled(&self, now: Timestamp) -> bool {
        let modified = Timestamp::from(self.modified);
        modified.age(now) > CLOCK_STEP || modified.ahead(now) > CLOCK_STEP
    }
}

fn version_at(path: &Path) -> Result<Version, Error> {
    Version::of(&file::look(path).map_err(Error::Io)?)
}

/// The whole text of the file and the version that it is.
fn read(path: &Path) -> Result<(Vec<u8>, Version), Error> {
    // A file that is written just now is mostly complete a moment later.
    for _ in 0..2 {
        let contents = file::read_small(path, FILE_BYTES).map_err(Error::Io)?;
        let version = Version::of(&contents.metadata)?;
        if version_at(path)? == version {
            return Ok((contents.bytes, version));
        }
    }
    Err(Error::Changing)
}

/// Why the sensor file gives no readings.
#[derive(Debug)]
enum Error {
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

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::fs::{self, File};

    use super::*;
    use crate::file::Scratch;
    use crate::reading::Quantity;
    use crate::time::Zone;

    const EVERY: Duration = Duration::from_secs(3600);

    /// A directory of a test's own and the path of the sensor file in it.
    struct Board {
        scratch: Scratch,
        sensor: PathBuf,
    }

    impl Board {
        fn new() -> Board {
            let scratch = Scratch::new();
            let sensor = scratch.path("sensor.json");
            Board { scratch, sensor }
        }

        fn with(text: &str) -> Board {
            let board = Board::new();
            board.write(text);
            board
        }

        /// Writes in place.
        fn write(&self, text: &str) {
            fs::write(&self.sensor, text).expect("written");
        }

        fn write_at(&self, text: &str, modified: SystemTime) {
            self.write(text);
            let file = File::options().write(true).open(&self.sensor).expect("opened");
            file.set_modified(modified).expect("set");
        }

        fn rewrite_by_rename(&self, text: &str) {
            fs::rename(self.scratch.write("new", text), &self.sensor).expect("renamed");
        }

        fn options(&self, city: Option<&str>) -> Options {
            Options { sensor: self.sensor.clone(), city: city.map(str::to_owned), every: EVERY }
        }

        fn sampler(&self) -> Sampler {
            Sampler::new(self.options(None))
        }
    }

    fn in_an_hour() -> Timestamp {
        (SystemTime::now() + EVERY).into()
    }

    fn temperature(snapshot: &Snapshot) -> Option<f64> {
        Some(snapshot.stations().first()?.reading(Quantity::Temperature)?.value)
    }

    /// What a look at the file publishes, if anything, and what is known afterwards.
    #[track_caller]
    fn check(sampler: &mut Sampler, published: Option<f64>, known: Option<f64>) {
        let new = sampler.sample(Timestamp::now());
        assert_eq!(new.as_deref().map(temperature), published.map(Some));
        assert_eq!(temperature(&sampler.snapshot()), known);
    }

    /// What this thread has logged since it was asked last, without the path.
    fn logged() -> Vec<String> {
        thread_local!(static LINES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) });
        struct Capture;
        impl log::Log for Capture {
            fn enabled(&self, _: &log::Metadata<'_>) -> bool {
                true
            }
            fn log(&self, record: &log::Record<'_>) {
                let line = record.args().to_string();
                let (_, said) = line.split_once(".json: ").unwrap_or(("", &line));
                LINES.with_borrow_mut(|lines| lines.push(format!("{} {said}", record.level())));
            }
            fn flush(&self) {}
        }
        // Already set by another test of this module.
        let _ = log::set_logger(&Capture);
        log::set_max_level(log::LevelFilter::Info);
        LINES.take()
    }

    #[test]
    fn a_file_may_be_replaced_or_rewritten() {
        let board = Board::with(r#"{"temp": 1}"#);
        let mut sampler = board.sampler();
        check(&mut sampler, Some(1.0), Some(1.0));
        check(&mut sampler, None, Some(1.0));
        board.rewrite_by_rename(r#"{"temp": 2}"#);
        check(&mut sampler, Some(2.0), Some(2.0));
        // In place, of the same length, within the same step of the clock.
        board.write(r#"{"temp": 3}"#);
        check(&mut sampler, Some(3.0), Some(3.0));
    }

    #[test]
    fn a_settled_file_is_read_once() {
        let board = Board::new();
        let long_ago = SystemTime::now() - EVERY;
        board.write_at(r#"{"temp": 1}"#, long_ago);
        let mut sampler = board.sampler();
        check(&mut sampler, Some(1.0), Some(1.0));
        board.write_at(r#"{"temp": 2}"#, long_ago);
        check(&mut sampler, None, Some(1.0));
        board.write_at(r#"{"temp": 2} "#, long_ago);
        check(&mut sampler, Some(2.0), Some(2.0));
        board.write_at(r#"{"temp": 3} "#, long_ago + Duration::from_nanos(1));
        check(&mut sampler, Some(3.0), Some(3.0));
    }

    #[test]
    fn a_broken_or_lost_file_takes_nothing_away_and_is_told_once() {
        logged();
        let board = Board::with(r#"{"temp": 1}"#);
        let mut sampler = board.sampler();
        check(&mut sampler, Some(1.0), Some(1.0));
        let first = sampler.snapshot();
        assert_eq!(logged(), ["INFO readable, stations: 1; it has no name, --city gives it one"]);
        for broken in [r#"{"temp": "#, "", r#"{"temp": null}"#] {
            board.write(broken);
            check(&mut sampler, None, Some(1.0));
        }
        fs::remove_file(&board.sensor).expect("removed");
        check(&mut sampler, None, Some(1.0));
        assert_eq!(sampler.snapshot(), first, "the readings keep their time");
        let warning =
            "WARN not JSON: EOF while parsing a value at line 1 column 9; the last good readings are kept";
        assert_eq!(logged(), [warning]);
        board.write(r#"{"city": "Bonn", "temp": 2, "humidity": 200, "rain": null}"#);
        check(&mut sampler, Some(2.0), Some(2.0));
        check(&mut sampler, None, Some(2.0));
        let told = "INFO readable, stations: 1, values dropped: 2 (`weatherhook check` tells why)";
        assert_eq!(logged(), [told]);
    }

    #[test]
    fn a_file_may_come_later() {
        logged();
        let board = Board::new();
        let mut sampler = Sampler::new(board.options(Some("London")));
        let london = |sampler: &Sampler| sampler.snapshot().stations()[0].clone();
        assert_eq!(london(&sampler), Station::called(Some("London".to_owned())));
        assert_eq!(sampler.sample(Timestamp::now()), None);
        assert_eq!(sampler.sample(Timestamp::now()), None);
        assert_eq!(logged(), ["WARN no such file, expected the sensor file; there are no readings yet"]);
        board.write(r#"[{"city": "Bonn", "temp": 2}]"#);
        let snapshot = sampler.sample(Timestamp::now()).expect("a snapshot");
        let names: Vec<_> = snapshot.stations().iter().map(|station| station.city.as_deref()).collect();
        assert_eq!(names, [Some("Bonn")]);
        board.write(r#"{"temp": 1}"#);
        sampler.sample(Timestamp::now());
        assert_eq!(london(&sampler).city.as_deref(), Some("London"));
        assert_eq!(temperature(&sampler.snapshot()), Some(1.0));
    }

    #[test]
    fn what_is_written_in_the_future_while_we_run_counts_as_now() {
        let board = Board::with(r#"{"temp": 1}"#);
        let mut sampler = board.sampler();
        check(&mut sampler, Some(1.0), Some(1.0));
        board.write_at(r#"{"temp": 2}"#, SystemTime::now() + 2 * EVERY);
        let now = in_an_hour();
        let snapshot = sampler.sample(now).expect("a snapshot");
        assert_eq!(snapshot.stations()[0].newest(), Some(now));
        // Not read again, or it would look new for ever.
        assert_eq!(sampler.sample(Timestamp::now()), None);
        assert_eq!(sampler.snapshot().stations()[0].newest(), Some(now));
    }

    #[test]
    fn a_file_that_was_from_the_future_at_first_is_waited_for() {
        let future = SystemTime::now() + EVERY + Duration::from_secs(60);
        let board = || {
            let board = Board::new();
            board.write_at(r#"{"temp": 1}"#, future);
            let mut sampler = board.sampler();
            logged();
            check(&mut sampler, None, None);
            check(&mut sampler, None, None);
            let [warning] = &logged()[..] else { panic!("one line") };
            assert_eq!(
                warning,
                "WARN from the future by 1 h, so that its age cannot be told; is waited for to be written \
                 anew; there are no readings yet"
            );
            (board, sampler)
        };
        // It is written anew, still from the future.
        let (written, mut sampler) = board();
        written.write_at(r#"{"temp": 2}"#, future + EVERY);
        check(&mut sampler, Some(2.0), Some(2.0));
        // The clock is set.
        let (_unchanged, mut sampler) = board();
        let snapshot = sampler.sample((future + EVERY).into()).expect("a snapshot");
        assert_eq!(snapshot.stations()[0].newest(), Some(future.into()));
        // Clocks differ a little.
        let ahead = Board::new();
        ahead.write_at(r#"{"temp": 3}"#, SystemTime::now() + AHEAD / 2);
        check(&mut ahead.sampler(), Some(3.0), Some(3.0));
    }

    #[test]
    fn what_is_no_sensor_file_is_told_in_one_line() {
        #[track_caller]
        fn check(make: fn(&Board), expected: &str) {
            let board = Board::new();
            make(&board);
            let mut out = Vec::new();
            let good = super::check(&board.options(None), Timestamp::now(), &mut out).expect("written");
            let out = String::from_utf8(out).expect("text");
            let last = out.lines().last().unwrap_or_default();
            assert_eq!(last, format!("error: {}: {expected}", board.sensor.display()));
            assert!(!good);
            assert_eq!(board.sampler().sample(Timestamp::now()), None);
        }
        check(|_| {}, "no such file, expected the sensor file");
        check(|board| board.write(""), "empty, expected a JSON object");
        check(|board| fs::create_dir(&board.sensor).expect("made"), "a directory, expected a regular file");
        check(|board| drop(board.scratch.mkfifo("sensor.json")), "a named pipe, expected a regular file");
        check(
            |board| File::create(&board.sensor).and_then(|file| file.set_len(1 << 30)).expect("made"),
            "larger than 4194304 bytes",
        );
        check(
            |board| fs::write(&board.sensor, b"{\"a\xff\": 1}").expect("written"),
            "not UTF-8 text at line 1 column 4, expected JSON",
        );
        check(
            |board| board.write("{\"temp\": 1"),
            "not JSON: EOF while parsing an object at line 1 column 10",
        );
        check(
            |board| board.write_at(r#"{"temp": 1}"#, SystemTime::now() + EVERY + Duration::from_secs(60)),
            "from the future by 1 h, so that its age cannot be told; is waited for to be written anew",
        );
        check(
            |board| board.write(r#"{"city": "London", "temp": -9999, "inTemp": 20}"#),
            "no weather in it, expected keys like temperature or humidity (`weatherhook check` lists its keys)",
        );
    }

    #[test]
    fn check_tells_every_key_and_station() {
        let board = Board::new();
        board.write_at(
            r#"[{"city": "London", "aliases": ["LDN"], "default": true, "time": "2025-03-02T22:26:00Z",
                 "tempf": 50, "humidity": "66%", "UV": 2, "wind_speed": 2.5, "rain": -1, "mic": "X",
                 "precipitation": "Light rain"}, {"city": "Bonn"}]"#,
            SystemTime::UNIX_EPOCH + Duration::from_secs(1_740_954_420),
        );
        let now = Timestamp::parse("2025-03-02T22:29:00Z", Zone::Utc).expect("a time");
        // In the zone of whoever runs this.
        let observed = now.before(Duration::from_secs(180));
        let mut out = Vec::new();
        let good = super::check(&board.options(Some("Ulm")), now, &mut out).expect("written");
        assert_eq!(
            String::from_utf8(out).expect("text"),
            "read: [0].time: OBSERVED, 3 min old\n\
             read: [0].city: \"London\"\n\
             read: [0].aliases[0]: \"LDN\"\n\
             read: [0].default: true\n\
             read: [0].tempf: temperature 10.0 °C (°F read), 3 min old\n\
             read: [0].humidity: humidity 66.0 % (% read), 3 min old\n\
             read: [0].UV: UV index 2.0, 3 min old\n\
             read: [0].wind_speed: wind speed 2.5 m/s (m/s assumed), 3 min old\n\
             dropped: [0].rain: -1.0 mm is outside 0 to 1000000 mm\n\
             ignored: [0].mic: not a known key\n\
             read: [0].precipitation: \"Light rain\", 3 min old\n\
             read: [1].city: \"Bonn\"\n\
             station: London: readings: 4, also called LDN, the default\n\
             station: Bonn: readings: 0\n"
                .replace("OBSERVED", &observed.to_string())
        );
        assert!(good);
    }
}
