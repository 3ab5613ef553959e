//! What a run knows of its machine, and how it is graded by that.

use crate::spec::factor::PageCache;
use crate::stats::{self, Cause, Grade, NoiseFacts, Stability};
use crate::store::Run;

/// What the machine let a run measure.
#[derive(Debug)]
pub struct Machine {
    /// How far.
    pub grade: Grade,
    /// What speaks against it, the worst first.
    pub causes: Vec<Cause>,
    /// Whether anything is known of it at all.
    pub known: bool,
}

impl Machine {
    /// Of a fleet the worst of its machines.
    pub(super) fn of_all(run: &Run) -> Self {
        let nodes = run.nodes.iter().filter_map(|of| of.run.as_ref()).map(Self::of);
        nodes.max_by_key(|machine| machine.grade).unwrap_or_else(|| Self::of(run))
    }

    pub(super) fn of(run: &Run) -> Self {
        let facts = facts(run);
        let (grade, causes) = stats::grade(&facts);
        Self { grade, causes, known: is_known(facts) }
    }
}

fn facts(run: &Run) -> NoiseFacts {
    let (machine, factors) = (&run.record.machine, &run.record.scenario.factors);
    let meanwhile = machine.meanwhile.unwrap_or_default();
    let steady = Stability::of(&run.samples);
    let worst = run.trials.iter().filter_map(|trial| trial.machine.steal).max_by(f64::total_cmp);
    // Where files are driven out of memory the waiting is the point, and so it is
    // where instances are given little memory.
    let warm = factors.page_cache.iter().all(|state| *state == PageCache::Warm);
    NoiseFacts {
        steal: meanwhile.steal,
        worst_trial_steal: worst,
        load_at_start: machine.load_at_start,
        busy_at_start: machine.busy_at_start,
        waiting_at_start: machine.waiting_at_start,
        cpus: run.record.host.cpus,
        memory_pressure: meanwhile.memory_pressure.filter(|_| factors.memory.is_empty()),
        io_pressure: meanwhile.io_pressure.filter(|_| warm),
        governor: machine.governor.clone(),
        throttled: machine.throttled,
        burst_width_p99_ns: stats::release_widths(&run.samples).map(|width| width.p99),
        drift: steady.map(|s| s.drift),
        floor_spread: steady.map(|s| s.spread),
    }
}

/// Whether anything of the machine itself is among the facts: the driver's own
/// bursts alone tell little.
fn is_known(facts: NoiseFacts) -> bool {
    let nothing = NoiseFacts {
        cpus: facts.cpus,
        burst_width_p99_ns: facts.burst_width_p99_ns,
        ..NoiseFacts::default()
    };
    facts != nothing
}
