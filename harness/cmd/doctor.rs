//! `doctor`: what is here, what is missing, what to type.

use super::{Failure, runtime};
use crate::cli::Doctor;
use crate::functions;
use crate::provision::{Surroundings, doctor};

/// Prints a line a finding. Succeeds whatever is found: it was asked to look.
pub(super) fn run(args: &Doctor) -> Result<(), Failure> {
    let functions = functions::load(&args.functions_file).map_err(Failure::Usage)?;
    let around = Surroundings::read();
    let findings = runtime(false)?.block_on(doctor::inspect(&around, &functions));
    for finding in findings {
        let mark = if finding.ok { "ok     " } else { "missing" };
        println!("{mark}  {:<22} {}", finding.what, finding.detail);
        if let Some(cure) = finding.cure {
            println!("         {:<22} -> {cure}", "");
        }
    }
    Ok(())
}
