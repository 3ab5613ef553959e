//! Moves between cgroups that do not wait.
//!
//! Who moves a process to another cgroup keeps all others from starting and ending meanwhile.
//! Linux lets those go without a lock as long as nobody moves, so that the first move after a
//! quiet time waits for a grace period of RCU: 8 to 25 ms of a start on a machine with 250 ticks
//! a second. The mount option `favordynmods` (Linux 6.0) of any hierarchy takes that back for all
//! of them, as long as the hierarchy stands. Must not know engines or trials.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fd::AsFd as _;
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, fsconfig_create, fsconfig_set_flag,
    fsconfig_set_string, fsmount, fsopen,
};

/// While it lives the kernel favours moves between cgroups.
///
/// A hierarchy without controllers or processes of its own, mounted nowhere: nothing of it is
/// left when this process ends, however it ends.
#[derive(Debug)]
pub struct Favored {
    _mount: OwnedFd,
}

/// Makes moves between cgroups wait for nothing, on the whole machine.
///
/// # Errors
/// Says why it cannot be had: an older kernel, or no right to it.
pub fn favor() -> Result<Favored, String> {
    made().map(|_mount| Favored { _mount }).map_err(|error| {
        format!(
            "the kernel does not favour moves between cgroups here ({error}): that takes root \
             outside any container, and Linux 6.0 (`favordynmods`)"
        )
    })
}

fn made() -> io::Result<OwnedFd> {
    let hierarchy = fsopen("cgroup", FsOpenFlags::FSOPEN_CLOEXEC)?;
    let hierarchy = hierarchy.as_fd();
    fsconfig_set_flag(hierarchy, "none")?;
    fsconfig_set_string(hierarchy, "name", name())?;
    fsconfig_set_flag(hierarchy, "favordynmods")?;
    fsconfig_create(hierarchy)?;
    Ok(fsmount(hierarchy, FsMountFlags::FSMOUNT_CLOEXEC, MountAttrFlags::empty())?)
}

/// One that no hierarchy has: one that is about to go cannot be had again, and that of another
/// driver would end with it.
fn name() -> String {
    static MADE: AtomicU64 = AtomicU64::new(0);
    format!("coldstart-{}-{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stands() -> bool {
        let name = format!("name=coldstart-{}-", std::process::id());
        std::fs::read_to_string("/proc/self/cgroup").unwrap().contains(&name)
    }

    #[test]
    fn the_hierarchy_stands_as_long_as_it_is_held_or_it_is_said_why_not() {
        match favor() {
            Ok(held) => {
                assert!(stands());
                drop(held);
                // At once again: the one before may not be gone yet.
                drop(favor().unwrap());
                // The kernel takes it away once no processor reads it.
                let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
                while stands() && std::time::Instant::now() < until {
                    std::thread::sleep(std::time::Duration::from_millis(5));
                }
                assert!(!stands());
            }
            Err(why) => assert!(why.contains("root") && why.contains("Linux 6.0"), "{why}"),
        }
    }
}
