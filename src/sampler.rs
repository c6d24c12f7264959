//! Reads the sensor file on a timer and publishes what it says.

use std::path::PathBuf;
use std::time::Duration;

/// What is sampled, and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The sensor file.
    pub sensor: PathBuf,
    /// The name for records that name no place.
    pub city: Option<String>,
    /// The time between two looks at the file.
    pub every: Duration,
}
