//! `build`: the functions' images.

use super::{ExitReason, load_functions, runtime, stdout};
use crate::cli::Build;
use crate::terminal::TerminalObserver;
use crate::terminal::interrupt::{self, Phase};
use coldstart::measure::{RunIdentity, Setup};
use coldstart::provision::Consent;
use coldstart::provision::bases::Bases;
use coldstart::provision::images::ensure;
use coldstart::report::listing::{Listing, images};

/// Builds what is missing; prints a line a function.
pub(super) fn run(args: &Build) -> Result<(), ExitReason> {
    let functions = load_functions(&args.common, &[])?;
    let consent = Consent::from_flag(args.common.provision);
    let stop = interrupt::heard()?;
    let observer = TerminalObserver::default();
    let records = runtime(false)?.block_on(async {
        // Of its own: what it leaves when it is interrupted is no other's.
        let id = RunIdentity::now().id("build");
        let setup = Setup::begin(consent, &id, &[], None, &stop, &observer).await?;
        let bases = Bases::new(&setup.around, consent, &observer);
        let ensured = ensure(setup.engine.as_ref(), &functions, &bases, &id);
        Ok::<_, ExitReason>(setup.unless(&stop, ensured).await??)
    })?;
    interrupt::now(Phase::Showing);
    let told = stdout::listing(args.printed.format, Listing { sheets: vec![images(&records)] })?;
    Ok(stdout::result(&told)?)
}
