//! What an instance has used, read from its cgroup while it runs.
//!
//! A controller lives in cgroups v1 or in v2, and a hybrid host has some in each,
//! so each is looked up for itself: the process says which cgroup it is in, the
//! mounts say where that is. Must not know the engine, nor whether its driver is
//! `cgroupfs` or `systemd`: only that a container's cgroup has the container's id
//! in its name.

use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::sample::Resources;

mod quota;

pub use quota::{QuotaPlace, Throttle};
mod cpu_time;

pub(super) use cpu_time::text as text_anew;
pub use cpu_time::{Accounts, CpuTime, CpuUse};

/// What the container of a process has used so far.
///
/// None when that cannot be told for sure: the process is gone, it is a plain
/// process of the host (`container_id` is empty), or the cgroup at `pid` is not
/// that container's, because the number was given out anew or comes from another
/// machine. It is read from files; about 0.1 ms.
#[must_use]
pub fn read(pid: u32, container_id: &str) -> Option<Resources> {
    read_below(Path::new("/"), pid, container_id)
}

fn read_below(root: &Path, pid: u32, container_id: &str) -> Option<Resources> {
    if container_id.is_empty() {
        return None;
    }
    let memberships = text(&root.join(format!("proc/{pid}/cgroup")))?;
    let mounts = text(&root.join("proc/self/mountinfo"))?;
    let place = |controller| place(root, &memberships, &mounts, controller, container_id);
    let mut told = Resources::default();
    if let Some(cpu) = place("cpu") {
        cpu.throttling(&mut told);
    }
    if let Some(memory) = place("memory") {
        memory.memory(&mut told);
    }
    (told != Resources::default()).then_some(told)
}

/// A hierarchy of cgroups that is mounted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hierarchy {
    /// Where.
    pub(crate) point: PathBuf,
    /// Of which version it is.
    pub(crate) version: Version,
    /// Whether memory is counted in it; of the second version it may be.
    pub(crate) has_memory: bool,
}

/// Those of this machine.
pub(crate) fn hierarchies() -> Vec<Hierarchy> {
    let mounts = text(Path::new("/proc/self/mountinfo")).unwrap_or_default();
    let each = mounts.lines().filter_map(Mount::parse).map(|mount| Hierarchy {
        has_memory: mount.has(mount.version, "memory"),
        version: mount.version,
        point: mount.point,
    });
    each.collect()
}

/// Where the second version is mounted beside the first, and has controllers of its own: a
/// machine that some OCI runtimes refuse.
pub(crate) fn second_with_controllers() -> Option<PathBuf> {
    let mounts = text(Path::new("/proc/self/mountinfo"))?;
    second_with_controllers_below(Path::new("/"), &mounts)
}

fn second_with_controllers_below(root: &Path, mounts: &str) -> Option<PathBuf> {
    let all: Vec<Mount> = mounts.lines().filter_map(Mount::parse).collect();
    let has_first = all.iter().any(|mount| mount.version == Version::V1);
    let mut second = all.into_iter().filter(|mount| mount.version == Version::V2 && has_first);
    let has_any = |mount: &Mount| {
        let of = mount.folder_of(root, &mount.root)?.join("cgroup.controllers");
        text(&of).filter(|controllers| !controllers.trim().is_empty())
    };
    second.find(|mount| has_any(mount).is_some()).map(|mount| mount.point)
}

/// Where this process is in a hierarchy of cgroups, whichever has processor time.
pub(crate) fn own_folder() -> Option<PathBuf> {
    let memberships = text(Path::new("/proc/self/cgroup"))?;
    let mounts = text(Path::new("/proc/self/mountinfo"))?;
    let (version, own) = membership(&memberships, "cpu")?;
    seen_at(Path::new("/"), &mounts, "cpu", version, Path::new(own)).map(|place| place.folder)
}

/// Of which version those of this machine are: of the first where any hierarchy is.
pub(crate) fn version() -> Version {
    let mounts = text(Path::new("/proc/self/mountinfo")).unwrap_or_default();
    let any = mounts.lines().filter_map(Mount::parse).any(|mount| mount.version == Version::V1);
    if any { Version::V1 } else { Version::V2 }
}

/// How often a process of a cgroup was killed for want of memory, if that is told in its
/// folder.
pub(crate) fn oom_kills_in(folder: &Path) -> Option<u64> {
    let files = ["memory.events", "memory.oom_control"].map(|file| folder.join(file));
    files.iter().find_map(|file| keyed(&text(file)?, "oom_kill"))
}

/// Where a controller of this machine keeps what it knows of the container of a process.
fn place_of(pid: u32, container_id: &str, controller: &str) -> Option<Place> {
    if container_id.is_empty() {
        return None;
    }
    let memberships = text(Path::new(&format!("/proc/{pid}/cgroup")))?;
    let mounts = text(Path::new("/proc/self/mountinfo"))?;
    place(Path::new("/"), &memberships, &mounts, controller, container_id)
}

/// Where one controller keeps what it knows of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    folder: PathBuf,
    version: Version,
}

/// Of which version cgroups are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    V1,
    V2,
}

impl Place {
    fn throttling(&self, told: &mut Resources) {
        let Some(stat) = text(&self.folder.join("cpu.stat")) else { return };
        told.throttled_periods = keyed(&stat, "nr_throttled");
        told.throttled_us = match self.version {
            Version::V1 => keyed(&stat, "throttled_time").map(|ns| ns / 1000),
            Version::V2 => keyed(&stat, "throttled_usec"),
        };
    }

