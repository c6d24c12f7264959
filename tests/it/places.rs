//! The station of a call: by its inputs, by the user's question, or by default.

use serde_json::{Value, json};

use crate::fixture::*;

/// Stations with different temperatures, in the order of this list from 1 °C up.
fn stations(names: &[&str]) -> String {
    let stations = names.iter().zip(1..).map(|(name, celsius)| json!({"city": name, "temperature": celsius}));
    Value::from_iter(stations).to_string()
}

/// The first line of the answer to these parameters.
#[track_caller]
fn check(server: &Server, params: &Value, expected: &str) {
    let answer = server.query(params);
    assert_eq!(answer.lines().next(), Some(expected), "{params}: {answer}");
}

/// The city of the answer for this `inputs.location`.
#[track_caller]
fn check_place(server: &Server, place: &str, expected: &str) {
    check(server, &json!({"inputs": {"location": place}}), &format!("City: {expected}"));
}

/// The city of the answer for this question of a user.
#[track_caller]
fn check_query(server: &Server, query: &str, expected: &str) {
    check(server, &json!({"inputs": {}, "query": query}), &format!("City: {expected}"));
}

const NAMES: &[&str] = &[
    "London",
    "London, Ontario",
    "York",
    "New York",
    "New York City",
    "Zürich",
    "Großenhain",
    "Αθήνας",
    "Київ",
    "İzmir",
    "東京",
    "東京タワー",
    "서울",
    "กรุงเทพ",
];

#[test]
fn each_station_is_found_by_its_name() {
    for engine in ENGINES {
        let server = Setup::new(engine).sensor(stations(NAMES)).start();
        for (name, celsius) in NAMES.iter().zip(1..) {
            let answer = server.ask(name);
            let expected = format!("City: {name}\nTemperature: {celsius}°C\n");
            assert!(answer.starts_with(&expected), "{engine}: {answer}");
        }
    }
}

#[test]
fn case_and_blanks_make_no_difference() {
    let server = Setup::new("event").sensor(stations(NAMES)).start();
    for (place, name) in [
        ("lOnDoN", "London"),
        (" \t London \r\n", "London"),
        ("\u{3000}東京\u{a0}", "東京"),
        ("ZÜRICH", "Zürich"),
        ("zürich", "Zürich"),
        ("GROSSENHAIN", "Großenhain"),
        ("großenhain", "Großenhain"),
        ("ΑΘΉΝΑΣ", "Αθήνας"),
        ("київ", "Київ"),
        ("new york CITY", "New York City"),
    ] {
        check_place(&server, place, name);
    }
}

#[test]
fn what_follows_the_comma_is_dropped_where_no_station_has_the_whole_name() {
    let server = Setup::new("event").sensor(stations(NAMES)).start();
    for (place, name) in [
        ("London, UK", "London"),
        ("london , England, UK", "London"),
        ("London, Ontario", "London, Ontario"),
        ("LONDON, ONTARIO, Canada", "London, Ontario"),
        ("東京、日本", "東京"),
    ] {
        check_place(&server, place, name);
    }
    for place in ["Londonderry", "Greater London", "UK, London", "Paris, London"] {
        assert_eq!(server.ask(place), "Unknown city", "{place}");
    }
}

#[test]
fn the_longest_name_in_a_sentence_wins() {
    let server = Setup::new("event").sensor(stations(NAMES)).start();
    for (query, name) in [
        ("How's the weather in London?", "London"),
        ("London’s weather, please", "London"),
        ("is it raining in YORK", "York"),
        ("I was in York. And now in New York?", "New York"),
        ("weather: new york city!", "New York City"),
        ("London or London, Ontario", "London, Ontario"),
        ("Wie ist das Wetter in grossenhain?", "Großenhain"),
    ] {
        check_query(&server, query, name);
    }
    let asked_back = "No place with a station was named; there are 14 stations: ";
    for query in ["Yorkshire pudding", "a Londoner", "What is the weather like?", ""] {
        let answer = server.query(&json!({"query": query}));
        assert!(answer.starts_with(asked_back), "{query}: {answer}");
    }
}

