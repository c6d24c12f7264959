//! What the past of one station says: amounts of rain, the tendency of the pressure, the extremes
//! of a day, the wind of ten minutes.
//!
//! The past is kept in slots of fixed length, one entry a slot, and only for slots in which
//! something was measured. What is kept of a slot depends on the readings in it and not on their
//! order, so that repeated, late and shuffled readings change nothing. There is no clock here: `now`
//! only tells which readings cannot have happened yet.
//!
//! | for | slots | bytes at most |
//! |---|---|---|
//! | rain of 24 h, to be found 23 to 25 h back | 76 of 20 min | 608 |
//! | rain of an hour and its rate, to be found up to 70 min back | 36 of 2 min | 288 |
//! | pressure, of each kind, to be found up to 3 h 30 min back | 22 of 10 min | 352 |
//! | extremes of the temperature | 73 of 20 min | 584 |
//! | wind, mean and gust | 10 of 1 min each | 200 |
//!
//! Times are whole seconds, values whole thousandths, so that sums do not depend on order either.

use std::fmt::{self, Write};

use crate::reading::{Observed, Quantity, Reading};
use crate::time::{AHEAD, Timestamp};

const MINUTE: u32 = 60;
const HOUR: u32 = 60 * MINUTE;
const DAY: u32 = 24 * HOUR;

/// The past of one station. Empty at first, and small: about 2.2 KiB after a full day of everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    rain_day: Slots<Last, { 20 * MINUTE }, 76>,
    rain_hour: Slots<Last, { 2 * MINUTE }, 36>,
    station_pressure: Slots<Last, { 10 * MINUTE }, 22>,
    sea_level_pressure: Slots<Last, { 10 * MINUTE }, 22>,
    temperature: Slots<Extremes, { 20 * MINUTE }, 73>,
    wind: Slots<Mean, MINUTE, 10>,
    gust: Slots<Highest, MINUTE, 10>,
}

impl History {
    /// Takes a reading, in any order of times. Without effect are one of a quantity whose past says
    /// nothing, one that is implausible, too old to matter, from the future or taken before.
    ///
    /// What was taken with times that `now` turns out not to have come is forgotten. The counter of
    /// the gauge then goes on from what is left, so that the rain in between stays known as a sum.
    pub fn take(&mut self, quantity: Quantity, reading: Reading, now: Timestamp) {
        let end = end(now);
        self.forget_from(end);
        let Some(value) = quantity.plausible(reading.value) else { return };
        let Some(at) = seconds(reading.at).filter(|&at| at < end) else { return };
        let value = thousandths(value);
        let last = Last { at, value };
        match quantity {
            Quantity::RainCounter => {
                self.rain_day.take(last);
                self.rain_hour.take(last);
            }
            Quantity::StationPressure => self.station_pressure.take(last),
            Quantity::SeaLevelPressure => self.sea_level_pressure.take(last),
            Quantity::Temperature => self.temperature.take(Extremes::of(at, value)),
            Quantity::WindSpeed => {
                self.wind.take(Mean { at, sum: value, count: 1 });
                self.gust.take(Highest { at, value });
            }
            Quantity::WindGust => self.gust.take(Highest { at, value }),
            _ => {}
        }
    }

    /// Forgets the rain: what counts from now on is another gauge.
    pub fn forget_rain(&mut self) {
        self.rain_day = Slots::default();
        self.rain_hour = Slots::default();
    }

    /// Forgets the pressure: what is measured from now on is another barometer's.
    pub fn forget_pressure(&mut self) {
        self.station_pressure = Slots::default();
        self.sea_level_pressure = Slots::default();
    }

    /// Rain of the hour before the newest reading of the counter, mm.
    ///
    /// It is the sum of rises since the reading that is nearest to an hour older, 50 to 70 min:
    /// stations that report every 5, 10, 15, 20, 30 or 60 min have one, and what is not within a
    /// sixth is not told as "the last hour". `None` if there is none: after a gap, the rain in it
    /// may have fallen before.
    pub fn rain_of_hour(&self, now: Timestamp) -> Option<Reading> {
        let samples = since(self.rain_hour.before(end(now)), HOUR, 50 * MINUTE, 70 * MINUTE)?;
        observed(samples.last()?.at, millimetres(rises(samples)))
    }

    /// Rain of the 24 h before the newest reading of the counter, mm: the sum of rises since the
    /// reading that is nearest to 24 h older, 23 to 25 h. That over a gap within counts.
    pub fn rain_of_day(&self, now: Timestamp) -> Option<Reading> {
        let samples = since(self.rain_day.before(end(now)), DAY, 23 * HOUR, 25 * HOUR)?;
        observed(samples.last()?.at, millimetres(rises(samples)))
    }

    /// The present rain rate as the counter tells it, mm/h: rises over about a quarter of an hour.
    ///
    /// Over 12 min or more a single tip of the coarsest gauge, 0.5 mm, is at most 2.5 mm/h, so that
    /// no single tip is more than light rain. A gauge of 0.2 mm knows no less than 0.8 mm/h.
    pub fn rain_rate(&self, now: Timestamp) -> Option<Reading> {
        let samples = since(self.rain_hour.before(end(now)), 15 * MINUTE, 12 * MINUTE, 20 * MINUTE)?;
        let (first, last) = (samples.first()?, samples.last()?);
        let rate = millimetres(rises(samples)) * f64::from(HOUR) / f64::from(last.at - first.at);
        observed(last.at, Quantity::RainRate.plausible(rate)?)
    }

    /// How much the pressure has changed in 3 h, hPa, positive when it rises.
    ///
    /// Taken from the reading nearest to 3 h ago, 2 h to 3 h 30 min, and scaled to 3 h: the words for
    /// it are defined by the change in 3 h, and the change as it is would belittle a storm's fall for
    /// the first hour after a start. Of station and sea-level pressure the one that was reported last
    /// counts, the station's own if both: the WMO defines the tendency by it, and no temperature of
    /// the day is in it. The two are never subtracted from each other.
    pub fn pressure_change(&self, now: Timestamp) -> Option<Reading> {
        let change = |samples| {
            let samples = since(samples, 3 * HOUR, 2 * HOUR, 3 * HOUR + 30 * MINUTE)?;
            let (first, last) = (samples.first()?, samples.last()?);
            let difference = f64::from(last.value - first.value) / 1000.0;
            observed(last.at, difference * f64::from(3 * HOUR) / f64::from(last.at - first.at))
        };
        let station = change(self.station_pressure.before(end(now)));
        let sea_level = change(self.sea_level_pressure.before(end(now)));
        // Of two that are equally new, `max_by_key` returns the later one.
        sea_level.into_iter().chain(station).max_by_key(|change| change.at)
    }

