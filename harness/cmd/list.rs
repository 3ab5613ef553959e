//! `list`: what can be measured, and what was. Reads, and changes nothing; what cannot
//! be read is named with the reason, and stops nothing.

use serde_json::Value;

use super::repeat::Words;
use super::{ExitReason, stdout};
use crate::cli::{List, Listed};
use coldstart::report::listing::{self, Listing};
use coldstart::store::catalog;

pub(super) mod inventory;

pub(super) use inventory::{FOLDER, scenario_names};

/// Lists everything, or one kind.
pub(super) fn run(args: &List) -> Result<(), ExitReason> {
    Ok(stdout::result(&listed(args)?)?)
}

/// What there is, in a form.
pub(super) fn listed(args: &List) -> Result<String, ExitReason> {
    let wants = |kind: Listed| args.what.is_none_or(|what| what == kind);
    let file = args.functions_file.as_path();
    let mut sheets = Vec::new();
    if wants(Listed::Functions) {
        sheets.push(listing::functions(file, inventory::functions(file)));
    }
    if wants(Listed::Scenarios) {
        sheets.push(listing::scenarios(FOLDER, inventory::scenarios(file)));
    }
    if wants(Listed::Runs) {
        let rows: Result<Vec<Value>, _> =
            catalog::scan(&args.results).iter().map(serde_json::to_value).collect();
        let again = |name: &str| Words::of("report").word(args.results.join(name).display()).line();
        sheets.push(listing::runs(&args.results, rows?, again));
    }
    stdout::listing(args.printed.format, Listing { sheets })
}
