//! Whether two runs may be compared: machines, engines, bases.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use super::measured::Measured;
use crate::engine::EngineInfo;
use crate::functions::Limits;
use crate::host::Host;
use crate::units::format_size;

/// Memory that a machine may differ by and still be the same: a kernel keeps a
/// little more or less for itself.
const MEMORY: u64 = 256 << 20;

/// What a machine and its engine must share for their figures to be compared, by
/// name.
fn traits<'a>(host: &'a Host, engine: &'a EngineInfo) -> [(&'static str, String); 10] {
    let memory = (host.memory + MEMORY / 2) / MEMORY * (MEMORY >> 20);
    [
        ("processor", host.cpu.clone()),
        ("processors", host.cpus.to_string()),
        ("memory", format!("{memory} MiB")),
        ("architecture", host.architecture.clone()),
        ("kernel", host.kernel.clone()),
        ("engine", engine.kind.clone()),
        ("engine version", engine.version.clone()),
        ("OCI runtime", engine.oci_runtime.clone()),
        ("storage driver", engine.storage_driver.clone()),
        ("cgroups", engine.cgroups.clone()),
    ]
}

/// Twelve characters that stand for a machine and its engine: the name of its folder
/// below `results/baselines`.
#[must_use]
pub fn fingerprint(host: &Host, engine: &EngineInfo) -> String {
    let mut digest = Sha256::new();
    for (name, value) in traits(host, engine) {
        digest.update(format!("{name}={value}\n"));
    }
    let digest = digest.finalize();
    digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

/// In what machine and engine differ, in words; empty when they do not.
pub(super) fn unlike(base: &Measured, head: &Measured) -> Vec<String> {
    let (was, is) = (traits(&base.host, &base.engine), traits(&head.host, &head.engine));
    let differing = was.into_iter().zip(is).filter(|(was, is)| was.1 != is.1);
    differing.map(|((name, was), (_, is))| format!("{name}: {was} in base, {is} in head")).collect()
}

/// In what the functions of both differ, in words: bases, where they came from, and
/// versions. A gate is there to judge such a change; it is named all the same.
pub(super) fn changed(base: &Measured, head: &Measured) -> Vec<String> {
    let mut notes = Vec::new();
    for (name, was) in &base.party.functions {
        let Some(is) = head.party.functions.get(name) else { continue };
        if was.version != is.version {
            notes.push(format!("{name}: version {} in base, {} in head", was.version, is.version));
        }
        if was.limits != is.limits {
            let (was, is) = (limits(&was.limits), limits(&is.limits));
            notes.push(format!("{name}: {was} in base, {is} in head"));
        }
        let arguments: BTreeSet<&String> = was.bases.keys().chain(is.bases.keys()).collect();
        for argument in arguments {
            let [base, head] =
                [was, is].map(|facts| facts.bases.get(argument).map_or("nothing", String::as_str));
            if base != head {
                notes.push(format!("{name}: built on {base} in base, on {head} in head"));
            }
        }
    }
    notes
}

fn limits(limits: &Limits) -> String {
    let cpus = limits.cpus.map_or_else(|| "no CPU quota".to_owned(), |cpus| format!("{cpus} CPUs"));
    let most = limits.processes.map(|most| format!("{most} processes"));
    let most = most.unwrap_or_else(|| "no limit of processes".to_owned());
    format!("{}, {cpus} and {most}", format_size(limits.memory))
}
