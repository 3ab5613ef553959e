//! What verbs share whose calls come from outside: from what was typed to a session, and from
//! that to a run's folder.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use tokio::sync::{mpsc, watch};

use super::repeat::Words;
use super::{ExitReason, images, runtime};
use crate::cli::{self, FunctionFlags, RuleFlags, ServingFlags, Share};
use crate::terminal::TerminalObserver;
use crate::terminal::interrupt;
use coldstart::drive::Stop;
use coldstart::measure::{Interrupted, Measurement, PreparedEngine, RunIdentity, Side};
use coldstart::pool::{Counters, Limits, PoolFunction};
use coldstart::provision::Consent;
use coldstart::report::form::FORMS;
use coldstart::serve::{Report, Rules, Session};
use coldstart::spec::factor::FactorMatrix;
use coldstart::spec::function::Function;
use coldstart::spec::scenario::Scenario;
use coldstart::store;
use coldstart::text::diagnostic::did_you_mean;
use coldstart::text::units::format_exactly;

/// What an instance takes of which nothing else is known: Lambda's least.
const MEMORY: u64 = 128 << 20;

/// A request of a run that waits for calls; `command` is what was typed, as it is repeated.
pub(super) fn request(
    args: &ServingFlags,
    name: &str,
    command: String,
) -> Result<Measurement, ExitReason> {
    request_of(args, name, command, Ok)
}

/// The same of other functions than those that were typed, made of them.
pub(super) fn request_of(
    args: &ServingFlags,
    name: &str,
    command: String,
    made: impl FnOnce(Vec<Function>) -> Result<Vec<Function>, ExitReason>,
) -> Result<Measurement, ExitReason> {
    let usage = |why: String| ExitReason::Usage(anyhow!(why));
    let common = FunctionFlags {
        functions: (!args.functions.is_empty()).then(|| args.functions.clone()),
        functions_file: args.functions_file.clone(),
        provision: args.provision,
    };
    let functions = images::chosen(&common, &args.image, &args.of_images, &[])?;
    known(&args.rules, &functions).map_err(usage)?;
    let functions = made(functions)?;
    let mut factors = FactorMatrix::default();
    cli::place(&mut factors, args.engine.as_ref(), args.network.as_ref()).map_err(usage)?;
    let begun = RunIdentity::now();
    let folder = args.folder(begun.name(name));
    let policy = Some(args.rules.policy.to_string());
    let controls = !args.no_controls;
    let scenario = Scenario { policy, controls, ..Scenario::from_outside(name, factors) };
    let null = super::run::null(&args.functions_file, &scenario)?;
    let side = Side { name: "run".to_owned(), functions, null, folder, record: None };
    let id = begun.id(name);
    let request = Measurement::new(&begun, id, scenario, vec![side], 0);
    let request = request.map_err(ExitReason::Usage)?;
    let (traced, callback) = (!args.no_exec_trace, args.callback);
    Ok(Measurement { command, traced, callback, ..request })
}

/// What is a function's own must be of one that is served.
fn known(rules: &RuleFlags, functions: &[Function]) -> Result<(), String> {
    let names: Vec<&str> = functions.iter().map(|function| function.name.as_str()).collect();
    for (flag, shares) in [("--reserved", &rules.reserved), ("--provisioned", &rules.provisioned)] {
        let mut seen = BTreeSet::new();
        for Share { function, .. } in shares {
            if !names.contains(&function.as_str()) {
                let meant = did_you_mean(function, names.iter().copied());
                return Err(format!("{flag}: no function `{function}` is served{meant}"));
            }
            if !seen.insert(function) {
                return Err(format!("{flag}: `{function}` is there twice"));
            }
        }
    }
    if rules.policy.needs_memory_limit() && rules.pool_memory.is_none() {
        return Err(format!(
            "--policy {} removes instances when memory is short: type --pool-memory SIZE",
            rules.policy
        ));
    }
    let reserved: u64 = rules.reserved.iter().map(|share| u64::from(share.n)).sum();
    if reserved > u64::from(rules.concurrency) {
        return Err(format!("--reserved: {reserved} calls, of {} of all", rules.concurrency));
    }
    Ok(())
}

/// The rules as they were typed, for functions under the factors of a request.
pub(super) fn rules(
    args: &RuleFlags,
    request: &Measurement,
    reports: Option<mpsc::UnboundedSender<Report>>,
) -> Rules {
    let functions = request.sides.iter().flat_map(|side| &side.functions);
    let own = |shares: &[Share], name: &str| {
        shares.iter().find(|share| share.function == name).map(|share| share.n)
    };
    let functions = functions.map(|function| PoolFunction {
        memory: Some(function.limits.memory).filter(|memory| *memory > 0).unwrap_or(MEMORY),
        reserved: own(&args.reserved, &function.name),
        provisioned: own(&args.provisioned, &function.name).unwrap_or(0),
    });
    Rules {
        limits: Limits {
            account: args.concurrency,
            scaling: args.scaling.0,
            memory: args.pool_memory,
            queue: args.queue(),
        },
        functions: functions.collect(),
        policy: args.policy.build(),
        init: args.init_limit,
        reports,
    }
}

