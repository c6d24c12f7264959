//! From readings to the lines that are put into the prompt.

use std::convert::identity;
use std::fmt::{self, Display, Write};
use std::time::Duration;

use crate::reading::{Observed, Past, Quantity, Reading, Snapshot, Station, Unit};
use crate::time::{AHEAD, Timestamp, in_words};
use crate::weather;

/// From this age on a reading is not told as current, unless configured otherwise: stations report
/// every few minutes at most, and a quarter of an hour is enough for the weather to change.
pub const STALE_AFTER: Duration = Duration::from_secs(15 * 60);

/// How many stations are named when the model is to ask which one is meant: enough to choose from,
/// and still a short prompt.
const MAX_NAMED: usize = 20;

/// How the line begins that stands for all that is not told.
const NOTHING: &str = "No current readings";

/// Room for the lines of a station that tells all, in bytes: they are written without a second
/// allocation.
const REPORT: usize = 512;

/// The gauge tells nothing at or below this temperature, °C: what falls may be snow, and an
/// unheated gauge does not see snow.
const SNOW_UP_TO: f64 = 2.0;

/// The quantities from which the lines are made.
const TOLD: [Quantity; 14] = [
    Quantity::Temperature,
    Quantity::FeelsLike,
    Quantity::Humidity,
    Quantity::DewPoint,
    Quantity::StationPressure,
    Quantity::SeaLevelPressure,
    Quantity::WindSpeed,
    Quantity::WindGust,
    Quantity::WindDirection,
    Quantity::RainRate,
    Quantity::RainToday,
    Quantity::Pm25,
    Quantity::Pm10,
    Quantity::UvIndex,
];

/// In which units the answer is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Units {
    /// °C, km/h, hPa.
    #[default]
    Metric,
    /// °F, mph, inHg, and the indices that are usual in the United States.
    Imperial,
}

/// What stands before the colon of each line. An empty label leaves its line out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels {
    /// The station's name.
    pub city: String,
    /// Air temperature.
    pub temperature: String,
    /// Apparent temperature.
    pub feels_like: String,
    /// Air quality in words.
    pub air_quality: String,
    /// Compass point that the wind blows from.
    pub wind_direction: String,
    /// Mean wind speed.
    pub wind_speed: String,
    /// Wind gust.
    pub wind_gusts: String,
    /// Precipitation in words.
    pub precipitation: String,
    /// Amounts of rain.
    pub rain: String,
    /// Relative humidity.
    pub humidity: String,
    /// Dew point.
    pub dew_point: String,
    /// Air pressure.
    pub pressure: String,
    /// UV index.
    pub uv: String,
    /// Lowest and highest temperature.
    pub range: String,
    /// When the newest reading was taken.
    pub observed: String,
}

impl Labels {
    /// The names of the labels, in the order of their lines.
    pub const KEYS: [&str; 15] = [
        "city",
        "temperature",
        "feels_like",
        "air_quality",
        "wind_direction",
        "wind_speed",
        "wind_gusts",
        "precipitation",
        "rain",
        "humidity",
        "dew_point",
        "pressure",
        "uv",
        "range",
        "observed",
    ];

    /// The label of that name, one of [`Labels::KEYS`].
    pub fn get_mut(&mut self, key: &str) -> Option<&mut String> {
        Some(match key {
            "city" => &mut self.city,
            "temperature" => &mut self.temperature,
            "feels_like" => &mut self.feels_like,
            "air_quality" => &mut self.air_quality,
            "wind_direction" => &mut self.wind_direction,
            "wind_speed" => &mut self.wind_speed,
            "wind_gusts" => &mut self.wind_gusts,
            "precipitation" => &mut self.precipitation,
            "rain" => &mut self.rain,
            "humidity" => &mut self.humidity,
            "dew_point" => &mut self.dew_point,
            "pressure" => &mut self.pressure,
            "uv" => &mut self.uv,
            "range" => &mut self.range,
            "observed" => &mut self.observed,
            _ => return None,
        })
    }
}

