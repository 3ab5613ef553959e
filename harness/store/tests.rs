use super::*;
use crate::factors::{Combination, Network};
use crate::functions::Limits;
use crate::sample::{Cell, Mark, Outcome, Temperature};
use crate::scenario::Act;

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
        scenario: crate::scenario::parse(
            "name = \"t\"\nrounds = 1\nkeep-alive = \"1s\"\n[[pattern]]\nname = \"p\"\nsteps = [{ name = \"s\", burst = 1 }]",
            "t.toml",
        )
        .unwrap(),
        seed: 1,
        host: Host::default(),
        engine: EngineInfo::default(),
        functions: Vec::new(),
        null: None,
        side: None,
        kernel_events: KernelEvents::default(),
        machine: MachineRecord::default(),
        counts: Counts::default(),
        tried: false,
        driver_memory: None,
        warnings: Vec::new(),
    }
}

pub(super) fn sample(index: u32, outcome: Outcome) -> Sample {
    Sample {
        cell: Cell {
            function: "f".into(),
            factors: Combination::on(Network::Bridge)
                .resolve(Limits { memory: 128 << 20, cpus: None, processes: None }, "runc"),
            control: None,
            pattern: "p".into(),
            step: "s".into(),
            act: Act::Burst(1),
            temperature: Temperature::Cold,
        },
        round: 1,
        trial: 1,
        index,
        instance: Some("abc".into()),
        proof: None,
        marks: [(Mark::Intended, 5), (Mark::Responded, 9)].into_iter().collect(),
        dropped_marks: 1,
        processes: Vec::new(),
        resources: None,
        outcome,
    }
}

fn trial() -> TrialRecord {
    let machine = Meanwhile { steal: Some(0.01), ..Meanwhile::default() };
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

#[test]
fn a_newer_format_and_a_wrong_folder_are_told_apart() {
    let home = tempfile::tempdir().unwrap();
    let message = format!("{:#}", open(home.path()).unwrap_err());
    assert!(message.contains("is no run's folder"), "{message}");
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
    let full = File::options().write(true).open("/dev/full").unwrap();
    writer.samples = full;
    let message = format!("{:#}", writer.append(&trial(), &[sample(1, Outcome::Ok)]).unwrap_err());
    assert!(
        message.contains("samples.jsonl") && message.contains("is the disk full?"),
        "{message}"
    );
    assert_eq!(open(&folder).unwrap().samples.len(), 1);
}
