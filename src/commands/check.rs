//! `weatherhook check`: what `serve` would load, a line for each finding.

use std::io::{self, Write};

use super::{Failure, load, readings};
use crate::config::{self, Config, Flags};
use crate::printed::printed;
use crate::time::Timestamp;

/// Prints the findings. `Ok(true)` if `serve` would start and have readings. About one `file` it says how that
/// is read, and nothing of key and endpoint.
pub(super) fn run(flags: &Flags, file: bool, out: &mut dyn Write) -> Result<bool, Failure> {
    match load(flags) {
        Ok(config) if file => {
            Ok(readings::check(&config.sampler, &config.answer, true, Timestamp::now(), out)?)
        }
        Ok(config) => Ok(check(&config, Timestamp::now(), out)?),
        Err(error @ config::Error::Usage(_)) => Err(error.into()),
        // A wrong configuration is a finding, too.
        Err(error) => Ok(faulty(&error, out)?),
    }
}

fn check(config: &Config, now: Timestamp, out: &mut dyn Write) -> io::Result<bool> {
    if let Some(file) = &config.file {
        writeln!(out, "configuration: {}", printed(&file.display().to_string()))?;
    }
    for address in &config.listen {
        writeln!(out, "endpoint: {}", address.endpoint(&config.path))?;
    }
    let are_keys_good = keys(config, out)?;
    let is_moderation_good = moderation(config, out)?;
    Ok(readings::check(&config.sampler, &config.answer, false, now, out)?
        && are_keys_good
        && is_moderation_good)
}

fn keys(config: &Config, out: &mut dyn Write) -> io::Result<bool> {
    let (keys, warnings) = match config.keys() {
        Ok(loaded) => loaded,
        Err(error) => return faulty(&error, out),
    };
    for warning in warnings {
        writeln!(out, "warning: {}", printed(&warning))?;
    }
    writeln!(out, "keys: {}", keys.count())?;
    Ok(true)
}

fn moderation(config: &Config, out: &mut dyn Write) -> io::Result<bool> {
    match config.moderation() {
        Ok(Some(moderation)) => writeln!(out, "moderation: {moderation}")?,
        Ok(None) => {}
        Err(error) => return faulty(&error, out),
    }
    Ok(true)
}

fn faulty(error: &config::Error, out: &mut dyn Write) -> io::Result<bool> {
    writeln!(out, "error: {}", printed(&error.to_string()))?;
    Ok(false)
}
