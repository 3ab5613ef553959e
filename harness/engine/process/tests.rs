use std::collections::BTreeMap;
use std::time::Duration;

use super::*;
use crate::clock::Clock;
use crate::engine::fake::FakeEngine;
use crate::spec::factor::Factors;
use crate::system::process::Stat;

fn engine() -> ProcessEngine<FakeEngine> {
    ProcessEngine::new(Arc::new(FakeEngine::new(Clock::start(), 1, BTreeMap::new())))
}

fn spec(command: &[&str]) -> InstanceSpec {
    InstanceSpec {
        source: InstanceSource::Command(command.iter().map(ToString::to_string).collect()),
        image: Default::default(),
        factors: Factors::of_a_process(),
        processes: None,
        socket: None,
        env: BTreeMap::from([("WORD".to_owned(), "hello".to_owned())]),
        launch: Default::default(),
        launcher: None,
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

/// Ctrl-C went to the null process too, and was kept as its crash.
#[tokio::test]
async fn a_process_is_not_in_the_group_that_the_terminal_interrupts() {
    let engine = engine();
    let id = engine.create(&spec(&["/bin/sleep", "1000"])).await.unwrap();
    engine.start(&id).await.unwrap();
    let pid = engine.inspect(&id).await.unwrap().pid.unwrap();
    assert_eq!(Stat::of(pid).unwrap().group, Some(pid));
    assert_ne!(Stat::of("self").unwrap().group, Some(pid));
    engine.remove(&id).await.unwrap();
}

/// Well beyond every limit of our own, well below what is left behind.
async fn soon<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(8), work).await.expect("it hangs")
}

#[tokio::test]
async fn a_child_that_holds_the_output_hangs_neither_output_nor_removal_and_is_killed() {
    for script in ["/bin/sleep 1000 & echo $! >&2; exit 3", "/bin/sleep 1000 & echo $! >&2; wait"] {
        let engine = engine();
        let id = engine.create(&spec(&["/bin/sh", "-c", script])).await.unwrap();
        engine.start(&id).await.unwrap();
        let child = soon(async {
            loop {
                let words = {
                    let processes = engine.lock();
                    let words = &processes[&id].running.as_ref().unwrap().words;
                    words.text()
                };
                if words.ends_with('\n') {
                    return words.trim().to_owned();
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
        assert_eq!(soon(engine.output(&id)).await.unwrap().trim(), child);
        soon(engine.remove(&id)).await.unwrap();
        let runs = || Stat::of(&child).is_some_and(|stat| !stat.is_over());
        soon(async {
            while runs() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
    }
}

#[tokio::test]
async fn a_child_that_left_the_group_with_the_output_hangs_nothing() {
    let engine = engine();
    let script = "/usr/bin/setsid /bin/sleep 30 & echo said >&2; exit 3";
    let id = engine.create(&spec(&["/bin/sh", "-c", script])).await.unwrap();
    let exit = engine.watch_exit(&id);
    engine.start(&id).await.unwrap();
    assert_eq!(soon(exit).await.unwrap().code, Some(3));
    assert_eq!(soon(engine.output(&id)).await.unwrap().trim(), "said");
    soon(engine.remove(&id)).await.unwrap();
}

#[tokio::test]
async fn of_much_output_the_end_is_kept_and_the_process_does_not_stand_still() {
    let engine = engine();
    let script = "/usr/bin/head -c 1000000 /dev/zero >&2; echo grüße >&2; exit 4";
    let id = engine.create(&spec(&["/bin/sh", "-c", script])).await.unwrap();
    let exit = engine.watch_exit(&id);
    engine.start(&id).await.unwrap();
    assert_eq!(soon(exit).await.unwrap().code, Some(4), "it was not heard");
    let output = engine.output(&id).await.unwrap();
    assert!(
        output.ends_with("grüße\n") && output.len() <= crate::engine::OUTPUT,
        "{}",
        output.len()
    );
    engine.remove(&id).await.unwrap();
}
