//! Texts of one line whose fields are known by their places: realtime.txt of Cumulus and clientraw.txt of
//! Weather Display, with blanks between.

use std::borrow::Cow;

use super::findings::{Dropped, Fault, Path};
use super::node::Node;
use super::record::Reader;
use super::{Dialect, Format, no_head};

/// Cumulus, all versions, and what other programs write for its readers.
pub(super) static REALTIME: Format = Format {
    name: "cumulus",
    expected: "the line of Cumulus' realtime.txt",
    lines: false,
    recognises: is_realtime,
    head: no_head,
    read: read_realtime,
};

/// Weather Display, and what other programs write for its readers.
pub(super) static CLIENTRAW: Format = Format {
    name: "clientraw",
    expected: "the line of Weather Display's clientraw.txt",
    lines: false,
    recognises: is_clientraw,
    head: no_head,
    read: read_clientraw,
};

type Entry<'t> = (Cow<'t, str>, Node<'t>);

fn entry<'t>(key: impl Into<Cow<'t, str>>, text: impl Into<Cow<'t, str>>) -> Entry<'t> {
    (key.into(), Node::Text(text.into()))
}

/// The first version of realtime.txt ended with the gust.
const REALTIME_FIELDS: usize = 41;

/// What field of realtime.txt is what, counted from 0, and the field that names its unit.
const REALTIME_KEYS: [(usize, &str, Option<usize>); 13] = [
    (2, "temperature", Some(TEMPERATURE_UNIT)),
    (3, "humidity", None),
    (4, "dewpoint", Some(TEMPERATURE_UNIT)),
    (5, "wind_speed", Some(WIND_UNIT)),
    (7, "wind_direction", None),
    (8, "rain_rate", Some(RAIN_UNIT)),
    (9, "rain_today", Some(RAIN_UNIT)),
    (10, "barometer", Some(PRESSURE_UNIT)),
    (40, "wind_gust", Some(WIND_UNIT)),
    (43, "uv_index", None),
    (45, "solar_radiation", None),
    (58, "feels_like", Some(TEMPERATURE_UNIT)),
    (54, "apparent_temperature", Some(TEMPERATURE_UNIT)),
];

const WIND_UNIT: usize = 13;
const TEMPERATURE_UNIT: usize = 14;
const PRESSURE_UNIT: usize = 15;
const RAIN_UNIT: usize = 16;

/// 1 while the console does not hear its sensors, so that all values are old.
const CONTACT_LOST: usize = 50;

fn is_realtime(beginning: &str, _: &Dialect) -> bool {
    let fields: Vec<&str> = line(beginning).split_whitespace().take(RAIN_UNIT + 1).collect();
    let is = |index: usize, known: &[&str]| {
        fields.get(index).is_some_and(|field| known.iter().any(|unit| field.eq_ignore_ascii_case(unit)))
    };
    is(WIND_UNIT, &["m/s", "mph", "km/h", "kts"])
        && is(TEMPERATURE_UNIT, &["C", "F", "°C", "°F"])
        && is(PRESSURE_UNIT, &["mb", "hPa", "in", "kPa"])
        && is(RAIN_UNIT, &["mm", "in"])
}

fn read_realtime(text: &str, reader: &mut Reader<'_>) -> Result<(), Fault> {
    let fields = whole_fields(text);
    if fields.len() < REALTIME_FIELDS || !is_realtime(text, reader.dialect()) {
        return Err(Fault::NoRecord);
    }
    if fields.get(CONTACT_LOST) == Some(&"1") {
        reader.dropped(Path::key(None, "field 51"), Dropped::Expected("0: the console hears its sensors"));
        return Ok(());
    }
    let mut entries = vec![entry("time", realtime_time(fields[0], fields[1], reader.dialect()))];
    for (index, key, unit) in REALTIME_KEYS {
        let Some(value) = fields.get(index) else { continue };
        // Without wind there is no direction; that of north is 360.
        if key == "wind_direction" && value.trim_matches('0').is_empty() {
            continue;
        }
        // Where a comma stands before decimals.
        let value = value.replace(',', ".");
        let key = match unit.map(|unit| fields[unit]) {
            Some("in") if key == "barometer" => Cow::Borrowed("barometer_inHg"),
            Some(unit) if key == "rain_rate" => Cow::Owned(format!("{key} ({unit}/h)")),
            Some(unit) => Cow::Owned(format!("{key} ({unit})")),
            None => Cow::Borrowed(key),
        };
        entries.push(entry(key, value));
    }
    reader.root(&Node::Object(entries))
}

/// The day always stands first, whatever is between it, the month and the two digits of the year.
fn realtime_time(date: &str, time: &str, dialect: &Dialect) -> String {
    let mut numbers = date.split(|c: char| !c.is_ascii_digit());
    match (numbers.next(), numbers.next(), numbers.next()) {
        (Some(day), Some(month), Some(year)) if dialect.time_format.is_none() && day.len() < 3 => {
            let century = if year.len() == 2 { "20" } else { "" };
            format!("{century}{year}-{month}-{day} {time}")
        }
        _ => format!("{date} {time}"),
    }
}

