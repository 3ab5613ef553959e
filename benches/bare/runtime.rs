//! Without a daemon: our starts against bare calls of the same runtime on the same bundle, and
//! starts a minute against those and against Docker's.

use anyhow::Result;
use coldstart::platform::Platform;
use tokio::runtime::Runtime;

use crate::bundle::Bundle;
use crate::oci::Oci;
use crate::parallel::{Sides, WORKERS};
use crate::ready::Ready;
use crate::turns::{Turns, median};
use crate::{FUNCTION, RUN, driver, parallel};

/// Cold starts, a start of each side in turns. The removals are not timed. Ours begins with
/// nothing but the image: the bundle and its mounts are made within the whole of it, and are
/// there before a bare start.
pub(crate) fn measure(runtime: &Runtime, ready: &Ready, rounds: u32) -> Result<()> {
    let oci = runtime.block_on(Oci::find(ready))?;
    for name in &oci.runtimes {
        let platform = Platform::new(oci.engine.clone(), ready.clock(), RUN.clone());
        let target = oci.target(ready, name);
        let bundle = runtime.block_on(Bundle::new(&oci, ready, name))?;
        let mut called = Vec::new();
        let through_the_driver = || {
            runtime.block_on(async {
                let took = driver::took(&platform, &target).await?;
                platform.clear().await?;
                called.push(took.called);
                Ok(took.whole)
            })
        };
        let bare = || Ok(bundle.start(&ready.recipe)?.as_secs_f64());
        let took = Turns::take(rounds, through_the_driver, bare);
        // However it ended, nothing is left behind.
        let removed = runtime.block_on(bundle.remove(&oci));
        let took = took?;
        removed?;
        let [driver, bare] = took.medians();
        // The first is not counted of the others either.
        let called = median(called.split_off(1));
        println!(
            "cold {FUNCTION} by {name} on the host's network, {rounds} rounds: engine oci {:.2} ms, \
             bare `{name} run` {:.2} ms, {:.2} times as long, {:+.1} %{}; from its call, the bundle \
             being there as the other's, {:.2} ms, {:.2} times as long",
            driver * 1e3,
            bare * 1e3,
            driver / bare,
            (driver / bare - 1.0) * 100.0,
            took.interval(),
            called * 1e3,
            called / bare,
        );
    }
    Ok(())
}

/// Starts a minute: several at a time, against bare loops of as many, and against Docker's.
pub(crate) fn measure_parallel(
    runtime: &Runtime,
    ready: &Ready,
    rounds: u32,
    starts: u32,
) -> Result<()> {
    let oci = runtime.block_on(Oci::find(ready))?;
    for name in &oci.runtimes {
        let of = |what: &str| format!("{FUNCTION} by {name} on the host's network, {what}");
        let ours =
            || parallel::through(runtime, ready, &oci.engine, oci.target(ready, name), starts);
        for (mounting, other) in
            [(false, "bare loops"), (true, "bare loops that mount a root for each")]
        {
            let mut bundles = Vec::new();
            for _ in 0..WORKERS {
                let bundle = runtime.block_on(Bundle::new(&oci, ready, name))?;
                bundles.push(if mounting { bundle.mounting()? } else { bundle });
            }
            let bare = || {
                let start = |bundle: &Bundle| bundle.start(&ready.recipe).map(drop);
                parallel::by_hand(starts, &bundles, start)
            };
            let rates = Turns::take(rounds, ours, bare);
            for bundle in bundles {
                runtime.block_on(bundle.remove(&oci))?;
            }
            Sides { rates: rates?, what: of("engine oci"), one: "engine oci", other }
                .print(rounds, starts);
        }
        let docker = || parallel::through(runtime, ready, &ready.engine, ready.on_host(), starts);
        let rates = Turns::take(rounds, ours, docker)?;
        Sides { rates, what: of("engines"), one: "engine oci", other: "engine docker" }
            .print(rounds, starts);
    }
    Ok(())
}