impl Default for Labels {
    fn default() -> Labels {
        Labels {
            city: "City".to_owned(),
            temperature: "Temperature".to_owned(),
            feels_like: "Feels Like".to_owned(),
            air_quality: "Air Quality".to_owned(),
            wind_direction: "Wind Direction".to_owned(),
            wind_speed: "Wind Speed".to_owned(),
            wind_gusts: "Wind Gusts".to_owned(),
            precipitation: "Precipitation".to_owned(),
            rain: "Rain".to_owned(),
            humidity: "Humidity".to_owned(),
            dew_point: "Dew Point".to_owned(),
            pressure: "Pressure".to_owned(),
            uv: "UV Index".to_owned(),
            range: "Temperature Range".to_owned(),
            observed: "Observed".to_owned(),
        }
    }
}

/// How the answer is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The units of the numbers.
    pub units: Units,
    /// The words before the colons.
    pub labels: Labels,
    /// From this age on a reading is not told as current.
    pub stale_after: Duration,
}

impl Default for Options {
    fn default() -> Options {
        Options { units: Units::default(), labels: Labels::default(), stale_after: STALE_AFTER }
    }
}

/// What the model is told about the weather: the lines of one station, or one sentence that says
/// why there are none. A language model reads it, so that every case has an answer.
///
/// A `place` that is given and not blank has to be known. Else a station that `query`, the user's
/// message, names is meant, and else the default station.
pub fn answer(
    snapshot: &Snapshot,
    place: Option<&str>,
    query: Option<&str>,
    now: Timestamp,
    options: &Options,
) -> String {
    match find(snapshot, place, query) {
        Ok(station) => report(station, now, options),
        Err(sentence) => sentence,
    }
}

/// The station that is meant, or the sentence that says why there is none.
pub fn find<'s>(
    snapshot: &'s Snapshot,
    place: Option<&str>,
    query: Option<&str>,
) -> Result<&'s Station, String> {
    if snapshot.stations().is_empty() {
        // Also where a place is asked for: nothing is known about which places there are.
        return Err("No readings yet: the sensors have not reported.".to_owned());
    }
    if let Some(place) = place.filter(|place| !place.trim().is_empty()) {
        return snapshot.named(place).ok_or_else(|| "Unknown city".to_owned());
    }
    let named = query.and_then(|query| snapshot.named_in(query));
    named.or_else(|| snapshot.default_station()).ok_or_else(|| ask_back(snapshot))
}

/// The lines of a station, or the sentence that says that it is silent.
pub fn report(station: &Station, now: Timestamp, options: &Options) -> String {
    Current { station, now, options }.report()
}

/// Whether what was observed then is told. What lies ahead of the clock was observed before the clock was
/// set back, nobody knows how long ago.
pub fn is_current(at: Timestamp, now: Timestamp, options: &Options) -> bool {
    at.age(now) < options.stale_after && at.ahead(now) <= AHEAD
}

/// How many stations have nothing current to tell.
pub fn stale(snapshot: &Snapshot, now: Timestamp, options: &Options) -> usize {
    let reports = |station: &&Station| station.newest().is_some_and(|at| is_current(at, now, options));
    snapshot.stations().len() - snapshot.stations().iter().filter(reports).count()
}

/// Names the stations, so that the model can ask which one is meant.
fn ask_back(snapshot: &Snapshot) -> String {
    let count = snapshot.stations().len();
    let cities = snapshot.stations().iter().filter_map(|station| station.city.as_deref());
    let named: Vec<&str> = cities.take(MAX_NAMED).collect();
    let mut text = format!("No place with a station was named; there are {count} stations");
    if !named.is_empty() {
        text.push_str(": ");
        text.push_str(&named.join(", "));
        if named.len() < count {
            text.push_str(&format!(" and {} more", count - named.len()));
        }
    }
    text.push('.');
    text
}

/// A station as it is known at the moment of the answer.
struct Current<'a> {
    station: &'a Station,
    now: Timestamp,
    options: &'a Options,
}

