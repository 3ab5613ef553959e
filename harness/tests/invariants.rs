//! The invariants that are absences: held by a look at the source.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A source file of the harness that is neither a test nor a fuzz target.
struct Source {
    /// Its path from the root.
    name: String,
    /// Its text up to its inline tests.
    text: String,
    /// That without comments, in lower case.
    code: String,
}

impl Source {
    fn read(path: &Path) -> Self {
        let name = path.strip_prefix(root()).unwrap().display().to_string();
        let text = fs::read_to_string(path).unwrap();
        let end = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
        let text = text[..end].to_owned();
        let uncommented = text.lines().map(|l| l.split("//").next().unwrap_or(""));
        let code = uncommented.collect::<Vec<_>>().join("\n").to_lowercase();
        Self { name, text, code }
    }

    /// The folder, or the file, at the top of the harness that it belongs to.
    fn layer(&self) -> &str {
        self.name.trim_start_matches("harness/").split(['/', '.']).next().unwrap()
    }

    /// Whether its code has a word, standing alone.
    fn has(&self, word: &str) -> bool {
        let alone = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() && c != '_');
        self.code.match_indices(word).any(|(at, _)| {
            alone(self.code[..at].chars().next_back())
                && alone(self.code[at + word.len()..].chars().next())
        })
    }
}

/// All of them, read once.
fn sources() -> &'static [Source] {
    static SOURCES: LazyLock<Vec<Source>> = LazyLock::new(|| {
        let mut found = Vec::new();
        collect(&root().join("harness"), &mut found);
        found.sort();
        found.iter().map(|path| Source::read(path)).collect()
    });
    &SOURCES
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && !["tests", "fuzz", "examples", "launcher"].contains(&name.as_str()) {
            collect(&path, found);
        } else if name.ends_with(".rs") && name != "tests.rs" {
            found.push(path);
        }
    }
}

/// The files whose code has a word, standing alone.
fn holding(word: &str) -> Vec<String> {
    sources().iter().filter(|source| source.has(word)).map(|source| source.name.clone()).collect()
}

#[test]
fn a_language_is_data() {
    for word in ["python", "python3", "nodejs", "rust", "jvm", "java", "openjdk"] {
        assert_eq!(holding(word), [""; 0], "`{word}` is named in the harness");
    }
    // A machine of a fleet is called so, too: where nothing else can be meant.
    let of_fleets = |name: &String| {
        let places = ["fleet", "swarm", "own_image", "spec/factor", "cli/help.rs"];
        places.iter().any(|place| name.contains(place))
    };
    let mut named = holding("node");
    named.retain(|name| !of_fleets(name));
    assert_eq!(named, [""; 0], "`node` is named in the harness");
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
    check("plotters", &["harness/chart/"]);
    check("clap", &["harness/cli", "harness/main.rs"]);
    check("clap_complete", &["harness/cli"]);
    check("clap_mangen", &["harness/cli"]);
    check("strsim", &["harness/text/diagnostic.rs"]);
    check("anstyle_query", &["harness/terminal"]);
    check("maud", &["harness/report/"]);
    check("pragmastat", &["harness/stats/hodges_lehmann.rs"]);
    check("perf_event", &["harness/probe/socket_trace", "harness/probe/cpu_samples"]);
    let files = ["harness/explain/native/symbols.rs", "harness/explain/native/unwinding.rs"];
    check("object::read", &files);
    check("framehop", &files[1..]);
    check("cpp_demangle", &["harness/explain/native/names.rs"]);
    check("rustc_demangle", &["harness/explain/native/names.rs"]);
    check(
        "nix",
        &[
            "harness/probe/file_trace",
            "harness/probe/cgroup",
            "harness/engine/oci/aside.rs",
            "harness/engine/oci/network/namespace.rs",
        ],
    );
    check("regex_lite", &["harness/explain/modules"]);
    for library in ["hyper", "hyper_util", "http_body_util", "percent_encoding", "form_urlencoded"]
    {
        let homes = ["harness/serve/front", "harness/serve/trigger", "harness/study/foreign.rs"];
        check(library, &homes);
    }
    for library in ["hyper_rustls", "rustls"] {
        check(library, &["harness/study/foreign.rs"]);
    }
    for library in ["s3s", "s3s_fs"] {
        check(library, &["harness/serve/trigger/bucket.rs"]);
    }
    check("croner", &["harness/serve/trigger/schedule.rs"]);
    check("crc32fast", &["harness/serve/front/frames.rs", "harness/serve/queue/frame.rs"]);
}

/// An adapter is its folder: who uses instances does not know how they are spoken to.
#[test]
fn nobody_but_adapters_names_one() {
    let home = |name: &String| name.starts_with("harness/adapter");
    for word in ["runtime_api", "aws_lambda_function_name"] {
        let users = holding(word);
        assert!(!users.is_empty(), "{word} is used nowhere: is this test blind?");
        assert!(users.iter().all(home), "`{word}` is named in {users:?}");
    }
    // Where a function is read that says which adapter it has.
    let kinds = [holding("runtimeapi"), holding("aws_lambda_runtime_api")].concat();
    let known = |name: &String| home(name) || name == "harness/spec/function.rs";
    assert!(kinds.iter().all(known), "{kinds:?}");
}

#[test]
fn pure_layers_have_no_async_no_clock_and_no_input() {
    const PURE: [&str; 8] = ["text", "spec", "sample", "stats", "cost", "pool", "compare", "tune"];
    let banned = ["async", "tokio", "instant", "systemtime", "println", "thread"];
    for source in sources().iter().filter(|source| PURE.contains(&source.layer())) {
        let name = &source.name;
        for word in banned {
            assert!(!source.has(word), "`{word}` in {name}");
        }
        // Reading the file that the user named is the one input there is.
        let reads = source.text.matches("std::fs").count();
        assert!(
            reads <= usize::from(name == "harness/spec/function/input.rs"),
            "{name} reads files"
        );
    }
}

