//! Cold starts of an image without extensions: by what starts extensions, against without it.

use anyhow::Result;
use coldstart::platform::Target;
use coldstart::probe::exec_trace::{Event, ExecTrace};
use tokio::runtime::Runtime;

use crate::ready::Ready;
use crate::turns::{Turns, median};
use crate::{FUNCTION, driver};

/// On the host's network, whose starts vary least. The removals are not timed.
pub(crate) fn measure(runtime: &Runtime, ready: &Ready, rounds: u32) -> Result<()> {
    let platform = ready.platform();
    let (plain, launched) = (ready.on_host(), ready.launched()?);
    let start = |target: &Target| {
        runtime.block_on(async {
            let took = driver::start(&platform, target).await?;
            platform.clear().await?;
            Ok(took)
        })
    };
    let mut own = Vec::new();
    let traced = || {
        let trace = ExecTrace::start(ready.clock()).ok();
        let took = start(&launched)?;
        own.extend(trace.and_then(|trace| until_the_function(&trace.take())));
        Ok(took)
    };
    let took = Turns::take(rounds, traced, || start(&plain))?;
    let [by, without] = took.medians();
    println!(
        "cold {FUNCTION} on the host's network, {rounds} rounds: by the launcher {:.2} ms, \
         without {:.2} ms, {:+.2} ms{}",
        by * 1e3,
        without * 1e3,
        (by - without) * 1e3,
        took.interval()
    );
    if !own.is_empty() {
        let (count, own) = (own.len(), median(own));
        println!("the launcher itself, by the kernel: {:.3} ms (median of {count})", own * 1e3);
    }
    Ok(())
}

/// From the exec of the launcher to that of the function, which its process becomes, in
/// seconds.
fn until_the_function(events: &[Event]) -> Option<f64> {
    let execs = events.iter().rev().filter_map(|event| match event {
        Event::Exec { at, pid, argv, .. } => Some((*at, *pid, argv)),
        Event::Exit { .. } => None,
    });
    let mut function = None;
    for (at, pid, argv) in execs {
        match function {
            None if argv.first().is_some_and(|program| program == "/function") => {
                function = Some((at, pid));
            }
            Some((end, of)) if of == pid => return Some((end - at) as f64 / 1e9),
            _ => {}
        }
    }
    None
}
