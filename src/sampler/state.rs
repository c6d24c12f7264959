//! What is known of the past, kept over a restart: written seldom, as flash wears, and so that a power cut at any
//! moment costs little.
//!
//! `history` has the pasts of all stations and is replaced as a whole. `slots` is a journal of their series: what
//! has changed is appended each hour, and after three days the file becomes `slots.old` in place of the one before. So
//! a slot is written once or twice. `days` has a file for each station.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use log::warn;

use super::days;
use crate::file;
use crate::reading::{Day, Plots};
use crate::time::{AHEAD, Timestamp};

/// Between two writes of the journal: 11 kB a day for a station with all sensors, and this much is lost in a power cut.
const EVERY: Duration = Duration::from_secs(3600);

/// Writes of the journal for each of the histories, of 4 kB a station at most: 24 kB a day.
const HISTORY_EVERY: u32 = 4;

/// More than what is ever written, of all stations.
const BYTES: usize = 1 << 20;

/// What is read of a journal: three days of 64 stations have 2.5 MB. A larger one is put aside.
const JOURNAL_BYTES: u64 = 4 << 20;

/// The first line of the journal. What the lines hold is up to the table of rows.
const JOURNAL: &str = "weatherhook slots 1";

/// How long the clock has to go on steadily before a day is over: readings may be late, and a clock that was
/// set wrong is set right meanwhile.
const STEADY: Duration = Duration::from_secs(900);

/// The directory and when it was written last.
pub(super) struct State {
    directory: PathBuf,
    clock: Mutex<Clock>,
    /// The files that were reported as faulty.
    reported: Mutex<Vec<PathBuf>>,
    /// `None` if another process has it.
    lock: Result<Option<file::Lock>, ()>,
}

struct Clock {
    written: Instant,
    writes: u32,
    /// The slot in which the journal was begun.
    begun: Option<i64>,
    steady: Steady,
    /// The slot in which days were made last.
    finished: i64,
}

/// Whether a clock goes on as time does.
struct Steady {
    since: Instant,
    seen: Option<(Instant, Timestamp)>,
}

impl Steady {
    /// Whether the clock was not set for some time.
    fn is_steady(&mut self, now: Timestamp, instant: Instant) -> bool {
        if let Some((before, shown)) = self.seen.replace((instant, now)) {
            let passed = instant.saturating_duration_since(before);
            // Of the two differences one is zero.
            let went = now.age(shown) + shown.age(now);
            let is_back = now.age(shown) > AHEAD;
            if is_back || went.abs_diff(passed) > AHEAD {
                self.since = instant;
            }
        }
        instant.saturating_duration_since(self.since) >= STEADY
    }
}

impl State {
    /// systemd's directory for the service's state. Reports if nothing can be written there, or if another process
    /// does: of two that write, each would undo what the other has written.
    pub(super) fn open(directory: &Path) -> State {
        let (lock, fault) = match file::lock(directory) {
            Ok(Some(lock)) => (Ok(Some(lock)), file::is_writable(directory).err()),
            Ok(None) => (Ok(None), None),
            Err(error) => (Err(()), Some(error)),
        };
        let shown = directory.display();
        if let Some(error) = fault {
            warn!("{shown}: {error}; the past will not be known after a restart");
        } else if matches!(lock, Ok(None)) {
            warn!(
                "{shown}: another weatherhook writes there; this one will not know its past after a restart"
            );
        }
        let now = Instant::now();
        let clock = Clock {
            written: now,
            writes: 0,
            begun: None,
            steady: Steady { since: now, seen: None },
            finished: 0,
        };
        State { directory: directory.to_owned(), clock: Mutex::new(clock), reported: Mutex::default(), lock }
    }

