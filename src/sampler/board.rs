//! What all sources have said, put together by place: the newest value of each quantity counts, each
//! with its own time.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use log::warn;

use super::kept::Kept;
use super::source::Change;
use super::steps::{Steps, are_near, fits};
use crate::format::Record;
use crate::history::{History, Site};
use crate::place::fold;
use crate::reading::{Day, Device, Past, Plots, Quantity, Reading, Snapshot, Station};
use crate::time::{AHEAD, Timestamp};
use crate::weather;

/// A place of the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The name that the answer prints.
    pub city: String,
    /// Other names by which it is found.
    pub aliases: Vec<String>,
    /// Whether this place answers when none is asked for.
    pub default: bool,
    /// How high the barometer is above the sea, m.
    pub elevation: Option<i32>,
}

/// Sensors of one place. Each change of a battery may make another of the same, and a neighbour's may
/// be heard too: of more, those go that were not heard for the longest.
const PARTS: usize = 64;

/// The most places there may be. Each takes half a kilobyte of memory, whatever is known of it.
const PLACES: usize = 20_000;

/// Places whose past is saved: at 4 KiB each, the file stays small enough to be written often.
const SAVED: usize = 64;

/// Places of which three days and all days are kept. After ten years each takes 170 kB of memory.
const KEPT: usize = 64;

/// How long an instrument is silent before another one counts.
const SILENT: Duration = Duration::from_secs(3600);

/// From where a record comes: the source's and the file's number.
pub(super) type Origin = (usize, usize);

/// What is known of all places.
pub(super) struct Board {
    places: Vec<Place>,
    /// Where each place stands in `places`, by its folded name; the nameless one's is empty.
    index: HashMap<String, usize>,
    /// Which places have a part from where.
    said: Links,
    /// Which of those have a reading that waits for another one.
    waits: Links,
    /// Where the places stand of which days are kept.
    kept: Vec<usize>,
    /// Shown until something is known.
    placeholder: Vec<Station>,
    /// Sources that are not seen yet.
    hidden: Vec<usize>,
    /// Sources that are no more, but may still be about to say something.
    removed: Vec<usize>,
    /// The known places, each in the slot where it stands.
    known: Snapshot,
    /// The same as it is published.
    snapshot: Arc<Snapshot>,
    /// The places of which something was said since that was made.
    changed: Vec<usize>,
    /// Any of them may have changed.
    is_all_changed: bool,
    /// The slot of time in which it was made: days go on, also while nothing is said.
    slot: i64,
    full: bool,
}

/// Origins, each with a place that it speaks of, in order. A new file or topic has the highest number, so that most are
/// added at the end.
#[derive(Default)]
struct Links(Vec<(Origin, usize)>);

impl Links {
    /// The places of the origins from one to another, that excluded.
    fn places(&self, from: Origin, to: Origin) -> Vec<usize> {
        let at = |origin: Origin| self.0.partition_point(|link| *link < (origin, 0));
        self.0[at(from)..at(to)].iter().map(|(_, place)| *place).collect()
    }

    fn set(&mut self, link: (Origin, usize), is_there: bool) {
        match self.0.binary_search(&link) {
            Ok(at) if !is_there => drop(self.0.remove(at)),
            Err(at) if is_there => self.0.insert(at, link),
            _ => {}
        }
    }
}

struct Place {
    /// The name as it was given first.
    city: Option<String>,
    /// What the configuration says of it.
    options: Option<Options>,
    parts: Vec<Part>,
    history: History,
    kept: Option<Box<Kept>>,
    gauge: Option<Followed>,
    barometer: Option<Followed>,
    /// Whether the log says that several sensors measure the same.
    is_reported: bool,
}

/// An instrument of which a place's history follows one only: the counters of two gauges have nothing
/// to do with each other, and two barometers differ by more than an hour's change.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Instrument {
    Gauge,
    Barometer,
}

