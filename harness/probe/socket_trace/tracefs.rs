//! Where the kernel says what its tracepoints are called and look like.

use std::fs;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{Mode, OFlags, openat};
use rustix::mount::{FsMountFlags, FsOpenFlags, MountAttrFlags, fsconfig_create, fsmount, fsopen};

use super::record::Layout;

/// Where it is mounted, where it is.
const MOUNTED: [&str; 2] = ["/sys/kernel/tracing", "/sys/kernel/debug/tracing"];
const EVENT: &str = "events/sock/inet_sock_set_state";

/// The tracepoint of sockets that change their state.
#[derive(Debug)]
pub(super) struct Tracepoint {
    /// What the kernel calls it.
    pub(super) id: u64,
    /// Where in its records what stands.
    pub(super) layout: Layout,
}

/// Finds it.
pub(super) fn tracepoint() -> io::Result<Tracepoint> {
    let mounted = MOUNTED.iter().map(Path::new).find(|folder| folder.join("events").exists());
    let unseen = if mounted.is_none() { Some(unseen()?) } else { None };
    let read = |name: &str| match (mounted, &unseen) {
        (Some(folder), _) => fs::read_to_string(folder.join(EVENT).join(name)),
        (None, Some(mount)) => read_at(mount, &format!("{EVENT}/{name}")),
        (None, None) => Err(io::ErrorKind::NotFound.into()),
    };
    let id = read("id")?.trim().parse().map_err(io::Error::other)?;
    let layout = Layout::parse(&read("format")?);
    let layout = layout.ok_or_else(|| io::Error::other("its records lack a field"))?;
    Ok(Tracepoint { id, layout })
}

/// The file system, mounted nowhere: nobody else sees it, and it goes with this.
fn unseen() -> io::Result<OwnedFd> {
    let context = fsopen("tracefs", FsOpenFlags::FSOPEN_CLOEXEC)?;
    fsconfig_create(context.as_fd())?;
    let attributes = MountAttrFlags::MOUNT_ATTR_RDONLY;
    Ok(fsmount(context.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, attributes)?)
}

fn read_at(mount: &OwnedFd, path: &str) -> io::Result<String> {
    let file = openat(mount, path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
    let mut text = String::new();
    fs::File::from(file).read_to_string(&mut text)?;
    Ok(text)
}
