//! Where and with what a run was made, and what its figures mean.

use super::words::{counted, plain};
use crate::engine::Capabilities;
use crate::spec::function::Limits;
use crate::store::{BaseRecord, FunctionRecord, MachineRecord, Origin, Run};
use crate::text::units::format_size;

/// A name and what it stands for, tamed.
pub(super) type Fact = (String, String);

/// What each figure means, from which instant to which.
pub(super) const MEANINGS: [(&str, &str); 27] = [
    (
        "the answer",
        "of medians of single cold calls (of the smallest bursts where there are none); one function takes longer than another where their 95 % intervals do not overlap; shares are of the row nearest the median",
    ),
    (
        "latency",
        "from the instant the schedule wanted the invocation to the last byte of its reply",
    ),
    ("queue", "intended to dispatched: the driver's own lateness"),
    ("create", "dispatched to the start call: the container is created"),
    ("daemon", "start call to the shim's exec: the engine's daemon"),
    ("shim", "the shim's exec to the OCI runtime's create"),
    (
        "sandbox",
        "the OCI runtime's create to its first hook, or to its end: namespaces, cgroups, mounts",
    ),
    ("network", "the first hook, or the end of the create, to the OCI runtime's start"),
    ("start", "the OCI runtime's start to the exec of the function's own binary"),
    ("engine", "daemon, shim, sandbox, network and start, merged"),
    ("boot", "exec to the first line of main: the language runtime"),
    ("init", "first line of main to asking for the first event: the function's own start-up"),
    ("invoke", "asking for the event (warm: dispatched) to the last byte of the reply"),
    ("replied", "the instant, by its own clock, at which the function began to write its reply"),
    ("a+b", "phases merged because the mark between them was not seen"),
    (
        "95 %",
        "interval that assumes no distribution: of one row a round from order statistics; of several, which are not independent, by drawing whole rounds again, and none below six rounds",
    ),
    (
        "/ warm",
        "cold median over the warm median of the same function and network; a point estimate",
    ),
    ("err", "failures; they rank above every success, so a quantile can be `failed`"),
    (
        "null process",
        "a function that does nothing but answer, as a process of the host: what the driver itself takes",
    ),
    (
        "null container",
        "the same in a container from an empty image: what the engine takes of every function",
    ),
    (
        "over the null container",
        "excess: cold median less that of the null container under the same factors; a point estimate",
    ),
    (
        "calibration",
        "the null function sleeps a known time before it is ready: a line through the known and the measured",
    ),
    ("slope", "measured per known time, with its standard error; 1 is the truth"),
    ("intercept", "what is measured of no sleep"),
    (
        "spread",
        "standard deviation of the starts about that line, by the median absolute deviation",
    ),
    ("reply seen", "bias: replied to the instant at which the driver had read the reply"),
    (
        "machine",
        "quiet, noisy (medians stand, tails and small differences may be the machine's) or disturbed",
    ),
];

/// The machine, the engine and the run.
pub(super) fn facts(run: &Run) -> Vec<Fact> {
    let (r, host, engine) = (&run.record, &run.record.host, &run.record.engine);
    let elapsed = r.elapsed.map_or_else(|| "unfinished".to_owned(), |s| format!("{s:.0} s"));
    let memory = r.driver_memory.map_or_else(|| "unknown".to_owned(), format_size);
    let facts = [
        ("run", format!("{}, began {}, took {elapsed}", r.id, r.started)),
        ("tool", format!("{}, format {}", r.tool, r.format)),
        ("host", format!("{} x {}, {}", host.cpus, host.cpu, format_size(host.memory))),
        ("system", format!("{}, {}, {}", host.os, host.kernel, host.architecture)),
        ("engine", format!("{} {}, API {}", engine.kind, engine.version, engine.api_version)),
        ("OCI runtime", engine.oci_runtime.clone()),
        ("storage", format!("{}; cgroups {}", engine.storage_driver, engine.cgroups)),
        ("engine at", format!("{}, kernel {}", engine.address, engine.kernel)),
        ("engine offers", offers(&engine.offers)),
        ("kernel events", kernel_events(run)),
        ("governor", governor(&r.machine)),
        ("machine", meanwhile(&r.machine)),
        ("null function", null(run)),
        ("rows", rows(run)),
        ("driver memory", memory),
    ];
    facts.into_iter().map(|(name, text)| (name.to_owned(), plain(&text))).collect()
}

