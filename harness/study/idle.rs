//! How long does a platform keep an idle instance? Found from outside: a call, a pause, a call
//! that was cold or was not, and from there by bisection.
//!
//! Each call ends a pause and begins the next, so a probe takes its pause and no longer. What a
//! platform keeps for different times, as the big ones do, is a curve: the share of cold starts
//! after a pause, by pauses around the one where it turns.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Met, Seen, call, ns};
use crate::serve::Platform;

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Search {
    /// A pause after which nothing is expected to be kept.
    pub most: Duration,
    /// How well the keep-alive is to be known.
    pub within: Duration,
    /// Probes of each pause of the curve.
    pub probes: u32,
}

impl Search {
    /// The calls that it makes at most, and what their pauses take together at most, where no
    /// call fails.
    #[must_use]
    pub fn bound(&self) -> (u64, Duration) {
        let (mut calls, mut pauses) = (2, self.most);
        let (mut low, mut gap) = (Duration::ZERO, self.most);
        // Pauses are longest where every one of them finds an instance.
        while gap > self.within {
            gap -= gap / 2;
            low = self.most - gap;
            (calls, pauses) = (calls + 1, pauses + low);
        }
        let curve: f64 = CURVE.iter().sum();
        let again = u64::from(self.probes);
        let around = (low + gap / 2).mul_f64(curve * again as f64);
        (calls + again * CURVE.len() as u64, pauses + around)
    }
}

/// A pause, and what came after it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Probe {
    /// From an answer to the next call, as it was.
    #[serde(rename = "pause_ns", with = "nanoseconds")]
    pub pause: Duration,
    /// Whether that was cold.
    pub cold: bool,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// The longest pause after which an instance was there; none where none was.
    #[serde(rename = "kept_ns", with = "some_nanoseconds")]
    pub kept: Option<Duration>,
    /// The shortest after which none was; none where there always was one.
    #[serde(rename = "gone_ns", with = "some_nanoseconds")]
    pub gone: Option<Duration>,
    /// Every probe, in the order in which they were made.
    pub probes: Vec<Probe>,
    /// Calls that failed, and are in nothing: the first few causes.
    pub failures: Vec<String>,
}

/// Causes that are kept.
const CAUSES: usize = 5;
/// Failures in a row after which nothing more is tried.
const HOPELESS: u32 = 3;
/// Pauses of the curve, as shares of what was found.
const CURVE: [f64; 7] = [0.25, 0.5, 0.9, 0.98, 1.02, 1.1, 1.5];

/// Looks for the time that a function's instance is kept.
pub async fn search(
    platform: &impl Platform,
    function: &Arc<str>,
    event: &str,
    search: Search,
    told: impl Fn(&Probe),
) -> Found {
    let mut prober = Prober { platform, function, event, told, last: 0, found: Found::nothing() };
    // From here on there is one, or it cannot be called at all.
    if !prober.begin().await {
        return prober.found;
    }
    let (mut low, mut high) = (Duration::ZERO, search.most);
    match prober.probe(high).await {
        Some(true) => {}
        _ => return prober.found,
    }
    while high - low > search.within {
        let pause = low + (high - low) / 2;
        match prober.probe(pause).await {
            Some(true) => high = pause,
            Some(false) => low = pause,
            None => return prober.found,
        }
    }
    for _ in 0..search.probes {
        for share in CURVE {
            let pause = (low + (high - low) / 2).mul_f64(share);
            if prober.probe(pause).await.is_none() {
                return prober.found;
            }
        }
    }
    prober.found
}

struct Prober<'a, P, F> {
    platform: &'a P,
    function: &'a Arc<str>,
    event: &'a str,
    told: F,
    /// When the latest answer came.
    last: u64,
    found: Found,
}

