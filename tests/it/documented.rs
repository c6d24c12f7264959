//! The program accepts what the documentation asks people to write.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use weatherhook::testing::answer::Line;
use weatherhook::testing::config::OPTIONS;
use weatherhook::testing::endpoints::{Access, Endpoint};

use crate::fixture::*;

fn repository(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).expect(file)
}

/// Every Markdown file of the root and of `docs/`, by its path, in order.
fn documents() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for directory in ["", "docs/"] {
        for entry in fs::read_dir(root.join(directory)).expect("a directory") {
            let name = entry.expect("an entry").file_name().into_string().expect("text");
            if name.ends_with(".md") {
                files.push(format!("{directory}{name}"));
            }
        }
    }
    files.sort();
    files.into_iter().map(|file| (file.clone(), repository(&file))).collect()
}

/// Runs `check` on a configuration, with a key and a sensor file. Returns its exit code and its output.
fn check(toml: &str) -> (Option<i32>, String) {
    let scratch = Scratch::new();
    scratch.write("key", KEY);
    let sensor =
        r#"{"model": "Bresser-5in1", "id": 206, "channel": "A", "T1": 10.2, "F1": 80, "temperature": 10.2}"#;
    scratch.write("weather.json", format!("{sensor}\n"));
    scratch.write("words.txt", "damn\n");
    let config = scratch.write("weatherhook.toml", toml);
    // The service has its key from systemd.
    let output = output(weatherhook(["check", "--config", text(&config)]).env("WEATHERHOOK_KEY", KEY));
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).expect("text"))
}

const MODERATION: [&str; 5] = ["words_file", "action", "preset_response", "mask", "match"];

/// The configuration that package and `scripts/install` put in place.
#[test]
fn the_example_is_a_good_configuration() {
    let example = repository("weatherhook.example.toml");
    // As it stands, of all the places it names this machine has one.
    let log = "/run/rtl_433/rtl_433.json";
    assert!(example.contains(log), "{example}");
    let (code, said) = check(&example.replace(log, "weather.json"));
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("read: temperature: temperature 10.2 °C"), "{said}");
    let faults = said.lines().filter(|line| line.starts_with("error: ")).collect::<Vec<_>>();
    assert!(faults.iter().all(|line| line.starts_with("error: /sys/bus/")), "{faults:?}");
    assert_eq!(faults.len(), 2, "{faults:?}");
    // With every option taken, and the kernel's sensors left out.
    let is_option = |line: &&str| line.starts_with('#') && !line.starts_with("# ");
    let count = example.lines().filter(is_option).count();
    let all = example.lines().map(|line| if is_option(&line) { &line[1..] } else { line });
    let all = all.collect::<Vec<_>>().join("\n");
    let keys = all.lines().filter_map(|line| line.split_once(" = ")).map(|(key, _)| key).collect::<Vec<_>>();
    let options = OPTIONS.iter().map(|option| option.name).filter(|name| *name != "config");
    let source = ["file", "format", "match", "keys", "columns", "offset", "every", "zone"];
    let station = ["city", "aliases", "elevation_m", "default"];
    for known in options.chain(Line::keys()).chain(source).chain(station).chain(MODERATION) {
        assert!(keys.contains(&known), "{known} is not in the example");
    }
    // What is set: the place with its name and its being the default, three files, two of them with a time.
    // The header of `[moderation]` is no key but is taken, too.
    assert_eq!(count - 1, keys.len() - 7, "{keys:?}");
    let mut all = all.replace(log, "weather.json");
    for sensor in ["iio/devices/iio:device*", "w1/devices/28-*"] {
        all = all.replace(&format!("/sys/bus/{sensor}"), "weather.json");
    }
    let (code, said) = check(&all);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("station: Home: readings: 2, also called London, LDN, the default"), "{said}");
    assert!(said.contains("\nmoderation: 1 word, overridden\n"), "{said}");
}

#[test]
fn each_configuration_of_the_documentation_is_read() {
    let files = ["docs/configuration.md", "docs/moderation.md", "docs/raspberry-pi.md", "docs/sensors.md"];
    let with_blocks = documents().into_iter().filter(|(_, text)| text.contains("```toml\n"));
    assert_eq!(with_blocks.map(|(file, _)| file).collect::<Vec<_>>(), files);
    for file in files {
        let text = repository(file);
        let blocks = text.split("```toml\n").skip(1).filter_map(|rest| Some(rest.split_once("```")?.0));
        let mut count = 0;
        for block in blocks {
            let (code, said) = check(block);
            // Its files are not there.
            assert!(matches!(code, Some(0 | 1)), "{file}: {block}{said}");
            count += 1;
        }
        assert!(count > 0, "{file}");
    }
}