    /// The lowest temperature of the 24 h (and up to 20 min) before the newest reading of it, °C.
    ///
    /// `None` while these cover less than 22 h, as hourly reports always do, or leave out more than
    /// 2 h at a time, in which a night's low or a day's high may have been.
    pub fn lowest_temperature(&self, now: Timestamp) -> Option<Reading> {
        let day = self.day_of_temperature(now)?;
        observed(day.last()?.at, hundredths(day.iter().map(|slot| slot.lowest).min()?))
    }

    /// The highest temperature, under the conditions of the lowest.
    pub fn highest_temperature(&self, now: Timestamp) -> Option<Reading> {
        let day = self.day_of_temperature(now)?;
        observed(day.last()?.at, hundredths(day.iter().map(|slot| slot.highest).max()?))
    }

    fn day_of_temperature(&self, now: Timestamp) -> Option<&[Extremes]> {
        let day = self.temperature.before(end(now));
        let covered = day.last()?.at - day.first()?.at >= 22 * HOUR;
        let whole = day.windows(2).all(|pair| pair[1].at - pair[0].at <= 2 * HOUR);
        (covered && whole).then_some(day)
    }

    /// The mean of the wind speed in the 10 minutes to the newest reading of it, m/s: WMO-No. 8 has
    /// wind averaged over 10 min. Every minute counts the same, however often it was reported.
    pub fn mean_wind(&self, now: Timestamp) -> Option<Reading> {
        let minutes = self.wind.before(end(now));
        let sum: f64 = minutes.iter().map(|minute| f64::from(minute.sum) / f64::from(minute.count)).sum();
        observed(minutes.last()?.at, sum / 1000.0 / minutes.len() as f64)
    }

    /// The highest of gusts and wind speeds in the 10 minutes to the newest reading of either, m/s.
    pub fn highest_gust(&self, now: Timestamp) -> Option<Reading> {
        let minutes = self.gust.before(end(now));
        let highest = minutes.iter().map(|minute| minute.value).max()?;
        observed(minutes.last()?.at, f64::from(highest) / 1000.0)
    }

    /// The bytes that it takes, those on the heap included, as the program asks for them.
    #[cfg(test)]
    fn bytes(&self) -> usize {
        size_of::<History>()
            + self.rain_day.heap()
            + self.rain_hour.heap()
            + self.station_pressure.heap()
            + self.sea_level_pressure.heap()
            + self.temperature.heap()
            + self.wind.heap()
            + self.gust.heap()
    }

    fn forget_from(&mut self, end: u32) {
        self.rain_day.forget_from(end);
        self.rain_hour.forget_from(end);
        self.station_pressure.forget_from(end);
        self.sea_level_pressure.forget_from(end);
        self.temperature.forget_from(end);
        self.wind.forget_from(end);
        self.gust.forget_from(end);
    }
}

/// The version of the text, changed with its form and with the lengths and numbers of slots.
const VERSION: &str = "1";

/// A full day of everything is half as long; what is longer was not written by us.
const TEXT_BYTES: usize = 8 << 10;

/// One line of digits, for a file that outlives a restart: the version and then, for each quantity,
/// the numbers of its slots, times as seconds after the slot before, and a full stop.
impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(VERSION)?;
        self.rain_day.write(f)?;
        self.rain_hour.write(f)?;
        self.station_pressure.write(f)?;
        self.sea_level_pressure.write(f)?;
        self.temperature.write(f)?;
        self.wind.write(f)?;
        self.gust.write(f)?;
        f.write_str(";.")
    }
}

impl History {
    /// Reads what `Display` wrote; `None` for anything else, which it notices before long: another
    /// version, half a line, slots out of order, values that no sensor can have measured.
    pub fn parse(text: &str) -> Option<History> {
        if text.len() > TEXT_BYTES {
            return None;
        }
        let mut parts = text.split(';');
        if parts.next()? != VERSION {
            return None;
        }
        let mut history = History::default();
        history.rain_day.read(parts.next()?, Quantity::RainCounter)?;
        history.rain_hour.read(parts.next()?, Quantity::RainCounter)?;
        history.station_pressure.read(parts.next()?, Quantity::StationPressure)?;
        history.sea_level_pressure.read(parts.next()?, Quantity::SeaLevelPressure)?;
        history.temperature.read(parts.next()?, Quantity::Temperature)?;
        history.wind.read(parts.next()?, Quantity::WindSpeed)?;
        history.gust.read(parts.next()?, Quantity::WindGust)?;
        // The full stop tells a whole line from one that was cut in its last number.
        (parts.next()? == "." && parts.next().is_none()).then_some(history)
    }
}

/// What is kept of the readings in one slot.
trait Slot: Copy {
    /// How many numbers it is written as, its time included.
    const NUMBERS: usize;

    /// The time of the newest reading, seconds since 1970.
    fn at(&self) -> u32;

    /// Takes in another part of the same slot; which of the two comes first makes no difference.
    fn merge(&mut self, other: Self);

    /// The numbers after the time.
    fn numbers(&self) -> [i32; 2];

    /// From a time and the numbers after it, if a sensor can have measured them.
    fn from_numbers(at: u32, numbers: [i32; 2], quantity: Quantity) -> Option<Self>;
}

/// The newest reading, in thousandths; of two in the same second the larger one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Last {
    at: u32,
    value: i32,
}

impl Slot for Last {
    const NUMBERS: usize = 2;

    fn at(&self) -> u32 {
        self.at
    }

    fn merge(&mut self, other: Last) {
        if (self.at, self.value) < (other.at, other.value) {
            *self = other;
        }
    }

    fn numbers(&self) -> [i32; 2] {
        [self.value, 0]
    }

    fn from_numbers(at: u32, [value, _]: [i32; 2], quantity: Quantity) -> Option<Last> {
        believable(value, 1000.0, quantity).then_some(Last { at, value })
    }
}

/// The highest reading, in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Highest {
    at: u32,
    value: i32,
}

impl Slot for Highest {
    const NUMBERS: usize = 2;

    fn at(&self) -> u32 {
        self.at
    }

    fn merge(&mut self, other: Highest) {
        *self = Highest { at: self.at.max(other.at), value: self.value.max(other.value) };
    }

    fn numbers(&self) -> [i32; 2] {
        [self.value, 0]
    }

