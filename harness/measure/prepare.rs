//! From images to targets, and the check that each can be had.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::{Measurement, Side, advice, preflight};
use crate::drive::{Driver, FirstTry, Targets};
use crate::engine::{Engine, EngineInfo, ImageConfig, ImageStore, InstanceSource};
use crate::observer::Observer;
use crate::platform::{KeepAlive, Target, TargetSpec};
use crate::probe::host::Host;
use crate::provision::{Surroundings, launcher};
use crate::spec::control::{self, Start};
use crate::spec::factor::{Combination, CpuRule, Factors, Network, PageCache};
use crate::spec::function::{Function, HttpRequest, Method};
use crate::spec::plan::TrialSubject;
use crate::store::FunctionRecord;

/// Everything that the plan can visit, after the checks that need no start.
/// `records` are those of [`Side::with_null`], by side.
pub(super) async fn targets(
    request: &Measurement,
    images: &impl ImageStore,
    info: &EngineInfo,
    records: &[Vec<FunctionRecord>],
) -> Result<Targets> {
    let combinations = request.plan.scenario.factors.combinations();
    let host = Host::read();
    preflight::check(&combinations, info, &host)?;
    for side in &request.sides {
        if !request.engine().is_simulated() {
            preflight::check_sizes(&combinations, &side.functions, &host)?;
        }
        preflight::check_reach(&combinations, &side.functions)?;
    }
    let mut targets = Targets::default();
    for (index, (side, records)) in request.sides.iter().zip(records).enumerate() {
        let all = side.with_null();
        let mut known = Vec::new();
        for (function, record) in all.iter().zip(records) {
            let folders = folders(images, &combinations, record).await?;
            let image = images.image(&record.digest).await?;
            let image = Arc::new(image.map(|image| image.config).unwrap_or_default());
            let launcher = match record.extensions.as_slice() {
                [] => None,
                _ => Some(launcher::file(&Surroundings::read())?),
            };
            known.push(Known { function, record, side, folders, image, launcher });
        }
        for (function, known) in known.iter().take(side.functions.len()).enumerate() {
            for (combination, factors) in combinations.iter().enumerate() {
                let spec = known.spec(request, factors, info);
                let spec = if known.function.is_bare { as_a_process(spec) } else { spec };
                let subject = TrialSubject::Function { function, combination, pattern: 0 };
                let target = Target::new(spec, &request.id, targets.next_key());
                targets.add(index, subject, target);
            }
        }
        if let Some(null) = known.iter().find(|k| is_null(side, k.function)) {
            controls(request, index, null, &combinations, info, &mut targets);
        }
    }
    Ok(targets)
}

fn is_null(side: &Side, function: &Function) -> bool {
    side.null.as_ref().is_some_and(|null| null.name == function.name)
}

/// A function with its image.
struct Known<'a> {
    function: &'a Function,
    record: &'a FunctionRecord,
    side: &'a Side,
    folders: Vec<PathBuf>,
    image: Arc<ImageConfig>,
    launcher: Option<PathBuf>,
}

impl Known<'_> {
    fn spec(
        &self,
        request: &Measurement,
        combination: &Combination,
        info: &EngineInfo,
    ) -> TargetSpec {
        let runtime = info.of(combination.daemon.as_ref()).offers.default_runtime();
        TargetSpec {
            function: self.function.clone(),
            // By digest: a tag can be moved while the run goes.
            source: InstanceSource::Image(self.record.digest.clone()),
            image: self.image.clone(),
            factors: combination.resolve(combination.leaves(self.function.limits), runtime),
            control: None,
            sleep_ms: self.side.sleep_ms(&self.function.name),
            works: self.side.works(),
            keep_alive: KeepAlive::Fixed(request.plan.scenario.keep_alive.unwrap_or_default()),
            folders: self.folders.clone(),
            launcher: self.launcher.clone(),
        }
    }
}

