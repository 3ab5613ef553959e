//! What does a platform do when many calls come at once, or nearly? Surges of one size after
//! another, each from nothing.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::{Met, Seen, call, median, ns};
use crate::serve::Platform;

/// How calls of a surge come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// All at one instant.
    AtOnce,
    /// Evenly over a time.
    Ramp(Duration),
    /// At random over a time, independently of each other.
    Poisson(Duration),
}

/// What is tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Surges {
    /// Calls, of each surge.
    pub sizes: Vec<u32>,
    /// Surges of each size.
    pub rounds: u32,
    /// How calls come.
    pub shape: Shape,
    /// How long nothing is called between two surges: longer than anything is kept.
    pub pause: Duration,
    /// For what is random.
    pub seed: u64,
}

/// One surge.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Surge {
    /// Which round.
    pub round: u32,
    /// Calls.
    pub size: u32,
    /// Those that were answered by an instance which had never served.
    pub cold: u32,
    /// Those that were answered by one that another call's end had freed.
    pub warm: u32,
    /// Those that were refused.
    pub refused: u32,
    /// Those that failed.
    pub failed: u32,
    /// What cold calls took, in nanoseconds, from the shortest.
    pub cold_ns: Vec<u64>,
    /// From the first call's instant until the last of those that were not refused had its
    /// instance: nanoseconds.
    pub all_ready_ns: Option<u64>,
    /// The first cause of a failure.
    pub cause: Option<String>,
}

/// Makes the surges, round by round, the sizes in turns; each is told as it ends.
pub async fn surges(
    platform: &impl Platform,
    function: &Arc<str>,
    event: &str,
    asked: &Surges,
    told: impl Fn(&Surge),
) -> Vec<Surge> {
    let mut random = ChaCha8Rng::seed_from_u64(asked.seed);
    let mut all = Vec::new();
    for round in 1..=asked.rounds {
        for &size in &asked.sizes {
            tokio::time::sleep(asked.pause).await;
            let offsets = offsets(asked.shape, size, &mut random);
            let begins = platform.clock().now() + ns(Duration::from_millis(2));
            let calls = offsets.into_iter().map(|offset| async move {
                let at = begins + offset;
                let wait = at.saturating_sub(platform.clock().now());
                tokio::time::sleep(Duration::from_nanos(wait)).await;
                (at, call(platform, function, event, at).await)
            });
            let seen = join_all(calls).await;
            let surge = of(round, size, begins, &seen);
            told(&surge);
            all.push(surge);
        }
    }
    all
}

/// When calls come after the first instant, in nanoseconds.
fn offsets(shape: Shape, size: u32, random: &mut ChaCha8Rng) -> Vec<u64> {
    let even = |over: Duration, at: u32| ns(over) * u64::from(at) / u64::from(size.max(1));
    match shape {
        Shape::AtOnce => vec![0; size as usize],
        Shape::Ramp(over) => (0..size).map(|at| even(over, at)).collect(),
        Shape::Poisson(over) => {
            // So many points of a Poisson process in a time are so many uniform ones.
            let mut all: Vec<u64> = (0..size).map(|_| random.random_range(0..=ns(over))).collect();
            all.sort_unstable();
            all
        }
    }
}

fn of(round: u32, size: u32, begins: u64, seen: &[(u64, Seen)]) -> Surge {
    let count = |is: &dyn Fn(&Met) -> bool| {
        let n = seen.iter().filter(|(_, seen)| is(&seen.met)).count();
        u32::try_from(n).unwrap_or(u32::MAX)
    };
    let is_cold = |met: &Met| *met == Met::Cold;
    let cold = seen.iter().filter(|(_, seen)| is_cold(&seen.met));
    let mut cold_ns: Vec<u64> = cold.map(|(_, seen)| ns(seen.took)).collect();
    cold_ns.sort_unstable();
    let answered = |(_, seen): &&(u64, Seen)| matches!(seen.met, Met::Cold | Met::Warm);
    let given = |(at, seen): &(u64, Seen)| (at + ns(seen.waited)).saturating_sub(begins);
    let causes = seen.iter().filter_map(|(_, seen)| match &seen.met {
        Met::Failed(why) => Some(why.clone()),
        _ => None,
    });
    Surge {
        round,
        size,
        cold: count(&is_cold),
        warm: count(&|met| *met == Met::Warm),
        refused: count(&|met| *met == Met::Refused),
        failed: count(&|met| matches!(met, Met::Failed(_))),
        cold_ns,
        all_ready_ns: seen.iter().filter(answered).map(given).max(),
        cause: { causes }.next(),
    }
}

/// What surges of one size had in common.
#[derive(Debug, Clone, PartialEq)]
pub struct OfSize {
    /// Calls.
    pub size: u32,
    /// Surges.
    pub rounds: u32,
    /// Calls of all of them that were cold, warm, refused and failed.
    pub calls: [u32; 4],
    /// The median of what cold calls took, of all of them: nanoseconds.
    pub cold_p50: Option<u64>,
    /// The longest.
    pub cold_max: Option<u64>,
    /// The median of when all were ready: nanoseconds.
    pub all_ready: Option<u64>,
}

/// By size, in the order in which sizes were tried.
#[must_use]
pub fn by_size(surges: &[Surge], sizes: &[u32]) -> Vec<OfSize> {
    let of = |size: &u32| {
        let all: Vec<&Surge> = surges.iter().filter(|surge| surge.size == *size).collect();
        let sum = |of: fn(&Surge) -> u32| all.iter().map(|surge| of(surge)).sum();
        let mut cold: Vec<u64> = all.iter().flat_map(|surge| surge.cold_ns.clone()).collect();
        let mut ready: Vec<u64> = all.iter().filter_map(|surge| surge.all_ready_ns).collect();
        OfSize {
            size: *size,
            rounds: u32::try_from(all.len()).unwrap_or(u32::MAX),
            calls: [
                sum(|surge| surge.cold),
                sum(|surge| surge.warm),
                sum(|surge| surge.refused),
                sum(|surge| surge.failed),
            ],
            cold_p50: median(&mut cold),
            cold_max: cold.last().copied(),
            all_ready: median(&mut ready),
        }
    };
    sizes.iter().map(of).collect()
}
