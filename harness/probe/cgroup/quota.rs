//! The CPU quota of an instance that runs: where it is written, and writing it.
//!
//! Where is found out once, of an instance that is looked at while nothing is timed: of the
//! others the path differs by their id alone, whatever the engine and its driver call a
//! cgroup. At the instant itself nothing is looked for: a file is opened and written.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::{Place, Version, place, text};
use crate::spec::factor::CpuBandwidth;

/// Where the quotas of instances are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuotaPlace {
    /// The path of a cgroup's folder, before the instance's id and after it.
    around: [String; 2],
    version: Version,
}

/// The quota of one instance, to be set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Throttle {
    /// What is written into which file, in this order; nothing where it is simulated.
    writes: Vec<(PathBuf, String)>,
}

impl QuotaPlace {
    /// Where that of a running container is, whose process this is, and with it that of every
    /// other. It is tried by writing a quota, which the container then has.
    ///
    /// # Errors
    /// Says why it cannot be written.
    pub fn tried(pid: u32, container_id: &str, time: CpuBandwidth) -> Result<Self, String> {
        let found = Self::below(Path::new("/"), pid, container_id)?;
        let throttle = found.throttle(container_id, time);
        throttle.set()?;
        match throttle.is_set() {
            true => Ok(found),
            false => Err(format!("{} does not keep what is written", throttle.last())),
        }
    }

    fn below(root: &Path, pid: u32, container_id: &str) -> Result<Self, String> {
        let unknown = || format!("of process {pid} it cannot be told in which CPU cgroup it is");
        let memberships = text(&root.join(format!("proc/{pid}/cgroup"))).ok_or_else(unknown)?;
        let mounts = text(&root.join("proc/self/mountinfo")).ok_or_else(unknown)?;
        if container_id.is_empty() {
            return Err(unknown());
        }
        let found = place(root, &memberships, &mounts, "cpu", container_id);
        let Place { folder, version } = found.ok_or_else(unknown)?;
        let folder = folder.to_str().ok_or_else(unknown)?;
        let (before, after) = folder.rsplit_once(container_id).ok_or_else(unknown)?;
        Ok(Self { around: [before.to_owned(), after.to_owned()], version })
    }

    /// The quota of an instance, to be set.
    #[must_use]
    pub fn throttle(&self, container_id: &str, time: CpuBandwidth) -> Throttle {
        let [before, after] = &self.around;
        let folder = PathBuf::from(format!("{before}{container_id}{after}"));
        let CpuBandwidth { quota, period } = time;
        let writes = match self.version {
            Version::V1 => vec![
                (folder.join("cpu.cfs_period_us"), period.to_string()),
                (folder.join("cpu.cfs_quota_us"), quota.to_string()),
            ],
            Version::V2 => vec![(folder.join("cpu.max"), format!("{quota} {period}"))],
        };
        Throttle { writes }
    }
}

impl Throttle {
    /// Of an instance that is simulated, quota and all.
    #[must_use]
    pub fn simulated() -> Self {
        Self { writes: Vec::new() }
    }

    /// Of a file of a test's own.
    #[cfg(test)]
    pub(crate) fn writing(file: PathBuf) -> Self {
        Self { writes: vec![(file, "1447 20000".to_owned())] }
    }

    /// Sets it. Some ten microseconds.
    ///
    /// # Errors
    /// Says which file could not be written, and why.
    pub fn set(&self) -> Result<(), String> {
        self.writes.iter().try_for_each(|(file, text)| {
            write(file, text).map_err(|e| {
                format!("its CPU quota could not be set: writing {}: {e}", file.display())
            })
        })
    }

    fn is_set(&self) -> bool {
        let kept = |(file, text): &(PathBuf, String)| {
            fs::read_to_string(file).is_ok_and(|kept| kept.trim() == text)
        };
        self.writes.iter().all(kept)
    }

    fn last(&self) -> String {
        self.writes.last().map(|(file, _)| file.display().to_string()).unwrap_or_default()
    }
}

/// A file of the kernel's is never made: where it is not, there is no such cgroup.
fn write(file: &Path, text: &str) -> io::Result<()> {
    OpenOptions::new().write(true).open(file)?.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests;
