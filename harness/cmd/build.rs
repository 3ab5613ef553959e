//! `build`: the functions' images.

use serde_json::json;
use unicode_width::UnicodeWidthStr;

use super::stdout::{self, Sheet};
use super::{ExitReason, load_functions, runtime};
use crate::cli::Build;
use crate::terminal::interrupt::{self, Phase};
use crate::terminal::{self, TerminalObserver};
use coldstart::measure::{RunIdentity, Setup};
use coldstart::provision::Consent;
use coldstart::provision::bases::Bases;
use coldstart::provision::images;
use coldstart::report::look::{Look, wrapped};
use coldstart::report::sheet::Column;
use coldstart::store::FunctionRecord;
use coldstart::text::units::format_size;

/// What is told of an image where it is not text.
const COLUMNS: [Column; 5] = [
    ("name", "/name"),
    ("image", "/image"),
    ("digest", "/digest"),
    ("size", "/size"),
    ("version", "/version"),
];

/// Builds what is missing; prints a line a function.
pub(super) fn run(args: &Build) -> Result<(), ExitReason> {
    let functions = load_functions(&args.common, &[])?;
    let consent = Consent::from_flag(args.common.provision);
    let stop = interrupt::heard()?;
    let observer = TerminalObserver::default();
    let records = runtime(false)?.block_on(async {
        // Of its own: what it leaves when it is interrupted is no other's.
        let id = RunIdentity::now().id("build");
        let setup = Setup::begin(consent, &id, &stop, &observer).await?;
        let bases = Bases::new(&setup.around, consent, &observer);
        let ensured = images::ensure(&setup.engine, &functions, &bases, &id);
        Ok::<_, ExitReason>(setup.unless(&stop, ensured).await??)
    })?;
    interrupt::now(Phase::Showing);
    let rows = records.iter().map(|record| json!(record)).collect();
    let built = Sheet { name: "images", columns: &COLUMNS, rows };
    let look = terminal::look();
    let text = stdout::sheets(args.printed.format, &[built], || {
        records.iter().map(|record| line(record, &look) + "\n").collect()
    })?;
    Ok(stdout::result(&text)?)
}

/// Name, image, digest, size and version: in columns, or one below the other where a
/// terminal has no room for that.
fn line(record: &FunctionRecord, look: &Look) -> String {
    let digest = record.digest.get(..19).unwrap_or(&record.digest);
    let (name, size, version) = (&record.name, format_size(record.size), &record.version);
    let line = format!("{name:<12} {:<40} {digest}  {size:>10}  {version}", record.image);
    if !look.terminal || line.width() <= look.width {
        return line;
    }
    let parts = [name.as_str(), &record.image, digest, &size, version];
    wrapped(&parts.join("  "), "", look.width).join("\n")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use coldstart::store;

    use super::*;

    #[test]
    fn a_terminal_that_is_too_narrow_has_shorter_lines() {
        let reference = Path::new(env!("CARGO_MANIFEST_DIR")).join("results/reference");
        let record = &store::record(&reference).unwrap().functions[0];
        let at = |width, terminal| line(record, &Look { width, terminal, ..Look::default() });
        assert_eq!(at(40, false).lines().count(), 1);
        assert_eq!(at(200, true).lines().count(), 1);
        assert!(at(40, true).lines().all(|line| line.width() <= 40), "{}", at(40, true));
    }
}
