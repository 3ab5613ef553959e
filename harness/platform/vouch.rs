//! Whether an answer is the instance's own: who had a part in it is compared with
//! what the engine says of the instance, once nothing is timed.

use std::collections::BTreeMap;

use super::{MAX_WARNINGS, Platform, State, Visit};
use crate::adapter::Adapter;
use crate::engine::{Engine, Evidence, InstanceId, InstanceState, Verdict};
use crate::probe::cgroup;
use crate::sample::{Outcome, Resources};

/// Who spoke for instances, and what is known of these.
#[derive(Debug, Default)]
pub(super) struct Callers {
    known: BTreeMap<InstanceId, InstanceState>,
    /// What those had used that are gone.
    used: BTreeMap<InstanceId, Resources>,
    /// Connections that were refused, by whose they were.
    refused: BTreeMap<String, u64>,
    /// Answers that were not the instance's own, by whose they were.
    strangers: BTreeMap<String, u64>,
    /// Answers of which it cannot be told, by why.
    unproved: BTreeMap<String, u64>,
}

impl<E: Engine, A: Adapter> Platform<E, A> {
    /// What the engine says of an instance, asked once. Not for while something is
    /// timed.
    pub async fn inspect(&self, id: &InstanceId) -> InstanceState {
        if let Some(known) = self.lock().callers.known.get(id) {
            return *known;
        }
        // One that is gone tells nothing.
        let inspected = self.engine.inspect(id).await.unwrap_or_default();
        self.lock().callers.known.insert(id.clone(), inspected);
        inspected
    }

    /// Looks at an instance that is about to be removed: the row of its start needs what
    /// is only to be seen while it is there.
    pub(super) async fn see_last(&self, id: &InstanceId) {
        let pid = self.inspect(id).await.pid;
        if let Some(used) = pid.and_then(|pid| cgroup::read(pid, &id.0)) {
            self.lock().callers.used.insert(id.clone(), used);
        }
    }

    /// What an instance has used so far or, if it is gone, had used when it was removed.
    /// Not for while something is timed.
    pub async fn used(&self, id: &InstanceId) -> Option<Resources> {
        if let Some(used) = self.lock().callers.used.get(id) {
            return Some(*used);
        }
        let pid = self.inspect(id).await.pid?;
        cgroup::read(pid, &id.0)
    }

    /// Compares those who had a part in an answer with the instance that it is taken
    /// to be of. A stranger's answer is a failure, and so is a success of which it cannot
    /// be told any more whose it is; the instance is used no more.
    /// Not for while something is timed; an instance that was removed has no address.
    pub async fn vouch(&self, visit: &mut Visit) {
        let callers = std::mem::take(&mut visit.callers);
        let Some(id) = visit.id.clone() else { return };
        if callers.iter().all(|caller| *caller == Evidence::Sole) {
            return;
        }
        let inspected = self.inspect(&id).await;
        let mut proved = true;
        for caller in callers {
            let mut state = self.lock();
            let cause = match caller.judge(&id, &inspected) {
                Verdict::Proved => continue,
                Verdict::Unproved(why) => {
                    count(&mut state.callers.unproved, why, 1);
                    None
                }
                // A failure is the function's own, unless somebody else is known of.
                Verdict::Gone(_) if !visit.outcome.is_ok() => None,
                Verdict::Gone(who) => Some(format!("it cannot be told whose the answer is: {who}")),
                Verdict::Stranger(who) => {
                    Some(format!("another than the instance had a part in the answer: {who}"))
                }
            };
            proved = false;
            if let Some(cause) = cause {
                state.refute(visit, &id, &caller, cause);
            }
        }
        if proved && let Some(address) = inspected.address {
            let state = self.lock();
            let instance = state.idle.values().flatten().find(|instance| instance.id == id);
            instance.inspect(|instance| instance.adapter.expect(address));
        }
    }
}

impl<A: Adapter> State<A> {
    /// An answer is no instance's own: the instance is used no more.
    fn refute(&mut self, visit: &mut Visit, id: &InstanceId, by: &Evidence, cause: String) {
        count(&mut self.callers.strangers, by.to_string(), 1);
        self.retire(id);
        visit.outcome = Outcome::Stranger { cause };
    }

    /// Takes an idle instance out of use.
    fn retire(&mut self, id: &InstanceId) {
        let mut lost = None;
        for (target, idle) in &mut self.idle {
            if let Some(at) = idle.iter().position(|instance| instance.id == *id) {
                let instance = idle.remove(at);
                lost = Some(*target);
                self.callers.refused(instance.adapter.refused());
                self.doomed.push(instance);
                break;
            }
        }
        if let Some(target) = lost {
            self.lose(target, "of the idle one it is not proved that it answered".to_owned());
        }
    }
}

impl Callers {
    /// Counts connections that an instance's server refused.
    pub(super) fn refused(&mut self, refused: BTreeMap<String, u64>) {
        for (who, times) in refused {
            count(&mut self.refused, who, times);
        }
    }

    /// Instances that are gone need no address, and others may get theirs.
    pub(super) fn forget_instances(&mut self) {
        self.known.clear();
        self.used.clear();
    }

    /// What there is to tell a person.
    pub(super) fn warnings(&self) -> impl Iterator<Item = String> {
        let refused = self.refused.iter().map(|(who, times)| {
            format!("{times} connections of {who}, who is no instance, were refused")
        });
        let strangers = self.strangers.iter().map(|(who, times)| {
            format!("{times} answers were not the instances' own, and are failures: of {who}")
        });
        let unproved = self.unproved.iter().map(|(why, times)| {
            format!("of {times} answers it is not proved that they are the instances' own: {why}")
        });
        refused.chain(strangers).chain(unproved)
    }
}

fn count(of: &mut BTreeMap<String, u64>, what: String, times: u64) {
    if of.len() < MAX_WARNINGS || of.contains_key(&what) {
        *of.entry(what).or_default() += times;
    }
}
