//! What all instances share that listen: the kernel's events, and this machine's ports.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, TcpListener};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::clock::Clock;
use crate::engine::EngineError;
use crate::probe::socket_trace::{SocketTrace, Unavailable};

/// Ports that are given to instances on this machine's own network: below those that
/// outgoing connections get.
const PORTS: std::ops::Range<u32> = 20_000..32_000;

/// What all instances of a platform share that listen.
#[derive(Debug)]
pub struct Shared {
    trace: Mutex<Option<Result<Arc<SocketTrace>, Unavailable>>>,
    /// OCI runtimes whose instances the kernel does not see listen: their sockets are not
    /// its own.
    unheard: Arc<Mutex<BTreeSet<String>>>,
    next_port: AtomicU32,
}

/// A port of this network that no driver gives to another instance as long as this is kept: its
/// own does not have it from the first instant. The name that says so is of this network too,
/// and the kernel forgets it with the process.
#[derive(Debug)]
pub(super) struct FreePort {
    pub(super) number: u16,
    _held: UnixDatagram,
}

impl FreePort {
    /// Takes a port, unless somebody has it or keeps it for an instance.
    fn take(number: u16) -> Option<Self> {
        let name = SocketAddr::from_abstract_name(format!("coldstart-port-{number}")).ok()?;
        let held = UnixDatagram::bind_addr(&name).ok()?;
        TcpListener::bind((Ipv4Addr::UNSPECIFIED, number)).ok()?;
        Some(Self { number, _held: held })
    }
}

impl Default for Shared {
    fn default() -> Self {
        // Two drivers at a time begin with different ports.
        let some = std::process::id() % (PORTS.end - PORTS.start);
        Self { trace: Mutex::default(), unheard: Arc::default(), next_port: AtomicU32::new(some) }
    }
}

impl Shared {
    /// One that hears nothing of the kernel: readiness is by connections alone.
    #[must_use]
    pub fn without_kernel_events() -> Self {
        let none = Unavailable::Missing("not asked for".to_owned());
        Self { trace: Mutex::new(Some(Err(none))), ..Self::default() }
    }

    /// The kernel's events, from the first time that they are asked for; none where they
    /// cannot be had.
    pub(super) fn trace(&self, clock: Clock) -> Option<Arc<SocketTrace>> {
        let mut trace = lock(&self.trace);
        let begin = || SocketTrace::start(clock).map(Arc::new);
        trace.get_or_insert_with(begin).as_ref().ok().cloned()
    }

    /// Where it is kept which OCI runtimes are not heard.
    pub(super) fn unheard(&self) -> Arc<Mutex<BTreeSet<String>>> {
        self.unheard.clone()
    }

    /// A port of this machine that nobody has, and that was not given out for long.
    pub(super) fn free_port(&self) -> Result<FreePort, EngineError> {
        let all = PORTS.end - PORTS.start;
        for _ in 0..all {
            let next = PORTS.start + self.next_port.fetch_add(1, Ordering::Relaxed) % all;
            let Ok(port) = u16::try_from(next) else { continue };
            if let Some(taken) = FreePort::take(port) {
                return Ok(taken);
            }
        }
        Err(EngineError::Refused {
            doing: "find a port for an instance on the host network".to_owned(),
            message: format!("none of {PORTS:?} is free"),
        })
    }
}

pub(super) fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
