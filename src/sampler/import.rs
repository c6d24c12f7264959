//! Days made of older logs: these go through the same board as what is read live, day by day in the order of time.

use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{io, mem};

use super::board::{Board, Options as StationOptions};
use super::source::{Change, Fault, Options as SourceOptions, Patience, Source, TextOptions};
use super::state::State;
use super::{Options, days};
use crate::format::Record;
use crate::history::Series;
use crate::place::fold;
use crate::reading::{Day, Quantity, Reading};
use crate::time::{Date, Timestamp};

/// Rows that are written at a time.
const ROWS: usize = 100;

/// How long after midnight a day is over.
const LATE: Duration = Duration::from_secs(900);

/// What an import has to say.
pub enum Step<'s> {
    /// It has come to this day.
    Reads(Date),
    /// A day that is added.
    Adds(&'s Day),
    /// A file without readings of known times.
    Fails(&'s str),
}

/// Prints what an import has to say.
type Say<'s> = &'s mut dyn FnMut(Step<'_>) -> io::Result<()>;

/// What an import has done.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Days that were added, or would be.
    pub added: usize,
    /// Days that were there already.
    pub known: usize,
    /// Files without readings of known times.
    pub failed: usize,
}

/// Makes days of what `files` say of a station, and adds those to its file of days that are over and not in it. Without a
/// directory nothing is known and nothing written.
pub fn import(
    options: &Options,
    (station, files): (&str, &[PathBuf]),
    directory: Option<&Path>,
    writes: bool,
    now: Timestamp,
    say: Say<'_>,
) -> io::Result<Imported> {
    let is_it = |place: &&StationOptions| {
        let mut names = place.aliases.iter().chain([&place.city]);
        names.any(|name| fold(name) == fold(station))
    };
    let place: Vec<StationOptions> = options.stations.iter().find(is_it).cloned().into_iter().collect();
    let station = place.first().map_or(station, |place| &place.city).to_owned();
    let name = fold(&station);
    let aliases = place.iter().flat_map(|place| &place.aliases).map(|alias| fold(alias));
    let names: Vec<String> = aliases.chain([name.clone()]).collect();
    let known = directory
        .map(|directory| days::read(directory, &name).map_err(|error| named(directory, &name, &error)));
    let known = known.transpose()?.unwrap_or_default();
    let of_station = options.sources.iter().filter(|source| source.station.as_ref() == Some(&station));
    let texts: Vec<TextOptions> =
        of_station.map(|source| source.texts.clone()).chain([TextOptions::USUAL]).collect();
    let mut import = Import {
        station,
        name,
        place,
        known,
        directory: directory.filter(|_| writes),
        now,
        board: Board::new(&[], None),
        last: None,
        unwritten: Vec::new(),
        imported: Imported::default(),
    };
    let mut reels = Vec::new();
    for file in files {
        match Reel::open(file, &texts, &names, now) {
            Ok(reel) => reels.push(reel),
            Err(why) => {
                import.imported.failed += 1;
                say(Step::Fails(&why))?;
            }
        }
    }
    import.restart();
    let result = import.run(reels, say);
    // A full disk may have some of the rows.
    if let Some(directory) = import.directory.filter(|directory| days::path(directory, &import.name).exists())
    {
        days::give_to_owner(directory, &import.name)?;
    }
    result.map(|()| import.imported)
}

/// An error with the file of days that it is about.
fn named(directory: &Path, name: &str, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", days::path(directory, name).display()))
}

/// Writes readings of the last three days and earlier days as the past of a station, for a demo. Nothing may be known
/// of it.
pub fn keep(
    directory: &Path,
    station: &str,
    (readings, days): (&[(Quantity, Reading)], &[Day]),
    now: Timestamp,
) -> io::Result<()> {
    let name = fold(station);
    let mut series = Series::default();
    for &(quantity, reading) in readings {
        series.record(quantity, reading, now);
    }
    let mut changes = format!("={name};.\n");
    series.write_changes(&mut changes);
    State::open(directory).write_journal(&changes, now);
    days::append(directory, &name, days)
}

struct Import<'i> {
    station: String,
    /// The folded one.
    name: String,
    place: Vec<StationOptions>,
    known: Vec<Day>,
    /// Where rows are written, if they are.
    directory: Option<&'i Path>,
    now: Timestamp,
    board: Board,
    /// The day that was posted last.
    last: Option<Date>,
    unwritten: Vec<Day>,
    imported: Imported,
}

