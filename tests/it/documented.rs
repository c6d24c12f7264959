//! What the documentation tells to write is what the program reads.

use std::fs;
use std::path::Path;

use weatherhook::answer::Labels;
use weatherhook::config::OPTIONS;

use crate::fixture::*;

fn repository(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).expect(file)
}

/// What `check` makes of a configuration, beside a key and a sensor file: its exit code and its words.
fn check(toml: &str) -> (Option<i32>, String) {
    let scratch = Scratch::new();
    scratch.write("key", KEY);
    let sensor =
        r#"{"model": "Bresser-5in1", "id": 206, "channel": "A", "T1": 10.2, "F1": 80, "temperature": 10.2}"#;
    scratch.write("weather.json", format!("{sensor}\n"));
    scratch.write("words.txt", "damn\n");
    let config = scratch.write("weatherhook.toml", toml);
    let output = run(["check", "--config", text(&config)]);
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).expect("text"))
}

const MODERATION: [&str; 5] = ["words_file", "action", "preset_response", "mask", "match"];

#[test]
fn the_example_is_a_good_configuration() {
    let example = repository("weatherhook.example.toml");
    // As it stands.
    let (code, said) = check(&example);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("station: London: readings: 1\n"), "{said}");
    // With every option taken.
    let is_option = |line: &&str| line.starts_with('#') && !line.starts_with("# ");
    let count = example.lines().filter(is_option).count();
    let all = example.lines().map(|line| if is_option(&line) { &line[1..] } else { line });
    let all = all.collect::<Vec<_>>().join("\n");
    let (code, said) = check(&all);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("station: London: readings: 2, also called Londres, LDN, the default"), "{said}");
    let keys = all.lines().filter_map(|line| line.split_once(" = ")).map(|(key, _)| key).collect::<Vec<_>>();
    let options = OPTIONS.iter().map(|option| option.name).filter(|name| *name != "config");
    let source = ["file", "format", "match", "keys", "columns", "offset", "every", "zone"];
    let station = ["city", "aliases", "elevation_m", "default"];
    assert!(said.contains("\nmoderation: 1 word, overridden\n"), "{said}");
    for known in options.chain(Labels::KEYS).chain(source).chain(station).chain(MODERATION) {
        assert!(keys.contains(&known), "{known} is not in the example");
    }
    // The header of `[moderation]` is no key but is taken, too.
    assert_eq!(count - 1, keys.len() - 3, "only the needed ones are set: {keys:?}");
}

#[test]
fn each_configuration_of_the_documentation_is_read() {
    for file in ["README.md", "docs/sensors.md"] {
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

#[test]
fn every_option_and_label_is_in_the_readme() {
    let readme = repository("README.md");
    for option in &OPTIONS {
        let row = format!("| `{} {}` | `{}` |", option.flag(), option.value, option.variable());
        assert!(readme.contains(&row), "{row}");
    }
    for label in Labels::KEYS {
        assert!(readme.contains(&format!("\n{label} = \"")), "{label}");
    }
    for key in MODERATION {
        assert!(readme.contains(&format!("\n{key} = \"")), "{key}");
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
    for format in &weatherhook::format::FORMATS {
        assert!(sensors.contains(&format!("`{}`", format.name)), "{}", format.name);
    }
    for quantity in weatherhook::reading::Quantity::ALL {
        assert!(sensors.contains(&format!("`{}`", quantity.key())), "{}", quantity.key());
    }
}
