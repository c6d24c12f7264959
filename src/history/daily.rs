//! Days and plots, made of the series.
//!
//! A slot belongs to the day on which it ends. In zones whose offset is no multiple of ten minutes (Nepal, the
//! Chatham Islands) days so begin five minutes early.

use std::ops::Range;

use super::rain::{Run, rise};
use super::series::Last;
use super::slots::{Row, SLOT, Series};
use super::{MINUTE, seconds};
use crate::reading::{Column, Day, Diary, Plot, Plots, Quantity};
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

/// From an instant until before another one.
type Span = (Timestamp, Timestamp);

impl Series {
    /// The weather of a day as far as it has passed; `None` if nothing of it is known.
    pub fn day(&self, date: Date, site: Site, now: Timestamp) -> Option<Day> {
        self.summary(date, (date.start(), date.next().start()), site, now)
    }

    /// The night that ends on a date, likewise.
    pub fn night(&self, date: Date, site: Site, now: Timestamp) -> Option<Day> {
        self.summary(date, Diary::night_of(date), site, now)
    }

    fn summary(&self, date: Date, span: Span, site: Site, now: Timestamp) -> Option<Day> {
        let slots = slots(span, now)?;
        let is_known = |row: &Row, number| self.value(*row, number).is_some();
        let is_covered = |number: &u32| match self.has(Row::Temperature) {
            true => is_known(&Row::Temperature, *number),
            false => Row::ALL.iter().any(|row| is_known(row, *number)),
        };
        let covered = covered(&slots.clone().filter(is_covered).collect::<Vec<u32>>(), slots.end);
        let mut day = Day::new(date, u8::try_from(100 * covered / slots.len()).unwrap_or(0));
        let mut extreme = |value: Value<'_>, is_better: IsBetter, column: Column, time: Option<Column>| {
            let Some((number, value)) = extreme(&slots, value, is_better) else { return };
            day.set(column, value);
            if let Some(time) = time {
                day.set(time, Date::minute(instant(number * SLOT).max(span.0)).into());
            }
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
        // What fell into a gauge that was followed before on this day is not known.
        if let Some(fallen) = self.rain(&slots, site).filter(|_| self.is_of_one_gauge(&slots)) {
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
            let slots = slots((date.start(), date.next().start()), end).unwrap_or(0..0);
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
        let sum = |number| self.counted(Row::RainIntervals, number).map(|(_, sum)| (number, i64::from(sum)));
        let intervals: Vec<(u32, i64)> = slots.clone().filter_map(sum).collect();
        if !intervals.is_empty() {
            return Some(intervals);
        }
        let sample = |number| self.counted(Row::RainCounter, number).map(|(at, value)| Last { at, value });
        let mut samples: Vec<Last> = slots.clone().filter_map(sample).collect();
        let first = samples.first().filter(|_| site.has_gauge)?.at;
        let before = (slots.start.saturating_sub(BEFORE / SLOT)..slots.start).rev().find_map(sample);
        // A counter that began again at midnight: that the run leaves the reading before it out needs no search.
        let is_whole = samples.windows(2).all(|pair| rise(pair[0], pair[1]).is_some());
        let has_reset =
            |before: &Last| is_whole && samples.get(1).is_some_and(|second| before.value > second.value);
        let before = before.filter(|before| first - before.at <= BEFORE && !has_reset(before));
        samples.splice(0..0, before);
        let run = Run::of(&samples).samples;
        let rises = run.windows(2).map(|pair| (pair[1].at / SLOT, rise(pair[0], pair[1]).unwrap_or(0)));
        (run.len() > 1).then(|| rises.collect())
    }
}

/// The slots until `now`; `None` if there is none: of a day in the future, or one that a zone has skipped.
fn slots((start, end): Span, now: Timestamp) -> Option<Range<u32>> {
    let (start, end) = (seconds(start)?, seconds(end)?);
    let slots = start / SLOT..(end / SLOT).min(seconds(now)? / SLOT + 1);
    (!slots.is_empty()).then_some(slots)
}

/// The slots of an hour: no station reports less often that shows how a day was.
const HOURLY: u32 = 6;

/// Distances that show how often a station reports.
const SHOWN: usize = 4;

/// How many slots up to `end` those with a reading stand for: a station that reports each quarter of an hour, or each
/// hour, has measured the whole day. Each slot stands for those up to the next one, but for no more than the time between
/// two reports. Pairs of distances show that, as with a report each quarter of an hour these are 1 and 2. Where four of
/// five do not agree a slot stands for itself.
fn covered(known: &[u32], end: u32) -> usize {
    let mut pairs: Vec<u32> =
        known.iter().zip(known.iter().skip(2)).map(|(slot, next)| next - slot).collect();
    pairs.sort_unstable();
    let short = pairs.get(pairs.len() / 10).copied().unwrap_or(2);
    let long = pairs.get(pairs.len() * 9 / 10).copied().unwrap_or(short);
    let is_regular = pairs.len() >= SHOWN && long <= short + 1 && short <= 2 * HOURLY;
    let usual = if is_regular { short.div_ceil(2) } else { 1 };
    let next = known.iter().skip(1).copied().chain([end]);
    known.iter().zip(next).map(|(slot, next)| usual.min(next - slot) as usize).sum()
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

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::env;
    use std::process::Command;

    use super::*;
    use crate::history::tests::{Numbers, Plain};
    use crate::reading::Observed;

    /// Central European rules, written out so that no zone database is needed.
    const BERLIN: &str = "CET-1CEST,M3.5.0,M10.5.0/3";

    const SITE: Site = Site { elevation: None, has_gauge: true };
    const H: i64 = 3600;

    /// 2024-02-20T00:00Z, before a leap day.
    const BEGIN: i64 = 1_708_387_200;

    /// Whether this process has the rules of Berlin. Otherwise it runs the test of that name in one that has.
    fn is_in_berlin(test: &str) -> bool {
        if env::var("TZ").is_ok_and(|zone| zone == BERLIN) {
            return true;
        }
        let test = format!("history::daily::tests::{test}");
        let mut command = Command::new(env::current_exe().expect("this test's own binary"));
        let output =
            command.args([&test, "--exact", "--nocapture"]).env("TZ", BERLIN).output().expect("its end");
        let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && text.contains("1 passed"), "{text}");
        false
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(second * 1000).expect("an instant")
    }

