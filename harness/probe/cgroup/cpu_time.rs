//! The CPU time of a container: read again and again while it starts, or at two instants.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use nix::time::{clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;

use super::{Place, Version, keyed, membership, place_of, seen_at, up_to_the_container};

/// Bytes that are read of a file: `cpu.stat` has some 300, the state of a process less than
/// this.
const MOST: usize = 2048;

/// Which may tell it, the first that is there: one of v1 alone, one of both.
const CONTROLLERS: [&str; 2] = ["cpuacct", "cpu"];
/// Hexadecimal digits that a container's id has at least: with so many a cgroup's name is no
/// other's. Daemons give twice as many.
const ID: usize = 32;

/// The files that tell the CPU time of one container, kept open.
#[derive(Debug)]
pub struct CpuTime {
    files: Files,
}

#[derive(Debug)]
enum Files {
    /// Nanoseconds in the function's own code, and in the kernel for it.
    V1 { user: File, system: File },
    /// Both in one, in microseconds.
    V2(File),
}

impl CpuTime {
    /// Of the container of a process; none where that cannot be told for sure.
    #[must_use]
    pub fn of(pid: u32, container_id: &str) -> Option<Self> {
        let at = |controller: &str| place_of(pid, container_id, controller);
        let place = CONTROLLERS.iter().find_map(|controller| at(controller))?;
        let open = |name: &str| File::open(place.folder.join(name)).ok();
        let files = match place.version {
            Version::V1 => {
                Files::V1 { user: open("cpuacct.usage_user")?, system: open("cpuacct.usage_sys")? }
            }
            Version::V2 => Files::V2(open("cpu.stat")?),
        };
        Some(Self { files })
    }

    /// Nanoseconds so far: in its own code, and in the kernel for it.
    #[must_use]
    pub fn read(&self) -> Option<(u64, u64)> {
        match &self.files {
            Files::V1 { user, system } => {
                let number = |file| text(file)?.trim().parse::<u64>().ok();
                Some((number(user)?, number(system)?))
            }
            Files::V2(stat) => {
                let stat = text(stat)?;
                let us = |key| keyed(&stat, key).map(|us: u64| us.saturating_mul(1_000));
                Some((us("user_usec")?, us("system_usec")?))
            }
        }
    }
}

/// Where containers' CPU time is told on this machine, looked up once.
#[derive(Debug)]
pub struct Accounts {
    mounts: String,
}

/// What a container had used at an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CpuUse {
    place: Place,
    /// One of its processes.
    pid: u32,
    /// Nanoseconds so far: all, and in the kernel for it.
    used: (u64, u64),
}

impl Accounts {
    /// Those of this machine.
    #[must_use]
    pub fn of_this_machine() -> Self {
        Self::in_mounts(super::text(Path::new("/proc/self/mountinfo")).unwrap_or_default())
    }

    pub(super) fn in_mounts(mounts: String) -> Self {
        Self { mounts }
    }

    /// What the container of a process has used so far; none of a process that is in none,
    /// which takes a read of one small file to find out. Some 0.05 ms.
    #[must_use]
    pub fn read(&self, pid: u32) -> Option<CpuUse> {
        self.read_below(Path::new("/"), pid)
    }

    pub(super) fn read_below(&self, root: &Path, pid: u32) -> Option<CpuUse> {
        let memberships = super::text(&root.join(format!("proc/{pid}/cgroup")))?;
        let place = CONTROLLERS.iter().find_map(|controller| {
            let (version, member) = membership(&memberships, controller)?;
            let own = up_to_the_container(Path::new(member), is_a_containers)?;
            seen_at(root, &self.mounts, controller, version, &own)
        })?;
        CpuUse::at(place, pid)
    }
}

impl CpuUse {
    fn at(place: Place, pid: u32) -> Option<Self> {
        settle(pid);
        let number = |name: &str| super::text(&place.folder.join(name))?.trim().parse().ok();
        let used = match place.version {
            // What is told of both parts is counted in ticks, and adds up to something else.
            Version::V1 => (number("cpuacct.usage")?, number("cpuacct.usage_sys")?),
            Version::V2 => {
                let stat = super::text(&place.folder.join("cpu.stat"))?;
                let ns = |key| Some(keyed(&stat, key)?.saturating_mul(1_000));
                (ns("usage_usec")?, ns("system_usec")?)
            }
        };
        Some(Self { place, pid, used })
    }

    /// The same container later; none of one that is gone.
    #[must_use]
    pub fn now(&self) -> Option<Self> {
        Self::at(self.place.clone(), self.pid)
    }

    /// Whether both are of one container.
    #[must_use]
    pub fn is_of(&self, other: &Self) -> bool {
        self.place == other.place
    }

    /// Nanoseconds that were used since an earlier instant: all, and of these in the kernel,
    /// which may be known to a tick only.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> (u64, u64) {
        let ((all, system), before) = (self.used, earlier.used);
        let all = all.saturating_sub(before.0);
        (all, system.saturating_sub(before.1).min(all))
    }
}

/// Has the kernel account for what a process has used up to now. It does so by itself only at
/// its ticks, some milliseconds apart, and when a thread gives way.
fn settle(pid: u32) {
    let Ok(pid) = i32::try_from(pid) else { return };
    // One that is gone has settled.
    let _ = clock_getcpuclockid(Pid::from_raw(pid)).and_then(clock_gettime);
}

fn is_a_containers(name: &str) -> bool {
    name.split(|c: char| !c.is_ascii_hexdigit()).any(|digits| digits.len() >= ID)
}

/// The beginning of a file of the kernel's that is kept open, read anew.
pub(in crate::probe) fn text(file: &File) -> Option<String> {
    let mut bytes = [0; MOST];
    let length = file.read_at(&mut bytes, 0).ok()?;
    Some(String::from_utf8_lossy(bytes.get(..length)?).into_owned())
}
