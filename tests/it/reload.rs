//! SIGHUP: keys, configuration and sensor file are read again; on any error the old ones stay.

use std::fs::File;
use std::io::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::fixture::*;

const PING: &str = r#"{"point": "ping"}"#;

fn ping(server: &Server, key: &str) -> u16 {
    server.exchange(call_with(&format!("Authorization: Bearer {key}\r\n"), PING)).status
}

fn reload(server: &mut Server, line: &str) {
    server.forget_log();
    signal(server.id(), "HUP");
    server.wait_for_log(line);
}

#[test]
fn keys_are_rotated_without_an_outage() {
    for engine in ENGINES {
        let mut server = london(engine);
        let new = "another-key-of-the-tests-987";
        assert_eq!((ping(&server, KEY), ping(&server, new)), (200, 401), "{engine}");
        let mut kept = server.connect();
        kept.send(call(PING));
        assert_eq!(kept.answer().status, 200);
        server.scratch.write("key", format!("{KEY}\n{new}\n"));
        reload(&mut server, "reloaded");
        assert_eq!((ping(&server, KEY), ping(&server, new)), (200, 200), "{engine}");
        server.scratch.write("key", new);
        reload(&mut server, "reloaded");
        assert_eq!((ping(&server, KEY), ping(&server, new)), (401, 200), "{engine}");
        // A connection stays open, and its requests need one of the new keys.
        kept.send(call(PING));
        assert_eq!(kept.answer().status, 401);
    }
}

#[test]
fn labels_and_sensor_file_change() {
    let mut server = Setup::new("event").sensor(LONDON).config("stale_after = \"10m\"\n").start();
    assert!(server.ask("London").contains("\nTemperature: 10°C\n"));
    server.scratch.write("weatherhook.toml", "[labels]\ntemperature = \"Warmth\"\n");
    reload(&mut server, "reloaded");
    assert!(server.ask("London").contains("\nWarmth: 10°C\n"));
    drop(server);

    let scratch = Scratch::new();
    scratch.write("london.json", LONDON);
    scratch.write("paris.json", r#"{"city": "Paris", "temperature_C": 3}"#);
    let config = scratch.write("weatherhook.toml", "sensor = \"london.json\"\nlisten = \"127.0.0.1:0\"\n");
    let mut command = weatherhook(["serve", "--config", text(&config)]);
    let mut server = Server::spawn(command.env("WEATHERHOOK_KEY", KEY), scratch);
    assert_eq!(server.ask("Paris"), "Unknown city");
    server.scratch.write("weatherhook.toml", "sensor = \"paris.json\"\nlisten = \"127.0.0.1:1\"\n");
    reload(&mut server, "reloaded");
    server.wait_for_log("listen, threads and engine stay as they are until a restart");
    assert!(server.ask("Paris").starts_with("City: Paris\nTemperature: 3°C\n"));
    assert_eq!(server.ask("London"), "Unknown city");
    server.scratch.write("weatherhook.toml", "sensor = \"nowhere.json\"\n");
    reload(&mut server, "nowhere.json: no readings");
    assert!(server.ask("Paris").starts_with("City: Paris\nTemperature: 3°C\n"), "the old one stays");
}

#[test]
fn a_failed_reload_keeps_the_old_configuration() {
    for (file, contents, cause) in [
        ("key", "1234", "line 1: "),
        ("key", "", "expected a key, found nothing"),
        ("weatherhook.toml", "unitz = \"metric\"\n", "unknown key \"unitz\", did you mean \"units\"?"),
        ("weatherhook.toml", "units = [\n", "weatherhook.toml: "),
    ] {
        let mut server = Setup::new("event").sensor(LONDON).config("units = \"imperial\"\n").start();
        server.scratch.write(file, contents);
        signal(server.id(), "HUP");
        let line = server.wait_for_log("reload failed, still running with the old configuration: ");
        assert!(line.contains(cause) && line.contains(" ERROR "), "{line}");
        assert!(server.ask("London").contains("\nTemperature: 50°F\n"));
        let (status, log) = server.stop();
        assert!(status.success());
        assert!(!log.iter().any(|line| line.ends_with("reloaded")), "{log:?}");
    }
}

#[test]
fn the_rain_of_the_day_outlives_a_source_with_new_settings() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970").as_secs();
    let line = |ago: u64, counter: f64| {
        format!("{{\"time\": {}, \"temperature_C\": 9, \"rain_mm\": {counter:.1}}}\n", now - ago)
    };
    let day: String = (1..=25 * 12).rev().map(|fives| line(300 * fives, 90.0)).collect();
    let source = "[[station]]\ncity = \"London\"\n[[station.source]]\nfile = \"log.jsonl\"\n";
    let scratch = Scratch::new();
    let log = scratch.write("log.jsonl", day);
    let config = scratch.write("weatherhook.toml", source);
    let mut command = weatherhook(["serve", "--listen", "127.0.0.1:0", "--config", text(&config)]);
    command.env("WEATHERHOOK_KEY", KEY).env("WEATHERHOOK_EVERY", "100ms");
    let mut server = Server::spawn(&mut command, scratch);
    assert!(server.ask("London").contains("\nRain: 0.0 mm in the last hour, 0.0 mm in 24 hours\n"));
    server.scratch.write("weatherhook.toml", format!("{source}offset = {{ temperature = 1 }}\n"));
    reload(&mut server, "reloaded");
    server.wait_for("London", "the offset", |answer| answer.contains("\nTemperature: 10°C\n"));
    let mut log = File::options().append(true).open(log).expect("opened");
    log.write_all(line(0, 92.0).as_bytes()).expect("written");
    server
        .wait_for("London", "the rain after", |answer| answer.contains("Rain: 2.0 mm in the last hour, 2.0"));
}
