//! A mount namespace in which the second version of cgroups is not mounted, beside a machine
//! that has controllers in both: some runtimes take only the one or the other.
//!
//! It is made when the instance is created; what falls into its start is a thread that enters
//! it, and calls the runtime from there (decision 0094).

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::thread;

use nix::sched::{CloneFlags, setns, unshare};
use rustix::mount::{MountPropagationFlags, UnmountFlags};
use tokio::runtime::Handle;

use crate::probe::cgroup;

/// A mount namespace of an instance's own, which nothing is in.
#[derive(Debug)]
pub(super) struct Aside(OwnedFd);

impl Aside {
    /// One for an instance of this runtime, if it needs one here. What is mounted for the
    /// instance is mounted by now.
    pub(super) fn of(runtime: &Path) -> io::Result<Option<Self>> {
        // Looked for once: controllers are handed out when the machine boots.
        static SECOND: OnceLock<Option<PathBuf>> = OnceLock::new();
        if !is_for(runtime) {
            return Ok(None);
        }
        let second = SECOND.get_or_init(cgroup::second_with_controllers);
        second.as_deref().map(Self::without).transpose()
    }

    /// One that is as this machine's, without what is mounted at a path.
    fn without(hidden: &Path) -> io::Result<Self> {
        let make = || -> io::Result<Self> {
            // Of this thread alone, which ends here.
            unshare(CloneFlags::CLONE_NEWNS)?;
            // What is taken down here stays where it is elsewhere.
            let apart = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
            rustix::mount::mount_change("/", apart)?;
            rustix::mount::unmount(hidden, UnmountFlags::DETACH)?;
            Ok(Self(File::open("/proc/thread-self/ns/mnt")?.into()))
        };
        in_a_thread(make)
    }

    /// Does something there.
    pub(super) fn within<T: Send>(
        &self,
        act: impl FnOnce() -> io::Result<T> + Send,
    ) -> io::Result<T> {
        let runtime = Handle::current();
        in_a_thread(|| {
            unshare(CloneFlags::CLONE_FS)?;
            setns(self.0.as_fd(), CloneFlags::CLONE_NEWNS)?;
            let _entered = runtime.enter();
            act()
        })
    }
}

/// In a thread of its own, which nothing else is done in later.
pub(super) fn in_a_thread<T: Send>(act: impl FnOnce() -> io::Result<T> + Send) -> io::Result<T> {
    let lost = |_| io::Error::other("the thread for what is done in another namespace panicked");
    thread::scope(|scope| {
        let begun = thread::Builder::new().spawn_scoped(scope, act)?;
        begun.join().unwrap_or_else(|e| Err(lost(e)))
    })
}

/// Whether a runtime refuses a machine that has controllers in both versions.
fn is_for(runtime: &Path) -> bool {
    super::runtimes::is_a(runtime, "crun")
}

/// What is said besides, where a runtime of another name says that it does.
pub(super) fn cure(words: &str) -> Option<&'static str> {
    words.contains("hybrid").then_some(
        "a runtime whose name begins with `crun` is called where the second version of cgroups \
         is not mounted: name it so",
    )
}

/// Whether a mount is to be seen from here.
#[cfg(test)]
fn is_mounted(at: &Path) -> bool {
    let mounts = std::fs::read_to_string("/proc/thread-self/mountinfo").unwrap_or_default();
    mounts.lines().any(|line| line.split(' ').nth(4).map(Path::new) == Some(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_for_one_runtime_by_its_name_and_others_are_told_of_it() {
        assert!(is_for(Path::new("/usr/bin/crun")) && is_for(Path::new("/opt/crun-1.20")));
        assert!(!is_for(Path::new("/usr/sbin/runc")) && !is_for(Path::new("/crun/own")));
        assert!(cure("cgroups in hybrid mode not supported").unwrap().contains("`crun`"));
        assert_eq!(cure("no such file"), None);
    }

    #[tokio::test]
    async fn what_is_hidden_there_stays_mounted_here() {
        // Only root may; the real one is tried in `tests/docker`.
        if !rustix::process::geteuid().is_root() {
            return;
        }
        let proc = Path::new("/proc");
        let aside = Aside::without(Path::new("/sys")).unwrap();
        let there = aside.within(|| Ok([proc, Path::new("/sys")].map(is_mounted))).unwrap();
        assert_eq!((there, is_mounted(Path::new("/sys"))), ([true, false], true));
    }
}
