use std::fs::{self, File};

use super::*;
use crate::engine::EngineInfo;
use crate::probe::host::Host;
use crate::sample::{Cell, HostInterval, Mark, Outcome, Temperature};
use crate::spec::factor::{Combination, Network};
use crate::spec::function::{Limits, ReplyCheck};
use crate::spec::scenario::LoadShape;
use crate::system::locked::Locked;

pub(super) fn record() -> RunRecord {
    RunRecord {
        format: FORMAT,
        id: "r-1".into(),
        tool: "coldstart test".into(),
        command: "coldstart run".into(),
        started: "2026-01-01T00:00:00Z".into(),
        elapsed: None,
        complete: false,
        stopped: None,
        beyond: Vec::new(),
        scenario: crate::spec::scenario::parse(
            "name = \"t\"\nrounds = 9\nkeep-alive = \"1s\"\ncontrols = false\n[[pattern]]\nname = \"p\"\nsteps = [{ name = \"s\", burst = 2 }]",
            "t.toml",
        )
        .unwrap(),
        seed: 1,
        host: Host::default(),
        engine: EngineInfo::default(),
        functions: vec![function("f")],
        null: None,
        fleet: vec![],
        tune: None,
        side: None,
        kernel_events: KernelEvents::default(),
        machine: MachineRecord::default(),
        counts: Counts::default(),
        tried: false,
        driver_memory: None,
        warnings: Vec::new(),
    }
}

fn function(name: &str) -> FunctionRecord {
    FunctionRecord {
        name: name.into(),
        position: 0,
        image: "coldstart/f:0".into(),
        digest: "sha256:0".into(),
        size: 1,
        bases: Vec::new(),
        version: "f 1".into(),
        limits: Limits { memory: 128 << 20, cpus: None, processes: None },
        timeout_ms: 1_000,
        reply: ReplyCheck::Proof,
        event: None,
        environment: None,
        launch: Default::default(),
        http: None,
        extensions: Vec::new(),
        variant: None,
        build: None,
        is_bare: false,
    }
}

pub(super) fn sample(index: u32, outcome: Outcome) -> Sample {
    Sample {
        cell: Cell {
            function: "f".into(),
            adapter: Default::default(),
            factors: Combination::on(Network::Bridge)
                .resolve(Limits { memory: 128 << 20, cpus: None, processes: None }, "runc"),
            control: None,
            pattern: "p".into(),
            step: "s".into(),
            act: LoadShape::Burst(2),
            temperature: Temperature::Cold,
        },
        round: 1,
        trial: 1,
        index,
        instance: Some("abc".into()),
        why_cold: None,
        proof: None,
        marks: [(Mark::Intended, 5), (Mark::Responded, 9)].into_iter().collect(),
        readiness: None,
        dropped_marks: 1,
        processes: Vec::new(),
        resources: None,
        reply: None,
        output: None,
        outcome,
    }
}

fn trial() -> TrialRecord {
    let machine = HostInterval { steal: Some(0.01), ..HostInterval::default() };
    TrialRecord { trial: 1, round: 1, began: 1, ended: 9, machine, resident: None }
}

fn write_run(folder: &Path) -> Vec<Sample> {
    let mut writer = Writer::create(folder, record()).unwrap();
    let samples =
        vec![sample(0, Outcome::Ok), sample(1, Outcome::TimedOut { cause: "late".into() })];
    writer.append(&trial(), &samples).unwrap();
    writer.save().unwrap();
    samples
}

#[test]
fn a_run_comes_back_as_it_was_written() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("deep/run");
    let samples = write_run(&folder);
    let run = open(&folder).unwrap();
    assert_eq!(run.samples, samples);
    assert_eq!(run.trials, [trial()]);
    assert!(!run.truncated && !run.record.complete);
    let Counts { ok, failed, dropped_marks, .. } = run.record.counts;
    assert_eq!((ok, failed, dropped_marks), (1, 1, 2));
}

