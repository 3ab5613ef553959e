//! What is said of kept runs, held against their rows.

use std::collections::BTreeMap;
use std::path::Path;

use coldstart::sample::{Mark, Temperature};
use coldstart::spec::factor::{EngineKind, Network};
use coldstart::stats::{first_used_round, hodges_lehmann};
use coldstart::store;

/// Boot and init of each start, in milliseconds, by function, network and engine.
fn own_parts(folder: &Path) -> BTreeMap<(String, Network, EngineKind), Vec<f64>> {
    let run = store::open(folder).unwrap();
    let first = first_used_round(&run.samples);
    let mut found = BTreeMap::<_, Vec<f64>>::new();
    for sample in &run.samples {
        let cell = &sample.cell;
        if cell.control.is_some() || cell.temperature != Temperature::Cold || sample.round < first {
            continue;
        }
        let marks = &sample.marks;
        let took = marks.ready().zip(marks.get(Mark::Exec)).map(|(ready, exec)| ready - exec);
        let key = (cell.function.clone(), cell.factors.network, cell.factors.engine);
        found.entry(key).or_default().extend(took.map(|ns| ns as f64 / 1e6));
    }
    found
}

/// A function's own part is the same whoever makes its instance, within their intervals or a
/// little more; and the table of results/README.md says which.
#[test]
fn with_a_daemon_and_without_a_functions_own_part_is_the_same() {
    const LITTLE_MORE: f64 = 2.5;
    let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("results");
    let page = std::fs::read_to_string(results.join("README.md")).unwrap();
    let parts = own_parts(&results.join("engines"));
    for function in ["rust", "python", "jvm", "node"] {
        let cell = |network| {
            let of = |engine| &parts[&(function.to_owned(), network, engine)];
            let [without, with] = [EngineKind::Oci, EngineKind::Docker].map(of);
            let difference = hodges_lehmann::difference(without, with).unwrap();
            let (value, (low, high)) = (difference.value, difference.interval.unwrap());
            let is_same = low <= 0.0 && high >= 0.0;
            assert!(is_same || value.abs() < LITTLE_MORE, "{function}, {network}: {value}");
            format!("{value:+.2} [{low:+.2}, {high:+.2}]")
        };
        let [host, bridge] = [Network::Host, Network::Bridge].map(cell);
        let row = format!("| {function} | {host} | {bridge} |");
        assert!(page.contains(&row), "results/README.md has not {row}");
    }
}
