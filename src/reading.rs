//! Readings with their times, the stations that they are from, and the snapshot that is published.

mod day;
mod diary;
mod snapshot;

use std::fmt;
use std::mem;
use std::sync::Arc;
use std::time::Duration;

pub use self::day::{Column, Day};
use self::diary::Asked;
pub use self::diary::{Diary, Plot, Plots};
pub use self::snapshot::{Snapshot, Stations};
pub use crate::quantity::{Quantity, Unit};
use crate::time::Timestamp;

/// A value that was observed, and when.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Observed<T> {
    /// What was observed; a number is in its quantity's base unit.
    pub value: T,
    /// When the sensor saw it.
    pub at: Timestamp,
}

impl<T> Observed<T> {
    /// Something else that was observed at the same time.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Observed<U> {
        Observed { value: change(self.value), at: self.at }
    }
}

/// A number that was observed.
pub type Reading = Observed<f64>;

fn newer<T>(known: &mut Option<Observed<T>>, new: Option<Observed<T>>) {
    if new.as_ref().is_some_and(|new| known.as_ref().is_none_or(|known| known.at <= new.at)) {
        *known = new;
    }
}

/// Which of several sensors a message is from, by the names that rtl_433 uses. Many sensors get a new id
/// with a new battery.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Device {
    /// The kind of device, as the receiver calls it.
    pub model: Option<String>,
    /// Its number.
    pub id: Option<String>,
    /// The channel that its owner set.
    pub channel: Option<String>,
}

/// A part by which devices differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DevicePart {
    /// [`Device::model`]
    Model,
    /// [`Device::id`]
    Id,
    /// [`Device::channel`]
    Channel,
}

impl Device {
    /// Sets one part.
    pub fn set(&mut self, part: DevicePart, text: Option<String>) {
        match part {
            DevicePart::Model => self.model = text,
            DevicePart::Id => self.id = text,
            DevicePart::Channel => self.channel = text,
        }
    }
}

impl Device {
    /// As the configuration selects it: `{ model = "Acurite-Tower", id = "7997" }`; `None` if it says nothing.
    pub fn selection(&self) -> Option<String> {
        let parts = [("model", &self.model), ("id", &self.id), ("channel", &self.channel)];
        let part = |(name, part): (&str, &Option<String>)| {
            let part = part.as_ref()?.replace('\\', "\\\\").replace('"', "\\\"");
            Some(format!("{name} = \"{part}\""))
        };
        let parts: Vec<String> = parts.into_iter().filter_map(part).collect();
        (!parts.is_empty()).then(|| format!("{{ {} }}", parts.join(", ")))
    }
}

/// `Acurite-Tower 7997 A`, on one line.
impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = [&self.model, &self.id, &self.channel].into_iter().flatten();
        f.write_str(parts.next().map_or("a sensor without a name", String::as_str))?;
        parts.try_for_each(|part| write!(f, " {part}"))
    }
}

/// What the past of a station says, as of the newest readings that it rests on.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Past {
    /// Rain of the last hour, mm.
    pub rain_of_hour: Option<Reading>,
    /// Rain of the last 24 hours, mm.
    pub rain_of_day: Option<Reading>,
    /// By how much the pressure has changed in 3 hours, hPa.
    pub pressure_change: Option<Reading>,
    /// The lowest temperature of the last 24 hours, °C.
    pub lowest_temperature: Option<Reading>,
    /// The highest temperature of the last 24 hours, °C.
    pub highest_temperature: Option<Reading>,
}

