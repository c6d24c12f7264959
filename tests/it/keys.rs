//! Where the bearer keys come from, which are refused and which are accepted.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};

use crate::fixture::*;

const PING: &str = r#"{"point": "ping"}"#;

const GOOD: &str = "0123456789abcdef";
const OTHER: &str = "fedcba9876543210";

/// `serve` for a scratch directory, without any key.
fn keyless(scratch: &Scratch, engine: &str) -> Command {
    let sensor = scratch.write("sensor.json", LONDON);
    weatherhook(["serve", "--listen", "127.0.0.1:0", "--engine", engine, "--sensor", text(&sensor)])
}

/// A file that its owner alone can read.
fn key_file(scratch: &Scratch, name: &str, contents: &str) -> String {
    let path = scratch.write(name, contents);
    chmod(text(&path), 0o600);
    text(&path).to_owned()
}

fn chmod(path: &str, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
}

/// The status of the answer to a request with this key.
#[track_caller]
fn status(server: &Server, key: &str) -> u16 {
    server.exchange(call_with(&format!("Authorization: Bearer {key}\r\n"), PING)).status
}

#[track_caller]
fn check(server: &Server, admitted: &[&str], refused: &[&str]) {
    for key in admitted {
        assert_eq!(status(server, key), 200, "{key}");
    }
    for key in refused {
        assert_eq!(status(server, key), 401, "{key}");
    }
}

/// The warnings of a server from its start to its stop.
#[track_caller]
fn warnings(server: Server) -> Vec<String> {
    let (status, log) = server.stop();
    assert!(status.success(), "{log:?}");
    said(&log).into_iter().filter(|line| !line.starts_with("INFO ")).collect()
}

#[test]
fn a_key_may_come_from_file_credential_or_variable() {
    for engine in ENGINES {
        for source in ["file", "credential", "variable"] {
            let scratch = Scratch::new();
            let path = key_file(&scratch, "key", GOOD);
            let mut command = keyless(&scratch, engine);
            match source {
                "file" => command.args(["--key-file", &path]),
                "credential" => command.env("CREDENTIALS_DIRECTORY", scratch.path("")),
                _ => command.env("WEATHERHOOK_KEY", GOOD),
            };
            let server = Server::spawn(&mut command, scratch);
            check(&server, &[GOOD], &[OTHER, "123456", ""]);
            assert!(server.stop().0.success(), "{engine} {source}");
        }
    }
}

#[test]
fn the_file_comes_before_the_credential_and_that_before_the_variable() {
    let [of_file, of_credential, of_variable] =
        ["key-of-the-file-1", "key-of-systemd-22", "key-of-variable-3"];
    for (file, credential, admitted) in [
        (true, true, of_file),
        (true, false, of_file),
        (false, true, of_credential),
        (false, false, of_variable),
    ] {
        let scratch = Scratch::new();
        let mut command = keyless(&scratch, "event");
        command.env("WEATHERHOOK_KEY", of_variable).env("CREDENTIALS_DIRECTORY", scratch.path(""));
        if file {
            command.args(["--key-file", &key_file(&scratch, "elsewhere", of_file)]);
        }
        if credential {
            key_file(&scratch, "key", of_credential);
        }
        let server = Server::spawn(&mut command, scratch);
        let all = [of_file, of_credential, of_variable];
        let refused: Vec<&str> = all.into_iter().filter(|key| *key != admitted).collect();
        check(&server, &[admitted], &refused);
    }
}

#[test]
fn every_key_of_a_file_is_let_in() {
    for engine in ENGINES {
        let scratch = Scratch::new();
        let path = key_file(
            &scratch,
            "key",
            &format!("\r\n  {GOOD}\t\r\n\n \t \n{OTHER}  \r\nthird-key-in-this-file"),
        );
        let mut command = keyless(&scratch, engine);
        let server = Server::spawn(command.args(["--key-file", &path]), scratch);
        let together = format!("{GOOD}{OTHER}");
        check(
            &server,
            &[GOOD, OTHER, "third-key-in-this-file"],
            &["", &GOOD[1..], "third-key-in-this-fil", "third-key-in-this-files", &together],
        );
        // Two lines for the keys with blanks around them, and one that reports the refusals.
        let warnings = warnings(server);
        assert_eq!(warnings.len(), 3, "{engine}: {warnings:?}");
        for (warning, expected) in
            warnings.iter().zip(["line 2: the blanks ", "line 5: the blanks ", "refused"])
        {
            assert!(warning.contains(expected), "{engine}: {warnings:?}");
        }
    }
}

/// A start that fails without a good key: one line, without any part of what was given.
#[track_caller]
fn check_refused(output: &Output, expected: &str) {
    assert_eq!(String::from_utf8_lossy(&output.stderr), format!("weatherhook: {expected}\n"));
    assert_eq!((output.status.code(), output.stdout.len()), (Some(78), 0));
    assert!(!expected.contains("x7Q") && !expected.contains("Kw9"), "{expected}");
}

