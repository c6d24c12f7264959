//! Traps in sensor files: for each trap a file that shows it, the answer, and what `check` reports as lost.

use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::fixture::*;

/// A place, `London`, with one source, and the files that it reads.
struct Site {
    scratch: Scratch,
    zone: &'static str,
}

impl Site {
    /// `source` stands in the source's table, with paths that begin at the scratch directory.
    fn new(source: &str) -> Site {
        let scratch = Scratch::new();
        let toml = format!("[[station]]\ncity = \"London\"\n[[station.source]]\n{source}\n");
        scratch.write("weatherhook.toml", toml);
        Site { scratch, zone: "UTC" }
    }

    fn with(source: &str, file: &str, text: impl AsRef<[u8]>) -> Site {
        Site::new(source).file(file, text)
    }

    fn zone(self, zone: &'static str) -> Site {
        Site { zone, ..self }
    }

    /// Writes a file, and the directories that it is in.
    fn file(self, name: &str, text: impl AsRef<[u8]>) -> Site {
        let directory = self.scratch.path(name);
        fs::create_dir_all(directory.parent().expect("a directory")).expect("a directory");
        self.scratch.write(name, text);
        self
    }

    fn command(&self, command: &str) -> std::process::Command {
        let config = self.scratch.path("weatherhook.toml");
        let mut command = weatherhook([command, "--config", text(&config)]);
        command.env("WEATHERHOOK_KEY", KEY).env("TZ", self.zone).env("WEATHERHOOK_EVERY", "100ms");
        command
    }

    /// What `check` says, without the lines that every check has, and whether all is good.
    fn check(&self) -> (bool, Vec<String>) {
        let output = output(&mut self.command("check"));
        let out = String::from_utf8(output.stdout).expect("text");
        assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        let path = format!("{}/", text(&self.scratch.path("")).trim_end_matches('/'));
        let lines = out.lines().map(|line| line.replace(&path, ""));
        let usual = ["configuration: ", "endpoint: ", "keys: "];
        let lines = lines.filter(|line| !usual.iter().any(|usual| line.starts_with(usual)));
        (output.status.success(), lines.collect())
    }

    /// The site, if `check` says these lines among others. An age that is less than some seconds is `now`.
    #[track_caller]
    fn checks(self, expected: &[&str]) -> Site {
        let (good, lines) = self.check();
        assert!(good, "{lines:#?}");
        found(&lines, expected);
        self
    }

    /// `check` says these lines among others, and that there is an error.
    #[track_caller]
    fn fails(&self, expected: &[&str]) {
        let (good, lines) = self.check();
        assert!(!good, "{lines:#?}");
        found(&lines, expected);
        assert!(lines.iter().any(|line| line.starts_with("error: ")), "{lines:#?}");
    }

    #[track_caller]
    fn serve(self) -> Server {
        let mut command = self.command("serve");
        command.args(["--listen", "127.0.0.1:0"]);
        Server::spawn(&mut command, self.scratch)
    }

    /// Checks the lines of the answer, without the place and the time.
    #[track_caller]
    fn answers(self, expected: &[&str]) -> Server {
        let server = self.serve();
        answers(&server, expected);
        server
    }
}

#[track_caller]
fn found(lines: &[String], expected: &[&str]) {
    for line in expected {
        assert!(lines.iter().any(|found| found.starts_with(line)), "{line:?} is not in {lines:#?}");
    }
}

#[track_caller]
fn answers(server: &Server, expected: &[&str]) {
    let answer = server.ask("London");
    let lines: Vec<_> = answer
        .lines()
        .filter(|line| !line.starts_with("City: ") && !line.starts_with("Observed: "))
        .collect();
    assert_eq!(lines, expected, "{answer}");
}

const NOTHING: &str = "No current readings: ";

/// Seconds since the epoch, so many seconds ago.
fn ago(seconds: u64) -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970").as_secs() - seconds
}

/// The civil time so far east of Greenwich, so many seconds ago: `2025-03-02T22:26:03`.
fn civil(east: u64, seconds: u64) -> String {
    let time = UNIX_EPOCH + Duration::from_secs(ago(seconds) + east);
    humantime::format_rfc3339_seconds(time).to_string().trim_end_matches('Z').to_owned()
}

/// A line of a receiver that hears this device, so many seconds ago.
fn line(seconds: u64, device: &str, readings: &str) -> String {
    format!("{{\"time\" : \"{}\", {device}, {readings}}}\n", civil(0, seconds).replace('T', " "))
}

const HOUSE: &str = r#""model" : "Acurite-5n1", "id" : 839, "channel" : "A""#;
const NEIGHBOUR: &str = r#""model" : "Nexus-TH", "id" : 184, "channel" : 2"#;