impl<P: Platform, F: Fn(&Probe)> Prober<'_, P, F> {
    /// Has an instance; whether one can be had.
    async fn begin(&mut self) -> bool {
        for _ in 0..HOPELESS {
            let at = self.platform.clock().now();
            if self.hear(at).await.is_some() {
                return true;
            }
        }
        false
    }

    /// Whether a call after a pause was cold; none where calls fail.
    async fn probe(&mut self, pause: Duration) -> Option<bool> {
        for _ in 0..HOPELESS {
            let at = self.last + ns(pause);
            let wait = at.saturating_sub(self.platform.clock().now());
            tokio::time::sleep(Duration::from_nanos(wait)).await;
            let (at, last) = (self.platform.clock().now(), self.last);
            if let Some(cold) = self.hear(at).await {
                let probe = Probe { pause: Duration::from_nanos(at.saturating_sub(last)), cold };
                (self.told)(&probe);
                self.found.take(probe);
                return Some(cold);
            }
            // What failed is no pause: there may be no instance now.
            if !self.begin().await {
                return None;
            }
        }
        None
    }

    async fn hear(&mut self, at: u64) -> Option<bool> {
        let Seen { met, ended, .. } = call(self.platform, self.function, self.event, at).await;
        self.last = ended;
        let why = match met {
            Met::Cold => return Some(true),
            Met::Warm => return Some(false),
            Met::Refused => "it was refused".to_owned(),
            Met::Failed(why) => why,
        };
        if self.found.failures.len() < CAUSES {
            self.found.failures.push(why);
        }
        None
    }
}

impl Found {
    fn nothing() -> Self {
        Self { kept: None, gone: None, probes: Vec::new(), failures: Vec::new() }
    }

    fn take(&mut self, probe: Probe) {
        let pause = probe.pause;
        if probe.cold {
            self.gone = Some(self.gone.map_or(pause, |gone| gone.min(pause)));
        } else {
            self.kept = Some(self.kept.map_or(pause, |kept| kept.max(pause)));
        }
        self.probes.push(probe);
    }

    /// Whether no pause that found an instance was longer than one that found none.
    #[must_use]
    pub fn is_one_time(&self) -> bool {
        self.kept.zip(self.gone).is_none_or(|(kept, gone)| kept < gone)
    }

    /// Probes, cold ones and pause, of pauses that are alike, the shortest first.
    #[must_use]
    pub fn curve(&self) -> Vec<Point> {
        let mut probes: Vec<&Probe> = self.probes.iter().collect();
        probes.sort_by_key(|probe| probe.pause);
        let mut points: Vec<Point> = Vec::new();
        for probe in probes {
            match points.last_mut() {
                // Within a hundredth they are the same.
                Some(last) if probe.pause <= last.pause.mul_f64(1.01) => {
                    last.probes += 1;
                    last.cold += u32::from(probe.cold);
                }
                _ => points.push(Point {
                    pause: probe.pause,
                    probes: 1,
                    cold: u32::from(probe.cold),
                }),
            }
        }
        points
    }
}

/// What came after pauses of one length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    /// How long, the shortest of them.
    pub pause: Duration,
    /// How many.
    pub probes: u32,
    /// After how many of them there was no instance.
    pub cold: u32,
}

/// A time as a number of nanoseconds.
mod nanoseconds {
    use super::{Deserialize, Duration, ns};

    pub(super) fn serialize<S: serde::Serializer>(
        time: &Duration,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.serialize_u64(ns(*time))
    }

    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(
        from: D,
    ) -> Result<Duration, D::Error> {
        u64::deserialize(from).map(Duration::from_nanos)
    }
}

/// The same, or none.
mod some_nanoseconds {
    use super::{Deserialize, Duration, Serialize, ns};

    pub(super) fn serialize<S: serde::Serializer>(
        time: &Option<Duration>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        time.map(ns).serialize(to)
    }

    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Duration>, D::Error> {
        Ok(Option::<u64>::deserialize(from)?.map(Duration::from_nanos))
    }
}