impl<'a> Current<'a> {
    fn report(&self) -> String {
        if self.station.newest().is_none() {
            let station = self.station.city.as_deref().unwrap_or("the station");
            return format!("No readings yet: {station} has not reported.");
        }
        let Options { units, labels, .. } = self.options;
        let mut lines = Lines { text: String::with_capacity(REPORT), newest: None };
        if let Some(city) = &self.station.city {
            lines.put(&labels.city, city);
        }
        let temperature = |celsius| units.temperature(celsius);
        let speed = |metres_per_second| units.speed(metres_per_second);
        lines.tell(&labels.temperature, self.reading(Quantity::Temperature), temperature);
        lines.tell(&labels.feels_like, self.feels_like(), temperature);
        lines.tell(&labels.air_quality, self.air_quality(), identity);
        lines.tell(&labels.wind_direction, self.wind_direction(), identity);
        lines.tell(&labels.wind_speed, self.reading(Quantity::WindSpeed), speed);
        lines.tell(&labels.wind_gusts, self.reading(Quantity::WindGust), speed);
        lines.tell(&labels.precipitation, self.precipitation(), identity);
        lines.tell(&labels.rain, self.rain(), identity);
        lines.tell(&labels.humidity, self.reading(Quantity::Humidity), |value| Measure::Whole(value, "%"));
        lines.tell(&labels.dew_point, self.dew_point(), temperature);
        lines.tell(&labels.pressure, self.pressure(), |hectopascals| self.with_tendency(hectopascals));
        lines.tell(&labels.uv, self.reading(Quantity::UvIndex), |value| Measure::Whole(value, ""));
        lines.tell(&labels.range, self.range(), identity);
        match (lines.newest, self.last_told()) {
            (Some(at), _) => {
                let age = in_words(at.age(self.now));
                lines.put(&labels.observed, format_args!("{at} ({age} ago)"));
            }
            (None, Some(last)) if !self.is_current(last) => {
                let age = in_words(last.age(self.now));
                if last.ahead(self.now) > AHEAD {
                    lines.put(NOTHING, format_args!("the last report is of {last}, which is still to come."));
                } else {
                    lines.put(NOTHING, format_args!("the station last reported at {last}, {age} ago."));
                }
            }
            // What is current has no label, or makes no line.
            (None, _) => lines.put(NOTHING, "the station reports nothing of this kind."),
        }
        lines.text
    }

    /// When the newest of what the lines are made from was observed, however long ago.
    fn last_told(&self) -> Option<Timestamp> {
        let Station { air_quality, precipitation, .. } = self.station;
        let words = [air_quality, precipitation].into_iter().flatten().map(|words| words.at);
        TOLD.into_iter().filter_map(|told| self.station.reading(told)).map(|told| told.at).chain(words).max()
    }

    fn is_current(&self, at: Timestamp) -> bool {
        is_current(at, self.now, self.options)
    }

    fn reading(&self, quantity: Quantity) -> Option<Reading> {
        self.current(self.station.reading(quantity))
    }

    fn past(&self) -> Past {
        self.station.past.as_deref().copied().unwrap_or_default()
    }

    fn current(&self, reading: Option<Reading>) -> Option<Reading> {
        reading.filter(|reading| self.is_current(reading.at))
    }

