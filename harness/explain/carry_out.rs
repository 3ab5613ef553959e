//! Starts and watches: plain, watched, profiled and sampled starts in turns, of one side or of two.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::sync::watch;

use super::difference::Difference;
use super::explaining::Explaining;
use super::found::{Explained, Explanation, FORMAT};
use super::image_files::ImageFiles;
use super::modules::Told;
use super::rounds::{Look, Rounds, own_part};
use super::watching::{Watch, Watching};
use crate::clock::Clock;
use crate::drive::{Driver, Stop, TrialResult};
use crate::engine::{ImageStore, InstanceId, Watchable};
use crate::measure::{Interrupted, Measurement, PreparedEngine, RunIdentity, Side};
use crate::observer::{Event, Observer};
use crate::probe::container_trace::{ContainerTrace, Exec, Seen};
use crate::probe::cpu_samples::{Compiled, CpuSamples, KernelSymbols};
use crate::probe::exec_trace::ExecTrace;
use crate::sample::Sample;
use crate::spec::factor::PageCache;
use crate::spec::function::Function;
use crate::spec::plan::{Trial, TrialSubject};
use crate::spec::scenario::{self, Scenario};
use crate::store::SideRecord;

/// Bytes of a function's output that are read: its runtime may tell of thousands of modules.
const OUTPUT: usize = 8 << 20;
/// Rounds from which on the first counts for nothing: the first start of all is another.
const COUNTS_FROM: u32 = 3;
/// Starts of each kind where nobody says how many.
pub const USUAL: u32 = 5;
/// And the fewest, of functions whose starts take long.
const FEWEST: u32 = 2;
/// How long the starts of a function may take in all, where more than the fewest are wanted.
const PATIENCE: Duration = Duration::from_secs(8);

/// The functions of a side, and what it is a side of, if of anything.
#[derive(Debug, Clone)]
pub struct ExplainedSide {
    /// What is explained.
    pub functions: Vec<Function>,
    /// What is injected into them, among other things.
    pub record: Option<SideRecord>,
}

/// What is started: each function of head, and of base if there is one, plain, watched,
/// profiled and sampled, in turns. `change` sets what instances are started under.
///
/// # Errors
/// When the plan is too large.
pub fn request(
    identity: &RunIdentity,
    head: &ExplainedSide,
    base: Option<&ExplainedSide>,
    (rounds, seed): (u32, u64),
    change: impl FnOnce(&mut Scenario) -> Result<()>,
) -> Result<Measurement> {
    let mut scenario = scenario::parse(SCENARIO, "explain")?;
    scenario.rounds = rounds;
    change(&mut scenario)?;
    let side = |(name, of): (&str, &ExplainedSide)| Side {
        name: name.to_owned(),
        functions: of.functions.clone(),
        null: None,
        folder: Default::default(),
        record: of.record.clone(),
    };
    let sides = [("head", Some(head)), ("base", base)];
    let sides = sides.into_iter().filter_map(|(name, of)| Some((name, of?)));
    let sides = sides.flat_map(|of| Look::ALL.map(|_| side(of))).collect();
    Measurement::new(identity, identity.id("explain"), scenario, sides, seed)
}

const SCENARIO: &str = r#"
name = "explain"
rounds = 5
keep-alive = "0s"
controls = false
[[pattern]]
name = "cold"
steps = [{ name = "first", burst = 1 }]
"#;

/// Starts, watches and finds out. Whatever happens, the instances are removed.
///
/// # Errors
/// When the engine fails, cannot be watched at all, or [`Interrupted`].
pub async fn explain(
    prepared: &PreparedEngine,
    request: &mut Measurement,
    how: &Explaining,
    stop: &watch::Receiver<Stop>,
    observer: &dyn Observer,
) -> Result<Explanation> {
    let Some(engine) = prepared.containers() else {
        bail!("a simulated start has nothing to watch: leave out --engine fake");
    };
    engine.keep_output(OUTPUT);
    ask_runtimes(prepared, request, how).await?;
    let clock = Clock::start();
    let mut lost = Vec::new();
    let trace = ContainerTrace::start(clock).map_err(|why| lost.push(why.to_string())).ok();
    let samples = trace.is_some() && can_sample(clock, &mut lost);
    let kernel = if samples { KernelSymbols::read() } else { KernelSymbols::default() };
    let watching = Arc::new(Watching::new(engine.clone(), trace));
    let events = ExecTrace::start(clock).ok();
    let (driver, info) = prepared.driver(request, watching.clone(), clock, events).await?;
    let driver = &driver;
    let found = Rounding { request, prepared, how, watching, driver, observer, clock, samples };
    let ended = found.all(stop).await;
    let cleared = driver.platform().clear().await;
    let (rounds, measured) = ended?;
    cleared.context("removing the containers: `coldstart clean` tries again")?;
    let mut functions = Vec::new();
    for (head, base) in found.pairs(rounds) {
        let (mut explained, unseen) = head.of(how, &kernel);
        lost.extend(unseen);
        if let Some(base) = base {
            let (base, unseen) = base.of(how, &kernel);
            lost.extend(unseen);
            explained.difference = Some(Difference::of(&base, &explained));
        }
        functions.push(explained);
    }
    super::kept::bound(&mut functions);
    lost.sort_unstable();
    lost.dedup();
    Ok(Explanation {
        format: FORMAT,
        tool: format!("coldstart {}", env!("CARGO_PKG_VERSION")),
        command: request.command.clone(),
        started: request.started.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        engine: match request.plan.scenario.factors.runtimes.first() {
            Some(runtime) => format!("{}, {runtime}", info.kind),
            None => format!("{} {}", info.kind, info.version),
        },
        kernel: info.kernel,
        rounds: measured,
        lost,
        functions,
    })
}

