//! `completions`: the script for a shell.

use super::{ExitReason, stdout};
use crate::cli::{Completions, pages};

/// Prints it.
pub(super) fn run(args: &Completions) -> Result<(), ExitReason> {
    Ok(stdout::result(&stdout::text(&pages::completions(args.shell)))?)
}
