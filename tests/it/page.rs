//! The page for a browser: who may look, what its head says, and that nothing of a sensor file is HTML in it.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;

use crate::fixture::*;

/// `x:` and the key of the tests, as a browser sends them.
const BASIC: &str = "Authorization: Basic eDphLWtleS1vZi10aGUtdGVzdHMtMDEyMzQ1Njc4OQ==\r\n";

const CHALLENGE: &str = "Basic realm=\"weatherhook\", charset=\"UTF-8\"";

fn get(target: &str, fields: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n")
}

#[track_caller]
fn page(server: &Server, target: &str) -> String {
    let answer = server.exchange(get(target, BASIC));
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.text()
}

#[track_caller]
fn check_status(server: &Server, request: &str, status: u16) {
    let answer = server.exchange(request);
    assert_eq!(answer.status, status, "{request}: {answer:?}");
    assert_eq!(answer.field("WWW-Authenticate"), (status == 401).then_some(CHALLENGE), "{request}");
}

fn refused(server: &Server) -> String {
    let metrics = server.exchange(get("/metrics", &format!("Authorization: Bearer {KEY}\r\n"))).text();
    let line =
        metrics.lines().find(|line| line.contains("refusals_total{status=\"401\"}")).map(str::to_owned);
    line.expect("a line").split_once("} ").expect("a number").1.to_owned()
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970").as_secs()
}

#[test]
fn the_key_is_the_password() {
    for engine in ENGINES {
        let mut server = london(engine);
        for (fields, status) in [
            ("", 401),
            (BASIC, 200),
            (&*format!("Authorization: Bearer {KEY}\r\n"), 200),
            (&BASIC.replace("eDph", "OmFh"), 401),
            ("Authorization: Basic eDp4\r\n", 401),
            ("Authorization: Basic\r\n", 401),
            ("Authorization: Bearer wrong\r\n", 401),
            (&format!("{BASIC}{BASIC}"), 401),
            ("X-Forwarded-For: 127.0.0.1\r\n", 401),
        ] {
            check_status(&server, &get("/", fields), status);
            check_status(&server, &get("/?station=London", fields), status);
        }
        // Counted like all refused keys, and only wrong ones are logged.
        assert_eq!(refused(&server), "14", "{engine}");
        server.wait_for_log("requests refused for a wrong or missing key: 1, the last from 127.0.0.1");
        // Nothing else takes a password.
        let answer = server.exchange(get("/weather", BASIC));
        assert_eq!(
            (answer.status, answer.field("WWW-Authenticate")),
            (401, Some("Bearer realm=\"weatherhook\"")),
            "{engine}"
        );
    }
}

#[test]
fn a_visit_without_a_key_is_not_logged() {
    let server = london("event");
    check_status(&server, &get("/", ""), 401);
    let (_, log) = server.stop();
    assert!(said(&log).iter().all(|line| line.starts_with("INFO ")), "{log:?}");
}

#[test]
fn the_own_network_may_look_if_configured() {
    for engine in ENGINES {
        let setup = Setup::new(engine).sensor(LONDON).arg("--page").arg("local");
        let socket = setup.scratch.path("http.sock");
        let server = setup.arg("--listen").arg(format!("unix:{}", text(&socket))).start();
        check_status(&server, &get("/", ""), 200);
        check_status(&server, &get("/", BASIC), 200);
        check_status(&server, &get("/", "Authorization: Basic eDp4\r\n"), 401);
        check_status(&server, &get("/", &"Authorization: Basic eDp4\r\n".repeat(2)), 401);
        check_status(&server, &get("/", "").replace("localhost", "pi.local:8000"), 200);
        // Another site's name leads here, or a tunnel does that adds no field.
        check_status(&server, &get("/", "").replace("localhost", "weather.example.org"), 401);
        check_status(&server, &get("/", BASIC).replace("localhost", "weather.example.org"), 200);
        for field in [
            "Forwarded: for=127.0.0.1",
            "X-Forwarded-For: 127.0.0.1",
            "x-forwarded-host: pi.local",
            "X-Forwarded-Proto: https",
            "X-Real-IP: 127.0.0.1",
            "CF-Connecting-IP: 127.0.0.1",
            "Via: 1.1 proxy",
            "Via:",
        ] {
            check_status(&server, &get("/", &format!("{field}\r\n")), 401);
        }
        // A socket in the file system is the way of a tunnel.
        let mut stream = UnixStream::connect(&socket).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
        stream.write_all(get("/", "Connection: close\r\n").as_bytes()).expect("the server takes it");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 401 "), "{engine}: {answer}");
    }
}

