//! Reads the sources on timers and publishes what they say.
//!
//! Each source has a thread of its own, so that one that hangs (a bus, a network's file system) delays
//! no other, and no answer: these are made from what was published last.

mod board;
mod days;
mod import;
mod kept;
mod progress;
mod source;
mod state;
mod steps;

use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use self::board::Board;
pub use self::board::{Options as StationOptions, Waiting, published};
pub use self::import::{Step as ImportStep, import, keep};
pub use self::progress::Progress;
pub use self::source::{
    Fault, Finding, Found, Kind as SourceKind, Offsets, Options as SourceOptions, Outcome, TextOptions,
};
use self::source::{Looked, Patience, Source};
use self::state::State;
use crate::reading::Snapshot;
use crate::thread::spawn_vital;
use crate::time::Timestamp;

/// What is sampled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The places that the configuration names.
    pub stations: Vec<StationOptions>,
    /// Where the readings come from.
    pub sources: Vec<SourceOptions>,
    /// The name for records of sources of no configured station that name no place, and for a lone
    /// record that names no city.
    pub city: Option<String>,
    /// The directory in which the past is kept over a restart.
    pub state: Option<PathBuf>,
}

/// All sources and what they have said.
pub struct Sampler {
    sources: Vec<Source>,
    board: Board,
    state: Option<PathBuf>,
}

impl Sampler {
    /// A sampler that has not looked at anything yet. Until a first reading the configured places are
    /// there without readings.
    pub fn new(options: Options) -> Sampler {
        let board = Board::new(&options.stations, options.city.as_deref());
        let sources = options.sources.iter().map(|source| source_of(source, &options)).collect();
        Sampler { sources, board, state: options.state }
    }

    /// What is known now.
    pub fn snapshot(&mut self, now: Timestamp) -> Arc<Snapshot> {
        self.board.snapshot(now).0
    }

    /// Looks at all sources, one after the other. `Some` when there is something new.
    pub fn sample(&mut self, now: Timestamp) -> Option<Arc<Snapshot>> {
        for id in 0..self.sources.len() {
            self.look_at(id, Patience::none(now), |_| {});
        }
        let (snapshot, news) = self.board.snapshot(now);
        news.then_some(snapshot)
    }

    /// Looks at all sources, one after the other, and reports what was found in each.
    pub fn reports(&mut self, now: Timestamp) -> Vec<Report> {
        (0..self.sources.len()).map(|id| self.report(id, now)).collect()
    }

    fn report(&mut self, id: usize, now: Timestamp) -> Report {
        let mut findings = source::Findings::default();
        let mut faults = Vec::new();
        self.look_at(id, Patience::none(now).with_findings(), |looked| {
            findings.append(looked.findings);
            faults.extend(looked.faults);
        });
        let is_good = self.sources[id].is_good() == Some(true);
        let source = self.sources[id].options().clone();
        let (waiting, left_out) = (self.board.waiting(id), self.board.left_out(id));
        Report { source, streams: findings.into_streams(), faults, waiting, left_out, is_good }
    }

    /// Looks at one source to the end.
    fn look_at(&mut self, id: usize, mut patience: Patience, mut each: impl FnMut(Looked)) {
        let source = &mut self.sources[id];
        loop {
            let mut looked = source.next(&mut patience);
            let waiting = post(&mut self.board, id, source, &mut looked, patience.now());
            source.note_waiting(waiting, patience.now());
            let goes_on = looked.more;
            each(looked);
            if !goes_on {
                return;
            }
        }
    }

    /// Looks at each source from time to time in a thread of its own. After each look `after` is called
    /// with what is known then.
    pub fn start(self, after: After) -> io::Result<Running> {
        let Sampler { sources, mut board, state } = self;
        let state = state.as_deref().map(|directory| {
            let state = State::open(directory);
            state.report_broken("history", board.restore(&state.pasts()));
            state.report_broken("slots", board.restore_series(&state.journal(), Timestamp::now()));
            state
        });
        let board = Mutex::new(board);
        let progress = Arc::new(Progress::default());
        progress.expect(sources.iter().map(Source::options));
        let (tries, tried) = (Mutex::default(), Condvar::new());
        let shared = Arc::new(Shared { board, after, progress, state, tries, tried });
        let mut running = Running { shared, watches: Vec::new(), ids: 0 };
        for source in sources {
            let watch = running.watch(source)?;
            running.watches.push(watch);
        }
        Ok(running)
    }
}

