//! Values that are computed from readings: plain functions of numbers, each with the source of its rule.
//!
//! Arguments and results have the same units: temperatures in °C, humidity in %, speeds in m/s. If a rule
//! is published with a range, the result outside that range is `None`.
//!
//! Exponential, logarithm and power come from the crate `libm`: the same bits on every board and
//! with every C library, and no shared library of 300 KiB in memory for three functions.

/// How warm the air feels in the shade, °C.
///
/// The Australian Bureau of Meteorology's apparent temperature, after Steadman, R. G. (1994),
/// "Norms of apparent temperature in Australia", Aust. Met. Mag. 43, 1–16. It is published without
/// a range.
pub fn apparent_temperature(temperature: f64, humidity: f64, wind: f64) -> f64 {
    let vapour_pressure = humidity / 100.0 * 6.105 * libm::exp(17.27 * temperature / (237.7 + temperature));
    temperature + 0.33 * vapour_pressure - 0.70 * wind - 4.00
}

/// How warm the air feels as the US National Weather Service reports it, °C: the heat index from
/// 80 °F up, the wind chill in cold wind, else the temperature of the air.
///
/// `None` if a value that the rule needs is missing: the humidity in heat, the wind in cold.
pub fn feels_like_us(temperature: f64, humidity: Option<f64>, wind: Option<f64>) -> Option<f64> {
    if fahrenheit(temperature) >= HEAT_INDEX_FROM {
        heat_index(temperature, humidity?)
    } else if fahrenheit(temperature) <= WIND_CHILL_TO {
        Some(wind_chill(temperature, wind?).unwrap_or(temperature))
    } else {
        Some(temperature)
    }
}

/// Where the tables of the heat index begin, °F.
const HEAT_INDEX_FROM: f64 = 80.0;

/// Where the tables of the wind chill end, °F.
const WIND_CHILL_TO: f64 = 50.0;

/// How warm humid heat feels, °C.
///
/// The NWS Weather Prediction Center's "The Heat Index Equation": the regression of Rothfusz,
/// L. P. (1990), NWS SR 90-23, with the two adjustments for dry and for very humid air, and the
/// simple formula wherever that gives less than 80 °F. `None` in air below 80 °F, where the
/// service reports no heat index.
pub fn heat_index(temperature: f64, humidity: f64) -> Option<f64> {
    let (t, rh) = (fahrenheit(temperature), humidity);
    if t < HEAT_INDEX_FROM {
        return None;
    }
    let simple = 0.5 * (t + 61.0 + (t - 68.0) * 1.2 + rh * 0.094);
    if simple < 80.0 {
        return Some(celsius(simple));
    }
    let regression = -42.379 + 2.049_015_23 * t + 10.143_331_27 * rh
        - 0.224_755_41 * t * rh
        - 6.837_83e-3 * t * t
        - 5.481_717e-2 * rh * rh
        + 1.228_74e-3 * t * t * rh
        + 8.528_2e-4 * t * rh * rh
        - 1.99e-6 * t * t * rh * rh;
    let adjustment = if rh < 13.0 && t <= 112.0 {
        -(13.0 - rh) / 4.0 * ((17.0 - (t - 95.0).abs()) / 17.0).sqrt()
    } else if rh > 85.0 && t <= 87.0 {
        (rh - 85.0) / 10.0 * (87.0 - t) / 5.0
    } else {
        0.0
    };
    Some(celsius(regression + adjustment))
}

/// How cold wind makes cold air feel, °C.
///
/// The index that Environment Canada and the US National Weather Service introduced in 2001:
/// Osczevski, R. and Bluestein, M. (2005), Bull. Amer. Meteor. Soc. 86, 1453–1458. `None` outside
/// the range of the US service: air up to 50 °F, wind above 3 mph.
pub fn wind_chill(temperature: f64, wind: f64) -> Option<f64> {
    let in_range = fahrenheit(temperature) <= WIND_CHILL_TO && wind > 3.0 * 0.447_04;
    // The wind in km/h, to the power of 0.16.
    let v = libm::pow(wind * 3.6, 0.16);
    in_range.then_some(13.12 + 0.6215 * temperature - 11.37 * v + 0.3965 * temperature * v)
}

