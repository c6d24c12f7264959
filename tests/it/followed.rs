//! Files that grow: a record a line, followed from where they ended.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::fixture::*;

/// Seconds since the epoch, so many seconds ago.
fn ago(seconds: u64) -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970");
    now.as_secs() - seconds
}

/// A line as rtl_433 writes it.
fn line(seconds_ago: u64, readings: &str) -> String {
    format!("{{\"time\" : {}, \"model\" : \"Bresser-5in1\", \"id\" : 206, {readings}}}\n", ago(seconds_ago))
}

fn append(server: &Server, text: &str) {
    let path = server.scratch.path("sensor.json");
    let mut file = OpenOptions::new().append(true).open(path).expect("a file");
    file.write_all(text.as_bytes()).expect("written");
}

fn serve(text: &str) -> Server {
    Setup::new("event").sensor(text).arg("--city").arg("London").start()
}

#[track_caller]
fn wait_for(server: &Server, line: &str) -> String {
    server.wait_for("London", line, |answer| answer.lines().any(|found| found == line))
}

#[test]
fn appended_lines_are_reported() {
    let first = line(70, "\"temperature_C\" : 5.0, \"humidity\" : 50") + &line(60, "\"temperature_C\" : 6.4");
    let server = serve(&first);
    let answer = server.ask("London");
    assert!(answer.starts_with("City: London\nTemperature: 6°C\n"), "{answer}");
    assert!(answer.contains("\nHumidity: 50%\n"), "of the line before: {answer}");
    append(&server, &line(50, "\"temperature_C\" : 7.0"));
    let answer = wait_for(&server, "Temperature: 7°C");
    assert!(answer.contains("\nHumidity: 50%\n"), "{answer}");
}

#[test]
fn a_line_counts_when_its_end_is_there() {
    let server = serve(&(line(70, "\"temperature_C\" : 5") + &line(60, "\"temperature_C\" : 6")));
    let new = line(50, "\"temperature_C\" : 71");
    // What is there so far would be a record, too, but of 7 °C.
    let (begun, rest) = new.split_at(new.find("1}").expect("the end"));
    append(&server, begun);
    append(&server, "");
    assert!(server.ask("London").contains("\nTemperature: 6°C\n"));
    append(&server, &rest.replace('1', ".5"));
    wait_for(&server, "Temperature: 8°C");
}

#[test]
fn broken_lines_spoil_nothing_else() {
    let server = serve(
        &(line(70, "\"temperature_C\" : 5") + "{badjson}\n\n\0\0\0\n" + &line(60, "\"humidity\" : 60")),
    );
    let answer = server.ask("London");
    assert!(answer.contains("\nTemperature: 5°C\n") && answer.contains("\nHumidity: 60%\n"), "{answer}");
    append(&server, "@@@@\n[1]\n12\n");
    append(&server, &line(50, "\"temperature_C\" : 8"));
    wait_for(&server, "Temperature: 8°C");
    // Longer than any line is held.
    append(&server, &format!("{{\"x\": \"{}\"}}\n", "x".repeat(3 << 20)));
    append(&server, &line(40, "\"temperature_C\" : 9"));
    wait_for(&server, "Temperature: 9°C");
}

#[test]
fn a_log_may_be_rotated_and_truncated() {
    let server = serve(&(line(90, "\"temperature_C\" : 5") + &line(80, "\"temperature_C\" : 6")));
    let path = server.scratch.path("sensor.json");
    // By renaming. The last line before is read too, though nobody looked in between.
    append(&server, &line(70, "\"humidity\" : 44"));
    fs::rename(&path, server.scratch.path("sensor.json.1")).expect("renamed");
    fs::write(&path, line(60, "\"temperature_C\" : 7")).expect("written");
    let answer = wait_for(&server, "Temperature: 7°C");
    assert!(answer.contains("\nHumidity: 44%\n"), "{answer}");
    // By truncating (logrotate's copytruncate).
    File::create(&path).expect("truncated");
    append(&server, &line(50, "\"temperature_C\" : 8"));
    wait_for(&server, "Temperature: 8°C");
    // Without a file for a while.
    fs::remove_file(&path).expect("removed");
    assert!(server.ask("London").contains("\nTemperature: 8°C\n"));
    fs::write(&path, line(40, "\"temperature_C\" : 9")).expect("written");
    wait_for(&server, "Temperature: 9°C");
}

#[test]
fn an_old_line_is_not_the_weather() {
    let server = serve(&(line(7000, "\"temperature_C\" : 5") + &line(60, "\"humidity\" : 60")));
    let answer = server.ask("London");
    assert!(!answer.contains("Temperature") && answer.contains("\nHumidity: 60%\n"), "{answer}");
    // The clock of its device is wrong: it was written when it came.
    append(&server, &format!("{{\"time\": {}, \"temperature_C\": 30}}\n", ago(0) + 86_400));
    let answer = wait_for(&server, "Temperature: 30°C");
    assert!(answer.ends_with(" s ago)"), "{answer}");
}

#[test]
fn one_device_of_many_is_chosen() {
    let record = |readings: &str, id| {
        format!("{{\"time\": {}, \"model\": \"N\", \"id\": {id}, {readings}}}\n", ago(60))
    };
    let lines = record("\"temperature_C\": 5", 1) + &record("\"temperature_C\": 15", 2);
    let config = |select: &str| {
        format!("[[station]]\ncity = \"London\"\n[[station.source]]\nfile = \"log.json\"\n{select}\n")
    };
    let scratch = Scratch::new();
    scratch.write("log.json", &lines);
    let file = scratch.write("weatherhook.toml", config("match = { model = \"N\", id = 1 }"));
    let start = |scratch| {
        let mut command = weatherhook(["serve", "--listen", "127.0.0.1:0", "--config", text(&file)]);
        Server::spawn(command.env("WEATHERHOOK_KEY", KEY).env("WEATHERHOOK_EVERY", "100ms"), scratch)
    };
    let mut server = start(scratch);
    assert!(server.ask("London").starts_with("City: London\nTemperature: 5°C\n"));
    server.scratch.write("weatherhook.toml", config(""));
    signal(server.id(), "HUP");
    let log = server.wait_for_log("comes from several sensors");
    assert!(log.contains("N 1, N 2; match selects one"), "{log}");
    wait_for(&server, "Temperature: 15°C");
}

