//! The real thing on a real engine: every function built, started cold, called
//! warm, in a burst; timed out, killed, refusing to start; and nothing left.
//!
//! Without an engine these tests fail and say how to get one.
//! `COLDSTART_TEST_ENGINE=none` leaves them out and says how many.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use coldstart::clock::Clock;
use coldstart::engine::docker::DockerEngine;
use coldstart::engine::{BuildSpec, Engine, LABEL_IMAGE};
use coldstart::functions::{self, Function};
use coldstart::platform::{Platform, Target, Visit};
use coldstart::provision::bases::Bases;
use coldstart::provision::{Consent, Surroundings, engine};
use coldstart::sample::{Mark, Outcome, Temperature};
use coldstart::scenario::Network;
use coldstart::store::{self, FunctionRecord, Origin};
use coldstart::{fire, images};
use libtest_mimic::{Arguments, Failed, Trial};

type Tested = Result<(), Failed>;

fn main() {
    let mut arguments = Arguments::from_args();
    // More at a time would time each other out on a small machine.
    arguments.test_threads.get_or_insert(2);
    let left_out = std::env::var("COLDSTART_TEST_ENGINE").is_ok_and(|v| v == "none");
    let mut trials = Vec::new();
    for name in ["python", "node", "rust", "jvm"] {
        let mut each = |what: &str, test: fn(&Bench) -> Tested| {
            trials.push(Trial::test(format!("{name}_{what}"), move || {
                Bench::with(name, |bench| test(bench))
            }));
        };
        each("is_built_from_a_known_base_and_says_its_version", is_built);
        each("is_cold_once_and_then_warm", is_cold_then_warm);
        each("answers_a_cold_burst_from_as_many_instances", answers_a_burst);
        each("that_is_too_slow_is_killed", is_killed_in_time);
        each("that_ends_is_a_crash", ends);
        each("that_cannot_start_says_why", cannot_start);
    }
    let mut once = |what: &str, test: fn() -> Tested| trials.push(Trial::test(what, test));
    once("a_function_that_exits_at_once_is_a_crash_with_its_output", exits_at_once);
    once("an_image_that_is_missing_is_named", image_missing);
    once("the_host_network_works_too", host_network);
    once("an_interrupted_run_keeps_its_rows_and_leaves_nothing", interrupted);
    once("after_a_kill_clean_removes_what_is_left", killed);
    once("two_runs_at_a_time_do_not_touch_each_other", two_runs);
    if left_out {
        eprintln!(
            "COLDSTART_TEST_ENGINE=none: {} tests that need an engine are left out",
            trials.len()
        );
        trials = trials.into_iter().map(|t| t.with_ignored_flag(true)).collect();
    }
    libtest_mimic::run(&arguments, trials).exit();
}

/// What all tests share: where the engine is, and the images.
struct Shared {
    address: String,
    functions: Vec<(Function, FunctionRecord)>,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// Finds or provisions an engine and builds the images, once.
fn shared() -> Result<&'static Shared, Failed> {
    static SHARED: OnceLock<Result<Shared, String>> = OnceLock::new();
    let prepare = || {
        runtime().block_on(async {
            let say = |text: &str| eprintln!("{text}");
            let consent = Consent::from_flag(false);
            let around = Surroundings::read();
            let engine = engine::find(&around, consent, &say).await?;
            let bases = Bases::new(&around, consent, &say);
            let all = functions::load(&root().join("functions/functions.toml"))?;
            let records = images::ensure(&engine, &all, &bases, "test").await?;
            let address = engine.describe().await?.address;
            anyhow::Ok(Shared { address, functions: all.into_iter().zip(records).collect() })
        })
    };
    let shared = SHARED.get_or_init(|| {
        prepare().map_err(|error: anyhow::Error| {
            format!(
                "this test needs a container engine and has none: {error:#}\n\
                 COLDSTART_PROVISION=1 cargo test installs and starts one; \
                 COLDSTART_TEST_ENGINE=none cargo test leaves these tests out"
            )
        })
    });
    shared.as_ref().map_err(Failed::from)
}

