//! The lines of an answer: a row for each, in the order in which they are written.
//!
//! A row declares what its line is made from, and its function `show` gets nothing else. So the rows
//! say which reports of a station an answer can contain.

use std::array;
use std::fmt::{self, Display};
use std::ops::{Index, IndexMut};

use super::days::{Brief, Days};
use super::period::Period;
use super::report::{Current, Report};
use super::units::{Measure, Units};
use crate::reading::{Observed, Quantity, Reading, Station};
use crate::table::table;
use crate::time::{AHEAD, Timestamp, in_words};
use crate::weather;

/// The label of the line that stands for everything that is not current.
const NOTHING: &str = "No current readings";

/// A day of which less was measured has no line, %: an hour says nothing about a day.
const LEAST_COVERED: u8 = 10;

/// The rain gauge is ignored at or below this temperature, °C: what falls may be snow, and an
/// unheated gauge does not measure snow.
const SNOW_UP_TO: f64 = 2.0;

/// What the table knows of a line.
struct Row {
    /// Its name in the configuration.
    key: &'static str,
    /// What stands before its colon, unless configured otherwise.
    label: &'static str,
    /// The quantities that it is made from.
    readings: &'static [Quantity],
    /// When the newest of the source's own texts was observed that it is made from.
    newest_text: fn(&Station) -> Option<Timestamp>,
    write: fn(&Current, &str, &mut Report),
}

/// Makes a row.
///
/// `show` gets the units of the answer and an array for each list of the row: the current readings of these
/// quantities, the current texts of these fields of [`Station`], the current readings of these fields of
/// [`Past`](crate::reading::Past). It returns what stands after the colon, or `None` for no line.
///
/// A line that is made from something else has a function `write` instead.
macro_rules! line {
    (
        key: $key:literal,
        label: $label:literal,
        $(readings: [$($reading:ident),+],)?
        $(texts: [$($text:ident),+],)?
        $(past: [$($past:ident),+],)?
        show: $show:path,
    ) => {
        Row {
            key: $key,
            label: $label,
            readings: &[$($(Quantity::$reading),+)?],
            newest_text: |_station| {
                let times = [None, $($(_station.$text.as_ref().map(|text| text.at)),+)?];
                times.into_iter().flatten().max()
            },
            write: |current, label, report| {
                if label.is_empty() {
                    return;
                }
                let shown = $show(
                    current.units,
                    $([$(current.reading(Quantity::$reading)),+],)?
                    $([$(current.text(&current.station.$text)),+],)?
                    $([$(current.only(current.station.past.as_ref().and_then(|past| past.$past))),+],)?
                );
                if let Some(shown) = shown {
                    report.write_observed(label, shown);
                }
            },
        }
    };
    (key: $key:literal, label: $label:literal, write: $write:path,) => {
        Row { key: $key, label: $label, readings: &[], newest_text: |_| None, write: $write }
    };
}

table! {
    /// A line of the answer.
    pub enum Line: Row {
        /// The station's name.
        City = line! { key: "city", label: "City", write: write_city, },
        /// Air temperature.
        Temperature = line! {
            key: "temperature",
            label: "Temperature",
            readings: [Temperature],
            show: temperature,
        },
        /// Apparent temperature.
        FeelsLike = line! {
            key: "feels_like",
            label: "Feels Like",
            readings: [FeelsLike, Temperature, Humidity, WindSpeed],
            show: feels_like,
        },
        /// Air quality in words.
        AirQuality = line! {
            key: "air_quality",
            label: "Air Quality",
            readings: [Pm25, Pm10],
            texts: [air_quality],
            show: air_quality,
        },
        /// Compass point that the wind blows from.
        WindDirection = line! {
            key: "wind_direction",
            label: "Wind Direction",
            readings: [WindDirection, WindSpeed],
            show: wind_direction,
        },
        /// Mean wind speed.
        WindSpeed = line! {
            key: "wind_speed",
            label: "Wind Speed",
            readings: [WindSpeed],
            show: speed,
        },
        /// Wind gust.
        WindGusts = line! {
            key: "wind_gusts",
            label: "Wind Gusts",
            readings: [WindGust],
            show: speed,
        },
        /// Precipitation in words.
        Precipitation = line! {
            key: "precipitation",
            label: "Precipitation",
            readings: [RainRate, Temperature],
            texts: [precipitation],
            show: precipitation,
        },
        /// Amounts of rain.
        Rain = line! {
            key: "rain",
            label: "Rain",
            readings: [RainToday, RainHour],
            past: [rain_of_hour, rain_of_day],
            show: rain,
        },
        /// Relative humidity.
        Humidity = line! {
            key: "humidity",
            label: "Humidity",
            readings: [Humidity],
            show: percent,
        },
        /// Dew point.
        DewPoint = line! {
            key: "dew_point",
            label: "Dew Point",
            readings: [DewPoint, Temperature, Humidity],
            show: dew_point,
        },
        /// Air pressure.
        Pressure = line! {
            key: "pressure",
            label: "Pressure",
            readings: [SeaLevelPressure, StationPressure],
            past: [pressure_change],
            show: pressure,
        },
        /// UV index.
        Uv = line! {
            key: "uv",
            label: "UV Index",
            readings: [UvIndex],
            show: index,
        },
        /// Lowest and highest temperature.
        Range = line! {
            key: "range",
            label: "Temperature Range",
            past: [lowest_temperature, highest_temperature],
            show: range,
        },
        /// The weather of the day before.
        Yesterday = line! { key: "yesterday", label: "Yesterday", write: write_yesterday, },
        /// That of the seven days before today.
        Last7Days = line! { key: "last_7_days", label: "Last 7 Days", write: write_last_7_days, },
        /// When the newest reading was taken, or why nothing is shown.
        Observed = line! { key: "observed", label: "Observed", write: write_observed, },
    }
}