fn source_of(source: &SourceOptions, options: &Options) -> Source {
    let city = if source.station.is_none() { options.city.clone() } else { None };
    Source::new(source.clone(), city)
}

/// What a look at one source has found.
#[derive(Debug)]
pub struct Report {
    /// What is read, and how.
    pub source: SourceOptions,
    /// What was found in each of its streams.
    pub streams: Vec<Found>,
    /// What could not be read.
    pub faults: Vec<Fault>,
    /// The readings that are not shown, because no other one supports them.
    pub waiting: Vec<Waiting>,
    /// How many other readings no other one has supported.
    pub left_out: usize,
    /// Whether there are readings of it.
    pub is_good: bool,
}

/// Puts what a source has seen on the board. A look may last, and other sources go on meanwhile:
/// `now` is when the look has ended. What waits, if this is the end of a look that has brought something.
fn post(
    board: &mut Board,
    id: usize,
    source: &mut Source,
    looked: &mut Looked,
    now: Timestamp,
) -> Vec<(String, String)> {
    let has_said = source.has_said(looked);
    for (stream, change) in looked.changes.drain(..) {
        board.post((id, stream), source.options().station.as_deref(), change, now);
    }
    let waiting = if has_said { board.waiting(id) } else { Vec::new() };
    let noted = |waiting: &Waiting| {
        (format!("{}: {}", waiting.device, waiting.quantity.name()), waiting.described(""))
    };
    waiting.iter().map(noted).collect()
}

/// What is done after each look with what is known then.
pub type After = Box<dyn Fn(&Arc<Snapshot>) + Send + Sync>;

struct Shared {
    board: Mutex<Board>,
    after: After,
    progress: Arc<Progress>,
    state: Option<State>,
    /// Held where a [`Watch::first_look`] becomes known.
    tries: Mutex<()>,
    /// Tells that one did.
    tried: Condvar,
}

impl Shared {
    fn board(&self) -> MutexGuard<'_, Board> {
        // A thread that panicked has ended the process.
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tries(&self) -> MutexGuard<'_, ()> {
        self.tries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Saves what is known of the past, with or without what a day's slots do not hold. The board is not held
    /// meanwhile, as a card may be slow.
    fn save(&self, with_pasts: bool) {
        let Some(state) = &self.state else { return };
        let changes = self.board().series_changes();
        state.write_journal(&changes, Timestamp::now());
        if with_pasts {
            let pasts = self.board().pasts();
            state.write_pasts(&pasts);
        }
    }

    /// Reads the days of stations that are new, and writes those that are over. Whether there was something to do.
    fn keep_days(&self) -> bool {
        let unread = self.board().unread();
        let is_any = !unread.is_empty();
        for station in unread {
            let days = self.state.as_ref().map(|state| state.days(&station)).unwrap_or_default();
            self.board().learn(&station, days);
        }
        let now = Timestamp::now();
        let Some(state) = self.state.as_ref().filter(|state| state.is_day_due(now)) else { return is_any };
        let over = self.board().finish(now);
        for (station, days) in over {
            if state.append_days(&station, &days) {
                self.board().written(&station, days.len());
            }
        }
        true
    }

    /// Publishes what is known. Under the lock, so that nothing older comes after something newer.
    fn publish(&self, board: &mut Board) {
        (self.after)(&board.snapshot(Timestamp::now()).0);
    }
}

/// Sources that are looked at from time to time.
pub struct Running {
    shared: Arc<Shared>,
    watches: Vec<Watch>,
    /// How many sources there were so far.
    ids: usize,
}

/// A source and its thread, which ends when this is dropped.
struct Watch {
    id: usize,
    options: SourceOptions,
    city: Option<String>,
    /// Whether it could be read at its first look, once that was had.
    first_look: Arc<OnceLock<bool>>,
    /// Asks for a look at once.
    again: Sender<()>,
}