/// One function on a platform of its own.
struct Bench {
    function: Function,
    record: FunctionRecord,
    engine: Arc<DockerEngine>,
    platform: Arc<Platform<DockerEngine>>,
    run: String,
    runtime: tokio::runtime::Runtime,
}

impl Bench {
    fn with(name: &str, test: impl FnOnce(&Bench) -> Tested) -> Tested {
        let shared = shared()?;
        let (function, record) =
            shared.functions.iter().find(|(f, _)| f.name == name).ok_or("no such function")?;
        let runtime = runtime();
        let engine = Arc::new(runtime.block_on(DockerEngine::connect(&shared.address))?);
        let run = format!("test-{}-{name}-{:?}", std::process::id(), std::thread::current().id());
        let keep_alive = Duration::from_secs(60);
        let platform = Platform::new(engine.clone(), Clock::start(), run.clone(), keep_alive);
        let bench = Bench {
            function: function.clone(),
            record: record.clone(),
            engine,
            platform: Arc::new(platform),
            run,
            runtime,
        };
        let tested = test(&bench);
        // Whatever came out: nothing stays, and that is checked.
        bench.runtime.block_on(bench.platform.clear())?;
        let left = bench.runtime.block_on(bench.engine.instances(Some(&bench.run)))?;
        tested?;
        if left.is_empty() { Ok(()) } else { Err(format!("left behind: {left:?}").into()) }
    }

    fn target(&self, function: Function) -> Target {
        Target::new(function, Network::Bridge, self.record.digest.clone(), &self.run)
    }

    fn invoke(&self, target: &Target) -> Visit {
        let intended = self.platform.clock().now();
        self.runtime.block_on(self.platform.invoke(target, intended))
    }

    /// The same function with another wish for its start and another time limit.
    fn sleeping(&self, init: &str, timeout: Duration) -> Target {
        let mut function = self.function.clone();
        function.env.insert("COLDSTART_INIT_SLEEP_MS".into(), init.into());
        function.timeout = timeout;
        self.target(function)
    }
}

fn ok(visit: &Visit) -> Tested {
    if visit.outcome.is_ok() { Ok(()) } else { Err(format!("{:?}", visit.outcome).into()) }
}

fn is_built(bench: &Bench) -> Tested {
    let record = &bench.record;
    assert!(record.digest.starts_with("sha256:") && record.size > 0, "{record:?}");
    assert!(record.version.chars().any(|c| c.is_ascii_digit()), "{}", record.version);
    assert!(record.bases.iter().all(|b| b.origin != Origin::Fake && !b.digest.is_empty()));
    assert_eq!(record.bases.len(), bench.function.bases.len());
    Ok(())
}

fn is_cold_then_warm(bench: &Bench) -> Tested {
    let target = bench.target(bench.function.clone());
    let cold = bench.invoke(&target);
    ok(&cold)?;
    assert_eq!(cold.temperature, Temperature::Cold);
    assert_eq!(cold.dropped_marks, 0);
    let order = [
        Mark::Intended,
        Mark::Dispatched,
        Mark::CreateCalled,
        Mark::Created,
        Mark::StartCalled,
        Mark::Main,
        Mark::ReadySelf,
        Mark::Ready,
        Mark::Sent,
        Mark::Responded,
    ];
    let at: Vec<_> = order.iter().map(|m| cold.marks.get(*m)).collect();
    assert!(at.iter().all(Option::is_some) && at.is_sorted(), "{at:?}");
    assert!(cold.marks.get(Mark::StartReturned).is_some());
    for count in 2..10 {
        let warm = bench.invoke(&target);
        ok(&warm)?;
        assert_eq!((warm.temperature, &warm.instance), (Temperature::Warm, &cold.instance));
        let (first, now) = (cold.proof.as_ref().unwrap(), warm.proof.unwrap());
        assert_eq!((&now.nonce, now.invocation), (&first.nonce, count));
    }
    assert!(bench.platform.warnings().is_empty(), "{:?}", bench.platform.warnings());
    Ok(())
}

