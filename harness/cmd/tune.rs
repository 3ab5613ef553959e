//! `tune`: functions under one memory limit after another, in one interleaved run, weighed.

use std::time::Duration;

use anyhow::anyhow;

use super::repeat::Words;
use super::run::{self, Next, Showing};
use super::{ExitReason, images, stdout, warn};
use crate::cli::{self, FunctionFlags};
use crate::terminal;
use coldstart::cost::prices;
use coldstart::measure::{Measurement, RunIdentity, Side};
use coldstart::probe::host::Host;
use coldstart::spec::factor::{CpuBandwidth, CpuRule, FactorMatrix};
use coldstart::spec::scenario::{LoadShape, Pattern, Scenario, Step};
use coldstart::store::{Run, TuneRecord};
use coldstart::text::units::{format_exactly, format_share};
use coldstart::tune::STEPS;

/// Rounds, unless that is typed: the first is left out, and 14 pairs tell sizes apart that
/// differ in all but two of them.
const ROUNDS: u32 = 15;
/// Warm calls of a trial: their middle one counts.
const WARM: u32 = 5;
/// How long an instance is kept: longer than between the steps of a trial.
const KEPT: Duration = Duration::from_millis(500);
const MIB: u64 = 1 << 20;

/// Measures the sizes, or shows the plan.
pub(super) fn run(args: &cli::Tune) -> Result<(), ExitReason> {
    let mut request = request(args)?;
    request.keeps_words = terminal::is_verbose();
    if args.measure.dry_run {
        stdout::only_text(args.printed.format, "a plan")?;
        return Ok(stdout::result(&request.describe())?);
    }
    let next = |run: &Run, written: bool| next(run, written, args);
    let named = args.measure.out.is_some();
    let format = args.printed.format;
    let showing = Showing { format, next: &next, question: None, check: None };
    run::measured(request, args.provision, named, showing)
}

fn request(args: &cli::Tune) -> Result<Measurement, ExitReason> {
    let usage = |why: String| ExitReason::Usage(anyhow!(why));
    let rule = args.rule().map_err(usage)?;
    let prices = prices(args)?;
    let common = FunctionFlags {
        functions: (!args.functions.is_empty()).then(|| args.functions.clone()),
        functions_file: args.functions_file.clone(),
        provision: args.provision,
    };
    let functions = images::chosen(&common, &args.image, &args.of_images, &[])?;
    let mut factors = FactorMatrix { cpu_rule: vec![rule], ..FactorMatrix::default() };
    cli::place(&mut factors, args.engine.as_ref(), args.network.as_ref()).map_err(usage)?;
    let simulated = factors.engine().is_simulated();
    let sizes = args.sizes();
    // Those that nobody typed are for whichever machine it is.
    let sizes = if args.memory.is_empty() && !simulated { fitting(sizes, rule) } else { sizes };
    factors.memory = sizes.iter().map(|mib| u64::from(*mib) * MIB).collect();
    factors.check().map_err(usage)?;
    let scenario = scenario(args, factors);
    let begun = RunIdentity::now();
    let (id, seed) = (begun.id(&scenario.name), begun.seed(args.measure.seed));
    let folder = args.measure.folder(begun.name(&scenario.name));
    let side = Side { name: "run".to_owned(), functions, null: None, folder, record: None };
    let request = Measurement::new(&begun, id, scenario, vec![side], seed);
    let request = request.map_err(ExitReason::Usage)?;
    let command = command(args, &sizes, seed);
    let tune = TuneRecord { cold_share: args.cold, architecture: args.arch, prices };
    Ok(Measurement { tune: Some(tune), ..args.measure.apply(request, command) })
}

/// The text of the prices, once it was understood.
fn prices(args: &cli::Tune) -> Result<String, ExitReason> {
    let Some(file) = &args.prices else { return Ok(prices::BUILTIN.to_owned()) };
    prices::load(file).map_err(ExitReason::Usage)?;
    prices::text(file).map_err(ExitReason::Usage)
}

/// The sizes that this machine has; those that it has not are told.
fn fitting(sizes: Vec<u32>, rule: CpuRule) -> Vec<u32> {
    let host = Host::read();
    let fits = |mib: &u32| {
        let memory = u64::from(*mib) * MIB;
        let cores = if rule.is_by_memory() { CpuBandwidth::of_lambda(memory).cores() } else { 0.0 };
        (host.memory == 0 || memory <= host.memory) && (host.cpus == 0 || cores <= host.cpus as f64)
    };
    let (fit, rest): (Vec<u32>, Vec<u32>) = sizes.into_iter().partition(fits);
    if !rest.is_empty() {
        let rest: Vec<String> = rest.iter().map(ToString::to_string).collect();
        warn(&format!(
            "{} MiB are left out: this machine has not the memory or the processors that go with \
             them",
            rest.join(", ")
        ));
    }
    fit
}

/// A cold start and some warm calls of it, under every size.
fn scenario(args: &cli::Tune, factors: FactorMatrix) -> Scenario {
    let step = |name: &str, act| Step { name: name.to_owned(), after: Duration::ZERO, act };
    let [cold, warm] = STEPS;
    Scenario {
        name: "tune".to_owned(),
        functions: Vec::new(),
        factors,
        controls: false,
        listening: false,
        rounds: args.measure.rounds.unwrap_or(ROUNDS),
        until: None,
        max_time: args.max_time,
        keep_alive: Some(KEPT),
        policy: None,
        remove_at_once: false,
        sight: None,
        patterns: vec![Pattern {
            name: "tune".to_owned(),
            steps: vec![step(cold, LoadShape::Burst(1)), step(warm, LoadShape::Sequence(WARM))],
        }],
        margins: Default::default(),
        budgets: Default::default(),
    }
}

/// The command that repeats it.
fn command(args: &cli::Tune, sizes: &[u32], seed: u64) -> String {
    let words = with_images(Words::of("tune"), args);
    let sizes: Vec<String> = sizes.iter().map(ToString::to_string).collect();
    words
        .flag("--memory", sizes.join(","))
        .some("--cpu", (args.cpu != cli::Cpu::default()).then_some("plain"))
        .some("--init", (args.init != cli::TuneInit::default()).then_some("provisioned"))
        .flag("--cold", format_share(args.cold))
        .flag("--arch", args.arch)
        .some("--prices", args.prices.as_ref().map(|file| file.display()))
        .some("--network", args.network.as_ref())
        .some("--engine", args.engine.as_ref())
        .some("--rounds", args.measure.rounds)
        .some("--max-time", args.max_time.map(format_exactly))
        .switch("--no-exec-trace", args.measure.no_exec_trace)
        .some("--callback", args.measure.callback)
        .flag("--seed", seed)
        .line()
}

fn with_images(words: Words, args: &cli::Tune) -> Words {
    let words = args.functions.iter().fold(words, |words, name| words.word(name));
    let words = args.image.iter().fold(words, |words, image| words.flag("--image", image));
    images::again(words, &args.of_images).described(&args.functions_file)
}

/// What is worth typing next.
fn next(run: &Run, written: bool, args: &cli::Tune) -> Next {
    let folder = run.folder.display();
    match (run.record.complete, written) {
        (true, true) => Next::of("tune.html", Words::of("show").word(folder)),
        (true, false) => Next::of("tune.html", Words::of("report").word(folder)),
        (false, _) => {
            let words = Words::of("run").flag("--continue", folder);
            let words = args.image.iter().fold(words, |words, image| words.flag("--image", image));
            let words = images::again(words, &args.of_images);
            Next::of("tune.html", words.described(&args.functions_file))
        }
    }
}