    fn words(&self, words: &'a Option<Observed<String>>) -> Option<Observed<&'a str>> {
        let words = words.as_ref().filter(|words| self.is_current(words.at))?;
        Some(Observed { value: &words.value, at: words.at })
    }

    fn feels_like(&self) -> Option<Reading> {
        self.reading(Quantity::FeelsLike).or_else(|| {
            let temperature = self.reading(Quantity::Temperature)?;
            let humidity = self.reading(Quantity::Humidity);
            let wind = self.reading(Quantity::WindSpeed);
            let value = match self.options.units {
                Units::Metric => {
                    weather::apparent_temperature(temperature.value, humidity?.value, wind?.value)
                }
                Units::Imperial => weather::feels_like_us(
                    temperature.value,
                    humidity.map(|humidity| humidity.value),
                    wind.map(|wind| wind.value),
                )?,
            };
            // A sensor in the sun can be believed by itself and still give 100 °C here.
            let value = Quantity::FeelsLike.plausible(value)?;
            Some(Observed { value, at: newest([Some(temperature), humidity, wind])? })
        })
    }

    fn air_quality(&self) -> Option<Observed<&'a str>> {
        self.words(&self.station.air_quality).or_else(|| {
            let particles = [Quantity::Pm25, Quantity::Pm10].map(|quantity| self.reading(quantity));
            let [pm25, pm10] = particles.map(|reading| reading.map(|reading| reading.value));
            let value = match self.options.units {
                Units::Metric => weather::european_air_quality(pm25, pm10)?,
                Units::Imperial => {
                    weather::us_air_quality_category(weather::us_air_quality_index(pm25, pm10)?)
                }
            };
            Some(Observed { value, at: newest(particles)? })
        })
    }

    fn wind_direction(&self) -> Option<Observed<&'static str>> {
        let direction = self.reading(Quantity::WindDirection)?;
        let calm = self.reading(Quantity::WindSpeed).is_some_and(|wind| weather::is_calm(wind.value));
        let value = weather::compass_point(direction.value);
        (!calm).then_some(Observed { value, at: direction.at })
    }

    fn precipitation(&self) -> Option<Observed<&'a str>> {
        self.words(&self.station.precipitation).or_else(|| {
            let rate = self.reading(Quantity::RainRate)?;
            let cold = self.reading(Quantity::Temperature).is_some_and(|air| air.value <= SNOW_UP_TO);
            (!cold).then_some(Observed { value: weather::rain(rate.value), at: rate.at })
        })
    }

    fn dew_point(&self) -> Option<Reading> {
        self.reading(Quantity::DewPoint).or_else(|| {
            let temperature = self.reading(Quantity::Temperature)?;
            let humidity = self.reading(Quantity::Humidity)?;
            let value = weather::dew_point(temperature.value, humidity.value)?;
            let value = Quantity::DewPoint.plausible(value)?;
            Some(Observed { value, at: temperature.at.max(humidity.at) })
        })
    }

    /// What fell, as far as it is known: in the last hour, in 24 hours, or else since midnight.
    fn rain(&self) -> Option<Observed<String>> {
        let past = self.past();
        let hour = self.current(past.rain_of_hour);
        let day = self.current(past.rain_of_day);
        let today = self.reading(Quantity::RainToday).filter(|_| day.is_none());
        let amounts = [(hour, "in the last hour"), (day, "in 24 hours"), (today, "today")];
        let told = amounts
            .into_iter()
            .filter_map(|(amount, when)| Some(format!("{} {when}", self.options.units.rain(amount?.value))));
        let text = told.collect::<Vec<_>>().join(", ");
        Some(Observed { value: text, at: newest([hour, day, today])? })
    }

    /// The lowest and the highest temperature of the last 24 hours.
    fn range(&self) -> Option<Observed<String>> {
        let past = self.past();
        let lowest = self.current(past.lowest_temperature)?;
        let highest = self.current(past.highest_temperature)?;
        let [low, high] = [lowest, highest].map(|reading| self.options.units.temperature(reading.value));
        Some(Observed {
            value: format!("{low} to {high} in 24 hours"),
            at: newest([Some(lowest), Some(highest)])?,
        })
    }

    fn with_tendency(&self, hectopascals: f64) -> String {
        let pressure = self.options.units.pressure(hectopascals);
        match self.current(self.past().pressure_change) {
            Some(change) => format!("{pressure}, {}", weather::pressure_tendency(change.value)),
            None => pressure.to_string(),
        }
    }

    /// At sea level, where forecasts give it too, else at the station.
    fn pressure(&self) -> Option<Reading> {
        self.reading(Quantity::SeaLevelPressure).or_else(|| self.reading(Quantity::StationPressure))
    }
}

