//! How far the figures of a run can be trusted, and why not.

use crate::analysis::{Analysis, Machine};
use crate::report::document::Block;
use crate::words::{fault, plain};

use super::super::placing::Placing;
use super::{controls, noise, resources};

/// Why the figures are not to be believed; empty for a valid run.
pub(in crate::report) fn faults(analysis: &Analysis) -> Vec<String> {
    let salvaged = analysis.run.salvaged.as_deref();
    let salvaged = salvaged.map(|why| format!("salvaged from a spoilt folder: {}", plain(why)));
    salvaged.into_iter().chain(analysis.controls.faults().iter().map(fault)).collect()
}

/// What speaks against the machine.
pub(in crate::report) fn causes(machine: &Machine) -> Vec<String> {
    machine.causes.iter().map(|cause| plain(&noise::cause(cause))).collect()
}

/// `noisy: cause; cause`.
pub(in crate::report) fn verdict(machine: &Machine) -> String {
    match (&causes(machine)[..], machine.known) {
        ([], true) => machine.grade.to_string(),
        ([], false) => "unknown: nothing was read of it".to_owned(),
        (causes, _) => format!("{}: {}", machine.grade, causes.join("; ")),
    }
}

/// Machine, controls, calibration and resources.
pub(super) fn blocks<'a>(analysis: &Analysis, placing: &Placing<'a>) -> Vec<Block<'a>> {
    let machine = ("machine".to_owned(), verdict(&analysis.machine));
    let mut blocks = vec![Block::Facts(vec![machine])];
    let facts = controls::facts(analysis);
    // That there are none is a warning among the notes.
    if !facts.is_empty() {
        blocks.extend([Block::Heading("Controls and calibration"), Block::Facts(facts)]);
    }
    blocks.extend(placing.of("trust"));
    let used = resources::table(analysis);
    if !used.rows.is_empty() {
        blocks.push(Block::Table(used));
    }
    blocks
}
