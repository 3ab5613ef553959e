//! Which system calls an instance may make: Docker's own default profile, as data, made
//! into what an OCI runtime reads.
//!
//! `seccomp.json` is `profiles/seccomp/default.json` of Moby 20.10.24 (Apache License 2.0),
//! line breaks aside.

use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use super::config::CAPABILITIES;

/// The profile, by conditions.
const DOCKERS: &str = include_str!("seccomp.json");

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Conditional {
    default_action: String,
    arch_map: Vec<Machine>,
    syscalls: Vec<Group>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Machine {
    architecture: String,
    sub_architectures: Vec<String>,
}

#[derive(Deserialize)]
struct Group {
    #[serde(default)]
    includes: When,
    #[serde(default)]
    excludes: When,
    #[serde(flatten)]
    calls: Calls,
}

/// System calls, and what becomes of who makes one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Calls {
    names: Vec<String>,
    action: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    errno_ret: Option<u32>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    args: Vec<Argument>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Argument {
    index: u32,
    value: u64,
    #[serde(default)]
    value_two: u64,
    op: String,
}

/// Under what a group holds.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct When {
    caps: Vec<String>,
    arches: Vec<String>,
    min_kernel: Option<String>,
}

/// What an OCI runtime reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Seccomp {
    default_action: String,
    architectures: Vec<String>,
    syscalls: Vec<Calls>,
}

impl Seccomp {
    /// As it stands in a configuration.
    pub(super) fn written(&self) -> Result<Box<RawValue>, String> {
        to_raw_value(self).map_err(|e| format!("the seccomp profile: {e}"))
    }
}

/// Docker's default profile on a kind of processor, as Rust names it, and a kernel.
pub(super) fn dockers(processor: &str, kernel: &str) -> Result<Seccomp, String> {
    let all: Conditional =
        serde_json::from_str(DOCKERS).map_err(|e| format!("the seccomp profile: {e}"))?;
    let (name, profiles) = names(processor);
    let machine = all.arch_map.into_iter().find(|machine| machine.architecture == profiles);
    let architectures = match machine {
        Some(machine) => [vec![machine.architecture], machine.sub_architectures].concat(),
        None => Vec::new(),
    };
    let holds = |group: &Group| {
        let kernel_is = group
            .includes
            .min_kernel
            .as_deref()
            .is_none_or(|least| release(kernel) >= release(least));
        let has = |caps: &[String]| caps.iter().any(|cap| CAPABILITIES.contains(&cap.as_str()));
        let is = |arches: &[String]| arches.iter().any(|arch| arch == name);
        let When { caps, arches, .. } = &group.includes;
        kernel_is
            && (caps.is_empty() || has(caps))
            && (arches.is_empty() || is(arches))
            && !has(&group.excludes.caps)
            && !is(&group.excludes.arches)
    };
    let syscalls = all.syscalls.into_iter().filter(holds).map(|group| group.calls).collect();
    Ok(Seccomp { default_action: all.default_action, architectures, syscalls })
}

/// What the profile calls a kind of processor: in its conditions, and in its list of them.
fn names(processor: &str) -> (&'static str, &'static str) {
    match processor {
        "x86_64" => ("amd64", "SCMP_ARCH_X86_64"),
        "aarch64" => ("arm64", "SCMP_ARCH_AARCH64"),
        "s390x" => ("s390x", "SCMP_ARCH_S390X"),
        "powerpc64" => ("ppc64le", "SCMP_ARCH_PPC64LE"),
        // Its own calls alone, which is what a runtime takes where none is named.
        _ => ("", ""),
    }
}

/// The first two numbers of a kernel's release.
fn release(text: &str) -> (u32, u32) {
    let mut numbers = text.split(['.', '-']).map(|part| part.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(profile: &Seccomp, call: &str) -> Vec<Calls> {
        let of = |calls: &&Calls| calls.names.iter().any(|name| name == call);
        profile.syscalls.iter().filter(of).cloned().collect()
    }

    #[test]
    fn what_needs_a_capability_that_nobody_has_is_not_allowed() {
        let profile = dockers("x86_64", "6.1.0-13").unwrap();
        assert_eq!(profile.architectures[0], "SCMP_ARCH_X86_64");
        assert_eq!(profile.default_action, "SCMP_ACT_ERRNO");
        assert!(allowed(&profile, "mount").is_empty() && !allowed(&profile, "read").is_empty());
        assert!(!allowed(&profile, "chroot").is_empty(), "which Docker gives");
        assert_eq!(allowed(&profile, "clone")[0].args[0].value, 2_114_060_288);
        let refused = &allowed(&profile, "clone3")[0];
        assert_eq!((refused.action.as_str(), refused.errno_ret), ("SCMP_ACT_ERRNO", Some(38)));
    }

    #[test]
    fn it_is_that_of_the_processor_and_of_the_kernel() {
        let here = |processor, kernel| dockers(processor, kernel).unwrap();
        assert!(!allowed(&here("x86_64", "6.1"), "arch_prctl").is_empty());
        assert!(allowed(&here("aarch64", "6.1"), "arch_prctl").is_empty());
        assert!(allowed(&here("x86_64", "4.4.0"), "ptrace").is_empty());
        assert!(!allowed(&here("x86_64", "4.19"), "ptrace").is_empty());
        assert_eq!(here("riscv64", "6.1").architectures, [""; 0]);
    }

    #[test]
    fn it_is_written_as_runtimes_read_it() {
        let text = dockers("x86_64", "6.1").unwrap().written().unwrap();
        let text = text.get();
        assert!(text.contains(r#""defaultAction":"SCMP_ACT_ERRNO""#), "{text}");
        assert!(text.contains(r#""valueTwo":0"#) && !text.contains("includes"), "{text}");
    }
}
