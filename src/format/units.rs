//! Units: their names, the numbers that carry one, and those that a record declares for its numbers.

use std::fmt;

use super::findings::Dropped;
use super::text::squashed;
use crate::reading::{Quantity, Unit};

/// The unit that is called so, as `squashed`: a suffix of a key, a word beside a number, or
/// weewx's name of a unit.
pub(super) fn unit(name: &str) -> Option<Unit> {
    Some(match name {
        "c" | "degc" | "celsius" | "degreec" | "degreesc" | "degreescelsius" => Unit::Celsius,
        "f" | "degf" | "fahrenheit" | "degreef" | "degreesf" | "degreesfahrenheit" => Unit::Fahrenheit,
        "k" | "kelvin" | "degreek" => Unit::Kelvin,
        "%" | "pct" | "percent" | "%rh" => Unit::Percent,
        "ratio" => Unit::Ratio,
        "pa" | "pascal" | "pascals" => Unit::Pascal,
        "hpa" | "hectopascal" | "hectopascals" | "mbar" | "mb" | "millibar" | "millibars" => {
            Unit::Hectopascal
        }
        "kpa" | "kilopascal" | "kilopascals" => Unit::Kilopascal,
        "inhg" => Unit::InchOfMercury,
        "ms" | "mps" | "meterpersecond" | "meterspersecond" | "metrespersecond" => Unit::MetrePerSecond,
        "kmh" | "kph" | "kmph" | "kmperhour" | "kilometersperhour" | "kilometresperhour" => {
            Unit::KilometrePerHour
        }
        "mph" | "mih" | "mileperhour" | "milesperhour" => Unit::MilePerHour,
        "kn" | "kt" | "kts" | "knot" | "knots" => Unit::Knot,
        "deg" | "degree" | "degrees" | "degreecompass" => Unit::Degree,
        "mm" | "millimeter" | "millimeters" | "millimetre" | "millimetres" => Unit::Millimetre,
        "cm" | "centimeters" | "centimetres" => Unit::Centimetre,
        "in" | "inch" | "inches" => Unit::Inch,
        "mmh" | "mmhr" | "mmperhour" | "millimetersperhour" | "millimetresperhour" => Unit::MillimetrePerHour,
        "cmh" | "cmhr" | "cmperhour" => Unit::CentimetrePerHour,
        "inh" | "inhr" | "inchperhour" | "inchesperhour" => Unit::InchPerHour,
        "ugm3" | "microgrampermetercubed" | "microgramspercubicmeter" | "microgramspercubicmetre" => {
            Unit::MicrogramPerCubicMetre
        }
        "lx" | "lux" => Unit::Lux,
        "wm2" | "wattpermetersquared" | "wattspersquaremeter" | "wattspersquaremetre" => {
            Unit::WattPerSquareMetre
        }
        "uvindex" => Unit::One,
        _ => return None,
    })
}

/// The unit if the quantity can be given in it. `rainratein` and `baromrelin` mean inches per hour
/// and inches of mercury.
pub(super) fn fitting(quantity: Quantity, unit: Unit) -> Option<Unit> {
    let meant = match (quantity.base_unit(), unit) {
        (Unit::Hectopascal, Unit::Inch) => Unit::InchOfMercury,
        (Unit::MillimetrePerHour, Unit::Millimetre) => Unit::MillimetrePerHour,
        (Unit::MillimetrePerHour, Unit::Centimetre) => Unit::CentimetrePerHour,
        (Unit::MillimetrePerHour, Unit::Inch) => Unit::InchPerHour,
        _ => unit,
    };
    (meant.to_base(0.0).0 == quantity.base_unit()).then_some(meant)
}

/// The unit of a number without one. The magnitude of a pressure decides: the three ranges, which
/// cover what there is on Earth's surface, do not touch.
pub(super) fn usual_unit(quantity: Quantity, number: f64) -> Unit {
    match quantity.base_unit() {
        Unit::Hectopascal if (30.0..=115.0).contains(&number) => Unit::Kilopascal,
        Unit::Hectopascal if (30_000.0..=115_000.0).contains(&number) => Unit::Pascal,
        base => base,
    }
}