impl Instrument {
    /// The instrument of a quantity that cannot be put together from two.
    fn of(quantity: Quantity) -> Option<Instrument> {
        match quantity {
            Quantity::RainCounter | Quantity::RainToday | Quantity::RainInterval | Quantity::Rain => {
                Some(Instrument::Gauge)
            }
            Quantity::StationPressure | Quantity::SeaLevelPressure => Some(Instrument::Barometer),
            _ => None,
        }
    }
}

/// The device whose readings the history follows.
struct Followed {
    /// What it measures. A gauge may give its counter and the sum of the day: the first counts.
    quantity: Quantity,
    /// `None` if its source was removed: it may come from another one.
    origin: Option<Origin>,
    device: Device,
    /// When it was heard last.
    heard: Timestamp,
}

impl Followed {
    /// Whether what is said at `at` is its own. A logger may begin another file each day: its files
    /// follow one another, and none goes on when a later one has begun.
    fn is(&self, quantity: Quantity, origin: Origin, device: &Device, at: Timestamp) -> bool {
        let is_it = self.quantity == quantity || Instrument::of(quantity) == Some(Instrument::Barometer);
        let is_next = |known: Origin| known.0 == origin.0 && known.1 < origin.1 && self.heard < at;
        is_it && self.device == *device && self.origin.is_none_or(|known| known == origin || is_next(known))
    }
}

/// Whether a line of a file of ours has bytes that we never write.
fn is_damaged(line: &str) -> bool {
    line.contains('\u{fffd}')
}

/// What one device said in one file.
struct Part {
    origin: Origin,
    device: Device,
    said: Station,
    steps: Steps,
}

/// A reading that is not shown, because no other one of its sensor supports it.
#[derive(Clone, Debug, PartialEq)]
pub struct Waiting {
    /// The sensor.
    pub device: Device,
    /// What it measures.
    pub quantity: Quantity,
    /// The reading.
    pub reading: Reading,
    /// What is shown of the sensor.
    pub shown: Option<Reading>,
}

impl Waiting {
    /// Why it is not shown. `age` stands behind the reading.
    pub fn described(&self, age: &str) -> String {
        let (name, unit) = (self.quantity.name(), self.quantity.base_unit().symbol());
        let reading = format!("{}: {name} {:.1} {unit}{age}", self.device, self.reading.value + 0.0);
        let why = match self.shown {
            Some(shown) => format!("is far from {:.1} {unit} before it", shown.value + 0.0),
            None => "is far from what the other sensors say".to_owned(),
        };
        format!("{reading}, {why}; it is shown when a second reading supports it")
    }
}

/// What is published of these records if they are all that one source has reported.
///
/// For tests that have a text and no file: what `Format::read` gives goes through the board, as in `serve`.
pub fn published(records: Vec<Record>, now: Timestamp) -> Arc<Snapshot> {
    let mut board = Board::new(&[], None);
    board.post((0, 0), None, Change::All(records), now);
    board.snapshot(now).0
}

impl Board {
    /// A board on which nothing stands but the configured places.
    pub(super) fn new(stations: &[Options], city: Option<&str>) -> Board {
        let mut board = Board {
            places: Vec::new(),
            index: HashMap::new(),
            said: Links::default(),
            waits: Links::default(),
            kept: Vec::new(),
            placeholder: Vec::new(),
            hidden: Vec::new(),
            removed: Vec::new(),
            known: Snapshot::default(),
            snapshot: Arc::default(),
            changed: Vec::new(),
            is_all_changed: true,
            slot: 0,
            full: false,
        };
        board.configure(stations, city);
        board
    }

    /// Puts other places of the configuration in place of those before.
    pub(super) fn configure(&mut self, stations: &[Options], city: Option<&str>) {
        self.each_kept(|_, kept| kept.read_again());
        self.placeholder = city.map(|city| Station::called(Some(city.to_owned()))).into_iter().collect();
        for place in &mut self.places {
            place.options = None;
        }
        for options in stations {
            if let Some(place) = self.place(Some(&options.city)) {
                self.places[place].options = Some(options.clone());
            }
        }
        self.is_all_changed = true;
    }

    /// Keeps what a source says from being seen and remembered, until it is known whether the source can
    /// be read.
    pub(super) fn hide(&mut self, source: usize) {
        self.hidden.push(source);
    }

