//! What to write about a text that is not understood, or not all of it, as far as that can be guessed from
//! its beginning. Names are guessed by words of six languages, values only where they can be little else.

use super::catalogue::{WRITERS, Writer, last_key};
use super::findings::Ignored;
use super::names::{Meaning, meaning, own_unit, says_outdoors};
use super::pattern::pattern_of;
use super::sample::Sample;
use super::surroundings::{refused, spaced};
use super::text::{decoded, squashed};
use super::units::{fitting, named_unit};
use super::{Dialect, Format};
use crate::reading::{Device, DevicePart, Quantity, Unit};
use crate::time::{DateOrder, Notation, is_format};

/// Parts of a source's configuration.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Advice {
    /// The format to name, where it is not detected.
    pub format: Option<&'static str>,
    /// The names of all columns, where the text has none or another number of them.
    pub columns: Vec<String>,
    /// Names of the text, and the known keys that they seem to stand for.
    pub keys: Vec<(String, String)>,
    /// The device to select.
    pub select: Option<Device>,
    /// Others that there are, by the same part.
    pub others: Vec<String>,
    /// The pattern of times that cannot be read.
    pub time_format: Option<String>,
}

/// What is read of a text without advice.
#[derive(Clone, Copy, Debug, Default)]
pub struct Read<'r> {
    pub quantities: &'r [Quantity],
    /// The name of the known writer of a record.
    pub writer: Option<&'r str>,
}

/// What helps with a text that begins so and is read in `format`, if in any, as `dialect` says. What is `read` of it
/// needs no help.
pub fn advise(beginning: &[u8], format: Option<&Format>, dialect: &Dialect, read: Read<'_>) -> Advice {
    let text = decoded(beginning);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let sample = match format.map(|format| format.name) {
        Some("json" | "jsonl") => Sample::of_json(text),
        Some("csv") | None => Sample::of_table(text).filter(|sample| sample.separator != ' '),
        Some(_) => None,
    };
    let Some(sample) = sample else { return Advice::default() };
    let writer = WRITERS.iter().find(|writer| Some(writer.name) == read.writer);
    let mut guesses = Guesses { sample: &sample, dialect, read, writer, found: Vec::new() };
    let mut advice = match &sample.names {
        Some(names) if dialect.columns.is_empty() => guesses.of_names(names),
        _ => guesses.of_columns(),
    };
    if format.is_none() && advice.columns.is_empty() && !advice.keys.is_empty() {
        advice.format = Some("csv");
    }
    advice.time_format = guesses.time_format();
    advice
}

/// What the columns of a sample are about.
struct Guesses<'s> {
    sample: &'s Sample,
    dialect: &'s Dialect,
    read: Read<'s>,
    /// The row that says what its keys mean, but for those that have a title.
    writer: Option<&'static Writer>,
    /// The known key of each column, if it has one.
    found: Vec<Option<String>>,
}

/// More columns than these are too many to tell temperatures and humidities apart by their values.
const TOLD_BY_VALUE: usize = 6;