impl Running {
    /// Waits until each source was looked at once, or so long.
    pub fn wait(&self, within: Duration) {
        self.readable(&self.watches, within);
    }

    /// Which of the sources could be read at their first look, as far as they have been tried.
    fn readable(&self, watches: &[Watch], within: Duration) -> Vec<usize> {
        let is_awaited = |(): &mut ()| watches.iter().any(|watch| watch.first_look.get().is_none());
        let tries = self.shared.tries();
        let _ = self.shared.tried.wait_timeout_while(tries, within, is_awaited);
        let readable = watches.iter().filter(|watch| watch.first_look.get() == Some(&true));
        readable.map(|watch| watch.id).collect()
    }

    /// How often the sources have returned.
    pub fn progress(&self) -> Arc<Progress> {
        Arc::clone(&self.shared.progress)
    }

    /// Saves what is to be known after a restart.
    pub fn save(&self) {
        self.shared.save(true);
    }

    /// Applies other options and reads everything again. Nothing changes if one of the sources
    /// that are new cannot be read: its name and why not.
    pub fn reload(&mut self, options: Options) -> Result<(), String> {
        let mut kept = Vec::new();
        let mut added = Vec::new();
        for source in &options.sources {
            let source = source_of(source, &options);
            let same =
                |watch: &&Watch| watch.options == *source.options() && watch.city.as_deref() == source.city();
            match self.watches.iter().find(same) {
                Some(watch) => kept.push(watch.id),
                None => {
                    self.shared.board().hide(self.ids);
                    match self.watch(source) {
                        Ok(watch) => added.push(watch),
                        Err(error) => {
                            self.forget(&added);
                            return Err(error.to_string());
                        }
                    }
                }
            }
        }
        let readable = self.readable(&added, RELOAD);
        if let Some(bad) = added.iter().find(|watch| !readable.contains(&watch.id)) {
            self.forget(&added);
            return Err(format!("{}: no readings", bad.options.name()));
        }
        let (watches, dropped): (Vec<_>, Vec<_>) =
            self.watches.drain(..).partition(|watch| kept.contains(&watch.id));
        let mut board = self.shared.board();
        board.configure(&options.stations, options.city.as_deref());
        added.iter().for_each(|watch| board.show(watch.id));
        dropped.iter().for_each(|watch| board.remove(watch.id));
        // A thread that has ended has ended the process.
        for watch in watches.iter().chain(&added) {
            let _ = watch.again.send(());
        }
        self.shared.publish(&mut board);
        drop(board);
        self.watches = watches;
        self.watches.append(&mut added);
        self.shared.progress.expect(self.watches.iter().map(|watch| &watch.options));
        Ok(())
    }

    /// Takes away what sources have said.
    fn forget(&self, watches: &[Watch]) {
        let mut board = self.shared.board();
        watches.iter().for_each(|watch| board.remove(watch.id));
    }

    fn watch(&mut self, source: Source) -> io::Result<Watch> {
        let id = self.ids;
        self.ids += 1;
        let (again, orders) = mpsc::channel();
        let first_look = Arc::new(OnceLock::new());
        let watch = Watch {
            id,
            options: source.options().clone(),
            city: source.city().map(str::to_owned),
            first_look: Arc::clone(&first_look),
            again,
        };
        let patience = Patience::new(source.options().every, orders);
        let watched = Watched { shared: Arc::clone(&self.shared), id, source, first_look };
        spawn_vital(&format!("source-{id}"), move || watched.run(patience))?;
        Ok(watch)
    }
}

/// What the thread of a source holds.
struct Watched {
    shared: Arc<Shared>,
    id: usize,
    source: Source,
    first_look: Arc<OnceLock<bool>>,
}

impl Watched {
    /// Publishes what the source has seen, until its [`Watch`] is dropped.
    fn run(mut self, mut patience: Patience) {
        loop {
            let mut looked = self.source.next(&mut patience);
            self.shared.progress.count();
            if patience.is_over() {
                return self.shared.board().ended(self.id);
            }
            self.post(&mut looked, patience.now());
            if !looked.more {
                self.complete();
            }
        }
    }

