//! Moderation with a list of words, over the wire, on both engines.

use serde_json::{Value, json};

use crate::fixture::*;

const WORDS: &str = "# what nobody should say\nbad\nvery rude\nstraße\n笨蛋\n";

const NOT_FLAGGED: &str = r#"{"flagged": false, "action": "direct_output"}"#;

const OVERRIDDEN: &str = "[moderation]\nwords_file = \"words.txt\"\naction = \"overridden\"\n";

const DIRECT: &str = "[moderation]\nwords_file = \"words.txt\"\npreset_response = \"Bitte \\\"nicht\\\".\"\n";

fn setup(engine: &str, config: &str, words: &str) -> Setup {
    let setup = Setup::new(engine).sensor(LONDON).config(config);
    setup.scratch.write("words.txt", words);
    setup
}

fn reload(server: &mut Server, line: &str) -> String {
    server.forget_log();
    signal(server.id(), "HUP");
    server.wait_for_log(line)
}

/// What comes of the parameters, as bytes of text.
#[track_caller]
fn moderate(server: &Server, point: &str, params: &str) -> String {
    let answer = server.call(&format!(r#"{{"point": "app.moderation.{point}", "params": {params}}}"#));
    assert_eq!(answer.status, 200, "{point} {params}: {answer:?}");
    answer.text()
}

#[test]
fn direct_output_says_what_is_set() {
    let flagged = r#"{"flagged": true, "action": "direct_output", "preset_response": "Bitte \"nicht\"."}"#;
    for engine in ENGINES {
        let server = setup(engine, DIRECT, WORDS).start();
        for (point, params) in [
            ("input", r#"{"app_id": "a", "inputs": {"x": "so bad"}, "query": "hello"}"#),
            ("input", r#"{"inputs": {"x": 5, "y": {"z": [null, "B\u0041D"]}}, "query": null}"#),
            ("input", r#"{"inputs": {}, "query": "zur STRASSE"}"#),
            ("input", r#"{"query": "VERY\n rude!"}"#),
            ("output", r#"{"app_id": "a", "text": "\u7b28\u86cb!"}"#),
            ("output", r#"{"text": "good", "text": "bad"}"#),
        ] {
            assert_eq!(moderate(&server, point, params), flagged, "{engine} {point} {params}");
        }
        for (point, params) in [
            ("input", r#"{"inputs": {"bad": "badge"}, "query": "a strassenbahn"}"#),
            ("input", r#"{"inputs": null, "query": ""}"#),
            ("input", "{}"),
            ("input", "null"),
            ("input", r#"{"text": "bad"}"#),
            ("output", r#"{"text": "very\u0020kind"}"#),
            ("output", r#"{"text": null, "query": "bad", "inputs": {"x": "bad"}}"#),
            ("output", r#"{"text": "bad", "text": "good"}"#),
        ] {
            assert_eq!(moderate(&server, point, params), NOT_FLAGGED, "{engine} {point} {params}");
        }
    }
}

#[test]
fn overridden_gives_every_input_back() {
    for engine in ENGINES {
        let server = setup(engine, OVERRIDDEN, WORDS).start();
        let inputs = r#"{"bad": "x", "n": 12345678901234567890123.10, "b": true, "z": null, "\u00e4": "\u00e4 \ud83d\ude42",
            "deep": [[{"bad": "a bad one", "also": ["\"BAD\"", "c:\\bad", -0.0]}], {}], "":"\\"}"#;
        let params =
            format!(r#"{{"app_id": "a", "query": "zur Stra\u00dfe, VERY\n rude", "inputs": {inputs}}}"#);
        let masked = inputs.replace("a bad one", "a *** one").replace(r#"\"BAD\""#, r#"\"***\""#);
        let masked = masked.replace(r"c:\\bad", r"c:\\***");
        let expected = format!(
            r#"{{"flagged": true, "action": "overridden", "inputs": {masked}, "query": "zur ******, ****\n ****"}}"#
        );
        // Byte for byte, but for the texts that were masked.
        assert_eq!(moderate(&server, "input", &params), expected, "{engine}");

        for (point, params, expected) in [
            ("input", json!({"inputs": {"x": "bad"}}), json!({"inputs": {"x": "***"}, "query": ""})),
            ("input", json!({"inputs": null, "query": "bad"}), json!({"inputs": {}, "query": "***"})),
            ("input", json!({"query": "笨蛋bad"}), json!({"inputs": {}, "query": "*****"})),
            (
                "input",
                json!({"inputs": {"x": "bad"}, "query": null}),
                json!({"inputs": {"x": "***"}, "query": ""}),
            ),
            ("output", json!({"text": "so bad, so\tbad"}), json!({"text": "so ***, so\t***"})),
        ] {
            let found: Value =
                serde_json::from_str(&moderate(&server, point, &params.to_string())).expect("JSON");
            let mut expected = expected;
            expected["flagged"] = true.into();
            expected["action"] = "overridden".into();
            assert_eq!(found, expected, "{engine} {point} {params}");
        }
        assert_eq!(moderate(&server, "input", r#"{"inputs": {"x": "good"}, "query": "good"}"#), NOT_FLAGGED);
        // The point behind the parameters, and names with escapes.
        let answer =
            server.call(r#"{"p\u0061rams": {"t\u0065xt": "bad"}, "point": "app.moderation.output"}"#);
        assert_eq!(answer.text(), r#"{"flagged": true, "action": "overridden", "text": "***"}"#);
    }
}

#[test]
fn what_cannot_be_searched_is_refused() {
    for engine in ENGINES {
        let server = setup(engine, OVERRIDDEN, WORDS).start();
        for (point, params, status, detail) in [
            ("input", r#"{"inputs": ["bad"]}"#, 422, "params.inputs: expected an object, found an array"),
            ("input", r#"{"query": {"x": "bad"}}"#, 422, "params.query: expected a string, found an object"),
            ("output", r#"{"text": 5}"#, 422, "params.text: expected a string, found a number"),
        ] {
            let answer =
                server.call(&format!(r#"{{"point": "app.moderation.{point}", "params": {params}}}"#));
            assert_eq!(
                (answer.status, answer.json()),
                (status, json!({ "detail": detail })),
                "{engine} {params}"
            );
        }
        let mut body = br#"{"point": "app.moderation.output", "params": {"text": "bad ""#.to_vec();
        body.extend_from_slice(b"\xff\"}}");
        let head = call("").replace("Content-Length: 0", &format!("Content-Length: {}", body.len()));
        let answer = server.exchange([head.into_bytes(), body].concat());
        assert_eq!(answer.status, 400, "{engine}");
    }
}

#[test]
fn a_whole_body_is_masked() {
    let text = "bad, b\u{301}ad badge; ".repeat((1 << 20) / 20 - 10);
    let deep = format!("{}\"bad\"{}", "[".repeat(100_000), "]".repeat(100_000));
    for engine in ENGINES {
        let server = setup(engine, OVERRIDDEN, WORDS).start();
        let found = moderate(&server, "output", &format!("{{\"text\": \"{text}\"}}"));
        let masked = text.replace("bad,", "***,");
        assert_eq!(
            found,
            format!(r#"{{"flagged": true, "action": "overridden", "text": "{masked}"}}"#),
            "{engine}"
        );
        let found = moderate(&server, "input", &format!("{{\"inputs\": {{\"x\": {deep}}}}}"));
        assert!(found.contains("[\"***\"]") && found.len() > deep.len(), "{engine}");
    }
}

#[test]
fn the_list_is_read_at_start_and_shown_by_check() {
    let scratch = Scratch::new();
    scratch.write("sensor.json", LONDON);
    let base = "sensor = \"sensor.json\"\n".to_owned();
    let config = scratch.write("weatherhook.toml", base + OVERRIDDEN);
    let words = scratch.path("words.txt");
    let run_all = || {
        ["serve", "check"].map(|command| {
            let output =
                output(weatherhook([command, "--config", text(&config)]).env("WEATHERHOOK_KEY", KEY));
            let said = [output.stdout, output.stderr].concat();
            (output.status.code(), String::from_utf8(said).expect("text"))
        })
    };
    for (contents, fault) in [
        (None, "No such file or directory (os error 2)"),
        (Some("# nothing\n"), "expected a word or phrase a line, found nothing"),
        (Some("one\nt\0wo\n"), "line 2: expected a word or phrase without control characters"),
    ] {
        if let Some(contents) = contents {
            scratch.write("words.txt", contents);
        }
        let [(served, log), (checked, findings)] = run_all();
        assert_eq!((served, checked), (Some(78), Some(1)), "{log} {findings}");
        assert_eq!(log, format!("weatherhook: {}: {fault}\n", text(&words)));
        assert!(findings.contains(&format!("\nerror: {}: {fault}\n", text(&words))), "{findings}");
    }
    scratch.write("words.txt", WORDS);
    let mut command = weatherhook(["check", "--config", text(&config)]);
    let output = output(command.env("WEATHERHOOK_KEY", KEY));
    let findings = String::from_utf8(output.stdout).expect("text");
    assert_eq!(output.status.code(), Some(0), "{findings}");
    assert!(findings.contains("\nmoderation: 4 words, overridden\n"), "{findings}");
}

#[test]
fn the_list_is_read_again_all_or_nothing_and_never_logged() {
    for engine in ENGINES {
        let mut server = setup(engine, OVERRIDDEN, WORDS).env("RUST_LOG", "debug").start();
        let masked = r#"{"flagged": true, "action": "overridden", "text": "a *** fish"}"#;
        let params = r#"{"text": "a bad fish"}"#;
        assert_eq!(moderate(&server, "output", params), masked, "{engine}");
        server.scratch.write("words.txt", "hunter2\nfish\n");
        reload(&mut server, "reloaded");
        let fish = r#"{"flagged": true, "action": "overridden", "text": "a bad ****"}"#;
        assert_eq!(moderate(&server, "output", params), fish, "{engine}");
        server.scratch.write("words.txt", format!("bad\nhunter2 {}\n", "x".repeat(100)));
        let line = reload(&mut server, "reload failed, still running with the old configuration: ");
        assert!(
            line.ends_with("words.txt: line 2: expected a word or phrase of at most 100 characters"),
            "{line}"
        );
        assert_eq!(moderate(&server, "output", params), fish, "{engine}");
        server.scratch.write("weatherhook.toml", "");
        reload(&mut server, "reloaded");
        assert_eq!(moderate(&server, "output", params), NOT_FLAGGED, "{engine}");
        let (_, log) = server.stop();
        for secret in ["hunter2", "fish", "xxx", "\"bad\""] {
            assert!(!log.iter().any(|line| line.contains(secret)), "{engine} {secret}: {log:#?}");
        }
    }
}
