//! Each point of Dify's contract, over the wire, on both engines.

use serde_json::{Value, json};

use crate::fixture::*;

/// The request of Dify's documentation, spaces and all.
const DOCUMENTED: &str = r#"{"point": "app.external_data_tool.query", "params": {"app_id": "61248ab4-1125-45be-ae32-0ce91334d021", "tool_variable": "weather_retrieve", "inputs": {"location": "London"}, "query": "How's the weather today?"}}"#;

/// The answer of Dify's documentation.
const EXAMPLE: &str = "City: London\nTemperature: 10°C\nRealFeel®: 8°C\nAir Quality: Poor\n\
    Wind Direction: ENE\nWind Speed: 8 km/h\nWind Gusts: 14 km/h\nPrecipitation: Light rain";

const EXAMPLE_LABELS: &str = "[labels]\nfeels_like = \"RealFeel®\"\nobserved = \"\"\n";

#[test]
fn ping() {
    for engine in ENGINES {
        let server = london(engine);
        for body in [
            r#"{"point": "ping"}"#,
            r#"{"point": "ping", "params": {}}"#,
            r#"{"point": "ping", "params": null}"#,
            r#"{"params": {"any": [1, {"thing": null}]}, "unknown": 1, "point": "p\u0069ng"}"#,
        ] {
            let answer = server.call(body);
            assert_eq!((answer.status, answer.json()), (200, json!({"result": "pong"})), "{engine} {body}");
        }
    }
}

#[test]
fn the_documented_example() {
    for engine in ENGINES {
        let server = Setup::new(engine).sensor(LONDON).config(EXAMPLE_LABELS).start();
        let answer = server.call(DOCUMENTED);
        assert_eq!(answer.status, 200);
        assert_eq!(answer.json(), json!({ "result": EXAMPLE }), "{engine}");
        assert_eq!(answer.field("Content-Type"), Some("application/json"));
        assert!(answer.field("Date").is_some());
        assert_eq!(answer.field("Content-Length"), Some(answer.body.len().to_string().as_str()));
    }
}

#[test]
fn the_answer_comes_from_the_file() {
    for (value, line) in [
        ("\"temperature_C\": 10.2", "Temperature: -4°C"),
        ("\"feels_like_C\": 8.1", "RealFeel®: -4°C"),
        ("\"wind_avg_km_h\": 8", "Wind Speed: -4 km/h"),
    ] {
        let (key, _) = value.split_once(':').expect("a key");
        let sensor = LONDON.replace(value, &format!("{key}: -3.6"));
        assert_ne!(sensor, LONDON);
        let server = Setup::new("event").sensor(sensor).config(EXAMPLE_LABELS).start();
        let answer = server.ask("London");
        // A wind of less than nothing cannot be, so its line is left out.
        assert_eq!(answer.contains(line), !key.contains("wind"), "{answer}");
        assert_ne!(answer, EXAMPLE);
    }
}

#[test]
fn what_inputs_may_be() {
    let result = |server: &Server, params: Value| server.query(&params);
    for engine in ENGINES {
        let server = london(engine);
        let london = server.ask("London");
        assert!(london.starts_with("City: London\nTemperature: 10°C\n"), "{london}");
        for params in [
            json!({"inputs": {}, "query": "x"}),
            json!({"inputs": null, "query": null}),
            json!({"query": ""}),
            json!({}),
            json!(null),
            json!({"inputs": {"location": null}}),
            json!({"inputs": {"location": "", "city": " ", "place": "LONDON"}}),
            json!({"inputs": {"location": true}}),
            json!({"inputs": {"location": ["Paris"]}}),
            json!({"inputs": {"location": {"name": "Paris"}}}),
            json!({"inputs": {"city": "london"}}),
            json!({"inputs": {"place": " London, UK "}}),
            json!({"inputs": {"other": [1, [2, {}]]}, "query": "weather in London?", "app_id": 5}),
        ] {
            let answer = result(&server, params.clone());
            assert!(answer.starts_with("City: London\n"), "{engine} {params}: {answer}");
        }
        for params in [
            json!({"inputs": {"location": "Paris"}}),
            json!({"inputs": {"location": 4711}}),
            json!({"inputs": {"location": "Paris"}, "query": "weather in London?"}),
            json!({"inputs": {"location": "New London"}}),
        ] {
            assert_eq!(result(&server, params.clone()), "Unknown city", "{engine} {params}");
        }
    }
}

