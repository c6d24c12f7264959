//! Units: their names, the numbers that carry one, and those that a record declares for its numbers.

use std::fmt;
use std::ops::RangeInclusive;

use super::findings::Dropped;
use super::text::squashed;
use crate::reading::{Quantity, Unit};

/// The unit that is called so, as `squashed`: a suffix of a key, a word beside a number, weewx's name of a
/// unit, or a code of the WMO (`km_h-1`), of SenML (`Cel`), of UN/CEFACT (`FAH`) or of QUDT (`DEG_F`).
pub(super) fn unit(name: &str) -> Option<Unit> {
    Some(match name {
        "c" | "cdeg" | "degc" | "celsius" | "celcius" | "centigrade" | "degcelsius" | "degreec"
        | "degreesc" | "degreecelsius" | "degreescelsius" | "gradcelsius" | "gradc" | "cel" => Unit::Celsius,
        "f" | "fdeg" | "degf" | "fahrenheit" | "farenheit" | "degfahrenheit" | "degreef" | "degreesf"
        | "degreefahrenheit" | "degreesfahrenheit" | "gradfahrenheit" | "fah" => Unit::Fahrenheit,
        "k" | "kelvin" | "kelvins" | "degk" | "degreek" | "degreeskelvin" | "kel" => Unit::Kelvin,
        "%" | "pct" | "percent" | "percentage" | "prozent" | "%rh" | "rh%" | "%rf" | "%hr" | "%ur" | "p1" => {
            Unit::Percent
        }
        "ratio" => Unit::Ratio,
        "pa" | "pascal" | "pascals" | "pal" => Unit::Pascal,
        "hpa" | "hectopascal" | "hectopascals" | "hectopa" | "mbar" | "mbars" | "mb" | "millibar"
        | "millibars" | "a97" => Unit::Hectopascal,
        "kpa" | "kilopascal" | "kilopascals" | "kilopa" => Unit::Kilopascal,
        "inhg" | "inchhg" | "incheshg" | "inchesofmercury" | "inchofmercury" | "inofhg" | "\"hg" => {
            Unit::InchOfMercury
        }
        "mmhg" | "torr" | "millimetersofmercury" | "millimetresofmercury" => Unit::MillimetreOfMercury,
        "ms" | "mps" | "ms1" | "msec" | "meterpersecond" | "meterspersecond" | "metrepersecond"
        | "metrespersecond" | "meterssecond" | "metressecond" | "mpersec" | "mts" => Unit::MetrePerSecond,
        "kmh" | "kph" | "kmph" | "kmhr" | "kmh1" | "kmperhour" | "kmhour" | "kilometerperhour"
        | "kilometersperhour" | "kilometreperhour" | "kilometresperhour" | "kilomperhr" => {
            Unit::KilometrePerHour
        }
        "mph" | "mih" | "mihr" | "mih1" | "mileperhour" | "milesperhour" | "mileshour" | "miperhr" => {
            Unit::MilePerHour
        }
        "kn" | "kt" | "kts" | "knt" | "knot" | "knots" => Unit::Knot,
        "deg" | "degree" | "degrees" | "degreecompass" | "degreeangle" => Unit::Degree,
        "mm" | "millimeter" | "millimeters" | "millimetre" | "millimetres" | "lm2" | "kgm2" | "mmt" => {
            Unit::Millimetre
        }
        "cm" | "centimeter" | "centimeters" | "centimetre" | "centimetres" => Unit::Centimetre,
        "in" | "inch" | "inches" | "\"" => Unit::Inch,
        "mmh" | "mmhr" | "mmhour" | "mmh1" | "mmperhour" | "millimetersperhour" | "millimetresperhour"
        | "lm2h" => Unit::MillimetrePerHour,
        "cmh" | "cmhr" | "cmperhour" => Unit::CentimetrePerHour,
        "inh" | "inhr" | "inhour" | "inperhour" | "inchperhour" | "inchesperhour" | "incheshour" => {
            Unit::InchPerHour
        }
        "ugm3" | "microgrampermetercubed" | "microgramspercubicmeter" | "microgramspercubicmetre" => {
            Unit::MicrogramPerCubicMetre
        }
        "lx" | "lux" => Unit::Lux,
        "wm2" | "wattpermetersquared" | "wattspersquaremeter" | "wattspersquaremetre" => {
            Unit::WattPerSquareMetre
        }
        "uvindex" | "uvi" | "index" => Unit::One,
        // The list that it is from stands before it: `wmoUnit:degC`, `unit:DEG_C`.
        _ => return name.rsplit_once(':').and_then(|(_, name)| unit(name)),
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

/// The unit of a number without one. The magnitude of a pressure decides: the four ranges, which
/// cover what there is on Earth's surface, do not touch.
pub(super) fn usual_unit(quantity: Quantity, number: f64) -> Unit {
    match quantity.base_unit() {
        Unit::Hectopascal if INCHES_OF_MERCURY.contains(&number) => Unit::InchOfMercury,
        Unit::Hectopascal if (50.0..=115.0).contains(&number) => Unit::Kilopascal,
        Unit::Hectopascal if (50_000.0..=115_000.0).contains(&number) => Unit::Pascal,
        base => base,
    }
}

/// What a pressure without a unit is in inches of mercury: 850 to 1084 hPa.
const INCHES_OF_MERCURY: RangeInclusive<f64> = 25.0..=32.0;

/// The unit that a text gives for a number of this quantity. A bare degree of temperature names no scale.
pub(super) fn stated(quantity: Quantity, unit: Option<Unit>) -> Option<Unit> {
    unit.filter(|unit| *unit != Unit::Degree || quantity.base_unit() != Unit::Celsius)
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
    /// What is usual where the record is silent about it.
    Assumed(Unit),
    /// One of several.
    Open,
    /// Not to be seen from those of the other numbers, which differ.
    Mixed,
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
        for (quantity, unit) in declared {
            let differs =
                |(other, other_unit): &(Quantity, Declared)| other == quantity && other_unit != unit;
            // Those of two keys that mean the same.
            let mixed = declared.iter().any(differs);
            self.0[*quantity as usize] = if mixed { Declared::Mixed } else { *unit };
        }
    }

    fn declare_alike(&mut self, base: Unit, declared: Declared) {
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

/// The base unit under which those that are alike are alike: an amount of rain and its rate are.
fn dimension(base: Unit) -> Unit {
    if base == Unit::MillimetrePerHour { Unit::Millimetre } else { base }
}

/// The units of one dimension that a record names.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Seen {
    #[default]
    None,
    One(Unit),
    Several,
}

impl Seen {
    fn add(&mut self, unit: Unit) {
        *self = match self {
            Seen::None => Seen::One(unit),
            Seen::One(known) if *known == unit => Seen::One(unit),
            _ => Seen::Several,
        };
    }
}

/// What the numbers of a record show of the units of those that name none.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Marks {
    temperature: Seen,
    speed: Seen,
    rain: Seen,
    /// A unit that is used in the United States and hardly elsewhere.
    us: bool,
    /// One that is not used there.
    metric: bool,
    /// A pressure without a unit that is in inches of mercury by its size, and one that is not.
    inches: bool,
    other: bool,
    /// How many temperatures have no unit, and how many of them can only be Kelvin or only Fahrenheit.
    bare: u32,
    kelvin: u32,
    hot: u32,
}

/// What sensors and receivers write as a temperature when they have none, and could be Kelvin: all ones of 8,
/// 11 and 16 bits.
const NO_KELVIN: [f64; 6] = [204.7, 204.75, 204.8, 255.0, 327.67, 327.68];

impl Marks {
    /// Whether the unit of the quantity is of interest.
    pub(super) fn concern(quantity: Quantity) -> bool {
        matches!(
            dimension(quantity.base_unit()),
            Unit::Celsius | Unit::Hectopascal | Unit::MetrePerSecond | Unit::Millimetre
        )
    }

    /// Adds a unit that the record names.
    pub(super) fn named(&mut self, quantity: Quantity, unit: Unit) {
        let Some(unit) = fitting(quantity, unit) else { return };
        match dimension(quantity.base_unit()) {
            Unit::Celsius => self.temperature.add(unit),
            Unit::MetrePerSecond => self.speed.add(unit),
            Unit::Millimetre => self.rain.add(length(unit)),
            _ => {}
        }
        match unit {
            Unit::Fahrenheit | Unit::InchOfMercury | Unit::Inch | Unit::InchPerHour => self.us = true,
            // The United Kingdom has miles beside degrees Celsius, and ships everywhere have knots.
            Unit::MilePerHour | Unit::Knot | Unit::Kelvin => {}
            _ => self.metric |= Marks::concern(quantity),
        }
    }

    /// Adds a number without a unit.
    pub(super) fn bare(&mut self, quantity: Quantity, number: f64) {
        match quantity.base_unit() {
            Unit::Celsius => {
                self.bare += 1;
                self.kelvin += u32::from((200.0..=330.0).contains(&number) && !NO_KELVIN.contains(&number));
                self.hot += u32::from(number > 60.0 && number <= 140.0);
            }
            Unit::Hectopascal => {
                let inches = INCHES_OF_MERCURY.contains(&number);
                self.us |= inches;
                self.inches |= inches;
                self.other |= !inches;
            }
            _ => {}
        }
    }

    /// Aviation has inches of mercury beside degrees Celsius.
    pub(super) fn altimeter(&mut self, number: f64) {
        let inches = INCHES_OF_MERCURY.contains(&number);
        self.us |= inches;
        self.metric |= inches;
    }

    /// Whether the record shows by its sizes alone that it is in US units.
    pub(super) fn are_us(&self) -> bool {
        self.inches && !self.metric
    }

    /// Takes into account that an earlier record of the text was in US units.
    pub(super) fn follow(&mut self, was_us: bool) {
        if was_us && !self.us && !self.metric && !self.other {
            self.us = true;
            self.metric = true;
        }
    }

    /// Assumes units for what has none declared.
    pub(super) fn assume(mut self, units: &mut Units) {
        for quantity in Quantity::ALL {
            if let Declared::Unit(unit) = units.declared(quantity) {
                self.named(quantity, unit);
            }
        }
        for quantity in Quantity::ALL {
            if matches!(units.declared(quantity), Declared::Nothing | Declared::Assumed(_)) {
                match self.of(quantity) {
                    Declared::Nothing => {}
                    assumed => units.0[quantity as usize] = assumed,
                }
            }
        }
    }

    /// The unit of those alike, else what the record as a whole is in.
    fn of(&self, quantity: Quantity) -> Declared {
        let (seen, us) = match dimension(quantity.base_unit()) {
            Unit::Celsius => (self.temperature, Unit::Fahrenheit),
            Unit::MetrePerSecond => (self.speed, Unit::MilePerHour),
            Unit::Millimetre => (self.rain, Unit::Inch),
            _ => return Declared::Nothing,
        };
        let is_temperature = us == Unit::Fahrenheit;
        let assumed = match seen {
            Seen::One(unit) => unit,
            Seen::Several => return Declared::Mixed,
            Seen::None if is_temperature && self.bare > 0 && self.kelvin == self.bare => Unit::Kelvin,
            Seen::None if self.us && self.metric => return Declared::Mixed,
            Seen::None if self.us => us,
            // One of them says that the others may be in °F, and it may be broken itself.
            Seen::None if is_temperature && self.hot > 0 && self.bare > 1 => return Declared::Mixed,
            Seen::None => return Declared::Nothing,
        };
        fitting(quantity, assumed).map_or(Declared::Nothing, Declared::Assumed)
    }
}

/// The unit of an amount of rain, for that of a rate.
fn length(unit: Unit) -> Unit {
    match unit {
        Unit::MillimetrePerHour => Unit::Millimetre,
        Unit::CentimetrePerHour => Unit::Centimetre,
        Unit::InchPerHour => Unit::Inch,
        other => other,
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
            "us" | "imperial" | "english" | "uscs" | "us_customary" => Some(System::Us),
            "metric" => Some(System::SomeMetric),
            // `si`, `ca` and `uk2` are Dark Sky's and Pirate Weather's.
            "metricwx" | "metric_si" | "si" => Some(System::MetricWx),
            "ca" => Some(System::Metric),
            "uk_hybrid" | "uk2" | "uk" => Some(System::UkHybrid),
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

impl Converted {
    /// The rate at which this amount of rain fell in some minutes, if it can be believed.
    pub(super) fn per_hour(self, minutes: f64) -> Result<Converted, Dropped> {
        let rate = self.value * 60.0 / minutes;
        let value =
            Quantity::RainRate.plausible(rate).ok_or(Dropped::Implausible(Quantity::RainRate, rate))?;
        Ok(Converted { value, ..self })
    }
}

/// The number in its base unit, if it can be believed. `unit` is the one that stands at the number
/// or its key and overrides what the record declares.
pub(super) fn convert(
    quantity: Quantity,
    number: f64,
    unit: Option<Unit>,
    units: &Units,
) -> Result<Converted, Dropped> {
    let (unit, assumed) = match (stated(quantity, unit), units.declared(quantity)) {
        (Some(unit), _) | (None, Declared::Unit(unit)) => (unit, false),
        (None, Declared::Assumed(unit)) => (unit, true),
        (None, Declared::Mixed) => return Err(Dropped::MixedUnits),
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
        for text in [
            "7.4*C",
            "7.4 &#176;C",
            "7.4&deg;C",
            "7.4℃",
            "7.4 C°",
            "7.4 Â°C",
            "7.4 ˚C",
            "7.4 wmoUnit:degC",
            "7.4 CEL",
        ] {
            check(text, Ok((7.4, Some(Unit::Celsius))));
        }
        for text in ["45.3 ℉", "45.3*F", "45.3 deg. F", "45.3 °Fahrenheit", "45.3 unit:DEG_F"] {
            check(text, Ok((45.3, Some(Unit::Fahrenheit))));
        }
        for text in ["36 km_h-1", "36 km/hr", "36 wmoUnit:km_h-1", "36 unit:KiloM-PER-HR", "36 kph"] {
            check(text, Ok((36.0, Some(Unit::KilometrePerHour))));
        }
        for text in ["5 m/s", "5 m_s-1", "5 m s^-1", "5 meters/second"] {
            check(text, Ok((5.0, Some(Unit::MetrePerSecond))));
        }
        check("81％", Ok((81.0, Some(Unit::Percent))));
        check("9 kt", Ok((9.0, Some(Unit::Knot))));
        check("2 l/m²", Ok((2.0, Some(Unit::Millimetre))));
        check("755 mmHg", Ok((755.0, Some(Unit::MillimetreOfMercury))));
        check("45&#176;", Ok((45.0, Some(Unit::Degree))));
        check("7.4*", Ok((7.4, Some(Unit::Degree))));
        check(&format!("1 {}", ":".repeat(100_000)), Err(Dropped::UnknownUnit));
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
        check(30.1, Some((1019.3, Unit::InchOfMercury)));
        check(29.9, Some((1012.53, Unit::InchOfMercury)));
        check(24.9, None);
        check(33.0, None);
        check(0.0, None);
        check(5000.0, None);
    }
}
