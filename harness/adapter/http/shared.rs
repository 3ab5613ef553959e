//! What all instances share that listen: the kernel's events, and this machine's ports.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, TcpListener};
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
    pub(super) fn free_port(&self) -> Result<u16, EngineError> {
        let all = PORTS.end - PORTS.start;
        for _ in 0..all {
            let next = PORTS.start + self.next_port.fetch_add(1, Ordering::Relaxed) % all;
            let Ok(port) = u16::try_from(next) else { continue };
            if TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).is_ok() {
                return Ok(port);
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
