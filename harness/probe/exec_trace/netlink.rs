//! The kernel's process connector: one netlink socket, its messages read and
//! written by hand.
//!
//! It must not know what the events are for.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::Errno;
use rustix::net::netlink::{CONNECTOR, SocketAddrNetlink};
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, bind, recvfrom, send,
    socket_with, sockopt,
};
use thiserror::Error;

/// The connector's id of process events, and the multicast group they come by.
const CN_IDX_PROC: u32 = 1;
const CN_VAL_PROC: u32 = 1;
const PROC_CN_MCAST_LISTEN: u32 = 1;
const PROC_CN_MCAST_IGNORE: u32 = 2;
const PROC_EVENT_NONE: u32 = 0;
const PROC_EVENT_FORK: u32 = 0x0000_0001;
const PROC_EVENT_EXEC: u32 = 0x0000_0002;
const PROC_EVENT_EXIT: u32 = 0x8000_0000;
const NLMSG_DONE: u16 = 3;
/// Bytes of `struct nlmsghdr` and of `struct cn_msg`, which come before the data.
const NETLINK_HEADER: usize = 16;
const CONNECTOR_HEADER: usize = 20;
/// Bytes that the kernel may hold for us: it charges some 800 for an event, and
/// a burst of a hundred starts makes a few thousand.
const QUEUE: usize = 16 << 20;
/// A message of this connector is about 80 bytes; a longer one is not for us.
const MESSAGE: usize = 512;

/// Why there are no kernel events, and what to do about it.
#[derive(Debug, Error)]
pub enum Unavailable {
    /// The kernel refuses us.
    #[error(
        "kernel process events need CAP_NET_ADMIN in the host's namespaces: run as root, or \
         `setcap cap_net_admin+ep` the program"
    )]
    NotPermitted,
    /// The kernel sends these events in the host's network namespace only.
    #[error(
        "kernel process events are not sent outside the host's network namespace: run on the \
         host, or in a container with the host's network and pid namespaces and CAP_NET_ADMIN"
    )]
    ForeignNetwork,
    /// The kernel did not acknowledge, as it does from another pid or user
    /// namespace, or when it knows no process events.
    #[error(
        "the kernel does not answer for process events: run in the host's pid and user \
         namespaces, on a kernel that has them (CONFIG_PROC_EVENTS)"
    )]
    NoAnswer,
    /// The kernel has no connector at all.
    #[error("the host's kernel has no process events (CONFIG_CONNECTOR and CONFIG_PROC_EVENTS)")]
    NoConnector,
    /// Something else failed.
    #[error("could not listen for kernel process events")]
    Failed(#[source] std::io::Error),
}

impl From<Errno> for Unavailable {
    fn from(errno: Errno) -> Self {
        match errno {
            Errno::PERM | Errno::ACCESS => Unavailable::NotPermitted,
            Errno::CONNREFUSED => Unavailable::ForeignNetwork,
            Errno::PROTONOSUPPORT | Errno::AFNOSUPPORT => Unavailable::NoConnector,
            other => Unavailable::Failed(other.into()),
        }
    }
}

/// One message of the kernel, as far as we care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Message {
    /// The answer to a request.
    Ack {
        /// The number of the request, plus one.
        of: u32,
        /// The error number; 0 when it was granted.
        error: u32,
    },
    /// A process, not merely a thread of one, was made.
    Fork {
        /// The process.
        pid: u32,
        /// The process that is its parent.
        parent: u32,
    },
    /// A process became another program.
    Exec {
        /// Nanoseconds of CLOCK_MONOTONIC.
        monotonic: u64,
        /// The process.
        pid: u32,
    },
    /// A process, not merely one of its threads, ended.
    Exit {
        /// Nanoseconds of CLOCK_MONOTONIC.
        monotonic: u64,
        /// The process.
        pid: u32,
    },
    /// An event of another kind, or a message that makes no sense.
    Other,
}

/// What reading gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// A message.
    Message(Message),
    /// The queue overflowed: an unknown number of events, at least one, is lost.
    Overrun,
    /// There is nothing to read now.
    Empty,
    /// The socket is of no more use.
    Failed,
}

/// The socket, subscribed for as long as it lives.
#[derive(Debug)]
pub struct Listener {
    socket: OwnedFd,
}

