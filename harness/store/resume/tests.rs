use std::fs::{self, OpenOptions};

use super::*;
use crate::sample::{Mark, Outcome};
use crate::store::tests::{record, sample};
use crate::store::{self};

/// A folder of so many trials of two rows each, the second of which failed.
fn folder(home: &Path, trials: u32) -> std::path::PathBuf {
    let folder = home.join("run");
    let mut writer = Writer::create(&folder, record()).unwrap();
    for number in 1..=trials {
        let began = u64::from(number) * 1_000_000_000;
        let trial = TrialRecord {
            trial: number,
            round: number,
            began,
            ended: began + 500_000_000,
            machine: HostInterval {
                steal: Some(f64::from(number) / 10.0),
                ..HostInterval::default()
            },
            resident: None,
        };
        let failed = Outcome::NotCold { cause: "seen".into() };
        let rows = [(0, Outcome::Ok), (1, failed)];
        let rows = rows.map(|(index, outcome)| row(number, index, outcome, began));
        writer.append(&trial, &rows).unwrap();
    }
    folder
}

fn row(trial: u32, index: u32, outcome: Outcome, began: u64) -> Sample {
    let marks = [(Mark::Intended, began + 5), (Mark::Responded, began + 9)].into_iter().collect();
    Sample { trial, round: trial, marks, ..sample(index, outcome) }
}

fn two_each() -> BTreeMap<u32, u64> {
    (1..=9).map(|number| (number, 2)).collect()
}

fn open(folder: &Path) -> Result<Unfinished> {
    Unfinished::open(folder, &two_each())
}

fn shorten(folder: &Path, name: &str, bytes: u64) {
    let file = OpenOptions::new().append(true).open(folder.join(name)).unwrap();
    file.set_len(file.metadata().unwrap().len() - bytes).unwrap();
}

#[test]
fn whole_trials_are_kept_as_they_are() {
    let home = tempfile::tempdir().unwrap();
    let folder = folder(home.path(), 3);
    let before = fs::read(folder.join(SAMPLES)).unwrap();
    let found = open(&folder).unwrap();
    assert_eq!(found.rows.keys().copied().collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!((found.dropped, found.last), (0, 3_500_000_000));
    let record = found.record();
    assert_eq!((record.counts.ok, record.counts.failed, record.counts.dropped_marks), (3, 3, 6));
    // Killed: the record says nothing, the trials do.
    assert_eq!(record.elapsed, Some(3.5));
    assert_eq!(record.machine.meanwhile.unwrap().steal, Some(0.2));
    assert_eq!(fs::read(folder.join(SAMPLES)).unwrap(), before);
}

#[test]
fn a_trial_that_was_cut_short_is_removed() {
    let home = tempfile::tempdir().unwrap();
    // Its line was not written, its last row neither.
    let cut = folder(home.path(), 3);
    let line = fs::read_to_string(cut.join(TRIALS)).unwrap().lines().last().unwrap().len() as u64;
    shorten(&cut, TRIALS, line + 1);
    shorten(&cut, SAMPLES, 10);
    let before = fs::read(cut.join(SAMPLES)).unwrap();
    let found = open(&cut).unwrap();
    assert_eq!((found.rows.len(), found.dropped), (2, 1));
    assert_eq!(found.record().counts.rows(), 4);
    assert_eq!(fs::read(cut.join(SAMPLES)).unwrap(), before, "it may still be refused");
    let (mut writer, _) = found.resume().unwrap();
    // What is measured now follows what was kept.
    let trial = TrialRecord {
        trial: 3,
        round: 3,
        began: 9,
        ended: 20,
        machine: HostInterval::default(),
        resident: None,
    };
    let rows = [0, 1].map(|index| row(3, index, Outcome::Ok, 9));
    writer.append(&trial, &rows).unwrap();
    let run = store::open(&cut).unwrap();
    assert!(!run.truncated);
    let trials: Vec<u32> = run.samples.iter().map(|s| s.trial).collect();
    assert_eq!(trials, [1, 1, 2, 2, 3, 3]);
}

#[test]
fn a_line_without_its_rows_is_removed_too() {
    let home = tempfile::tempdir().unwrap();
    let cut = folder(home.path(), 2);
    shorten(&cut, SAMPLES, 10);
    let found = open(&cut).unwrap();
    assert_eq!((found.rows.len(), found.dropped), (1, 1));
    drop(found.resume().unwrap());
    assert_eq!(store::open(&cut).unwrap().trials.len(), 1);
}

/// Appends a third trial whose second row failed so, of a run that stopped for a reason.
fn ended_by(folder: &Path, stopped: Option<&str>, failed: Outcome) -> Unfinished {
    let Unfinished { mut writer, .. } = open(folder).unwrap();
    let began = 3_000_000_000;
    let machine = HostInterval::default();
    let ended = began + 500_000_000;
    let trial = TrialRecord { trial: 3, round: 3, began, ended, machine, resident: None };
    let rows = [row(3, 0, Outcome::Ok, began), row(3, 1, failed, began)];
    writer.append(&trial, &rows).unwrap();
    writer.record.stopped = stopped.map(ToOwned::to_owned);
    writer.close().unwrap();
    open(folder).unwrap()
}

#[test]
fn a_trial_whose_engine_died_is_run_again_and_one_whose_function_failed_is_not() {
    let kept = |stopped: Option<&str>, failed: Outcome| {
        let home = tempfile::tempdir().unwrap();
        let found = ended_by(&folder(home.path(), 2), stopped, failed);
        (found.rows.len(), found.dropped, found.record().counts.failed)
    };
    let cause = || "x".to_owned();
    let gone = format!("{ENGINE_FAILED} at trial 3: gone");
    let engine = || Outcome::EngineError { cause: cause() };
    let crashed = || Outcome::Crashed { cause: cause() };
    assert_eq!(kept(None, engine()), (2, 2, 2));
    assert_eq!(kept(Some(&gone), engine()), (2, 2, 2));
    // It took its instances along.
    assert_eq!(kept(Some(&gone), crashed()), (2, 2, 2));
    assert_eq!(kept(Some("interrupted"), crashed()), (3, 0, 3));
    assert_eq!(kept(None, crashed()), (3, 0, 3));
}

#[test]
fn rows_that_were_changed_by_hand_are_refused_and_left_alone() {
    let home = tempfile::tempdir().unwrap();
    let folder = folder(home.path(), 3);
    let text = fs::read_to_string(folder.join(SAMPLES)).unwrap();
    let without: Vec<&str> = text.lines().skip(1).collect();
    let without = without.join("\n") + "\n";
    fs::write(folder.join(SAMPLES), &without).unwrap();
    let error = open(&folder).unwrap_err();
    assert!(format!("{error:#}").contains("not in the order of its plan"), "{error:#}");
    assert_eq!(fs::read_to_string(folder.join(SAMPLES)).unwrap(), without);
}

#[test]
fn nobody_goes_on_with_a_run_that_is_being_measured() {
    let home = tempfile::tempdir().unwrap();
    let folder = folder(home.path(), 1);
    let first = open(&folder).unwrap();
    let error = open(&folder).unwrap_err().to_string();
    assert!(error.contains("by another process right now"), "{error}");
    drop(first);
    open(&folder).unwrap();
    let absent = open(Path::new("/nowhere")).unwrap_err();
    assert!(format!("{absent:#}").contains("/nowhere is not a run folder"), "{absent:#}");
}
