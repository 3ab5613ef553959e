use std::collections::BTreeMap;

use super::*;
use crate::engine::{Engine, EngineError, InstanceId, InstanceSource, InstanceSpec, LABEL_RUN};
use crate::observer::Lines;
use crate::spec::factor::{Combination, Network};
use crate::spec::function::Limits;
use crate::system::process::Stat;

#[test]
fn another_process_is_not_ours() {
    let folder = tempfile::tempdir().unwrap();
    let around = Surroundings::within(folder.path());
    std::fs::create_dir_all(around.engine()).unwrap();
    assert_eq!(private_pid(&around), None);
    std::fs::write(around.pid_file(), std::process::id().to_string()).unwrap();
    assert_eq!(private_pid(&around), None, "this test is no engine");
    forget_stale(&around.pid_file(), DAEMON);
    assert!(!around.pid_file().exists());
}

#[tokio::test]
async fn nothing_to_stop() {
    let folder = tempfile::tempdir().unwrap();
    assert!(!stop_private(&Surroundings::within(folder.path())).await.unwrap());
}

/// A process that is called as a helper is, with the file that it is told.
fn helper(config: &Path) -> Child {
    let mut command = Command::new("sh");
    command.arg0(HELPER).args(["-c", "read line", "--config"]).arg(config);
    command.stdin(Stdio::piped()).spawn().unwrap()
}

#[tokio::test]
async fn the_helper_of_a_killed_engine_has_ended_before_another_engine_starts() {
    let folder = tempfile::tempdir().unwrap();
    let around = Surroundings::within(folder.path());
    let kept = around.engine().join("exec/containerd");
    std::fs::create_dir_all(&kept).unwrap();
    let pid_file = kept.join("containerd.pid");
    let mut ours = helper(&kept.join("containerd.toml"));
    std::fs::write(&pid_file, ours.id().to_string()).unwrap();
    end_helper_of_the_dead(&around).await.unwrap();
    assert!(!ours.wait().unwrap().success(), "it was killed");
    assert!(!pid_file.exists());

    let mut machines = helper(Path::new("/etc/containerd/config.toml"));
    std::fs::write(&pid_file, machines.id().to_string()).unwrap();
    end_helper_of_the_dead(&around).await.unwrap();
    assert!(machines.try_wait().unwrap().is_none(), "another engine's is left alone");
    assert!(!pid_file.exists(), "and not waited for");
    machines.kill().unwrap();
    machines.wait().unwrap();
}

/// An engine that starts beside another takes its bridge over, or removes it:
/// these tests want an empty network namespace each. `.ci/run` gives them one.
fn check_alone() {
    let interfaces = std::fs::read_to_string("/proc/self/net/dev").unwrap();
    let alone = interfaces.lines().skip(2).all(|line| line.trim().starts_with("lo:"));
    assert!(alone, "run it under `unshare --net`");
}

#[tokio::test]
#[ignore = "starts engines: needs root, dockerd and `unshare --net`, as in .ci/run"]
async fn it_starts_is_found_again_and_stops() {
    check_alone();
    let folder = tempfile::tempdir().unwrap();
    let around = Surroundings::within(folder.path());
    let begun = Instant::now();
    let engine = start(&around, &Lines(|line: &str| eprintln!("{line}"))).await.unwrap();
    eprintln!("started in {:?}: {:?}", begun.elapsed(), engine.describe().await.unwrap());
    let pid = private_pid(&around).unwrap();
    assert_eq!(Stat::of(pid).unwrap().group, u32::try_from(pid).ok());
    let listener = engine.listen(Network::Bridge.into()).await.unwrap();
    assert!(listener.address().starts_with("172."), "{}", listener.address());

    let again = start(&around, &Lines(|line: &str| panic!("{line}"))).await.unwrap();
    assert_eq!(private_pid(&around), Some(pid));
    again.describe().await.unwrap();
    drop(again);

    let begun = Instant::now();
    assert!(stop_private(&around).await.unwrap());
    eprintln!("stopped in {:?}", begun.elapsed());
    assert_eq!(private_pid(&around), None);
    assert!(!stop_private(&around).await.unwrap());
}

#[tokio::test]
#[ignore = "starts engines: needs root, dockerd and `unshare --net`, as in .ci/run"]
async fn an_engine_that_dies_ends_every_wait() {
    check_alone();
    let folder = tempfile::tempdir().unwrap();
    let around = Surroundings::within(folder.path());
    let engine = start(&around, &crate::observer::Silent).await.unwrap();
    let before = engine.watch_exit(&InstanceId("before".to_owned()));
    let pid = Pid::from_raw(private_pid(&around).unwrap()).unwrap();
    kill_process(pid, Signal::KILL).unwrap();
    assert!(before.await.is_err());
    assert!(engine.watch_exit(&InstanceId("after".to_owned())).await.is_err());
    let spec = InstanceSpec {
        source: InstanceSource::Image("x".to_owned()),
        image: Default::default(),
        factors: Combination::on(Network::Host)
            .resolve(Limits { memory: 1 << 26, cpus: None, processes: None }, "runc"),
        processes: None,
        socket: None,
        env: BTreeMap::new(),
        launch: Default::default(),
        launcher: None,
        labels: BTreeMap::from([(LABEL_RUN.to_owned(), "test".to_owned())]),
    };
    let error = engine.create(&spec).await.unwrap_err();
    eprintln!("{error}");
    assert!(matches!(error, EngineError::Gone(_)), "{error}");
    assert!(matches!(engine.describe().await.unwrap_err(), EngineError::Gone(_)));
    // Started again over what the dead one left, its helper included.
    let engine = start(&around, &crate::observer::Silent).await.unwrap();
    engine.describe().await.unwrap();
    assert!(stop_private(&around).await.unwrap());
    // What the killed one had mounted keeps the folder from being removed.
    let data = around.engine().join("data");
    Command::new("umount").arg(data).status().unwrap();
}

#[tokio::test]
#[ignore = "starts engines: needs root, dockerd and `unshare --net`, as in .ci/run"]
async fn one_that_cannot_start_says_why() {
    check_alone();
    let folder = tempfile::tempdir().unwrap();
    let around = Surroundings::within(folder.path());
    // In the way of its data root: a file.
    std::fs::create_dir_all(around.engine()).unwrap();
    std::fs::write(around.engine().join("data"), "").unwrap();
    let error = start(&around, &crate::observer::Silent).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("ended") && text.contains("dockerd.log"), "{text}");
}
