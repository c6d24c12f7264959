//! The endpoints for other tools than Dify's extension: the weather as JSON, OpenAPI, health and metrics.

use serde_json::{Value, json};

use crate::fixture::*;

fn get(path: &str, fields: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: board:8000\r\n{fields}\r\n")
}

fn with_key() -> String {
    format!("Authorization: Bearer {KEY}\r\n")
}

#[track_caller]
fn weather(server: &Server, path: &str) -> Value {
    let answer = server.exchange(get(path, &with_key()));
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.field("Content-Type"), Some("application/json"));
    answer.json()
}

#[test]
fn the_weather_comes_with_its_numbers_units_and_times() {
    for engine in ENGINES {
        let sensor = r#"[{"city": "New York", "temperature_F": 50, "humidity": 80, "default": true},
            {"city": "Köln", "aliases": ["a&b"], "temperature_C": 7, "time": "2020-01-01T00:00:00Z"}]"#;
        let server = Setup::new(engine).sensor(sensor).start();
        for path in ["/weather?location=New+York", "/weather/?units=x&location=new%20york&location=Rome"] {
            let json = weather(&server, path);
            assert_eq!(json["city"], "New York");
            assert!(
                json["text"].as_str().is_some_and(|text| text.contains("\nTemperature: 10°C\n")),
                "{json}"
            );
            let readings = json["readings"].as_object().expect("readings");
            assert_eq!(readings.keys().collect::<Vec<_>>(), ["humidity", "temperature"]);
            let temperature = &readings["temperature"];
            assert_eq!((&temperature["value"], &temperature["unit"]), (&json!(10.0), &json!("°C")));
            let observed = temperature["observed"].as_str().expect("a time");
            assert!(observed.len() == 20 && observed.ends_with('Z'), "{observed}");
            assert_eq!(json["observed"], observed);
            assert!(temperature["age_seconds"].as_u64().is_some_and(|age| age < 60), "{json}");
            assert_eq!(json["age_seconds"], temperature["age_seconds"]);
        }
        for path in ["/weather", "/weather?", "/weather?location=", "/weather?location", "/weather?x=Rome"] {
            assert_eq!(weather(&server, path)["city"], "New York", "{path}");
        }
        for path in ["/weather?location=K%C3%B6ln", "/weather?location=a%26b"] {
            let json = weather(&server, path);
            assert_eq!(json["city"], "Köln", "{path}");
            assert_eq!(json["readings"], json!({}), "years old");
            assert_eq!((&json["observed"], &json["age_seconds"]), (&Value::Null, &Value::Null));
        }
        for path in ["/weather?location=Rome", "/weather?location=%ff%zz%"] {
            let nothing = json!({
                "text": "Unknown city", "city": null, "observed": null, "age_seconds": null, "readings": {},
            });
            assert_eq!(weather(&server, path), nothing, "{path}");
        }
    }
}

