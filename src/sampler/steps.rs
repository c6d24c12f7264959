//! Whether a value of a sensor is a step that its other values support: a lone one waits for a second.
//!
//! A false message of a radio, a bad contact or a loose wire says something impossible once, between values
//! that go together. How far two of these may be apart is in the row of the quantity.

use std::time::Duration;

use crate::quantity::Step;
use crate::reading::{Quantity, Reading, Station};

/// Readings that are farther apart say nothing of each other.
const PAUSE: Duration = Duration::from_secs(3600);

/// A receiver hands over the same message two or three times in a second: these are one.
const REPEAT: Duration = Duration::from_secs(3);

/// What is known of how the quantities of one device run.
#[derive(Debug, Default)]
pub(super) struct Steps {
    /// The first reading of each level that no other reading supports so far. It is shown.
    alone: Vec<(Quantity, Reading)>,
    /// Readings that are far from those before them. They are not shown.
    waiting: Vec<(Quantity, Reading)>,
    /// Readings that have waited for nothing.
    left_out: usize,
}

/// What is done with a reading.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Verdict {
    /// Whether it may be shown.
    pub(super) is_shown: bool,
    /// What the past has to record now, one that has waited first.
    pub(super) past: [Option<Reading>; 2],
}

impl Steps {
    /// Decides about a reading, where `known` is the newest one that is shown.
    ///
    /// The first reading after a start or a pause is shown, and the past records it as soon as another one
    /// supports it. If the next one contradicts it, neither is known to be better, and the newer one is shown.
    pub(super) fn judge(&mut self, quantity: Quantity, known: Option<Reading>, new: Reading) -> Verdict {
        let Some(step) = quantity.step() else { return recorded([None, Some(new)]) };
        match known {
            None => self.judge_first(quantity, step, new),
            Some(known) if apart(known, new) > PAUSE => self.after_pause(quantity, known, new),
            Some(known) if fits(step, known, new) => self.supported(quantity, known, new),
            // An old one that was left out before.
            Some(known) if new.at < known.at => Verdict::default(),
            Some(_) if of(&mut self.alone, quantity).is_some() => self.alone(quantity, new),
            Some(_) => self.far(quantity, step, new),
        }
    }

    /// Of a device whose first record has to wait for another one.
    pub(super) fn of_stranger(said: &Station) -> Steps {
        let readings = Quantity::ALL.into_iter().filter(|quantity| quantity.step().is_some());
        let waiting = readings.filter_map(|quantity| Some((quantity, said.reading(quantity)?))).collect();
        Steps { waiting, ..Steps::default() }
    }

    /// Whether two readings have shown the level of a quantity.
    pub(super) fn has_level(&self, quantity: Quantity) -> bool {
        self.alone.iter().all(|(alone, _)| *alone != quantity)
    }

    /// The readings that are waiting.
    pub(super) fn waiting(&self) -> &[(Quantity, Reading)] {
        &self.waiting
    }

    /// How many have waited for nothing.
    pub(super) fn left_out(&self) -> usize {
        self.left_out
    }

    fn judge_first(&mut self, quantity: Quantity, step: &Step, new: Reading) -> Verdict {
        if of(&mut self.waiting, quantity).is_some() {
            return self.far(quantity, step, new);
        }
        self.alone(quantity, new)
    }

    /// A level of its own begins.
    fn alone(&mut self, quantity: Quantity, new: Reading) -> Verdict {
        match of(&mut self.alone, quantity) {
            Some(alone) => *alone = new,
            None => self.alone.push((quantity, new)),
        }
        recorded([None, Some(new).filter(|_| !is_kept_long(quantity))])
    }

    fn after_pause(&mut self, quantity: Quantity, known: Reading, new: Reading) -> Verdict {
        if new.at < known.at {
            return recorded([None, Some(new)]);
        }
        // Nothing has contradicted it.
        let before = removed(&mut self.alone, quantity).filter(|_| is_kept_long(quantity));
        self.drop_waiting(quantity);
        let [_, new] = self.alone(quantity, new).past;
        recorded([before, new])
    }

