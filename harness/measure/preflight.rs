//! Refuses what this host or this engine cannot honour, before the first trial.
//!
//! First by what the engine says of itself, then by trying: an engine lists OCI
//! runtimes that it cannot start.

use anyhow::{Result, bail};

use super::{Measurement, advice};
use crate::engine::EngineInfo;
use crate::platform::Target;
use crate::probe::host::Host;
use crate::probe::{cgroup_moves, page_cache};
use crate::spec::factor::{
    Capabilities, CgroupMoves, Combination, CpuQuota, EngineKind, Factor, Factors, MemoryLimit,
    Network, Offer, PageCache,
};
use crate::spec::function::Function;
use crate::text::sanitize::printable;
use crate::text::units::format_size;

/// Checks combinations against what the engine and the host say of themselves.
///
/// # Errors
/// Names the first factor that cannot be honoured, and why.
pub fn check(combinations: &[Combination], engine: &EngineInfo, host: &Host) -> Result<()> {
    let asked =
        |setting| combinations.iter().any(|c| c.cgroup_moves.unwrap_or_default() == setting);
    let both = asked(CgroupMoves::Favordynmods) && asked(CgroupMoves::AsIs);
    if both && cgroup_moves::stays(&host.kernel) {
        bail!(
            "`cgroup-moves` cannot be both in one run here: with {} what favors moves stays until \
             the machine restarts: measure one after the other, `as-is` first",
            host.kernel
        );
    }
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
    combination.refuse(&engine.of(combination.daemon.as_ref()).offers)?;
    if let Some(cpus) = combination.cpus.filter(|c| c.thousandths() as usize > host.cpus * 1000) {
        return Err(format!("a quota of {cpus} cpu is more than the {} there are", host.cpus));
    }
    if combination.cgroup_moves == Some(CgroupMoves::Favordynmods) {
        // Held for a moment: whether it can be had is told by nothing else.
        drop(cgroup_moves::favor()?);
    }
    match combination.page_cache.unwrap_or_default() {
        PageCache::Warm => Ok(()),
        PageCache::ImageCold => page_cache::can_evict(),
        PageCache::HostCold => page_cache::can_drop_host(),
    }
}

/// Checks that what is asked of a kernel is asked of the one that starts instances: of an engine
/// that runs elsewhere, where that is.
///
/// # Errors
/// Names what is asked.
pub(super) fn check_kernel(request: &Measurement, elsewhere: Option<&str>) -> Result<()> {
    let asked = &request.plan.scenario.factors.cgroup_moves;
    match elsewhere.filter(|_| asked.contains(&CgroupMoves::Favordynmods)) {
        None => Ok(()),
        Some(which) => bail!(
            "`{}` is had of the kernel of this machine alone, and the engine runs on another \
             ({which}): run coldstart there",
            CgroupMoves::Favordynmods
        ),
    }
}

/// Checks that the machine has what functions are to get: where it is asked for, their memory
/// and, by it or by a quota, their processors.
///
/// # Errors
/// Names the first that is more than there is.
pub fn check_sizes(
    combinations: &[Combination],
    functions: &[Function],
    host: &Host,
) -> Result<()> {
    for (combination, function) in
        combinations.iter().flat_map(|c| functions.iter().map(move |f| (c, f)))
    {
        let cores = combination.cores(function.limits).filter(|n| *n > host.cpus as f64);
        let asks = combination.cpu_rule.unwrap_or_default().is_by_memory();
        if let Some(cores) = cores.filter(|_| asks && host.cpus > 0) {
            bail!(
                "`{combination}` cannot be measured here: by its CPU rule `{}` has {cores:.1} \
                 processors, and there are {}: measure less memory, or on a larger machine",
                function.name,
                host.cpus
            );
        }
    }
    match combinations.iter().find(|c| c.memory.is_some_and(|m| m > host.memory && host.memory > 0))
    {
        Some(combination) => bail!(
            "`{combination}` cannot be measured here: the machine has {} of memory",
            format_size(host.memory)
        ),
        None => Ok(()),
    }
}

/// Checks the limits that functions have of their own against what the engine says of its
/// kernel. Gives what is to be told: every function has a memory limit, so a machine where
/// none can be kept could measure nothing.
///
/// # Errors
/// Names the first function whose quota cannot be kept: without it, it is another one.
pub fn check_limits(
    combinations: &[Combination],
    functions: &[Function],
    offers: &Capabilities,
) -> Result<Option<String>> {
    let lacks = |key| offers.of(key) == Some(&Offer::Any(false));
    let all = || combinations.iter().flat_map(|c| functions.iter().map(move |f| (c, f)));
    if lacks(CpuQuota::KEY)
        && let Some((_, function)) =
            all().find(|(c, f)| c.cpus.is_none() && c.leaves(f.limits).cpus.is_some())
    {
        bail!(
            "`{}` has a CPU quota of its own, and the engine's kernel has no CPU quotas (rootless \
             engines have none without cgroup v2 and delegation): leave out its `cpus`, or measure \
             on an engine that runs as root",
            function.name
        );
    }
    let own = all().find(|(combination, _)| combination.memory.is_none());
    Ok(own.filter(|_| lacks(MemoryLimit::KEY)).map(|_| {
        "memory limits are not kept here: the engine's kernel has none (rootless engines have none \
         without cgroup v2 and delegation), so functions could use more than their records say"
            .to_owned()
    }))
}

/// Checks that what was tried under a combination has answered.
///
/// # Errors
/// Says why no instance can be had under it.
pub fn check_tried(combination: &Combination, target: &Target, cause: Option<&str>) -> Result<()> {
    match cause {
        None => Ok(()),
        Some(cause) => bail!(
            "`{combination}` cannot be measured here: `{}` was tried under it: {}",
            target.function.name,
            advice::with_advice(cause)
        ),
    }
}

