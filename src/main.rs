//! The program.

use std::env;
use std::process::ExitCode;

fn main() -> ExitCode {
    weatherhook::commands::run(env::args_os().skip(1))
}
