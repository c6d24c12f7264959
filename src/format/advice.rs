//! What to write about a text that is not understood, or not all of it, as far as that can be guessed from
//! its beginning. Names are guessed by words of six languages, values only where they can be little else.

use super::findings::Ignored;
use super::names::{Meaning, meaning, says_outdoors};
use super::pattern::pattern_of;
use super::sample::Sample;
use super::surroundings::{refused, spaced};
use super::text::{decoded, squashed};
use super::{Dialect, Format};
use crate::reading::{Device, DevicePart, Quantity};
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

/// What helps with a text that begins so and is read in `format`, if in any, as `dialect` says.
pub fn advise(beginning: &[u8], format: Option<&Format>, dialect: &Dialect) -> Advice {
    let text = decoded(beginning);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let sample = match format.map(|format| format.name) {
        Some("json" | "jsonl") => Sample::of_json(text),
        Some("csv") | None => Sample::of_table(text).filter(|sample| sample.separator != ' '),
        Some(_) => None,
    };
    let Some(sample) = sample else { return Advice::default() };
    let mut guesses = Guesses { sample: &sample, dialect, found: Vec::new() };
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
            if self.found[*column].is_none() {
                advice.keys.push((names[*column].clone(), "id".to_owned()));
            }
            let mut select = Device::default();
            select.set(DevicePart::Id, Some(selected.clone()));
            (advice.select, advice.others) = (Some(select), others.clone());
        }
        for (column, name) in names.iter().enumerate() {
            let is_device = device.as_ref().is_some_and(|(of_device, ..)| *of_device == column);
            if self.found[column].is_some() || is_device {
                continue;
            }
            let about =
                device.as_ref().map(|(_, selected, _)| selected.as_str()).filter(|_| says_nothing(name));
            let values = self.values_of(column, device.as_ref());
            let guess = self.by_name(about.unwrap_or(name), &values).or_else(|| {
                let is_open = says_nothing(name) && refused(name).is_none();
                is_open.then(|| self.by_values(&values)).flatten()
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
            let guess = if is_clear { self.by_values(&values) } else { None };
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

    /// The column that tells devices apart, the one to select, and the others: the outdoor one before the first.
    fn device(&self, names: &[String]) -> Option<(usize, String, Vec<String>)> {
        if self.dialect.keys.iter().any(|(_, known)| known == "id") {
            return None;
        }
        let column = (0..names.len()).find(|column| {
            let is_id = meaning(&names[*column]) == Ok(Meaning::Device(DevicePart::Id));
            is_id || (self.found[*column].is_none() && is_device_name(&names[*column]))
        })?;
        let mut devices: Vec<String> = Vec::new();
        for device in self.sample.values(column) {
            if !devices.iter().any(|known| known == device) {
                devices.push(device.to_owned());
            }
        }
        let best = devices.iter().position(|device| says_outdoors(device));
        let best = best.or_else(|| devices.iter().position(|device| refused(device).is_none()))?;
        let selected = devices.remove(best);
        // One device needs no selection.
        (!devices.is_empty()).then_some((column, selected, devices))
    }

    fn has(&self, quantity: Quantity) -> bool {
        let is_same =
            |key: &&String| matches!(meaning(key), Ok(Meaning::Measured(known, _)) if known == quantity);
        self.found.iter().flatten().any(|key| is_same(&key))
    }

    fn has_time(&self) -> bool {
        self.found.iter().flatten().any(|key| matches!(meaning(key), Ok(Meaning::Time(_) | Meaning::Changed)))
    }

    /// The known key for a name in another language, or with other words around it.
    fn by_name(&self, name: &str, values: &[&str]) -> Option<String> {
        let is_open =
            matches!(meaning(name), Err(Ignored::Unknown | Ignored::OtherUnit | Ignored::Suffix(_)));
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
        let (key, _) = STEMS.iter().find(|(_, stems)| is_named(stems))?;
        if *key == "time" {
            return (!self.has_time() && is_time(values, self.dialect)).then(|| (*key).to_owned());
        }
        let Ok(Meaning::Measured(quantity, _)) = meaning(key) else { return None };
        let are_numbers = !values.is_empty() && values.iter().all(|value| number(value).is_some());
        (are_numbers && !self.has(quantity)).then(|| with_unit(key, quantity, name, values))
    }

    /// What the values can hardly be but this.
    fn by_values(&self, values: &[&str]) -> Option<String> {
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
        let are_within = |low: f64, high: f64| numbers.iter().all(|number| (low..=high).contains(number));
        if !self.has(Quantity::Temperature) {
            return are_within(-40.0, 50.0).then(|| "temperature_C".to_owned());
        }
        (!self.has(Quantity::Humidity) && are_within(5.0, 100.0)).then(|| "humidity".to_owned())
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
    ("wind_direction", "winddir windricht dirección direccion direzione windrichting"),
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
fn with_unit(key: &str, quantity: Quantity, name: &str, values: &[&str]) -> String {
    if name.contains(['°', '%', '(', '[', '/', '*']) {
        return key.to_owned();
    }
    let are_above =
        |least: f64| values.iter().any(|value| number(value).is_some_and(|number| number > least));
    match quantity {
        Quantity::Temperature | Quantity::DewPoint if are_above(50.0) => format!("{key}_F"),
        Quantity::Temperature | Quantity::DewPoint => format!("{key}_C"),
        Quantity::StationPressure => pressure(values).unwrap_or(key).to_owned(),
        _ => key.to_owned(),
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
        let format = format.and_then(named);
        assert_eq!(advise(text.as_bytes(), format, &Dialect::USUAL), expected, "{text}");
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
                proposals += usize::from(advise(text, format, &Dialect::USUAL) != Advice::default());
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