    /// Seconds that Berlin was ahead of UTC, in the year of the tests.
    fn offset(second: i64) -> i64 {
        // date -u -d '2024-03-31 01:00' +%s, and so on
        let is_summer = [(1_711_846_800, 1_729_990_800), (1_743_296_400, 1_761_440_400)];
        if is_summer.iter().any(|(from, to)| (*from..*to).contains(&second)) { 2 * H } else { H }
    }

    /// The number of the day since 1970.
    fn day_of(second: i64) -> i64 {
        (second + offset(second)).div_euclid(24 * H)
    }

    type Readings = Vec<(Quantity, i64, i64)>;

    /// A day by its definition, from all readings, in whole hundredths.
    fn plain(readings: &Readings, date: Date, day: i64) -> Option<Day> {
        let slot_of = |second: i64| second.div_euclid(600);
        let starts = (day * 24 * H - 3 * H..(day + 1) * 24 * H + H).step_by(600);
        let slots: Vec<i64> = starts.filter(|start| day_of(*start) == day).map(slot_of).collect();
        let of = |quantities: &[Quantity]| {
            let mut of: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
            for (_, second, value) in readings.iter().filter(|(quantity, ..)| quantities.contains(quantity)) {
                if (slots[0]..=slots[slots.len() - 1]).contains(&slot_of(*second)) {
                    of.entry(slot_of(*second)).or_default().push(*value);
                }
            }
            of
        };
        let means = |quantity| -> Vec<f64> {
            let mean = |all: &Vec<i64>| all.iter().sum::<i64>() as f64 / all.len() as f64 / 100.0;
            of(&[quantity]).values().map(mean).collect()
        };
        let temperatures = of(&[Quantity::Temperature]);
        let mut result =
            Day::new(date, u8::try_from(100 * temperatures.len() / slots.len()).expect("percent"));
        let mut set = |column, value: Option<f64>| {
            if let Some(value) = value {
                result.set(column, value);
            }
        };
        let extreme = |of: &BTreeMap<i64, Vec<i64>>, sign: i64| {
            let best = of.values().flatten().map(|value| sign * value).max()?;
            let (slot, _) = of.iter().find(|(_, all)| all.contains(&(sign * best)))?;
            let clock = (slot * 600 + offset(slot * 600)).rem_euclid(24 * H) / 60;
            Some(((sign * best) as f64 / 100.0, clock as f64))
        };
        let gusts = of(&[Quantity::WindGust, Quantity::WindSpeed]);
        for (best, value, time) in [
            (extreme(&temperatures, -1), Column::LowestTemperature, Column::LowestTemperatureTime),
            (extreme(&temperatures, 1), Column::HighestTemperature, Column::HighestTemperatureTime),
            (extreme(&gusts, 1), Column::HighestGust, Column::HighestGustTime),
        ] {
            set(value, best.map(|best| best.0));
            set(time, best.map(|best| best.1));
        }
        for (quantity, column) in
            [(Quantity::Temperature, Column::MeanTemperature), (Quantity::Humidity, Column::MeanHumidity)]
        {
            let means = means(quantity);
            set(column, (!means.is_empty()).then(|| means.iter().sum::<f64>() / means.len() as f64));
        }
        for (quantity, lowest, highest) in [
            (Quantity::StationPressure, Column::LowestStationPressure, Column::HighestStationPressure),
            (Quantity::SeaLevelPressure, Column::LowestSeaLevelPressure, Column::HighestSeaLevelPressure),
        ] {
            let means = means(quantity);
            set(lowest, means.iter().copied().reduce(f64::min));
            set(highest, means.iter().copied().reduce(f64::max));
        }
        set(Column::Rain, plain_rain(readings, &slots));
        (result != Day::new(date, 0)).then_some(result)
    }