/// How clientraw.txt begins, and the longer files beside it that have other fields.
const CLIENTRAW_MARK: &str = "12345";

/// What field of clientraw.txt is what; its units are always these.
const CLIENTRAW_KEYS: [(usize, &str); 9] = [
    (1, "wind_speed_kn"),
    (2, "wind_gust_kn"),
    (3, "wind_direction"),
    (4, "temperature_C"),
    (5, "humidity"),
    (6, "barometer_hPa"),
    (7, "rain_today_mm"),
    (72, "dewpoint_C"),
    (130, "apparent_temperature_C"),
];

/// Fields that are 0 without such a sensor.
const CLIENTRAW_EXTRAS: [(usize, &str); 2] = [(79, "uv_index"), (127, "solar_radiation")];

/// Millimetres a minute.
const CLIENTRAW_RAIN_RATE: usize = 10;

/// Hour, minute, second, day and month; the year stands only in the date, whose order is a setting.
const CLIENTRAW_TIME: [usize; 5] = [29, 30, 31, 35, 36];
const CLIENTRAW_DATE: usize = 74;

fn is_clientraw(beginning: &str, _: &Dialect) -> bool {
    let mut fields = line(beginning).split_whitespace();
    fields.next() == Some(CLIENTRAW_MARK) && fields.next().is_some_and(|wind| wind.parse::<f64>().is_ok())
}

fn read_clientraw(text: &str, reader: &mut Reader<'_>) -> Result<(), Fault> {
    let fields = whole_fields(text);
    let time = clientraw_time(&fields).filter(|_| fields[0] == CLIENTRAW_MARK).ok_or(Fault::NoRecord)?;
    let mut entries = vec![entry("time", time)];
    // What a station has not is −100, 255 or dashes: out of bounds, or no number.
    let known = CLIENTRAW_KEYS.iter().filter_map(|(index, key)| Some(entry(*key, *fields.get(*index)?)));
    entries.extend(known);
    let is_there = |value: &&&str| value.parse().is_ok_and(|value: f64| value > 0.0);
    let extras = CLIENTRAW_EXTRAS
        .iter()
        .filter_map(|(index, key)| Some(entry(*key, *fields.get(*index).filter(is_there)?)));
    entries.extend(extras);
    if let Ok(rate) = fields[CLIENTRAW_RAIN_RATE].parse::<f64>() {
        entries.push((Cow::Borrowed("rain_rate_mm_h"), Node::Number(rate * 60.0)));
    }
    reader.root(&Node::Object(entries))
}

/// The time of clientraw.txt. `None` also if day and month do not stand twice, in the files beside it.
fn clientraw_time(fields: &[&str]) -> Option<String> {
    let mut rest: Vec<&str> = fields.get(CLIENTRAW_DATE)?.split(|c: char| !c.is_ascii_digit()).collect();
    let [hour, minute, second, day, month] = CLIENTRAW_TIME.map(|index| fields[index]);
    for part in [day, month] {
        let number: u32 = part.parse().ok()?;
        rest.remove(rest.iter().rposition(|written| written.len() < 3 && written.parse() == Ok(number))?);
    }
    match rest[..] {
        [year] if year.len() == 4 => Some(format!("{year}-{month}-{day} {hour}:{minute}:{second}")),
        [year] if year.len() == 2 => Some(format!("20{year}-{month}-{day} {hour}:{minute}:{second}")),
        _ => None,
    }
}

/// The last line.
fn line(text: &str) -> &str {
    text.trim().lines().next_back().unwrap_or_default()
}

