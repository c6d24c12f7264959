//! The sensor file as it comes and goes under a running server.

use std::fs::{self, File};
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use crate::fixture::*;

const UNREADY: &str = "No readings yet: the sensors have not reported.";

/// A file of which every line of the answer shows the same number, from 1 to 60.
fn version(n: usize) -> String {
    // The first and the last value lie further apart than one read of the program fetches.
    let between = "x".repeat(20_000);
    format!(
        r#"{{"city": "London", "temperature_C": {n}, "humidity": {n}, "note": "{between}", "wind_max_km_h": {n}}}"#
    )
}

/// The number of a version that an answer shows whole.
#[track_caller]
fn shown(answer: &str) -> usize {
    let n: usize = answer
        .split_once("\nTemperature: ")
        .and_then(|(_, rest)| rest.split_once("°C\n")?.0.parse().ok())
        .unwrap_or_else(|| panic!("no temperature: {answer}"));
    let expected =
        format!("City: London\nTemperature: {n}°C\nWind Gusts: {n} km/h\nHumidity: {n}%\nObserved: ");
    assert!(answer.starts_with(&expected), "torn: {answer}");
    n
}

/// Asks for London whenever it is called, on a connection that it keeps where the engine bears it:
/// tiny_http lets a few busy connections keep all others waiting, so that there each call has one of
/// its own, as Dify's calls have.
fn client(engine: &str, address: SocketAddr) -> impl FnMut() -> String + use<> {
    let mut kept = (engine == "event").then(|| Client::connect(address));
    move || match &mut kept {
        Some(client) => client.ask("London"),
        None => Client::connect(address).ask("London"),
    }
}

/// Sixteen clients that ask without pause while `write` brings one version after the other, each of
/// them many times. None sees a torn answer or an older version after a newer one, and all of them
/// come to see the last one.
#[track_caller]
fn check_replacing(engine: &str, write: impl Fn(&Scratch, &str)) -> Vec<String> {
    const LAST: usize = 10;
    let server = Setup::new(engine).sensor(version(1)).config("[labels]\ndew_point = \"\"\n").start();
    let (address, scratch) = (server.address, &server.scratch);
    let deadline = || Instant::now() + PATIENCE;
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(move || {
                let mut ask = client(engine, address);
                let (mut seen, mut until) = (1, deadline());
                while seen < LAST {
                    let now = shown(&ask());
                    assert!((seen..=LAST).contains(&now), "{engine}: {now} after {seen}");
                    if now > seen {
                        (seen, until) = (now, deadline());
                    }
                    assert!(Instant::now() < until, "{engine}: {seen} is the last that is seen");
                }
            });
        }
        let mut ask = client(engine, address);
        for n in 2..=LAST {
            for _ in 0..25 {
                write(scratch, &version(n));
                shown(&ask());
            }
            let until = deadline();
            while shown(&ask()) != n {
                assert!(Instant::now() < until, "{engine}: {n} is never seen");
            }
        }
    });
    let (status, log) = server.stop();
    assert!(status.success(), "{engine}: {log:?}");
    said(&log)
}

#[test]
fn replaced_by_rename_while_sixteen_clients_ask() {
    for engine in ENGINES {
        let log = check_replacing(engine, |scratch, text| scratch.replace("sensor.json", text));
        // A whole file takes the place of a whole file, so that there is nothing to complain of.
        assert!(log.iter().all(|line| line.starts_with("INFO ")), "{engine}: {log:?}");
    }
}

#[test]
fn rewritten_in_place_while_sixteen_clients_ask() {
    for engine in ENGINES {
        check_replacing(engine, |scratch, text| {
            let mut file = File::create(scratch.path("sensor.json")).expect("a file");
            for piece in text.as_bytes().chunks(8 * 1024) {
                file.write_all(piece).expect("a piece of it");
            }
        });
    }
}

#[test]
fn new_values_come_within_the_sampling_interval() {
    let ten_a_second = Setup::new("event").sensor(version(1));
    let default = Setup::new("event").sensor(version(1)).default_interval();
    // An interval and some time for a busy machine; 6 s is what is promised of the default.
    for (setup, within) in [(ten_a_second, 3_000), (default, 6_000)] {
        let server = setup.config("[labels]\ndew_point = \"\"\n").start();
        assert_eq!(shown(&server.ask("London")), 1);
        let start = Instant::now();
        server.scratch.replace("sensor.json", version(2));
        server.wait_for("London", "the new value", |answer| shown(answer) == 2);
        let took = start.elapsed();
        assert!(took <= Duration::from_millis(within), "{took:?}, at most {within} ms are expected");
    }
}

