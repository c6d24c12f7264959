//! What a station's past says: amounts of rain, the pressure's tendency, the extremes of a day.

use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::fixture::*;

/// A log of the last so many minutes, a line every five: what each minute before now said.
fn log(minutes: u64, line: impl Fn(u64) -> String) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970").as_secs();
    let mut text = String::new();
    for ago in (1..=minutes).rev().step_by(5) {
        let _ = writeln!(
            text,
            "{{\"time\": {}, \"model\": \"Bresser-5in1\", \"id\": 7, {}}}",
            now - 60 * ago,
            line(ago)
        );
    }
    text
}

fn ask(log: &str) -> String {
    let server = Setup::new("event").sensor(log).arg("--city").arg("London").start();
    server.ask("London")
}

#[track_caller]
fn check(answer: &str, line: &str) {
    assert!(answer.lines().any(|found| found == line), "{line:?} is not in {answer}");
}

#[test]
fn rain_is_counted_from_the_lifetime_counter() {
    // 3 mm twenty hours ago, and 0.2 mm every five minutes in the last half hour.
    let counter = |ago: u64| match ago {
        1201.. => 90.0,
        31.. => 93.0,
        _ => 93.0 + 0.2 * ((31 - ago) / 5) as f64,
    };
    let answer = ask(&log(26 * 60, |ago| format!("\"temperature_C\": 9, \"rain_mm\": {:.1}", counter(ago))));
    check(&answer, "Rain: 1.0 mm in the last hour, 4.0 mm in 24 hours");
    check(&answer, "Precipitation: Light rain");
    // The same message three times, and a changed battery: its counter restarted.
    let twice = log(26 * 60, |ago| {
        let counter = counter(ago) - if ago < 600 { 92.0 } else { 0.0 };
        format!("\"temperature_C\": 9, \"rain_mm\": {counter:.1}")
    });
    let repeated =
        twice.lines().fold(String::new(), |text, line| text + line + "\n" + line + "\n" + line + "\n");
    check(&ask(&repeated), "Rain: 1.0 mm in the last hour, 4.0 mm in 24 hours");
    // Unknown values are left out: a log of ten minutes.
    let answer = ask(&log(11, |ago| format!("\"temperature_C\": 9, \"rain_mm\": {:.1}", counter(ago))));
    assert!(!answer.contains("Rain:") && answer.contains("Temperature: 9°C"), "{answer}");
}

#[test]
fn the_pressure_has_a_tendency_and_the_day_its_extremes() {
    let answer = ask(&log(25 * 60, |ago| {
        let temperature = if ago > 700 && ago < 720 { -3.4 } else { 8.0 };
        format!(
            "\"temperature_C\": {temperature}, \"pressure_hPa\": {:.1}",
            1000.0 + ago.min(180) as f64 / 40.0
        )
    }));
    check(&answer, "Pressure: 1000 hPa, falling quickly");
    check(&answer, "Temperature Range: -3°C to 8°C in 24 hours");
}

#[test]
fn wind_is_the_mean_and_the_highest_gust_of_ten_minutes() {
    let answer = ask(&log(11, |ago| {
        format!("\"wind_avg_km_h\": {}, \"wind_max_km_h\": {}", 10 + ago, if ago > 4 { 40 } else { 20 })
    }));
    // 6 and 1 minutes ago: 16 and 11 km/h.
    check(&answer, "Wind Speed: 14 km/h");
    check(&answer, "Wind Gusts: 40 km/h");
}

