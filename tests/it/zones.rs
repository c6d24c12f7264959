//! Times that name no zone, in the nights when the clocks change.

use crate::fixture::*;

/// Central European rules, written out so that no zone database is needed.
const BERLIN: &str = "CET-1CEST,M3.5.0,M10.5.0/3";

#[track_caller]
fn check(time: &str, local: &str) {
    let scratch = Scratch::new();
    let sensor =
        scratch.write("sensor.json", format!(r#"{{"city": "Berlin", "temp": 5, "time": "{time}"}}"#));
    let output = output(weatherhook(["query", "--sensor", text(&sensor)]).env("TZ", BERLIN));
    let answer = String::from_utf8(output.stdout).expect("text");
    let expected = format!("City: Berlin\nNo current readings: the station last reported at {local}, ");
    assert!(answer.starts_with(&expected), "{time}: {answer}");
}

#[test]
fn a_time_that_exists_twice_is_the_earlier_one() {
    check("2025-10-26 01:59:59", "2025-10-26 01:59 +02:00");
    check("2025-10-26 02:30:00", "2025-10-26 02:30 +02:00");
    check("2025-10-26 03:00:01", "2025-10-26 03:00 +01:00");
}

#[test]
fn a_time_that_was_skipped_goes_on_from_before() {
    check("2025-03-30 01:59:00", "2025-03-30 01:59 +01:00");
    check("2025-03-30 02:30:00", "2025-03-30 03:30 +02:00");
    check("2025-03-30 03:00:00", "2025-03-30 03:00 +02:00");
}

#[test]
fn a_zone_that_is_named_counts() {
    check("2025-07-01T12:00Z", "2025-07-01 14:00 +02:00");
    check("2025-07-01 12:00:00-05:00", "2025-07-01 19:00 +02:00");
    check("01.07.2025 12:00", "2025-07-01 12:00 +02:00");
}