/// For as long as several looks at the file take, the answer begins so.
#[track_caller]
fn check_stays(server: &Server, beginning: &str) {
    let until = Instant::now() + Duration::from_millis(350);
    let mut client = server.connect();
    while Instant::now() < until {
        let answer = client.ask("London");
        assert!(answer.starts_with(beginning), "{answer}");
    }
}

fn celsius(n: usize) -> (String, String) {
    let text = format!(r#"{{"city": "London", "temperature_C": {n}}}"#);
    (text, format!("City: London\nTemperature: {n}°C\nObserved: "))
}

#[test]
fn a_half_written_file_drops_no_readings_and_is_logged_once() {
    let (whole, first) = celsius(10);
    let mut server = Setup::new("event").sensor(&whole).start();
    assert!(server.ask("London").starts_with(&first));
    server.scratch.write("sensor.json", r#"{"city": "London", "temperature_C": 1"#);
    server.wait_for_log("the last good readings are kept");
    check_stays(&server, &first);
    // Still the same episode, whatever else is wrong with it.
    server.scratch.write("sensor.json", "{");
    check_stays(&server, &first);
    let (whole, second) = celsius(12);
    server.scratch.write("sensor.json", whole);
    server.wait_for("London", "the new value", |answer| answer.starts_with(&second));
    check_stays(&server, &second);
    let path = server.scratch.path("sensor.json");
    let path = text(&path);
    let listening = format!("INFO listening on http://{}{PATH} (event engine)", server.address);
    assert_eq!(
        said(&server.stop().1),
        [
            format!("INFO {path}: readable, stations: 1"),
            listening,
            format!(
                "WARN {path}: not JSON: EOF while parsing an object at line 1 column 37; \
                 the last good readings are kept"
            ),
            format!("INFO {path}: readable, stations: 1"),
            "INFO stopping: requests in flight are answered".to_owned(),
            "INFO stopped".to_owned(),
        ]
    );
}

type Make = fn(&Path);

const UNRECOGNISED: &str = "the format is not recognised: it looks like numbers without names; write \
     `columns = [\"temperature_C\"]`, or what else they are, and `format = \"csv\"`";

/// What may be at the path of a sensor file: how to make it, and the cause in the log.
const NO_SENSOR_FILES: &[(Make, &str)] = &[
    (|_| (), "no such file, expected the sensor file"),
    (|path| fs::write(path, "").expect("a file"), "empty, expected the readings of a sensor"),
    (|path| fs::create_dir(path).expect("a directory"), "a directory, expected a regular file"),
    (
        |path| assert!(Command::new("mkfifo").arg(path).status().expect("mkfifo").success()),
        "a named pipe, expected a regular file",
    ),
    (|path| symlink("/dev/zero", path).expect("a link"), "a device, expected a regular file"),
    (
        |path| File::create(path).and_then(|file| file.set_len(1 << 30)).expect("a file"),
        "larger than 4194304 bytes",
    ),
    (
        |path| fs::write(path, b"{\n \"city\": \"Z\xfcrich\" 1}").expect("a file"),
        "not JSON: expected `,` or `}` at line 2 column 20",
    ),
    (
        |path| fs::write(path, "[".repeat(100_000)).expect("a file"),
        "not JSON: recursion limit exceeded at line 1 column 128",
    ),
    (
        |path| {
            let text =
                r#"{"city": "London", "temperature_C": NaN, "humidity": 1e999, "pressure": -Infinity}"#;
            fs::write(path, text).expect("a file");
        },
        "no weather in it, expected names like temperature or humidity; `keys` says what its own names mean \
             (`weatherhook check` lists them)",
    ),
    (|path| fs::write(path, "21.5").expect("a file"), UNRECOGNISED),
];

/// Lets `sensor.json`, a link, lead to a file of the scratch directory from one moment to the next.
fn point(scratch: &Scratch, name: &str) {
    let new = scratch.path("link");
    symlink(scratch.path(name), &new).expect("a link");
    fs::rename(new, scratch.path("sensor.json")).expect("a rename");
}

#[test]
fn what_is_no_sensor_file_drops_no_readings_and_is_logged_once() {
    let setup = Setup::new("event");
    setup.scratch.write("good", celsius(0).0);
    point(&setup.scratch, "good");
    let mut server = setup.start();
    let path = server.scratch.path("sensor.json");
    let path = text(&path).to_owned();
    let readable = format!("INFO {path}: readable, stations: 1");
    let listening = format!("INFO listening on http://{}{PATH} (event engine)", server.address);
    let mut expected = vec![readable.clone(), listening];
    for (n, (make, cause)) in NO_SENSOR_FILES.iter().enumerate() {
        let name = format!("bad-{n}");
        make(&server.scratch.path(&name));
        point(&server.scratch, &name);
        let kept = format!("{path}: {cause}; the last good readings are kept");
        server.wait_for_log(&kept);
        let (_, last_good) = celsius(n);
        check_stays(&server, &last_good);
        let (whole, next) = celsius(n + 1);
        server.scratch.write("good", whole);
        point(&server.scratch, "good");
        server.wait_for("London", "the next value", |answer| answer.starts_with(&next));
        expected.extend([format!("WARN {kept}"), readable.clone()]);
    }
    // None of it was read whole, least of all the gigabyte.
    let resident = server.resident();
    assert!(resident.is_none_or(|kib| kib < 64 * 1024), "{resident:?} KiB");
    expected.extend(["INFO stopping: requests in flight are answered", "INFO stopped"].map(str::to_owned));
    let (losses, states): (Vec<_>, Vec<_>) =
        said(&server.stop().1).into_iter().partition(|line| line.contains(": dropped: "));
    assert_eq!(states, expected);
    // Each value that cannot be used is logged once, however often the file was read.
    let loss = |key: &str| format!("INFO {path}: dropped: {key}: not a number");
    assert_eq!(losses, ["temperature_C", "humidity", "pressure"].map(loss));
}

#[test]
fn what_is_no_sensor_file_does_not_keep_the_server_from_starting() {
    for engine in ENGINES {
        for (make, cause) in NO_SENSOR_FILES {
            let setup = Setup::new(engine);
            make(&setup.scratch.path("sensor.json"));
            let server = setup.start();
            assert_eq!(server.ask("London"), UNREADY, "{engine}: {cause}");
            let path = server.scratch.path("sensor.json");
            let (status, log) = server.stop();
            assert!(status.success(), "{engine}: {log:?}");
            let warning = format!("WARN {}: {cause}; there are no readings yet", path.display());
            assert_eq!(said(&log)[0], warning, "{engine}");
            assert_eq!(log.iter().filter(|line| line.contains(" WARN ")).count(), 1, "{engine}: {log:?}");
        }
    }
}

#[test]
fn a_file_may_come_after_the_start_and_go_again() {
    for engine in ENGINES {
        let mut server = Setup::new(engine).arg("--city").arg("London").start();
        assert_eq!(server.ask(""), "No readings yet: London has not reported.");
        assert_eq!(server.ask("Paris"), "Unknown city");
        server.scratch.replace("sensor.json", r#"{"temperature_C": 3}"#);
        let expected = "City: London\nTemperature: 3°C\nObserved: ";
        server.wait_for("London", "the first value", |answer| answer.starts_with(expected));
        fs::remove_file(server.scratch.path("sensor.json")).expect("a file");
        server.wait_for_log("the last good readings are kept");
        check_stays(&server, expected);
        let path = server.scratch.path("sensor.json");
        let path = text(&path).to_owned();
        let log = said(&server.stop().1);
        let found: Vec<_> = log.iter().filter_map(|line| line.split_once(&format!("{path}: "))).collect();
        assert_eq!(
            found,
            [
                ("WARN ", "no such file, expected the sensor file; there are no readings yet"),
                ("INFO ", "readable, stations: 1"),
                ("WARN ", "no such file, expected the sensor file; the last good readings are kept"),
            ],
            "{engine}"
        );
    }
}

#[test]
fn numbers_that_are_none_drop_alone() {
    let sensor =
        r#"{"city": "London", "temperature_C": NaN, "humidity": 41, "wind_max_km_h": 1e999, "uvi": 99}"#;
    let server = Setup::new("event").sensor(sensor).start();
    let answer = server.ask("London");
    assert!(answer.starts_with("City: London\nHumidity: 41%\nObserved: "), "{answer}");
    assert_eq!(answer.lines().count(), 3, "{answer}");
}

/// Seconds since the epoch, so many minutes ago.
fn minutes_ago(minutes: u64) -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a time after 1970");
    now.as_secs() - 60 * minutes
}

#[test]
fn stale_readings_are_never_reported_as_current() {
    for engine in ENGINES {
        let sensor = |minutes| {
            format!(r#"{{"city": "London", "temperature_C": 10, "time": {}}}"#, minutes_ago(minutes))
        };
        let server = Setup::new(engine).sensor(sensor(20)).start();
        let answer = server.ask("London");
        let silent = "City: London\nNo current readings: the station last reported at ";
        assert!(answer.starts_with(silent) && answer.ends_with(" UTC, 20 min ago."), "{engine}: {answer}");
        assert_eq!(answer.lines().count(), 2, "{engine}: {answer}");
        // The file is as new as can be; its own time counts.
        server.scratch.replace("sensor.json", sensor(13));
        let answer = server.wait_for("London", "a current reading", |answer| answer.contains("Temperature"));
        let current = "City: London\nTemperature: 10°C\nObserved: ";
        assert!(answer.starts_with(current) && answer.ends_with(" UTC (13 min ago)"), "{engine}: {answer}");
    }
}

#[test]
fn the_silence_begins_at_a_time_of_the_boards_zone() {
    for (zone, time, expected) in [
        ("UTC", "2025-03-02T22:26:03Z", "2025-03-02 22:26 UTC"),
        ("<+0530>-5:30", "2025-03-02T22:26:03Z", "2025-03-03 03:56 +05:30"),
        ("<+0530>-5:30", "2025-03-02 22:26:03", "2025-03-02 22:26 +05:30"),
        ("<-03>3", "2025-03-02T22:26:03+05:30", "2025-03-02 13:56 -03:00"),
    ] {
        let sensor = format!(r#"{{"city": "London", "temperature_C": 10, "time": "{time}"}}"#);
        let server = Setup::new("event").sensor(sensor).env("TZ", zone).start();
        let answer = server.ask("London");
        let expected =
            format!("City: London\nNo current readings: the station last reported at {expected}, ");
        assert!(answer.starts_with(&expected) && answer.ends_with(" days ago."), "{zone}: {answer}");
    }
}

#[test]
fn a_file_that_nobody_rewrites_grows_stale() {
    let (text, current) = celsius(10);
    let server = Setup::new("event").sensor(&text).arg("--stale-after").arg("2s").start();
    server.scratch.replace("sensor.json", &text);
    server.wait_for("London", "a current reading", |answer| answer.starts_with(&current));
    let silent = "City: London\nNo current readings: the station last reported at ";
    let answer = server.wait_for("London", "the silence", |answer| answer.starts_with(silent));
    assert!(answer.ends_with(" UTC, 2 s ago."), "{answer}");
    // Written again, with the same contents.
    server.scratch.replace("sensor.json", &text);
    server.wait_for("London", "a current reading again", |answer| answer.starts_with(&current));
}

#[test]
fn the_time_of_writing_counts_where_the_file_has_none() {
    let (text, _) = celsius(10);
    let setup = Setup::new("event").sensor(text);
    let path = setup.scratch.path("sensor.json");
    let file = File::options().write(true).open(path).expect("a file");
    file.set_modified(SystemTime::now() - Duration::from_secs(20 * 60)).expect("a time");
    let server = setup.start();
    let silent = "City: London\nNo current readings: the station last reported at ";
    let answer = server.ask("London");
    assert!(answer.starts_with(silent) && answer.ends_with(" UTC, 20 min ago."), "{answer}");
    // Written by a clock that is ahead, it counts as written now and ages from here on.
    file.set_modified(SystemTime::now() + Duration::from_secs(20 * 60)).expect("a time");
    server.wait_for("London", "a current reading", |answer| answer.contains("Temperature"));
    server.wait_for("London", "its age", |answer| !answer.contains("(0 s ago)"));
}

/// Where times have 32 bits, these are from 1904 or 1970, and old.
#[test]
fn times_after_2038_are_told_as_they_are() {
    let scratch = Scratch::new();
    let key = scratch.write("key", KEY);
    let path = scratch.write("sensor.json", r#"{"city": "London", "temperature_C": 10}"#);
    // date -u -d 2040-03-01 +%s
    let written = SystemTime::UNIX_EPOCH + Duration::from_secs(2_214_172_800);
    // A day may end between this look at the clock and the program's.
    let ahead = written.duration_since(SystemTime::now()).expect("a test of before 2040").as_secs();
    let days = [ahead / 86_400, ahead.saturating_sub(60) / 86_400];
    let check = |what: fn(u64) -> String| {
        let output = run(["check", "--sensor", text(&path), "--key-file", text(&key)]);
        let said = String::from_utf8([output.stdout, output.stderr].concat()).expect("text");
        assert!(days.iter().any(|days| said.contains(&what(*days))), "{said}");
    };
    let file = File::options().write(true).open(&path).expect("the file");
    file.set_modified(written).expect("a time");
    check(|days| format!("from the future by {days} days"));
    scratch
        .write("sensor.json", r#"{"city": "London", "time": "2040-03-01T00:00:00Z", "temperature_C": 10}"#);
    check(|days| format!("time: {days} days after the file was written"));
}

#[test]
fn readings_grow_stale_one_by_one() {
    let sensor = format!(
        r#"[{{"city": "London", "temperature_C": 10, "humidity": 80, "time": {}}},
            {{"city": "London", "wind_max_km_h": 14, "time": {}}}]"#,
        minutes_ago(20),
        minutes_ago(3)
    );
    for engine in ENGINES {
        let server = Setup::new(engine).sensor(&sensor).start();
        let answer = server.ask("London");
        let expected = "City: London\nWind Gusts: 14 km/h\nObserved: ";
        assert!(answer.starts_with(expected) && answer.ends_with(" (3 min ago)"), "{engine}: {answer}");
        assert_eq!(answer.lines().count(), 3, "{engine}: {answer}");
    }
}