/// Dify's agent reads the answer once only if it is what Python's json.dumps would write.
#[test]
fn the_weather_is_written_as_python_writes_json() {
    for engine in ENGINES {
        let sensor = r#"{"city": "Zürich", "temperature_C": 10, "rain_mm": 0.00002}"#;
        let server = Setup::new(engine).sensor(sensor).start();
        let answer = server.exchange(get("/weather", &with_key()));
        let text = answer.text();
        assert!(text.starts_with(r#"{"age_seconds": "#), "{text}");
        assert!(text.contains(r#", "city": "Zürich", "observed": ""#), "{text}");
        assert!(text.contains(r#""unit": "mm", "value": 2e-05}"#), "{text}");
        assert!(text.contains(r#""unit": "°C", "value": 10.0}"#), "{text}");
        server
            .scratch
            .replace("sensor.json", r#"{"city": "Bath", "temperature_F": 44.6, "wind_avg_m_s": 0.3}"#);
        let converted = || server.exchange(get("/weather?location=Bath", &with_key())).text();
        wait_until("the other unit", || converted().contains(r#""unit": "°C", "value": 7.0}"#));
        let metrics = server.exchange(get("/metrics", &with_key())).text();
        assert!(metrics.contains("weatherhook_temperature_celsius{city=\"Bath\"} 7\n"), "{metrics}");
        let nothing = r#"{"age_seconds": null, "city": null, "observed": null, "readings": {}, "text": "Unknown city"}"#;
        assert_eq!(server.exchange(get("/weather?location=Rome", &with_key())).text(), nothing);
    }
}

#[test]
fn what_needs_a_key_and_what_does_not() {
    for engine in ENGINES {
        let server = london(engine);
        for path in ["/weather", "/metrics"] {
            for key in ["", "Authorization: Bearer wrong-key\r\n"] {
                let answer = server.exchange(get(path, key));
                assert_eq!(answer.status, 401, "{engine}: {path}: {answer:?}");
                assert_eq!(answer.field("WWW-Authenticate"), Some("Bearer realm=\"weatherhook\""));
                assert_eq!(answer.text(), r#"{"detail": "Unauthorized"}"#);
            }
            assert_eq!(server.exchange(get(path, &with_key())).status, 200, "{engine}: {path}");
        }
        for path in ["/openapi.json", "/healthz"] {
            assert_eq!(server.exchange(get(path, "")).status, 200, "{engine}: {path}");
        }
        for path in ["/weather", "/metrics", "/openapi.json", "/healthz"] {
            let answer =
                server.exchange(format!("POST {path} HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n"));
            assert_eq!(answer.status, 405, "{engine}: {path}");
            assert_eq!(answer.field("Allow"), Some("GET, HEAD"));
            let detail = format!("method not allowed: send GET to {path}");
            assert_eq!(answer.json()["detail"], detail);

            let mut client = server.connect();
            client.send(get(path, &with_key()).replacen("GET", "HEAD", 1));
            let head = client.answer_to("HEAD");
            assert_eq!(head.status, 200, "{engine}: {path}");
            client.send(call(r#"{"point": "ping"}"#));
            assert_eq!(
                client.answer().text(),
                r#"{"result": "pong"}"#,
                "{engine}: nothing came after the head"
            );
        }
    }
}

/// An endpoint without a key accepts no body, so that unknown clients cannot fill the memory.
#[test]
fn without_a_key_no_body_is_taken() {
    let server = london("event");
    for path in ["/openapi.json", "/healthz"] {
        let mut client = server.connect();
        client.send(get(path, "Content-Length: 1000000\r\n"));
        let answer = client.answer();
        assert_eq!((answer.status, answer.field("Connection")), (200, Some("close")), "{path}");
    }
}

#[test]
fn the_document_names_the_url_by_which_it_was_reached() {
    for engine in ENGINES {
        let server = london(engine);
        let url = |server: &Server, fields: &str| {
            let answer = server.exchange(get("/openapi.json", fields));
            assert_eq!(answer.field("Content-Type"), Some("application/json"));
            answer.json()["servers"].clone()
        };
        assert_eq!(url(&server, ""), json!([{"url": "http://board:8000"}]), "{engine}");
        let forwarded = "X-Forwarded-Proto: http\r\nx-forwarded-proto: http, HTTPS \r\n";
        assert_eq!(url(&server, forwarded), json!([{"url": "https://board:8000"}]), "{engine}");
        let forwarded = "X-Forwarded-Proto: https, gopher\r\n";
        assert_eq!(url(&server, forwarded), json!([{"url": "http://board:8000"}]), "{engine}");

        let absolute = get("http://other:81/openapi.json", "");
        let servers = server.exchange(absolute).json()["servers"].clone();
        assert_eq!(servers, json!([{"url": "http://other:81"}]), "{engine}: the host in the target counts");

        let mut setup = Setup::new(engine).sensor(LONDON);
        setup = setup.config("public_url = \"https://weather.example.org/board/\"\n");
        let public = setup.start();
        assert_eq!(url(&public, ""), json!([{"url": "https://weather.example.org/board"}]), "{engine}");
        public.scratch.write("weatherhook.toml", "public_url = \"http://other\"\n");
        signal(public.id(), "HUP");
        wait_until("the other URL", || url(&public, "") == json!([{"url": "http://other"}]));
    }
}

#[test]
fn a_path_is_the_same_with_letters_in_codes() {
    for engine in ENGINES {
        let server = london(engine);
        for (path, status) in
            [("/%68ealthz", 200), ("/health%7A/", 200), ("/%2Fhealthz", 404), ("/%6detrics", 401)]
        {
            assert_eq!(server.exchange(get(path, "")).status, status, "{engine}: {path}");
        }
    }
}

#[test]
fn health_is_whether_all_stations_report() {
    for engine in ENGINES {
        let server = Setup::new(engine).start();
        let health = |server: &Server| {
            let answer = server.exchange(get("/healthz", ""));
            assert_eq!(answer.field("Content-Type"), Some("text/plain; charset=utf-8"));
            (answer.status, answer.text())
        };
        assert_eq!(health(&server), (503, "no station has reported\n".to_owned()), "{engine}");
        server.scratch.replace("sensor.json", LONDON);
        wait_until("a healthy station", || health(&server) == (200, "ok\n".to_owned()));
        let old = r#"[{"city": "London", "temp": 1}, {"city": "Rome", "temp": 2, "time": 1600000000}]"#;
        server.scratch.replace("sensor.json", old);
        wait_until("a stale station", || health(&server) == (503, "1 of 2 stations stale\n".to_owned()));
    }
}

/// The figure of that name and labels.
#[track_caller]
fn figure(page: &str, name: &str) -> f64 {
    let line = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {name}: {page}")).parse().expect("a number")
}

#[test]
fn the_metrics_count_requests_and_refusals() {
    for engine in ENGINES {
        let server = london(engine);
        let page = || {
            let answer = server.exchange(get("/metrics", &with_key()));
            assert_eq!(answer.field("Content-Type"), Some("text/plain; version=0.0.4; charset=utf-8"));
            answer.text()
        };
        let before = page();
        assert!(!before.contains("point=\"ping\""), "{before}");
        server.call(r#"{"point": "ping"}"#);
        server.call(r#"{"point": "ping"}"#);
        server.ask("London");
        server.call(r#"{"point": "app.moderation.input", "params": {"query": "x"}}"#);
        server.call(r#"{"point": "app.moderation.output", "params": {"text": "x"}}"#);
        server.call(r#"{"point": "app.unknown"}"#);
        server.call("{");
        server.call(r#"{"point": "ping", "params": 1}"#);
        server.exchange(get("/weather", &with_key()));
        server.exchange(get("/openapi.json", ""));
        server.exchange(get("/healthz", ""));
        server.exchange(get("/weather", ""));
        server.exchange(get("/nowhere", ""));
        server.exchange(get(PATH, ""));
        // tiny_http itself answers requests that it cannot parse.
        let malformed = u8::from(*engine == "event");
        if malformed > 0 {
            server.exchange("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n\r\n");
        }
        let after = page();
        for (point, status, count) in [
            ("ping", 200, 2.0),
            ("ping", 422, 1.0),
            ("app.external_data_tool.query", 200, 1.0),
            ("app.moderation.input", 200, 1.0),
            ("app.moderation.output", 200, 1.0),
            ("", 400, 2.0),
            ("/weather", 200, 1.0),
            ("/openapi.json", 200, 1.0),
            ("/healthz", 200, 1.0),
            ("/metrics", 200, 1.0),
        ] {
            let name = format!("weatherhook_requests_total{{point=\"{point}\",status=\"{status}\"}}");
            assert_eq!(figure(&after, &name), count, "{engine}: {name}");
        }
        for (status, count) in [(400, malformed.into()), (401, 1.0), (404, 1.0), (405, 1.0), (413, 0.0)] {
            let name = format!("weatherhook_refusals_total{{status=\"{status}\"}}");
            assert_eq!(figure(&after, &name), count, "{engine}: {name}");
        }
        assert_eq!(figure(&after, "weatherhook_handler_panics_total"), 0.0);
        let build = format!(
            "weatherhook_build_info{{version=\"{}\",engine=\"{engine}\"}}",
            env!("CARGO_PKG_VERSION")
        );
        assert_eq!(figure(&after, &build), 1.0);
        if *engine == "event" {
            assert_eq!(figure(&after, "weatherhook_connections_accepted_total"), 17.0, "{after}");
            let _open = [server.connect(), server.connect(), server.connect()];
            wait_until("three more connections", || figure(&page(), "weatherhook_connections") == 4.0);
            let mut half = server.connect();
            half.send(&call(&"x".repeat(100_000))[..90_000]);
            wait_until("a body that is held", || figure(&page(), "weatherhook_buffer_bytes") > 50_000.0);
        } else {
            assert!(!after.contains("weatherhook_connections"), "{after}");
        }
    }
}

#[test]
fn the_metrics_report_readings_in_base_units() {
    let sensor = r#"[{"city": "Lon\"don\\", "temperature_C": 10.5, "humidity": 80, "pressure_hPa": 1015.25,
            "wind_avg_km_h": 36, "wind_max_m_s": 12, "wind_dir_deg": 70, "rain_total_mm": 1500,
            "rain_rate_mm_h": 3.6, "pm2_5_ug_m3": 62, "uvi": 3},
        {"city": "Rome", "temperature_C": 30, "time": 1600000000}]"#;
    let server = Setup::new("event").sensor(sensor).start();
    let page = server.exchange(get("/metrics", &with_key())).text();
    for (name, value) in [
        ("temperature_celsius", 10.5),
        ("humidity_ratio", 0.8),
        ("station_pressure_pascals", 101_525.0),
        ("wind_speed_meters_per_second", 10.0),
        ("wind_gust_meters_per_second", 12.0),
        ("wind_direction_degrees", 70.0),
        ("rain_meters_total", 1.5),
        ("rain_rate_meters_per_second", 1e-6),
        ("pm2_5_grams_per_cubic_meter", 62e-6),
        ("uv_index", 3.0),
    ] {
        let found = figure(&page, &format!(r#"weatherhook_{name}{{city="Lon\"don\\"}}"#));
        assert!((found - value).abs() <= 1e-9 * value, "{name}: {found}");
    }
    assert!(!page.contains(r#"celsius{city="Rome"}"#), "an old value is none: {page}");
    let age = r#"weatherhook_reading_age_seconds{city="Rome",quantity="temperature"}"#;
    assert!(figure(&page, age) > 1e8);
    assert_eq!(figure(&page, "weatherhook_stations"), 2.0);
    assert_eq!(figure(&page, "weatherhook_stations_stale"), 1.0);
    assert!(figure(&page, "weatherhook_start_time_seconds") > 1.7e9);
}

#[test]
fn their_paths_are_taken_and_a_public_url_is_one() {
    for path in ["/mcp", "/weather", "/openapi.json/", "/healthz", "/metrics"] {
        let refused = run(["serve", "--sensor", "/", "--path", path]);
        assert_eq!(refused.status.code(), Some(2), "{path}");
    }
    for url in ["weather.example.org", "ftp://a", "https://", "https:///a", "https://a?b", "https://a b"] {
        let refused = run(["serve", "--sensor", "/", "--public-url", url]);
        assert_eq!(refused.status.code(), Some(2), "{url}");
        let message = String::from_utf8_lossy(&refused.stderr);
        let expected = "--public-url: expected a URL like https://weather.example.org without ? and #";
        assert!(message.contains(expected), "{message}");
    }
}