/// When the newest of the readings was taken.
fn newest<const N: usize>(readings: [Option<Reading>; N]) -> Option<Timestamp> {
    readings.into_iter().flatten().map(|reading| reading.at).max()
}

/// The lines of an answer as they are written.
struct Lines {
    text: String,
    /// The time of the newest observation told so far.
    newest: Option<Timestamp>,
}

impl Lines {
    fn put(&mut self, label: &str, value: impl Display) {
        if label.is_empty() {
            return;
        }
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(label);
        // Writing into a String does not fail.
        let _ = write!(self.text, ": {value}");
    }

    /// The line of what was observed, if it was, and the note of its time.
    fn tell<T, D: Display>(&mut self, label: &str, observed: Option<Observed<T>>, show: impl FnOnce(T) -> D) {
        if let Some(observed) = observed.filter(|_| !label.is_empty()) {
            self.newest = self.newest.max(Some(observed.at));
            self.put(label, show(observed.value));
        }
    }
}

impl Units {
    fn temperature(self, celsius: f64) -> Measure {
        match self {
            Units::Metric => Measure::Whole(celsius, "°C"),
            Units::Imperial => Measure::Whole(celsius * 1.8 + 32.0, "°F"),
        }
    }

    fn speed(self, metres_per_second: f64) -> Measure {
        match self {
            Units::Metric => Measure::Whole(metres_per_second * 3.6, " km/h"),
            Units::Imperial => Measure::Whole(metres_per_second / one(Unit::MilePerHour), " mph"),
        }
    }

    fn rain(self, millimetres: f64) -> Measure {
        match self {
            Units::Metric => Measure::Tenths(millimetres, " mm"),
            Units::Imperial => Measure::Hundredths(millimetres / one(Unit::Inch), " in"),
        }
    }

    fn pressure(self, hectopascals: f64) -> Measure {
        match self {
            Units::Metric => Measure::Whole(hectopascals, " hPa"),
            // An inch is 34 hPa, so that whole ones would hide all weather.
            Units::Imperial => Measure::Hundredths(hectopascals / one(Unit::InchOfMercury), " inHg"),
        }
    }
}

/// One of a unit, in its base unit.
fn one(unit: Unit) -> f64 {
    unit.to_base(1.0).1
}

