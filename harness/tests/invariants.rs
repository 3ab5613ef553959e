//! The invariants that are absences: held by a look at the source.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every source file of the harness that is not a test nor a fuzz target, with its text up to its
/// inline tests.
fn sources() -> Vec<(String, String)> {
    let mut found = Vec::new();
    collect(&root().join("harness"), &mut found);
    found.sort();
    let relative = |path: PathBuf| {
        let name = path.strip_prefix(root()).unwrap().display().to_string();
        let text = fs::read_to_string(&path).unwrap();
        let end = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
        (name, text[..end].to_owned())
    };
    found.into_iter().map(relative).collect()
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "tests" && name != "fuzz" {
            collect(&path, found);
        } else if name.ends_with(".rs") && name != "tests.rs" {
            found.push(path);
        }
    }
}

/// The code of a source without its comments, in lower case.
fn code(text: &str) -> String {
    let uncommented = text.lines().map(|l| l.split("//").next().unwrap_or(""));
    uncommented.collect::<Vec<_>>().join("\n").to_lowercase()
}

/// The files whose code holds a word, standing alone.
fn holding(word: &str) -> Vec<String> {
    let alone = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() && c != '_');
    let holds = |text: &str| {
        text.match_indices(word).any(|(at, _)| {
            alone(text[..at].chars().next_back()) && alone(text[at + word.len()..].chars().next())
        })
    };
    sources().into_iter().filter(|(_, text)| holds(&code(text))).map(|(name, _)| name).collect()
}

#[test]
fn a_language_is_data() {
    for word in ["python", "python3", "node", "nodejs", "rust", "jvm", "java", "openjdk"] {
        assert_eq!(holding(word), [""; 0], "`{word}` is named in the harness");
    }
}

#[test]
fn each_foreign_library_has_one_home() {
    let check = |library: &str, homes: &[&str]| {
        let users = holding(library);
        assert!(!users.is_empty(), "{library} is used nowhere: is this test blind?");
        for user in users {
            assert!(homes.iter().any(|home| user.starts_with(home)), "{library} in {user}");
        }
    };
    check("bollard", &["harness/engine/docker"]);
    check("plotters", &["harness/report/chart"]);
    check("clap", &["harness/cli", "harness/main.rs"]);
    check("clap_complete", &["harness/cli"]);
    check("clap_mangen", &["harness/cli"]);
    check("strsim", &["harness/mistake.rs"]);
    check("anstyle_query", &["harness/cmd/voice"]);
    check("maud", &["harness/report/"]);
    check("schemars", &["harness/report/render/json"]);
    check("pragmastat", &["harness/stats/shift.rs"]);
}

#[test]
fn pure_modules_have_no_async_no_clock_and_no_input() {
    const PURE: [&str; 10] = [
        "scenario", "factors", "controls", "margins", "mistake", "plan", "sample", "stats",
        "units", "compare",
    ];
    let banned = ["async", "tokio", "instant", "systemtime", "println", "thread"];
    for (name, text) in sources() {
        let module = name.trim_start_matches("harness/").split(['/', '.']).next().unwrap();
        if PURE.contains(&module) {
            for word in banned {
                assert!(!holding(word).contains(&name), "`{word}` in {name}");
            }
            // Reading the file that the user named is the one input there is.
            let reads = text.matches("std::fs").count();
            assert!(reads <= usize::from(name == "harness/scenario.rs"), "{name} reads files");
        }
    }
}

/// Progress is drawn by whoever has time for it, between trials: it has no thread, no
/// timer and no task of its own that could run while something is timed.
#[test]
fn what_is_drawn_is_drawn_by_nobody_else() {
    for word in ["thread", "tokio", "async", "spawn", "interval", "sleep"] {
        let drawing = |name: &String| ["voice", "progress"].iter().any(|m| name.contains(m));
        let found: Vec<String> = holding(word).into_iter().filter(drawing).collect();
        assert_eq!(found, [""; 0], "`{word}`");
    }
    // Everything on standard error is said by the voice, which knows what is drawn there.
    assert_eq!(holding("eprintln"), [""; 0]);
    let said = holding("stderr");
    let homes = [
        "harness/child.rs",
        "harness/cli.rs",
        "harness/cmd/voice",
        "harness/provision/",
        "harness/sides/",
        "harness/engine/",
    ];
    assert!(said.iter().all(|name| homes.iter().any(|home| name.starts_with(home))), "{said:?}");
}