/// Whether the processors can be sampled: tried once, as the reason is the same each time.
fn can_sample(clock: Clock, lost: &mut Vec<String>) -> bool {
    match CpuSamples::start(clock) {
        Ok(_) => true,
        Err(why) => {
            lost.push(format!("no native profile: {why}"));
            false
        }
    }
}

/// Gives the profiled sides the variables that ask their runtimes.
async fn ask_runtimes(
    prepared: &PreparedEngine,
    request: &mut Measurement,
    how: &Explaining,
) -> Result<()> {
    let Some(docker) = prepared.docker() else { return Ok(()) };
    for (at, side) in request.sides.iter_mut().enumerate() {
        if look_of(at) != Look::Profiled {
            continue;
        }
        for (function, record) in side.functions.iter_mut().zip(&prepared.records()[at]) {
            let image = docker.image(&record.digest).await?;
            let mut set = image.map(|image| image.config.env).unwrap_or_default();
            set.extend(function.env.clone());
            function.env.extend(how.profilers.env(&set));
        }
    }
    Ok(())
}

fn look_of(side: usize) -> Look {
    Look::ALL[side % Look::ALL.len()]
}

/// What all starts have in common.
struct Rounding<'a> {
    request: &'a Measurement,
    prepared: &'a PreparedEngine,
    how: &'a Explaining,
    watching: Arc<Watching>,
    driver: &'a Driver<Watching>,
    observer: &'a dyn Observer,
    clock: Clock,
    /// Whether the processors can be sampled.
    samples: bool,
}

/// The starts of a function on a side, with what is known of it.
struct Known<'a> {
    rounds: Rounds,
    record: &'a crate::store::FunctionRecord,
}

impl Known<'_> {
    fn of(self, how: &Explaining, kernel: &KernelSymbols) -> (Explained, Vec<String>) {
        self.rounds.explained(self.record, how, kernel)
    }
}

