//! What a weather station measures: one table of the quantities and one of the units.
//!
//! The row of a quantity has everything that is known about it here. The keys of a sensor file that mean it are in
//! `format/names.rs`, and the lines of the answer that read it in `answer/lines.rs`.

mod unit;

pub use self::unit::Unit;

use std::ops::RangeInclusive;
use std::sync::LazyLock;

/// The row of a quantity.
struct Row {
    /// The field's usual name, for `check` and messages. The key of the configuration is made from it.
    name: &'static str,
    /// The unit in which every value is kept.
    unit: Unit,
    /// What can be measured outdoors on this planet with such sensors, in the base unit.
    bounds: RangeInclusive<f64>,
    /// How fast it can change; `None` where a lone value says nothing: the direction of a weak wind, the
    /// light between clouds, the smoke of a firework, a counter (whose history sorts its values).
    step: Option<Step>,
    /// Its metric.
    family: Family,
}

/// How far two readings of one sensor may be apart for each to support the other, in the base unit.
///
/// These bounds are wide. They only say which value has to wait for a second one, so that a real change is
/// late by one reading.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// However soon they follow one another.
    pub at_once: f64,
    /// And for each minute between them.
    pub a_minute: f64,
    /// Whether it may fall by any amount: a sum that begins again.
    pub falls: bool,
}

const fn step(at_once: f64, a_minute: f64) -> Option<Step> {
    Some(Step { at_once, a_minute, falls: false })
}

/// What a sum of rain can grow by: the highest rain rate, 300 mm/h, and two tips of the coarsest gauges.
const RISES: Option<Step> = Some(Step { at_once: 1.0, a_minute: 5.0, falls: true });

/// A metric of Prometheus: the readings of one quantity at all stations.
#[derive(Clone, Copy, Debug)]
pub struct Family {
    /// Its name without the prefix of the program; it ends in Prometheus' base unit.
    pub name: &'static str,
    /// `gauge` or `counter`.
    pub kind: &'static str,
    /// What it is, in a sentence.
    pub help: &'static str,
    /// From the quantity's base unit to Prometheus': metres, pascals, grams, seconds, parts of one.
    pub convert: fn(f64) -> f64,
}

const fn gauge(name: &'static str, help: &'static str, convert: fn(f64) -> f64) -> Family {
    Family { name, kind: "gauge", help, convert }
}

const fn counter(name: &'static str, help: &'static str, convert: fn(f64) -> f64) -> Family {
    Family { name, kind: "counter", help, convert }
}

/// For base units that are Prometheus' own.
fn same(value: f64) -> f64 {
    value
}

