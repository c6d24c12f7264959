//! The labels and units of an answer, as the configuration sets them.

use std::time::SystemTime;

use crate::fixture::*;

/// Every line there is, from readings whose derived quantities are published: the apparent
/// temperature of 10 °C, 80 % and 2.222 m/s is 7.68 °C, the dew point of 10 °C and 80 % is 6.71 °C.
const EVERYTHING: &str = r#"{"city": "London", "time": "2025-03-02T22:26:03Z", "temperature_C": 10, "humidity": 80,
    "wind_avg_km_h": 8, "wind_max_km_h": 14, "wind_dir_deg": 70, "pm2_5_ug_m3": 62, "rain_rate_mm_h": 0.8,
    "pressure": 1009.2, "barometer": 1013.25, "uvi": 2.5}"#;

/// Readings never expire here, so that they need not be of today.
const LONG: &str = "stale_after = \"36500days\"\n";

/// The labels by their keys in the configuration, and what stands behind them.
const LINES: [(&str, &str, &str); 13] = [
    ("city", "City", "London"),
    ("temperature", "Temperature", "10°C"),
    ("feels_like", "Feels Like", "8°C"),
    ("air_quality", "Air Quality", "Poor"),
    ("wind_direction", "Wind Direction", "ENE"),
    ("wind_speed", "Wind Speed", "8 km/h"),
    ("wind_gusts", "Wind Gusts", "14 km/h"),
    ("precipitation", "Precipitation", "Light rain"),
    ("humidity", "Humidity", "80%"),
    ("dew_point", "Dew Point", "7°C"),
    ("pressure", "Pressure", "1013 hPa"),
    ("uv", "UV Index", "3"),
    ("observed", "Observed", "2025-03-02 22:26 UTC (N days ago)"),
];

fn lines<'a>(label: impl Fn(&'a str, &'a str) -> &'a str) -> String {
    let lines = LINES.iter().map(|(key, default, value)| (label(key, default), value));
    lines.filter(|(label, _)| !label.is_empty()).map(|(label, value)| format!("{label}: {value}\n")).collect()
}

/// The answer of a server with this configuration, its age as `N` days and a newline at its end.
#[track_caller]
fn answer(engine: &str, sensor: &str, toml: &str) -> String {
    let server = Setup::new(engine).sensor(sensor).config(&format!("{LONG}{toml}")).start();
    let answer = server.ask("London");
    let written = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_740_954_363);
    let age = SystemTime::now().duration_since(written).expect("a time after 2025").as_secs();
    // A day may have ended since the answer.
    let days = [age / 86_400, (age - 600) / 86_400];
    let age = days.iter().map(|days| format!("({days} days ago)"));
    age.fold(answer, |answer, age| answer.replace(&age, "(N days ago)")) + "\n"
}

#[test]
fn the_default_labels_in_their_order() {
    for engine in ENGINES {
        assert_eq!(answer(engine, EVERYTHING, ""), lines(|_, default| default), "{engine}");
    }
}

#[test]
fn each_label_can_be_set() {
    let labels: String = LINES.iter().map(|(key, ..)| format!("{key} = \"größe {key}\"\n")).collect();
    let expected: String = LINES.iter().map(|(key, _, value)| format!("größe {key}: {value}\n")).collect();
    for engine in ENGINES {
        assert_eq!(answer(engine, EVERYTHING, &format!("[labels]\n{labels}")), expected, "{engine}");
    }
}

#[test]
fn an_empty_label_leaves_its_line_out() {
    for (left_out, ..) in LINES {
        let expected = lines(|key, default| if key == left_out { "" } else { default });
        assert_eq!(answer("event", EVERYTHING, &format!("[labels]\n{left_out} = \"\"\n")), expected);
    }
}

#[test]
fn a_missing_value_leaves_its_line_out() {
    let labels = "[labels]\nobserved = \"\"\n";
    for (sensor, expected) in [
        (r#"{"temperature_C": 10}"#, "Temperature: 10°C\n"),
        (r#"{"temperature_C": 10, "humidity": 80}"#, "Temperature: 10°C\nHumidity: 80%\nDew Point: 7°C\n"),
        (r#"{"wind_dir_deg": 348.75}"#, "Wind Direction: N\n"),
        (r#"{"wind_dir_deg": 90, "wind_avg_km_h": 0}"#, "Wind Speed: 0 km/h\n"),
        (r#"{"air_quality": "Haze", "precipitation": "Snow"}"#, "Air Quality: Haze\nPrecipitation: Snow\n"),
    ] {
        let sensor = sensor.replacen('{', "{\"city\": \"London\", ", 1);
        assert_eq!(answer("event", &sensor, labels), format!("City: London\n{expected}"));
    }
}

#[test]
fn imperial_units() {
    // The NWS's own tables: 30 °F and 15 mph feel like 19 °F, 90 °F and 70 % like 106 °F. 35.9 µg/m³
    // has the index 102 (EPA, 2024), and 1013.25 hPa are 29.92 inHg.
    let cold = r#"{"city": "London", "temp_f": 30, "wind_avg_mi_h": 15, "wind_max_mi_h": 22.4,
        "pm2_5_ug_m3": 35.9, "pressure_hPa": 1013.25}"#;
    let hot = r#"{"city": "London", "temp_f": 90, "humidity": 70}"#;
    let toml = "units = \"imperial\"\n[labels]\nobserved = \"\"\ndew_point = \"\"\n";
    for engine in ENGINES {
        assert_eq!(
            answer(engine, cold, toml),
            "City: London\nTemperature: 30°F\nFeels Like: 19°F\nAir Quality: Unhealthy for Sensitive Groups\n\
             Wind Speed: 15 mph\nWind Gusts: 22 mph\nPressure: 29.92 inHg\n",
            "{engine}"
        );
        assert_eq!(
            answer(engine, hot, toml),
            "City: London\nTemperature: 90°F\nFeels Like: 106°F\nHumidity: 70%\n",
            "{engine}"
        );
    }
}

#[test]
fn numbers_are_whole_and_zero_has_no_sign() {
    for (celsius, expected) in [
        ("-0.4", "0"),
        ("-0.0", "0"),
        ("0.4", "0"),
        ("-0.6", "-1"),
        ("0.5", "1"),
        ("-12.5", "-13"),
        ("9.49", "9"),
    ] {
        let sensor = format!(r#"{{"city": "London", "temperature_C": {celsius}}}"#);
        let found = answer("event", &sensor, "[labels]\nobserved = \"\"\n");
        assert_eq!(found, format!("City: London\nTemperature: {expected}°C\n"), "{celsius}");
    }
}

#[test]
fn stale_after_comes_from_the_configuration() {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a time after 1970").as_secs();
    let sensor = format!(r#"{{"city": "London", "temperature_C": 10, "time": {}}}"#, now - 20 * 60);
    for engine in ENGINES {
        for (stale_after, expected) in
            [("10m", "No current readings: "), ("1h", "Temperature: 10°C"), ("1200days", "Temperature: 10°C")]
        {
            let toml = format!("stale_after = \"{stale_after}\"\n");
            let server = Setup::new(engine).sensor(&sensor).config(&toml).start();
            let answer = server.ask("London");
            let expected = format!("City: London\n{expected}");
            assert!(answer.starts_with(&expected), "{engine} {stale_after}: {answer}");
        }
    }
}
