//! What all the history's tests need, and the tests of the whole.

use std::collections::BTreeMap;

use super::*;

/// Noon of a day in 2026.
pub(super) const NOON: i64 = 1_790_510_400;

pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_millis((NOON + second) * 1000).expect("an instant")
}

/// A history of `(second, value)` of one quantity, each recorded when it was observed.
pub(super) fn history(quantity: Quantity, readings: &[(i64, f64)]) -> History {
    let mut history = History::default();
    for &(second, value) in readings {
        history.record(quantity, Observed { value, at: at(second) }, at(second));
    }
    history
}

/// A value every `step` seconds from the first second to the last.
pub(super) fn every(step: i64, from: i64, to: i64, value: impl Fn(i64) -> f64) -> Vec<(i64, f64)> {
    (0..=(to - from) / step).map(|i| (from + i * step, value(from + i * step))).collect()
}

pub(super) const H: i64 = 3600;

pub(super) const M: i64 = 60;

#[track_caller]
pub(super) fn close(found: Option<Reading>, expected: impl Into<Option<f64>>) {
    let (value, expected) = (found.map(|found| found.value), expected.into());
    let same = match (value, expected) {
        (Some(value), Some(expected)) => (value - expected).abs() < 1e-6,
        (value, expected) => value == expected,
    };
    assert!(same, "{found:?}, not {expected:?}");
}

/// A day of everything, each minute.
pub(super) fn full() -> History {
    let mut history = History::default();
    for minute in 0..26 * 60 {
        for quantity in Quantity::ALL {
            let value = match quantity {
                Quantity::StationPressure | Quantity::SeaLevelPressure => 1000.123,
                Quantity::RainCounter => 98_765.0 + minute as f64 / 60.0,
                _ => -12.3 + minute as f64 / 100.0,
            };
            let reading = Observed { value, at: at(minute * M) };
            history.record(quantity, reading, at(minute * M));
        }
    }
    history
}

/// Numbers that look random and are the same in every run (xorshift, Marsaglia 2003).
pub(super) struct Numbers(pub(super) u64);

impl Numbers {
    pub(super) fn below(&mut self, end: i64) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        i64::try_from(self.0 % end.unsigned_abs()).unwrap_or(0)
    }

    pub(super) fn one_of<T: Copy>(&mut self, of: &[T]) -> T {
        let end = i64::try_from(of.len()).expect("few");
        of[usize::try_from(self.below(end)).expect("below their number")]
    }

    /// A copy with one to three bytes changed, removed or added, of those that may be written.
    pub(super) fn mutated(&mut self, original: &[u8], written: &[u8]) -> Vec<u8> {
        let places: Vec<usize> = (0..original.len() - 3).collect();
        let mut bytes = original.to_vec();
        for _ in 0..=self.below(3) {
            let place = self.one_of(&places);
            match self.below(3) {
                0 => bytes[place] = self.one_of(written),
                1 => drop(bytes.remove(place)),
                _ => bytes.insert(place, self.one_of(written)),
            }
        }
        bytes
    }
}

#[test]
fn what_has_not_happened_is_not_known() {
    let history = history(Quantity::WindSpeed, &[(0, 2.0), (H, 9.0)]);
    close(history.mean_wind(at(H - 120)), 9.0);
    close(history.mean_wind(at(H - 121)), None);
    let mut early = History::default();
    early.record(Quantity::WindSpeed, Observed { value: 1.0, at: at(121) }, at(0));
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
            history.record(quantity, Observed { value: 10.0, at: end }, end);
        }
        assert!(history.mean_wind(end).is_none_or(|wind| (wind.value - 10.0).abs() < 1e-9));
    }
}

