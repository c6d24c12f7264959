//! The places of the TOML file and their sources: `[[station]]` and `[[station.source]]`.

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use super::error::Fault;
use super::values::{Given, Table, name, tables, unknown_key};
use crate::format::{self, Dialect, Format};
use crate::place::fold;
use crate::reading::{ALIASES, Device, Quantity};
use crate::sampler::{Offsets, SourceKind, SourceOptions, StationOptions, TextOptions};
use crate::time::{Zone, is_format};

/// More sources than any board has sensors; each has a thread.
const SOURCES: usize = 256;

/// The highest and the lowest place that has a weather station, m.
const ELEVATIONS: RangeInclusive<i32> = -500..=9000;

const STATION: [&str; 5] = ["city", "aliases", "elevation_m", "default", "source"];
const SOURCE: [&str; 9] =
    ["file", "format", "match", "keys", "columns", "offset", "every", "zone", "time_format"];
const MATCH: [&str; 3] = ["model", "id", "channel"];

/// Reads `station`, which is a list of tables. `every` is for sources that have no time of their own.
pub(super) fn read(
    given: &Given<'_>,
    every: Duration,
) -> Result<(Vec<StationOptions>, Vec<SourceOptions>), Fault> {
    let (mut stations, mut sources) = (Vec::<StationOptions>::new(), Vec::new());
    for table in tables(given, super::STATION, &STATION)? {
        let station = station(&table)?;
        let of_station = table.list("source", &SOURCE)?;
        if of_station.is_empty() {
            return Err(table.fault("a source, [[station.source]]"));
        }
        for source in &of_station {
            sources.push(self::source(source, &station.city, every)?);
        }
        if let Some(other) = stations.iter().find(|other| fold(&other.city) == fold(&station.city)) {
            let fault = Fault::other(format!("there is another station {:?}", other.city));
            return Err(fault.at(table.place("city")));
        }
        if station.default && stations.iter().any(|other| other.default) {
            return Err(Fault::other("there is another default station").at(table.place("default")));
        }
        stations.push(station);
    }
    if sources.len() > SOURCES {
        let expected = format!("at most {SOURCES} sources");
        return Err(Fault::expected(expected, sources.len()).at(super::STATION));
    }
    Ok((stations, sources))
}

fn station(table: &Table<'_>) -> Result<StationOptions, Fault> {
    Ok(StationOptions {
        city: table.need("city", Given::name)?,
        aliases: table.get("aliases", aliases)?.unwrap_or_default(),
        default: table.get("default", is_default)?.unwrap_or_default(),
        elevation: table.get("elevation_m", elevation)?,
    })
}

fn aliases(given: &Given<'_>) -> Result<Vec<String>, Fault> {
    let list = given.toml().and_then(Value::as_array).filter(|list| list.len() <= ALIASES);
    let aliases: Option<Vec<String>> =
        list.and_then(|list| list.iter().map(|alias| name(alias.as_str()?)).collect());
    aliases.ok_or_else(|| given.fault(format!("a list of at most {ALIASES} names")))
}

fn is_default(given: &Given<'_>) -> Result<bool, Fault> {
    given.toml().and_then(Value::as_bool).ok_or_else(|| given.fault("true or false"))
}

fn elevation(given: &Given<'_>) -> Result<i32, Fault> {
    let metres = given.toml().and_then(Value::as_i64).and_then(|metres| i32::try_from(metres).ok());
    metres.filter(|metres| ELEVATIONS.contains(metres)).ok_or_else(|| {
        let (lowest, highest) = ELEVATIONS.into_inner();
        given.fault(format!("metres from {lowest} to {highest}, like 24"))
    })
}

fn source(table: &Table<'_>, city: &str, every: Duration) -> Result<SourceOptions, Fault> {
    let file = table.need("file", files)?;
    let every_given = table.get("every", Given::every)?;
    let texts = TextOptions {
        format: table.get("format", format)?,
        select: table
            .inner("match", Some(&MATCH))?
            .map(|table| device(&table))
            .transpose()?
            .unwrap_or_default(),
        dialect: dialect(table)?,
        offsets: table.inner("offset", None)?.map(|table| offsets(&table)).transpose()?.unwrap_or_default(),
    };
    let every = every_given.unwrap_or(every);
    Ok(SourceOptions { kind: SourceKind::Files(file), station: Some(city.to_owned()), texts, every })
}

fn files(given: &Given<'_>) -> Result<PathBuf, Fault> {
    given.path().ok_or_else(|| given.fault("the path of a file, a directory or a pattern"))
}

