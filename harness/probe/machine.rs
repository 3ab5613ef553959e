//! What the machine did meanwhile: time that a hypervisor took, tasks that waited
//! for a processor, for memory or for a disk, and how the processors' speed is
//! governed.
//!
//! A [`Reading`] is taken before and after, between trials, and [`HostInterval`] is
//! their difference. What is a lot is judged in `stats`; must not know of it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::sample::HostInterval;

/// Where the kernel tells of the processors.
const PROCESSORS: &str = "/sys/devices/system/cpu";

/// Counters of the machine at one instant. None where the kernel does not tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reading {
    /// Time that the hypervisor gave to others, all processors, in ticks (10 ms as
    /// a rule).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steal: Option<u64>,
    /// All time of all processors, idle included, in the same ticks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// Of all time, that in which a processor had nothing to do, or nothing but a disk to
    /// wait for, in the same ticks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle: Option<u64>,
    /// Time in which some task waited for a processor, in microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_us: Option<u64>,
    /// Time in which some task waited for memory, in microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_us: Option<u64>,
    /// Time in which some task waited for a disk, in microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub io_us: Option<u64>,
    /// Load average over one minute: tasks that run, or wait to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load: Option<f64>,
}

impl Reading {
    /// Reads five small files, in less than 0.1 ms: take it between trials.
    #[must_use]
    pub fn now() -> Self {
        Self::below(Path::new("/proc"))
    }

    fn below(proc: &Path) -> Self {
        let text = |file: &str| fs::read_to_string(proc.join(file)).ok();
        let times = text("stat").and_then(|stat| processor_times(&stat));
        let pressure = |of: &str| text(&format!("pressure/{of}")).and_then(|t| some_total(&t));
        Self {
            steal: times.map(|t| t.steal),
            total: times.map(|t| t.total),
            idle: times.map(|t| t.idle),
            cpu_us: pressure("cpu"),
            memory_us: pressure("memory"),
            io_us: pressure("io"),
            load: text("loadavg").and_then(|t| t.split(' ').next()?.parse().ok()),
        }
    }
}

impl HostInterval {
    /// The difference of two readings that were taken `elapsed_ns` nanoseconds
    /// apart. Shares have four decimals.
    #[must_use]
    pub fn between(before: &Reading, after: &Reading, elapsed_ns: u64) -> Self {
        let ticks = grown(before.total, after.total);
        let elapsed_us = elapsed_ns as f64 / 1000.0;
        let pressure = |before, after| share(grown(before, after)?, elapsed_us);
        Self {
            steal: grown(before.steal, after.steal).zip(ticks).and_then(|(s, t)| share(s, t)),
            cpu_pressure: pressure(before.cpu_us, after.cpu_us),
            memory_pressure: pressure(before.memory_us, after.memory_us),
            io_pressure: pressure(before.io_us, after.io_us),
            load: after.load,
        }
    }
}

impl HostInterval {
    /// Of two parts of one run, which took so many seconds: the mean of each share,
    /// weighted by time. A share that only one of them knows is that one's.
    #[must_use]
    pub fn then(&self, seconds: f64, later: &Self, later_seconds: f64) -> Self {
        let whole = seconds + later_seconds;
        let mean = |one: Option<f64>, two: Option<f64>| match (one, two) {
            (Some(one), Some(two)) => share(one * seconds + two * later_seconds, whole),
            (one, two) => one.or(two),
        };
        Self {
            steal: mean(self.steal, later.steal),
            cpu_pressure: mean(self.cpu_pressure, later.cpu_pressure),
            memory_pressure: mean(self.memory_pressure, later.memory_pressure),
            io_pressure: mean(self.io_pressure, later.io_pressure),
            load: later.load.or(self.load),
        }
    }
}

/// What others do on the machine while we do nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Others {
    /// Share of the processors' time that was used, from 0 to 1. What a hypervisor took
    /// is not: that is steal.
    pub busy: Option<f64>,
    /// Share of the time in which some task waited for a processor, from 0 to 1.
    pub waiting: Option<f64>,
}