#[test]
fn messages_of_one_station_are_put_together_with_an_age_each() {
    // In km/h, inches and °F, as this station sends them.
    let log = line(1300, HOUSE, r#""temperature_F" : 80.0, "humidity" : 96"#)
        + &line(800, HOUSE, r#""temperature_F" : 50.0"#)
        + &line(70, HOUSE, r#""wind_avg_km_h" : 4.3, "wind_dir_deg" : 337.5, "rain_in" : 0.66"#);
    let site = Site::with("file = \"log\"", "log", log).checks(&[
        "read: Acurite-5n1 839 A.temperature_F: temperature 10.0 °C (°F read), 13 min old",
        "read: Acurite-5n1 839 A.humidity: humidity 96.0 % (% assumed), 21 min old",
        "read: Acurite-5n1 839 A.wind_avg_km_h: wind speed 1.2 m/s (km/h read), 1 min old",
        "read: Acurite-5n1 839 A.rain_in: rain counter 16.8 mm (in read), 1 min old",
        "station: London: readings: 5",
    ]);
    site.answers(&["Temperature: 10°C", "Wind Direction: NNW", "Wind Speed: 4 km/h"]);
}

/// A counter's log, a line every five minutes up to a minute ago.
fn counter(minutes: u64, value: impl Fn(u64) -> f64) -> String {
    (1..=minutes).rev().step_by(5).fold(String::new(), |mut text, ago| {
        let rain = format!("\"temperature_C\" : 9, \"rain_mm\" : {:.1}", value(ago));
        let _ = write!(text, "{}", line(60 * ago, HOUSE, &rain));
        text
    })
}

#[test]
fn rain_is_no_counters_reading_and_a_message_that_comes_thrice_is_counted_once() {
    let site = Site::with("file = \"log\"", "log", counter(71, |_| 94.4));
    let server = site.answers(&["Temperature: 9°C", "Precipitation: None", "Rain: 0.0 mm in the last hour"]);
    let more = line(0, HOUSE, "\"temperature_C\" : 9, \"rain_mm\" : 95.0").repeat(3);
    let path = server.scratch.path("log");
    OpenOptions::new()
        .append(true)
        .open(&path)
        .and_then(|mut log| log.write_all(more.as_bytes()))
        .expect("written");
    let rain = "\nRain: 0.6 mm in the last hour\n";
    server.wait_for("London", rain, |answer| answer.contains(rain));
    // A new battery: the counter restarts, and the rain before its first reading, 0.2, is unknown.
    let log = counter(71, |ago| if ago > 30 { 94.4 } else { 0.2 * ((31 - ago) / 5) as f64 });
    let site = Site::with("file = \"log\"", "log", log);
    site.answers(&["Temperature: 9°C", "Precipitation: Light rain", "Rain: 1.0 mm in the last hour"]);
}

#[test]
fn a_new_battery_and_a_neighbour_make_other_devices_which_match_separates() {
    let renamed = HOUSE.replace("839", "77");
    let log = line(300, HOUSE, r#""temperature_C" : 5, "humidity" : 50"#)
        + &line(200, &renamed, r#""temperature_C" : 6"#)
        + &line(100, NEIGHBOUR, r#""temperature_C" : 15"#);
    let site = Site::with("file = \"log\"", "log", &log).checks(&[
        "read: Acurite-5n1 839 A.temperature_C: ",
        "read: Acurite-5n1 77 A.temperature_C: ",
        "read: Nexus-TH 184 2.temperature_C: ",
    ]);
    let mut server = site.answers(&["Temperature: 15°C", "Humidity: 50%", "Dew Point: 5°C"]);
    let several = "London: the temperature comes from several sensors, of which the newest counts: \
                   Acurite-5n1 77 A, Acurite-5n1 839 A, Nexus-TH 184 2; match selects one";
    server.wait_for_log(several);
    // Logged once, however often one of them is received.
    let path = server.scratch.path("log");
    let more = line(9, NEIGHBOUR, r#""temperature_C" : 16"#) + &line(0, &renamed, r#""temperature_C" : 7"#);
    OpenOptions::new()
        .append(true)
        .open(&path)
        .and_then(|mut log| log.write_all(more.as_bytes()))
        .expect("written");
    server.wait_for("London", "the last line", |answer| answer.contains("Temperature: 7°C"));
    let log_of_server = server.stop().1;
    let count = log_of_server.iter().filter(|line| line.contains("several sensors")).count();
    assert_eq!(count, 1, "{log_of_server:?}");
    // By model and channel the station stays the same whatever its battery.
    let select = "file = \"log\"\nmatch = { model = \"Acurite-5n1\", channel = \"A\" }";
    let site =
        Site::with(select, "log", &log).checks(&["ignored: Nexus-TH 184 2: `match` selects another device"]);
    site.answers(&["Temperature: 6°C", "Humidity: 50%", "Dew Point: -4°C"]);
    let site = Site::with("file = \"log\"\nmatch = { model = \"Acurite-5n1\", id = 839 }", "log", &log)
        .checks(&["ignored: Acurite-5n1 77 A: `match` selects"]);
    site.answers(&["Temperature: 5°C", "Humidity: 50%", "Dew Point: -5°C"]);
    Site::with("file = \"log\"\nmatch = { model = \"Acurite\" }", "log", &log).fails(&[
        "ignored: Acurite-5n1 839 A: `match` selects",
        "ignored: Nexus-TH 184 2: `match` selects",
        "error: log: `match` selects nothing of it; there is { model = \"Acurite-5n1\", id = \"77\", channel = \"A\" }, ",
    ]);
}

#[test]
fn a_tyre_is_no_weather() {
    let tyre = r#""model" : "Schrader", "type" : "TPMS", "id" : "1A2B3C""#;
    let log = line(90, HOUSE, r#""temperature_C" : 5, "pressure_hPa" : 1001"#)
        + &line(10, tyre, r#""pressure_kPa" : 101.0, "temperature_C" : 26"#);
    let site = Site::with("file = \"log\"", "log", log)
        .checks(&["ignored: Schrader 1A2B3C.type: a tyre (\"type\": \"TPMS\")"]);
    site.answers(&["Temperature: 5°C", "Pressure: 1001 hPa"]);
}

#[test]
fn lines_that_are_no_records_are_passed_over_and_counted() {
    let log = line(90, HOUSE, r#""temperature_C" : 5"#)
        + "{badjson}\n[1, 2]\n"
        + &line(50, "\"enabled\" : 200", r#""stats" : [{"temperature_C" : 40}], "frames" : {"count" : 10}"#)
        + "\0\0\0\0\n"
        + &line(20, HOUSE, r#""humidity" : 50"#)
        + "{\"time\" : \"2025-03-02 22:26:03\", \"temperature_C\" : 7";
    let site = Site::with("file = \"log\"", "log", log).checks(&[
        "dropped: a line: not a whole record (3 times)",
        "ignored: stats: not a current observation",
    ]);
    site.answers(&["Temperature: 5°C", "Humidity: 50%", "Dew Point: -5°C"]);
}

const W1: &str = "4b 01 4b 46 7f ff 05 10 e1";

fn w1(bytes: &str, checksum: &str, value: &str) -> String {
    format!("{bytes} : crc={checksum}\n{bytes}{value}\n")
}

#[test]
fn a_thermometer_on_one_wire_is_believed_when_it_has_measured() {
    let good = w1(W1, "e1 YES", " t=20687");
    let zeros = W1.replace(|c: char| c.is_ascii_hexdigit(), "0");
    for (text, why) in [
        (w1(W1, "e1 NO", " t=20687"), "the checksum is wrong"),
        (w1(&zeros, "00 YES", " t=0"), "nothing but zeros: no sensor answered"),
        (
            w1("50 05 4b 46 7f ff 0c 10 1c", "1c YES", " t=85000"),
            "85 °C stands there before the first conversion",
        ),
        (w1(W1, "e1 YES", ""), "not a whole record"),
        (w1(W1, "e1 YES", " t="), "not a number"),
        (String::new(), "not a whole record"),
    ] {
        let loss = format!("dropped: w1_slave: {why}");
        let site = Site::with("file = \"28-0316\"", "28-0316/w1_slave", &text);
        site.fails(&[&loss, "error: 28-0316: no weather in it"]);
        // The last good reading is kept, and no other is shown.
        let site = Site::with("file = \"28-0316/w1_slave\"", "28-0316/w1_slave", &good);
        let server =
            site.checks(&["read: w1_slave: temperature 20.7 °C (°C read)"]).answers(&["Temperature: 21°C"]);
        server.scratch.replace("28-0316/w1_slave", &text);
        answers(&server, &["Temperature: 21°C"]);
        server.scratch.replace("28-0316/w1_slave", w1(W1, "e1 YES", " t=24000"));
        server.wait_for("London", "the next value", |answer| answer.contains("Temperature: 24°C"));
    }
    // Of several on the wire the others go on.
    let site = Site::with("file = \"28-*/w1_slave\"", "28-a/w1_slave", &good)
        .file("28-b/w1_slave", w1(W1, "e1 NO", " t=7"))
        .checks(&["dropped: w1_slave: the checksum is wrong", "error: 28-b/w1_slave: no weather in it"]);
    site.answers(&["Temperature: 21°C"]);
    // The later driver's file.
    let site = Site::with("file = \"28-a\"", "28-a/temperature", "-62\n").file("28-a/resolution", "12\n");
    site.checks(&["read: temperature: temperature -0.1 °C (°C read)"]).answers(&["Temperature: 0°C"]);
}

#[test]
fn industrial_io_has_a_number_that_changes_and_units_that_did() {
    let dry = ["Temperature: 22°C", "Humidity: 55%", "Dew Point: 12°C", "Pressure: 1028 hPa"];
    let source = "file = \"devices/iio:device*\"\nmatch = { model = \"bme280\" }";
    for n in [0, 1] {
        let other = 1 - n;
        let site = Site::with(source, &format!("devices/iio:device{n}/name"), "bme280\n")
            .file(&format!("devices/iio:device{n}/in_temp_input"), "21500\n")
            .file(&format!("devices/iio:device{n}/in_humidityrelative_input"), "54800\n")
            .file(&format!("devices/iio:device{n}/in_pressure_input"), "102.793000000\n")
            .file(&format!("devices/iio:device{other}/name"), "hts221\n")
            .file(&format!("devices/iio:device{other}/in_temp_raw"), "300\n")
            .file(&format!("devices/iio:device{other}/in_temp_scale"), "100\n")
            .checks(&[
                "read: in_pressure_input: station pressure 1027.9 hPa (kPa read)",
                "ignored: hts221: `match` selects another device",
            ]);
        site.answers(&dry);
    }
    // An old driver: hPa and %.
    let site = Site::with("file = \"d\"", "d/in_temp_input", "24540 \n")
        .file("d/in_humidityrelative_input", "41.074000000\n")
        .file("d/in_pressure_input", "1014.350000000\n")
        .checks(&["read: in_pressure_input: station pressure 1014.4 hPa (hPa read)"]);
    site.answers(&["Temperature: 25°C", "Humidity: 41%", "Dew Point: 10°C", "Pressure: 1014 hPa"]);
    // A bus that fails at times drops no other readings.
    let site = Site::with("file = \"d\"", "d/in_temp_input", "")
        .file("d/in_humidityrelative_input", "41000\n")
        .checks(&["dropped: in_temp_input: not a number"]);
    site.answers(&["Humidity: 41%"]);
    // An offset that cannot be read does not count as no offset. Reading a directory fails, as on a bus.
    let site = Site::with("file = \"d\"", "d/in_temp_raw", "300\n")
        .file("d/in_temp_scale", "100\n")
        .file("d/in_temp_offset/x", "")
        .file("d/in_humidityrelative_input", "41000\n")
        .checks(&["dropped: in_temp_raw: not a number", "station: London: readings: 1"]);
    site.answers(&["Humidity: 41%"]);
    Site::new("file = \"d\"")
        .file("d/in_temp_input/x", "")
        .fails(&["error: d: a directory, expected a regular file"]);
}

#[test]
fn the_processor_is_not_the_weather() {
    let site = Site::with("file = \"hwmon/hwmon*\"", "hwmon/hwmon0/name", "cpu_thermal\n")
        .file("hwmon/hwmon0/temp1_input", "48312\n")
        .file("hwmon/hwmon1/name", "sht3x\n")
        .file("hwmon/hwmon1/temp1_input", "11500\n")
        .file("hwmon/hwmon1/humidity1_input", "45000\n")
        .checks(&[
            "ignored: temp1_input: its chip is not known to measure the air",
            "read: temp1_input: temperature 11.5 °C (°C read)",
        ]);
    site.answers(&["Temperature: 12°C", "Humidity: 45%", "Dew Point: 0°C"]);
    Site::with("file = \"hwmon0\"", "hwmon0/name", "cpu_thermal\n")
        .file("hwmon0/temp1_input", "48312\n")
        .fails(&["ignored: temp1_input: its chip is not known to measure the air"]);
}

#[test]
fn a_board_that_warms_its_sensor_is_corrected_with_the_humidity() {
    let source = "file = \"d\"\noffset = { temperature = -5, station_pressure = 1.5 }";
    let site = Site::with(source, "d/in_temp_input", "21500\n")
        .file("d/in_humidityrelative_input", "54800\n")
        .file("d/in_pressure_input", "102.793\n");
    // The same vapour: 14.0 hPa of 25.6 hPa, and of 18.7 hPa (Magnus, 17.62 and 243.12).
    let corrected = ["Temperature: 17°C", "Humidity: 75%", "Dew Point: 12°C", "Pressure: 1029 hPa"];
    // `check` shows what the sensor has reported.
    site.checks(&["read: in_temp_input: temperature 21.5 °C (°C read)"]).answers(&corrected);
}

#[test]
fn a_stale_file_does_not_look_alive() {
    let old = |path: &Path| {
        let file = File::options().write(true).open(path).expect("a file");
        file.set_modified(SystemTime::now() - Duration::from_secs(20 * 60)).expect("a time");
    };
    for (name, text) in [
        ("a.json", "{\"temperature\": 5}"),
        ("a.jsonl", "{\"temperature\": 5}\n{\"temperature\": 5}\n"),
        ("a.csv", "temperature,humidity\n5,50\n"),
        ("a.prom", "outdoor_temperature_celsius 5\n"),
        ("a.txt", "temperature=5\n"),
    ] {
        let site = Site::with(&format!("file = \"{name}\""), name, text);
        old(&site.scratch.path(name));
        let (good, lines) = site.check();
        assert!(good && lines.iter().any(|line| line.ends_with(", 20 min old")), "{lines:#?}");
        let answer = site.serve().ask("London");
        assert!(answer.contains(NOTHING) && answer.ends_with(", 20 min ago."), "{name}: {answer}");
    }
    // Its own time goes before that of the file, which was written just now.
    let site = Site::with("file = \"a\"", "a", format!("{{\"temperature\": 5, \"epoch\": {}}}", ago(1200)));
    assert!(site.serve().ask("London").contains(NOTHING));
}

#[test]
fn what_is_from_the_future_is_not_believed() {
    let ahead = ago(0) + 7200;
    let loss = "after the file was written: wrong clock or zone";
    // The only record of a file that was written just now.
    let site = Site::with("file = \"a\"", "a", format!("{{\"temperature\": 5, \"epoch\": {ahead}}}"));
    let (good, lines) = site.check();
    assert!(
        good && lines.iter().any(|line| line.starts_with("dropped: epoch: ") && line.contains(loss)),
        "{lines:#?}"
    );
    site.answers(&["Temperature: 5°C"]);
    // One of several: it may be as old as can be.
    let two =
        format!("[{{\"temperature\": 5, \"epoch\": {ahead}}}, {{\"humidity\": 50, \"epoch\": {}}}]", ago(60));
    let site = Site::with("file = \"a\"", "a", two)
        .checks(&["dropped: [0].temperature: its record has a time that cannot be used"]);
    site.answers(&["Humidity: 50%"]);
}

#[test]
fn of_a_directory_of_files_the_newest_readings_count() {
    let row = |seconds: u64, celsius: u64| {
        format!("timestamp,temperature,humidity\r\n{}Z,{celsius},50\r\n", civil(0, seconds))
    };
    let site = Site::with("file = \"days\"", "days/2025-03-01.csv", row(90_000, 25))
        .file("days/2025-03-02.csv", row(300, 5))
        .file("days/.2025-03-03.csv.swp", row(10, 30))
        .file("days/notes.txt", "nothing to be read\n")
        .checks(&["read: timestamp: ", "error: days/notes.txt: ", "station: London: readings: 2"]);
    let server = site.answers(&["Temperature: 5°C", "Humidity: 50%", "Dew Point: -5°C"]);
    // The next day begins.
    server.scratch.replace("next", row(60, 6));
    fs::rename(server.scratch.path("next"), server.scratch.path("days/2025-03-03.csv")).expect("a rename");
    server.wait_for("London", "the next file", |answer| answer.contains("Temperature: 6°C"));
    // As a pattern, and without a file yet.
    let site = Site::with("file = \"days/*.csv\"", "days/a.csv", row(300, 5));
    site.answers(&["Temperature: 5°C", "Humidity: 50%", "Dew Point: -5°C"]);
    let site = Site::with("file = \"days/*.csv\"", "days/a.csv", row(300, 5));
    let mut server = site.serve();
    fs::remove_file(server.scratch.path("days/a.csv")).expect("removed");
    server
        .wait_for_log("days/*.csv: no such file, expected the sensor file; the last good readings are kept");
    answers(&server, &["Temperature: 5°C", "Humidity: 50%", "Dew Point: -5°C"]);
    // The place has a name, whatever the file says.
    let log = server.stop().1;
    assert!(log[0].ends_with("days/a.csv: readable, stations: 1"), "{log:?}");
    Site::new("file = \"days/*.csv\"").fails(&["error: days/*.csv: no such file, expected the sensor file"]);
    // What stands in a room is not the weather, unless somebody names its file.
    let room =
        |source| Site::with(source, "rooms/garden.csv", row(300, 5)).file("rooms/kitchen.csv", row(10, 21));
    room("file = \"rooms\"").checks(&["ignored: name of the file: measured indoors"]).answers(&[
        "Temperature: 5°C",
        "Humidity: 50%",
        "Dew Point: -5°C",
    ]);
    room("file = \"rooms/*.csv\"").answers(&["Temperature: 5°C", "Humidity: 50%", "Dew Point: -5°C"]);
    let site = Site::with("file = \"kitchen.csv\"", "kitchen.csv", row(10, 21));
    site.answers(&["Temperature: 21°C", "Humidity: 50%", "Dew Point: 10°C"]);
    // After years of a file a day.
    let mut site = Site::new("file = \"days\"");
    for day in 0..1003 {
        let text = format!("temperature={}", if day == 1002 { 7 } else { 30 });
        site = site.file(&format!("days/{day:04}.txt"), text);
    }
    let (good, lines) = site.check();
    assert!(good && lines.iter().any(|line| line.contains("temperature 7.0 °C")), "{lines:#?}");
}

/// Five minutes ago as a spreadsheet writes it, with the day first.
fn day_first() -> String {
    let civil = civil(0, 300);
    let (date, time) = civil.split_once('T').expect("a date and a time");
    let [year, month, day] = date.split('-').collect::<Vec<_>>()[..] else { panic!("a date") };
    format!("{day}/{month}/{year} {time}")
}

#[test]
fn tables_of_a_spreadsheet() {
    let cold = ["Temperature: 8°C", "Humidity: 81%", "Dew Point: 5°C", "Pressure: 1003 hPa"];
    let german =
        format!("\u{feff}Zeit;Temperatur;Feuchte;Luftdruck\r\n{};7,6;81,2;1003,2\r\nx;y\r\n", day_first());
    let source = "file = \"a.csv\"\nkeys = { Zeit = \"time\", Temperatur = \"temperature_C\", \
                  Feuchte = \"humidity\", Luftdruck = \"pressure_hPa\" }";
    let site = Site::with(source, "a.csv", german).checks(&[
        "read: Temperatur: temperature 7.6 °C (°C read), 5 min old",
        "dropped: a line: it has 2 cells, and the table has 4 names",
    ]);
    site.answers(&cold);
    // Without names, and with Pa.
    let bare = format!("{}\t7.6\tx\t81.2\t100320\n", ago(300));
    let source = "file = \"a\"\ncolumns = [\"time\", \"temperature_C\", \"\", \"humidity\", \"pressure\"]";
    let site = Site::with(source, "a", &bare)
        .checks(&["read: pressure: station pressure 1003.2 hPa (Pa assumed), 5 min old"]);
    site.answers(&cold);
    Site::with("file = \"a\"", "a", &bare)
        .fails(&["error: a: the format is not recognised: it looks like a table without names"]);
}

#[test]
fn labels_of_prometheus_say_what_is_no_weather() {
    let text = "# HELP outdoor_temperature_celsius Outdoors.\n# TYPE outdoor_temperature_celsius gauge\n\
                node_hwmon_temp_celsius{chip=\"soc\",sensor=\"temp1\"} 48\n\
                temperature_celsius{room=\"kitchen\"} 21\n\
                outdoor_temperature_celsius{site=\"shed\",id=\"7\"} 6.7\n\
                outdoor_humidity_ratio{site=\"shed\",id=\"7\"} 0.81\noutdoor_pressure_pascals NaN\nhalf";
    let site = Site::with("file = \"a.prom\"", "a.prom", text).checks(&[
        "ignored: node_hwmon_temp_celsius: measured in a machine, not in the air",
        "ignored: temperature_celsius.room: measured indoors",
        "read: [0].outdoor_temperature_celsius: temperature 6.7 °C (°C read)",
        "read: [0].outdoor_humidity_ratio: humidity 81.0 % ((0 to 1) read)",
        "dropped: a line: not a whole record",
    ]);
    site.answers(&["Temperature: 7°C", "Humidity: 81%", "Dew Point: 4°C"]);
}

#[test]
fn the_key_in_an_upload_is_never_shown() {
    let upload = format!(
        "PASSKEY=0123SECRET&stationtype=GW1000B_V1.7.3&dateutc={}&tempinf=79.52&humidityin=31&baromrelin=29.74\
         &tempf=53.2&humidity=-9999&winddir=139&windspeedmph=10.0&rainratein=0.000&dailyrainin=0.120&uv=2",
        civil(0, 60).replace('T', "+").replace(':', "%3A")
    );
    let expected = [
        "Temperature: 12°C",
        "Wind Direction: SE",
        "Wind Speed: 16 km/h",
        "Precipitation: None",
        "Rain: 3.0 mm today",
        "Pressure: 1007 hPa",
        "UV Index: 2",
    ];
    let plain = upload.replace('+', " ").replace("%3A", ":");
    let as_json = format!("{{\"{}\"}}", plain.replace('=', "\":\"").replace('&', "\",\""));
    for text in [format!("{upload}\n"), format!("{upload}\n{upload}\n"), plain.replace('&', "\n"), as_json] {
        // The zone of the board does not matter to what is in UTC.
        let site = Site::with("file = \"upload\"", "upload", &text).zone("<+0530>-5:30").checks(&[
            "ignored: tempinf: measured indoors",
            "read: baromrelin: sea-level pressure 1007.1 hPa (inHg read), 1 min old",
            "read: windspeedmph: wind speed 4.5 m/s (mph read), 1 min old",
        ]);
        let (_, check) = site.check();
        let mut command = site.command("serve");
        command.args(["--listen", "127.0.0.1:0"]).env("RUST_LOG", "trace");
        let mut server = Server::spawn(&mut command, site.scratch);
        let answer = server.ask("London");
        let lines: Vec<_> = answer.lines().skip(1).take(expected.len()).collect();
        assert_eq!(lines, expected, "{answer}");
        // What the log says of half an upload.
        server.scratch.replace("upload", "PASSKEY=0123SECRET&PASSKEY=0123SECRET\n");
        if !text.ends_with('\n') {
            server.wait_for_log("upload: no weather in it");
        }
        let all = format!("{check:?} {:?} {answer}", server.stop().1);
        assert!(!all.contains("SECRET") && !all.to_lowercase().contains("passkey"), "{all}");
    }
}

#[test]
fn a_time_without_a_zone_is_the_boards_unless_the_source_says_otherwise() {
    let zone = "<+0530>-5:30";
    for (source, east) in [("", 19_800), ("zone = \"local\"", 19_800), ("zone = \"utc\"", 0)] {
        let source = format!("file = \"log\"\n{source}");
        let right =
            format!("{{\"time\": \"{}\", \"temp\": 5}}\n", civil(east, 300).replace('T', " ")).repeat(2);
        let site = Site::with(&source, "log", right).zone(zone);
        site.checks(&["read: temp: temperature 5.0 °C (°C assumed), 5 min old"])
            .answers(&["Temperature: 5°C"]);
        // That of the other is hours old or hours ahead, and never now.
        let wrong = civil(19_800 - east, 300).replace('T', " ");
        let wrong = format!("{{\"time\": \"{wrong}\", \"temp\": 5}}, {{\"rh\": 50, \"epoch\": {}}}", ago(60));
        let site = Site::with(&source, "log", format!("[{wrong}]")).zone(zone);
        let answer = site.serve().ask("London");
        assert!(!answer.contains("Temperature") && answer.contains("Humidity: 50%"), "{source}: {answer}");
    }
}

#[test]
fn a_source_may_vanish_or_become_a_directory() {
    let lines = line(20, HOUSE, "\"temperature_C\" : 5").repeat(2);
    for (name, text) in [("a.json", "{\"temperature\": 5}"), ("a.log", &*lines), ("a.csv", "temp,rh\n5,\n")] {
        let site = Site::with(&format!("file = \"{name}\""), name, text);
        let mut server = site.answers(&["Temperature: 5°C"]);
        let path = server.scratch.path(name);
        fs::remove_file(&path).expect("removed");
        server.wait_for_log(&format!(
            "{name}: no such file, expected the sensor file; the last good readings are kept"
        ));
        answers(&server, &["Temperature: 5°C"]);
        fs::create_dir(&path).expect("a directory");
        server.forget_log();
        fs::remove_dir(&path).expect("removed");
        // The value, and not what looks like it in a time.
        server.scratch.replace(name, text.replace(": 5", ": 6").replace("\n5,", "\n6,"));
        server.wait_for("London", "the new one", |answer| answer.contains("Temperature: 6°C"));
        // And from one to the other.
        fs::remove_file(&path).expect("removed");
        fs::create_dir(&path).expect("a directory");
        server.forget_log();
        server.wait_for_log("the last good readings are kept");
        answers(&server, &["Temperature: 6°C"]);
    }
    let site = Site::new("file = \"a\"");
    fs::create_dir(site.scratch.path("a")).expect("a directory");
    site.fails(&["error: a: a directory, expected a regular file"]);
}

#[test]
fn units_come_from_beside_the_values() {
    let warm =
        ["Temperature: 26°C", "Wind Direction: W", "Wind Speed: 5 km/h", "Humidity: 55%", "Dew Point: 16°C"];
    for (text, loss) in [
        // weewx: texts with units, a number of a system, rain in cm, and rain that is of some minutes.
        (
            r#"{"current.dateTime.raw": "NOW", "current.outTemp": "79.2°F", "current.outHumidity": "55%",
                "current.windSpeed": "3 mph", "current.windDir": "270°", "current.rain": "0.01 in",
                "day.outTemp.max": "85.1°F"}"#,
            "ignored: current.rain: rain of some time here, not a counter",
        ),
        (
            r#"{"dateTime": NOW, "usUnits": 16, "outTemp": 26.2, "outHumidity": 55, "windSpeed": 4.8, "windDir": 270,
                "rain": 0.02, "inTemp": 21}"#,
            "ignored: rain: rain of some time here, not a counter",
        ),
        (
            r#"{"observations": [{"epoch": NOW, "humidity": 55, "winddir": 270,
                "imperial": {"temp": 79.2, "windSpeed": 3, "heatIndex": 79}}]}"#,
            "ignored: observations[0].imperial.heatIndex: not a known key",
        ),
        // Tasmota, with the unit of the temperature beside.
        (
            r#"{"Time": NOW, "WIND": {"WindSpeed": "3 mph", "WindDir": 270}, "ESP32": {"Temperature": 120},
                "SHT3X": {"Temperature": 79.2, "Humidity": 55}, "TempUnit": "F"}"#,
            "ignored: ESP32: measured in a machine, not in the air",
        ),
        // Pimoroni Enviro.
        (
            r#"{"nickname": "shed", "model": "weather", "timestamp": NOW, "readings": {"temperature": 26.2,
                "humidity": 55, "wind_speed": 1.34, "wind_direction": 270, "rain": 0.28, "voltage": 4.9}}"#,
            "ignored: readings.rain: rain of some time here, not a counter",
        ),
    ] {
        let site = Site::with("file = \"a\"", "a", text.replace("NOW", &ago(60).to_string())).checks(&[loss]);
        let answer = site.serve().ask("London");
        let lines: Vec<_> = answer.lines().filter(|line| warm.contains(line)).collect();
        assert_eq!(lines, warm, "{text}: {answer}");
        assert!(!answer.contains("Rain"), "{answer}");
    }
}

/// A line feed in the name of a file would begin a line of the log, and escapes act on a terminal.
#[test]
fn names_of_files_and_sensors_are_printed_harmlessly() {
    let scratch = Scratch::new();
    let reading = "{\"temperature_C\": 10.2, \"city\": \"Lon\u{202e}d\u{200b}on\u{e0041}\"}";
    scratch.write("a\nok: forged\u{1b}[2J\u{202e}.json", reading);
    scratch.write("b\nok: forged\u{1b}[2J\u{202e}.json", "nothing");
    let checked = run(["check", "--sensor", text(&scratch.path(""))]);
    let printed = String::from_utf8_lossy(&checked.stdout) + String::from_utf8_lossy(&checked.stderr);
    let absent = run(["check", "--config", "c\nok: forged\u{1b}[2J\u{202e}"]);
    let printed = printed + String::from_utf8_lossy(&absent.stderr) + String::from_utf8_lossy(&absent.stdout);

    let mut command = weatherhook(["serve", "--listen", "127.0.0.1:0", "--sensor"]);
    command.arg(scratch.path("")).env("WEATHERHOOK_KEY", KEY);
    let mut server = Server::spawn(&mut command, scratch);
    server.wait_for_log("forged");
    let answer = server.ask("London");
    assert!(answer.starts_with("City: London\nTemperature: 10°C\n"), "{answer:?}");
    let (_, log) = server.stop();
    let printed = printed.into_owned() + &log.join("\n");
    assert!(printed.matches("ok: forged").count() >= 4, "{printed:?}");
    assert!(!printed.contains(['\u{1b}', '\u{202e}', '\u{200b}', '\u{e0041}']), "{printed:?}");
    assert!(!printed.lines().any(|line| line.starts_with("ok: forged")), "{printed:?}");
}

/// Each of the texts would take 80 MB and more as a tree, and the service of the package may have 256 MB.
#[test]
fn the_memory_for_large_texts_is_bounded_over_all_sources() {
    let scratch = Scratch::new();
    let mut toml = String::new();
    for (name, element) in [("a", "[0],"), ("b", "[0],"), ("c", "10,"), ("d", "10,")] {
        let elements = element.repeat((4 << 20) / element.len() - 2);
        let path = scratch.write(&format!("{name}.json"), format!("[{elements}0]"));
        toml += &format!("[[station]]\ncity = \"{name}\"\n[[station.source]]\nfile = {:?}\n", text(&path));
    }
    let config = scratch.write("weatherhook.toml", toml);
    let mut command = weatherhook(["serve", "--listen", "127.0.0.1:0", "--config", text(&config)]);
    let mut server = Server::spawn(command.env("WEATHERHOOK_KEY", KEY), scratch);
    for name in ["a", "b"] {
        server.wait_for_log(&format!(
            "{name}.json: too many lists, objects and values for the memory of a board"
        ));
    }
    for name in ["c", "d"] {
        server.wait_for_log(&format!("{name}.json: no weather in it"));
    }
    let most = server.status("VmHWM");
    assert!(most.is_none_or(|most| most < 160 * 1024), "{most:?} KiB");
}