/// The configurations of other programs are ones that they can read.
#[test]
fn each_json_of_the_documentation_is_json() {
    let mut count = 0;
    for (file, text) in documents() {
        for block in text.split("```json\n").skip(1) {
            let json = block.split("```").next().unwrap_or_default();
            let parsed = serde_json::from_str::<serde_json::Value>(json);
            assert!(parsed.is_ok(), "{file}: {parsed:?}: {json}");
            count += 1;
        }
    }
    assert!(count >= 3, "{count}");
}

#[test]
fn every_option_and_label_is_documented() {
    let configuration = repository("docs/configuration.md");
    for option in OPTIONS {
        let row = format!("| `{} {}` | `{}` |", option.flag(), option.value, option.variable());
        assert!(configuration.contains(&row), "{row}");
    }
    for label in Line::keys() {
        assert!(configuration.contains(&format!("\n{label} = \"")), "{label}");
    }
    let moderation = repository("docs/moderation.md");
    for key in MODERATION {
        assert!(moderation.contains(&format!("\n{key} = \"")), "{key}");
        assert!(moderation.contains(&format!("\n| `{key}` |")), "{key}");
    }
    let sensors = repository("docs/sensors.md");
    for key in [
        "city",
        "aliases",
        "elevation_m",
        "default",
        "file",
        "format",
        "match",
        "keys",
        "columns",
        "offset",
        "every",
        "zone",
    ] {
        assert!(sensors.contains(&format!("\n| `{key}` |")), "{key}");
    }
    for format in &weatherhook::testing::format::FORMATS {
        assert!(sensors.contains(&format!("`{}`", format.name)), "{}", format.name);
    }
    // The list of the quantities, in the order of `check` and `/metrics`.
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let quantities =
        weatherhook::testing::quantity::Quantity::ALL.map(|quantity| format!("`{}`", quantity.key()));
    assert!(words(&sensors).contains(&quantities.join(", ")), "{quantities:?}");
}

/// The table of endpoints stands in one document, row by row as the program has it.
#[test]
fn the_table_of_endpoints_is_that_of_the_program() {
    let mut expected = "| endpoint | key | what it answers |\n|---|---|---|\n".to_owned();
    for endpoint in Endpoint::ALL {
        let (method, path) = (endpoint.method().name(), endpoint.default_path());
        let key = if endpoint.access() == Access::Open { "no" } else { "yes" };
        writeln!(expected, "| `{method} {path}` | {key} | {} |", endpoint.about()).expect("a string");
    }
    let found = documents().into_iter().flat_map(|(_, text)| tables_of_endpoints(&text));
    assert_eq!(found.collect::<Vec<_>>(), [expected]);
}

/// The tables of a document that begin like the table of endpoints.
fn tables_of_endpoints(text: &str) -> Vec<String> {
    let tables = text.split("\n\n").filter(|part| part.starts_with("| endpoint |"));
    tables.map(|table| format!("{}\n", table.trim_end())).collect()
}

/// The manual has every command and option of `--help` with its default, and no others.
#[test]
fn the_manual_is_that_of_the_program() {
    // As a reader sees it: hyphens are escaped, and macros set words in bold and italic type.
    let manual = repository("docs/weatherhook.1").replace("\\-", "-");
    let help = String::from_utf8(run(["--help"]).stdout).expect("text");
    for option in OPTIONS {
        let heading = format!("\n.BI {} \" {}\"\n", option.flag(), option.value);
        let (_, entry) =
            manual.split_once(&heading).unwrap_or_else(|| panic!("{heading} is not in the manual"));
        let entry = entry.split("\n.TP").next().unwrap_or_default();
        // Some defaults stand in the type of values.
        let default = option.default().unwrap_or_default();
        assert!(entry.contains(default), "{}: {default}: {entry}", option.name);
    }
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    for usage in commands.take_while(|line| !line.is_empty()) {
        let name = usage.trim().split([' ', ',']).next().unwrap_or_default();
        let heading = [format!("\n.B {name}\n"), format!("\n.BR {name} ")];
        assert!(
            heading.iter().any(|heading| manual.contains(heading)),
            "{name} has no heading in the manual"
        );
        for word in usage.trim().split("  ").next().unwrap_or_default().split([' ', ',']) {
            let name = word.trim_matches(['[', ']']);
            assert!(manual.contains(name), "{name} of {usage:?} is not in the manual");
        }
    }
    let words = manual.split(|char: char| !(char.is_ascii_alphanumeric() || char == '-'));
    for flag in words.filter(|word| word.starts_with("--") && word.len() > 2) {
        assert!(help.contains(flag), "{flag} is not in --help");
    }
    for line in help.lines().filter_map(|line| line.strip_prefix("Exit codes: ")) {
        for code in line.split(", ").filter_map(|code| code.split(' ').next()) {
            assert!(manual.contains(&format!("\n.B {code}\n")), "exit code {code}");
        }
    }
}

