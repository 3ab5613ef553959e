//! How far the machine let a run measure: quiet, noisy or disturbed, and why.
//!
//! Facts in, a grade and its causes out. Each limit is a constant with its reason. It judges the machine and the driver, never the functions.

use serde::{Deserialize, Serialize};

/// A limit that is not to be exceeded, and a further one.
struct Limits {
    noisy: f64,
    disturbed: f64,
}

/// Above 1 % the slowest percent of the samples may be the hypervisor's; above 5 %
/// medians move by as much as the differences that runs are made to find.
const STEAL: Limits = Limits { noisy: 0.01, disturbed: 0.05 };
/// One bad trial moves a tail, not a median: it never disturbs alone. Less is one
/// tick of a short trial.
const WORST_TRIAL_STEAL: Limits = Limits { noisy: 0.10, disturbed: f64::INFINITY };
/// Tasks a processor. Half of the processors busy leaves none for a burst; but the
/// average lags by a minute, and may tell of images that were built just before,
/// so it never disturbs alone, and is asked only where nobody looked at what runs now.
const LOAD: Limits = Limits { noisy: 0.5, disturbed: f64::INFINITY };
/// Of the processors' time, in the second before the first trial: a machine that does
/// nothing else uses less than a twentieth, and of two processors one busy task uses half.
/// One second tells of that second, so it never disturbs alone.
const BUSY: Limits = Limits { noisy: 0.25, disturbed: f64::INFINITY };
/// Of the same second, that in which a task waited for a processor: those of a burst
/// would wait too. Likewise it never disturbs alone.
const WAITING: Limits = Limits { noisy: 0.10, disturbed: f64::INFINITY };
/// A quiet run waits for no memory at all; above 10 % the machine is short of it.
const MEMORY_PRESSURE: Limits = Limits { noisy: 0.01, disturbed: 0.10 };
/// Starts back to back wait for the disk in 12 to 16 % of the time by themselves, on
/// a quiet machine with a fast one: the engine writes each container down. Twice
/// that may be somebody else, or a slow disk, so it never disturbs alone.
const IO_PRESSURE: Limits = Limits { noisy: 0.30, disturbed: f64::INFINITY };
/// A driver with a processor of its own releases a burst in a tenth of this; the
/// further limit is longer than the kernel lets others run first.
const BURST_WIDTH_NS: Limits = Limits { noisy: 1e6, disturbed: 5e6 };
/// How much the floor may rise or fall within a run: rounds are shuffled, so that
/// no cell gains by it, but a figure then stands for no one state of the machine.
const DRIFT: Limits = Limits { noisy: 0.10, disturbed: 0.25 };
/// Standard deviation of ln(latency) of the null container: with it, the median of
/// 20 rounds is known to within 7 % (95 % interval); with the further limit, 14 %.
const FLOOR_SPREAD: Limits = Limits { noisy: 0.12, disturbed: 0.25 };
/// The one governor that does not let processors slow down while they idle.
const STEADY_GOVERNOR: &str = "performance";

/// How far the machine let a run measure; later is worse.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Grade {
    /// No cause for doubt among the facts that are known.
    #[default]
    Quiet,
    /// Medians stand; tails and small differences may be the machine's.
    Noisy,
    /// The figures tell as much of the machine as of the functions.
    Disturbed,
}

/// What speaks against a run. Shares are of 1.
#[derive(Debug, Clone, PartialEq)]
pub enum Cause {
    /// Share of the processors' time that the hypervisor took.
    Steal(f64),
    /// The same, in the trial in which it was largest.
    WorstTrialSteal(f64),
    /// The load when the run began, in tasks, and the processors that there are.
    Load(f64, usize),
    /// Share of the processors' time that others used in the second before the run.
    Busy(f64),
    /// Share of that second in which tasks waited for a processor.
    Waiting(f64),
    /// Share of the run in which tasks waited for memory.
    MemoryPressure(f64),
    /// Share of the run in which tasks waited for a disk.
    IoPressure(f64),
    /// A governor that lets processors slow down while they idle.
    Governor(String),
    /// How many times processors were slowed down because they were hot.
    Throttled(u64),
    /// 0.99-quantile of the width of a burst's release, in nanoseconds.
    BurstWidth(f64),
    /// The null container's median in the second half of the run, over that in the first.
    Drift(f64),
    /// Standard deviation of ln(latency) of the null container.
    FloorSpread(f64),
}