#[test]
fn a_row_that_a_killed_driver_cut_short_is_left_out() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("run");
    write_run(&folder);
    let path = folder.join(SAMPLES);
    let text = fs::read(&path).unwrap();
    fs::write(&path, &text[..text.len() - 30]).unwrap();
    let run = open(&folder).unwrap();
    assert!(run.truncated);
    assert_eq!(run.samples.len(), 1);
}

#[test]
fn a_spoilt_row_is_named() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("run");
    write_run(&folder);
    let path = folder.join(SAMPLES);
    let text = fs::read_to_string(&path).unwrap().replacen("{\"cell\"", "{\"sell\"", 2);
    fs::write(&path, text).unwrap();
    let message = format!("{:#}", open(&folder).unwrap_err());
    assert!(message.contains("samples.jsonl:1 is no sample"), "{message}");
}

#[test]
fn a_run_never_writes_over_another() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("run");
    write_run(&folder);
    let message = Writer::create(&folder, record()).unwrap_err().to_string();
    assert!(message.contains("exists already") && message.contains("--out"), "{message}");
}

/// Writes two trials, and does something to the folder between them; what was said at
/// the end.
fn disturbed(home: &Path, complete: bool, disturb: impl FnOnce(&Path)) -> String {
    let folder = home.join("run");
    let mut writer = Writer::create(&folder, record()).unwrap();
    let rows = [0, 1].map(|index| sample(index, Outcome::Ok));
    writer.append(&trial(), &rows).unwrap();
    disturb(&folder);
    let next = TrialRecord { trial: 2, round: 2, ..trial() };
    let rows = rows.map(|row| Sample { trial: 2, round: 2, ..row });
    let error = writer.append(&next, &rows).unwrap_err().to_string();
    assert!(error.contains("was removed, renamed or changed while the run wrote to it"), "{error}");
    writer.record.complete = complete;
    writer.close().unwrap_err().to_string()
}

/// The folder that was told to have everything.
fn rescued(home: &Path, told: &str) -> PathBuf {
    let (_, kept) = told.split_once("what was measured is in ").unwrap();
    let kept = PathBuf::from(kept.split_once(": ").unwrap().0);
    assert!(kept.starts_with(home), "{told}");
    kept
}

#[test]
fn a_folder_that_is_removed_while_it_is_written_is_not_made_again_and_all_is_kept_beside_it() {
    let home = tempfile::tempdir().unwrap();
    let told = disturbed(home.path(), false, |folder| fs::remove_dir_all(folder).unwrap());
    assert!(!home.path().join("run").exists());
    let kept = rescued(home.path(), &told);
    assert!(told.contains(&format!("`coldstart run --continue {}`", kept.display())), "{told}");
    let run = open(&kept).unwrap();
    assert_eq!((run.samples.len(), run.trials.len(), run.record.counts.ok), (4, 2, 4));
    assert!(!run.truncated);
}

#[test]
fn a_folder_that_is_renamed_while_it_is_written_gets_all_under_its_new_name() {
    let home = tempfile::tempdir().unwrap();
    let new = home.path().join("new");
    let told = disturbed(home.path(), false, |folder| fs::rename(folder, &new).unwrap());
    assert_eq!(rescued(home.path(), &told), new);
    let run = open(&new).unwrap();
    assert_eq!((run.samples.len(), run.trials.len(), run.record.counts.ok), (4, 2, 4));
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
}

#[test]
fn a_folder_that_is_replaced_or_emptied_while_it_is_written_is_left_alone() {
    let replace = |folder: &Path| {
        fs::remove_dir_all(folder).unwrap();
        fs::create_dir(folder).unwrap();
    };
    let empty = |folder: &Path| fs::remove_file(folder.join(SAMPLES)).unwrap();
    let lose = |folder: &Path| fs::remove_file(folder.join(TRIALS)).unwrap();
    let again = |folder: &Path| {
        fs::remove_file(folder.join(SAMPLES)).unwrap();
        fs::write(folder.join(SAMPLES), "").unwrap();
    };
    for disturb in [&replace as &dyn Fn(&Path), &empty, &lose, &again] {
        let home = tempfile::tempdir().unwrap();
        let before = std::cell::RefCell::new(Vec::new());
        let inside = || {
            let all = fs::read_dir(home.path().join("run")).unwrap();
            all.map(|entry| entry.unwrap().file_name()).collect::<Vec<_>>()
        };
        let told = disturbed(home.path(), false, |folder| {
            disturb(folder);
            *before.borrow_mut() = inside();
        });
        assert_eq!(*before.borrow(), inside());
        assert_eq!(open(&rescued(home.path(), &told)).unwrap().samples.len(), 4);
    }
}

