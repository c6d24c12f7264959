//! What a record says about where it was measured, and whether its values are any.

use std::borrow::Cow;

use super::{Entry, Reader};
use crate::format::findings::{Ignored, LEVELS, Path};
use crate::format::names::{Meaning, meaning};
use crate::format::node::Node;
use crate::format::surroundings::{Said, Telling, Words, is_fault, marked};
use crate::reading::Quantity;

/// The texts that are remembered: as many devices as a log usually has.
const TEXTS: usize = 200;

/// As many texts of a list are looked at.
const TAGS: usize = 20;

impl Reader<'_> {
    /// What the texts and marks of a record say, of an object inside `outer`. A device that `match` selects may
    /// stand anywhere.
    pub(super) fn said(&mut self, entries: &[Entry<'_>], outer: Said) -> Said {
        if self.source.picked {
            return Said::Nothing;
        }
        let mut said = Said::Nothing;
        for entry in entries {
            let own = match entry.node {
                Node::Object(inner) => self.described(entry, inner),
                node => self.says(&entry.key, entry.telling, node),
            };
            if own.against().is_some() {
                self.ignored(entry.key, Ignored::Surroundings);
            }
            said = said.and(own);
        }
        said.and(soil(entries)).within(outer)
    }

    /// What an object without weather says of the record that it is in: `"device": {"name": "Kitchen"}`.
    fn described(&mut self, entry: &Entry<'_>, inner: &[(Cow<'_, str>, Node<'_>)]) -> Said {
        if !matches!(entry.meaning, Ok(Meaning::Name(_) | Meaning::Kind) | Err(Ignored::Unknown)) {
            return Said::Nothing;
        }
        let mut said = Said::Nothing;
        for (key, node) in inner {
            let telling = self.known(key).telling.filter(|telling| *telling != Telling::Other);
            said = said.and(self.says(&Path::key(None, key), telling, node));
        }
        if said == Said::Nothing || self.holds_weather(entry.node, LEVELS) { Said::Nothing } else { said }
    }

    /// What one key and its value say.
    fn says(&mut self, key: &Path<'_>, telling: Option<Telling>, node: &Node<'_>) -> Said {
        match (telling, node) {
            (Some(Telling::Climate), _) => Said::Rather(Ignored::Indoor),
            (Some(Telling::Mark), Node::Bool(is_set)) => marked(key.name(), *is_set),
            (Some(Telling::Mark), Node::Number(number)) => marked(key.name(), *number != 0.0),
            // A number or a time is no text.
            (Some(Telling::Other), Node::Text(text)) if !text.starts_with(char::is_alphabetic) => {
                Said::Nothing
            }
            (Some(telling), Node::Text(text)) => self.words(text).said(telling),
            // `"tags": ["kitchen"]`
            (Some(_), Node::List(nodes)) if matches!(nodes.first(), Some(Node::Text(_))) => {
                let mut said = Said::Nothing;
                for node in nodes.iter().take(TAGS).filter(|node| matches!(node, Node::Text(_))) {
                    said = said.and(self.says(key, telling, node));
                }
                said
            }
            _ => Said::Nothing,
        }
    }

    /// What the name of a device says that stands before that of what it measures: `bedroom/temperature`.
    pub(super) fn said_by_name(&mut self, name: &str, outer: Said) -> Said {
        match self.source.picked {
            true => Said::Nothing,
            false => self.words(name).said(Telling::Sensor).within(outer),
        }
    }

    /// The words of a text, which many records have.
    fn words(&mut self, text: &str) -> Words {
        if let Some(words) = self.texts.get(text) {
            return *words;
        }
        let words = Words::of(text);
        if self.texts.len() < TEXTS {
            self.texts.insert(text.to_owned(), words);
        }
        words
    }

    /// Whether a text may be the name of a place: it is not only a number, a word for a sensor, or a quantity.
    pub(super) fn is_place(&mut self, text: &str) -> bool {
        self.words(text).is_place && matches!(meaning(text), Ok(Meaning::Stamp) | Err(_))
    }
}

/// What the moisture of soil says about a temperature beside it, if nothing else is measured in the air.
fn soil(entries: &[Entry<'_>]) -> Said {
    let is_air = |entry: &Entry<'_>| {
        matches!(entry.meaning, Ok(Meaning::Measured(quantity, _))
            if !matches!(quantity, Quantity::Temperature | Quantity::Illuminance))
    };
    let is_soil = |entry: &Entry<'_>| entry.telling == Some(Telling::Soil);
    if entries.iter().any(is_soil) && !entries.iter().any(is_air) {
        Said::Never(Ignored::Elsewhere)
    } else {
        Said::Nothing
    }
}

