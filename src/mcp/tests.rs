//! The rules of the protocol, a row for each.

use serde_json::{Value, json};

use super::*;
use crate::reading::{Observed, Quantity, Station};

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis).expect("an instant")
}

fn now() -> Timestamp {
    at(1_795_834_803_000)
}

fn station(city: &str) -> Station {
    let mut station = Station::called(Some(city.to_owned()));
    station.update(Quantity::Temperature, Observed { value: 10.25, at: at(1_795_834_800_000) });
    station
}

fn reply_of(snapshot: &Snapshot, head: [Option<&str>; 3], body: &str) -> (u16, Value) {
    let [version, method, name] = head.map(|field| field.map(str::as_bytes));
    let fields = Fields { version, method, name };
    let context = Context { snapshot, now: now(), options: &answer::Options::default() };
    let Reply { status, body } = answer(body.as_bytes(), &fields, &context);
    let json = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).expect("JSON") };
    (status.code(), json)
}

/// The reply of a server with one station, to a request with these fields in its head.
fn reply(head: [Option<&str>; 3], body: &str) -> (u16, Value) {
    reply_of(&Snapshot::new(vec![station("London")]), head, body)
}

/// Checks the reply to a request whose head says nothing.
#[track_caller]
fn check(body: &str, status: u16, expected: &Value) {
    assert_eq!(reply([None; 3], body), (status, expected.clone()), "{body}");
}

fn error(code: i32, message: &str) -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "error": {"code": code, "message": message}})
}

fn result(result: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "result": result})
}

