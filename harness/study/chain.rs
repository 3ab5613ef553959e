//! Functions that call for one another: the answer of the first is the event of the second, and so
//! on. What does a chain take that is cold from end to end, and one that is warm?

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{Met, Seen, call_with, ns};
use crate::serve::Platform;

/// One pass of a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pass {
    /// Which round.
    pub round: u32,
    /// Whether it came after a pause in which nothing was kept.
    pub after_pause: bool,
    /// What each link took, in nanoseconds, from its event to its answer.
    pub links_ns: Vec<u64>,
    /// Links that met an instance which had never served.
    pub cold: u32,
    /// Why it ended early.
    pub cause: Option<String>,
}

impl Pass {
    /// From the first event to the last answer, of one that came to its end: nanoseconds.
    #[must_use]
    pub fn took(&self) -> Option<u64> {
        self.cause.is_none().then(|| self.links_ns.iter().sum())
    }
}

/// Goes through a chain in rounds: after a pause, and at once again.
pub async fn passes(
    platform: &impl Platform,
    chain: &[Arc<str>],
    event: &str,
    (rounds, pause): (u32, Duration),
    told: impl Fn(&Pass),
) -> Vec<Pass> {
    let mut all = Vec::new();
    for round in 1..=rounds {
        for after_pause in [true, false] {
            if after_pause {
                tokio::time::sleep(pause).await;
            }
            let pass = pass(platform, chain, event, (round, after_pause)).await;
            told(&pass);
            all.push(pass);
        }
    }
    all
}

async fn pass(
    platform: &impl Platform,
    chain: &[Arc<str>],
    event: &str,
    (round, after_pause): (u32, bool),
) -> Pass {
    let (links_ns, cold, cause) = (Vec::new(), 0, None);
    let mut pass = Pass { round, after_pause, links_ns, cold, cause };
    let mut event = Bytes::copy_from_slice(event.as_bytes());
    for function in chain {
        let at = platform.clock().now();
        let (Seen { met, took, .. }, answer) = call_with(platform, function, event, at).await;
        pass.links_ns.push(ns(took));
        match met {
            Met::Cold => pass.cold += 1,
            Met::Warm => {}
            Met::Refused => pass.cause = Some(format!("`{function}` was refused")),
            Met::Failed(why) => pass.cause = Some(format!("`{function}` failed: {why}")),
        }
        match answer.filter(|_| pass.cause.is_none()) {
            Some(answer) => event = answer,
            None => break,
        }
    }
    pass
}
