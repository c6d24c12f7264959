//! From readings to the lines that are put into the prompt.

use std::time::Duration;

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
    /// Relative humidity.
    pub humidity: String,
    /// Dew point.
    pub dew_point: String,
    /// Air pressure.
    pub pressure: String,
    /// UV index.
    pub uv: String,
    /// When the newest reading was taken.
    pub observed: String,
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
        Options { units: Units::Metric, labels: Labels::default(), stale_after: Duration::from_secs(15 * 60) }
    }
}

impl Default for Labels {
    fn default() -> Labels {
        Labels {
            city: "City".to_owned(),
            temperature: "Temperature".to_owned(),
            feels_like: "RealFeel®".to_owned(),
            air_quality: "Air Quality".to_owned(),
            wind_direction: "Wind Direction".to_owned(),
            wind_speed: "Wind Speed".to_owned(),
            wind_gusts: "Wind Gusts".to_owned(),
            precipitation: "Precipitation".to_owned(),
            humidity: "Humidity".to_owned(),
            dew_point: "Dew Point".to_owned(),
            pressure: "Pressure".to_owned(),
            uv: "UV Index".to_owned(),
            observed: "Observed".to_owned(),
        }
    }
}

impl Labels {
    /// The names of the labels, as in the configuration.
    pub const KEYS: [&'static str; 13] = [
        "city",
        "temperature",
        "feels_like",
        "air_quality",
        "wind_direction",
        "wind_speed",
        "wind_gusts",
        "precipitation",
        "humidity",
        "dew_point",
        "pressure",
        "uv",
        "observed",
    ];

    /// The label of that name.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut String> {
        match key {
            "city" => Some(&mut self.city),
            "temperature" => Some(&mut self.temperature),
            "feels_like" => Some(&mut self.feels_like),
            "air_quality" => Some(&mut self.air_quality),
            "wind_direction" => Some(&mut self.wind_direction),
            "wind_speed" => Some(&mut self.wind_speed),
            "wind_gusts" => Some(&mut self.wind_gusts),
            "precipitation" => Some(&mut self.precipitation),
            "humidity" => Some(&mut self.humidity),
            "dew_point" => Some(&mut self.dew_point),
            "pressure" => Some(&mut self.pressure),
            "uv" => Some(&mut self.uv),
            "observed" => Some(&mut self.observed),
            _ => None,
        }
    }
}
