//! The text format of Prometheus, as node_exporter's textfile collector reads it, and of OpenMetrics.
//!
//! A name ends in the quantity and its unit; what stands before them is a namespace, a sensor or a
//! reason not to believe it. Samples with the same labels are one record.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::findings::Fault;
use super::names::{Meaning, meaning, says_outdoors};
use super::node::Node;
use super::record::Reader;
use super::surroundings::{Telling, Words, refused, spaced};
use super::{Dialect, Dropped, Format, Ignored, Path, no_head};

pub(super) static PROMETHEUS: Format = Format {
    name: "prometheus",
    expected: "lines with a metric and its value",
    lines: false,
    recognises,
    head: no_head,
    read,
};

/// Words before a quantity that make another one of it: `wind_chill_temperature`, `vapor_pressure`.
const OTHER: &str = "absolute alarm apparent brightness bulb calibration chance chill color colour coolant \
     correction crit critical delta desired device dew differential error exhaust feels flow \
     gas gauge globe heat index like limit noise of offset oil partial probability radiant \
     raw return saturation set setpoint sky specific supply surface target threshold tire \
     tyre vapor vapour wet";

/// Labels that say where or how it was measured: they may rule a sample out.
const TELLING: &str = "aggregation area chip entity friendly_name kind mode period placement position room \
     sensor stat statistic type window zone";

/// Labels that name a place.
const PLACES: &[&str] = &["location", "place", "site", "station"];

/// Labels that distinguish devices, the best first.
const IDS: &[&str] = &["id", "sensor", "entity", "instance"];

/// No sample has more. The bound keeps a hostile line from taking memory.
const LABELS: usize = 100;

/// Longer names are not looked into, since each of their ends is.
const NAME_BYTES: usize = 200;

fn recognises(beginning: &str, _: &Dialect) -> bool {
    let mut lines = beginning.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.find_map(|line| match comment(line) {
        Some(text) => ["HELP ", "TYPE ", "UNIT "].iter().any(|word| text.starts_with(word)).then_some(true),
        // A colon may end a metric's name, but `temp: 7` is what scripts print.
        None => Some(
            sample(line).is_some() && !line.split_whitespace().next().is_some_and(|name| name.ends_with(':')),
        ),
    }) == Some(true)
}

/// The samples that have the same labels.
struct Set<'t> {
    labels: Vec<(&'t str, Cow<'t, str>)>,
    metrics: Vec<(Cow<'t, str>, Node<'t>)>,
}

fn read(text: &str, reader: &mut Reader<'_>) -> Result<(), Fault> {
    let mut sets: Vec<Set<'_>> = Vec::new();
    let mut places: HashMap<Vec<(&str, Cow<'_, str>)>, usize> = HashMap::new();
    let mut reported = HashSet::new();
    let mut found = false;
    for line in text.split_inclusive('\n').filter(|line| !line.trim().is_empty()) {
        if comment(line.trim()).is_some() {
            continue;
        }
        // Without its end it may have been cut within the number.
        let Some(sample) = sample(line.trim()).filter(|_| line.ends_with('\n')) else {
            reader.dropped(Path::key(None, "a line"), Dropped::BadLine);
            continue;
        };
        found = true;
        let path = Path::key(None, sample.name);
        let weather = match (metric(sample.name, reader.dialect()), ruled_out(&sample.labels, reader.picks()))
        {
            (Err(why), _) => Err((path, why)),
            (_, Some((label, why))) => Err((Path::key(Some(&path), label), why)),
            (Ok(metric), None) => Ok(metric),
        };
        match weather {
            Err((key, why)) => {
                if reported.insert(sample.name) {
                    reader.ignored(key, why);
                }
            }
            Ok((around, name)) => {
                let value = if sample.value.is_nan() { Node::Missing } else { Node::Number(sample.value) };
                let node = match sample.time {
                    None => value,
                    Some(time) => {
                        Node::Object(vec![("value".into(), value), ("time".into(), Node::Number(time))])
                    }
                };
                let entry = match around {
                    "" => (Cow::Borrowed(name), node),
                    around => (Cow::Borrowed(around), Node::Object(vec![(Cow::Borrowed(name), node)])),
                };
                let labels = sample.labels;
                let place = *places.entry(labels.clone()).or_insert_with(|| {
                    sets.push(Set { labels, metrics: Vec::new() });
                    sets.len() - 1
                });
                sets[place].metrics.push(entry);
            }
        }
    }
    if !found {
        return Err(Fault::NoRecord);
    }
    let mut records: Vec<Node<'_>> = sets.into_iter().map(Set::into_record).collect();
    match records.pop() {
        Some(only) if records.is_empty() => reader.root(&only),
        last => {
            records.extend(last);
            reader.root(&Node::List(records))
        }
    }
}

impl<'t> Set<'t> {
    fn into_record(self) -> Node<'t> {
        let Set { labels, metrics } = self;
        let id = IDS.iter().find(|name| labels.iter().any(|(label, _)| label == *name)).copied();
        let entry = |(label, value): (&'t str, Cow<'t, str>)| {
            let key = match label {
                "city" | "model" | "channel" | "unit" => label,
                label if PLACES.contains(&label) => label,
                label if Some(label) == id => "id",
                _ => return None,
            };
            Some((Cow::Borrowed(key), Node::Text(value)))
        };
        let mut entries: Vec<_> = labels.into_iter().filter_map(entry).collect();
        entries.extend(metrics);
        Node::Object(entries)
    }
}

