//! What a person reads, whole: each command's text, the page of figures, the faults of a configuration.
//!
//! These tests hold the wording and nothing else. After a sentence has changed,
//! `UPDATE_EXPECT=1 cargo test --test it wording` writes the new text into this file, and `git diff` shows what
//! people will read. Parts that differ on each run stand as names in capitals.

use std::process::Output;
use std::time::SystemTime;

use expect_test::{Expect, expect};

use crate::doctor::{CURL, SYSTEMCTL, closed, doctor, doctor_with, foreign};
use crate::fixture::*;

/// All that a command prints: its output, its errors, and the exit code where it is not 0.
fn shown(output: Output) -> String {
    let mut text = String::from_utf8([output.stdout, output.stderr].concat()).expect("text");
    if !output.status.success() {
        text.push_str(&format!("exit code {}\n", output.status.code().expect("an exit")));
    }
    text
}

/// What stands behind numbers that differ on each run; a time of day has its date before it.
const UNITS: [&str; 6] = [" ms", " s ago", " s old", " days old", " UTC", " N UTC"];

/// What other programs say in their own words, which differ between their versions.
const OTHERS: [&str; 2] = ["note: details: curl: (", "note: details: /"];

/// Compares a text in which each of the `variable` parts stands as its name.
#[track_caller]
fn check(printed: &str, variable: &[(&str, &str)], expected: Expect) {
    let mut printed = printed.replace(env!("CARGO_PKG_VERSION"), "VERSION");
    for (part, name) in variable {
        printed = printed.replace(part, name);
    }
    for unit in UNITS {
        printed = without_number(&printed, unit);
    }
    let own = |line: &str| match OTHERS.iter().find(|start| line.trim_start().starts_with(**start)) {
        Some(start) => format!("{start}...\n"),
        None => format!("{line}\n"),
    };
    expected.assert_eq(&printed.lines().map(own).collect::<String>());
}

/// The text with `N` for each number, date or time of day that stands before the unit.
fn without_number(text: &str, unit: &str) -> String {
    let mut parts = text.split(unit).peekable();
    let mut result = String::new();
    while let Some(part) = parts.next() {
        let is_last = parts.peek().is_none();
        let is_number = |c: char| c.is_ascii_digit() || ".-:".contains(c);
        let kept = if is_last { part } else { part.trim_end_matches(is_number) };
        result.push_str(kept);
        if kept.len() < part.len() {
            result.push('N');
        }
        if !is_last {
            result.push_str(unit);
        }
    }
    result
}

#[test]
fn numbers_before_a_unit_are_masked() {
    assert_eq!(without_number("in 12.5 ms, ms 3 and 7 ms", " ms"), "in N ms, ms 3 and N ms");
    assert_eq!(without_number("5 s", " ms"), "5 s");
}

