//! File descriptors: each instance takes some, and a burst that runs out of them would
//! blame functions for it.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What is asked for at most. Programs that close every descriptor there might be take
/// minutes where the limit is a thousand million, and they inherit ours.
const ENOUGH: u64 = 1 << 16;
/// What an instance takes: its listener, its connection, and one to the engine for the
/// call that makes it; a process also a pipe and its own descriptor.
const INSTANCE: u64 = 4;
/// What everything else takes: the runtime, the engine's events, the kernel's, files of
/// results and of `/proc`, and some to spare.
const BESIDE: u64 = 48;

/// Raises the soft limit of this process as far as it may and is of use.
pub fn raise() {
    let limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.unwrap_or(ENOUGH).min(ENOUGH);
    if limit.current.is_some_and(|current| current < wanted) {
        // What is missing then is told before it is needed.
        let _ =
            setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum: limit.maximum });
    }
}

/// Checks that so many instances at a time can be had.
///
/// # Errors
/// Says how many descriptors are needed, how many there may be, and what to type.
pub fn check(instances: u64) -> Result<(), String> {
    enough(instances, getrlimit(Resource::Nofile).current)
}

fn enough(instances: u64, limit: Option<u64>) -> Result<(), String> {
    let needed = instances.saturating_mul(INSTANCE).saturating_add(BESIDE);
    match limit {
        Some(limit) if limit < needed => Err(format!(
            "{instances} instances at a time need {needed} file descriptors, and this process may \
             have {limit}: raise the limit with `ulimit -n {needed}` (as root, or `LimitNOFILE=` \
             of its service), or start fewer at a time"
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_that_does_not_suffice_is_told_with_what_is_needed_and_the_cure() {
        assert_eq!(enough(16, None), Ok(()));
        assert_eq!(enough(16, Some(112)), Ok(()));
        let told = enough(16, Some(60)).unwrap_err();
        for part in ["16 instances", "112 file descriptors", "may have 60", "`ulimit -n 112`"] {
            assert!(told.contains(part), "{told}");
        }
        assert!(enough(u64::MAX, Some(1024)).is_err(), "no sum of it wraps");
    }
}
