//! The results folder -> what is in it: runs, studies, comparisons, reliabilities, explanations,
//! replays. Reads the JSON of each, and never a sample, so that hundreds of runs are listed at
//! once.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::{RECORD, record, text};
use crate::text::sanitize::printable;
use crate::text::units::format_ms;

mod replayed;
mod studied;

/// Folders below the results folder that are looked into.
const DEPTH: usize = 4;
/// The longest foreign text that is shown, in characters.
const WORDS: usize = 300;
/// The longest path that is shown, in characters: what the kernel takes.
const LONGEST_PATH: usize = 4096;
/// The file by which the folder of a verdict is known.
pub const COMPARISON: &str = "compare.json";
/// The file by which the folder of the rates of an `aa` is known.
pub const RELIABILITY: &str = "aa.json";
/// The file by which the folder of an explanation is known.
pub const EXPLANATION: &str = "explain.json";
/// The file by which the folder of a trace is known that was played.
pub const REPLAY: &str = "replay.json";

/// The file by which the folder of a study is known.
pub const STUDY: &str = "study.json";

/// The files by which folders are known, the first that is there: a study of calls that were
/// made here has the run of those calls beside it.
pub const FILES: [(&str, Kind); 6] = [
    (STUDY, Kind::Study),
    (RECORD, Kind::Run),
    (COMPARISON, Kind::Comparison),
    (RELIABILITY, Kind::Reliability),
    (EXPLANATION, Kind::Explanation),
    (REPLAY, Kind::Replay),
];

/// What a folder holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A run.
    Run,
    /// The verdict of a `gate` or `compare`.
    Comparison,
    /// The rates of an `aa`.
    Reliability,
    /// Why starts take as long as they do.
    Explanation,
    /// A trace that was played against policies.
    Replay,
    /// What a platform was found to do.
    Study,
}

impl Kind {
    /// What a folder is by its files.
    #[must_use]
    pub fn of(folder: &Path) -> Option<Self> {
        let mut known = FILES.into_iter();
        known.find(|(file, _)| folder.join(file).is_file()).map(|(_, kind)| kind)
    }
}

/// A folder of the results. What does not apply, or is not known, is none.
#[derive(Debug, Clone, Serialize)]
pub struct Found {
    /// What it holds.
    pub kind: Kind,
    /// The folder, below the results folder, as it is shown.
    pub name: String,
    /// Where it is.
    #[serde(serialize_with = "as_text")]
    pub folder: PathBuf,
    /// What it says of itself.
    #[serde(flatten)]
    pub facts: Facts,
    /// Why it cannot be read.
    pub broken: Option<String>,
}

impl Found {
    /// Whether it is what somebody typed: its name or its folder, as a list shows them,
    /// or its id.
    #[must_use]
    pub fn is_called(&self, typed: &OsStr) -> bool {
        let shown = shown(Path::new(typed));
        let id = self.facts.id.as_deref().is_some_and(|id| typed == id);
        id || self.name == shown || self::shown(&self.folder) == shown
    }
}

/// A path as it is shown: the names of folders may be anybody's, and need not be text.
#[must_use]
pub fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy(), LONGEST_PATH)
}

/// The names of folders need not be text, which JSON is.
fn as_text<S: serde::Serializer>(path: &Path, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&path.to_string_lossy())
}

/// What a folder says of itself.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Facts {
    /// Its id: unique on its engine.
    pub id: Option<String>,
    /// When it was asked for, RFC 3339.
    pub started: Option<String>,
    scenario: Option<String>,
    functions: Vec<String>,
    rounds: Option<u32>,
    complete: Option<bool>,
    stopped: Option<String>,
    simulated: Option<bool>,
    invalid: Option<bool>,
    answer: Option<String>,
    verdict: Option<String>,
    binding: Option<bool>,
    base: Option<String>,
    head: Option<String>,
    side: Option<String>,
}