/// What goes past the compiler, or speaks to the kernel by itself, stands in one
/// place that can be reviewed.
#[test]
fn unsafe_code_and_the_kernels_sockets_have_homes_of_their_own() {
    let mut found = ["unsafe {", "unsafe fn", "unsafe impl", "unsafe extern", "unsafe_code"]
        .map(holding)
        .concat();
    found.dedup();
    assert_eq!(found, ["harness/page_cache/resident.rs"]);
    assert_eq!(holding("libc"), ["harness/page_cache/resident.rs"]);
    let users = holding("rustix::net");
    assert!(!users.is_empty(), "is this test blind?");
    // One hears the kernel's events, one asks whose a connection is.
    let homes = ["harness/exec_trace", "harness/engine/caller/holder.rs"];
    assert!(users.iter().all(|user| homes.iter().any(|h| user.starts_with(h))), "{users:?}");
}

/// The modules of this crate that a source uses: `a` and `b` of `crate::a::X` and
/// `crate::{a, b}`.
fn used(text: &str) -> Vec<String> {
    let end = |rest: &str| rest.find(|c: char| !c.is_alphanumeric() && c != '_');
    let name = |rest: &str| rest[..end(rest).unwrap_or(rest.len())].to_owned();
    let mut all = Vec::new();
    for rest in text.split("crate::").skip(1) {
        match rest.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
            Some((group, _)) => all.extend(group.split(',').map(|one| name(one.trim()))),
            None => all.push(name(rest)),
        }
    }
    all
}

/// The flow goes one way: no stage uses a later one.
#[test]
fn no_stage_imports_a_later_one() {
    const ORDER: [&str; 36] = [
        "units",
        "mistake",
        "functions",
        "factors",
        "controls",
        "margins",
        "scenario",
        "plan",
        "sample",
        "stats",
        "host",
        "hostile",
        "maker",
        "private",
        "child",
        "descriptors",
        "clock",
        "exec_trace",
        "cgroup",
        "page_cache",
        "machine",
        "engine",
        "runtime_api",
        "platform",
        "preflight",
        "fire",
        "drive",
        "store",
        "analysis",
        "compare",
        "report",
        "sides",
        "images",
        "provision",
        "cli",
        "cmd",
    ];
    // These two stand beside the drive, and each uses some of the other: they may use
    // the engine and the store's records, and only `cmd` uses them.
    const BESIDE: [&str; 2] = ["images", "provision"];
    let place = |module: &str| ORDER.iter().position(|m| *m == module);
    let mut unplaced = Vec::new();
    for (name, text) in sources() {
        let module = name.trim_start_matches("harness/").split(['/', '.']).next().unwrap();
        let Some(own) = place(module) else {
            unplaced.push(name);
            continue;
        };
        for other in used(&text) {
            let beside = BESIDE.contains(&module) && BESIDE.contains(&other.as_str());
            let later = place(&other).is_none_or(|later| later > own);
            assert!(!later || beside, "{name} uses crate::{other}, a later stage");
        }
    }
    assert_eq!(unplaced, ["harness/lib.rs", "harness/main.rs"], "a module without a place");
}

#[test]
fn files_stay_readable() {
    for (name, text) in sources() {
        let lines = text.lines().count();
        assert!(lines <= 400, "{name} has {lines} lines");
        assert!(text.starts_with("//!"), "{name} does not say what it is for");
    }
}

#[test]
fn the_top_level_stays_bare() {
    let allowed =
        ["Cargo.toml", "Cargo.lock", "README.md", "harness", "functions", "benches", "results"];
    for entry in fs::read_dir(root()).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        let fine = name.starts_with('.') || name == "target" || allowed.contains(&name.as_str());
        assert!(fine, "`{name}` at the top level");
    }
}

/// The README's figures are those of the reference run, to the letter.
#[test]
fn the_results_block_is_made_from_the_reference_run() {
    let run = coldstart::store::open(&root().join("results/reference")).unwrap();
    let block = coldstart::report::readme::block(&coldstart::analysis::Analysis::of(&run));
    let page = fs::read_to_string(root().join("README.md")).unwrap();
    let again = coldstart::report::readme::splice(&page, &block).unwrap();
    assert!(
        page == again,
        "README.md is out of date: cargo run --release -- report results/reference --splice README.md"
    );
}

#[test]
fn the_reference_run_is_whole() {
    let run = coldstart::store::open(&root().join("results/reference")).unwrap();
    assert!(run.record.complete && !run.truncated);
    assert!(run.record.scenario.rounds >= 20);
    assert_eq!(run.record.counts.planned, run.samples.len() as u64);
    assert!(run.record.functions.iter().all(|f| f.digest.starts_with("sha256:")));
    assert!(run.record.functions.iter().all(|f| !f.version.is_empty()));
}