    /// The rain of slots, mm: amounts that end in them, or rises of the counter.
    fn plain_rain(readings: &Readings, slots: &[i64]) -> Option<f64> {
        let ends = |second: &i64| (slots[0]..=slots[slots.len() - 1]).contains(&(second - 1).div_euclid(600));
        let intervals = readings.iter().filter(|(of, end, _)| *of == Quantity::RainInterval && ends(end));
        let amounts: Vec<i64> = intervals.map(|(.., value)| *value).collect();
        if !amounts.is_empty() {
            return Some(amounts.iter().sum::<i64>() as f64 / 100.0);
        }
        let mut newest: BTreeMap<i64, (i64, i64)> = BTreeMap::new();
        for (of, second, value) in readings {
            if [Quantity::RainCounter, Quantity::RainToday].contains(of) {
                let new = (*second, 10 * value);
                newest.entry(second.div_euclid(600)).and_modify(|old| *old = new.max(*old)).or_insert(new);
            }
        }
        let mut samples: Vec<(i64, i64)> =
            slots.iter().filter_map(|slot| newest.get(slot)).copied().collect();
        let first = samples.first()?.0;
        let before = newest.range(..slots[0]).next_back().map(|(_, sample)| *sample);
        samples.splice(0..0, before.filter(|before| before.0 >= first - 70 * 60));
        let run = Plain::run(&samples);
        let rises = run.windows(2).filter_map(|pair| Plain::rise(pair[0], pair[1]));
        (run.len() > 1).then(|| rises.sum::<i64>() as f64 / 1000.0)
    }

