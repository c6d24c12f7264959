//! The readings of one place as JSON, for tools other than Dify's extension.

use serde_json::{Map, json};

use crate::answer::{self, Options};
use crate::json;
use crate::reading::{Observed, Snapshot};
use crate::time::Timestamp;

/// The weather at a place, or at the default station, as `routes/openapi.json` describes it. Readings that are not
/// current are left out.
pub fn weather(snapshot: &Snapshot, place: Option<&str>, now: Timestamp, options: &Options) -> String {
    let (text, station) = match answer::find(snapshot, place, None) {
        Ok(station) => (answer::report(station, now, options), Some(station)),
        Err(reason) => (reason.sentence(snapshot), None),
    };
    let mut newest = None;
    let mut readings = Map::new();
    for (quantity, Observed { value, at }) in
        station.into_iter().flat_map(|station| answer::readings(station, now, options))
    {
        newest = newest.max(Some(at));
        let unit = quantity.base_unit().symbol();
        let reading = json!({
            "value": value,
            "unit": unit,
            "observed": at.rfc3339(),
            "age_seconds": at.age(now).as_secs(),
        });
        readings.insert(quantity.key().to_owned(), reading);
    }
    let report = json!({
        "text": text,
        "city": station.and_then(|station| station.city.as_deref()),
        "observed": newest.map(Timestamp::rfc3339),
        "age_seconds": newest.map(|at| at.age(now).as_secs()),
        "readings": readings,
    });
    json::text(&report)
}
