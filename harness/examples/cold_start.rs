//! One scenario on the simulated engine, from a request to its table:
//! `cargo run --example cold_start`.
//!
//! Every figure of it is made up. Without `engine = ["fake"]`, with a runtime whose time goes
//! by and an image that exists it is a real measurement.

use std::path::Path;

use coldstart::analysis::Analysis;
use coldstart::drive::Stop;
use coldstart::measure::{Measurement, PreparedEngine, RunControl, RunIdentity, Side};
use coldstart::observer::Lines;
use coldstart::provision::Consent;
use coldstart::report::look::Look;
use coldstart::report::text;
use coldstart::spec::function::Function;
use coldstart::spec::scenario;
use coldstart::store;
use tokio::sync::watch;

fn main() -> anyhow::Result<()> {
    let results = tempfile::tempdir()?;
    let folder = results.path().join("run");
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    // The simulated engine's time passes when nobody has anything to do.
    let runtime = runtime.enable_all().start_paused(true).build()?;
    runtime.block_on(measured(&folder))?;
    let run = store::open(&folder)?;
    println!("{}", text(&Analysis::of(&run), &Look::default()));
    Ok(())
}

/// Twenty cold starts of one function, one a round, each followed by a warm call.
async fn measured(folder: &Path) -> anyhow::Result<()> {
    let text = r#"
        name = "example"
        engine = ["fake"]
        rounds = 20
        keep-alive = "1s"
        [[pattern]]
        name = "single"
        steps = [{ name = "cold", burst = 1 }, { name = "warm", after = "100ms", burst = 1 }]
    "#;
    let scenario = scenario::parse(text, "the example")?;
    let function = Function::of_image("hello", "hello:1", "{}", 0);
    let side = Side {
        name: "run".to_owned(),
        functions: vec![function],
        null: None,
        folder: folder.to_owned(),
        record: None,
    };
    let identity = RunIdentity::now();
    let id = identity.id("example");
    let measurement = Measurement::new(&identity, id, scenario, vec![side], 7)?;
    let observer = Lines(|line: &str| eprintln!("{line}"));
    let (_sender, mut stop) = watch::channel(Stop::No);
    let engine = PreparedEngine::get(&measurement, Consent::Withheld, &stop, &observer).await?;
    let control = RunControl { stop: &mut stop, more: None };
    engine.measure(&measurement, control, &observer).await?;
    Ok(())
}