#[test]
fn what_is_no_message_is_refused() {
    let invalid = |message: &str| json!({"jsonrpc": "2.0", "error": {"code": -32600, "message": message}});
    check("[]", 400, &invalid("body: expected one object, found an array"));
    let why = "body is not JSON: EOF while parsing a value at line 1 column 40000";
    let expected = json!({"jsonrpc": "2.0", "error": {"code": -32700, "message": why}});
    check(&"[[],".repeat(10_000), 400, &expected);
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    check(&deep, 400, &invalid("body: expected one object, found an array"));
    check("7", 400, &invalid("body: expected one object, found a number"));
    check("{}", 400, &invalid(r#"jsonrpc: expected "2.0""#));
    for body in [
        r#"{"jsonrpc": "2.0", "id": 1"#,
        r#"{"jsonrpc": "2.0", "id": tru, "method": "ping"}"#,
        r#"{"jsonrpc": "2.0", "id": "a, "method": "ping"}"#,
        "",
        "{\u{feff}}",
        "{} {}",
    ] {
        let (status, json) = reply([None; 3], body);
        assert_eq!((status, &json["error"]["code"]), (400, &json!(-32700)), "{body}");
        assert_eq!(json.get("id"), None, "{body}");
    }
    let context =
        Context { snapshot: &Snapshot::default(), now: now(), options: &answer::Options::default() };
    let Reply { status, body } = answer(b"{\"jsonrpc\": \"\xff\"}", &Fields::default(), &context);
    assert_eq!(status, Status::BadRequest);
    let json: Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(json["error"]["code"], -32700);
    for (version, method, params, message) in [
        (r#""1.0""#, r#""ping""#, "{}", r#"jsonrpc: expected "2.0""#),
        ("2.0", r#""ping""#, "{}", r#"jsonrpc: expected "2.0""#),
        (r#""2.0""#, "5", "{}", "method: expected a string, found a number"),
        (r#""2.0""#, "null", "{}", "method: expected a string, found null"),
        (r#""2.0""#, r#""ping""#, "[]", "params: expected an object, found an array"),
        (r#""2.0""#, r#""ping""#, "false", "params: expected an object, found a boolean"),
    ] {
        let body = format!(r#"{{"jsonrpc": {version}, "id": 1, "method": {method}, "params": {params}}}"#);
        check(&body, 400, &error(-32600, message));
    }
    check(r#"{"jsonrpc": "2.0", "id": 1}"#, 400, &error(-32600, "method: expected a string, found nothing"));
}

#[test]
fn an_id_goes_back_as_it_came() {
    for id in
        ["0", "1", "-7", "12345678901234567890123456789", r#""""#, r#""a\u0041\\""#, r#""\ud83d\ude00""#]
    {
        let body = format!(r#"{{"method": "ping", "jsonrpc": "2.0", "id" : {id} }}"#);
        let context =
            Context { snapshot: &Snapshot::default(), now: now(), options: &answer::Options::default() };
        let reply = answer(body.as_bytes(), &Fields::default(), &context);
        let expected = format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{}}}}"#);
        assert_eq!((reply.status, String::from_utf8(reply.body)), (Status::Ok, Ok(expected)));
    }
    // Halves of a surrogate pair, which no text of Rust can hold.
    for id in [r#""\ud83d""#, r#""a\uDE00\ud83d""#] {
        let (status, json) =
            reply([None; 3], &format!(r#"{{"jsonrpc": "2.0", "id": {id}, "method": "ping"}}"#));
        let expected =
            json!({"code": -32700, "message": "body is not JSON: half a surrogate pair in the id"});
        assert_eq!((status, json), (400, json!({"jsonrpc": "2.0", "error": expected})), "{id}");
    }
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    for id in ["null", "true", "1.5", "1e3", "[1]", "{}", &deep] {
        let message = "id: expected a string or an integer";
        let expected = json!({"jsonrpc": "2.0", "error": {"code": -32600, "message": message}});
        check(&format!(r#"{{"jsonrpc": "2.0", "id": {id}, "method": "ping"}}"#), 400, &expected);
    }
}

#[test]
fn notifications_and_responses_have_no_answer() {
    for body in [
        r#"{"method": "notifications/initialized", "jsonrpc": "2.0"}"#,
        r#"{"method": "unknown", "jsonrpc": "2.0", "params": {"a": [null]}}"#,
        r#"{"method": "unknown", "jsonrpc": "2.0", "params": [5]}"#,
        r#"{"method": "notifications/initialized", "jsonrpc": "2.0", "params": false}"#,
        r#"{"method": "tools/call", "jsonrpc": "2.0", "params": {"name": "get_weather"}}"#,
        r#"{"jsonrpc": "2.0", "id": 5, "result": {"roots": []}}"#,
        r#"{"jsonrpc": "2.0", "id": null, "error": {"code": 1, "message": "x"}}"#,
    ] {
        check(body, 202, &Value::Null);
    }
}

#[test]
fn a_legacy_client_gets_the_version_that_it_asks_for() {
    #[track_caller]
    fn check(params: &str, head: Option<&str>, version: &str) {
        let body = format!(r#"{{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {params}}}"#);
        let expected = result(json!({
            "protocolVersion": version,
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "weatherhook", "title": "Weather", "version": env!("CARGO_PKG_VERSION")},
            "instructions": INSTRUCTIONS,
        }));
        assert_eq!(reply([head, Some("initialize"), None], &body), (200, expected), "{params}");
    }
    for version in LEGACY {
        check(&format!(r#"{{"protocolVersion": "{version}", "capabilities": {{}}}}"#), None, version);
    }
    check(r#"{"protocolVersion": "2024-11-05"}"#, Some("2025-11-25"), "2024-11-05");
    check(r#"{"protocolVersion": "2025-06-18"}"#, Some("1900-01-01"), "2025-06-18");
    check(r#"{"protocolVersion": "2026-07-28"}"#, Some(MODERN), "2025-11-25");
    check(r#"{"protocolVersion": "1900-01-01"}"#, None, "2025-11-25");
    check(r#"{"protocolVersion": 5}"#, None, "2025-11-25");
    check("{}", None, "2025-11-25");
    check("null", None, "2025-11-25");
}

#[test]
fn legacy_methods_need_no_session() {
    check(r#"{"jsonrpc": "2.0", "id": 1, "method": "ping"}"#, 200, &result(json!({})));
    // Some programs write a byte order mark in front.
    check("\u{feff}{\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": \"ping\"}", 200, &result(json!({})));
    let unknown = error(-32601, "Method not found");
    for method in ["server/discover", "resources/list", "prompts/get", "subscriptions/listen", "", "Ping"] {
        check(&format!(r#"{{"jsonrpc": "2.0", "id": 1, "method": "{method}"}}"#), 200, &unknown);
    }
    let (status, json) = reply(
        [Some("2025-03-26"), None, None],
        r#"{"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"cursor": "x", "_meta": 5}}"#,
    );
    let list = &json["result"];
    assert_eq!((status, list.as_object().map(serde_json::Map::len)), (200, Some(1)), "{json}");
    let names = list["tools"].as_array().expect("a list").iter().map(|tool| &tool["name"]);
    assert_eq!(names.collect::<Vec<_>>(), ["get_weather", "get_history", "list_stations"]);
}

#[test]
fn an_unknown_version_is_refused_with_those_there_are() {
    let data = |requested: &str| {
        let supported = ["2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];
        json!({"jsonrpc": "2.0", "id": 1, "error": {"code": -32022, "message": "Unsupported protocol version",
            "data": {"supported": supported, "requested": requested}}})
    };
    let ping = r#"{"jsonrpc": "2.0", "id": 1, "method": "ping"}"#;
    for version in ["1900-01-01", "", "2025-11-25, 2025-11-25"] {
        assert_eq!(reply([Some(version), None, None], ping), (400, data(version)));
    }
    let body = modern("server/discover", "").replace(MODERN, "1900-01-01");
    assert_eq!(reply([Some("1900-01-01"), Some("server/discover"), None], &body), (400, data("1900-01-01")));
}

/// A modern message with these other parameters.
fn modern(method: &str, params: &str) -> String {
    format!(
        r#"{{"jsonrpc": "2.0", "id": 1, "method": "{method}", "params": {{{params}"_meta":
        {{"io.modelcontextprotocol/protocolVersion": "{MODERN}", "progressToken": 5,
        "io.modelcontextprotocol/clientCapabilities": {{"roots": {{}}}}}}}}}}"#
    )
}

#[test]
fn a_modern_client_is_served_without_initialize() {
    let (status, json) = reply([Some(MODERN), Some("server/discover"), None], &modern("server/discover", ""));
    let server = json!({"name": "weatherhook", "title": "Weather", "version": env!("CARGO_PKG_VERSION")});
    let meta = json!({"io.modelcontextprotocol/serverInfo": server});
    let expected = result(json!({
        "resultType": "complete",
        "supportedVersions": ["2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"],
        "capabilities": {"tools": {}},
        "instructions": INSTRUCTIONS,
        "ttlMs": 3_600_000,
        "cacheScope": "public",
        "_meta": meta,
    }));
    assert_eq!((status, json), (200, expected));

    let (status, json) = reply([Some(MODERN), Some("tools/list"), None], &modern("tools/list", ""));
    let list = &json["result"];
    assert_eq!((status, list["tools"].as_array().map(Vec::len)), (200, Some(Tool::ALL.len())), "{json}");
    for (name, value) in [
        ("resultType", json!("complete")),
        ("ttlMs", json!(3_600_000)),
        ("cacheScope", json!("public")),
        ("_meta", meta.clone()),
    ] {
        assert_eq!(list[name], value, "{name}");
    }

    let call = modern("tools/call", r#""name": "get_weather", "#);
    let (status, json) = reply([Some(MODERN), Some("tools/call"), Some("get_weather")], &call);
    assert_eq!((status, &json["result"]["resultType"]), (200, &json!("complete")), "{json}");
    assert_eq!((&json["result"]["isError"], &json["result"]["_meta"]), (&json!(false), &meta));

    for method in ["initialize", "ping", "subscriptions/listen", "resources/list", "logging/setLevel"] {
        let reply = reply([Some(MODERN), Some(method), None], &modern(method, ""));
        assert_eq!(reply, (404, error(-32601, "Method not found")), "{method}");
    }
}

#[test]
fn head_and_body_of_a_modern_request_agree() {
    #[track_caller]
    fn check(head: [Option<&str>; 3], field: &str) {
        let call = modern("tools/call", r#""name": "get_weather", "#);
        let (status, json) = reply(head, &call);
        if field.is_empty() {
            assert_eq!((status, &json["result"]["isError"]), (200, &json!(false)), "{json}");
        } else {
            assert_eq!((status, json), (400, error(-32020, &format!("Header mismatch: {field}"))));
        }
    }
    let [version, method, name] = [Some(MODERN), Some("tools/call"), Some("get_weather")];
    check([version, method, name], "");
    check([None, method, name], "MCP-Protocol-Version");
    check([Some("2025-11-25"), method, name], "MCP-Protocol-Version");
    check([Some("1900-01-01"), method, name], "MCP-Protocol-Version");
    check([version, None, name], "Mcp-Method");
    check([version, Some("tools/list"), name], "Mcp-Method");
    check([version, Some("TOOLS/CALL"), name], "Mcp-Method");
    check([version, method, None], "Mcp-Name");
    check([version, method, Some("")], "Mcp-Name");
    check([version, method, Some("list_stations")], "Mcp-Name");
    check([version, method, Some("Get_Weather")], "Mcp-Name");
    check([version, method, Some(" get_weather ")], "");
    check([version, method, Some("=?base64?Z2V0X3dlYXRoZXI=?=")], "");
    check([version, method, Some("=?base64?Z2V0X3dlYXRoZX?=")], "Mcp-Name");
    check([version, method, Some("=?base64?bm9wZQ==?=")], "Mcp-Name");
    // What the head says counts in this generation only.
    let legacy = r#"{"jsonrpc": "2.0", "id": 1, "method": "ping"}"#;
    assert_eq!(reply([Some("2025-06-18"), Some("tools/list"), Some("x")], legacy).0, 200);
}

#[test]
fn a_modern_message_says_what_its_client_is() {
    #[track_caller]
    fn check(meta: &str, status: u16, code: i32, message: &str) {
        let body = format!(
            r#"{{"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {{"_meta": {meta}}}}}"#
        );
        let head = [Some(MODERN), Some("tools/list"), None];
        assert_eq!(reply(head, &body), (status, error(code, message)), "{meta}");
    }
    let missing = format!("{}: expected a string, found nothing", message::VERSION);
    check("{}", 400, -32602, &missing);
    check("[]", 400, -32602, &missing);
    check("null", 400, -32602, &missing);
    let version = message::VERSION;
    check(&format!(r#"{{"{version}": 5}}"#), 400, -32602, &missing.replace("nothing", "a number"));
    let capabilities = format!("{}: expected an object, found nothing", message::CAPABILITIES);
    check(&format!(r#"{{"{version}": "{MODERN}"}}"#), 400, -32602, &capabilities);
    let null = format!(r#"{{"{version}": "{MODERN}", "{}": null}}"#, message::CAPABILITIES);
    check(&null, 400, -32602, &capabilities.replace("nothing", "null"));
    // Both name an old version: that is an old client.
    let body = modern("ping", "").replace(MODERN, "2025-11-25");
    assert_eq!(reply([Some("2025-11-25"), None, None], &body), (200, result(json!({}))));
}

fn call(snapshot: &Snapshot, params: &str) -> (u16, Value) {
    let body = format!(r#"{{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {params}}}"#);
    reply_of(snapshot, [None; 3], &body)
}

#[test]
fn the_weather_is_text_and_data() {
    let mut default = station("Köln \"am\" Rhein");
    default.default = true;
    let snapshot = Snapshot::new(vec![station("London"), default, Station::called(Some("Rome".to_owned()))]);
    #[track_caller]
    fn check(snapshot: &Snapshot, arguments: &str, city: &str) {
        let (status, json) = call(snapshot, &format!(r#"{{"name": "get_weather"{arguments}}}"#));
        let options = answer::Options::default();
        let text = answer::answer(snapshot, Some(city), None, now(), &options);
        let expected = result(json!({
            "content": [{"type": "text", "text": text}],
            "structuredContent": {"report": text, "city": city, "observed": "2026-11-28T03:00:00Z",
                "readings": {"temperature": {"value": 10.25, "unit": "°C", "age_seconds": 3}}},
            "isError": false,
        }));
        assert_eq!((status, json), (200, expected), "{arguments}");
    }
    check(&snapshot, r#", "arguments": {"location": "london"}"#, "London");
    check(&snapshot, r#", "arguments": {"location": "London", "toolCallId": {"a": []}}, "x": 1"#, "London");
    let default = "Köln \"am\" Rhein";
    for arguments in [
        "",
        r#", "arguments": {}"#,
        r#", "arguments": null"#,
        r#", "arguments": """#,
        r#", "arguments": {"location": ""}"#,
        r#", "arguments": {"location": " "}"#,
        r#", "arguments": {"location": null}"#,
        r#", "arguments": {"location": "KÖLN \"AM\" RHEIN"}"#,
    ] {
        check(&snapshot, arguments, default);
    }
    let (_, json) = call(&snapshot, r#"{"name": "get_weather", "arguments": {"location": "Rome"}}"#);
    let silent = "No readings yet: Rome has not reported.";
    let data = json!({"report": silent, "city": "Rome", "observed": "", "readings": {}});
    assert_eq!(json["result"]["structuredContent"], data, "{json}");
    assert_eq!(json["result"]["isError"], false);
}

#[test]
fn what_the_weather_cannot_be_is_said() {
    let many =
        |count: usize| Snapshot::new((1..=count).map(|number| station(&format!("P{number}"))).collect());
    #[track_caller]
    fn check(snapshot: &Snapshot, location: &str, expected: &str, is_error: bool) {
        let params = format!(r#"{{"name": "get_weather", "arguments": {{"location": {location}}}}}"#);
        let (status, json) = call(snapshot, &params);
        let result = &json["result"];
        assert_eq!((status, &result["content"][0]["text"]), (200, &json!(expected)), "{json}");
        assert_eq!(result["isError"], is_error, "{json}");
        let data = json!({"report": expected, "city": "", "observed": "", "readings": {}});
        assert_eq!(result.get("structuredContent"), (!is_error).then_some(&data), "{json}");
    }
    check(&many(1), r#""Oslo""#, "Unknown city. Stations: P1", true);
    check(&many(2), r#""Oslo""#, "Unknown city. Stations: P1, P2", true);
    let named: Vec<_> = (1..=20).map(|number| format!("P{number}")).collect();
    let expected = format!("Unknown city. Stations: {} and 9 more", named.join(", "));
    check(&many(29), r#""Oslo""#, &expected, true);
    check(&Snapshot::new(vec![Station::default()]), r#""Oslo""#, "Unknown city", true);
    check(&many(2), "5", "location: expected a string, found a number", true);
    check(&many(2), r#"["P1"]"#, "location: expected a string, found an array", true);
    for (arguments, found) in [("[]", "an array"), (r#""{}""#, "a string"), ("5", "a number")] {
        for tool in ["get_weather", "list_stations"] {
            let (status, json) =
                call(&many(2), &format!(r#"{{"name": "{tool}", "arguments": {arguments}}}"#));
            let text = format!("arguments: expected an object, found {found}");
            let failure = json!({"content": [{"type": "text", "text": text}], "isError": true});
            assert_eq!((status, json), (200, result(failure)), "{tool}: {arguments}");
        }
    }
    let ask = "No place with a station was named; there are 2 stations: P1, P2.";
    check(&many(2), "null", ask, false);
    let nothing = "No readings yet: the sensors have not reported.";
    check(&Snapshot::default(), r#""Oslo""#, nothing, false);
}

#[test]
fn the_stations_are_listed() {
    let mut default = station("London");
    default.default = true;
    let snapshot = Snapshot::new(vec![default, Station::called(Some("Rome".to_owned())), Station::default()]);
    let (status, json) = call(&snapshot, r#"{"name": "list_stations", "arguments": {"any": 1}}"#);
    let text = "Stations: 3\nLondon (answers when no place is given)\nRome: no current reading\n\
        a station without a name: no current reading";
    let expected = result(json!({
        "content": [{"type": "text", "text": text}],
        "structuredContent": {"report": text, "stations": [
            {"city": "London", "default": true, "current": true},
            {"city": "Rome", "default": false, "current": false},
            {"city": "", "default": false, "current": false},
        ]},
        "isError": false,
    }));
    assert_eq!((status, json), (200, expected));

    let many = Snapshot::new((0..1001).map(|number| station(&format!("P{number}"))).collect());
    let (_, json) = call(&many, r#"{"name": "list_stations"}"#);
    let content = &json["result"]["structuredContent"];
    assert_eq!(content["stations"].as_array().map(Vec::len), Some(1000));
    assert!(content["report"].as_str().is_some_and(|text| text.ends_with("\nP999\nand 1 more")), "{content}");
}

#[test]
fn a_wrong_call_is_refused() {
    let snapshot = Snapshot::new(vec![station("London")]);
    for (params, message) in [
        (r#"{"name": "nope"}"#, "Unknown tool: nope"),
        (r#"{"name": ""}"#, "Unknown tool: "),
        ("{}", "params.name: expected a string, found nothing"),
        (r#"{"name": ["get_weather"]}"#, "params.name: expected a string, found an array"),
    ] {
        assert_eq!(call(&snapshot, params), (200, error(-32602, message)), "{params}");
    }
    let long = format!(r#"{{"name": "{}"}}"#, "ü".repeat(100_000));
    assert_eq!(call(&snapshot, &long).1["error"]["message"], format!("Unknown tool: {}", "ü".repeat(128)));
    let body = modern("tools/call", r#""name": "nope", "#);
    let unknown = reply([Some(MODERN), Some("tools/call"), Some("nope")], &body);
    assert_eq!(unknown, (200, error(-32602, "Unknown tool: nope")));
    let body = modern("tools/call", r#""arguments": {}, "#);
    let nameless = reply([Some(MODERN), Some("tools/call"), None], &body);
    assert_eq!(nameless, (400, error(-32602, "params.name: expected a string, found nothing")));
}
