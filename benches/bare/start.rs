//! Cold starts: the driver against the bare loop.

use anyhow::Result;
use tokio::runtime::Runtime;

use crate::client::{Client, Turn};
use crate::ready::Ready;
use crate::turns::Turns;
use crate::{FUNCTION, driver};

/// The removals are not timed.
pub(crate) fn measure(runtime: &Runtime, ready: &Ready, rounds: u32) -> Result<()> {
    let (platform, target) = (ready.platform(), ready.target());
    let turn = Turn::of(&ready.images)?;
    let mut client = Client::connect(&ready.recipe)?;
    let through_the_driver = || {
        runtime.block_on(async {
            let took = driver::start(&platform, &target).await?;
            platform.clear().await?;
            Ok(took)
        })
    };
    let bare = || {
        let started = client.start()?;
        client.remove(&started.id, &turn)?;
        Ok(started.took.as_secs_f64())
    };
    let took = Turns::take(rounds, through_the_driver, bare)?;
    let [driver, bare] = took.medians();
    println!(
        "cold {FUNCTION} through the bridge, {rounds} rounds: driver {:.2} ms, bare loop {:.2} ms, \
         driver over bare {:+.2} %{}",
        driver * 1e3,
        bare * 1e3,
        (driver / bare - 1.0) * 100.0,
        took.interval()
    );
    Ok(())
}