fn answers_a_burst(bench: &Bench) -> Tested {
    let target = Arc::new(bench.target(bench.function.clone()));
    let clock = bench.platform.clock();
    let at = clock.now() + 10_000_000;
    let visits = bench.runtime.block_on(fire::burst(clock, at, 3, |_| {
        let (platform, target) = (bench.platform.clone(), target.clone());
        async move { platform.invoke(&target, at).await }
    }));
    let mut instances = Vec::new();
    for visit in &visits {
        ok(visit)?;
        assert_eq!(visit.marks.get(Mark::Intended), Some(at));
        instances.push(visit.instance.clone().unwrap());
    }
    instances.sort();
    instances.dedup();
    assert_eq!(instances.len(), 3);
    Ok(())
}

fn is_killed_in_time(bench: &Bench) -> Tested {
    let visit = bench.invoke(&bench.sleeping("60000", Duration::from_secs(2)));
    assert!(matches!(visit.outcome, Outcome::TimedOut { .. }), "{:?}", visit.outcome);
    assert!(visit.outcome.cause().unwrap().contains("within 2s: it never asked"));
    let left = bench.runtime.block_on(bench.engine.instances(Some(&bench.run)))?;
    assert!(left.is_empty(), "the instance still lives");
    Ok(())
}

/// Killed from outside while it starts.
fn ends(bench: &Bench) -> Tested {
    let target = bench.sleeping("60000", Duration::from_secs(30));
    let visit = bench.runtime.block_on(async {
        let kill = async {
            loop {
                tokio::time::sleep(Duration::from_millis(50)).await;
                let found = bench.engine.instances(Some(&bench.run)).await.unwrap();
                if let Some(found) = found.iter().find(|f| f.running) {
                    return bench.engine.remove(&found.id).await.unwrap();
                }
            }
        };
        tokio::join!(bench.platform.invoke(&target, bench.platform.clock().now()), kill).0
    });
    assert!(matches!(visit.outcome, Outcome::Crashed { .. }), "{:?}", visit.outcome);
    assert!(visit.outcome.cause().unwrap().contains("code 137"), "{:?}", visit.outcome);
    Ok(())
}

fn cannot_start(bench: &Bench) -> Tested {
    let visit = bench.invoke(&bench.sleeping("soon", Duration::from_secs(10)));
    assert!(matches!(visit.outcome, Outcome::InitError { .. }), "{:?}", visit.outcome);
    let cause = visit.outcome.cause().unwrap();
    assert!(cause.contains("COLDSTART_INIT_SLEEP_MS"), "{cause}");
    Ok(())
}

fn exits_at_once() -> Tested {
    Bench::with("rust", |bench| {
        let tag = "coldstart/test_exits:1".to_owned();
        let dockerfile =
            format!("FROM {}\nCMD [\"/function\", \"--version\"]\n", bench.record.image);
        let mut context = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(dockerfile.len() as u64);
        header.set_mode(0o644);
        context.append_data(&mut header, "Dockerfile", dockerfile.as_bytes())?;
        let spec = BuildSpec {
            tag: tag.clone(),
            context: context.into_inner()?,
            arguments: Default::default(),
            labels: [(LABEL_IMAGE.to_owned(), "test".to_owned())].into(),
        };
        bench.runtime.block_on(bench.engine.build(&spec))?;
        let target = Target::new(bench.function.clone(), Network::Bridge, tag.clone(), &bench.run);
        let visit = bench.invoke(&target);
        bench.runtime.block_on(bench.engine.remove_image(&tag))?;
        assert!(matches!(visit.outcome, Outcome::Crashed { .. }), "{:?}", visit.outcome);
        let cause = visit.outcome.cause().unwrap();
        assert!(cause.contains("code 0") && cause.contains("it wrote: rustc"), "{cause}");
        Ok(())
    })
}

