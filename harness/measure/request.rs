//! What to measure, checked and ready: one scenario, on one side or on several.

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::path::PathBuf;

use anyhow::{Result, anyhow};

use crate::engine::EngineInfo;
use crate::probe::host::Host;
use crate::probe::machine;
use crate::spec::factor::EngineKind;
use crate::spec::function::Function;
use crate::spec::plan::{self, Plan};
use crate::spec::scenario::Scenario;
use crate::store::{
    Counts, FORMAT, FunctionRecord, KernelEvents, MachineRecord, RunRecord, SideRecord, TuneRecord,
};
use crate::text::units::{format_share, format_wait};

/// What to measure, checked and ready.
#[derive(Debug, Clone)]
pub struct Measurement {
    /// What is done, under which factors, in which order.
    pub plan: Plan,
    /// At least one; those of several take turns.
    pub sides: Vec<Side>,
    /// The run's id: unique on the engine, whatever the folders are called.
    pub id: String,
    /// When it was asked for.
    pub started: jiff::Timestamp,
    /// The command that repeats it.
    pub command: String,
    /// Whether its folder is there already, of a run that stopped early.
    pub resumed: bool,
    /// Whether the kernel's exec events are listened to.
    pub traced: bool,
    /// Where instances reach this machine, of an engine that is on another or in a network of
    /// its own.
    pub callback: Option<IpAddr>,
    /// Whether everything is started once, unrecorded, before the first trial.
    pub tries: bool,
    /// Whether rows keep the beginning of each reply, and the last that instances wrote.
    pub keeps_words: bool,
    /// What its sizes are to be weighed by, where it is measured for that: a size under which
    /// a function does not live is a finding then, and nothing that is refused.
    pub tune: Option<TuneRecord>,
}

/// One set of the functions, and where its rows go.
#[derive(Debug, Clone)]
pub struct Side {
    /// `base` or `head`; of no matter where there is only one.
    pub name: String,
    /// As many as those of every other side, in the same order.
    pub functions: Vec<Function>,
    /// The function of the controls; none without controls.
    pub null: Option<Function>,
    /// The folder of its rows, which must not exist.
    pub folder: PathBuf,
    /// What it is a side of; none for a run by itself.
    pub record: Option<SideRecord>,
}

/// What is read off the clock and the machine's randomness once a measurement.
#[derive(Debug)]
pub struct RunIdentity {
    /// When it was asked for.
    pub started: jiff::Timestamp,
    random: u64,
}

impl RunIdentity {
    /// Of this moment.
    #[must_use]
    pub fn now() -> Self {
        Self { started: jiff::Timestamp::now(), random: RandomState::new().hash_one(0) }
    }

    /// A seed, unless one was typed.
    pub fn seed(&self, typed: Option<u64>) -> u64 {
        typed.unwrap_or(self.random >> 32)
    }

    /// `2026-11-22-005258-default`.
    pub fn name(&self, what: &str) -> String {
        format!("{}-{what}", self.started.strftime("%Y-%m-%d-%H%M%S"))
    }

    /// [`RunIdentity::name`], unique on an engine.
    pub fn id(&self, what: &str) -> String {
        format!("{}-{:06x}", self.name(what), self.random & 0xff_ffff)
    }
}

impl Side {
    /// Every function that needs an image, the null function last if it is not
    /// measured itself.
    pub fn with_null(&self) -> Vec<Function> {
        let mut all = self.functions.clone();
        all.extend(self.null.iter().filter(|n| !self.measures(n)).cloned());
        all
    }

    fn measures(&self, function: &Function) -> bool {
        self.functions.iter().any(|f| f.name == function.name)
    }

    /// Whether its functions are told to work for so long as they would sleep.
    pub(super) fn works(&self) -> bool {
        self.record.as_ref().is_some_and(|record| record.works)
    }

    /// Milliseconds that a function is told to sleep in its init, or to work for.
    pub(super) fn sleep_ms(&self, function: &str) -> u32 {
        let injected = self.record.as_ref().map(|record| &record.injected);
        injected.and_then(|ms| ms.get(function)).copied().unwrap_or(0)
    }
}

