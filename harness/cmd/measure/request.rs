//! What to measure, checked and ready: one scenario, on one side or on several.

use std::hash::{BuildHasher, RandomState};
use std::path::PathBuf;

use crate::engine::EngineInfo;
use crate::probe::host::Host;
use crate::probe::machine;
use crate::spec::function::Function;
use crate::spec::plan::Plan;
use crate::spec::scenario::Scenario;
use crate::store::{
    Counts, FORMAT, FunctionRecord, KernelEvents, MachineRecord, RunRecord, SideRecord,
};
use crate::text::units::{format_share, format_wait};

/// What to measure, checked and ready.
pub(in crate::cmd) struct Measurement {
    pub(in crate::cmd) scenario: Scenario,
    pub(in crate::cmd) plan: Plan,
    /// At least one; those of several take turns.
    pub(in crate::cmd) sides: Vec<Side>,
    /// The run's id: unique on the engine, whatever the folders are called.
    pub(in crate::cmd) id: String,
    pub(in crate::cmd) started: jiff::Timestamp,
    /// The command that repeats it.
    pub(in crate::cmd) command: String,
    /// Whether its folder is there already, of a run that stopped early.
    pub(in crate::cmd) goes_on: bool,
    /// Whether its figures are made up.
    pub(in crate::cmd) is_simulated: bool,
    /// Whether the kernel's exec events are listened to.
    pub(in crate::cmd) traced: bool,
}

/// One set of the functions, and where its rows go.
pub(in crate::cmd) struct Side {
    /// `base` or `head`; of no matter where there is only one.
    pub(in crate::cmd) name: String,
    /// As many as those of every other side, in the same order.
    pub(in crate::cmd) functions: Vec<Function>,
    /// The function of the controls; none without controls.
    pub(in crate::cmd) null: Option<Function>,
    /// The folder of its rows, which must not exist.
    pub(in crate::cmd) folder: PathBuf,
    /// What it is a side of; none for a run by itself.
    pub(in crate::cmd) record: Option<SideRecord>,
}

/// What is read off the clock and the machine's randomness once a request.
pub(in crate::cmd) struct RunIdentity {
    pub(in crate::cmd) started: jiff::Timestamp,
    random: u64,
}

impl RunIdentity {
    pub(in crate::cmd) fn now() -> Self {
        Self { started: jiff::Timestamp::now(), random: RandomState::new().hash_one(0) }
    }

    /// A seed, unless one was typed.
    pub(in crate::cmd) fn seed(&self, typed: Option<u64>) -> u64 {
        typed.unwrap_or(self.random >> 32)
    }

    /// `2026-11-22-005258-default`.
    pub(in crate::cmd) fn name(&self, what: &str) -> String {
        format!("{}-{what}", self.started.strftime("%Y-%m-%d-%H%M%S"))
    }

    /// [`RunIdentity::name`], unique on an engine.
    pub(in crate::cmd) fn id(&self, what: &str) -> String {
        format!("{}-{:06x}", self.name(what), self.random & 0xff_ffff)
    }
}

impl Side {
    /// Every function that needs an image, the null function last if it is not
    /// measured itself.
    pub(in crate::cmd) fn with_null(&self) -> Vec<Function> {
        let mut all = self.functions.clone();
        all.extend(self.null.iter().filter(|n| !self.measures(n)).cloned());
        all
    }

    fn measures(&self, function: &Function) -> bool {
        self.functions.iter().any(|f| f.name == function.name)
    }

    /// Milliseconds that a function is told to sleep in its init.
    pub(super) fn sleep_ms(&self, function: &str) -> u32 {
        let injected = self.record.as_ref().map(|record| &record.injected);
        injected.and_then(|ms| ms.get(function)).copied().unwrap_or(0)
    }
}

impl Measurement {
    /// The plan for a person, and what it costs.
    pub(in crate::cmd) fn describe(&self) -> String {
        let Self { plan, scenario, .. } = self;
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
        self.scenario.until.is_none().then_some(self.scenario.rounds)
    }

    /// What is about to be done, for the person who waits.
    pub(super) fn announce(&self) -> String {
        let Self { plan, scenario, .. } = self;
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
            scenario: self.scenario.clone(),
            seed: self.plan.seed,
            tried: true,
            host: Host::read(),
            engine,
            side: side.record.clone(),
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
