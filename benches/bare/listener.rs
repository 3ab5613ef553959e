//! Cold starts through the driver: listening to the kernel against not listening.

use anyhow::{Result, ensure};
use coldstart::probe::exec_trace::ExecTrace;
use tokio::runtime::Runtime;

use crate::ready::Ready;
use crate::turns::Turns;
use crate::{FUNCTION, driver};

/// The listener begins and ends where nothing is timed, and the removals are not
/// timed.
pub(crate) fn measure(runtime: &Runtime, ready: &Ready, rounds: u32) -> Result<()> {
    let (platform, target) = (ready.platform(), ready.target());
    if let Err(reason) = ExecTrace::start(ready.clock()) {
        eprintln!("skipped, there is nothing to compare: {reason}");
        return Ok(());
    }
    let on = || {
        let trace = ExecTrace::start(ready.clock())?;
        runtime.block_on(async {
            let took = driver::start(&platform, &target).await?;
            // As `drive::observe` does once a step has ended.
            ensure!(!trace.take().is_empty(), "the kernel told nothing of a start");
            drop(trace);
            platform.clear().await?;
            Ok(took)
        })
    };
    let off = || {
        runtime.block_on(async {
            let took = driver::start(&platform, &target).await?;
            platform.clear().await?;
            Ok(took)
        })
    };
    let took = Turns::take(rounds, on, off)?;
    let [on, off] = took.medians();
    println!(
        "cold {FUNCTION} through the bridge, {rounds} rounds: kernel listener on {:.2} ms, \
         off {:.2} ms, on over off {:+.2} %{}",
        on * 1e3,
        off * 1e3,
        (on / off - 1.0) * 100.0,
        took.interval()
    );
    Ok(())
}
