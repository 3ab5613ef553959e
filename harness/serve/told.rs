//! A platform of whose calls somebody is told, as they end: whoever called, and whether or not
//! they wait for the answer.

use std::fmt;
use std::sync::Arc;

use super::{Call, Done, End, Functions, Platform};
use crate::clock::Clock;

/// Who is told of a call that is over.
pub type Hear = Arc<dyn Fn(&Call, &Done) + Send + Sync>;

/// A platform of whose calls somebody is told.
#[derive(Clone)]
pub struct Told<P> {
    platform: P,
    hear: Hear,
}

impl<P> Told<P> {
    /// Tells of the calls of a platform.
    pub fn of(platform: P, hear: Hear) -> Self {
        Self { platform, hear }
    }
}

impl<P: fmt::Debug> fmt::Debug for Told<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Told").field("platform", &self.platform).finish_non_exhaustive()
    }
}

impl<P: Platform> Platform for Told<P> {
    fn functions(&self) -> Functions {
        self.platform.functions()
    }

    fn clock(&self) -> Clock {
        self.platform.clock()
    }

    /// A task of its own: who called may be gone when there is something to tell.
    async fn call(&self, call: Call) -> Done {
        let Self { platform, hear } = self.clone();
        let task = tokio::spawn(async move {
            let done = platform.call(call.clone()).await;
            hear(&call, &done);
            done
        });
        task.await.unwrap_or_else(|error| {
            let end = End::Unavailable(format!("the call was broken off: {error}"));
            Done { end, version: 0, report: None, log: None }
        })
    }
}
