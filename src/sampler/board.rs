//! What all sources have said, put together by place: the newest value of each quantity counts, each
//! with its own time.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use log::warn;

use super::source::Change;
use crate::format::Record;
use crate::place::fold;
use crate::reading::{Device, Quantity, Snapshot, Station, Stations};

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

/// From where a record comes: the source's and the file's number.
pub(super) type Origin = (usize, usize);

/// What is known of all places.
pub(super) struct Board {
    places: Vec<Place>,
    /// Where each place stands in `places`, by its folded name; the nameless one's is empty.
    index: HashMap<String, usize>,
    /// Shown until something is known.
    placeholder: Vec<Station>,
    /// Sources that are not seen.
    hidden: BTreeSet<usize>,
    snapshot: Arc<Snapshot>,
    /// Something was said since the snapshot was made.
    changed: bool,
    full: bool,
}

struct Place {
    /// The name as it was given first.
    city: Option<String>,
    /// What the configuration says of it.
    options: Option<Options>,
    parts: Vec<Part>,
    /// That several sensors measure the same was told.
    told: bool,
}

/// What one device said in one file.
struct Part {
    origin: Origin,
    device: Device,
    said: Station,
}

impl Board {
    /// A board on which nothing stands but the configured places.
    pub(super) fn new(stations: &[Options], city: Option<&str>) -> Board {
        let mut board = Board {
            places: Vec::new(),
            index: HashMap::new(),
            placeholder: Vec::new(),
            hidden: BTreeSet::new(),
            snapshot: Arc::default(),
            changed: true,
            full: false,
        };
        board.configure(stations, city);
        board.snapshot();
        board
    }

    /// Puts other places of the configuration in place of those before.
    pub(super) fn configure(&mut self, stations: &[Options], city: Option<&str>) {
        self.placeholder = city.map(|city| Station::called(Some(city.to_owned()))).into_iter().collect();
        for place in &mut self.places {
            place.options = None;
        }
        for options in stations {
            if let Some(place) = self.place(Some(&options.city)) {
                self.places[place].options = Some(options.clone());
            }
        }
        self.changed = true;
    }

    /// Keeps what a source says from being seen, until it is known whether the source can be read.
    pub(super) fn hide(&mut self, source: usize) {
        self.hidden.insert(source);
    }

    /// Lets it be seen.
    pub(super) fn show(&mut self, source: usize) {
        self.hidden.remove(&source);
        self.changed = true;
    }

    /// Forgets what a source has said.
    pub(super) fn remove(&mut self, source: usize) {
        for place in &mut self.places {
            place.parts.retain(|part| part.origin.0 != source);
        }
        // What it may still be about to say is not seen either.
        self.hidden.insert(source);
        self.changed = true;
    }

    /// Takes what a file says. Its records are of the configured place with that name, or of the places
    /// that they name.
    pub(super) fn take(&mut self, origin: Origin, city: Option<&str>, change: Change) {
        let records = match change {
            Change::All(records) => {
                for place in &mut self.places {
                    place.parts.retain(|part| part.origin != origin);
                }
                records
            }
            Change::More(records) => records,
        };
        self.changed = true;
        for Record { device, station } in records {
            let Some(place) = self.place(city.or(station.city.as_deref())) else { continue };
            self.places[place].take(origin, device, station);
        }
    }

    /// Where the place of that name stands; `None` if there is no room for another.
    fn place(&mut self, city: Option<&str>) -> Option<usize> {
        let name = fold(city.unwrap_or_default());
        if let Some(&index) = self.index.get(&name) {
            return Some(index);
        }
        if self.places.len() >= Stations::MOST {
            if !std::mem::replace(&mut self.full, true) {
                warn!("more than {} stations: the others are left out", Stations::MOST);
            }
            return None;
        }
        let city = city.map(str::to_owned);
        self.places.push(Place { city, options: None, parts: Vec::new(), told: false });
        self.index.insert(name, self.places.len() - 1);
        Some(self.places.len() - 1)
    }

    /// What is known now, and whether it is news.
    pub(super) fn snapshot(&mut self) -> (Arc<Snapshot>, bool) {
        let mut news = false;
        if std::mem::take(&mut self.changed) {
            let stations: Vec<Station> = {
                let hidden = &self.hidden;
                self.places.iter_mut().filter_map(|place| place.station(hidden)).collect()
            };
            let new = Snapshot::new(if stations.is_empty() { self.placeholder.clone() } else { stations });
            news = new != *self.snapshot;
            if news {
                self.snapshot = Arc::new(new);
            }
        }
        (Arc::clone(&self.snapshot), news)
    }
}

impl Place {
    fn take(&mut self, origin: Origin, device: Device, said: Station) {
        let known = self.parts.iter_mut().find(|part| part.origin == origin && part.device == device);
        if let Some(part) = known {
            return part.said.merge(said);
        }
        if self.parts.len() >= PARTS {
            let oldest = (0..self.parts.len()).min_by_key(|&i| self.parts[i].said.newest());
            oldest.map(|oldest| self.parts.swap_remove(oldest));
        }
        self.parts.push(Part { origin, device, said });
    }

    /// The place as it is published; `None` if nothing is known and nothing configured.
    fn station(&mut self, hidden: &BTreeSet<usize>) -> Option<Station> {
        let mut parts = self.parts.iter().filter(|part| !hidden.contains(&part.origin.0)).peekable();
        if parts.peek().is_none() && self.options.is_none() {
            return None;
        }
        let mut station = Station::called(self.city.clone());
        for part in parts {
            station.merge(part.said.clone());
        }
        self.tell_candidates();
        if let Some(options) = &self.options {
            station.city = Some(options.city.clone());
            station.aliases.extend(options.aliases.iter().cloned());
            station.default |= options.default;
        }
        Some(station)
    }

    /// Names the sensors once if several measure the same.
    fn tell_candidates(&mut self) {
        if self.told || self.parts.len() < 2 {
            return;
        }
        for quantity in Quantity::ALL {
            let measuring = self.parts.iter().filter(|part| part.said.reading(quantity).is_some());
            let devices: BTreeSet<String> = measuring.map(|part| part.device.to_string()).collect();
            if devices.len() > 1 {
                self.told = true;
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
