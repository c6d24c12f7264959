//! Questions about days that are over, over the wire: Dify's input `date`, `/weather?from=&to=`, the tool `get_history`.

use std::fs;

use serde_json::{Value, json};
use weatherhook::testing::time::{Date, Timestamp};

use crate::fixture::*;

const HEADER: &str = "date,covered_%,temperature_min_C,temperature_min_time,temperature_max_C,temperature_max_time,\
    temperature_mean_C,humidity_mean_%,rain_mm,gust_max_m/s,gust_max_time,sea_level_pressure_min_hPa,\
    sea_level_pressure_max_hPa,station_pressure_min_hPa,station_pressure_max_hPa";

/// A week of which one day is missing and one is half measured.
const WEEK: [&str; 6] = [
    "2024-02-24,100,1.00,05:00,8.00,14:00,4.00,80,0.2,5.0,12:00,1000.1,1005.2,,",
    "2024-02-25,98,-1.20,06:40,5.31,14:10,2.00,87,2.4,11.8,13:20,1009.1,1014.2,,",
    "2024-02-26,100,2.00,05:00,9.00,14:00,5.00,80,0.0,5.0,12:00,1000.1,1005.2,,",
    "2024-02-28,49,3.00,08:00,6.00,15:00,5.00,90,1.0,,,,,,",
    "2024-02-29,100,2.00,05:00,9.00,14:00,5.00,80,0.0,5.0,12:00,1000.1,1005.2,,",
    "2024-03-01,100,2.00,05:00,9.50,14:00,5.00,80,0.0,5.0,12:00,1000.1,1005.2,,",
];

/// A server of London, which knows these days, and of Rome, which knows none.
fn serve(engine: &str, rows: &[String]) -> Server {
    serve_with(engine, rows, "")
}

fn serve_with(engine: &str, rows: &[String], toml: &str) -> Server {
    serve_in("", engine, rows, toml)
}

/// On a board of a zone, or of this machine's.
fn serve_in(zone: &str, engine: &str, rows: &[String], toml: &str) -> Server {
    let scratch = Scratch::new();
    fs::create_dir(scratch.path("days")).expect("a directory");
    let table = rows.iter().fold(format!("{HEADER}\n"), |table, row| table + row + "\n");
    scratch.write("days/london.csv", table);
    // Two values, as the past keeps none that no other one supports.
    let now = Timestamp::now().epoch_seconds();
    let london = |ago| {
        format!(
            "{{\"city\": \"London\", \"default\": true, \"temperature_C\": 10, \"time\": {}}}\n",
            now - ago
        )
    };
    let rome = "{\"city\": \"Rome\", \"temperature_C\": 20}\n";
    let sensor = scratch.write("sensor.jsonl", london(90.0) + &london(30.0) + rome);
    let config = scratch.write("weatherhook.toml", toml);
    let mut command = weatherhook(["serve", "--listen", "127.0.0.1:0", "--engine", engine]);
    command.arg("--config").arg(config);
    command.env("WEATHERHOOK_EVERY", "100ms").env("WEATHERHOOK_KEY", KEY);
    command.arg("--sensor").arg(sensor).env("STATE_DIRECTORY", scratch.path(""));
    if !zone.is_empty() {
        command.env("TZ", zone);
    }
    Server::spawn(&mut command, scratch)
}

fn week(engine: &str) -> Server {
    serve(engine, &WEEK.map(str::to_owned))
}

#[test]
fn a_wrong_directory_is_reported_at_the_start() {
    for (name, reason) in [("absent", "No such file or directory"), ("sensor.json", "Not a directory")] {
        let setup = Setup::new("event").sensor(LONDON);
        let state = setup.scratch.path(name);
        let mut server = setup.env("STATE_DIRECTORY", &state).start();
        server.wait_for_log(&format!("WARN  {}: {reason}", text(&state)));
    }
    let server = week("event");
    let setup = Setup::new("event").sensor(LONDON).env("STATE_DIRECTORY", server.scratch.path(""));
    let mut second = setup.start();
    second.wait_for_log("another weatherhook writes there; this one will not know its past after a restart");
    // The first writes at its stop, and the second does not.
    for server in [server, second] {
        let (status, log) = server.stop();
        assert!(status.success() && !log.iter().any(|line| line.contains("history")), "{log:?}");
    }
}

