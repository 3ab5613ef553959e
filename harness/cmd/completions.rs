//! `completions`: the script for a shell.

use super::{Failure, print};
use crate::cli::{Completions, pages};

/// Prints it.
pub(super) fn run(args: &Completions) -> Result<(), Failure> {
    Ok(print::result(&print::text(&pages::completions(args.shell)))?)
}