/// Everything in a results folder, newest first; what cannot be read is last. No folder
/// is the same as an empty one.
#[must_use]
pub fn scan(results: &Path) -> Vec<Found> {
    let mut all = Vec::new();
    look(results, results, DEPTH, &mut all);
    // Of a run and its copy deeper down, among the baselines say, the run comes first.
    all.sort_by_cached_key(|found| {
        let depth = found.folder.components().count();
        (Reverse(found.facts.started.clone()), depth, found.name.clone())
    });
    all
}

fn look(results: &Path, folder: &Path, depth: usize, all: &mut Vec<Found>) {
    if folder != results && Kind::of(folder).is_some() {
        all.extend(read(results, folder));
        // `compare` puts its verdict into the folder of the head.
        all.extend(read(results, &folder.join("compare")));
        return;
    }
    if depth == 0 {
        return;
    }
    let mut inside: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    inside.sort();
    for path in inside {
        look(results, &path, depth - 1, all);
    }
}

fn read(results: &Path, folder: &Path) -> Option<Found> {
    let kind = Kind::of(folder)?;
    let facts = match kind {
        Kind::Run => run(folder),
        Kind::Comparison => comparison(folder),
        Kind::Reliability => reliability(folder),
        Kind::Explanation => explanation(folder),
        Kind::Replay => replayed::facts(folder),
        Kind::Study => studied::facts(folder),
    };
    let (facts, broken) = match facts {
        Ok(facts) => (facts, None),
        Err(error) => (Facts::default(), Some(printable(&format!("{error:#}"), WORDS))),
    };
    let name = shown(folder.strip_prefix(results).unwrap_or(folder));
    Some(Found { kind, name, folder: folder.to_owned(), facts, broken })
}

fn tame(text: &str) -> Option<String> {
    Some(printable(text, WORDS))
}

fn run(folder: &Path) -> Result<Facts> {
    let record = record(folder)?;
    // Of a run that was killed, or goes on, there is none.
    let summary: Option<Summary> = parsed(&folder.join("summary.json")).ok();
    let stopped = match (&record.stopped, record.elapsed) {
        (Some(why), _) => tame(why),
        (None, None) => Some("it was killed, or goes on".to_owned()),
        (None, Some(_)) => None,
    };
    Ok(Facts {
        id: tame(&record.id),
        started: tame(&record.started),
        scenario: tame(&record.scenario.name),
        functions: record.functions.iter().filter_map(|f| tame(&f.name)).collect(),
        rounds: Some(record.scenario.rounds),
        complete: Some(record.complete),
        stopped: stopped.filter(|_| !record.complete),
        simulated: Some(record.engine.kind == "fake"),
        invalid: summary.as_ref().map(|summary| !summary.invalid.is_empty()),
        answer: summary.as_ref().and_then(Summary::answer),
        side: record.side.and_then(|side| tame(&side.label)),
        ..Facts::default()
    })
}

/// Of `compare.json` what a list shows.
#[derive(Deserialize)]
struct Compared {
    outcome: String,
    binding: bool,
    simulated: bool,
    base: Party,
    head: Party,
}

#[derive(Deserialize)]
struct Party {
    label: String,
    run: String,
    started: String,
    rounds: u32,
    functions: BTreeMap<String, serde::de::IgnoredAny>,
}

fn comparison(folder: &Path) -> Result<Facts> {
    let found: Compared = parsed(&folder.join(COMPARISON))?;
    Ok(Facts {
        id: tame(&found.head.run),
        started: tame(&found.head.started),
        functions: found.head.functions.keys().filter_map(|name| tame(name)).collect(),
        rounds: Some(found.head.rounds),
        simulated: Some(found.simulated),
        verdict: tame(&found.outcome),
        binding: Some(found.binding),
        base: tame(&found.base.label),
        head: tame(&found.head.label),
        ..Facts::default()
    })
}

/// Of `aa.json` what a list shows.
#[derive(Deserialize)]
struct Reliability {
    simulated: bool,
    rounds: u32,
    heads: Vec<Head>,
}

