//! Who is at the other end of a connection from an instance, and whether that is
//! the instance.
//!
//! A listener is an address that others can reach too: containers of the same
//! bridge, of other bridges, users of the host, the instances of the same burst. So
//! an answer is taken for an instance's own only if its connection came from there.
//! What can be told differs by network, and costs nothing while something is timed:
//! an address comes with the connection, and the owner of a local one is looked up
//! after the reply was stamped.
//!
//! Why after the reply: decision 0051.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use super::{InstanceId, InstanceState};

mod holder;

pub use holder::{Holder, Untold};

/// The other end of a connection to a listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// Only the instance can be: the listener is a socket file that was given to it
    /// alone, or is in memory.
    Sole,
    /// A container with this address, on a network of the engine.
    Address(IpAddr),
    /// Somebody who came from this address over networks that are not the engine's alone:
    /// by the instance's own, or by that of who forwards for it.
    Distant(IpAddr),
    /// A process of this machine.
    Local {
        /// The caller's end.
        theirs: SocketAddr,
        /// The listener's end.
        ours: SocketAddr,
    },
}

impl Caller {
    /// Whether it is known to be on this machine, whose clock it then has.
    #[must_use]
    pub fn shares_our_clock(&self) -> bool {
        !matches!(self, Self::Distant(_))
    }

    /// What can be told of the caller now. Of a process, while its connection is open:
    /// it is looked for among those of a list of the kernel's first, which takes some 0.05 ms,
    /// and where it is none of these, or there is no such list, among all: the more processes
    /// the machine has the longer that takes. What is proved is the same.
    #[must_use]
    pub fn evidence(self, processes: Option<&Path>) -> Evidence {
        match self {
            Caller::Sole => Evidence::Sole,
            Caller::Address(address) => Evidence::Address(address),
            Caller::Distant(address) => Evidence::Distant(address),
            Caller::Local { theirs, ours } => {
                Evidence::Process(holder::of(theirs, ours, processes))
            }
        }
    }
}

/// What is known of a caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Evidence {
    /// It can be nobody but the instance.
    Sole,
    /// It has this address on the engine's network.
    Address(IpAddr),
    /// It called from this address, over other networks.
    Distant(IpAddr),
    /// It is this process, or why that could not be told.
    Process(Result<Holder, Untold>),
}

/// What evidence says of an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The caller is the instance.
    Proved,
    /// Nothing speaks against it, and this is why it is not proved.
    Unproved(String),
    /// It can be told no more: what is not proved is no success. Why.
    Gone(String),
    /// Somebody else: who, and who was expected.
    Stranger(String),
}

impl Evidence {
    /// Whether the caller is an instance of which the engine says this.
    #[must_use]
    pub fn judge(&self, id: &InstanceId, instance: &InstanceState) -> Verdict {
        match self {
            Evidence::Sole => Verdict::Proved,
            Evidence::Address(caller) => match instance.address {
                Some(address) if address == *caller => Verdict::Proved,
                Some(address) => Verdict::Stranger(format!("{caller}, not {address}")),
                None => Verdict::Gone(format!(
                    "{caller}, and the instance was gone before its own address was read"
                )),
            },
            Evidence::Distant(caller) if instance.address == Some(*caller) => Verdict::Proved,
            // Who forwards has put its own address in the instance's place.
            Evidence::Distant(caller) => Verdict::Unproved(format!(
                "they came from {caller}, which is not the instances' own address"
            )),
            Evidence::Process(Ok(owner)) if owner.is_of(id, instance.pid) => Verdict::Proved,
            Evidence::Process(Ok(owner)) => Verdict::Stranger(owner.to_string()),
            Evidence::Process(Err(Untold::Closed)) => Verdict::Gone(Untold::Closed.to_string()),
            Evidence::Process(Err(why)) => Verdict::Unproved(why.to_string()),
        }
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Evidence::Sole => f.write_str("the instance"),
            Evidence::Address(address) | Evidence::Distant(address) => address.fmt(f),
            Evidence::Process(Ok(owner)) => owner.fmt(f),
            Evidence::Process(Err(why)) => why.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests;
