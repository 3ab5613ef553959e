//! What is asked of a platform, and what comes of it.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use uuid::Uuid;

pub use crate::adapter::client::{Client, Coming, Field, Head, Piece, Pieces, Request};
use crate::clock::Clock;
use crate::sample::Temperature;

/// Answers calls. Cloned by whoever calls: it is cheap.
pub trait Platform: Clone + Send + Sync + 'static {
    /// What can be called now. An update makes another list; a call goes by the name.
    fn functions(&self) -> Functions;

    /// The clock that [`Call::arrived`] is read on.
    fn clock(&self) -> Clock;

    /// Makes a further version of a function, of another image where one is named, else of what
    /// it is made from as that is now; and returns its number once calls that come get instances
    /// of it. Those under way end as they are.
    fn update(
        &self,
        function: &str,
        image: Option<String>,
    ) -> impl Future<Output = Result<u32, NotUpdated>> + Send;

    /// Makes so many calls of a function at a time its own, or none any more: others have that
    /// many less.
    ///
    /// # Errors
    /// When there is no such function, or others have what is asked for.
    fn reserve(&self, function: &str, reserved: Option<u32>) -> Result<(), NotReserved>;

    /// Answers a call. Never fails: what goes wrong is an [`End`]. Dropped, the call goes on to
    /// its end and is a sample all the same; nobody reads what it answers.
    fn call(&self, call: Call) -> impl Future<Output = Done> + Send;
}

/// Why there is no further version of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotUpdated {
    /// There is no such function.
    NotFound,
    /// Its image cannot be had, or not be started from.
    Failed(String),
}

/// Why calls at a time are not made a function's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotReserved {
    /// There is no such function.
    NotFound,
    /// So many are left for it at most.
    Exceeds(u32),
}

/// What can be called, at an instant.
pub type Functions = Arc<[Served]>;

/// A function, as those who call it may know it.
#[derive(Debug, Clone, PartialEq)]
pub struct Served {
    /// Its name.
    pub name: String,
    /// What an update counts, from 1.
    pub version: u32,
    /// How long it may take to answer, from when it is given the event.
    pub timeout: Duration,
    /// Its memory limit in bytes, where it has one.
    pub memory: Option<u64>,
    /// Digest of its image, without `sha256:`.
    pub digest: String,
    /// Bytes of its image.
    pub size: u64,
    /// Calls of it at a time that are its own.
    pub reserved: Option<u32>,
    /// Whether it listens, and takes a client's own request behind its URL.
    pub listens: bool,
    /// The names of its variables, and what they are.
    pub environment: Vec<(String, String)>,
}

/// A call of a function. Pieces of its answer that go on while it is made are all on their way
/// when it is over.
#[derive(Debug, Clone)]
pub struct Call {
    /// The function's name.
    pub function: Arc<str>,
    /// What it is known by, in logs and to the function.
    pub request: Uuid,
    /// The event as it came: it is handed over byte for byte. Nothing where the client has a
    /// request of its own.
    pub event: Bytes,
    /// When it came: nanoseconds since the run's epoch. Latency counts from here.
    pub arrived: u64,
    /// Whether the end of what the instance wrote is to be given back.
    pub wants_log: bool,
    /// Who calls.
    pub client: Client,
}

impl Call {
    /// One of which the answer is wanted, whole, and nothing else.
    #[must_use]
    pub fn of(function: Arc<str>, request: Uuid, event: Bytes, arrived: u64) -> Self {
        Self { function, request, event, arrived, wants_log: false, client: Client::default() }
    }
}

/// A call that is over.
#[derive(Debug, Clone)]
pub struct Done {
    /// How it ended.
    pub end: End,
    /// The version that was called.
    pub version: u32,
    /// What it took; none of a call that met no instance.
    pub report: Option<Report>,
    /// The end of what the instance wrote, at most 4 KiB, where it was asked for.
    pub log: Option<Bytes>,
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// The function answered.
    Response(Bytes),
    /// It says that it failed, ended, or took too long: a document as Lambda writes it
    /// (`errorMessage`, `errorType`, ...).
    Failed(Bytes),
    /// No instance was to be had for it.
    Throttled {
        /// Which limit.
        reason: Reason,
        /// When another try is worth it.
        retry_after: Duration,
    },
    /// There is no such function (any more).
    NotFound,
    /// The platform stops, and takes no more calls.
    Stopping,
    /// The engine failed, or the instance could not be reached: no fault of the function.
    Unavailable(String),
}

/// Which limit a call met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Calls at a time, of all functions.
    Account,
    /// Calls at a time, of this function.
    Function,
    /// Starts in so long, of this function.
    Scaling,
    /// What all instances may take together.
    Memory,
}

/// What a call took, as the line that Lambda writes at its end has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The call's.
    pub request: Uuid,
    /// From the event being given to the instance to the last byte of its answer.
    pub duration: Duration,
    /// What is paid for: whole milliseconds, init included.
    pub billed: Duration,
    /// The function's memory limit in bytes, where it has one.
    pub memory: Option<u64>,
    /// The most that its instance has used so far, in bytes, where the kernel says.
    pub used: Option<u64>,
    /// From the function's exec to its readiness, where its instance was started for it; from
    /// the start call where the exec was not heard.
    pub init: Option<Duration>,
    /// From when the call came to the event being given to the instance: what the platform took.
    pub waited: Duration,
    /// How it met its instance.
    pub temperature: Temperature,
    /// What became of it.
    pub status: Status,
}

/// What became of a call, in the words of the report's line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// It answered.
    Success,
    /// It says that it failed, or its instance ended.
    Error,
    /// It took too long.
    Timeout,
}
