//! The word list of the TOML file and what is done about its words: `[moderation]`.

use std::path::Path;

use serde_json::Value;

use super::Given;
use super::stations::Table;
use crate::moderation::{Action, Matching, Options};

pub(super) const KEYS: [&str; 5] = ["words_file", "action", "preset_response", "mask", "match"];

/// One character, so that the reader sees how long the word was.
const MASK: char = '*';

/// It stands for a question as well as for an answer.
const PRESET_RESPONSE: &str = "This text has words that are not allowed here.";

/// Reads `moderation`, which is a table.
pub(super) fn read(value: &Value, directory: &Path) -> Result<Options, String> {
    let table = Table::new(value, super::MODERATION.to_owned(), &KEYS)?;
    let a_file = "the path of a file";
    let words_file = table.get("words_file", a_file, |value| Given::Toml(value, directory).path())?;
    let words_file =
        words_file.ok_or_else(|| format!("moderation.words_file: expected {a_file}, found nothing"))?;
    let matching = table.get("match", "words or substrings", |value| match value.as_str()? {
        "words" => Some(Matching::Words),
        "substrings" => Some(Matching::Substrings),
        _ => None,
    })?;
    // What the other action needs is checked all the same.
    let preset_response = table.get("preset_response", "a text that is not blank", |value| {
        value.as_str().filter(|text| !text.trim().is_empty())
    })?;
    let mask = table.get("mask", "one visible character, like *", |value| {
        let mut characters = value.as_str()?.chars();
        let mask = characters.next().filter(|c| !c.is_control() && !c.is_whitespace())?;
        characters.next().is_none().then_some(mask)
    })?;
    let overrides = table.get("action", "direct_output or overridden", |value| match value.as_str()? {
        "direct_output" => Some(false),
        "overridden" => Some(true),
        _ => None,
    })?;
    let action = if overrides.unwrap_or_default() {
        Action::Overridden { mask: mask.unwrap_or(MASK) }
    } else {
        Action::DirectOutput { preset_response: preset_response.unwrap_or(PRESET_RESPONSE).to_owned() }
    };
    Ok(Options { words_file, matching: matching.unwrap_or_default(), action })
}

#[cfg(test)]
mod tests {
    use serde_json::Map;

    use super::*;

    fn read_table(toml: &str) -> Result<Options, String> {
        let table: Map<String, Value> = basic_toml::from_str(toml).expect("TOML");
        read(&Value::Object(table), Path::new("/etc/weatherhook"))
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
            read(&Value::from(1), Path::new("")).expect_err("no table"),
            "moderation: expected a table, found 1"
        );
    }
}
