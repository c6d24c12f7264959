//! What several days say together, and in a few words.

use std::array;
use std::fmt::{self, Display};
use std::slice;

use super::period::Period;
use super::units::Units;
use crate::reading::{Column, Day, Station};

/// The days of a period that are known.
#[derive(Clone, Copy)]
pub(super) struct Days<'d> {
    known: [&'d [Day]; 2],
    /// How many days the period has.
    asked: usize,
    /// What one of them is called.
    name: &'static str,
}

/// A value of all days.
pub(super) struct Total<'d> {
    pub(super) value: f64,
    /// Of an extreme, the day on which it was.
    pub(super) day: Option<&'d Day>,
}

impl<'d> Days<'d> {
    pub(super) fn of(station: &'d Station, period: Period) -> Days<'d> {
        let name = if period.is_night { "night" } else { "day" };
        let known: [&[Day]; 2] = match &station.diary {
            Some(diary) if period.is_night => {
                [diary.night(period.to).map(slice::from_ref).unwrap_or_default(), &[]]
            }
            Some(diary) => diary.slices(period.from, period.to),
            None => [&[]; 2],
        };
        Days { known, asked: period.days(), name }
    }

    pub(super) fn of_day(day: &'d Day) -> Days<'d> {
        Days { known: [slice::from_ref(day), &[]], asked: 1, name: "day" }
    }

    pub(super) fn iter(self) -> impl Iterator<Item = &'d Day> {
        self.known.into_iter().flatten()
    }

    pub(super) fn known(self) -> usize {
        self.iter().count()
    }

    /// How much was measured of the day that was measured most, %.
    pub(super) fn covered(self) -> u8 {
        self.iter().map(|day| day.covered).max().unwrap_or(0)
    }

    /// What the column says of all days together: the extreme, the mean, or the sum.
    pub(super) fn total(self, column: Column) -> Option<Total<'d>> {
        use Column::*;
        let is_better = match column {
            LowestTemperature | LowestSeaLevelPressure | LowestStationPressure => f64::lt,
            HighestTemperature | HighestSeaLevelPressure | HighestStationPressure | HighestGust => f64::gt,
            MeanTemperature | MeanHumidity => return self.mean(column),
            Rain => return self.sum(column),
            LowestTemperatureTime | HighestTemperatureTime | HighestGustTime => return None,
        };
        let mut found: Option<Total<'d>> = None;
        for day in self.iter() {
            let Some(value) = day.value(column) else { continue };
            if found.as_ref().is_none_or(|found| is_better(&value, &found.value)) {
                found = Some(Total { value, day: Some(day) });
            }
        }
        found
    }

    fn sum(self, column: Column) -> Option<Total<'d>> {
        let values = self.iter().filter_map(|day| day.value(column));
        values.reduce(|sum, value| sum + value).map(|value| Total { value, day: None })
    }

    /// A day counts by how much of it was measured.
    fn mean(self, column: Column) -> Option<Total<'d>> {
        let (mut sum, mut weights) = (0.0, 0.0);
        for day in self.iter() {
            let weight = f64::from(day.covered.max(1));
            if let Some(value) = day.value(column) {
                sum += weight * value;
                weights += weight;
            }
        }
        (weights > 0.0).then(|| Total { value: sum / weights, day: None })
    }

    /// How many of them were measured, with a value in this column.
    pub(super) fn measured(self, column: Option<Column>) -> usize {
        let has = |day: &Day| column.is_none_or(|column| day.value(column).is_some());
        self.iter().filter(|day| day.covered >= Day::WHOLE && has(day)).count()
    }

    /// How much is not known, if any.
    pub(super) fn gaps(self, column: Option<Column>) -> Gaps {
        match self.iter().next() {
            Some(day) if self.asked == 1 => Gaps::OfDay(day.covered, self.name),
            _ => Gaps::OfDays { measured: self.measured(column), asked: self.asked },
        }
    }
}

/// How much of a period was measured; nothing is written where that is enough.
#[derive(Clone, Copy)]
pub(super) enum Gaps {
    /// So many percent of the only day or night.
    OfDay(u8, &'static str),
    /// So many of several days.
    OfDays { measured: usize, asked: usize },
}

/// ` (measured 62% of the day)`, ` (5 of 7 days measured)`
impl Display for Gaps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Gaps::OfDay(covered, name) if *covered < Day::WHOLE => {
                write!(f, " (measured {covered}% of the {name})")
            }
            Gaps::OfDays { measured, asked } if measured < asked => {
                write!(f, " ({measured} of {asked} days measured)")
            }
            _ => Ok(()),
        }
    }
}

/// Days in one line: `3°C to 11°C, rain 2.4 mm, gusts 40 km/h`
pub(super) struct Brief {
    units: Units,
    /// In the order of [`PARTS`].
    values: [Option<f64>; 4],
    gaps: Gaps,
}

/// What two values say together.
type Both = fn(i32, i32) -> i32;

/// What the line is made from, and what two days say together.
const PARTS: [(Column, Both); 4] = [
    (Column::LowestTemperature, i32::min),
    (Column::HighestTemperature, i32::max),
    (Column::Rain, |sum, rain| sum + rain),
    (Column::HighestGust, i32::max),
];

impl Brief {
    /// `None` if none of this is known.
    pub(super) fn of(days: Days<'_>, units: Units) -> Option<Brief> {
        let mut values = [None; 4];
        for day in days.iter() {
            for (known, (column, both)) in values.iter_mut().zip(PARTS) {
                let Some(digits) = day.digits(column) else { continue };
                *known = Some(known.map_or(digits, |known| both(known, digits)));
            }
        }
        let value = |part: usize| Some(PARTS[part].0.value(values[part]?));
        let [lowest, highest, rain, gust] = array::from_fn(value);
        // A row that somebody has changed may have only one of them.
        let lowest = lowest.filter(|_| highest.is_some());
        let values = [lowest, highest.filter(|_| lowest.is_some()), rain, gust];
        let is_known = lowest.or(rain).or(gust).is_some();
        let gaps = days.gaps(rain.map(|_| Column::Rain));
        is_known.then_some(Brief { units, values, gaps })
    }
}

impl Display for Brief {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = self.units;
        let [lowest, highest, rain, gust] = self.values;
        let temperature = |value| units.temperature(value);
        let parts = [
            ("", lowest.map(temperature)),
            (" to ", highest.map(temperature)),
            (", rain ", rain.map(|rain| units.rain(rain))),
            (", gusts ", gust.map(|gust| units.speed(gust))),
        ];
        let mut is_first = true;
        for (before, measure) in parts {
            let Some(measure) = measure else { continue };
            f.write_str(if is_first { before.trim_start_matches(", ") } else { before })?;
            measure.fmt(f)?;
            is_first = false;
        }
        self.gaps.fmt(f)
    }
}