impl Line {
    /// The names of all lines in the configuration, in the order of the lines.
    pub fn keys() -> impl Iterator<Item = &'static str> {
        Line::ALL.iter().map(|line| line.key())
    }

    /// The line that the configuration calls so.
    pub fn named(key: &str) -> Option<Line> {
        Line::ALL.iter().copied().find(|line| line.key() == key)
    }

    /// What stands before its colon, unless configured otherwise.
    pub fn default_label(self) -> &'static str {
        self.row().label
    }

    /// Its name in the configuration.
    pub fn key(self) -> &'static str {
        self.row().key
    }

    /// Writes the line with the given label, if there is something to show.
    pub(super) fn write(self, current: &Current, label: &str, report: &mut Report) {
        (self.row().write)(current, label, report);
    }
}

/// What stands before the colon of each line. An empty label leaves its line out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels([String; Line::ALL.len()]);

impl Default for Labels {
    fn default() -> Labels {
        Labels(array::from_fn(|index| Line::ALL[index].row().label.to_owned()))
    }
}

impl Index<Line> for Labels {
    type Output = String;

    fn index(&self, line: Line) -> &String {
        &self.0[line.index()]
    }
}

impl IndexMut<Line> for Labels {
    fn index_mut(&mut self, line: Line) -> &mut String {
        &mut self.0[line.index()]
    }
}

/// When the station last reported something that a line is made from, however long ago.
fn last_reported(station: &Station) -> Option<Timestamp> {
    let newest = |row: &Row| {
        let readings = row.readings.iter().filter_map(|&quantity| station.reading(quantity));
        readings.map(|reading| reading.at).max().max((row.newest_text)(station))
    };
    Line::ALL.iter().filter_map(|line| newest(line.row())).max()
}

fn write_city(current: &Current, label: &str, report: &mut Report) {
    if let Some(city) = &current.station.city {
        report.write(label, city);
    }
}

fn write_observed(current: &Current, label: &str, report: &mut Report) {
    let now = current.now;
    if let Some(at) = report.newest {
        return report.write(label, &format_args!("{at} ({} ago)", in_words(at.age(now))));
    }
    match last_reported(current.station) {
        Some(last) if last.ahead(now) > AHEAD => {
            report.write(NOTHING, &format_args!("the last report is of {last}, which is still to come."));
        }
        Some(last) if !current.is_current(last) => {
            let age = in_words(last.age(now));
            report.write(NOTHING, &format_args!("the station last reported at {last}, {age} ago."));
        }
        // What is current has no label, or makes no line.
        _ => report.write(NOTHING, &"the station reports nothing of this kind."),
    }
}

fn write_yesterday(current: &Current, label: &str, report: &mut Report) {
    let yesterday = current.today.plus(-1);
    write_days(Period::days_of(yesterday, yesterday), 1, current, label, report);
}

