//! Where and with what a run was made, and what its figures mean.

use super::words::{counted, plain};
use crate::functions::Limits;
use crate::store::{BaseRecord, FunctionRecord, Origin, Run};
use crate::units::format_size;

/// A name and what it stands for, tamed.
pub(super) type Fact = (String, String);

/// What each figure means, from which instant to which.
pub(super) const MEANINGS: [(&str, &str); 11] = [
    (
        "latency",
        "from the instant the schedule wanted the invocation to the last byte of a verified reply",
    ),
    ("queue", "intended to dispatched: the driver's own lateness"),
    ("create", "dispatched to the start call: the container is created"),
    ("engine", "start call to exec of the function's own binary: engine, runtime, network"),
    ("boot", "exec to the first line of main: the language runtime"),
    ("init", "first line of main to asking for the first event: the function's own start-up"),
    ("invoke", "asking for the event (warm: dispatched) to the last byte of the reply"),
    ("a+b", "phases merged because the mark between them was not seen"),
    (
        "95 %",
        "distribution-free interval from order statistics; it takes rows for independent, which the members of one burst are not quite",
    ),
    (
        "/ warm",
        "cold median over the warm median of the same function and network; a point estimate",
    ),
    ("err", "failures; they rank above every success, so a quantile can be `failed`"),
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
        ("rows", rows(run)),
        ("driver memory", memory),
    ];
    facts.into_iter().map(|(name, text)| (name.to_owned(), plain(&text))).collect()
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
    let Limits { memory, cpus } = f.limits;
    let cpus = cpus.map_or_else(|| "no CPU quota".to_owned(), |n| format!("{n} CPU"));
    let limits = format!("{}, {cpus}, time-out {} ms", format_size(memory), f.timeout_ms);
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
