//! The rows of days: made of older logs, kept over restarts, read beside whatever lies there.

use std::fmt::Write as _;
use std::fs;

use crate::fixture::*;

/// Central European rules, written out so that no zone database is needed.
const BERLIN: &str = "CET-1CEST,M3.5.0,M10.5.0/3";

/// A row every ten minutes from 2024-03-29 on, in UTC: what each says after its time.
fn log(days: u32, header: &str, row: impl Fn(u32) -> String) -> String {
    let mut text = format!("time,{header}\n");
    for slot in 0..days * 144 {
        let (day, minute) = (slot / 144, slot % 144 * 10);
        // The month ends on the third day.
        let date = if day < 3 { format!("2024-03-{}", 29 + day) } else { format!("2024-04-{:02}", day - 2) };
        let _ = writeln!(text, "{date}T{:02}:{:02}:00Z,{}", minute / 60, minute % 60, row(slot));
    }
    text
}

/// 0 at midnight UTC and 7.2 at noon.
fn wave(slot: u32) -> f64 {
    f64::from((slot % 144).min(144 - slot % 144)) / 10.0
}

fn import(state: &Scratch, arguments: &[&str]) -> (String, String, bool) {
    let mut command = weatherhook(["import"].iter().chain(arguments));
    let output = output(command.env("TZ", BERLIN).env("STATE_DIRECTORY", state.path("")));
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (text(output.stdout), text(output.stderr), output.status.success())
}

fn rows(state: &Scratch) -> Vec<String> {
    let table = fs::read_to_string(state.path("days/home.csv")).expect("a table");
    table.lines().skip(1).map(str::to_owned).collect()
}

#[test]
fn older_logs_become_days_of_the_local_calendar() {
    let (logs, state) = (Scratch::new(), Scratch::new());
    // The clock goes forward on the third day.
    let temperature = |slot| format!("{:.1}", wave(slot));
    let first = logs.write("a.csv", log(4, "temperature_C", temperature));
    let (shown, _, is_good) = import(&state, &["Home", text(&first), "--dry-run"]);
    assert!(is_good && shown.ends_with("\n5 days to add, 0 known before\n"), "{shown}");
    let days: Vec<&str> = shown.lines().skip(1).filter(|line| line.starts_with("20")).collect();
    assert_eq!(
        days,
        [
            // An hour is missing.
            "2024-03-29,95,0.00,01:00,7.20,13:00,3.74,,,,,,,,",
            "2024-03-30,100,0.00,01:00,7.20,13:00,3.60,,,,,,,,",
            // This day has 23 hours.
            "2024-03-31,100,0.00,01:00,7.20,14:00,3.72,,,,,,,,",
            "2024-04-01,100,0.00,02:00,7.20,14:00,3.60,,,,,,,,",
            "2024-04-02,8,0.10,01:50,1.20,00:00,0.65,,,,,,,,",
        ]
    );
    assert!(!state.path("days").exists());
    assert_eq!(import(&state, &["Home", text(&first)]).0, "5 days added, 0 known before\n");
    assert_eq!(rows(&state), days);
    // Again: nothing changes.
    assert_eq!(import(&state, &["Home", text(&first)]).0, "0 days added, 5 known before\n");
    assert_eq!(rows(&state), days);
}

#[test]
fn files_of_one_sensor_each_and_in_any_order_make_the_same_days() {
    let logs = Scratch::new();
    let row = |slot: u32| format!("{:.1},{:.1}", wave(slot), 0.2 * f64::from(slot / 7));
    let whole = log(9, "temperature_C,rain_total_mm", row);
    let rows_of = |text: &str, keep: &dyn Fn(usize) -> bool| -> String {
        let lines = text.lines().enumerate();
        lines.filter(|(at, _)| *at == 0 || keep(*at)).map(|(_, line)| line.to_owned() + "\n").collect()
    };
    let column = |text: &str, at: usize| -> String {
        let cells = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
        text.lines().map(cells).map(|cells| format!("{},{}\n", cells[0], cells[at])).collect()
    };
    let expected = Scratch::new();
    import(&expected, &["Home", text(&logs.write("whole.csv", &whole))]);
    let expected = rows(&expected);
    assert!(expected.len() == 10 && expected[4].contains(",4.2,"), "{expected:?}");
    let parts = [
        logs.write("late.csv", rows_of(&whole, &|at| at > 600)),
        logs.write("early.csv", rows_of(&whole, &|at| at <= 800)),
    ];
    let columns = [logs.write("t.csv", column(&whole, 1)), logs.write("r.csv", column(&whole, 2))];
    for files in [parts, columns] {
        let state = Scratch::new();
        let (said, _, is_good) = import(&state, &["Home", text(&files[0]), text(&files[1])]);
        assert!(is_good && said.starts_with("10 days added"), "{said}");
        assert_eq!(rows(&state), expected);
    }
}