    fn post(&mut self, looked: &mut Looked, now: Timestamp) {
        let waiting = post(&mut self.shared.board(), self.id, &mut self.source, looked, now);
        self.source.note_waiting(waiting, now);
    }

    /// What is done when a look has seen all that there is.
    fn complete(&self) {
        let shared = &self.shared;
        // First, as a card may be slow.
        shared.publish(&mut shared.board());
        if shared.keep_days() {
            shared.publish(&mut shared.board());
        }
        if let Some((true, with_pasts)) = shared.state.as_ref().map(State::is_due) {
            shared.save(with_pasts);
        }
        if self.first_look.get().is_none() {
            let tries = shared.tries();
            let _ = self.first_look.set(self.source.is_good() == Some(true));
            drop(tries);
            shared.tried.notify_all();
        }
    }
}

/// How long a reload waits for a new source.
const RELOAD: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::fs::{self, File};
    use std::time::{Instant, SystemTime};

    use super::*;
    use crate::file::Scratch;
    use crate::reading::Quantity;
    use crate::reading::Station;
    use crate::time::AHEAD;

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
            let source = SourceOptions::files(self.sensor.clone(), EVERY);
            Options {
                stations: Vec::new(),
                sources: vec![source],
                city: city.map(str::to_owned),
                state: None,
            }
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
        assert_eq!(temperature(&sampler.snapshot(Timestamp::now())), known);
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
        let first = sampler.snapshot(Timestamp::now());
        assert_eq!(logged(), ["INFO readable, stations: 1; it has no name, --city gives it one"]);
        for broken in [r#"{"temp": "#, "", r#"{"temp": null}"#] {
            board.write(broken);
            check(&mut sampler, None, Some(1.0));
        }
        fs::remove_file(&board.sensor).expect("removed");
        check(&mut sampler, None, Some(1.0));
        assert!(Arc::ptr_eq(&sampler.snapshot(Timestamp::now()), &first), "the readings keep their time");
        let warning =
            "WARN not JSON: EOF while parsing a value at line 1 column 9; the last good readings are kept";
        assert_eq!(logged(), [warning, "INFO dropped: temp: not a number"]);
        board.write(r#"{"city": "Bonn", "temp": 2, "humidity": 200, "rain": null}"#);
        check(&mut sampler, Some(2.0), Some(2.0));
        check(&mut sampler, None, Some(2.0));
        let expected = "INFO readable, stations: 1, values dropped: 2 (`weatherhook check` says why)";
        let losses =
            ["INFO dropped: humidity: 200.0 % is outside 1 to 103 %", "INFO dropped: rain: not a number"];
        assert_eq!(logged(), [expected, losses[0], losses[1]]);
    }

    #[test]
    fn what_waits_is_logged_once_an_hour() {
        logged();
        let board = Board::new();
        let now = Timestamp::now();
        let mut text = String::new();
        let mut say = |ago: u64, temperature: f64| {
            let at = now.before(Duration::from_secs(ago)).epoch_seconds();
            text += &format!("{{\"time\": {at}, \"id\": 7, \"temp\": {temperature}}}\n");
            board.write(&text);
        };
        (30..40).rev().for_each(|ago| say(ago * 60, 4.0));
        let mut sampler = board.sampler();
        sampler.sample(now);
        logged();
        say(1500, 59.0);
        sampler.sample(now);
        let line = "INFO waiting: 7: temperature 59.0 °C, is far from 4.0 °C before it; it is shown when a second \
                    reading supports it";
        assert_eq!(logged(), [line]);
        say(1400, 4.0);
        sampler.sample(now);
        say(1300, -31.0);
        sampler.sample(now);
        assert_eq!(logged(), [""; 0]);
    }

    #[test]
    fn a_driver_may_fail_now_and_then() {
        logged();
        let board = Board::new();
        let say = |checksum: &str| {
            let bytes = "4b 01 4b 46 7f ff 05 10 e1";
            board.scratch.write("w1_slave", format!("{bytes} : crc=e1 {checksum}\n{bytes} t=20687\n"));
        };
        let source = SourceOptions::files(board.scratch.path("w1_slave"), EVERY);
        let mut sampler = Sampler::new(Options { sources: vec![source], ..board.options(None) });
        let start = SystemTime::now();
        let after = |seconds| Timestamp::from(start + Duration::from_secs(seconds));
        for (seconds, checksum) in [(0, "YES"), (5, "NO"), (10, "YES"), (15, "NO"), (69, "NO")] {
            say(checksum);
            sampler.sample(after(seconds));
        }
        let lines = logged();
        assert!(matches!(&lines[..], [line] if line.contains("readable")), "{lines:?}");
        sampler.sample(after(71));
        let lines = logged();
        assert!(
            matches!(&lines[..], [line] if line.contains("the last good readings are kept")),
            "{lines:?}"
        );
    }

    #[test]
    fn a_file_may_come_later() {
        logged();
        let board = Board::new();
        let mut sampler = Sampler::new(board.options(Some("London")));
        let london = |sampler: &mut Sampler| {
            sampler.snapshot(Timestamp::now()).stations().first().expect("a station").clone()
        };
        assert_eq!(london(&mut sampler), Station::called(Some("London".to_owned())));
        assert!(sampler.sample(Timestamp::now()).is_none());
        assert!(sampler.sample(Timestamp::now()).is_none());
        assert_eq!(logged(), ["WARN no such file, expected the sensor file; there are no readings yet"]);
        board.write(r#"[{"city": "Bonn", "temp": 2}]"#);
        let snapshot = sampler.sample(Timestamp::now()).expect("a snapshot");
        let names: Vec<_> = snapshot.stations().iter().map(|station| station.city.as_deref()).collect();
        assert_eq!(names, [Some("Bonn")]);
        board.write(r#"{"temp": 1}"#);
        sampler.sample(Timestamp::now());
        assert_eq!(london(&mut sampler).city.as_deref(), Some("London"));
        assert_eq!(temperature(&sampler.snapshot(Timestamp::now())), Some(1.0));
    }

    #[test]
    fn what_is_written_in_the_future_while_we_run_counts_as_now() {
        let board = Board::with(r#"{"temp": 1}"#);
        let mut sampler = board.sampler();
        check(&mut sampler, Some(1.0), Some(1.0));
        board.write_at(r#"{"temp": 2}"#, SystemTime::now() + 2 * EVERY);
        let now = in_an_hour();
        let snapshot = sampler.sample(now).expect("a snapshot");
        assert_eq!(snapshot.stations().first().expect("a station").newest(), Some(now));
        // Not read again, or it would look new for ever.
        assert!(sampler.sample(Timestamp::now()).is_none());
        assert_eq!(
            sampler.snapshot(Timestamp::now()).stations().first().expect("a station").newest(),
            Some(now)
        );
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
                "WARN from the future by 1 h, so its age is unknown; waiting until it is written again; there are no \
                 readings yet"
            );
            (board, sampler)
        };
        // It is written again, still from the future.
        let (written, mut sampler) = board();
        written.write_at(r#"{"temp": 2}"#, future + EVERY);
        check(&mut sampler, Some(2.0), Some(2.0));
        // The clock is set.
        let (_unchanged, mut sampler) = board();
        let snapshot = sampler.sample((future + EVERY).into()).expect("a snapshot");
        assert_eq!(snapshot.stations().first().expect("a station").newest(), Some(future.into()));
        // Clocks differ a little.
        let ahead = Board::new();
        ahead.write_at(r#"{"temp": 3}"#, SystemTime::now() + AHEAD / 2);
        check(&mut ahead.sampler(), Some(3.0), Some(3.0));
    }

    /// The sources of the board, looked at by their threads.
    fn running(board: &Board) -> Running {
        board.sampler().start(Box::new(|_| {})).expect("threads")
    }

    fn with(mut options: Options, added: &[PathBuf]) -> Options {
        options.sources.extend(added.iter().map(|file| SourceOptions::files(file.clone(), EVERY)));
        options
    }

    #[test]
    fn a_clock_that_is_set_back_holds_nothing_up() {
        let line = |at: SystemTime, value: u32| {
            let since = at.duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_secs();
            format!("{{\"city\": \"Bonn\", \"temp\": {value}, \"time\": {since}}}\n")
        };
        let (now, ahead) = (SystemTime::now(), SystemTime::now() + EVERY);
        let board = Board::new();
        let log = line(ahead, 1) + &line(ahead, 2);
        board.write_at(&log, ahead);
        let mut sampler = board.sampler();
        sampler.sample(ahead.into());
        assert_eq!(temperature(&sampler.snapshot(ahead.into())), Some(2.0));
        board.write_at(&(log.clone() + &line(now, 3)), now);
        sampler.sample(now.into());
        assert_eq!(temperature(&sampler.snapshot(now.into())), Some(3.0));
        // Of another sensor of the place, too.
        let mut sampler = Sampler::new(with(board.options(None), &[board.scratch.path("other.json")]));
        board.write_at(&log, ahead);
        sampler.sample(ahead.into());
        board.scratch.write("other.json", r#"{"city": "Bonn", "temp": 4}"#);
        sampler.sample(now.into());
        assert_eq!(temperature(&sampler.snapshot(now.into())), Some(4.0));
    }

    /// What is saved of the past, when it is as wanted.
    fn pasts(running: &Running, wanted: impl Fn(&str) -> bool) -> String {
        let until = Instant::now() + Duration::from_secs(20);
        loop {
            let pasts = running.shared.board().pasts();
            if wanted(&pasts) {
                return pasts;
            }
            assert!(Instant::now() < until, "{pasts}");
            std::thread::yield_now();
        }
    }

    /// Two readings, so that each supports the other: the older one was made this long ago.
    fn twice(temperature: i32, ago: Duration) -> String {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
        let before = (since - ago - Duration::from_secs(60)).as_secs();
        format!(
            r#"[{{"city": "Bonn", "temp": {temperature}, "time": {before}}}, {{"city": "Bonn", "temp": {temperature}, "time": {}}}]"#,
            before + 60
        )
    }

    #[test]
    fn what_a_refused_source_says_is_not_remembered() {
        let board = Board::with(&twice(1, Duration::ZERO));
        let mut running = running(&board);
        let before = pasts(&running, |pasts| !pasts.is_empty());
        let fridge = board.scratch.write("fridge.json", twice(-18, Duration::ZERO));
        let missing = board.scratch.path("missing.json");
        assert!(running.reload(with(board.options(None), &[fridge.clone(), missing])).is_err());
        assert_eq!(running.shared.board().pasts(), before);
        // Once it is in force it is.
        assert_eq!(running.reload(with(board.options(None), &[fridge])), Ok(()));
        pasts(&running, |pasts| pasts.contains(",-1800,100"));
    }

    #[test]
    fn a_log_that_is_added_tells_its_past_too() {
        let board = Board::with(r#"{"city": "Bonn", "temp": 1}"#);
        let mut running = running(&board);
        let line =
            |hours| format!("{{\"city\": \"Ulm\", \"temp\": -1{hours}, \"time\": \"{}\"}}\n", written(hours));
        let log = board.scratch.write("log.json", line(5) + &line(4));
        assert_eq!(running.reload(with(board.options(None), &[log])), Ok(()));
        pasts(&running, |pasts| pasts.contains(",-1500,-1500") && pasts.contains(",-1400,-1400"));
    }

    /// A look at a log of any size needs the memory of a chunk, and goes on where it was.
    #[test]
    fn a_long_log_is_read_in_steps() {
        let board = Board::new();
        let line = |minutes: u32, value: u32| {
            let at = SystemTime::now() - Duration::from_secs(60 * u64::from(minutes));
            let since = at.duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_secs();
            format!("{{\"city\": \"Bonn\", \"temp\": {value}, \"time\": {since}}}\n")
        };
        let lines = 10_000;
        board.write(&(1..=lines).map(|n| line(1 + (lines - n) / 60, n % 10)).collect::<String>());
        let mut source = Source::new(SourceOptions::files(board.sensor.clone(), EVERY), None);
        let (mut steps, mut records) = (0, 0);
        loop {
            let looked = source.next(&mut Patience::none(Timestamp::now()));
            let seen: usize = looked.changes.iter().map(|(_, change)| change.records().len()).sum();
            assert!(seen < 2000, "{seen} records in one step");
            steps += 1;
            records += seen;
            if !looked.more {
                break;
            }
        }
        assert_eq!(records, 10_000);
        assert!(steps > 5, "{steps} steps");
        assert_eq!(source.is_good(), Some(true));
        // The next look has nothing to go on with.
        let looked = source.next(&mut Patience::none(Timestamp::now()));
        assert!(looked.changes.is_empty() && !looked.more);
    }

    /// The time so many hours ago, in seconds.
    fn written(hours: u32) -> String {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
        (since - hours * EVERY).as_secs().to_string()
    }

    #[test]
    fn a_removed_source_that_still_runs_says_nothing() {
        let board = Board::with(r#"{"city": "Bonn", "temp": 1}"#);
        let mut sampler = board.sampler();
        sampler.board.remove(0);
        sampler.sample(Timestamp::now());
        assert_eq!(sampler.board.pasts(), "");
        assert!(sampler.snapshot(Timestamp::now()).stations().is_empty());
    }

    #[test]
    fn a_look_that_hung_takes_nothing_from_what_others_said_meanwhile() {
        let board = Board::with(&twice(1, Duration::ZERO));
        let running = running(&board);
        pasts(&running, |pasts| pasts.contains(",100,100"));
        let hung = Board::new();
        hung.write_at(&twice(2, 2 * EVERY), SystemTime::now() - 2 * EVERY);
        // It begins an hour ago and ends now.
        let now = Timestamp::now();
        let mut source = Source::new(SourceOptions::files(hung.sensor.clone(), EVERY), None);
        let mut looked = source.next(&mut Patience::none(now.before(EVERY)));
        post(&mut running.shared.board(), 1, &mut source, &mut looked, now);
        let after = running.shared.board().pasts();
        assert!(after.contains(",100,100") && after.contains(",200,200"), "{after}");
    }

    #[test]
    fn what_is_no_sensor_file_is_one_fault() {
        #[track_caller]
        fn check(make: fn(&Board), expected: &str) {
            let board = Board::new();
            make(&board);
            let reports = board.sampler().reports(Timestamp::now());
            let faults: Vec<String> = reports[0].faults.iter().map(Fault::to_string).collect();
            assert_eq!(faults, [format!("{}: {expected}", board.sensor.display())]);
            assert!(!reports[0].is_good);
            assert!(board.sampler().sample(Timestamp::now()).is_none());
        }
        check(|_| {}, "no such file, expected the sensor file");
        check(|board| board.write(""), "empty, expected the readings of a sensor");
        check(|board| fs::create_dir(&board.sensor).expect("made"), "a directory, expected a regular file");
        check(|board| drop(board.scratch.mkfifo("sensor.json")), "a named pipe, expected a regular file");
        check(
            |board| File::create(&board.sensor).and_then(|file| file.set_len(1 << 30)).expect("made"),
            "larger than 4194304 bytes",
        );
        check(
            |board| fs::write(&board.sensor, b"{\"a\xff\" 1}").expect("written"),
            "not JSON: expected `:` at line 1 column 8",
        );
        check(
            |board| board.write("{\"temp\": 1"),
            "not JSON: EOF while parsing an object at line 1 column 10",
        );
        check(
            |board| board.write_at(r#"{"temp": 1}"#, SystemTime::now() + EVERY + Duration::from_secs(60)),
            "from the future by 1 h, so its age is unknown; waiting until it is written again",
        );
        check(
            |board| board.write(r#"{"city": "London", "temp": -9999, "inTemp": 20}"#),
            "no weather in it, expected names like temperature or humidity; `keys` says what its own names mean \
             (`weatherhook check` lists them)",
        );
    }
}
