//! Made-up controls and throughput for tests.

use super::synthetic;
use crate::sample::{HostInterval, Mark, Sample, Temperature};
use crate::spec::control::{Control, SERIES};
use crate::spec::factor::Factors;
use crate::spec::scenario::LoadShape;
use crate::store::{MachineRecord, Run};

const MS: f64 = 1e6;

/// One start of a control, whose measured sleep is `slope` times the known one.
fn start(control: Control, round: u32, slope: f64, like: &Sample) -> Sample {
    let mut row = like.clone();
    let contained = matches!(control, Control::Container(_));
    row.cell.function = "rust".into();
    row.cell.control = Some(control);
    row.cell.act = LoadShape::Burst(1);
    row.cell.temperature = Temperature::Cold;
    (row.cell.pattern, row.cell.step) = ("control".into(), "call".into());
    if !contained {
        row.cell.factors = Factors::of_a_process();
    }
    let ms = control.sleep_ms();
    (row.round, row.index, row.trial) = (round, 0, 10_000 + round * 20 + ms + u32::from(contained));
    // A sawtooth of a few percent, the same in every build.
    let noise = f64::from(round * 7 % 19) / 19.0 - 0.5;
    let engine = if contained { 178.0 * MS * (1.0 + 0.08 * noise) } else { 0.9 * MS };
    let own = 0.5 * MS + slope * f64::from(ms) * MS + 0.05 * MS * noise;
    let from = f64::from(row.trial) * 1e9;
    let exec = from + engine;
    let marks = [
        (Mark::Intended, from),
        (Mark::Dispatched, from + 9e3),
        (Mark::StartCalled, from + 2e4),
        (Mark::Exec, exec),
        (Mark::Main, exec + 0.2 * MS),
        (Mark::Ready, exec + own - 0.1 * MS),
        (Mark::Replied, exec + own),
        (Mark::Responded, exec + own + 38e3 + 2e4 * noise),
    ];
    row.marks = marks.into_iter().map(|(mark, at)| (mark, at as u64)).collect();
    row
}

/// Adds the controls to a run, with a driver that measures `slope` times the truth.
pub(crate) fn with_controls(mut run: Run, slope: f64) -> Run {
    let like = run.samples[0].clone();
    for round in 1..=run.record.scenario.rounds {
        for ms in SERIES {
            for control in [Control::Process(ms), Control::Container(ms)] {
                run.samples.push(start(control, round, slope, &like));
            }
        }
    }
    run.record.machine = MachineRecord {
        throttled: Some(0),
        governor: None,
        turbo: None,
        load_at_start: Some(0.4),
        busy_at_start: None,
        waiting_at_start: None,
        cgroup_move_ns: Some(9_300_000),
        meanwhile: Some(HostInterval {
            steal: Some(0.002),
            cpu_pressure: Some(0.11),
            memory_pressure: Some(0.0),
            io_pressure: Some(0.14),
            load: Some(1.2),
        }),
    };
    run.record.kernel_events.seen = 31_234;
    run
}

/// A run of throughput: in each round 5 starts one at a time, and 40 by four.
pub(crate) fn parallel(rounds: u32) -> Run {
    let mut run = synthetic::run(&synthetic::FOUR[..1], 1);
    let like = run.samples[0].clone();
    run.samples.clear();
    run.record.scenario.in_parallel(4);
    run.record.scenario.rounds = rounds;
    for round in 1..=rounds {
        let wobble = f64::from(round * 5 % 7);
        for (pattern, workers, starts, ms) in [("one", 1, 5, 146.0), ("many", 4, 40, 401.0)] {
            for index in 0..starts {
                let mut row = like.clone();
                row.cell.act = LoadShape::Parallel { workers, starts };
                (row.cell.pattern, row.cell.step) = (pattern.into(), "starts".into());
                (row.round, row.trial, row.index) = (round, round * 2 + workers / 4, index);
                let took = (ms + wobble) * MS;
                let from = f64::from(row.trial) * 1e11 + f64::from(index / workers) * took * 1.4;
                let marks = [
                    (Mark::Intended, from),
                    (Mark::Dispatched, from + 9e3),
                    (Mark::StartCalled, from + 6.0 * MS),
                    (Mark::Main, from + took * 0.8),
                    (Mark::Ready, from + took * 0.9),
                    (Mark::Responded, from + took),
                    (Mark::Removed, from + took * 1.4),
                ];
                row.marks = marks.into_iter().map(|(mark, at)| (mark, at as u64)).collect();
                run.samples.push(row);
            }
        }
    }
    run
}
