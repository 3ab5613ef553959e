//! Parse, do, exit.

use std::process::ExitCode;

mod cli;
mod cmd;
mod terminal;

fn main() -> ExitCode {
    match cli::parse() {
        Ok(typed) => cmd::execute(&typed),
        Err(status) => ExitCode::from(status),
    }
}