#[test]
fn what_cannot_be_imported_is_named() {
    let (logs, state) = (Scratch::new(), Scratch::new());
    let good = logs.write("good.csv", log(2, "temperature_C", |_| "5".to_owned()));
    let undated = logs.write("undated.json", r#"{"temperature_C": 5}"#);
    let (said, error, is_good) =
        import(&state, &["Home", text(&undated), text(&logs.path("none.csv")), text(&good)]);
    assert!(!is_good && said.starts_with("3 days added"), "{said}");
    assert!(error.contains("undated.json: ") && error.contains("none.csv: no such file"), "{error}");
    // A row a day says nothing of the day.
    let daily = logs.write("daily.csv", "time,temperature_C\n2024-05-01T12:00Z,5\n2024-05-02T12:00Z,6\n");
    assert_eq!(import(&state, &["Home", text(&daily)]).0, "0 days added, 0 known before\n");
    // A table of somebody else.
    fs::write(state.path("days/home.csv"), "my own\n").expect("written");
    let (_, error, is_good) = import(&state, &["Home", text(&good)]);
    assert!(!is_good && error.contains("days/home.csv: it begins with \"my own\""), "{error}");
    assert_eq!(fs::read_to_string(state.path("days/home.csv")).expect("text"), "my own\n");
    let none = output(&mut weatherhook(["import", "Home", text(&good)]));
    assert!(!none.status.success() && String::from_utf8_lossy(&none.stderr).contains("STATE_DIRECTORY"));
}

/// The service starts and answers, whatever lies in its directory, and leaves what is not its own.
#[test]
fn the_service_lives_with_any_state() {
    let (board, state) = (Scratch::new(), Scratch::new());
    let sensor = board.write("sensor.json", r#"{"city": "Home", "temperature_C": 5, "rain_mm": 1}"#);
    fs::create_dir(state.path("days")).expect("a directory");
    for garbage in
        ["", "weatherhook slots 1\n=home;.\n2984017;5,6;;;;;;;;;.\n298", "\0\u{ff}", "date,covered_%\n"]
    {
        for name in ["slots", "slots.old", "days/home.csv"] {
            state.write(name, garbage);
        }
        let mut command = weatherhook(["serve", "--listen", "127.0.0.1:0", "--sensor", text(&sensor)]);
        command.env("WEATHERHOOK_KEY", KEY).env("STATE_DIRECTORY", state.path(""));
        let server = Server::spawn(&mut command, Scratch::new());
        assert!(server.ask("Home").contains("Temperature: 5°C"));
        assert!(server.stop().0.success());
        let journal = fs::read_to_string(state.path("slots"));
        assert!(journal.is_ok_and(|journal| journal.contains("\n=home;.\n")), "{garbage:?}");
        assert_eq!(fs::read_to_string(state.path("days/home.csv")).expect("as it was"), garbage);
    }
}

#[test]
fn the_order_of_rows_makes_no_difference() {
    let logs = Scratch::new();
    let whole = log(30, "temperature_C,rain_total_mm", |slot| {
        format!("{:.1},{:.1}", wave(slot), 0.1 * f64::from(slot))
    });
    let (header, rows_of) = whole.split_once('\n').expect("a header");
    let lines: Vec<&str> = rows_of.lines().collect();
    let file = |name: &str, lines: &[&str]| logs.write(name, format!("{header}\n{}\n", lines.join("\n")));
    let days = |file: &std::path::Path| {
        let state = Scratch::new();
        let (said, _, is_good) = import(&state, &["Home", text(file)]);
        assert!(is_good && said.starts_with("31 days added"), "{said}");
        let mut rows = rows(&state);
        rows.sort();
        rows
    };
    let expected = days(&file("plain.csv", &lines));
    let reversed: Vec<&str> = lines.iter().rev().copied().collect();
    let swapped = [&lines[2000..], &lines[..2000]].concat();
    assert_eq!(days(&file("reversed.csv", &reversed)), expected);
    // Of the day at which this file begins the other half comes too late, and of another one the rain before it.
    let others = |rows: Vec<String>| -> Vec<String> {
        let rows = rows.into_iter().filter(|row| !row.starts_with("2024-04-11"));
        rows.map(|row| row.split(',').take(7).collect::<Vec<_>>().join(",")).collect()
    };
    assert_eq!(others(days(&file("swapped.csv", &swapped))), others(expected));
}

#[test]
fn readings_of_another_place_are_left_out() {
    let (logs, state) = (Scratch::new(), Scratch::new());
    let alone = logs.write("alone.csv", log(3, "temperature_C", |slot| format!("{:.1}", wave(slot))));
    let rows_of_two = |slot| format!("home,{:.1}\nPARIS", wave(slot));
    let two = log(3, "city,temperature_C", rows_of_two);
    // The second row of each pair has the time of the first.
    let mut both = String::new();
    let mut time = "";
    for line in two.lines() {
        time = if line.starts_with("2024") { &line[..20] } else { time };
        both += &if line == "PARIS" { format!("{time},Paris,3.3\n") } else { format!("{line}\n") };
    }
    let both = logs.write("both.csv", both);
    assert_eq!(import(&state, &["Home", text(&both)]).0, "4 days added, 0 known before\n");
    let expected = Scratch::new();
    import(&expected, &["Home", text(&alone)]);
    assert_eq!(rows(&state), rows(&expected));
    let (said, error, is_good) = import(&state, &["Rome", text(&both)]);
    assert!(!is_good && said == "0 days added, 0 known before\n", "{said}");
    assert!(error.contains("both.csv: readings of \"home\"; import that station"), "{error}");
}