fn format(given: &Given<'_>) -> Result<&'static Format, Fault> {
    let format = given.text().and_then(format::named);
    format.ok_or_else(|| given.fault(format!("one of {}", format::name_list())))
}

fn device(table: &Table<'_>) -> Result<Device, Fault> {
    let part = |key| {
        table.get(key, |given| match given.toml() {
            Some(Value::Number(number)) => Ok(number.to_string()),
            Some(Value::String(text)) => Ok(text.clone()),
            _ => Err(given.fault("a number or a text")),
        })
    };
    Ok(Device { model: part("model")?, id: part("id")?, channel: part("channel")? })
}

fn dialect(table: &Table<'_>) -> Result<Dialect, Fault> {
    let mut keys = Vec::new();
    if let Some(names) = table.inner("keys", None)? {
        for own in names.keys() {
            keys.push((own.clone(), names.need(own, known_key)?));
        }
    }
    Ok(Dialect {
        keys,
        columns: table.get("columns", columns)?.unwrap_or_default(),
        zone: table.get("zone", zone)?.unwrap_or(Zone::Local),
        time_format: table.get("time_format", time_format)?,
    })
}

fn zone(given: &Given<'_>) -> Result<Zone, Fault> {
    let zone = given.text().and_then(|name| Zone::named(name).ok());
    zone.ok_or_else(|| {
        given.fault(
            "utc, local, an offset like +05:00 or a name like Europe/Berlin that /usr/share/zoneinfo has",
        )
    })
}

fn time_format(given: &Given<'_>) -> Result<String, Fault> {
    let format = given.text().filter(|format| is_format(format));
    let format = format
        .ok_or_else(|| given.fault("a pattern of strftime(3) with date and time, like %d.%m.%Y %H:%M"))?;
    Ok(format.to_owned())
}

fn known_key(given: &Given<'_>) -> Result<String, Fault> {
    let known = given.text().filter(|known| known.is_empty() || format::is_known(known));
    let known = known.ok_or_else(|| {
        given.fault("a key like temperature_C or wind_avg_km_h, or an empty text to ignore it")
    })?;
    Ok(known.to_owned())
}

fn columns(given: &Given<'_>) -> Result<Vec<String>, Fault> {
    let list = given.toml().and_then(Value::as_array);
    let columns: Option<Vec<String>> =
        list.and_then(|list| list.iter().map(|column| column.as_str().map(str::to_owned)).collect());
    columns.ok_or_else(|| given.fault("a list of keys, one for each column"))
}

fn offsets(table: &Table<'_>) -> Result<Offsets, Fault> {
    let mut offsets = Offsets::new();
    for key in table.keys() {
        let quantity = Quantity::ALL.iter().copied().find(|quantity| quantity.key() == key);
        let quantity = quantity.ok_or_else(|| {
            let known = Quantity::ALL.iter().map(|quantity| quantity.key()).collect::<Vec<_>>();
            unknown_key(key, &mut known.iter().map(|key| &**key)).at(table.path())
        })?;
        offsets.insert(quantity, table.need(key, |given| thousandths(given, quantity))?);
    }
    Ok(offsets)
}

/// A number in the base unit of the quantity, as thousandths.
fn thousandths(given: &Given<'_>, quantity: Quantity) -> Result<i64, Fault> {
    let offset = given.toml().and_then(Value::as_f64).filter(|offset| offset.abs() <= 1e6);
    let offset = offset
        .ok_or_else(|| given.fault(format!("a number in {}, like -2.5", quantity.base_unit().symbol())))?;
    #[expect(clippy::cast_possible_truncation, reason = "at most 1e9")]
    Ok((offset * 1000.0).round() as i64)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::Map;

    use super::*;

    fn read_all(toml: &str) -> Result<(Vec<StationOptions>, Vec<SourceOptions>), String> {
        let table: Map<String, Value> = basic_toml::from_str(toml).expect("TOML");
        let given = Given::Toml(&table["station"], Path::new("/etc/weatherhook"));
        read(&given, Duration::from_secs(5)).map_err(|fault| fault.to_string())
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
        assert_eq!(first.texts.format.map(|format| format.name), Some("jsonl"));
        assert_eq!(first.texts.select.to_string(), "Bresser-5in1 206 A");
        assert_eq!(first.texts.dialect.keys, [("T1".to_owned(), "temperature_C".to_owned())]);
        assert_eq!(first.texts.dialect.columns, ["time", "T1"]);
        assert_eq!(first.texts.dialect.zone, Zone::Utc);
        let offsets = [(Quantity::Temperature, -2500), (Quantity::StationPressure, 1000)];
        assert_eq!(first.texts.offsets, Offsets::from(offsets));
        assert_eq!(first.every, Duration::from_secs(60));
        assert_eq!(sources[1].kind, SourceKind::Files("/etc/weatherhook/bme280.json".into()));
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
        check(
            "[[station]]\ncity = \"A\"\n",
            "station[0]: expected a source, [[station.source]], found nothing",
        );
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
            "station[0].source[0].keys.T1: expected a key like temperature_C or wind_avg_km_h, or an empty text to ignore it, found \"warmth\"",
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
        check(
            &source("zone = \"+25:00\""),
            "station[0].source[0].zone: expected utc, local, an offset like +05:00 or a name like Europe/Berlin that /usr/share/zoneinfo has, found \"+25:00\"",
        );
        check(
            &source("time_format = \"%H:%M\""),
            "station[0].source[0].time_format: expected a pattern of strftime(3) with date and time, like %d.%m.%Y %H:%M, found \"%H:%M\"",
        );
        let twice = source("") + &source("");
        check(&twice, "station[1].city: there is another station \"A\"");
        let station = |city: &str| {
            format!("[[station]]\ncity = \"{city}\"\ndefault = true\n[[station.source]]\nfile = \"a\"\n")
        };
        check(&(station("A") + &station("B")), "station[1].default: there is another default station");
        let same = source("") + &source("").replace("\"A\"", "\" a\"");
        check(&same, "station[1].city: there is another station \"A\"");
    }
}
