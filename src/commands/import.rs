//! `weatherhook import`: days made of older logs.

use std::io::{self, IsTerminal as _, Write};
use std::path::{Path, PathBuf};

use super::Failure;
use crate::config::Config;
use crate::printed::Lines;
use crate::reading::Day;
use crate::sampler::{self, ImportStep};
use crate::time::Timestamp;

/// The state of an installed service, where `$STATE_DIRECTORY` is not set.
const INSTALLED_STATE: &str = "/var/lib/weatherhook";

/// Days after which the line of progress is written again.
const SHOWN: usize = 20;

/// Adds the days of `files` to those of a station, or only prints them. `Ok(true)` if every file had some.
pub(super) fn run(
    config: &Config,
    (station, files): (&str, &[PathBuf]),
    is_dry: bool,
    out: &mut dyn Write,
) -> Result<bool, Failure> {
    let installed = || Some(Path::new(INSTALLED_STATE).to_owned()).filter(|path| path.is_dir());
    let directory = config.sampler.state.clone().or_else(installed);
    if directory.is_none() && !is_dry {
        let message = "import: no directory for the days: set STATE_DIRECTORY, or see them with --dry-run";
        return Err(Failure(1, message.to_owned()));
    }
    if is_dry {
        writeln!(out, "{}", Day::header())?;
    }
    let (is_terminal, mut reads) = (io::stderr().is_terminal(), 0);
    // If stderr is closed, nobody waits for it.
    let progress = |text: &str| drop(write!(io::stderr(), "\r\x1b[K{text}"));
    let mut say = |step: ImportStep<'_>| {
        match step {
            ImportStep::Reads(date) if is_terminal => {
                reads += 1;
                if reads % SHOWN == 0 {
                    progress(&format!("{date} ..."));
                }
            }
            ImportStep::Reads(_) => {}
            ImportStep::Adds(day) if is_dry => writeln!(out, "{day}")?,
            ImportStep::Adds(_) => {}
            ImportStep::Fails(why) => drop(writeln!(Lines(&mut io::stderr()), "weatherhook: {why}")),
        }
        Ok(())
    };
    let what = (station, files);
    let imported =
        sampler::import(&config.sampler, what, directory.as_deref(), !is_dry, Timestamp::now(), &mut say)?;
    if is_terminal {
        progress("");
    }
    let added = if is_dry { "to add" } else { "added" };
    writeln!(out, "{} days {added}, {} known before", imported.added, imported.known)?;
    Ok(imported.failed == 0)
}
