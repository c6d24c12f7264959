//! The places of the TOML file and their sources: `[[station]]` and `[[station.source]]`.

use std::path::Path;
use std::time::Duration;

use serde_json::{Map, Value};

use super::{Given, nearest, shown, unknown};
use crate::format::{self, Dialect};
use crate::place::fold;
use crate::reading::{ALIASES, Device, Quantity};
use crate::sampler::{Offsets, SourceOptions, StationOptions};
use crate::time::Zone;

/// More sources than any board has sensors; each has a thread.
const SOURCES: usize = 256;

/// The highest and the lowest place that has a weather station, m.
const ELEVATIONS: std::ops::RangeInclusive<i64> = -500..=9000;

const STATION: [&str; 5] = ["city", "aliases", "elevation_m", "default", "source"];
const SOURCE: [&str; 8] = ["file", "format", "match", "keys", "columns", "offset", "every", "zone"];
const MATCH: [&str; 3] = ["model", "id", "channel"];

/// A table of the file and where it stands, for messages.
pub(super) struct Table<'v> {
    entries: &'v Map<String, Value>,
    path: String,
}

impl<'v> Table<'v> {
    pub(super) fn new(value: &'v Value, path: String, known: &[&str]) -> Result<Table<'v>, String> {
        let entries =
            value.as_object().ok_or_else(|| format!("{path}: expected a table, found {}", shown(value)))?;
        if let Some(key) = entries.keys().find(|key| !known.contains(&key.as_str()) && !known.is_empty()) {
            return Err(format!("{path}: {}", unknown("key", key, nearest(key, known.iter().copied()))));
        }
        Ok(Table { entries, path })
    }

    /// The value of a key, if it is there, as `read` understands it.
    pub(super) fn get<T>(
        &self,
        key: &str,
        expected: &str,
        read: impl FnOnce(&'v Value) -> Option<T>,
    ) -> Result<Option<T>, String> {
        let Some(value) = self.entries.get(key) else { return Ok(None) };
        let fault = || format!("{}.{key}: expected {expected}, found {}", self.path, shown(value));
        read(value).map(Some).ok_or_else(fault)
    }

    fn inner(&self, key: &str, known: &[&str]) -> Result<Option<Table<'v>>, String> {
        let path = format!("{}.{key}", self.path);
        self.entries.get(key).map(|value| Table::new(value, path, known)).transpose()
    }

    /// The tables of a list of them.
    fn list(&self, key: &str, known: &[&str]) -> Result<Vec<Table<'v>>, String> {
        let path = |index| format!("{}.{key}[{index}]", self.path);
        let tables = match self.entries.get(key) {
            None => return Ok(Vec::new()),
            Some(Value::Array(values)) => values.iter().enumerate(),
            Some(value) => {
                return Err(format!("{}.{key}: expected tables, found {}", self.path, shown(value)));
            }
        };
        tables.map(|(index, value)| Table::new(value, path(index), known)).collect()
    }
}

/// Reads `station`, which is a list of tables. `every` is for sources that have no time of their own.
pub(super) fn read(
    value: &Value,
    directory: &Path,
    every: Duration,
) -> Result<(Vec<StationOptions>, Vec<SourceOptions>), String> {
    let Value::Array(values) = value else {
        return Err(format!("station: expected tables, [[station]], found {}", shown(value)));
    };
    let (mut stations, mut sources) = (Vec::new(), Vec::new());
    for (index, value) in values.iter().enumerate() {
        let table = Table::new(value, format!("station[{index}]"), &STATION)?;
        let station = station(&table)?;
        let of_station = table.list("source", &SOURCE)?;
        if of_station.is_empty() {
            return Err(format!("{}: expected a source, [[station.source]], found none", table.path));
        }
        for source in &of_station {
            sources.push(self::source(source, &station.city, directory, every)?);
        }
        let same = |other: &&StationOptions| fold(&other.city) == fold(&station.city);
        if let Some(other) = stations.iter().find(same) {
            return Err(format!("{}.city: there is another station \"{}\"", table.path, other.city));
        }
        if station.default && stations.iter().any(|other: &StationOptions| other.default) {
            return Err(format!("{}.default: another station is the default already", table.path));
        }
        stations.push(station);
    }
    if sources.len() > SOURCES {
        return Err(format!("station: expected at most {SOURCES} sources, found {}", sources.len()));
    }
    Ok((stations, sources))
}