/// What was found is told in types, which the report words: three words in a row are a
/// sentence.
#[test]
fn stages_make_no_sentences() {
    let stages = ["stats", "compare", "analysis", "tune"];
    for source in sources().iter().filter(|source| stages.contains(&source.layer())) {
        // What stands between every other pair of quotes is a literal.
        for literal in source.code.split('"').skip(1).step_by(2) {
            let words = literal.split_whitespace().filter(|word| *word != "\\").count();
            assert!(words < 3, "{} says `{literal}`", source.name);
        }
    }
}

/// Progress is drawn by whoever has time for it, between trials: it has no thread, no
/// timer and no task of its own that could run while something is timed.
#[test]
fn what_is_drawn_is_drawn_by_nobody_else() {
    for word in ["thread", "tokio", "async", "spawn", "interval", "sleep"] {
        let drawing =
            |name: &String| name.starts_with("harness/terminal") && !name.ends_with("interrupt.rs");
        let found: Vec<String> = holding(word).into_iter().filter(drawing).collect();
        assert_eq!(found, [""; 0], "`{word}`");
    }
    // Everything on standard error is said by `terminal`, which knows what is drawn there.
    assert_eq!(holding("eprintln"), [""; 0]);
    let said = holding("stderr");
    let homes = [
        "harness/system/child.rs",
        "harness/cli.rs",
        "harness/terminal",
        "harness/provision/",
        "harness/engine/",
        // Programs of other machines, and what is said where nobody looks.
        "harness/fleet/hosts.rs",
        "harness/cmd/fleet/node.rs",
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
    let homes = [
        "harness/engine/listener/round_trip.rs",
        "harness/probe/page_cache/resident.rs",
        "harness/probe/socket_trace/descriptor.rs",
    ];
    found.sort();
    found.dedup();
    assert_eq!(found, homes);
    assert_eq!(holding("libc"), homes);
    let users = holding("rustix::net");
    assert!(!users.is_empty(), "is this test blind?");
    // One hears the kernel's events, one asks whose a connection is, one listens on an
    // address that is yet to come, one makes devices.
    let homes = [
        "harness/probe/exec_trace",
        "harness/engine/caller/holder.rs",
        "harness/engine/listener.rs",
        "harness/engine/oci/network/messages.rs",
    ];
    assert!(users.iter().all(|user| homes.iter().any(|h| user.starts_with(h))), "{users:?}");
}

/// The layers that a source uses: `a` and `b` of `crate::a::X` and `crate::{a, b}`. What
/// belongs to the binary calls the library by its name.
fn used(text: &str) -> Vec<&str> {
    fn name(rest: &str) -> &str {
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
        &rest[..end.unwrap_or(rest.len())]
    }
    let mut all = Vec::new();
    let uses = |name| text.split(name).skip(1);
    for rest in uses("crate::").chain(uses("coldstart::")) {
        match rest.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
            Some((group, _)) => all.extend(group.split(',').map(|one| name(one.trim()))),
            None => all.push(name(rest)),
        }
    }
    all
}

/// The layers, each of which uses none that stands below it.
const LAYERS: [&str; 31] = [
    "text",
    "clock",
    "system",
    "spec",
    "sample",
    "observer",
    "stats",
    "cost",
    "pool",
    "probe",
    "engine",
    "adapter",
    "platform",
    "drive",
    "store",
    "provision",
    "analysis",
    "compare",
    "tune",
    "words",
    "measure",
    "serve",
    "replay",
    "study",
    "fleet",
    "explain",
    "chart",
    "report",
    "cli",
    "terminal",
    "cmd",
];

/// The flow goes one way.
#[test]
fn no_layer_imports_a_later_one() {
    let rank = |layer: &str| LAYERS.iter().position(|l| *l == layer);
    for source in sources() {
        let (name, layer) = (&source.name, source.layer());
        // The two roots name all.
        if ["lib", "main"].contains(&layer) {
            continue;
        }
        let own = rank(layer).unwrap_or_else(|| panic!("{name} is in no layer"));
        for other in used(&source.text) {
            let earlier = rank(other).is_some_and(|other| other <= own);
            assert!(earlier, "{name} uses crate::{other}, a later layer");
        }
    }
}

/// `log_driver` stands for all of them: what treats it like the others treats each so.
#[test]
fn a_factor_is_named_in_its_file_and_where_it_is_honoured() {
    let mut named = holding("log_driver");
    named.extend(holding("logdriver"));
    let homes =
        ["harness/spec/factor.rs", "harness/spec/factor/log_driver.rs", "harness/store/migrate.rs"];
    named.retain(|name| !name.starts_with("harness/engine/") && !homes.contains(&name.as_str()));
    assert_eq!(named, [""; 0], "these name one factor: let them treat all alike");
}

/// Every other place takes what there is to know of a control from its kind.
#[test]
fn controls_are_known_by_their_table() {
    for control in ["process", "container", "listener"] {
        let named = holding(&format!("control::{control}"));
        assert_eq!(named, ["harness/spec/control.rs"], "`{control}` is known elsewhere");
    }
}

#[test]
fn files_stay_readable() {
    for Source { name, text, .. } in sources() {
        let lines = text.lines().count();
        assert!(lines <= 400, "{name} has {lines} lines");
        assert!(text.starts_with("//!"), "{name} does not say what it is for");
    }
}

#[test]
fn the_top_level_stays_bare() {
    let allowed = [
        "Cargo.toml",
        "Cargo.lock",
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "README.md",
        "harness",
        "functions",
        "benches",
        "results",
    ];
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