/// The temperature at which the air's moisture would begin to condense, °C.
///
/// The Magnus formula over water with the constants of WMO-No. 8, Guide to Instruments and Methods
/// of Observation, which holds for −45 to 60 °C: `None` outside of it and in air without moisture.
pub fn dew_point(temperature: f64, humidity: f64) -> Option<f64> {
    let in_range = (-45.0..=60.0).contains(&temperature) && humidity > 0.0;
    let gamma = libm::log(humidity / 100.0) + 17.62 * temperature / (243.12 + temperature);
    in_range.then_some(243.12 * gamma / (17.62 - gamma))
}

/// The relative humidity at another temperature, %, the vapour in the air being the same: what a
/// sensor that is too warm by a known amount would have measured without its own heat.
///
/// The vapour pressure is kept, and with it the dew point, by the Magnus formula of
/// `dew_point`: `None` outside of its range, for either temperature. It may be more than 100 when
/// the correction is more than the sensor's heat.
pub fn humidity_at(humidity: f64, measured: f64, corrected: f64) -> Option<f64> {
    let in_range = [measured, corrected].iter().all(|t| (-45.0..=60.0).contains(t));
    let exponent = |t: f64| 17.62 * t / (243.12 + t);
    in_range.then_some(humidity * libm::exp(exponent(measured) - exponent(corrected)))
}

/// The pressure at sea level below a station at `height` in m, in the unit of the `pressure` there.
///
/// The hydrostatic equation for dry air that is warmer by the standard atmosphere's 6.5 K a km further
/// down (ICAO Doc 7488). It stays within 0.05 hPa of the reduction that WMO-No. 8 has for stations
/// below 750 m, its term of humidity left out: `None` above, where the temperature of the air
/// between is a fiction, and below the lowest land.
pub fn sea_level_pressure(pressure: f64, height: f64, temperature: f64) -> Option<f64> {
    let warmer = 0.0065 * height;
    let ratio = 1.0 - warmer / (temperature + warmer + 273.15);
    (-450.0..750.0).contains(&height).then_some(pressure * libm::pow(ratio, -5.257))
}

/// The name of a change of the pressure in 3 h, hPa, as the Met Office's reports from coastal stations
/// have it.
///
/// Its marine glossary gives tenths, "rising slowly" being 0.1 to 1.5 and "rising" 1.6 to 3.5 hPa;
/// a value between belongs to the nearer tenth. Less than a tenth is steady.
pub fn pressure_tendency(change: f64) -> &'static str {
    const NAMES: [[&str; 2]; 4] = [
        ["rising slowly", "falling slowly"],
        ["rising", "falling"],
        ["rising quickly", "falling quickly"],
        ["rising very rapidly", "falling very rapidly"],
    ];
    let tenths = (change.abs() * 10.0).round();
    if tenths < 1.0 || tenths.is_nan() {
        return "steady";
    }
    let degree = [15.0, 35.0, 60.0].iter().filter(|&&up_to| tenths > up_to).count();
    NAMES[degree][usize::from(change < 0.0)]
}

/// The 16 points of the compass, clockwise from north.
const COMPASS: [&str; 16] =
    ["N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE", "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW"];

/// The angle from one of the points to the next, degrees.
const COMPASS_STEP: f64 = 22.5;

/// The point of the compass nearest to a direction in degrees clockwise from north; half-way
/// between two it is the one farther clockwise.
pub fn compass_point(degrees: f64) -> &'static str {
    let steps = (degrees / COMPASS_STEP + 0.5).floor().rem_euclid(16.0);
    // This is a whole number from 0 to 15; NaN is cast to 0.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    COMPASS[steps as usize]
}