/// Whether entries say that the values beside them are none: `"is_valid": false`, `"status": "error"`.
pub(super) fn is_invalid(entries: &[Entry<'_>]) -> bool {
    entries.iter().any(|entry| match (entry.telling, entry.node) {
        (Some(Telling::Valid), Node::Bool(is_valid)) => !is_valid,
        (Some(Telling::Valid), Node::Number(number)) => *number == 0.0,
        (Some(Telling::Valid), Node::Text(text)) => {
            ["false", "no", "0"].iter().any(|no| text.trim().eq_ignore_ascii_case(no))
        }
        (Some(Telling::Fault), Node::Text(text)) => is_fault(entry.key.name(), text),
        (Some(Telling::Fault), Node::Bool(failed)) => *failed,
        _ => false,
    })
}

/// Takes the temperature of what switches currents as its own, not one of the air: a relay's, that on the board of a
/// plug of Tasmota, and one that equals that of the device, as a smoke detector of zigbee2mqtt has it.
pub(super) fn mark_own_temperature(entries: &mut [Entry<'_>]) {
    if entries.iter().any(|entry| entry.key.is_key("ENERGY")) {
        let of_board = entries.iter_mut().filter(|entry| entry.key.is_key("ANALOG"));
        of_board.for_each(|entry| entry.meaning = Err(Ignored::Machine));
    }
    let own = entries.iter().find(|entry| entry.key.is_key("device_temperature")).map(|entry| entry.node);
    let is_equal = |entry: &Entry<'_>| match (entry.node, own) {
        (Node::Number(number), Some(Node::Number(own))) => {
            number == own && matches!(entry.meaning, Ok(Meaning::Measured(Quantity::Temperature, _)))
        }
        _ => false,
    };
    if !entries.iter().any(|entry| entry.telling == Some(Telling::Relay) || is_equal(entry)) {
        return;
    }
    let is_own = |entry: &&mut Entry<'_>| {
        matches!(entry.meaning, Ok(Meaning::Measured(Quantity::Temperature, _)))
            && !entry.outdoors
            && !entry.is_renamed
    };
    entries.iter_mut().filter(is_own).for_each(|entry| entry.meaning = Err(Ignored::Machine));
}

#[cfg(test)]
mod tests {
    use crate::format::record::tests::{check, read_all};
    use crate::format::tests::{WRITTEN, at, read};
    use crate::format::{Dialect, Source, named};
    use crate::reading::Quantity::{self, *};

    #[test]
    fn a_record_that_says_it_is_elsewhere_is_not_used() {
        for text in [
            r#"{"model": "Acurite-986", "temperature_F": 39.0}"#,
            r#"{"room": "Kitchen", "temp": 21, "rh": 40}"#,
            r#"{"type": "X", "module_name": "Indoor", "data": {"Temperature": 21.7}}"#,
            r#"{"id": "zigbee2mqtt/Bedroom", "message": {"temperature": 21.4}}"#,
            r#"{"topic": "home/living_room", "payload": {"temperature": 21.4}}"#,
            r#"{"name": "Küche", "temp": 21}"#,
            r#"{"friendly_name": "Pool", "temp": 21}"#,
            r#"{"device": {"name": "Freezer", "sw": "1.2"}, "temp": -18}"#,
            r#"{"tags": {"room": "salon"}, "fields": {"temperature": 21.4}}"#,
            r#"{"location": "Keller", "temperature": 14}"#,
            r#"{"where": "cuisine", "temperature": 14}"#,
            r#"{"whatever": "Bedroom", "temperature": 14}"#,
            r#"{"indoor": true, "temperature": 14}"#,
            r#"{"outdoor": false, "temperature": 14}"#,
            r#"{"data": {"a": {"room": "Bagno", "temperature": 21}}}"#,
            r#"{"temperature": {"value": 21, "unit": "C", "name": "Slaapkamer"}}"#,
            r#"{"temperature": 21, "system_mode": "heat", "occupied_heating_setpoint": 21}"#,
            r#"{"soil_moisture": 31, "temperature": 17.2}"#,
        ] {
            let findings = check(text, &[]);
            assert!(!findings.is_empty(), "{text}");
        }
    }

    #[test]
    fn a_record_that_says_it_is_outdoors_is_used() {
        for text in [
            r#"{"model": "Acurite-Tower", "temp": 7}"#,
            r#"{"room": "Garten", "temp": 7}"#,
            r#"{"topic": "home/outdoor/kitchen wall", "payload": {"temp": 7}}"#,
            r#"{"room": "Kitchen", "name": "Outside", "temp": 7}"#,
            r#"{"city": "Bath", "temp": 7}"#,
            r#"{"name": "Bath", "temp": 7}"#,
            r#"{"quality": "bad", "power": "battery", "mode": "heating", "temp": 7}"#,
            r#"{"outdoor": true, "room": "Kitchen", "temp": 7}"#,
            r#"{"indoor": false, "temp": 7}"#,
            r#"{"device": "Indoor", "sensors": [{"name": "Outdoor", "temp": 7}]}"#,
            r#"{"a": {"name": "Inside", "temp": 21}, "b": {"name": "Outside", "temp": 7}}"#,
            r#"{"a": {"name": "Fridge"}, "b": {"temp": 7}}"#,
        ] {
            if text.contains("Fridge") {
                // An object that measures nothing may describe the record.
                check(text, &[]);
            } else {
                check(text, &[(Temperature, 7.0)]);
            }
        }
        let soil = r#"{"soil_moisture": 31, "temperature": 17.2, "humidity": 60}"#;
        check(soil, &[(Temperature, 17.2), (Humidity, 60.0)]);
    }

