//! What is published of a station's last days: values for plots, and a row for each day.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::day::Day;
use super::{Quantity, Unit};
use crate::table::table;
use crate::time::{Date, Timestamp};

table! {
    /// What can be plotted. The dew point follows from temperature and humidity.
    pub enum Plot: Quantity {
        /// °C, the mean of a slot.
        Temperature = Quantity::Temperature,
        /// %, the mean.
        Humidity = Quantity::Humidity,
        /// hPa, the mean.
        StationPressure = Quantity::StationPressure,
        /// hPa, the mean; from the one before where the station's height is known and no source gives it.
        SeaLevelPressure = Quantity::SeaLevelPressure,
        /// m/s, the mean.
        Wind = Quantity::WindSpeed,
        /// m/s, the highest.
        Gust = Quantity::WindGust,
        /// mm, the sum. Where a gauge reports less often than a slot is long: since the slot before that is known.
        Rain = Quantity::Rain,
    }
}

impl Plot {
    /// Its name in words.
    pub fn name(self) -> &'static str {
        self.row().name()
    }

    /// Its name in JSON.
    pub fn key(self) -> &'static str {
        self.row().key()
    }

    /// The unit of its values.
    pub fn unit(self) -> Unit {
        self.row().base_unit()
    }
}

/// The values of a station in slots of ten minutes, for three days.
#[derive(Clone, Debug, Default)]
pub struct Plots {
    /// The number of the slot that would follow the last one, counted from 1970.
    end: u32,
    /// Those of which something is known.
    rows: Vec<(Plot, Box<[f32]>)>,
}

/// Compares bits: a value that is not known is equal to another one.
impl PartialEq for Plots {
    fn eq(&self, other: &Plots) -> bool {
        let bits = |plots: &Plots| -> Vec<u32> {
            plots.rows.iter().flat_map(|(_, values)| values.iter().map(|value| value.to_bits())).collect()
        };
        let of = |plots: &Plots| -> Vec<Plot> { plots.rows.iter().map(|(plot, _)| *plot).collect() };
        self.end == other.end && of(self) == of(other) && bits(self) == bits(other)
    }
}

/// With this two copies of one pointer are compared as pointers.
impl Eq for Plots {}

impl Plots {
    /// Slots of three days.
    pub const SLOTS: u16 = 432;

    /// The length of a slot, seconds.
    pub const SLOT: u32 = 600;

    /// The number of the slot that an instant is in.
    pub fn slot(at: Timestamp) -> i64 {
        #[expect(clippy::cast_possible_truncation)]
        let seconds = at.epoch_seconds() as i64;
        seconds / i64::from(Self::SLOT)
    }

    /// Rows that end before slot `end`, each with [`Self::SLOTS`] values.
    pub fn new(end: u32, rows: Vec<(Plot, Box<[f32]>)>) -> Plots {
        Plots { end, rows }
    }

    /// The values in the order of time, in the base unit, NaN where nothing is known: [`Self::SLOTS`], or
    /// none if nothing is known at all. The last slot may still be going on.
    pub fn values(&self, plot: Plot) -> &[f32] {
        self.rows.iter().find(|(known, _)| *known == plot).map_or(&[], |(_, values)| values)
    }

    /// When the slot of that index begins.
    pub fn start(&self, index: usize) -> Timestamp {
        let first = i64::from(self.end) - i64::from(Self::SLOTS);
        let millis = (first + i64::try_from(index).unwrap_or(0)) * i64::from(Self::SLOT) * 1000;
        Timestamp::from_millis(millis.max(0)).unwrap_or(Timestamp::EPOCH)
    }
}

/// The last days of a station.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diary {
    /// Three days for plots.
    pub plots: Plots,
    /// All days that are over and known, in the order of their dates.
    pub days: Arc<[Day]>,
    /// Today as far as it has passed, and those of the three days before that are not written yet, in order: yesterday for
    /// some minutes after midnight.
    pub open: Vec<Day>,
    /// The night that ends today, and from its first hour on the one that ends tomorrow, each with the date of its end.
    pub nights: Vec<Day>,
}

impl Diary {
    /// The hours on the board's clock at which a night begins and ends.
    pub const NIGHT: (u32, u32) = (18, 9);

    /// From when until when the night is that ends on a date.
    pub fn night_of(date: Date) -> (Timestamp, Timestamp) {
        (date.plus(-1).at(Self::NIGHT.0), date.at(Self::NIGHT.1))
    }

    /// What is known of the night that ends on a date.
    pub fn night(&self, date: Date) -> Option<&Day> {
        self.nights.iter().find(|night| night.date == date)
    }

    /// What is known of a day.
    pub fn day(&self, date: Date) -> Option<&Day> {
        let written =
            self.days.binary_search_by_key(&date, |day| day.date).ok().map(|index| &self.days[index]);
        written.or_else(|| self.open.iter().find(|day| day.date == date))
    }

    /// The days from one to another, both included, in order: those that are known.
    pub fn range(&self, from: Date, to: Date) -> impl Iterator<Item = &Day> {
        self.slices(from, to).into_iter().flatten()
    }

    /// The same as two lists, of which the second has those that are not written.
    pub fn slices(&self, from: Date, to: Date) -> [&[Day]; 2] {
        // From the end, as mostly the last ones are asked for.
        let until = |days: &[Day], is_later: &dyn Fn(&Day) -> bool| {
            days.len() - days.iter().rev().take_while(|day| is_later(day)).count()
        };
        [&*self.days, &self.open].map(|days| {
            let days = &days[..until(days, &|day| day.date > to)];
            &days[until(days, &|day| day.date >= from)..]
        })
    }

    /// The first day that is known.
    pub fn first(&self) -> Option<Date> {
        self.days.first().into_iter().chain(self.open.first()).map(|day| day.date).min()
    }
}

/// When a station was asked for last, seconds since 1970; 0 for never. It lies within the station, which an answer reads
/// anyway.
#[derive(Debug, Default)]
pub struct Asked(AtomicU32);

impl Clone for Asked {
    fn clone(&self) -> Asked {
        Asked(self.get().into())
    }
}

/// Two stations do not differ by it.
impl PartialEq for Asked {
    fn eq(&self, _: &Asked) -> bool {
        true
    }
}

impl Asked {
    /// Notes that somebody asks now, to the minute.
    pub fn set(&self, now: Timestamp) {
        // A float becomes the nearest number that fits.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let seconds = now.epoch_seconds() as u32;
        // Written once a minute: among thousands of stations each write is one to the memory behind all caches.
        if seconds.abs_diff(self.get()) >= 60 {
            self.0.store(seconds, Ordering::Relaxed);
        }
    }

    /// The time that was noted last.
    pub fn get(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}