impl Others {
    /// The difference of two readings between which we did nothing for `elapsed_ns`
    /// nanoseconds.
    #[must_use]
    pub fn between(before: &Reading, after: &Reading, elapsed_ns: u64) -> Self {
        let ticks = grown(before.total, after.total);
        let unused = [grown(before.idle, after.idle), grown(before.steal, after.steal)];
        let unused = unused.into_iter().sum::<Option<f64>>();
        let busy = ticks.zip(unused).and_then(|(all, unused)| share((all - unused).max(0.0), all));
        Self { busy, waiting: HostInterval::between(before, after, elapsed_ns).cpu_pressure }
    }

    /// The worse of two looks.
    #[must_use]
    pub fn worst(self, other: Self) -> Self {
        let more = |one: Option<f64>, two: Option<f64>| one.into_iter().chain(two).reduce(f64::max);
        Self { busy: more(self.busy, other.busy), waiting: more(self.waiting, other.waiting) }
    }
}

fn grown(before: Option<u64>, after: Option<u64>) -> Option<f64> {
    Some(after?.checked_sub(before?)? as f64)
}

/// Rounded: a fifth decimal would be noise, and bytes in every row.
fn share(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| ((part / whole).min(1.0) * 1e4).round() / 1e4)
}

/// Who decides the processors' speed, such as `performance` or `schedutil`; `mixed`
/// when they differ. None where the kernel does not decide, as in most virtual
/// machines.
#[must_use]
pub fn governor() -> Option<String> {
    governor_below(Path::new(PROCESSORS))
}

fn governor_below(processors: &Path) -> Option<String> {
    let governor = |processor: PathBuf| word(&processor.join("cpufreq/scaling_governor"));
    let entries = fs::read_dir(processors).ok()?.filter_map(Result::ok).map(|e| e.path());
    let mut found: BTreeSet<String> =
        entries.filter(|p| is_processor(p)).filter_map(governor).collect();
    if found.len() > 1 { Some("mixed".to_owned()) } else { found.pop_first() }
}

/// `cpu0`, and not `cpufreq`.
fn is_processor(path: &Path) -> bool {
    let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
    let number = name.strip_prefix("cpu").unwrap_or_default();
    !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())
}

/// Whether the processors may run faster than their nominal speed for a while
/// (turbo, boost). None where the kernel does not tell.
#[must_use]
pub fn turbo() -> Option<bool> {
    turbo_below(Path::new(PROCESSORS))
}

fn turbo_below(processors: &Path) -> Option<bool> {
    let flag = |file: &str| match word(&processors.join(file))?.as_str() {
        "0" => Some(false),
        "1" => Some(true),
        _ => None,
    };
    // Intel's own driver says the opposite of everybody else's.
    flag("cpufreq/boost").or_else(|| flag("intel_pstate/no_turbo").map(|none| !none))
}

/// How many times the processors have been slowed down because they were hot, all of
/// them together, since the machine began. None where the kernel does not tell.
#[must_use]
pub fn throttles() -> Option<u64> {
    throttles_below(Path::new(PROCESSORS))
}

fn throttles_below(processors: &Path) -> Option<u64> {
    let entries = fs::read_dir(processors).ok()?.filter_map(Result::ok).map(|e| e.path());
    let count = |processor: PathBuf| {
        word(&processor.join("thermal_throttle/core_throttle_count"))?.parse::<u64>().ok()
    };
    let counts: Vec<u64> = entries.filter(|p| is_processor(p)).filter_map(count).collect();
    (!counts.is_empty()).then(|| counts.iter().sum())
}

fn word(file: &Path) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    text.split_whitespace().next().map(str::to_owned)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Times {
    steal: u64,
    total: u64,
    idle: u64,
}

/// From the first line of `/proc/stat`: `cpu`, then user, nice, system, idle,
/// iowait, irq, softirq and steal; guests' time follows and is in user already.
fn processor_times(stat: &str) -> Option<Times> {
    let line = stat.lines().find_map(|line| line.strip_prefix("cpu "))?;
    let fields = line.split_whitespace().take(8).map(|field| field.parse().ok());
    let fields: Vec<u64> = fields.collect::<Option<_>>()?;
    let total = fields.iter().try_fold(0_u64, |sum, time| sum.checked_add(*time))?;
    let idle = fields.get(3)?.checked_add(*fields.get(4)?)?;
    Some(Times { steal: *fields.get(7)?, total, idle })
}