fn image_missing() -> Tested {
    Bench::with("rust", |bench| {
        let image = "coldstart/no_such_image:1";
        let target =
            Target::new(bench.function.clone(), Network::Bridge, image.to_owned(), &bench.run);
        let visit = bench.invoke(&target);
        assert!(matches!(visit.outcome, Outcome::EngineError { .. }), "{:?}", visit.outcome);
        assert!(visit.outcome.cause().unwrap().contains(image), "{:?}", visit.outcome);
        Ok(())
    })
}

fn host_network() -> Tested {
    Bench::with("rust", |bench| {
        let function = bench.function.clone();
        let target = Target::new(function, Network::Host, bench.record.digest.clone(), &bench.run);
        ok(&bench.invoke(&target))
    })
}

/// The program, measuring the fastest function into a folder.
fn start(folder: &Path, rounds: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_coldstart"))
        .current_dir(root())
        .args(["run", "quick", "--functions", "rust", "--rounds", rounds, "--out"])
        .arg(folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Waits until the run has rows.
fn wait_for_rows(folder: &Path) -> Tested {
    let samples: PathBuf = folder.join("samples.jsonl");
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(60) {
        if fs::metadata(&samples).is_ok_and(|m| m.len() > 0) {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Err("no rows within a minute".into())
}

fn signal(child: &Child, name: &str) {
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
}

/// Containers of the run in a folder.
fn left_of(folder: &Path) -> Result<usize, Failed> {
    let run = store::open(folder).map_err(|e| format!("{e:#}"))?;
    let runtime = runtime();
    let engine = runtime.block_on(DockerEngine::connect(&shared()?.address))?;
    Ok(runtime.block_on(engine.instances(Some(&run.record.id)))?.len())
}

fn interrupted() -> Tested {
    shared()?;
    let home = tempfile::tempdir()?;
    let folder = home.path().join("run");
    let child = start(&folder, "1000");
    wait_for_rows(&folder)?;
    signal(&child, "INT");
    let output = child.wait_with_output()?;
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(130), "{told}");
    assert!(told.contains("stopping after this trial"), "{told}");
    let run = store::open(&folder).map_err(|e| format!("{e:#}"))?;
    assert!(!run.record.complete && !run.samples.is_empty() && !run.truncated);
    assert_eq!(run.record.stopped.as_deref(), Some("interrupted"));
    assert!(folder.join("report.html").is_file(), "what was measured is reported");
    assert_eq!(left_of(&folder)?, 0);
    Ok(())
}

fn killed() -> Tested {
    shared()?;
    let home = tempfile::tempdir()?;
    let folder = home.path().join("run");
    let child = start(&folder, "1000");
    wait_for_rows(&folder)?;
    // Within a trial most of the time: wait until a container is there.
    let begun = Instant::now();
    while left_of(&folder)? == 0 && begun.elapsed() < Duration::from_secs(30) {}
    signal(&child, "KILL");
    child.wait_with_output()?;
    let run = store::open(&folder).map_err(|e| format!("{e:#}"))?;
    assert!(!run.record.complete && !run.samples.is_empty());
    assert!(left_of(&folder)? > 0, "the kill left nothing to clean: the test shows nothing");
    let cleaned = Command::new(env!("CARGO_BIN_EXE_coldstart"))
        .args(["clean", "--run", &run.record.id])
        .output()?;
    assert!(cleaned.status.success(), "{}", String::from_utf8_lossy(&cleaned.stderr));
    assert_eq!(left_of(&folder)?, 0);
    Ok(())
}

fn two_runs() -> Tested {
    shared()?;
    let home = tempfile::tempdir()?;
    let folders = ["one", "two"].map(|name| home.path().join(name));
    let children = folders.each_ref().map(|folder| start(folder, "2"));
    for (child, folder) in children.into_iter().zip(&folders) {
        let output = child.wait_with_output()?;
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let run = store::open(folder).map_err(|e| format!("{e:#}"))?;
        assert!(run.record.complete && run.record.counts.failed == 0);
        assert_eq!(left_of(folder)?, 0);
    }
    Ok(())
}