    /// A year of a station: gaps, resets, faults, repeated readings, hourly reports, and what all comes in any order.
    fn year(numbers: &mut Numbers, rain: Quantity) -> Readings {
        let mut readings = Readings::new();
        let (mut second, mut counter, mut step, mut pressure) = (BEGIN, 12_000, 240, 95_000);
        while second < BEGIN + 400 * 24 * H {
            let before = second;
            second += 1 + numbers.below(2 * step);
            match numbers.below(if step > 600 { 100 } else { 6_000 }) {
                0 => second += numbers.below(60 * H),
                1 => step = numbers.one_of(&[60, 240, 600, 3_500]),
                2 => counter = 0,
                3 => second += 2 * 24 * H + numbers.below(5 * 24 * H),
                _ => {}
            }
            if rain == Quantity::RainToday && day_of(before) != day_of(second) {
                counter = 0;
            }
            let fallen = if numbers.below(20) == 0 { 20 * numbers.below(3) } else { 0 };
            counter += fallen;
            pressure += numbers.below(11) - 5;
            let sun = ((second % (24 * H) - 12 * H).abs() / 60) - 360;
            let shown = if numbers.below(500) == 0 { numbers.below(90_000) } else { counter };
            for (quantity, value) in [
                (Quantity::Temperature, 800 - 2 * sun + numbers.below(200)),
                (Quantity::Humidity, 4_000 + numbers.below(6_000)),
                (Quantity::StationPressure, pressure),
                (Quantity::SeaLevelPressure, pressure + 6_000),
                (Quantity::WindSpeed, numbers.below(900)),
                (Quantity::WindGust, numbers.below(2_000)),
                (rain, if rain == Quantity::RainInterval { fallen } else { shown }),
            ] {
                if numbers.below(50) > 0 {
                    readings.push((quantity, second, value));
                }
                if numbers.below(100) == 0 && quantity != Quantity::RainInterval {
                    readings.push((quantity, second, value));
                }
            }
        }
        readings
    }

    #[test]
    fn a_day_is_covered_by_reports_of_each_hour() {
        #[track_caller]
        fn check(minutes: u32, expected: usize) {
            let known: BTreeSet<u32> =
                (3..1440).step_by(minutes as usize).map(|minute| minute / 10).collect();
            let known: Vec<u32> = known.into_iter().collect();
            assert_eq!(covered(&known, 144), expected, "each {minutes} min");
            // The half of a day is missing.
            let half = known.iter().copied().filter(|slot| *slot < 72).collect::<Vec<u32>>();
            assert!(covered(&half, 144) <= 72 || minutes > 60, "each {minutes} min");
        }
        for minutes in [1, 5, 10, 15, 20, 30, 60] {
            check(minutes, 144);
        }
        check(70, 21);
        check(720, 2);
        assert_eq!((covered(&[], 144), covered(&[5], 144)), (0, 1));
        // One of ten messages is lost.
        let lossy: Vec<u32> = (0..144).filter(|slot| slot % 10 != 0).collect();
        assert_eq!(covered(&lossy, 144), 129);
    }