/// A finite number and, if there is one, the unit behind it: `79.2°F`, `8 km/h`, `66`. A comma may
/// stand before decimals or before thousands, so that its number is none.
pub(super) fn number_with_unit(text: &str) -> Result<(f64, Option<Unit>), Dropped> {
    let text = text.trim();
    let end = text
        .find(|c: char| !matches!(c, '0'..='9' | '+' | '-' | '.' | ',' | 'e' | 'E'))
        .unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    let number = number.parse().ok().filter(|number: &f64| number.is_finite()).ok_or(Dropped::NoNumber)?;
    Ok((number, named_unit(rest)?))
}

/// The unit of that name; `None` if the name is empty.
pub(super) fn named_unit(name: &str) -> Result<Option<Unit>, Dropped> {
    match squashed(name).as_str() {
        "" => Ok(None),
        name => unit(name).map(Some).ok_or(Dropped::UnknownUnit),
    }
}

/// The units that a record declares, by quantity, for the numbers that have none of their own.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Units([Declared; Quantity::ALL.len()]);

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum Declared {
    #[default]
    Nothing,
    Unit(Unit),
    /// One of several.
    Open,
    /// Something that is not known: its numbers cannot be used.
    Unknown,
}

impl Units {
    pub(super) fn of(system: System) -> Units {
        Units(Quantity::ALL.map(|quantity| system.declares(quantity)))
    }

    /// Nothing can be used, except what has no unit.
    pub(super) fn unknown() -> Units {
        Units(Quantity::ALL.map(|quantity| match quantity.base_unit() {
            Unit::One => Declared::Nothing,
            _ => Declared::Unknown,
        }))
    }

    pub(super) fn declared(&self, quantity: Quantity) -> Declared {
        self.0[quantity as usize]
    }

    /// Declares the unit of whatever can be given in it.
    pub(super) fn declare(&mut self, unit: Unit) {
        self.declare_alike(unit.to_base(0.0).0, Declared::Unit(unit));
    }

    /// Declares the units of single quantities. Each counts for those alike too, the dew point
    /// beside the temperature, unless these have their own.
    pub(super) fn declare_each(&mut self, declared: &[(Quantity, Declared)]) {
        for (quantity, declared) in declared {
            self.declare_alike(quantity.base_unit(), *declared);
        }
        for (quantity, declared) in declared {
            self.0[*quantity as usize] = *declared;
        }
    }

    fn declare_alike(&mut self, base: Unit, declared: Declared) {
        // An amount of rain and its rate are alike.
        let dimension = |base| if base == Unit::MillimetrePerHour { Unit::Millimetre } else { base };
        for quantity in Quantity::ALL {
            let fits = match declared {
                Declared::Unit(unit) => fitting(quantity, unit).is_some(),
                _ => true,
            };
            if fits && dimension(quantity.base_unit()) == dimension(base) {
                self.0[quantity as usize] = declared;
            }
        }
    }
}

/// A system of units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum System {
    /// weewx's `US`, Weather Underground's `imperial`.
    Us,
    /// Weather Underground's `metric`.
    Metric,
    /// The word `metric` elsewhere: the wind is in km/h or in m/s.
    SomeMetric,
    /// weewx's `METRIC`, which counts rain in cm.
    WeewxMetric,
    /// weewx's `METRICWX`, Weather Underground's `metric_si`.
    MetricWx,
    /// Weather Underground's, with the wind in mph.
    UkHybrid,
}

impl System {
    /// By the word for it.
    pub(super) fn named(word: &str) -> Option<System> {
        match word.trim().to_ascii_lowercase().as_str() {
            "us" | "imperial" => Some(System::Us),
            "metric" => Some(System::SomeMetric),
            "metricwx" => Some(System::MetricWx),
            _ => None,
        }
    }

    /// By weewx's number of it (`usUnits`).
    pub(super) fn numbered(number: f64) -> Option<System> {
        match number {
            1.0 => Some(System::Us),
            16.0 => Some(System::WeewxMetric),
            17.0 => Some(System::MetricWx),
            _ => None,
        }
    }