/// One day alone is no week, and is in the line before.
fn write_last_7_days(current: &Current, label: &str, report: &mut Report) {
    write_days(Period::last_week(current.today), 2, current, label, report);
}

fn write_days(period: Period, least: usize, current: &Current, label: &str, report: &mut Report) {
    if label.is_empty() {
        return;
    }
    let days = Days::of(current.station, period);
    if let Some(brief) =
        Brief::of(days, current.units).filter(|_| days.known() >= least && days.covered() >= LEAST_COVERED)
    {
        report.write(label, &brief);
    }
}

fn temperature(units: Units, [air]: [Option<Reading>; 1]) -> Option<Observed<Measure>> {
    Some(air?.map(|celsius| units.temperature(celsius)))
}

fn speed(units: Units, [wind]: [Option<Reading>; 1]) -> Option<Observed<Measure>> {
    Some(wind?.map(|metres_per_second| units.speed(metres_per_second)))
}

fn percent(_: Units, [share]: [Option<Reading>; 1]) -> Option<Observed<Measure>> {
    Some(share?.map(|percent| Measure::Whole(percent, "%")))
}

fn index(_: Units, [index]: [Option<Reading>; 1]) -> Option<Observed<Measure>> {
    Some(index?.map(|value| Measure::Whole(value, "")))
}

fn feels_like(units: Units, readings: [Option<Reading>; 4]) -> Option<Observed<Measure>> {
    let [own, air, humidity, wind] = readings;
    temperature(units, [own.or_else(|| apparent(units, air?, humidity, wind))])
}

fn apparent(units: Units, air: Reading, humidity: Option<Reading>, wind: Option<Reading>) -> Option<Reading> {
    let value = match units {
        Units::Metric => weather::apparent_temperature(air.value, humidity?.value, wind?.value),
        Units::Imperial => weather::feels_like_us(
            air.value,
            humidity.map(|humidity| humidity.value),
            wind.map(|wind| wind.value),
        )?,
    };
    // A sensor in the sun can be plausible by itself and still give 100 °C here.
    let value = Quantity::FeelsLike.plausible(value)?;
    Some(Observed { value, at: newest([Some(air), humidity, wind])? })
}

fn air_quality(
    units: Units,
    particles: [Option<Reading>; 2],
    [text]: [Option<Observed<&str>>; 1],
) -> Option<Observed<&str>> {
    text.or_else(|| {
        let [pm25, pm10] = particles.map(|reading| reading.map(|reading| reading.value));
        let value = match units {
            Units::Metric => weather::european_air_quality(pm25, pm10)?,
            Units::Imperial => weather::us_air_quality_category(weather::us_air_quality_index(pm25, pm10)?),
        };
        Some(Observed { value, at: newest(particles)? })
    })
}

fn wind_direction(_: Units, [direction, wind]: [Option<Reading>; 2]) -> Option<Observed<&'static str>> {
    let calm = wind.is_some_and(|wind| weather::is_calm(wind.value));
    direction.filter(|_| !calm).map(|direction| direction.map(weather::compass_point))
}

fn precipitation(
    _: Units,
    [rate, air]: [Option<Reading>; 2],
    [text]: [Option<Observed<&str>>; 1],
) -> Option<Observed<&str>> {
    text.or_else(|| {
        let cold = air.is_some_and(|air| air.value <= SNOW_UP_TO);
        rate.filter(|_| !cold).map(|rate| rate.map(weather::rain))
    })
}

fn dew_point(units: Units, readings: [Option<Reading>; 3]) -> Option<Observed<Measure>> {
    let [own, air, humidity] = readings;
    let derived = || {
        let value = weather::dew_point(air?.value, humidity?.value)?;
        let value = Quantity::DewPoint.plausible(value)?;
        Some(Observed { value, at: newest([air, humidity])? })
    };
    temperature(units, [own.or_else(derived)])
}

