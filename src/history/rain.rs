//! Rain, from the counter of a gauge or from the amounts that a logger writes into its rows.
//!
//! A counter counts since the gauge was installed or since midnight. What of its readings goes together
//! decides [`Run`]; the amounts are the rises from one of these readings to the next.

use super::series::{Last, Mean, since};
use super::{DAY, HOUR, History, MINUTE, end, observed};
use crate::reading::{Quantity, Reading};
use crate::time::Timestamp;

impl History {
    /// Rain of the hour before the newest reading of the gauge, mm.
    ///
    /// It is the sum of rises since the reading that is nearest to an hour older, 50 to 70 min:
    /// stations that report every 5, 10, 15, 20, 30 or 60 min have one, and what is not within a
    /// sixth is not shown as "the last hour". `None` if there is none: after a gap, the rain in it
    /// may have fallen before.
    pub fn rain_of_hour(&self, now: Timestamp) -> Option<Reading> {
        let (newest, sum, _) =
            self.fallen(now, Window { wanted: HOUR, least: 50 * MINUTE, most: 70 * MINUTE })?;
        observed(newest, millimetres(sum))
    }

    /// Rain of the 24 h before the newest reading of the counter, mm: the sum of rises since the
    /// reading that is nearest to 24 h older, 23 to 25 h. That over a gap within counts.
    pub fn rain_of_day(&self, now: Timestamp) -> Option<Reading> {
        let run = Run::of(self.rain_day.before(end(now)));
        let samples = since(&run.samples, DAY, 23 * HOUR, 25 * HOUR)?;
        observed(samples.last()?.at, millimetres(rises(samples)))
    }

    /// The present rain rate by the gauge, mm/h: rises over about a quarter of an hour.
    ///
    /// Over 12 min or more a single tip of the coarsest gauge, 0.5 mm, is at most 2.5 mm/h, so that
    /// no single tip is more than light rain. A gauge of 0.2 mm knows no less than 0.8 mm/h.
    pub fn rain_rate(&self, now: Timestamp) -> Option<Reading> {
        let window = Window { wanted: 15 * MINUTE, least: 12 * MINUTE, most: 20 * MINUTE };
        let (newest, sum, within) = self.fallen(now, window)?;
        let rate = millimetres(sum) * f64::from(HOUR) / f64::from(within);
        observed(newest, Quantity::RainRate.plausible(rate)?)
    }

    /// Whether rain of an unknown kind runs like a counter: one that a day or the battery sets back at most
    /// once, and that rises, or stands where no amount of an interval stays.
    ///
    /// Steady rain may give the same small amount again and again, as a counter does in dry weather. As long
    /// as it can be either, the answer is no.
    pub fn has_counter(&self, now: Timestamp) -> bool {
        let (day, hour) = (self.rain_day.before(end(now)), self.rain_hour.before(end(now)));
        let (of_day, of_hour) = (Run::of(day), Run::of(hour));
        let Some(last) = of_day.samples.last() else { return false };
        let tolerated = |samples: &[Last]| samples.len() / 8 + 1;
        if of_day.resets > 1
            || of_hour.resets > 1
            || day.len() - of_day.samples.len() > tolerated(day)
            || hour.len() - of_hour.samples.len() > tolerated(hour)
        {
            return false;
        }
        let risen = |run: &Run| run.samples.windows(2).filter(|pair| pair[1].value > pair[0].value).count();
        let since_change = of_day.samples.iter().rev().take_while(|sample| sample.value == last.value).last();
        let stands_for = since_change.map_or(0, |first| last.at - first.at);
        last.value == 0
            || risen(&of_hour) > 0
            || risen(&of_day) >= 3
            || stands_for >= STEADY
            || of_hour.is_beyond_intervals()
    }

    /// The time of the newest reading, what has fallen in the window before it and how long that is.
    fn fallen(&self, now: Timestamp, window: Window) -> Option<(u32, i64, u32)> {
        let intervals = self.rain_intervals.before(end(now));
        let counter = self.rain_hour.before(end(now));
        if intervals.last().map(|slot| slot.at) > counter.last().map(|slot| slot.at) {
            return of_intervals(intervals, window);
        }
        let run = Run::of(counter);
        let samples = since(&run.samples, window.wanted, window.least, window.most)?;
        let (first, last) = (samples.first()?, samples.last()?);
        Some((last.at, rises(samples), last.at - first.at))
    }
}

