//! The CPU time of a container, read again and again while it starts.

use std::fs::File;
use std::os::unix::fs::FileExt;

use super::{Version, keyed, place_of};

/// Bytes that are read of a file: `cpu.stat` has some 300, the state of a process less than
/// this.
const MOST: usize = 2048;

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
        let place = at("cpuacct").or_else(|| at("cpu"))?;
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

/// The beginning of a file of the kernel's that is kept open, read anew.
pub(in crate::probe) fn text(file: &File) -> Option<String> {
    let mut bytes = [0; MOST];
    let length = file.read_at(&mut bytes, 0).ok()?;
    Some(String::from_utf8_lossy(bytes.get(..length)?).into_owned())
}