    /// The pasts of the places, a line each, those of the configuration first.
    pub(super) fn pasts(&self) -> String {
        let (configured, other): (Vec<_>, Vec<_>) =
            self.places.iter().partition(|place| place.options.is_some());
        let places = configured.into_iter().chain(other).filter(|place| place.history != History::default());
        places
            .take(SAVED)
            .fold(String::new(), |text, place| text + &format!("{}\t{}\n", place.history, place.name()))
    }

    /// Restores what `pasts` wrote before a restart. A line that is none is skipped.
    pub(super) fn restore(&mut self, text: &str) -> usize {
        let mut broken = 0;
        for line in text.lines().take(SAVED) {
            let parts = line.split_once('\t').filter(|_| !is_damaged(line));
            let past = parts.and_then(|(history, name)| Some((History::parse(history)?, name)));
            let Some((history, name)) = past else {
                broken += 1;
                continue;
            };
            // The place shows when a source speaks of it.
            if let Some(place) = self.place(Some(name).filter(|name| !name.is_empty())) {
                self.places[place].history = history;
            }
        }
        broken
    }

    /// Makes room for a place that nothing was said of so far.
    pub(super) fn add_place(&mut self, station: &str) {
        self.place(Some(station));
    }

    /// What has changed in the series since the last time: after the name of each place its slots, a line each.
    pub(super) fn series_changes(&mut self) -> String {
        let mut text = String::new();
        self.each_kept(|name, kept| {
            if kept.is_changed() {
                text += &format!("={};.\n", name());
                kept.write_changes(&mut text);
            }
        });
        text
    }

    /// Restores what `series_changes` wrote. A line that is none is skipped; gives how many are.
    pub(super) fn restore_series(&mut self, text: &str, now: Timestamp) -> usize {
        let (mut place, mut broken) = (None, 0);
        for line in text.lines().filter(|line| !line.starts_with('+')) {
            if is_damaged(line) || !line.ends_with(";.") {
                broken += 1;
            } else if let Some(name) = line.strip_prefix('=') {
                let name = name.strip_suffix(";.");
                place = name.and_then(|name| self.place(Some(name).filter(|name| !name.is_empty())));
            } else if let Some(kept) = place.and_then(|place| self.places[place].kept.as_mut()) {
                kept.read_changes(line, now);
            }
        }
        broken
    }

    /// Calls `each` for the places of which days are kept, with what gives their folded names.
    fn each_kept(&mut self, mut each: impl FnMut(&dyn Fn() -> String, &mut Kept)) {
        for &place in &self.kept {
            let Place { city, kept, .. } = &mut self.places[place];
            if let Some(kept) = kept {
                each(&|| folded(city.as_deref()), kept);
            }
        }
    }

    /// The places whose days were not read yet.
    pub(super) fn unread(&mut self) -> Vec<String> {
        let mut unread = Vec::new();
        self.each_kept(|name, kept| {
            if kept.is_unread() {
                unread.push(name());
            }
        });
        unread
    }

    /// Adds days that were read to those of a place.
    pub(super) fn learn(&mut self, station: &str, days: Vec<Day>) {
        let Some(&place) = self.index.get(station) else { return };
        self.changed.push(place);
        if let Some(kept) = &mut self.places[place].kept {
            kept.learn(days);
        }
    }

    /// Makes the days that are over, and lists those that are not written.
    pub(super) fn finish(&mut self, now: Timestamp) -> Vec<(String, Vec<Day>)> {
        let mut unwritten = Vec::new();
        for &index in &self.kept {
            let place = &mut self.places[index];
            let site = place.site(now);
            if let Some(kept) = &mut place.kept {
                kept.finish(site, now);
                unwritten.push((folded(place.city.as_deref()), kept.unwritten().to_vec()));
            }
        }
        self.changed.extend(&self.kept);
        unwritten.retain(|(_, days)| !days.is_empty());
        unwritten
    }

