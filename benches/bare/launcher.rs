//! Cold starts of an image without extensions: by what starts extensions, against without it.

use anyhow::Result;
use coldstart::platform::Target;
use tokio::runtime::Runtime;

use crate::ready::Ready;
use crate::turns::Turns;
use crate::{FUNCTION, driver};

/// The removals are not timed.
pub(crate) fn measure(runtime: &Runtime, ready: &Ready, rounds: u32) -> Result<()> {
    let platform = ready.platform();
    let (plain, launched) = (ready.target(), ready.launched()?);
    let start = |target: &Target| {
        runtime.block_on(async {
            let took = driver::start(&platform, target).await?;
            platform.clear().await?;
            Ok(took)
        })
    };
    let took = Turns::take(rounds, || start(&launched), || start(&plain))?;
    let [launched, plain] = took.medians();
    println!(
        "cold {FUNCTION} through the bridge, {rounds} rounds: by the launcher {:.2} ms, without \
         {:.2} ms, {:+.2} ms{}",
        launched * 1e3,
        plain * 1e3,
        (launched - plain) * 1e3,
        took.interval()
    );
    Ok(())
}
