//! What is made beside containers: processes of this machine, and sockets.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use coldstart::clock::Clock;
use coldstart::engine::docker::DockerEngine;
use coldstart::engine::process::ProcessEngine;
use coldstart::engine::{Engine, InstanceSource};
use coldstart::platform::{KeepAlive, Platform, Target, TargetSpec};
use coldstart::sample::{Mark, Temperature};
use coldstart::spec::control::Control;
use coldstart::spec::factor::{Factors, Network};
use coldstart::system::maker::Maker;
use libtest_mimic::{Failed, Trial};

use crate::bench::{Bench, Tested};
use crate::subject::ok;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Bench::trial("the_null_function_is_a_process_too_and_leaves_nothing", null_process),
        Bench::trial("a_process_that_sleeps_says_when_it_was_ready", sleeping_process),
        Bench::trial("a_process_that_never_asks_is_killed", silent_process),
        Bench::trial("the_folder_of_the_sockets_goes_with_its_engine", sockets),
    ]
}

type Engines = ProcessEngine<DockerEngine>;

fn platform(bench: &Bench) -> (Arc<Engines>, Platform<Engines>) {
    let engine = Arc::new(ProcessEngine::new(bench.engine.clone()));
    let platform = Platform::new(engine.clone(), Clock::start(), bench.run.clone());
    (engine, platform)
}

/// The null function as a process, kept for another call.
fn target(
    bench: &Bench,
    control: Control,
    change: impl FnOnce(&mut TargetSpec),
) -> Result<Target, Failed> {
    let (function, record) = bench.function("rust")?;
    assert!(function.is_null, "the null function of the project");
    let program = function.process[0].clone();
    let plain =
        TargetSpec::plain(function.clone(), record.digest.clone(), Network::Host, "of no matter");
    let mut making = TargetSpec {
        source: InstanceSource::Command(vec![program]),
        factors: Factors::of_a_process(),
        control: Some(control),
        keep_alive: KeepAlive::Fixed(Duration::from_secs(60)),
        ..plain
    };
    change(&mut making);
    Ok(Target::new(making, &bench.run, 0))
}

fn is_running(pid: u32) -> bool {
    Path::new("/proc").join(pid.to_string()).exists()
}

fn null_process(bench: &Bench) -> Tested {
    let target = target(bench, Control::Process(0), |_| {})?;
    let (engine, platform) = platform(bench);
    bench.wait(async {
        let cold = platform.invoke(target.invocation(platform.clock().now())).await;
        ok(&cold)?;
        assert_eq!((cold.temperature, cold.dropped_marks), (Temperature::Cold, 0));
        let order = [
            Mark::Intended,
            Mark::Dispatched,
            Mark::CreateCalled,
            Mark::Created,
            Mark::StartCalled,
            Mark::Main,
            Mark::ReadySelf,
            Mark::Ready,
            // The event is stamped as sent when it is on its way: a reply may be, too.
            Mark::Replied,
            Mark::Responded,
        ];
        let at: Vec<_> = order.iter().map(|m| cold.marks.get(*m)).collect();
        assert!(at.iter().all(Option::is_some) && at.is_sorted(), "{at:?}");
        let pid = engine.inspect(cold.id.as_ref().unwrap()).await?.pid.ok_or("no process")?;
        assert!(is_running(pid));
        let warm = platform.invoke(target.invocation(platform.clock().now())).await;
        ok(&warm)?;
        assert_eq!((warm.temperature, &warm.id), (Temperature::Warm, &cold.id));
        platform.clear().await?;
        assert!(!is_running(pid) && engine.instances(Some(&bench.run)).await?.is_empty());
        Ok(())
    })
}

fn sleeping_process(bench: &Bench) -> Tested {
    let target = target(bench, Control::Process(20), |_| {})?;
    let (_, platform) = platform(bench);
    bench.wait(async {
        let visit = platform.pass(target.invocation(platform.clock().now())).await;
        ok(&visit)?;
        // The one thing that is sure of its length: it cannot be shorter.
        assert!(visit.marks.between(Mark::Main, Mark::ReadySelf) >= Some(20_000_000));
        assert!(visit.marks.between(Mark::Responded, Mark::Removed).is_some());
        Ok(platform.clear().await?)
    })
}

fn silent_process(bench: &Bench) -> Tested {
    let target = target(bench, Control::Process(0), |making| {
        making.source = InstanceSource::Command(["/bin/sleep", "1000"].map(str::to_owned).to_vec());
        making.function.timeout = Duration::from_millis(500);
    })?;
    let (engine, platform) = platform(bench);
    bench.wait(async {
        let visit = platform.invoke(target.invocation(platform.clock().now())).await;
        let cause = visit.outcome.cause().ok_or("it answered")?;
        assert_eq!(visit.outcome.kind(), "timed_out", "{cause}");
        assert!(cause.contains("it never asked for an event; it wrote nothing"), "{cause}");
        assert!(engine.instances(Some(&bench.run)).await?.is_empty());
        Ok(())
    })
}

fn sockets(bench: &Bench) -> Tested {
    // An engine of its own: those of other tests have folders too.
    let engine = bench.wait(DockerEngine::connect(bench.address()))?;
    let listeners = bench.wait(async {
        anyhow::Ok([
            engine.listen(Network::None.into()).await?,
            engine.listen(Network::None.into()).await?,
        ])
    });
    let listeners = listeners?;
    let file = listeners[0].socket().ok_or("not a socket")?.to_owned();
    let folder = file.parent().unwrap().to_owned();
    let name = folder.file_name().unwrap().to_string_lossy().into_owned();
    let ours = format!("sockets-{}-", Maker::own());
    assert!(name.starts_with(&ours), "{name}");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&folder), mode(engine.private())), (0o700, 0o700));
    assert_ne!(listeners[1].socket(), Some(file.as_path()), "one an instance");
    drop(listeners);
    drop(engine);
    assert!(!folder.exists(), "{} is left", folder.display());
    Ok(())
}