    /// So many days of a place were written.
    pub(super) fn written(&mut self, station: &str, days: usize) {
        let place = self.index.get(station).copied();
        if let Some(kept) = place.and_then(|place| self.places[place].kept.as_mut()) {
            kept.written(days);
        }
    }

    /// Keeps the days of a place that has come too late, if one that was asked for less recently gives its room.
    fn admit(&mut self, new: usize) {
        let asked = |place: usize| self.known.stations().get(place).map_or(0, Station::last_asked);
        let least = self.kept.iter().copied().enumerate().min_by_key(|(_, place)| asked(*place));
        let Some((at, old)) = least.filter(|(_, old)| asked(*old) < asked(new)) else { return };
        self.changed.push(old);
        self.places[old].kept = None;
        self.places[new].kept = Some(Box::default());
        self.kept[at] = new;
    }

    /// Shows it. To record its past it has to be read again.
    pub(super) fn show(&mut self, source: usize) {
        self.hidden.retain(|hidden| *hidden != source);
        self.is_all_changed = true;
    }

    /// Forgets what a source has said.
    pub(super) fn remove(&mut self, source: usize) {
        for place in &mut self.places {
            place.parts.retain(|part| part.origin.0 != source);
            for followed in place.gauge.iter_mut().chain(&mut place.barometer) {
                followed.origin = followed.origin.filter(|origin| origin.0 != source);
            }
        }
        self.hidden.retain(|hidden| *hidden != source);
        self.removed.push(source);
        for links in [&mut self.said, &mut self.waits] {
            links.0.retain(|(origin, _)| origin.0 != source);
        }
        self.is_all_changed = true;
    }

    /// A removed source will say nothing more.
    pub(super) fn ended(&mut self, source: usize) {
        self.removed.retain(|removed| *removed != source);
    }

    /// Takes what a file says. Its records are of the configured place with that name, or of the places
    /// that they name.
    pub(super) fn post(&mut self, origin: Origin, city: Option<&str>, change: Change, now: Timestamp) {
        if self.removed.contains(&origin.0) {
            return;
        }
        let is_seen = !self.hidden.contains(&origin.0);
        // In the order of the places.
        let mut earlier: Vec<(usize, Vec<Part>)> = Vec::new();
        let records = match change {
            Change::All(records) => {
                for index in self.told_by(origin) {
                    let parts = std::mem::take(&mut self.places[index].parts);
                    let (replaced, others) = parts.into_iter().partition(|part| part.origin == origin);
                    self.places[index].parts = others;
                    earlier.push((index, replaced));
                    self.changed.push(index);
                }
                records
            }
            Change::More(records) => records,
        };
        let placed = records.into_iter().filter_map(|record| {
            let city = city.or(record.station.city.as_deref());
            Some((self.place(city)?, record))
        });
        let mut placed: Vec<(usize, Record)> = placed.collect();
        // A list may begin with the newest.
        if !placed.is_sorted_by_key(|(_, record)| record.station.newest()) {
            placed.sort_by_key(|(_, record)| record.station.newest());
        }
        for (index, Record { device, station, .. }) in placed {
            if self.places[index].kept.is_none() {
                self.admit(index);
            }
            let of_place = earlier.binary_search_by_key(&index, |(place, _)| *place);
            let earlier = of_place.ok().map(|at| &mut earlier[at].1);
            self.places[index].post((origin, device), station, earlier, now, is_seen);
            self.said.set((origin, index), true);
            self.note_waits(origin, index);
            if self.changed.last() != Some(&index) {
                self.changed.push(index);
            }
        }
        for (index, _) in earlier {
            if !self.places[index].parts.iter().any(|part| part.origin == origin) {
                self.said.set((origin, index), false);
                self.waits.set((origin, index), false);
            }
        }
    }

    /// The places that were spoken of from there.
    fn told_by(&self, origin: Origin) -> Vec<usize> {
        self.said.places(origin, (origin.0, origin.1 + 1))
    }

    fn note_waits(&mut self, origin: Origin, index: usize) {
        let mut parts = self.places[index].parts.iter().filter(|part| part.origin == origin);
        let does_wait = parts.any(|part| !part.steps.waiting().is_empty());
        self.waits.set((origin, index), does_wait);
    }

