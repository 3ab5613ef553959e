//! Calls that nobody waits for: an event is on disk when its client is told that it was taken,
//! and is called for until its function has answered it, or may no longer be asked.
//!
//! `journal` is the file, of which `frame` and `entry` are the form; `replay` makes of it what is
//! unfinished; `spacing` says when an event is tried again; `work` does it; `destination` is
//! where an event goes that came to nothing. Why so: decision 0113.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use tokio::sync::Notify;
use tokio::time::Instant;
use uuid::Uuid;

mod destination;
mod entry;
mod frame;
mod journal;
mod replay;
mod spacing;
mod work;

use entry::Entry;
pub use journal::{JOURNAL, Refused};
use journal::{Journal, Until};
pub use spacing::{MOST_AGE, MOST_RETRIES, Scale};
pub use work::work;

/// The most events that wait: some 200 MB of memory.
const MOST_WAITING: usize = 1_000_000;

/// An event that is to be taken.
#[derive(Debug, Clone)]
pub struct Event {
    /// What it is known by: that of the request that brought it, and of every call for it.
    pub id: Uuid,
    /// Whose it is.
    pub function: Arc<str>,
    /// What it is.
    pub event: Bytes,
}

/// By which rules events are called for.
#[derive(Debug, Clone)]
pub struct Rules {
    /// How often a function that fails is called again.
    pub retries: u32,
    /// How old an event may become.
    pub oldest: Duration,
    /// By how much time is shortened.
    pub scale: Scale,
    /// Calls at a time.
    pub at_once: usize,
    /// Where an event goes that came to nothing.
    pub on_failure: Option<Destination>,
}

impl Default for Rules {
    fn default() -> Self {
        let (retries, oldest) = (MOST_RETRIES, MOST_AGE);
        Self { retries, oldest, scale: Scale::default(), at_once: 8, on_failure: None }
    }
}

/// Where an event goes that came to nothing, as Lambda's record of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// Into a folder, as a file of its own.
    Folder(PathBuf),
    /// To another function, as an event.
    Function(Arc<str>),
}

/// What becomes of events, as it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happened {
    /// An event is called for again.
    Again {
        /// Which.
        id: Uuid,
        /// Whose.
        function: Arc<str>,
        /// Which try it is, from 2.
        attempt: u32,
        /// What came of the one before.
        after: After,
    },
    /// An event came to nothing.
    GivenUp {
        /// Which.
        id: Uuid,
        /// Whose.
        function: Arc<str>,
        /// Why.
        why: Given,
    },
    /// Something cannot be written; what it was for waits.
    Unwritten(String),
}

/// What came of a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum After {
    /// The function failed.
    Error,
    /// There was no instance for it.
    Throttled,
    /// It could not be reached.
    Unavailable,
    /// The driver ended meanwhile: it may have been answered.
    Interrupted,
}

/// Why an event came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Given {
    /// Its function failed as often as it may.
    RetriesExhausted,
    /// It is too old.
    EventAgeExceeded,
    /// Its function is gone.
    NotFound,
}

/// Who is told of what becomes of events.
pub type Tell = Arc<dyn Fn(Happened) + Send + Sync>;

/// Events that wait, on disk.
#[derive(Clone)]
pub struct Queue(Arc<Shared>);

struct Shared {
    journal: Journal,
    rules: Rules,
    tell: Tell,
    state: Mutex<State>,
    /// An event came.
    came: Notify,
}

#[derive(Default)]
struct State {
    /// By when they are due, and in which order they came.
    waiting: BTreeMap<(Instant, u64), Waiting>,
    came: u64,
    /// Calls under way.
    busy: usize,
}

/// An event that waits for its next try.
#[derive(Debug, Clone)]
struct Waiting {
    id: Uuid,
    function: Arc<str>,
    /// Where in the journal it stands.
    at: u64,
    /// Tries so far.
    attempts: u32,
    /// Of them those in which the function failed.
    errors: u32,
    /// Tries in a row for which there was no instance.
    refused: u32,
    /// From when on it is too old.
    oldest: Instant,
    /// What came of the last try.
    after: Option<After>,
    /// Whether it tells of another that came to nothing.
    is_record: bool,
}

/// What a queue's folder had in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Events that are not finished.
    pub unfinished: usize,
    /// Of them those that were being called for when the driver ended.
    pub interrupted: usize,
    /// Bytes at the end that were no whole entry: no client was told that they were taken.
    pub cut: u64,
}

impl Queue {
    /// Opens the queue in a folder, which is made unless it is there.
    ///
    /// # Errors
    /// Names the file: when it cannot be read or written, another process has it, it is of
    /// another version, or damaged.
    pub fn open(folder: &Path, rules: Rules, tell: Tell) -> Result<(Self, Found)> {
        let (journal, read) = Journal::open(folder)?;
        let now = Instant::now();
        let mut state = State::default();
        let mut interrupted = 0;
        for left in read.unfinished {
            interrupted += usize::from(left.is_open);
            let waiting = left.waiting(&rules, now, wall_ms());
            let due = left.due(&rules, now, wall_ms());
            state.put(due, waiting);
        }
        let found = Found { unfinished: state.waiting.len(), interrupted, cut: read.cut };
        let (state, came) = (Mutex::new(state), Notify::new());
        Ok((Self(Arc::new(Shared { journal, rules, tell, state, came })), found))
    }

    /// Takes an event: on disk when this returns. Dropped, it is taken all the same, or is not.
    ///
    /// # Errors
    /// When it is not taken: nothing is left of it.
    pub async fn accept(&self, event: Event) -> Result<(), Refused> {
        if self.lock().waiting.len() >= MOST_WAITING {
            return Err(Refused::of(format!("{MOST_WAITING} events wait already")));
        }
        let queue = self.clone();
        // A task of its own: what is on disk is called for, whether or not its client waits.
        let taken = tokio::spawn(async move { queue.take(event).await });
        taken.await.unwrap_or_else(|error| Err(Refused::of(error.to_string())))
    }

    async fn take(&self, event: Event) -> Result<(), Refused> {
        let Event { id, function, event } = event;
        let entry = Entry::accepted(id, &function, wall_ms());
        let at = self.0.journal.append(&entry, &event, Until::OnDisk).await?;
        let now = Instant::now();
        let oldest = now + self.0.rules.scale.shorten(self.0.rules.oldest);
        self.put(now, Waiting::new(id, function, at, oldest));
        Ok(())
    }

    /// Events that are not finished.
    #[must_use]
    pub fn unfinished(&self) -> usize {
        let state = self.lock();
        state.waiting.len() + state.busy
    }

    fn put(&self, due: Instant, waiting: Waiting) {
        self.lock().put(due, waiting);
        self.0.came.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves plain data behind, which is still right.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").field("rules", &self.0.rules).finish_non_exhaustive()
    }
}

impl State {
    fn put(&mut self, due: Instant, waiting: Waiting) {
        self.came += 1;
        self.waiting.insert((due, self.came), waiting);
    }
}

impl Waiting {
    fn new(id: Uuid, function: Arc<str>, at: u64, oldest: Instant) -> Self {
        let [attempts, errors, refused] = [0; 3];
        let (after, is_record) = (None, false);
        Self { id, function, at, attempts, errors, refused, oldest, after, is_record }
    }
}

/// The wall clock: what lasts from one driver to the next.
fn wall_ms() -> u64 {
    u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or(0)
}

#[cfg(test)]
mod tests;
