//! `weatherhook demo`: the printed command, pasted, gives the documented answer.

use std::fs;
use std::io::BufRead;
use std::process::Stdio;

use serde_json::json;

use crate::fixture::*;

/// The answer of Dify's documentation.
const EXAMPLE: &str = "City: London\nTemperature: 10°C\nRealFeel®: 8°C\nAir Quality: Poor\n\
    Wind Direction: ENE\nWind Speed: 8 km/h\nWind Gusts: 14 km/h\nPrecipitation: Light rain";

/// A running demo whose temporary files are in the scratch directory's `tmp`, and what it printed.
#[track_caller]
fn demo(arguments: &[&str]) -> (Server, String) {
    let scratch = Scratch::new();
    let temporary = scratch.path("tmp");
    fs::create_dir(&temporary).expect("a directory");
    let mut command = weatherhook([&["demo"], arguments].concat());
    // A flag of the test's own wins.
    command.env("WEATHERHOOK_LISTEN", "127.0.0.1:0");
    command.env("TMPDIR", temporary).stdout(Stdio::piped());
    let mut server = Server::spawn(&mut command, scratch);
    let mut printed = String::new();
    let mut out = server.stdout();
    while !printed.ends_with("Ctrl-C ends the demo.\n") {
        assert!(out.read_line(&mut printed).expect("a line of text") > 0, "it ends too early: {printed}");
    }
    (server, printed)
}

/// The line that begins so, without its beginning.
#[track_caller]
fn line<'a>(printed: &'a str, beginning: &str) -> &'a str {
    let line = printed.lines().find_map(|line| line.strip_prefix(beginning));
    line.unwrap_or_else(|| panic!("no line begins with {beginning:?}: {printed}"))
}

/// The words of a command, as a shell takes it apart that knows blanks and single quotes.
#[track_caller]
fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    for c in command.chars() {
        match c {
            '\'' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            ' ' if !quoted => words.extend(word.take()),
            _ => {
                let special = "\"\\$`&|;<>()*?[]#~{}!".contains(c) && !quoted;
                assert!(!special, "a shell would not take {c:?} as it is: {command}");
                word.get_or_insert_default().push(c);
            }
        }
    }
    assert!(!quoted, "a quote without its end: {command}");
    words.extend(word);
    words
}