    /// The readings of a source that are waiting for a second one.
    pub(super) fn waiting(&self, source: usize) -> Vec<Waiting> {
        let mut places = self.waits.places((source, 0), (source + 1, 0));
        places.sort_unstable();
        places.dedup();
        let parts = places.iter().flat_map(|place| &self.places[*place].parts);
        let waiting = parts.filter(|part| part.origin.0 == source).flat_map(|part| {
            part.steps.waiting().iter().map(|&(quantity, reading)| Waiting {
                device: part.device.clone(),
                quantity,
                reading,
                shown: part.said.reading(quantity),
            })
        });
        waiting.collect()
    }

    /// How many readings of a source have waited for nothing.
    pub(super) fn left_out(&self, source: usize) -> usize {
        let parts = self.places.iter().flat_map(|place| &place.parts);
        parts.filter(|part| part.origin.0 == source).map(|part| part.steps.left_out()).sum()
    }

    /// Where the place of that name stands; `None` if there is no room for another.
    fn place(&mut self, city: Option<&str>) -> Option<usize> {
        let name = fold(city.unwrap_or_default());
        if let Some(&index) = self.index.get(&name) {
            let place = &mut self.places[index];
            if place.parts.is_empty() && place.options.is_none() {
                // So far only its past was known, by the folded name.
                place.city = city.map(str::to_owned);
            }
            return Some(index);
        }
        if self.places.len() >= PLACES {
            if !std::mem::replace(&mut self.full, true) {
                warn!("more than {} stations: the others are left out", PLACES);
            }
            return None;
        }
        let city = city.map(str::to_owned);
        let kept = (self.kept.len() < KEPT).then(Box::default);
        if kept.is_some() {
            self.kept.push(self.places.len());
        }
        self.places.push(Place {
            city,
            options: None,
            parts: Vec::new(),
            history: History::default(),
            kept,
            gauge: None,
            barometer: None,
            is_reported: false,
        });
        self.index.insert(name, self.places.len() - 1);
        Some(self.places.len() - 1)
    }

    /// What is known now, and whether it is news.
    pub(super) fn snapshot(&mut self, now: Timestamp) -> (Arc<Snapshot>, bool) {
        let is_later = std::mem::replace(&mut self.slot, Plots::slot(now)) < self.slot;
        let mut changed = std::mem::take(&mut self.changed);
        let is_all = std::mem::take(&mut self.is_all_changed);
        if is_all || is_later {
            changed = (0..self.places.len()).collect();
        } else {
            changed.sort_unstable();
            changed.dedup();
        }
        let (places, hidden) = (&mut self.places, &self.hidden);
        let mut news =
            self.known.change(changed.into_iter().map(|index| (index, places[index].station(hidden, now))));
        // The placeholder may be another one, too.
        if news || is_all {
            let is_empty = self.known.stations().is_empty();
            let new = if is_empty { Snapshot::new(self.placeholder.clone()) } else { self.known.clone() };
            news |= is_empty && new.stations().first() != self.snapshot.stations().first();
            self.snapshot = Arc::new(new);
        }
        (Arc::clone(&self.snapshot), news)
    }
}

/// The name of a place as it is found; that of the one without a name is empty.
fn folded(city: Option<&str>) -> String {
    fold(city.unwrap_or_default())
}