/// Rain in which the same amount falls in each interval does not last longer, seconds.
const STEADY: u32 = 6 * HOUR;

/// How long before the newest reading the first one of a sum is, in seconds.
#[derive(Clone, Copy)]
struct Window {
    wanted: u32,
    least: u32,
    most: u32,
}

/// The sum of amounts of intervals in a window. `None` if a row is missing: what fell then is not known.
fn of_intervals(slots: &[Mean], window: Window) -> Option<(u32, i64, u32)> {
    /// How much longer than the shortest the longest interval may be, in seconds.
    const LATE: u32 = 10 * MINUTE;
    let times: Vec<Last> = slots.iter().map(|slot| Last { at: slot.at, value: slot.sum }).collect();
    let within = since(&times, window.wanted, window.least, window.most)?;
    let apart = || within.windows(2).map(|pair| pair[1].at - pair[0].at);
    if apart().max()? > apart().min()? + LATE {
        return None;
    }
    let (first, last) = (within.first()?, within.last()?);
    // The amount of the first fell before the window.
    let sum = within.iter().skip(1).map(|slot| i64::from(slot.value)).sum();
    Some((last.at, sum, last.at - first.at))
}

/// The readings of a counter that go together, and how often it was set to another level within them.
///
/// Of all ways to leave readings out it is the one that keeps the most, where a step that is no rise costs some:
/// so faults are left out, a reset to zero is believed when a second reading follows it, and any other level
/// after four. Of ways that are equally good it is the one with the least rain.
pub(super) struct Run {
    pub(super) samples: Vec<Last>,
    resets: usize,
}

/// The best way to a sample: how good it is, the rain on it, and the sample before.
#[derive(Clone, Copy)]
struct Way {
    worth: i32,
    rain: i64,
    from: Option<usize>,
}

impl Run {
    pub(super) fn of(samples: &[Last]) -> Run {
        /// What a reading is worth, and what a reset and another level cost.
        const READING: i32 = 2;
        const RESET: i32 = 3;
        const LEVEL: i32 = 7;
        if samples.windows(2).all(|pair| rise(pair[0], pair[1]).is_some()) {
            return Run { samples: samples.to_vec(), resets: 0 };
        }
        let mut ways: Vec<Way> = Vec::with_capacity(samples.len());
        for sample in samples {
            let mut best = Way { worth: READING, rain: 0, from: None };
            for (before, way) in ways.iter().enumerate() {
                let rise = rise(samples[before], *sample);
                let cost = match rise {
                    Some(_) => 0,
                    None if self::rise(Last { value: 0, ..samples[before] }, *sample).is_some() => RESET,
                    None => LEVEL,
                };
                let (worth, rain) = (way.worth + READING - cost, way.rain + rise.unwrap_or(0));
                if (worth, -rain) > (best.worth, -best.rain) {
                    best = Way { worth, rain, from: Some(before) };
                }
            }
            ways.push(best);
        }
        // Of equal ones the last.
        let end = (0..ways.len()).max_by_key(|&end| (ways[end].worth, -ways[end].rain));
        let mut run = Run { samples: Vec::new(), resets: 0 };
        let mut next = end;
        while let Some(index) = next {
            run.samples.push(samples[index]);
            next = ways[index].from;
        }
        run.samples.reverse();
        run.resets = run.samples.windows(2).filter(|pair| rise(pair[0], pair[1]).is_none()).count();
        run
    }

    /// Whether so much cannot have fallen between two readings.
    fn is_beyond_intervals(&self) -> bool {
        let shortest = self.samples.windows(2).min_by_key(|pair| pair[1].at - pair[0].at);
        shortest.is_some_and(|pair| rise(Last { value: 0, ..pair[0] }, pair[1]).is_none())
    }
}

