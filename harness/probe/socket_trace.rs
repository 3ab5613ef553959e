//! Kernel socket events: which process began to listen, where, and when.
//!
//! Who waits for a server can ask again and again, or be told: the kernel stamps every
//! socket that begins to listen (`sock:inet_sock_set_state`), and gives what it has stamped
//! to one who may hear it, in a ring per processor (`perf`). Nothing else is heard: the
//! kernel itself leaves out every other state. [`SocketTrace`] wakes those who wait for a
//! port. It knows neither engines nor functions.
//!
//! Why by this tracepoint and without a program in the kernel: decision 0074.

use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use thiserror::Error;
use tokio::io::unix::AsyncFd;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::clock::Clock;

mod descriptor;
mod perf;
mod process;
mod record;
mod tracefs;

pub(super) use perf::processors;
pub use process::{Listening, address_of, cgroups_of, is_on_our_network, listening};

/// Why there are no socket events, and what to do about it.
#[derive(Debug, Clone, Error)]
pub enum Unavailable {
    /// The kernel refuses us.
    #[error("kernel socket events need CAP_PERFMON and CAP_SYS_ADMIN: run as root")]
    NotPermitted,
    /// The kernel has no such events.
    #[error("the kernel has no socket events (CONFIG_FTRACE and CONFIG_PERF_EVENTS): {0}")]
    Missing(String),
}

impl From<io::Error> for Unavailable {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::PermissionDenied => Self::NotPermitted,
            _ => Self::Missing(error.to_string()),
        }
    }
}

/// That a process began to listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listened {
    /// When: nanoseconds since the run's epoch.
    pub at: u64,
    /// On which port.
    pub port: u16,
    /// On which address; unspecified for all of them.
    pub address: IpAddr,
    /// The process, as this machine numbers it.
    pub pid: u32,
    /// Its cgroups, as `/proc/PID/cgroup` has them; empty where it is gone already.
    pub cgroups: Arc<str>,
}

type Waiting = Arc<Mutex<BTreeMap<u64, (u16, mpsc::UnboundedSender<Listened>)>>>;

/// The kernel's socket events, from its start to its drop.
#[derive(Debug)]
pub struct SocketTrace {
    waiting: Waiting,
    next: Mutex<u64>,
    /// Aborted with this, as it owns them: one a processor.
    _rings: JoinSet<()>,
}

/// Hears of one port, until it is dropped.
#[derive(Debug)]
pub struct Heard {
    waiting: Waiting,
    number: u64,
    events: mpsc::UnboundedReceiver<Listened>,
}

impl SocketTrace {
    /// Begins to hear. To be called on the runtime whose tasks are to be woken.
    ///
    /// # Errors
    /// When the kernel gives no events, with the reason and the cure.
    pub fn start(clock: Clock) -> Result<Self, Unavailable> {
        let tracepoint = tracefs::tracepoint()?;
        let waiting = Waiting::default();
        let mut rings = JoinSet::new();
        for ring in perf::rings(&tracepoint)? {
            rings.spawn(hear(ring, tracepoint.layout, waiting.clone(), clock));
        }
        Ok(Self { waiting, next: Mutex::new(0), _rings: rings })
    }

    /// Whoever begins to listen on a port from now on.
    #[must_use]
    pub fn expect(&self, port: u16) -> Heard {
        let (sender, events) = mpsc::unbounded_channel();
        let number = {
            let mut next = lock(&self.next);
            *next += 1;
            *next
        };
        lock(&self.waiting).insert(number, (port, sender));
        Heard { waiting: self.waiting.clone(), number, events }
    }
}

impl Heard {
    /// The next that began to listen there; waits for ever where nothing is heard any more.
    pub async fn next(&mut self) -> Listened {
        match self.events.recv().await {
            Some(event) => event,
            None => std::future::pending().await,
        }
    }
}

impl Heard {
    /// One that was told already.
    pub fn already(&mut self) -> Option<Listened> {
        self.events.try_recv().ok()
    }
}

impl Drop for Heard {
    fn drop(&mut self) {
        lock(&self.waiting).remove(&self.number);
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Wakes whoever waits for a port when a ring tells of it.
async fn hear(
    mut ring: AsyncFd<descriptor::Ring>,
    layout: record::Layout,
    waiting: Waiting,
    clock: Clock,
) {
    loop {
        let Ok(mut ready) = ring.readable_mut().await else { return };
        while let Some((monotonic, pid, raw)) = ready.get_inner_mut().next() {
            let Some((port, address)) = layout.listening(&raw) else { continue };
            let Some(at) = clock.since_epoch(monotonic) else { continue };
            tell(&waiting, Listened { at, port, address, pid, cgroups: "".into() });
        }
        ready.clear_ready();
    }
}

fn tell(waiting: &Waiting, mut event: Listened) {
    let waiting = lock(waiting);
    let meant = || waiting.values().filter(|(port, _)| *port == event.port);
    // Read once, however many wait, and not at all where nobody does.
    if meant().next().is_none() {
        return;
    }
    let senders: Vec<_> = meant().map(|(_, sender)| sender.clone()).collect();
    event.cgroups = cgroups_of(event.pid).unwrap_or_default().into();
    for sender in senders {
        // Whoever was dropped needs it no more.
        let _ = sender.send(event.clone());
    }
}

#[cfg(test)]
mod tests;
