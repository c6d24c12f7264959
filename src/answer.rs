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