fn offers(offers: &Capabilities) -> String {
    let list = |names: &[String]| match names {
        [] => "none named".to_owned(),
        names => names.join(", "),
    };
    let able = |able: bool| if able { "yes" } else { "no" };
    format!(
        "OCI runtimes: {}; log drivers: {}; CPU quota: {}; memory limit: {}",
        list(&offers.runtimes),
        list(&offers.log_drivers),
        able(offers.cpu_quota),
        able(offers.memory_limit)
    )
}

fn kernel_events(run: &Run) -> String {
    let events = &run.record.kernel_events;
    match &events.silent {
        Some(reason) => format!("not heard: {reason}"),
        None => format!("{} heard, lost {}", events.seen, counted(events.lost, "time")),
    }
}

/// What the controls were made with.
fn null(run: &Run) -> String {
    let null = run.record.null.as_ref();
    null.map_or_else(|| "none".to_owned(), |f| format!("{}, {}, {}", f.name, f.version, f.digest))
}

/// What the machine did from the begin to the end of the run.
fn meanwhile(machine: &MachineRecord) -> String {
    let m = machine.meanwhile.unwrap_or_default();
    let share = |share: Option<f64>| {
        share.map_or_else(|| "unknown".to_owned(), |share| format!("{:.1} %", share * 100.0))
    };
    let load = machine.load_at_start.map_or_else(|| "unknown".to_owned(), |l| format!("{l:.2}"));
    let others = machine.busy_at_start.map_or_else(String::new, |busy| {
        format!(", others used {:.1} % of the processors in the second before", busy * 100.0)
    });
    format!(
        "load at start {load}{others}; over the run steal {}, pressure of CPU {}, memory {}, disk {}",
        share(m.steal),
        share(m.cpu_pressure),
        share(m.memory_pressure),
        share(m.io_pressure)
    )
}

/// Who decides the processors' speed, and whether they may exceed it.
fn governor(machine: &MachineRecord) -> String {
    let governor = machine.governor.as_deref().unwrap_or("none to see");
    let turbo = match machine.turbo {
        None => "",
        Some(true) => ", turbo on",
        Some(false) => ", turbo off",
    };
    format!("{governor}{turbo}")
}

fn rows(run: &Run) -> String {
    let counts = &run.record.counts;
    format!(
        "{} planned, {} succeeded, {} failed, {} dropped",
        counts.planned,
        counts.ok,
        counts.failed,
        counted(counts.dropped_marks, "mark")
    )
}

/// What repeats the run.
pub(super) fn repeat(run: &Run) -> Vec<Fact> {
    let r = &run.record;
    vec![
        ("command".to_owned(), plain(&r.command)),
        ("seed".to_owned(), r.seed.to_string()),
        ("keep-alive".to_owned(), format!("{} ms", r.scenario.keep_alive.as_millis())),
    ]
}

/// Heading of [`functions`].
pub(super) const FUNCTION_COLUMNS: [&str; 6] =
    ["function", "version", "limits", "image", "digest", "bases"];

/// A row a function: version, limits, digests.
pub(super) fn functions(run: &Run) -> Vec<[String; 6]> {
    run.record.functions.iter().map(function).collect()
}

fn function(f: &FunctionRecord) -> [String; 6] {
    let Limits { memory, cpus, processes } = f.limits;
    let cpus = cpus.map_or_else(|| "no CPU quota".to_owned(), |n| format!("{n} CPU"));
    // A run that was measured before there was this limit had none.
    let processes = processes.map_or_else(String::new, |most| format!(", {most} processes"));
    let memory = format_size(memory);
    let limits = format!("{memory}, {cpus}{processes}, time-out {} ms", f.timeout_ms);
    let bases: Vec<String> = f.bases.iter().map(base).collect();
    let image = format!("{} ({})", f.image, format_size(f.size));
    [&f.name, &f.version, &limits, &image, &f.digest, &bases.join("; ")].map(|t| plain(t))
}

fn base(base: &BaseRecord) -> String {
    let origin = match base.origin {
        Origin::Pulled => "pulled",
        Origin::Bootstrapped => "bootstrapped",
        Origin::Fake => "simulated",
    };
    format!("{} {origin} {}", base.name, base.digest)
}