/// What is known of the machine and the driver during a run. None is unknown, and
/// nothing is held against it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NoiseFacts {
    /// Share of the processors' time that the hypervisor gave to others, over the
    /// whole run, from 0 to 1.
    pub steal: Option<f64>,
    /// The same, over the trial in which it was largest, from 0 to 1.
    pub worst_trial_steal: Option<f64>,
    /// Load average over one minute when the run began, in tasks.
    pub load_at_start: Option<f64>,
    /// Share of the processors' time that others used in the second before the first
    /// trial, from 0 to 1. Where it is known, the load average is not asked.
    pub busy_at_start: Option<f64>,
    /// Share of that second in which some task waited for a processor, from 0 to 1.
    pub waiting_at_start: Option<f64>,
    /// Processors that the driver may use; 0 is unknown.
    pub cpus: usize,
    /// Share of the run in which some task waited for memory, from 0 to 1. None
    /// also where the functions' own limits are tight enough to cause it.
    pub memory_pressure: Option<f64>,
    /// Share of the run in which some task waited for a disk, from 0 to 1. None
    /// also where the scenario empties the page cache: the waiting is its point.
    pub io_pressure: Option<f64>,
    /// Who decides the processors' speed.
    pub governor: Option<String>,
    /// How many times processors were slowed down because they were hot.
    pub throttled: Option<u64>,
    /// 0.99-quantile of the width of a burst's release, in nanoseconds.
    pub burst_width_p99_ns: Option<f64>,
    /// Median of the null container in the second half of the run, divided by that
    /// in the first; 1 is no drift.
    pub drift: Option<f64>,
    /// Standard deviation of ln(latency) of the null container.
    pub floor_spread: Option<f64>,
}

/// Grades a run, and says what speaks against it, the worst
/// first, none when it is quiet. The grade is that of the worst cause; several do
/// not add up.
#[must_use]
pub fn grade(facts: &NoiseFacts) -> (Grade, Vec<Cause>) {
    let mut causes = [of_the_machine(facts), of_the_floor(facts)].concat();
    causes.sort_by_key(|(grade, _)| std::cmp::Reverse(*grade));
    let worst = causes.first().map_or(Grade::Quiet, |(grade, _)| *grade);
    (worst, causes.into_iter().map(|(_, cause)| cause).collect())
}

type Graded = (Grade, Cause);

fn of_the_machine(facts: &NoiseFacts) -> Vec<Graded> {
    let cpus = facts.cpus as f64;
    let is_asked = facts.cpus > 0 && facts.busy_at_start.is_none();
    let per_cpu = facts.load_at_start.filter(|_| is_asked).map(|load| load / cpus);
    let governor = facts.governor.clone().filter(|governor| governor != STEADY_GOVERNOR);
    // Once is enough: a processor that was hot was slow for a while.
    let throttled = facts.throttled.filter(|times| *times > 0);
    let causes = [
        STEAL.judge(facts.steal, Cause::Steal),
        WORST_TRIAL_STEAL.judge(facts.worst_trial_steal, Cause::WorstTrialSteal),
        LOAD.judge(per_cpu, |load| Cause::Load(load * cpus, facts.cpus)),
        BUSY.judge(facts.busy_at_start, Cause::Busy),
        WAITING.judge(facts.waiting_at_start, Cause::Waiting),
        MEMORY_PRESSURE.judge(facts.memory_pressure, Cause::MemoryPressure),
        IO_PRESSURE.judge(facts.io_pressure, Cause::IoPressure),
        governor.map(|governor| (Grade::Noisy, Cause::Governor(governor))),
        throttled.map(|times| (Grade::Noisy, Cause::Throttled(times))),
    ];
    causes.into_iter().flatten().collect()
}

fn of_the_floor(facts: &NoiseFacts) -> Vec<Graded> {
    let ratio = facts.drift.filter(|ratio| *ratio > 0.0);
    // Twice as fast is as much of a change as half as fast.
    let change = ratio.map(|ratio| ratio.max(ratio.recip()) - 1.0);
    let causes = [
        BURST_WIDTH_NS.judge(facts.burst_width_p99_ns, Cause::BurstWidth),
        DRIFT.judge(change, |_| Cause::Drift(ratio.unwrap_or(1.0))),
        FLOOR_SPREAD.judge(facts.floor_spread, Cause::FloorSpread),
    ];
    causes.into_iter().flatten().collect()
}