fn today() -> Date {
    Date::of(Timestamp::now())
}

fn ask(server: &Server, date: &str) -> String {
    server.query(&json!({"inputs": {"location": "London", "date": date}, "query": "How was it?"}))
}

fn get(server: &Server, query: &str) -> Answer {
    let path = format!("/weather?{query}");
    server.exchange(format!("GET {path} HTTP/1.1\r\nHost: board\r\nAuthorization: Bearer {KEY}\r\n\r\n"))
}

fn history(server: &Server, arguments: &Value) -> Value {
    let body = json!({"jsonrpc": "2.0", "id": 0, "method": "tools/call",
        "params": {"name": "get_history", "arguments": arguments}})
    .to_string();
    let head = format!("POST /mcp HTTP/1.1\r\nHost: board\r\nAuthorization: Bearer {KEY}\r\n");
    let answer = server.exchange(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()));
    answer.json()["result"].take()
}

#[track_caller]
fn check(answer: &str, expected: &[&str]) {
    assert_eq!(answer.lines().collect::<Vec<_>>(), expected);
}

/// All days are the same, as midnight may pass between two questions.
#[test]
fn the_answer_has_yesterday_and_the_last_seven_days() {
    let row = |date: Date| format!("{date},100,3.00,05:00,11.00,14:00,7.00,80,0.4,11.1,12:00,,,,");
    let rows: Vec<String> = (0..=9).rev().map(|ago| row(today().plus(-ago))).collect();
    for engine in ENGINES {
        let answer = serve(engine, &rows).ask("London");
        let lines: Vec<&str> = answer.lines().collect();
        assert_eq!(
            lines[2..4],
            [
                "Yesterday: 3°C to 11°C, rain 0.4 mm, gusts 40 km/h",
                "Last 7 Days: 3°C to 11°C, rain 2.8 mm, gusts 40 km/h"
            ],
            "{answer}"
        );
        assert!(lines[4].starts_with("Observed: "), "{answer}");
    }
    // What was half measured is not how the day was, and what is older is no part of it.
    let half: Vec<String> = rows.iter().map(|row| row.replace(",100,", ",62,")).collect();
    let answer = serve("event", &half).ask("London");
    let is_said = |line: &str| answer.lines().any(|found| found == line);
    assert!(
        is_said("Yesterday: 3°C to 11°C, rain 0.4 mm, gusts 40 km/h (measured 62% of the day)"),
        "{answer}"
    );
    assert!(
        is_said("Last 7 Days: 3°C to 11°C, rain 2.8 mm, gusts 40 km/h (0 of 7 days measured)"),
        "{answer}"
    );
    let toml = "units = \"imperial\"\n[labels]\nyesterday = \"Gestern\"\nlast_7_days = \"\"\n";
    let answer = serve_with("event", &rows, toml).ask("London");
    assert!(answer.contains("\nGestern: 37°F to 52°F, rain 0.02 in, gusts 25 mph\nObserved: "), "{answer}");
    // An hour says nothing about a day.
    let hour: Vec<String> = rows.iter().map(|row| row.replace(",100,", ",9,")).collect();
    let answer = serve("event", &hour).ask("London");
    assert!(!answer.contains("Yesterday") && !answer.contains("Last 7"), "{answer}");
    let answer = week("event").ask("London");
    assert!(!answer.contains("Yesterday") && !answer.contains("Last 7"), "{answer}");
}

