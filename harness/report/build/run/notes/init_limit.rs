//! Inits that AWS Lambda would have ended: measured here, and told.

use std::time::Duration;

use crate::report::document::Note;
use crate::sample::{Mark, Sample, Temperature};
use crate::spec::function::INIT_LIMIT;
use crate::store::{FunctionRecord, Run};
use crate::words::{counted, plain};

/// One remark a function that is started as AWS Lambda does, where any of its inits took longer
/// than there.
pub(super) fn init_limit(run: &Run) -> Vec<Note> {
    let started = run.record.functions.iter().filter(|function| function.launch.lambda);
    started.filter_map(|function| told(run, function)).map(Note::warning).collect()
}

fn told(run: &Run, function: &FunctionRecord) -> Option<String> {
    let inits: Vec<Duration> = run
        .samples
        .iter()
        .filter(|s| s.cell.control.is_none() && s.cell.function == function.name)
        .filter_map(init)
        .collect();
    let longer = inits.iter().filter(|init| **init > INIT_LIMIT).count() as u64;
    (longer > 0).then(|| {
        format!(
            "{}: {longer} of {} took longer than {} s: AWS Lambda would have ended such an init \
             then, and begun it again within the invocation, whose time limit it counts against \
             from there on",
            plain(&function.name),
            counted(inits.len() as u64, "init"),
            INIT_LIMIT.as_secs()
        )
    })
}

/// From the exec of the function, or what is known of its begin, until it was ready; none of a
/// warm call, and of one that never was.
fn init(sample: &Sample) -> Option<Duration> {
    let of = &sample.marks;
    let from = of.get(Mark::Exec).or(of.get(Mark::StartReturned)).or(of.get(Mark::StartCalled))?;
    let ready = of.ready().filter(|_| sample.cell.temperature == Temperature::Cold)?;
    Some(Duration::from_nanos(ready.saturating_sub(from)))
}
