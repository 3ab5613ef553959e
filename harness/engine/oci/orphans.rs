//! Dead processes that a runtime leaves to us.
//!
//! What it forks to leave its terminal becomes our child when the runtime ends, as the instance
//! does (decision 0134). Nobody asks how it ended, and until somebody does the kernel keeps its
//! number: some thousand starts later there is none for another process.

use std::fs;

use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

use crate::system::process::{self, Stat};

/// Asks how those ended that nobody else will ask for: dead children of another session than
/// ours, as those that we start ourselves are of our own, and of our own process namespace, as
/// instances have their own. Those of `known` are instances, whatever they are.
pub(super) fn let_go(known: &[u32]) {
    // To this thread, which lives as long as we do, the kernel gives them.
    let list = format!("/proc/self/task/{}/children", std::process::id());
    let children = fs::read_to_string(list).unwrap_or_default();
    let (Some(own), Some(depth)) = (Stat::of("self"), depth("self")) else { return };
    for number in children.split_whitespace() {
        let Ok(pid) = number.parse() else { continue };
        let is_known = known.iter().any(|one| i64::from(*one) == i64::from(pid));
        let is_dead = || Stat::of(pid).is_some_and(|stat| is_dead_elsewhere(&stat, &own));
        if is_known || !is_dead() || self::depth(number) != Some(depth) {
            continue;
        }
        if let Some(pid) = Pid::from_raw(pid) {
            // Ended already, so nothing waits; that there is none any more is no matter.
            let _ = waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOHANG);
        }
    }
}

/// Whether a process has ended and was of another session than our own, which may have been
/// made outside of our namespace of process ids (`docker exec`, `unshare`), as 0.
fn is_dead_elsewhere(stat: &Stat, own: &Stat) -> bool {
    stat.is_over() && stat.session.is_some() && stat.session != own.session
}

/// In how many namespaces of process ids, from here on, a process is.
fn depth(process: &str) -> Option<usize> {
    process::numbers(process).map(|numbers| numbers.len())
}

#[cfg(test)]
mod tests {
    use std::process::{Child, Command, Stdio};
    use std::time::{Duration, Instant};

    use super::*;

    /// A dead child of the thread that calls, which nobody asked for yet.
    fn dead(program: &[&str]) -> (Child, String) {
        let child =
            Command::new(program[0]).args(&program[1..]).stdout(Stdio::null()).spawn().unwrap();
        let number = child.id().to_string();
        let begun = Instant::now();
        while !Stat::of(&number).unwrap().is_over() {
            assert!(begun.elapsed() < Duration::from_secs(20), "it does not end");
            std::thread::sleep(Duration::from_millis(1));
        }
        (child, number)
    }

    #[test]
    fn who_ended_in_another_session_is_told_from_who_ended_in_ours() {
        // Of a group of its own `setsid` makes a session without another process.
        let (mut elsewhere, number) = dead(&["setsid", "true"]);
        let this = Stat::of("self").unwrap();
        let told = Stat::of(&number).unwrap();
        assert!(is_dead_elsewhere(&told, &this) && depth(&number) == depth("self"));
        elsewhere.wait().unwrap();
        let (mut own, number) = dead(&["true"]);
        assert!(!is_dead_elsewhere(&Stat::of(number).unwrap(), &this));
        own.wait().unwrap();
        assert!(!is_dead_elsewhere(&this, &this));
        assert_eq!(depth("none"), None);
    }

    #[test]
    fn a_session_that_was_made_outside_of_our_namespace_is_ours_as_any_other() {
        let (this, of) =
            (Stat::of("self").unwrap(), |session| move |stat| Stat { session, ..stat });
        let outside = of(Some(0))(this);
        let dead = |session| Stat { state: 'Z', ..of(session)(this) };
        assert!(!is_dead_elsewhere(&dead(Some(0)), &outside));
        assert!(is_dead_elsewhere(&dead(Some(7)), &outside));
        assert!(!is_dead_elsewhere(&dead(None), &outside), "it was waited for");
    }
}
