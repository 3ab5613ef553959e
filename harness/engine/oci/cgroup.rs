//! The cgroups of an instance: who is in them, whether they ran out of memory, and their end.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::config;
use crate::probe::cgroup;

/// How long killed processes may take to be gone: longer only where the kernel hangs.
const GONE_WITHIN: Duration = Duration::from_secs(10);
/// How often they are looked for. Nothing is timed then.
const AGAIN: Duration = Duration::from_millis(1);

/// The folders of an instance's cgroup, one in each hierarchy that has it.
fn folders(id: &str) -> Vec<PathBuf> {
    let name = config::cgroup(id);
    let all = cgroup::hierarchies().into_iter().map(|at| at.join(name.trim_start_matches('/')));
    all.filter(|folder| folder.is_dir()).collect()
}

/// Whether the kernel killed one of its processes for want of memory.
pub(super) fn ran_out_of_memory(id: &str) -> bool {
    folders(id).iter().any(|folder| cgroup::oom_kills_in(folder).is_some_and(|kills| kills > 0))
}

/// Kills what runs in an instance's cgroups, and removes them.
pub(super) fn clear(id: &str) -> io::Result<()> {
    let begun = Instant::now();
    loop {
        let left = folders(id);
        if left.is_empty() {
            return Ok(());
        }
        let mut why = None;
        for folder in &left {
            kill_all(folder);
            why = remove(folder).err().or(why);
        }
        match why {
            Some(error) if begun.elapsed() >= GONE_WITHIN => return Err(error),
            Some(_) => std::thread::sleep(AGAIN),
            None => {}
        }
    }
}

fn kill_all(folder: &Path) {
    // One write where the kernel has it (v2, Linux 5.14), which nobody escapes by forking.
    if fs::write(folder.join("cgroup.kill"), "1").is_ok() {
        return;
    }
    for below in below(folder) {
        let processes = fs::read_to_string(below.join("cgroup.procs")).unwrap_or_default();
        for pid in processes.lines().filter_map(|line| Pid::from_raw(line.trim().parse().ok()?)) {
            // Gone already: no matter.
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

/// A cgroup and those in it, the innermost first.
fn below(folder: &Path) -> Vec<PathBuf> {
    let all = walkdir::WalkDir::new(folder).contents_first(true).into_iter().flatten();
    all.filter(|entry| entry.file_type().is_dir()).map(walkdir::DirEntry::into_path).collect()
}

fn remove(folder: &Path) -> io::Result<()> {
    for folder in below(folder) {
        match fs::remove_dir(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}
