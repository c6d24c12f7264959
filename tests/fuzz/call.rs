//! A call's body, as bytes: no panic, every success of the contract's form, every refusal one line,
//! and which of them it is decided as a second reading of the same JSON decides.

use std::sync::{Arc, LazyLock};

use serde::de::IgnoredAny;
use serde_json::{Value, json};
use weatherhook::testing::answer::Options;
use weatherhook::testing::extension::{Context, Refusal, receive};
use weatherhook::testing::format::{Source, named};
use weatherhook::testing::moderation::{Action, Matching, Moderation, Options as ModerationOptions};
use weatherhook::testing::reading::Snapshot;
use weatherhook::testing::sampler::published;
use weatherhook::testing::time::Timestamp;

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

static SNAPSHOTS: LazyLock<Vec<Arc<Snapshot>>> = LazyLock::new(|| {
    let source = Source::new(None, now());
    let format = named("json").expect("a format");
    let snapshot = |text: &str| {
        let mut records = Vec::new();
        let read = format.read(text.as_bytes(), &source, &mut |record| records.push(record), &mut |_| {});
        read.expect("a good text");
        published(records, now())
    };
    SENSORS.into_iter().map(snapshot).collect()
});

/// Words that the corpus has, some of which share letters or change their length when case goes.
const WORDS: &str = "hello\nbad\nbad word\nstrasse\ni\n笨蛋\nσ\n바보\nc++\n";

static MODERATIONS: LazyLock<Vec<Moderation>> = LazyLock::new(|| {
    let masks = [(Matching::Words, '*'), (Matching::Substrings, '"'), (Matching::Words, '█')];
    let overridden = masks.map(|(matching, mask)| (matching, Action::Overridden { mask }));
    let direct = (Matching::Words, Action::DirectOutput { preset_response: "No.".to_owned() });
    let all = overridden.into_iter().chain([direct]);
    let moderation = |(matching, action)| {
        let options = ModerationOptions { words_file: "words".into(), matching, action };
        Moderation::new(WORDS.as_bytes(), &options).expect("a good list")
    };
    all.map(moderation).collect()
});

fn now() -> Timestamp {
    Timestamp::from_epoch(NOW).expect("a time")
}

/// Holds the answers to the body against the contract.
pub(crate) fn check(body: &[u8]) {
    check_moderation(body);
    let options = Options::default();
    let expected = expected(body);
    for snapshot in SNAPSHOTS.iter() {
        let context = Context { snapshot, now: now(), options: &options, moderation: None };
        let (_, found) = receive(body, &context);
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

/// Holds the answers of moderation with a list of words against the contract.
fn check_moderation(body: &[u8]) {
    let call: Option<Value> = serde_json::from_slice(body).ok();
    let point = call.as_ref().and_then(|call| call.get("point")?.as_str()).unwrap_or_default();
    let fields: &[(&str, Value)] = match point {
        "app.moderation.input" => &[("inputs", json!({})), ("query", json!(""))],
        "app.moderation.output" => &[("text", json!(""))],
        _ => &[],
    };
    let params = call.as_ref().and_then(|call| call.get("params"));
    // What was sent, where it is of the form of a moderation.
    let given = |name: &str, empty: &Value| {
        let value = params.and_then(|params| params.get(name)).filter(|value| !value.is_null());
        let value = value.unwrap_or(empty);
        (value.is_object() == empty.is_object() && value.is_string() == empty.is_string())
            .then_some(value.clone())
    };
    for moderation in MODERATIONS.iter() {
        let options = Options::default();
        let context =
            Context { snapshot: &SNAPSHOTS[0], now: now(), options: &options, moderation: Some(moderation) };
        let (_, found) = receive(body, &context);
        let Ok(json) = &found else { continue };
        // Deeper than serde_json's values reach, it still has to be good.
        let _: IgnoredAny = serde_json::from_slice(json).expect("JSON");
        assert!(json.len() <= 4 * body.len() + 16 * 1024, "{}", json.len());
        if fields.is_empty() {
            continue;
        }
        let answer: Value = serde_json::from_slice(json).expect("values, as those of the body are");
        let answer = answer.as_object().expect("an object");
        let sent: Vec<_> =
            fields.iter().map(|(name, empty)| given(name, empty).expect("the right form")).collect();
        let is_flagged = answer["flagged"].as_bool().expect("a boolean");
        let holds = |text: &str| moderation.search().finds(text);
        // Of two inputs of the same name both are looked at, but a value knows the last only.
        assert!(is_flagged || !sent.iter().any(|value| any_text(value, &holds)), "{answer:?}");
        match (answer["action"].as_str().expect("an action"), moderation.action()) {
            ("direct_output", _) if !is_flagged => assert_eq!(answer.len(), 2),
            ("direct_output", Action::DirectOutput { preset_response }) => {
                assert_eq!((answer.len(), &answer["preset_response"]), (3, &json!(preset_response)));
            }
            ("overridden", Action::Overridden { mask }) => {
                assert_eq!(answer.len(), 2 + fields.len(), "{answer:?}");
                for ((name, _), sent) in fields.iter().zip(&sent) {
                    check_masked(sent, &answer[*name], moderation, *mask);
                }
            }
            other => panic!("{other:?}"),
        }
    }
}

fn any_text(value: &Value, holds: &dyn Fn(&str) -> bool) -> bool {
    match value {
        Value::String(text) => holds(text),
        Value::Array(values) => values.iter().any(|value| any_text(value, holds)),
        Value::Object(members) => members.values().any(|value| any_text(value, holds)),
        _ => false,
    }
}

/// The same value, but for characters that were masked: as many, and no word among them any more.
fn check_masked(sent: &Value, answered: &Value, moderation: &Moderation, mask: char) {
    match (sent, answered) {
        (Value::String(sent), Value::String(answered)) => {
            assert_eq!(sent.chars().count(), answered.chars().count(), "{sent:?} {answered:?}");
            let same = |(sent, answered)| sent == answered || answered == mask;
            assert!(sent.chars().zip(answered.chars()).all(same), "{sent:?} {answered:?}");
            assert_eq!(sent != answered, moderation.search().finds(sent), "{sent:?} {answered:?}");
        }
        (Value::Array(sent), Value::Array(answered)) => {
            assert_eq!(sent.len(), answered.len());
            sent.iter()
                .zip(answered)
                .for_each(|(sent, answered)| check_masked(sent, answered, moderation, mask));
        }
        (Value::Object(sent), Value::Object(answered)) => {
            assert!(sent.keys().eq(answered.keys()));
            sent.values()
                .zip(answered.values())
                .for_each(|(sent, answered)| check_masked(sent, answered, moderation, mask));
        }
        _ => assert_eq!(sent, answered),
    }
}
