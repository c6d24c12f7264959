//! The command line: which command, and with what it exits.

use std::env;
use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;

use log::LevelFilter;
use weatherhook::config::{self, Command, Config, Flags};
use weatherhook::sampler::{self, Sampler};
use weatherhook::time::Timestamp;
use weatherhook::{answer, auth, check, demo, doctor, logging, service};

/// Why a command failed, and the exit code that says so.
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

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(Failure(code, message)) => {
            // Nobody is left to tell if stderr is closed, too.
            let _ = writeln!(io::stderr(), "weatherhook: {message}");
            code.into()
        }
    }
}

fn run() -> Result<ExitCode, Failure> {
    let mut out = io::stdout();
    match Command::parse(env::args_os().skip(1))? {
        Command::Serve(flags) => {
            logging::start(LevelFilter::Info);
            service::serve(&|| load(&flags), |_, _| ())?;
        }
        Command::Demo(flags) => {
            logging::start(LevelFilter::Info);
            demo::run(|file| Config::load(&flags, env::vars_os(), Some(file)), &mut out)?;
        }
        Command::Query(place, flags) => {
            logging::start(LevelFilter::Warn);
            let config = load(&flags)?;
            let now = Timestamp::now();
            let mut sampler = Sampler::new(config.sampler);
            sampler.sample(now);
            let text = answer::answer(&sampler.snapshot(now), place.as_deref(), None, now, &config.answer);
            writeln!(out, "{text}")?;
        }
        Command::Check(flags) => {
            let good = match load(&flags) {
                Ok(config) => check::run(&config, Timestamp::now(), &mut out)?,
                // A wrong configuration is a finding, too.
                Err(error @ config::Error::Config(_)) => {
                    writeln!(out, "error: {error}")?;
                    false
                }
                Err(error) => return Err(error.into()),
            };
            if !good {
                return Ok(ExitCode::FAILURE);
            }
        }
        Command::Doctor(url, flags) => {
            let is_good = match (Config::load(&flags, env::vars_os(), None), url) {
                (Ok(config), Some(url)) => doctor::endpoint(&url, &config, &mut out)?,
                (Ok(config), None) => {
                    doctor::board(&config, flags.has("listen"), Timestamp::now(), &mut out)?
                }
                (Err(error @ config::Error::Config(_)), _) => doctor::misconfigured(&error, &mut out)?,
                (Err(error), _) => return Err(error.into()),
            };
            if !is_good {
                return Ok(ExitCode::FAILURE);
            }
        }
        Command::Watch(flags) => {
            let is_terminal = out.is_terminal();
            sampler::watch(load(&flags)?.sampler, &mut out, is_terminal)?;
        }
        Command::Keygen => writeln!(out, "{}", auth::generate()?)?,
        Command::Help => write!(out, "{}", config::help())?,
        Command::Version => writeln!(out, "weatherhook {}", env!("CARGO_PKG_VERSION"))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn load(flags: &Flags) -> Result<Config, config::Error> {
    Config::load(flags, env::vars_os(), None)?.with_sources()
}