impl Import<'_> {
    /// Begins with an empty board.
    fn restart(&mut self) {
        self.board = Board::new(&self.place, None);
        self.board.add_place(&self.station);
        self.board.learn(&self.name, self.known.clone());
        self.last = None;
    }

    fn run(&mut self, mut reels: Vec<Reel<'_>>, say: Say<'_>) -> io::Result<()> {
        while let Some(date) = reels.iter().filter_map(Reel::date).min() {
            say(Step::Reads(date))?;
            let mut records = Vec::new();
            for reel in &mut reels {
                reel.read_day(date, self.now, &mut records);
            }
            reels.retain(|reel| reel.date().is_some());
            if !records.is_empty() {
                self.post(date, records, say)?;
            }
        }
        self.end_day(say)?;
        self.write(0)
    }

    /// Puts the records of one day on the board.
    fn post(&mut self, date: Date, records: Vec<Record>, say: Say<'_>) -> io::Result<()> {
        if self.last.is_some_and(|last| last.next() < date || date < last) {
            // The series would lose what is more than three days old.
            self.end_day(say)?;
        }
        if self.last.is_some_and(|last| date < last) {
            self.restart();
        }
        let newest = records.iter().filter_map(|record| record.station.newest()).max().unwrap_or(self.now);
        self.last = Some(date);
        self.imported.known += usize::from(self.known.iter().any(|day| day.date == date));
        let (at, city) = (newest.min(self.now), Some(self.station.as_str()));
        self.board.post((0, 0), city, Change::More(records), at);
        self.finish(at, say)
    }

    /// The last day that was posted is over, unless it is today.
    fn end_day(&mut self, say: Say<'_>) -> io::Result<()> {
        let Some(last) = self.last else { return Ok(()) };
        self.finish(last.next().start().min(self.now.before(LATE)), say)
    }

    fn finish(&mut self, at: Timestamp, say: Say<'_>) -> io::Result<()> {
        for (_, days) in self.board.finish(at) {
            self.board.written(&self.name, days.len());
            for day in days {
                // Of a table with a row a day nothing is known but these rows. The board knows ten years only.
                if day.covered == 0 || self.known.iter().any(|known| known.date == day.date) {
                    continue;
                }
                say(Step::Adds(&day))?;
                self.imported.added += 1;
                self.known.push(day);
                self.unwritten.push(day);
            }
        }
        self.write(ROWS)
    }

    /// Writes the rows if there are more.
    fn write(&mut self, more_than: usize) -> io::Result<()> {
        let rows =
            if self.unwritten.len() > more_than { mem::take(&mut self.unwritten) } else { return Ok(()) };
        let Some(directory) = self.directory else { return Ok(()) };
        days::append(directory, &self.name, &rows).map_err(|error| named(directory, &self.name, &error))
    }
}

/// A file that is read as far as the days have come.
struct Reel<'r> {
    source: Source,
    /// The folded names of the station. Records that name another place are left out.
    names: &'r [String],
    /// One of those other places.
    other: Option<String>,
    is_over: bool,
    /// The newest record so far.
    newest: Option<Timestamp>,
    /// Its records are in no order, so it is read to its end before any is used.
    is_mixed: bool,
    /// What was read and not posted, in the order of time.
    records: Vec<Record>,
    /// The first day, then the next one.
    next: Option<Date>,
}

