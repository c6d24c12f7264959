//! The `[[station.source]]` that helps with a file: what is configured, and what its text suggests.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, absolute};
use std::time::Duration;

use crate::format::{Advice, Dialect};
use crate::reading::Device;
use crate::sampler::{SourceKind, SourceOptions};
use crate::time::Zone;

/// The time between two looks that need not be written.
const EVERY: Duration = Duration::from_secs(5);

/// Devices that a comment names.
const OTHERS: usize = 5;

/// The table in TOML. `names` are the keys that the text has, `replaces` is for a `match` that selects nothing.
pub(super) fn block(
    source: &SourceOptions,
    names: &BTreeSet<String>,
    advice: &Advice,
    replaces: bool,
) -> String {
    let SourceKind::Files(path) = &source.kind;
    let texts = &source.texts;
    let mut lines = format!("[[station.source]]\nfile = {}\n", quoted(&whole(path)));
    let mut line = |key: &str, value: Option<String>| {
        if let Some(value) = value {
            // Writing to a String cannot fail.
            let _ = writeln!(lines, "{key} = {value}");
        }
    };
    line("format", texts.format.map(|format| format.name).or(advice.format).map(quoted));
    line("match", selection(&texts.select, advice, replaces));
    line("keys", keys(&texts.dialect, names, advice));
    line("columns", columns(&texts.dialect, advice));
    line("offset", offsets(source));
    line(
        "every",
        (source.every != EVERY).then(|| quoted(&humantime::format_duration(source.every).to_string())),
    );
    line("zone", zone(&texts.dialect.zone).map(|zone| quoted(&zone)));
    line(
        "time_format",
        advice.time_format.as_ref().or(texts.dialect.time_format.as_ref()).map(|text| quoted(text)),
    );
    lines
}

/// The path from the root, because those of a configuration start at its directory.
fn whole(path: &Path) -> String {
    absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string()
}

fn selection(given: &Device, advice: &Advice, replaces: bool) -> Option<String> {
    if !replaces && *given != Device::default() {
        return given.selection();
    }
    let selected = advice.select.as_ref()?.selection()?;
    let others: Vec<String> = advice.others.iter().take(OTHERS).map(|other| quoted(other)).collect();
    Some(format!("{selected}  # there is also {}", others.join(", ")))
}

/// Those that are configured and occur, and those that are suggested.
fn keys(dialect: &Dialect, names: &BTreeSet<String>, advice: &Advice) -> Option<String> {
    let is_kept = |own: &str| names.is_empty() || names.contains(own);
    let given = dialect.keys.iter().filter(|(own, _)| is_kept(own));
    let is_new = |own: &str| !dialect.keys.iter().any(|(known, _)| known == own);
    let added = advice.keys.iter().filter(|(own, _)| is_new(own));
    let keys: Vec<String> =
        given.chain(added).map(|(own, known)| format!("{} = {}", quoted(own), quoted(known))).collect();
    (!keys.is_empty()).then(|| format!("{{ {} }}", keys.join(", ")))
}

fn columns(dialect: &Dialect, advice: &Advice) -> Option<String> {
    let (columns, comment) = match advice.columns.as_slice() {
        [] => (dialect.columns.as_slice(), ""),
        guessed => (guessed, "  # guessed: correct them; \"\" leaves a column out"),
    };
    let columns: Vec<String> = columns.iter().map(|name| quoted(name)).collect();
    (!columns.is_empty()).then(|| format!("[{}]{comment}", columns.join(", ")))
}

fn offsets(source: &SourceOptions) -> Option<String> {
    let offset = |(quantity, thousandths): (&crate::reading::Quantity, &i64)| {
        format!("{} = {}", quantity.key(), *thousandths as f64 / 1000.0)
    };
    let offsets: Vec<String> = source.texts.offsets.iter().map(offset).collect();
    (!offsets.is_empty()).then(|| format!("{{ {} }}", offsets.join(", ")))
}

/// `None` for the board's own.
fn zone(zone: &Zone) -> Option<String> {
    match zone {
        Zone::Local => None,
        Zone::Utc => Some("utc".to_owned()),
        Zone::Fixed(minutes) => {
            let sign = if *minutes < 0 { '-' } else { '+' };
            Some(format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60))
        }
        Zone::Named(named) => Some(format!("{named:?}")),
    }
}

/// A basic string of TOML.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            _ if c.is_control() => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
            _ => quoted.push(c),
        }
    }
    quoted + "\""
}
