//! The cgroups of an instance: who is in them, whether they ran out of memory, and their end.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::config;
use crate::probe::cgroup::{self, Hierarchy, Version};

/// How long killed processes may take to be gone: longer only where the kernel hangs.
const GONE_WITHIN: Duration = Duration::from_secs(10);
/// How often they are looked for. Nothing is timed then.
const AGAIN: Duration = Duration::from_millis(1);

/// The hierarchies of this machine, looked for once: they are mounted when it boots.
fn hierarchies() -> &'static [Hierarchy] {
    static ALL: OnceLock<Vec<Hierarchy>> = OnceLock::new();
    ALL.get_or_init(cgroup::hierarchies)
}

/// The folder of an instance's cgroup in a hierarchy, where there is one in it.
fn folder(hierarchy: &Hierarchy, id: &str) -> PathBuf {
    hierarchy.point.join(config::cgroup(id).trim_start_matches('/'))
}

/// The kernel's list of the processes of an instance that was started: in a hierarchy of the
/// first version where there is any, as some runtimes make no cgroup in the second then.
pub(super) fn processes(id: &str) -> Option<PathBuf> {
    let all = hierarchies();
    let first = all.iter().find(|hierarchy| hierarchy.version == Version::V1);
    first.or(all.first()).map(|hierarchy| folder(hierarchy, id).join("cgroup.procs"))
}

/// Whether the kernel killed one of its processes for want of memory.
pub(super) fn ran_out_of_memory(id: &str) -> bool {
    let mut told = hierarchies().iter().filter(|hierarchy| hierarchy.has_memory);
    told.any(|at| cgroup::oom_kills_in(&folder(at, id)).is_some_and(|kills| kills > 0))
}

/// Kills what runs in an instance's cgroups, and removes them.
pub(super) fn clear(id: &str) -> io::Result<()> {
    clear_in(hierarchies(), id)
}

fn clear_in(hierarchies: &[Hierarchy], id: &str) -> io::Result<()> {
    let begun = Instant::now();
    loop {
        let mut why = None;
        for hierarchy in hierarchies {
            why = end(&folder(hierarchy, id)).err().or(why);
        }
        match why {
            Some(error) if begun.elapsed() >= GONE_WITHIN => return Err(error),
            Some(_) => std::thread::sleep(AGAIN),
            None => return Ok(()),
        }
    }
}

/// Removes a cgroup, and kills who is in it; an error is no end of it yet.
fn end(folder: &Path) -> io::Result<()> {
    // The kernel takes it away where nobody is in it and nothing below it, and only there. Most
    // have ended by now: nothing else has to be asked.
    match fs::remove_dir(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            kill_all(folder);
            remove(folder)
        }
        _ => Ok(()),
    }
}

fn kill_all(folder: &Path) {
    // One write where the kernel has it (v2, Linux 5.14), which nobody escapes by forking.
    let kill = || File::options().write(true).open(folder.join("cgroup.kill"))?.write_all(b"1");
    if kill().is_ok() {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A machine whose cgroups are of version 2 alone, as files: its only hierarchy.
    fn unified(id: &str) -> (tempfile::TempDir, PathBuf) {
        let home = tempfile::tempdir().unwrap();
        let own = home.path().join(format!("coldstart-{id}"));
        fs::create_dir_all(own.join("within")).unwrap();
        (home, own)
    }

    fn of(home: &Path) -> Hierarchy {
        Hierarchy { point: home.to_owned(), version: Version::V2, has_memory: true }
    }

    #[test]
    fn of_version_2_there_is_one_folder_and_it_tells_of_memory() {
        let (home, own) = unified("ab");
        assert_eq!(folder(&of(home.path()), "ab"), own);
        assert_eq!(cgroup::oom_kills_in(&own), None);
        for kills in [0, 2] {
            let events =
                format!("low 0\nhigh 0\nmax 9\noom 3\noom_kill {kills}\noom_group_kill 0\n");
            fs::write(own.join("memory.events"), events).unwrap();
            assert_eq!(cgroup::oom_kills_in(&own), Some(kills));
        }
    }

    #[test]
    fn it_is_removed_wherever_it_is_with_all_below_it_and_no_other_is() {
        let (home, own) = unified("ab");
        let none = tempfile::tempdir().unwrap();
        let all = [of(none.path()), of(home.path())];
        clear_in(&all, "cd").unwrap();
        assert!(own.join("within").exists(), "another's");
        clear_in(&all, "ab").unwrap();
        assert!(!own.exists() && home.path().exists());
        clear_in(&all, "ab").unwrap();
    }

    #[test]
    fn where_the_kernel_kills_a_whole_cgroup_it_is_told_once_and_elsewhere_each_process() {
        let (_home, own) = unified("ab");
        let mut child = std::process::Command::new("sleep").arg("1000").spawn().unwrap();
        fs::write(own.join("within/cgroup.procs"), format!("{}\n", child.id())).unwrap();
        fs::write(own.join("cgroup.kill"), "").unwrap();
        kill_all(&own);
        assert_eq!(fs::read_to_string(own.join("cgroup.kill")).unwrap(), "1");
        assert!(child.try_wait().unwrap().is_none(), "nobody escapes the kernel: it is left to it");
        fs::remove_file(own.join("cgroup.kill")).unwrap();
        // Before Linux 5.14, and in version 1, there is no such file, and none can be made.
        fs::create_dir(own.join("cgroup.kill")).unwrap();
        kill_all(&own);
        assert!(!child.wait().unwrap().success());
    }

    #[test]
    fn those_within_go_before_the_one_that_they_are_in() {
        let (home, own) = unified("ab");
        remove(&own).unwrap();
        assert!(!own.exists() && home.path().exists());
        remove(&own).unwrap();
    }
}