impl Listener {
    /// Asks the kernel for the fork, exec and exit events of every process.
    ///
    /// # Errors
    ///
    /// When the kernel refuses or does not answer.
    pub fn subscribe() -> Result<Self, Unavailable> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket =
            socket_with(AddressFamily::NETLINK, SocketType::DGRAM, flags, Some(CONNECTOR))?;
        // Going past the system's limit takes a capability; without it, up to the limit.
        if sockopt::set_socket_recv_buffer_size_force(&socket, QUEUE).is_err() {
            sockopt::set_socket_recv_buffer_size(&socket, QUEUE)?;
        }
        bind(&socket, &SocketAddrNetlink::new(0, 1 << (CN_IDX_PROC - 1)))?;
        // Other listeners' answers come to us too, so ours needs a number of its own.
        let number = std::process::id();
        send(&socket, &request(&[PROC_CN_MCAST_LISTEN], number), SendFlags::empty())?;
        // From here on dropping unsubscribes.
        let listener = Self { socket };
        listener.acknowledged(number)?;
        // Only now the wish for certain kinds: since 6.6 the kernel knows it,
        // and no longer acknowledges; before, it ignores a request this long.
        let only = [PROC_CN_MCAST_LISTEN, PROC_EVENT_FORK | PROC_EVENT_EXEC | PROC_EVENT_EXIT];
        send(&listener.socket, &request(&only, number), SendFlags::empty())?;
        Ok(listener)
    }

    /// The kernel answers before `send` returns, so the answer is in the queue
    /// by now or never will be.
    fn acknowledged(&self, number: u32) -> Result<(), Unavailable> {
        loop {
            match self.receive() {
                Received::Message(Message::Ack { of, error }) if of == number.wrapping_add(1) => {
                    let code = i32::try_from(error).unwrap_or(i32::MAX);
                    return match code {
                        0 => Ok(()),
                        code => Err(Errno::from_raw_os_error(code).into()),
                    };
                }
                Received::Message(_) | Received::Overrun => {}
                Received::Empty | Received::Failed => return Err(Unavailable::NoAnswer),
            }
        }
    }

    /// Reads one message, if there is one; never blocks.
    #[must_use]
    pub fn receive(&self) -> Received {
        let mut bytes = [0; MESSAGE];
        loop {
            return match recvfrom(&self.socket, &mut bytes[..], RecvFlags::empty()) {
                Ok((length, _, from)) => {
                    let from = from.and_then(|a| SocketAddrNetlink::try_from(a).ok());
                    // Port 0 is the kernel; another sender may write what it likes.
                    let kernel = from.is_some_and(|a| a.pid() == 0);
                    let message = bytes.get(..length).filter(|_| kernel).map(parse);
                    Received::Message(message.unwrap_or(Message::Other))
                }
                Err(Errno::INTR) => continue,
                Err(Errno::AGAIN) => Received::Empty,
                Err(Errno::NOBUFS) => Received::Overrun,
                Err(_) => Received::Failed,
            };
        }
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // The kernel counts its listeners, and does not notice one that merely
        // goes: it would go on making events for nobody.
        let _ = send(&self.socket, &request(&[PROC_CN_MCAST_IGNORE], 0), SendFlags::empty());
    }
}

/// A request to the process connector, acknowledged under its number plus one.
fn request(data: &[u32], number: u32) -> Vec<u8> {
    let data: Vec<u8> = data.iter().flat_map(|word| word.to_ne_bytes()).collect();
    // Both fit: the data is one or two words.
    let size = data.len() as u16;
    let length = (NETLINK_HEADER + CONNECTOR_HEADER + data.len()) as u32;
    let mut out = Vec::new();
    out.extend(length.to_ne_bytes());
    out.extend(NLMSG_DONE.to_ne_bytes());
    out.extend(0_u16.to_ne_bytes()); // flags
    out.extend([0; 8]); // sequence, port: the kernel does not look at them
    out.extend(CN_IDX_PROC.to_ne_bytes());
    out.extend(CN_VAL_PROC.to_ne_bytes());
    out.extend(0_u32.to_ne_bytes()); // sequence
    out.extend(number.to_ne_bytes());
    out.extend(size.to_ne_bytes());
    out.extend(0_u16.to_ne_bytes()); // flags
    out.extend(data);
    out
}

/// Reads a message; whatever it is, it never fails.
#[must_use]
pub fn parse(bytes: &[u8]) -> Message {
    event(bytes).unwrap_or(Message::Other)
}