    fn from_numbers(at: u32, [value, _]: [i32; 2], quantity: Quantity) -> Option<Highest> {
        believable(value, 1000.0, quantity).then_some(Highest { at, value })
    }
}

/// The lowest and the highest reading, in hundredths: the day's most numerous slots, kept small.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Extremes {
    at: u32,
    lowest: i16,
    highest: i16,
}

impl Extremes {
    /// From thousandths of a degree. Those of every temperature in bounds fit.
    fn of(at: u32, value: i32) -> Extremes {
        // To the nearer one, so that a reading with two decimals is kept as it is.
        let value = i16::try_from((value + 5).div_euclid(10)).unwrap_or(0);
        Extremes { at, lowest: value, highest: value }
    }
}

impl Slot for Extremes {
    const NUMBERS: usize = 3;

    fn at(&self) -> u32 {
        self.at
    }

    fn merge(&mut self, other: Extremes) {
        *self = Extremes {
            at: self.at.max(other.at),
            lowest: self.lowest.min(other.lowest),
            highest: self.highest.max(other.highest),
        };
    }

    fn numbers(&self) -> [i32; 2] {
        [self.lowest.into(), self.highest.into()]
    }

    fn from_numbers(at: u32, [lowest, highest]: [i32; 2], quantity: Quantity) -> Option<Extremes> {
        let believed =
            lowest <= highest && believable(lowest, 100.0, quantity) && believable(highest, 100.0, quantity);
        let (lowest, highest) = (lowest.try_into().ok()?, highest.try_into().ok()?);
        believed.then_some(Extremes { at, lowest, highest })
    }
}

/// The sum of the readings, in thousandths, and their number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mean {
    at: u32,
    sum: i32,
    count: u32,
}

/// Readings in one minute that are counted: a sum of the highest wind, 75,000 mm/s, stays an `i32`.
const COUNTED: u32 = 20_000;

impl Slot for Mean {
    const NUMBERS: usize = 3;

    fn at(&self) -> u32 {
        self.at
    }

    fn merge(&mut self, other: Mean) {
        self.at = self.at.max(other.at);
        if self.count + other.count <= COUNTED {
            self.sum += other.sum;
            self.count += other.count;
        }
    }

    fn numbers(&self) -> [i32; 2] {
        [self.sum, i32::try_from(self.count).unwrap_or(0)]
    }

    fn from_numbers(at: u32, [sum, count]: [i32; 2], quantity: Quantity) -> Option<Mean> {
        let count = u32::try_from(count).ok().filter(|count| (1..=COUNTED).contains(count))?;
        let mean = f64::from(sum) / f64::from(count) / 1000.0;
        quantity.bounds().contains(&mean).then_some(Mean { at, sum, count })
    }
}

/// The newest slots, `COUNT` at most and each `LENGTH` seconds long, in the order of their times.
/// A slot in which nothing was measured takes no room.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Slots<S, const LENGTH: u32, const COUNT: usize>(Vec<S>);

impl<S, const LENGTH: u32, const COUNT: usize> Default for Slots<S, LENGTH, COUNT> {
    fn default() -> Self {
        Slots(Vec::new())
    }
}

impl<S: Slot, const LENGTH: u32, const COUNT: usize> Slots<S, LENGTH, COUNT> {
    /// The first number of a slot that is kept when the newest one has the number `newest`.
    fn oldest(newest: u32) -> u32 {
        newest.saturating_sub(u32::try_from(COUNT).unwrap_or(u32::MAX) - 1)
    }

    fn take(&mut self, new: S) {
        let number = new.at() / LENGTH;
        let newest = self.0.last().map_or(number, |last| last.at() / LENGTH).max(number);
        let oldest = Self::oldest(newest);
        if number < oldest {
            return;
        }
        let outdated = self.0.partition_point(|slot| slot.at() / LENGTH < oldest);
        self.0.drain(..outdated);
        let place = self.0.partition_point(|slot| slot.at() / LENGTH < number);
        match self.0.get_mut(place).filter(|slot| slot.at() / LENGTH == number) {
            Some(slot) => slot.merge(new),
            None => {
                if self.0.len() == self.0.capacity() {
                    // A quarter more, and never more than there are slots.
                    self.0.reserve_exact((1 + self.0.len() / 4).min(COUNT - self.0.len()));
                }
                self.0.insert(place, new);
            }
        }
    }

    /// The slots whose newest reading is before `end`.
    fn before(&self, end: u32) -> &[S] {
        &self.0[..self.0.partition_point(|slot| slot.at() < end)]
    }

    fn forget_from(&mut self, end: u32) {
        self.0.truncate(self.before(end).len());
    }

    #[cfg(test)]
    fn heap(&self) -> usize {
        self.0.capacity() * size_of::<S>()
    }

    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut separator, mut before) = (';', 0);
        if self.0.is_empty() {
            return f.write_char(separator);
        }
        for slot in &self.0 {
            write!(f, "{separator}{}", slot.at() - before)?;
            for number in &slot.numbers()[..S::NUMBERS - 1] {
                write!(f, ",{number}")?;
            }
            (separator, before) = (',', slot.at());
        }
        Ok(())
    }

    /// Fills empty slots from what `write` wrote of some.
    fn read(&mut self, text: &str, quantity: Quantity) -> Option<()> {
        if text.is_empty() {
            return Some(());
        }
        let mut words = text.split(',');
        let (mut slots, mut before) = (Vec::new(), 0_u32);
        while let Some(word) = words.next() {
            let at = before.checked_add(word.parse().ok()?)?;
            let mut numbers = [0; 2];
            for number in &mut numbers[..S::NUMBERS - 1] {
                *number = words.next()?.parse().ok()?;
            }
            let later = slots.is_empty() || at / LENGTH > before / LENGTH;
            let slot = S::from_numbers(at, numbers, quantity).filter(|_| later && slots.len() < COUNT)?;
            slots.push(slot);
            before = at;
        }
        if slots.first()?.at() / LENGTH < Self::oldest(before / LENGTH) {
            return None;
        }
        slots.shrink_to_fit();
        self.0 = slots;
        Some(())
    }
}

/// The samples from the one whose age before the newest is nearest to `wanted`, if it is from
/// `least` to `most` seconds; of two that are equally near the newer one.
fn since(samples: &[Last], wanted: u32, least: u32, most: u32) -> Option<&[Last]> {
    let newest = samples.last()?.at;
    let ages = samples.iter().map(|sample| newest - sample.at).enumerate();
    let (first, _) = ages
        .filter(|(_, age)| (least..=most).contains(age))
        .min_by_key(|&(_, age)| (age.abs_diff(wanted), age))?;
    samples.get(first..)
}

