//! What one process does now: what it has used, whether it runs, and what it waits for.

use std::fs::{self, File};
use std::sync::Arc;

use crate::probe::cgroup::{CpuTime, text_anew};
use crate::system::process::Stat;

/// What the kernel adds up over all threads, while it keeps them from what they do, is read
/// every so many readings: as many as there are threads, within these.
const EACH: (usize, usize) = (2, 32);

/// What a process had used at an instant, and what it did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// When it was read: nanoseconds since the run's epoch.
    pub at: u64,
    /// Nanoseconds of CPU time that the container's processes used in their own code.
    pub user: Option<u64>,
    /// The same in the kernel for them.
    pub system: Option<u64>,
    /// Pages that were mapped without reading, and those that had to be read from storage; none
    /// where its threads were not looked at.
    pub faults: Option<[u64; 2]>,
    /// Bytes that were read from storage; none where they were not looked at, or nothing tells.
    pub read: Option<u64>,
    /// Times that its threads gave the processor up to wait, and that it was taken from them;
    /// none where they were not looked at.
    pub switches: Option<[u64; 2]>,
    /// Of its first thread, as the kernel has it: `R` runs, `S` waits, `D` waits for storage.
    pub state: char,
    /// The kernel's own name of what its first thread waits in; none where it runs.
    pub waits_in: Option<Arc<str>>,
}

/// The first process of a container, with the files that tell of it.
#[derive(Debug)]
pub(super) struct Process {
    pid: u32,
    cpu: Option<CpuTime>,
    /// Of its first thread.
    thread: File,
    /// Of all of them.
    all: File,
    io: Option<File>,
    /// Readings until all threads are looked at again.
    until_all: usize,
    /// The latest wait: it is the same for long.
    wait: Option<Arc<str>>,
}

impl Process {
    /// None where it is gone.
    pub(super) fn of(pid: u32, id: &str) -> Option<Self> {
        let open = |name: &str| File::open(format!("/proc/{pid}/{name}")).ok();
        let (thread, all, io) = (open(&format!("task/{pid}/stat"))?, open("stat")?, open("io"));
        Some(Self { pid, cpu: CpuTime::of(pid, id), thread, all, io, until_all: 0, wait: None })
    }

    /// None where it has ended.
    pub(super) fn read(&mut self, at: u64) -> Option<Reading> {
        let state = Stat::parse(text_anew(&self.thread)?.as_bytes())?.state;
        let cpu = self.cpu.as_ref().and_then(CpuTime::read);
        let waits_in = if state == 'R' { None } else { self.wait() };
        let (user, system) = (cpu.map(|cpu| cpu.0), cpu.map(|cpu| cpu.1));
        let (faults, read, switches) = (None, None, None);
        let reading = Reading { at, user, system, faults, read, switches, state, waits_in };
        Some(match self.until_all.checked_sub(1) {
            Some(left) => {
                self.until_all = left;
                reading
            }
            None => self.of_all(reading)?,
        })
    }

    /// With what all threads have used.
    fn of_all(&mut self, reading: Reading) -> Option<Reading> {
        let stat = Stat::parse(text_anew(&self.all)?.as_bytes())?;
        let read = self.io.as_ref().and_then(text_anew).and_then(|io| number(&io, "read_bytes:"));
        self.until_all = stat.threads.clamp(EACH.0, EACH.1) - 1;
        Some(Reading { faults: Some(stat.faults), read, switches: switches(self.pid), ..reading })
    }

    fn wait(&mut self) -> Option<Arc<str>> {
        let found = fs::read_to_string(format!("/proc/{}/wchan", self.pid)).ok()?;
        let found = found.trim();
        // It may run again by now, and some kernels tell nobody.
        if found.is_empty() || found == "0" {
            return None;
        }
        if self.wait.as_deref() != Some(found) {
            self.wait = Some(Arc::from(found));
        }
        self.wait.clone()
    }
}

/// Switches of all threads.
fn switches(pid: u32) -> Option<[u64; 2]> {
    let mut sum = [0, 0];
    for thread in fs::read_dir(format!("/proc/{pid}/task")).ok()?.flatten() {
        let Ok(status) = fs::read(thread.path().join("status")) else { continue };
        let status = String::from_utf8_lossy(&status);
        for (sum, key) in
            sum.iter_mut().zip(["voluntary_ctxt_switches:", "nonvoluntary_ctxt_switches:"])
        {
            *sum += number(&status, key).unwrap_or(0);
        }
    }
    Some(sum)
}

/// The number behind a key at the beginning of a line.
fn number(text: &str, key: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(key)?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_one_only_at_the_beginning_of_a_line() {
        let status = "nonvoluntary_ctxt_switches:\t4\nvoluntary_ctxt_switches:\t9\n";
        assert_eq!(number(status, "voluntary_ctxt_switches:"), Some(9));
        assert_eq!(number(status, "nonvoluntary_ctxt_switches:"), Some(4));
        assert_eq!(number("read_bytes: x", "read_bytes:"), None);
    }

    #[test]
    fn this_process_is_read_and_one_that_is_gone_is_not() {
        let mut own = Process::of(std::process::id(), "no container").unwrap();
        let reading = own.read(5).unwrap();
        assert!(reading.at == 5 && reading.faults.unwrap()[0] > 0 && reading.user.is_none());
        assert!(reading.switches.is_some() && own.read(6).unwrap().switches.is_none());
        let again = (7..7 + EACH.1 as u64).filter_map(|at| own.read(at)?.switches).count();
        assert!((1..=EACH.1 / EACH.0).contains(&again), "{again}");
        assert!(Process::of(u32::MAX, "").is_none());
    }
}
