//! The command line: what each command prints, and its exit status.

use std::io::{BufRead as _, BufReader};
use std::process::{Output, Stdio};

use weatherhook::testing::config::OPTIONS;

use crate::fixture::*;

/// A reading of a fixed time, with a configuration in which it never expires.
const OLD: &str =
    r#"{"city": "London", "time": "2025-03-02T22:26:03Z", "temperature_C": 10, "humidity": "80%"}"#;

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("text")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("text")
}

/// A command that fails with one line.
#[track_caller]
fn check_fails(output: &Output, code: i32, expected: &str) {
    assert_eq!(stderr(output), format!("weatherhook: {expected}\n"));
    assert_eq!((output.status.code(), stdout(output).as_str()), (Some(code), ""));
}

#[test]
fn the_help_names_every_option() {
    let help = run(["--help"]);
    assert!(help.status.success() && help.stderr.is_empty());
    let text = stdout(&help);
    for option in OPTIONS {
        let line = text.lines().find(|line| line.trim_start().starts_with(&format!("{} ", option.flag())));
        let line = line.unwrap_or_else(|| panic!("{} is missing: {text}", option.flag()));
        assert!(line.contains(option.value) && line.contains(option.help), "{line}");
        assert!(option.default().is_none_or(|default| line.contains(&format!("[{default}]"))), "{line}");
    }
    for command in ["serve", "demo", "query [PLACE]", "check", "doctor [URL]", "keygen"] {
        assert!(text.lines().any(|line| line.starts_with(&format!("  {command} "))), "{command}: {text}");
    }
    for arguments in [&["-h"][..], &["help"], &["serve", "--help"], &["query", "x", "-h"]] {
        assert_eq!(stdout(&run(arguments)), text, "{arguments:?}");
    }
}

#[test]
fn the_version_is_that_of_the_package() {
    for flag in ["--version", "-V"] {
        let version = run([flag]);
        assert_eq!(stdout(&version), format!("weatherhook {}\n", env!("CARGO_PKG_VERSION")));
        assert!(version.status.success() && version.stderr.is_empty());
    }
}