#[test]
fn the_past_survives_a_restart() {
    let board = Scratch::new();
    let state = board.path("");
    let day = log(25 * 60, |ago| format!("\"temperature_C\": {}", if ago > 300 { 2 } else { 9 }));
    let serve = |sensor: &str| {
        let sensor = board.write("sensor.json", sensor);
        let mut command = weatherhook(["serve", "--listen", "127.0.0.1:0", "--city", "London"]);
        command.arg("--sensor").arg(sensor).env("WEATHERHOOK_KEY", KEY).env("STATE_DIRECTORY", &state);
        Server::spawn(&mut command, Scratch::new())
    };
    let server = serve(&day);
    check(&server.ask("London"), "Temperature Range: 2°C to 9°C in 24 hours");
    assert!(server.stop().0.success());
    // The log is gone, but the readings of the day are kept.
    let server = serve(r#"{"temperature_C": 5}"#);
    check(&server.ask("London"), "Temperature Range: 2°C to 9°C in 24 hours");
    assert!(server.stop().0.success());
    // A byte that the disk has changed costs its line only.
    let whole = std::fs::read(board.path("history")).expect("the file");
    board.write("history", [b"2;wind mean 10x60=1790510400,35\xff0,1;.\tparis\n", &whole[..]].concat());
    let mut server = serve(r#"{"temperature_C": 5}"#);
    server.wait_for_log("/history: lines that cannot be read: 1; what they say is lost");
    check(&server.ask("London"), "Temperature Range: 2°C to 9°C in 24 hours");
    assert!(server.stop().0.success());
    // The program starts, whatever the file contains.
    for garbage in ["", "\0\u{ff}", "1;;;;;;;;.\tlondon\n", "1;9,9,9;9\tlondon\nx"] {
        board.write("history", garbage);
        let server = serve(r#"{"temperature_C": 5}"#);
        let answer = server.ask("London");
        assert!(answer.contains("Temperature: 5°C") && !answer.contains("Range"), "{answer}");
        assert!(server.stop().0.success());
    }
}

/// The day of `rain_is_counted_from_the_lifetime_counter`.
fn rainy_log() -> String {
    let counter = |ago: u64| match ago {
        1201.. => 90.0,
        31.. => 93.0,
        _ => 93.0 + 0.2 * ((31 - ago) / 5) as f64,
    };
    log(26 * 60, |ago| format!("\"temperature_C\": 9, \"rain_mm\": {:.1}", counter(ago)))
}

const RAIN: &str = "Rain: 1.0 mm in the last hour, 4.0 mm in 24 hours";

#[test]
fn the_counter_goes_on_in_the_file_of_the_next_day() {
    let board = Scratch::new();
    let log = rainy_log();
    // 8 lines are 40 minutes.
    let lines: Vec<&str> = log.split_inclusive('\n').collect();
    let (before, today) = lines.split_at(lines.len() - 8);
    board.write("2026-05-01.jsonl", before.concat());
    board.write("2026-05-02.jsonl", today.concat());
    let mut command = weatherhook(["serve", "--listen", "127.0.0.1:0", "--city", "London"]);
    command.arg("--sensor").arg(board.path("*.jsonl")).env("WEATHERHOOK_KEY", KEY);
    let server = Server::spawn(&mut command, Scratch::new());
    check(&server.ask("London"), RAIN);
}

#[test]
fn neighbours_do_not_hide_the_past_of_a_chosen_sensor() {
    let mut log = rainy_log();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970").as_secs();
    for _ in 0..2000 {
        let _ = writeln!(
            log,
            "{{\"time\": {}, \"model\": \"Bresser-5in1\", \"id\": 8, \"humidity\": 44}}",
            now - 30
        );
    }
    let board = Scratch::new();
    board.write("log.jsonl", log);
    let config = board.write(
        "weatherhook.toml",
        "[[station]]\ncity = \"London\"\n[[station.source]]\nfile = \"log.jsonl\"\nmatch = { id = 7 }\n",
    );
    let mut command = weatherhook(["serve", "--listen", "127.0.0.1:0", "--config", text(&config)]);
    let server = Server::spawn(command.env("WEATHERHOOK_KEY", KEY), board);
    check(&server.ask("London"), RAIN);
}

#[test]
fn two_barometers_have_no_tendency_together() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970").as_secs();
    let line = |id: u64, pressure: u64, ago: u64| {
        let time = now - 60 * ago;
        format!("{{\"time\": {time}, \"model\": \"N\", \"id\": {id}, \"pressure_hPa\": {pressure}}}\n")
    };
    // In turn, so that what was 3 h ago is the other's.
    let turns = (1..240).rev().step_by(4).enumerate();
    let lines = turns.map(|(turn, ago)| if turn % 2 == 0 { line(1, 1000, ago) } else { line(2, 1005, ago) });
    check(&ask(&lines.collect::<String>()), "Pressure: 1005 hPa, steady");
}
