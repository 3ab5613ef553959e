//! What the kernel tells and what controls show, added to a made-up run.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::{MS, Maker};
use crate::sample::{Mark, Process, Sample, Temperature};
use crate::spec::control::{Control, SERIES};
use crate::spec::scenario::LoadShape;
use crate::store::Run;

/// The processes of one start as seen on a bridge network: milliseconds after the
/// start call, of which the function's exec is the 232nd.
const SEEN: [(&str, f64, Option<f64>); 7] = [
    ("containerd-shim start", 41.0, Some(52.0)),
    ("containerd-shim", 52.0, None),
    ("runc create", 53.0, Some(180.0)),
    ("runc init", 60.0, Some(232.0)),
    ("libnetwork-setkey", 129.0, Some(170.0)),
    ("runc start", 225.0, Some(236.0)),
    ("the-function", 232.0, None),
];
const EXEC: f64 = 232.0;

/// Lets the kernel tell of every cold start of a function.
pub(crate) fn with_processes(run: &mut Run, function: &str) {
    let cold =
        |s: &&mut Sample| s.cell.function == function && s.cell.temperature == Temperature::Cold;
    for sample in run.samples.iter_mut().filter(cold) {
        let marks = &mut sample.marks;
        let dispatched = marks.get(Mark::Dispatched).unwrap();
        let called = marks.get(Mark::StartCalled).unwrap();
        let main = marks.get(Mark::Main).unwrap();
        // The function's runtime takes a tenth of what the engine and it do.
        let scale = (main - called) as f64 * 0.9 / EXEC;
        let at = |ms: f64| called + (ms * scale) as u64;
        let process = |(name, exec, exit): (&str, f64, Option<f64>)| Process {
            name: name.to_owned(),
            exec: at(exec),
            exit: exit.map(at),
        };
        marks.set(Mark::CreateCalled, dispatched + 40_000);
        marks.set(Mark::Created, called - 30_000);
        marks.set(Mark::Shim, at(41.0));
        marks.set(Mark::OciCreate, at(53.0));
        marks.set(Mark::Hooks, at(129.0));
        marks.set(Mark::OciStart, at(225.0));
        marks.set(Mark::Exec, at(EXEC));
        marks.set(Mark::StartReturned, at(238.0));
        sample.processes = SEEN.map(process).to_vec();
    }
}

/// Adds the controls of every round: what is measured is off by `slope` per known
/// sleep and by noise of so many milliseconds.
pub(crate) fn with_controls(run: &mut Run, slope: f64, noise: f64) {
    let like = run.samples[0].clone();
    let rounds = run.record.scenario.rounds;
    let mut maker = Maker { rng: ChaCha8Rng::seed_from_u64(12), now: 9e12, rows: vec![] };
    for round in 1..=rounds {
        let controls = SERIES.map(Control::Process).into_iter();
        for control in controls.chain(SERIES.map(Control::Container)) {
            let slept = f64::from(control.sleep_ms()) * MS * slope;
            let intended = maker.now;
            let contained = matches!(control, Control::Container(_));
            let engine = if contained { maker.about(150.0 * MS, 0.1) } else { 0.0 };
            let exec = intended + engine;
            let own = 2.1 * MS + maker.about(noise * MS, 0.8);
            let responded = exec + own + slept;
            let mut sample = like.clone();
            sample.round = round;
            sample.cell.function = "null".into();
            sample.cell.control = Some(control);
            sample.cell.act = LoadShape::Burst(1);
            let mut marks = vec![(Mark::Intended, intended), (Mark::Dispatched, intended)];
            if contained {
                marks.push((Mark::Exec, exec));
            }
            marks.push((Mark::Responded, responded));
            sample.marks = marks.into_iter().map(|(mark, at)| (mark, at as u64)).collect();
            maker.now = responded + 300.0 * MS;
            maker.rows.push(sample);
        }
    }
    run.samples.extend(maker.rows);
}