/// The anchors of a document, as a forge makes them of its headings.
fn anchors(text: &str) -> Vec<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let anchor = |heading: &str| {
        let words = heading.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
        words.chars().filter(|c| c.is_alphanumeric() || "-_".contains(*c)).collect()
    };
    headings.map(anchor).collect()
}

/// Where a document's links lead that stay in the repository: path and anchor, each perhaps empty.
fn links(text: &str) -> Vec<(&str, &str)> {
    let targets = text.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0));
    let own = targets.filter(|target| !target.contains("://"));
    own.map(|target| target.split_once('#').unwrap_or((target, ""))).collect()
}

#[test]
fn every_link_leads_somewhere() {
    let mut count = 0;
    for (file, text) in documents() {
        let directory = Path::new(&file).parent().expect("a directory");
        for (path, anchor) in links(&text) {
            // Names of files here have no dots but their own, so that this much of a path is enough.
            let (path, from) = match path.strip_prefix("../") {
                Some(path) => (path, Path::new("")),
                None => (path, directory),
            };
            let target = if path.is_empty() { file.clone() } else { text_of(&from.join(path)) };
            let found = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(&target));
            let found = found.unwrap_or_else(|error| panic!("{file}: {target}: {error}"));
            // A picture has no headings.
            let found = String::from_utf8_lossy(&found);
            assert!(
                anchor.is_empty() || anchors(&found).iter().any(|a| a == anchor),
                "{file}: {target}#{anchor}"
            );
            count += 1;
        }
    }
    assert!(count > 100, "{count} links");
}

fn text_of(path: &Path) -> String {
    path.to_str().expect("text").to_owned()
}

/// Every file of the program's source as one text, in which strings over several lines are one line.
fn source() -> String {
    fn add(directory: &Path, text: &mut String) {
        for entry in fs::read_dir(directory).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                add(&path, text);
            } else {
                text.push_str(&fs::read_to_string(path).expect("text"));
            }
        }
    }
    let mut text = String::new();
    add(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut text);
    text.split("\\\n").map(str::trim_start).collect()
}

#[test]
fn the_doctor_says_what_the_documents_quote() {
    let (tunnels, source) = (repository("docs/tunnels.md"), source());
    let (_, table) = tunnels.split_once("| the doctor says |").expect("a table");
    let rows = table.split("\n\n").next().unwrap_or_default().lines().skip(2);
    let quoted = rows.flat_map(|row| row.split('|').nth(1).unwrap_or_default().split('`').skip(1).step_by(2));
    let mut count = 0;
    for sentence in quoted {
        // What is in brackets is of the case.
        let sentence = sentence.split(" (").next().unwrap_or_default();
        assert!(source.contains(sentence), "no longer said: {sentence}");
        count += 1;
    }
    assert!(count >= 12, "{count}");
}

/// A newcomer reads it in five minutes; the rest is in `docs/`.
#[test]
fn the_readme_is_short() {
    let words = repository("README.md").split_whitespace().count();
    assert!(words <= 950, "{words} words");
}

/// Readers whose first language is another one stumble over these.
#[test]
fn the_documents_are_in_plain_english() {
    let manual = ("docs/weatherhook.1".to_owned(), repository("docs/weatherhook.1"));
    let example = ("weatherhook.example.toml".to_owned(), repository("weatherhook.example.toml"));
    for (file, text) in documents().into_iter().chain([manual, example]) {
        for (number, line) in text.lines().enumerate() {
            let words = line.split(|c: char| !c.is_alphabetic()).map(str::to_lowercase);
            let odd = words.filter(|word| ["told", "anew", "lest", "whoever"].contains(&word.as_str()));
            assert_eq!(odd.collect::<Vec<_>>(), [""; 0], "{file}:{}", number + 1);
        }
    }
}