    fn supported(&mut self, quantity: Quantity, known: Reading, new: Reading) -> Verdict {
        if new.at > known.at {
            self.drop_waiting(quantity);
        }
        match of(&mut self.alone, quantity).copied() {
            None => recorded([None, Some(new)]),
            Some(first) if apart(first, new) < REPEAT => {
                recorded([None, Some(new).filter(|_| !is_kept_long(quantity))])
            }
            Some(first) => {
                removed(&mut self.alone, quantity);
                recorded([Some(first).filter(|_| is_kept_long(quantity)), Some(new)])
            }
        }
    }

    /// It is far from what is known, or of a sensor that has to show its level first.
    fn far(&mut self, quantity: Quantity, step: &Step, new: Reading) -> Verdict {
        let Some(waiting) = of(&mut self.waiting, quantity) else {
            self.waiting.push((quantity, new));
            return Verdict::default();
        };
        let is_near = apart(*waiting, new) <= PAUSE && fits(step, *waiting, new);
        let is_repeat = apart(*waiting, new) < REPEAT;
        if is_near && is_repeat {
            return Verdict::default();
        }
        let before = std::mem::replace(waiting, new);
        if is_near {
            removed(&mut self.waiting, quantity);
            return recorded([Some(before), Some(new)]);
        }
        self.left_out += 1;
        Verdict::default()
    }

    fn drop_waiting(&mut self, quantity: Quantity) {
        self.left_out += usize::from(removed(&mut self.waiting, quantity).is_some());
    }
}

/// Whether a first value waits until the past may record it: that keeps extremes of a day, and the pressure
/// of hours. A wind is gone after ten minutes, and of rain the past sorts the values itself.
fn is_kept_long(quantity: Quantity) -> bool {
    matches!(quantity, Quantity::Temperature | Quantity::StationPressure | Quantity::SeaLevelPressure)
}

fn recorded(past: [Option<Reading>; 2]) -> Verdict {
    Verdict { is_shown: true, past }
}

fn of(list: &mut [(Quantity, Reading)], quantity: Quantity) -> Option<&mut Reading> {
    list.iter_mut().find(|(known, _)| *known == quantity).map(|(_, reading)| reading)
}

fn removed(list: &mut Vec<(Quantity, Reading)>, quantity: Quantity) -> Option<Reading> {
    let index = list.iter().position(|(known, _)| *known == quantity)?;
    Some(list.swap_remove(index).1)
}

fn apart(one: Reading, other: Reading) -> Duration {
    one.at.ahead(other.at).max(other.at.ahead(one.at))
}

/// Whether the quantity can have changed so between two readings, in whichever order they come.
pub(super) fn fits(step: &Step, one: Reading, other: Reading) -> bool {
    let change = if one.at <= other.at { other.value - one.value } else { one.value - other.value };
    let allowed = step.at_once + step.a_minute * apart(one, other).as_secs_f64() / 60.0;
    change.abs() <= allowed || (step.falls && change < 0.0)
}