/// Makes the type, the list and the rows of the quantities from one table, so that they always agree.
macro_rules! quantities {
    ($($(#[$documentation:meta])* $quantity:ident $row:tt)+) => {
        /// What a number is about. Every value in the program is in the quantity's base unit.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Quantity {
            $($(#[$documentation])* $quantity,)+
        }

        impl Quantity {
            /// Every quantity, in the order of the table.
            pub const ALL: [Quantity; [$(Quantity::$quantity),+].len()] = [$(Quantity::$quantity),+];

            fn row(self) -> &'static Row {
                match self {
                    $(Quantity::$quantity => const { &Row $row },)+
                }
            }
        }
    };
}

// The order is that of `check`, of `/metrics` and of the readings for tools.
quantities! {
    /// Outdoor air temperature, °C.
    Temperature {
        name: "temperature",
        unit: Unit::Celsius,
        bounds: -60.0..=60.0,
        // The WMO's guidelines on quality control of automatic stations (Zahumenský, 2004) suspect 3 °C in a
        // minute, WMO-No. 305 4 °C in an hour. 5 °C is a step into the sun, and the gust front of a
        // thunderstorm brings 10 °C in 10 to 20 minutes.
        step: step(5.0, 0.5),
        family: gauge("temperature_celsius", "Air temperature.", same),
    }
    /// Apparent temperature that the source itself gives, °C.
    FeelsLike {
        name: "feels like",
        unit: Unit::Celsius,
        bounds: -60.0..=60.0,
        // That of the temperature, and what the wind of a gust front makes of it.
        step: step(10.0, 0.5),
        family: gauge("feels_like_celsius", "Apparent temperature of the source.", same),
    }
    /// Relative humidity, %.
    Humidity {
        name: "humidity",
        unit: Unit::Percent,
        // Sensors overshoot in fog; `plausible` reads what is over 100 as 100.
        bounds: 1.0..=103.0,
        // 15 % in a minute are an error for the WMO's guidelines of 2004.
        step: step(15.0, 2.0),
        family: gauge("humidity_ratio", "Relative humidity.", |percent| percent / 100.0),
    }
    /// Dew point that the source itself gives, °C.
    DewPoint {
        name: "dew point",
        unit: Unit::Celsius,
        bounds: -60.0..=60.0,
        // 4 °C in a minute are an error for the WMO's guidelines of 2004; made from a humidity that may
        // change by 15 %, it needs more.
        step: step(6.0, 0.5),
        family: gauge("dew_point_celsius", "Dew point of the source.", same),
    }
    /// Air pressure at the sensor, hPa.
    StationPressure {
        name: "station pressure",
        unit: Unit::Hectopascal,
        bounds: 500.0..=1100.0,
        // 2 hPa in a minute are an error for the WMO's guidelines of 2004; WMO-No. 305 suspects 3 hPa an hour.
        step: step(2.0, 0.1),
        family: gauge("station_pressure_pascals", "Air pressure at the sensor.", |hpa| hpa * 100.0),
    }
    /// Air pressure reduced to sea level, hPa.
    SeaLevelPressure {
        name: "sea-level pressure",
        unit: Unit::Hectopascal,
        // The lowest and the highest ever recorded are 870 and 1084 hPa.
        bounds: 850.0..=1100.0,
        // That at the station.
        step: step(2.0, 0.1),
        family: gauge("sea_level_pressure_pascals", "Air pressure at sea level.", |hpa| hpa * 100.0),
    }
    /// Mean wind speed, m/s.
    WindSpeed {
        name: "wind speed",
        unit: Unit::MetrePerSecond,
        bounds: 0.0..=75.0,
        // 20 m/s in a minute are an error for the WMO's guidelines of 2004.
        step: step(20.0, 1.0),
        family: gauge("wind_speed_meters_per_second", "Mean wind speed.", same),
    }
    /// Wind gust, m/s.
    WindGust {
        name: "wind gust",
        unit: Unit::MetrePerSecond,
        bounds: 0.0..=75.0,
        // The mean of a wind is two thirds of its gusts, and so is its step.
        step: step(30.0, 1.0),
        family: gauge("wind_gust_meters_per_second", "Wind gust.", same),
    }
    /// Direction that the wind blows from, degrees clockwise from north.
    WindDirection {
        name: "wind direction",
        unit: Unit::Degree,
        bounds: 0.0..=360.0,
        step: None,
        family: gauge("wind_direction_degrees", "Where the wind blows from, clockwise from north.", same),
    }
    /// Lifetime counter of the rain gauge, mm. Never an amount by itself.
    RainCounter {
        name: "rain counter",
        unit: Unit::Millimetre,
        bounds: 0.0..=1e6,
        step: None,
        family: counter("rain_meters_total", "The rain gauge's own counter.", |mm| mm / 1000.0),
    }
    /// Rain rate, mm/h.
    RainRate {
        name: "rain rate",
        unit: Unit::MillimetrePerHour,
        bounds: 0.0..=300.0,
        // WMO-No. 8 calls rain violent from 50 mm/h on.
        step: step(50.0, 10.0),
        family: gauge("rain_rate_meters_per_second", "Rain rate.", |mm_per_hour| mm_per_hour / 3.6e6),
    }
    /// Rain since local midnight, mm.
    RainToday {
        name: "rain today",
        unit: Unit::Millimetre,
        // The most ever recorded in 24 h is 1,825 mm.
        bounds: 0.0..=2000.0,
        step: RISES,
        family: gauge("rain_today_meters", "Rain since midnight.", |mm| mm / 1000.0),
    }
    /// Rain of the 60 minutes before the reading, mm.
    RainHour {
        name: "rain of the hour",
        unit: Unit::Millimetre,
        // The most ever recorded in 60 min is 305 mm.
        bounds: 0.0..=310.0,
        step: RISES,
        family: gauge("rain_hour_meters", "Rain of the last 60 minutes.", |mm| mm / 1000.0),
    }
    /// Rain since the reading before, mm: what a logger writes into each of its rows. The history sums it.
    RainInterval {
        name: "rain of the interval",
        unit: Unit::Millimetre,
        bounds: 0.0..=310.0,
        step: None,
        family: gauge("rain_interval_meters", "Rain since the reading before.", |mm| mm / 1000.0),
    }
    /// Rain of an unknown kind, mm: `rain` alone may be a counter, the sum of a day or the amount of an
    /// interval. The history makes amounts of it where it runs like a counter.
    Rain {
        name: "rain",
        unit: Unit::Millimetre,
        bounds: 0.0..=1e6,
        step: None,
        family: gauge("rain_meters", "Rain, in a counter or of some time.", |mm| mm / 1000.0),
    }
    /// Fine particles up to 2.5 µm, µg/m³.
    Pm25 {
        name: "PM2.5",
        unit: Unit::MicrogramPerCubicMetre,
        bounds: 0.0..=1000.0,
        step: None,
        family: gauge("pm2_5_grams_per_cubic_meter", "Particles up to 2.5 micrometres.", |micro| micro / 1e6),
    }
    /// Particles up to 10 µm, µg/m³.
    Pm10 {
        name: "PM10",
        unit: Unit::MicrogramPerCubicMetre,
        bounds: 0.0..=1000.0,
        step: None,
        family: gauge("pm10_grams_per_cubic_meter", "Particles up to 10 micrometres.", |micro| micro / 1e6),
    }
    /// UV index, the WHO's scale without a unit.
    UvIndex {
        name: "UV index",
        unit: Unit::One,
        bounds: 0.0..=16.0,
        step: None,
        family: gauge("uv_index", "UV index.", same),
    }
    /// Illuminance, lux.
    Illuminance {
        name: "illuminance",
        unit: Unit::Lux,
        bounds: 0.0..=200_000.0,
        step: None,
        family: gauge("illuminance_lux", "Illuminance.", same),
    }
    /// Solar irradiance, W/m².
    Irradiance {
        name: "irradiance",
        unit: Unit::WattPerSquareMetre,
        bounds: 0.0..=2000.0,
        step: None,
        family: gauge("irradiance_watts_per_square_meter", "Solar irradiance.", same),
    }
}

impl Quantity {
    /// The field's usual name, for `check` and messages.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// The name as a key of the configuration.
    pub fn key(self) -> &'static str {
        // An answer of MCP has one for each reading.
        static KEYS: LazyLock<[String; Quantity::ALL.len()]> = LazyLock::new(|| {
            Quantity::ALL.map(|quantity| quantity.name().to_ascii_lowercase().replace([' ', '-', '.'], "_"))
        });
        &KEYS[self as usize]
    }

    /// The unit in which every value of this quantity is kept.
    pub fn base_unit(self) -> Unit {
        self.row().unit
    }

    /// What can be measured outdoors on this planet with such sensors, in the base unit. A value
    /// outside comes from a broken sensor or a misread unit: it is dropped and counted, never clamped.
    pub fn bounds(self) -> &'static RangeInclusive<f64> {
        &self.row().bounds
    }

    /// How far two readings may be apart, if there is a bound.
    pub fn step(self) -> Option<&'static Step> {
        self.row().step.as_ref()
    }

    /// Its metric.
    pub fn family(self) -> &'static Family {
        &self.row().family
    }

    /// The value if it is inside the bounds; humidity over 100 % is read as 100 %.
    pub fn plausible(self, value: f64) -> Option<f64> {
        let plausible = self.bounds().contains(&value);
        match self {
            Quantity::Humidity => plausible.then_some(value.min(100.0)),
            _ => plausible.then_some(value),
        }
    }
}