    /// Every day of a year, as it is written a quarter of an hour after it, against all readings.
    #[test]
    fn days_are_those_of_all_readings() {
        if !is_in_berlin("days_are_those_of_all_readings") {
            return;
        }
        for (seed, rain) in
            [(1, Quantity::RainCounter), (2, Quantity::RainToday), (3, Quantity::RainInterval)]
        {
            let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15 + seed);
            let readings = year(&mut numbers, rain);
            let mut by_day: BTreeMap<i64, Readings> = BTreeMap::new();
            for reading in readings {
                by_day.entry(day_of(reading.1)).or_default().push(reading);
            }
            let (mut series, mut whole, mut coverages) = (Series::default(), 0, Vec::new());
            let first = *by_day.keys().next().expect("a first day");
            for day in first..first + 395 {
                let date = Date::of(at(day * 24 * H + 12 * H));
                let end = date.next().start();
                let mut fed = by_day.get(&day).cloned().unwrap_or_default();
                if rain != Quantity::RainInterval {
                    let mut shuffled: Vec<_> =
                        fed.iter().map(|reading| (numbers.below(1 << 40), *reading)).collect();
                    shuffled.sort_by_key(|(key, _)| *key);
                    fed = shuffled.into_iter().map(|(_, reading)| reading).collect();
                }
                for (quantity, second, value) in fed {
                    let reading = Observed { value: value as f64 / 100.0, at: at(second) };
                    series.record(quantity, reading, end);
                }
                let known: Readings =
                    (day - 1..=day).filter_map(|day| by_day.get(&day)).flatten().copied().collect();
                let (found, expected) = (series.day(date, SITE, end), plain(&known, date, day));
                assert_eq!(found.map(|day| day.to_string()), expected.map(|day| day.to_string()), "{rain:?}");
                whole += i32::from(
                    found.is_some_and(|day| day.covered >= Day::WHOLE && day.value(Column::Rain) > Some(0.0)),
                );
                coverages.extend(found.map(|day| day.covered));
                assert!(series.bytes() <= 31_376);
            }
            // Not a comparison of nothing with nothing.
            assert!(
                whole > 60 && coverages.len() > 250 && coverages.iter().any(|covered| *covered < 50),
                "{whole} of {}",
                coverages.len()
            );
        }
    }

    /// A night has fifteen hours, or one less or more when the clock changes, and nothing of the hours beside it.
    #[test]
    fn nights_are_of_their_hours() {
        if !is_in_berlin("nights_are_of_their_hours") {
            return;
        }
        for (date, hours) in [("2024-02-29", 15), ("2024-03-31", 14), ("2024-10-27", 16)] {
            let date = Date::parse(date).expect("a date");
            let (start, end) = Diary::night_of(date);
            let start = i64::from(seconds_of(start));
            assert_eq!((Date::minute(at(start)), Date::minute(end)), (18 * 60, 9 * 60));
            assert_eq!(i64::from(seconds_of(end)), start + hours * H);
            let mut series = Series::default();
            // Colder in the afternoon before, warmer in the forenoon after.
            for minute in (-4 * 60..(hours + 4) * 60).step_by(5) {
                let observed = at(start + minute * 60);
                let celsius = match minute {
                    ..0 => -9.0,
                    450 => -2.5,
                    _ if minute >= hours * 60 => 20.0,
                    _ => 5.0,
                };
                let counter = 0.2 * (minute + 4 * 60) as f64 / 5.0;
                for (quantity, value) in [(Quantity::Temperature, celsius), (Quantity::RainCounter, counter)]
                {
                    series.record(quantity, Observed { value, at: observed }, observed);
                }
            }
            let night = |hour: i64| series.night(date, SITE, at(start + hour * H));
            assert_eq!(night(-1), None);
            assert_eq!(night(0).map(|night| night.covered), Some(100));
            let night = night(20).expect("a night");
            assert_eq!((night.date, night.covered), (date, 100));
            assert_eq!(night.value(Column::LowestTemperature), Some(-2.5));
            // 450 minutes after 18:00, as the clock shows it.
            let clock = Date::minute(at(start + 450 * 60));
            assert_eq!(night.value(Column::LowestTemperatureTime), Some(clock.into()));
            assert_eq!(night.value(Column::HighestTemperature), Some(5.0));
            let rain = night.value(Column::Rain).expect("rain");
            assert!((rain - 2.4 * hours as f64).abs() < 0.01, "{rain}");
            // Also as far as it was measured.
            series.forget_from(u32::try_from(start + 3 * H).expect("a second"));
            let covered = series.night(date, SITE, end).map(|night| night.covered);
            assert_eq!(covered, Some(u8::try_from(300 / hours).expect("percent")));
        }
    }

    /// The lengths of days, and times of the clock in the nights when it changes.
    #[test]
    fn days_of_23_and_25_hours() {
        if !is_in_berlin("days_of_23_and_25_hours") {
            return;
        }
        #[track_caller]
        fn check(date: &str, slots: usize) {
            let date = Date::parse(date).expect("a date");
            let day = (date.start(), date.next().start());
            assert_eq!(super::slots(day, at(BEGIN + 900 * 24 * H)).map(|slots| slots.len()), Some(slots));
        }
        check("2024-02-29", 144);
        check("2024-03-31", 138);
        check("2024-10-27", 150);
        // A low at half past three in the morning, summer time: half past one UTC.
        let date = Date::parse("2024-03-31").expect("a date");
        let mut series = Series::default();
        for minute in 0..23 * 60 {
            let low = if minute == 150 { -3.0 } else { 5.0 };
            let reading = Observed { value: low, at: at(1_711_839_600 + minute * 60) };
            series.record(Quantity::Temperature, reading, date.next().start());
        }
        let day = series.day(date, SITE, date.next().start()).expect("a day");
        assert_eq!((day.covered, day.value(Column::LowestTemperatureTime)), (100, Some(210.0)));
        // As far as it has passed, and less when the station is silent.
        let day = |hour: i64| series.day(date, SITE, at(1_711_839_600 + hour * H)).expect("a day").covered;
        assert_eq!((day(1), day(22), day(24)), (100, 100, 100));
        series.forget_from(1_711_839_600 + 12 * 3600);
        let half = series.day(date, SITE, date.next().start()).expect("a day").covered;
        assert_eq!(half, 52);
    }

    #[test]
    fn rain_of_intervals_until_midnight_is_of_the_day_before() {
        let midnight = Date::of(at(BEGIN)).next().start();
        let mut series = Series::default();
        for (seconds, value) in [(-600, 1.0), (0, 0.5), (600, 0.25)] {
            let at = observed_at(midnight, seconds);
            // The same row again adds nothing.
            for _ in 0..2 {
                series.record(Quantity::RainInterval, Observed { value, at }, observed_at(midnight, 900));
            }
        }
        let rain =
            |date: Date| series.day(date, SITE, date.next().start()).and_then(|day| day.value(Column::Rain));
        assert_eq!(rain(Date::of(midnight).plus(-1)), Some(1.5));
        assert_eq!(rain(Date::of(midnight)), Some(0.3));
        let plots = series.plots(SITE);
        let shown: Vec<f32> =
            plots.values(Plot::Rain).iter().copied().filter(|value| !value.is_nan()).collect();
        assert_eq!(shown, [1.0, 0.5, 0.25]);
    }

    fn observed_at(midnight: Timestamp, seconds: i64) -> Timestamp {
        let millis = i64::from(seconds_of(midnight)) * 1000 + seconds * 1000;
        Timestamp::from_millis(millis).expect("an instant")
    }

    fn seconds_of(at: Timestamp) -> u32 {
        seconds(at).expect("before 2106")
    }

    #[test]
    fn plots_have_a_value_for_each_slot() {
        let mut series = Series::default();
        for minute in 0..80 * 60 {
            let at = at(BEGIN + minute * 60);
            for (quantity, value) in [
                (Quantity::Temperature, minute as f64 / 100.0),
                (Quantity::StationPressure, 950.0),
                (Quantity::WindSpeed, 3.0),
                (Quantity::WindGust, (minute % 10) as f64),
                (Quantity::RainCounter, 100.0 + 0.2 * (minute / 20) as f64),
            ] {
                series.record(quantity, Observed { value, at }, at);
            }
        }
        let plots = series.plots(Site { elevation: Some(500), has_gauge: true });
        let last = |plot| plots.values(plot).last().copied();
        assert_eq!(plots.values(Plot::Temperature).len(), usize::from(Plots::SLOTS));
        assert_eq!(plots.start(usize::from(Plots::SLOTS) - 1), at(BEGIN + 80 * H - 600));
        assert_eq!(plots.values(Plot::Temperature)[0], 4.845);
        assert_eq!(last(Plot::Temperature), Some(47.945));
        assert_eq!((last(Plot::Wind), last(Plot::Gust)), (Some(3.0), Some(9.0)));
        let sea_level = last(Plot::SeaLevelPressure).expect("reduced");
        assert!((1000.0..1010.0).contains(&sea_level), "{sea_level}");
        let rain: f32 = plots.values(Plot::Rain).iter().filter(|value| !value.is_nan()).sum();
        assert!((rain - 43.0).abs() < 0.5, "{rain}");
        assert!(plots.values(Plot::Humidity).is_empty());
        assert_eq!(Plots::default().values(Plot::Temperature).len(), 0);
        // Rain of a gauge that is none is not known.
        assert!(series.plots(Site::default()).values(Plot::Rain).is_empty());
    }
}