/// From `some avg10=0.00 avg60=0.05 avg300=0.61 total=1158605519`: the total.
fn some_total(pressure: &str) -> Option<u64> {
    let line = pressure.lines().find_map(|line| line.strip_prefix("some "))?;
    line.split(' ').find_map(|field| field.strip_prefix("total="))?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use proptest::prelude::*;
    use tempfile::TempDir;

    use super::*;

    const STAT: &str = "cpu  803746 22 126232 1297355 46980 0 3445 8689 100 0\n\
                        cpu0 386589 10 60328 685395 5886 0 1188 4139 0 0\nintr 28021176 0\n";
    const CPU: &str = "some avg10=0.00 avg60=0.05 avg300=0.61 total=1158605519\n\
                       full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n";

    fn tree(files: &[(&str, &str)]) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    #[test]
    fn a_reading_is_what_the_kernel_tells() {
        let proc = tree(&[
            ("stat", STAT),
            ("loadavg", "0.07 0.18 0.69 2/104 26325\n"),
            ("pressure/cpu", CPU),
            ("pressure/memory", "some avg10=0.00 avg60=0.00 avg300=0.00 total=7\n"),
            ("pressure/io", "some avg10=0.00 avg60=0.00 avg300=0.00 total=8\n"),
        ]);
        let total = 803_746 + 22 + 126_232 + 1_297_355 + 46_980 + 3_445 + 8_689;
        let expected = Reading {
            steal: Some(8_689),
            total: Some(total),
            idle: Some(1_297_355 + 46_980),
            cpu_us: Some(1_158_605_519),
            memory_us: Some(7),
            io_us: Some(8),
            load: Some(0.07),
        };
        assert_eq!(Reading::below(proc.path()), expected);
        let json = serde_json::to_string(&expected).unwrap();
        assert_eq!(serde_json::from_str::<Reading>(&json).unwrap(), expected);
    }

    #[test]
    fn what_an_old_kernel_lacks_is_none() {
        assert_eq!(Reading::below(tree(&[]).path()), Reading::default());
        let proc = tree(&[("stat", "cpu 1 2 3 4\n"), ("loadavg", "much"), ("pressure/cpu", "")]);
        assert_eq!(Reading::below(proc.path()), Reading::default());
        assert_eq!(serde_json::to_string(&Reading::default()).unwrap(), "{}");
    }

    #[test]
    fn a_difference_is_in_shares() {
        let before = Reading {
            steal: Some(10),
            total: Some(1000),
            idle: None,
            cpu_us: Some(0),
            memory_us: Some(5),
            io_us: None,
            load: Some(0.1),
        };
        let after = Reading {
            steal: Some(16),
            total: Some(1200),
            idle: None,
            cpu_us: Some(250_000),
            memory_us: Some(5),
            io_us: Some(9),
            load: Some(1.5),
        };
        let expected = HostInterval {
            steal: Some(0.03),
            cpu_pressure: Some(0.25),
            memory_pressure: Some(0.0),
            io_pressure: None,
            load: Some(1.5),
        };
        assert_eq!(HostInterval::between(&before, &after, 1_000_000_000), expected);
    }

    #[test]
    fn what_others_do_is_neither_idle_nor_steal() {
        let read = |total, idle, steal, cpu_us| Reading {
            total: Some(total),
            idle: Some(idle),
            steal: Some(steal),
            cpu_us: Some(cpu_us),
            ..Reading::default()
        };
        let second = 1_000_000_000;
        let others = |after| Others::between(&read(1_000, 600, 10, 0), &after, second);
        assert_eq!(others(read(1_200, 800, 10, 0)), Others { busy: Some(0.0), waiting: Some(0.0) });
        let found = others(read(1_200, 700, 30, 250_000));
        assert_eq!(found, Others { busy: Some(0.4), waiting: Some(0.25) });
        assert_eq!(others(Reading::default()), Others::default(), "an old kernel tells nothing");
        let worst = found.worst(Others { busy: Some(0.1), waiting: Some(0.5) });
        assert_eq!(worst, Others { busy: Some(0.4), waiting: Some(0.5) });
        assert_eq!(found.worst(Others::default()), found);
    }

    #[test]
    fn counters_that_go_backwards_or_stand_still_tell_nothing() {
        let early =
            Reading { steal: Some(5), total: Some(50), io_us: Some(9), ..Reading::default() };
        let late =
            Reading { steal: Some(4), total: Some(90), io_us: Some(8), ..Reading::default() };
        assert_eq!(HostInterval::between(&early, &late, 1000), HostInterval::default());
        assert_eq!(HostInterval::between(&early, &early, 0), HostInterval::default());
    }

    #[test]
    fn the_governor_is_one_word() {
        let cpus = tree(&[
            ("cpu0/cpufreq/scaling_governor", "schedutil\n"),
            ("cpu11/cpufreq/scaling_governor", "schedutil\n"),
            ("cpufreq/policy0/scaling_governor", "performance\n"),
        ]);
        assert_eq!(governor_below(cpus.path()).as_deref(), Some("schedutil"));
        fs::write(cpus.path().join("cpu11/cpufreq/scaling_governor"), "performance\n").unwrap();
        assert_eq!(governor_below(cpus.path()).as_deref(), Some("mixed"));
        assert_eq!(governor_below(tree(&[("cpu0/online", "1")]).path()), None);
        assert_eq!(governor_below(Path::new("/nowhere")), None);
    }

    #[test]
    fn throttling_is_the_sum_of_all_processors() {
        let cpus = tree(&[
            ("cpu0/thermal_throttle/core_throttle_count", "3\n"),
            ("cpu1/thermal_throttle/core_throttle_count", "4\n"),
        ]);
        assert_eq!(throttles_below(cpus.path()), Some(7));
        assert_eq!(throttles_below(tree(&[("cpu0/online", "1")]).path()), None);
    }

    #[test]
    fn turbo_is_told_by_either_driver() {
        let turbo = |file, text| turbo_below(tree(&[(file, text)]).path());
        assert_eq!(turbo("cpufreq/boost", "1\n"), Some(true));
        assert_eq!(turbo("cpufreq/boost", "0\n"), Some(false));
        assert_eq!(turbo("intel_pstate/no_turbo", "1\n"), Some(false));
        assert_eq!(turbo("intel_pstate/no_turbo", "0\n"), Some(true));
        assert_eq!(turbo("cpufreq/boost", "?"), None);
        assert_eq!(turbo("cpu0/online", "1"), None);
    }

    #[test]
    fn this_machine_whatever_it_is() {
        let (begun, before) = (Instant::now(), Reading::now());
        std::thread::sleep(std::time::Duration::from_millis(30));
        let elapsed = u64::try_from(begun.elapsed().as_nanos()).unwrap();
        let meanwhile = HostInterval::between(&before, &Reading::now(), elapsed);
        assert!(meanwhile.steal.is_none_or(|s| (0.0..=1.0).contains(&s)));
        let _ = (governor(), turbo());
    }

    /// What a reading costs: `cargo test --release -- --ignored a_reading_is_cheap`.
    #[test]
    #[ignore = "a measurement"]
    fn a_reading_is_cheap() {
        let mut costs: Vec<_> = (0..1000)
            .map(|_| {
                let begun = Instant::now();
                std::hint::black_box(Reading::now());
                begun.elapsed()
            })
            .collect();
        costs.sort_unstable();
        eprintln!("p50 {:?}, p99 {:?}", costs[500], costs[990]);
        assert!(costs[500] < std::time::Duration::from_micros(150));
    }

    proptest! {
        #[test]
        fn shares_are_shares(
            before in any::<[Option<u64>; 5]>(),
            after in any::<[Option<u64>; 5]>(),
            elapsed in any::<u64>(),
        ) {
            let reading = |[steal, total, cpu_us, memory_us, io_us]: [Option<u64>; 5]| {
                Reading { steal, total, idle: None, cpu_us, memory_us, io_us, load: None }
            };
            let found = HostInterval::between(&reading(before), &reading(after), elapsed);
            let pressures = [found.cpu_pressure, found.memory_pressure, found.io_pressure];
            for share in pressures.into_iter().chain([found.steal]).flatten() {
                prop_assert!((0.0..=1.0).contains(&share), "{share}");
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in "(?s).{0,80}") {
            let _ = (processor_times(&text), some_total(&text));
            let _ = processor_times(&format!("cpu {text}"));
        }
    }
}