impl Place {
    /// Adds a record. `earlier` has what the same file said before, if that is replaced. The past records
    /// nothing of a source that is not seen.
    fn post(
        &mut self,
        (origin, device): (Origin, Device),
        mut said: Station,
        earlier: Option<&mut Vec<Part>>,
        now: Timestamp,
        is_seen: bool,
    ) {
        let mut earlier = earlier.and_then(|parts| parts.iter_mut().find(|part| part.device == device));
        let index = self.part(origin, &device, &said, earlier.as_deref_mut());
        let part = &mut self.parts[index];
        // Or it would seem newer than what is new.
        part.said.forget_ahead(now, AHEAD);
        let mut past = Vec::new();
        said.change(|quantity, new| {
            let before = earlier.as_ref().and_then(|part| part.said.reading(quantity));
            let known = before.into_iter().chain(part.said.reading(quantity)).max_by_key(|known| known.at);
            let known = known.filter(|known| known.at.ahead(now) <= AHEAD);
            let verdict = part.steps.judge(quantity, known, new);
            past.extend(verdict.past.into_iter().flatten().map(|reading| (quantity, reading)));
            if verdict.is_shown { Some(new) } else { known }
        });
        part.said.merge(said);
        let newest = past.iter().map(|(_, reading)| reading.at).max().filter(|_| is_seen);
        if newest.is_some_and(|at| self.kept.as_ref().is_some_and(|kept| kept.is_gap_until(at))) {
            let site = self.site(now);
            self.kept.as_mut().into_iter().for_each(|kept| kept.close(site));
        }
        for (quantity, reading) in past.into_iter().filter(|_| is_seen) {
            if self.follows(quantity, origin, &device, reading.at) {
                self.history.record(quantity, reading, now);
                if let Some(kept) = &mut self.kept {
                    kept.record(quantity, reading, now);
                }
            }
        }
    }

    /// Where the part of this device stands; a new one if there is none.
    fn part(&mut self, origin: Origin, device: &Device, said: &Station, earlier: Option<&mut Part>) -> usize {
        let known = self.parts.iter().position(|part| part.origin == origin && part.device == *device);
        if let Some(known) = known {
            return known;
        }
        let steps = match earlier {
            Some(part) => std::mem::take(&mut part.steps),
            None if self.is_strange(origin, device, said) => Steps::of_stranger(said),
            None => Steps::default(),
        };
        if self.parts.len() >= PARTS {
            let oldest = (0..self.parts.len()).min_by_key(|&i| self.parts[i].said.newest());
            oldest.map(|oldest| self.parts.swap_remove(oldest));
        }
        self.parts.push(Part { origin, device: device.clone(), said: Station::default(), steps });
        self.parts.len() - 1
    }

    /// Whether a device that is heard for the first time says something quite different from all those that
    /// the same receiver knows: a neighbour's sensor, or a false message.
    fn is_strange(&self, origin: Origin, device: &Device, said: &Station) -> bool {
        let others =
            || self.parts.iter().filter(|part| part.origin == origin && part.device != Device::default());
        *device != Device::default()
            && Quantity::ALL.into_iter().any(|quantity| {
                let (Some(step), Some(new)) = (quantity.step(), said.reading(quantity)) else { return false };
                let levels = others().filter(|part| part.steps.has_level(quantity));
                let levels = levels.filter_map(|part| part.said.reading(quantity));
                let mut near = levels.filter(|level| are_near(*level, new)).peekable();
                near.peek().is_some() && !near.any(|level| fits(step, level, new))
            })
    }

    /// Whether the history follows this device as the instrument of the quantity. It changes to another device
    /// when the first was silent for an hour, and follows that one from there.
    fn follows(&mut self, quantity: Quantity, origin: Origin, device: &Device, at: Timestamp) -> bool {
        let Some(instrument) = Instrument::of(quantity) else { return true };
        let followed = match instrument {
            Instrument::Gauge => &mut self.gauge,
            Instrument::Barometer => &mut self.barometer,
        };
        match followed {
            Some(known) if known.is(quantity, origin, device, at) => {
                known.origin = Some(origin);
                known.heard = at.max(known.heard);
                return true;
            }
            // One that was heard later has no age here.
            Some(known) if known.heard.age(at) < SILENT => return false,
            Some(_) => {
                let is_of_it = |quantity| Instrument::of(quantity) == Some(instrument);
                self.history.forget(is_of_it);
                if let Some(kept) = &mut self.kept {
                    kept.forget(is_of_it);
                }
            }
            // After a restart: what was saved is of the one that reports first.
            None => {}
        }
        *followed = Some(Followed { quantity, origin: Some(origin), device: device.clone(), heard: at });
        true
    }

    /// Its folded name.
    fn name(&self) -> String {
        folded(self.city.as_deref())
    }

