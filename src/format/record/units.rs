//! The units that a record declares for its own numbers.

use super::{Entry, Reader};
use crate::format::findings::{Dropped, Ignored, Path};
use crate::format::names::{Meaning, unit_of};
use crate::format::node::{Node, number, system, unit_named_by};
use crate::format::text::squashed;
use crate::format::units::{Declared, System, Units, fitting};
use crate::reading::Quantity;

impl Reader<'_> {
    pub(super) fn units(&mut self, entries: &[Entry<'_>], mut units: Units) -> Units {
        let mut each = Vec::new();
        for Entry { key, meaning, node, .. } in entries {
            match (meaning, node) {
                (Ok(Meaning::UnitOf(quantity)), node) => each.extend(self.unit(*key, *quantity, node)),
                (Ok(Meaning::Units), Node::Object(named)) => {
                    for (name, node) in named {
                        let key = Path::key(Some(key), name);
                        match unit_of(&squashed(name)) {
                            Some(quantity) => each.extend(self.unit(key, quantity, node)),
                            None => self.ignored(key, Ignored::OtherUnit),
                        }
                    }
                }
                (Ok(Meaning::Units), node) => match (system(node), unit_named_by(node)) {
                    (Some(system), _) => {
                        units = Units::of(system);
                        self.setting(*key, format_args!("{system}"));
                    }
                    (None, Ok(Some(unit))) => {
                        units.declare(unit);
                        self.setting(*key, format_args!("{}", unit.symbol()));
                    }
                    (None, Ok(None)) => self.setting(*key, format_args!("none")),
                    (None, Err(why)) => {
                        self.dropped(*key, why);
                        units = Units::unknown();
                    }
                },
                (Ok(Meaning::UsUnits), node) => {
                    let known = number(node).ok().and_then(|(number, _)| System::numbered(number));
                    match known {
                        Some(system) => self.setting(*key, format_args!("{system}")),
                        None => self.dropped(*key, Dropped::UnknownUnit),
                    }
                    units = known.map_or_else(Units::unknown, Units::of);
                }
                _ => {}
            }
        }
        units.declare_each(&each);
        units
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
                (RainCounter, 25.4),
                (RainRate, 2.0),
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
}