/// One place: its names and the newest reading of each quantity, each with its own time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Station {
    /// The name that the answer prints. `None` for a file that names no place.
    pub city: Option<String>,
    /// Its other names.
    pub aliases: Vec<String>,
    /// Whether this station answers when no place is given.
    pub default: bool,
    /// The source's own text about the air, used as it is.
    pub air_quality: Option<Observed<String>>,
    /// The source's own text about the precipitation, used as it is.
    pub precipitation: Option<Observed<String>>,
    /// What its past says, if anything.
    pub past: Option<Box<Past>>,
    /// Its last days, if they are kept.
    pub diary: Option<Arc<Diary>>,
    /// When somebody asked for it last.
    asked: Asked,
    /// In the order of the quantities. Only those that are present: among thousands of stations a query
    /// costs what it fetches from memory.
    readings: Vec<(Quantity, Reading)>,
}

impl Station {
    /// Notes that somebody asks for it: of more stations than diaries are kept for, those that nobody asks for
    /// lose theirs.
    pub fn asked(&self, now: Timestamp) {
        self.asked.set(now);
    }

    /// When somebody did so last, seconds since 1970.
    pub fn last_asked(&self) -> u32 {
        self.asked.get()
    }

    /// A station without readings.
    pub fn called(city: Option<String>) -> Station {
        Station { city, ..Station::default() }
    }

    /// The newest reading of `quantity`, however old.
    pub fn reading(&self, quantity: Quantity) -> Option<Reading> {
        self.readings.iter().find(|(known, _)| *known == quantity).map(|(_, reading)| *reading)
    }

    /// The newest reading of each quantity that there is, in the order of the quantities.
    pub fn readings(&self) -> impl Iterator<Item = (Quantity, Reading)> {
        self.readings.iter().copied()
    }

    /// Keeps a reading, unless there is a newer one of the same quantity.
    pub fn update(&mut self, quantity: Quantity, reading: Reading) {
        match self.readings.binary_search_by_key(&quantity, |(known, _)| *known) {
            Ok(index) if self.readings[index].1.at > reading.at => {}
            Ok(index) => self.readings[index].1 = reading,
            Err(index) => self.readings.insert(index, (quantity, reading)),
        }
    }

    /// Gives back memory that further readings would need: there may be thousands of stations.
    pub fn shrink_to_fit(&mut self) {
        self.readings.shrink_to_fit();
    }

    /// Replaces each reading by another, or drops it.
    pub fn change(&mut self, mut other: impl FnMut(Quantity, Reading) -> Option<Reading>) {
        self.readings.retain_mut(|(quantity, reading)| match other(*quantity, *reading) {
            Some(changed) => {
                *reading = changed;
                true
            }
            None => false,
        });
    }

    /// Drops what was observed more than `by` after `now`: the clock was set back since.
    pub fn forget_ahead(&mut self, now: Timestamp, by: Duration) {
        self.change(|_, reading| (reading.at.ahead(now) <= by).then_some(reading));
        for text in [&mut self.air_quality, &mut self.precipitation] {
            text.take_if(|text| text.at.ahead(now) > by);
        }
    }

    /// Adds another record of the same place. The newer reading of each quantity is kept; of two that are
    /// equally old, that of `record`.
    pub fn merge(&mut self, mut record: Station) {
        self.default |= record.default;
        for alias in mem::take(&mut record.aliases) {
            if self.aliases.len() < ALIASES && !self.aliases.contains(&alias) {
                self.aliases.push(alias);
            }
        }
        if self.readings.is_empty() {
            self.readings = mem::take(&mut record.readings);
        }
        for (quantity, reading) in record.readings {
            self.update(quantity, reading);
        }
        newer(&mut self.air_quality, record.air_quality);
        newer(&mut self.precipitation, record.precipitation);
    }

    /// The time of the newest reading or text; `None` for a station that never reported.
    pub fn newest(&self) -> Option<Timestamp> {
        let texts = [&self.air_quality, &self.precipitation].into_iter().flatten();
        let numbers = self.readings.iter();
        numbers.map(|(_, reading)| reading.at).chain(texts.map(|text| text.at)).max()
    }
}

/// More names than any place has; the bound keeps comparing them cheap.
pub const ALIASES: usize = 100;
