//! `aa`: the gate turned on itself. The same code on both sides shows how often it
//! cries wolf, a head that sleeps a known time how often it finds what is there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::sync::watch;

use super::failure::of_files;
use super::gate::nothing_answers;
use super::more_rounds::MoreRounds;
use super::repeat::Words;
use super::{ExitReason, compare, engine_choice, gate, info, load_functions, runtime, stdout};
use crate::cli::{self, Amount, Injection};
use crate::terminal::interrupt::{self, Phase};
use crate::terminal::{self, TerminalObserver};
use coldstart::compare::{NullModel, Rates, Rules, SimulationConfig};
use coldstart::drive::{RunEnd, Stop};
use coldstart::measure::{Measurement, PreparedEngine, RunControl, RunIdentity, Side};
use coldstart::observer::Observer;
use coldstart::provision::Consent;
use coldstart::report::form::Printed;
use coldstart::report::reliability::{self, Head, Reliability};
use coldstart::spec::function::Function;
use coldstart::spec::scenario::Scenario;
use coldstart::store::{self, SideRecord};

mod recorded;

/// The folder of the few rounds that are measured to know what a share of a function's
/// total is, and their number.
const PILOT: &str = "pilot";
const PILOT_ROUNDS: u32 = 6;

/// Measures (or draws) the gates, and tells how they came out.
pub(super) fn run(args: &cli::Aa) -> Result<(), ExitReason> {
    let mut aa = Aa::new(args)?;
    if args.measure.dry_run {
        stdout::only_text(args.printed.format, "a plan")?;
        let plan = aa.request(1, &aa.sleepless(), 0)?.describe();
        let often = format!("{} times the same, with other seeds", args.runs);
        return Ok(stdout::result(&(plan + &often))?);
    }
    let reserved = super::run::reserve(&aa.folder, args.measure.out.is_some())?;
    reserved.folder().clone_into(&mut aa.folder);
    let begun = Instant::now();
    let (heads, source, ended) = match &args.simulate {
        Some(folder) => {
            let (heads, source) = aa.simulate(folder)?;
            (heads, source, Ok(()))
        }
        None => {
            let (heads, ended) = aa.measure()?;
            (heads, "measured on this machine".to_owned(), ended)
        }
    };
    interrupt::now(Phase::Showing);
    let found = Reliability {
        command: aa.command(),
        source,
        simulated: args.simulate.is_some() || aa.scenario.factors.engine().is_simulated(),
        rounds: aa.scenario.rounds,
        margin: aa.rules.margins.share,
        confirm: !args.no_confirm,
        elapsed: begun.elapsed(),
        heads,
    };
    for file in reliability::files(&found)? {
        store::write(&aa.folder, &file.path, &file.bytes)?;
    }
    stdout::result(&stdout::form(args.printed.format, &Printed::Reliability(&found))?)?;
    terminal::hint("kept in ", &aa.folder.display().to_string());
    ended
}

/// Milliseconds of sleep by function.
type Sleeps = BTreeMap<String, u32>;

/// What was typed, checked.
struct Aa<'a> {
    args: &'a cli::Aa,
    scenario: Scenario,
    functions: Vec<Function>,
    null: Option<Function>,
    rules: Rules,
    /// None for the same code.
    injections: Vec<Option<Injection>>,
    begun: RunIdentity,
    seed: u64,
    folder: PathBuf,
    /// What is to be said of the engine.
    engine: Option<String>,
}

impl<'a> Aa<'a> {
    fn new(args: &'a cli::Aa) -> Result<Self, ExitReason> {
        let mut scenario =
            gate::scenario(&args.scenario, &args.measure, args.sight, &args.factors)?;
        let engine = args.simulate.is_none().then(|| engine_choice::without_daemon(&mut scenario));
        // Unchanged code may exceed a budget: that is no false alarm.
        scenario.budgets.clear();
        let functions = load_functions(&args.common, &scenario.functions)?;
        scenario.functions = functions.iter().map(|f| f.name.clone()).collect();
        gate::known_exceptions(&scenario, &[], &scenario.functions)?;
        let null = super::run::null(&args.common.functions_file, &scenario)?;
        let injections = injections(&args.inject)?;
        let begun = RunIdentity::now();
        Ok(Self {
            rules: args.judge.rules(&scenario.margins),
            injections,
            seed: begun.seed(args.measure.seed),
            folder: args.measure.folder(begun.name("aa")),
            args,
            functions,
            null,
            begun,
            scenario,
            engine: engine.flatten(),
        })
    }

    fn sleepless(&self) -> Vec<Sleeps> {
        vec![Sleeps::new(); self.injections.len()]
    }

