//! `build`: the functions' images.

use super::voice::Aloud;
use super::{Failure, load_functions, runtime};
use crate::cli::Build;
use crate::images;
use crate::provision::bases::Bases;
use crate::provision::{Consent, Surroundings, engine};
use crate::units::format_size;

/// Builds what is missing; prints a line a function.
pub(super) fn run(args: &Build) -> Result<(), Failure> {
    let functions = load_functions(&args.common, &[])?;
    let consent = Consent::from_flag(args.common.provision);
    let records = runtime(false)?.block_on(async {
        let around = Surroundings::read();
        let engine = engine::find(&around, consent, &Aloud).await?;
        let bases = Bases::new(&around, consent, &Aloud);
        images::ensure(&engine, &functions, &bases, "build").await
    })?;
    for record in records {
        let digest = record.digest.get(..19).unwrap_or(&record.digest);
        let (name, size) = (&record.name, format_size(record.size));
        println!("{name:<12} {:<40} {digest}  {size:>10}  {}", record.image, record.version);
    }
    Ok(())
}