/// What a counter of rain has risen in all, in its own thousandths of a millimetre.
///
/// A decrease is a reset, after which the counter goes on from its new value; how much fell in
/// between is not known, and nothing is added. But a sample after which the counter is back where it
/// was before was a fault or came with a wrong time, and is left out. What is more than could have
/// fallen is not counted.
fn rises(samples: &[Last]) -> i64 {
    let mut sum = 0;
    // The sample before the last decrease, if that was the step before this one.
    let mut dropped_from: Option<Last> = None;
    for pair in samples.windows(2) {
        let (before, after) = (pair[0], pair[1]);
        let back = dropped_from.take().and_then(|high| rise(high, after));
        match back.or_else(|| rise(before, after)) {
            Some(rise) => sum += rise,
            None if after.value < before.value => dropped_from = Some(before),
            None => {}
        }
    }
    sum
}

/// How much a counter has risen; `None` if it has fallen or risen more than rain can make it.
fn rise(before: Last, after: Last) -> Option<i64> {
    /// The highest plausible rate of rain, 300 mm/h, as thousandths of a millimetre in 3 s.
    const IN_3_SECONDS: i64 = 250;
    /// Two tips of the coarsest gauges may follow one another at once: the first was nearly due.
    const TIPS: i64 = 1_000;
    /// The most in one day, whatever the rate: the record is 1,825 mm.
    const AT_MOST: i64 = 2_000_000;
    let rise = i64::from(after.value) - i64::from(before.value);
    let possible = i64::from(after.at - before.at) * IN_3_SECONDS / 3 + TIPS;
    (0..=possible.min(AT_MOST)).contains(&rise).then_some(rise)
}

fn millimetres(thousandths: i64) -> f64 {
    thousandths as f64 / 1000.0
}

fn hundredths(value: i16) -> f64 {
    f64::from(value) / 100.0
}

fn observed(at: u32, value: f64) -> Option<Reading> {
    Some(Observed { value, at: Timestamp::from_millis(i64::from(at) * 1000)? })
}

/// Whole seconds since 1970; `None` from the year 2106 on, when they no longer fit.
fn seconds(at: Timestamp) -> Option<u32> {
    let epoch = Timestamp::from_millis(0)?;
    at.ahead(epoch).as_secs().try_into().ok()
}

/// The second at which the future begins.
fn end(now: Timestamp) -> u32 {
    let allowed = u32::try_from(AHEAD.as_secs()).unwrap_or(0) + 1;
    seconds(now).unwrap_or(u32::MAX).saturating_add(allowed)
}

/// A plausible value in thousandths: a counter's million millimetres are the largest, and fit.
#[expect(clippy::cast_possible_truncation)]
fn thousandths(value: f64) -> i32 {
    (value * 1000.0).round() as i32
}

