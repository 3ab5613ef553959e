//! Whether instances reach this machine by the address that the user gave, before anything
//! else is tried.

use anyhow::{Result, bail};

use super::Measurement;
use crate::drive::Driver;
use crate::engine::{Callback, Engine, InstanceSource};
use crate::platform::Target;

/// Has a container call. Nothing is done where no address was given.
///
/// # Errors
/// Says what was tried, where nothing came.
pub(super) async fn try_it<E: Engine>(
    request: &Measurement,
    driver: &Driver<E>,
    engine: &E,
) -> Result<()> {
    if request.callback.is_none() {
        return Ok(());
    }
    let is_container = |target: &&std::sync::Arc<Target>| {
        matches!(target.source(), InstanceSource::Image(_)) && !target.function.adapter.listens()
    };
    let Some(target) = driver.targets().iter().find(is_container) else { return Ok(()) };
    let tried = driver.first_try(target).await?;
    match engine.describe().await?.callback {
        Some(Callback { address, round_trip_ns: None }) => bail!(
            "no instance reaches this machine at {address}: a container of `{}` on {} was started \
             and given that address, and no connection came: {}\nis it an address of this machine \
             as the engine's containers see it, and does no firewall between drop what comes to \
             its ports? Each instance calls a port of its own, above 1023",
            target.function.name,
            target.factors().network,
            tried.cause.as_deref().unwrap_or("it answered by another way")
        ),
        _ => Ok(()),
    }
}
