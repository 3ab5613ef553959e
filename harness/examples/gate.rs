//! A gate between two sides of one function, the head of which sleeps 30 ms more, on the
//! simulated engine: `cargo run --example gate`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use coldstart::compare::{Comparison, Rules, SideData, compare};
use coldstart::drive::Stop;
use coldstart::measure::{Measurement, PreparedEngine, RunControl, RunIdentity, Side};
use coldstart::observer::Silent;
use coldstart::provision::Consent;
use coldstart::report::comparison;
use coldstart::report::look::Look;
use coldstart::spec::factor::EngineKind;
use coldstart::spec::function::Function;
use coldstart::spec::scenario;
use coldstart::store::{self, SideRecord};
use tokio::sync::watch;

fn main() -> anyhow::Result<()> {
    let results = tempfile::tempdir()?;
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().start_paused(true).build()?;
    runtime.block_on(measured(results.path()))?;
    let found = judged(results.path())?;
    println!("{}", comparison::text(&found, &Look::default()));
    anyhow::ensure!(!found.alarmed().is_empty(), "the 30 ms were not found");
    Ok(())
}

/// Both sides take turns in one measurement, and each has a run folder of its own.
async fn measured(folder: &Path) -> anyhow::Result<()> {
    let mut scenario = scenario::shipped("gate").unwrap_or_else(|| scenario::parse("", ""))?;
    scenario.factors.engine = vec![EngineKind::Fake];
    let function = Function::of_image("hello", "hello:1", "{}", 0);
    let identity = RunIdentity::now();
    let id = identity.id("example");
    let side = |name: &str, sleep_ms: Option<u32>| Side {
        name: name.to_owned(),
        functions: vec![function.clone()],
        null: None,
        folder: folder.join(name),
        record: Some(SideRecord {
            pair: id.clone(),
            label: name.to_owned(),
            commit: None,
            dirty: false,
            injected: sleep_ms
                .map(|ms| BTreeMap::from([("hello".to_owned(), ms)]))
                .unwrap_or_default(),
            works: false,
        }),
    };
    let sides = vec![side("base", None), side("head", Some(30))];
    let measurement = Measurement::new(&identity, id.clone(), scenario, sides, 7)?;
    let (_sender, mut stop) = watch::channel(Stop::No);
    let engine = PreparedEngine::get(&measurement, Consent::Withheld, &stop, &Silent).await?;
    let control = RunControl { stop: &mut stop, more: None };
    engine.measure(&measurement, control, &Silent).await?;
    Ok(())
}

fn judged(folder: &Path) -> anyhow::Result<Comparison> {
    let side =
        |name: &str| anyhow::Ok(SideData::of(&store::open(&folder.join(name))?, name.to_owned()));
    Ok(compare(&side("base")?, &side("head")?, &Rules::default(), &BTreeSet::new()))
}