#[test]
fn the_input_date_asks_for_a_day() {
    for engine in ENGINES {
        let server = week(engine);
        check(
            &ask(&server, "2024-02-25"),
            &[
                "City: London",
                "Date: 2024-02-25",
                "Temperature: lowest -1°C at 06:40, highest 5°C at 14:10, mean 2°C",
                "Rain: 2.4 mm",
                "Wind Gusts: highest 42 km/h at 13:20",
                "Pressure: lowest 1009 hPa, highest 1014 hPa",
                "Humidity: mean 87%",
            ],
        );
        let answer = ask(&server, "2024-02-28");
        assert!(answer.contains("\nDate: 2024-02-28 (measured 49% of the day)\n"), "{answer}");
        let unknown =
            |date: &str| format!("City: London\nDate: {date} (not known)\nFirst Known Day: 2024-02-24");
        assert_eq!(ask(&server, "2024-02-27"), unknown("2024-02-27"));
        assert_eq!(ask(&server, "2019-01-01"), unknown("2019-01-01"));
        // A word in each language. Midnight may pass meanwhile.
        for (ago, words) in [
            (0, ["today", "heute", "aujourd'hui", "hoy", "oggi", "vandaag"]),
            (1, ["yesterday", "Gestern", "hier", "ayer", "ieri", "gisteren"]),
        ] {
            for word in words {
                let before = today();
                let answer = ask(&server, word);
                let dates = [before, today()].map(|today| format!("\nDate: {}", today.plus(-ago)));
                assert!(dates.iter().any(|date| answer.contains(date)), "{word}: {answer}");
            }
        }
        // Without a date the answer is that of now.
        for date in ["", " "] {
            assert!(ask(&server, date).starts_with("City: London\nTemperature: 10°C\nObserved: "));
        }
        for (date, why) in [
            ("2024-02-30", "date: \"2024-02-30\" cannot be read; write a day like 2026-11-20, "),
            ("2999-01-01", "date: \"2999-01-01\" cannot be read; "),
            ("2149-01-01", "date: 2149-01-01 is still to come, and there are no forecasts; "),
        ] {
            assert!(ask(&server, date).starts_with(why), "{}", ask(&server, date));
        }
        let rome = server.query(&json!({"inputs": {"location": "Oslo", "date": "yesterday"}}));
        assert_eq!(rome, "Unknown city");
    }
}

#[test]
fn a_range_has_its_totals_and_its_days() {
    let server = week("event");
    check(
        &ask(&server, "2024-02-23/2024-02-29"),
        &[
            "City: London",
            "Date: 2024-02-23 to 2024-02-29 (4 of 7 days measured)",
            "Temperature: lowest -1°C on 2024-02-25, highest 9°C on 2024-02-26, mean 4°C",
            "Rain: 3.6 mm (4 of 7 days measured)",
            "Wind Gusts: highest 42 km/h on 2024-02-25",
            "Pressure: lowest 1000 hPa, highest 1014 hPa",
            "Humidity: mean 83%",
            "2024-02-24: 1°C to 8°C, rain 0.2 mm, gusts 18 km/h",
            "2024-02-25: -1°C to 5°C, rain 2.4 mm, gusts 42 km/h",
            "2024-02-26: 2°C to 9°C, rain 0.0 mm, gusts 18 km/h",
            "2024-02-27: not known",
            "2024-02-28: 3°C to 6°C, rain 1.0 mm (measured 49% of the day)",
            "2024-02-29: 2°C to 9°C, rain 0.0 mm, gusts 18 km/h",
            "First Known Day: 2024-02-24",
        ],
    );
    let year = ask(&server, "2024-02-25/2024-12-31");
    assert!(
        year.starts_with("City: London\nDate: 2024-02-25 to 2024-12-31 (4 of 311 days measured)\n"),
        "{year}"
    );
    assert!(year.contains("highest 10°C on 2024-03-01") && year.lines().count() == 7, "{year}");
}