#[test]
fn help() {
    check(
        &shown(run(["--help"])),
        &[],
        expect![[r#"
            weatherhook answers calls of Dify's API extension with the weather from sensors

            Usage: weatherhook COMMAND [OPTION...]

            Commands:
              serve                   answer Dify until SIGTERM or SIGINT
              demo                    serve an example station
              query [PLACE]           print the answer that Dify gets for a place
              check [FILE] [--watch]  show how a file or all that is configured is read
              doctor [URL]            find what is wrong between Dify and the sensor
              import STATION FILE...  add the days of older logs; --dry-run shows them
              keygen                  print a new key
              help, --help            print this text
              version, --version      print name and version

            Options of all commands but keygen:
              --listen ADDR:PORT  address, or unix:/PATH; may be repeated [127.0.0.1:8000]
              --path PATH         path of the endpoint, as in Dify [/api/dify/receive]
              --public-url URL    public address of the server, for /openapi.json and /mcp
              --key-file FILE     accepted bearer keys, one a line
              --sensor FILE       sensor file, unless the TOML file has [[station]]
              --city NAME         name of the place, if the sensor file has none
              --every TIME        time between two looks at the sensor file [5s]
              --stale-after TIME  age from which a reading is stale and not shown [15m]
              --units UNITS       metric or imperial [metric]
              --page WHO          who may look at the page: key, local or off [key]
              --threads N         threads that answer, 1 to 64 [the cores, at most 4]
              --engine ENGINE     event, or tiny_http behind your own proxy [event]
              --config FILE       TOML file with these options

            Each option is also an environment variable (WEATHERHOOK_STALE_AFTER) and,
            except --config, a key of the TOML file (stale_after = "15m"). A flag overrides
            the environment, and the environment overrides the file. Relative paths in the
            file start at its directory. The file also has tables: [[station]] with
            [[station.source]] for places with several sources, [moderation] for words to
            flag or mask, and [labels] for the words before the colons of the answer:
              city, temperature, feels_like, air_quality, wind_direction,
              wind_speed, wind_gusts, precipitation, rain, humidity,
              dew_point, pressure, uv, range, yesterday,
              last_7_days, observed

            Without --key-file, weatherhook reads $CREDENTIALS_DIRECTORY/key, or else uses
            the value of $WEATHERHOOK_KEY. Without --config and --sensor, it uses
            weatherhook.toml and key of /etc/weatherhook, if they exist.

            Exit codes: 0 done, 1 failed, 2 wrong command line, 78 wrong configuration.

            Example:
              (umask 077; weatherhook keygen > key)
              weatherhook serve --sensor /run/weather.json --key-file key
        "#]],
    );
}

#[test]
fn wrong_command_lines() {
    let mut all = String::new();
    for arguments in [
        &[][..],
        &["server"],
        &["xyz"],
        &["serve", "now"],
        &["query", "New", "York"],
        &["keygen", "--city", "x"],
        &["serve", "--watch"],
        &["serve", "-p"],
        &["serve", "--zzz"],
        &["serve", "--stale_after", "1h"],
        &["serve", "--key=hunter2"],
        &["serve", "--threads"],
        &["serve", "--threads", "0"],
        &["serve", "--threads", "1", "--threads", "2"],
        &["serve", "--listen", "8000"],
        &["serve", "--path", "/metrics"],
        &["serve", "--public-url", "weather.example.org"],
        &["serve", "--key-file", ""],
        &["serve", "--sensor="],
        &["serve", "--city", "two\nlines"],
        &["serve", "--every", "5"],
        &["serve", "--stale-after", "999ms"],
        &["serve", "--units", "Metric"],
    ] {
        let output = run(arguments);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{arguments:?}");
        all.push_str(&format!("{arguments:?}\n  {}", String::from_utf8(output.stderr).expect("text")));
    }
    check(
        &all,
        &[],
        expect![[r#"
            []
              weatherhook: no command; weatherhook --help lists them
            ["server"]
              weatherhook: unknown command "server", did you mean "serve"?
            ["xyz"]
              weatherhook: unknown command "xyz"; weatherhook --help lists the known ones
            ["serve", "now"]
              weatherhook: unexpected argument "now"
            ["query", "New", "York"]
              weatherhook: unexpected argument "York"; put quotes around a name of several words
            ["keygen", "--city", "x"]
              weatherhook: keygen: it accepts no options
            ["serve", "--watch"]
              weatherhook: --watch: only check accepts it
            ["serve", "-p"]
              weatherhook: unknown option "-p"; weatherhook --help lists the known ones
            ["serve", "--zzz"]
              weatherhook: unknown option "--zzz"; weatherhook --help lists the known ones
            ["serve", "--stale_after", "1h"]
              weatherhook: unknown option "--stale_after", did you mean "--stale-after"?
            ["serve", "--key=hunter2"]
              weatherhook: unknown option "--key", did you mean "--key-file"?
            ["serve", "--threads"]
              weatherhook: --threads: expected a number from 1 to 64, found nothing
            ["serve", "--threads", "0"]
              weatherhook: --threads: expected a number from 1 to 64, found "0"
            ["serve", "--threads", "1", "--threads", "2"]
              weatherhook: --threads: expected a number from 1 to 64, found "1" and "2"
            ["serve", "--listen", "8000"]
              weatherhook: --listen: expected ADDR:PORT, like 127.0.0.1:8000 or [::1]:8000, or unix:/PATH, found "8000"
            ["serve", "--path", "/metrics"]
              weatherhook: --path: expected a slash and visible ASCII characters without ? and #, but not /mcp, /weather, /openapi.json, /healthz or /metrics, found "/metrics"
            ["serve", "--public-url", "weather.example.org"]
              weatherhook: --public-url: expected a URL like https://weather.example.org without ? and #, found "weather.example.org"
            ["serve", "--key-file", ""]
              weatherhook: --key-file: expected the path of a file, found ""
            ["serve", "--sensor="]
              weatherhook: --sensor: expected the path of a file, found ""
            ["serve", "--city", "two\nlines"]
              weatherhook: --city: expected a name without control characters, found "two\nlines"
            ["serve", "--every", "5"]
              weatherhook: --every: expected a time from 100ms to 1h, like 5s, found "5"
            ["serve", "--stale-after", "999ms"]
              weatherhook: --stale-after: expected a time of at least 1s, like 15m, found "999ms"
            ["serve", "--units", "Metric"]
              weatherhook: --units: expected metric or imperial, found "Metric"
        "#]],
    );
}

#[test]
fn wrong_variables() {
    let mut all = String::new();
    for (name, value) in [
        ("WEATHERHOOK_KEYS", "hunter2"),
        ("WEATHERHOOK_", ""),
        ("WEATHERHOOK_LISTEN", "127.0.0.1:1,"),
        ("WEATHERHOOK_CONFIG", ""),
        ("WEATHERHOOK_CONFIG", "/nowhere/weatherhook.toml"),
        ("WEATHERHOOK_UNITS", "Metric"),
        ("WEATHERHOOK_CITY", "London"),
    ] {
        let output = output(weatherhook(["serve"]).env(name, value));
        assert_eq!((output.status.code(), output.stdout.len()), (Some(78), 0), "{name}");
        all.push_str(&format!("{name}={value}\n  {}", String::from_utf8(output.stderr).expect("text")));
    }
    check(
        &all,
        &[],
        expect![[r#"
        WEATHERHOOK_KEYS=hunter2
          weatherhook: unknown environment variable "WEATHERHOOK_KEYS", did you mean "WEATHERHOOK_KEY"?
        WEATHERHOOK_=
          weatherhook: unknown environment variable "WEATHERHOOK_"; weatherhook --help lists the known ones
        WEATHERHOOK_LISTEN=127.0.0.1:1,
          weatherhook: WEATHERHOOK_LISTEN: expected ADDR:PORT, like 127.0.0.1:8000 or [::1]:8000, or unix:/PATH, found "127.0.0.1:1,"
        WEATHERHOOK_CONFIG=
          weatherhook: WEATHERHOOK_CONFIG: expected the path of a file, found ""
        WEATHERHOOK_CONFIG=/nowhere/weatherhook.toml
          weatherhook: /nowhere/weatherhook.toml: No such file or directory (os error 2)
        WEATHERHOOK_UNITS=Metric
          weatherhook: WEATHERHOOK_UNITS: expected metric or imperial, found "Metric"
        WEATHERHOOK_CITY=London
          weatherhook: no sensor file: give --sensor FILE, set WEATHERHOOK_SENSOR, or write sensor = "FILE" or [[station]] tables in the file of --config
    "#]],
    );
}

/// What is said of each wrong file, below the file.
#[track_caller]
fn check_files(files: &[&str], expected: Expect) {
    let scratch = Scratch::new();
    let mut all = String::new();
    for toml in files {
        let file = scratch.write("weatherhook.toml", toml);
        let output = run(["serve", "--config", text(&file)]);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(78), 0), "{toml}");
        let message = String::from_utf8(output.stderr).expect("text");
        all.push_str(&format!("{toml}\n  {}", message.replace(text(&file), "FILE")));
    }
    check(&all, &[], expected);
}

#[test]
fn wrong_options_in_a_file() {
    check_files(
        &[
            "threads 2",
            "threads = 1\nthreads = 2",
            "stale-after = \"1h\"",
            "config = \"b\"",
            "key = \"hunter2\"",
            "zzz = 1",
            "lables = {}",
            "threads = \"2\"",
            "threads = 1.0",
            "listen = []",
            "listen = [8000]",
            "key_file = \"\"",
            "sensor = 7",
            "every = 5",
            "units = [\"metric\"]",
            "city = \" \"",
            "[labels]\nwindspeed = \"\"",
            "[labels]\nuv = 3",
            "labels = \"no\"",
        ],
        expect![[r#"
            threads 2
              weatherhook: FILE: expected an equals, found an identifier at line 1 column 9
            threads = 1
            threads = 2
              weatherhook: FILE: duplicate key: `threads` at line 2 column 1
            stale-after = "1h"
              weatherhook: FILE: unknown key "stale-after", did you mean "stale_after"?
            config = "b"
              weatherhook: FILE: unknown key "config"; weatherhook --help lists the known ones
            key = "hunter2"
              weatherhook: FILE: unknown key "key", did you mean "key_file"?
            zzz = 1
              weatherhook: FILE: unknown key "zzz"; weatherhook --help lists the known ones
            lables = {}
              weatherhook: FILE: unknown key "lables", did you mean "labels"?
            threads = "2"
              weatherhook: FILE: threads: expected a number from 1 to 64, found "2"
            threads = 1.0
              weatherhook: FILE: threads: expected a number from 1 to 64, found 1.0
            listen = []
              weatherhook: FILE: listen: expected ADDR:PORT, like 127.0.0.1:8000 or [::1]:8000, or unix:/PATH, found []
            listen = [8000]
              weatherhook: FILE: listen: expected ADDR:PORT, like 127.0.0.1:8000 or [::1]:8000, or unix:/PATH, found [8000]
            key_file = ""
              weatherhook: FILE: key_file: expected the path of a file, found ""
            sensor = 7
              weatherhook: FILE: sensor: expected the path of a file, found 7
            every = 5
              weatherhook: FILE: every: expected a time from 100ms to 1h, like 5s, found 5
            units = ["metric"]
              weatherhook: FILE: units: expected metric or imperial, found ["metric"]
            city = " "
              weatherhook: FILE: city: expected a name without control characters, found " "
            [labels]
            windspeed = ""
              weatherhook: FILE: labels: unknown key "windspeed", did you mean "wind_speed"?
            [labels]
            uv = 3
              weatherhook: FILE: labels.uv: expected a text without control characters, or an empty one to leave the line out, found 3
            labels = "no"
              weatherhook: FILE: labels: expected a table, found "no"
        "#]],
    );
}

#[test]
fn wrong_stations_in_a_file() {
    let source = |line: &str| format!("[[station]]\ncity = \"A\"\n[[station.source]]\nfile = \"a\"\n{line}");
    let of_source = [
        "format = \"jsno\"",
        "match = 1",
        "match = { modle = \"X\" }",
        "keys = { T1 = \"warmth\" }",
        "keys = 1",
        "columns = [1]",
        "offset = { temprature = 1 }",
        "offset = { temperature = \"1\" }",
        "every = 5",
        "zone = \"Europe/London\"",
        "fiel = \"b\"",
    ]
    .map(source);
    let mut files = vec![
        "station = 1",
        "[[station]]",
        "[[station]]\nctiy = \"A\"",
        "[[station]]\ncity = \"A\"",
        "[[station]]\ncity = \"A\"\naliases = \"B\"",
        "[[station]]\ncity = \"A\"\nelevation_m = 9001",
        "[[station]]\ncity = \"A\"\ndefault = 1",
        "[[station]]\ncity = \"A\"\n[[station.source]]",
    ];
    files.extend(of_source.iter().map(String::as_str));
    check_files(
        &files,
        expect![[r#"
            station = 1
              weatherhook: FILE: station: expected tables, [[station]], found 1
            [[station]]
              weatherhook: FILE: station[0].city: expected a name without control characters, found nothing
            [[station]]
            ctiy = "A"
              weatherhook: FILE: station[0]: unknown key "ctiy", did you mean "city"?
            [[station]]
            city = "A"
              weatherhook: FILE: station[0]: expected a source, [[station.source]], found nothing
            [[station]]
            city = "A"
            aliases = "B"
              weatherhook: FILE: station[0].aliases: expected a list of at most 100 names, found "B"
            [[station]]
            city = "A"
            elevation_m = 9001
              weatherhook: FILE: station[0].elevation_m: expected metres from -500 to 9000, like 24, found 9001
            [[station]]
            city = "A"
            default = 1
              weatherhook: FILE: station[0].default: expected true or false, found 1
            [[station]]
            city = "A"
            [[station.source]]
              weatherhook: FILE: station[0].source[0].file: expected the path of a file, a directory or a pattern, found nothing
            [[station]]
            city = "A"
            [[station.source]]
            file = "a"
            format = "jsno"
              weatherhook: FILE: station[0].source[0].format: expected one of jsonl, json, w1, clientraw, cumulus, topics, prometheus, influx, csv, uploads, pairs, form, found "jsno"
            [[station]]
            city = "A"
            [[station.source]]
            file = "a"
            match = 1
              weatherhook: FILE: station[0].source[0].match: expected a table, found 1
            [[station]]
            city = "A"
            [[station.source]]
            file = "a"
            match = { modle = "X" }
              weatherhook: FILE: station[0].source[0].match: unknown key "modle", did you mean "model"?
            [[station]]
            city = "A"
            [[station.source]]
            file = "a"
            keys = { T1 = "warmth" }
              weatherhook: FILE: station[0].source[0].keys.T1: expected a key like temperature_C or wind_avg_km_h, or an empty text to ignore it, found "warmth"
            [[station]]
            city = "A"
            [[station.source]]
            file = "a"
            keys = 1
              weatherhook: FILE: station[0].source[0].keys: expected a table, found 1
            [[station]]
            city = "A"
            [[station.source]]
            file = "a"
            columns = [1]
              weatherhook: FILE: station[0].source[0].columns: expected a list of keys, one for each column, found [1]
            [[station]]
            city = "A"
            [[station.source]]
            file = "a"
            offset = { temprature = 1 }
              weatherhook: FILE: station[0].source[0].offset: unknown key "temprature", did you mean "temperature"?
            [[station]]
            city = "A"
            [[station.source]]
            file = "a"
            offset = { temperature = "1" }
              weatherhook: FILE: station[0].source[0].offset.temperature: expected a number in °C, like -2.5, found "1"
            [[station]]
            city = "A"
            [[station.source]]
            file = "a"
            every = 5
              weatherhook: FILE: station[0].source[0].every: expected a time from 100ms to 1h, like 5s, found 5
            [[station]]
            city = "A"
            [[station.source]]
            file = "a"
            zone = "Europe/London"
              weatherhook: no key: make one with (umask 077; weatherhook keygen > key) and give --key-file key, or set WEATHERHOOK_KEY
            [[station]]
            city = "A"
            [[station.source]]
            file = "a"
            fiel = "b"
              weatherhook: FILE: station[0].source[0]: unknown key "fiel", did you mean "file"?
        "#]],
    );
}

#[test]
fn wrong_moderation_in_a_file() {
    check_files(
        &[
            "moderation = 1",
            "[moderation]",
            "[moderation]\nword_file = \"x\"",
            "[moderation]\nwords_file = \"\"",
            "[moderation]\nwords_file = \"x\"\naction = \"mask\"",
            "[moderation]\nwords_file = \"x\"\nmatch = 1",
            "[moderation]\nwords_file = \"x\"\nmask = \"**\"",
            "[moderation]\nwords_file = \"x\"\npreset_response = \" \"",
        ],
        expect![[r#"
            moderation = 1
              weatherhook: FILE: moderation: expected a table, found 1
            [moderation]
              weatherhook: FILE: moderation.words_file: expected the path of a file, found nothing
            [moderation]
            word_file = "x"
              weatherhook: FILE: moderation: unknown key "word_file", did you mean "words_file"?
            [moderation]
            words_file = ""
              weatherhook: FILE: moderation.words_file: expected the path of a file, found ""
            [moderation]
            words_file = "x"
            action = "mask"
              weatherhook: FILE: moderation.action: expected direct_output or overridden, found "mask"
            [moderation]
            words_file = "x"
            match = 1
              weatherhook: FILE: moderation.match: expected words or substrings, found 1
            [moderation]
            words_file = "x"
            mask = "**"
              weatherhook: FILE: moderation.mask: expected one visible character, like *, found "**"
            [moderation]
            words_file = "x"
            preset_response = " "
              weatherhook: FILE: moderation.preset_response: expected a text that is not blank, found " "
        "#]],
    );
}

#[test]
fn nothing_configured() {
    let scratch = Scratch::new();
    let sensor = scratch.write("sensor.json", LONDON);
    let sensor = text(&sensor);
    let mut all = String::new();
    for arguments in [&["serve"][..], &["query"], &["check"], &["serve", "--sensor", sensor]] {
        all.push_str(&format!("{}\n{}", arguments.join(" "), shown(run(arguments))));
    }
    for key in ["1234", "an-old-key\tx", ""] {
        let output = output(weatherhook(["serve", "--sensor", sensor]).env("WEATHERHOOK_KEY", key));
        all.push_str(&format!("WEATHERHOOK_KEY={key:?}\n{}", shown(output)));
    }
    check(
        &all,
        &[(sensor, "SENSOR")],
        expect![[r#"
        serve
        weatherhook: no sensor file: give --sensor FILE, set WEATHERHOOK_SENSOR, or write sensor = "FILE" or [[station]] tables in the file of --config
        exit code 78
        query
        weatherhook: no sensor file: give --sensor FILE, set WEATHERHOOK_SENSOR, or write sensor = "FILE" or [[station]] tables in the file of --config
        exit code 78
        check
        error: no sensor file: give --sensor FILE, set WEATHERHOOK_SENSOR, or write sensor = "FILE" or [[station]] tables in the file of --config
        exit code 1
        serve --sensor SENSOR
        weatherhook: no key: make one with (umask 077; weatherhook keygen > key) and give --key-file key, or set WEATHERHOOK_KEY
        exit code 78
        WEATHERHOOK_KEY="1234"
        weatherhook: WEATHERHOOK_KEY: line 1: Dify takes no key of fewer than 5 characters
        exit code 78
        WEATHERHOOK_KEY="an-old-key\tx"
        weatherhook: WEATHERHOOK_KEY: line 1: a key has only visible ASCII characters and no blanks inside
        exit code 78
        WEATHERHOOK_KEY=""
        weatherhook: WEATHERHOOK_KEY: expected a key, found nothing
        exit code 78
    "#]],
    );
}

fn seconds_now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a time after 1970").as_secs()
}

/// What `check` prints with a good key.
fn checked(arguments: &[&str]) -> String {
    shown(output(weatherhook([&["check"], arguments].concat()).env("WEATHERHOOK_KEY", KEY)))
}

#[test]
fn check_of_one_sensor_file() {
    let time = seconds_now() - 200;
    let scratch = Scratch::new();
    let sensor = scratch.write(
        "sensor.json",
        format!(
            r#"{{"city": "London", "aliases": ["LDN"], "time": {time}, "tempf": 50, "humidity": "66%",
                "wind_speed": 2.5, "pressure": 101325, "uvi": 99, "inTemp": 20, "mic": "X", "uv": 7,
                "PASSKEY": "x7Qz", "rain_rate_mm_h": null, "air_quality": "Haze"}}"#
        ),
    );
    let config = "sensor = \"sensor.json\"\nlisten = [\"[::1]:9\", \"127.0.0.1:9\"]\n";
    let config = scratch.write("weatherhook.toml", config);
    let config = text(&config);
    check(
        &checked(&["--config", config, "--path", "/x"]),
        &[(config, "CONFIG"), (text(&sensor), "SENSOR")],
        expect![[r#"
            configuration: CONFIG
            endpoint: http://[::1]:9/x
            endpoint: http://127.0.0.1:9/x
            keys: 1
            source: SENSOR: format json, recognised by a JSON object or a list of them: records: 1
            read: time: N N UTC, 3 min old
            read: city: "London"
            read: aliases[0]: "LDN"
            read: tempf: temperature 10.0 °C (°F read), 3 min old
            read: humidity: humidity 66.0 % (% read), 3 min old
            read: wind_speed: wind speed 1.1 m/s (mph assumed), 3 min old
            read: pressure: station pressure 1013.3 hPa (Pa assumed), 3 min old
            dropped: uvi: 99.0 is outside 0 to 16
            ignored: inTemp: measured indoors
            ignored: mic: not a known key
            ignored: uv: may be a raw count; `uvi` or `UV` is read as the UV index
            dropped: rain_rate_mm_h: not a number
            read: air_quality: "Haze", 3 min old
            station: London: readings: 4, also called LDN
        "#]],
    );
}

#[test]
fn check_of_stations() {
    let scratch = Scratch::new();
    let time = seconds_now() - 200;
    let of_a = format!(r#"{{"time": {time}, "model": "A", "id": 7, "temperature_C": 1, "humidity": 101}}"#);
    scratch.write("log.jsonl", format!("{of_a}\n{{\"model\": \"B\", \"id\": 8, \"temp\": 1}}\n"));
    scratch.write("words.txt", "damn\nbloody hell\n");
    scratch.write("old.json", r#"{"city": "Rome", "temp": 1, "time": 1600000000}"#);
    let config = scratch.write(
        "weatherhook.toml",
        r#"
[[station]]
city = "London"
elevation_m = 24
default = true
[[station.source]]
file = "log.jsonl"
match = { model = "A" }
offset = { temperature = -0.5 }
[[station]]
city = "Rome"
[[station.source]]
file = "old.json"
[moderation]
words_file = "words.txt"
"#,
    );
    let directory = scratch.path("");
    let directory = text(&directory);
    let printed = checked(&["--config", text(&config)]);
    check(
        &printed,
        &[(directory, "DIRECTORY/")],
        expect![[r#"
            configuration: DIRECTORY/weatherhook.toml
            endpoint: http://127.0.0.1:8000/api/dify/receive
            keys: 1
            moderation: 2 words, direct_output
            source: DIRECTORY/log.jsonl: station London: format jsonl, recognised by a JSON object in each line: records: 1
            read: A 7.time: N N UTC, 3 min old
            read: A 7.model: "A"
            read: A 7.id: "7"
            read: A 7.temperature_C: temperature 1.0 °C (°C read), before `offset` -0.5, 3 min old
            read: A 7.humidity: humidity 100.0 % (% assumed), before `offset` of the temperature, 3 min old
            read: B 8.model: "B"
            read: B 8.id: "8"
            read: B 8.temp: temperature 1.0 °C (°C assumed), before `offset` -0.5, N s old
            ignored: B 8: `match` selects another device
            source: DIRECTORY/old.json: station Rome: format json, recognised by a JSON object or a list of them: records: 1
            read: time: N N UTC, N days old
            read: city: "Rome"
            read: temp: temperature 1.0 °C (°C assumed), N days old
            station: London: readings: 1, the default
            station: Rome: readings: 1, the newest N days old: too old to be shown, `stale_after` is 15 min
        "#]],
    );
}

#[test]
fn check_of_wrong_sensor_files() {
    let scratch = Scratch::new();
    let sensor = scratch.path("sensor.json");
    let sensor = text(&sensor);
    let mut all = String::new();
    for contents in [
        None,
        Some(""),
        Some("{\"temp\": 1"),
        Some("5"),
        Some("{}"),
        Some("{\"mic\": 1}"),
        Some("temp,humidity\n1\n"),
        Some("time,temp\n2025-03-02 22:26:03,x\n"),
        Some("hello\n"),
    ] {
        contents.map(|contents| scratch.write("sensor.json", contents));
        let printed = checked(&["--sensor", sensor]);
        let found = printed.split_once("\nkeys: 1\n").expect("the findings").1;
        all.push_str(&format!("{contents:?}\n{found}"));
    }
    check(
        &all,
        &[(sensor, "SENSOR")],
        expect![[r#"
            None
            source: SENSOR
            error: SENSOR: no such file, expected the sensor file
            exit code 1
            Some("")
            source: SENSOR
            error: SENSOR: empty, expected the readings of a sensor
            exit code 1
            Some("{\"temp\": 1")
            source: SENSOR: format json, recognised by a JSON object or a list of them: records: 0
            error: SENSOR: not JSON: EOF while parsing an object at line 1 column 10
            exit code 1
            Some("5")
            source: SENSOR
            error: SENSOR: the format is not recognised: it looks like numbers without names; write `columns = ["temperature_C"]`, or what else they are, and `format = "csv"`
            exit code 1
            Some("{}")
            source: SENSOR: format json, recognised by a JSON object or a list of them: records: 0
            error: SENSOR: no weather in it, expected names like temperature or humidity; `keys` says what its own names mean (`weatherhook check` lists them)
            exit code 1
            Some("{\"mic\": 1}")
            source: SENSOR: format json, recognised by a JSON object or a list of them: records: 0
            ignored: mic: not a known key
            error: SENSOR: no weather in it, expected names like temperature or humidity; `keys` says what its own names mean (`weatherhook check` lists them)
            exit code 1
            Some("temp,humidity\n1\n")
            source: SENSOR: format csv, recognised by a row of column names such as time,temperature: records: 0
            dropped: a line: not a whole record
            error: SENSOR: no weather in it, expected names like temperature or humidity; `keys` says what its own names mean (`weatherhook check` lists them)
            exit code 1
            Some("time,temp\n2025-03-02 22:26:03,x\n")
            source: SENSOR: format csv, recognised by a row of column names such as time,temperature: records: 0
            read: time: N N UTC, N days old
            dropped: temp: not a number
            error: SENSOR: no weather in it, expected names like temperature or humidity; `keys` says what its own names mean (`weatherhook check` lists them)
            exit code 1
            Some("hello\n")
            source: SENSOR
            error: SENSOR: the format is not recognised: it looks like lines of text; write `format = "..."` with one of jsonl, json, w1, clientraw, cumulus, topics, prometheus, influx, csv, uploads, pairs, form, `columns = [...]` if it is a table without names, and `keys = {...}` for names of its own
            exit code 1
        "#]],
    );
    let directory = scratch.path("");
    let directory = text(&directory);
    let printed = checked(&["--sensor", directory, "--key-file", "/nowhere/key"]);
    check(
        &printed,
        &[(directory, "DIRECTORY/")],
        expect![[r#"
            endpoint: http://127.0.0.1:8000/api/dify/receive
            error: /nowhere/key: No such file or directory (os error 2)
            source: DIRECTORY/sensor.json
            error: DIRECTORY/sensor.json: the format is not recognised: it looks like lines of text; write `format = "..."` with one of jsonl, json, w1, clientraw, cumulus, topics, prometheus, influx, csv, uploads, pairs, form, `columns = [...]` if it is a table without names, and `keys = {...}` for names of its own
            exit code 1
        "#]],
    );
}

/// What the doctor says of a path of a good server.
#[track_caller]
fn check_doctor(path: &str, expected: Expect) {
    let server = london("event");
    let address = server.address.to_string();
    let (_, findings) = doctor(&[&format!("http://{address}{path}")], KEY);
    check(&findings, &[(&address, "HOST:PORT")], expected);
}

#[test]
fn doctor_of_a_good_endpoint() {
    check_doctor(
        PATH,
        expect![[r#"
            note: 127.0.0.1 is an address of your own network: Dify Cloud cannot reach it, and a self-hosted Dify's proxy (squid) refuses it until SSRF_PROXY_ALLOW_PRIVATE_IPS on ssrf_proxy, or NO_PROXY on api and worker, names it
            ok: ping: answered in N ms
                pong
            ok: query: answered in N ms
                City: London
                Temperature: 10°C
                Feels Like: 8°C
                Air Quality: Poor
                Wind Direction: ENE
                Wind Speed: 8 km/h
                Wind Gusts: 14 km/h
                Precipitation: Light rain
                Observed: N N UTC (N s ago)
            ok: ping with a wrong key: refused, as it has to be
            note: next, for assistants: weatherhook doctor URL with the path /mcp, as it is entered there
        "#]],
    );
}

#[test]
fn doctor_of_a_good_endpoint_of_mcp() {
    check_doctor(
        "/mcp",
        expect![[r#"
            note: 127.0.0.1 is an address of your own network: Dify Cloud cannot reach it, and a self-hosted Dify's proxy (squid) refuses it until SSRF_PROXY_ALLOW_PRIVATE_IPS on ssrf_proxy, or NO_PROXY on api and worker, names it
            ok: initialize: answered in N ms
                2025-06-18
            ok: notifications/initialized: answered in N ms
                received
            ok: tools/list: answered in N ms
                get_weather, get_history, list_stations
            ok: tools/call: answered in N ms
                City: London
                Temperature: 10°C
                Feels Like: 8°C
                Air Quality: Poor
                Wind Direction: ENE
                Wind Speed: 8 km/h
                Wind Gusts: 14 km/h
                Precipitation: Light rain
                Observed: N N UTC (N s ago)
            ok: initialize with a wrong key: refused, as it has to be
        "#]],
    );
}

#[test]
fn doctor_of_a_wrong_call() {
    let server = london("event");
    let address = server.address.to_string();
    let url = format!("http://{address}{PATH}");
    let mut all = String::new();
    for (what, url, key) in [
        ("a wrong key", url.as_str(), Some("another-key-of-nobody")),
        ("another path", &format!("http://{address}/api"), Some(KEY)),
        ("no endpoint", "weather.example.org", Some(KEY)),
        ("no key", &url, None),
    ] {
        let variables = key.map(|key| ("WEATHERHOOK_KEY", key));
        let (_, findings) = doctor_with(&[url], variables.as_slice());
        all.push_str(&format!("{what}\n{findings}"));
    }
    check(
        &all,
        &[(&address, "HOST:PORT")],
        expect![[r#"
            a wrong key
            note: 127.0.0.1 is an address of your own network: Dify Cloud cannot reach it, and a self-hosted Dify's proxy (squid) refuses it until SSRF_PROXY_ALLOW_PRIVATE_IPS on ssrf_proxy, or NO_PROXY on api and worker, names it
            problem: ping: weatherhook answers, but it does not know this key
              the key in Dify has to be in the key file: sudo cat /etc/weatherhook/key; after a change: systemctl restart weatherhook
            note: details: status 401, "{\"detail\": \"Unauthorized\"}"
            another path
            note: 127.0.0.1 is an address of your own network: Dify Cloud cannot reach it, and a self-hosted Dify's proxy (squid) refuses it until SSRF_PROXY_ALLOW_PRIVATE_IPS on ssrf_proxy, or NO_PROXY on api and worker, names it
            problem: ping: weatherhook answers, but not at the path /api
              not found: send POST to /api/dify/receive
            note: details: status 404, "{\"detail\": \"not found: send POST to /api/dify/receive\"}"
            no endpoint
            problem: "weather.example.org" is no endpoint
              expected one like https://weather.example.org/api/dify/receive
            no key
            problem: no key: make one with (umask 077; weatherhook keygen > key) and give --key-file key, or set WEATHERHOOK_KEY
              give --key-file or WEATHERHOOK_KEY: the key that is entered in Dify
        "#]],
    );
}

/// The findings without the first one, which is about the address.
#[track_caller]
fn of_answer(findings: &str) -> &str {
    let (first, others) = findings.split_once('\n').expect("two findings");
    assert!(first.starts_with("note: 127.0.0.1 "), "{findings}");
    others
}

#[test]
fn doctor_of_no_answer() {
    let (_socket, closed) = closed();
    let address = closed.to_string();
    let url = format!("http://{address}{PATH}");
    let key = ("WEATHERHOOK_KEY", KEY);
    let mut all = String::new();
    for (what, variables) in [
        ("nobody listens", &[key][..]),
        ("no proxy", &[key, ("http_proxy", &format!("http://{address}"))]),
        ("no curl", &[key, ("PATH", "/nowhere")]),
        ("a curl that does not start", &[key, ("CURL", "/nowhere/curl-of-the-tests")]),
    ] {
        let (_, findings) = doctor_with(&[&url], variables);
        all.push_str(&format!("{what}\n{}", of_answer(&findings)));
    }
    check(
        &all,
        &[(&address, "HOST:PORT")],
        expect![[r#"
            nobody listens
            problem: ping: nothing listens at that address and port
              on the board: weatherhook doctor; inside Dify's containers 127.0.0.1 is the container, not the board
            note: details: curl: (...
            no proxy
            problem: ping: nothing listens at that address and port, or the proxy is not reached
              check the address of the proxy in http_proxy
            note: details: curl: (...
            no curl
            problem: curl cannot be run: No such file or directory (os error 2)
              install it: sudo apt install curl
            a curl that does not start
            problem: ping: curl could not call it
              its message is below
            note: details: /...
        "#]],
    );
}

#[test]
fn doctor_of_foreign_answers() {
    let mut all = String::new();
    for answer in [
        "HTTP/1.1 403 Forbidden\r\nX-Squid-Error: ERR_ACCESS_DENIED 0\r\n\r\n<!DOCTYPE html PUBLIC>",
        "HTTP/1.1 308 Moved\r\nLocation: https://x/\u{1b}[2J\r\n\r\n",
        "HTTP/1.1 530 \r\n\r\nerror code: 1033",
        "HTTP/1.1 502 Bad Gateway\r\n\r\n",
        "HTTP/1.1 401 No\r\n\r\n{\"detail\": \"Unauthorized\"}",
        "HTTP/1.1 200 OK\r\n\r\n<html>welcome",
        "HTTP/1.1 200 OK\r\n\r\n{\"result\": \"anyone\"}",
        "HTTP/1.1 404 Not Found\r\n\r\n{\"detail\": \"Not Found\"}",
        "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"result\": \"pong\"}",
        "",
    ] {
        let (address, server) = foreign(answer);
        let (_, findings) = doctor(&[&format!("http://{address}{PATH}")], KEY);
        server.join().expect("the foreign server");
        all.push_str(&format!("{answer:?}\n{}", of_answer(&findings)));
    }
    check(
        &all,
        &[],
        expect![[r#"
            "HTTP/1.1 403 Forbidden\r\nX-Squid-Error: ERR_ACCESS_DENIED 0\r\n\r\n<!DOCTYPE html PUBLIC>"
            problem: ping: Dify's proxy (squid) refuses the address
              for a private address: SSRF_PROXY_ALLOW_PRIVATE_IPS=127.0.0.1/32 on ssrf_proxy, or NO_PROXY=127.0.0.1 on api and worker; or use a tunnel
            note: details: status 403, "<!DOCTYPE html PUBLIC>"
            "HTTP/1.1 308 Moved\r\nLocation: https://x/\u{1b}[2J\r\n\r\n"
            problem: ping: it redirects, and Dify follows no redirect
              enter the other endpoint: https://x/\u{1b}[2J
            note: details: status 308, ""
            "HTTP/1.1 530 \r\n\r\nerror code: 1033"
            problem: ping: Cloudflare knows the tunnel, but its end on the board is not connected
              systemctl status weatherhook-cloudflared; its log: journalctl -u weatherhook-cloudflared
            note: details: status 530, "error code: 1033"
            "HTTP/1.1 502 Bad Gateway\r\n\r\n"
            problem: ping: the tunnel is up, but it does not reach weatherhook
              on the board: weatherhook doctor; the target of the tunnel has to be http://127.0.0.1:8000 or unix:/run/weatherhook/http.sock
            note: details: status 502, ""
            "HTTP/1.1 401 No\r\n\r\n{\"detail\": \"Unauthorized\"}"
            problem: ping: something before weatherhook asks for a password
              remove the password of the tunnel or proxy for this endpoint: Dify sends only the key of weatherhook
            note: details: status 401, "{\"detail\": \"Unauthorized\"}"
            "HTTP/1.1 200 OK\r\n\r\n<html>welcome"
            problem: ping: another program than weatherhook answers there
              the endpoint has to lead to the listener of weatherhook and to the path /api/dify/receive, with no page of a tunnel or a portal between
            note: details: status 200, "<html>welcome"
            "HTTP/1.1 200 OK\r\n\r\n{\"result\": \"anyone\"}"
            problem: ping: another program than weatherhook answers there
              the endpoint has to lead to the listener of weatherhook and to the path /api/dify/receive, with no page of a tunnel or a portal between
            note: details: status 200, "{\"result\": \"anyone\"}"
            "HTTP/1.1 404 Not Found\r\n\r\n{\"detail\": \"Not Found\"}"
            problem: ping: something answers that does not know the path
              the path of the endpoint has to be /api/dify/receive, and the tunnel has to lead to weatherhook
            note: details: status 404, "{\"detail\": \"Not Found\"}"
            "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"result\": \"pong\"}"
            problem: ping: the answer was cut off
              the end of the tunnel is gone, or something on the way changes answers: on the board: weatherhook doctor
            note: details: curl: (...
            ""
            problem: ping: the connection ended without an answer
              that port does not speak http, or the end of the tunnel is gone: on the board: weatherhook doctor
            note: details: curl: (...
        "#]],
    );
}

#[test]
fn doctor_of_the_board() {
    let server = london("event");
    let sensor = server.scratch.path("sensor.json");
    let sensor = text(&sensor);
    let address = server.address.to_string();
    let flags = ["--listen", &address, "--sensor", sensor];
    let key = [("WEATHERHOOK_KEY", KEY)];
    let mut all = String::new();
    for (what, arguments, variables) in [
        ("good", &flags[..], &key[..]),
        ("a wrong key", &flags, &[("WEATHERHOOK_KEY", "another-key-of-nobody")]),
        ("no key", &flags, &[]),
        ("another path", &[&flags[..], &["--path", "/other"]].concat(), &key),
        ("no file", &["--listen", &address, "--sensor", "/nowhere"], &key),
        ("no source", &["--listen", &address], &key),
        ("a wrong flag's file", &["--config", "/nowhere"], &key),
    ] {
        all.push_str(&format!("{what}\n{}", doctor_with(arguments, variables).1));
    }
    server.scratch.replace("sensor.json", r#"{"city": "London", "temp": 1, "time": 1600000000}"#);
    all.push_str(&format!("an old reading\n{}", doctor(&flags, KEY).1));
    let (_socket, closed) = closed();
    let silent = closed.to_string();
    all.push_str(&format!("nobody listens\n{}", doctor(&["--listen", &silent], KEY).1));
    check(
        &all,
        &[(sensor, "SENSOR"), (&address, "HOST:PORT"), (&silent, "SILENT:PORT")],
        expect![[r#"
            good
            ok: a key; the same key has to be entered in Dify
            ok: stations: 1, all with current readings
            ok: http://HOST:PORT/api/dify/receive answers a ping
            note: it listens on this board only: Dify comes in through a tunnel that ends here, or listen opens it to the network
            note: which services run is unknown: there is no systemd here
            note: next: weatherhook doctor URL, with the endpoint as it is entered in Dify
            a wrong key
            ok: a key; the same key has to be entered in Dify
            ok: stations: 1, all with current readings
            problem: http://HOST:PORT/api/dify/receive answers, and refuses the key that is configured here
              restart the service, which still has the keys of its start: systemctl restart weatherhook
            note: it listens on this board only: Dify comes in through a tunnel that ends here, or listen opens it to the network
            note: which services run is unknown: there is no systemd here
            note: next: weatherhook doctor URL, with the endpoint as it is entered in Dify
            no key
            problem: no key: make one with (umask 077; weatherhook keygen > key) and give --key-file key, or set WEATHERHOOK_KEY
              if there is no key yet, weatherhook keygen makes one
            ok: stations: 1, all with current readings
            ok: http://HOST:PORT/api/dify/receive answers; the key could not be tried
            note: it listens on this board only: Dify comes in through a tunnel that ends here, or listen opens it to the network
            note: which services run is unknown: there is no systemd here
            note: next: weatherhook doctor URL, with the endpoint as it is entered in Dify
            another path
            ok: a key; the same key has to be entered in Dify
            ok: stations: 1, all with current readings
            problem: http://HOST:PORT/other is weatherhook, but with another path than this configuration: not found: send POST to /api/dify/receive
              give --path, or restart the service: systemctl restart weatherhook
            note: it listens on this board only: Dify comes in through a tunnel that ends here, or listen opens it to the network
            note: which services run is unknown: there is no systemd here
            note: next: weatherhook doctor URL, with the endpoint as it is entered in Dify
            no file
            ok: a key; the same key has to be entered in Dify
            problem: no station has reported
              weatherhook check shows what is read, and what is wrong
            ok: http://HOST:PORT/api/dify/receive answers a ping
            note: it listens on this board only: Dify comes in through a tunnel that ends here, or listen opens it to the network
            note: which services run is unknown: there is no systemd here
            note: next: weatherhook doctor URL, with the endpoint as it is entered in Dify
            no source
            ok: a key; the same key has to be entered in Dify
            problem: no sensor file is configured
              give --sensor FILE, set WEATHERHOOK_SENSOR, or write sensor = "FILE" or [[station]] tables in the file of --config
            ok: http://HOST:PORT/api/dify/receive answers a ping
            note: it listens on this board only: Dify comes in through a tunnel that ends here, or listen opens it to the network
            note: which services run is unknown: there is no systemd here
            note: next: weatherhook doctor URL, with the endpoint as it is entered in Dify
            a wrong flag's file
            problem: /nowhere: No such file or directory (os error 2)
              correct it; weatherhook check shows what is still wrong
            an old reading
            ok: a key; the same key has to be entered in Dify
            problem: stations without a current reading: 1 of 1
              weatherhook check shows what is read, and what is wrong
            ok: http://HOST:PORT/api/dify/receive answers a ping
            note: it listens on this board only: Dify comes in through a tunnel that ends here, or listen opens it to the network
            note: which services run is unknown: there is no systemd here
            note: next: weatherhook doctor URL, with the endpoint as it is entered in Dify
            nobody listens
            ok: a key; the same key has to be entered in Dify
            problem: no sensor file is configured
              give --sensor FILE, set WEATHERHOOK_SENSOR, or write sensor = "FILE" or [[station]] tables in the file of --config
            problem: http://SILENT:PORT/api/dify/receive: no answer: Connection refused (os error 111)
              start the service: systemctl start weatherhook; its log: journalctl -u weatherhook
            note: it listens on this board only: Dify comes in through a tunnel that ends here, or listen opens it to the network
            note: which services run is unknown: there is no systemd here
            note: next: weatherhook doctor URL, with the endpoint as it is entered in Dify
        "#]],
    );
}

#[test]
fn doctor_of_an_installed_service() {
    let server = london("event");
    let (_socket, closed) = closed();
    let sensor = server.scratch.path("sensor.json");
    let file =
        server.scratch.write("weatherhook.toml", format!("listen = \"{closed}\"\nsensor = {sensor:?}\n"));
    let address = server.address.to_string();
    let path = format!("{CURL}:{SYSTEMCTL}");
    let installed = text(file.parent().expect("its directory"));
    let variables = [("CONFIGURATION_DIRECTORY", installed), ("PATH", &path), ("LISTEN", &address)];
    let (_, findings) = doctor_with(&[], &variables);
    check(
        &findings,
        &[(installed, "DIRECTORY"), (&address, "HOST:PORT")],
        expect![[r#"
            ok: the configuration DIRECTORY/weatherhook.toml
            ok: a key; the same key has to be entered in Dify
            ok: stations: 1, all with current readings
            note: the listeners are those of weatherhook.socket; --listen checks others
            ok: http://HOST:PORT/api/dify/receive answers a ping
            note: it listens on this board only: Dify comes in through a tunnel that ends here, or systemctl edit weatherhook.socket opens it to the network
            ok: weatherhook.service runs
            ok: running: ngrok.service
            note: next: weatherhook doctor URL, with the endpoint as it is entered in Dify
        "#]],
    );
}

/// Values of the page that are never the same twice.
const VARIABLE_FIGURES: [&str; 2] = ["weatherhook_start_time_seconds ", "weatherhook_reading_age_seconds{"];

#[test]
fn metrics() {
    let sensor = r#"[{"city": "London", "temperature_C": 10.5, "humidity": 80, "pressure_hPa": 1015.25,
            "wind_avg_km_h": 36, "wind_max_m_s": 12, "wind_dir_deg": 70, "rain_total_mm": 1500,
            "rain_rate_mm_h": 3.6, "pm2_5_ug_m3": 62, "uvi": 3},
        {"city": "Rome", "temperature_C": 30, "time": 1600000000}]"#;
    let server = Setup::new("event").sensor(sensor).start();
    let request = format!("GET /metrics HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\n\r\n");
    let page = server.exchange(request).text();
    let line = |line: &str| {
        let is_variable = VARIABLE_FIGURES.iter().any(|name| line.starts_with(name));
        let name = line.rsplit_once(' ').filter(|_| is_variable).map(|(name, _)| name);
        name.map_or(format!("{line}\n"), |name| format!("{name} N\n"))
    };
    check(
        &page.lines().map(line).collect::<String>(),
        &[],
        expect![[r##"
        # HELP weatherhook_build_info The version and the engine that answers.
        # TYPE weatherhook_build_info gauge
        weatherhook_build_info{version="VERSION",engine="event"} 1
        # HELP weatherhook_start_time_seconds When the server began to serve, since the epoch.
        # TYPE weatherhook_start_time_seconds gauge
        weatherhook_start_time_seconds N
        # HELP weatherhook_requests_total Requests that were answered, by Dify's point or by path.
        # TYPE weatherhook_requests_total counter
        # HELP weatherhook_refusals_total Requests that were refused from their head or their framing.
        # TYPE weatherhook_refusals_total counter
        weatherhook_refusals_total{status="400"} 0
        weatherhook_refusals_total{status="401"} 0
        weatherhook_refusals_total{status="403"} 0
        weatherhook_refusals_total{status="404"} 0
        weatherhook_refusals_total{status="405"} 0
        weatherhook_refusals_total{status="408"} 0
        weatherhook_refusals_total{status="413"} 0
        weatherhook_refusals_total{status="414"} 0
        weatherhook_refusals_total{status="417"} 0
        weatherhook_refusals_total{status="422"} 0
        weatherhook_refusals_total{status="431"} 0
        weatherhook_refusals_total{status="501"} 0
        weatherhook_refusals_total{status="503"} 0
        weatherhook_refusals_total{status="505"} 0
        # HELP weatherhook_handler_panics_total Requests whose handler failed, answered 500.
        # TYPE weatherhook_handler_panics_total counter
        weatherhook_handler_panics_total 0
        # HELP weatherhook_connections Connections that are open.
        # TYPE weatherhook_connections gauge
        weatherhook_connections 1
        # HELP weatherhook_connections_accepted_total Connections since the start.
        # TYPE weatherhook_connections_accepted_total counter
        weatherhook_connections_accepted_total 1
        # HELP weatherhook_buffer_bytes Memory held for what clients sent or did not take yet.
        # TYPE weatherhook_buffer_bytes gauge
        weatherhook_buffer_bytes 0
        # HELP weatherhook_stations Stations that are served.
        # TYPE weatherhook_stations gauge
        weatherhook_stations 2
        # HELP weatherhook_stations_stale Stations without a current reading.
        # TYPE weatherhook_stations_stale gauge
        weatherhook_stations_stale 1
        # HELP weatherhook_reading_age_seconds How old the newest reading is.
        # TYPE weatherhook_reading_age_seconds gauge
        weatherhook_reading_age_seconds{city="London",quantity="temperature"} N
        weatherhook_reading_age_seconds{city="London",quantity="humidity"} N
        weatherhook_reading_age_seconds{city="London",quantity="station_pressure"} N
        weatherhook_reading_age_seconds{city="London",quantity="wind_speed"} N
        weatherhook_reading_age_seconds{city="London",quantity="wind_gust"} N
        weatherhook_reading_age_seconds{city="London",quantity="wind_direction"} N
        weatherhook_reading_age_seconds{city="London",quantity="rain_counter"} N
        weatherhook_reading_age_seconds{city="London",quantity="rain_rate"} N
        weatherhook_reading_age_seconds{city="London",quantity="pm2_5"} N
        weatherhook_reading_age_seconds{city="London",quantity="uv_index"} N
        weatherhook_reading_age_seconds{city="Rome",quantity="temperature"} N
        # HELP weatherhook_temperature_celsius Air temperature.
        # TYPE weatherhook_temperature_celsius gauge
        weatherhook_temperature_celsius{city="London"} 10.5
        # HELP weatherhook_humidity_ratio Relative humidity.
        # TYPE weatherhook_humidity_ratio gauge
        weatherhook_humidity_ratio{city="London"} 0.8
        # HELP weatherhook_station_pressure_pascals Air pressure at the sensor.
        # TYPE weatherhook_station_pressure_pascals gauge
        weatherhook_station_pressure_pascals{city="London"} 101525
        # HELP weatherhook_wind_speed_meters_per_second Mean wind speed.
        # TYPE weatherhook_wind_speed_meters_per_second gauge
        weatherhook_wind_speed_meters_per_second{city="London"} 10
        # HELP weatherhook_wind_gust_meters_per_second Wind gust.
        # TYPE weatherhook_wind_gust_meters_per_second gauge
        weatherhook_wind_gust_meters_per_second{city="London"} 12
        # HELP weatherhook_wind_direction_degrees Where the wind blows from, clockwise from north.
        # TYPE weatherhook_wind_direction_degrees gauge
        weatherhook_wind_direction_degrees{city="London"} 70
        # HELP weatherhook_rain_meters_total The rain gauge's own counter.
        # TYPE weatherhook_rain_meters_total counter
        weatherhook_rain_meters_total{city="London"} 1.5
        # HELP weatherhook_rain_rate_meters_per_second Rain rate.
        # TYPE weatherhook_rain_rate_meters_per_second gauge
        weatherhook_rain_rate_meters_per_second{city="London"} 0.000001
        # HELP weatherhook_pm2_5_grams_per_cubic_meter Particles up to 2.5 micrometres.
        # TYPE weatherhook_pm2_5_grams_per_cubic_meter gauge
        weatherhook_pm2_5_grams_per_cubic_meter{city="London"} 0.000062
        # HELP weatherhook_uv_index UV index.
        # TYPE weatherhook_uv_index gauge
        weatherhook_uv_index{city="London"} 3
    "##]],
    );
}
