//! What is seen of a start beside its marks: the kernel's exec events, cgroups, and
//! the page cache.

use std::time::Duration;

use coldstart::drive::{Driver, Targets};
use coldstart::engine::docker::DockerEngine;
use coldstart::engine::{BuildSpec, Engine, ImageStore, InstanceSource, LABEL_IMAGE};
use coldstart::platform::{Target, TargetSpec};
use coldstart::probe::exec_trace::ExecTrace;
use coldstart::probe::page_cache;
use coldstart::sample::{Mark, Sample, TrialRecord};
use coldstart::spec::plan::Plan;
use coldstart::spec::scenario;
use libtest_mimic::{Failed, Trial};

use crate::bench::{Tested, archive};
use crate::subject::{FUNCTIONS, TrialSubject};

pub(crate) fn trials() -> Vec<Trial> {
    let works = FUNCTIONS.map(|name| {
        TrialSubject::trial(&format!("{name}_that_works_has_used_that_cpu_time"), name, works)
    });
    let mut trials = vec![
        TrialSubject::trial("the_kernel_tells_the_parts_of_each_start_of_a_burst", "rust", traced),
        TrialSubject::trial("an_evicted_image_is_cold_and_starts_again", "rust", cold_image),
    ];
    trials.extend(works);
    trials
}

/// Every trial of a scenario, in the order of its plan, for targets of the subject
/// with something changed.
fn drive(
    subject: &TrialSubject,
    lines: &str,
    change: impl Fn(&mut TargetSpec),
    trace: Option<ExecTrace>,
) -> Result<(Vec<Sample>, Vec<TrialRecord>), Failed> {
    let text =
        format!("name = \"t\"\nrounds = 1\ncontrols = false\nkeep-alive = \"100ms\"\n{lines}");
    let scenario = scenario::parse(&text, "t.toml")?;
    let combinations = scenario.factors.combinations();
    let plan = Plan::new(&scenario, 1, 7);
    let mut targets = Targets::default();
    for trial in &plan.trials {
        let coldstart::spec::plan::TrialSubject::Function { combination, .. } = trial.subject
        else {
            return Err("controls are off".into());
        };
        let mut making = subject.making(combinations[combination].network.unwrap());
        making.factors = combinations[combination].resolve(subject.function.limits, "runc");
        change(&mut making);
        let target = Target::new(making, &subject.bench.run, targets.next_key());
        targets.add(trial.side, trial.subject, target);
    }
    let (engine, platform) = (subject.bench.engine.clone(), subject.platform.clone());
    let driver: Driver<DockerEngine> = Driver::new(engine, platform, plan.clone(), targets, trace);
    subject.bench.wait(async {
        let (mut samples, mut records) = (Vec::new(), Vec::new());
        for trial in &plan.trials {
            subject.platform.settle().await?;
            let done = driver.trial(trial).await?;
            samples.extend(done.samples);
            records.push(done.record);
        }
        if driver.trace().is_some_and(|trace| trace.lost() > 0) {
            return Err("the kernel's events came too fast: try again".into());
        }
        Ok((samples, records))
    })
}

fn all_ok(samples: &[Sample]) -> Tested {
    match samples.iter().find_map(|s| s.outcome.cause()) {
        None => Ok(()),
        Some(cause) => Err(cause.into()),
    }
}

const ONE_AND_THREE: &str = r#"
    [[pattern]]
    name = "one"
    steps = [{ name = "call", burst = 1 }]
    [[pattern]]
    name = "three"
    steps = [{ name = "out", burst = 3 }]
"#;

/// The marks of a start that the kernel tells, between two that it does not.
const TRACED: [Mark; 8] = [
    Mark::StartCalled,
    Mark::Shim,
    Mark::OciCreate,
    Mark::Hooks,
    Mark::OciStart,
    Mark::Exec,
    Mark::Main,
    Mark::Ready,
];

/// A helper of the engine may be gone before it is read, more often on a busy
/// machine: then its name is lost, or the marks about it. Never is one told wrongly.
const ATTEMPTS: usize = 8;

fn traced(subject: &TrialSubject) -> Tested {
    let leaves = subject.bench.wait(subject.bench.engine.describe())?.kind != "docker";
    for _ in 0..ATTEMPTS {
        let trace = match ExecTrace::start(subject.platform.clock()) {
            Ok(trace) => trace,
            Err(reason) => {
                eprintln!("left out: {reason}");
                return Ok(());
            }
        };
        let (samples, _) = drive(subject, ONE_AND_THREE, |_| {}, Some(trace))?;
        all_ok(&samples)?;
        assert_eq!(samples.len(), 1 + 3);
        for sample in &samples {
            is_told_rightly(sample)?;
        }
        // Told apart: no two instances have a mark in common.
        for mark in [Mark::OciCreate, Mark::OciStart, Mark::Exec] {
            let mut all: Vec<_> = samples.iter().filter_map(|s| s.marks.get(mark)).collect();
            let told = all.len();
            all.sort_unstable();
            all.dedup();
            assert_eq!(all.len(), told, "{mark:?}");
        }
        if samples.iter().all(|sample| is_told_wholly(sample, leaves)) {
            return Ok(());
        }
    }
    Err(format!("in {ATTEMPTS} attempts the kernel never told all of four starts").into())
}

