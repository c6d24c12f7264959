//! How numbers are written: their units, metric or imperial, and how they are rounded.

use std::fmt::{self, Display};

use crate::reading::Unit;

/// In which units the answer is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Units {
    /// °C, km/h, hPa.
    #[default]
    Metric,
    /// °F, mph, inHg, and the indices that are usual in the United States.
    Imperial,
}

impl Units {
    /// How values of a quantity with one of these units are shown in plots and tables. Others have none.
    pub fn scale(self, unit: Unit) -> Scale {
        let (measure, decimals): (fn(Units, f64) -> Measure, _) = match unit {
            Unit::Celsius => (Units::temperature, 1),
            Unit::MetrePerSecond => (Units::speed, 1),
            Unit::Millimetre => (Units::rain, if self == Units::Metric { 1 } else { 2 }),
            _ => (Units::pressure, if self == Units::Metric { 1 } else { 2 }),
        };
        let (offset, symbol) = measure(self, 0.0).parts();
        Scale { factor: measure(self, 1.0).parts().0 - offset, offset, symbol: symbol.trim_start(), decimals }
    }

    pub(super) fn temperature(self, celsius: f64) -> Measure {
        match self {
            Units::Metric => Measure::Whole(celsius, "°C"),
            Units::Imperial => Measure::Whole(celsius * 1.8 + 32.0, "°F"),
        }
    }

    pub(super) fn speed(self, metres_per_second: f64) -> Measure {
        match self {
            Units::Metric => Measure::Whole(metres_per_second * 3.6, " km/h"),
            Units::Imperial => Measure::Whole(metres_per_second / one(Unit::MilePerHour), " mph"),
        }
    }

    pub(super) fn rain(self, millimetres: f64) -> Measure {
        match self {
            Units::Metric => Measure::Tenths(millimetres, " mm"),
            Units::Imperial => Measure::Hundredths(millimetres / one(Unit::Inch), " in"),
        }
    }

    pub(super) fn pressure(self, hectopascals: f64) -> Measure {
        match self {
            Units::Metric => Measure::Whole(hectopascals, " hPa"),
            // An inch is 34 hPa, so that whole inches would hide all weather.
            Units::Imperial => Measure::Hundredths(hectopascals / one(Unit::InchOfMercury), " inHg"),
        }
    }
}

/// One of a unit, in its base unit.
fn one(unit: Unit) -> f64 {
    unit.to_base(1.0).1
}

/// From the base unit to that of the answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    factor: f64,
    offset: f64,
    /// The symbol of the unit: `°C`, `km/h`.
    pub symbol: &'static str,
    /// Digits after the point that are worth showing.
    pub decimals: u8,
}

impl Scale {
    /// A value in the unit of the answer.
    pub fn of(&self, base: f64) -> f64 {
        base * self.factor + self.offset
    }
}

/// A number with its unit, as it is written.
pub(super) enum Measure {
    /// To the nearest whole unit, halves away from zero; the unit with the blank before it.
    Whole(f64, &'static str),
    /// To one decimal.
    Tenths(f64, &'static str),
    /// To two decimals.
    Hundredths(f64, &'static str),
}

impl Measure {
    fn parts(&self) -> (f64, &'static str) {
        match *self {
            Measure::Whole(value, unit) | Measure::Tenths(value, unit) | Measure::Hundredths(value, unit) => {
                (value, unit)
            }
        }
    }
}

impl Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Measure::Whole(value, unit) => {
                // A half that the sensor wrote is still a half: a conversion to the base unit and
                // back leaves noise in the last bits.
                let steady = (value * 1e6).round() / 1e6;
                // As an integer, which has no −0 and is written in a tenth of the steps.
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "every value in an answer is plausible, so it is small"
                )]
                let whole = steady.round() as i32;
                // Without the formatter's padding: half of what a number costs.
                f.write_str(itoa::Buffer::new().format(whole))?;
                f.write_str(unit)
            }
            Measure::Tenths(value, unit) => {
                let tenths = (value * 10.0).round();
                if (tenths - value * 10.0).abs() > 1e-6 {
                    return write!(f, "{value:.1}{unit}");
                }
                // The same digits for less: a gauge counts tenths.
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "rain of some days"
                )]
                let tenths = tenths as u32;
                f.write_str(itoa::Buffer::new().format(tenths / 10))?;
                f.write_str(".")?;
                f.write_str(itoa::Buffer::new().format(tenths % 10))?;
                f.write_str(unit)
            }
            Measure::Hundredths(value, unit) => write!(f, "{value:.2}{unit}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_are_those_of_the_lines() {
        for (units, unit, value, expected) in [
            (Units::Metric, Unit::Celsius, 10.25, (10.25, "°C", 1)),
            (Units::Imperial, Unit::Celsius, 10.0, (50.0, "°F", 1)),
            (Units::Metric, Unit::MetrePerSecond, 10.0, (36.0, "km/h", 1)),
            (Units::Metric, Unit::Millimetre, 2.5, (2.5, "mm", 1)),
            (Units::Imperial, Unit::Millimetre, 25.4, (1.0, "in", 2)),
            (Units::Imperial, Unit::Hectopascal, 1013.25, (29.92, "inHg", 2)),
        ] {
            let scale = units.scale(unit);
            assert!((scale.of(value) - expected.0).abs() < 0.005, "{scale:?}");
            assert_eq!((scale.symbol, scale.decimals), (expected.1, expected.2));
        }
    }

    /// Every half that a sensor writes in the unit of the answer goes up, whatever the conversion
    /// to the base unit and back leaves in the last bits.
    #[test]
    fn halves_survive_the_conversion() {
        #[track_caller]
        fn check(unit: Unit, show: impl Fn(f64) -> Measure, symbol: &str) {
            for whole in 0..200 {
                let (_, base) = unit.to_base(f64::from(whole) + 0.5);
                assert_eq!(show(base).to_string(), format!("{}{symbol}", whole + 1));
            }
        }
        check(Unit::Celsius, |value| Units::Metric.temperature(value), "°C");
        check(Unit::KilometrePerHour, |value| Units::Metric.speed(value), " km/h");
        check(Unit::Fahrenheit, |value| Units::Imperial.temperature(value), "°F");
        check(Unit::MilePerHour, |value| Units::Imperial.speed(value), " mph");
        let (_, base) = Unit::InchOfMercury.to_base(29.92);
        assert_eq!(Units::Imperial.pressure(base).to_string(), "29.92 inHg");
    }
}
