//! When an instance listens, and the first connection to it.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::line::Line;
use super::shared::{Shared, lock};
use super::{Ready, Server};
use crate::clock::Clock;
use crate::engine::{InstanceId, Route};
use crate::probe::socket_trace::{Heard, Listened, SocketTrace, address_of, is_on_our_network};
use crate::sample::{Readiness, ReadinessSource};

/// Between two connections where nothing else tells: what is not seen is at most this.
const OFTEN: Duration = Duration::from_millis(1);
/// Between two where the kernel tells, in case that it does not.
const SELDOM: Duration = Duration::from_millis(20);
/// How long a connection may take: one that is refused is so at once.
const CONNECT: Duration = Duration::from_millis(250);
/// The kernel stamps a socket a moment before it takes connections.
const AT_ONCE: usize = 10;

/// How an instance is found, from before it exists.
pub(super) struct Finding {
    route: Route,
    port: u16,
    heard: Option<Heard>,
    /// Kept as long as it is heard.
    _trace: Option<Arc<SocketTrace>>,
    runtime: String,
    unheard: Arc<Mutex<BTreeSet<String>>>,
    /// Where it was found.
    address: Option<IpAddr>,
}

/// How a wait for an instance ended.
enum Seen {
    /// The kernel says that somebody listens on the port.
    Told(Listened),
    /// It is time to try.
    Due,
}

impl Finding {
    pub(super) fn new(
        route: Route,
        shared: &Shared,
        clock: Clock,
        port: u16,
        runtime: &str,
    ) -> Self {
        let is_real = !matches!(route, Route::Memory(_));
        let trace = if is_real { shared.trace(clock) } else { None };
        let heard = trace.as_ref().map(|trace| trace.expect(port));
        let (runtime, unheard) = (runtime.to_owned(), shared.unheard());
        Self { route, port, heard, _trace: trace, runtime, unheard, address: None }
    }

    /// Waits until the instance listens: the first connection to it, and since when.
    pub(super) async fn listening(&mut self, server: &Server, id: &InstanceId) -> (Line, Ready) {
        // Before this it was not.
        let mut since = server.clock.now();
        let mut often = self.is_unheard();
        let mut pause = Duration::ZERO;
        loop {
            match self.wait(server, pause).await {
                Seen::Told(event) if self.is_of(&event, id) => {
                    if let Some(line) = self.follow(&event, id).await {
                        return (line, ready(ReadinessSource::Kernel, event.at, 0));
                    }
                    often = true;
                }
                Seen::Told(_) => {}
                Seen::Due => {
                    let began = server.clock.now();
                    if let Some(line) = self.connect(id).await {
                        return (line, self.came(server, id, since).await);
                    }
                    since = began;
                }
            }
            pause = if often { OFTEN } else { SELDOM };
        }
    }

    /// Whether the kernel does not tell of such instances.
    fn is_unheard(&self) -> bool {
        self.heard.is_none() || lock(&self.unheard).contains(&self.runtime)
    }

    /// Waits for the kernel's word, or until a connection is due: not before the engine says
    /// that the instance was started where it has to be asked for its address.
    async fn wait(&mut self, server: &Server, pause: Duration) -> Seen {
        let asks = matches!(self.route, Route::Address(_)) && self.address.is_none();
        let due = async {
            if asks {
                server.until(|state| state.is_started.then_some(())).await;
            }
            tokio::time::sleep(pause).await;
        };
        match &mut self.heard {
            None => {
                due.await;
                Seen::Due
            }
            Some(heard) => tokio::select! {
                biased;
                event = heard.next() => Seen::Told(event),
                () = due => Seen::Due,
            },
        }
    }

    /// Whether what listens is the instance, and can be reached.
    fn is_of(&self, event: &Listened, id: &InstanceId) -> bool {
        let shared = self.route.shares_ports();
        let is_its_own = event.cgroups.contains(&id.0);
        let is_here = shared && is_on_our_network(event.pid);
        (is_its_own || is_here) && (shared || !event.address.is_loopback())
    }

    /// Connects to what the kernel told of, at once.
    async fn follow(&mut self, event: &Listened, id: &InstanceId) -> Option<Line> {
        if !self.route.shares_ports() {
            self.address = address_of(event.pid);
        }
        for _ in 0..AT_ONCE {
            if let Some(line) = self.connect(id).await {
                return Some(line);
            }
            tokio::task::yield_now().await;
        }
        None
    }

    /// Connects, if somebody listens.
    pub(super) async fn connect(&mut self, id: &InstanceId) -> Option<Line> {
        if self.address.is_none() {
            self.address = self.route.address(id).await;
        }
        let to = SocketAddr::new(self.address?, self.port);
        let taken = tokio::time::timeout(CONNECT, self.route.connect(id, to)).await;
        let (stream, caller) = taken.ok()?.ok()?;
        Some(Line::new(stream, caller))
    }

    /// A connection was taken: by the kernel's stamp, where that came meanwhile.
    async fn came(&mut self, server: &Server, id: &InstanceId, since: u64) -> Ready {
        let at = server.clock.now();
        // What is told already is here after one turn.
        tokio::task::yield_now().await;
        while let Some(event) = self.heard.as_mut().and_then(Heard::already) {
            if self.is_of(&event, id) {
                return ready(ReadinessSource::Kernel, event.at, 0);
            }
        }
        if self.heard.is_some() {
            lock(&self.unheard).insert(self.runtime.clone());
        }
        ready(ReadinessSource::Connect, at, at.saturating_sub(since))
    }
}

fn ready(source: ReadinessSource, at: u64, resolution_ns: u64) -> Ready {
    let readiness = Some(Readiness { source, resolution_ns, not_yet: 0 });
    Ready { at, main: None, ready_self: None, readiness }
}
