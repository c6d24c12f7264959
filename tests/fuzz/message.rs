//! A message of MCP, as bytes: the first three lines are the fields of the head (an empty one is missing), the rest is the
//! body. No panic, every answer of the form of JSON-RPC with the id that came, and a status that fits it.

use std::sync::{Arc, LazyLock};

use serde_json::Value;
use weatherhook::testing::answer::Options;
use weatherhook::testing::format::{Source, named};
use weatherhook::testing::mcp::{Context, Fields, Reply, answer};
use weatherhook::testing::reading::Snapshot;
use weatherhook::testing::sampler::published;
use weatherhook::testing::time::Timestamp;

/// A fresh station and a silent one.
const SENSOR: &str = r#"[{"city": "London", "temp": 10.2, "rh": 81}, {"city": "New \"London\""}]"#;

static SNAPSHOT: LazyLock<Arc<Snapshot>> = LazyLock::new(|| {
    let format = named("json").expect("a format");
    let mut records = Vec::new();
    let source = Source::new(None, now());
    let read = format.read(SENSOR.as_bytes(), &source, &mut |record| records.push(record), &mut |_| {});
    read.expect("a good text");
    published(records, now())
});

fn now() -> Timestamp {
    Timestamp::from_epoch(1_740_954_363.0).expect("a time")
}

/// Holds the answer to the message against the protocol.
pub(crate) fn check(input: &[u8]) {
    let mut parts = input.splitn(4, |&byte| byte == b'\n');
    let mut field = || parts.next().filter(|field| !field.is_empty());
    let fields = Fields { version: field(), method: field(), name: field() };
    let body = parts.next().unwrap_or_default();
    let context = Context { snapshot: &SNAPSHOT, now: now(), options: &Options::default() };
    let Reply { status, body: answer } = answer(body, &fields, &context);
    // What is not JSON to serde_json's own values may be deeper than they reach.
    let message: Option<Value> = serde_json::from_slice(body).ok();
    if status.code() == 202 {
        assert!(answer.is_empty());
        assert!(message.is_none_or(|message| message.get("method").is_none() || message.get("id").is_none()));
        return;
    }
    let json: Value = serde_json::from_slice(&answer).expect("JSON");
    assert_eq!(json["jsonrpc"], "2.0");
    let code = json["error"]["code"].as_i64();
    assert_eq!(json.get("result").is_some_and(Value::is_object), code.is_none(), "{json}");
    match code {
        None => assert_eq!(status.code(), 200),
        Some(-32700 | -32600 | -32020 | -32022) => assert_eq!(status.code(), 400, "{json}"),
        Some(-32601) => assert!([200, 404].contains(&status.code()), "{json}"),
        Some(-32602) => assert!([200, 400].contains(&status.code()), "{json}"),
        Some(_) => panic!("{json}"),
    }
    let Some(message) = message else { return };
    assert_ne!(code, Some(-32700), "{json}");
    match (json.get("id"), message.get("id")) {
        (Some(id), sent) => assert_eq!(Some(id), sent),
        (None, Some(Value::String(_))) => panic!("without its id: {json}"),
        (None, _) => assert_eq!(code, Some(-32600), "{json}"),
    }
    if let Some(result) = json.get("result").filter(|result| result.get("content").is_some()) {
        check_call(result);
    }
}

/// Holds the result of a tool against the protocol, and what assistants need of it.
fn check_call(result: &Value) {
    let text = result["content"][0]["text"].as_str().expect("a text");
    assert!(!text.is_empty() && !text.starts_with(['{', '[']), "{text}");
    let is_error = result["isError"].as_bool().expect("a boolean");
    let data = result.get("structuredContent").map(|data| data.as_object().expect("an object"));
    assert_eq!(data.is_none(), is_error, "{result}");
    if let Some(data) = data {
        assert_eq!(data["report"], text);
        assert!(!data.values().any(Value::is_null), "{result}");
    }
}

/// The input with each of its bytes missing, and with each bit of it turned.
#[allow(dead_code, reason = "cargo fuzz mutates by itself")]
pub(crate) fn check_mutated(input: &[u8]) {
    check(input);
    for at in 0..input.len() {
        check(&input[..at]);
        let mut mutated = input.to_vec();
        mutated.remove(at);
        check(&mutated);
        for bit in 0..8 {
            let mut mutated = input.to_vec();
            mutated[at] ^= 1 << bit;
            check(&mutated);
        }
    }
}
