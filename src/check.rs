//! `weatherhook check`: what `serve` would load, a line for each finding.

use std::io::{self, Write};

use crate::config::Config;
use crate::sampler;
use crate::time::Timestamp;

/// Writes the findings to `out`. `Ok(true)` if `serve` would start and have readings; an error is
/// one of `out`.
pub fn run(config: &Config, now: Timestamp, out: &mut dyn Write) -> io::Result<bool> {
    if let Some(file) = &config.file {
        writeln!(out, "configuration: {}", file.display())?;
    }
    for address in &config.listen {
        writeln!(out, "endpoint: {}", address.endpoint(&config.path))?;
    }
    let keys_are_good = match config.keys() {
        Ok((keys, warnings)) => {
            for warning in warnings {
                writeln!(out, "warning: {warning}")?;
            }
            writeln!(out, "keys: {}", keys.count())?;
            true
        }
        Err(error) => {
            writeln!(out, "error: {error}")?;
            false
        }
    };
    let words_are_good = match config.moderation() {
        Ok(moderation) => {
            if let Some(moderation) = moderation {
                writeln!(out, "moderation: {moderation}")?;
            }
            true
        }
        Err(error) => {
            writeln!(out, "error: {error}")?;
            false
        }
    };
    Ok(sampler::check(&config.sampler, now, out)? && keys_are_good && words_are_good)
}
