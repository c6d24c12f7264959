//! What tools other than Dify's extension get, such as its Custom Tool: one place's readings as JSON, and
//! the OpenAPI document by which they learn to ask for them.

use serde_json::{Map, json};

use crate::answer::{self, Options};
use crate::reading::{Observed, Quantity, Snapshot, Station};
use crate::time::Timestamp;

/// OpenAPI 3.1, with [`SERVER`] and [`VERSION`] where theirs belong.
const DOCUMENT: &str = include_str!("tool/openapi.json");
const SERVER: &str = r#""SERVER""#;
const VERSION: &str = r#""VERSION""#;

/// The OpenAPI document of a server that is reached under this URL.
pub fn openapi(server: &str) -> String {
    let text = |text: &str| serde_json::to_string(text).unwrap_or_default();
    DOCUMENT.replacen(SERVER, &text(server), 1).replacen(VERSION, &text(env!("CARGO_PKG_VERSION")), 1)
}

/// The weather at a place, or at the default station, as the document describes it. What is not current is
/// left out.
pub fn weather(snapshot: &Snapshot, place: Option<&str>, now: Timestamp, options: &Options) -> String {
    let (text, station) = match answer::find(snapshot, place, None) {
        Ok(station) => (answer::report(station, now, options), Some(station)),
        Err(sentence) => (sentence, None),
    };
    let current = |quantity, station: &Station| {
        let reading = station.reading(quantity)?;
        answer::is_current(reading.at, now, options).then_some(reading)
    };
    let mut newest = None;
    let mut readings = Map::new();
    for quantity in Quantity::ALL {
        if let Some(Observed { value, at }) = station.and_then(|station| current(quantity, station)) {
            newest = newest.max(Some(at));
            let unit = quantity.base_unit().symbol();
            let told = json!({
                "value": value,
                "unit": unit,
                "observed": at.rfc3339(),
                "age_seconds": at.age(now).as_secs(),
            });
            readings.insert(quantity.key(), told);
        }
    }
    let told = json!({
        "text": text,
        "city": station.and_then(|station| station.city.as_deref()),
        "observed": newest.map(Timestamp::rfc3339),
        "age_seconds": newest.map(|at| at.age(now).as_secs()),
        "readings": readings,
    });
    serde_json::to_string(&told).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_names_the_server_whatever_it_is_called() {
        let document: serde_json::Value = serde_json::from_str(&openapi(r#"https://a"b\c"#)).expect("JSON");
        assert_eq!(document["servers"], json!([{"url": r#"https://a"b\c"#}]));
        assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
        assert_eq!(document["openapi"], "3.1.0");
    }
}