    /// Measures every gate: one base, and each head against it, in turns. What was
    /// measured before an interruption or a failure is told too, beside it.
    fn measure(&self) -> Result<(Vec<Head>, Result<(), ExitReason>), ExitReason> {
        let consent = Consent::from_flag(self.args.common.provision);
        let mut stop = interrupt::heard()?;
        let observer = &TerminalObserver::default();
        self.engine.iter().for_each(|chosen| info(chosen));
        runtime(self.scenario.factors.engine().is_simulated())?.block_on(async {
            let request = self.request(1, &self.sleepless(), 0)?;
            let engine = PreparedEngine::get(&request, consent, &stop, observer).await?;
            let sleeps = self.sleeps(&engine, &mut stop, observer).await?;
            let mut all = vec![Rates::default(); self.injections.len()];
            let mut ended = Ok(());
            for number in 1..=self.args.runs {
                info(&format!("gate {number} of {}", self.args.runs));
                let request = self.request(number, &sleeps, u64::from(number))?;
                ended = self.one(&engine, &request, &mut stop, &mut all, observer).await;
                if ended.is_err() {
                    break;
                }
            }
            Ok((self.heads(sleeps, all), ended))
        })
    }

    /// One gate, or as many as there are heads.
    async fn one(
        &self,
        engine: &PreparedEngine,
        request: &Measurement,
        stop: &mut watch::Receiver<Stop>,
        all: &mut [Rates],
        observer: &dyn Observer,
    ) -> Result<(), ExitReason> {
        let mut more = MoreRounds::new(&request.plan.scenario, !self.args.no_confirm);
        let ask = || Ok(more.after(&self.judge(request, &BTreeSet::new())?));
        let control = RunControl { stop, more: Some(Box::new(ask)) };
        match engine.measure(request, control, observer).await? {
            RunEnd::Stopped => return Err(ExitReason::Interrupted),
            RunEnd::GivenUp => return Err(nothing_answers(&self.folder)),
            RunEnd::Complete | RunEnd::OutOfTime => {}
        }
        for (rates, found) in all.iter_mut().zip(self.judge(request, &more.alarmed)?) {
            rates.add(&found);
            info(&format!("{}: {}", found.head.label, found.outcome.name()));
        }
        Ok(())
    }

    /// Every head against the base, from what is on disk.
    fn judge(
        &self,
        request: &Measurement,
        again: &BTreeSet<String>,
    ) -> Result<Vec<coldstart::compare::Comparison>> {
        let (base, _) = compare::open(&request.sides[0].folder, false)?;
        let heads = request.sides[1..].iter();
        heads
            .map(|side| {
                let (head, _) = compare::open(&side.folder, false)?;
                Ok(coldstart::compare::compare(&base, &head, &self.rules, again))
            })
            .collect()
    }

    /// What each head sleeps. A share is of the median of a short run before.
    async fn sleeps(
        &self,
        engine: &PreparedEngine,
        stop: &mut watch::Receiver<Stop>,
        observer: &dyn Observer,
    ) -> Result<Vec<Sleeps>, ExitReason> {
        let is_share =
            |i: &Option<Injection>| i.is_some_and(|i| matches!(i.amount, Amount::Share(_)));
        let mut medians = BTreeMap::new();
        if self.injections.iter().any(is_share) {
            info(&format!("{PILOT} rounds to know what a share of the total is"));
            let request = self.pilot()?;
            let control = RunControl { stop, more: None };
            match engine.measure(&request, control, observer).await? {
                RunEnd::Stopped => return Err(ExitReason::Interrupted),
                RunEnd::GivenUp => return Err(nothing_answers(&self.folder)),
                RunEnd::Complete | RunEnd::OutOfTime => {}
            }
            let (pilot, _) = compare::open(&request.sides[0].folder, false)?;
            medians =
                NullModel::of(&[vec![pilot]]).map(|noise| noise.medians()).unwrap_or_default();
        }
        let of = |injection: &Option<Injection>| self.sleep(*injection, &medians);
        Ok(self.injections.iter().map(of).collect())
    }

    fn sleep(&self, injection: Option<Injection>, medians: &BTreeMap<String, f64>) -> Sleeps {
        let of = |name: &String| {
            let ms = match injection?.amount {
                Amount::Time(time) => time.as_secs_f64() * 1e3,
                Amount::Share(share) => share * medians.get(name)? / 1e6,
            };
            // Functions sleep whole milliseconds, and none is no injection.
            Some((name.clone(), (ms.round() as u32).max(1)))
        };
        self.scenario.functions.iter().filter_map(of).collect()
    }