#[test]
fn the_weather_has_days_and_series() {
    for engine in ENGINES {
        let server = week(engine);
        let answer = get(&server, "location=London&from=2024-02-25&to=2024-02-28");
        assert_eq!(answer.status, 200);
        let json = answer.json();
        assert_eq!(
            (&json["city"], &json["from"], &json["to"]),
            (&json!("London"), &json!("2024-02-25"), &json!("2024-02-28"))
        );
        let dates: Vec<&Value> =
            json["days"].as_array().expect("days").iter().map(|day| &day["date"]).collect();
        assert_eq!(dates, ["2024-02-25", "2024-02-26", "2024-02-28"]);
        assert_eq!(
            (&json["days"][2]["covered_percent"], &json["first_day"]),
            (&json!(49), &json!("2024-02-24"))
        );
        let lowest = json!({"value": -1.2, "unit": "°C", "time": "06:40"});
        assert_eq!(json["days"][0]["values"]["temperature_min"], lowest);
        assert_eq!(json["totals"]["rain"], json!({"value": 3.4, "unit": "mm", "days_measured": 2}));
        assert_eq!(json.get("series"), None);
        assert_eq!(json["readings"]["temperature"]["value"], 10.0);
        let text = json["text"].as_str().expect("a text");
        assert_eq!(text, ask(&server, "2024-02-25/2024-02-28"));
        // The reading of now is in the series of today.
        let json = get(&server, "from=yesterday").json();
        let is_marked = |day: &Value| day.get("so_far").is_some() == (day["date"] == json["to"]);
        assert!(json["days"].as_array().is_some_and(|days| days.iter().all(is_marked)), "{json}");
        let series = &json["series"]["temperature"];
        let values = series["values"].as_array().unwrap_or_else(|| panic!("no values: {json}"));
        assert_eq!((&series["unit"], &series["step_seconds"]), (&json!("°C"), &json!(600)));
        assert!(
            values.contains(&json!(10.0)) && values.contains(&Value::Null) && values.len() > 140,
            "{json}"
        );
        let start = series["start"].as_str().expect("a time");
        assert!(json["from"].as_str().is_some_and(|from| start.starts_with(from)), "{json}");
        // Without a period it is as it was.
        let json = get(&server, "location=London&from=&to=").json();
        let members: Vec<&String> = json.as_object().expect("an object").keys().collect();
        assert_eq!(members, ["age_seconds", "city", "observed", "readings", "text"]);
        // Places without days, and no place.
        let json = get(&server, "location=Rome&from=2024-02-25&to=2024-02-25").json();
        assert_eq!((&json["days"], &json["totals"]), (&json!([]), &json!({})));
        let json = get(&server, "location=Oslo&from=2024-02-25").json();
        assert_eq!(
            (&json["text"], &json["days"], &json["first_day"]),
            (&json!("Unknown city"), &json!([]), &Value::Null)
        );
        for (query, why) in [
            ("from=soon", "from: \"soon\" cannot be read; write a day like 2026-11-20, "),
            ("from=2024-02-25&to=x", "to: \"x\" cannot be read; "),
            ("to=2024-02-25", "from: missing beside to; "),
            ("from=2024-02-25&to=2024-02-24", "from: 2024-02-25 is after 2024-02-24; "),
            ("from=2149-01-01", "from: 2149-01-01 is still to come, and there are no forecasts; "),
            ("from=1999-01-01&to=2024-02-24", "from: 1999-01-01 to 2024-02-24 is more than 3660 days; "),
        ] {
            let answer = get(&server, query);
            assert_eq!(answer.status, 400, "{query}");
            assert!(
                answer.json()["detail"].as_str().is_some_and(|found| found.starts_with(why)),
                "{answer:?}"
            );
        }
    }
}

/// A zone in which it is now past this hour, and before the next one.
fn zone_at(hour: i32) -> String {
    let time = Timestamp::now().rfc3339();
    let utc: i32 = time[11..13].parse().expect("an hour");
    let east = (hour - utc).rem_euclid(24);
    format!("<here>{}", if east > 12 { 24 - east } else { -east })
}

/// The night is of some hours, which the answer and the JSON name.
#[test]
fn last_night_is_answered() {
    let rows = WEEK.map(str::to_owned);
    for (engine, hour) in ENGINES.iter().flat_map(|engine| [(engine, 3), (engine, 15), (engine, 20)]) {
        let server = serve_in(&zone_at(hour), engine, &rows, "");
        let answer = ask(&server, "heute Nacht");
        let json = get(&server, "location=London&from=last%20night").json();
        assert_eq!(json["text"], answer);
        let hours = format!("last night, {} 18:00 to {} 09:00", said(&json["from"]), said(&json["to"]));
        // Two readings are of a night only while it goes on.
        let is_known = hour == 3;
        let end = if is_known { " so far (measured " } else { " (not known)\nFirst Known Day: 2024-02-24" };
        assert!(answer.starts_with(&format!("City: London\nDate: {hours}{end}")), "{answer}");
        assert_eq!(answer.contains("% of the night)\nTemperature: lowest 10°C at 0"), is_known, "{answer}");
        let covered = json["hours"]["covered_percent"].as_i64();
        assert!(covered.is_some_and(|covered| (covered > 0) == is_known), "{json}");
        let clock = json!({"start": "18:00", "end": "09:00", "covered_percent": covered, "so_far": is_known});
        assert_eq!(json["hours"], clock);
        assert_eq!((&json["days"], json["totals"] == json!({})), (&json!([]), !is_known));
        let result = history(&server, &json!({"from": "last night", "to": "last night"}));
        for member in ["from", "to", "hours", "totals", "days"] {
            assert_eq!(result["structuredContent"][member], json[member], "{member}");
        }
        let detail = get(&server, "from=last_night&to=today").json()["detail"].take();
        assert!(said(&detail).starts_with("to: a night has no days beside it; "), "{detail}");
    }
}