/// The request that `curl` sends for this command: HTTP/1.1 with the fields given, as a POST where
/// there is a body.
#[track_caller]
fn request(command: &str) -> String {
    let (mut url, mut fields, mut body) = (None, String::new(), None);
    let words = words(command);
    let mut words = words.iter();
    assert_eq!(words.next().map(String::as_str), Some("curl"));
    while let Some(word) = words.next() {
        let mut value = || words.next().expect("a value").as_str();
        match word.as_str() {
            "-s" => {}
            "-H" => fields += &format!("{}\r\n", value()),
            "-d" => body = Some(value()),
            other => {
                assert!(!other.starts_with('-') && url.is_none(), "{other}: {command}");
                url = other.strip_prefix("http://");
            }
        }
    }
    let (host, path) = url.and_then(|url| url.split_once('/')).expect("a URL with a path");
    let body = body.expect("a body");
    format!(
        "POST /{path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n{fields}\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[test]
fn the_printed_command_gives_the_documented_answer() {
    for engine in ENGINES {
        let (server, printed) = demo(&["--engine", engine]);
        let endpoint = line(&printed, "API endpoint:  ");
        assert_eq!(endpoint, format!("http://{}{PATH}", server.address));
        let key = line(&printed, "API key:       ");
        let command = format!("curl {}", line(&printed, "curl "));
        assert!(command.contains(endpoint) && command.contains(key), "{printed}");
        let answer = server.exchange(request(&command));
        assert_eq!(answer.status, 200, "{engine}: {answer:?}");
        assert_eq!(
            answer.text(),
            json!({ "result": EXAMPLE }).to_string().replacen(':', ": ", 1),
            "{engine}"
        );
        // The key is one of its own, and without it there is no answer.
        let refused = server.exchange(request(&command.replace(key, "123456")));
        assert_eq!(refused.status, 401, "{engine}");
    }
}

#[test]
fn the_command_can_be_pasted_whatever_its_address() {
    for arguments in [&["--listen", "[::1]:0"][..], &["--path", "/a&b;(c)~$d"]] {
        let (server, printed) = demo(arguments);
        let answer = server.exchange(request(&format!("curl {}", line(&printed, "curl "))));
        assert_eq!((answer.status, &answer.json()["result"]), (200, &json!(EXAMPLE)), "{printed}");
    }
}

#[test]
fn the_page_is_alive() {
    for engine in ENGINES {
        let (server, printed) = demo(&["--engine", engine]);
        let page = line(&printed, "Page:          ");
        assert_eq!(page, format!("http://{}/ (any user name, the key as the password)", server.address));
        let key = line(&printed, "API key:       ");
        let request = format!("GET / HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {key}\r\n\r\n");
        let html = server.exchange(request).text();
        // Four kinds of plots of one and three days, and two of days and of months.
        assert_eq!(html.matches("<figure>").count(), 12, "{html}");
        assert!((30_000..60_000).contains(&html.len()), "{}", html.len());
        assert!(html.contains("<b>10°C</b>"), "{html}");
    }
    let (_, printed) = demo(&["--page", "off"]);
    assert!(!printed.contains("Page:"), "{printed}");
}

#[test]
fn each_demo_has_a_key_of_its_own() {
    let [one, other] = [demo(&[]).1, demo(&[]).1];
    assert_ne!(line(&one, "API key:       "), line(&other, "API key:       "));
}

#[test]
fn a_value_changed_in_the_printed_file_changes_its_line() {
    let (server, printed) = demo(&["--every", "100ms"]);
    let command = format!("curl {}", line(&printed, "curl "));
    let sensor = line(&printed, "The answer is made from ");
    let sensor = sensor.split_once(": change a value").expect("a path").0;
    let ask = || server.exchange(request(&command)).json()["result"].as_str().expect("a text").to_owned();
    assert_eq!(ask(), EXAMPLE);
    let mut file = fs::read_to_string(sensor).expect("a file");
    let mut expected = EXAMPLE.to_owned();
    for (value, line, new_value, new_line) in [
        ("10.2", "Temperature: 10°C", "-3.4", "Temperature: -3°C"),
        ("70", "Wind Direction: ENE", "349", "Wind Direction: N"),
        ("62", "Air Quality: Poor", "4", "Air Quality: Good"),
        ("14", "Wind Gusts: 14 km/h", "90", "Wind Gusts: 90 km/h"),
    ] {
        let changed = file.replacen(&format!(": {value},"), &format!(": {new_value},"), 1);
        assert_ne!(changed, file, "{value}");
        fs::write(sensor, &changed).expect("a written file");
        expected = expected.replacen(line, new_line, 1);
        if line.starts_with("Temperature") {
            // Below 2 °C what falls may be snow.
            expected = expected.replacen("\nPrecipitation: Light rain", "", 1);
        }
        wait_until(new_line, || ask() == expected);
        file = changed;
    }
}

#[test]
fn an_interrupt_ends_it_and_leaves_nothing_behind() {
    for name in ["INT", "TERM"] {
        let (mut server, printed) = demo(&[]);
        let temporary = server.scratch.path("tmp");
        assert_eq!(fs::read_dir(&temporary).expect("a directory").count(), 1);
        assert!(line(&printed, "The answer is made from ").starts_with(text(&temporary)));
        signal(server.id(), name);
        let (status, log) = server.ended();
        assert_eq!(status.code(), Some(0), "{name}: {log:?}");
        assert_eq!(fs::read_dir(&temporary).expect("a directory").count(), 0, "{name}");
    }
}

#[test]
fn a_demo_that_cannot_start_leaves_nothing_behind() {
    let scratch = Scratch::new();
    for arguments in [&["demo", "--listen", "192.0.2.1:1"][..], &["demo", "--units", "x"]] {
        let output = output(weatherhook(arguments).env("TMPDIR", scratch.path("")));
        assert!(!output.status.success());
        assert_eq!(fs::read_dir(scratch.path("")).expect("a directory").count(), 0, "{arguments:?}");
    }
}

#[test]
fn its_key_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let (server, _) = demo(&[]);
    let temporary = fs::read_dir(server.scratch.path("tmp")).expect("a directory").next();
    let directory = temporary.expect("a directory").expect("an entry").path();
    let mode = |path: &std::path::Path| fs::metadata(path).expect("a file").permissions().mode() & 0o777;
    assert_eq!((mode(&directory), mode(&directory.join("key"))), (0o700, 0o600));
    // Which also means that there is nothing to warn about.
    let (_, log) = server.stop();
    assert!(said(&log).iter().all(|line| line.starts_with("INFO ")), "{log:?}");
}