    /// Draws every gate from recorded starts.
    fn simulate(&self, folder: &Path) -> Result<(Vec<Head>, String), ExitReason> {
        let noise = NullModel::of(&recorded::measurements(folder, &self.scenario.functions)?);
        let noise = noise.ok_or_else(|| {
            of_files(format!(
                "{}: no cold start of the chosen functions to draw from: name a run that has them",
                folder.display()
            ))
        })?;
        let medians = noise.medians();
        let setting = SimulationConfig {
            rules: self.rules.clone(),
            rounds: self.scenario.rounds.saturating_sub(1).max(1),
            sight: self.scenario.sight,
            confirm: !self.args.no_confirm,
        };
        let sleeps: Vec<Sleeps> =
            self.injections.iter().map(|injection| self.sleep(*injection, &medians)).collect();
        let mut all = vec![Rates::default(); sleeps.len()];
        for number in 0..u64::from(self.args.runs) {
            for (index, (rates, sleeps)) in all.iter_mut().zip(&sleeps).enumerate() {
                let seed = self.seed.wrapping_add(number * 1_000 + index as u64);
                let works = self.injections[index].is_some_and(|injection| injection.works);
                rates.add(&noise.gate(&setting, sleeps, works, seed));
            }
        }
        let source = format!(
            "starts drawn from {} measurement(s) in {}, at least {} a function each",
            noise.measurements(),
            folder.display(),
            noise.least()
        );
        Ok((self.heads(sleeps, all), source))
    }

    fn heads(&self, sleeps: Vec<Sleeps>, all: Vec<Rates>) -> Vec<Head> {
        let heads = self.injections.iter().zip(sleeps).zip(all);
        heads
            .map(|((injection, sleeps), rates)| Head {
                injected: injection.map(|i| i.to_string()),
                works: injection.is_some_and(|i| i.works),
                sleeps,
                rates,
            })
            .collect()
    }

    /// The gate of a number: a base and every head.
    fn request(
        &self,
        number: u32,
        sleeps: &[Sleeps],
        offset: u64,
    ) -> Result<Measurement, ExitReason> {
        let folder = self.folder.join(format!("gate-{number:04}"));
        let mut sides = vec![self.side("base", &folder, Sleeps::new(), false)];
        for (injection, sleeps) in self.injections.iter().zip(sleeps) {
            // A colon is no part of a folder's name everywhere.
            let name = injection.map_or_else(|| "head".to_owned(), |i| format!("head+{i}"));
            let (name, works) = (name.replace(':', "-"), injection.is_some_and(|i| i.works));
            sides.push(self.side(&name, &folder, sleeps.clone(), works));
        }
        self.asked(sides, self.scenario.clone(), number, offset)
    }

    /// A few rounds of the base alone.
    fn pilot(&self) -> Result<Measurement, ExitReason> {
        let scenario = Scenario { rounds: PILOT_ROUNDS, ..self.scenario.clone() };
        let folder = self.folder.join(PILOT);
        self.asked(vec![self.side("base", &folder, Sleeps::new(), false)], scenario, 0, 0)
    }

    fn asked(
        &self,
        mut sides: Vec<Side>,
        scenario: Scenario,
        number: u32,
        offset: u64,
    ) -> Result<Measurement, ExitReason> {
        let id = format!("{}-{number}", self.begun.id("aa"));
        for record in sides.iter_mut().filter_map(|side| side.record.as_mut()) {
            record.pair.clone_from(&id);
        }
        let seed = self.seed.wrapping_add(offset);
        let request = Measurement::new(&self.begun, id, scenario, sides, seed);
        let request = request.map_err(ExitReason::Usage)?;
        Ok(self.args.measure.apply(request, self.command()))
    }

    fn side(&self, name: &str, folder: &Path, injected: Sleeps, works: bool) -> Side {
        let record = SideRecord {
            pair: String::new(),
            label: name.to_owned(),
            commit: None,
            dirty: false,
            injected,
            works,
        };
        Side {
            name: name.to_owned(),
            functions: self.functions.clone(),
            null: self.null.clone(),
            folder: folder.join(name),
            record: Some(record),
        }
    }

    /// The command that repeats it.
    fn command(&self) -> String {
        let args = self.args;
        let sleeps: Vec<String> = args.inject.iter().map(ToString::to_string).collect();
        let sleeps = (!sleeps.is_empty()).then(|| sleeps.join(","));
        Words::of("aa")
            .word(&args.scenario)
            .flag("--runs", args.runs)
            .some("--inject", sleeps)
            .some("--simulate", args.simulate.as_ref().map(|folder| folder.display()))
            .flag("--functions", self.scenario.functions.join(","))
            .described(&args.common.functions_file)
            .flag("--rounds", self.scenario.rounds)
            .all(cli::SightFlags::again(self.scenario.sight))
            .all(args.judge.repeat())
            .all(args.factors.again(&self.scenario.factors))
            .switch("--no-confirm", args.no_confirm)
            .switch("--no-exec-trace", args.measure.no_exec_trace)
            .some("--callback", self.args.measure.callback)
            .flag("--seed", self.seed)
            .line()
    }
}

/// What is added to heads; nothing typed is the same code.
fn injections(typed: &[Injection]) -> Result<Vec<Option<Injection>>, ExitReason> {
    let mut all = Vec::new();
    for injection in typed {
        all.push(match injection.amount {
            Amount::Time(Duration::ZERO) => None,
            Amount::Time(time) => {
                gate::whole_ms(time)?;
                Some(*injection)
            }
            Amount::Share(_) => Some(*injection),
        });
    }
    Ok(if all.is_empty() { vec![None] } else { all })
}
