//! Moves between cgroups: how long they wait, and that they do not.
//!
//! Who moves a process to another cgroup keeps all others from starting and ending meanwhile.
//! Linux lets those go without a lock as long as nobody moves, so that the first move after a
//! quiet time waits for a grace period of RCU: 8 to 25 ms of a start on a machine with 250 ticks
//! a second. The mount option `favordynmods` (Linux 6.0) of any hierarchy takes that back for all
//! of them, as long as the hierarchy stands; from Linux 6.18 on moves lock the processes that
//! they move alone once that was asked for, and do so until the machine restarts. Must not know
//! engines or trials.

use std::io::{self, Write as _};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rustix::fd::AsFd as _;
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, fsconfig_create, fsconfig_set_flag,
    fsconfig_set_string, fsmount, fsopen,
};

use super::cgroup;

/// While it lives the kernel favours moves between cgroups.
///
/// A hierarchy without controllers or processes of its own, mounted nowhere: nothing of it is
/// left when this process ends, however it ends.
#[derive(Debug)]
pub struct Favored {
    _mount: OwnedFd,
}

/// Since when what was favored stays so.
const STAYS_SINCE: (u32, u32) = (6, 18);

/// Whether a kernel, as it names itself, goes on favoring moves when nobody asks for it any more;
/// one that cannot be read does.
#[must_use]
pub fn stays(kernel: &str) -> bool {
    let release = kernel.rsplit(' ').next().unwrap_or_default();
    let mut numbers = release.split(['.', '-']).map_while(|part| part.parse().ok());
    numbers.next().zip(numbers.next()).is_none_or(|version| version >= STAYS_SINCE)
}

/// Less is no wait: what a move takes by itself is some ten microseconds.
const AT_ONCE: Duration = Duration::from_millis(1);

/// Whether a move that took so long waited for nothing.
#[must_use]
pub fn is_free(took: Duration) -> bool {
    took < AT_ONCE
}

/// So long nobody of ours moves before it is tried how long a move waits.
const QUIET: Duration = Duration::from_millis(100);

/// How long a move waits after a quiet time: the median of three, of this process to where it
/// is. Blocks for a third of a second.
///
/// # Errors
/// Says why it cannot be tried.
pub fn waits() -> Result<Duration, String> {
    let folder = cgroup::own_folder().ok_or("the cgroup of this process is not to be seen here")?;
    let file = folder.join("cgroup.procs");
    let mut all = [Duration::ZERO; 3];
    for took in &mut all {
        std::thread::sleep(QUIET);
        let begun = Instant::now();
        // None but this process; it stays where it is.
        let moved = std::fs::OpenOptions::new().write(true).open(&file);
        let moved = moved.and_then(|mut file| file.write_all(b"0"));
        moved.map_err(|error| format!("{}: {error}", file.display()))?;
        *took = begun.elapsed();
    }
    all.sort_unstable();
    Ok(all[1])
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
    use crate::probe::host::Host;

    fn stands() -> bool {
        let name = format!("name=coldstart-{}-", std::process::id());
        std::fs::read_to_string("/proc/self/cgroup").unwrap().contains(&name)
    }

    #[test]
    fn from_linux_6_18_on_it_stays() {
        let all = [("Linux 6.0.0", false), ("Linux 6.12.9-amd64", false), ("Linux 5.10", false)];
        let stay = [("Linux 6.18.44-fc", true), ("Linux 7.0-rc1", true), ("unknown", true)];
        for (kernel, expected) in all.into_iter().chain(stay) {
            assert_eq!(stays(kernel), expected, "{kernel}");
        }
    }

    #[test]
    fn how_long_a_move_waits_is_told_or_why_not_and_nothing_is_moved() {
        let own = || std::fs::read_to_string("/proc/self/cgroup").unwrap();
        let places = |text: &str| text.lines().filter(|l| !l.contains("coldstart")).count();
        let before = own();
        match waits() {
            Ok(wait) => assert!(wait > Duration::ZERO),
            Err(why) => assert!(why.contains("cgroup"), "{why}"),
        }
        assert_eq!(places(&own()), places(&before));
    }

    #[test]
    fn the_hierarchy_stands_as_long_as_it_is_held_or_it_is_said_why_not() {
        if stays(&Host::read().kernel) {
            eprintln!("left out: moves would be favored until this machine restarts");
            return;
        }
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
