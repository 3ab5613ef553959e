//! Parse, do, exit.

use std::process::ExitCode;

use clap::Parser;
use coldstart::{cli::Cli, cmd};

fn main() -> ExitCode {
    cmd::execute(&Cli::parse())
}