    /// Whether another process writes into the directory.
    fn is_taken(&self) -> bool {
        matches!(self.lock, Ok(None))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    fn clock(&self) -> MutexGuard<'_, Clock> {
        self.clock.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reports a fault of a file once, until it is good again. `true` if there is none.
    fn report<T>(&self, path: &Path, result: &io::Result<T>, consequence: &str) -> bool {
        let mut reported = self.reported.lock().unwrap_or_else(PoisonError::into_inner);
        let known = reported.iter().position(|known| known == path);
        match (result, known) {
            (Ok(_), Some(known)) => drop(reported.swap_remove(known)),
            (Err(error), None) => {
                warn!("{}: {error}; {consequence}", path.display());
                reported.push(path.to_owned());
            }
            _ => {}
        }
        result.is_ok()
    }

    /// What the file of the pasts says.
    pub(super) fn pasts(&self) -> String {
        let path = self.path("history");
        match file::read_small(&path, BYTES) {
            Ok(contents) => String::from_utf8_lossy(&contents.bytes).into_owned(),
            Err(error) => {
                if error.kind() != io::ErrorKind::NotFound {
                    warn!("{}: {error}; the past is not known", path.display());
                }
                String::new()
            }
        }
    }

    /// What the journal says, the older part first.
    pub(super) fn journal(&self) -> String {
        let mut text = String::new();
        for name in ["slots.old", "slots"] {
            let path = self.path(name);
            let lines = file::read_lines(&path, JOURNAL, JOURNAL_BYTES);
            self.report(&path, &lines, "the last three days are not known");
            let lines = lines.unwrap_or_default();
            let begun = lines.lines().find_map(|line| line.strip_prefix('+')?.parse().ok());
            self.clock().begun = begun;
            text += &lines;
        }
        text
    }

    /// Reports lines that cannot be read, which a fault of the disk has changed.
    pub(super) fn report_broken(&self, name: &str, lines: usize) {
        if lines > 0 {
            warn!("{}: lines that cannot be read: {lines}; what they say is lost", self.path(name).display());
        }
    }

    /// What it is time to write: whether the journal, and whether the histories. If several threads ask at the same time, one gets
    /// `true`.
    pub(super) fn is_due(&self) -> (bool, bool) {
        let Ok(mut clock) = self.clock.try_lock() else { return (false, false) };
        if clock.written.elapsed() < EVERY {
            return (false, false);
        }
        clock.written = Instant::now();
        clock.writes += 1;
        (true, clock.writes % HISTORY_EVERY == 0)
    }

    /// Replaces the file of the pasts.
    pub(super) fn write_pasts(&self, text: &str) {
        if self.is_taken() {
            return;
        }
        let path = self.path("history");
        let written = file::replace(&path, text);
        self.report(&path, &written, "the past will not be known after a restart");
    }

    /// Appends what has changed in the series to the journal.
    pub(super) fn write_journal(&self, changes: &str, now: Timestamp) {
        if changes.is_empty() || self.is_taken() {
            return;
        }
        let (path, slot) = (self.path("slots"), Plots::slot(now));
        let begun = self.clock().begun;
        let is_long = fs::metadata(&path).is_ok_and(|metadata| metadata.len() > JOURNAL_BYTES);
        if is_long || begun.is_some_and(|begun| !(0..i64::from(Plots::SLOTS)).contains(&(slot - begun))) {
            // If that fails, appending does, too.
            let _ = fs::rename(&path, self.path("slots.old"));
            self.clock().begun = None;
        }
        self.clock().begun.get_or_insert(slot);
        let write = || file::append(&path, JOURNAL, &format!("+{slot}\n{changes}"));
        let written = write().or_else(|error| match error.kind() {
            // That of another version.
            io::ErrorKind::InvalidData => fs::rename(&path, self.path("slots.old")).and_then(|()| write()),
            _ => Err(error),
        });
        self.report(&path, &written, "the last three days will not be known after a restart");
    }

    /// Whether days that are over are to be made now: once in a slot, while the clock is steady.
    pub(super) fn is_day_due(&self, now: Timestamp) -> bool {
        let Ok(mut clock) = self.clock.try_lock() else { return false };
        let slot = Plots::slot(now);
        let is_steady = clock.steady.is_steady(now, Instant::now());
        is_steady && std::mem::replace(&mut clock.finished, slot) != slot
    }

    /// The days of a station.
    pub(super) fn days(&self, station: &str) -> Vec<Day> {
        let days = days::read(&self.directory, station);
        // That it can be read does not end the report that nothing can be added to it.
        if days.is_err() {
            self.report(&days::path(&self.directory, station), &days, "its days are not known");
        }
        days.unwrap_or_default()
    }

    /// Adds days to those of a station. Whether they are on the disk.
    pub(super) fn append_days(&self, station: &str, days: &[Day]) -> bool {
        if self.is_taken() {
            return false;
        }
        let appended = days::append(&self.directory, station, days);
        self.report(&days::path(&self.directory, station), &appended, "no more days are kept")
    }
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::io::{BufRead as _, BufReader};
    use std::process::{Command, Stdio};
    use std::sync::Arc;

    use super::*;
    use crate::file::Scratch;
    use crate::format::Record;
    use crate::reading::{Column, Device, Diary, Observed, Quantity, Station};
    use crate::sampler::board::Board;
    use crate::sampler::source::Change;
    use crate::time::Date;

    /// A board with its state, whose clock the test moves.
    struct Rig {
        board: Board,
        state: State,
    }

    const H: i64 = 3600;

    /// Some days before the present, so that nothing is from the future.
    fn begin() -> i64 {
        1_790_510_400
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis((begin() + second) * 1000).expect("an instant")
    }

    impl Rig {
        fn start(scratch: &Scratch, now: Timestamp) -> Rig {
            Rig::open(&scratch.path(""), now)
        }

        fn open(directory: &Path, now: Timestamp) -> Rig {
            let mut board = Board::new(&[], None);
            let state = State::open(directory);
            board.restore(&state.pasts());
            board.restore_series(&state.journal(), now);
            let mut rig = Rig { board, state };
            rig.read_days();
            rig
        }

        fn read_days(&mut self) {
            for station in self.board.unread() {
                self.board.learn(&station, self.state.days(&station));
            }
        }

        /// What a station with all sensors says.
        fn post(&mut self, city: &str, second: i64) {
            let wave = (second % (24 * H) - 12 * H).abs() as f64 / 3600.0;
            let values = [
                (Quantity::Temperature, 20.0 - wave),
                (Quantity::Humidity, 50.0 + wave),
                (Quantity::StationPressure, 950.12 + wave),
                (Quantity::SeaLevelPressure, 1010.34 + wave),
                (Quantity::WindSpeed, 3.21 + wave / 10.0),
                (Quantity::WindGust, 7.65 + wave / 10.0),
                (Quantity::RainCounter, 1234.2 + 0.2 * (second / 1800) as f64),
            ];
            self.say(city, second, &values);
        }

        fn say(&mut self, city: &str, second: i64, values: &[(Quantity, f64)]) {
            self.say_as(Device::default(), city, second, values);
        }

        fn say_as(&mut self, device: Device, city: &str, second: i64, values: &[(Quantity, f64)]) {
            let mut station = Station::called(Some(city.to_owned()));
            for &(quantity, value) in values {
                station.update(quantity, Observed { value, at: at(second) });
            }
            let around = Device::default();
            self.board.post((0, 0), None, Change::More(vec![Record { device, around, station }]), at(second));
            self.read_days();
        }

        fn write(&mut self, second: i64, with_pasts: bool) {
            self.state.write_journal(&self.board.series_changes(), at(second));
            if with_pasts {
                self.state.write_pasts(&self.board.pasts());
            }
        }

        fn finish(&mut self, second: i64) {
            for (station, days) in self.board.finish(at(second)) {
                if self.state.append_days(&station, &days) {
                    self.board.written(&station, days.len());
                }
            }
        }

        fn diary(&mut self, second: i64) -> Arc<Diary> {
            self.board
                .snapshot(at(second))
                .0
                .stations()
                .first()
                .expect("a station")
                .diary
                .clone()
                .expect("a diary")
        }
    }

    fn size(scratch: &Scratch, name: &str) -> u64 {
        fs::metadata(scratch.path(name)).map_or(0, |metadata| metadata.len())
    }

    /// As `Shared` writes: the bytes of each day stay below 50 kB, and what was written is known after a restart.
    #[test]
    fn a_week_of_writes_is_small_and_known_after_a_restart() {
        let scratch = Scratch::new();
        let mut rig = Rig::start(&scratch, at(0));
        let (mut written, mut most, mut week) = (0, 0, 0);
        for minute in 0..8 * 24 * 60 {
            let second = minute * 60;
            rig.post("London", second);
            if minute % 10 == 0 {
                let before = size(&scratch, "days/london.csv");
                rig.finish(second);
                written += size(&scratch, "days/london.csv") - before;
            }
            if minute % 60 == 59 {
                let before = size(&scratch, "slots");
                let with_pasts = minute / 60 % i64::from(HISTORY_EVERY) == 0;
                rig.write(second, with_pasts);
                // After it was put aside all of it is new.
                let after = size(&scratch, "slots");
                written += after.checked_sub(before).unwrap_or(after);
                written += if with_pasts { size(&scratch, "history") } else { 0 };
            }
            if minute % (24 * 60) == 24 * 60 - 1 {
                (most, week) = (most.max(written), week + written);
                written = 0;
            }
        }
        println!("bytes written by a station: {most} on a day, {} on average", week / 8);
        assert!((5_000..50_000).contains(&most), "{most}");
        assert!(size(&scratch, "slots.old") + size(&scratch, "slots") < 150_000);
        // The newest hour was written with its last minute.
        let last = 8 * 24 * H - 60;
        let before = rig.diary(last);
        drop(rig);
        let mut rig = Rig::start(&scratch, at(last));
        rig.say("London", last, &[(Quantity::UvIndex, 1.0)]);
        let after = rig.diary(last);
        assert_eq!(before.days, after.days);
        assert_eq!(before.open.len(), 1);
        assert!(before == after, "not the same after a restart");
        let days = &after.days;
        assert!(days.len() >= 7 && days[1..].iter().all(|day| day.covered == 100), "{days:?}");
        assert!(days.windows(2).all(|pair| pair[0].date.next() == pair[1].date));
        assert_eq!(days[2].value(Column::Rain), Some(9.6));
    }

    /// The days of an outage are over when it ends. The series then has no room for the first of them.
    #[test]
    fn the_day_before_an_outage_is_kept_whole() {
        let scratch = Scratch::new();
        let mut rig = Rig::start(&scratch, at(0));
        let day = Date::of(at(0)).next();
        let end = i64::from(Plots::SLOT) * (Plots::slot(day.next().start()) - Plots::slot(at(0)));
        for second in (0..end).step_by(300) {
            rig.post("London", second);
        }
        rig.write(end - 1, true);
        drop(rig);
        let later = end + 60 * H;
        let mut rig = Rig::start(&scratch, at(later));
        rig.post("London", later);
        rig.finish(later);
        let found = rig.state.days("london");
        let covered = found.iter().find(|found| found.date == day).map(|found| found.covered);
        assert_eq!(covered, Some(100), "{found:?}");
        assert_eq!(found, rig.diary(later).days.to_vec());
        // An import may add the days of which the series has only a part.
        let other = Scratch::new();
        let mut rig = Rig::start(&other, at(0));
        for second in (0..later).step_by(300) {
            rig.post("London", second);
        }
        rig.finish(later);
        let found = rig.state.days("london");
        assert!(found.len() == 2 && found.iter().all(|found| found.covered == 100), "{found:?}");
    }

    /// The clock is a day ahead for a while, so that today is over. It is then shown as it goes on, and kept once more.
    #[test]
    fn a_day_that_a_wrong_clock_has_ended_goes_on() {
        let scratch = Scratch::new();
        let mut rig = Rig::start(&scratch, at(0));
        let day = Date::of(at(24 * H));
        for second in (0..72 * H).step_by(300) {
            rig.post("London", second);
            if second == 24 * H {
                rig.finish(second + 24 * H);
                assert!(
                    rig.state
                        .days("london")
                        .iter()
                        .any(|known| known.date == day && known.covered < Day::WHOLE)
                );
            }
            if (24 * H..25 * H).contains(&second) {
                let diary = rig.diary(second);
                assert!(diary.days.iter().all(|known| known.date < day), "{:?}", diary.days);
                assert_eq!(diary.day(day), diary.open.last());
            }
        }
        for _ in 0..2 {
            rig.finish(72 * H);
            let known: Vec<u8> = rig
                .state
                .days("london")
                .iter()
                .filter(|known| known.date == day)
                .map(|day| day.covered)
                .collect();
            assert!(known.len() == 2 && known[1] == 100, "{known:?}");
            assert_eq!(rig.diary(72 * H).day(day).map(|day| day.covered), Some(100));
        }
        let mut rig = Rig::start(&scratch, at(72 * H));
        rig.post("London", 72 * H);
        assert_eq!(rig.diary(72 * H).day(day).map(|day| day.covered), Some(100));
    }

    /// A new battery makes a new gauge of the same: what fell before is then not known, and is no part of a sum.
    #[test]
    fn a_day_with_two_gauges_has_no_sum_of_rain() {
        let scratch = Scratch::new();
        let mut rig = Rig::start(&scratch, at(0));
        let of_first = |second: i64| 10.0 + second as f64 / 3600.0;
        let gauge = |id: &str| Device { id: Some(id.to_owned()), ..Device::default() };
        for second in (0..48 * H).step_by(300) {
            rig.say("London", second, &[(Quantity::Temperature, 5.0)]);
            // It is dead for two hours, of which the new one says nothing.
            let (id, is_dead) = (if second < 20 * H { "1" } else { "2" }, (18 * H..20 * H).contains(&second));
            if !is_dead {
                rig.say_as(gauge(id), "London", second, &[(Quantity::RainCounter, of_first(second))]);
            }
            if second % H == H - 300 {
                rig.write(second, false);
            }
        }
        let day = Date::of(at(20 * H));
        let end = 48 * H - 300;
        for _ in 0..2 {
            let diary = rig.diary(end);
            let rain = |date| diary.day(date).expect("a day").value(Column::Rain);
            assert_eq!(rain(day), None);
            assert!(rain(day.next()).is_some());
            rig = Rig::start(&scratch, at(end));
            rig.say("London", end, &[(Quantity::Temperature, 5.0)]);
        }
    }

    /// Three days without a restart, and the files as a power cut leaves them at every byte of the last writes.
    #[test]
    fn a_torn_write_costs_no_day() {
        let scratch = Scratch::new();
        let mut rig = Rig::start(&scratch, at(0));
        for minute in (0..50 * 60).step_by(5) {
            rig.post("London", minute * 60);
            if minute % 60 == 55 {
                rig.write(minute * 60, false);
            }
        }
        let end = Date::of(at(50 * H)).start();
        let second = 50 * H - H / 4;
        assert!(end < at(second));
        let journal = fs::read(scratch.path("slots")).expect("a journal");
        drop(rig);
        let last_write = journal.iter().rposition(|&byte| byte == b'+').expect("a write");
        for cut in (last_write..journal.len()).step_by(7) {
            fs::write(scratch.path("slots"), &journal[..cut]).expect("written");
            let _ = fs::remove_file(scratch.path("days/london.csv"));
            let mut rig = Rig::start(&scratch, at(second));
            rig.post("London", second);
            rig.finish(second);
            rig.write(second, false);
            let diary = rig.diary(second);
            let whole = diary.days.iter().filter(|day| day.covered == 100).count();
            assert!(whole >= 1 && diary.days.len() >= 2, "{cut}: {:?}", diary.days);
            // What follows a torn line is read.
            drop(rig);
            let mut again = Rig::start(&scratch, at(second));
            again.post("London", second);
            assert_eq!(again.diary(second).days, diary.days, "{cut}");
            assert_eq!(again.diary(second).open, diary.open, "{cut}");
        }
        let table = fs::read(scratch.path("days/london.csv")).expect("a table");
        for cut in 0..table.len() {
            fs::write(scratch.path("days/london.csv"), &table[..cut]).expect("written");
            fs::write(scratch.path("slots"), &journal).expect("written");
            let mut rig = Rig::start(&scratch, at(second));
            rig.post("London", second);
            rig.finish(second);
            let mended = fs::read_to_string(scratch.path("days/london.csv")).expect("text");
            assert_eq!(mended, String::from_utf8_lossy(&table), "{cut}");
        }
    }

    /// What the process that is killed begins with: a second and the directory.
    const WRITER: &str = "WEATHERHOOK_TEST_WRITER";

    /// The day of the second, counted from the first one.
    fn day_of(second: i64) -> i32 {
        Date::of(at(second)).days_after(Date::of(at(0)))
    }

    /// A board that writes every ten minutes of its clock until the process is killed. The temperature is the number of the
    /// day.
    fn write_until_killed(begin: i64, directory: &str) {
        let mut rig = Rig::open(Path::new(directory), at(begin));
        for second in (begin..).step_by(600) {
            println!("\n+{second}");
            rig.say("London", second, &[(Quantity::Temperature, day_of(second).into())]);
            rig.finish(second);
            rig.write(second, second % (4 * H) == 0);
        }
    }

    /// The process is killed 200 times while it writes. No row that was written is lost or another one afterwards. None is
    /// torn or of a false day, and each lacks no more than the slot of each kill.
    #[test]
    fn a_kill_at_any_moment_costs_no_day() {
        if let Ok(text) = env::var(WRITER) {
            let (begin, directory) = text.split_once(' ').expect("a second and a directory");
            return write_until_killed(begin.parse().expect("a second"), directory);
        }
        let scratch = Scratch::new();
        let name = "sampler::state::tests::a_kill_at_any_moment_costs_no_day";
        let mut command = Command::new(env::current_exe().expect("this test's own binary"));
        command.args([name, "--exact", "--nocapture"]).stdout(Stdio::piped());
        let (mut second, mut known, mut seed) = (0, Vec::<Day>::new(), 0x9e37_79b9_7f4a_7c15_u64);
        let mut kills = Vec::new();
        for _ in 0..200 {
            command.env(WRITER, format!("{second} {}", scratch.path("").display()));
            let mut child = command.spawn().expect("a process");
            let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
            let mut seconds = lines.filter_map(|line| line.strip_prefix('+')?.parse::<i64>().ok());
            seed = seed.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
            let begun = seconds.nth(usize::try_from(seed >> 60).expect("below 16")).expect("it writes");
            // What is random here is the moment alone.
            let moment = Instant::now() + Duration::from_micros(seed >> 40 & 4095);
            while Instant::now() < moment {
                std::hint::spin_loop();
            }
            child.kill().expect("killed");
            let last = seconds.last().unwrap_or(begun);
            child.wait().expect("its end");
            kills.push(day_of(last));
            second = last + 600;

            let days = Rig::start(&scratch, at(second)).state.days("london");
            assert!(days.starts_with(&known), "lost or changed: {days:?}, before: {known:?}");
            for day in &days[known.len()..] {
                let number = day.date.days_after(Date::of(at(0)));
                let values = [Column::LowestTemperature, Column::MeanTemperature, Column::HighestTemperature];
                assert_eq!(values.map(|column| day.value(column)), [Some(number.into()); 3], "{day}");
                let lost = kills.iter().filter(|day| **day == number).count();
                assert!(
                    number == 0 || 144 * usize::from(day.covered) + 143 >= 100 * (144 - lost),
                    "{day}: {lost}"
                );
            }
            known = days;
        }
        let table = fs::read_to_string(scratch.path("days/london.csv")).expect("a table");
        assert_eq!(table.lines().skip(1).filter(|line| Day::parse(line).is_some()).count(), known.len());
        assert!(
            known.len() > 5 && known.windows(2).all(|pair| pair[0].date.next() == pair[1].date),
            "{table}"
        );
    }

    #[test]
    fn what_is_no_table_of_days_is_left_alone() {
        let scratch = Scratch::new();
        let mut rig = Rig::start(&scratch, at(0));
        for minute in (0..50 * 60).step_by(10) {
            rig.post("London", minute * 60);
        }
        fs::create_dir(scratch.path("days")).expect("a directory");
        for foreign in ["date;temperature\n2026-01-01;5\n", "\u{0}\u{ff}", "x"] {
            scratch.write("days/london.csv", foreign);
            for _ in 0..2 {
                rig.finish(50 * H);
            }
            assert_eq!(fs::read_to_string(scratch.path("days/london.csv")).expect("text"), foreign);
            assert_eq!(rig.state.reported.lock().expect("the list").len(), 1);
            // They are known as long as the program runs, and written when that is possible.
            assert!(rig.diary(50 * H).days.len() >= 2);
        }
        scratch.write("days/london.csv", "");
        rig.finish(50 * H);
        assert_eq!(rig.state.days("london"), rig.diary(50 * H).days.to_vec());
        assert!(rig.state.reported.lock().expect("the list").is_empty());
        // That it can be read does not mean that rows can be added.
        scratch.write("days/london.csv", Day::header() + "\n" + &"x".repeat(2 << 20));
        for _ in 0..2 {
            assert!(!rig.state.append_days("london", &[]) && rig.state.days("london").is_empty());
            assert_eq!(rig.state.reported.lock().expect("the list").len(), 1);
        }
        // A name that is no file.
        fs::remove_file(scratch.path("days/london.csv")).expect("removed");
        fs::create_dir(scratch.path("days/london.csv")).expect("a directory");
        assert!(rig.state.days("london").is_empty() && !rig.state.append_days("london", &[]));
    }

    /// A table of anything: no panic, and each row that is read is a possible one.
    #[test]
    fn a_mutated_table_is_read_as_far_as_it_is_one() {
        let day = |number: i32| {
            let mut day = Day::new(Date::of(at(0)).plus(number), 98);
            day.set(Column::LowestTemperature, -1.25);
            day.set(Column::LowestTemperatureTime, 400.0);
            day
        };
        let scratch = Scratch::new();
        let state = State::open(&scratch.path(""));
        let days: Vec<Day> = (0..20).map(day).collect();
        assert!(state.append_days("", &days[..10]) && state.append_days("", &days[10..]));
        assert_eq!(state.days(""), days);
        let written = fs::read(scratch.path("days/station.csv")).expect("a table");
        let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
        let mut below = |end: usize| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            usize::try_from(seed % end as u64).expect("small")
        };
        let mut read = 0;
        for _ in 0..500 {
            let mut bytes = written.clone();
            for _ in 0..=below(4) {
                let place = Day::header().len() + 1 + below(bytes.len() - Day::header().len() - 1);
                match below(3) {
                    0 => bytes[place] = b"0123456789,;-.:\n\xff"[below(17)],
                    1 => drop(bytes.remove(place)),
                    _ => bytes.truncate(place + 1),
                }
            }
            fs::write(scratch.path("days/station.csv"), bytes).expect("written");
            let found = state.days("");
            read += found.len();
            assert!(found.len() <= 20 && found.iter().all(|day| day.covered <= 100));
            // It goes on behind whatever is there.
            assert!(state.append_days("", &[day(100)]));
            assert_eq!(state.days("").last(), Some(&day(100)));
        }
        assert!(read > 2_000, "{read}");
    }

