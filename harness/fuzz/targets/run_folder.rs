//! A run's folder: what is read is summarised, shown and compared with itself, or is an
//! error that says why. The input is its three files, one after the other, each but the
//! last ended by a line of `=`.

#![no_main]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use coldstart::analysis::Analysis;
use coldstart::compare::{Rules, SideData, compare};
use coldstart::report::form::{FORMS, Printed};
use coldstart::report::look::Look;
use coldstart::report::{self, comparison, readme};
use coldstart::store;
use libfuzzer_sys::fuzz_target;

const FILES: [&str; 3] = ["run.json", "samples.jsonl", "trials.jsonl"];
const END: &[u8] = b"=\n";

fuzz_target!(|bytes: &[u8]| {
    let folder = tempfile::tempdir().unwrap();
    let mut rest = bytes;
    for name in FILES {
        let end = rest.windows(END.len()).position(|window| window == END);
        let (file, after) = rest.split_at(end.unwrap_or(rest.len()));
        rest = after.strip_prefix(END).unwrap_or(after);
        fs::write(folder.path().join(name), file).unwrap();
    }
    if let Err(error) = read(folder.path()) {
        assert!(!error.trim().is_empty());
    }
});

/// Everything but pictures, which take a hundred times as long as all the rest.
fn read(folder: &Path) -> Result<(), String> {
    let told = |error| format!("{error:#}");
    let _ = store::open(folder);
    // Most of what is refused as a whole is read in part.
    let run = store::salvage(folder).map_err(told)?;
    let analysis = Analysis::of(&run);
    let text = report::text(&analysis, &Look::default());
    assert!(!text.contains(|c: char| c.is_control() && c != '\n'));
    for form in FORMS.iter().filter(|form| form.name != "markdown") {
        form.print(&Printed::Run(&analysis), &Look::default()).map_err(told)?;
    }
    let _ = readme::block(&analysis);
    let measured = SideData::of(&run, "it".to_owned());
    let found = compare(&measured, &measured, &Rules::default(), &BTreeSet::new());
    comparison::files(&found).map_err(told)?;
    let _ = comparison::text(&found, &Look::default());
    Ok(())
}
