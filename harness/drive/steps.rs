//! The acts of a step: a burst, one call after another, several workers at a time.
//!
//! Between the first intended instant and the last reply nothing is done here but to
//! count what was answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use super::patience::Patience;
use super::{Driver, nanoseconds};
use crate::drive::burst;
use crate::engine::Engine;
use crate::platform::{Target, Visit};
use crate::spec::scenario::{LoadShape, Step};

/// From planning a burst to its instant: time for its tasks to be ready, and for the kernel to
/// end what the last trial left.
const LEAD: Duration = Duration::from_millis(10);
/// Where a scenario waits for nothing between its trials: time for the tasks alone, so long and
/// for each of them.
const SHORT_LEAD: (Duration, Duration) = (Duration::from_millis(2), Duration::from_micros(20));

impl<E: Engine> Driver<E> {
    /// Runs a step; false when nothing more is to be tried in its trial.
    pub(super) async fn step(&self, target: &Arc<Target>, step: &Step) -> (Vec<Visit>, bool) {
        let (clock, mut patience) = (self.clock(), self.patience(target));
        let keep = self.kept_of_a_reply();
        let visits = match step.act {
            LoadShape::Burst(n) => {
                self.platform.prepare(target, n).await;
                let at = clock.now() + nanoseconds(self.lead(n));
                let visits = burst::burst(clock, at, n, |_| {
                    let (platform, target) = (self.platform.clone(), target.clone());
                    let answers = self.answers.clone();
                    async move {
                        let invocation = target.invocation(at).keeping(keep);
                        counted(platform.invoke(invocation).await, &answers)
                    }
                })
                .await;
                let has_answered = visits.iter().any(|visit| visit.outcome.is_ok());
                patience.hears(has_answered, clock.now() - at);
                visits
            }
            LoadShape::Sequence(n) => {
                self.platform.prepare(target, 1).await;
                let mut visits = Vec::with_capacity(n as usize);
                for _ in 0..n {
                    let at = clock.now();
                    let visit = self.platform.invoke(target.invocation(at).keeping(keep)).await;
                    let visit = counted(visit, &self.answers);
                    let goes_on = patience.hears(visit.outcome.is_ok(), clock.now() - at);
                    visits.push(visit);
                    if !goes_on {
                        break;
                    }
                }
                visits
            }
            // Nobody calls: a plan has none of these.
            LoadShape::Arrivals => Vec::new(),
            LoadShape::Parallel { workers, starts } => {
                let visits;
                (visits, patience) = self.parallel(target, workers, starts).await;
                visits
            }
        };
        let goes_on = self.hear(target, &visits, patience);
        (visits, goes_on)
    }

    fn lead(&self, calls: u32) -> Duration {
        let (least, each) = SHORT_LEAD;
        match self.plan.scenario.remove_at_once {
            true => least.saturating_add(each.saturating_mul(calls)).min(LEAD),
            false => LEAD,
        }
    }

    /// `workers` at a time each start, use and remove one instance after another. A
    /// worker that has waited in vain for long enough leaves the rest to the others.
    async fn parallel(
        &self,
        target: &Arc<Target>,
        workers: u32,
        starts: u32,
    ) -> (Vec<Visit>, Patience) {
        let clock = self.clock();
        let left = Arc::new(AtomicU32::new(starts));
        for _ in 0..workers.min(starts) {
            self.platform.prepare_next(target).await;
        }
        let at = clock.now() + nanoseconds(self.lead(workers));
        let (patience, keep) = (self.patience(target), self.kept_of_a_reply());
        let work = |_| {
            let (platform, target, left) = (self.platform.clone(), target.clone(), left.clone());
            let (answers, mut patience) = (self.answers.clone(), patience);
            async move {
                let mut visits = Vec::new();
                let mut intended = at;
                while take_one(&left) {
                    let invocation = target.invocation(intended).keeping(keep);
                    let visit = counted(platform.pass(invocation).await, &answers);
                    let goes_on = patience.hears(visit.outcome.is_ok(), clock.now() - intended);
                    visits.push(visit);
                    if !goes_on {
                        break;
                    }
                    // What others prepared is for their starts.
                    if left.load(Ordering::Relaxed) > 0 {
                        platform.prepare_next(&target).await;
                    }
                    intended = clock.now();
                }
                (visits, patience)
            }
        };
        let done = burst::burst(clock, at, workers, work).await;
        let least = done.iter().map(|(_, patience)| *patience).reduce(Patience::or);
        let visits = done.into_iter().flat_map(|(visits, _)| visits).collect();
        (visits, least.unwrap_or(patience))
    }
}

/// Notes that an invocation was answered: a run that is asked to stop looks for it.
fn counted(visit: Visit, answers: &AtomicU64) -> Visit {
    if visit.outcome.is_ok() {
        answers.fetch_add(1, Ordering::Relaxed);
    }
    visit
}

fn take_one(left: &AtomicU32) -> bool {
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
}
