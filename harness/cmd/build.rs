//! `build`: the functions' images.

use serde_json::json;

use super::print::{self, Sheet};
use super::{Failure, load_functions, runtime, say};
use crate::cli::Build;
use crate::images;
use crate::provision::bases::Bases;
use crate::provision::{Consent, Surroundings, engine};
use crate::report::sheet::Column;
use crate::store::FunctionRecord;
use crate::units::format_size;

/// What is told of an image where it is not text.
const COLUMNS: [Column; 5] = [
    ("name", "/name"),
    ("image", "/image"),
    ("digest", "/digest"),
    ("size", "/size"),
    ("version", "/version"),
];

/// Builds what is missing; prints a line a function.
pub(super) fn run(args: &Build) -> Result<(), Failure> {
    let functions = load_functions(&args.common, &[])?;
    let consent = Consent::from_flag(args.common.provision);
    let records = runtime(false)?.block_on(async {
        let around = Surroundings::read();
        let engine = engine::find(&around, consent, &say).await?;
        let bases = Bases::new(&around, consent, &say);
        images::ensure(&engine, &functions, &bases, "build").await
    })?;
    let rows = records.iter().map(|record| json!(record)).collect();
    let built = Sheet { name: "images", columns: &COLUMNS, rows };
    print::sheets(args.printed.format, &[built], || records.iter().map(line).collect())
}

fn line(record: &FunctionRecord) -> String {
    let digest = record.digest.get(..19).unwrap_or(&record.digest);
    let (name, size) = (&record.name, format_size(record.size));
    format!("{name:<12} {:<40} {digest}  {size:>10}  {}\n", record.image, record.version)
}