/// All readings of one station in whole seconds and thousandths, each by the plain definition.
#[derive(Default)]
pub(super) struct Plain(Vec<(Quantity, i64, i64)>);

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

    /// The newest of each slot.
    fn newest(&self, kind: Quantity, length: i64, count: i64) -> Vec<(i64, i64)> {
        self.slots(&[kind], length, count).into_values().filter_map(|slot| slot.into_iter().max()).collect()
    }

    /// Those from the one on which lies nearest to `wanted` before the newest.
    fn since(all: Vec<(i64, i64)>, range: [i64; 3]) -> Option<Vec<(i64, i64)>> {
        let newest = all.last()?.0;
        let [least, wanted, most] = range;
        let mut near: Vec<_> = all.iter().filter(|x| (least..=most).contains(&(newest - x.0))).collect();
        near.sort_by_key(|x| ((newest - x.0 - wanted).abs(), -x.0));
        let first = near.first()?.0;
        Some(all.into_iter().filter(|x| x.0 >= first).collect())
    }

    pub(super) fn rise(old: (i64, i64), new: (i64, i64)) -> Option<i64> {
        let rise = new.1 - old.1;
        ((0..=2_000_000).contains(&rise) && rise <= (new.0 - old.0) * 250 / 3 + 1_000).then_some(rise)
    }

    /// The readings that go together: 2 points for each, 3 less for a reset and 7 for another level.
    pub(super) fn run(all: &[(i64, i64)]) -> Vec<(i64, i64)> {
        let mut best = Vec::<(i64, i64, Vec<_>)>::new();
        for &new in all {
            let mut mine = (2, 0, vec![new]);
            for (points, less_rain, way) in &best {
                let old = way[way.len() - 1];
                let rise = Plain::rise(old, new);
                let from_zero = Plain::rise((old.0, 0), new);
                let points = points
                    + if rise.is_some() {
                        2
                    } else if from_zero.is_some() {
                        -1
                    } else {
                        -5
                    };
                let less_rain = less_rain - rise.unwrap_or(0);
                if (points, less_rain) > (mine.0, mine.1) {
                    mine = (points, less_rain, [way.as_slice(), &[new]].concat());
                }
            }
            best.push(mine);
        }
        best.into_iter().max_by_key(|way| (way.0, way.1)).map(|way| way.2).unwrap_or_default()
    }

    fn rain(chain: &[(i64, i64)]) -> i64 {
        chain.windows(2).filter_map(|pair| Plain::rise(pair[0], pair[1])).sum()
    }
}

#[track_caller]
fn same(found: Option<Reading>, expected: Option<(i64, f64)>, seed: u64) {
    let near = match (found, expected) {
        (Some(found), Some((second, value))) => found.at == at(second) && (found.value - value).abs() < 1e-6,
        (found, expected) => found.is_none() && expected.is_none(),
    };
    assert!(near, "seed {seed}: {found:?}, not {expected:?}");
}

/// The slots against all readings kept: random stations that repeat, go silent, reset, err, and
/// hand in what they have in any order.
#[test]
fn the_past_is_that_of_all_readings() {
    use Quantity::*;
    let mut known = [0; 8];
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
            history.record(kind, reading, now);
        }

        let dated = |chain: Vec<(i64, i64)>, value: f64| Some((chain.last()?.0, value));
        let hour = Plain::since(Plain::run(&plain.newest(RainCounter, 120, 36)), [50 * M, H, 70 * M]);
        let hour = hour.and_then(|c| dated(c.clone(), Plain::rain(&c) as f64 / 1000.0));
        same(history.rain_of_hour(now), hour, seed);
        let day = Plain::since(Plain::run(&plain.newest(RainCounter, 1_200, 76)), [23 * H, 24 * H, 25 * H]);
        let day = day.and_then(|c| dated(c.clone(), Plain::rain(&c) as f64 / 1000.0));
        same(history.rain_of_day(now), day, seed);
        let rate = Plain::run(&plain.newest(RainCounter, 120, 36));
        let rate = Plain::since(rate, [12 * M, 15 * M, 20 * M]).and_then(|c| {
            let rate = Plain::rain(&c) as f64 * 3.6 / (c.last()?.0 - c.first()?.0) as f64;
            dated(c, rate).filter(|(_, rate)| *rate <= 300.0)
        });
        same(history.rain_rate(now), rate, seed);

        let change = |kind| {
            let chain = Plain::since(plain.newest(kind, 600, 22), [2 * H, 3 * H, 3 * H + 30 * M])?;
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

        assert!(history.bytes() <= 2_688, "seed {seed}: {} bytes", history.bytes());
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
        for (times, found) in known.iter_mut().zip(found) {
            *times += i32::from(found.is_some());
        }
    }
    // Not a comparison of nothing with nothing.
    assert!(known.iter().all(|times| *times > 100), "{known:?}");
}
