//! `study ladder`: one function on several rungs, in turns of one run.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use tokio::sync::watch;

use super::{keep, unless_stopped};
use crate::cli::{Ladder, PriceFlags};
use crate::cmd::repeat::Words;
use crate::cmd::serve::triggers::are_here;
use crate::cmd::{ExitReason, cost, info, serving, warn};
use coldstart::cost::Question as Bill;
use coldstart::drive::Stop;
use coldstart::pool::PolicyChoice;
use coldstart::pool::policy::{Each, Policy};
use coldstart::replay::played::Tariff;
use coldstart::serve::{Rules, Session};
use coldstart::spec::function::Function;
use coldstart::study::ladder::{self, Climb, Counted, Found, LeftOut, Question, Rung, Shot};
use coldstart::study::{self, Of};
use coldstart::text::units::format_exactly;
use strum::VariantArray as _;

/// Characters of a function's name that its rungs keep.
const NAME: usize = 28;

/// Calls it on each rung, and says what an hour costs.
pub(super) fn run(args: &Ladder) -> Result<(), ExitReason> {
    let usage = |why: &str| ExitReason::Usage(anyhow!("{why}"));
    let bill = bill(args)?;
    let mut one = None;
    let mut left_out = Vec::new();
    let made = |functions: Vec<Function>| {
        let [function] = functions.as_slice() else {
            return Err(usage("a ladder is of one function: name one"));
        };
        left_out = refused(function);
        one = Some(function.clone());
        let rungs = Rung::VARIANTS.iter().filter(|rung| !left_out.iter().any(|l| l.rung == **rung));
        Ok((0..).zip(rungs).map(|(at, rung)| on(function, *rung, at)).collect())
    };
    if !args.serving.rules.reserved.is_empty() || !args.serving.rules.provisioned.is_empty() {
        return Err(usage("each rung has its own instances: leave out --reserved, --provisioned"));
    }
    let command = again(args);
    let request = serving::request_of(&args.serving, "study-ladder", command, made)?;
    let function = one.ok_or_else(|| usage("no function"))?;
    if function.adapter.listens() && are_here(&request) {
        return Err(usage(
            "several instances of a function that listens cannot have this machine's own \
             network: leave out --network host",
        ));
    }
    left_out.iter().for_each(|of| warn(&format!("{}: {}", of.rung, of.why)));
    let rungs: Vec<(Rung, Arc<str>)> = Rung::VARIANTS
        .iter()
        .filter(|rung| !left_out.iter().any(|of| of.rung == **rung))
        .map(|rung| (*rung, named(&function, *rung).into()))
        .collect();
    let rules = rules(args, serving::rules(&args.serving.rules, &request, None), &rungs);
    let (id, command) = (request.id.clone(), request.command.clone());
    let asked = Climb { rounds: args.rounds, warm: args.warm, pause: args.pause };
    let told = |shot: &Shot| {
        if shot.cold || shot.cause.is_some() {
            let met = shot.cause.as_deref().unwrap_or("cold");
            info(&format!("round {}, {}: {met}", shot.round, shot.rung));
        }
    };
    let event = function.event.clone();
    let act = async |session: Session, _: &Path, stop: watch::Receiver<Stop>| {
        unless_stopped(stop, ladder::climb(&session, &rungs, &event, asked, told)).await
    };
    let served = serving::session_by(rules, request, &args.serving, true, act)?;
    let memory = function.limits.memory;
    let found = found(args, served.done, left_out, (memory, &bill));
    let found = study::Found::Ladder(vec![Of { function: function.name, found }]);
    let policy = format!("{} in the pool", args.serving.rules.policy);
    let what = (id, command, policy);
    keep(&served.folder, what, (found, &served.counters), args.printed.format)
}

fn found(
    args: &Ladder,
    shots: Vec<Shot>,
    left_out: Vec<LeftOut>,
    (memory, bill): (u64, &Bill),
) -> Found {
    let Bill { prices, architecture, .. } = bill;
    let tariff = Tariff { prices: prices.clone(), architecture: *architecture };
    let policy = args.serving.rules.policy;
    let asked = Question { memory, policy, tariff: &tariff, rates: &args.calls, seed: args.seed };
    let counted = Counted {
        memory,
        policy: policy.to_string(),
        machine: ladder::machine(&asked).map(|machine| machine.name.clone()),
        architecture: architecture.to_string(),
        currency: prices.currency.clone(),
        prices: format!("{}, {}", prices.as_of, prices.region),
    };
    let hours = ladder::hours(&shots, &asked);
    Found { shots, left_out, hours, counted }
}

/// The prices that are asked for.
fn bill(args: &Ladder) -> Result<Bill, ExitReason> {
    let prices = PriceFlags { cold: None, prices: args.prices.clone(), arch: args.arch };
    cost::of_a_run(&prices, &args.serving.functions_file)
}

/// The rungs that a function cannot stand on.
fn refused(function: &Function) -> Vec<LeftOut> {
    if !function.process.is_empty() {
        return Vec::new();
    }
    let why = format!(
        "`{}` cannot be run without a container: the functions file has no `process` of it, a \
         command that runs it on this machine",
        function.name
    );
    vec![LeftOut { rung: Rung::Process, why }]
}

/// A function on a rung, as one of its own.
fn on(function: &Function, rung: Rung, position: usize) -> Function {
    let (name, is_bare) = (named(function, rung), rung == Rung::Process);
    // What is said of it is of its rung, not of the control that it may be besides.
    let stands_for = Some(function.name.clone());
    Function { name, position, is_bare, stands_for, is_null: false, ..function.clone() }
}

fn named(function: &Function, rung: Rung) -> String {
    let name: String = function.name.chars().take(NAME).collect();
    format!("{name}_{rung}")
}

/// Each rung keeps its instances in its own way; what does not stay is gone before its next turn.
fn rules(args: &Ladder, typed: Rules, rungs: &[(Rung, Arc<str>)]) -> Rules {
    let keep = |time: Duration| PolicyChoice::Fixed { keep: time }.build();
    let policy = |(rung, _): &(Rung, Arc<str>)| -> Box<dyn Policy + Send> {
        match rung {
            Rung::ToZero => PolicyChoice::Nothing.build(),
            Rung::Process | Rung::Pooled | Rung::AlwaysOn => keep(args.pause / 2),
        }
    };
    let mut rules = typed;
    rules.policy = Box::new(Each(rungs.iter().map(policy).collect()));
    for (function, (rung, _)) in rules.functions.iter_mut().zip(rungs) {
        function.provisioned = u32::from(*rung == Rung::AlwaysOn);
    }
    rules
}

fn again(args: &Ladder) -> String {
    let calls: Vec<String> = args.calls.iter().map(ToString::to_string).collect();
    serving::again(Words::of("study").word("ladder"), &args.serving)
        .flag("--rounds", args.rounds)
        .flag("--warm", args.warm)
        .flag("--pause", format_exactly(args.pause))
        .flag("--calls", calls.join(","))
        .some("--prices", args.prices.as_ref().map(|file| file.display()))
        .some("--arch", args.arch)
        .flag("--seed", args.seed)
        .line()
}