fn station(table: &Table<'_>) -> Result<StationOptions, String> {
    let name = "a name without control characters";
    let city = table.get("city", name, named)?;
    let city = city.ok_or_else(|| format!("{}.city: expected {name}, found nothing", table.path))?;
    let aliases = table.get("aliases", "a list of at most 100 names", |value| {
        let aliases = value.as_array().filter(|aliases| aliases.len() <= ALIASES)?;
        aliases.iter().map(named).collect()
    })?;
    let elevation = table.get("elevation_m", "metres from -500 to 9000, like 24", |value| {
        value
            .as_i64()
            .filter(|metres| ELEVATIONS.contains(metres))
            .and_then(|metres| i32::try_from(metres).ok())
    })?;
    let default = table.get("default", "true or false", Value::as_bool)?;
    Ok(StationOptions {
        city,
        aliases: aliases.unwrap_or_default(),
        default: default.unwrap_or_default(),
        elevation,
    })
}

fn named(value: &Value) -> Option<String> {
    let name = value.as_str()?.trim();
    (!name.is_empty() && !name.contains(char::is_control)).then(|| name.to_owned())
}

fn source(table: &Table<'_>, city: &str, directory: &Path, every: Duration) -> Result<SourceOptions, String> {
    let a_file = "the path of a file, a directory or a pattern";
    let file = table.get("file", a_file, |value| Given::Toml(value, directory).path())?;
    let file = file.ok_or_else(|| format!("{}.file: expected {a_file}, found nothing", table.path))?;
    let formats = format::name_list();
    let every_given =
        table.get("every", super::EVERY_EXPECTED, |value| Given::Toml(value, directory).every())?;
    Ok(SourceOptions {
        station: Some(city.to_owned()),
        format: table.get("format", &format!("one of {formats}"), |value| format::named(value.as_str()?))?,
        select: table.inner("match", &MATCH)?.map(|table| device(&table)).transpose()?.unwrap_or_default(),
        dialect: dialect(table)?,
        offsets: table.inner("offset", &[])?.map(|table| offsets(&table)).transpose()?.unwrap_or_default(),
        ..SourceOptions::new(file, every_given.unwrap_or(every))
    })
}

fn device(table: &Table<'_>) -> Result<Device, String> {
    let part = |key| {
        table.get(key, "a number or a text", |value| match value {
            Value::Number(number) => Some(number.to_string()),
            Value::String(text) => Some(text.clone()),
            _ => None,
        })
    };
    Ok(Device { model: part("model")?, id: part("id")?, channel: part("channel")? })
}

fn dialect(table: &Table<'_>) -> Result<Dialect, String> {
    let mut keys = Vec::new();
    if let Some(names) = table.inner("keys", &[])? {
        for own in names.entries.keys() {
            let expected = "a key like temperature_C or wind_avg_km_h, or nothing to leave it out";
            let known = names.get(own, expected, |value| {
                value.as_str().filter(|known| known.is_empty() || format::is_known(known))
            })?;
            keys.extend(known.map(|known| (own.clone(), known.to_owned())));
        }
    }
    let columns = table.get("columns", "a list of the columns' keys", |value| {
        value.as_array()?.iter().map(|column| column.as_str().map(str::to_owned)).collect()
    })?;
    let zone = table.get("zone", "utc or local", |value| match value.as_str()? {
        "utc" | "UTC" => Some(Zone::Utc),
        "local" => Some(Zone::Local),
        _ => None,
    })?;
    Ok(Dialect { keys, columns: columns.unwrap_or_default(), zone: zone.unwrap_or(Zone::Local) })
}