impl Guesses<'_> {
    fn of_names(&mut self, names: &[String]) -> Advice {
        let known = |name: &String| meaning(self.dialect.known(name)).is_ok();
        self.found =
            names.iter().map(|name| known(name).then(|| self.dialect.known(name).to_owned())).collect();
        let mut advice = Advice::default();
        let device = self.device(names);
        if let Some((column, selected, others)) = &device {
            if self.found[*column].is_none() && self.writer.is_none() {
                advice.keys.push((names[*column].clone(), "id".to_owned()));
            }
            let mut select = Device::default();
            select.set(DevicePart::Id, Some(selected.clone()));
            (advice.select, advice.others) = (Some(select), others.clone());
        }
        for (column, name) in names.iter().enumerate() {
            let is_device = device.as_ref().is_some_and(|(of_device, ..)| *of_device == column);
            let title = self.sample.title(column);
            if self.found[column].is_some() || is_device || (self.writer.is_some() && title.is_none()) {
                continue;
            }
            let selected = device.as_ref().map(|(_, selected, _)| selected.as_str());
            let about = title.or(selected.filter(|_| says_nothing(name)));
            let values = self.values_of(column, device.as_ref());
            let unit = if title.is_none() { self.unit_beside(column) } else { None };
            let guess = self.by_name(about.unwrap_or(name), title.is_some(), unit, &values).or_else(|| {
                let is_open = says_nothing(name) && self.read.quantities.is_empty();
                (is_open && !self.is_refused(names, column)).then(|| self.by_values(unit, &values)).flatten()
            });
            if let Some(guess) = guess {
                advice.keys.push((name.clone(), guess.clone()));
                self.found[column] = Some(guess);
            }
        }
        advice
    }

    /// Names for the columns of a table that has none; empty if those of the configuration fit.
    fn of_columns(&mut self) -> Advice {
        let (width, given) = (self.sample.width(), &self.dialect.columns);
        self.found = given.iter().take(width).map(|name| Some(self.dialect.known(name).to_owned())).collect();
        let mut columns: Vec<String> = given.iter().take(width).cloned().collect();
        for column in columns.len()..width {
            let values = self.values_of(column, None);
            let is_clear =
                width <= TOLD_BY_VALUE || pressure(&values).is_some() || is_time(&values, self.dialect);
            let guess = if is_clear { self.by_values(None, &values) } else { None };
            columns.push(guess.clone().unwrap_or_default());
            self.found.push(guess);
        }
        let fits = given.len() == width;
        Advice { columns: if fits { Vec::new() } else { columns }, ..Advice::default() }
    }

    /// The values of a column in the rows of the selected device.
    fn values_of(&self, column: usize, device: Option<&(usize, String, Vec<String>)>) -> Vec<&str> {
        let is_selected =
            |row: &&Vec<String>| device.is_none_or(|(of, selected, _)| row.get(*of) == Some(selected));
        let rows = self.sample.rows.iter().filter(is_selected);
        rows.filter_map(|row| row.get(column)).map(String::as_str).filter(|cell| !cell.is_empty()).collect()
    }

    /// The unit that another cell names for the numbers of a column: `"state": "35.4 °F"` beside `"value": 35.4`, or
    /// `"uom": "°F"`.
    fn unit_beside(&self, column: usize) -> Option<Unit> {
        let names = self.sample.names.as_ref()?;
        self.sample.rows.iter().find_map(|row| {
            let value = number(row.get(column)?)?;
            row.iter().zip(names).find_map(|(cell, name)| match meaning(name) {
                Ok(Meaning::Units | Meaning::OtherUnits | Meaning::UnitOf(_)) => named_unit(cell).ok()?,
                _ if cell.starts_with('°') => named_unit(cell).ok()?,
                _ => {
                    let digits = |c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | ',');
                    let rest = cell.trim_start_matches(digits);
                    let is_same = !rest.is_empty() && number(&cell[..cell.len() - rest.len()]) == Some(value);
                    // One that is not known is no temperature's.
                    is_same.then(|| named_unit(rest).ok().flatten().unwrap_or(Unit::One))
                }
            })
        })
    }

    /// Whether what a number of a column is called by rules it out.
    fn is_refused(&self, names: &[String], column: usize) -> bool {
        let has_it = |row: &&Vec<String>| row.get(column).is_some_and(|cell| !cell.is_empty());
        let mut cells = self.sample.rows.iter().filter(has_it).flat_map(|row| row.iter().zip(names));
        cells.any(|(cell, name)| is_device_name(name) && refused(cell).is_some())
    }

    /// The column that tells devices apart, the one to select, and the others: the outdoor one before the first. A
    /// number that each record has another one of is that of the record.
    fn device(&self, names: &[String]) -> Option<(usize, String, Vec<String>)> {
        if self.dialect.keys.iter().any(|(_, known)| known == "id") {
            return None;
        }
        let column = (0..names.len()).find(|column| {
            let name = &names[*column];
            let is_id = match self.writer {
                Some(writer) => writer.keys().any(|(path, key)| key == "id" && last_key(path) == name),
                None => {
                    meaning(name) == Ok(Meaning::Device(DevicePart::Id))
                        || (self.found[*column].is_none() && is_device_name(name))
                }
            };
            is_id && !self.numbers_records(*column)
        })?;
        let mut devices: Vec<String> = Vec::new();
        for device in self.sample.values(column) {
            if !devices.iter().any(|known| known == device) {
                devices.push(device.to_owned());
            }
        }
        let best = devices.iter().position(|device| says_outdoors(device));
        let best = best.or_else(|| devices.iter().position(|device| refused(device).is_none()))?;
        // Of a known writer they may be parts of one station.
        if self.writer.is_some() && !says_outdoors(&devices[best]) {
            return None;
        }
        let selected = devices.remove(best);
        // One device needs no selection.
        (!devices.is_empty()).then_some((column, selected, devices))
    }

    /// Whether a column has another number in each row.
    fn numbers_records(&self, column: usize) -> bool {
        let values: Vec<&str> = self.sample.values(column).collect();
        let mut distinct = values.clone();
        distinct.sort_unstable();
        distinct.dedup();
        let are_numbers = values.iter().all(|value| number(value).is_some());
        values.len() > 1 && distinct.len() == values.len() && are_numbers
    }

    fn has(&self, quantity: Quantity) -> bool {
        let is_pressure =
            |quantity| matches!(quantity, Quantity::StationPressure | Quantity::SeaLevelPressure);
        let is_read = |read: &Quantity| *read == quantity || (is_pressure(*read) && is_pressure(quantity));
        if self.read.quantities.iter().any(is_read) {
            return true;
        }
        let is_same =
            |key: &&String| matches!(meaning(key), Ok(Meaning::Measured(known, _)) if known == quantity);
        self.found.iter().flatten().any(|key| is_same(&key))
    }

    fn has_time(&self) -> bool {
        self.found.iter().flatten().any(|key| matches!(meaning(key), Ok(Meaning::Time(_) | Meaning::Changed)))
    }

    /// The known key for a name in another language, or with other words around it; a title may be a known one.
    fn by_name(&self, name: &str, is_title: bool, unit: Option<Unit>, values: &[&str]) -> Option<String> {
        let is_open = is_title
            || matches!(meaning(name), Err(Ignored::Unknown | Ignored::OtherUnit | Ignored::Suffix(_)));
        // The name of an entity holds another: `sensor.garden_temperature`.
        if refused(name).is_some() || !(is_open || name.contains('.')) {
            return None;
        }
        let words = spaced(name);
        let is_named = |stems: &&str| {
            words.split(' ').any(|word| {
                !word.starts_with("window") && stems.split(' ').any(|stem| word.starts_with(stem))
            })
        };
        // The wind's chill and its run are no speed.
        if words.split(' ').any(|word| word.ends_with("chill") || word.ends_with("run")) {
            return None;
        }
        let (key, _) = STEMS.iter().find(|(_, stems)| is_named(stems))?;
        if *key == "time" {
            return (!self.has_time() && is_time(values, self.dialect)).then(|| (*key).to_owned());
        }
        let Ok(Meaning::Measured(quantity, _)) = meaning(key) else { return None };
        let are_numbers = !values.is_empty() && values.iter().all(|value| number(value).is_some());
        // A title is not in the file's key, whose unit counts without being written.
        let unit = if is_title { own_unit(name, quantity) } else { unit };
        (are_numbers && !self.has(quantity)).then(|| with_unit(key, quantity, name, unit, values))
    }

    /// What the values can hardly be but this.
    fn by_values(&self, unit: Option<Unit>, values: &[&str]) -> Option<String> {
        if is_time(values, self.dialect) {
            return (!self.has_time()).then(|| "time".to_owned());
        }
        if let Some(key) = pressure(values) {
            return (!self.has(Quantity::StationPressure)).then(|| key.to_owned());
        }
        let numbers: Vec<f64> = values.iter().filter_map(|value| number(value)).collect();
        if numbers.len() < values.len()
            || numbers.is_empty()
            || !values.iter().any(|value| value.contains(['.', ',']))
        {
            return None;
        }
        let scale = match unit {
            None => "C",
            Some(unit) => ending(fitting(Quantity::Temperature, unit)?)?,
        };
        let are_within = |low: f64, high: f64| numbers.iter().all(|number| (low..=high).contains(number));
        if !self.has(Quantity::Temperature) {
            let (low, high) = if scale == "C" { (-40.0, 50.0) } else { (-40.0, 330.0) };
            return are_within(low, high).then(|| format!("temperature_{scale}"));
        }
        (unit.is_none() && !self.has(Quantity::Humidity) && are_within(5.0, 100.0))
            .then(|| "humidity".to_owned())
    }

    /// The pattern of the times, if they cannot be read as they are.
    fn time_format(&self) -> Option<String> {
        let is_time = |key: &Option<String>| {
            key.as_ref().is_some_and(|key| matches!(meaning(key), Ok(Meaning::Time(_) | Meaning::Changed)))
        };
        let column = self.found.iter().position(is_time)?;
        let is_date =
            |key: &Option<String>| key.as_ref().is_some_and(|key| meaning(key) == Ok(Meaning::Date));
        if self.found.iter().any(is_date) {
            return None;
        }
        let last = self.sample.values(column).next_back()?;
        if is_read(last, self.dialect, self.dialect.time_format.as_deref()) {
            return None;
        }
        let pattern = pattern_of(last).filter(|pattern| is_format(pattern))?;
        is_read(last, self.dialect, Some(&pattern)).then_some(pattern)
    }
}

