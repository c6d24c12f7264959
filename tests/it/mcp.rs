//! `/mcp` over the wire, on both engines: the order of the checks, and Dify's client.

use serde_json::{Value, json};

use crate::fixture::*;

/// A request to `/mcp` with these fields.
fn request(method: &str, path: &str, fields: &str, body: &str) -> String {
    let length = body.len();
    format!("{method} {path} HTTP/1.1\r\nHost: board:8000\r\n{fields}Content-Length: {length}\r\n\r\n{body}")
}

fn with_key(fields: &str) -> String {
    format!("Authorization: Bearer {KEY}\r\n{fields}")
}

/// A message with the key.
fn post(fields: &str, body: &Value) -> String {
    request("POST", "/mcp", &with_key(fields), &body.to_string())
}

fn ping() -> Value {
    json!({"jsonrpc": "2.0", "id": 0, "method": "ping"})
}

#[test]
fn origin_key_method_and_body_are_checked_in_this_order() {
    for engine in ENGINES {
        let setup = Setup::new(engine).sensor(LONDON);
        let server = setup.config("public_url = \"https://weather.example.org/board\"\n").start();
        let body = ping().to_string();
        #[track_caller]
        fn check(server: &Server, request: &str, status: u16, detail: &str) -> Answer {
            let answer = server.exchange(request);
            assert_eq!((answer.status, &answer.json()["detail"]), (status, &json!(detail)), "{request}");
            assert_eq!(answer.field("Content-Type"), Some("application/json"));
            answer
        }
        let foreign = "Origin: https://evil.example\r\n";
        let origin = "Origin: expected none, that of public_url, or a loopback address";
        for request in [
            request("GET", "/mcp", foreign, ""),
            request("POST", "/mcp", &with_key(foreign), &body),
            request("POST", "/mcp", &with_key("Origin: http://board:8000\r\n"), &body),
            request("POST", "/mcp", &with_key("Origin: http://localhost\r\nOrigin: null\r\n"), &body),
            request("POST", "/mcp", &with_key("Origin: \r\n"), &body),
        ] {
            check(&server, &request, 403, origin);
        }
        for request in [
            request("GET", "/mcp", "", ""),
            request("DELETE", "/mcp/", "Authorization: Bearer wrong-key\r\n", ""),
            request("OPTIONS", "/mcp", "Origin: http://localhost:6274\r\n", ""),
            request("POST", "/mcp", "Authorization: Bearer wrong-key\r\n", &body),
            request("POST", "/mcp?a=b", "", "[]"),
        ] {
            let answer = check(&server, &request, 401, "Unauthorized");
            assert_eq!(answer.field("WWW-Authenticate"), Some("Bearer realm=\"weatherhook\""));
        }
        for method in ["GET", "DELETE", "PUT", "OPTIONS"] {
            let request = request(method, "/mcp", &with_key("Accept: text/event-stream\r\n"), "");
            let answer = check(&server, &request, 405, "method not allowed: send POST to /mcp");
            assert_eq!(answer.field("Allow"), Some("POST"));
        }
        for fields in [
            "",
            "Origin: https://weather.example.org\r\n",
            "Origin: http://[::1]:6274\r\n",
            "Accept: text/html\r\nContent-Type: text/plain\r\nMcp-Session-Id: of-another-server\r\n",
            "mcp-method: initialize\r\n",
        ] {
            for path in ["/mcp", "/mcp/", "/mcp?location=x", "/mcp/?"] {
                let answer = server.exchange(request("POST", path, &with_key(fields), &body));
                assert_eq!(answer.text(), r#"{"jsonrpc":"2.0","id":0,"result":{}}"#, "{path} {fields}");
                assert_eq!((answer.status, answer.field("Mcp-Session-Id")), (200, None));
                assert_eq!(answer.field("Content-Type"), Some("application/json"));
            }
        }
    }
}

/// Clients look there for a way to a key. That there is none has to be said in JSON.
#[test]
fn the_paths_of_oauth_are_unknown() {
    for engine in ENGINES {
        let server = london(engine);
        for path in [
            "/.well-known/oauth-protected-resource",
            "/.well-known/oauth-protected-resource/mcp",
            "/.well-known/oauth-authorization-server",
            "/.well-known/oauth-authorization-server/mcp",
            "/.well-known/openid-configuration",
            "/.well-known/openid-configuration/mcp",
            "/mcp/.well-known/openid-configuration",
        ] {
            let answer = server.exchange(request("GET", path, "", ""));
            assert_eq!((answer.status, answer.field("WWW-Authenticate")), (404, None), "{path}");
            assert!(answer.json()["detail"].is_string(), "{path}");
        }
        let register = json!({"redirect_uris": ["http://localhost/callback"]}).to_string();
        let answer = server.exchange(request("POST", "/register", "", &register));
        assert_eq!((answer.status, answer.field("Content-Type")), (404, Some("application/json")));
    }
}

#[test]
fn the_statuses_are_those_that_clients_act_on() {
    for engine in ENGINES {
        let server = london(engine);
        let mut client = server.connect();
        #[track_caller]
        fn check(client: &mut Client, fields: &str, body: &str, status: u16, code: i32) {
            client.send(request("POST", "/mcp", &with_key(fields), body));
            let answer = client.answer();
            assert_eq!((answer.status, answer.field("Content-Type")), (status, Some("application/json")));
            assert_eq!(answer.json()["error"]["code"], code, "{body}");
        }
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        check(&mut client, "", "", 400, -32700);
        check(&mut client, "", "{", 400, -32700);
        check(&mut client, "", &deep, 400, -32600);
        check(&mut client, "", &format!("[{}]", ping()), 400, -32600);
        check(&mut client, "", r#"{"jsonrpc": "2.0", "method": "x", "id": 1}"#, 200, -32601);
        check(&mut client, "MCP-Protocol-Version: x\r\n", &ping().to_string(), 400, -32022);
        let twice = "MCP-Protocol-Version: 2025-06-18\r\n".repeat(2);
        check(&mut client, &twice, &ping().to_string(), 400, -32022);

        let meta = json!({"io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {}});
        let mut message = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
            "params": {"name": "get_weather", "_meta": meta}});
        let body = message.to_string();
        let version = "MCP-Protocol-Version: 2026-07-28\r\n";
        let fields = format!("{version}Mcp-Method: tools/call\r\n");
        check(&mut client, "", &body, 400, -32020);
        check(&mut client, &fields, &body, 400, -32020);
        check(&mut client, &format!("{fields}Mcp-Name: list_stations\r\n"), &body, 400, -32020);
        let named = "Mcp-Name: get_weather\r\n";
        check(&mut client, &format!("{fields}{named}{named}"), &body, 400, -32020);
        client.send(post(&format!("{fields}Mcp-Name: =?base64?Z2V0X3dlYXRoZXI=?=\r\n"), &message));
        let answer = client.answer();
        assert_eq!((answer.status, &answer.json()["result"]["isError"]), (200, &json!(false)));
        message["method"] = json!("ping");
        check(&mut client, &format!("{version}Mcp-Method: ping\r\n"), &message.to_string(), 404, -32601);

        // Nothing of an answer without a body stays on the connection.
        let notification = json!({"method": "notifications/initialized", "jsonrpc": "2.0"});
        client.send(post("", &notification));
        let answer = client.answer();
        let no_body = (202, None, Some("0"));
        assert_eq!((answer.status, answer.field("Content-Type"), answer.field("Content-Length")), no_body);
        client.send(post("", &ping()));
        assert_eq!(client.answer().status, 200);
    }
}

/// The data of a tool is that of `/weather`, and its text is that of Dify's query.
#[test]
fn all_ways_to_the_weather_say_the_same() {
    for engine in ENGINES {
        let sensor = LONDON.replacen('{', r#"{"time": 1, "#, 1);
        let server = Setup::new(engine).sensor(sensor).config("stale_after = \"36500d\"\n").start();
        let call = json!({"jsonrpc": "2.0", "id": 0, "method": "tools/call",
            "params": {"name": "get_weather", "arguments": {"location": "london"}}});
        let mut data = server.exchange(post("", &call)).json()["result"]["structuredContent"].take();
        let get = request("GET", "/weather?location=london", &with_key(""), "");
        let mut weather = server.exchange(get).json();
        // Between the calls a second may begin.
        for readings in [&mut data["readings"], &mut weather["readings"]] {
            for (_, reading) in readings.as_object_mut().expect("readings") {
                assert!(reading["age_seconds"].take().is_u64(), "{reading}");
            }
        }
        for (_, reading) in weather["readings"].as_object_mut().expect("readings") {
            reading.as_object_mut().expect("a reading").remove("observed");
        }
        let without_age = |text: &Value| {
            let text = text.as_str().expect("a text");
            text.split(" (").next().unwrap_or_default().to_owned()
        };
        assert_eq!(without_age(&data["report"]), without_age(&weather["text"]), "{engine}");
        assert_eq!(without_age(&data["report"]), without_age(&json!(server.ask("London"))), "{engine}");
        for member in ["city", "observed", "readings"] {
            assert_eq!(data[member], weather[member], "{engine}: {member}");
        }
        assert!(data["readings"].as_object().is_some_and(|readings| readings.len() > 5), "{data}");
    }
}

/// Dify's client of MCP, 1.11.1 and 1.16.0: three messages on one connection, with these fields and this order of
/// the members.
#[test]
fn dify_lists_and_calls_the_tools() {
    let fields = with_key(
        "Accept: application/json, text/event-stream\r\nAccept-Encoding: gzip, deflate\r\n\
         Connection: keep-alive\r\nContent-Type: application/json\r\nUser-Agent: python-httpx/0.28.1\r\n",
    );
    let initialize = r#"{"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"Dify","version":"1.16.0"}},"jsonrpc":"2.0","id":0}"#;
    let initialized = r#"{"method":"notifications/initialized","jsonrpc":"2.0"}"#;
    for engine in ENGINES {
        let server = london(engine);
        let session = |message: &str| {
            let mut client = server.connect();
            client.send(request("POST", "/mcp", &fields, initialize));
            let answer = client.answer();
            let result = &answer.json()["result"];
            assert_eq!((answer.status, &answer.json()["id"]), (200, &json!(0)));
            assert_eq!(result["protocolVersion"], "2025-06-18", "Dify knows no later one");
            assert_eq!(
                (&result["capabilities"], answer.field("Mcp-Session-Id")),
                (&json!({"tools": {}}), None)
            );
            client.send(request("POST", "/mcp", &fields, initialized));
            let answer = client.answer();
            assert_eq!((answer.status, answer.text()), (202, String::new()));
            client.send(request("POST", "/mcp", &fields, message));
            let answer = client.answer();
            assert_eq!((answer.status, answer.field("Content-Type")), (200, Some("application/json")));
            assert_eq!(answer.json()["id"], 1);
            answer.json()["result"].take()
        };
        let list = session(r#"{"method":"tools/list","jsonrpc":"2.0","id":1}"#);
        for tool in list["tools"].as_array().expect("a list") {
            for (name, property) in tool["outputSchema"]["properties"].as_object().expect("variables") {
                assert!(!["text", "json", "files"].contains(&&**name), "{name} is reserved");
                assert!(property["type"].is_string(), "{name}");
            }
        }
        let result = session(
            r#"{"method":"tools/call","params":{"name":"get_weather","arguments":{"location":"London"}},"jsonrpc":"2.0","id":1}"#,
        );
        let text = result["content"][0]["text"].as_str().expect("a text");
        // Dify reads a text that begins with a bracket as JSON.
        assert!(text.starts_with("City: London\nTemperature: 10°C\n"), "{text}");
        let variables = result["structuredContent"].as_object().expect("an object");
        assert!(!variables.values().any(Value::is_null), "{variables:?}");
        let result = session(
            r#"{"method":"tools/call","params":{"name":"get_weather","arguments":{"location":"Nowhere"}},"jsonrpc":"2.0","id":1}"#,
        );
        assert_eq!(result["content"][0]["text"], "Unknown city. Stations: London");
        assert_eq!((&result["isError"], result.get("structuredContent")), (&json!(true), None));
    }
}

#[test]
fn a_notification_that_is_cut_off_is_no_error() {
    let mut server = london("event");
    let mut client = server.connect();
    client.send("POST /mcp HTTP/1.1\r\nHost: h\r\n");
    client.send(format!("{}Content-Length: 54\r\n\r\n", with_key("")));
    drop(client);
    assert_eq!(server.exchange(post("", &ping())).status, 200);
    server.wait_for_log("listening");
    let (_, log) = server.stop();
    assert!(!log.iter().any(|line| line.contains("ERROR") || line.contains("WARN")), "{log:#?}");
}

#[test]
fn the_metrics_count_the_messages() {
    for engine in ENGINES {
        let server = london(engine);
        server.exchange(post("", &ping()));
        server.exchange(post("", &json!([])));
        server.exchange(post("", &json!({"jsonrpc": "2.0", "method": "notifications/initialized"})));
        server.exchange(request("POST", "/mcp", &with_key("Origin: null\r\n"), ""));
        let page = server.exchange(request("GET", "/metrics", &with_key(""), "")).text();
        for line in [
            r#"weatherhook_requests_total{point="/mcp",status="200"} 1"#,
            r#"weatherhook_requests_total{point="/mcp",status="202"} 1"#,
            r#"weatherhook_requests_total{point="/mcp",status="400"} 1"#,
            r#"weatherhook_refusals_total{status="403"} 1"#,
        ] {
            assert!(page.lines().any(|found| found == line), "{engine}: {line}: {page}");
        }
    }
}
