//! What speaks against a machine, in words, and what helps.

use crate::stats::Cause;
use crate::text::units::format_ns;

/// A cause in a sentence without its stop.
pub(super) fn cause(cause: &Cause) -> String {
    match cause {
        Cause::Steal(share) => {
            format!("the hypervisor took {} of the processors' time (steal)", percent(*share))
        }
        Cause::WorstTrialSteal(share) => {
            let share = percent(*share);
            format!("in one trial the hypervisor took {share} of the processors' time (steal)")
        }
        Cause::Load(tasks, cpus) => {
            format!("the load was {tasks:.1} on {cpus} processors when the run began")
        }
        Cause::Busy(share) => {
            let share = percent(*share);
            format!("others used {share} of the processors' time in the second before the run")
        }
        Cause::Waiting(share) => format!(
            "tasks waited for a processor in {} of the second before the run (pressure)",
            percent(*share)
        ),
        Cause::MemoryPressure(share) => {
            format!("tasks waited for memory in {} of the time (pressure)", percent(*share))
        }
        Cause::IoPressure(share) => {
            format!("tasks waited for a disk in {} of the time (pressure)", percent(*share))
        }
        Cause::Governor(governor) => format!(
            "the processors' governor is `{governor}`: processors that idled may begin slowly"
        ),
        Cause::Throttled(times) => {
            format!("processors were slowed down {times} times because they were hot")
        }
        Cause::BurstWidth(ns) => {
            format!("the driver took {} to release a burst (p99)", format_ns(*ns))
        }
        Cause::Drift(ratio) => {
            let way = if *ratio > 1.0 { "slower" } else { "faster" };
            let by = percent((ratio - 1.0).abs());
            format!("the null container was {by} {way} in the second half of the run")
        }
        Cause::FloorSpread(spread) => format!(
            "the null container's latency varied by {} (one standard deviation)",
            percent(spread.exp_m1())
        ),
    }
}

/// What to do about it.
pub(super) fn cure(cause: &Cause) -> &'static str {
    match cause {
        Cause::Steal(_) | Cause::WorstTrialSteal(_) => {
            "measure on a host whose processors are not shared"
        }
        Cause::Load(..) | Cause::Busy(_) | Cause::Waiting(_) => {
            "wait until the load has gone down, then measure again"
        }
        Cause::MemoryPressure(_) => "free memory: stop what uses it, or measure smaller bursts",
        Cause::IoPressure(_) => "measure on a faster disk, or where nothing else writes",
        Cause::Governor(_) => "set the governor: `cpupower frequency-set -g performance`",
        Cause::Throttled(_) => "let it cool, or limit its turbo, then measure again",
        Cause::BurstWidth(_) | Cause::Drift(_) | Cause::FloorSpread(_) => {
            "measure where nothing else runs"
        }
    }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cause_has_its_sentence() {
        let check = |of: Cause, text: &str| assert_eq!(cause(&of), text);
        check(Cause::Steal(0.032), "the hypervisor took 3.2 % of the processors' time (steal)");
        check(
            Cause::WorstTrialSteal(0.5),
            "in one trial the hypervisor took 50.0 % of the processors' time (steal)",
        );
        check(Cause::Load(1.8, 2), "the load was 1.8 on 2 processors when the run began");
        check(
            Cause::Busy(0.5),
            "others used 50.0 % of the processors' time in the second before the run",
        );
        check(
            Cause::Waiting(0.3),
            "tasks waited for a processor in 30.0 % of the second before the run (pressure)",
        );
        check(
            Cause::MemoryPressure(0.2),
            "tasks waited for memory in 20.0 % of the time (pressure)",
        );
        check(Cause::IoPressure(0.5), "tasks waited for a disk in 50.0 % of the time (pressure)");
        check(
            Cause::Governor("schedutil".to_owned()),
            "the processors' governor is `schedutil`: processors that idled may begin slowly",
        );
        check(Cause::Throttled(3), "processors were slowed down 3 times because they were hot");
        check(Cause::BurstWidth(2.3e6), "the driver took 2.30 ms to release a burst (p99)");
        check(
            Cause::Drift(1.3),
            "the null container was 30.0 % slower in the second half of the run",
        );
        check(
            Cause::Drift(0.85),
            "the null container was 15.0 % faster in the second half of the run",
        );
        check(
            Cause::FloorSpread(0.3),
            "the null container's latency varied by 35.0 % (one standard deviation)",
        );
    }
}