/// What a counter has risen in all, in its own thousandths of a millimetre. After a reset it goes on from its
/// new value; how much fell in between is not known, and nothing is added.
fn rises(samples: &[Last]) -> i64 {
    samples.windows(2).filter_map(|pair| rise(pair[0], pair[1])).sum()
}

/// How much a counter has risen; `None` if it has fallen or risen more than rain can make it.
pub(super) fn rise(before: Last, after: Last) -> Option<i64> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::tests::{H, M, Numbers, at, close, every, history};
    use crate::reading::Observed;

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
        check(&[(0, 50.0), (30 * M, 9_000.0), (32 * M, 50.4), (H, 51.0)], 1.0);
        check(&[(0, 50.0), (30 * M, 0.0), (35 * M, 50.4), (H, 51.0)], 1.0);
        check(&[(0, 50.0), (30 * M, f64::NAN), (31 * M, -9_999.0), (32 * M, 2e6), (H, 51.0)], 1.0);
        // 300 mm/h for a minute are 5 mm, and two tips may be due.
        check(&[(0, 0.0), (58 * M, 0.0), (H, 11.0)], 11.0);
        check(&[(0, 0.0), (58 * M, 0.0), (H, 11.1)], 0.0);
        // A gap: what it holds fell before or within the hour, unless it is no longer than that.
        check(&[(0, 5.0), (90 * M, 8.0), (100 * M, 8.0)], None);
        check(&[(0, 5.0), (65 * M, 8.0)], 3.0);
    }

    /// Faults of a counter that rises by 0.2 mm every six minutes: wherever they are, 2 mm fell.
    #[test]
    fn an_outlier_neither_makes_nor_erases_rain() {
        let level = |second: i64| 300.0 + 0.2 * (second / 360) as f64;
        let good = every(2 * M, 0, H, level);
        #[track_caller]
        fn check(good: &[(i64, f64)], faults: &[usize], fault: f64, expected: f64) {
            let mut readings = good.to_vec();
            faults.iter().for_each(|&place| readings[place].1 = fault);
            close(history(Quantity::RainCounter, &readings).rain_of_hour(at(2 * H)), expected);
        }
        for fault in [67_001.4, 0.0, 12.6, 305.0, 999_999.0] {
            // Where it rises, where it stands, and two in a row.
            for place in 1..good.len() - 1 {
                check(&good, &[place], fault, 2.0);
            }
            check(&good, &[4, 5, 11, 20], fault, 2.0);
        }
        // At the ends it takes away what is between it and its neighbour.
        check(&good, &[0], 67_001.4, 2.0);
        check(&good, &[30], 67_001.4, 1.8);
        // A gauge that was installed a moment ago.
        let young: Vec<_> = good.iter().map(|(second, level)| (*second, level - 299.0)).collect();
        for place in 1..young.len() - 1 {
            check(&young, &[place], 0.0, 2.0);
        }
    }

    #[test]
    fn amounts_of_intervals_are_added_up() {
        #[track_caller]
        fn check(readings: &[(i64, f64)], hour: impl Into<Option<f64>>, rate: impl Into<Option<f64>>) {
            let history = history(Quantity::RainInterval, readings);
            close(history.rain_of_hour(at(2 * H)), hour);
            close(history.rain_rate(at(2 * H)), rate);
        }
        let steady = every(5 * M, 0, 75 * M, |_| 0.4);
        check(&steady, 4.8, 4.8);
        check(&every(5 * M, 0, 75 * M, |_| 0.0), 0.0, 0.0);
        check(&every(M, 0, 75 * M, |_| 0.1), 6.0, 6.0);
        check(&every(30 * M, 0, 2 * H, |_| 1.0), 2.0, None);
        check(&every(5 * M, 0, 40 * M, |_| 0.4), None, 4.8);
        // The same rows once more, as after a change of the configuration.
        check(&[steady.as_slice(), &steady].concat(), 4.8, 4.8);
        // Rows are missing: what fell then is not known.
        let mut gap = steady;
        gap.retain(|(second, _)| !(30 * M..50 * M).contains(second));
        check(&gap, None, 4.8);
    }

    #[test]
    fn rain_of_an_unknown_kind_has_to_run_like_a_counter() {
        #[track_caller]
        fn check(readings: &[(i64, f64)], expected: bool) {
            let history = history(Quantity::Rain, readings);
            assert_eq!(history.has_counter(at(50 * H)), expected, "{history}");
        }
        let counter = |second: i64| 94.0 + 0.2 * (second / 600) as f64;
        check(&[], false);
        check(&every(M, 0, H, counter), true);
        check(&every(M, 0, 24 * H, counter), true);
        check(&every(10 * M, 0, 3 * H, |_| 94.0), true);
        check(&every(5 * M, 0, 75 * M, |_| 0.0), true);
        // The sum of a day, which begins again.
        check(&every(5 * M, 0, 20 * H, |second| (second % (12 * H)) as f64 / 3600.0), true);
        // Dry for long, with an outlier.
        let mut dry = every(5 * M, 0, 8 * H, |_| 3.2);
        check(&dry, true);
        dry[50].1 = 67_001.4;
        check(&dry, true);
        // Steady rain in a logger's rows, or a counter in dry weather.
        check(&every(5 * M, 0, 75 * M, |_| 0.4), false);
        let begins = |second: i64| if second < 2 * H { 0.0 } else { 0.4 };
        check(&every(5 * M, 0, 4 * H, begins), false);
        // What rises and falls.
        let showers =
            |second: i64| [0.0, 0.2, 0.6, 0.4, 0.2, 0.0, 0.4][usize::try_from(second / 300 % 7).unwrap_or(0)];
        check(&every(5 * M, 0, 75 * M, showers), false);
        check(&every(20 * M, 0, 20 * H, showers), false);
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
        history.record(Quantity::RainCounter, Observed { value: 1.0, at: at(30 * M) }, at(H));
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
    fn a_clock_that_jumps_neither_loses_nor_makes_rain() {
        let counter = |second: i64| second as f64 / 3600.0;
        // A day ahead for ten minutes, then right again: 24 h later nothing is missing.
        let mut history = history(Quantity::RainCounter, &every(M, 0, 12 * H, counter));
        for second in (12 * H..12 * H + 600).step_by(60) {
            let wrong = at(second + 24 * H);
            history.record(Quantity::RainCounter, Observed { value: counter(second), at: wrong }, wrong);
        }
        assert_eq!(history.rain_of_hour(at(12 * H)), None);
        for second in (12 * H + 600..=37 * H).step_by(60) {
            let reading = Observed { value: counter(second), at: at(second) };
            history.record(Quantity::RainCounter, reading, at(second));
        }
        // Of 59 minutes and of 24 h 1 min.
        close(history.rain_of_hour(at(37 * H)), 0.983);
        close(history.rain_of_day(at(37 * H)), 24.017);

        // Set back by an hour: what the hour brought is counted once, in the steps that are left.
        for second in 37 * H + 1..37 * H + 300 {
            let reading = Observed { value: counter(second), at: at(second - H) };
            history.record(Quantity::RainCounter, reading, at(second - H));
        }
        let rain = history.rain_of_day(at(36 * H + 299)).expect("rain").value;
        assert!((24.0..=25.1).contains(&rain), "{rain}");
        // By half a minute: readings overtake each other.
        let mut history =
            crate::history::tests::history(Quantity::RainCounter, &every(10, 0, 2 * H, counter));
        for second in (2 * H..3 * H).step_by(10) {
            let reading = Observed { value: counter(second), at: at(second - 30) };
            history.record(Quantity::RainCounter, reading, at(second - 30));
        }
        let rain = history.rain_of_hour(at(3 * H)).expect("rain").value;
        assert!((0.95..=1.05).contains(&rain), "{rain}");
    }

    /// Whatever the gauge does, unless its values are wrong, no more is reported than has fallen.
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
                    history.record(Quantity::RainCounter, reading, at(second));
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
                let reported = history.rain_of_day(at(second)).expect("rain").value;
                assert!(reported >= near(i64::MAX) - 1e-9, "seed {seed}: {reported}");
            }
        }
    }
}
