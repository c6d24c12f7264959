//! The units that a record declares for its own numbers.

use super::lists::pairs;
use super::{Collected, Entry, Given, Reader};
use crate::format::findings::{Dropped, Ignored, Path};
use crate::format::names::{Meaning, unit_of};
use crate::format::node::{Node, number, system, unit_named_by};
use crate::format::text::squashed;
use crate::format::units::{Declared, Marks, System, Units, fitting, stated};
use crate::reading::{Quantity, Station, Unit};
use crate::weather::{apparent_temperature, dew_point};

/// By how many kelvin a dew point is above the temperature in fog, as sensors measure and round it.
const FOG: f64 = 1.0;

/// No air outdoors has a higher dew point, °C: the highest that was measured is 35, at Dhahran in 2003 (M. Cerveny et
/// al., WMO archive).
const MOST_HUMID: f64 = 36.0;

/// From this temperature on, °C, wind and dry air make it feel cooler by no more than Steadman's formula says, with a
/// wind of 10 m/s or what is measured, and by the margin.
const WARM: f64 = 20.0;
const STRONG_WIND: f64 = 10.0;
const MARGIN: f64 = 3.0;

/// Objects that say something of the values beside them: Home Assistant's `attributes` of a `state`.
const ABOUT: [&str; 10] = [
    "attributes",
    "meta",
    "metadata",
    "info",
    "header",
    "settings",
    "config",
    "preferences",
    "flags",
    "display",
];

