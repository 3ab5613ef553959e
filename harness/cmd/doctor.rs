//! `doctor`: what is here, what is missing, what to type.

use super::{ExitReason, runtime, stdout};
use crate::cli::Doctor;
use coldstart::provision::{Surroundings, doctor};
use coldstart::report::listing::{Listing, findings};
use coldstart::spec::function;

/// Prints a line a finding. Succeeds whatever is found: it was asked to look.
pub(super) fn run(args: &Doctor) -> Result<(), ExitReason> {
    let functions = function::load(&args.functions_file).map_err(ExitReason::Usage)?;
    // Of the optional ones nothing is missing as long as nobody names them.
    let functions: Vec<_> = functions.into_iter().filter(|f| !f.optional).collect();
    let around = Surroundings::read();
    let found = runtime(false)?.block_on(doctor::inspect(&around, &functions));
    let told = stdout::listing(args.printed.format, Listing { sheets: vec![findings(&found)] })?;
    Ok(stdout::result(&told)?)
}