/// A value without the last digits that converting its unit left behind: 44.6 °F is 7 °C, not 7.000000000000001.
pub fn rounded(value: f64) -> f64 {
    (value * 1e9).round() / 1e9
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_row_says_something_of_its_own() {
        for quantity in Quantity::ALL {
            let (low, high) = quantity.bounds().clone().into_inner();
            assert!(low < high, "{quantity:?}");
            assert_eq!(quantity.base_unit().to_base(low), (quantity.base_unit(), low), "{quantity:?}");
            let steps = quantity.step().map(|step| [step.at_once, step.a_minute]);
            assert!(steps.is_none_or(|steps| steps.iter().all(|step| *step > 0.0)), "{quantity:?}");
            assert!(quantity.family().help.ends_with('.'), "{quantity:?}");
            let counts = quantity.family().name.ends_with("_total");
            assert_eq!(quantity.family().kind, if counts { "counter" } else { "gauge" }, "{quantity:?}");
        }
        let names =
            |name: fn(Quantity) -> String| Quantity::ALL.map(name).into_iter().collect::<HashSet<_>>();
        assert_eq!(names(|quantity| quantity.key().to_owned()).len(), Quantity::ALL.len());
        assert_eq!(names(|quantity| quantity.family().name.to_owned()).len(), Quantity::ALL.len());
    }
}