    #[test]
    fn what_match_selects_may_stand_anywhere() {
        let text = r#"{"id": "Bedroom", "room": "Bedroom", "temp": 21}"#;
        let source = Source { picked: true, ..Source::new(None, at(WRITTEN)) };
        let (stations, _) = read(named("json").expect("a format"), text.as_bytes(), &source);
        assert_eq!(stations[0].reading(Temperature).map(|reading| reading.value), Some(21.0));
    }

    #[test]
    fn what_is_said_to_be_invalid_is_missing() {
        for text in [
            r#"{"temp": 0, "valid": false}"#,
            r#"{"temp": {"value": 0, "is_valid": false}}"#,
            r#"{"temp": 0, "is_valid": "false"}"#,
            r#"{"temp": 0, "ok": false}"#,
            r#"{"temp": 0, "status": "error"}"#,
            r#"{"temp": 0, "error": "DHT read failed"}"#,
            r#"{"temp": 0, "error": true}"#,
            r#"{"success": false, "data": {"temp": 0}}"#,
            r#"{"a": {"valid": 0, "temp": 0}}"#,
        ] {
            let findings = check(text, &[]);
            assert!(findings.iter().any(|line| line.contains("not valid")), "{text}: {findings:?}");
        }
        for text in [
            r#"{"temp": 7, "valid": true}"#,
            r#"{"temp": 7, "status": "ok", "error": null}"#,
            r#"{"temp": 7, "gps": {"valid": false}}"#,
            r#"{"temp": 7, "error": "none", "ok": 1}"#,
        ] {
            check(text, &[(Temperature, 7.0)]);
        }
        // Not the one indoors in its place.
        check(r#"{"outdoor": {"temp": 0, "valid": false}, "temp": 21}"#, &[]);
    }

    #[test]
    fn the_air_of_a_reading_is_of_one_place() {
        let both =
            r#"{"probe": {"temp": 7}, "box": {"temp": 31, "rh": 20, "pressure": 1003, "dew_point": 5}}"#;
        check(both, &[(Temperature, 7.0), (StationPressure, 1003.0)]);
        check(r#"{"box": {"rh": 20, "outdoor": {"temp": 7}, "temp": 31}}"#, &[(Temperature, 7.0)]);
        let chips = r#"{"SHT31": {"temp": 7, "rh": 80}, "BMP280": {"temp": 8, "pressure": 1003}}"#;
        check(chips, &[(Temperature, 7.0), (Humidity, 80.0), (StationPressure, 1003.0)]);
        check(r#"{"a": {"temp": 7}, "b": {"rh": 80}}"#, &[(Temperature, 7.0), (Humidity, 80.0)]);
        check(r#"{"temp": {"value": 7}, "rh": {"value": 80}}"#, &[(Temperature, 7.0), (Humidity, 80.0)]);
    }

    #[test]
    fn a_relay_measures_itself() {
        check(r#"{"temperature": 32.6, "overtemperature": false}"#, &[]);
        check(r#"{"temperature": {"tC": 41.5}, "apower": 900.1, "humidity": 5}"#, &[(Humidity, 5.0)]);
        check(r#"{"temperature": 32.6, "relays": [], "outside": {"temp": 7}}"#, &[(Temperature, 7.0)]);
    }

    #[test]
    fn what_the_configuration_leaves_out_is_not_entered() {
        let dialect = Dialect { keys: vec![("barn".to_owned(), String::new())], ..Dialect::USUAL };
        let source = Source { dialect: &dialect, ..Source::new(None, at(WRITTEN)) };
        let text = r#"{"barn": {"temp": 33, "rh": 30}, "yard": {"temp": 12}, "pressure": 1003}"#;
        let (stations, findings) = read(named("json").expect("a format"), text.as_bytes(), &source);
        let found: Vec<(Quantity, f64)> = crate::format::tests::only(&stations);
        assert_eq!(found, [(Temperature, 12.0), (StationPressure, 1003.0)]);
        assert_eq!(findings, ["barn: left out by `keys`"]);
    }

    #[test]
    fn a_number_or_a_word_for_a_sensor_is_no_place() {
        for (text, expected) in [
            (r#"{"location": "4711", "temp": 7}"#, None),
            (r#"{"name": "weather", "temp": 7}"#, None),
            (r#"{"name": "Outside", "temp": 7}"#, None),
            (r#"{"name": "temperature", "temp": 7}"#, None),
            (r#"{"station": "BME280", "location": "Bonn", "temp": 7}"#, Some("Bonn")),
            (r#"{"city": "Reading", "temp": 7}"#, Some("Reading")),
            (r#"{"name": "Reading", "temp": 7}"#, Some("Reading")),
            (r#"{"city": "Weather", "temp": 7}"#, Some("Weather")),
        ] {
            let (stations, _) = read_all(text.as_bytes());
            assert_eq!(stations[0].city.as_deref(), expected, "{text}");
        }
    }
}
