//! The readings of one place as JSON, for tools other than Dify's extension.

use serde_json::{Map, json};

use crate::answer::{self, Extent, Options, Period};
use crate::json;
use crate::reading::{Observed, Snapshot};
use crate::time::Timestamp;

/// The weather at a place, or at the default station, as `routes/openapi.json` describes it. Readings that are not
/// current are left out. With a period the text is about its days, which follow the readings.
pub fn weather(
    snapshot: &Snapshot,
    place: Option<&str>,
    period: Option<Period>,
    now: Timestamp,
    options: &Options,
) -> String {
    let (text, station) = match answer::find(snapshot, place, None) {
        Ok(station) => {
            let text = match period {
                Some(period) => answer::past(station, period, now, options),
                None => answer::report(station, now, options),
            };
            (text, Some(station))
        }
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
    let mut json = json::text(&report);
    if let Some(period) = period {
        json.pop();
        answer::write_past(station, period, now, Extent::Full, &mut json);
        json.push('}');
    }
    json
}