#[test]
fn a_wrong_command_line_exits_with_2() {
    for (arguments, expected) in [
        (&[][..], "no command; weatherhook --help lists them"),
        (&["server"], r#"unknown command "server", did you mean "serve"?"#),
        (&["chekc"], r#"unknown command "chekc", did you mean "check"?"#),
        (&["xyz"], r#"unknown command "xyz"; weatherhook --help lists the known ones"#),
        (&["serve", "--stale-afer", "1h"], r#"unknown option "--stale-afer", did you mean "--stale-after"?"#),
        (&["serve", "--key_file", "x"], r#"unknown option "--key_file", did you mean "--key-file"?"#),
        (&["serve", "--key=hunter2"], r#"unknown option "--key", did you mean "--key-file"?"#),
        (&["serve", "-x"], r#"unknown option "-x"; weatherhook --help lists the known ones"#),
        (&["serve", "now"], r#"unexpected argument "now""#),
        (
            &["query", "New", "York"],
            r#"unexpected argument "York"; put quotes around a name of several words"#,
        ),
        (&["keygen", "--city", "x"], "keygen: it accepts no options"),
        (&["serve", "--threads"], "--threads: expected a number from 1 to 64, found nothing"),
    ] {
        check_fails(&run(arguments), 2, expected);
    }
}

/// Each layer reports a wrong value with its own name and exit code.
#[track_caller]
fn check_value(name: &str, word: &str, expected: &str) {
    let option = OPTIONS.iter().find(|option| option.name == name).expect("an option");
    let (flag, variable) = (option.flag(), option.variable());
    let fault = format!("expected {expected}, found {word:?}");
    for command in ["serve", "query", "check", "doctor", "demo"] {
        let output = run([command, &flag, word]);
        check_fails(&output, 2, &format!("{flag}: {fault}"));
    }
    for command in ["serve", "query", "demo"] {
        let output = output(weatherhook([command]).env(&variable, word));
        check_fails(&output, 78, &format!("{variable}: {fault}"));
    }
    let scratch = Scratch::new();
    let file = scratch.write("weatherhook.toml", format!("{name} = {word:?}\n"));
    for command in ["serve", "query", "demo"] {
        let output = run([command, "--config", text(&file)]);
        check_fails(&output, 78, &format!("{}: {name}: {fault}", text(&file)));
    }
}

#[test]
fn wrong_values_are_reported_by_flag_variable_and_key() {
    check_value("listen", "8000", "ADDR:PORT, like 127.0.0.1:8000 or [::1]:8000, or unix:/PATH");
    check_value("listen", "127.0.0.1", "ADDR:PORT, like 127.0.0.1:8000 or [::1]:8000, or unix:/PATH");
    check_value("listen", "127.0.0.1:65536", "ADDR:PORT, like 127.0.0.1:8000 or [::1]:8000, or unix:/PATH");
    check_value(
        "path",
        "api",
        "a slash and visible ASCII characters without ? and #, but not /mcp, /weather, /openapi.json, /healthz or /metrics",
    );
    check_value(
        "path",
        "/a?b",
        "a slash and visible ASCII characters without ? and #, but not /mcp, /weather, /openapi.json, /healthz or /metrics",
    );
    check_value("key_file", "", "the path of a file");
    check_value("sensor", "", "the path of a file");
    check_value("city", " ", "a name without control characters");
    check_value("every", "5", "a time from 100ms to 1h, like 5s");
    check_value("every", "99ms", "a time from 100ms to 1h, like 5s");
    check_value("stale_after", "soon", "a time of at least 1s, like 15m");
    check_value("units", "Metric", "metric or imperial");
    check_value("threads", "0", "a number from 1 to 64");
    check_value("threads", "65", "a number from 1 to 64");
    if ENGINES.len() > 1 {
        check_value("engine", "axum", "event or tiny_http");
    }
}

#[test]
fn a_wrong_configuration_exits_with_78() {
    for (toml, expected) in [
        ("threads = \"2\"", "threads: expected a number from 1 to 64, found \"2\""),
        ("sensor = 5", "sensor: expected the path of a file, found 5"),
        ("units = [\"metric\"]", "units: expected metric or imperial, found [\"metric\"]"),
        (
            "listen = [8000]",
            "listen: expected ADDR:PORT, like 127.0.0.1:8000 or [::1]:8000, or unix:/PATH, found [8000]",
        ),
        ("stale-after = \"1h\"", r#"unknown key "stale-after", did you mean "stale_after"?"#),
        ("lables = {}", r#"unknown key "lables", did you mean "labels"?"#),
        ("key = \"hunter2\"", r#"unknown key "key", did you mean "key_file"?"#),
        ("zzz = 1", r#"unknown key "zzz"; weatherhook --help lists the known ones"#),
        ("[labels]\nwindspeed = \"\"", r#"labels: unknown key "windspeed", did you mean "wind_speed"?"#),
        (
            "[labels]\nuv = 3",
            "labels.uv: expected a text without control characters, or an empty one to leave the line out, found 3",
        ),
        ("threads 2", "expected an equals, found an identifier at line 1 column 9"),
    ] {
        let scratch = Scratch::new();
        let file = scratch.write("weatherhook.toml", toml);
        check_fails(&run(["serve", "--config", text(&file)]), 78, &format!("{}: {expected}", text(&file)));
        // `check` reports the same as a finding.
        let checked = run(["check", "--config", text(&file)]);
        assert_eq!(stdout(&checked), format!("error: {}: {expected}\n", text(&file)));
        assert_eq!((checked.status.code(), stderr(&checked).as_str()), (Some(1), ""));
        let seen = run(["doctor", "--config", text(&file)]);
        assert!(stdout(&seen).starts_with(&format!("problem: {}: {expected}\n  ", text(&file))), "{seen:?}");
        assert_eq!((seen.status.code(), stderr(&seen).as_str()), (Some(1), ""));
    }
    let nearest = r#"unknown environment variable "WEATHERHOOK_CITTY", did you mean "WEATHERHOOK_CITY"?"#;
    check_fails(&output(weatherhook(["serve"]).env("WEATHERHOOK_CITTY", "Rome")), 78, nearest);
    let absent = "/nowhere/weatherhook.toml: No such file or directory (os error 2)";
    check_fails(&run(["serve", "--config", "/nowhere/weatherhook.toml"]), 78, absent);
}

#[test]
fn without_a_sensor_file_there_is_nothing_to_do() {
    let expected = "no sensor file: give --sensor FILE, set WEATHERHOOK_SENSOR, \
                    or write sensor = \"FILE\" or [[station]] tables in the file of --config";
    check_fails(&output(weatherhook(["serve"]).env("WEATHERHOOK_KEY", KEY)), 78, expected);
    check_fails(&run(["query"]), 78, expected);
    let checked = run(["check"]);
    assert_eq!((stdout(&checked), checked.status.code()), (format!("error: {expected}\n"), Some(1)));
}

#[test]
fn query_prints_what_the_server_answers() {
    let toml = "stale_after = \"36500days\"\nunits = \"imperial\"\n[labels]\ntemperature = \"Warmth\"\n";
    let sensor = format!(r#"[{OLD}, {{"city": "Zürich", "aliases": ["ZRH"], "temp": 3}}]"#);
    let server = Setup::new("event").sensor(sensor).config(toml).start();
    let (config, sensor) = (server.scratch.path("weatherhook.toml"), server.scratch.path("sensor.json"));
    let query = |place: &[&str]| {
        let query = [&["query"], place, &["--config", text(&config), "--sensor", text(&sensor)]].concat();
        let output = run(query);
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        stdout(&output)
    };
    assert!(query(&["London"]).starts_with("City: London\nWarmth: 50°F\nHumidity: 80%\n"));
    for place in ["London", "london, UK", "Paris", ""] {
        assert_eq!(query(&[place]), format!("{}\n", server.ask(place)), "{place}");
    }
    assert!(query(&["zrh"]).starts_with("City: Zürich\nWarmth: 37°F\n"));
    assert_eq!(query(&[]), "No place with a station was named; there are 2 stations: London, Zürich.\n");
}

#[test]
fn query_reports_faults_of_the_file_beside_the_answer() {
    let scratch = Scratch::new();
    let sensor = scratch.path("sensor.json");
    let output = run(["query", "London", "--sensor", text(&sensor)]);
    assert_eq!(stdout(&output), "No readings yet: the sensors have not reported.\n");
    let log: Vec<String> = stderr(&output).lines().map(str::to_owned).collect();
    let cause = "no such file, expected the sensor file; there are no readings yet";
    assert_eq!(said(&log), [format!("WARN {}: {cause}", text(&sensor))]);
    assert!(output.status.success());
}

/// Runs `check` with a good key.
fn checked(arguments: &[&str]) -> Output {
    output(weatherhook([&["check"], arguments].concat()).env("WEATHERHOOK_KEY", KEY))
}

#[test]
fn check_shows_each_key_with_its_unit_and_age() {
    let now = std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH);
    let time = now.expect("a time after 1970").as_secs() - 200;
    let scratch = Scratch::new();
    scratch.write(
        "sensor.json",
        format!(
            r#"{{"city": "London", "aliases": ["LDN"], "time": {time}, "tempf": 50, "humidity": "66%",
                "wind_speed": 2.5, "pressure": 101325, "uvi": 99, "inTemp": 20, "mic": "X", "uv": 7,
                "PASSKEY": "x7Qz", "rain_rate_mm_h": null, "air_quality": "Haze"}}"#
        ),
    );
    let config = scratch
        .write("weatherhook.toml", "sensor = \"sensor.json\"\nlisten = [\"[::1]:9\", \"127.0.0.1:9\"]\n");
    let output = checked(&["--config", text(&config), "--path", "/x"]);
    let (times, others): (Vec<_>, Vec<_>) =
        stdout(&output).lines().map(str::to_owned).partition(|line| line.starts_with("read: time: "));
    assert!(matches!(&times[..], [time] if time.ends_with(" UTC, 3 min old")), "{times:?}");
    assert_eq!(
        others.join("\n") + "\n",
        format!(
            "configuration: {}\n\
             endpoint: http://[::1]:9/x\n\
             endpoint: http://127.0.0.1:9/x\n\
             keys: 1\n\
             source: {}: format json, recognised by a JSON object or a list of them: records: 1\n\
             read: city: \"London\"\n\
             read: aliases[0]: \"LDN\"\n\
             read: tempf: temperature 10.0 °C (°F read), 3 min old\n\
             read: humidity: humidity 66.0 % (% read), 3 min old\n\
             read: wind_speed: wind speed 1.1 m/s (mph assumed), 3 min old\n\
             read: pressure: station pressure 1013.3 hPa (Pa assumed), 3 min old\n\
             dropped: uvi: 99.0 is outside 0 to 16\n\
             ignored: inTemp: measured indoors\n\
             ignored: mic: not a known key\n\
             ignored: uv: may be a raw count; `uvi` or `UV` is read as the UV index\n\
             dropped: rain_rate_mm_h: not a number\n\
             read: air_quality: \"Haze\", 3 min old\n\
             station: London: readings: 4, also called LDN\n",
            text(&config),
            text(&scratch.path("sensor.json"))
        )
    );
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""));
}

#[test]
fn check_exits_with_1_where_serve_would_have_no_readings_or_no_key() {
    let scratch = Scratch::new();
    let sensor = scratch.path("sensor.json");
    let sensor = text(&sensor);
    for (contents, cause) in [
        (None, "no such file, expected the sensor file"),
        (Some(""), "empty, expected the readings of a sensor"),
        (Some("{\"temp\": 1"), "not JSON: EOF while parsing an object at line 1 column 10"),
    ] {
        contents.map(|contents| scratch.write("sensor.json", contents));
        let output = checked(&["--sensor", sensor]);
        let (out, error) = (stdout(&output), format!("\nerror: {sensor}: {cause}\n"));
        let start = format!("endpoint: http://127.0.0.1:8000/api/dify/receive\nkeys: 1\nsource: {sensor}");
        assert!(out.starts_with(&start) && out.contains(&error), "{out}");
        assert_eq!(output.status.code(), Some(1));
    }
    scratch.write("sensor.json", LONDON);
    let output = checked(&["--sensor", sensor, "--key-file", "/nowhere/key"]);
    assert_eq!(output.status.code(), Some(1));
    let out = stdout(&output);
    assert!(out.contains("\nerror: /nowhere/key: No such file or directory (os error 2)\n"), "{out}");
    assert!(out.ends_with("\nstation: London: readings: 7\n"), "the sensor file is reported too: {out}");
    let output = run(["check", "--sensor", sensor]);
    assert!(stdout(&output).contains("\nerror: no key: "), "{output:?}");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn check_of_a_file_needs_neither_key_nor_options() {
    let scratch = Scratch::new();
    let sensor = scratch.write("sensor.json", LONDON);
    let output = run(["check", text(&sensor)]);
    let out = stdout(&output);
    assert!(out.starts_with(&format!("source: {}: format json, ", text(&sensor))), "{out}");
    assert!(out.ends_with("\nstation: London: readings: 7\n"), "{out}");
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""));
}

/// What `check FILE` proposes to write, and what `check` says of that configuration.
#[track_caller]
fn check_proposal(name: &str, contents: &str, expected: &[&str]) {
    let scratch = Scratch::new();
    let file = scratch.write(name, contents);
    let out = stdout(&run(["check", text(&file)]));
    let block = out.split_once("\n# for weatherhook.toml:\n").expect("a proposal").1;
    let block = block.split_once("\n\nstation: ").map_or(block, |(block, _)| block);
    let config = scratch.write("weatherhook.toml", block);
    let again = checked(&["--config", text(&config)]);
    assert_eq!((again.status.code(), stderr(&again).as_str()), (Some(0), ""), "{block}\n{}", stdout(&again));
    for line in expected {
        assert!(stdout(&again).contains(line), "{line} is not in:\n{}", stdout(&again));
    }
}

#[test]
fn what_check_proposes_is_a_good_configuration() {
    let temperature = "temperature 7.4 °C";
    let station = "\nstation: Home: readings: ";
    check_proposal("sensor.json", r#"{"temperature": 7.4}"#, &[temperature, station]);
    check_proposal(
        "bare.txt",
        "2024-11-28 20:10\t7.12\t80.4\t100\t0\n2024-11-28 20:20\t7.42\t81.2\t100\t0\n",
        &[temperature, "humidity 81.2 %", station],
    );
    check_proposal(
        "names.csv",
        "Messzeit;Lufttemperatur;Luftfeuchte/%\nTag 332 in 2024, 20 Uhr 10;7,4;81\n",
        &[temperature, "humidity 81.0 %", station],
    );
    check_proposal(
        "history.csv",
        "entity_id,state,last_changed\nsensor.room_temperature,21.2,2024-11-28T19:10:00Z\n\
         sensor.garden_temperature,7.4,2024-11-28T19:11:00Z\n",
        &[temperature, "sensor.room_temperature: `match` selects another device", station],
    );
    check_proposal(
        "quotes\"and\\back.csv",
        "time,\"The \"\"Temp\"\" out\\there\"\n2024-11-28T19:10:00Z,7.4\n",
        &[temperature, station],
    );
    check_proposal(
        "values.json",
        r#"{"sensors": {"aussentemperatur": 7.4, "luftfeuchte": 81}}"#,
        &[temperature],
    );
}

#[test]
fn the_stations_are_summed_up_even_if_a_source_fails() {
    let scratch = Scratch::new();
    scratch.write("london.json", LONDON);
    let config = "[[station]]\ncity = \"Bonn\"\n[[station.source]]\nfile = \"absent.json\"\n\
                  [[station]]\ncity = \"London\"\n[[station.source]]\nfile = \"london.json\"\n";
    let config = scratch.write("weatherhook.toml", config);
    let output = checked(&["--config", text(&config)]);
    let out = stdout(&output);
    assert!(out.ends_with("\nstation: Bonn: readings: 0\nstation: London: readings: 7\n"), "{out}");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn check_reports_blanks_in_and_around_a_key() {
    let scratch = Scratch::new();
    let sensor = scratch.write("sensor.json", LONDON);
    for (key, code, expected) in [
        (
            format!("{KEY} "),
            0,
            "\nwarning: WEATHERHOOK_KEY: line 1: the blanks around the key are ignored here; enter it in Dify \
             without them, which sends no key with a blank behind it\nkeys: 1\n",
        ),
        (
            KEY.replacen('-', " ", 1),
            1,
            "\nerror: WEATHERHOOK_KEY: line 1: a key has only visible ASCII characters and no blanks inside\n",
        ),
    ] {
        let output =
            output(weatherhook(["check", "--sensor", text(&sensor)]).env("WEATHERHOOK_KEY", key.as_str()));
        assert!(stdout(&output).contains(expected), "{output:?}");
        assert_eq!(output.status.code(), Some(code), "{output:?}");
    }
}

#[test]
fn a_flag_wins_over_the_environment_and_that_over_the_file() {
    let toml = "units = \"imperial\"\nstale_after = \"36500days\"\npath = \"/of/file\"\n";
    for (variable, flag, expected) in [
        (None, None, "/of/file"),
        (Some("/of/variable"), None, "/of/variable"),
        (None, Some("/of/flag"), "/of/flag"),
        (Some("/of/variable"), Some("/of/flag"), "/of/flag"),
    ] {
        for engine in ENGINES {
            let mut setup = Setup::new(engine).sensor(OLD).config(toml);
            if let Some(path) = variable {
                setup = setup.env("WEATHERHOOK_PATH", path);
            }
            if let Some(path) = flag {
                setup = setup.arg("--path").arg(path);
            }
            let server = setup.start();
            for path in ["/of/file", "/of/variable", "/of/flag"] {
                let answer = server.exchange(call(r#"{"point": "ping"}"#).replacen(PATH, path, 1));
                let status = if path == expected { 200 } else { 404 };
                assert_eq!(answer.status, status, "{engine} {path}, expected {expected}");
            }
        }
    }
    for (variable, flag, expected) in [
        (None, None, "50°F"),
        (Some("metric"), None, "10°C"),
        (Some("imperial"), Some("metric"), "10°C"),
        (Some("metric"), Some("imperial"), "50°F"),
    ] {
        let scratch = Scratch::new();
        scratch.write("sensor.json", OLD);
        let config = scratch.write("weatherhook.toml", format!("{toml}sensor = \"sensor.json\""));
        let mut command = weatherhook(["query", "London", "--config", text(&config)]);
        if let Some(units) = variable {
            command.env("WEATHERHOOK_UNITS", units);
        }
        if let Some(units) = flag {
            command.args(["--units", units]);
        }
        let out = stdout(&output(&mut command));
        assert!(out.starts_with(&format!("City: London\nTemperature: {expected}\n")), "{out}");
    }
}

#[test]
fn watch_reports_what_cannot_be_read_and_ends_with_its_reader() {
    let board = Scratch::new();
    let sensor = board.path("sensor.json");
    let mut command = weatherhook(["check", "--watch", "--every", "100ms", "--sensor", text(&sensor)]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    // The time, the table, and a blank line before the next: nothing later is worth waiting for.
    let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines().take(3);
    let found: Vec<String> = lines.map(|line| line.expect("text")).collect();
    let error = format!("error: {}: no such file, expected the sensor file", text(&sensor));
    assert!(found.contains(&error), "{found:?}");
    let output = child.wait_with_output().expect("its end");
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""));
}
