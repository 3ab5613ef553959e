//! Dead processes that a runtime leaves to us.
//!
//! What it forks to leave its terminal becomes our child when the runtime ends, as the instance
//! does (decision 0134). Nobody asks how it ended, and until somebody does the kernel keeps its
//! number: some thousand starts later there is none for another process.

use std::fs;

use rustix::process::{Pid, WaitId, WaitIdOptions, getpid, getsid, waitid};

/// Asks how those ended that nobody else will ask for: dead children of another session than
/// ours, as those that we start ourselves are of our own, and of our own process namespace, as
/// instances have their own. Those of `known` are instances, whatever they are.
pub(super) fn let_go(known: &[u32]) {
    let own = getpid().as_raw_nonzero().get();
    // To this thread, which lives as long as we do, the kernel gives them.
    let children = fs::read_to_string(format!("/proc/self/task/{own}/children"));
    let Some(depth) = depth("self") else { return };
    for number in children.unwrap_or_default().split_whitespace() {
        let Ok(pid) = number.parse() else { continue };
        let is_known = known.iter().any(|one| i64::from(*one) == i64::from(pid));
        if is_known || !is_dead_elsewhere(number) || self::depth(number) != Some(depth) {
            continue;
        }
        if let Some(pid) = Pid::from_raw(pid) {
            // Ended already, so nothing waits; that there is none any more is no matter.
            let _ = waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOHANG);
        }
    }
}

/// Whether a process has ended and was of another session.
fn is_dead_elsewhere(pid: &str) -> bool {
    // `pid (name) state parent group session ...`; the name may hold anything.
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let mut after = stat.rsplit_once(')').map_or("", |(_, after)| after).split_whitespace();
    let (state, session) = (after.next(), after.nth(2).and_then(|session| session.parse().ok()));
    let own = getsid(None).map(|pid| pid.as_raw_nonzero().get()).ok();
    state == Some("Z") && session.is_some() && session != own
}

/// In how many process namespaces, from here on, a process is.
fn depth(pid: &str) -> Option<usize> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let numbers = status.lines().find_map(|line| line.strip_prefix("NSpid:"))?;
    Some(numbers.split_whitespace().count())
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
        while !fs::read_to_string(format!("/proc/{number}/stat")).unwrap().contains(") Z ") {
            assert!(begun.elapsed() < Duration::from_secs(20), "it does not end");
            std::thread::sleep(Duration::from_millis(1));
        }
        (child, number)
    }

    #[test]
    fn who_ended_in_another_session_is_told_from_who_ended_in_ours() {
        // Of a group of its own `setsid` makes a session without another process.
        let (mut elsewhere, number) = dead(&["setsid", "true"]);
        assert!(is_dead_elsewhere(&number) && depth(&number) == depth("self"));
        elsewhere.wait().unwrap();
        let (mut own, number) = dead(&["true"]);
        assert!(!is_dead_elsewhere(&number));
        own.wait().unwrap();
        assert!(!is_dead_elsewhere("self") && !is_dead_elsewhere("none"));
        assert_eq!(depth("none"), None);
    }
}