    #[test]
    fn ten_years_of_days_are_read_and_no_more() {
        let scratch = Scratch::new();
        let mut rig = Rig::start(&scratch, at(0));
        let days: Vec<Day> =
            (0..6_000).map(|number| Day::new(Date::of(at(0)).plus(number - 6_000), 100)).collect();
        assert!(rig.state.append_days("london", &days));
        // Out of order, as an import adds them; a date that is there already counts once.
        assert!(rig.state.append_days("london", &days[5_000..5_001]));
        rig.post("London", 0);
        let diary = rig.diary(0);
        assert_eq!(diary.days.len(), crate::sampler::kept::DAYS);
        assert!(diary.days.windows(2).all(|pair| pair[0].date.next() == pair[1].date));
        assert_eq!((diary.first(), diary.days.last()), (Some(days[2_340].date), days.last()));
        assert_eq!(diary.day(days[5_000].date), Some(&days[5_000]));
        assert_eq!(diary.range(days[5_990].date, Date::of(at(0))).count(), 11);
    }

    #[test]
    fn a_day_is_over_when_the_clock_is_steady() {
        let start = Instant::now();
        let mut steady = Steady { since: start, seen: None };
        let mut check = |seconds: u64, shown: i64, expected: bool| {
            let found = steady.is_steady(at(shown), start + Duration::from_secs(seconds));
            assert_eq!(found, expected, "{seconds} s after the start");
        };
        check(0, 0, false);
        check(899, 899, false);
        check(900, 900, true);
        check(960, 1_000, true);
        // A day ahead, and back.
        check(1_000, 90_000, false);
        check(1_060, 90_060, false);
        check(1_120, 1_120, false);
        check(2_019, 2_019, false);
        check(2_020, 2_020, true);
        // It stands still.
        check(2_200, 2_020, false);
    }

