//! What the kernel tells of a step's starts, asked once nothing is timed.

use super::Driver;
use super::words::beginning;
use crate::engine::Engine;
use crate::platform::{Target, Visit};
use crate::probe::cgroup::CpuUse;
use crate::probe::exec_trace::{self, Event, ExecTrace, Start, Traced};
use crate::sample::{Cell, Mark, Resources, Sample, Temperature};
use crate::spec::scenario::{LoadShape, OUTSIDE};

/// Where the row of a call stands that came from outside.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// What was called.
    pub target: &'a Target,
    /// The span of time in which it came, from 1: its trial, and its round.
    pub window: u32,
    /// The how-manieth of these, from 0.
    pub index: u32,
    /// How it met its instance, where that is neither cold nor warm.
    pub step: &'a str,
}

/// What was seen of one invocation's start; nothing of a warm one.
#[derive(Debug, Default)]
pub(super) struct Observation {
    /// Marks and processes, as the kernel told.
    traced: Traced,
    /// What the instance has used so far.
    resources: Option<Resources>,
}

impl<E: Engine> Driver<E> {
    /// The row of a call that no plan has, once it was answered and nobody waits for it any
    /// more. `events` are the kernel's since its start began, at least.
    pub async fn served(&self, mut visit: Visit, events: &[Event], at: Place<'_>) -> Sample {
        let mut seen = self.look(std::slice::from_mut(&mut visit), events).await;
        let (function, factors) = (&at.target.function, at.target.factors().clone());
        let cell = Cell {
            function: function.name.clone(),
            adapter: function.adapter,
            factors,
            control: None,
            pattern: OUTSIDE.to_owned(),
            step: at.step.to_owned(),
            act: LoadShape::Arrivals,
            temperature: visit.temperature,
        };
        let seen = seen.pop().unwrap_or_default();
        row(visit, seen, cell, (at.window, at.window), at.index)
    }

    /// Looks at the starts of a step that has ended, and at who answered; one entry a
    /// visit.
    pub(super) async fn observe(&self, visits: &mut [Visit]) -> Vec<Observation> {
        let events = self.trace.as_ref().map(ExecTrace::take).unwrap_or_default();
        self.look(visits, &events).await
    }

    async fn look(&self, visits: &mut [Visit], events: &[Event]) -> Vec<Observation> {
        let until = self.clock().now();
        // At once: what goes on in an instance goes on being counted.
        let used = exec_trace::used_until_now(events);
        let mut all = Vec::with_capacity(visits.len());
        for visit in visits {
            let mut seen = Observation::default();
            self.platform.vouch(visit).await;
            let from = visit.marks.get(Mark::StartCalled);
            if let (Temperature::Cold, Some(id), Some(from)) = (visit.temperature, &visit.id, from)
            {
                // One that failed is gone, and was looked at before.
                let inspected = match visit.is_removed() {
                    true => Default::default(),
                    false => self.platform.inspect(id).await,
                };
                let until = visit.marks.ready().unwrap_or(until);
                let start = Start { id: &id.0, pid: inspected.pid, from, until };
                seen.traced = exec_trace::join(events, &start);
                if inspected.pid.is_some() {
                    seen.resources = self.platform.used(id).await;
                    let from_exec = seen.traced.used.as_ref().and_then(|at| since(at, &used));
                    if let Some((all, system)) = from_exec {
                        let resources = seen.resources.get_or_insert_default();
                        (resources.cpu_ns, resources.cpu_system_ns) = (Some(all), Some(system));
                    }
                }
            }
            all.push(seen);
        }
        all
    }
}

/// Nanoseconds that a container has used since its exec: all, and of these in the kernel.
fn since(exec: &CpuUse, now: &[CpuUse]) -> Option<(u64, u64)> {
    Some(now.iter().find(|now| now.is_of(exec))?.since(exec))
}

/// The row of an invocation.
pub(super) fn row(
    visit: Visit,
    seen: Observation,
    cell: Cell,
    (trial, round): (u32, u32),
    index: u32,
) -> Sample {
    let Visit { id, why_cold, proof, mut marks, readiness, mut dropped_marks, .. } = visit;
    let (reply, output, outcome) = (beginning(&visit.reply), visit.output, visit.outcome);
    let Observation { traced, resources } = seen;
    for (mark, at) in traced.marks {
        marks.set(mark, at);
    }
    // Nothing of the function's own happens before its exec: a stamp that says so
    // is from another clock, whatever else it lies between.
    if let Some(exec) = marks.get(Mark::Exec) {
        for mark in [Mark::Main, Mark::ReadySelf] {
            if marks.get(mark).is_some_and(|at| at < exec) {
                marks.clear(mark);
                dropped_marks += 1;
            }
        }
    }
    Sample {
        cell,
        round,
        trial,
        index,
        instance: id.map(|id| id.short().to_owned()),
        why_cold,
        proof,
        marks,
        readiness,
        dropped_marks,
        processes: traced.processes,
        resources,
        reply,
        output,
        outcome,
    }
}