#[derive(Deserialize)]
struct Head {
    injected: Option<String>,
    gates: Gates,
    functions: BTreeMap<String, serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Gates {
    alarmed: u64,
    of: u64,
}

fn reliability(folder: &Path) -> Result<Facts> {
    let found: Reliability = parsed(&folder.join(RELIABILITY))?;
    let told = |head: &Head| {
        let of = head.injected.as_deref().map_or("same code".to_owned(), |i| format!("+{i}"));
        format!("{of}: {} of {} gates alarmed", head.gates.alarmed, head.gates.of)
    };
    let functions = found.heads.first().map(|head| head.functions.keys());
    // The file does not say when it was begun: its first gate does.
    let first = record(&folder.join("gate-0001/base")).ok();
    Ok(Facts {
        started: first.and_then(|record| tame(&record.started)),
        functions: functions.into_iter().flatten().filter_map(|name| tame(name)).collect(),
        rounds: Some(found.rounds),
        simulated: Some(found.simulated),
        answer: tame(&found.heads.iter().map(told).collect::<Vec<_>>().join("; ")),
        ..Facts::default()
    })
}

/// Of `explain.json` what a list shows.
#[derive(Deserialize)]
struct Explanation {
    started: String,
    rounds: u32,
    functions: Vec<Explained>,
}

#[derive(Deserialize)]
struct Explained {
    function: String,
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    package: String,
    share: f64,
}

fn explanation(folder: &Path) -> Result<Facts> {
    let found: Explanation = parsed(&folder.join(EXPLANATION))?;
    let told = |of: &Explained| {
        let most = of.packages.first();
        let most = most.map(|most| format!(" {} {:.0} %", most.package, most.share * 100.0));
        format!("{}:{}", of.function, most.unwrap_or_else(|| " nothing was seen".to_owned()))
    };
    Ok(Facts {
        started: tame(&found.started),
        functions: found.functions.iter().filter_map(|of| tame(&of.function)).collect(),
        rounds: Some(found.rounds),
        answer: tame(&found.functions.iter().map(told).collect::<Vec<_>>().join("; ")),
        ..Facts::default()
    })
}

/// Of `summary.json` what the answer is made of.
#[derive(Deserialize)]
struct Summary {
    invalid: Vec<String>,
    rows: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    function: String,
    control: Option<String>,
    act: String,
    size: u32,
    temperature: String,
    phase: String,
    p50: serde_json::Value,
}

impl Summary {
    /// The cold medians of single calls, or of the smallest bursts: those that the
    /// report's answer names. Several of a function are factors.
    fn answer(&self) -> Option<String> {
        let cold = |row: &&Row| {
            row.phase == "latency" && row.control.is_none() && row.temperature == "cold"
        };
        // A burst before a series, a series before starts in parallel.
        let key = |row: &Row| {
            (["burst", "parallel", "sequence"].iter().position(|a| *a == row.act), row.size)
        };
        let mut by_function: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
        for row in self.rows.iter().filter(cold) {
            by_function.entry(&row.function).or_default().push(row);
        }
        let mut parts: Vec<(f64, String)> = Vec::new();
        for (name, rows) in by_function {
            let smallest = rows.iter().map(|row| key(row)).min()?;
            let mut medians: Vec<f64> =
                rows.iter().filter(|r| key(r) == smallest).filter_map(|r| r.p50.as_f64()).collect();
            medians.sort_by(f64::total_cmp);
            let text = match medians[..] {
                [] => continue,
                [one] => format_ms(one),
                [low, .., high] => format!("{} to {}", format_ms(low), format_ms(high)),
            };
            parts.push((medians[0], format!("{name} {text} ms")));
        }
        parts.sort_by(|a, b| a.0.total_cmp(&b.0));
        let parts: Vec<String> = parts.into_iter().map(|(_, text)| text).collect();
        if parts.is_empty() {
            return Some("no cold start was measured".to_owned());
        }
        tame(&format!("median cold start: {}", parts.join("; ")))
    }
}

fn parsed<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T> {
    serde_json::from_str(&text(path)?)
        .with_context(|| format!("{} is not readable", path.display()))
}
