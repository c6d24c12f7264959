//! The commands, a file for each: what they print and whether they succeed.

mod block;
mod check;
mod demo;
mod doctor;
mod import;
mod query;
mod readings;

use std::env;
use std::ffi::OsString;
use std::io::{self, IsTerminal as _, Write};
use std::process::ExitCode;

use log::LevelFilter;

use crate::config::{self, Command, CommandLine, Config, Flags};
use crate::printed::{Lines, printed};
use crate::{auth, logging, service};

/// Runs the command that the arguments name (without the name of the program), and gives its exit code. What
/// went wrong is one line on standard error.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let line = CommandLine::parse(arguments).map_err(Failure::from);
    match line.and_then(start) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(Failure(code, message)) => {
            // If stderr is closed too, nothing can show the message.
            let _ = writeln!(io::stderr(), "weatherhook: {}", printed(&message));
            code.into()
        }
    }
}

/// `Ok(false)` if the command itself has printed what is wrong.
fn start(line: CommandLine) -> Result<bool, Failure> {
    let mut stdout = io::stdout();
    let is_terminal = stdout.is_terminal();
    let out = &mut Lines(&mut stdout);
    let CommandLine { command, argument, watch, dry_run, file, files, flags } = line;
    match command {
        Command::Serve => {
            logging::start(LevelFilter::Info);
            service::serve(&|| load(&flags), &mut |_, _| ())?;
        }
        Command::Demo => {
            logging::start(LevelFilter::Info);
            demo::run(&|file| Config::load(&flags, env::vars_os(), Some(file)), out)?;
        }
        Command::Query => {
            logging::start(LevelFilter::Warn);
            query::run(load(&flags)?, argument.as_deref(), out)?;
        }
        Command::Check if watch => {
            readings::watch(load(&flags)?.sampler, out.0, is_terminal)?;
        }
        Command::Check => return check::run(&flags, file, out),
        Command::Doctor => return doctor::run(&flags, argument.as_deref(), out),
        Command::Import => {
            logging::start(LevelFilter::Error);
            let config = Config::load(&flags, env::vars_os(), None)?;
            return import::run(&config, (argument.as_deref().unwrap_or_default(), &files), dry_run, out);
        }
        Command::Keygen => writeln!(out, "{}", auth::generate()?)?,
        Command::Help => write!(out, "{}", config::help())?,
        Command::Version => writeln!(out, "weatherhook {}", env!("CARGO_PKG_VERSION"))?,
    }
    Ok(true)
}

/// The configuration of a command that needs sources.
fn load(flags: &Flags) -> Result<Config, config::Error> {
    Config::load(flags, env::vars_os(), None)?.with_sources()
}

/// Why a command failed: the exit code and the message.
struct Failure(u8, String);

impl From<config::Error> for Failure {
    fn from(error: config::Error) -> Failure {
        Failure(error.exit_code(), error.to_string())
    }
}

impl From<service::Error> for Failure {
    fn from(error: service::Error) -> Failure {
        match error {
            service::Error::Config(error) => error.into(),
            service::Error::Machine { .. } => Failure(1, error.to_string()),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure(1, error.to_string())
    }
}