impl Rounding<'_> {
    /// Every start of the plan, or fewer where it may hurry; by function, of head and then of
    /// base, and how many of each kind.
    async fn all(&self, stop: &watch::Receiver<Stop>) -> Result<(Vec<Rounds>, u32)> {
        let plan = &self.request.plan;
        let mut rounds = Vec::new();
        for side in 0..self.request.sides.len() / Look::ALL.len() {
            for record in &self.prepared.records()[side * Look::ALL.len()] {
                // Where they are kept otherwise nothing is said of them.
                let layers = self.watching.image_folders(&record.digest).await.unwrap_or_default();
                rounds.push(Rounds::new(ImageFiles::of(&layers), &self.how.layouts));
            }
        }
        let trials: Vec<_> = plan.trials.iter().map(|t| (*t, plan.estimate_of(t))).collect();
        let planned =
            Event::Planned { trials: &trials, rounds: Some(plan.scenario.rounds), limit: None };
        self.observer.notify(Event::Measuring);
        self.observer.notify(planned);
        let (begun, mut measured) = (self.clock.now(), 0);
        let patience = u64::try_from(PATIENCE.as_nanos()).unwrap_or(u64::MAX);
        let patience = patience.saturating_mul(rounds.len() as u64);
        for trial in &plan.trials {
            if *stop.borrow() >= Stop::AfterTrial {
                return Err(Interrupted.into());
            }
            let rounds_done = u64::from(measured.max(1));
            let with_next = (self.clock.now() - begun) / rounds_done * (rounds_done + 1);
            let is_next = trial.round > measured && measured >= FEWEST;
            if self.how.hurries && is_next && with_next > patience {
                break;
            }
            measured = trial.round;
            self.one(trial, &mut rounds).await?;
        }
        self.observer.notify(Event::Measured);
        Ok((rounds, measured))
    }

    async fn one(&self, trial: &Trial, rounds: &mut [Rounds]) -> Result<()> {
        let TrialSubject::Function { function, .. } = trial.subject else { return Ok(()) };
        let functions = self.request.sides[trial.side].functions.len();
        let rounds = &mut rounds[trial.side / Look::ALL.len() * functions + function];
        self.driver.platform().settle().await?;
        match look_of(trial.side) {
            Look::Watched => self.watched(trial, rounds).await,
            Look::Sampled => self.sampled(trial, rounds).await,
            look @ (Look::Plain | Look::Profiled) => self.unwatched(trial, look, rounds).await,
        }
    }

    /// Whether a trial is not the first of its kind, where there are others.
    fn counts(&self, trial: &Trial) -> bool {
        trial.round > 1 || self.request.plan.scenario.rounds < COUNTS_FROM
    }

    async fn unwatched(&self, trial: &Trial, look: Look, rounds: &mut Rounds) -> Result<()> {
        let done = self.driver.trial(trial).await?;
        let Some(sample) = self.told(trial, &done) else { return Ok(()) };
        if self.counts(trial) {
            rounds.timed(look, sample);
        }
        if look == Look::Profiled {
            self.add_modules(sample, rounds).await;
        }
        rounds.failed(look, sample);
        Ok(())
    }

    async fn watched(&self, trial: &Trial, rounds: &mut Rounds) -> Result<()> {
        let which = rounds.opened();
        let before = rounds.files.resident(which.as_ref());
        self.watching.turn(Watch::Files);
        let done = self.driver.trial(trial).await;
        let seen = self.seen();
        let done = done?;
        let Some(sample) = self.told(trial, &done) else { return Ok(()) };
        let after = rounds.files.resident(which.as_ref());
        // What the trial put out of memory itself was not there before it.
        let is_chilled = sample.cell.factors.page_cache != PageCache::Warm;
        let before = match is_chilled {
            true => before.into_keys().map(|path| (path, 0)).collect(),
            false => before,
        };
        if self.counts(trial) {
            rounds.timed(Look::Watched, sample);
        }
        rounds.watched(sample, seen, [before, after]);
        Ok(())
    }

    async fn sampled(&self, trial: &Trial, rounds: &mut Rounds) -> Result<()> {
        // What can be sampled once can be again: a start without is left out.
        let samples = match self.samples {
            true => CpuSamples::start(self.clock).ok(),
            false => None,
        };
        let Some(samples) = samples else {
            self.observer.notify(Event::TrialDone { trial, samples: &[] });
            return Ok(());
        };
        self.watching.turn(Watch::Programs);
        let done = self.driver.trial(trial).await;
        let (mut sampled, seen) = (samples.take(), self.seen());
        // Its processes live until the next trial.
        let read = |exec: &Exec| Some((exec.pid, Compiled::of(exec.pid)?));
        sampled.compiled = seen.execs.iter().filter_map(read).collect();
        let done = done?;
        let Some(sample) = self.told(trial, &done) else { return Ok(()) };
        if self.counts(trial) {
            rounds.timed(Look::Sampled, sample);
            rounds.sampled(sample, &seen, &sampled);
        }
        Ok(())
    }

    /// What was seen of the container, which is not watched any more.
    fn seen(&self) -> Seen {
        self.watching.turn(Watch::Nothing);
        self.watching.trace().map(ContainerTrace::take).unwrap_or_else(|| Seen {
            no_files: Some("nothing is watched without kernel process events".to_owned()),
            ..Seen::default()
        })
    }

    fn told<'d>(&self, trial: &Trial, done: &'d TrialResult) -> Option<&'d Sample> {
        self.observer.notify(Event::TrialDone { trial, samples: &done.samples });
        done.samples.first()
    }

    async fn add_modules(&self, sample: &Sample, rounds: &mut Rounds) {
        let engine = self.watching.engine();
        let told = match &sample.instance {
            // Of one that is gone what it wrote went with it.
            Some(id) => engine.whole_output(&InstanceId(id.clone()), OUTPUT).await,
            None => return,
        };
        let Ok(told) = told else { return };
        let (cut, own_part) = (told.len() >= OUTPUT, own_part(&sample.marks));
        let layouts = &rounds.layouts;
        if let Some(tree) = self.how.profilers.read(&Told { output: &told, cut, own_part, layouts })
        {
            rounds.profiled(tree);
        }
    }

    /// Each function of head, with that of base.
    fn pairs(&self, rounds: Vec<Rounds>) -> Vec<(Known<'_>, Option<Known<'_>>)> {
        let records = self.prepared.records();
        let sides = (0..records.len()).step_by(Look::ALL.len());
        let records = sides.flat_map(|side| &records[side]);
        let mut known: Vec<Known<'_>> = rounds
            .into_iter()
            .zip(records)
            .map(|(rounds, record)| Known { rounds, record })
            .collect();
        let functions = self.request.sides[0].functions.len();
        let base = known.split_off(functions.min(known.len()));
        let mut base = base.into_iter();
        known.into_iter().map(|head| (head, base.next())).collect()
    }
}
