//! What the instances of a cold cell had used.

use std::collections::BTreeMap;

use super::distribution::type_7;
use crate::sample::{Cell, Mark, Resources, Sample, Temperature};

/// What the instances of one cold cell had used when their step had ended. None
/// where nothing was read.
#[derive(Debug, Clone, PartialEq)]
pub struct ResourceUse {
    /// Which cell.
    pub cell: Cell,
    /// Rows of which anything was read.
    pub n: usize,
    /// Periods of the CPU quota in which an instance was throttled, all together.
    pub throttled_periods: Option<u64>,
    /// How long an instance was throttled, in microseconds.
    pub throttled_us: Option<MedianAndMax>,
    /// From the function's exec to the reply, in nanoseconds: what it did not work of that it
    /// waited, if one thread did all.
    pub answered_ns: Option<MedianAndMax>,
    /// CPU time from the function's exec, in nanoseconds.
    pub cpu_ns: Option<MedianAndMax>,
    /// Of it in the kernel.
    pub cpu_system_ns: Option<MedianAndMax>,
    /// The most memory that an instance held, in bytes.
    pub peak_memory: Option<MedianAndMax>,
    /// Times that the kernel killed when it ran out of memory, all together.
    pub oom_kills: Option<u64>,
}

/// Of some values: diagnostic, so without intervals.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MedianAndMax {
    /// Median.
    pub median: f64,
    /// Largest.
    pub max: u64,
}

impl MedianAndMax {
    fn of(mut values: Vec<u64>) -> Option<Self> {
        values.sort_unstable();
        Some(Self { median: type_7(&values, 0.5)?, max: *values.last()? })
    }
}

/// Every cold cell of which something was read, in the order of [`Cell`]; no
/// controls. Round 1 is left out as everywhere.
#[must_use]
pub fn resources(samples: &[Sample]) -> Vec<ResourceUse> {
    let mut cells: BTreeMap<&Cell, Vec<(Resources, Option<u64>)>> = BTreeMap::new();
    for sample in super::used(samples) {
        let cell = &sample.cell;
        let counts = cell.temperature == Temperature::Cold
            && cell.control.is_none()
            && sample.outcome.is_ok();
        if let Some(read) = sample.resources.filter(|r| counts && *r != Resources::default()) {
            let answered = sample.marks.between(Mark::Exec, Mark::Responded);
            cells.entry(cell).or_default().push((read, answered));
        }
    }
    cells.into_iter().map(|(cell, rows)| one(cell, &rows)).collect()
}

fn one(cell: &Cell, rows: &[(Resources, Option<u64>)]) -> ResourceUse {
    let values = |of: fn(&Resources) -> Option<u64>| {
        rows.iter().filter_map(|(read, _)| of(read)).collect::<Vec<_>>()
    };
    // Beside CPU time alone it says something.
    let answered = rows.iter().filter(|(read, _)| read.cpu_ns.is_some());
    let sum = |values: Vec<u64>| {
        (!values.is_empty()).then(|| values.into_iter().fold(0, u64::saturating_add))
    };
    ResourceUse {
        cell: cell.clone(),
        n: rows.len(),
        throttled_periods: sum(values(|r| r.throttled_periods)),
        throttled_us: MedianAndMax::of(values(|r| r.throttled_us)),
        answered_ns: MedianAndMax::of(answered.filter_map(|(_, answered)| *answered).collect()),
        cpu_ns: MedianAndMax::of(values(|r| r.cpu_ns)),
        cpu_system_ns: MedianAndMax::of(values(|r| r.cpu_system_ns)),
        peak_memory: MedianAndMax::of(values(|r| r.peak_memory)),
        oom_kills: sum(values(|r| r.oom_kills)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::scenario::LoadShape;
    use crate::stats::tests::{MS, cell, row};

    fn with(round: u32, resources: Option<Resources>) -> Sample {
        let cold = cell(LoadShape::Burst(1), Temperature::Cold);
        Sample { resources, ..row(&cold, round, round, 0, MS) }
    }

    #[test]
    fn what_was_read_is_summed_and_what_was_not_is_none() {
        let read = |periods, us, peak| {
            Some(Resources {
                throttled_periods: Some(periods),
                throttled_us: Some(us),
                peak_memory: Some(peak),
                oom_kills: None,
                cpu_ns: Some(us * 1_000),
                cpu_system_ns: None,
            })
        };
        let rows = [
            with(1, read(100, 900_000, 1 << 30)),
            with(2, read(2, 3_000, 10)),
            with(3, read(0, 0, 30)),
            with(4, read(4, 9_000, 20)),
            with(5, None),
            with(6, Some(Resources::default())),
        ];
        let all = resources(&rows);
        assert_eq!(all.len(), 1);
        assert_eq!((all[0].n, all[0].throttled_periods, all[0].oom_kills), (3, Some(6), None));
        assert_eq!(all[0].throttled_us, Some(MedianAndMax { median: 3_000.0, max: 9_000 }));
        let cpu = MedianAndMax { median: 3e6, max: 9_000_000 };
        assert_eq!((all[0].cpu_ns, all[0].cpu_system_ns), (Some(cpu), None));
        assert_eq!(all[0].peak_memory, Some(MedianAndMax { median: 20.0, max: 30 }));
    }

    #[test]
    fn nothing_read_gives_nothing_and_controls_are_left_out() {
        assert!(resources(&[with(1, None), with(2, Some(Resources::default()))]).is_empty());
        let peak = Resources { peak_memory: Some(1), ..Resources::default() };
        let mut control = with(1, Some(peak));
        control.cell.control = Some(crate::spec::control::Control::Container(0));
        assert!(resources(&[control]).is_empty());
    }
}
