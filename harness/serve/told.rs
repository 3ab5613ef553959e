//! A platform of whose calls somebody is told, once all of them is known: whoever called, and
//! whether or not they wait for the answer.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use uuid::Uuid;

use super::around::{Around, Calling};
use super::{Call, Client, Done, End, Platform, Report};

/// Who is told of a call that is over. Its event and its client are left out.
pub type Hear = Arc<dyn Fn(&Call, &Done) + Send + Sync>;

/// A platform of whose calls somebody is told. What they took is to be told to the ledger.
pub type Told<P> = Around<P, Arc<Ledger>>;

/// What of a call is there: its answer, or what it took. Each of the two may come first.
pub struct Ledger {
    hear: Hear,
    halves: Mutex<HashMap<Uuid, Vec<Half>>>,
}

enum Half {
    Answered(Box<(Call, Done)>),
    Reported(Box<Report>),
}

impl Ledger {
    /// Tells somebody.
    #[must_use]
    pub fn of(hear: Hear) -> Arc<Self> {
        Arc::new(Self { hear, halves: Mutex::default() })
    }

    /// What a call took, once all of it is known.
    pub fn reported(&self, report: Report) {
        let request = report.request;
        let other = |half: &Half| matches!(half, Half::Answered(_));
        match self.take(request, other) {
            Some(Half::Answered(answered)) => self.whole(*answered, report),
            _ => self.put(request, Half::Reported(Box::new(report))),
        }
    }

    fn answered(&self, call: Call, done: Done) {
        // Nothing of these was measured.
        if matches!(done.end, End::NotFound | End::Stopping) {
            return (self.hear)(&call, &done);
        }
        let request = call.request;
        let other = |half: &Half| matches!(half, Half::Reported(_));
        match self.take(request, other) {
            Some(Half::Reported(report)) => self.whole((call, done), *report),
            _ => self.put(request, Half::Answered(Box::new((call, done)))),
        }
    }

    /// A call that met no instance took nothing.
    fn whole(&self, (call, mut done): (Call, Done), report: Report) {
        let has_met = matches!(done.end, End::Response(_) | End::Failed(_));
        done.report = has_met.then_some(report);
        (self.hear)(&call, &done);
    }

    /// The first half of such a kind. An event that is called for again has the same request.
    fn take(&self, request: Uuid, is: impl Fn(&Half) -> bool) -> Option<Half> {
        let mut halves = self.halves.lock().unwrap_or_else(PoisonError::into_inner);
        let of = halves.get_mut(&request)?;
        let at = of.iter().position(is)?;
        let half = of.remove(at);
        if of.is_empty() {
            halves.remove(&request);
        }
        Some(half)
    }

    fn put(&self, request: Uuid, half: Half) {
        let mut halves = self.halves.lock().unwrap_or_else(PoisonError::into_inner);
        halves.entry(request).or_default().push(half);
    }
}

impl Calling for Arc<Ledger> {
    /// A task of its own: who called may be gone when there is something to tell.
    async fn call(&self, platform: &impl Platform, call: Call) -> Done {
        let (platform, ledger) = (platform.clone(), self.clone());
        let task = tokio::spawn(async move {
            let (event, client) = (Bytes::new(), Client::default());
            let about = Call { event, client, ..call.clone() };
            let done = platform.call(call).await;
            ledger.answered(about, done.clone());
            done
        });
        let broken = |error| End::Unavailable(format!("the call was broken off: {error}"));
        task.await.unwrap_or_else(|error| Done::without(broken(error)))
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