/// A number with its unit, as it is written.
enum Measure {
    /// To the nearest whole unit, halves away from zero; the unit with the blank before it.
    Whole(f64, &'static str),
    /// To one decimal.
    Tenths(f64, &'static str),
    /// To two decimals.
    Hundredths(f64, &'static str),
}

impl Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Measure::Whole(value, unit) => {
                // What the sensor wrote as a half still is one: a unit converted there and back
                // leaves noise in the last bits.
                let steady = (value * 1e6).round() / 1e6;
                // As an integer, which has no −0 and is written in a tenth of the steps.
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "what is told is plausible, so it is small"
                )]
                let whole = steady.round() as i32;
                write!(f, "{whole}{unit}")
            }
            Measure::Tenths(value, unit) => write!(f, "{value:.1}{unit}"),
            Measure::Hundredths(value, unit) => write!(f, "{value:.2}{unit}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::Quantity::*;

    /// 2026-11-22T14:08:00Z
    fn now() -> Timestamp {
        Timestamp::from_millis(1_795_356_480_000).expect("a time of this century")
    }

    fn minutes(count: u64) -> Duration {
        Duration::from_secs(60 * count)
    }

    /// A station that took these readings `age` ago.
    fn station_at(city: &str, age: Duration, readings: &[(Quantity, f64)]) -> Station {
        let mut station = Station::default();
        station.city = Some(city.to_owned());
        for &(quantity, value) in readings {
            station.take(quantity, Observed { value, at: now().before(age) });
        }
        station
    }

    fn station(readings: &[(Quantity, f64)]) -> Station {
        station_at("London", minutes(3), readings)
    }

    fn words(text: &str, age: Duration) -> Option<Observed<String>> {
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

    const EVERYTHING: [(Quantity, f64); 17] = [
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
        (Pm25, 60.0),
        (Pm10, 20.0),
        (UvIndex, 3.2),
        (Illuminance, 10_000.0),
        (Irradiance, 100.0),
    ];

    #[test]
    fn the_example_of_the_contract() {
        let mut options = Options::default();
        options.labels.feels_like = "RealFeel®".to_owned();
        options.labels.observed.clear();
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

    /// A station that tells all, with its past.
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
        station
    }

    #[test]
    fn a_reading_from_the_future_is_not_current() {
        let mut told = station_at("London", minutes(0), &[]);
        told.take(Temperature, Observed { value: 4.0, at: now() });
        let ask = |told: &Station, now| {
            answer(&Snapshot::new(vec![told.clone()]), None, None, now, &Options::default())
        };
        assert!(ask(&told, now().before(AHEAD)).contains("Temperature: 4°C"), "clocks differ a little");
        let before = now().before(minutes(60));
        let expected = format!(
            "City: London\nNo current readings: the last report is of {}, which is still to come.",
            now()
        );
        assert_eq!(ask(&told, before), expected);
    }

    #[test]
    fn rain_is_told_as_far_as_it_is_known() {
        let mut told = station(&[(Temperature, 1.0), (RainToday, 2.04)]);
        let check = |told: &Station, expected: &str| {
            assert_eq!(lines(told.clone(), &Options::default()), format!("Temperature: 1°C{expected}"));
        };
        check(&told, "\nRain: 2.0 mm today");
        let past =
            |rain_of_hour, rain_of_day| Some(Box::new(Past { rain_of_hour, rain_of_day, ..Past::default() }));
        let fell = |value, at| Some(Observed { value, at });
        told.past = past(fell(0.0, now()), None);
        check(&told, "\nRain: 0.0 mm in the last hour, 2.0 mm today");
        told.past = past(fell(0.0, now()), fell(3.0, now()));
        check(&told, "\nRain: 0.0 mm in the last hour, 3.0 mm in 24 hours");
        told.past = past(fell(0.0, now().before(STALE_AFTER)), fell(3.0, now()));
        check(&told, "\nRain: 3.0 mm in 24 hours");
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
                 Temperature Range: -1°C to 12°C in 24 hours\nObserved: {at} (3 min ago)"
            )
        );
        assert_eq!(
            answer(&snapshot, None, None, now(), &imperial()),
            format!(
                "City: London\nTemperature: 50°F\nFeels Like: 46°F\nAir Quality: Unhealthy\n\
                 Wind Direction: ENE\nWind Speed: 5 mph\nWind Gusts: 9 mph\n\
                 Precipitation: Light rain\nRain: 0.05 in in the last hour, 0.20 in in 24 hours\n\
                 Humidity: 81%\nDew Point: 45°F\nPressure: 29.92 inHg, falling\nUV Index: 3\n\
                 Temperature Range: 31°F to 54°F in 24 hours\nObserved: {at} (3 min ago)"
            )
        );
    }

