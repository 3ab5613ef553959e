//! One cold start through the driver.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use coldstart::engine::Engine;
use coldstart::platform::{Platform, Target};
use coldstart::sample::Mark;

/// How long it took, in seconds, to the verified reply.
#[derive(Clone, Copy)]
pub(crate) struct Took {
    /// From the intended instant.
    pub(crate) whole: f64,
    /// From the start call: what is created before it is not in this.
    pub(crate) called: f64,
}

/// The whole of a start. The instance is left to be removed.
pub(crate) async fn start<E: Engine>(platform: &Platform<E>, target: &Target) -> Result<f64> {
    Ok(took(platform, target).await?.whole)
}

/// A start and its parts; likewise.
pub(crate) async fn took<E: Engine>(platform: &Platform<E>, target: &Target) -> Result<Took> {
    let intended = platform.clock().now();
    let mut visit = platform.invoke(target.invocation(intended)).await;
    platform.vouch(&mut visit).await;
    if !visit.outcome.is_ok() {
        bail!("{:?}", visit.outcome);
    }
    let since = |mark| {
        let between = visit.marks.between(mark, Mark::Responded).context("a mark is missing")?;
        anyhow::Ok(Duration::from_nanos(between).as_secs_f64())
    };
    Ok(Took { whole: since(Mark::Intended)?, called: since(Mark::StartCalled)? })
}
