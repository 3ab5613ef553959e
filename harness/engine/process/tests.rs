use std::collections::BTreeMap;
use std::time::Duration;

use super::*;
use crate::clock::Clock;
use crate::engine::fake::FakeEngine;
use crate::factors::Factors;

fn engine() -> WithProcesses<FakeEngine> {
    WithProcesses::new(Arc::new(FakeEngine::new(Clock::start(), 1, BTreeMap::new())))
}

fn spec(command: &[&str]) -> InstanceSpec {
    InstanceSpec {
        source: Source::Command(command.iter().map(ToString::to_string).collect()),
        factors: Factors::of_a_process(),
        socket: None,
        env: BTreeMap::from([("WORD".to_owned(), "hello".to_owned())]),
        labels: BTreeMap::from([(LABEL_RUN.to_owned(), "r".to_owned())]),
    }
}

#[tokio::test]
async fn a_process_from_its_start_to_its_removal() {
    let engine = engine();
    let id = engine.create(&spec(&["/bin/sleep", "1000"])).await.unwrap();
    let exit = engine.watch_exit(&id);
    engine.start(&id).await.unwrap();
    let pid = engine.inspect(&id).await.unwrap().pid.unwrap();
    let running = || std::path::Path::new("/proc").join(pid.to_string()).exists();
    assert!(running());
    let found = engine.instances(Some("r")).await.unwrap();
    assert_eq!((found.len(), &found[0].id, found[0].running), (1, &id, true));
    assert!(engine.instances(Some("other")).await.unwrap().is_empty());
    engine.remove(&id).await.unwrap();
    assert!(!running(), "it was waited for");
    assert_eq!(exit.await.unwrap().code, None, "killed, not ended");
    assert!(engine.instances(None).await.unwrap().is_empty());
    engine.remove(&id).await.unwrap();
}

#[tokio::test]
async fn its_end_and_its_last_words_are_told() {
    let engine = engine();
    let script = "echo \"$WORD, $HOME\" >&2; exit 3";
    let id = engine.create(&spec(&["/bin/sh", "-c", script])).await.unwrap();
    let exit = engine.watch_exit(&id);
    engine.start(&id).await.unwrap();
    let exit = tokio::time::timeout(Duration::from_secs(20), exit).await.unwrap().unwrap();
    assert_eq!(exit.code, Some(3));
    let output = engine.output(&id).await.unwrap();
    assert_eq!(output.trim(), "hello,", "of this machine's environment it has nothing");
    engine.remove(&id).await.unwrap();
}

#[tokio::test]
async fn a_program_that_is_not_there_is_named() {
    let engine = engine();
    let id = engine.create(&spec(&["/no/such/program"])).await.unwrap();
    let error = engine.start(&id).await.unwrap_err().to_string();
    assert!(error.contains("/no/such/program"), "{error}");
    engine.remove(&id).await.unwrap();
}