#[test]
fn moderation_without_a_word_list_flags_nothing() {
    for engine in ENGINES {
        let server = london(engine);
        for (point, params) in [
            ("app.moderation.input", json!({"app_id": "a", "inputs": {"x": "y"}, "query": "hello"})),
            ("app.moderation.output", json!({"app_id": "a", "text": "hello"})),
        ] {
            let answer = server.call(&json!({"point": point, "params": params}).to_string());
            let expected = json!({"flagged": false, "action": "direct_output"});
            assert_eq!((answer.status, answer.json()), (200, expected), "{engine} {point}");
        }
    }
}

#[test]
fn escaped_text_is_read_as_dify_writes_it() {
    // httpx writes what is not ASCII as \u escapes, pairs of surrogates included.
    let sensor = r#"[{"city": "Zürich", "temperature": 1}, {"city": "東京", "temperature": 2}, {"city": "𝔖tadt", "temperature": 3}]"#;
    for engine in ENGINES {
        let server = Setup::new(engine).sensor(sensor).start();
        for (place, celsius) in [(r"Z\u00dcRICH", 1), (r"\u6771\u4eac", 2), (r"\ud835\udd16tadt", 3)] {
            let body = format!(
                r#"{{"point": "app.external_data_tool.query", "params": {{"inputs": {{"location": "{place}"}}}}}}"#
            );
            let answer = server.call(&body);
            assert_eq!(answer.status, 200);
            let result = answer.json()["result"].as_str().expect("a text").to_owned();
            assert!(result.contains(&format!("\nTemperature: {celsius}°C\n")), "{engine} {result}");
        }
    }
}

#[test]
fn every_header_of_the_way_in_is_taken() {
    for engine in ENGINES {
        let server = london(engine);
        let answer = server.exchange(call_with(
            &format!(
                "authorization: bEARER   {KEY}  \r\nVia: 1.1 proxy (squid/6.13)\r\nX-Forwarded-For: 10.0.0.7, 1.2.3.4\r\n\
                 X-Forwarded-Proto: https\r\nCf-Ray: 8f\r\n"
            ),
            r#"{"point": "ping"}"#,
        ));
        assert_eq!(answer.status, 200, "{engine}");
        // Through cloudflared chunked bodies stay chunked.
        let answer = server.exchange(format!(
            "POST {PATH}/?source=tunnel HTTP/1.1\r\nHost: weather.example\r\nAuthorization: Bearer {KEY}\r\n\
             Transfer-Encoding: chunked\r\n\r\n9\r\n{{\"point\":\r\n8\r\n \"ping\"}}\r\n0\r\n\r\n"
        ));
        assert_eq!((answer.status, answer.text().as_str()), (200, r#"{"result": "pong"}"#), "{engine}");
    }
}

/// Python writes it for what a user typed, or for a growing text that was cut there; a refusal would fail the
/// user's message.
#[test]
fn half_a_surrogate_pair_fails_no_message() {
    for engine in ENGINES {
        let server = Setup::new(engine)
            .sensor(LONDON)
            .config("[moderation]\nwords_file = \"words\"\naction = \"overridden\"\n");
        server.scratch.write("words", "bad\n");
        let server = server.start();
        for (point, params, expected) in [
            ("ping", r#"{"x": "\udc00\\\ud83d"}"#, json!({"result": "pong"})),
            (
                "app.moderation.output",
                r#"{"text": "\ud83d"}"#,
                json!({"flagged": false, "action": "direct_output"}),
            ),
            (
                "app.moderation.input",
                r#"{"inputs": {"a": "bad \uD83D", "b": "\\ud83d \ud83c\udf26 \ud83c\ud83c\udf26"}, "query": "\udf26\ud83c"}"#,
                json!({
                    "flagged": true,
                    "action": "overridden",
                    "inputs": {"a": "*** \u{fffd}", "b": "\\ud83d 🌦 \u{fffd}🌦"},
                    "query": "\u{fffd}\u{fffd}",
                }),
            ),
        ] {
            let answer = server.call(&format!(r#"{{"point": "{point}", "params": {params}}}"#));
            assert_eq!((answer.status, answer.json()), (200, expected), "{engine} {point}");
        }
        let params = r#"{"inputs": {"location": "\ud83d"}, "query": "\ud83d"}"#;
        let answer =
            server.call(&format!(r#"{{"point": "app.external_data_tool.query", "params": {params}}}"#));
        assert_eq!((answer.status, answer.json()), (200, json!({"result": "Unknown city"})), "{engine}");
    }
}
