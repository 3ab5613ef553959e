//! Parse, do, exit.

use std::process::ExitCode;

use coldstart::{cli, cmd};

fn main() -> ExitCode {
    match cli::parse() {
        Ok(typed) => cmd::execute(&typed),
        Err(status) => ExitCode::from(status),
    }
}