/// Each amount of rain that is known, with its period.
struct Amounts([(Option<Measure>, &'static str); 3]);

impl Display for Amounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for (amount, period) in &self.0 {
            if let Some(amount) = amount {
                write!(f, "{separator}{amount} {period}")?;
                separator = ", ";
            }
        }
        Ok(())
    }
}

/// The rain of the last hour and of 24 hours, as far as known; without the latter, since midnight. The
/// hour is what the past says, else what the source says.
fn rain(
    units: Units,
    [today, reported]: [Option<Reading>; 2],
    [hour, day]: [Option<Reading>; 2],
) -> Option<Observed<Amounts>> {
    let hour = hour.or(reported);
    let today = today.filter(|_| day.is_none());
    let at = newest([hour, day, today])?;
    let amount = |reading: Option<Reading>| reading.map(|reading| units.rain(reading.value));
    let value =
        Amounts([(amount(hour), "in the last hour"), (amount(day), "in 24 hours"), (amount(today), "today")]);
    Some(Observed { value, at })
}

/// The pressure, and how it changes if that is known.
struct Pressure(Measure, Option<&'static str>);

impl Display for Pressure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Pressure(pressure, tendency) = self;
        pressure.fmt(f)?;
        tendency.map_or(Ok(()), |tendency| write!(f, ", {tendency}"))
    }
}

/// At sea level, as in forecasts, else at the station.
fn pressure(
    units: Units,
    [sea_level, station]: [Option<Reading>; 2],
    [change]: [Option<Reading>; 1],
) -> Option<Observed<Pressure>> {
    let tendency = change.map(|change| weather::pressure_tendency(change.value));
    Some(sea_level.or(station)?.map(|hectopascals| Pressure(units.pressure(hectopascals), tendency)))
}

/// From the lowest to the highest.
struct Range(Measure, Measure);

impl Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {} in 24 hours", self.0, self.1)
    }
}

/// The lowest and the highest temperature of the last 24 hours.
fn range(units: Units, [lowest, highest]: [Option<Reading>; 2]) -> Option<Observed<Range>> {
    let value = Range(units.temperature(lowest?.value), units.temperature(highest?.value));
    Some(Observed { value, at: newest([lowest, highest])? })
}