/// The direction of a point of the compass, degrees clockwise from north. The case does not matter.
/// `None` for other texts.
pub fn compass_degrees(text: &str) -> Option<f64> {
    let index = COMPASS.iter().position(|point| point.eq_ignore_ascii_case(text))?;
    Some(index as f64 * COMPASS_STEP)
}

/// Whether a mean wind is calm, Beaufort 0, and so has no direction: the WMO's Beaufort scale
/// begins its first number at 0.3 m/s.
pub fn is_calm(wind: f64) -> bool {
    wind < 0.3
}

/// The name of a rain rate in mm/h.
///
/// The Glossary of Meteorology of the American Meteorological Society, "rain": light up to 2.5 mm
/// in an hour, moderate from 2.6 to 7.6, heavy above. A value between two tenths belongs to the
/// nearer one, so that 0.10 in/h (2.54 mm/h) is light, as the same entry has it in inches.
pub fn rain(rate: f64) -> &'static str {
    if rate <= 0.0 {
        "None"
    } else if rate < 2.55 {
        "Light rain"
    } else if rate < 7.65 {
        "Moderate rain"
    } else {
        "Heavy rain"
    }
}

/// Particles in µg/m³ as a level of the European Air Quality Index, by the worse of those that are
/// known; `None` if neither is.
///
/// The European Environment Agency's bands of November 2024 for means over an hour, which a single
/// reading stands in for here.
pub fn european_air_quality(pm25: Option<f64>, pm10: Option<f64>) -> Option<&'static str> {
    const LEVELS: [&str; 6] = ["Good", "Fair", "Moderate", "Poor", "Very poor", "Extremely poor"];
    const PM25_UP_TO: [f64; 5] = [5.0, 15.0, 50.0, 90.0, 140.0];
    const PM10_UP_TO: [f64; 5] = [15.0, 45.0, 120.0, 195.0, 270.0];
    let level = |concentration: f64, up_to: [f64; 5]| up_to.iter().filter(|&&to| concentration > to).count();
    let worse = pm25.map(|pm25| level(pm25, PM25_UP_TO)).max(pm10.map(|pm10| level(pm10, PM10_UP_TO)))?;
    LEVELS.get(worse).copied()
}

/// Particles in µg/m³ as the US Air Quality Index, a whole number, by the worse of those that are
/// known; `None` if neither is.
///
/// The US EPA's breakpoints of May 2024 (40 CFR 58, Appendix G), truncated and rounded as it
/// prescribes. They are meant for means over 24 hours, which a single reading stands in for here.
/// The highest band goes on beyond 500.
pub fn us_air_quality_index(pm25: Option<f64>, pm10: Option<f64>) -> Option<f64> {
    /// The lowest and the highest concentration of each band, in units of the truncation.
    type Bands = [(f64, f64); 6];
    const INDEX: Bands =
        [(0.0, 50.0), (51.0, 100.0), (101.0, 150.0), (151.0, 200.0), (201.0, 300.0), (301.0, 500.0)];
    // Tenths of µg/m³.
    const PM25: Bands =
        [(0.0, 90.0), (91.0, 354.0), (355.0, 554.0), (555.0, 1254.0), (1255.0, 2254.0), (2255.0, 3254.0)];
    const PM10: Bands =
        [(0.0, 54.0), (55.0, 154.0), (155.0, 254.0), (255.0, 354.0), (355.0, 424.0), (425.0, 604.0)];
    let index = |concentration: f64, bands: Bands| {
        let concentration = concentration.trunc();
        let mut pairs = bands.into_iter().zip(INDEX);
        let (band, index) = pairs.rfind(|(band, _)| band.0 <= concentration)?;
        let slope = (index.1 - index.0) / (band.1 - band.0);
        Some((index.0 + slope * (concentration - band.0)).round())
    };
    let pm25 = pm25.and_then(|pm25| index(pm25 * 10.0, PM25));
    let pm10 = pm10.and_then(|pm10| index(pm10, PM10));
    pm25.into_iter().chain(pm10).reduce(f64::max)
}

