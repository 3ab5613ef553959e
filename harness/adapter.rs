//! How an instance is spoken to: the [`Adapter`] trait, and what all of them share.
//!
//! The platform knows an instance by its adapter alone, and an adapter knows neither the
//! platform nor the plan. Why by an enum, and what was refused: decision 0069.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::net::IpAddr;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{Notify, oneshot};
use uuid::Uuid;

use crate::clock::Clock;
use crate::engine::{
    Engine, EngineError, Evidence, InstanceId, InstanceSpec, InstanceState, Strangers,
};
use crate::probe::cgroup::Throttle;
use crate::sample::Readiness;
use crate::spec::function::Function;

pub mod client;
mod event;
pub mod http;
mod registry;
pub mod runtime_api;
mod wire;

pub use client::Client;
pub use event::Event;
pub use registry::AnyAdapter;

/// The largest reply that is read as one, in bytes: the limit of AWS Lambda.
pub const MAX_REPLY: usize = 6 * 1024 * 1024 + 100;
/// The largest reply that is read as a stream, in bytes: likewise.
pub const MAX_STREAMED: usize = 200 * 1024 * 1024;

/// How one instance is spoken to, from before it exists. Dropping it closes whatever was
/// opened for it.
pub trait Adapter: Sized + Send + Sync + 'static {
    /// What all instances of a platform share: made with the platform, and gone with it.
    type Shared: Default + fmt::Debug + Send + Sync;

    /// Opens what an instance to come is spoken to by, and adds to what that instance is
    /// created from whatever it needs for it: variables, a socket. `strangers` cannot be
    /// that instance.
    ///
    /// # Errors
    /// When the engine cannot give what is asked of it.
    fn arm<E: Engine>(
        engine: &E,
        function: &Function,
        spec: &mut InstanceSpec,
        clock: Clock,
        strangers: Arc<Strangers>,
        shared: &Self::Shared,
    ) -> impl Future<Output = Result<Self, EngineError>> + Send;

    /// Hands over an event: at once to an instance that waits for one, else as soon as it
    /// is ready. The one call that is timed, so it waits for nothing.
    fn invoke(&self, asked: Asked<'_>) -> Invoked;

    /// Sets the CPU quota of the instance, which exists, once it is ready and before it is
    /// given its first event. Without that it is given none.
    fn throttle_when_ready(&self, throttle: Throttle);

    /// The instance exists, and is about to be started.
    fn starts(&self, _: &InstanceId) {}

    /// The kernel's list of the instance's processes, once it was started: who holds a
    /// connection is looked for there first. Called before [`Adapter::starts`], if at all.
    fn lives_in(&self, _: PathBuf) {}

    /// The engine says that it was started.
    fn started(&self) {}

    /// Resolves once the instance is ready for an event, whether or not one waits for it.
    fn ready(&self) -> impl Future<Output = ()> + Send;

    /// Does what the next invocation needs and can be done before it.
    fn prepare(&self) {}

    /// Refuses everybody but this address from now on.
    fn expect(&self, _: IpAddr) {}

    /// When the instance was ready, and got the latest event.
    fn stamps(&self) -> Stamps;

    /// How far the instance came with the latest event, as a failure says it. It is what
    /// its engine says of it then.
    fn progress(&self, instance: &InstanceState) -> Cow<'static, str>;

    /// What the instance did so far that is worth telling, its violations first.
    fn notes(&self) -> Vec<String>;

    /// What it did that makes it unfit for another event: it is not used again.
    fn violations(&self) -> Vec<String> {
        Vec::new()
    }

    /// Whether it waited for an event, hung up, and has not asked again: the end of an instance is
    /// seen so before its engine tells it.
    fn has_hung_up(&self) -> bool {
        false
    }

    /// Connections that were refused so far, by whose they were.
    fn refused(&self) -> BTreeMap<String, u64> {
        BTreeMap::new()
    }
}

/// Waits until something is so; whoever makes it so tells all who wait.
pub(crate) async fn until_told(told: &Notify, is_so: impl Fn() -> bool) {
    loop {
        let mut heard = pin!(told.notified());
        // Before it is looked: what is told from here on is heard.
        heard.as_mut().enable();
        if is_so() {
            return;
        }
        heard.await;
    }
}

/// How far an instance has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stamps {
    /// That it was ready, once it was.
    pub ready: Option<Ready>,
    /// When its CPU quota was set, where it was to be set then: nanoseconds since the run's
    /// epoch.
    pub throttled: Option<u64>,
    /// When the event of the latest invocation was written: nanoseconds since the run's
    /// epoch.
    pub sent: Option<u64>,
}

/// That an instance was ready for its first event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ready {
    /// When: nanoseconds since the run's epoch.
    pub at: u64,
    /// The function's own stamp of its first line, in kernel monotonic nanoseconds, not
    /// yet believed.
    pub main: Option<u64>,
    /// Its own stamp of being ready: likewise.
    pub ready_self: Option<u64>,
    /// Of an instance that listens, how well it is known when; none of one that asks.
    pub readiness: Option<Readiness>,
}

/// What is asked of an instance.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The function's name.
    pub function: &'a str,
    /// What is sent.
    pub event: &'a Event,
    /// How long the function may take from when it is given the event.
    pub limit: Duration,
    /// Bytes of the reply that are kept; the rest is counted and forgotten.
    pub keep: usize,
    /// What the invocation is known by to who asked for it; none where nobody knows it.
    pub request: Option<Uuid>,
    /// Who asked for it, where that is somebody outside.
    pub client: Option<&'a Client>,
}

/// An invocation under way.
#[derive(Debug)]
pub struct Invoked {
    /// Fails only when the adapter is dropped.
    pub answer: oneshot::Receiver<Answered>,
    /// The event as it is sent, nonce included.
    pub event: Bytes,
}

/// How an invocation was answered, and by whom.
#[derive(Debug)]
pub struct Answered {
    /// What came.
    pub answer: Answer,
    /// Everybody who had a part in it, as far as that is known: who asked first, who was
    /// given the event, who answered.
    pub callers: Vec<Evidence>,
}

/// How an invocation was answered.
#[derive(Debug)]
pub enum Answer {
    /// A response, whatever it says.
    Response(Reply),
    /// The function says that this invocation failed.
    FunctionError {
        /// Its words.
        cause: String,
        /// All that it sent of it, where that is not long.
        document: Bytes,
    },
    /// The function says that it cannot start.
    InitError(String),
    /// The response is larger than [`MAX_REPLY`] or [`MAX_STREAMED`], or ended before its end.
    Unreadable(String),
    /// The driver could not take the connection of an instance, or not set its CPU quota: no
    /// fault of a function.
    Unreachable(String),
}

/// A response as it came.
#[derive(Debug)]
pub struct Reply {
    /// When the first byte of a streamed one was read, or the head of one to a client's own
    /// request: nanoseconds since the run's epoch.
    pub first_byte: Option<u64>,
    /// When the last byte of it was read: likewise.
    pub responded: u64,
    /// The function's own stamp of it, in kernel monotonic nanoseconds, not yet believed.
    pub replied: Option<u64>,
    /// Its beginning, as much as was asked for.
    pub body: Bytes,
    /// All its bytes.
    pub length: usize,
}