/// The null function as each control starts it.
fn controls(
    request: &Measurement,
    side: usize,
    null: &Known<'_>,
    combinations: &[Combination],
    info: &EngineInfo,
    targets: &mut Targets,
) {
    for (control, combination) in
        control::of_a_round(combinations.len(), request.plan.scenario.listening)
    {
        // Nobody calls a control twice.
        let keep_alive = KeepAlive::Fixed(Duration::ZERO);
        let spec = null.spec(request, &combinations[combination], info);
        let spec = TargetSpec { control: Some(control), keep_alive, ..spec };
        let spec = match control.kind().start {
            Start::Container => spec,
            Start::Listener => TargetSpec { function: listening(null.function), ..spec },
            Start::Process => as_a_process(spec),
        };
        let target = Target::new(spec, &request.id, targets.next_key());
        targets.add(side, TrialSubject::Control { control, combination }, target);
    }
}

/// A function as its own command starts it on this machine, under no factors.
fn as_a_process(spec: TargetSpec) -> TargetSpec {
    TargetSpec {
        source: InstanceSource::Command(spec.function.process.clone()),
        image: Arc::default(),
        factors: Factors::of_a_process(),
        folders: Vec::new(),
        launcher: None,
        ..spec
    }
}

/// The null function as it listens: it is asked with the same event.
fn listening(null: &Function) -> Function {
    let method = Method::Post;
    null.clone().listening(HttpRequest { method, ..HttpRequest::default() })
}

/// Where an image's files are, if any combination drives them out of memory.
async fn folders(
    images: &impl ImageStore,
    combinations: &[Combination],
    record: &FunctionRecord,
) -> Result<Vec<PathBuf>> {
    if combinations.iter().all(|c| c.page_cache.unwrap_or_default() == PageCache::Warm) {
        return Ok(Vec::new());
    }
    let folders = images.image_folders(&record.digest).await;
    folders.with_context(|| format!("the page cache of `{}` cannot be cleared", record.name))
}

/// Finds out where the quotas of instances are written that get theirs once they are ready,
/// before anything is tried: of the first function that answers, with the most memory, under
/// each engine.
///
/// # Errors
/// Says why it cannot be done here, and what can.
pub(super) async fn find_quota_place<E: Engine>(
    request: &Measurement,
    driver: &Driver<E>,
) -> Result<()> {
    if request.engine().is_simulated() {
        return Ok(());
    }
    let is_one = |target: &&Arc<Target>| target.factors().throttled_when_ready().is_some();
    let mut all: Vec<&Arc<Target>> = driver.targets().iter().filter(is_one).collect();
    all.sort_by_key(|target| std::cmp::Reverse(target.factors().memory));
    let maker = |target: &Target| {
        let Factors { engine, daemon, .. } = target.factors();
        (*engine, daemon.clone())
    };
    let makers: BTreeSet<_> = all.iter().map(|target| maker(target)).collect();
    for one in makers {
        let of_it = all.iter().filter(|target| maker(target) == one);
        let (mut tried, mut found) = (BTreeSet::new(), Ok(()));
        for target in of_it {
            if !tried.insert(&target.function.name) {
                continue;
            }
            match driver.platform().find_quota_place(target).await {
                Ok(()) => {
                    found = Ok(());
                    break;
                }
                // The first cause is told.
                Err(cause) => found = found.and(Err(cause)),
            }
        }
        if let Err(cause) = found {
            bail!(
                "the CPU rule `{}` cannot be kept here, which sets the quota of an instance that \
                 runs: {cause}\nrun it as who may write the engine's cgroups (root), or measure \
                 `{}`, whose quota the engine sets",
                CpuRule::Lambda,
                CpuRule::LambdaProvisioned
            );
        }
    }
    Ok(())
}

