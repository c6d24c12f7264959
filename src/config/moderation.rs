//! The word list of the TOML file and what is done about its words: `[moderation]`.

use super::error::Fault;
use super::values::{Given, Table};
use crate::moderation::{Action, Matching, Options};

pub(super) const KEYS: [&str; 5] = ["words_file", "action", "preset_response", "mask", "match"];

/// One character, so that the reader sees how long the word was.
const MASK: char = '*';

/// It stands for a question as well as for an answer.
const PRESET_RESPONSE: &str = "This text has words that are not allowed here.";

/// Reads `moderation`, which is a table.
pub(super) fn read(given: &Given<'_>) -> Result<Options, Fault> {
    let table = Table::new(given, super::MODERATION, Some(&KEYS))?;
    let words_file = table.need("words_file", Given::file)?;
    let matchings = [("words", Matching::Words), ("substrings", Matching::Substrings)];
    let matching = table.get("match", |given| given.choice(&matchings))?;
    // What the other action needs is checked, too.
    let preset_response = table.get("preset_response", preset_response)?;
    let mask = table.get("mask", mask)?;
    let overrides = [("direct_output", false), ("overridden", true)];
    let overrides = table.get("action", |given| given.choice(&overrides))?;
    let action = if overrides.unwrap_or_default() {
        Action::Overridden { mask: mask.unwrap_or(MASK) }
    } else {
        Action::DirectOutput {
            preset_response: preset_response.unwrap_or_else(|| PRESET_RESPONSE.to_owned()),
        }
    };
    Ok(Options { words_file, matching: matching.unwrap_or_default(), action })
}

fn preset_response(given: &Given<'_>) -> Result<String, Fault> {
    let text = given.text().filter(|text| !text.trim().is_empty());
    Ok(text.ok_or_else(|| given.fault("a text that is not blank"))?.to_owned())
}

fn mask(given: &Given<'_>) -> Result<char, Fault> {
    let mut characters = given.text().unwrap_or_default().chars();
    match (characters.next(), characters.next()) {
        (Some(mask), None) if !mask.is_control() && !mask.is_whitespace() => Ok(mask),
        _ => Err(given.fault("one visible character, like *")),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::{Map, Value};

    use super::*;

    fn read_value(value: &Value) -> Result<Options, String> {
        read(&Given::Toml(value, Path::new("/etc/weatherhook"))).map_err(|fault| fault.to_string())
    }

    fn read_table(toml: &str) -> Result<Options, String> {
        let table: Map<String, Value> = basic_toml::from_str(toml).expect("TOML");
        read_value(&Value::Object(table))
    }

    #[test]
    fn everything_is_read() {
        #[track_caller]
        fn check(toml: &str, matching: Matching, action: Action) {
            let words_file = "/etc/weatherhook/words.txt".into();
            let toml = format!("words_file = \"words.txt\"\n{toml}");
            assert_eq!(read_table(&toml), Ok(Options { words_file, matching, action }));
        }
        let says = |text: &str| Action::DirectOutput { preset_response: text.to_owned() };
        check("", Matching::Words, says("This text has words that are not allowed here."));
        check("action = \"direct_output\"\npreset_response = \"Nein.\"", Matching::Words, says("Nein."));
        check("action = \"overridden\"", Matching::Words, Action::Overridden { mask: '*' });
        let all = "match = \"substrings\"\naction = \"overridden\"\nmask = \"█\"\npreset_response = \"x\"";
        check(all, Matching::Substrings, Action::Overridden { mask: '█' });
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        #[track_caller]
        fn check(toml: &str, expected: &str) {
            assert_eq!(read_table(toml).expect_err(toml), format!("moderation{expected}"));
        }
        let nowhere = ".words_file: expected the path of a file, found nothing";
        check("", nowhere);
        check("action = \"overridden\"", nowhere);
        check("words_file = \"\"", ".words_file: expected the path of a file, found \"\"");
        check("word_file = \"x\"", ": unknown key \"word_file\", did you mean \"words_file\"?");
        let with = |line: &str| format!("words_file = \"x\"\n{line}");
        check(&with("action = \"mask\""), ".action: expected direct_output or overridden, found \"mask\"");
        check(&with("match = 1"), ".match: expected words or substrings, found 1");
        for mask in ["\"\"", "\"**\"", "\" \"", "\"\\n\"", "1"] {
            let fault = ".mask: expected one visible character, like *, found ";
            check(&with(&format!("mask = {mask}")), &format!("{fault}{mask}"));
        }
        let blank = ".preset_response: expected a text that is not blank, found \" \"";
        check(&with("preset_response = \" \""), blank);
        assert_eq!(
            read_value(&Value::from(1)).expect_err("no table"),
            "moderation: expected a table, found 1"
        );
    }
}