fn offsets(table: &Table<'_>) -> Result<Offsets, String> {
    let mut offsets = Offsets::new();
    for name in table.entries.keys() {
        let quantity = Quantity::ALL.into_iter().find(|quantity| quantity.key() == *name);
        let quantity = quantity.ok_or_else(|| {
            let known = Quantity::ALL.iter().map(|quantity| quantity.key()).collect::<Vec<_>>();
            let near = nearest(name, known.iter().map(String::as_str)).map(str::to_owned);
            format!("{}: {}", table.path, unknown("key", name, near.as_deref()))
        })?;
        let expected = format!("a number in {}, like -2.5", quantity.base_unit().symbol());
        let offset = table.get(name, &expected, |value| {
            value.as_f64().filter(|offset| offset.abs() <= 1e6).map(|offset| (offset * 1000.0).round())
        })?;
        #[expect(clippy::cast_possible_truncation, reason = "at most 1e9")]
        offsets.extend(offset.map(|thousandths| (quantity, thousandths as i64)));
    }
    Ok(offsets)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(toml: &str) -> Result<(Vec<StationOptions>, Vec<SourceOptions>), String> {
        let table: Map<String, Value> = basic_toml::from_str(toml).expect("TOML");
        read(&table["station"], Path::new("/etc/weatherhook"), Duration::from_secs(5))
    }

    #[test]
    fn everything_is_read() {
        let (stations, sources) = read_all(
            r#"
            [[station]]
            city = "London"
            aliases = ["Londres"]
            elevation_m = 24
            default = true
            [[station.source]]
            file = "/var/log/rtl_433.json"
            format = "jsonl"
            match = { model = "Bresser-5in1", id = 206, channel = "A" }
            keys = { T1 = "temperature_C" }
            columns = ["time", "T1"]
            offset = { temperature = -2.5, station_pressure = 1 }
            every = "1m"
            zone = "utc"
            [[station.source]]
            file = "bme280.json"
            [[station]]
            city = "Bonn"
            [[station.source]]
            file = "bonn/*.csv"
            "#,
        )
        .expect("good");
        assert_eq!(
            stations[0],
            StationOptions {
                city: "London".to_owned(),
                aliases: vec!["Londres".to_owned()],
                default: true,
                elevation: Some(24)
            }
        );
        assert_eq!(stations[1], StationOptions { city: "Bonn".to_owned(), ..StationOptions::default() });
        let of: Vec<_> = sources.iter().map(|source| source.station.as_deref()).collect();
        assert_eq!(of, [Some("London"), Some("London"), Some("Bonn")]);
        let first = &sources[0];
        assert_eq!(first.format.map(|format| format.name), Some("jsonl"));
        assert_eq!(first.select.to_string(), "Bresser-5in1 206 A");
        assert_eq!(first.dialect.keys, [("T1".to_owned(), "temperature_C".to_owned())]);
        assert_eq!(first.dialect.columns, ["time", "T1"]);
        assert_eq!(first.dialect.zone, Zone::Utc);
        let offsets = [(Quantity::Temperature, -2500), (Quantity::StationPressure, 1000)];
        assert_eq!(first.offsets, Offsets::from(offsets));
        assert_eq!(first.every, Duration::from_secs(60));
        assert_eq!(sources[1].file, Path::new("/etc/weatherhook/bme280.json"));
        assert_eq!(sources[1].every, Duration::from_secs(5));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        #[track_caller]
        fn check(toml: &str, expected: &str) {
            assert_eq!(read_all(toml).expect_err(toml), expected);
        }
        let source =
            |line: &str| format!("[[station]]\ncity = \"A\"\n[[station.source]]\nfile = \"a\"\n{line}\n");
        check("station = 1", "station: expected tables, [[station]], found 1");
        check("[[station]]\n", "station[0].city: expected a name without control characters, found nothing");
        check("[[station]]\ncity = \"A\"\n", "station[0]: expected a source, [[station.source]], found none");
        check("[[station]]\nctiy = \"A\"\n", "station[0]: unknown key \"ctiy\", did you mean \"city\"?");
        check(
            "[[station]]\ncity = \"A\"\nelevation_m = 9001\n",
            "station[0].elevation_m: expected metres from -500 to 9000, like 24, found 9001",
        );
        check(
            "[[station]]\ncity = \"A\"\n[[station.source]]\n",
            "station[0].source[0].file: expected the path of a file, a directory or a pattern, found nothing",
        );
        check(&source("match = 1"), "station[0].source[0].match: expected a table, found 1");
        check(
            &source("match = { modle = \"X\" }"),
            "station[0].source[0].match: unknown key \"modle\", did you mean \"model\"?",
        );
        check(
            &source("keys = { T1 = \"warmth\" }"),
            "station[0].source[0].keys.T1: expected a key like temperature_C or wind_avg_km_h, or nothing to leave it out, found \"warmth\"",
        );
        check(
            &source("offset = { temprature = 1 }"),
            "station[0].source[0].offset: unknown key \"temprature\", did you mean \"temperature\"?",
        );
        check(
            &source("offset = { temperature = \"1\" }"),
            "station[0].source[0].offset.temperature: expected a number in °C, like -2.5, found \"1\"",
        );
        check(
            &source("every = \"1ms\""),
            "station[0].source[0].every: expected a time from 100ms to 1h, like 5s, found \"1ms\"",
        );
        check(&source("zone = \"CET\""), "station[0].source[0].zone: expected utc or local, found \"CET\"");
        let twice = source("") + &source("");
        check(&twice, "station[1].city: there is another station \"A\"");
        let station = |city: &str| {
            format!("[[station]]\ncity = \"{city}\"\ndefault = true\n[[station.source]]\nfile = \"a\"\n")
        };
        check(&(station("A") + &station("B")), "station[1].default: another station is the default already");
        let same = source("") + &source("").replace("\"A\"", "\" a\"");
        check(&same, "station[1].city: there is another station \"A\"");
    }
}