    #[test]
    fn the_least_recently_asked_station_gives_its_room() {
        let scratch = Scratch::new();
        let mut rig = Rig::start(&scratch, at(0));
        for number in 0..66 {
            rig.post(&format!("s{number}"), 0);
        }
        let has = |rig: &mut Rig, number: usize| {
            let snapshot = rig.board.snapshot(at(60)).0;
            snapshot.named(&format!("s{number}")).expect("a station").diary.is_some()
        };
        assert!(has(&mut rig, 63) && !has(&mut rig, 64));
        let snapshot = rig.board.snapshot(at(60)).0;
        for (number, station) in (0..).zip(snapshot.stations().iter()).filter(|(number, _)| *number != 7) {
            station.asked(at(60 * number));
        }
        rig.post("s64", 60);
        assert!(has(&mut rig, 64) && has(&mut rig, 8) && !has(&mut rig, 7));
        rig.post("s7", 60);
        assert!(!has(&mut rig, 7));
    }

    #[test]
    fn of_two_processes_one_writes() {
        let scratch = Scratch::new();
        let first = State::open(&scratch.path(""));
        let second = State::open(&scratch.path(""));
        second.write_pasts("second");
        second.write_journal("second", at(0));
        assert!(!second.append_days("london", &[]));
        assert_eq!(fs::read_dir(scratch.path("")).expect("a list").count(), 0);
        first.write_pasts("first");
        assert_eq!(second.pasts(), "first", "both read");
        drop(first);
        let third = State::open(&scratch.path(""));
        third.write_pasts("third");
        assert_eq!(third.pasts(), "third");
        assert!([second, third].iter().all(|state| state.reported.lock().expect("the list").is_empty()));
    }
}
