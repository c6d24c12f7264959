//! What the past of one station says: amounts of rain, the tendency of the pressure, the extremes
//! of a day, the wind of ten minutes.
//!
//! The past is kept in series, and each series in slots of fixed length, one entry a slot, and only
//! for slots in which something was measured. What is kept of a slot depends on the readings in it
//! and not on their order, so that repeated, late and shuffled readings change nothing. There is no
//! clock here: `now` only decides which readings cannot have happened yet.
//!
//! Times are whole seconds, values whole thousandths, so that sums do not depend on order either.

mod air;
mod daily;
mod rain;
mod series;
mod slots;
mod state;
#[cfg(test)]
mod tests;

use std::fmt;

use crate::reading::{Observed, Quantity, Reading};
use crate::time::{AHEAD, Timestamp};
pub use daily::Site;
use series::{Extremes, Highest, Last, Mean, Slot, Slots};
pub use slots::Series;

const MINUTE: u32 = 60;
const HOUR: u32 = 60 * MINUTE;
const DAY: u32 = 24 * HOUR;

/// Makes [`History`] and all that goes through every series of it from one table. A row is
///
/// `name: kind of quantity or quantity…, number of slots of length in seconds;`
///
/// The kind, one of [`series`], says what is kept of the readings in one slot. A question to the past
/// reads the series by its name.
macro_rules! history {
    ($(
        $(#[$documentation:meta])*
        $name:ident: $kind:ident of $quantity:ident $(or $other:ident)*, $count:literal of $length:expr;
    )+) => {
        /// The past of one station. Empty at first, and small: about 2.6 KiB after a full day of everything.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct History {
            $($(#[$documentation])* $name: Slots<$kind, { $length }, $count>,)+
        }

        impl History {
            /// Each series by its name, with the quantities that it is made of.
            #[cfg(test)]
            const SERIES: &[(&str, &[Quantity])] =
                &[$((stringify!($name), &[Quantity::$quantity $(, Quantity::$other)*]),)+];

            /// Adds a value, in thousandths, to every series of its quantity.
            fn add(&mut self, quantity: Quantity, at: u32, value: i32) {
                $(if matches!(quantity, Quantity::$quantity $(| Quantity::$other)*) {
                    self.$name.add($kind::of(at, value));
                })+
            }

            /// Forgets what is at `end` or later.
            fn forget_from(&mut self, end: u32) {
                $(self.$name.forget_from(end);)+
            }

            /// Forgets every series of a quantity that `is_forgotten`.
            pub fn forget(&mut self, is_forgotten: impl Fn(Quantity) -> bool) {
                $(if is_forgotten(Quantity::$quantity) $(|| is_forgotten(Quantity::$other))* {
                    self.$name = Slots::default();
                })+
            }

            /// The bytes of all series on the heap.
            #[cfg(test)]
            fn heap(&self) -> usize {
                [$(self.$name.heap()),+].into_iter().sum()
            }

            /// Writes every series that is not empty.
            fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                $(self.$name.write(stringify!($name), f)?;)+
                Ok(())
            }

            /// Reads one series from the slots after its title. One whose row has changed since they
            /// were written stays empty.
            fn read(&mut self, title: &str, slots: &str) -> Option<()> {
                $(if self.$name.title(stringify!($name)) == title {
                    return self.$name.read(slots, &[Quantity::$quantity $(, Quantity::$other)*]);
                })+
                Some(())
            }
        }
    };
}

history! {
    /// Rain of 24 h, with a reading 23 to 25 h back: 608 bytes at most.
    rain_day: Last of RainCounter or RainToday or Rain, 76 of 20 * MINUTE;
    /// Rain of an hour and its rate, with a reading up to 70 min back: 288 bytes at most.
    rain_hour: Last of RainCounter or RainToday or Rain, 36 of 2 * MINUTE;
    /// The same of the amounts of intervals: 432 bytes at most.
    rain_intervals: Mean of RainInterval, 36 of 2 * MINUTE;
    /// The change in 3 h, with a reading up to 3 h 30 min back: 176 bytes at most, as the next one.
    station_pressure: Last of StationPressure, 22 of 10 * MINUTE;
    sea_level_pressure: Last of SeaLevelPressure, 22 of 10 * MINUTE;
    /// The extremes of a day: 584 bytes at most.
    temperature: Extremes of Temperature, 73 of 20 * MINUTE;
    /// The mean of ten minutes: 120 bytes at most.
    wind: Mean of WindSpeed, 10 of MINUTE;
    /// The highest of ten minutes: 80 bytes at most.
    gust: Highest of WindGust or WindSpeed, 10 of MINUTE;
}

impl History {
    /// Records a reading, in any order of times. It ignores a reading of a quantity that has no series,
    /// and one that is implausible, too old to matter, from the future or recorded before. Amounts of intervals
    /// are added up, so that of these also what is not newer is ignored: it may have been recorded.
    ///
    /// The past forgets what has a time that lies ahead of `now`: the clock was set back. The counter
    /// of the gauge then goes on from what is left, so that the rain in between stays known as a sum.
    pub fn record(&mut self, quantity: Quantity, reading: Reading, now: Timestamp) {
        let end = end(now);
        self.forget_from(end);
        let Some(value) = quantity.plausible(reading.value) else { return };
        let Some(at) = seconds(reading.at).filter(|&at| at < end) else { return };
        if quantity == Quantity::RainInterval
            && self.rain_intervals.newest().is_some_and(|newest| at <= newest)
        {
            return;
        }
        self.add(quantity, at, thousandths(value));
    }

    /// The bytes that it takes, those on the heap included, as the program asks for them.
    #[cfg(test)]
    fn bytes(&self) -> usize {
        size_of::<History>() + self.heap()
    }
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