/// A record that is so much older than one before it shows that a file is in no order. A late message of a radio is
/// less late.
const MIXED: Duration = Duration::from_secs(3600);

impl<'r> Reel<'r> {
    /// Finds the first day of a file, with the first options by which it has readings of known times.
    fn open(
        file: &Path,
        texts: &[TextOptions],
        names: &'r [String],
        now: Timestamp,
    ) -> Result<Reel<'r>, String> {
        let (mut why, mut other) = (String::new(), None);
        for texts in texts {
            let mut reel = Reel::new(file, texts, names, now);
            while reel.records.is_empty() && !reel.is_over {
                if let Some(fault) = reel.read(now) {
                    why = fault.to_string();
                }
            }
            if let Some(first) = reel.records.first().and_then(date_of) {
                return Ok(Reel { next: Some(first), ..Reel::new(file, texts, names, now) });
            }
            other = reel.other.or(other);
        }
        if let Some(other) = other {
            let path = file.display();
            return Err(format!("{path}: readings of {other:?}; import that station, or make it an alias"));
        }
        let none = || format!("{}: no readings with a time of their own", file.display());
        Err(if why.is_empty() { none() } else { why })
    }

    fn new(file: &Path, texts: &TextOptions, names: &'r [String], now: Timestamp) -> Reel<'r> {
        let options =
            SourceOptions { texts: texts.clone(), ..SourceOptions::files(file.to_owned(), Duration::ZERO) };
        let source = Source::of_all(options, now);
        Reel {
            source,
            names,
            other: None,
            is_over: false,
            newest: None,
            is_mixed: false,
            records: Vec::new(),
            next: None,
        }
    }

    /// Of which day its next record is.
    fn date(&self) -> Option<Date> {
        self.next
    }

    /// Reads a part of it, or all if it is in no order.
    fn read(&mut self, now: Timestamp) -> Option<Fault> {
        let mut fault = None;
        loop {
            let mut looked = self.source.next(&mut Patience::none(now));
            self.is_over = !looked.more;
            for (_, change) in looked.changes {
                let (Change::All(records) | Change::More(records)) = change;
                records.into_iter().for_each(|record| self.add(record, now));
            }
            fault = looked.faults.pop().or(fault);
            if self.is_over || !self.is_mixed {
                break;
            }
        }
        if !self.records.is_sorted_by_key(|record| record.station.newest()) {
            self.records.sort_by_key(|record| record.station.newest());
        }
        fault
    }

    /// Adds a record of the station that says its time.
    fn add(&mut self, mut record: Record, now: Timestamp) {
        record.station.change(|_, reading| (reading.at != now).then_some(reading));
        let Some(at) = record.station.newest() else { return };
        if let Some(city) = record.station.city.as_ref().filter(|city| !self.names.contains(&fold(city))) {
            self.other.get_or_insert_with(|| city.clone());
            return;
        }
        let newest = self.newest.map_or(at, |newest| newest.max(at));
        self.is_mixed |= at.age(newest) > MIXED && Date::of(newest) > Date::of(at);
        self.newest = Some(newest);
        self.records.push(record);
    }

    /// Moves what it says of a day to the others, and also what came late of days before.
    fn read_day(&mut self, date: Date, now: Timestamp, records: &mut Vec<Record>) {
        if self.next.is_none_or(|next| next > date) {
            return;
        }
        while !self.is_over && self.records.last().and_then(date_of).is_none_or(|last| last <= date) {
            self.read(now);
        }
        let before = |date: Date| self.records.partition_point(|record| date_of(record) < Some(date));
        // What a file in no order says of earlier days has its own turn.
        let (first, end) = (if self.is_mixed { before(date) } else { 0 }, before(date.next()));
        records.extend(self.records.drain(first..end));
        self.next = self.records.first().and_then(date_of);
    }
}

fn date_of(record: &Record) -> Option<Date> {
    record.station.newest().map(Date::of)
}
