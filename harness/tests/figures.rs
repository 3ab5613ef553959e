//! What is said of kept runs, held against their rows.

use std::collections::BTreeMap;
use std::path::Path;

use coldstart::sample::{Mark, Temperature};
use coldstart::spec::factor::{EngineKind, Network};
use coldstart::stats::{first_used_round, hodges_lehmann};
use coldstart::store;

/// Boot and init of each start, in milliseconds, by function, network and engine.
fn own_parts(folder: &str) -> BTreeMap<(String, Network, EngineKind), Vec<f64>> {
    let run = store::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap();
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

/// A function's own part is the same whoever makes the instance: what differs is told in
/// results/README.md, with its interval.
#[test]
fn with_a_daemon_and_without_a_functions_own_part_is_the_same() {
    let parts = own_parts("results/engines");
    let mut compared = 0;
    for ((function, network, engine), with) in &parts {
        if *engine != EngineKind::Docker {
            continue;
        }
        let without = &parts[&(function.clone(), *network, EngineKind::Oci)];
        let difference = hodges_lehmann::difference(without, with).unwrap();
        let (low, high) = difference.interval.unwrap();
        println!("{function} {network}: {:+.2} [{low:+.2}, {high:+.2}] ms", difference.value);
        compared += 1;
    }
    assert_eq!(compared, 8);
}