/// The beginnings of words, and the key that they stand for. Rain is not among them: whether it is a counter
/// or an amount cannot be guessed.
const STEMS: &[(&str, &str)] = &[
    ("dew_point", "dew taupunkt rosee rosée rocio rocío rugiada dauwpunt"),
    ("wind_gust", "gust böe boe rafale racha raffica windstoo"),
    ("wind_direction", "winddir windricht dirección direccion direction direzione windrichting"),
    ("wind_speed", "wind viento anemo"),
    ("humidity", "hum luftfeucht feucht umid vocht luchtvocht"),
    ("pressure", "press druck luftdruck baro presi luchtdruk"),
    ("temperature", "temp température lufttemp aussentemp außentemp outtemp"),
    ("time", "time date zeit datum uhrzeit heure fecha hora tijd stamp orario"),
];

/// Names that say nothing of what the value is.
fn says_nothing(name: &str) -> bool {
    const NAMES: [&str; 13] = [
        "state",
        "value",
        "val",
        "v",
        "data",
        "reading",
        "measurement",
        "wert",
        "valeur",
        "valor",
        "valore",
        "waarde",
        "result",
    ];
    NAMES.contains(&&*squashed(name))
}

/// Names of columns that tell devices apart.
fn is_device_name(name: &str) -> bool {
    const NAMES: [&str; 9] =
        ["id", "name", "device", "sensor", "topic", "entity", "gerät", "entityid", "sensorid"];
    let words = spaced(name);
    words.split(' ').any(|word| NAMES.contains(&word)) || NAMES.contains(&&*squashed(name))
}