impl Reader<'_> {
    /// The units that the entries declare for themselves and for what stands inside them.
    pub(super) fn units(&mut self, entries: &[Entry<'_>], outer: Units) -> Units {
        let units = self.units_beside(entries, outer);
        self.own_units(entries, units)
    }

    fn units_beside(&mut self, entries: &[Entry<'_>], mut units: Units) -> Units {
        for entry in entries {
            let (Err(Ignored::Unknown), Node::Object(inner)) = (entry.meaning, entry.node) else { continue };
            if ABOUT.iter().any(|about| entry.key.is_key(about)) {
                let inner = self.understood(inner, Some(&entry.key));
                if !inner.iter().any(|entry| matches!(entry.meaning, Ok(Meaning::Measured(..)))) {
                    units = self.own_units(&inner, units);
                }
            }
        }
        units
    }

    fn own_units(&mut self, entries: &[Entry<'_>], mut units: Units) -> Units {
        let mut each = Vec::new();
        for Entry { key, meaning, node, .. } in entries {
            match (meaning, node) {
                (Ok(Meaning::UnitOf(quantity)), node) => each.extend(self.unit(*key, *quantity, node)),
                (Ok(Meaning::Units | Meaning::OtherUnits), Node::Object(named)) => {
                    for (name, node) in named {
                        let key = Path::key(Some(key), name);
                        match self.quantity_called(name) {
                            Some(quantity) => each.extend(self.unit(key, quantity, node)),
                            None => self.ignored(key, Ignored::OtherUnit),
                        }
                    }
                }
                // `measurement_units`.
                (Ok(Meaning::OtherUnits), node) if system(node).is_some() => {
                    units = self.system(*key, system(node));
                }
                (Ok(Meaning::OtherUnits), node) => match unit_named_by(node) {
                    Ok(Some(scale)) if key.is_key("scale") && scale.to_base(0.0).0 == Unit::Celsius => {
                        each.extend(self.unit(*key, Quantity::Temperature, node));
                    }
                    _ => self.ignored(*key, Ignored::OtherUnit),
                },
                (Ok(Meaning::Units), node) => match (system(node), unit_named_by(node)) {
                    (Some(system), _) => units = self.system(*key, Some(system)),
                    (None, Ok(Some(unit))) => {
                        units.declare(unit);
                        self.setting(*key, format_args!("{}", unit.symbol()));
                    }
                    (None, Ok(None)) => self.setting(*key, format_args!("none")),
                    (None, Err(_)) => units = self.system(*key, None),
                },
                (Ok(Meaning::Block(named)), Node::Bool(is_so)) => {
                    let system = match (named, is_so) {
                        (System::Us, true) | (System::Metric, false) => System::Us,
                        _ => System::SomeMetric,
                    };
                    units = self.system(*key, Some(system));
                }
                (Ok(Meaning::UsUnits), node) => {
                    let known = number(node).ok().and_then(|(number, _)| System::numbered(number));
                    units = self.system(*key, known);
                }
                _ => {}
            }
        }
        units.declare_each(&each);
        units
    }

    /// The units of a system that a key names; of one that is not known, nothing can be used.
    fn system(&mut self, key: Path<'_>, system: Option<System>) -> Units {
        match system {
            Some(system) => self.setting(key, format_args!("{system}")),
            None => self.dropped(key, Dropped::UnknownUnit),
        }
        system.map_or_else(Units::unknown, Units::of)
    }

    /// The quantity of this name in an object of units, which may be the file's own name of it.
    fn quantity_called(&mut self, name: &str) -> Option<Quantity> {
        match self.known(name).meaning {
            Ok(Meaning::Measured(quantity, _) | Meaning::UnitOf(quantity)) => Some(quantity),
            _ => unit_of(&squashed(name)),
        }
    }

    /// Adds the units that are usual beside those that a record names, and beside the sizes of its numbers.
    pub(super) fn assumed_units(&mut self, entries: &[Entry<'_>], levels: usize, units: &mut Units) {
        let mut marks = Marks::default();
        for entry in entries {
            self.mark(&entry.key, entry.meaning, entry.node, levels, &mut marks);
        }
        // The row of a logger whose pressure failed does not show what the others do.
        marks.follow(self.us);
        self.us |= marks.are_us();
        marks.assume(units);
    }

    fn mark(
        &mut self,
        key: &Path<'_>,
        meaning: Result<Meaning, Ignored>,
        node: &Node<'_>,
        levels: usize,
        marks: &mut Marks,
    ) {
        match (meaning, node) {
            (Ok(Meaning::Measured(quantity, suffix)), node) if Marks::concern(quantity) => {
                self.mark_value(key, quantity, suffix, node, marks);
            }
            (Ok(Meaning::Name(_)) | Err(Ignored::Unknown), Node::Object(inner)) if levels > 0 => {
                for (name, node) in inner {
                    let meaning = self.known(name).meaning;
                    self.mark(&Path::key(Some(key), name), meaning, node, levels - 1, marks);
                }
            }
            (Err(Ignored::Unknown), Node::List(nodes)) => {
                for pair in pairs(nodes).unwrap_or_default() {
                    if let Ok(Meaning::Measured(quantity, suffix)) = self.known(pair.name).meaning {
                        self.mark_value(
                            &Path::key(Some(key), pair.name),
                            quantity,
                            suffix,
                            pair.whole,
                            marks,
                        );
                    }
                }
            }
            _ => {}
        }
    }

    fn mark_value(
        &mut self,
        key: &Path<'_>,
        quantity: Quantity,
        suffix: Option<Unit>,
        node: &Node<'_>,
        marks: &mut Marks,
    ) {
        let Given { value, beside } = Given::of(node);
        let Ok((number, unit)) = number(value) else { return };
        let mut beside = beside.iter().filter_map(|(key, node)| match self.known(key).meaning {
            Ok(Meaning::Units | Meaning::UnitOf(_)) => unit_named_by(node).ok().flatten(),
            _ => None,
        });
        match stated(quantity, unit.or_else(|| beside.next()).or(suffix)) {
            Some(unit) => marks.named(quantity, unit),
            None if key.begins_with("altim") => marks.altimeter(number),
            None => marks.bare(quantity, number),
        }
    }

    /// Leaves out temperatures that name no unit and cannot be °C beside the humidity and what they are said to feel like:
    /// 47.1 °F at 77 %. The wind beside them, if it names none, may be in mph as well.
    pub(super) fn doubt_celsius(&mut self, entries: &[Entry<'_>], collected: &mut Collected) {
        let Collected { station, assumed, .. } = collected;
        let value = |quantity| station.reading(quantity).map(|reading| reading.value);
        let Some((air, humidity)) = value(Quantity::Temperature).zip(value(Quantity::Humidity)) else {
            return;
        };
        if air < WARM || !assumed.contains(&Quantity::Temperature) {
            return;
        }
        let winds = [value(Quantity::WindSpeed), value(Quantity::WindGust)].into_iter().flatten();
        let coolest =
            apparent_temperature(air, humidity, winds.fold(STRONG_WIND, f64::max)).min(air) - MARGIN;
        let is_too_humid = dew_point(air, humidity).is_some_and(|dew| dew > MOST_HUMID);
        let is_too_cool = value(Quantity::FeelsLike).is_some_and(|feels| feels < coolest);
        if !is_too_humid && !is_too_cool {
            return;
        }
        let is_doubtful = |quantity: Quantity| {
            assumed.contains(&quantity)
                && matches!(quantity.base_unit(), Unit::Celsius | Unit::MetrePerSecond)
        };
        let mut doubtful = assumed.clone();
        doubtful.retain(|quantity| is_doubtful(*quantity));
        for quantity in doubtful {
            let is_it =
                |entry: &&Entry<'_>| matches!(entry.meaning, Ok(Meaning::Measured(it, _)) if it == quantity);
            let key = entries.iter().find(is_it).map_or(Path::key(None, quantity.name()), |entry| entry.key);
            self.dropped(key, Dropped::NotCelsius);
        }
        station.change(|quantity, reading| (!is_doubtful(quantity)).then_some(reading));
    }

    /// Leaves out a temperature and a dew point that exclude each other.
    pub(super) fn doubt_temperatures(&mut self, entries: &[Entry<'_>], station: &mut Station) {
        let both = station.reading(Quantity::Temperature).zip(station.reading(Quantity::DewPoint));
        if !both.is_some_and(|(air, dew)| air.at == dew.at && air.value < dew.value - FOG) {
            return;
        }
        for doubtful in [Quantity::Temperature, Quantity::DewPoint] {
            let is_it =
                |entry: &&Entry<'_>| matches!(entry.meaning, Ok(Meaning::Measured(it, _)) if it == doubtful);
            let key = entries.iter().find(is_it).map_or(Path::key(None, doubtful.name()), |entry| entry.key);
            self.dropped(key, Dropped::BelowDewPoint);
            station.change(|quantity, reading| (quantity != doubtful).then_some(reading));
        }
    }

    /// What `node` declares as the unit of one quantity.
    fn unit(&mut self, key: Path<'_>, quantity: Quantity, node: &Node<'_>) -> Option<(Quantity, Declared)> {
        let declared = match unit_named_by(node) {
            Ok(None) => {
                self.setting(key, format_args!("none"));
                return None;
            }
            Ok(Some(unit)) => fitting(quantity, unit),
            Err(_) => None,
        };
        match declared {
            Some(unit) => self.setting(key, format_args!("{}", unit.symbol())),
            None => self.dropped(key, Dropped::UnknownUnit),
        }
        Some((quantity, declared.map_or(Declared::Unknown, Declared::Unit)))
    }
}

#[cfg(test)]
mod tests {
    use crate::format::record::tests::check;
    use crate::format::tests::{WRITTEN, at, only, read};
    use crate::format::{Dialect, Source, named};
    use crate::reading::Quantity::*;

    #[test]
    fn the_nearest_unit_counts() {
        check(r#"{"temp_c": 10, "units": "imperial"}"#, &[(Temperature, 10.0)]);
        check(r#"{"temp": 50, "units": "imperial"}"#, &[(Temperature, 10.0)]);
        check(r#"{"temp": 50, "unit": "F"}"#, &[(Temperature, 10.0)]);
        check(r#"{"temp": {"value": "283.15 K", "unit": "F"}, "TempUnit": "C"}"#, &[(Temperature, 10.0)]);
        check(r#"{"outTemp": 50, "dayRain": 1, "usUnits": 1}"#, &[(Temperature, 10.0), (RainToday, 25.4)]);
        check(r#"{"rainRate": 0.1, "windSpeed": 3.6, "usUnits": 16}"#, &[(WindSpeed, 1.0), (RainRate, 1.0)]);
        check(r#"{"windSpeed": 1, "usUnits": "17.0"}"#, &[(WindSpeed, 1.0)]);
        check(r#"{"humidity_ratio": 0.66}"#, &[(Humidity, 66.0)]);
        // What is declared and not known is not guessed.
        check(r#"{"outTemp": 50, "humidity": "40 %", "rh": 30, "usUnits": 2}"#, &[(Humidity, 40.0)]);
        check(r#"{"temp": 50, "TempUnit": "Réaumur"}"#, &[]);
        check(r#"{"temp": 50, "TempUnit": 1}"#, &[]);
        check(r#"{"temp": 50, "TempUnit": "hPa"}"#, &[]);
        check(r#"{"temp": {"value": 50, "unit": 1}}"#, &[]);
        check(r#"{"UV": {"value": 2, "units": null}}"#, &[(UvIndex, 2.0)]);
        check(r#"{"temp": {"value": 50, "unit": "Réaumur"}}"#, &[]);
        check(r#"{"temp": "12 km/h"}"#, &[]);
    }

    #[test]
    fn what_is_declared_is_read_or_blocks_the_usual_units() {
        let findings = check(
            r#"{"units": "metric", "temp": 10, "pressure": 1000, "dayRain": 2, "wind_speed": 36, "gust": 1,
                "wind_gust_m_s": 9, "humidity": 40}"#,
            &[
                (Temperature, 10.0),
                (Humidity, 40.0),
                (StationPressure, 1000.0),
                (WindGust, 9.0),
                (RainToday, 2.0),
            ],
        );
        assert_eq!(
            findings,
            [
                "wind_speed: metric may mean km/h or m/s; expected the unit in the key or beside the value",
                "gust: not a known key",
            ]
        );
        check(r#"{"units": "metric", "wind_unit": "km/h", "wind_speed": 36}"#, &[(WindSpeed, 10.0)]);
        check(r#"{"wind_unit": "km/h", "units": "metric", "wind_speed": "36 km/h"}"#, &[(WindSpeed, 10.0)]);
        let findings = check(
            r#"{"temperature": 50, "unit": "Reaumur", "humidity": "40%", "wind_speed_kmh": 36, "UV": 3}"#,
            &[(Humidity, 40.0), (WindSpeed, 10.0), (UvIndex, 3.0)],
        );
        assert_eq!(findings, ["unit: the unit is not known", "temperature: the unit is not known"]);
        check(r#"{"units": "standard", "BME280": {"temperature": 28, "pm25": 3}}"#, &[]);
        check(r#"{"units": true, "temperature": 28}"#, &[]);
        check(r#"{"TempUnit": {"temperature": 28}}"#, &[]);
        check(r#"{"units": null, "temperature": 28}"#, &[(Temperature, 28.0)]);
        // An object of units, and what is said of one quantity for those alike.
        check(
            r#"{"temperature": 50, "dew_point": 41, "wind_speed": 10, "rain": 1, "rain_rate": 2, "pressure": 1000,
                "units": {"temperature": "°F", "wind_speed": "mph", "rain_rate": "mm/h", "rain": "in"}}"#,
            &[
                (Temperature, 10.0),
                (DewPoint, 5.0),
                (StationPressure, 1000.0),
                (WindSpeed, 4.47),
                (RainRate, 2.0),
                (Rain, 25.4),
            ],
        );
        let findings = check(
            r#"{"temperature": 50, "wind": 1, "units": {"temperature": "Reaumur", "wind": "m/s"}}"#,
            &[],
        );
        assert_eq!(
            findings,
            [
                "units.temperature: the unit is not known",
                "temperature: the unit is not known",
                "wind: not a known key"
            ]
        );
        for sibling in ["temp_units", "temperature_unit", "TempUnit", "temperatureUnits"] {
            check(&format!(r#"{{"temperature": 50, "{sibling}": "F"}}"#), &[(Temperature, 10.0)]);
        }
        for beside in ["unit", "units", "unit_of_measurement", "uom", "temp_unit"] {
            check(
                &format!(r#"{{"temperature": {{"value": 50, "{beside}": "°F"}}}}"#),
                &[(Temperature, 10.0)],
            );
            check(&format!(r#"{{"temperature": {{"value": 50, "{beside}": "Reaumur"}}}}"#), &[]);
        }
        // Open-Meteo.
        for current in ["current", "current_weather"] {
            check(
                &format!(
                    r#"{{"{current}_units": {{"time": "iso8601", "temperature": "°F", "windspeed": "km/h"}},
                        "{current}": {{"temperature": 50, "windspeed": 36}},
                        "hourly_units": {{"temperature": "°C"}}, "hourly": {{"temperature": [50]}}}}"#
                ),
                &[(Temperature, 10.0), (WindSpeed, 10.0)],
            );
        }
        check(r#"{"uk_hybrid": {"temp": 10, "windSpeed": 10}}"#, &[(Temperature, 10.0), (WindSpeed, 4.47)]);
    }
    #[test]
    fn units_are_found_wherever_they_stand() {
        let ten = &[(Temperature, 10.0)];
        for text in [
            // The National Weather Service, NGSI.
            r#"{"temperature": {"unitCode": "wmoUnit:degF", "value": 50}}"#,
            r#"{"temperature": {"type": "Property", "value": 50, "unitCode": "FAH"}}"#,
            // Tempest, Cumulus.
            r#"{"current_conditions": {"air_temperature": 50}, "units": {"units_temp": "f", "units_distance": "mi"}}"#,
            r#"{"temp": 50, "tempunit": "&deg;F", "pressunit": "in"}"#,
            r#"{"temp": 50, "temp_scale": "F"}"#,
            r#"{"temp": 50, "scale": "FAHRENHEIT", "battery": 3}"#,
            // Home Assistant's `state`, which the configuration calls a temperature.
            r#"{"temperature": "50", "attributes": {"unit_of_measurement": "°F"}}"#,
            r#"{"temperature": 50, "flags": {"units": "us"}}"#,
            r#"{"data": {"temperature": 50}, "meta": {"units": {"temperature": "degF"}}}"#,
            r#"{"temperature": 50, "sensor_units": {"temperature": "°F"}}"#,
            r#"{"temperature": 50, "metric": false}"#,
            r#"{"temperature": 50, "measurement_units": "imperial"}"#,
            r#"{"temperature": 50, "unitGroup": "us"}"#,
            // Those alike.
            r#"{"tempf": 50, "indoor": {"temperature": 20}}"#,
        ] {
            check(text, ten);
        }
        check(r#"{"temperature": "50", "attributes": {"unit_of_measurement": "W"}}"#, &[]);
        check(r#"{"temperature": 10, "battery": {"value": 3, "unit": "V"}}"#, ten);
        check(r#"{"temperature": 10, "distance_unit": "furlong"}"#, ten);
        check(r#"{"temperature": 10, "scale": 1.5}"#, ten);
        check(r#"{"outTemp": 50, "temperature": 10, "units": {"outTemp": "°F", "temperature": "°C"}}"#, &[]);
        check(
            r#"{"tempf": 50, "feelsLike": 41, "dewPoint": 41}"#,
            &[(Temperature, 10.0), (FeelsLike, 5.0), (DewPoint, 5.0)],
        );
        check(
            r#"{"temp_c": 10, "windspeedmph": 10, "windgust": 20}"#,
            &[(Temperature, 10.0), (WindSpeed, 4.47), (WindGust, 8.94)],
        );
        check(
            r#"{"a": {"temperature": "50 °F"}, "b": {"dewpoint": 41}}"#,
            &[(Temperature, 10.0), (DewPoint, 5.0)],
        );
    }

    #[test]
    fn units_under_names_of_ones_own() {
        let keys = [("t_roof", "temperature"), ("wind_roof", "wind_speed"), ("Temp, (*F)", "temperature")];
        let keys = keys.map(|(own, known)| (own.to_owned(), known.to_owned())).to_vec();
        let dialect = Dialect { keys, ..Dialect::USUAL };
        let source = Source { dialect: &dialect, ..Source::new(None, at(WRITTEN)) };
        for text in [
            r#"{"units": {"t_roof": "°F"}, "t_roof": 50}"#,
            r#"{"t_roof": 50, "t_roof_unit": "°F"}"#,
            r#"{"t_roof": 50, "unit": "°F"}"#,
            r#"{"Temp, (*F)": 50}"#,
        ] {
            let (stations, findings) = read(named("json").expect("a format"), text.as_bytes(), &source);
            assert_eq!(only(&stations), [(Temperature, 10.0)], "{text}: {findings:?}");
        }
    }

    #[test]
    fn a_record_in_us_units_shows_it() {
        check(
            r#"{"temperature": 50, "humidity": 81, "pressure": 29.62, "wind_speed": 10, "dayRain": 1, "rainRate": 0.1}"#,
            &[
                (Temperature, 10.0),
                (Humidity, 81.0),
                (StationPressure, 1003.05),
                (WindSpeed, 4.47),
                (RainRate, 2.54),
                (RainToday, 25.4),
            ],
        );
        check(
            r#"{"bme280": {"temperature": 50, "pressure": 29.62}, "wind": {"wind_speed": 10}}"#,
            &[(Temperature, 10.0), (StationPressure, 1003.05), (WindSpeed, 4.47)],
        );
        check(
            r#"{"temperature": 50, "baromrelin": 29.62}"#,
            &[(Temperature, 10.0), (SeaLevelPressure, 1003.05)],
        );
        // Contradictions: what is named counts, the rest is left out.
        let findings = check(
            r#"{"temp_c": 10, "pressure": 29.62, "wind_speed": 10}"#,
            &[(Temperature, 10.0), (StationPressure, 1003.05)],
        );
        assert!(findings[0].starts_with("wind_speed: it names no unit"), "{findings:?}");
        check(r#"{"temp_c": 10, "temp_f": 50, "dewpoint": 5}"#, &[(Temperature, 10.0)]);
        check(r#"{"temp": 7, "altim": 29.92}"#, &[(SeaLevelPressure, 1013.21)]);
        check(r#"{"temp": 7, "altim": 1013.2}"#, &[(Temperature, 7.0), (SeaLevelPressure, 1013.2)]);
        // Miles an hour are British, too.
        check(r#"{"temp": 7, "windspeedmph": 10}"#, &[(Temperature, 7.0), (WindSpeed, 4.47)]);
        // One that can only be °F leaves the others in doubt.
        check(r#"{"temperature": 68, "dewpoint": 41}"#, &[]);
        check(
            r#"{"units": "metric", "temperature": 10, "pressure": 1000}"#,
            &[(Temperature, 10.0), (StationPressure, 1000.0)],
        );
    }

    #[test]
    fn a_row_that_shows_nothing_is_not_read_in_other_units_than_those_before() {
        let rows = |last: &str| {
            let text = format!("time,temp,pressure\n1740954000,50,29.9\n1740954060,{last}\n");
            let (stations, findings) =
                read(named("csv").expect("a format"), text.as_bytes(), &Source::new(None, at(WRITTEN)));
            (only(&stations), findings.len())
        };
        assert_eq!(rows("41,29.9"), (vec![(Temperature, 5.0), (StationPressure, 1012.53)], 0));
        assert_eq!(rows("41,"), (vec![(Temperature, 10.0), (StationPressure, 1012.53)], 1));
        // Another device.
        assert_eq!(rows("7,1012.5"), (vec![(Temperature, 7.0), (StationPressure, 1012.5)], 0));
    }

    #[test]
    fn kelvin_is_known_by_its_size() {
        check(
            r#"{"main": {"temp": 280.15, "feels_like": 278.15, "pressure": 1018}}"#,
            &[(Temperature, 7.0), (FeelsLike, 5.0), (StationPressure, 1018.0)],
        );
        // What stands where no sensor answers, or beside other sizes.
        for text in [
            r#"{"temp": 255}"#,
            r#"{"temp": 327.67}"#,
            r#"{"temp": 280, "feels_like": 400}"#,
            r#"{"temp": 199}"#,
        ] {
            check(text, &[]);
        }
        check(r#"{"temp": 280, "dewpoint": 4}"#, &[(DewPoint, 4.0)]);
    }

    #[test]
    fn what_cannot_be_celsius_is_left_out() {
        let findings = check(
            r#"{"temp": 39.2, "feels_like": 33.0, "humidity": 71, "wind_speed": 9, "pressure": 1015}"#,
            &[(Humidity, 71.0), (StationPressure, 1015.0)],
        );
        assert_eq!(findings.len(), 3);
        assert!(findings[0].starts_with("temp: it names no unit and cannot be °C"), "{findings:?}");
        check(r#"{"temp": 47.1, "rh": 77}"#, &[(Humidity, 77.0)]);
        check(r#"{"temp": 30, "feels_like": 22, "rh": 71}"#, &[(Humidity, 71.0)]);
        for text in [
            // Dhahran, a windy day, dry heat, and a unit.
            r#"{"temp": 42, "rh": 68, "feels_like": 58}"#,
            r#"{"temp": 21, "rh": 40, "feels_like": 16, "wind_speed": 12}"#,
            r#"{"temp": 45, "rh": 5, "feels_like": 41}"#,
            r#"{"temp_C": 47.1, "rh": 77}"#,
        ] {
            assert!(!check_any(text).is_empty(), "{text}");
        }
    }

    /// Whether a temperature is read.
    fn check_any(text: &str) -> Vec<f64> {
        let (stations, _) = crate::format::record::tests::read_all(text.as_bytes());
        stations.iter().filter_map(|station| Some(station.reading(Temperature)?.value)).collect()
    }

    #[test]
    fn a_temperature_below_its_dew_point_is_left_out() {
        let findings = check(r#"{"outTemp": 10, "dewpoint": 41, "rh": 71}"#, &[(Humidity, 71.0)]);
        let why = "the temperature is below the dew point, so one of them is wrong; both are left out";
        assert_eq!(findings, [format!("outTemp: {why}"), format!("dewpoint: {why}")]);
        let findings = check(r#"{"a": {"temp": 10}, "b": {"dewpoint": 12}}"#, &[]);
        assert_eq!(findings, [format!("temperature: {why}"), format!("dew point: {why}")]);
        check(r#"{"outTemp": 10, "dewpoint": 10.6}"#, &[(Temperature, 10.0), (DewPoint, 10.6)]);
    }
}
