//! Where and with what a run was made.

use crate::engine::Callback;
use crate::probe::cgroup_moves::is_free;
use crate::report::document::{Cell, Column, Fact, Row, Table};
use crate::spec::factor::{Capabilities, FACTORS, FactorInfo, Offer};
use crate::spec::function::Limits;
use crate::store::{BaseRecord, FunctionRecord, MachineRecord, Origin, Run};
use crate::text::units::{format_ns, format_size};
use crate::words::{counted, is_simulated, plain};

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
        ("engine", engine.told(|of| format!("{} {}, API {}", of.kind, of.version, of.api_version))),
        ("OCI runtime", engine.told(|of| of.oci_runtime.clone()) + &what_ran(run)),
        ("storage", engine.told(|of| format!("{}; cgroups {}", of.storage_driver, of.cgroups))),
        ("engine at", engine.told(|of| format!("{}, kernel {}", of.address, of.kernel))),
        ("engine offers", offers(&engine.offers)),
        ("kernel events", kernel_events(run)),
        ("governor", governor(&r.machine)),
        ("machine", meanwhile(&r.machine)),
        ("null function", null(run)),
        ("rows", rows(run)),
        ("driver memory", memory),
    ];
    let told = [("moves between cgroups", moves(&r.machine)), ("instances call", called_at(run))];
    let told = told.into_iter().filter_map(|(name, text)| Some((name, text?)));
    let facts = facts.into_iter().chain(told);
    facts.map(|(name, text)| (name.to_owned(), plain(&text))).collect()
}

fn offers(offers: &Capabilities) -> String {
    let told = |factor: &FactorInfo| {
        let offer = match offers.of(factor.key)? {
            Offer::Any(true) => "any".to_owned(),
            Offer::Any(false) => "none".to_owned(),
            Offer::Named(names) => names.join(", "),
        };
        Some(format!("{}: {offer}", factor.title))
    };
    let told: Vec<String> = FACTORS.iter().filter_map(told).collect();
    if told.is_empty() { "nothing".to_owned() } else { told.join("; ") }
}

fn kernel_events(run: &Run) -> String {
    let events = &run.record.kernel_events;
    match &events.silent {
        Some(reason) => format!("not received: {reason}"),
        None => format!("{} received, lost {}", events.seen, counted(events.lost, "time")),
    }
}

/// Where instances called that are not on the engine's own network.
fn called_at(run: &Run) -> Option<String> {
    let Callback { address, round_trip_ns } = run.record.engine.callback.as_ref()?;
    let way = round_trip_ns.map_or_else(
        || "no round trip is known".to_owned(),
        |ns| format!("a round trip takes {} us or more, and is part of every figure", ns / 1_000),
    );
    Some(format!("{address}, which was given; {way}; what runs as a process runs on this machine"))
}

/// Which OCI runtimes were heard: engines may run another than the one they are asked for.
fn what_ran(run: &Run) -> String {
    let r = &run.record;
    let told = |(name, program): (&String, &String)| match name == program {
        true => name.clone(),
        false => format!("{program} for {name}"),
    };
    let heard: Vec<String> = r.kernel_events.oci_runtimes.iter().map(told).collect();
    match heard.as_slice() {
        [] if is_simulated(run) => String::new(),
        [] => "; which ran was not heard, and not checked".to_owned(),
        heard => format!("; heard: {}", heard.join(", ")),
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

/// How long a start that comes alone waits to be moved; none where nobody tried.
fn moves(machine: &MachineRecord) -> Option<String> {
    let took = machine.cgroup_move()?;
    Some(match is_free(took) {
        true => "waited for nothing when it began".to_owned(),
        false => format!("waited {} when it began", format_ns(took.as_nanos() as f64)),
    })
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
    let fact = |name: &str, told: String| (name.to_owned(), told);
    let mut facts = vec![fact("command", plain(&r.command)), fact("seed", r.seed.to_string())];
    if r.scenario.is_from_outside() {
        // One that was measured before this was kept says none.
        facts.extend(r.scenario.policy.as_ref().map(|policy| fact("policy", plain(policy))));
    } else if let Some(keep_alive) = r.scenario.keep_alive {
        let until = if r.scenario.remove_at_once { ", at most to the end of a trial" } else { "" };
        facts.push(fact("keep-alive", format!("{} ms{until}", keep_alive.as_millis())));
    }
    facts
}

const FUNCTIONS: [Column; 6] = [
    Column::new("function").names(),
    Column::new("version"),
    Column::new("limits"),
    Column::new("image"),
    Column::new("digest"),
    Column::new("bases"),
];

/// A row a function: version, limits, digests.
pub(super) fn functions(run: &Run) -> Table<'static> {
    let caption = "Functions as they were measured, with the digests of their images";
    let rows = run.record.functions.iter().map(function).collect();
    Table::new("functions", caption, &FUNCTIONS, rows)
}

fn function(f: &FunctionRecord) -> Row {
    let Limits { memory, cpus, processes } = f.limits;
    let cpus = cpus.map_or_else(|| "no CPU quota".to_owned(), |n| format!("{n} CPU"));
    // A run that was measured before there was this limit had none.
    let processes = processes.map_or_else(String::new, |most| format!(", {most} processes"));
    let memory = format_size(memory);
    let limits = format!("{memory}, {cpus}{processes}, time-out {} ms", f.timeout_ms);
    let bases: Vec<String> = f.bases.iter().map(base).collect();
    let image = format!("{} ({})", f.image, format_size(f.size));
    let cells = [&f.name, &f.version, &limits, &image, &f.digest, &bases.join("; ")];
    Row::from(cells.map(|text| Cell::Text(plain(text))).to_vec())
}

fn base(base: &BaseRecord) -> String {
    let origin = match base.origin {
        Origin::Pulled => "pulled",
        Origin::Bootstrapped => "bootstrapped",
        Origin::Fake => "simulated",
    };
    format!("{} {origin} {}", base.name, base.digest)
}
