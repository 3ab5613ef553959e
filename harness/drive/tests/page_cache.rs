//! The state of the page cache, brought about between trials.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use super::*;

const COLD_AND_WARM: &str = r#"
name = "t"
rounds = 1
controls = false
page-cache = ["image-cold", "warm"]
keep-alive = "100ms"
[[pattern]]
name = "single"
steps = [{ name = "call", burst = 1 }]
"#;

/// The combinations of that scenario.
const COLD: usize = 0;
const WARM: usize = 1;

/// A file in a folder; the folder lies where the tests were built, unlike `/tmp`
/// often on a disk.
fn on_disk() -> TempDir {
    let here = std::env::current_exe().unwrap();
    filled(tempfile::tempdir_in(here.parent().unwrap()).unwrap())
}

/// A file that cannot leave memory, where there is a place for one.
fn in_memory() -> Option<TempDir> {
    let folder = tempfile::tempdir_in("/dev/shm").ok()?;
    is_in_memory(&folder).then(|| filled(folder))
}

fn filled(folder: TempDir) -> TempDir {
    fs::write(folder.path().join("file"), vec![7; 100_000]).unwrap();
    folder
}

fn is_in_memory(folder: &TempDir) -> bool {
    const TMPFS: i64 = 0x0102_1994;
    rustix::fs::statfs(folder.path()).unwrap().f_type as i64 == TMPFS
}

/// Two functions with images in the same folders.
fn setup_in(folders: &[PathBuf]) -> Setup {
    let scenario = scenario::parse(COLD_AND_WARM, "t.toml").unwrap();
    let adapt = |making| TargetSpec { folders: folders.to_vec(), ..making };
    measuring(scenario, &[Script::default(); 2], |e| e, adapt)
}

/// Runs the trial of a function under a combination.
async fn visit(setup: &Setup, function: usize, combination: usize) -> TrialResult {
    setup.driver.platform.settle().await.unwrap();
    let subject = TrialSubject::Function { function, combination, pattern: 0 };
    let trial = setup.driver.plan.trials.iter().find(|t| t.subject == subject).unwrap();
    setup.driver.trial(trial).await.unwrap()
}

fn starts(setup: &Setup) -> (u64, u64) {
    (setup.driver.engine.starts("f"), setup.driver.engine.starts("g"))
}

#[tokio::test(start_paused = true)]
async fn a_state_that_cannot_be_reached_gives_failed_rows_with_the_reason() {
    let setup = setup_in(&[PathBuf::from("/no/such/folder")]);
    let done = visit(&setup, 0, COLD).await;
    assert_eq!(done.samples.len(), 1);
    let sample = &done.samples[0];
    assert_eq!((sample.outcome.kind(), sample.latency()), ("not_cold", None));
    let cause = sample.outcome.cause().unwrap();
    assert!(cause.contains("not image-cold") && cause.contains("/no/such/folder"), "{cause}");
    assert_eq!(sample.cell.temperature, Temperature::Cold);
    assert_eq!((done.record.resident, starts(&setup)), (None, (0, 0)), "nothing was started");
}

#[tokio::test(start_paused = true)]
async fn every_planned_invocation_of_a_refused_trial_is_a_row() {
    let text = SCENARIO.replace("rounds = 2", "rounds = 2\npage-cache = [\"image-cold\"]");
    let adapt = |making| TargetSpec { folders: vec!["/no/such/folder".into()], ..making };
    let scenario = scenario::parse(&text, "t.toml").unwrap();
    let setup = measuring(scenario, &[Script::default()], |e| e, adapt);
    let (ended, samples) = run(&setup).await;
    assert_eq!(ended.unwrap(), RunEnd::Complete);
    assert_eq!(samples.len() as u64, setup.driver.plan.invocations());
    assert!(samples.iter().all(|s| s.outcome.kind() == "not_cold"));
}

#[tokio::test(start_paused = true)]
async fn files_that_stay_in_memory_are_no_cold_image() {
    let Some(folder) = in_memory() else {
        eprintln!("left out: no file system in memory at /dev/shm");
        return;
    };
    let setup = setup_in(&[folder.path().to_owned()]);
    let done = visit(&setup, 0, COLD).await;
    let cause = done.samples[0].outcome.cause().unwrap();
    assert!(cause.contains("100000 of 100000 bytes of the image stayed in memory"), "{cause}");
    assert_eq!(done.record.resident.unwrap().resident, 100_000);
}

#[tokio::test(start_paused = true)]
async fn a_cold_image_is_proved_and_a_warm_one_left_as_it_is() {
    let folder = on_disk();
    if is_in_memory(&folder) {
        eprintln!("left out: {} is in memory", folder.path().display());
        return;
    }
    let setup = setup_in(&[folder.path().to_owned()]);
    let done = visit(&setup, 0, COLD).await;
    assert!(done.samples[0].outcome.is_ok(), "{:?}", done.samples[0].outcome);
    let resident = done.record.resident.unwrap();
    assert_eq!((resident.files, resident.bytes, resident.resident), (1, 100_000, 0));
    let done = visit(&setup, 0, WARM).await;
    assert!(done.samples[0].outcome.is_ok() && done.record.resident.is_none());
}

#[tokio::test(start_paused = true)]
async fn what_anothers_trial_drove_out_is_warmed_once_and_unrecorded() {
    let folder = on_disk();
    if is_in_memory(&folder) {
        eprintln!("left out: {} is in memory", folder.path().display());
        return;
    }
    let setup = setup_in(&[folder.path().to_owned()]);
    visit(&setup, 0, COLD).await;
    assert_eq!(starts(&setup), (1, 0));
    // Its own start has read its image again.
    visit(&setup, 0, WARM).await;
    assert_eq!(starts(&setup), (2, 0));
    let done = visit(&setup, 1, WARM).await;
    assert_eq!((done.samples.len(), starts(&setup)), (1, (2, 2)), "once more than is told");
    assert_eq!(done.samples[0].cell.temperature, Temperature::Cold, "on an instance of its own");
    visit(&setup, 1, WARM).await;
    assert_eq!(starts(&setup), (2, 3));
}

#[tokio::test(start_paused = true)]
async fn after_a_refused_trial_its_own_image_is_warmed_too() {
    let Some(stays) = in_memory() else {
        eprintln!("left out: no file system in memory at /dev/shm");
        return;
    };
    let goes = on_disk();
    let setup = setup_in(&[goes.path().to_owned(), stays.path().to_owned()]);
    let done = visit(&setup, 0, COLD).await;
    assert_eq!((done.samples[0].outcome.kind(), starts(&setup)), ("not_cold", (0, 0)));
    // What could be driven out is out, and no start has brought it back.
    let done = visit(&setup, 0, WARM).await;
    assert_eq!((done.samples.len(), starts(&setup)), (1, (2, 0)));
}