fn event(bytes: &[u8]) -> Option<Message> {
    let length = usize::try_from(word(bytes, 0)?).ok()?;
    let message = bytes.get(NETLINK_HEADER..length)?;
    if (word(message, 0)?, word(message, 4)?) != (CN_IDX_PROC, CN_VAL_PROC) {
        return None;
    }
    let of = word(message, 12)?;
    let size = usize::from(u16::from_ne_bytes(*message.get(16..)?.first_chunk()?));
    let event = message.get(CONNECTOR_HEADER..CONNECTOR_HEADER + size)?;
    // `struct proc_event`: what, CPU, time, and words by the kind:
    // pairs of a thread and its process.
    let monotonic = u64::from_ne_bytes(*event.get(8..)?.first_chunk()?);
    let (thread, process) = (word(event, 16)?, word(event, 20));
    match word(event, 0)? {
        PROC_EVENT_NONE => Some(Message::Ack { of, error: thread }),
        PROC_EVENT_FORK if word(event, 24)? == word(event, 28)? => {
            Some(Message::Fork { pid: word(event, 28)?, parent: process? })
        }
        PROC_EVENT_EXEC => Some(Message::Exec { monotonic, pid: process? }),
        PROC_EVENT_EXIT if thread == process? => Some(Message::Exit { monotonic, pid: thread }),
        _ => None,
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A message as the kernel makes it: every kind has room for the longest.
    fn message(what: u32, monotonic: u64, words: &[u32]) -> Vec<u8> {
        let mut data = vec![what, 1];
        data.extend([monotonic as u32, (monotonic >> 32) as u32]);
        data.extend(words);
        data.resize(10, 0);
        if cfg!(target_endian = "big") {
            data.swap(2, 3);
        }
        request(&data, 8)
    }

    #[test]
    fn the_kernels_messages_are_understood() {
        let at = 0x1234_5678_9abc_def0;
        let exec = message(PROC_EVENT_EXEC, at, &[77, 77]);
        assert_eq!(parse(&exec), Message::Exec { monotonic: at, pid: 77 });
        let exit = message(PROC_EVENT_EXIT, at, &[77, 77, 256, 17, 1, 1]);
        assert_eq!(parse(&exit), Message::Exit { monotonic: at, pid: 77 });
        let thread = message(PROC_EVENT_EXIT, at, &[78, 77, 0, u32::MAX, 1, 1]);
        assert_eq!(parse(&thread), Message::Other, "only a thread ended");
        let fork = message(PROC_EVENT_FORK, at, &[5, 4, 77, 77]);
        assert_eq!(parse(&fork), Message::Fork { pid: 77, parent: 4 });
        let clone = message(PROC_EVENT_FORK, at, &[4, 4, 5, 4]);
        assert_eq!(parse(&clone), Message::Other, "only a thread was made");
        let refused = message(PROC_EVENT_NONE, at, &[1]);
        assert_eq!(parse(&refused), Message::Ack { of: 8, error: 1 });
    }

    #[test]
    fn a_cut_or_foreign_message_is_none() {
        let exec = message(PROC_EVENT_EXEC, 5, &[77, 77]);
        for cut in 0..exec.len() {
            assert_eq!(parse(&exec[..cut]), Message::Other);
        }
        let mut foreign = exec;
        foreign[NETLINK_HEADER] = 9;
        assert_eq!(parse(&foreign), Message::Other);
    }

    #[test]
    fn an_error_tells_its_cure() {
        let told = |errno: Errno| Unavailable::from(errno).to_string();
        assert!(told(Errno::PERM).contains("CAP_NET_ADMIN"));
        assert!(told(Errno::CONNREFUSED).contains("network namespace"));
        assert!(told(Errno::PROTONOSUPPORT).contains("CONFIG_CONNECTOR"));
        assert!(Unavailable::NoAnswer.to_string().contains("pid and user"));
    }

    /// Where the kernel tells nothing there is nothing to overflow.
    #[test]
    fn more_events_than_the_queue_holds_are_an_overrun_and_not_the_end() {
        let Ok(listener) = Listener::subscribe() else { return };
        sockopt::set_socket_recv_buffer_size(&listener.socket, 1).unwrap();
        for _ in 0..100 {
            std::process::Command::new("true").spawn().unwrap().wait().unwrap();
        }
        let read = || {
            let (mut messages, mut overruns) = (0, 0);
            loop {
                match listener.receive() {
                    Received::Message(_) => messages += 1,
                    Received::Overrun => overruns += 1,
                    Received::Empty => return (messages, overruns),
                    Received::Failed => panic!("the socket is of no more use"),
                }
            }
        };
        assert!(read().1 > 0);
        std::process::Command::new("true").spawn().unwrap().wait().unwrap();
        assert!(read().0 > 0, "it goes on");
    }

    proptest! {
        #[test]
        fn garbage_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&bytes);
        }

        #[test]
        fn a_damaged_message_never_panics(
            what in prop::sample::select(vec![0, PROC_EVENT_FORK, PROC_EVENT_EXEC, PROC_EVENT_EXIT]),
            damage in prop::collection::vec((0_usize..76, any::<u8>()), 0..6),
            cut in 0_usize..=76,
        ) {
            let mut bytes = message(what, 5, &[77, 77]);
            for (at, byte) in damage {
                bytes[at] = byte;
            }
            let _ = parse(&bytes[..cut]);
        }
    }
}
