//! Files that were damaged: whatever is in a file, the verbs that read it end with a
//! result or with an error that says something, and never with a panic.
//!
//! A case is a seed: it says which file of the kept ones is damaged, and how. They are of
//! a simulated gate, of a run of real containers whose kernel was heard, and of an `aa`.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use clap::Parser;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::cli::{Cli, Verb};
use crate::cmd::{ExitReason, compare, list, report, show};
use coldstart::analysis::Analysis;
use coldstart::report::comparison;
use coldstart::report::form::FORMS;
use coldstart::report::look::Look;
use coldstart::spec::function;
use coldstart::spec::plan::Plan;
use coldstart::spec::scenario;
use coldstart::store;
use coldstart::text::sanitize::is_invisible;

mod mutation;

/// Cases that are tried unless COLDSTART_MUTATIONS says how many: as many as take some
/// seconds. `.ci/run` tries 2,000.
const CASES: u64 = 150;

/// One case in so many is drawn too.
const WITH_PICTURES: u64 = 8;

/// Seeds that failed once, and what they found: tried always.
const REGRESSIONS: [u64; 1] = [
    // A pause of a scenario so long that the sum of all was none any more.
    250,
];

/// Which verbs read a file, and the folder that they are told.
#[derive(Debug, Clone, Copy)]
enum Reader {
    /// A run, a side of the gate if it is one.
    Run(&'static str),
    /// A verdict, or the rates of many.
    Kept(&'static str),
    Scenario,
    Functions,
}

const FILES: [(&str, Reader); 12] = [
    ("gate/base/run.json", Reader::Run("gate/base")),
    ("gate/base/samples.jsonl", Reader::Run("gate/base")),
    ("gate/base/trials.jsonl", Reader::Run("gate/base")),
    ("gate/head/run.json", Reader::Run("gate/head")),
    ("gate/head/samples.jsonl", Reader::Run("gate/head")),
    ("traced/run.json", Reader::Run("traced")),
    ("traced/samples.jsonl", Reader::Run("traced")),
    ("traced/summary.json", Reader::Kept("traced")),
    ("gate/compare.json", Reader::Kept("gate")),
    ("reliability/aa.json", Reader::Kept("reliability")),
    ("scenario.toml", Reader::Scenario),
    ("functions.toml", Reader::Functions),
];

fn kept() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("harness/cmd/tests/mutated/kept")
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

/// What one verb answered, and its name.
type Answer = (&'static str, Result<String, ExitReason>);

fn listed(args: &[&str]) -> Result<String, ExitReason> {
    let cli = Cli::try_parse_from(["coldstart", "list"].iter().chain(args)).unwrap();
    let Verb::List(args) = cli.verb else { panic!("no list") };
    list::listed(&args)
}

/// Everything that reads a file, read; with pictures, which take a hundred times as long
/// as all the rest, or without.
fn read(home: &Path, reader: Reader, pictures: bool) -> Vec<Answer> {
    let results = home.display().to_string();
    let mut all = Vec::new();
    match reader {
        Reader::Run(_) | Reader::Kept(_) => {
            for form in ["text", "json", "csv"] {
                let args = ["runs", "--results", &results, "--format", form];
                all.push(("list", listed(&args)));
            }
        }
        Reader::Functions => {
            let file = home.join("functions.toml");
            let typed = file.display().to_string();
            all.push(("list", listed(&["functions", "--functions-file", &typed])));
            let read = function::load(&file).map(|all| format!("{all:?}"));
            all.push(("functions", read.map_err(ExitReason::Usage)));
        }
        Reader::Scenario => {
            let plan = scenario::load(&home.join("scenario.toml")).map(|scenario| {
                let plan = Plan::in_turns(&scenario, 2, 2, 7);
                let took = plan.estimate();
                let names = ["a", "b"].map(str::to_owned);
                plan.describe(&names, &["base", "head"]) + &format!("{took:?}")
            });
            all.push(("scenario", plan.map_err(ExitReason::Usage)));
        }
    }
    if let Reader::Run(folder) | Reader::Kept(folder) = reader {
        let shown = |form| ("show", show::shown(&home.join(folder), form, false));
        // The page of a run has charts.
        let forms = FORMS.iter().filter(|form| pictures || form.name != "markdown");
        all.extend(forms.map(shown));
    }
    if let Reader::Run(folder) = reader {
        // What is refused as a whole may be read in part.
        let forms = FORMS.iter().filter(|form| form.name != "markdown");
        let shown = |form| ("show --salvage", show::shown(&home.join(folder), form, true));
        all.extend(forms.map(shown));
        if pictures {
            all.push(("report", reported(&home.join(folder))));
        }
        if folder.starts_with("gate") {
            let (base, head) = (home.join("gate/base"), home.join("gate/head"));
            all.push(("compare", compared(&base, &head, pictures)));
        }
    }
    all
}

fn reported(folder: &Path) -> Result<String, ExitReason> {
    let run = store::salvage(folder)?;
    Ok(report::write(&Analysis::of(&run), &FORMS[0])?)
}

fn compared(base: &Path, head: &Path, pictures: bool) -> Result<String, ExitReason> {
    let (was, _) = compare::open(base, true)?;
    let (is, margins) = compare::open(head, true)?;
    let rules = coldstart::compare::Rules { margins, ..Default::default() };
    let found = coldstart::compare::compare(&was, &is, &rules, &Default::default());
    comparison::files(&found)?;
    if pictures {
        comparison::pictured(&found)?;
    }
    let text = comparison::text(&found, &Look::default()) + &comparison::markdown(&found);
    Ok(text + &comparison::annotations(&found).join("\n"))
}

/// What is wrong with an answer.
fn fault((verb, answer): &Answer) -> Option<String> {
    match answer {
        Ok(text) => {
            let odd = |c: char| c.is_control() && c != '\n' || is_invisible(c);
            text.contains(odd)
                .then(|| format!("{verb} prints a character that controls a terminal"))
        }
        Err(failure) => {
            let told = failure.report().1.unwrap_or_default();
            let message = told.split_once("]: ").map_or("", |(_, message)| message.trim());
            message.is_empty().then(|| format!("{verb} failed, and did not say why: `{told}`"))
        }
    }
}

/// Tries a case in a folder that holds the files as they are kept, and leaves it so.
fn tried(home: &Path, seed: u64) -> Result<(), String> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let (name, reader) = FILES[(rng.next_u64() % FILES.len() as u64) as usize];
    let whole = fs::read(home.join(name)).unwrap();
    let (damaged, how) = mutation::damaged(whole.clone(), &mut rng);
    let case = format!("seed {seed}: {name}, {}", how.join(", "));
    fs::write(home.join(name), &damaged).unwrap();
    let answers =
        catch_unwind(AssertUnwindSafe(|| read(home, reader, seed.is_multiple_of(WITH_PICTURES))));
    fs::write(home.join(name), &whole).unwrap();
    match answers {
        Ok(answers) => match answers.iter().find_map(fault) {
            Some(fault) => Err(format!("{case}: {fault}")),
            None => Ok(()),
        },
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
            Err(format!("{case}: panicked: {}", text.unwrap_or("?")))
        }
    }
}

#[test]
fn of_mutated_files_no_verb_panics_and_every_failure_is_an_error_with_a_message() {
    let cases = std::env::var("COLDSTART_MUTATIONS").ok().map(|n| n.parse().unwrap());
    let seeds: Vec<u64> = REGRESSIONS.into_iter().chain(0..cases.unwrap_or(CASES)).collect();
    let next = AtomicU64::new(0);
    let failed = Mutex::new(Vec::new());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let home = tempfile::tempdir().unwrap();
                copy(&kept(), home.path());
                while let Some(seed) = seeds.get(next.fetch_add(1, Ordering::Relaxed) as usize) {
                    if let Err(fault) = tried(home.path(), *seed) {
                        failed.lock().unwrap().push(fault);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "add these to REGRESSIONS:\n{}", failed.join("\n"));
}

#[test]
fn files_that_nobody_mutated_are_read_by_every_verb() {
    let home = tempfile::tempdir().unwrap();
    copy(&kept(), home.path());
    for (name, reader) in FILES {
        for (verb, answer) in read(home.path(), reader, true) {
            let text = answer.unwrap_or_else(|f| panic!("{name}, {verb}: {:?}", f.report()));
            assert!(!text.contains("cannot be read:"), "{name}, {verb}: {text}");
        }
    }
}