#[test]
fn old_lines_without_a_time_are_no_wind_of_now() {
    let undated = |wind: u8| {
        format!("{{\"temperature_C\": 5, \"wind_avg_km_h\": {wind}, \"wind_max_km_h\": {wind}}}\n")
    };
    let server = serve(&(undated(90) + &undated(14)));
    let answer = server.ask("London");
    assert!(answer.contains("\nWind Speed: 14 km/h\nWind Gusts: 14 km/h\n"), "{answer}");
    // The file is rewritten, as by a program that keeps only the last lines.
    server.scratch.replace("sensor.json", undated(80) + &undated(12));
    let answer = wait_for(&server, "Wind Speed: 13 km/h");
    assert!(answer.contains("\nWind Gusts: 14 km/h\n"), "{answer}");
}

#[test]
fn a_log_in_the_place_of_another_has_old_lines() {
    let device = |id: u8, readings: &str| format!("{{\"id\": {id}, {readings}}}\n");
    let old = device(1, "\"humidity\": 44");
    let server = serve(&(old.clone() + &device(2, "\"temperature_C\": 5")));
    assert!(!server.ask("London").contains("Humidity"));
    // As `tail log >new && mv new log` leaves it.
    server.scratch.replace("sensor.json", old + &device(2, "\"temperature_C\": 6"));
    let answer = wait_for(&server, "Temperature: 6°C");
    assert!(!answer.contains("Humidity"), "{answer}");
}

#[test]
fn a_table_without_its_names_is_read_by_those_before() {
    let row = |seconds, temperature: u8| format!("{},{temperature}\n", ago(seconds));
    let server = serve(&format!("time,temperature_C\n{}{}", row(90, 5), row(80, 6)));
    let path = server.scratch.path("sensor.json");
    // By truncating: the program has written the names only once.
    File::create(&path).expect("truncated");
    append(&server, &row(70, 7));
    wait_for(&server, "Temperature: 7°C");
    // By renaming.
    fs::rename(&path, server.scratch.path("sensor.json.1")).expect("renamed");
    fs::write(&path, row(60, 8)).expect("written");
    wait_for(&server, "Temperature: 8°C");
    // Other names hold, too.
    fs::write(&path, format!("humidity,time,temperature_C\n50,{},9\n", ago(50))).expect("written");
    let answer = wait_for(&server, "Temperature: 9°C");
    assert!(answer.contains("\nHumidity: 50%\n"), "{answer}");
}

#[test]
fn a_long_line_at_the_end_hides_nothing() {
    // As a board that loses its power leaves it.
    let zeros = "\0".repeat(100_000) + "\n";
    let server = serve(&(line(70, "\"temperature_C\" : 5") + &line(60, "\"temperature_C\" : 6") + &zeros));
    let answer = server.ask("London");
    assert!(answer.contains("\nTemperature: 6°C\n"), "{answer}");
}

#[test]
fn the_columns_are_those_of_the_last_names_before() {
    // A day and more after other columns came, of which each row is as long as those before.
    let rows = |first: u64, last: u64, row: &str| -> String {
        (last..first).rev().map(|minutes| format!("{},{row}\n", ago(60 * minutes))).collect()
    };
    let server = serve(&format!(
        "time,temperature_C,humidity\n{}time,humidity,temperature_C\n{}",
        rows(12_000, 8000, "11,44"),
        rows(8000, 1, "44,12")
    ));
    // A busy machine answers before it has read all of it.
    server.wait_for("London", "the last columns", |answer| {
        answer.contains("\nTemperature: 12°C\n") && answer.contains("\nHumidity: 44%\n")
    });
}

/// It is written for every sensor that a board may have.
#[test]
fn a_pattern_without_a_file_is_no_warning() {
    let station = "[[station]]\ncity = \"Paris\"\n[[station.source]]\nfile = \"device*\"\n";
    let mut server = Setup::new("event").sensor(LONDON).config(station).start();
    let pattern = server.scratch.path("device*");
    server.wait_for_log(&format!("INFO  {}: no such file", text(&pattern)));
    server.scratch.write("device0", r#"{"temp": 7}"#);
    server.wait_for("Paris", "a file that came later", |result| result.contains("Temperature: 7°C"));
    let (status, log) = server.stop();
    assert!(status.success());
    assert!(!log.iter().any(|line| line.contains("WARN")), "{log:?}");
}

#[test]
fn a_log_that_is_written_again_with_the_newest_line_first() {
    let said = |seconds, degrees| line(seconds, &format!("\"temperature_C\" : 1{degrees}.0"));
    let mut text = said(70, 3) + &said(75, 3);
    let server = serve(&text);
    wait_for(&server, "Temperature: 13°C");
    for degrees in 4..7 {
        text.insert_str(0, &said(70 - 10 * (degrees - 3), degrees));
        // In one write, and without another inode.
        let file = OpenOptions::new().write(true).open(server.scratch.path("sensor.json"));
        file.expect("a file").write_all(text.as_bytes()).expect("written");
        wait_for(&server, &format!("Temperature: 1{degrees}°C"));
    }
}