/// When the newest of the readings was taken.
fn newest<const N: usize>(readings: [Option<Reading>; N]) -> Option<Timestamp> {
    readings.into_iter().flatten().map(|reading| reading.at).max()
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::answer::{Options, STALE_AFTER, answer};
    use crate::reading::Quantity::*;
    use crate::reading::{Day, Diary, Past, Snapshot};

    /// 2026-11-22T14:08:00Z
    pub(in crate::answer) fn now() -> Timestamp {
        Timestamp::from_millis(1_795_356_480_000).expect("a time of this century")
    }

    pub(in crate::answer) fn minutes(count: u64) -> Duration {
        Duration::from_secs(60 * count)
    }

    /// A station that took these readings `age` ago.
    pub(in crate::answer) fn station_at(city: &str, age: Duration, readings: &[(Quantity, f64)]) -> Station {
        let mut station = Station::default();
        station.city = Some(city.to_owned());
        for &(quantity, value) in readings {
            station.update(quantity, Observed { value, at: now().before(age) });
        }
        station
    }

    pub(in crate::answer) fn station(readings: &[(Quantity, f64)]) -> Station {
        station_at("London", minutes(3), readings)
    }

    fn text_of(text: &str, age: Duration) -> Option<Observed<String>> {
        Some(Observed { value: text.to_owned(), at: now().before(age) })
    }

    fn imperial() -> Options {
        Options { units: Units::Imperial, ..Options::default() }
    }

    /// What the only station answers, without its first and its last line: the city and the time.
    fn lines(station: Station, options: &Options) -> String {
        let text = answer(&Snapshot::new(vec![station]), None, None, now(), options);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.first(), Some(&"City: London"));
        assert!(lines.last().is_some_and(|line| line.starts_with("Observed: ")), "{text}");
        lines[1..lines.len() - 1].join("\n")
    }

    #[track_caller]
    fn check(readings: &[(Quantity, f64)], expected: &str) {
        assert_eq!(lines(station(readings), &Options::default()), expected);
    }

    #[track_caller]
    fn check_imperial(readings: &[(Quantity, f64)], expected: &str) {
        assert_eq!(lines(station(readings), &imperial()), expected);
    }

    const EVERYTHING: [(Quantity, f64); Quantity::ALL.len()] = [
        (Temperature, 10.0),
        (FeelsLike, 8.0),
        (Humidity, 81.0),
        (DewPoint, 7.0),
        (StationPressure, 990.0),
        (SeaLevelPressure, 1013.25),
        (WindSpeed, 8.0 / 3.6),
        (WindGust, 14.0 / 3.6),
        (WindDirection, 70.0),
        (RainCounter, 94.4),
        (RainRate, 1.0),
        (RainToday, 2.0),
        (RainHour, 0.5),
        (RainInterval, 0.1),
        (Rain, 94.4),
        (Pm25, 60.0),
        (Pm10, 20.0),
        (UvIndex, 3.2),
        (Illuminance, 10_000.0),
        (Irradiance, 100.0),
    ];

    #[test]
    fn the_example_of_the_contract() {
        let mut options = Options::default();
        options.labels[Line::FeelsLike] = "RealFeel®".to_owned();
        options.labels[Line::Observed].clear();
        let readings = [
            (Temperature, 10.0),
            (FeelsLike, 8.0),
            (Pm25, 60.0),
            (WindDirection, 70.0),
            (WindSpeed, 8.0 / 3.6),
            (WindGust, 14.0 / 3.6),
            (RainRate, 1.0),
        ];
        let snapshot = Snapshot::new(vec![station(&readings)]);
        assert_eq!(
            answer(&snapshot, Some("London"), Some("How's the weather today?"), now(), &options),
            "City: London\n\
             Temperature: 10°C\n\
             RealFeel®: 8°C\n\
             Air Quality: Poor\n\
             Wind Direction: ENE\n\
             Wind Speed: 8 km/h\n\
             Wind Gusts: 14 km/h\n\
             Precipitation: Light rain"
        );
    }

    /// A station that reports everything, with its past.
    fn everything() -> Station {
        let past = |value| Some(Observed { value, at: now().before(minutes(3)) });
        let mut station = station(&EVERYTHING);
        station.past = Some(Box::new(Past {
            rain_of_hour: past(1.24),
            rain_of_day: past(5.1),
            pressure_change: past(-2.0),
            lowest_temperature: past(-0.6),
            highest_temperature: past(12.4),
        }));
        let day = |text| Day::parse(text).expect("a day");
        let days = [
            day("2026-11-20,100,-1.20,06:40,5.31,14:10,2.05,87,0.0,11.8,13:20,1009.1,1014.2,,"),
            day("2026-11-21,79,2.60,06:40,11.31,14:10,2.05,87,2.4,11.1,13:20,1009.1,1014.2,,"),
        ];
        station.diary = Some(Arc::new(Diary { days: days.into(), ..Diary::default() }));
        station
    }

    #[test]
    fn a_reading_from_the_future_is_not_current() {
        let mut ahead = station_at("London", minutes(0), &[]);
        ahead.update(Temperature, Observed { value: 4.0, at: now() });
        let ask = |ahead: &Station, now| {
            answer(&Snapshot::new(vec![ahead.clone()]), None, None, now, &Options::default())
        };
        assert!(ask(&ahead, now().before(AHEAD)).contains("Temperature: 4°C"), "clocks differ a little");
        let before = now().before(minutes(60));
        let expected = format!(
            "City: London\nNo current readings: the last report is of {}, which is still to come.",
            now()
        );
        assert_eq!(ask(&ahead, before), expected);
    }

    #[test]
    fn rain_is_shown_as_far_as_it_is_known() {
        let mut station = station(&[(Temperature, 1.0), (RainToday, 2.04)]);
        let check = |station: &Station, expected: &str| {
            assert_eq!(lines(station.clone(), &Options::default()), format!("Temperature: 1°C{expected}"));
        };
        check(&station, "\nRain: 2.0 mm today");
        let past =
            |rain_of_hour, rain_of_day| Some(Box::new(Past { rain_of_hour, rain_of_day, ..Past::default() }));
        let fell = |value, at| Some(Observed { value, at });
        station.past = past(fell(0.0, now()), None);
        check(&station, "\nRain: 0.0 mm in the last hour, 2.0 mm today");
        let mut reported = station.clone();
        reported.update(RainHour, Observed { value: 0.5, at: now() });
        check(&reported, "\nRain: 0.0 mm in the last hour, 2.0 mm today");
        reported.past = None;
        check(&reported, "\nRain: 0.5 mm in the last hour, 2.0 mm today");
        station.past = past(fell(0.0, now()), fell(3.0, now()));
        check(&station, "\nRain: 0.0 mm in the last hour, 3.0 mm in 24 hours");
        station.past = past(fell(0.0, now().before(STALE_AFTER)), fell(3.0, now()));
        check(&station, "\nRain: 3.0 mm in 24 hours");
    }

    #[test]
    fn every_line_in_its_order() {
        let at = now().before(minutes(3));
        let snapshot = Snapshot::new(vec![everything()]);
        assert_eq!(
            answer(&snapshot, None, None, now(), &Options::default()),
            format!(
                "City: London\nTemperature: 10°C\nFeels Like: 8°C\nAir Quality: Poor\n\
                 Wind Direction: ENE\nWind Speed: 8 km/h\nWind Gusts: 14 km/h\n\
                 Precipitation: Light rain\nRain: 1.2 mm in the last hour, 5.1 mm in 24 hours\n\
                 Humidity: 81%\nDew Point: 7°C\nPressure: 1013 hPa, falling\nUV Index: 3\n\
                 Temperature Range: -1°C to 12°C in 24 hours\n\
                 Yesterday: 3°C to 11°C, rain 2.4 mm, gusts 40 km/h (measured 79% of the day)\n\
                 Last 7 Days: -1°C to 11°C, rain 2.4 mm, gusts 42 km/h (1 of 7 days measured)\n\
                 Observed: {at} (3 min ago)"
            )
        );
        assert_eq!(
            answer(&snapshot, None, None, now(), &imperial()),
            format!(
                "City: London\nTemperature: 50°F\nFeels Like: 46°F\nAir Quality: Unhealthy\n\
                 Wind Direction: ENE\nWind Speed: 5 mph\nWind Gusts: 9 mph\n\
                 Precipitation: Light rain\nRain: 0.05 in in the last hour, 0.20 in in 24 hours\n\
                 Humidity: 81%\nDew Point: 45°F\nPressure: 29.92 inHg, falling\nUV Index: 3\n\
                 Temperature Range: 31°F to 54°F in 24 hours\n\
                 Yesterday: 37°F to 52°F, rain 0.09 in, gusts 25 mph (measured 79% of the day)\n\
                 Last 7 Days: 30°F to 52°F, rain 0.09 in, gusts 26 mph (1 of 7 days measured)\n\
                 Observed: {at} (3 min ago)"
            )
        );
    }

    #[test]
    fn labels() {
        let mut options = Options::default();
        for &line in Line::ALL {
            assert_eq!(Line::named(line.key()), Some(line));
            options.labels[line] = format!("天気 {}", line.key());
        }
        assert_eq!(Line::named("City"), None);
        let snapshot = Snapshot::new(vec![everything()]);
        let text = answer(&snapshot, None, None, now(), &options);
        for (written, line) in text.lines().zip(Line::ALL) {
            let label = format!("天気 {}: ", line.key());
            assert!(
                written.starts_with(&label),
                "{line:?} is missing: has EVERYTHING its reading? {written}"
            );
        }
        assert_eq!(text.lines().count(), Line::ALL.len());
        for (index, &line) in Line::ALL.iter().enumerate() {
            let mut options = Options::default();
            options.labels[line].clear();
            let all = answer(&snapshot, None, None, now(), &Options::default());
            let mut left: Vec<&str> = all.lines().collect();
            left.remove(index);
            assert_eq!(answer(&snapshot, None, None, now(), &options), left.join("\n"), "{line:?}");
        }
    }

    /// The quantities that no line is made from, each with the reason.
    const IN_NO_LINE: [(Quantity, &str); 5] = [
        (RainCounter, "it counts since the gauge was installed; the history makes amounts of it"),
        (RainInterval, "the history sums it"),
        (Rain, "the history decides whether it counts on"),
        (Illuminance, "only for tools and metrics"),
        (Irradiance, "only for tools and metrics"),
    ];

    #[test]
    fn every_quantity_has_a_line() {
        for quantity in Quantity::ALL {
            let in_line = Line::ALL.iter().any(|line| line.row().readings.contains(&quantity));
            let excepted = IN_NO_LINE.iter().any(|(exception, _)| *exception == quantity);
            assert!(in_line != excepted, "{quantity:?}: either a line reads it, or IN_NO_LINE says why not");
        }
    }

    #[test]
    fn numbers_are_rounded() {
        check(&[(Temperature, 2.5)], "Temperature: 3°C");
        check(&[(Temperature, -2.5)], "Temperature: -3°C");
        check(&[(Temperature, -0.49)], "Temperature: 0°C");
        check(&[(Temperature, -0.0)], "Temperature: 0°C");
        check(&[(Temperature, -0.5)], "Temperature: -1°C");
        check(&[(WindSpeed, 0.1)], "Wind Speed: 0 km/h");
        check(&[(UvIndex, 10.5)], "UV Index: 11");
        check_imperial(&[(Temperature, -18.0)], "Temperature: 0°F");
        check_imperial(&[(StationPressure, 1000.0)], "Pressure: 29.53 inHg");
        check_imperial(&[(StationPressure, 1015.9)], "Pressure: 30.00 inHg");
    }

    #[test]
    fn derived_lines() {
        check(
            &[(Temperature, 10.0), (Humidity, 80.0), (WindSpeed, 2.222)],
            "Temperature: 10°C\nFeels Like: 8°C\nWind Speed: 8 km/h\nHumidity: 80%\nDew Point: 7°C",
        );
        check(&[(Temperature, 10.0), (WindSpeed, 3.0)], "Temperature: 10°C\nWind Speed: 11 km/h");
        check(
            &[(Temperature, 60.0), (Humidity, 100.0), (WindSpeed, 0.0)],
            "Temperature: 60°C\nWind Speed: 0 km/h\nHumidity: 100%\nDew Point: 60°C",
        );
        check(&[(Humidity, 80.0)], "Humidity: 80%");
        check(&[(Pm25, 4.0), (Pm10, 121.0)], "Air Quality: Poor");
        check(&[(Pm10, 46.0)], "Air Quality: Moderate");
        check_imperial(&[(Pm25, 35.9)], "Air Quality: Unhealthy for Sensitive Groups");
        check_imperial(
            &[(Temperature, 290.0 / 9.0), (Humidity, 70.0)],
            "Temperature: 90°F\nFeels Like: 106°F\nHumidity: 70%\nDew Point: 79°F",
        );
        check_imperial(
            &[(Temperature, 0.0), (WindSpeed, 30.0 / 3.6)],
            "Temperature: 32°F\nFeels Like: 20°F\nWind Speed: 19 mph",
        );
        check_imperial(&[(Temperature, 20.0)], "Temperature: 68°F\nFeels Like: 68°F");
    }

    #[test]
    fn no_direction_in_a_calm() {
        check(&[(WindDirection, 0.0)], "Wind Direction: N");
        check(&[(WindDirection, 0.0), (WindSpeed, 0.29)], "Wind Speed: 1 km/h");
        check(&[(WindDirection, 0.0), (WindSpeed, 0.3)], "Wind Direction: N\nWind Speed: 1 km/h");
        let mut vane = station(&[(WindDirection, 0.0)]);
        vane.update(WindSpeed, Observed { value: 0.0, at: now().before(STALE_AFTER) });
        assert_eq!(lines(vane, &Options::default()), "Wind Direction: N");
    }

    #[test]
    fn the_gauge_is_silent_in_the_cold() {
        check(&[(RainRate, 0.0)], "Precipitation: None");
        check(&[(RainRate, 2.6)], "Precipitation: Moderate rain");
        check(&[(RainRate, 8.0), (Temperature, 2.1)], "Temperature: 2°C\nPrecipitation: Heavy rain");
        check(&[(RainRate, 8.0), (Temperature, 2.0)], "Temperature: 2°C");
        check(&[(RainRate, 0.0), (Temperature, -5.0)], "Temperature: -5°C");
        let mut thawed = station(&[(RainRate, 1.0)]);
        thawed.update(Temperature, Observed { value: -5.0, at: now().before(STALE_AFTER) });
        assert_eq!(lines(thawed, &Options::default()), "Precipitation: Light rain");
    }

    #[test]
    fn pressure_at_sea_level_comes_first() {
        check(&[(StationPressure, 990.0), (SeaLevelPressure, 1013.0)], "Pressure: 1013 hPa");
        let mut stale = station(&[(StationPressure, 990.0)]);
        stale.update(SeaLevelPressure, Observed { value: 1013.0, at: now().before(STALE_AFTER) });
        assert_eq!(lines(stale, &Options::default()), "Pressure: 990 hPa");
    }

    #[test]
    fn the_text_of_the_source_comes_first() {
        let readings = [(Temperature, -5.0), (RainRate, 1.0), (Pm25, 60.0)];
        let mut current = station(&readings);
        current.air_quality = text_of("Mauvaise", minutes(1));
        current.precipitation = text_of("Neige", minutes(1));
        assert_eq!(
            lines(current, &Options::default()),
            "Temperature: -5°C\nAir Quality: Mauvaise\nPrecipitation: Neige"
        );
        let mut stale = station(&readings);
        stale.air_quality = text_of("Mauvaise", STALE_AFTER);
        stale.precipitation = text_of("Neige", STALE_AFTER);
        assert_eq!(lines(stale, &Options::default()), "Temperature: -5°C\nAir Quality: Poor");
    }

    #[test]
    fn stale_readings_are_left_out_one_by_one() {
        let moment = Duration::from_millis(1);
        let mut mixed = station_at("London", STALE_AFTER - moment, &[(Temperature, 20.0)]);
        for quantity in [FeelsLike, DewPoint, Humidity, WindSpeed] {
            mixed.update(quantity, Observed { value: 50.0, at: now().before(STALE_AFTER) });
        }
        let at = now().before(STALE_AFTER - moment);
        assert_eq!(
            answer(&Snapshot::new(vec![mixed]), None, None, now(), &Options::default()),
            format!("City: London\nTemperature: 20°C\nObserved: {at} (14 min ago)")
        );
        let options = Options { stale_after: minutes(2), ..Options::default() };
        let text = answer(&Snapshot::new(vec![station(&EVERYTHING)]), None, None, now(), &options);
        assert!(text.contains("No current readings"), "{text}");
    }

    #[test]
    fn the_time_is_that_of_the_newest_reading_shown() {
        let mut mixed = station(&[(Temperature, 20.0), (Humidity, 50.0)]);
        mixed.update(WindSpeed, Observed { value: 1.0, at: now().before(minutes(1)) });
        mixed.update(Illuminance, Observed { value: 1.0, at: now() });
        let snapshot = Snapshot::new(vec![mixed]);
        let mut options = Options::default();
        let at = now().before(minutes(1));
        let text = answer(&snapshot, None, None, now(), &options);
        assert!(text.ends_with(&format!("\nObserved: {at} (1 min ago)")), "{text}");
        // The wind is still shown, as a part of how warm it feels.
        options.labels[Line::WindSpeed].clear();
        let text = answer(&snapshot, None, None, now(), &options);
        assert!(text.ends_with(&format!("\nObserved: {at} (1 min ago)")), "{text}");
        options.labels[Line::FeelsLike].clear();
        let text = answer(&snapshot, None, None, now(), &options);
        assert!(text.ends_with(" (3 min ago)"), "{text}");
    }

    #[test]
    fn a_silent_station_says_since_when() {
        let at = now().before(minutes(190));
        let silent = station_at("London", minutes(190), &EVERYTHING);
        let expected = format!("No current readings: the station last reported at {at}, 3 h ago.");
        assert_eq!(
            answer(&Snapshot::new(vec![silent.clone()]), None, None, now(), &Options::default()),
            format!("City: London\n{expected}")
        );
        let mut nameless = silent;
        nameless.city = None;
        assert_eq!(answer(&Snapshot::new(vec![nameless]), None, None, now(), &Options::default()), expected);
    }

    #[test]
    fn what_makes_no_line_is_no_sign_of_life() {
        let options = Options::default();
        let mut gauge = station_at("London", minutes(0), &[(RainCounter, 94.4), (Illuminance, 100.0)]);
        let text = answer(&Snapshot::new(vec![gauge.clone()]), None, None, now(), &options);
        assert_eq!(text, "City: London\nNo current readings: the station reports nothing of this kind.");
        let at = now().before(minutes(190));
        gauge.update(Temperature, Observed { value: 10.0, at });
        let text = answer(&Snapshot::new(vec![gauge]), None, None, now(), &options);
        let expected = format!("No current readings: the station last reported at {at}, 3 h ago.");
        assert_eq!(text, format!("City: London\n{expected}"));
    }

    #[test]
    fn an_implausible_derived_value_is_not_shown() {
        let dry = station(&[(Temperature, -45.0), (Humidity, 1.0)]);
        let text = answer(&Snapshot::new(vec![dry]), None, None, now(), &Options::default());
        assert!(text.contains("Humidity: 1%") && !text.contains("Dew Point"), "{text}");
    }

    #[test]
    fn a_nameless_station_has_no_city_line() {
        let mut nameless = station(&[(Temperature, 10.0)]);
        nameless.city = None;
        let text = answer(&Snapshot::new(vec![nameless]), None, None, now(), &Options::default());
        assert!(text.starts_with("Temperature: 10°C\nObserved: "), "{text}");
    }
}