    #[test]
    fn labels() {
        let mut options = Options::default();
        for key in Labels::KEYS {
            let label = options.labels.get_mut(key).expect("a label for every key");
            *label = format!("天気 {key}");
        }
        assert_eq!(options.labels.get_mut("City"), None);
        let snapshot = Snapshot::new(vec![everything()]);
        let text = answer(&snapshot, None, None, now(), &options);
        assert_eq!(text.lines().count(), Labels::KEYS.len());
        for (line, key) in text.lines().zip(Labels::KEYS) {
            assert!(line.starts_with(&format!("天気 {key}: ")), "{line}");
        }
        for (index, key) in Labels::KEYS.into_iter().enumerate() {
            let mut options = Options::default();
            options.labels.get_mut(key).expect("a label for every key").clear();
            let all = answer(&snapshot, None, None, now(), &Options::default());
            let mut left: Vec<&str> = all.lines().collect();
            left.remove(index);
            assert_eq!(answer(&snapshot, None, None, now(), &options), left.join("\n"), "{key}");
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

    /// Every half that a sensor writes in the unit of the answer goes up, whatever the conversion
    /// to the base unit and back leaves in the last bits.
    #[test]
    fn halves_survive_the_conversion() {
        #[track_caller]
        fn check(unit: Unit, show: impl Fn(f64) -> Measure, symbol: &str) {
            for whole in 0..200 {
                let (_, base) = unit.to_base(f64::from(whole) + 0.5);
                assert_eq!(show(base).to_string(), format!("{}{symbol}", whole + 1));
            }
        }
        check(Unit::Celsius, |value| Units::Metric.temperature(value), "°C");
        check(Unit::KilometrePerHour, |value| Units::Metric.speed(value), " km/h");
        check(Unit::Fahrenheit, |value| Units::Imperial.temperature(value), "°F");
        check(Unit::MilePerHour, |value| Units::Imperial.speed(value), " mph");
        let (_, base) = Unit::InchOfMercury.to_base(29.92);
        assert_eq!(Units::Imperial.pressure(base).to_string(), "29.92 inHg");
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
        vane.take(WindSpeed, Observed { value: 0.0, at: now().before(STALE_AFTER) });
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
        thawed.take(Temperature, Observed { value: -5.0, at: now().before(STALE_AFTER) });
        assert_eq!(lines(thawed, &Options::default()), "Precipitation: Light rain");
    }

    #[test]
    fn pressure_at_sea_level_comes_first() {
        check(&[(StationPressure, 990.0), (SeaLevelPressure, 1013.0)], "Pressure: 1013 hPa");
        let mut stale = station(&[(StationPressure, 990.0)]);
        stale.take(SeaLevelPressure, Observed { value: 1013.0, at: now().before(STALE_AFTER) });
        assert_eq!(lines(stale, &Options::default()), "Pressure: 990 hPa");
    }

    #[test]
    fn words_of_the_source_come_first() {
        let readings = [(Temperature, -5.0), (RainRate, 1.0), (Pm25, 60.0)];
        let mut told = station(&readings);
        told.air_quality = words("Mauvaise", minutes(1));
        told.precipitation = words("Neige", minutes(1));
        assert_eq!(
            lines(told, &Options::default()),
            "Temperature: -5°C\nAir Quality: Mauvaise\nPrecipitation: Neige"
        );
        let mut stale = station(&readings);
        stale.air_quality = words("Mauvaise", STALE_AFTER);
        stale.precipitation = words("Neige", STALE_AFTER);
        assert_eq!(lines(stale, &Options::default()), "Temperature: -5°C\nAir Quality: Poor");
    }

    #[test]
    fn stale_readings_are_left_out_one_by_one() {
        let moment = Duration::from_millis(1);
        let mut mixed = station_at("London", STALE_AFTER - moment, &[(Temperature, 20.0)]);
        for quantity in [FeelsLike, DewPoint, Humidity, WindSpeed] {
            mixed.take(quantity, Observed { value: 50.0, at: now().before(STALE_AFTER) });
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
    fn the_time_is_that_of_the_newest_reading_told() {
        let mut mixed = station(&[(Temperature, 20.0), (Humidity, 50.0)]);
        mixed.take(WindSpeed, Observed { value: 1.0, at: now().before(minutes(1)) });
        mixed.take(Illuminance, Observed { value: 1.0, at: now() });
        let snapshot = Snapshot::new(vec![mixed]);
        let mut options = Options::default();
        let at = now().before(minutes(1));
        let text = answer(&snapshot, None, None, now(), &options);
        assert!(text.ends_with(&format!("\nObserved: {at} (1 min ago)")), "{text}");
        // The wind is still told, as a part of how warm it feels.
        options.labels.wind_speed.clear();
        let text = answer(&snapshot, None, None, now(), &options);
        assert!(text.ends_with(&format!("\nObserved: {at} (1 min ago)")), "{text}");
        options.labels.feels_like.clear();
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
        gauge.take(Temperature, Observed { value: 10.0, at });
        let text = answer(&Snapshot::new(vec![gauge]), None, None, now(), &options);
        let expected = format!("No current readings: the station last reported at {at}, 3 h ago.");
        assert_eq!(text, format!("City: London\n{expected}"));
    }

    #[test]
    fn a_derived_value_that_cannot_be_is_not_told() {
        let dry = station(&[(Temperature, -45.0), (Humidity, 1.0)]);
        let text = answer(&Snapshot::new(vec![dry]), None, None, now(), &Options::default());
        assert!(text.contains("Humidity: 1%") && !text.contains("Dew Point"), "{text}");
    }

    #[test]
    fn before_the_first_reading() {
        #[track_caller]
        fn check(stations: Vec<Station>, place: Option<&str>, expected: &str) {
            assert_eq!(answer(&Snapshot::new(stations), place, None, now(), &Options::default()), expected);
        }
        let nothing = "No readings yet: the sensors have not reported.";
        check(vec![], None, nothing);
        check(vec![], Some("London"), nothing);
        check(vec![station(&[])], Some("London"), "No readings yet: London has not reported.");
        check(vec![Station::default()], None, "No readings yet: the station has not reported.");
    }

    #[test]
    fn a_nameless_station_has_no_city_line() {
        let mut nameless = station(&[(Temperature, 10.0)]);
        nameless.city = None;
        let text = answer(&Snapshot::new(vec![nameless]), None, None, now(), &Options::default());
        assert!(text.starts_with("Temperature: 10°C\nObserved: "), "{text}");
    }

    #[test]
    fn the_place_then_the_query_then_the_default() {
        let warm = |city: &str| station_at(city, minutes(3), &[(Temperature, 20.0)]);
        let mut default = warm("London");
        default.default = true;
        let marked = Snapshot::new(vec![warm("Paris"), default, warm("Rome")]);
        let unmarked = Snapshot::new(vec![warm("Paris"), warm("London")]);
        let only = Snapshot::new(vec![warm("Paris")]);

        #[track_caller]
        fn check(snapshot: &Snapshot, place: Option<&str>, query: Option<&str>, expected: &str) {
            let text = answer(snapshot, place, query, now(), &Options::default());
            assert_eq!(text.lines().next(), Some(expected));
        }
        check(&marked, Some("rome, Italy"), Some("Paris?"), "City: Rome");
        check(&marked, Some("Oslo"), Some("Paris?"), "Unknown city");
        check(&marked, None, Some("And in Paris?"), "City: Paris");
        check(&marked, Some(" \t"), Some("And in Paris?"), "City: Paris");
        check(&marked, Some(""), Some("And here?"), "City: London");
        check(&marked, None, None, "City: London");
        check(&only, None, Some("And in Oslo?"), "City: Paris");
        check(&only, Some("Oslo"), None, "Unknown city");
        check(&unmarked, None, Some("London"), "City: London");
        let ask = "No place with a station was named; there are 2 stations: Paris, London.";
        check(&unmarked, None, Some("And here?"), ask);
        check(&unmarked, Some(""), None, ask);
    }

    #[test]
    fn asking_back_names_a_few_stations() {
        #[track_caller]
        fn check(stations: Vec<Station>, expected: &str) {
            assert_eq!(ask_back(&Snapshot::new(stations)), expected);
        }
        let named = |number: usize| station_at(&format!("P{number}"), minutes(3), &[]);
        check(
            vec![named(1), Station::default()],
            "No place with a station was named; there are 2 stations: P1 and 1 more.",
        );
        check(vec![Station::default(); 2], "No place with a station was named; there are 2 stations.");
        let many = ask_back(&Snapshot::new((0..10_000).map(named).collect()));
        assert!(many.ends_with(", P18, P19 and 9980 more."), "{many}");
    }
}