    fn site(&self, now: Timestamp) -> Site {
        let is_unknown = self.gauge.as_ref().is_some_and(|gauge| gauge.quantity == Quantity::Rain);
        Site {
            elevation: self.options.as_ref().and_then(|options| options.elevation),
            has_gauge: !is_unknown || self.history.has_counter(now),
        }
    }

    /// What the past says replaces what one message says.
    fn with_past(&mut self, station: &mut Station, now: Timestamp) {
        let site = self.site(now);
        station.diary = self.kept.as_mut().map(|kept| kept.diary(site, now));
        let (history, has_gauge) = (&self.history, site.has_gauge);
        let past = Past {
            rain_of_hour: history.rain_of_hour(now).filter(|_| has_gauge),
            rain_of_day: history.rain_of_day(now).filter(|_| has_gauge),
            pressure_change: history.pressure_change(now),
            lowest_temperature: history.lowest_temperature(now),
            highest_temperature: history.highest_temperature(now),
        };
        station.past = (past != Past::default()).then(|| Box::new(past));
        // The WMO's wind is the mean of ten minutes, and its gust the highest in them.
        let (mean, gust) = (history.mean_wind(now), history.highest_gust(now));
        station.change(|quantity, reading| {
            let past = match quantity {
                Quantity::WindSpeed => mean,
                Quantity::WindGust => gust,
                _ => None,
            };
            Some(past.map_or(reading, |past| Reading { value: past.value, ..reading }))
        });
        let has_no_rate = has_gauge && station.reading(Quantity::RainRate).is_none();
        if let Some(rate) = history.rain_rate(now).filter(|_| has_no_rate) {
            station.update(Quantity::RainRate, rate);
        }
    }

    /// Reduces the pressure to sea level, if the place's height is known and no source does it.
    fn reduce_pressure(&self, station: &mut Station) {
        let elevation = self.options.as_ref().and_then(|options| options.elevation);
        let known = (
            elevation,
            station.reading(Quantity::StationPressure),
            station.reading(Quantity::Temperature),
            station.reading(Quantity::SeaLevelPressure),
        );
        let (Some(elevation), Some(pressure), Some(air), None) = known else { return };
        let value = weather::sea_level_pressure(pressure.value, elevation.into(), air.value);
        if let Some(value) = value.and_then(|value| Quantity::SeaLevelPressure.plausible(value)) {
            station.update(Quantity::SeaLevelPressure, Reading { value, at: pressure.at.min(air.at) });
        }
    }

    /// The place as it is published; `None` if nothing is known and nothing configured.
    fn station(&mut self, hidden: &[usize], now: Timestamp) -> Option<Station> {
        let mut parts = self.parts.iter().filter(|part| !hidden.contains(&part.origin.0)).peekable();
        if parts.peek().is_none() && self.options.is_none() {
            return None;
        }
        let mut station = Station::called(self.city.clone());
        for part in parts {
            let mut said = part.said.clone();
            said.forget_ahead(now, AHEAD);
            station.merge(said);
        }
        self.tell_candidates();
        self.with_past(&mut station, now);
        self.reduce_pressure(&mut station);
        if let Some(options) = &self.options {
            station.city = Some(options.city.clone());
            station.aliases.extend(options.aliases.iter().cloned());
            station.default |= options.default;
        }
        Some(station)
    }

    /// Names the sensors once if several measure the same.
    fn tell_candidates(&mut self) {
        if self.is_reported || self.parts.len() < 2 {
            return;
        }
        for quantity in Quantity::ALL {
            let measuring = self.parts.iter().filter(|part| part.said.reading(quantity).is_some());
            let devices: BTreeSet<String> = measuring.map(|part| part.device.to_string()).collect();
            if devices.len() > 1 {
                self.is_reported = true;
                warn!(
                    "{}: the {} comes from several sensors, of which the newest counts: {}; match selects one",
                    self.city.as_deref().unwrap_or("the station"),
                    quantity.name(),
                    devices.into_iter().collect::<Vec<_>>().join(", ")
                );
                return;
            }
        }
    }
}