#[test]
fn there_may_be_no_page() {
    let not_found = json!({ "detail": format!("not found: send POST to {PATH}") });
    for engine in ENGINES {
        let server = Setup::new(engine).sensor(LONDON).config("page = \"off\"\n").start();
        for fields in ["", BASIC] {
            let answer = server.exchange(get("/", fields));
            assert_eq!((answer.status, answer.json()), (404, not_found.clone()), "{engine}");
            assert_eq!(answer.field("WWW-Authenticate"), None);
        }
        // What calls there has the wrong path, whether or not there is a page.
        let server = london(engine);
        let answer = server.exchange(get("/", BASIC).replace("GET", "POST"));
        assert_eq!((answer.status, answer.json()), (404, not_found.clone()), "{engine}");
        // The extension comes first.
        let server = Setup::new(engine).sensor(LONDON).arg("--path").arg("/").start();
        let answer = server.exchange(get("/", BASIC));
        assert_eq!((answer.status, answer.field("Allow")), (405, Some("POST")), "{engine}");
    }
}

#[test]
fn the_head_lets_nothing_in() {
    for engine in ENGINES {
        let server = london(engine);
        let answer = server.exchange(get("/", BASIC));
        let html = answer.text();
        for (name, value) in [
            ("Content-Type", "text/html; charset=utf-8"),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
            ("Cache-Control", "no-store"),
        ] {
            assert_eq!(answer.field(name), Some(value), "{engine}");
        }
        assert_eq!(answer.field("Set-Cookie"), None);
        let style = html.split_once("<style>").and_then(|(_, rest)| rest.split_once("</style>"));
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'; \
             frame-ancestors 'none'",
            sha256(&server.scratch, style.expect("a style").0)
        );
        assert_eq!(answer.field("Content-Security-Policy"), Some(&*policy), "after a change of style.css");
        for forbidden in ["<script", " style=", "http://", "https://", " src=", "<link", "url(", "@import"] {
            assert!(!html.contains(forbidden), "{engine}: {forbidden}: {html}");
        }

        let mut client = server.connect();
        client.send(get("/", BASIC).replacen("GET", "HEAD", 1));
        let head = client.answer_to("HEAD");
        assert_eq!(head.status, 200, "{engine}");
        assert_eq!(head.field("Content-Security-Policy"), Some(&*policy), "{engine}");
        let metrics = server.exchange(get("/metrics", &format!("Authorization: Bearer {KEY}\r\n"))).text();
        assert!(metrics.contains("requests_total{point=\"/\",status=\"200\"} 2\n"), "{metrics}");
    }
}

/// The hash of a text in base64, by coreutils.
#[track_caller]
fn sha256(scratch: &Scratch, of: &str) -> String {
    let file = scratch.write("style", of);
    let output = Command::new("sha256sum").arg(file).output().expect("sha256sum");
    let hex = String::from_utf8(output.stdout).expect("text");
    let digit = |at: usize| char::to_digit(hex.as_bytes()[at].into(), 16).expect("a digit");
    let bits: Vec<u32> = (0..64)
        .flat_map(|at| (0..4).rev().map(move |bit| (at, bit)))
        .map(|(at, bit)| digit(at) >> bit & 1)
        .collect();
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let six = |six: &[u32]| six.iter().chain([0; 6].iter()).take(6).fold(0, |value, bit| value * 2 + bit);
    let text: String = bits.chunks(6).map(|bits| char::from(digits[six(bits) as usize])).collect();
    text + "="
}

