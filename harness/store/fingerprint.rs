//! A machine and its engine, as far as figures depend on them.

use sha2::{Digest, Sha256};

use crate::engine::EngineInfo;
use crate::probe::host::Host;

/// Memory that a machine may differ by and still be the same: a kernel keeps a
/// little more or less for itself.
const MEMORY: u64 = 256 << 20;

/// What a machine and its engine must share for their figures to be compared, by
/// name.
pub(crate) fn traits<'a>(host: &'a Host, engine: &'a EngineInfo) -> [(&'static str, String); 10] {
    let memory = (host.memory + MEMORY / 2) / MEMORY * (MEMORY >> 20);
    [
        ("processor", host.cpu.clone()),
        ("processors", host.cpus.to_string()),
        ("memory", format!("{memory} MiB")),
        ("architecture", host.architecture.clone()),
        ("kernel", host.kernel.clone()),
        ("engine", engine.told(|of| of.kind.clone())),
        ("engine version", engine.told(|of| of.version.clone())),
        ("OCI runtime", engine.told(|of| of.oci_runtime.clone())),
        ("storage driver", engine.told(|of| of.storage_driver.clone())),
        ("cgroups", engine.told(|of| of.cgroups.clone())),
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
