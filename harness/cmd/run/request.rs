//! What was typed, checked and made into a plan.

use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};

use anyhow::anyhow;

use crate::cli;
use crate::cmd::{Failure, load_functions, say};
use crate::engine::EngineInfo;
use crate::functions::{self, Function};
use crate::host::Host;
use crate::machine;
use crate::plan::Plan;
use crate::provision::Consent;
use crate::scenario::{self, Scenario};
use crate::store::{Counts, FORMAT, FunctionRecord, KernelEvents, MachineRecord, RunRecord};
use crate::units::format_wait;

/// Rounds of a run that stops when it knows enough: never reached in practice.
const UNTIL_ROUNDS: u32 = 1_000;

/// What to measure, checked and ready.
pub(super) struct Request {
    pub(super) scenario: Scenario,
    pub(super) functions: Vec<Function>,
    /// The function of the controls; none without controls.
    pub(super) null: Option<Function>,
    pub(super) plan: Plan,
    pub(super) folder: PathBuf,
    /// The run's id: unique on the engine, whatever the folder is called.
    pub(super) id: String,
    started: jiff::Timestamp,
    pub(super) consent: Consent,
    command: String,
}

impl Request {
    pub(super) fn new(args: &cli::Run) -> Result<Self, Failure> {
        let mut scenario =
            scenario::load(&scenario_file(&args.scenario)).map_err(Failure::Usage)?;
        let functions = load_functions(&args.common, &scenario.functions)?;
        scenario.functions = functions.iter().map(|f| f.name.clone()).collect();
        let typed = change(&mut scenario, args)?;
        let null = null(args, &mut scenario)?;
        let random = RandomState::new().hash_one(0);
        let seed = args.seed.unwrap_or(random >> 32);
        let started = jiff::Timestamp::now();
        let stamp = started.strftime("%Y-%m-%d-%H%M%S");
        let name = format!("{stamp}-{}", scenario.name);
        Ok(Self {
            plan: Plan::new(&scenario, functions.len(), seed),
            folder: args.out.clone().unwrap_or_else(|| Path::new("results").join(&name)),
            id: format!("{name}-{:06x}", random & 0xff_ffff),
            command: command(args, &scenario, seed, &typed),
            consent: Consent::from_flag(args.common.provision),
            started,
            scenario,
            functions,
            null,
        })
    }

    /// Every function that needs an image, the null function last if it is not
    /// measured itself.
    pub(super) fn with_null(&self) -> Vec<Function> {
        let mut all = self.functions.clone();
        all.extend(self.null.iter().filter(|n| !self.measures(n)).cloned());
        all
    }

    fn measures(&self, function: &Function) -> bool {
        self.functions.iter().any(|f| f.name == function.name)
    }

    pub(super) fn describe(&self) -> String {
        let Self { plan, scenario, .. } = self;
        format!(
            "{}\nscenario {}, seed {}, {} rounds, {} trials\n{} container starts, {} invocations\n\
             about {} once the images are there\n",
            plan.describe(scenario, &scenario.functions),
            scenario.name,
            plan.seed,
            scenario.rounds,
            plan.trials.len(),
            plan.starts(scenario),
            plan.invocations(scenario),
            format_wait(plan.estimate(scenario)),
        )
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
                let estimate = format_wait(plan.estimate(scenario));
                format!("measuring {} trials, about {estimate}", plan.trials.len())
            }
            (Some(share), limit) => {
                let limit = limit.map(|time| format!(", for {} at most", format_wait(time)));
                let within = share * 100.0;
                let limit = limit.unwrap_or_default();
                format!("measuring until every median is known within {within} %{limit}")
            }
        }
    }

    /// The record of a run that begins now. `functions` are those of
    /// [`Request::with_null`].
    pub(super) fn record(
        &self,
        engine: EngineInfo,
        mut functions: Vec<FunctionRecord>,
        warnings: Vec<String>,
    ) -> RunRecord {
        let is_null = |f: &&FunctionRecord| self.null.as_ref().is_some_and(|n| n.name == f.name);
        let null = functions.iter().find(is_null).cloned();
        functions.truncate(self.functions.len());
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
            host: Host::read(),
            engine,
            functions,
            null,
            kernel_events: KernelEvents::default(),
            machine: MachineRecord {
                governor: machine::governor(),
                turbo: machine::turbo(),
                ..MachineRecord::default()
            },
            counts: Counts { planned: self.plan.invocations(&self.scenario), ..Counts::default() },
            driver_memory: None,
            warnings,
        }
    }
}

/// A name is looked up among the project's scenarios; anything else is a path.
fn scenario_file(text: &str) -> PathBuf {
    if text.contains('/') || text.ends_with(".toml") {
        return PathBuf::from(text);
    }
    Path::new("benches/scenarios").join(format!("{text}.toml"))
}

/// Changes a scenario as was typed; returns the flags that say so again.
fn change(scenario: &mut Scenario, args: &cli::Run) -> Result<Vec<String>, Failure> {
    let mut typed = Vec::new();
    scenario.until = args.until.or(scenario.until);
    // Who types only when it is enough does not mean the scenario's rounds.
    let most = if args.until.is_some() { UNTIL_ROUNDS } else { scenario.rounds };
    scenario.rounds = args.rounds.unwrap_or(most);
    if let Some(share) = args.until {
        typed.push(format!("--until {}%", share * 100.0));
    }
    scenario.max_time = args.max_time.or(scenario.max_time);
    if let Some(time) = args.max_time {
        typed.push(format!("--max-time {}ms", time.as_millis()));
    }
    args.factors.change(&mut scenario.factors, &mut typed);
    scenario.factors.check().map_err(|reason| Failure::Usage(anyhow!(reason)))?;
    if let Some(workers) = args.parallel {
        scenario.in_parallel(workers);
        typed.push(format!("--parallel {workers}"));
    }
    scenario.controls &= !args.no_controls;
    if args.no_controls {
        typed.push("--no-controls".to_owned());
    }
    if args.no_exec_trace {
        typed.push("--no-exec-trace".to_owned());
    }
    Ok(typed)
}

/// The function of the controls. Where none is named there can be no controls.
fn null(args: &cli::Run, scenario: &mut Scenario) -> Result<Option<Function>, Failure> {
    if !scenario.controls {
        return Ok(None);
    }
    let all = functions::load(&args.common.functions_file).map_err(Failure::Usage)?;
    let null = all.into_iter().find(|f| f.is_null);
    if null.is_none() {
        scenario.controls = false;
        let file = args.common.functions_file.display();
        say(&format!("no controls: {file} names no `null` function, so nothing is calibrated"));
    }
    Ok(null)
}

/// The command that repeats the run.
fn command(args: &cli::Run, scenario: &Scenario, seed: u64, typed: &[String]) -> String {
    let mut parts = vec![format!(
        "coldstart run {} --functions {}",
        args.scenario,
        scenario.functions.join(","),
    )];
    // The most rounds of a run that stops by itself say nothing.
    if args.until.is_none() || args.rounds.is_some() {
        parts.push(format!("--rounds {}", scenario.rounds));
    }
    parts.extend(typed.iter().cloned());
    parts.push(format!("--seed {seed}"));
    parts.join(" ")
}