/// What was told of a start is in order, and of the function itself it is whole.
fn is_told_rightly(sample: &Sample) -> Tested {
    let at: Vec<u64> = TRACED.iter().filter_map(|m| sample.marks.get(*m)).collect();
    assert!(at.is_sorted(), "{sample:#?}");
    assert!(sample.marks.get(Mark::Exec).is_some() && sample.dropped_marks == 0, "{sample:#?}");
    assert!(sample.processes.iter().any(|p| p.name == "function"), "{:#?}", sample.processes);
    let resources = sample.resources.ok_or("its cgroup was not found")?;
    assert!(resources.peak_memory.is_none_or(|peak| peak > 0), "{resources:?}");
    assert!(resources.cpu_system_ns <= resources.cpu_ns, "{resources:?}");
    Ok(())
}

/// Where the supervisor has left its parent, the OCI start is told by nothing but its arguments,
/// and those are gone in most starts of a burst: it may be lost there (decision 0097).
fn is_told_wholly(sample: &Sample, leaves: bool) -> bool {
    let named = |name: &&str| sample.processes.iter().any(|p| p.name.contains(*name));
    let lost = |mark: &Mark| leaves && *mark == Mark::OciStart;
    let supervisor = if leaves { "conmon" } else { "shim" };
    TRACED.iter().all(|mark| lost(mark) || sample.marks.get(*mark).is_some())
        && [supervisor, "create"].iter().all(named)
        && (leaves || named(&"start"))
        && sample.resources.is_some_and(|used| used.cpu_ns.is_some())
}

/// What it does in its init is in its CPU time, whole; what its runtime did before is not, which
/// is more than a small function's own.
fn works(subject: &TrialSubject) -> Tested {
    const WORK_MS: u64 = 200;
    let trace = match ExecTrace::start(subject.platform.clock()) {
        Ok(trace) => trace,
        Err(reason) => {
            eprintln!("left out: {reason}");
            return Ok(());
        }
    };
    let work = |spec: &mut TargetSpec| {
        (spec.sleep_ms, spec.works) = (WORK_MS as u32, true);
        // A busy machine takes its time.
        spec.function.timeout = Duration::from_secs(60);
    };
    let (samples, _) = drive(subject, ONE_AND_THREE, work, Some(trace))?;
    all_ok(&samples)?;
    for sample in &samples {
        let Some(used) = sample.resources.and_then(|used| used.cpu_ns) else { continue };
        assert!(used >= WORK_MS * 1_000_000, "{sample:#?}");
    }
    // On a busy machine an exec may be heard of too late, but not every one.
    let told = samples.iter().filter(|s| s.resources.is_some_and(|used| used.cpu_ns.is_some()));
    assert!(told.count() > 0, "{samples:#?}");
    Ok(())
}

const COLD_THEN_WARM: &str = r#"
    page-cache = ["image-cold", "warm"]
    [[pattern]]
    name = "one"
    steps = [{ name = "call", burst = 1 }]
"#;

/// In an image of its own: what another test runs stays in memory.
fn cold_image(subject: &TrialSubject) -> Tested {
    if let Err(reason) = page_cache::can_evict() {
        eprintln!("left out: {reason}");
        return Ok(());
    }
    let (bench, function) = (subject.bench, subject.function);
    let build = function.build().ok_or("not built")?;
    let binary = std::fs::read(build.context.join(build.files.last().unwrap()))?;
    let dockerfile = format!("FROM scratch\nCOPY function /{}/function\n", bench.run);
    let command = format!("CMD [\"/{}/function\"]\n", bench.run);
    let spec = BuildSpec {
        network: false,
        tag: bench.image_name(),
        context: archive(&[
            ("Dockerfile", format!("{dockerfile}{command}").as_bytes()),
            ("function", &binary),
        ])?,
        arguments: Default::default(),
        labels: [(LABEL_IMAGE.to_owned(), "test".to_owned())].into(),
    };
    let folders = bench.wait(async {
        bench.engine.build(&spec, &|_| ()).await?;
        bench.engine.image_folders(&spec.tag).await
    })?;
    let change = |making: &mut TargetSpec| {
        making.source = InstanceSource::Image(spec.tag.clone());
        making.folders.clone_from(&folders);
    };
    let (samples, records) = drive(subject, COLD_THEN_WARM, change, None)?;
    all_ok(&samples)?;
    let resident: Vec<_> = records.iter().filter_map(|r| r.resident).collect();
    assert_eq!(resident.len(), 1, "of the cold trial alone");
    assert!(resident[0].is_cold() && resident[0].bytes >= binary.len() as u64, "{resident:?}");
    // Its starts have read it again.
    let again = page_cache::residency(&folders)?;
    assert!(!again.is_cold(), "{again:?}");
    assert!(bench.wait(bench.engine.instances(Some(&bench.run)))?.len() <= 1);
    Ok(())
}
