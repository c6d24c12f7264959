//! A call's body, as bytes: no panic, every success of the contract's form, every refusal one line,
//! and which of them it is decided as a second reading of the same JSON decides.

use std::sync::LazyLock;

use serde_json::Value;
use weatherhook::answer::Options;
use weatherhook::extension::{Refusal, receive};
use weatherhook::format::{Source, named, stations};
use weatherhook::reading::Snapshot;
use weatherhook::time::Timestamp;

/// 2025-03-02T22:26:03Z
const NOW: f64 = 1_740_954_363.0;

/// One fresh station, several of which one is stale and one silent, and none.
const SENSORS: [&str; 3] = [
    r#"{"city": "London", "temp": 10.2, "rh": 81, "wind_speed": 2.2, "wind_dir": 70, "rain_rate_mm_h": 0.8, "pm2_5": 62}"#,
    r#"[{"city": "Zürich", "aliases": ["Zurich", "ZRH"], "temp": 1, "ts": 1740954363},
        {"city": "東京", "temp": 2, "ts": 1740900000}, {"city": "New London"}]"#,
    "[]",
];

/// Twenty names of at most a hundred characters, and what stands around them.
const MAX_RESULT: usize = 16 * 1024;

static SNAPSHOTS: LazyLock<Vec<Snapshot>> = LazyLock::new(|| {
    let source = Source::new(None, now());
    let format = named("json").expect("a format");
    let stations =
        |text: &&str| stations(format, text.as_bytes(), &source, &mut |_| {}).expect("a good text");
    SENSORS.iter().map(|text| Snapshot::new(stations(text))).collect()
});

fn now() -> Timestamp {
    Timestamp::from_epoch(NOW).expect("a time")
}

/// Holds the answers to the body against the contract.
pub(crate) fn check(body: &[u8]) {
    let options = Options::default();
    let expected = expected(body);
    for snapshot in SNAPSHOTS.iter() {
        let (_, found) = receive(body, snapshot, now(), &options);
        match &found {
            Ok(json) => {
                let json: Value = serde_json::from_slice(json).expect("JSON");
                let object = json.as_object().expect("an object");
                match object.get("result") {
                    Some(result) => {
                        let result = result.as_str().expect("a text");
                        assert_eq!(object.len(), 1, "{json}");
                        assert!(!result.is_empty() && result.len() <= MAX_RESULT, "{result}");
                        assert!(result.lines().all(|line| !line.is_empty()), "{result:?}");
                        assert!(!result.contains(|c: char| c.is_control() && c != '\n'), "{result:?}");
                    }
                    None => {
                        assert_eq!(object.get("flagged"), Some(&Value::Bool(false)), "{json}");
                        assert_eq!(object.get("action"), Some(&"direct_output".into()), "{json}");
                        assert_eq!(object.len(), 2, "{json}");
                    }
                }
            }
            Err(Refusal::NotJson(why) | Refusal::WrongShape(why)) => {
                assert!(!why.is_empty() && why.len() <= 200, "{why}");
                assert!(!why.contains(char::is_control), "{why:?}");
            }
            Err(Refusal::NotImplemented) => {}
        }
        let kind = match &found {
            Ok(json) if json.starts_with(br#"{"result": "pong"}"#) => "pong",
            Ok(json) if json.starts_with(br#"{"result": "#) => "result",
            Ok(_) => "flagged",
            Err(Refusal::NotJson(_)) => "not JSON",
            Err(Refusal::WrongShape(_)) => "wrong shape",
            Err(Refusal::NotImplemented) => "not implemented",
        };
        // What is not JSON to serde_json's own values may be deeper than they reach.
        if let Some(expected) = expected {
            assert_eq!(kind, expected, "{found:?}");
        }
    }
}

/// What the contract wants, from serde_json's own values: nothing for what those cannot hold.
fn expected(body: &[u8]) -> Option<&'static str> {
    let call: Value = serde_json::from_slice(body).ok()?;
    let is_object_or_nothing = |value: Option<&Value>| value.is_none_or(|v| v.is_object() || v.is_null());
    let Some(point) = call.get("point").and_then(Value::as_str) else { return Some("wrong shape") };
    if !is_object_or_nothing(call.get("params")) {
        return Some("wrong shape");
    }
    Some(match point {
        "ping" => "pong",
        "app.external_data_tool.query" => {
            let inputs = call.get("params").and_then(|params| params.get("inputs"));
            if is_object_or_nothing(inputs) { "result" } else { "wrong shape" }
        }
        "app.moderation.input" | "app.moderation.output" => "flagged",
        _ => "not implemented",
    })
}