/// The US EPA's category for a value of its Air Quality Index.
pub fn us_air_quality_category(index: f64) -> &'static str {
    if index <= 50.0 {
        "Good"
    } else if index <= 100.0 {
        "Moderate"
    } else if index <= 150.0 {
        "Unhealthy for Sensitive Groups"
    } else if index <= 200.0 {
        "Unhealthy"
    } else if index <= 300.0 {
        "Very Unhealthy"
    } else {
        "Hazardous"
    }
}

fn fahrenheit(celsius: f64) -> f64 {
    celsius * 1.8 + 32.0
}

fn celsius(fahrenheit: f64) -> f64 {
    (fahrenheit - 32.0) / 1.8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn close(found: impl Into<Option<f64>>, expected: f64, within: f64) {
        let found = found.into();
        assert!(found.is_some_and(|found| (found - expected).abs() <= within), "{found:?}, not {expected}");
    }

    #[test]
    fn apparent_temperatures() {
        close(apparent_temperature(0.0, 50.0, 5.0), -6.49, 0.005);
        close(apparent_temperature(10.0, 80.0, 2.222), 7.68, 0.005);
        close(apparent_temperature(20.0, 50.0, 1.0), 19.15, 0.005);
        close(apparent_temperature(30.0, 70.0, 1.0), 35.07, 0.005);
        close(apparent_temperature(40.0, 30.0, 5.0), 39.77, 0.005);
    }

    #[test]
    fn heat_indices() {
        #[track_caller]
        fn check(air: f64, humidity: f64, expected: f64, within: f64) {
            close(heat_index(celsius(air), humidity).map(fahrenheit), expected, within);
        }
        // The chart and the calculator of the NWS.
        check(80.0, 40.0, 80.0, 0.5);
        check(86.0, 45.0, 87.0, 0.5);
        check(86.0, 90.0, 105.0, 0.5);
        check(90.0, 50.0, 95.0, 0.5);
        check(90.0, 70.0, 105.9, 0.05);
        check(96.0, 60.0, 116.0, 0.5);
        check(100.0, 50.0, 118.0, 0.5);
        check(110.0, 40.0, 136.0, 0.5);
        check(111.0, 27.0, 121.0, 0.5);
        // The adjustments, worked out by hand: 90.18 less 2, 86.40 and 1.40.
        check(95.0, 5.0, 88.18, 0.005);
        check(80.0, 95.0, 87.80, 0.005);
        // The simple formula: 1.1 × 80.5 − 10.3 + 0.047 × 10.
        check(80.5, 10.0, 78.72, 0.005);
        assert_eq!(heat_index(celsius(79.9), 90.0), None);
    }

    /// The tables of Environment Canada (°C, km/h) and of the NWS (°F, mph), in whole degrees.
    #[test]
    fn wind_chills() {
        close(wind_chill(0.0, 30.0 / 3.6), -6.0, 0.5);
        close(wind_chill(-10.0, 20.0 / 3.6), -18.0, 0.5);
        close(wind_chill(-20.0, 30.0 / 3.6), -33.0, 0.5);
        close(wind_chill(celsius(0.0), 15.0 * 0.447_04).map(fahrenheit), -19.0, 0.5);
        close(wind_chill(celsius(40.0), 5.0 * 0.447_04).map(fahrenheit), 36.0, 0.5);
        assert_eq!(wind_chill(10.1, 5.0), None);
        assert_eq!(wind_chill(0.0, 3.0 * 0.447_04), None);
    }

    #[test]
    fn feels_like_for_americans() {
        assert_eq!(feels_like_us(32.0, Some(70.0), None), heat_index(32.0, 70.0));
        assert_eq!(feels_like_us(32.0, None, Some(3.0)), None);
        assert_eq!(feels_like_us(0.0, None, Some(5.0)), wind_chill(0.0, 5.0));
        assert_eq!(feels_like_us(0.0, None, Some(1.0)), Some(0.0));
        assert_eq!(feels_like_us(0.0, Some(70.0), None), None);
        assert_eq!(feels_like_us(18.0, None, None), Some(18.0));
    }

    #[test]
    fn dew_points() {
        close(dew_point(10.0, 80.0), 6.71, 0.005);
        close(dew_point(20.0, 50.0), 9.26, 0.005);
        close(dew_point(30.0, 70.0), 23.9, 0.05);
        close(dew_point(-45.0, 100.0), -45.0, 1e-9);
        assert_eq!(dew_point(-45.1, 50.0), None);
        assert_eq!(dew_point(60.1, 50.0), None);
        assert_eq!(dew_point(20.0, 0.0), None);
    }

    #[test]
    fn humidities_at_other_temperatures() {
        // Saturation vapour pressures of the Smithsonian Meteorological Tables (Goff and Gratch):
        // 17.04 hPa at 15 °C, 23.37 at 20 and 42.43 at 30.
        close(humidity_at(50.0, 30.0, 20.0), 50.0 * 42.43 / 23.37, 0.05);
        close(humidity_at(50.0, 20.0, 15.0), 50.0 * 23.37 / 17.04, 0.05);
        close(humidity_at(80.0, 15.0, 20.0), 80.0 * 17.04 / 23.37, 0.05);
        close(humidity_at(63.0, 21.0, 21.0), 63.0, 1e-9);
        // The dew point is what stays.
        let dry = humidity_at(40.0, 27.5, 21.0).expect("in range");
        close(dew_point(21.0, dry), dew_point(27.5, 40.0).expect("in range"), 1e-9);
        assert_eq!(humidity_at(50.0, 20.0, -45.1), None);
        assert_eq!(humidity_at(50.0, 60.1, 20.0), None);
    }

    #[test]
    fn pressures_at_sea_level() {
        close(sea_level_pressure(1013.25, 30.0, 20.0), 1016.80, 0.005);
        close(sea_level_pressure(1000.0, 300.0, 0.0), 1038.10, 0.005);
        close(sea_level_pressure(1003.0, 150.0, 15.0), 1020.970, 0.0005);
        // The standard atmosphere of ICAO Doc 7488 and ISO 2533: at 500 m 11.75 °C and 954.61 hPa.
        close(sea_level_pressure(954.61, 500.0, 11.75), 1013.25, 0.02);
        close(sea_level_pressure(1000.0, 0.0, 20.0), 1000.0, 1e-9);
        assert_eq!(sea_level_pressure(900.0, 750.0, 10.0), None);
        assert_eq!(sea_level_pressure(1070.0, -451.0, 10.0), None);
        assert_eq!(sea_level_pressure(1000.0, f64::NAN, 10.0), None);
    }

    /// The limits of the Met Office's marine glossary.
    #[test]
    fn tendencies_of_pressure() {
        #[track_caller]
        fn check(change: f64, expected: &str) {
            assert_eq!(pressure_tendency(change), expected, "{change}");
        }
        check(0.0, "steady");
        check(-0.04, "steady");
        check(0.1, "rising slowly");
        check(1.5, "rising slowly");
        check(1.6, "rising");
        check(3.5, "rising");
        check(3.6, "rising quickly");
        check(6.0, "rising quickly");
        check(6.1, "rising very rapidly");
        check(-0.1, "falling slowly");
        check(-1.5, "falling slowly");
        check(-1.6, "falling");
        check(-3.6, "falling quickly");
        check(-6.0, "falling quickly");
        check(-6.1, "falling very rapidly");
        // Between two tenths.
        check(1.54, "rising slowly");
        check(1.56, "rising");
        // What subtracting pressures leaves of a tenth.
        check(1000.1 - 1000.0, "rising slowly");
        check(1003.5 - 1000.0, "rising");
        check(f64::NAN, "steady");
        check(f64::INFINITY, "rising very rapidly");
    }

    #[test]
    fn compass() {
        #[track_caller]
        fn check(degrees: f64, expected: &str) {
            assert_eq!(compass_point(degrees), expected);
        }
        check(0.0, "N");
        check(11.24, "N");
        check(11.25, "NNE");
        check(70.0, "ENE");
        check(180.0, "S");
        check(348.74, "NNW");
        check(348.75, "N");
        check(360.0, "N");
        check(-1e-20, "N");
        check(f64::NAN, "N");
        for point in COMPASS {
            let degrees = compass_degrees(point);
            assert_eq!(degrees.map(compass_point), Some(point));
            assert_eq!(compass_degrees(&point.to_lowercase()), degrees);
        }
        assert_eq!(compass_degrees("Ene"), Some(67.5));
        assert_eq!(compass_degrees("north"), None);
        assert_eq!(compass_degrees(""), None);
    }

    #[test]
    fn calm_ends_where_beaufort_1_begins() {
        assert!(is_calm(0.29));
        assert!(!is_calm(0.3));
    }

    #[test]
    fn rain_rates() {
        #[track_caller]
        fn check(rate: f64, expected: &str) {
            assert_eq!(rain(rate), expected);
        }
        check(0.0, "None");
        check(0.1, "Light rain");
        check(2.5, "Light rain");
        check(0.10 * 25.4, "Light rain");
        check(2.6, "Moderate rain");
        check(7.6, "Moderate rain");
        check(0.30 * 25.4, "Moderate rain");
        check(7.7, "Heavy rain");
    }

    #[test]
    fn air_quality_in_europe() {
        #[track_caller]
        fn check(pm25: impl Into<Option<f64>>, pm10: impl Into<Option<f64>>, expected: &str) {
            assert_eq!(european_air_quality(pm25.into(), pm10.into()), Some(expected));
        }
        check(0.0, None, "Good");
        check(5.0, None, "Good");
        check(15.0, None, "Fair");
        check(16.0, None, "Moderate");
        check(51.0, None, "Poor");
        check(140.0, None, "Very poor");
        check(141.0, None, "Extremely poor");
        check(None, 15.0, "Good");
        check(None, 46.0, "Moderate");
        check(None, 195.0, "Poor");
        check(None, 270.5, "Extremely poor");
        check(4.0, 121.0, "Poor");
        check(51.0, 10.0, "Poor");
        assert_eq!(european_air_quality(None, None), None);
    }

    #[test]
    fn air_quality_in_the_united_states() {
        #[track_caller]
        fn check(pm25: impl Into<Option<f64>>, pm10: impl Into<Option<f64>>, index: f64, category: &str) {
            assert_eq!(us_air_quality_index(pm25.into(), pm10.into()), Some(index));
            assert_eq!(us_air_quality_category(index), category);
        }
        check(0.0, None, 0.0, "Good");
        check(9.0, None, 50.0, "Good");
        check(9.09, None, 50.0, "Good");
        check(9.1, None, 51.0, "Moderate");
        check(12.0, None, 56.0, "Moderate");
        check(35.4, None, 100.0, "Moderate");
        check(35.9, None, 102.0, "Unhealthy for Sensitive Groups");
        check(55.4, None, 150.0, "Unhealthy for Sensitive Groups");
        check(55.5, None, 151.0, "Unhealthy");
        check(125.4, None, 200.0, "Unhealthy");
        check(225.4, None, 300.0, "Very Unhealthy");
        check(225.5, None, 301.0, "Hazardous");
        check(325.4, None, 500.0, "Hazardous");
        check(None, 54.9, 50.0, "Good");
        check(None, 55.0, 51.0, "Moderate");
        check(None, 154.0, 100.0, "Moderate");
        check(None, 604.0, 500.0, "Hazardous");
        check(9.0, 155.0, 101.0, "Unhealthy for Sensitive Groups");
        check(55.5, 54.0, 151.0, "Unhealthy");
        assert_eq!(us_air_quality_index(None, None), None);
    }
}