fn said(text: &Value) -> &str {
    text.as_str().unwrap_or_else(|| panic!("no text: {text}"))
}

#[test]
fn this_week_and_this_month_follow_the_calendar() {
    let server = week("event");
    let first_and_last = |word: &str| {
        let json = get(&server, &format!("from={word}")).json();
        let date = |name| Date::parse(said(&json[name])).expect("a date");
        (date("from"), date("to"))
    };
    let (from, to) = first_and_last("this%20week");
    assert!(from == to.monday() && (0..7).contains(&to.days_after(from)), "{from} {to}");
    let (from, to) = first_and_last("deze%20maand");
    assert_eq!(from, to.first_of_month());
}

/// Ten years of days are answered whole.
#[test]
fn ten_years_fit() {
    let first = Date::parse("2014-01-01").expect("a date");
    let row = |date: Date| format!("{date},100,3.00,05:00,11.00,14:00,7.00,80,0.4,11.1,12:00,,,,");
    let rows: Vec<String> = (0..3660).map(|day| row(first.plus(day))).collect();
    let server = serve("event", &rows);
    let json = get(&server, &format!("from=2014-01-01&to={}", first.plus(3659))).json();
    assert_eq!(json["days"].as_array().map(Vec::len), Some(3660));
    assert_eq!(json["totals"]["rain"], json!({"value": 1464.0, "unit": "mm", "days_measured": 3660}));
}

#[test]
fn the_tool_gives_the_history() {
    for engine in ENGINES {
        let server = week(engine);
        let period = json!({"location": "london", "from": "2024-02-25", "to": "2024-02-28"});
        let result = history(&server, &period);
        let text = result["content"][0]["text"].as_str().expect("a text");
        assert_eq!(text, ask(&server, "2024-02-25/2024-02-28"));
        let mut data = result["structuredContent"].clone();
        assert_eq!(data["report"], text);
        let weather = get(&server, "location=London&from=2024-02-25&to=2024-02-28").json();
        for member in ["city", "from", "to", "first_day", "totals", "days"] {
            assert_eq!(data[member].take(), weather[member], "{member}");
        }
        // By default the last seven days.
        let result = history(&server, &json!({"from": null}));
        assert_eq!(result["isError"], false);
        let (from, to) = (&result["structuredContent"]["from"], &result["structuredContent"]["to"]);
        let date = |text: &Value| Date::parse(text.as_str().expect("a text")).expect("a date");
        assert_eq!(date(to).days_after(date(from)), 6);
        // Dify makes variables of the members, of which none may be null.
        let rome = history(&server, &json!({"location": "Rome", "from": "2024-02-25"}));
        assert_eq!(rome["structuredContent"]["totals"]["temperature_min"], Value::Null);
        let variables = rome["structuredContent"].as_object().expect("an object");
        assert!(!variables.values().any(Value::is_null), "{variables:?}");
        for (arguments, why) in [
            (json!({"location": "Oslo"}), "Unknown city. Stations: London, Rome"),
            (json!({"from": 5}), "from: expected a string, found a number"),
            (json!({"from": "soon"}), "from: \"soon\" cannot be read; "),
            (
                json!({"from": "2149-01-01"}),
                "from: 2149-01-01 is still to come, and there are no forecasts; ",
            ),
        ] {
            let result = history(&server, &arguments);
            assert_eq!(result["isError"], true, "{arguments}");
            let text = result["content"][0]["text"].as_str().expect("a text");
            assert!(text.starts_with(why), "{text}");
        }
    }
}