/// The namespace of a name and the longest known key that it ends in.
fn metric<'n>(name: &'n str, dialect: &Dialect) -> Result<(&'n str, &'n str), Ignored> {
    if dialect.known(name) != name {
        return Ok(("", name));
    }
    if name.len() > NAME_BYTES {
        return Err(Ignored::Unknown);
    }
    let ends = std::iter::once(0).chain(name.match_indices(['_', ':']).map(|(at, _)| at + 1));
    for (around, key) in ends.map(|end| name.split_at(end)) {
        if !matches!(meaning(key), Ok(Meaning::Measured(..))) {
            continue;
        }
        let around = around.trim_matches(['_', ':']);
        if let Some(why) = refused(around) {
            return Err(why);
        }
        if spaced(around)
            .split(' ')
            .any(|word| !word.is_empty() && OTHER.split(' ').any(|other| other == word))
        {
            return Err(Ignored::Unknown);
        }
        // What means something by itself is no namespace to be looked into.
        return Ok((if meaning(around).is_ok() { "" } else { around }, key));
    }
    Err(meaning(name).err().unwrap_or(Ignored::Unknown))
}

/// The label that says that this is not the weather outdoors now.
fn ruled_out<'t>(labels: &[(&'t str, Cow<'_, str>)], picks: bool) -> Option<(&'t str, Ignored)> {
    labels.iter().find_map(|(label, value)| {
        let why = match *label {
            // Of a summary or a histogram.
            "quantile" | "le" => Some(Ignored::NotCurrent),
            _ if picks => None,
            label if TELLING.split(' ').any(|telling| telling == label) && !says_outdoors(value) => {
                refused(value)
            }
            // A place may be called `Sea Point`, and no kitchen is one.
            label if PLACES.contains(&label) => Words::of(value).said(Telling::Place).against(),
            _ => None,
        };
        Some((*label, why?))
    })
}

/// A line of the format.
#[derive(Debug, PartialEq)]
struct Sample<'t> {
    name: &'t str,
    /// Sorted.
    labels: Vec<(&'t str, Cow<'t, str>)>,
    value: f64,
    /// Milliseconds since the epoch, in OpenMetrics seconds.
    time: Option<f64>,
}

/// What is behind the mark of a comment.
fn comment(line: &str) -> Option<&str> {
    line.strip_prefix('#').map(str::trim_start)
}

fn sample(line: &str) -> Option<Sample<'_>> {
    let (name, rest) = name(line)?;
    let rest = rest.trim_start();
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(rest) => labels(rest)?,
        // A blank has to part the name from the value.
        None if rest.len() + name.len() == line.len() => return None,
        None => (Vec::new(), rest),
    };
    let mut numbers = rest.split_whitespace();
    let value = numbers.next()?.parse().ok()?;
    let mut time = None;
    // Behind another `#` stands an exemplar.
    if let Some(text) = numbers.next().filter(|text| *text != "#") {
        time = Some(text.parse().ok().filter(|time: &f64| time.is_finite())?);
        if numbers.next().is_some_and(|text| text != "#") {
            return None;
        }
    }
    Some(Sample { name, labels, value, time })
}