/// Whether readings are near enough in time to contradict each other.
pub(super) fn are_near(one: Reading, other: Reading) -> bool {
    apart(one, other) <= PAUSE
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::Quantity::*;
    use crate::time::Timestamp;

    /// What is shown and what the past has recorded after each of these readings, by seconds.
    #[track_caller]
    fn check(quantity: Quantity, readings: &[(i64, f64)], shown: &[f64], past: &[f64]) {
        let (mut steps, mut known, mut found, mut recorded) =
            (Steps::default(), None, Vec::new(), Vec::new());
        for &(second, value) in readings {
            let at = Timestamp::from_millis(1_790_510_400_000 + second * 1000).expect("an instant");
            let new = Reading { value, at };
            let verdict = steps.judge(quantity, known, new);
            if verdict.is_shown && known.is_none_or(|known: Reading| known.at <= at) {
                known = Some(new);
            }
            found.push(known.map_or(f64::NAN, |known| known.value));
            recorded.extend(verdict.past.into_iter().flatten().map(|reading| reading.value));
        }
        assert_eq!(found, shown, "{readings:?}");
        assert_eq!(recorded, past, "{readings:?}");
    }

    #[test]
    fn a_lone_value_waits() {
        // The first is shown; the past waits for the second.
        check(Temperature, &[(0, 4.0)], &[4.0], &[]);
        check(Temperature, &[(0, 4.0), (50, 4.1)], &[4.0, 4.1], &[4.0, 4.1]);
        let lone = [(0, 4.0), (50, 4.0), (100, 59.0), (150, 4.1)];
        check(Temperature, &lone, &[4.0, 4.0, 4.0, 4.1], &[4.0, 4.0, 4.1]);
        // Two that have nothing to do with each other.
        let two = [(0, 4.0), (50, 4.0), (100, 59.0), (150, -31.0), (200, 4.0)];
        check(Temperature, &two, &[4.0; 5], &[4.0, 4.0, 4.0]);
        // A second one supports it, but not the same message again.
        let level = [(0, 4.0), (50, 4.0), (100, 20.0), (101, 20.0), (150, 20.5)];
        check(Temperature, &level, &[4.0, 4.0, 4.0, 4.0, 20.5], &[4.0, 4.0, 20.0, 20.5]);
        // A message that comes three times is one.
        check(Temperature, &[(0, 59.0), (0, 59.0), (1, 59.0), (40, 4.0)], &[59.0, 59.0, 59.0, 4.0], &[]);
    }

    #[test]
    fn a_first_value_has_no_weight() {
        check(Temperature, &[(0, 59.0), (50, 4.0), (100, 4.0)], &[59.0, 4.0, 4.0], &[4.0, 4.0]);
        // After a pause, too.
        let pause = [(0, 4.0), (50, 4.0), (9_000, 30.0), (9_050, 30.0)];
        check(Temperature, &pause, &[4.0, 4.0, 30.0, 30.0], &[4.0, 4.0, 30.0, 30.0]);
        // Of hours apart each is a first one.
        check(Temperature, &[(0, 4.0), (4_000, 9.0), (8_000, 9.0)], &[4.0, 9.0, 9.0], &[4.0, 9.0]);
    }

    #[test]
    fn what_comes_late_replaces_nothing() {
        let late = [(0, 4.0), (100, 4.0), (50, 4.2), (60, 59.0), (150, 4.4)];
        check(Temperature, &late, &[4.0, 4.0, 4.0, 4.0, 4.4], &[4.0, 4.0, 4.2, 4.4]);
    }

    /// For each quantity a change that is believed at once, and one that waits, both within a minute.
    #[test]
    fn bounds_of_changes() {
        for (quantity, from, near, far) in [
            (Temperature, 20.0, 14.6, 14.0),
            (FeelsLike, 20.0, 10.0, 9.0),
            (Humidity, 50.0, 66.0, 70.0),
            (DewPoint, 5.0, 11.0, 12.0),
            (StationPressure, 1000.0, 1002.0, 1003.0),
            (SeaLevelPressure, 1000.0, 998.0, 997.0),
            (WindSpeed, 2.0, 22.0, 24.0),
            (WindGust, 2.0, 32.0, 34.0),
            (RainRate, 0.0, 55.0, 80.0),
            (RainToday, 0.0, 5.0, 9.0),
            (RainHour, 0.0, 5.0, 9.0),
        ] {
            check(quantity, &[(0, from), (60, from), (120, near)], &[from, from, near], &[from, from, near]);
            check(quantity, &[(0, from), (60, from), (120, far)], &[from; 3], &[from; 2]);
        }
        // A sum begins again.
        check(RainToday, &[(0, 9.0), (60, 9.2), (120, 0.0)], &[9.0, 9.2, 0.0], &[9.0, 9.2, 0.0]);
        for quantity in Quantity::ALL.into_iter().filter(|quantity| quantity.step().is_none()) {
            let (low, high) = quantity.bounds().clone().into_inner();
            check(quantity, &[(0, low), (60, low), (61, high)], &[low, low, high], &[low, low, high]);
        }
    }

    #[test]
    fn a_stranger_waits_as_well() {
        let at = |second: i64| Timestamp::from_millis(second * 1000).expect("an instant");
        let mut stranger = Station::default();
        stranger.update(Temperature, Reading { value: 59.0, at: at(0) });
        let mut steps = Steps::of_stranger(&stranger);
        assert_eq!(steps.judge(Temperature, None, Reading { value: 12.0, at: at(50) }), Verdict::default());
        assert_eq!((steps.left_out(), steps.waiting().len()), (1, 1));
        let second = Reading { value: 12.5, at: at(100) };
        assert!(steps.judge(Temperature, None, second).is_shown && steps.has_level(Temperature));
    }
}