#[test]
fn the_folder_of_a_side_whose_parent_is_gone_is_kept_as_near_as_can_be() {
    let home = tempfile::tempdir().unwrap();
    let gate = home.path().join("gate");
    fs::create_dir(&gate).unwrap();
    let told = disturbed(&gate, false, |_| fs::remove_dir_all(&gate).unwrap());
    let kept = rescued(home.path(), &told);
    let name = kept.file_name().unwrap().to_str().unwrap();
    assert!(kept.parent() == Some(home.path()) && name.starts_with("gate-run.rescued-"), "{told}");
    assert_eq!(open(&kept).unwrap().samples.len(), 4);
}

/// Whoever removes a gate's folder removes its sides first, one after the other.
#[test]
fn a_side_is_kept_outside_of_what_holds_all_sides_as_that_may_be_removed_next() {
    let home = tempfile::tempdir().unwrap();
    let side = home.path().join("gate/base");
    fs::create_dir_all(&side).unwrap();
    let place = super::writer::hold(&side).unwrap();
    fs::remove_dir(&side).unwrap();
    let [kept, inside] = [true, false].map(|is_side| place.beside(is_side).unwrap());
    assert_eq!(kept.parent(), Some(home.path()));
    assert!(kept.file_name().unwrap().to_str().unwrap().starts_with("gate-base.rescued-"));
    assert_eq!(inside.parent(), Some(&*home.path().join("gate")));
}

#[test]
fn a_derived_file_never_makes_the_folder_of_a_run() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("run");
    let chart = Path::new("charts/cold.svg");
    let message = format!("{:#}", write(&folder, chart, b"x").unwrap_err());
    assert!(message.contains("charts/cold.svg") && !folder.exists(), "{message}");
    fs::create_dir(&folder).unwrap();
    write(&folder, chart, b"x").unwrap();
    assert_eq!(fs::read(folder.join(chart)).unwrap(), b"x");
}

#[test]
fn a_newer_format_and_a_wrong_folder_are_told_apart() {
    let home = tempfile::tempdir().unwrap();
    let message = format!("{:#}", open(home.path()).unwrap_err());
    assert!(message.contains("is not a run folder"), "{message}");
    fs::write(home.path().join(RECORD), r#"{"format": 99, "novel": true}"#).unwrap();
    let message = format!("{:#}", open(home.path()).unwrap_err());
    assert!(message.contains("has format 99") && message.contains("newer coldstart"), "{message}");
}

#[test]
fn a_full_disk_is_named_and_what_was_written_stays() {
    // /dev/full refuses every write as a full disk does.
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("run");
    let mut writer = Writer::create(&folder, record()).unwrap();
    writer.append(&trial(), &[sample(0, Outcome::Ok)]).unwrap();
    let kept = home.path().join("kept");
    fs::rename(folder.join(SAMPLES), &kept).unwrap();
    std::os::unix::fs::symlink("/dev/full", folder.join(SAMPLES)).unwrap();
    let full = File::options().write(true).open("/dev/full").unwrap();
    writer.samples = Locked::take_where_possible(full).unwrap();
    writer.ends[0] = 0;
    let message = format!("{:#}", writer.append(&trial(), &[sample(1, Outcome::Ok)]).unwrap_err());
    assert!(message.contains("samples.jsonl") && message.contains("No space left"), "{message}");
    assert_eq!(writer.record.counts.rows(), 1, "what was not written is not counted");
    fs::rename(&kept, folder.join(SAMPLES)).unwrap();
    assert_eq!(open(&folder).unwrap().samples.len(), 1);
}