impl Measurement {
    /// One that begins anew, with the kernel's events: in every round each function on
    /// every side, and each control once. Controls are for scenarios that have them, and
    /// need a null function on every side. `id` is unique on the engine.
    ///
    /// # Errors
    /// When the plan is too large.
    pub fn new(
        identity: &RunIdentity,
        id: String,
        mut scenario: Scenario,
        mut sides: Vec<Side>,
        seed: u64,
    ) -> Result<Self> {
        scenario.controls &= sides.iter().all(|side| side.null.is_some());
        for side in sides.iter_mut().filter(|_| !scenario.controls) {
            side.null = None;
        }
        let functions = sides.first().map_or(&[][..], |side| &side.functions);
        let mut all = sides.iter().flat_map(|side| &side.functions);
        scenario.listening = all.any(|function| function.adapter.listens());
        scenario.functions = functions.iter().map(|f| f.name.clone()).collect();
        plan::check(&scenario, functions.len(), sides.len()).map_err(|why| anyhow!(why))?;
        Ok(Self {
            plan: Plan::in_turns(&scenario, functions.len(), sides.len(), seed),
            sides,
            id,
            started: identity.started,
            command: String::new(),
            resumed: false,
            traced: true,
            callback: None,
            tries: true,
            keeps_words: false,
            tune: None,
        })
    }

    /// What makes its instances.
    #[must_use]
    pub fn engine(&self) -> EngineKind {
        self.plan.scenario.factors.engine()
    }

    /// The plan for a person, and what it costs.
    pub fn describe(&self) -> String {
        let Self { plan, .. } = self;
        let scenario = &plan.scenario;
        let names: Vec<&str> = self.sides.iter().map(|side| side.name.as_str()).collect();
        let names = if names.len() > 1 { &names[..] } else { &[] };
        format!(
            "{}\nscenario {}, seed {}, {} rounds, {} trials\n{} container starts, {} invocations\n\
             about {} once the images are there\n",
            plan.describe(&scenario.functions, names),
            scenario.name,
            plan.seed,
            scenario.rounds,
            plan.trials.len(),
            plan.starts(),
            plan.invocations(),
            format_wait(plan.estimate()),
        )
    }

    /// What is called so on a side; the side is named where there are several.
    pub(super) fn name_on(&self, side: usize, what: &str) -> String {
        match self.sides.len() {
            1 => what.to_owned(),
            _ => format!("{}: {what}", self.sides[side].name),
        }
    }

    /// Rounds that will be measured; none where that shows when enough is known.
    pub(super) fn rounds(&self) -> Option<u32> {
        self.plan.scenario.until.is_none().then_some(self.plan.scenario.rounds)
    }

    /// What is about to be done, for the person who waits.
    pub(super) fn announce(&self) -> String {
        let Self { plan, .. } = self;
        let scenario = &plan.scenario;
        match (scenario.until, scenario.max_time) {
            (None, _) => {
                let estimate = format_wait(plan.estimate());
                format!("measuring {} trials, about {estimate}", plan.trials.len())
            }
            (Some(share), limit) => {
                let limit = limit.map(|time| format!(", for {} at most", format_wait(time)));
                let within = format_share(share);
                let limit = limit.unwrap_or_default();
                format!("measuring until every median is known within {within}{limit}")
            }
        }
    }

    /// The record of a side that begins now. `functions` are those of
    /// [`Side::with_null`].
    pub(super) fn record(
        &self,
        side: usize,
        engine: EngineInfo,
        mut functions: Vec<FunctionRecord>,
        warnings: Vec<String>,
    ) -> RunRecord {
        let planned = self.plan.invocations_of_side(side);
        let side = &self.sides[side];
        let is_null = |f: &&FunctionRecord| side.null.as_ref().is_some_and(|n| n.name == f.name);
        let null = functions.iter().find(is_null).cloned();
        functions.truncate(side.functions.len());
        RunRecord {
            format: FORMAT,
            id: self.id.clone(),
            tool: format!("coldstart {}", env!("CARGO_PKG_VERSION")),
            command: self.command.clone(),
            started: self.started.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            elapsed: None,
            complete: false,
            stopped: None,
            beyond: Vec::new(),
            scenario: self.plan.scenario.clone(),
            seed: self.plan.seed,
            tried: self.tries,
            host: Host::read(),
            engine,
            fleet: Vec::new(),
            side: side.record.as_ref().map(|record| labelled(record, &functions)),
            tune: self.tune.clone(),
            functions,
            null,
            kernel_events: KernelEvents::default(),
            machine: MachineRecord {
                governor: machine::governor(),
                turbo: machine::turbo(),
                ..MachineRecord::default()
            },
            counts: Counts { planned, ..Counts::default() },
            driver_memory: None,
            warnings,
        }
    }
}

/// A side that is an image as it is has its reference for a label: with what that was.
fn labelled(side: &SideRecord, functions: &[FunctionRecord]) -> SideRecord {
    let mut side = side.clone();
    if let Some(image) = functions.iter().find(|function| function.image == side.label) {
        let digest = image.digest.strip_prefix("sha256:").unwrap_or(&image.digest);
        side.label = format!("{} ({})", side.label, digest.get(..12).unwrap_or(digest));
    }
    side
}