/// The key with the unit that the name or the values show; without one where the name says it.
fn with_unit(key: &str, quantity: Quantity, name: &str, unit: Option<Unit>, values: &[&str]) -> String {
    let is_temperature = matches!(quantity, Quantity::Temperature | Quantity::DewPoint);
    if let Some(end) = unit.and_then(|unit| fitting(quantity, unit)).and_then(ending) {
        return format!("{key}_{end}");
    }
    if name.contains(['°', '%', '(', '[', '/', '*']) || own_unit(name, quantity).is_some() {
        return key.to_owned();
    }
    let are_above =
        |least: f64| values.iter().any(|value| number(value).is_some_and(|number| number > least));
    match quantity {
        _ if is_temperature => format!("{key}_{}", if are_above(50.0) { 'F' } else { 'C' }),
        Quantity::StationPressure => pressure(values).unwrap_or(key).to_owned(),
        _ => key.to_owned(),
    }
}

/// How known keys end in this unit, where the size of a number does not show it.
fn ending(unit: Unit) -> Option<&'static str> {
    match unit {
        Unit::Celsius => Some("C"),
        Unit::Fahrenheit => Some("F"),
        Unit::Kelvin => Some("K"),
        Unit::MetrePerSecond => Some("m_s"),
        Unit::KilometrePerHour => Some("km_h"),
        Unit::MilePerHour => Some("mph"),
        Unit::Knot => Some("kn"),
        _ => None,
    }
}