/// What a session came to.
pub(super) struct Served<T> {
    /// What was done with it.
    pub(super) done: T,
    /// What its pool has counted.
    pub(super) counters: Counters,
    /// The run's folder.
    pub(super) folder: PathBuf,
}

/// Opens a session, does something with it until that is done, and closes it, however it ended.
/// It is given the run's folder, and where it is told to stop. Whoever calls from outside does so
/// on real time, whatever is called; what calls here may do so on the engine's.
pub(super) fn session<T>(
    request: Measurement,
    args: &ServingFlags,
    reports: Option<mpsc::UnboundedSender<Report>>,
    is_on_engines_time: bool,
    act: impl AsyncFnOnce(Session, &Path, watch::Receiver<Stop>) -> Result<T>,
) -> Result<Served<T>, ExitReason> {
    let rules = rules(&args.rules, &request, reports);
    session_by(rules, request, args, is_on_engines_time, act)
}

/// The same by rules that are not all typed.
pub(super) fn session_by<T>(
    rules: Rules,
    mut request: Measurement,
    args: &ServingFlags,
    is_on_engines_time: bool,
    act: impl AsyncFnOnce(Session, &Path, watch::Receiver<Stop>) -> Result<T>,
) -> Result<Served<T>, ExitReason> {
    let folder = &mut request.sides[0].folder;
    // Before anything is built, and until the end: it goes where nothing came of it.
    let reserved = super::run::reserve(folder, args.out.is_some())?;
    reserved.folder().clone_into(folder);
    let folder = folder.clone();
    let (consent, observer) = (Consent::from_flag(args.provision), TerminalObserver::default());
    let stop = interrupt::heard()?;
    let is_paused = is_on_engines_time && request.engine().is_simulated();
    let served = runtime(is_paused)?.block_on(async {
        let engine = PreparedEngine::get(&request, consent, &stop, &observer).await?;
        let Some(outside) = engine.open(&request, &stop, &observer).await? else {
            return Err(Interrupted.into());
        };
        let mut opened = Session::open(request, outside, rules);
        let act = act(opened.session.clone(), &folder, stop.clone());
        let done = opened.with(&engine, consent, &observer, act).await;
        let ended = opened.end(&stop, &observer).await;
        // Of two failures the first decides.
        Ok(Served { done: done?, counters: ended?, folder })
    });
    drop(reserved);
    served
}

/// The words that say the same again of what is served, and by which rules.
pub(super) fn again(words: Words, args: &ServingFlags) -> Words {
    let words = args.functions.iter().fold(words, |words, name| words.word(name));
    let words = args.image.iter().fold(words, |words, image| words.flag("--image", image));
    let words = images::again(words, &args.of_images).described(&args.functions_file);
    let words = words
        .some("--network", args.network.as_ref())
        .some("--engine", args.engine.as_ref())
        .switch("--no-controls", args.no_controls)
        .switch("--no-exec-trace", args.no_exec_trace)
        .some("--callback", args.callback);
    let rules = &args.rules;
    let share = |share: &Share| format!("{}={}", share.function, share.n);
    let words = words.flag("--policy", rules.policy).flag("--concurrency", rules.concurrency);
    let words = rules.reserved.iter().fold(words, |w, of| w.flag("--reserved", share(of)));
    let words = rules.provisioned.iter().fold(words, |w, of| w.flag("--provisioned", share(of)));
    let scaling = rules.scaling.0.map_or("off".to_owned(), |scaling| {
        let within = std::time::Duration::from_nanos(scaling.within);
        format!("{}/{}", scaling.starts, format_exactly(within))
    });
    words
        .flag("--scaling", scaling)
        .some("--queue", (rules.queue > 0).then_some(rules.queue))
        .some("--pool-memory", rules.pool_memory.map(|memory| format!("{memory}B")))
        .flag("--init-limit", format_exactly(rules.init_limit))
}

/// Writes what is derived from the run, and says where it is.
pub(super) fn keep(folder: &Path) -> Result<()> {
    let run = store::open(folder)?;
    if run.samples.iter().all(|sample| sample.cell.control.is_some()) {
        super::info("nothing was called");
        return Ok(());
    }
    let analysis = coldstart::analysis::Analysis::of(&run);
    super::report::write(&analysis, &FORMS[0])?;
    Ok(())
}