/// Starts every target once, unrecorded: what cannot answer is told before the plan. A
/// combination under which not even a floor can be had is an error, and so is one that asks
/// for more than a network and cannot be had: what an engine lists, it cannot always start.
/// Gives what is to be told in the record. So is an OCI runtime that is not the one that ran:
/// an engine may not hear which is wanted.
pub(super) async fn try_all<E: Engine>(
    request: &Measurement,
    driver: &Driver<E>,
    info: &EngineInfo,
    observer: &dyn Observer,
) -> Result<Tried> {
    let combinations = request.plan.scenario.factors.combinations();
    let is_plain = combinations.iter().all(Combination::is_plain);
    let mut warnings = limits(request, &combinations, info)?;
    warnings.iter().for_each(|warning| observer.warn(warning));
    let (mut oci_runtimes, mut firewall_calls) = (BTreeMap::new(), BTreeMap::new());
    for (side, subject, combination) in subjects(request, combinations.len()) {
        let target = driver.targets().of(side, subject);
        let stands_for_all = subject == first_of(request, combination) && request.tune.is_none();
        // A function is the user's own, and may fail for reasons of its own.
        let is_floor = matches!(subject, TrialSubject::Control { .. });
        let FirstTry { cause, reply, output, oci_runtimes: heard, firewall_calls: calls } =
            driver.first_try(target).await?;
        keep_least(&mut firewall_calls, target, calls.filter(|_| cause.is_none()));
        if let Some(program) = preflight::check_oci_runtime(target, info, &heard)? {
            oci_runtimes.insert(target.factors().runtime.clone(), program);
        }
        if side == 0 && stands_for_all && (is_floor || !is_plain) {
            preflight::check_tried(&combinations[combination], target, cause.as_deref())?;
            continue;
        }
        let name = request.name_on(side, &driver.name_of(side, subject));
        let Some(cause) = cause else {
            observer.debug(&format!("{name}: replied `{reply}`; wrote: {output}"));
            continue;
        };
        let text = format!(
            "{name}: gave no good answer when it was tried before the plan, and is measured all the \
             same: {}",
            advice::with_advice(&cause)
        );
        observer.warn(&text);
        warnings.push(text);
    }
    Ok(Tried { warnings, oci_runtimes, firewall_calls })
}

/// What a start on a bridge takes of each of several daemons: the first also makes the bridge.
fn keep_least(kept: &mut BTreeMap<String, u32>, target: &Target, calls: Option<u32>) {
    let Factors { daemon, network, .. } = target.factors();
    let (Some(daemon), Network::Bridge, Some(calls)) = (daemon, network, calls) else { return };
    kept.entry(daemon.name().to_owned()).and_modify(|n| *n = calls.min(*n)).or_insert(calls);
}

/// What came of trying everything.
#[derive(Default)]
pub(super) struct Tried {
    /// What is to be told in the record.
    pub(super) warnings: Vec<String>,
    /// The programs that were heard as OCI runtimes, by the runtimes' names.
    pub(super) oci_runtimes: BTreeMap<String, String>,
    /// How many times programs that set firewall rules were heard in a start on a bridge, by the
    /// names of daemons that take turns.
    pub(super) firewall_calls: BTreeMap<String, u32>,
}

/// What is to be told of limits that cannot be kept, once.
fn limits(
    request: &Measurement,
    combinations: &[Combination],
    info: &EngineInfo,
) -> Result<Vec<String>> {
    let check = |side: &Side| preflight::check_limits(combinations, &side.functions, &info.offers);
    let told: BTreeSet<String> =
        request.sides.iter().filter_map(|side| check(side).transpose()).collect::<Result<_>>()?;
    Ok(told.into_iter().collect())
}

/// What stands for a combination: a floor under it, where there are controls.
fn first_of(request: &Measurement, combination: usize) -> TrialSubject {
    let listening = request.plan.scenario.listening;
    let floor = floors(combination, listening).find(|_| request.sides[0].null.is_some());
    floor.unwrap_or(TrialSubject::Function { function: 0, combination, pattern: 0 })
}

/// The controls without a sleep under a combination.
fn floors(combination: usize, listening: bool) -> impl Iterator<Item = TrialSubject> {
    let all = control::of_a_round(combination + 1, listening).into_iter();
    let here = all.filter(move |(control, under)| *under == combination && control.sleep_ms() == 0);
    here.map(|(control, combination)| TrialSubject::Control { control, combination })
}

/// Everything that is tried, what stands for a combination before the rest of it. A
/// control that sleeps is the null function once more.
fn subjects(request: &Measurement, combinations: usize) -> Vec<(usize, TrialSubject, usize)> {
    let mut all = Vec::new();
    for (side, Side { functions, null, .. }) in request.sides.iter().enumerate() {
        for combination in 0..combinations {
            let of = |function| TrialSubject::Function { function, combination, pattern: 0 };
            let floors =
                floors(combination, request.plan.scenario.listening).filter(|_| null.is_some());
            let subjects = floors.chain((0..functions.len()).map(of));
            all.extend(subjects.map(|subject| (side, subject, combination)));
        }
    }
    all
}
