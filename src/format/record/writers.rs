//! Records of known writers.

use std::borrow::Cow;

use super::{Context, Entry, Given, Outer, Reader};
use crate::format::catalogue::{Writer, Writers, last_key, value_at};
use crate::format::findings::{Ignored, Path};
use crate::format::names::Meaning;
use crate::format::node::{Node, number};
use crate::format::surroundings::{Said, Telling};
use crate::reading::Quantity;

impl Reader<'_> {
    /// Reads a record by the row of its writer.
    pub(super) fn by_writer(
        &mut self,
        writer: &Writer,
        entries: &[(Cow<'_, str>, Node<'_>)],
        around: Option<&Path<'_>>,
        outer: Outer<'_>,
    ) {
        self.setting(Path::key(around, "writer"), format_args!("{}", writer.name));
        let tips = writer.tips(entries);
        let written = self.written(writer, entries, &tips, around);
        self.understood_record(&written, outer);
        if let Some(list) = writer.list {
            let (list, context) = match list.strip_suffix('?') {
                Some(_) if !self.source.picked && has_temperature(&written) => return,
                Some(list) => (list, Context { said: Said::Rather(Ignored::Indoor), ..outer.context }),
                None => (list, outer.context),
            };
            let outer = Outer { context, ..outer };
            if let (Some(levels), Some(Node::List(nodes))) =
                (outer.levels.checked_sub(1), value_at(entries, list))
            {
                self.records(nodes, Some(&Path::inside(around, list)), Outer { levels, ..outer });
            }
        }
    }

    /// The known writer of a record.
    pub(super) fn writer(&mut self, entries: &[(Cow<'_, str>, Node<'_>)]) -> Option<&'static Writer> {
        let sets = entries.iter().map(|(key, _)| self.known(key).writers);
        sets.fold(Writers::default(), Writers::and).of(entries)
    }

    /// The entries of a record by its writer's row, in the row's order.
    fn written<'a>(
        &mut self,
        writer: &Writer,
        record: &'a [(Cow<'a, str>, Node<'a>)],
        tips: &'a [(&'static str, Node<'static>)],
        around: Option<&'a Path<'a>>,
    ) -> Vec<Entry<'a>> {
        let dialect = self.source.dialect;
        let east = writer.east(record);
        let mut entries = Vec::new();
        for (path, key) in writer.keys() {
            let counted = tips.iter().find(|(counted, _)| *counted == path).map(|(_, node)| node);
            let Some(node) = counted.or_else(|| value_at(record, path)) else { continue };
            let path = path.split('*').next().unwrap_or(path);
            // What the configuration says of a key counts before what the row says.
            let own = [path, last_key(path)].into_iter().find(|name| dialect.known(name) != *name);
            let meaning = match own {
                Some(own) => self.known(own).meaning,
                None => self.meaning_by(key, record),
            };
            let meaning = match (meaning, east) {
                (Ok(Meaning::Time(None)), Some(_)) => Ok(Meaning::Time(east)),
                (meaning, _) => meaning,
            };
            let outdoors = matches!(meaning, Ok(Meaning::Measured(..)));
            // What a writer calls its device may be anything.
            let telling = matches!(key, "name" | "id" | "model").then_some(Telling::Sensor);
            let (key, is_renamed) = (Path::inside(around, path), false);
            entries.push(Entry { key, meaning, outdoors, telling, is_renamed, node });
        }
        entries
    }

    /// What a key of a writer's row means, which a text of the record may say.
    fn meaning_by(&mut self, key: &str, record: &[(Cow<'_, str>, Node<'_>)]) -> Result<Meaning, Ignored> {
        let Some(path) = key.strip_prefix('@') else { return self.known(key).meaning };
        let Some(Node::Text(text)) = value_at(record, path) else { return Err(Ignored::Unknown) };
        self.known(text).meaning.or_else(|why| {
            let last = text.rsplit([':', '.', '_', '/']).next().unwrap_or_default();
            if last.len() < text.len() && why == Ignored::Unknown {
                self.known(last).meaning
            } else {
                Err(why)
            }
        })
    }
}

