//! Many functions at one instant, as at the top of the hour: what does each take among all of them,
//! and what alone?

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use serde::{Deserialize, Serialize};

use super::{Met, Seen, call, ns};
use crate::serve::Platform;

/// A call of one function, alone or among all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shot {
    /// Which round.
    pub round: u32,
    /// Whether all functions were called at that instant.
    pub together: bool,
    /// What it took until it was answered by an instance that had never served: nanoseconds.
    pub cold_ns: Option<u64>,
    /// Why there is none.
    pub cause: Option<String>,
}

/// Calls each function alone, and all at one instant, in rounds; what each function met.
pub async fn shots(
    platform: &impl Platform,
    functions: &[(Arc<str>, String)],
    (rounds, pause): (u32, Duration),
    told: impl Fn(u32),
) -> Vec<Vec<Shot>> {
    let mut all: Vec<Vec<Shot>> = vec![Vec::new(); functions.len()];
    for round in 1..=rounds {
        for (shots, (function, event)) in all.iter_mut().zip(functions) {
            tokio::time::sleep(pause).await;
            let at = platform.clock().now();
            let seen = call(platform, function, event, at).await;
            shots.push(shot(round, false, &seen));
        }
        tokio::time::sleep(pause).await;
        let at = platform.clock().now();
        let calls = functions.iter().map(|(function, event)| call(platform, function, event, at));
        for (shots, seen) in all.iter_mut().zip(join_all(calls).await) {
            shots.push(shot(round, true, &seen));
        }
        told(round);
    }
    all
}

fn shot(round: u32, together: bool, seen: &Seen) -> Shot {
    let cause = match &seen.met {
        Met::Cold => None,
        Met::Warm => Some("its instance had served before: the pause is too short".to_owned()),
        Met::Refused => Some("it was refused".to_owned()),
        Met::Failed(why) => Some(why.clone()),
    };
    let cold_ns = cause.is_none().then(|| ns(seen.took));
    Shot { round, together, cold_ns, cause }
}

/// The medians of what cold calls took alone, and among all: nanoseconds.
#[must_use]
pub fn medians(shots: &[Shot]) -> [Option<u64>; 2] {
    [false, true].map(|together| {
        let of = shots.iter().filter(|shot| shot.together == together);
        super::median(&mut of.filter_map(|shot| shot.cold_ns).collect::<Vec<_>>())
    })
}
