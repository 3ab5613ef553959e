//! One cold start through the driver.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use coldstart::engine::Engine;
use coldstart::platform::{Platform, Target};
use coldstart::sample::Mark;

/// From the intended instant to the verified reply, in seconds. The instance is
/// left to be removed.
pub(crate) async fn start<E: Engine>(platform: &Platform<E>, target: &Target) -> Result<f64> {
    let intended = platform.clock().now();
    let mut visit = platform.invoke(target.invocation(intended)).await;
    platform.vouch(&mut visit).await;
    if !visit.outcome.is_ok() {
        bail!("{:?}", visit.outcome);
    }
    let latency = visit.marks.between(Mark::Intended, Mark::Responded);
    Ok(Duration::from_nanos(latency.context("a mark is missing")?).as_secs_f64())
}
