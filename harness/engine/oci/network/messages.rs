//! What the kernel is told of network devices: rtnetlink, as `man 7 rtnetlink` describes it.
//!
//! The numbers are the kernel's own. Told so, a pair of devices takes a tenth of what the calls
//! of a program take that tells the same, and that is a part of every start on a bridge
//! (decision 0105).

use std::io;
use std::net::Ipv4Addr;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, netdevice};

const REQUEST: u16 = 0x1;
const ACKNOWLEDGE: u16 = 0x4;
const EXCLUSIVE: u16 = 0x200;
const CREATE: u16 = 0x400;

const ERROR: u16 = 2;
const NEW_LINK: u16 = 16;
const NEW_ADDRESS: u16 = 20;
const NEW_ROUTE: u16 = 24;

const IFLA_ADDRESS: u16 = 1;
const IFLA_IFNAME: u16 = 3;
const IFLA_MASTER: u16 = 10;
const IFLA_LINKINFO: u16 = 18;
const IFLA_NET_NS_FD: u16 = 28;
const IFLA_INFO_KIND: u16 = 1;
const IFLA_INFO_DATA: u16 = 2;
const VETH_INFO_PEER: u16 = 1;
const IFF_UP: u32 = 1;

const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
const RTA_GATEWAY: u16 = 5;

/// Bytes before what a message is of: length, kind, flags, number, sender.
const HEAD: usize = 16;

/// A connection to what keeps the devices of a network namespace: that of the thread which
/// opened it, for good.
#[derive(Debug)]
pub(super) struct Devices(OwnedFd);

impl Devices {
    pub(super) fn open() -> io::Result<Self> {
        let (family, kind) = (AddressFamily::NETLINK, SocketType::RAW);
        Ok(Self(rustix::net::socket_with(family, kind, SocketFlags::CLOEXEC, None)?))
    }

    /// A pair of devices: one here, the other within a namespace.
    pub(super) fn add_pair(
        &self,
        name: &str,
        (peer, hardware): (&str, [u8; 6]),
        namespace: BorrowedFd<'_>,
    ) -> io::Result<()> {
        let other = link(0, 0)
            .with(IFLA_IFNAME, &text(peer))
            .with(IFLA_ADDRESS, &hardware)
            .with(IFLA_NET_NS_FD, &namespace.as_raw_fd().to_ne_bytes());
        let of_the_pair = Attributes::default().with(VETH_INFO_PEER, &other.0);
        let kind = Attributes::default()
            .with(IFLA_INFO_KIND, b"veth")
            .with(IFLA_INFO_DATA, &of_the_pair.0);
        let pair = link(0, 0).with(IFLA_IFNAME, &text(name)).with(IFLA_LINKINFO, &kind.0);
        self.tell(NEW_LINK, CREATE | EXCLUSIVE, pair)
    }

    /// Makes a device a port of a bridge, and takes it up.
    pub(super) fn add_port(&self, name: &str, bridge: &str) -> io::Result<()> {
        let bridge = netdevice::name_to_index(&self.0, bridge)?;
        let port = netdevice::name_to_index(&self.0, name)?;
        self.tell(NEW_LINK, 0, link(port, IFF_UP).with(IFLA_MASTER, &bridge.to_ne_bytes()))
    }

    /// Takes a device up.
    pub(super) fn up(&self, name: &str) -> io::Result<()> {
        let index = netdevice::name_to_index(&self.0, name)?;
        self.tell(NEW_LINK, 0, link(index, IFF_UP))
    }

    /// Gives a device an address.
    pub(super) fn add_address(&self, name: &str, at: Ipv4Addr, prefix: u8) -> io::Result<()> {
        let index = netdevice::name_to_index(&self.0, name)?.to_ne_bytes();
        let of = [&[family(), prefix, 0, 0][..], &index].concat();
        let address = Attributes(of).with(IFA_LOCAL, &at.octets()).with(IFA_ADDRESS, &at.octets());
        self.tell(NEW_ADDRESS, CREATE | EXCLUSIVE, address)
    }

    /// Sends what has no other way by a gateway.
    pub(super) fn add_default_route(&self, gateway: Ipv4Addr) -> io::Result<()> {
        /// The main table; by hand; everywhere; to one receiver.
        const MAIN: [u8; 4] = [254, 3, 0, 1];
        let of = [&[family(), 0, 0, 0][..], &MAIN, &[0; 4]].concat();
        let route = Attributes(of).with(RTA_GATEWAY, &gateway.octets());
        self.tell(NEW_ROUTE, CREATE | EXCLUSIVE, route)
    }