#[test]
fn what_a_file_says_is_no_html() {
    let evil = "<script>alert('1')</script>&\"";
    let escaped = "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;&quot;";
    let station = |city: &str| json!({ "city": city, "temperature_C": 9.5, "air_quality": evil, "precipitation": "<img src=x>" });
    let labels = "[labels]\ntemperature = \"<b>T</b>\"\n";
    let one = Setup::new("event").sensor(station(evil).to_string()).config(labels).start();
    let two = json!([station(evil), station("London")]).to_string();
    let two = Setup::new("event").sensor(two).config(labels).start();
    let way = "?station=%3Cscript%3Ealert%28%271%27%29%3C%2Fscript%3E%26%22";
    for (server, target) in [(&one, "/"), (&two, "/"), (&two, &*format!("/{way}"))] {
        let html = page(server, target);
        assert!(html.contains(escaped) && !html.contains("<script"), "{html}");
        assert!(!html.contains("<img") && !html.contains("<b>T"), "{html}");
    }
    assert!(page(&one, "/").contains("&lt;b&gt;T&lt;/b&gt;"));
    assert!(page(&two, "/").contains(&format!("<a href=\"{way}\">")));
    // Also what is asked for.
    let answer = two.exchange(get("/?station=%22%3E%3Cscript%3E", BASIC));
    assert_eq!(answer.status, 404);
    assert!(!answer.text().contains("<script"), "{answer:?}");
}

#[test]
fn the_values_are_those_of_the_answer() {
    for units in ["metric", "imperial"] {
        let labels = "[labels]\nwind_speed = \"Windstärke\"\n";
        let server = Setup::new("event").sensor(LONDON).config(labels).arg("--units").arg(units).start();
        let html = page(&server, "/");
        let answer = server.ask("London");
        let lines = answer.lines().filter(|line| !line.starts_with("City") && !line.starts_with("Observed"));
        for (label, value) in lines.map(|line| line.split_once(": ").expect("a value")) {
            let shown = match label {
                "Temperature" => format!("<b>{value}</b><span>{label} <small>"),
                _ => format!("<dt>{label}<dd>{value}</div>"),
            };
            assert!(html.contains(&shown), "{shown}: {html}");
        }
        assert!(!html.contains("stale"), "{html}");
        assert!(html.contains("<html lang=en>") && html.contains("http-equiv=refresh content=60"));
        assert!(!page(&server, "/?refresh=off").contains("http-equiv=refresh"));
    }
}

#[test]
fn what_is_stale_says_so() {
    let record = |city: &str, ago: u64, temperature: f64| json!({ "time": now() - ago, "city": city, "temperature_C": temperature, "humidity": 50 });
    let sensor = json!([record("Here", 60, 4.0), record("There", 3 * 3600 + 60, 5.0)]);
    let server = Setup::new("event").sensor(sensor.to_string()).start();
    let stale = "<small class=o><b role=img aria-label=stale>⚠\u{fe0e}</b> 3 h</small>";
    let all = page(&server, "/");
    assert!(all.contains("<span>Here</span><b>4°C</b> <small>1 min</small>"), "{all}");
    assert!(all.contains(&format!("<span>There</span><b class=o>5°C</b> {stale}")), "{all}");
    let there = page(&server, "/?station=There");
    assert!(there.contains(&format!("<p class=\"t o\"><b>5°C</b><span>Temperature {stale}")), "{there}");
    assert!(there.contains(&format!("<div class=o><dt>Humidity<dd>50% {stale}</div>")), "{there}");
    assert!(!page(&server, "/?station=here").contains("stale"));
}

#[test]
fn stations_without_readings_or_names_have_pages() {
    let config = "[[station]]\ncity = \"London\"\n[[station.source]]\nfile = \"absent.json\"\n";
    let silent = Setup::new("event").sensor("{}").config(config).start();
    assert!(page(&silent, "/").contains("<h1>London</h1>"));
    let nameless = Setup::new("event").sensor("{\"temperature_C\": 4}").start();
    assert!(page(&nameless, "/").contains("<b>4°C</b>"));
    let none = Setup::new("event").start();
    assert!(page(&none, "/").contains("<h1>weatherhook</h1>"));
}

#[test]
fn thousands_of_stations_are_bounded() {
    let city = |number: usize| json!({ "city": format!("Station {number}"), "temperature_C": 9.5 });
    let sensor = serde_json::to_string(&(0..1100).map(city).collect::<Vec<_>>()).expect("JSON");
    let server = Setup::new("event").sensor(sensor).start();
    let html = page(&server, "/");
    assert!(html.contains("<span>Station 999</span>") && !html.contains("Station 1000"), "{html}");
    assert!(html.contains("<p class=q>+ 100</main>") && html.len() < 400_000, "{}", html.len());
    assert!(page(&server, "/?station=Station+1099").contains("<h1>Station 1099</h1>"));
}