    fn memory(&self, told: &mut Resources) {
        // `memory.peak` is younger than cgroups v2: Linux 5.19.
        let (peak, events) = match self.version {
            Version::V1 => ("memory.max_usage_in_bytes", "memory.oom_control"),
            Version::V2 => ("memory.peak", "memory.events"),
        };
        let read = |file| text(&self.folder.join(file));
        told.peak_memory = read(peak).and_then(|text| text.trim().parse().ok());
        told.oom_kills = read(events).and_then(|text| keyed(&text, "oom_kill"));
    }
}

/// Finds the container's own cgroup for one controller: the one with its id in its
/// name, even where the process went on to a cgroup inside it.
fn place(
    root: &Path,
    memberships: &str,
    mounts: &str,
    controller: &str,
    container_id: &str,
) -> Option<Place> {
    let (version, member) = membership(memberships, controller)?;
    let own = up_to_the_container(Path::new(member), |name| name.contains(container_id))?;
    seen_at(root, mounts, controller, version, &own)
}

/// Where a cgroup of one controller is seen.
fn seen_at(
    root: &Path,
    mounts: &str,
    controller: &str,
    version: Version,
    own: &Path,
) -> Option<Place> {
    mounts
        .lines()
        .filter_map(Mount::parse)
        .filter(|mount| mount.has(version, controller))
        .filter_map(|mount| mount.folder_of(root, own))
        .find(|folder| folder.is_dir())
        .map(|folder| Place { folder, version })
}

/// The cgroup of a process for one controller, from its `/proc/PID/cgroup`. A
/// controller that v1 does not have is where v2 is.
fn membership<'a>(memberships: &'a str, controller: &str) -> Option<(Version, &'a str)> {
    let mut unified = None;
    for line in memberships.lines() {
        let mut fields = line.splitn(3, ':');
        let (hierarchy, controllers, path) = (fields.next()?, fields.next()?, fields.next()?);
        if controllers.split(',').any(|c| c == controller) {
            return Some((Version::V1, path));
        }
        if hierarchy == "0" && controllers.is_empty() {
            unified = Some((Version::V2, path));
        }
    }
    unified
}

/// The beginning of a cgroup's path that ends with the container's own part, such
/// as `/docker/ID` or `/system.slice/docker-ID.scope`.
fn up_to_the_container(path: &Path, is_its: impl Fn(&str) -> bool) -> Option<PathBuf> {
    let mut own = PathBuf::new();
    for part in path.components() {
        own.push(part);
        if is_its(&part.as_os_str().to_string_lossy()) {
            return Some(own);
        }
    }
    None
}

/// A cgroup hierarchy that is mounted: one line of `/proc/self/mountinfo`.
#[derive(Debug, PartialEq, Eq)]
struct Mount {
    /// The part of the hierarchy that is seen there.
    root: PathBuf,
    /// Where.
    point: PathBuf,
    version: Version,
    /// Its controllers, among other words; for v1.
    options: String,
}

impl Mount {
    /// None for what is no cgroup hierarchy.
    fn parse(line: &str) -> Option<Self> {
        // The number of optional fields before the dash varies.
        let (before, after) = line.split_once(" - ")?;
        let mut after = after.split(' ');
        let version = match after.next()? {
            "cgroup" => Version::V1,
            "cgroup2" => Version::V2,
            _ => return None,
        };
        let mut before = before.split(' ').skip(3);
        let (root, point) = (unescaped(before.next()?), unescaped(before.next()?));
        let options = after.nth(1).unwrap_or_default().to_owned();
        Some(Self { root: root.into(), point: point.into(), version, options })
    }

    fn has(&self, version: Version, controller: &str) -> bool {
        let named = || self.options.split(',').any(|option| option == controller);
        self.version == version && (version == Version::V2 || named())
    }

    /// Where a cgroup is seen through this mount; none when it is outside.
    fn folder_of(&self, root: &Path, cgroup: &Path) -> Option<PathBuf> {
        let inside = cgroup.strip_prefix(&self.root).ok()?;
        // Upwards would be out of the mount, and not into a cgroup.
        if inside.components().any(|part| part == Component::ParentDir) {
            return None;
        }
        Some(root.join(self.point.strip_prefix("/").ok()?).join(inside))
    }
}

/// Spaces and the like stand as `\040` in the table of mounts.
fn unescaped(field: &str) -> String {
    let mut text = Vec::with_capacity(field.len());
    let mut rest = field.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = after.get(..3).filter(|_| *first == b'\\');
        let code = code.and_then(|c| std::str::from_utf8(c).ok());
        match code.and_then(|c| u8::from_str_radix(c, 8).ok()) {
            Some(byte) => {
                text.push(byte);
                rest = &after[3..];
            }
            None => {
                text.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// The number behind a key, in lines such as `nr_throttled 10`.
fn keyed(text: &str, key: &str) -> Option<u64> {
    let value = |line: &str| line.strip_prefix(key)?.strip_prefix(' ')?.trim().parse().ok();
    text.lines().find_map(value)
}

fn text(file: &Path) -> Option<String> {
    Some(String::from_utf8_lossy(&fs::read(file).ok()?).into_owned())
}

#[cfg(test)]
mod tests;