/// The fields of the last line, without one at the end that may have been cut: no file needs it.
fn whole_fields(text: &str) -> Vec<&str> {
    let mut fields: Vec<&str> = line(text).split_whitespace().collect();
    if !text.ends_with(char::is_whitespace) {
        fields.pop();
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::tests::{at, check_mutated, only, stations};
    use crate::format::{Error, Source, recognise};
    use crate::reading::Quantity::{self, *};
    use crate::reading::Station;
    use crate::time::{Timestamp, Zone};

    const REALTIME_TEXT: &str = "02/03/25 22:29:00 50.0 71 41.0 10.0 12.0 45 0.10 0.20 29.92 NE 2 mph F in in 45.3 \
        +0.02 1.20 14.00 0.00 70.2 46 47.0 -0.2 55.8 00:00 44.4 01:22 18.2 01:48 20.1 01:39 30.01 00:07 29.90 \
        01:14 1.9.2 1018 20.0 50.0 50.0 2.0 0.00 234 45 0.10 2 1 0 NE 1490 ft 44.6 0.0 496 0\n";

    /// A clientraw.txt in which these fields are so and the others 0.
    fn clientraw(fields: &[(usize, &str)]) -> String {
        let usual = [
            (0, "12345"),
            (1, "10.0"),
            (2, "20.0"),
            (3, "45"),
            (4, "10.0"),
            (5, "71"),
            (6, "1013.2"),
            (7, "5.1"),
            (10, "0.05"),
            (12, "21.5"),
            (13, "46"),
            (29, "22"),
            (30, "29"),
            (31, "00"),
            (32, "Garden-22:29:00"),
            (35, "2"),
            (36, "3"),
            (44, "-100.0"),
            (72, "5.0"),
            (74, "2/3/2025"),
            (130, "7.0"),
            (177, "!!C10.37S158!!"),
        ];
        let field = |index| {
            let set = fields.iter().chain(&usual).find(|(known, _)| *known == index);
            set.map_or("0.0", |(_, text)| *text)
        };
        (0..178).map(field).collect::<Vec<_>>().join(" ")
    }

    fn stations_of(text: &str) -> Result<Vec<Station>, Error> {
        let dialect = Dialect { zone: Zone::Utc, ..Dialect::USUAL };
        let source = Source { dialect: &dialect, ..Source::new(None, at("2025-03-02T22:30:00Z")) };
        let format = recognise(text.as_bytes(), &dialect)?;
        stations(format, text.as_bytes(), &source, &mut |_| {})
    }

    #[track_caller]
    fn check(text: &str, expected: &[(Quantity, f64)]) -> Option<Timestamp> {
        let stations = stations_of(text).expect("readable");
        assert_eq!(only(&stations), expected, "{text}");
        stations.first().and_then(Station::newest)
    }

    #[test]
    fn the_fields_of_cumulus() {
        let readings = |wind, rate, today| {
            [
                (Temperature, 10.0),
                (FeelsLike, 7.0),
                (Humidity, 71.0),
                (DewPoint, 5.0),
                (SeaLevelPressure, 1013.21),
                (WindSpeed, wind),
                (WindGust, 2.0 * wind),
                (WindDirection, 45.0),
                (RainRate, rate),
                (RainToday, today),
                (UvIndex, 2.0),
                (Irradiance, 234.0),
            ]
        };
        let time = Some(at("2025-03-02T22:29:00Z"));
        assert_eq!(check(REALTIME_TEXT, &readings(4.47, 2.54, 5.08)), time);
        let metric = "02-03-25 22:29:00 10,0 71 5,0 10,0 12,0 45 2,5 5,1 1013,21 NE 2 km/h C hPa mm 45.3 +0.2 1 1 0 21 \
            46 8 0 13 00:00 4 01:22 18 01:48 20 01:39 1014 00:07 1012 01:14 3.28.6 3283 20,0 10 10 2,0 0 234 45 0 2 1 \
            0 NE 490 m 9.0 0 496 0 7,0 \n";
        assert_eq!(check(metric, &readings(2.78, 2.5, 5.1)), time);
        // A console that hears nothing shows the last that it heard.
        check(&REALTIME_TEXT.replace(" 2 1 0 NE ", " 2 1 1 NE "), &[]);
        // Calm has no direction.
        let calm = stations_of(&REALTIME_TEXT.replace("12.0 45 0.10", "12.0 0 0.10")).expect("readable");
        assert_eq!(calm[0].reading(WindDirection), None);
        for cut in [REALTIME_TEXT.split_at(150).0, REALTIME_TEXT.split_at(90).0] {
            assert!(matches!(stations_of(cut), Err(Error::NoRecord { .. })), "{cut}");
        }
    }

    #[test]
    fn the_fields_of_weather_display() {
        let expected = [
            (Temperature, 10.0),
            (FeelsLike, 7.0),
            (Humidity, 71.0),
            (DewPoint, 5.0),
            (SeaLevelPressure, 1013.2),
            (WindSpeed, 5.14),
            (WindGust, 10.29),
            (WindDirection, 45.0),
            (RainRate, 3.0),
            (RainToday, 5.1),
        ];
        let time = Some(at("2025-03-02T22:29:00Z"));
        for date in ["2/3/2025", "3/2/2025", "02.03.25", "2025-03-02"] {
            assert_eq!(check(&clientraw(&[(74, date)]), &expected), time, "{date}");
        }
        let extras = stations_of(&clientraw(&[(79, "3.1"), (127, "410.0")])).expect("readable");
        let value = |quantity| extras[0].reading(quantity).map(|reading| reading.value);
        assert_eq!((value(UvIndex), value(Irradiance)), (Some(3.1), Some(410.0)));
        // The files beside it begin alike and have other fields; one that is cut may lack any.
        for other in ["0.0", "2/4/2025", "12/3/2025", "2/3", "2/3/2025/1"] {
            assert!(
                matches!(stations_of(&clientraw(&[(74, other)])), Err(Error::NoRecord { .. })),
                "{other}"
            );
        }
        assert!(stations_of("12345 10.0 20.0 45 10.0 71").is_err());
    }

    #[test]
    fn mutated_texts_give_believable_values_or_none() {
        let pieces = [" ", "\n", "12345 ", "mph", "°F", "-100", "1e999", ",", "/", ":", "0"];
        check_mutated(&REALTIME, &[REALTIME_TEXT], &pieces);
        check_mutated(&CLIENTRAW, &[&clientraw(&[]), &clientraw(&[(79, "3.1")])], &pieces);
    }
}