#[test]
fn names_are_found_in_scripts_without_blanks() {
    for engine in ENGINES {
        let server = Setup::new(engine).sensor(stations(NAMES)).start();
        for (query, name) in [
            ("東京の天気は？", "東京"),
            ("今日の東京タワーの天気を教えて", "東京タワー"),
            ("明天London的天气怎么样", "London"),
            ("서울의 날씨는 어때요?", "서울"),
            ("วันนี้กรุงเทพฝนตกไหม", "กรุงเทพ"),
        ] {
            check_query(&server, query, name);
        }
    }
}

#[test]
fn aliases_are_names_that_are_not_shown() {
    let sensor = r#"{"stations": [
        {"city": "London", "aliases": ["LDN", "the smoke"], "temperature": 1},
        {"city": "München", "aliases": ["Munich", "Monaco di Baviera"], "temperature": 2}]}"#;
    for engine in ENGINES {
        let server = Setup::new(engine).sensor(sensor).start();
        check_place(&server, "ldn", "London");
        check_place(&server, "Munich, Germany", "München");
        check_query(&server, "How is it in The Smoke today?", "London");
        check_query(&server, "che tempo fa a Monaco di Baviera", "München");
    }
}

#[test]
fn inputs_come_before_the_query_and_that_before_the_default() {
    let sensor = r#"[{"city": "London", "temperature": 1},
        {"city": "Paris", "default": true, "temperature": 2}, {"city": "Rome", "temperature": 3}]"#;
    for engine in ENGINES {
        let server = Setup::new(engine).sensor(sensor).start();
        for (params, expected) in [
            (json!({"inputs": {"location": "Rome"}, "query": "weather in London?"}), "City: Rome"),
            (json!({"inputs": {"city": "Rome"}, "query": "weather in London?"}), "City: Rome"),
            (json!({"inputs": {"place": "Rome"}, "query": "weather in London?"}), "City: Rome"),
            (json!({"inputs": {"place": "London", "location": "Rome", "city": "Paris"}}), "City: Rome"),
            (json!({"inputs": {"location": "Oslo"}, "query": "weather in London?"}), "Unknown city"),
            (json!({"inputs": {"location": "  "}, "query": "weather in London?"}), "City: London"),
            (json!({"inputs": {"other": "Rome"}, "query": "weather in London?"}), "City: London"),
            (json!({"inputs": {}, "query": "weather in Oslo?"}), "City: Paris"),
            (json!({"inputs": {"location": ""}, "query": ""}), "City: Paris"),
            (json!({}), "City: Paris"),
        ] {
            check(&server, &params, expected);
        }
    }
}

#[test]
fn an_unknown_city_has_exactly_this_answer() {
    let several = stations(&["London", "Paris"]);
    for engine in ENGINES {
        for sensor in [LONDON, &several] {
            let server = Setup::new(engine).sensor(sensor).start();
            let answer = server.call(
                r#"{"point": "app.external_data_tool.query", "params": {"inputs": {"location": "Oslo"}, "query": "London"}}"#,
            );
            assert_eq!((answer.status, answer.text().as_str()), (200, r#"{"result": "Unknown city"}"#));
        }
    }
}

#[test]
fn without_a_default_the_stations_are_named() {
    for engine in ENGINES {
        let server = Setup::new(engine).sensor(stations(&["London", "東京"])).start();
        let answer = server.query(&json!({"query": "How is the weather?"}));
        assert_eq!(answer, "No place with a station was named; there are 2 stations: London, 東京.");
    }
}

#[test]
fn the_configured_city_names_a_file_without_a_name() {
    for engine in ENGINES {
        let nameless = Setup::new(engine).sensor(r#"{"temperature": 7}"#).start();
        let answer = nameless.query(&json!({}));
        assert!(answer.starts_with("Temperature: 7°C\n"), "{engine}: {answer}");

        let shed =
            Setup::new(engine).sensor(r#"{"temperature": 7}"#).arg("--city").arg("Łódź, the shed").start();
        for params in
            [json!({}), json!({"inputs": {"city": "ŁÓDŹ, THE SHED"}}), json!({"query": "In łódź, the shed?"})]
        {
            check(&shed, &params, "City: Łódź, the shed");
        }
        check(&shed, &json!({"inputs": {"city": "London"}}), "Unknown city");
    }
}
