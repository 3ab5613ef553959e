//! `aa`.

use super::Failure;
use crate::cli::Aa;

pub(super) fn run(_: &Aa) -> Result<(), Failure> {
    Ok(())
}
