//! The process that holds the other end of a connection on this machine.
//!
//! The kernel names the socket (`sock_diag`: one question, one answer, whatever else
//! is connected; `/proc/net/tcp` takes milliseconds on a large machine), and the
//! process that has it open is found among `/proc/PID/fd`: those of the instance first, where
//! the kernel has a list of them, then all, the youngest first, as an instance has just been
//! started. Where it is looked for first is no part of the proof: whoever is found holds it.

use std::fmt;
use std::fs;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use rustix::io::Errno;
use rustix::net::netlink::SOCK_DIAG;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType};

use crate::engine::InstanceId;
use crate::system::process::Stat;
use crate::text::sanitize::printable;

/// A process that holds a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Its number on this machine.
    pub pid: u32,
    /// Its process group.
    pub group: u32,
    /// Its name, harmless to show.
    pub name: String,
    /// Its cgroups, as `/proc/PID/cgroup` has them.
    pub cgroups: String,
}

/// Why the owner of a connection is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Untold {
    /// Processes of others cannot be looked at.
    #[error("whose connection it is can be told by root alone")]
    NotPermitted,
    /// Nobody has the connection open any more.
    #[error("a caller who had closed the connection before it could be told whose it was")]
    Closed,
    /// The kernel does not answer.
    #[error("the kernel does not tell whose connection it is: {0}")]
    Failed(String),
}

impl Holder {
    /// Whether it is a process of an instance: one in the container with this id, or
    /// one of the group whose first process is `pid`.
    pub(super) fn is_of(&self, id: &InstanceId, pid: Option<u32>) -> bool {
        let group = pid.is_some_and(|pid| self.pid == pid || self.group == pid);
        group || self.is_in_container(&id.0)
    }

    fn is_in_container(&self, id: &str) -> bool {
        !id.is_empty() && self.cgroups.lines().any(|line| line.contains(id))
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {} (`{}`)", self.pid, self.name)
    }
}

/// The process at the other end of a connection from `theirs` to `ours`.
pub(super) fn of(
    theirs: SocketAddr,
    ours: SocketAddr,
    likely: Option<&Path>,
) -> Result<Holder, Untold> {
    let inode = inode(theirs, ours).map_err(|e| Untold::Failed(e.to_string()))?;
    // A socket that no process has open any more has none.
    let inode = inode.filter(|inode| *inode != 0).ok_or(Untold::Closed)?;
    let link = format!("socket:[{inode}]");
    let found = likely.and_then(|list| {
        let mut listed = listed(list).into_iter();
        read(listed.find(|pid| holds(*pid, &link).unwrap_or_default())?)
    });
    if let Some(found) = found {
        return Ok(found);
    }
    let mut hidden = false;
    for pid in youngest_first().map_err(|e| Untold::Failed(e.to_string()))? {
        match holds(pid, &link) {
            Ok(true) => return read(pid).ok_or(Untold::Closed),
            Ok(false) => {}
            Err(error) => hidden |= error.kind() == io::ErrorKind::PermissionDenied,
        }
    }
    Err(if hidden { Untold::NotPermitted } else { Untold::Closed })
}

/// The processes of a list, the youngest first; none where there is no list.
fn listed(list: &Path) -> Vec<u32> {
    let text = fs::read_to_string(list).unwrap_or_default();
    let mut all: Vec<u32> = text.lines().filter_map(|pid| pid.parse().ok()).collect();
    all.sort_unstable_by(|a, b| b.cmp(a));
    all
}

fn youngest_first() -> io::Result<Vec<u32>> {
    let number = |entry: fs::DirEntry| entry.file_name().to_str()?.parse().ok();
    let mut all: Vec<u32> = fs::read_dir("/proc")?.flatten().filter_map(number).collect();
    all.sort_unstable_by(|a, b| b.cmp(a));
    Ok(all)
}

fn holds(pid: u32, link: &str) -> io::Result<bool> {
    let mut files = fs::read_dir(format!("/proc/{pid}/fd"))?.flatten();
    Ok(files.any(|file| fs::read_link(file.path()).is_ok_and(|to| to.as_os_str() == link)))
}

fn read(pid: u32) -> Option<Holder> {
    let cgroups = fs::read_to_string(format!("/proc/{pid}/cgroup")).ok()?;
    let name = fs::read(format!("/proc/{pid}/comm")).ok()?;
    let name = String::from_utf8_lossy(name.strip_suffix(b"\n").unwrap_or(&name));
    let group = Stat::of(pid)?.group?;
    Some(Holder { pid, group, name: printable(&name, 32), cgroups })
}

/// Bytes of `struct nlmsghdr`.
const HEADER: usize = 16;
/// Bytes of `struct inet_diag_req_v2`.
const REQUEST: usize = 56;
/// Where `struct inet_diag_msg` has `idiag_inode`.
const INODE: usize = 68;
/// `SOCK_DIAG_BY_FAMILY`, the kind of question and of its answer.
const BY_FAMILY: u16 = 20;

/// The inode of the socket with one local and one remote address; none where there is
/// no such socket.
fn inode(local: SocketAddr, remote: SocketAddr) -> Result<Option<u32>, Errno> {
    let kernel = rustix::net::socket_with(
        AddressFamily::NETLINK,
        SocketType::DGRAM,
        SocketFlags::CLOEXEC,
        Some(SOCK_DIAG),
    )?;
    rustix::net::send(&kernel, &question(local, remote), SendFlags::empty())?;
    let mut answer = [0; 1024];
    let (length, _) = rustix::net::recv(&kernel, &mut answer, RecvFlags::empty())?;
    let answer = &answer[..length];
    let kind = answer.get(4..6).and_then(|b| b.try_into().ok()).map(u16::from_ne_bytes);
    let inode = answer.get(HEADER + INODE..HEADER + INODE + 4);
    let inode = inode.and_then(|b| b.try_into().ok()).map(u32::from_ne_bytes);
    Ok(inode.filter(|_| kind == Some(BY_FAMILY)))
}

fn question(local: SocketAddr, remote: SocketAddr) -> Vec<u8> {
    const ALL_STATES: u32 = u32::MAX;
    // `INET_DIAG_NOCOOKIE`, twice.
    const ANY_COOKIE: [u8; 8] = [0xff; 8];
    let length = u32::try_from(HEADER + REQUEST).unwrap_or_default();
    let is_request: u16 = 1;
    let family = if local.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let family = u8::try_from(family.as_raw()).unwrap_or_default();
    // The protocol is IPPROTO_TCP; nothing is wanted beside the plain answer.
    let [tcp, nothing] = [6, 0];
    [
        &length.to_ne_bytes()[..],
        &BY_FAMILY.to_ne_bytes(),
        &is_request.to_ne_bytes(),
        &[nothing; 8],
        &[family, tcp, nothing, nothing],
        &ALL_STATES.to_ne_bytes(),
        &local.port().to_be_bytes(),
        &remote.port().to_be_bytes(),
        &address(local.ip()),
        &address(remote.ip()),
        &[nothing; 4],
        &ANY_COOKIE,
    ]
    .concat()
}

/// An address as the kernel's four words: one of version 4 is the first of them.
fn address(ip: IpAddr) -> [u8; 16] {
    match ip {
        IpAddr::V6(ip) => ip.octets(),
        IpAddr::V4(ip) => {
            let mut words = [0; 16];
            words[..4].copy_from_slice(&ip.octets());
            words
        }
    }
}