/// Whether one of the entries is a temperature that can be read.
fn has_temperature(entries: &[Entry<'_>]) -> bool {
    entries.iter().any(|entry| {
        matches!(entry.meaning, Ok(Meaning::Measured(Quantity::Temperature, _)))
            && number(Given::of(entry.node).value).is_ok()
    })
}

#[cfg(test)]
mod tests {
    use crate::format::record::tests::{check, read_all};
    use crate::format::tests::at;
    use crate::reading::Quantity::*;
    use crate::reading::Station;

    #[test]
    fn a_known_writer_is_read_by_its_row() {
        // Pressure at sea level, wind in an object of its own.
        check(
            r#"{"main": {"temp": 7.4, "pressure": 1018, "temp_min": 7}, "wind": {"speed": 4.1, "deg": 240},
                "weather": [{"id": 500}], "dt": 1740954000, "name": "Bonn"}"#,
            &[(Temperature, 7.4), (SeaLevelPressure, 1018.0), (WindSpeed, 4.1), (WindDirection, 240.0)],
        );
        // °F and inHg without a mark, inside of wrappers.
        check(
            r#"{"data": {"ts": 1740954000, "conditions": [
                {"lsid": 1, "data_structure_type": 1, "temp": 50, "hum": 71, "wind_speed_last": 10},
                {"lsid": 2, "data_structure_type": 4, "temp_in": 70, "hum_in": 40},
                {"lsid": 3, "data_structure_type": 3, "bar_sea_level": 29.921}]}}"#,
            &[(Temperature, 10.0), (Humidity, 71.0), (SeaLevelPressure, 1013.24), (WindSpeed, 4.47)],
        );
        // A list of numbers.
        check(
            r#"{"payload": {"type": "obs_st", "obs": [[1740954000, 1, 3, 6, 225, 3, 1002.4, 12.4, 66, 9, 2, 8]]}}"#,
            &[
                (Temperature, 12.4),
                (Humidity, 66.0),
                (StationPressure, 1002.4),
                (WindSpeed, 3.0),
                (WindGust, 6.0),
                (WindDirection, 225.0),
                (UvIndex, 2.0),
                (Illuminance, 9.0),
                (Irradiance, 8.0),
            ],
        );
        // What stands indoors gives nothing but its pressure; the others stand in its list.
        check(
            r#"{"body": {"devices": [{"type": "NAMain", "dashboard_data": {"time_utc": 1740954000, "Temperature": 21.7,
                "Pressure": 1013.2}, "modules": [{"type": "NAModule1", "dashboard_data": {"Temperature": 10}}]}]}}"#,
            &[(Temperature, 10.0), (SeaLevelPressure, 1013.2)],
        );
        // The gateway has lost its outdoor sensor; those of its channels stand anywhere.
        check(
            r#"{"common_list": [{"id": "0x0A", "val": "225"}], "ch_aisle": [{"channel": "1", "temp": "21"}]}"#,
            &[(WindDirection, 225.0)],
        );
        check(r#"{"common_list": [], "ch_aisle": [{"channel": "1", "name": "", "temp": "21"}]}"#, &[]);
        check(
            r#"{"common_list": [], "ch_aisle": [{"channel": "1", "name": "Garden", "temp": "9.5"}]}"#,
            &[(Temperature, 9.5)],
        );
        check(
            r#"{"common_list": [{"id": "0x02", "val": "9.4"}], "ch_aisle": [{"name": "Garden", "temp": "9.5"}]}"#,
            &[(Temperature, 9.4)],
        );
        check(
            r#"{"timestamp": "2025-03-02T22:20:00Z", "score": 90, "temp": 21, "humid": 40, "voc": 9}"#,
            &[],
        );
    }

    #[test]
    fn a_text_of_the_record_may_name_the_quantity() {
        let state = |class: &str, unit: &str| {
            format!(
                r#"{{"entity_id": "sensor.x", "state": "45.3", "last_updated": "2025-03-02T22:20:00+00:00",
                    "attributes": {{"device_class": "{class}", "unit_of_measurement": "{unit}"}}}}"#
            )
        };
        check(&state("temperature", "°F"), &[(Temperature, 7.39)]);
        check(&state("humidity", "%"), &[(Humidity, 45.3)]);
        check(&state("battery", "%"), &[]);
        check(
            r#"{"channel": {"last_entry_id": 2, "field1": "Temperature (F)", "field2": "Soil moisture"},
                "feeds": [{"field1": "40", "field2": "1"}, {"created_at": "2025-03-02T22:20:00Z", "field1": "50", "field2": "2"}]}"#,
            &[(Temperature, 10.0)],
        );
    }

    #[test]
    fn what_a_writer_calls_its_device_may_rule_it_out() {
        for name in ["Freezer", "Woonkamer", "Living room"] {
            check(
                &format!(
                    r#"{{"result": [{{"idx": "1", "HardwareID": 2, "Name": "{name}", "Temp": 21,
                        "LastUpdate": "2025-03-02 22:20:00"}}]}}"#
                ),
                &[],
            );
            check(
                &format!(
                    r#"{{"entity_id": "sensor.x", "state": "21", "last_updated": "2025-03-02T22:20:00Z",
                        "attributes": {{"device_class": "temperature", "friendly_name": "{name}"}}}}"#
                ),
                &[],
            );
        }
    }

    #[test]
    fn a_writer_may_say_how_far_east_its_times_are() {
        let (stations, _) = read_all(
            br#"{"utc_offset_seconds": 3600, "current_units": {"temperature_2m": "\u00b0F"},
                "current": {"time": "2025-03-02T23:20", "temperature_2m": 50}}"#,
        );
        assert_eq!(stations[0].newest(), Some(at("2025-03-02T22:20:00Z")));
        assert_eq!(stations[0].reading(Temperature).map(|reading| reading.value.round()), Some(10.0));
        assert_eq!(stations.iter().filter_map(Station::newest).count(), 1);
    }
}
