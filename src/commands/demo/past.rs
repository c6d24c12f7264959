//! A past for the demo's station: made up, but as weather goes, and ending with what its file says now.

use std::io;
use std::path::Path;
use std::time::Duration;

use crate::reading::{Column, Day, Observed, Plots, Quantity};
use crate::sampler;
use crate::time::{Date, Timestamp};

/// The days before those that the series has: a year and a month.
const DAYS: std::ops::RangeInclusive<i32> = 4..=396;

/// What the demo's file says.
const NOW: Air =
    Air { temperature: 10.2, humidity: 81.0, pressure: 1014.6, wind: 8.0 / 3.6, gust: 14.0 / 3.6, rain: 0.8 };

/// The air at a time, in the units of the quantities.
struct Air {
    temperature: f64,
    humidity: f64,
    pressure: f64,
    wind: f64,
    gust: f64,
    /// mm/h
    rain: f64,
}

/// A wave between -1 and 1: of two parabolas, as sines would add some KB to the program.
fn wave(at: f64, period: f64) -> f64 {
    let turns = at / period;
    let part = 1.0 - 2.0 * (turns - turns.floor());
    4.0 * part * (1.0 - part.abs())
}

/// The weather of a place with a mild climate: a year, a day, and some waves that do not repeat together.
fn usual(at: Timestamp) -> Air {
    let hours = at.epoch_seconds() / 3600.0;
    let wave = |period| wave(hours, period);
    // It is warmest at the end of July, and at three o'clock.
    let year = self::wave(hours / 24.0 - 117.0, 365.25);
    let day = self::wave(f64::from(Date::minute(at)) - 540.0, 1440.0);
    let clouds = (wave(182.0) + wave(71.0) + 0.5 * wave(32.0) - 1.1).max(0.0);
    let breeze = 0.45 * wave(119.0) + 0.25 * wave(27.0) + 0.25 * day + 0.1 * wave(1.9) + 0.08 * wave(0.8);
    let wind = 2.3 * libm::exp(breeze);
    Air {
        temperature: 10.5
            + 7.0 * year
            + (2.2 + 1.4 * year) * day
            + 2.2 * wave(232.0)
            + 0.3 * wave(13.0)
            + 0.08 * wave(1.4)
            - clouds,
        humidity: (80.0 - 13.0 * day + 7.0 * wave(195.0) + 8.0 * clouds).clamp(35.0, 98.0),
        pressure: 1014.0 + 8.0 * wave(333.0) - 4.0 * wave(182.0),
        wind,
        gust: wind * (1.7 + 0.2 * wave(18.0) + 0.15 * wave(1.2)),
        rain: 0.9 * clouds,
    }
}

/// The same, which comes to what the file says.
fn air(at: Timestamp, now: Timestamp) -> Air {
    let (air, last) = (usual(at), usual(now));
    let before = at.age(now).as_secs_f64() / 3600.0;
    let part = libm::exp(-before / 48.0);
    let blend = |air: f64, now: f64, last: f64| air + part * (now - last);
    // Of wind there cannot be less than none.
    let scale = |air: f64, now: f64, last: f64| air * libm::exp(part * libm::log(now / last));
    Air {
        temperature: blend(air.temperature, NOW.temperature, last.temperature),
        humidity: blend(air.humidity, NOW.humidity, last.humidity).clamp(30.0, 99.0),
        pressure: blend(air.pressure, NOW.pressure, last.pressure),
        wind: scale(air.wind, NOW.wind, last.wind),
        gust: scale(air.gust, NOW.gust, last.gust),
        rain: if before < 1.5 { NOW.rain } else { air.rain },
    }
}

/// Writes the past of a station to an empty directory for states.
pub(super) fn write(directory: &Path, station: &str, now: Timestamp) -> io::Result<()> {
    let slot = Duration::from_secs(Plots::SLOT.into());
    let times = (0..u32::from(Plots::SLOTS)).rev().map(|back| now.before(slot * back));
    let mut readings = Vec::new();
    for at in times {
        let Air { temperature, humidity, pressure, wind, gust, rain } = air(at, now);
        let of = [
            (Quantity::Temperature, temperature),
            (Quantity::Humidity, humidity),
            (Quantity::SeaLevelPressure, pressure),
            (Quantity::WindSpeed, wind),
            (Quantity::WindGust, gust),
            (Quantity::RainInterval, rain / 6.0),
        ];
        readings.extend(of.map(|(quantity, value)| (quantity, Observed { value, at })));
    }
    let today = Date::of(now);
    // A day that was not measured, as nothing real is without gaps.
    let dates = DAYS.rev().filter(|back| back % 83 != 11).map(|back| today.plus(-back));
    let days: Vec<Day> = dates.map(day).collect();
    sampler::keep(directory, station, (&readings, &days), now)
}

fn day(date: Date) -> Day {
    let (_, _, number) = date.ymd();
    let covered = if number == 17 { 61 } else { 100 };
    let mut day = Day::new(date, covered);
    let end = date.next().start();
    let hours: Vec<(Timestamp, Air)> = (1..=24)
        .rev()
        .map(|back| end.before(Duration::from_secs(3600 * back)))
        .map(|at| (at, usual(at)))
        .collect();
    let mean = |value: fn(&Air) -> f64| hours.iter().map(|(_, air)| value(air)).sum::<f64>() / 24.0;
    let mut extreme = |value: fn(&Air) -> f64, sign: f64, column, time: Option<Column>| {
        let by = |a: &&(Timestamp, Air), b: &&(Timestamp, Air)| {
            (sign * value(&a.1)).total_cmp(&(sign * value(&b.1)))
        };
        if let Some((at, air)) = hours.iter().max_by(by) {
            day.set(column, value(air));
            if let Some(time) = time {
                day.set(time, Date::minute(*at).into());
            }
        }
    };
    extreme(|air| air.temperature, -1.0, Column::LowestTemperature, Some(Column::LowestTemperatureTime));
    extreme(|air| air.temperature, 1.0, Column::HighestTemperature, Some(Column::HighestTemperatureTime));
    extreme(|air| air.gust, 1.0, Column::HighestGust, Some(Column::HighestGustTime));
    extreme(|air| air.pressure, -1.0, Column::LowestSeaLevelPressure, None);
    extreme(|air| air.pressure, 1.0, Column::HighestSeaLevelPressure, None);
    day.set(Column::MeanTemperature, mean(|air| air.temperature));
    day.set(Column::MeanHumidity, mean(|air| air.humidity));
    day.set(Column::Rain, mean(|air| air.rain) * 24.0);
    day
}