/// The name that a text begins with.
fn name(text: &str) -> Option<(&str, &str)> {
    let end =
        text.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | ':'))).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    name.starts_with(|c: char| !c.is_ascii_digit()).then_some((name, rest))
}

/// The labels, and what is behind their closing brace.
type Labels<'t> = (Vec<(&'t str, Cow<'t, str>)>, &'t str);

fn labels(text: &str) -> Option<Labels<'_>> {
    let mut labels = Vec::new();
    let mut rest = text.trim_start();
    loop {
        if let Some(behind) = rest.strip_prefix('}') {
            labels.sort();
            return Some((labels, behind));
        }
        let (label, behind) = name(rest)?;
        let (value, behind) = quoted(behind.trim_start().strip_prefix('=')?.trim_start().strip_prefix('"')?)?;
        if labels.len() == LABELS {
            return None;
        }
        labels.push((label, value));
        let behind = behind.trim_start();
        rest = match behind.strip_prefix(',') {
            Some(behind) => behind.trim_start(),
            None => Some(behind).filter(|behind| behind.starts_with('}'))?,
        };
    }
}

/// A text up to its closing quote, and what is behind that.
fn quoted(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let plain = text.find(['"', '\\'])?;
    if text[plain..].starts_with('"') {
        return Some((Cow::Borrowed(&text[..plain]), &text[plain + 1..]));
    }
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((Cow::Owned(value), &text[at + 1..])),
            '\\' => value.push(match chars.next()?.1 {
                'n' => '\n',
                other => other,
            }),
            c => value.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::tests::{WRITTEN, at, check_mutated, only, read, readings};
    use crate::format::{Error, Source, recognise};
    use crate::reading::Quantity::{self, *};
    use crate::reading::Station;

    #[track_caller]
    fn check(text: &str, expected: &[(Quantity, f64)]) -> Vec<String> {
        let (stations, findings) = read(&PROMETHEUS, text.as_bytes(), &Source::new(None, at(WRITTEN)));
        assert_eq!(only(&stations), expected, "{text}: {findings:?}");
        findings
    }

    type Named = (Option<String>, Vec<(Quantity, f64)>);

    #[track_caller]
    fn cities(city: Option<&str>, text: &str) -> Vec<Named> {
        let (stations, _) = read(&PROMETHEUS, text.as_bytes(), &Source::new(city, at(WRITTEN)));
        stations.iter().map(|station: &Station| (station.city.clone(), readings(station))).collect()
    }

    #[test]
    fn names_end_in_the_quantity_and_its_unit() {
        for (name, value, expected) in [
            ("outdoor_temperature_celsius", "6.7", (Temperature, 6.7)),
            ("weather_temperature_fahrenheit", "50", (Temperature, 10.0)),
            ("my_sensor_temperature_kelvin", "283.15", (Temperature, 10.0)),
            ("temperature", "1e1", (Temperature, 10.0)),
            ("bme280_temp_celsius", "+10.0", (Temperature, 10.0)),
            ("weather_outdoor_air_temperature_degrees_celsius", "5", (Temperature, 5.0)),
            ("dew_point_temperature_celsius", "5", (DewPoint, 5.0)),
            ("weather_feels_like_celsius", "5", (FeelsLike, 5.0)),
            ("humidity_ratio", "0.66", (Humidity, 66.0)),
            ("enviro:relative_humidity_percent", "66", (Humidity, 66.0)),
            ("pressure_pascals", "101325", (StationPressure, 1013.25)),
            ("weather_barometric_pressure_hectopascals", "1013.25", (StationPressure, 1013.25)),
            ("weather_sea_level_pressure_hectopascals", "1013.25", (SeaLevelPressure, 1013.25)),
            ("wind_speed_meters_per_second", "3.5", (WindSpeed, 3.5)),
            ("weather_wind_avg_kilometers_per_hour", "36", (WindSpeed, 10.0)),
            ("weather_wind_gust_miles_per_hour", "10", (WindGust, 4.47)),
            ("weather_wind_direction_degrees", "70", (WindDirection, 70.0)),
            ("weather_rain_millimeters_total", "94.4", (RainCounter, 94.4)),
            ("weather_rain_rate_millimeters_per_hour", "2.5", (RainRate, 2.5)),
            ("air_pm2_5_micrograms_per_cubic_meter", "12", (Pm25, 12.0)),
            ("weather_uv_index", "3", (UvIndex, 3.0)),
            ("solar_irradiance_watts_per_square_meter", "264.6", (Irradiance, 264.6)),
            ("illuminance_lux", "4000", (Illuminance, 4000.0)),
        ] {
            assert_eq!(check(&format!("{name} {value}\n"), &[expected]), [""; 0], "{name}");
        }
    }

    #[test]
    fn what_is_not_the_weather_outdoors_is_refused() {
        for name in [
            "node_hwmon_temp_celsius",
            "node_thermal_zone_temp",
            "smartmon_temperature_celsius",
            "rpi_cpu_temperature_celsius",
            "weather_forecast_temperature_celsius",
            "weather_temperature_max_celsius",
            "indoor_temperature_celsius",
            "weather_indoor_temperature_celsius",
            "in_temp",
            "kitchen_humidity_percent",
            "soil_temperature_celsius",
            "wind_chill_temperature_celsius",
            "wet_bulb_temperature_celsius",
            "vapor_pressure_pascals",
            "absolute_humidity",
            "light_color_temperature_kelvin",
            "chance_of_rain",
            "temperature_celsius_count",
            "temperature_seconds",
            "temperature_celsius_total",
            "weather_uv",
            "go_info",
        ] {
            assert_eq!(check(&format!("{name} 21\n{name} 22\n"), &[]).len(), 1, "{name}");
        }
        for label in [
            "room=\"kitchen\"",
            "sensor=\"cpu_temp\"",
            "location=\"living_room\"",
            "entity=\"sensor.bathroom_temperature\"",
            "quantile=\"0.5\"",
            "type=\"max\"",
        ] {
            let text = format!("temperature_celsius{{{label}}} 21\n");
            assert_eq!(check(&text, &[]).len(), 1, "{label}");
        }
        for label in [
            "room=\"outdoors\"",
            "sensor=\"pi_outside\"",
            "city=\"Bath\"",
            "site=\"Sea Point\"",
            "host=\"raspberrypi\"",
        ] {
            let text = format!("temperature_celsius{{{label}}} 21\n");
            assert_eq!(check(&text, &[(Temperature, 21.0)]), [""; 0], "{label}");
        }
        // The outdoor one has failed.
        check("temperature_celsius 21\nweather_outdoor_temperature_celsius NaN\n", &[]);
    }

    #[test]
    fn lines_are_read_as_the_format_has_them() {
        let text = "# HELP outdoor_temperature_celsius Outdoors.\n# TYPE outdoor_temperature_celsius gauge\n\
            outdoor_temperature_celsius{site=\"a \\\"b\\\"\\\\\\n c\" , x = \"}\",} 6.7\t1740954000000\n\n\
            humidity_ratio{site=\"a \\\"b\\\"\\\\\\n c\",x=\"}\"} +6.6e-01 # {trace_id=\"a\"} 1.0 2\n# EOF\n";
        let found = cities(None, text);
        assert_eq!(found, [(Some("a \"b\"\\  c".to_owned()), vec![(Temperature, 6.7), (Humidity, 66.0)])]);
        assert_eq!(check("temp NaN\nrh 5\nwind_speed +Inf\n", &[(Humidity, 5.0)]).len(), 1);
        for bad in [
            "temp",
            "temp five",
            "temp{ 5",
            "temp{a} 5",
            "temp{a=\"b} 5",
            "temp{a=b} 5",
            "temp{a=\"b\"c=\"d\"} 5",
            "5 5",
            "temp 5 now",
            "temp 5 1 1",
            "temp{a=\"\\",
            "te-mp 5",
            "{} 5",
            "temp{}5five",
        ] {
            assert_eq!(
                check(&format!("rh 5\n{bad}\n"), &[(Humidity, 5.0)]),
                ["a line: not a whole record"],
                "{bad}"
            );
        }
        // 6.7 that is being written.
        assert_eq!(check("rh 5\ntemp 6", &[(Humidity, 5.0)]), ["a line: not a whole record"]);
        let source = Source::new(None, at(WRITTEN));
        for none in ["# EOF\n", "temp\n"] {
            let result = PROMETHEUS.read(none.as_bytes(), &source, &mut |_| {}, &mut |_| {});
            assert!(matches!(result, Err(Error::NoRecord { .. })), "{none}");
        }
    }

    #[test]
    fn each_sample_has_its_time() {
        let source = Source::new(None, at(WRITTEN));
        for (time, expected) in [
            ("", WRITTEN),
            (" 1740954000000", "2025-03-02T22:20:00Z"),
            // OpenMetrics counts seconds.
            (" 1740954000.5", "2025-03-02T22:20:00.5Z"),
        ] {
            let (stations, _) = read(&PROMETHEUS, format!("temp 5{time}\n").as_bytes(), &source);
            assert_eq!(stations[0].newest(), Some(at(expected)), "{time}");
        }
        let (stations, _) = read(&PROMETHEUS, b"temp 5 1740954000000\nrh 6\n", &source);
        let seen = |quantity| stations[0].reading(quantity).map(|reading| reading.at);
        assert_eq!(
            (seen(Temperature), seen(Humidity)),
            (Some(at("2025-03-02T22:20:00Z")), Some(at(WRITTEN)))
        );
    }

    #[test]
    fn labels_name_the_place_and_the_device() {
        let named = |name: &str, value| (Some(name.to_owned()), vec![(Temperature, value)]);
        for label in ["city", "location", "station", "site", "place"] {
            let one = format!("temp{{{label}=\"shed\"}} 5\n");
            assert_eq!(cities(None, &one), [named("shed", 5.0)]);
            let expected = if label == "city" { "shed" } else { "London" };
            assert_eq!(cities(Some("London"), &one), [named(expected, 5.0)]);
            // What is not the weather is no other set.
            let with_machine = format!("{one}go_info{{version=\"1\"}} 1\ntemp{{room=\"hall\"}} 20\n");
            assert_eq!(cities(Some("London"), &with_machine), [named(expected, 5.0)]);
            let two = format!("{one}temp{{{label}=\"lake view\"}} 6\n");
            assert_eq!(cities(Some("London"), &two), [named("shed", 5.0), named("lake view", 6.0)]);
        }
        let mut devices = Vec::new();
        let text = "temp{model=\"bme280\",sensor=\"a\",instance=\"b\"} 5\nrh{instance=\"b\"} 6\n";
        let source = Source::new(None, at(WRITTEN));
        let read = PROMETHEUS.read(
            text.as_bytes(),
            &source,
            &mut |record| devices.push(record.device.to_string()),
            &mut |_| {},
        );
        assert!(read.is_ok());
        assert_eq!(devices, ["bme280 a", "b"]);
    }

    #[test]
    fn it_is_recognised() {
        for text in [
            "# HELP a b\n",
            "# TYPE a gauge",
            "# written by me\ntemp 5\n",
            "temp{a=\"b\"} 5 1\n",
            "temp NaN\n",
        ] {
            assert_eq!(recognise(text.as_bytes(), &Dialect::USUAL).ok(), Some(&PROMETHEUS), "{text}");
        }
        for text in ["# EOF", "temp", "temp=5", "temp,5", "# temp,rh\n1,2", "temp 5 %", "{\"temp\": 5}"] {
            assert_ne!(recognise(text.as_bytes(), &Dialect::USUAL).ok(), Some(&PROMETHEUS), "{text}");
        }
    }

    #[test]
    fn mutated_texts_give_believable_values_or_none() {
        let texts = [
            "# HELP temp a\n# TYPE temp gauge\nweather_temp_celsius{site=\"a\",id=\"\\\\7\\\"\"} 6.7 1740954000000\nrain_mm_total 4\n",
            "temp{city=\"Köln\"} 1\ntemp{city=\"Ulm\",unit=\"fahrenheit\"} 50\npm2_5_ug_m3 5 # {a=\"b\"} 1\nnode_hwmon_temp_celsius 9\n",
        ];
        check_mutated(
            &PROMETHEUS,
            &texts,
            &["\n", "{", "}", "\"", "\\", ",", "=", " ", "NaN", "+Inf", "1e999", "-9", "#", "_"],
        );
    }
}
