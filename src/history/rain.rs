//! Rain, from the lifetime counter of a gauge.

use super::series::{Last, since};
use super::{DAY, HOUR, History, MINUTE, end, observed};
use crate::reading::{Quantity, Reading};
use crate::time::Timestamp;

impl History {
    /// Rain of the hour before the newest reading of the counter, mm.
    ///
    /// It is the sum of rises since the reading that is nearest to an hour older, 50 to 70 min:
    /// stations that report every 5, 10, 15, 20, 30 or 60 min have one, and what is not within a
    /// sixth is not shown as "the last hour". `None` if there is none: after a gap, the rain in it
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

    /// The present rain rate by the counter, mm/h: rises over about a quarter of an hour.
    ///
    /// Over 12 min or more a single tip of the coarsest gauge, 0.5 mm, is at most 2.5 mm/h, so that
    /// no single tip is more than light rain. A gauge of 0.2 mm knows no less than 0.8 mm/h.
    pub fn rain_rate(&self, now: Timestamp) -> Option<Reading> {
        let samples = since(self.rain_hour.before(end(now)), 15 * MINUTE, 12 * MINUTE, 20 * MINUTE)?;
        let (first, last) = (samples.first()?, samples.last()?);
        let rate = millimetres(rises(samples)) * f64::from(HOUR) / f64::from(last.at - first.at);
        observed(last.at, Quantity::RainRate.plausible(rate)?)
    }
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