impl Limits {
    fn judge(&self, value: Option<f64>, cause: impl FnOnce(f64) -> Cause) -> Option<Graded> {
        let value = value.filter(|value| *value > self.noisy)?;
        let grade = if value > self.disturbed { Grade::Disturbed } else { Grade::Noisy };
        Some((grade, cause(value)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn quiet() -> NoiseFacts {
        NoiseFacts {
            steal: Some(0.002),
            worst_trial_steal: Some(0.02),
            load_at_start: Some(0.3),
            busy_at_start: None,
            waiting_at_start: None,
            cpus: 2,
            memory_pressure: Some(0.0),
            io_pressure: Some(0.15),
            governor: Some("performance".to_owned()),
            throttled: Some(0),
            burst_width_p99_ns: Some(400_000.0),
            drift: Some(1.03),
            floor_spread: Some(0.05),
        }
    }

    fn judged(change: impl FnOnce(&mut NoiseFacts)) -> (Grade, Vec<Cause>) {
        let mut facts = quiet();
        change(&mut facts);
        grade(&facts)
    }

    #[test]
    fn a_quiet_machine_gives_no_cause() {
        assert_eq!(grade(&quiet()), (Grade::Quiet, vec![]));
        assert_eq!(grade(&NoiseFacts::default()), (Grade::Quiet, vec![]));
    }

    #[test]
    fn every_fact_is_a_cause_of_its_own() {
        use Grade::{Disturbed, Noisy};
        let check = |change: &dyn Fn(&mut NoiseFacts), grade, cause: Cause| {
            assert_eq!(judged(change), (grade, vec![cause]));
        };
        check(&|f| f.steal = Some(0.032), Noisy, Cause::Steal(0.032));
        check(&|f| f.worst_trial_steal = Some(0.5), Noisy, Cause::WorstTrialSteal(0.5));
        check(&|f| f.load_at_start = Some(1.8), Noisy, Cause::Load(1.8, 2));
        check(&|f| f.memory_pressure = Some(0.2), Disturbed, Cause::MemoryPressure(0.2));
        check(&|f| f.io_pressure = Some(0.5), Noisy, Cause::IoPressure(0.5));
        let governor = || "schedutil".to_owned();
        check(&|f| f.governor = Some(governor()), Noisy, Cause::Governor(governor()));
        check(&|f| f.throttled = Some(3), Noisy, Cause::Throttled(3));
        check(&|f| f.burst_width_p99_ns = Some(2.3e6), Noisy, Cause::BurstWidth(2.3e6));
        check(&|f| f.drift = Some(1.3), Disturbed, Cause::Drift(1.3));
        check(&|f| f.drift = Some(0.85), Noisy, Cause::Drift(0.85));
        check(&|f| f.floor_spread = Some(0.3), Disturbed, Cause::FloorSpread(0.3));
    }

    /// After a build the average is high for minutes, and nothing runs any more.
    #[test]
    fn a_machine_that_is_idle_now_is_quiet_whatever_the_load_average_was() {
        let busy_before = |f: &mut NoiseFacts| f.load_at_start = Some(6.0);
        assert_eq!(judged(busy_before).0, Grade::Noisy, "of a run for which nobody looked");
        let idle_now = |f: &mut NoiseFacts| {
            busy_before(f);
            (f.busy_at_start, f.waiting_at_start) = (Some(0.03), Some(0.0));
        };
        assert_eq!(judged(idle_now), (Grade::Quiet, vec![]));
        let busy_now =
            |f: &mut NoiseFacts| (f.load_at_start, f.busy_at_start) = (Some(0.0), Some(0.5));
        assert_eq!(judged(busy_now), (Grade::Noisy, vec![Cause::Busy(0.5)]));
        let waiting = |f: &mut NoiseFacts| f.waiting_at_start = Some(0.3);
        assert_eq!(judged(waiting), (Grade::Noisy, vec![Cause::Waiting(0.3)]));
    }

    #[test]
    fn the_worst_cause_comes_first_and_decides() {
        let (grade, causes) = judged(|f| {
            f.steal = Some(0.02);
            f.drift = Some(2.0);
        });
        assert_eq!(grade, Grade::Disturbed);
        assert_eq!(causes, [Cause::Drift(2.0), Cause::Steal(0.02)]);
    }

    #[test]
    fn a_limit_itself_is_no_cause() {
        assert_eq!(judged(|f| f.steal = Some(STEAL.noisy)).0, Grade::Quiet);
        assert_eq!(judged(|f| f.steal = Some(STEAL.disturbed)).0, Grade::Noisy);
    }

    #[test]
    fn what_is_no_number_or_unknown_is_no_cause() {
        assert_eq!(judged(|f| f.steal = Some(f64::NAN)).0, Grade::Quiet);
        assert_eq!(judged(|f| f.drift = Some(0.0)).0, Grade::Quiet);
        assert_eq!(judged(|f| (f.cpus, f.load_at_start) = (0, Some(9.0))).0, Grade::Quiet);
    }

    #[test]
    fn a_grade_is_one_lower_case_word() {
        assert_eq!(format!("{:>9}|{}", Grade::Quiet, Grade::Disturbed), "    quiet|disturbed");
        assert_eq!(serde_json::to_string(&Grade::Noisy).unwrap(), "\"noisy\"");
    }

    fn share() -> impl Strategy<Value = Option<f64>> {
        proptest::option::of(prop_oneof![0.0..0.3_f64, 0.0..1.0_f64])
    }

    prop_compose! {
        fn facts()(
            shares in proptest::array::uniform4(share()),
            load_at_start in proptest::option::of(0.0..10.0_f64),
            busy_at_start in share(),
            waiting_at_start in share(),
            cpus in 1..8_usize,
            governor in proptest::option::of("performance|powersave|mixed"),
            throttled in proptest::option::of(0..3_u64),
            burst_width_p99_ns in proptest::option::of(0.0..1e7_f64),
            drift in proptest::option::of(0.5..2.0_f64),
            floor_spread in proptest::option::of(0.0..0.5_f64),
        ) -> NoiseFacts {
            let [steal, worst_trial_steal, memory_pressure, io_pressure] = shares;
            NoiseFacts {
                steal, worst_trial_steal, load_at_start, busy_at_start, waiting_at_start, cpus, memory_pressure, io_pressure,
                governor, throttled, burst_width_p99_ns, drift, floor_spread,
            }
        }
    }

    /// The same facts, or worse ones.
    fn worse(facts: &NoiseFacts, by: &[f64; 8], governor: bool, fewer: usize) -> NoiseFacts {
        let more = |value: Option<f64>, by: f64| Some(value.unwrap_or(0.0) + by);
        let drift = facts.drift.unwrap_or(1.0);
        let away = if drift < 1.0 { drift / (1.0 + by[6]) } else { drift * (1.0 + by[6]) };
        NoiseFacts {
            steal: more(facts.steal, by[0]),
            worst_trial_steal: more(facts.worst_trial_steal, by[1]),
            load_at_start: more(facts.load_at_start, by[2]),
            busy_at_start: facts.busy_at_start.map(|busy| busy + by[2]),
            waiting_at_start: more(facts.waiting_at_start, by[2]),
            cpus: facts.cpus.saturating_sub(fewer).max(1),
            memory_pressure: more(facts.memory_pressure, by[3]),
            io_pressure: more(facts.io_pressure, by[4]),
            governor: if governor { Some("powersave".to_owned()) } else { facts.governor.clone() },
            throttled: facts.throttled.map(|times| times + fewer as u64),
            burst_width_p99_ns: more(facts.burst_width_p99_ns, by[5] * 1e7),
            drift: Some(away),
            floor_spread: more(facts.floor_spread, by[7]),
        }
    }

    proptest! {
        #[test]
        fn worse_facts_never_give_a_better_grade(
            facts in facts(),
            by in proptest::array::uniform8(prop_oneof![Just(0.0), 0.0..0.5_f64]),
            governor in any::<bool>(),
            fewer in 0..4_usize,
        ) {
            let (before, causes) = grade(&facts);
            let (after, more) = grade(&worse(&facts, &by, governor, fewer));
            prop_assert!(after >= before, "{causes:?} then {more:?}");
            prop_assert!(more.len() >= causes.len());
        }

        #[test]
        fn quiet_is_what_has_no_cause(facts in facts()) {
            let (grade, causes) = grade(&facts);
            prop_assert_eq!(grade == Grade::Quiet, causes.is_empty());
        }
    }
}
