//! Refuses what this host or this engine cannot honour, before the first trial.
//!
//! First by what the engine says of itself, then by trying: an engine lists OCI
//! runtimes that it cannot start.

use anyhow::{Result, bail};

use crate::engine::{Engine, EngineInfo};
use crate::platform::{Platform, Target};
use crate::probe::host::Host;
use crate::probe::page_cache;
use crate::spec::factor::{Combination, Network, PageCache};
use crate::spec::function::Function;

/// Checks combinations against what the engine and the host say of themselves.
///
/// # Errors
/// Names the first factor that cannot be honoured, and why.
pub fn check(combinations: &[Combination], engine: &EngineInfo, host: &Host) -> Result<()> {
    for combination in combinations {
        if let Err(reason) = one(combination, engine, host) {
            bail!("`{combination}` cannot be measured here: {reason}");
        }
    }
    Ok(())
}

/// Checks that the driver can reach every function that listens.
///
/// # Errors
/// Names the first that it cannot, and the network.
pub fn check_reach(combinations: &[Combination], functions: &[Function]) -> Result<()> {
    let Some(without) = combinations.iter().find(|c| c.network == Some(Network::None)) else {
        return Ok(());
    };
    match functions.iter().find(|function| function.adapter.listens()) {
        None => Ok(()),
        Some(function) => bail!(
            "`{without}` cannot be measured here: `{}` listens, and nothing reaches it without a \
             network: measure it on `bridge` or `host`",
            function.name
        ),
    }
}

fn one(combination: &Combination, engine: &EngineInfo, host: &Host) -> Result<(), String> {
    combination.refuse(&engine.offers)?;
    if let Some(cpus) = combination.cpus.filter(|c| c.thousandths() as usize > host.cpus * 1000) {
        return Err(format!("a quota of {cpus} cpu is more than the {} there are", host.cpus));
    }
    match combination.page_cache.unwrap_or_default() {
        PageCache::Warm => Ok(()),
        PageCache::ImageCold => page_cache::can_evict(),
        PageCache::HostCold => page_cache::can_drop_host(),
    }
}

/// Starts, uses and removes one instance of a target: not measured, not recorded.
///
/// # Errors
/// Says why no instance can be had under the target's factors.
pub async fn try_one<E: Engine>(
    platform: &Platform<E>,
    target: &Target,
    combination: &Combination,
) -> Result<()> {
    let visit = platform.invoke(target.invocation(platform.clock().now())).await;
    platform.clear().await?;
    match visit.outcome.cause() {
        None => Ok(()),
        Some(cause) => bail!(
            "`{combination}` cannot be measured here: `{}` was tried under it: {cause}",
            target.function.name
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::factor::{
        Capabilities, CpuQuota, FactorMatrix, LogDriver, MemoryLimit, OciRuntime,
    };
    use crate::text::units::Cpus;

    fn refusal(change: impl FnOnce(&mut FactorMatrix, &mut EngineInfo)) -> String {
        let offers = Capabilities::default()
            .with::<OciRuntime>(["runc", "crun"].into_iter().collect())
            .with::<LogDriver>(["json-file", "none"].into_iter().collect())
            .with::<CpuQuota>(true.into());
        let mut engine = EngineInfo { offers, ..EngineInfo::default() };
        let mut lists = FactorMatrix::default();
        change(&mut lists, &mut engine);
        let host = Host { cpus: 2, ..Host::default() };
        let checked = check(&lists.combinations(), &engine, &host);
        checked.err().map_or_else(String::new, |e| e.to_string())
    }

    #[test]
    fn what_the_engine_offers_is_fine() {
        let text = refusal(|lists, _| {
            lists.runtimes = vec!["runc".into(), "crun".into()];
            lists.cpus = vec![Cpus::from_cores(0.5).unwrap(), Cpus::from_cores(2.0).unwrap()];
            lists.log_drivers = vec!["none".into()];
        });
        assert_eq!(text, "");
    }

    #[test]
    fn what_it_does_not_offer_is_refused_by_name() {
        let text = refusal(|lists, _| lists.runtimes = vec!["runc".into(), "runsc".into()]);
        assert!(
            text.contains("`bridge, runsc`") && text.contains("it has `runc`, `crun`"),
            "{text}"
        );
        let text = refusal(|lists, _| lists.log_drivers = vec!["syslogd".into()]);
        assert!(text.contains("no log driver `syslogd`"), "{text}");
        let text = refusal(|lists, _| lists.cpus = vec![Cpus::from_cores(3.0).unwrap()]);
        assert!(text.contains("3 cpu is more than the 2"), "{text}");
        let text = refusal(|lists, engine| {
            lists.memory = vec![64 << 20];
            engine.offers = engine.offers.clone().with::<MemoryLimit>(false.into());
        });
        assert!(text.contains("no memory limits"), "{text}");
    }
    #[test]
    fn what_listens_is_refused_where_nothing_reaches_it() {
        let asks = Function::of_image("asks", "image", "{}", 0);
        let listens = Function { name: "listens".into(), ..asks.clone() };
        let listens = listens.listening(crate::spec::function::HttpRequest::default());
        let on = |network| vec![Combination::on(Network::Bridge), Combination::on(network)];
        let both = [asks, listens];
        assert!(check_reach(&on(Network::Host), &both).is_ok());
        assert!(check_reach(&on(Network::None), &both[..1]).is_ok());
        let text = check_reach(&on(Network::None), &both).unwrap_err().to_string();
        assert!(text.starts_with("`none` cannot") && text.contains("`listens` listens"), "{text}");
    }
}