    fn declares(self, quantity: Quantity) -> Declared {
        Declared::Unit(match (quantity.base_unit(), self) {
            (Unit::Celsius, System::Us) => Unit::Fahrenheit,
            (Unit::Celsius, _) => Unit::Celsius,
            (Unit::Hectopascal, System::Us) => Unit::InchOfMercury,
            (Unit::Hectopascal, _) => Unit::Hectopascal,
            (Unit::MetrePerSecond, System::Us | System::UkHybrid) => Unit::MilePerHour,
            (Unit::MetrePerSecond, System::Metric | System::WeewxMetric) => Unit::KilometrePerHour,
            (Unit::MetrePerSecond, System::MetricWx) => Unit::MetrePerSecond,
            (Unit::MetrePerSecond, System::SomeMetric) => return Declared::Open,
            // A rate is in this length an hour.
            (Unit::Millimetre | Unit::MillimetrePerHour, System::Us) => Unit::Inch,
            (Unit::Millimetre | Unit::MillimetrePerHour, System::WeewxMetric) => Unit::Centimetre,
            (Unit::Millimetre | Unit::MillimetrePerHour, _) => Unit::Millimetre,
            _ => return Declared::Nothing,
        })
    }
}

impl fmt::Display for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            System::Us => "°F, inHg, mph, in",
            System::Metric => "°C, hPa, km/h, mm",
            System::SomeMetric => "°C, hPa, mm; km/h or m/s",
            System::WeewxMetric => "°C, hPa, km/h, cm",
            System::MetricWx => "°C, hPa, m/s, mm",
            System::UkHybrid => "°C, hPa, mph, mm",
        })
    }
}

/// A number in its quantity's base unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Converted {
    pub(super) value: f64,
    pub(super) unit: Unit,
    pub(super) assumed: bool,
}

/// The number in its base unit, if it can be believed. `unit` is the one that stands at the number
/// or its key and overrides what the record declares.
pub(super) fn convert(
    quantity: Quantity,
    number: f64,
    unit: Option<Unit>,
    units: &Units,
) -> Result<Converted, Dropped> {
    let (unit, assumed) = match (unit, units.declared(quantity)) {
        (Some(unit), _) | (None, Declared::Unit(unit)) => (unit, false),
        (None, Declared::Nothing) => (usual_unit(quantity, number), true),
        (None, Declared::Open) => return Err(Dropped::OpenUnit),
        (None, Declared::Unknown) => return Err(Dropped::UnknownUnit),
    };
    let unit = fitting(quantity, unit).ok_or(Dropped::WrongUnit(unit))?;
    let (_, value) = unit.to_base(number);
    let value = quantity.plausible(value).ok_or(Dropped::Implausible(quantity, value))?;
    Ok(Converted { value, unit, assumed })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_carry_their_unit() {
        #[track_caller]
        fn check(text: &str, expected: Result<(f64, Option<Unit>), Dropped>) {
            assert_eq!(number_with_unit(text), expected, "{text}");
        }
        check("79.2°F", Ok((79.2, Some(Unit::Fahrenheit))));
        check(" -3 °C ", Ok((-3.0, Some(Unit::Celsius))));
        check("8 km/h", Ok((8.0, Some(Unit::KilometrePerHour))));
        check("66%", Ok((66.0, Some(Unit::Percent))));
        check("29.92 inHg", Ok((29.92, Some(Unit::InchOfMercury))));
        check("0.02 in/hr", Ok((0.02, Some(Unit::InchPerHour))));
        check("7 µg/m³", Ok((7.0, Some(Unit::MicrogramPerCubicMetre))));
        check("139°", Ok((139.0, Some(Unit::Degree))));
        check("93.2", Ok((93.2, None)));
        check("1.5e1", Ok((15.0, None)));
        check("5 bananas", Err(Dropped::UnknownUnit));
        for text in ["", "--", "NaN", "inf", "-Infinity", "1e999", "1-2", "21,5", "E", "°C", "2025-03-02"] {
            check(text, Err(Dropped::NoNumber));
        }
    }

    #[test]
    fn the_unit_of_a_bare_pressure_is_told_by_its_magnitude() {
        #[track_caller]
        fn check(number: f64, expected: Option<(f64, Unit)>) {
            let converted = convert(Quantity::StationPressure, number, None, &Units::default()).ok();
            let found =
                converted.map(|converted| ((converted.value * 100.0).round() / 100.0, converted.unit));
            assert_eq!(found, expected, "{number}");
        }
        check(101.325, Some((1013.25, Unit::Kilopascal)));
        check(1013.25, Some((1013.25, Unit::Hectopascal)));
        check(101_325.0, Some((1013.25, Unit::Pascal)));
        // Inches of mercury would be 301 hPa as kPa and 29.9 as hPa: neither is believed.
        check(30.1, None);
        check(29.9, None);
        check(0.0, None);
        check(5000.0, None);
    }
}
