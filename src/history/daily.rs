//! Days and plots, made of the series.
//!
//! A slot belongs to the day on which it ends. In zones whose offset is no multiple of ten minutes (Nepal, the
//! Chatham Islands) days so begin five minutes early.

use std::ops::Range;

use super::rain::{Run, rise};
use super::series::Last;
use super::slots::{Row, SLOT, Series};
use super::{MINUTE, seconds};
use crate::reading::{Column, Day, Plot, Plots, Quantity};
use crate::time::{Date, Timestamp};
use crate::weather;

/// What is known of a station beside its readings.
#[derive(Clone, Copy, Debug, Default)]
pub struct Site {
    /// How high the barometer is above the sea, m.
    pub elevation: Option<i32>,
    /// Whether its rain is that of a gauge.
    pub has_gauge: bool,
}

/// Rain that fell before the first reading of a day counts on that day if the reading before is no older, seconds:
/// hourly reports go on over midnight.
const BEFORE: u32 = 70 * MINUTE;

/// Decides between two values.
type IsBetter = fn(&f64, &f64) -> bool;

/// The value of a slot.
type Value<'v> = &'v dyn Fn(u32) -> Option<f64>;

impl Series {
    /// The weather of a day as far as it has passed; `None` if nothing of it is known.
    pub fn day(&self, date: Date, site: Site, now: Timestamp) -> Option<Day> {
        let slots = slots(date, now)?;
        let is_known = |row: &Row, number| self.value(*row, number).is_some();
        let is_covered = |number: &u32| match self.has(Row::Temperature) {
            true => is_known(&Row::Temperature, *number),
            false => Row::ALL.iter().any(|row| is_known(row, *number)),
        };
        let covered = slots.clone().filter(is_covered).count();
        let mut day = Day::new(date, u8::try_from(100 * covered / slots.len()).unwrap_or(0));
        let mut extreme = |value: Value<'_>, is_better: IsBetter, column: Column, time: Option<Column>| {
            let Some((number, value)) = extreme(&slots, value, is_better) else { return };
            day.set(column, value);
            time.map(|time| day.set(time, Date::minute(instant(number * SLOT).max(date.start())).into()));
        };
        let lowest = |number| self.lowest(Row::TemperatureRange, number);
        let highest = |number| self.value(Row::TemperatureRange, number);
        let gust = |number| self.value(Row::Gust, number);
        extreme(&lowest, f64::lt, Column::LowestTemperature, Some(Column::LowestTemperatureTime));
        extreme(&highest, f64::gt, Column::HighestTemperature, Some(Column::HighestTemperatureTime));
        extreme(&gust, f64::gt, Column::HighestGust, Some(Column::HighestGustTime));
        let sea_level = |number| self.sea_level_pressure(number, site);
        let station = |number| self.value(Row::StationPressure, number);
        extreme(&sea_level, f64::lt, Column::LowestSeaLevelPressure, None);
        extreme(&sea_level, f64::gt, Column::HighestSeaLevelPressure, None);
        extreme(&station, f64::lt, Column::LowestStationPressure, None);
        extreme(&station, f64::gt, Column::HighestStationPressure, None);
        for (column, row) in
            [(Column::MeanTemperature, Row::Temperature), (Column::MeanHumidity, Row::Humidity)]
        {
            let values: Vec<f64> = slots.clone().filter_map(|number| self.value(row, number)).collect();
            if !values.is_empty() {
                day.set(column, values.iter().sum::<f64>() / values.len() as f64);
            }
        }
        if let Some(fallen) = self.rain(&slots, site) {
            let thousandths: i64 = fallen.iter().map(|(_, fallen)| fallen).sum();
            day.set(Column::Rain, thousandths as f64 / 1000.0);
        }
        (day != Day::new(date, 0)).then_some(day)
    }

    /// Three days for plots.
    pub fn plots(&self, site: Site) -> Plots {
        let all = self.first()..self.end();
        let mut rows = Vec::new();
        for &plot in Plot::ALL {
            let of = |row| move |number| self.value(row, number);
            let mut values: Box<[f32]> = match plot {
                Plot::Temperature => filled(&all, &of(Row::Temperature)),
                Plot::Humidity => filled(&all, &of(Row::Humidity)),
                Plot::StationPressure => filled(&all, &of(Row::StationPressure)),
                Plot::SeaLevelPressure => filled(&all, &|number| self.sea_level_pressure(number, site)),
                Plot::Wind => filled(&all, &of(Row::Wind)),
                Plot::Gust => filled(&all, &of(Row::Gust)),
                Plot::Rain => filled(&all, &|_| None),
            };
            if plot == Plot::Rain {
                self.add_rain(&all, site, &mut values);
            }
            if values.iter().any(|value| !value.is_nan()) {
                rows.push((plot, values));
            }
        }
        Plots::new(self.end(), rows)
    }

    /// Puts the rain of each day in its slots.
    fn add_rain(&self, all: &Range<u32>, site: Site, values: &mut [f32]) {
        let (mut date, end) = (Date::of(instant(all.start * SLOT)), instant(all.end * SLOT));
        while date.start() < end {
            let slots = slots(date, end).unwrap_or(0..0);
            for (number, fallen) in self.rain(&slots, site).unwrap_or_default() {
                let index = number.checked_sub(all.start).map(|index| index as usize);
                if let Some(value) = index.and_then(|index| values.get_mut(index)) {
                    #[expect(clippy::cast_possible_truncation, reason = "rain of a slot")]
                    let fallen = (fallen as f64 / 1000.0) as f32;
                    *value = fallen + if value.is_nan() { 0.0 } else { *value };
                }
            }
            date = date.next();
        }
    }

    /// The pressure at sea level, as a source gives it or by the station's height.
    fn sea_level_pressure(&self, number: u32, site: Site) -> Option<f64> {
        let reduced = || {
            let (pressure, air) =
                (self.value(Row::StationPressure, number)?, self.value(Row::Temperature, number)?);
            let reduced = weather::sea_level_pressure(pressure, site.elevation?.into(), air)?;
            Quantity::SeaLevelPressure.plausible(reduced)
        };
        match self.has(Row::SeaLevelPressure) {
            true => self.value(Row::SeaLevelPressure, number),
            false => reduced(),
        }
    }

    /// The rain in each of these slots, thousandths of a millimetre, under the rules of [`Run`] for resets and faults.
    /// `None` if it is not known.
    fn rain(&self, slots: &Range<u32>, site: Site) -> Option<Vec<(u32, i64)>> {
        let sum = |number| {
            self.value(Row::RainIntervals, number).map(|fallen| (number, (fallen * 1000.0).round() as i64))
        };
        let intervals: Vec<(u32, i64)> = slots.clone().filter_map(sum).collect();
        if !intervals.is_empty() {
            return Some(intervals);
        }
        let sample = |number| self.counter(number).map(|(at, value)| Last { at, value });
        let mut samples: Vec<Last> = slots.clone().filter_map(sample).collect();
        let first = samples.first().filter(|_| site.has_gauge)?.at;
        let before = (slots.start.saturating_sub(BEFORE / SLOT)..slots.start).rev().find_map(sample);
        samples.splice(0..0, before.filter(|before| first - before.at <= BEFORE));
        let run = Run::of(&samples).samples;
        let rises = run.windows(2).map(|pair| (pair[1].at / SLOT, rise(pair[0], pair[1]).unwrap_or(0)));
        (run.len() > 1).then(|| rises.collect())
    }
}

/// The slots of a day until `now`; `None` if there is none: of a day in the future, or one that a zone has skipped.
fn slots(date: Date, now: Timestamp) -> Option<Range<u32>> {
    let (start, end) = (seconds(date.start())?, seconds(date.next().start())?);
    let slots = start / SLOT..(end / SLOT).min(seconds(now)?.div_ceil(SLOT));
    (!slots.is_empty()).then_some(slots)
}

/// The best value, and the first slot that has it.
fn extreme(slots: &Range<u32>, value: Value<'_>, is_better: IsBetter) -> Option<(u32, f64)> {
    let values = slots.clone().filter_map(|number| Some((number, value(number)?)));
    values.reduce(|best, new| if is_better(&new.1, &best.1) { new } else { best })
}

/// A row of a plot.
fn filled(slots: &Range<u32>, value: Value<'_>) -> Box<[f32]> {
    #[expect(clippy::cast_possible_truncation, reason = "seven digits are enough for a plot")]
    slots.clone().map(|number| value(number).map_or(f32::NAN, |value| value as f32)).collect()
}

fn instant(at: u32) -> Timestamp {
    Timestamp::from_millis(i64::from(at) * 1000).unwrap_or(Timestamp::EPOCH)
}
