//! What a process says of its network: in `/proc`, without entering it.

use std::collections::BTreeSet;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Processes that are looked at for the sockets that they hold.
const MOST_PROCESSES: usize = 4_096;

/// The cgroups of a process, as the kernel has them; none when it is gone.
#[must_use]
pub fn cgroups_of(pid: u32) -> Option<String> {
    fs::read_to_string(format!("/proc/{pid}/cgroup")).ok()
}

/// Whether a process has this process' own network.
#[must_use]
pub fn is_on_our_network(pid: u32) -> bool {
    let network = |of: &str| fs::read_link(format!("/proc/{of}/ns/net")).ok();
    let ours = network("self");
    ours.is_some() && ours == network(&pid.to_string())
}

/// The address of a process on the one network that it has, beside its loopback.
#[must_use]
pub fn address_of(pid: u32) -> Option<IpAddr> {
    own_address(&fs::read_to_string(format!("/proc/{pid}/net/fib_trie")).ok()?)
}

/// The first address in a table of routes that is the host's own and no loopback: it stands
/// in the line before the one that says so.
fn own_address(table: &str) -> Option<IpAddr> {
    let lines = table.lines().zip(table.lines().skip(1));
    let own = lines.filter(|(_, next)| next.contains("/32 host LOCAL"));
    let addresses = own.filter_map(|(line, _)| line.trim().strip_prefix("|-- ")?.parse().ok());
    addresses.map(IpAddr::V4).find(|address: &IpAddr| !address.is_loopback())
}

/// Where a process, or another of its cgroups, listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listening(pub SocketAddr);

/// Where an instance listens whose first process this is; nothing when it is gone. On a
/// network that it shares with all others, what its processes hold; not for while
/// something is timed.
#[must_use]
pub fn listening(pid: u32) -> Vec<Listening> {
    let table = |name| fs::read_to_string(format!("/proc/{pid}/net/{name}")).unwrap_or_default();
    let sockets = [listeners(&table("tcp")), listeners(&table("tcp6"))].concat();
    let held = is_on_our_network(pid).then(|| held_beside(pid));
    let is_own = |inode: &u64| held.as_ref().is_none_or(|held| held.contains(inode));
    let own = sockets.into_iter().filter(|(_, inode)| is_own(inode));
    own.map(|(address, _)| Listening(address)).collect::<BTreeSet<_>>().into_iter().collect()
}

/// The sockets that listen in a table of `/proc/net/tcp`, with their inodes.
fn listeners(table: &str) -> Vec<(SocketAddr, u64)> {
    const LISTEN: &str = "0A";
    let one = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (local, state, inode) = (words.get(1)?, words.get(3)?, words.get(9)?);
        (*state == LISTEN).then_some(())?;
        Some((address(local)?, inode.parse().ok()?))
    };
    table.lines().filter_map(one).collect()
}

/// `0100007F:1F90`: each word of the address as this machine keeps it.
fn address(text: &str) -> Option<SocketAddr> {
    let (ip, port) = text.split_once(':')?;
    if !ip.is_ascii() || ip.len() % 8 != 0 {
        return None;
    }
    let word = |at: usize| Some(u32::from_str_radix(ip.get(at..at + 8)?, 16).ok()?.to_ne_bytes());
    let words = (0..ip.len()).step_by(8).map(word).collect::<Option<Vec<_>>>()?.concat();
    let ip = match words.len() {
        4 => Ipv4Addr::from(<[u8; 4]>::try_from(words).ok()?).into(),
        _ => IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(words).ok()?)),
    };
    Some(SocketAddr::new(ip, u16::from_str_radix(port, 16).ok()?))
}

/// The inodes of the sockets that a process holds, and all that share its cgroups and are
/// not this program's own.
fn held_beside(pid: u32) -> BTreeSet<u64> {
    let cgroups = cgroups_of(pid);
    let is_ours = cgroups == cgroups_of(std::process::id());
    let is_beside = |other: &u32| *other == pid || (!is_ours && cgroups_of(*other) == cgroups);
    let all = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let beside = numbers.filter(is_beside).take(MOST_PROCESSES);
    beside.flat_map(sockets_of).collect()
}

fn sockets_of(pid: u32) -> Vec<u64> {
    let files = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    let inode = |file: fs::DirEntry| {
        let link = fs::read_link(file.path()).ok()?;
        link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
    };
    files.filter_map(inode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_listens_is_read_with_its_address_and_nothing_else_is() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
            0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4242 1\n\
            1: 020011AC:1F91 010011AC:9C40 01 00000000:00000000 00:00000000 00000000     0        0 4243 1\n";
        assert_eq!(listeners(table), [("127.0.0.1:8080".parse().unwrap(), 4242)]);
        let six = "0: 00000000000000000000000000000000:0050 x 0A a b c d e 7\n";
        assert_eq!(listeners(six), [("[::]:80".parse().unwrap(), 7)]);
        for broken in ["", "0: é00007F:1F90 x 0A a b c d e 7", "0: 01:1F90 x 0A a b c d e 7"] {
            assert!(listeners(broken).is_empty());
        }
    }

    #[test]
    fn the_own_address_is_the_one_that_is_no_loopback() {
        let table = "Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 0.0.0.0\n        /0 universe UNICAST\n\
            Local:\n     |-- 127.0.0.1\n           /32 host LOCAL\n     |-- 172.17.0.2\n           /32 host LOCAL\n";
        assert_eq!(own_address(table), Some("172.17.0.2".parse().unwrap()));
        assert_eq!(own_address("|-- 127.0.0.1\n /32 host LOCAL\n"), None);
    }

    #[test]
    fn this_process_is_heard_to_listen_and_one_that_is_gone_is_not() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let here = Listening(listener.local_addr().unwrap());
        assert!(listening(std::process::id()).contains(&here));
        assert!(is_on_our_network(std::process::id()));
        assert!(listening(u32::MAX).is_empty() && address_of(u32::MAX).is_none());
    }
}