#[test]
fn keys_that_dify_cannot_hold_are_refused_and_never_shown() {
    let too_long = "x7Qz".repeat(65);
    for (contents, fault) in [
        ("x7Qz", "line 1: Dify takes no key of fewer than 5 characters"),
        ("x7Qz\r\n", "line 1: Dify takes no key of fewer than 5 characters"),
        ("a-good-key-of-the-tests\n\n x7Qz \n", "line 3: Dify takes no key of fewer than 5 characters"),
        (too_long.as_str(), "line 1: a key has at most 256 characters"),
        ("x7Qz Kw9J x7Qz Kw9J", "line 1: a key has only visible ASCII characters and no blanks inside"),
        ("x7Qzé-Kw9J-x7Qz-Kw9J", "line 1: a key has only visible ASCII characters and no blanks inside"),
        ("\n \r\n", "expected a key, found nothing"),
        ("", "expected a key, found nothing"),
    ] {
        let scratch = Scratch::new();
        let path = key_file(&scratch, "key", contents);
        let refused = output(keyless(&scratch, "event").args(["--key-file", &path]));
        check_refused(&refused, &format!("{path}: {fault}"));
        let refused = output(keyless(&scratch, "event").env("CREDENTIALS_DIRECTORY", scratch.path("")));
        check_refused(&refused, &format!("{path}: {fault}"));
        let refused = output(keyless(&scratch, "event").env("WEATHERHOOK_KEY", contents));
        check_refused(&refused, &format!("WEATHERHOOK_KEY: {fault}"));
    }
}

#[test]
fn a_file_without_keys_is_reported() {
    let scratch = Scratch::new();
    let fifo = scratch.path("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().expect("mkfifo").success());
    let large = scratch.write("large", "\n".repeat(20_000));
    for (path, fault) in [
        (scratch.path("absent"), "No such file or directory (os error 2)"),
        (scratch.path(""), "a directory, expected a regular file"),
        (fifo, "a named pipe, expected a regular file"),
        (large, "larger than 16384 bytes"),
    ] {
        let refused = output(keyless(&scratch, "event").arg("--key-file").arg(&path));
        check_refused(&refused, &format!("{}: {fault}", path.display()));
    }
}

#[test]
fn without_a_key_there_is_no_server() {
    let expected = "no key: make one with (umask 077; weatherhook keygen > key) and give --key-file key, \
                    or set WEATHERHOOK_KEY";
    for engine in ENGINES {
        let scratch = Scratch::new();
        check_refused(&output(&mut keyless(&scratch, engine)), expected);
        // A service may have other credentials than ours.
        let refused = output(keyless(&scratch, engine).env("CREDENTIALS_DIRECTORY", scratch.path("")));
        check_refused(&refused, expected);
    }
}

#[test]
fn a_short_key_is_warned_about_and_serves() {
    let scratch = Scratch::new();
    let path = key_file(&scratch, "key", &format!("{GOOD}\nx7QzKw9J\n123456\n"));
    let mut command = keyless(&scratch, "event");
    let server = Server::spawn(command.args(["--key-file", &path]), scratch);
    check(&server, &["123456", "x7QzKw9J", GOOD], &[]);
    let expected = |line| {
        format!(
            "WARN {path}: line {line}: a key of fewer than 16 characters can be guessed; \
             weatherhook keygen makes a good one"
        )
    };
    assert_eq!(warnings(server), [expected(2), expected(3)]);
}

#[test]
fn a_key_that_every_user_can_read_is_warned_about() {
    for (mode, warned) in [(0o600, false), (0o640, false), (0o644, true), (0o604, true)] {
        let scratch = Scratch::new();
        let path = key_file(&scratch, "key", GOOD);
        chmod(&path, mode);
        let mut command = keyless(&scratch, "event");
        let server = Server::spawn(command.args(["--key-file", &path]), scratch);
        check(&server, &[GOOD], &[]);
        let warning = format!("WARN {path}: any user of this machine can read it; chmod o-r helps");
        assert_eq!(warnings(server), Vec::from_iter(warned.then_some(warning)), "{mode:o}");
    }
}

#[test]
fn keygen_prints_a_new_key_each_time() {
    let keys: Vec<String> = (0..3)
        .map(|_| {
            let output = run(["keygen"]);
            assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
            let key = String::from_utf8(output.stdout).expect("text");
            let key = key.strip_suffix('\n').expect("a newline").to_owned();
            // 192 bits, in digits that nothing between a terminal and a header changes.
            assert!(key.len() == 48 && key.bytes().all(|byte| byte.is_ascii_hexdigit()), "{key}");
            key
        })
        .collect();
    assert!(keys[0] != keys[1] && keys[1] != keys[2] && keys[0] != keys[2], "{keys:?}");
}

#[test]
fn a_server_takes_the_key_that_the_help_has_made() {
    for engine in ENGINES {
        let scratch = Scratch::new();
        let path = scratch.path("key");
        let line = r#"key=$1; shift; (umask 077; "$@" keygen > "$key")"#;
        let mut shell = Command::new("sh");
        shell.args(["-c", line, "sh"]).arg(&path).args(program());
        assert!(output(&mut shell).status.success());
        let key = fs::read_to_string(&path).expect("a key");
        let mut command = keyless(&scratch, engine);
        let server = Server::spawn(command.arg("--key-file").arg(&path), scratch);
        check(&server, &[key.trim_end()], &[]);
        assert_eq!(warnings(server), Vec::<String>::new(), "{engine}");
    }
}