/// Whether a number of parts of the base unit is within the bounds of its quantity.
fn believable(value: i32, parts: f64, quantity: Quantity) -> bool {
    quantity.bounds().contains(&(f64::from(value) / parts))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Noon of a day in 2026.
    const NOON: i64 = 1_790_510_400;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis((NOON + second) * 1000).expect("an instant")
    }

    /// A history of `(second, value)` of one quantity, each taken when it was observed.
    fn history(quantity: Quantity, readings: &[(i64, f64)]) -> History {
        let mut history = History::default();
        for &(second, value) in readings {
            history.take(quantity, Observed { value, at: at(second) }, at(second));
        }
        history
    }

    /// A value every `step` seconds from the first second to the last.
    fn every(step: i64, from: i64, to: i64, value: impl Fn(i64) -> f64) -> Vec<(i64, f64)> {
        (0..=(to - from) / step).map(|i| (from + i * step, value(from + i * step))).collect()
    }

    const H: i64 = 3600;
    const M: i64 = 60;

    #[track_caller]
    fn close(found: Option<Reading>, expected: impl Into<Option<f64>>) {
        let (value, expected) = (found.map(|found| found.value), expected.into());
        let same = match (value, expected) {
            (Some(value), Some(expected)) => (value - expected).abs() < 1e-6,
            (value, expected) => value == expected,
        };
        assert!(same, "{found:?}, not {expected:?}");
    }

    #[test]
    fn rain_of_the_hour() {
        #[track_caller]
        fn check(readings: &[(i64, f64)], expected: impl Into<Option<f64>>) {
            close(history(Quantity::RainCounter, readings).rain_of_hour(at(2 * H)), expected);
        }
        let dry = every(M, 0, H, |_| 7.0);
        check(&dry, 0.0);
        // Of two minutes the later one is kept: it begins at 1 min.
        check(&dry[..51], None);
        check(&dry[..52], 0.0);
        check(&[], None);
        check(&[(0, 7.0)], None);
        // The counter as an amount, in a gauge that tips 0.2 mm every 10 min.
        let steady = every(M, 0, 2 * H, |second| 94.0 + 0.2 * (second / 600) as f64);
        check(&steady, 1.2);
        // Reports every 5, 10, 15, 20, 30 and 60 min, some late.
        for step in [5, 10, 15, 20, 30, 60] {
            check(&every(step * M, 0, 2 * H, |second| second as f64 / 3600.0), 1.0);
            check(&every(step * M + 7, 0, 2 * H + 7, |_| 3.0), 0.0);
        }
        // A reset, a repeat, and a value that cannot be: the battery, the radio, the air.
        check(&[(0, 50.0), (20 * M, 51.0), (22 * M, 0.2), (40 * M, 0.2), (H, 1.2)], 2.0);
        check(&[(0, 50.0), (30 * M, 9_000.0), (32 * M, 50.4), (H, 51.0)], 0.6);
        check(&[(0, 50.0), (30 * M, 0.0), (35 * M, 50.4), (H, 51.0)], 1.0);
        check(&[(0, 50.0), (30 * M, f64::NAN), (31 * M, -9_999.0), (32 * M, 2e6), (H, 51.0)], 1.0);
        // 300 mm/h for a minute are 5 mm, and two tips may be due.
        check(&[(0, 0.0), (58 * M, 0.0), (H, 11.0)], 11.0);
        check(&[(0, 0.0), (58 * M, 0.0), (H, 11.1)], 0.0);
        // A gap: what it holds fell before or within the hour, unless it is no longer than that.
        check(&[(0, 5.0), (90 * M, 8.0), (100 * M, 8.0)], None);
        check(&[(0, 5.0), (65 * M, 8.0)], 3.0);
    }

    #[test]
    fn rain_of_the_day() {
        #[track_caller]
        fn check(readings: &[(i64, f64)], expected: impl Into<Option<f64>>) {
            close(history(Quantity::RainCounter, readings).rain_of_day(at(50 * H)), expected);
        }
        check(&every(20 * M, 0, 22 * H + 40 * M, |_| 7.0), None);
        check(&every(20 * M, 0, 23 * H, |_| 7.0), 0.0);
        check(&every(20 * M, 0, 48 * H, |second| second as f64 / 3600.0), 24.0);
        check(&every(60 * M + 3, 0, 48 * H, |_| 1.0), 0.0);
        // Switched off for 12 hours: the sum is known.
        check(&[(0, 5.0), (H, 5.2), (13 * H, 25.2), (24 * H, 26.0)], 21.0);
        // Switched off for longer than a day.
        check(&[(0, 5.0), (26 * H, 25.0), (27 * H, 25.0)], None);
    }

    #[test]
    fn the_newest_reading_dates_the_result() {
        let mut history = history(Quantity::RainCounter, &every(M, 0, H, |_| 1.0));
        assert_eq!(history.rain_of_hour(at(2 * H)).map(|rain| rain.at), Some(at(H)));
        // A repeat of an older one changes neither.
        let before = history.clone();
        history.take(Quantity::RainCounter, Observed { value: 1.0, at: at(30 * M) }, at(H));
        assert_eq!(history, before);
    }

    #[test]
    fn rain_rates() {
        #[track_caller]
        fn check(readings: &[(i64, f64)], expected: impl Into<Option<f64>>) {
            close(history(Quantity::RainCounter, readings).rain_rate(at(2 * H)), expected);
        }
        check(&every(M, 0, 11 * M, |_| 1.0), None);
        check(&every(M, 0, H, |_| 1.0), 0.0);
        check(&every(30 * M, 0, 2 * H, |_| 1.0), None);
        check(&[(0, 0.0), (15 * M, 1.0)], 4.0);
        // One tip of the coarsest gauge stays light rain, at most 2.5 mm/h, at any interval.
        for step in [30, 60, 5 * M, 10 * M, 12 * M, 15 * M] {
            let tip = every(step, 0, 2 * H, |second| if second < 2 * H - 9 * M { 0.0 } else { 0.5 });
            let rate = history(Quantity::RainCounter, &tip).rain_rate(at(2 * H)).expect("a rate").value;
            assert!((1.5..=2.5).contains(&rate), "{step} s: {rate}");
        }
    }

    #[test]
    fn changes_of_pressure() {
        const STATION: Quantity = Quantity::StationPressure;
        close(history(STATION, &every(M, 0, 2 * H - M, |_| 1000.0)).pressure_change(at(9 * H)), None);
        close(history(STATION, &every(M, 0, 5 * H, |_| 1000.0)).pressure_change(at(9 * H)), 0.0);
        let rising = every(10 * M, 0, 6 * H, |second| 1000.0 + second as f64 / 3600.0);
        close(history(STATION, &rising).pressure_change(at(9 * H)), 3.0);
        // Two hours are scaled to three.
        close(history(STATION, &[(0, 1000.0), (2 * H, 998.0)]).pressure_change(at(9 * H)), -3.0);
        close(history(STATION, &[(0, 1000.0), (4 * H, 998.0)]).pressure_change(at(9 * H)), None);

        // Each kind by itself; the newer one counts, the station's own if both are as new.
        let mut both = history(STATION, &[(0, 950.0), (3 * H, 951.0)]);
        for (second, value) in [(0, 1010.0), (3 * H, 1012.0)] {
            let reading = Observed { value, at: at(second) };
            both.take(Quantity::SeaLevelPressure, reading, at(3 * H));
        }
        close(both.pressure_change(at(3 * H)), 1.0);
        let reading = Observed { value: 1012.0, at: at(3 * H + 1) };
        both.take(Quantity::SeaLevelPressure, reading, at(3 * H + 1));
        close(both.pressure_change(at(3 * H + 1)), 2.0 * 10_800.0 / 10_801.0);
        let mut mixed = history(STATION, &[(0, 950.0)]);
        mixed.take(Quantity::SeaLevelPressure, Observed { value: 1012.0, at: at(3 * H) }, at(3 * H));
        close(mixed.pressure_change(at(3 * H)), None);
    }

    #[test]
    fn extremes_of_the_temperature() {
        // Lowest an hour after the start, highest at its end.
        let saw = |second: i64| (second % (24 * H) - H).abs() as f64 / 3600.0;
        let day = history(Quantity::Temperature, &every(5 * M, 0, 23 * H, saw));
        close(day.lowest_temperature(at(23 * H)), 0.0);
        close(day.highest_temperature(at(23 * H)), 22.0);
        let half = history(Quantity::Temperature, &every(5 * M, 0, 12 * H, saw));
        close(half.lowest_temperature(at(12 * H)), None);
        close(half.highest_temperature(at(12 * H)), None);
        // Three hours are missing.
        let mut gap = every(5 * M, 0, 23 * H, saw);
        gap.retain(|(second, _)| !(5 * H..8 * H).contains(second));
        close(history(Quantity::Temperature, &gap).lowest_temperature(at(23 * H)), None);
        // An hour and some seconds apart, for two days: there is always a result.
        for end in 24..48 {
            let hourly = every(H + 5, 0, end * H, |_| -12.34);
            close(history(Quantity::Temperature, &hourly).lowest_temperature(at(50 * H)), -12.34);
        }
        // What is more than a day old is gone.
        let mut cold = vec![(0, -20.0)];
        cold.extend(every(30 * M, 30 * M, 25 * H, |_| 5.0));
        close(history(Quantity::Temperature, &cold).lowest_temperature(at(25 * H)), 5.0);
    }

    #[test]
    fn wind_of_ten_minutes() {
        let wind = history(Quantity::WindSpeed, &every(M, 0, H, |second| (second / 60) as f64));
        close(wind.mean_wind(at(H)), 55.5);
        close(wind.highest_gust(at(H)), 60.0);
        // Minutes count the same, and a message that comes three times counts as one minute.
        let repeated = [(0, 2.0), (M, 4.0), (M, 4.0), (M, 4.0)];
        close(history(Quantity::WindSpeed, &repeated).mean_wind(at(M)), 3.0);
        let mut gusts = wind.clone();
        gusts.take(Quantity::WindGust, Observed { value: 70.5, at: at(H + 30) }, at(H + 30));
        close(gusts.highest_gust(at(H + 30)), 70.5);
        close(gusts.mean_wind(at(H + 30)), 55.5);
        close(History::default().mean_wind(at(0)), None);
        close(History::default().highest_gust(at(0)), None);
        // More than any board reports in a minute, of the most that is believed.
        let storm: Vec<_> = (0..30_000).map(|_| (0, 75.0)).collect();
        close(history(Quantity::WindSpeed, &storm).mean_wind(at(0)), 75.0);
    }

    #[test]
    fn a_clock_that_jumps_neither_loses_nor_makes_rain() {
        let counter = |second: i64| second as f64 / 3600.0;
        // A day ahead for ten minutes, then right again: 24 h later nothing is missing.
        let mut history = history(Quantity::RainCounter, &every(M, 0, 12 * H, counter));
        for second in (12 * H..12 * H + 600).step_by(60) {
            let wrong = at(second + 24 * H);
            history.take(Quantity::RainCounter, Observed { value: counter(second), at: wrong }, wrong);
        }
        assert_eq!(history.rain_of_hour(at(12 * H)), None);
        for second in (12 * H + 600..=37 * H).step_by(60) {
            let reading = Observed { value: counter(second), at: at(second) };
            history.take(Quantity::RainCounter, reading, at(second));
        }
        // Of 59 minutes and of 24 h 1 min.
        close(history.rain_of_hour(at(37 * H)), 0.983);
        close(history.rain_of_day(at(37 * H)), 24.017);

        // Set back by an hour: what the hour brought is counted once, in the steps that are left.
        for second in 37 * H + 1..37 * H + 300 {
            let reading = Observed { value: counter(second), at: at(second - H) };
            history.take(Quantity::RainCounter, reading, at(second - H));
        }
        let rain = history.rain_of_day(at(36 * H + 299)).expect("rain").value;
        assert!((24.0..=25.1).contains(&rain), "{rain}");
        // By half a minute: readings overtake each other.
        let mut history = self::history(Quantity::RainCounter, &every(10, 0, 2 * H, counter));
        for second in (2 * H..3 * H).step_by(10) {
            let reading = Observed { value: counter(second), at: at(second - 30) };
            history.take(Quantity::RainCounter, reading, at(second - 30));
        }
        let rain = history.rain_of_hour(at(3 * H)).expect("rain").value;
        assert!((0.95..=1.05).contains(&rain), "{rain}");
    }

    #[test]
    fn what_has_not_happened_is_not_told() {
        let history = history(Quantity::WindSpeed, &[(0, 2.0), (H, 9.0)]);
        close(history.mean_wind(at(H - 120)), 9.0);
        close(history.mean_wind(at(H - 121)), None);
        let mut early = History::default();
        early.take(Quantity::WindSpeed, Observed { value: 1.0, at: at(121) }, at(0));
        assert_eq!(early, History::default());
    }

    /// A year of a jump, and the ends of time.
    #[test]
    fn any_time_is_taken() {
        let mut history = history(Quantity::Temperature, &every(10 * M, 0, 30 * H, |_| 1.0));
        let times = [0, 1, i64::from(u32::MAX) * 1000, 253_402_300_799_999, 5_000_000_000_000];
        for millis in times {
            let end = Timestamp::from_millis(millis).expect("an instant");
            for quantity in Quantity::ALL {
                history.take(quantity, Observed { value: 10.0, at: end }, end);
            }
            assert!(history.mean_wind(end).is_none_or(|wind| (wind.value - 10.0).abs() < 1e-9));
        }
    }

    /// A day of everything, each minute.
    fn full() -> History {
        let mut history = History::default();
        for minute in 0..26 * 60 {
            for quantity in Quantity::ALL {
                let value = match quantity {
                    Quantity::StationPressure | Quantity::SeaLevelPressure => 1000.123,
                    Quantity::RainCounter => 98_765.0 + minute as f64 / 60.0,
                    _ => -12.3 + minute as f64 / 100.0,
                };
                let reading = Observed { value, at: at(minute * M) };
                history.take(quantity, reading, at(minute * M));
            }
        }
        history
    }

    #[test]
    fn sizes() {
        let once = history(Quantity::Temperature, &[(0, 20.0)]).bytes();
        let (bytes, text) = (full().bytes(), full().to_string().len());
        println!("bytes of a station: seen once {once}, after a day {bytes}, as text {text}");
        assert!(bytes <= 2_560, "{bytes}");
        assert!(once <= 192, "{once}");
        assert!(text <= TEXT_BYTES / 2, "{text}");
    }

    #[test]
    fn survives_a_restart() {
        let history = full();
        let text = history.to_string();
        let read = History::parse(&text).expect("our own text");
        assert_eq!(read, history);
        assert_eq!(read.rain_of_day(at(26 * H)), history.rain_of_day(at(26 * H)));
        assert!(read.rain_of_day(at(26 * H)).is_some());
        assert_eq!(History::default().to_string(), "1;;;;;;;;.");
        assert_eq!(History::parse("1;;;;;;;;."), Some(History::default()));
        for cut in 0..text.len() {
            assert_eq!(History::parse(&text[..cut]), None, "{cut}");
        }
    }

    #[test]
    fn what_was_not_written_here_is_not_read() {
        for text in [
            "",
            "1",
            "2;;;;;;;;.",
            "1;;;;;;;.",
            "1;;;;;;;;.;",
            "1;;;;;;;;.\n",
            "1;5;;;;;;;.",
            "1;5,x;;;;;;;.",
            "1;-5,1;;;;;;;.",
            "1;5,1,;;;;;;;.",
            "1;4294967296,1;;;;;;;.",
            "1;4294967295,1,1,1;;;;;;;.",
            // Twice in one slot, too far apart.
            "1;5,1,5,1;;;;;;;.",
            "1;5,1,99999,1;;;;;;;.",
            // Out of bounds.
            "1;5,-1;;;;;;;.",
            "1;5,1000000001;;;;;;;.",
            "1;;;5,499999;;;;;.",
            "1;;;;;5,6001,6001;;;.",
            "1;;;;;5,7,6;;;.",
            "1;;;;;5,-6000,70000;;;.",
            "1;;;;;;5,1,0;;.",
            "1;;;;;;5,75001,1;;.",
            "1;;;;;;5,-1,1;;.",
        ] {
            assert_eq!(History::parse(text), None, "{text:?}");
        }
        assert_eq!(History::parse(&"1;".repeat(TEXT_BYTES)), None);
        assert!(History::parse("1;5,1;;;;;;;.").is_some());
    }

    /// Numbers that look random and are the same in every run (xorshift, Marsaglia 2003).
    struct Numbers(u64);

    impl Numbers {
        fn below(&mut self, end: i64) -> i64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            i64::try_from(self.0 % end.unsigned_abs()).unwrap_or(0)
        }

        fn one_of<T: Copy>(&mut self, of: &[T]) -> T {
            let end = i64::try_from(of.len()).expect("few");
            of[usize::try_from(self.below(end)).expect("below their number")]
        }
    }

    /// All readings of one station in whole seconds and thousandths, each by the plain definition.
    #[derive(Default)]
    struct Plain(Vec<(Quantity, i64, i64)>);

    impl Plain {
        /// The readings of `kinds` by slots of `length`, of which the newest `count` remain.
        fn slots(&self, kinds: &[Quantity], length: i64, count: i64) -> BTreeMap<i64, Vec<(i64, i64)>> {
            let mut slots = BTreeMap::<i64, Vec<(i64, i64)>>::new();
            for (_, second, value) in self.0.iter().filter(|(kind, ..)| kinds.contains(kind)) {
                slots.entry((NOON + second) / length).or_default().push((*second, *value));
            }
            let newest = slots.keys().next_back().copied().unwrap_or(0);
            slots.retain(|slot, _| slot + count > newest);
            slots
        }

        /// The newest of each slot, from that on which lies nearest to `wanted` before the newest.
        fn chain(&self, kind: Quantity, length: i64, range: [i64; 3]) -> Option<Vec<(i64, i64)>> {
            let all: Vec<_> = self
                .slots(&[kind], length, 9_999)
                .into_values()
                .filter_map(|slot| slot.into_iter().max())
                .collect();
            let newest = all.last()?.0;
            let [least, wanted, most] = range;
            let mut near: Vec<_> = all.iter().filter(|x| (least..=most).contains(&(newest - x.0))).collect();
            near.sort_by_key(|x| ((newest - x.0 - wanted).abs(), -x.0));
            let first = near.first()?.0;
            Some(all.into_iter().filter(|x| x.0 >= first).collect())
        }

        fn rain(chain: &[(i64, i64)]) -> i64 {
            let possible = |a: (i64, i64), b: (i64, i64)| {
                let rise = b.1 - a.1;
                (0..=2_000_000).contains(&rise) && rise <= (b.0 - a.0) * 250 / 3 + 1_000
            };
            let mut sum = 0;
            for i in 1..chain.len() {
                let (old, new) = (chain[i - 1], chain[i]);
                // Where the counter stood before the last step, if that went down.
                let high = i.checked_sub(2).map(|i| chain[i]).filter(|high| old.1 < high.1);
                match high.filter(|high| possible(*high, new)) {
                    Some(high) => sum += new.1 - high.1,
                    None if possible(old, new) => sum += new.1 - old.1,
                    None => {}
                }
            }
            sum
        }
    }

    #[track_caller]
    fn same(found: Option<Reading>, expected: Option<(i64, f64)>, seed: u64) {
        let near = match (found, expected) {
            (Some(found), Some((second, value))) => {
                found.at == at(second) && (found.value - value).abs() < 1e-6
            }
            (found, expected) => found.is_none() && expected.is_none(),
        };
        assert!(near, "seed {seed}: {found:?}, not {expected:?}");
    }

    /// The slots against all readings kept: random stations that repeat, go silent, reset, err, and
    /// hand in what they have in any order.
    #[test]
    fn the_past_is_that_of_all_readings() {
        use Quantity::*;
        let mut told = [0; 8];
        for seed in 1..=2_000_u64 {
            let mut numbers = Numbers(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let (mut plain, mut second, mut counter) = (Plain::default(), 0, 100_000);
            let step = numbers.one_of(&[30, 60, 300, 600, 900, 1_800, 3_600]);
            for _ in 0..=numbers.below(if step < 300 { 600 } else { 200 }) {
                second += 1 + numbers.below(2 * step);
                match numbers.below(200) {
                    0 => second += numbers.below(30 * H),
                    1 => counter = numbers.below(1_000),
                    2 => counter += numbers.below(100_000),
                    _ => counter += 200 * numbers.below(3),
                }
                let glitch = if numbers.below(100) == 0 { numbers.below(1_000_000) } else { counter };
                let slow = 20 * numbers.below(100);
                for (kind, value) in [
                    (RainCounter, glitch),
                    (Temperature, 10 * (numbers.below(8_000) - 3_000)),
                    (StationPressure, 950_000 + slow),
                    (SeaLevelPressure, 1_000_000 + slow),
                    (WindSpeed, numbers.below(20_000)),
                    (WindGust, numbers.below(40_000)),
                ] {
                    if numbers.below(5) > 0 {
                        plain.0.push((kind, second, value));
                    }
                    if numbers.below(10) == 0 {
                        plain.0.push((kind, second, value));
                    }
                }
            }
            let now = at(second);
            let mut shuffled: Vec<_> = plain.0.iter().copied().map(|x| (numbers.below(1 << 40), x)).collect();
            if seed % 2 == 0 {
                shuffled.sort_by_key(|(key, _)| *key);
            }
            let mut history = History::default();
            for (_, (kind, second, value)) in shuffled {
                let value = value as f64 / 1000.0;
                let reading = Observed { value, at: at(second) };
                history.take(kind, reading, now);
            }

            let dated = |chain: Vec<(i64, i64)>, value: f64| Some((chain.last()?.0, value));
            let hour = plain.chain(RainCounter, 120, [50 * M, H, 70 * M]);
            let hour = hour.and_then(|c| dated(c.clone(), Plain::rain(&c) as f64 / 1000.0));
            same(history.rain_of_hour(now), hour, seed);
            let day = plain.chain(RainCounter, 1_200, [23 * H, 24 * H, 25 * H]);
            let day = day.and_then(|c| dated(c.clone(), Plain::rain(&c) as f64 / 1000.0));
            same(history.rain_of_day(now), day, seed);
            let rate = plain.chain(RainCounter, 120, [12 * M, 15 * M, 20 * M]).and_then(|c| {
                let rate = Plain::rain(&c) as f64 * 3.6 / (c.last()?.0 - c.first()?.0) as f64;
                dated(c, rate).filter(|(_, rate)| *rate <= 300.0)
            });
            same(history.rain_rate(now), rate, seed);

            let change = |kind| {
                let chain = plain.chain(kind, 600, [2 * H, 3 * H, 3 * H + 30 * M])?;
                let (first, last) = (chain.first()?, chain.last()?);
                Some((last.0, (last.1 - first.1) as f64 * 10.8 / (last.0 - first.0) as f64))
            };
            let changes = [change(StationPressure), change(SeaLevelPressure)];
            let newest = changes.iter().flatten().map(|change| change.0).max();
            let change = changes.into_iter().flatten().find(|change| Some(change.0) == newest);
            same(history.pressure_change(now), change, seed);

            let slots = plain.slots(&[Temperature], 1_200, 73);
            let ends: Vec<_> = slots.values().filter_map(|slot| slot.iter().map(|x| x.0).max()).collect();
            let whole = ends.windows(2).all(|pair| pair[1] - pair[0] <= 2 * H)
                && ends.first().zip(ends.last()).is_some_and(|(first, last)| last - first >= 22 * H);
            let values = || slots.values().flatten().map(|x| x.1).filter(|_| whole);
            let end = ends.last().copied().unwrap_or(0);
            let thousandth = |value: i64| (end, value as f64 / 1000.0);
            same(history.lowest_temperature(now), values().min().map(thousandth), seed);
            same(history.highest_temperature(now), values().max().map(thousandth), seed);

            let slots = plain.slots(&[WindSpeed], M, 10);
            let means =
                slots.values().map(|slot| slot.iter().map(|x| x.1).sum::<i64>() as f64 / slot.len() as f64);
            let end = slots.values().flatten().map(|x| x.0).max();
            let mean = means.sum::<f64>() / 1000.0 / slots.len() as f64;
            same(history.mean_wind(now), end.map(|end| (end, mean)), seed);
            let slots = plain.slots(&[WindSpeed, WindGust], M, 10);
            let highest = slots.values().flatten().map(|x| x.1).max();
            let end = slots.values().flatten().map(|x| x.0).max();
            same(history.highest_gust(now), end.zip(highest.map(|gust| gust as f64 / 1000.0)), seed);

            assert!(history.bytes() <= 2_560, "seed {seed}: {} bytes", history.bytes());
            let read = History::parse(&history.to_string());
            assert_eq!(read.as_ref(), Some(&history), "seed {seed}");
            let found = [
                history.rain_of_hour(now),
                history.rain_of_day(now),
                history.rain_rate(now),
                history.pressure_change(now),
                history.lowest_temperature(now),
                history.highest_temperature(now),
                history.mean_wind(now),
                history.highest_gust(now),
            ];
            for (times, found) in told.iter_mut().zip(found) {
                *times += i32::from(found.is_some());
            }
        }
        // Not a comparison of nothing with nothing.
        assert!(told.iter().all(|times| *times > 100), "{told:?}");
    }

    /// Whatever the gauge does but lie, no more is told than has fallen.
    #[test]
    fn no_more_rain_than_fell() {
        for seed in 1..=1_000_u64 {
            let mut numbers = Numbers(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let (mut second, mut counter, mut fallen, mut resets) = (0, 50_000, 0, 0);
            let mut all: Vec<(i64, i64)> = Vec::new();
            let mut history = History::default();
            for _ in 0..300 {
                let longest = if numbers.below(50) == 0 { 10 * H } else { 900 };
                second += 1 + numbers.below(longest);
                let rain = 200 * numbers.below(3);
                (counter, fallen) = (counter + rain, fallen + rain);
                if numbers.below(100) == 0 {
                    (counter, resets) = (0, resets + 1);
                }
                all.push((second, fallen));
                for _ in 0..=numbers.below(3) {
                    let reading = Observed { value: counter as f64 / 1000.0, at: at(second) };
                    history.take(Quantity::RainCounter, reading, at(second));
                }
                for (found, most, window) in [
                    (history.rain_of_hour(at(second)), 70 * M, 120),
                    (history.rain_of_day(at(second)), 25 * H, 1_200),
                ] {
                    let Some(found) = found else { continue };
                    let before = all.iter().rfind(|(when, _)| second - when >= most + window);
                    let most = fallen - before.map_or(0, |(_, fallen)| *fallen);
                    assert!(found.value <= most as f64 / 1000.0 + 1e-9, "seed {seed}: {found:?} of {most}");
                }
            }
            let whole = history.rain_of_day(at(second)).is_some() && resets == 0;
            let near = |window: i64| {
                let near = all.iter().filter(|(when, _)| (23 * H..=25 * H).contains(&(second - when)));
                near.map(|(_, then)| (fallen - then) as f64 / 1000.0).fold(window as f64, f64::min)
            };
            if whole {
                let told = history.rain_of_day(at(second)).expect("rain").value;
                assert!(told >= near(i64::MAX) - 1e-9, "seed {seed}: {told}");
            }
        }
    }

    /// A state file of anything: no panic, and what is read keeps the bounds.
    #[test]
    fn a_mutated_state_is_refused_or_harmless() {
        const WRITTEN: &[u8] = b"0123456789,;-. x";
        let original = full().to_string().into_bytes();
        let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
        let places: Vec<usize> = (0..original.len() - 3).collect();
        let mut read = 0;
        for _ in 0..20_000 {
            let mut bytes = original.clone();
            for _ in 0..=numbers.below(3) {
                let place = numbers.one_of(&places);
                match numbers.below(3) {
                    0 => bytes[place] = numbers.one_of(WRITTEN),
                    1 => drop(bytes.remove(place)),
                    _ => bytes.insert(place, numbers.one_of(WRITTEN)),
                }
            }
            let Ok(text) = String::from_utf8(bytes) else { continue };
            let Some(mut history) = History::parse(&text) else { continue };
            read += 1;
            let now = at(numbers.below(60 * H));
            for quantity in Quantity::ALL {
                history.take(quantity, Observed { value: numbers.below(1_100) as f64, at: now }, now);
            }
            for (found, bounds) in [
                (history.rain_of_hour(now), 0.0..=2000.0),
                (history.rain_of_day(now), 0.0..=100_000.0),
                (history.rain_rate(now), 0.0..=300.0),
                (history.pressure_change(now), -900.0..=900.0),
                (history.lowest_temperature(now), -60.0..=60.0),
                (history.highest_temperature(now), -60.0..=60.0),
                (history.mean_wind(now), 0.0..=75.0),
                (history.highest_gust(now), 0.0..=75.0),
            ] {
                assert!(found.is_none_or(|found| bounds.contains(&found.value)), "{found:?}");
            }
            assert!(history.bytes() <= 3_000, "{}", history.bytes());
            assert!(History::parse(&history.to_string()).is_some(), "{history}");
        }
        assert!(read > 100, "{read}");
    }
}