/// Checks that the OCI runtime of a target that was tried is the one that ran, and tells which
/// program that was: none where it was not heard.
///
/// # Errors
/// Names both.
pub fn check_oci_runtime(
    target: &Target,
    engine: &EngineInfo,
    heard: &[String],
) -> Result<Option<String>> {
    let Some(last) = heard.last() else { return Ok(None) };
    let Factors { engine: by, daemon, runtime, .. } = target.factors();
    let engine = engine.of(daemon.as_ref());
    // Without a daemon it is called by its path, and by nobody else.
    let said = engine.oci_programs.get(runtime).filter(|_| *by != EngineKind::Oci);
    match said {
        // A wrapper becomes what it wraps.
        Some(said) if !heard.contains(said) => bail!(
            "{} {} ran `{}` where the OCI runtime `{runtime}` was wanted: rows would name one that \
             did not run: measure with the runtime that the engine runs by default (leave out \
             `runtimes`), or make `{runtime}` its default",
            engine.kind,
            engine.version,
            printable(last, NAME)
        ),
        _ => Ok(Some(printable(last, NAME))),
    }
}

/// Characters of a program's name that are told.
const NAME: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::TargetSpec;
    use crate::spec::factor::{
        Capabilities, CpuQuota, CpuRule, FactorMatrix, LogDriver, MemoryLimit, OciRuntime,
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
    fn what_cannot_be_taken_back_is_not_measured_in_turns() {
        use CgroupMoves::{AsIs, Favordynmods};
        let text = refusal(|lists, _| lists.cgroup_moves = vec![AsIs, Favordynmods]);
        assert!(text.contains("both in one run") && text.contains("`as-is` first"), "{text}");
    }

    #[test]
    fn more_than_the_machine_has_is_refused_before_anything_is_started() {
        let function = Function::of_image("plenty", "image", "{}", 0);
        let host = Host { cpus: 2, memory: 8 << 30, ..Host::default() };
        let check = |mib: u64, rule| {
            let memory = Some(mib << 20);
            let combination =
                Combination { memory, cpu_rule: Some(rule), ..Combination::default() };
            let checked = check_sizes(&[combination], std::slice::from_ref(&function), &host);
            checked.err().map_or_else(String::new, |e| e.to_string())
        };
        assert_eq!(check(3_008, CpuRule::Lambda), "");
        let text = check(4_096, CpuRule::Lambda);
        assert!(text.contains("2.3 processors, and there are 2"), "{text}");
        assert_eq!(check(4_096, CpuRule::Plain), "");
        let text = check(9_000, CpuRule::Plain);
        assert!(text.contains("the machine has 8.0 GiB"), "{text}");
    }

    #[test]
    fn a_functions_own_quota_is_refused_and_its_memory_limit_told_where_neither_can_be_kept() {
        let plain = Function::of_image("plain", "image", "{}", 0);
        let mut quota = Function { name: "quota".into(), ..plain.clone() };
        quota.limits.cpus = Cpus::from_cores(0.5).ok();
        let on = [Combination::on(Network::Bridge)];
        let offers = |able: bool| {
            Capabilities::default().with::<CpuQuota>(able.into()).with::<MemoryLimit>(able.into())
        };
        let both = [plain.clone(), quota];
        assert_eq!(check_limits(&on, &both, &offers(true)).unwrap(), None);
        let text = check_limits(&on, &both, &offers(false)).unwrap_err().to_string();
        assert!(text.contains("`quota` has a CPU quota of its own"), "{text}");
        let told = check_limits(&on, &both[..1], &offers(false)).unwrap().unwrap();
        assert!(told.contains("memory limits are not kept here"), "{told}");
        let asked = [Combination { memory: Some(64 << 20), ..on[0].clone() }];
        assert_eq!(check_limits(&asked, &both[..1], &offers(false)).unwrap(), None);
    }

    #[test]
    fn an_oci_runtime_that_is_not_the_one_that_ran_is_refused() {
        let of = |runtime: &str, by, heard: &[&str]| {
            let function = Function::of_image("any", "image", "{}", 0);
            let mut spec = TargetSpec::plain(function, "image".into(), Network::Bridge, runtime);
            spec.factors.engine = by;
            let programs = [("crun", "crun"), ("runc", "runc"), ("slow", "wrapper")];
            let programs = programs.map(|(name, file)| (name.to_owned(), file.to_owned()));
            let engine = EngineInfo {
                kind: "podman".to_owned(),
                version: "5.4.2".to_owned(),
                oci_programs: programs.into(),
                ..EngineInfo::default()
            };
            let heard: Vec<String> = heard.iter().map(|name| (*name).to_owned()).collect();
            let checked = check_oci_runtime(&Target::new(spec, "run", 0), &engine, &heard);
            checked.map_err(|error| error.to_string())
        };
        let docker = EngineKind::Docker;
        assert_eq!(of("crun", docker, &["crun"]), Ok(Some("crun".to_owned())));
        assert_eq!(of("slow", docker, &["wrapper", "runc"]), Ok(Some("runc".to_owned())));
        assert_eq!(of("crun", docker, &[]), Ok(None), "nothing was heard");
        let of_no_file = of("io.containerd.kata.v2", docker, &["any"]);
        assert_eq!(of_no_file, Ok(Some("any".to_owned())), "the engine does not say its file");
        assert_eq!(of("crun", EngineKind::Oci, &["runc"]), Ok(Some("runc".to_owned())));
        let text = of("runc", docker, &["crun"]).unwrap_err();
        assert!(text.contains("podman 5.4.2 ran `crun`") && text.contains("`runc` was"), "{text}");
        assert!(text.contains("make `runc` its default"), "{text}");
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
