//! The units that sensors write, and how they are converted.

/// What the table knows of a unit.
struct Row {
    symbol: &'static str,
    base: Unit,
    to_base: fn(f64) -> f64,
}

/// For the base units themselves.
fn same(value: f64) -> f64 {
    value
}

/// Makes the type, the list and the rows of the units from one table. The symbol is the documentation, too.
macro_rules! units {
    ($($(#[$documentation:meta])* $unit:ident($symbol:literal, $base:ident, $to_base:expr);)+) => {
        /// A unit that sensors write.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Unit {
            $(#[doc = $symbol] $(#[$documentation])* $unit,)+
        }

        impl Unit {
            #[cfg(test)]
            const ALL: &[Unit] = &[$(Unit::$unit),+];

            fn row(self) -> &'static Row {
                match self {
                    $(Unit::$unit => const { &Row { symbol: $symbol, base: Unit::$base, to_base: $to_base } },)+
                }
            }
        }
    };
}

// Name, symbol, base unit, conversion to it.
units! {
    Celsius("°C", Celsius, same);
    Fahrenheit("°F", Celsius, |value| (value - 32.0) / 1.8);
    Kelvin("K", Celsius, |value| value - 273.15);
    Percent("%", Percent, same);
    /// A part of one.
    Ratio("(0 to 1)", Percent, |value| value * 100.0);
    Pascal("Pa", Hectopascal, |value| value / 100.0);
    /// The same as mbar.
    Hectopascal("hPa", Hectopascal, same);
    Kilopascal("kPa", Hectopascal, |value| value * 10.0);
    /// The conventional inch of mercury, 3386.389 Pa (NIST SP 811).
    InchOfMercury("inHg", Hectopascal, |value| value * 33.863_89);
    /// The conventional millimetre of mercury, 133.3224 Pa (NIST SP 811).
    MillimetreOfMercury("mmHg", Hectopascal, |value| value * 1.333_224);
    MetrePerSecond("m/s", MetrePerSecond, same);
    KilometrePerHour("km/h", MetrePerSecond, |value| value / 3.6);
    /// The international mile is 1609.344 m.
    MilePerHour("mph", MetrePerSecond, |value| value * 0.447_04);
    /// The nautical mile is 1852 m.
    Knot("kn", MetrePerSecond, |value| value * 1852.0 / 3600.0);
    /// Clockwise from north.
    Degree("°", Degree, same);
    Millimetre("mm", Millimetre, same);
    Centimetre("cm", Millimetre, |value| value * 10.0);
    Inch("in", Millimetre, |value| value * 25.4);
    MillimetrePerHour("mm/h", MillimetrePerHour, same);
    CentimetrePerHour("cm/h", MillimetrePerHour, |value| value * 10.0);
    InchPerHour("in/h", MillimetrePerHour, |value| value * 25.4);
    MicrogramPerCubicMetre("µg/m³", MicrogramPerCubicMetre, same);
    Lux("lx", Lux, same);
    WattPerSquareMetre("W/m²", WattPerSquareMetre, same);
    /// No unit.
    One("", One, same);
}

impl Unit {
    /// The base unit of this unit's dimension and the value in it.
    pub fn to_base(self, value: f64) -> (Unit, f64) {
        let row = self.row();
        (row.base, (row.to_base)(value))
    }

    /// How the unit is written, for `check` and messages.
    pub fn symbol(self) -> &'static str {
        self.row().symbol
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_lead_to_base_units() {
        for &unit in Unit::ALL {
            let (base, value) = unit.to_base(1.5);
            assert_eq!(base.to_base(1.5), (base, 1.5), "{unit:?}");
            assert_eq!(unit == base, value == 1.5, "{unit:?}");
            let alike: Vec<&Unit> =
                Unit::ALL.iter().filter(|other| other.symbol() == unit.symbol()).collect();
            assert_eq!(alike, [&unit]);
        }
    }

    /// Against published values: ICAO's boiling point and standard atmosphere, and the definitions.
    #[test]
    fn conversions() {
        for (unit, value, expected) in [
            (Unit::Fahrenheit, 212.0, 100.0),
            (Unit::Kelvin, 273.15, 0.0),
            (Unit::Ratio, 0.5, 50.0),
            (Unit::Pascal, 101_325.0, 1013.25),
            (Unit::Kilopascal, 101.325, 1013.25),
            (Unit::InchOfMercury, 29.9213, 1013.25),
            (Unit::MillimetreOfMercury, 760.0, 1013.25),
            (Unit::KilometrePerHour, 36.0, 10.0),
            (Unit::MilePerHour, 10.0, 4.4704),
            (Unit::Knot, 3600.0, 1852.0),
            (Unit::Centimetre, 1.0, 10.0),
            (Unit::Inch, 1.0, 25.4),
            (Unit::CentimetrePerHour, 1.0, 10.0),
            (Unit::InchPerHour, 1.0, 25.4),
        ] {
            let (_, found) = unit.to_base(value);
            assert!((found - expected).abs() < 0.01, "{unit:?}: {found}");
        }
    }
}