    /// Tells something, and waits until it is done.
    fn tell(&self, kind: u16, flags: u16, what: Attributes) -> io::Result<()> {
        let message = message(kind, flags | REQUEST | ACKNOWLEDGE, &what);
        rustix::net::send(&self.0, &message, SendFlags::empty())?;
        let mut answer = [0; 4096];
        let (length, _) = rustix::net::recv(&self.0, &mut answer, RecvFlags::empty())?;
        acknowledged(&answer[..length.min(answer.len())])
    }
}

fn family() -> u8 {
    // All families have small numbers.
    AddressFamily::INET.as_raw() as u8
}

/// The beginning of a message about a device, and what is to be true of it.
fn link(index: u32, flags: u32) -> Attributes {
    let of = [[0; 4], index.to_ne_bytes(), flags.to_ne_bytes(), flags.to_ne_bytes()];
    Attributes(of.concat())
}

/// As the kernel reads texts.
fn text(text: &str) -> Vec<u8> {
    [text.as_bytes(), &[0]].concat()
}

/// Bytes, and attributes after them: length, kind, value, each padded to four bytes.
#[derive(Debug, Default)]
struct Attributes(Vec<u8>);

impl Attributes {
    /// One more. Values are short: names, addresses, a few of these.
    fn with(mut self, kind: u16, value: &[u8]) -> Self {
        let length = u16::try_from(4 + value.len()).unwrap_or(u16::MAX);
        self.0.extend(length.to_ne_bytes());
        self.0.extend(kind.to_ne_bytes());
        self.0.extend(value);
        self.0.resize(self.0.len().next_multiple_of(4), 0);
        self
    }
}

fn message(kind: u16, flags: u16, what: &Attributes) -> Vec<u8> {
    let length = u32::try_from(HEAD + what.0.len()).unwrap_or(u32::MAX);
    let mut message = Vec::with_capacity(HEAD + what.0.len());
    message.extend(length.to_ne_bytes());
    message.extend(kind.to_ne_bytes());
    message.extend(flags.to_ne_bytes());
    // No number and no sender: one question at a time, and the kernel knows who asks.
    message.extend([0; 8]);
    message.extend(&what.0);
    message
}

/// Whether an answer says that it was done; else why not.
fn acknowledged(answer: &[u8]) -> io::Result<()> {
    let other = || io::Error::new(io::ErrorKind::InvalidData, "the kernel answers something else");
    let kind = answer.get(4..6).and_then(|kind| kind.try_into().ok()).map(u16::from_ne_bytes);
    let code = answer.get(HEAD..HEAD + 4).and_then(|code| code.try_into().ok());
    match (kind, code.map(i32::from_ne_bytes)) {
        (Some(ERROR), Some(0)) => Ok(()),
        (Some(ERROR), Some(code)) => Err(io::Error::from_raw_os_error(code.saturating_neg())),
        _ => Err(other()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_padded_and_told_without_the_padding() {
        let bytes = Attributes::default().with(3, b"abc").with(1, &[9]).0;
        let told = |length: u16, kind: u16| [length.to_ne_bytes(), kind.to_ne_bytes()].concat();
        let wanted = [told(7, 3), b"abc\0".to_vec(), told(5, 1), vec![9, 0, 0, 0]].concat();
        assert_eq!(bytes, wanted);
        let message = message(NEW_LINK, REQUEST, &Attributes(bytes.clone()));
        assert_eq!(message.len(), HEAD + bytes.len());
        assert_eq!(message[..4], (32_u32).to_ne_bytes());
    }

    #[test]
    fn an_answer_is_done_or_why_not_and_nothing_else() {
        let answer = |kind: u16, code: i32| {
            let head = [&[0; 4][..], &kind.to_ne_bytes(), &[0; 10]].concat();
            acknowledged(&[&head[..], &code.to_ne_bytes()].concat())
        };
        assert!(answer(ERROR, 0).is_ok());
        assert_eq!(answer(ERROR, -17).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert!(answer(NEW_LINK, 0).is_err() && answer(ERROR, i32::MIN).is_err());
        assert!(acknowledged(&[]).is_err() && acknowledged(&[2; 18]).is_err());
    }

    #[test]
    fn who_may_not_change_devices_is_told_so() {
        // Nothing of this machine: a device that is not there.
        let devices = Devices::open().unwrap();
        assert!(devices.up("cs-not-there").is_err());
        devices.up("lo").map_or_else(
            |error| assert_eq!(error.kind(), io::ErrorKind::PermissionDenied),
            |()| assert!(rustix::process::geteuid().is_root()),
        );
    }
}