/// The key of a pressure in the unit in which these values are one.
fn pressure(values: &[&str]) -> Option<&'static str> {
    let are_within = |low: f64, high: f64| {
        let is_within = |value: &&str| number(value).is_some_and(|number| (low..=high).contains(&number));
        !values.is_empty() && values.iter().all(is_within)
    };
    match () {
        () if are_within(850.0, 1090.0) => Some("pressure_hPa"),
        () if are_within(85_000.0, 109_000.0) => Some("pressure_Pa"),
        () => None,
    }
}

fn number(value: &str) -> Option<f64> {
    value.replace(',', ".").parse().ok().filter(|number: &f64| number.is_finite())
}

fn is_time(values: &[&str], dialect: &Dialect) -> bool {
    let Some(last) = values.last() else { return false };
    match number(last) {
        // Of this century, in s, ms, µs or ns.
        Some(epoch) => epoch >= 946_684_800.0 && is_read(last, dialect, None),
        None => {
            is_read(last, dialect, None)
                || pattern_of(last).is_some_and(|pattern| is_read(last, dialect, Some(&pattern)))
        }
    }
}

fn is_read(text: &str, dialect: &Dialect, format: Option<&str>) -> bool {
    let notation = Notation { zone: &dialect.zone, order: &|| Some(DateOrder::Dmy), format };
    notation.read(text).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::tests::mutated;
    use crate::format::{is_known, named};

    #[track_caller]
    fn check(format: Option<&str>, text: &str, expected: Advice) {
        check_read(format, text, Read::default(), expected);
    }

    #[track_caller]
    fn check_read(format: Option<&str>, text: &str, read: Read<'_>, expected: Advice) {
        let format = format.and_then(named);
        assert_eq!(advise(text.as_bytes(), format, &Dialect::USUAL, read), expected, "{text}");
    }

    fn keys(keys: &[(&str, &str)]) -> Vec<(String, String)> {
        keys.iter().map(|(own, known)| ((*own).to_owned(), (*known).to_owned())).collect()
    }

    fn columns(names: &[&str]) -> Advice {
        Advice { columns: names.iter().map(|&name| name.to_owned()).collect(), ..Advice::default() }
    }

    #[test]
    fn columns_without_names_are_told_by_their_values() {
        check(
            None,
            "2026-11-28 20:10\t7.12\t80.4\t100\t0\n2026-11-28 20:11\t7.42\t81.2\t100\t0\n",
            columns(&["time", "temperature_C", "humidity", "", ""]),
        );
        check(None, "1764360000;7,4;1003,2\n", columns(&["time", "temperature_C", "pressure_hPa"]));
        // Of two temperatures nobody knows which is outdoors.
        check(
            None,
            "2026-11-28 20:10:00,5,41,20.5,71,10.0,999.0,4.0,8.0,2,66.3,0\n",
            columns(&["time", "", "", "", "", "", "pressure_hPa", "", "", "", "", ""]),
        );
        check(None, "7.4\n7.5\n", Advice::default());
        check(None, "hello\n", Advice::default());
    }

    #[test]
    fn names_are_understood_in_other_languages() {
        check(
            None,
            "Messzeit;Lufttemperatur;Luftfeuchte/%;Luftdruck;Innentemperatur\n2026-11-28 20:10;7,4;81;1003,2;21,5\n",
            Advice {
                format: Some("csv"),
                keys: keys(&[
                    ("Lufttemperatur", "temperature_C"),
                    ("Luftfeuchte/%", "humidity"),
                    ("Luftdruck", "pressure_hPa"),
                ]),
                ..Advice::default()
            },
        );
        check(
            Some("json"),
            r#"{"fecha": "2026-11-28 20:10", "temperaturaExt": 7.4, "humedad": 81, "mic": 3}"#,
            Advice {
                keys: keys(&[("temperaturaExt", "temperature_C"), ("humedad", "humidity")]),
                ..Advice::default()
            },
        );
    }

    #[test]
    fn the_outdoor_one_of_several_devices_is_selected() {
        let id = |id: &str| Some(Device { id: Some(id.to_owned()), ..Device::default() });
        check(
            Some("csv"),
            "entity_id,state,last_changed\n\
             sensor.living_room_temperature,21.2,2026-11-28T19:10:00.000Z\n\
             sensor.garden_temperature,7.4,2026-11-28T20:10:00.000Z\n",
            Advice {
                keys: keys(&[("entity_id", "id"), ("state", "temperature_C")]),
                select: id("sensor.garden_temperature"),
                others: vec!["sensor.living_room_temperature".to_owned()],
                ..Advice::default()
            },
        );
        check(
            Some("jsonl"),
            "{\"id\": \"Bedroom\", \"temperature\": 21.5}\n{\"id\": \"Garden\", \"temperature\": 7.4}\n",
            Advice { select: id("Garden"), others: vec!["Bedroom".to_owned()], ..Advice::default() },
        );
    }

    #[test]
    fn a_unit_beside_a_value_is_its_unit() {
        let advice = |key: &str, known: &str| Advice { keys: keys(&[(key, known)]), ..Advice::default() };
        let json = Some("json");
        check(
            json,
            r#"{"id": "outside", "value": 35.4, "state": "35.4 °F"}"#,
            advice("value", "temperature_F"),
        );
        check(json, r#"{"value": 35.4, "uom": "°F"}"#, advice("value", "temperature_F"));
        check(json, r#"{"value": 35.4, "unit": "°F"}"#, advice("value", "temperature_F"));
        check(json, r#"{"value": 35.4, "unit": "°C"}"#, advice("value", "temperature_C"));
        check(json, r#"{"value": 281.6, "unit": "K"}"#, advice("value", "temperature_K"));
        check(json, r#"{"wert": 35.4, "state": "35.4 %"}"#, Advice::default());
        check(json, r#"{"value": 3.1, "state": "3.1 V"}"#, Advice::default());
        check(json, r#"{"lufttemp": 35.4, "state": "35.4 °F"}"#, advice("lufttemp", "temperature_F"));
        check(json, r#"{"current_dewpoint_f": 43}"#, advice("current_dewpoint_f", "dew_point"));
    }

    #[test]
    fn numbers_of_records_are_no_devices() {
        check(
            Some("csv"),
            "created_at,entry_id,field1\n2026-11-28T11:45:32Z,5101,14.3\n2026-11-28T12:00:32Z,5102,14.6\n",
            Advice::default(),
        );
        check(
            Some("jsonl"),
            "{\"id\": 7, \"temperature\": 7.4}\n{\"id\": 8, \"temperature\": 7.5}\n",
            Advice::default(),
        );
    }

    #[test]
    fn what_a_channel_calls_its_fields_is_their_name() {
        let feeds = r#""feeds": [{"entry_id": 6, "field1": "39.2", "field2": "81", "field3": "21.5"}]}"#;
        let titles = |titles: &str| format!("{{\"channel\": {{{titles}}}, {feeds}");
        let advice = |known: &[(&str, &str)]| Advice { keys: keys(known), ..Advice::default() };
        let usual = titles(r#""field1": "Temperature", "field2": "Humidity", "field3": "Bedroom""#);
        check(Some("json"), &usual, advice(&[("field1", "temperature_C"), ("field2", "humidity")]));
        let own =
            titles(r#""field1": "Lufttemp (°F)", "field2": "Feuchte", "field3": "Wohnzimmertemperatur""#);
        let expected = [("field1", "temperature_F"), ("field2", "humidity")];
        check(Some("json"), &own, advice(&expected));
        let wind = r#"{"channel": {"field1": "Windspeed (mph)"}, "feeds": [{"field1": "9.4"}]}"#;
        check(Some("json"), wind, advice(&[("field1", "wind_speed_mph")]));
        let writer = Some("ThingSpeak, channel");
        check_read(Some("json"), &own, Read { writer, quantities: &[] }, advice(&expected));
    }

    #[test]
    fn what_may_be_something_else_gets_no_advice() {
        for text in [
            r#"{"sensors": [{"title": "A", "value": "8.40"}, {"title": "B", "value": "77.10"}]}"#,
            r#"[{"name": "Bath_Thermostat", "state": "27.30"}, {"name": "Dimmer", "state": "0"}]"#,
            r#"{"Température intérieure": 21.4, "Humidité intérieure": 44.5}"#,
        ] {
            check(Some("json"), text, Advice::default());
        }
    }

    #[test]
    fn what_is_read_needs_no_advice() {
        let text = r#"{"garten": {"wert": 7.4, "einheit": "°C"}, "lufttemp": 7.4}"#;
        let read = Read { quantities: &[Quantity::Temperature, Quantity::Humidity], writer: None };
        check_read(Some("json"), text, read, Advice::default());
        check(
            Some("json"),
            r#"{"temperature": {"value": 8.4, "unitCode": "wmoUnit:degC"}, "windrun": 4, "wind_chill": 5}"#,
            Advice::default(),
        );
        let writer = Some("AirGradient, indoors");
        check_read(
            Some("json"),
            r#"{"pm02": 4, "rhum": 40, "lufttemp": 21.5}"#,
            Read { quantities: &[], writer },
            Advice::default(),
        );
    }

    #[test]
    fn times_that_cannot_be_read_get_a_pattern() {
        let time_format = Some("day %j of %Y at %H.%M hours".to_owned());
        check(
            Some("csv"),
            "time,temperature_C\nday 332 of 2026 at 20.10 hours,7.4\n",
            Advice { time_format, ..Advice::default() },
        );
        check(Some("csv"), "time,temperature_C\n2026-11-28 20:10,7.4\n", Advice::default());
    }

    #[test]
    fn whatever_a_text_is_it_gets_advice_or_none() {
        const TEXTS: [&str; 3] = [
            "entity_id;state;last_changed\na.garden_temp;7,4;day 332 of 2026 at 20.10 hours\nb;21,5;2026\n",
            "2026-11-28 20:10\t7.12\t80.4\t100\t1003\n28.11.2026 20:10:05.5 PM\t7.42\t81.2\t100\t1003\n",
            r#"[{"id": "A", "wert": 7.4, "luftdruck": [1003, {"wann": "Sat 28 Nov 2026 20:10"}]}, {"id": "B"}]"#,
        ];
        let mut proposals = 0;
        mutated(&TEXTS, &[";", "\t", ",", "\"", "\n", "2026", "[", "}", "%", "é"], &mut |text| {
            for format in [None, named("csv"), named("json")] {
                proposals +=
                    usize::from(advise(text, format, &Dialect::USUAL, Read::default()) != Advice::default());
            }
        });
        assert!(proposals > 500, "only {proposals} of the mutated texts got advice");
    }

    #[test]
    fn what_is_proposed_is_accepted() {
        for (key, _) in STEMS {
            for unit in ["", "_C", "_F"] {
                let measures = matches!(
                    meaning(key),
                    Ok(Meaning::Measured(Quantity::Temperature | Quantity::DewPoint, _))
                );
                assert!(unit.is_empty() || !measures || is_known(&format!("{key}{unit}")), "{key}{unit}");
            }
            assert!(is_known(key), "{key}");
        }
        for key in ["id", "temperature_C", "humidity", "pressure_hPa", "pressure_Pa"] {
            assert!(is_known(key), "{key}");
        }
    }
}
