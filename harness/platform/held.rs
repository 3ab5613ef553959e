//! Instances that somebody else keeps: started for no event in particular, called as often as
//! the holder likes, and given back. Which call gets which is the holder's.
//!
//! A call that waited for a start has all of it in its row; one that met an instance whose
//! start had begun before it has of that start what came after it was dispatched.

use std::future::Future;
use std::pin::{Pin, pin};
use std::time::Duration;

use tokio::sync::oneshot::error::TryRecvError;

use super::attempt::{InvocationEnd, LAST_CALL};
use super::{Instance, Invocation, Platform, Target, Visit};
use crate::adapter::{Adapter, AnyAdapter, Invoked};
use crate::engine::{Engine, EngineError, InstanceId};
use crate::sample::{Mark, Marks, Outcome, Temperature};

/// What is said of an instance that was not started for its first call.
const STARTED_BEFORE: &str = "its instance had been started before it came";

/// A call to the engine that has not returned yet.
pub type Starting = Pin<Box<dyn Future<Output = Result<(), EngineError>> + Send>>;

/// An instance that is ready for an event, or was called before.
pub struct Held<A: Adapter = AnyAdapter> {
    instance: Instance<A>,
    /// How it was started, until its first call takes that over.
    started: Option<Marks>,
    /// Its start call, where the instance was faster.
    starting: Option<Starting>,
}

/// A start that came to nothing, as the row of a call tells it.
#[derive(Debug)]
pub struct FailedStart {
    /// The instance that was tried; it is gone.
    pub id: Option<InstanceId>,
    /// How far it came.
    pub marks: Marks,
    /// Why it is no instance.
    pub outcome: Outcome,
}

impl<A: Adapter> Held<A> {
    /// Its start call, where that has not returned yet: for [`Platform::returned`].
    pub fn take_starting(&mut self) -> Option<Starting> {
        self.starting.take()
    }

    /// Whether it is there and fit for another event.
    pub fn is_fit(&mut self) -> bool {
        let is_there = matches!(self.instance.exit.try_recv(), Err(TryRecvError::Empty));
        let adapter = &self.instance.adapter;
        is_there && !adapter.has_hung_up() && adapter.violations().is_empty()
    }
}

impl<E: Engine, A: Adapter> Platform<E, A> {
    /// Creates and starts an instance, and waits until it is ready for its first event, for
    /// `limit` from the start call at most.
    ///
    /// # Errors
    /// Says how far it came, and why it is no instance; what was made is removed.
    pub async fn start_held(
        &self,
        target: &Target,
        limit: Duration,
    ) -> Result<Held<A>, FailedStart> {
        let mut marks = Marks::default();
        let made = self.created_for(target, &mut marks).await;
        let mut held = match made {
            Ok(instance) => Held { instance, started: None, starting: None },
            Err(error) => {
                let outcome = Outcome::EngineError { cause: error.to_string() };
                return Err(FailedStart { id: None, marks, outcome });
            }
        };
        let id = held.instance.id.clone();
        let instance = &mut held.instance;
        if let Some(processes) = self.engine.processes(&id) {
            instance.adapter.lives_in(processes);
        }
        instance.adapter.starts(&id);
        let engine = self.engine.clone();
        let mut starting: Starting = Box::pin(async move { engine.start(&id).await });
        marks.set(Mark::StartCalled, self.clock.now());
        let mut returned = None;
        let mut late = pin!(tokio::time::sleep(limit));
        let failed = loop {
            let (exit, adapter) = (&mut instance.exit, &instance.adapter);
            tokio::select! {
                biased;
                () = adapter.ready() => break None,
                result = &mut starting, if returned.is_none() => match result {
                    Ok(()) => {
                        returned.get_or_insert(self.clock.now());
                        adapter.started();
                    }
                    Err(error) => break Some(InvocationEnd::Engine(error)),
                },
                exit = exit => break Some(match exit {
                    Ok(exit) => InvocationEnd::Exited(exit),
                    Err(_) => InvocationEnd::Engine(EngineError::Gone("its events ended".to_owned())),
                }),
                () = &mut late => break Some(InvocationEnd::TimedOut),
            }
        };
        if let Some(at) = returned {
            marks.set(Mark::StartReturned, at);
        }
        let Some(ended) = failed else {
            held.started = Some(marks);
            held.starting = returned.is_none().then_some(starting);
            return Ok(held);
        };
        let mut visit = Visit::new(Temperature::Cold, marks);
        visit.id = Some(held.instance.id.clone());
        let invocation = target.invocation(0);
        let (mut visit, _) = self.conclude(invocation, held.instance, ended, visit).await;
        if let Outcome::Crashed { cause } = visit.outcome {
            visit.outcome = Outcome::InitError { cause };
        } else if let Outcome::TimedOut { .. } = visit.outcome {
            let cause = format!("it was not ready within {limit:?}");
            visit.outcome = Outcome::TimedOut { cause };
        }
        Err(FailedStart { id: visit.id, marks: visit.marks, outcome: visit.outcome })
    }

    /// Invokes an instance that is held, which is given back where it is good for another
    /// call. `dispatched` is when the call was taken up: nanoseconds since the run's epoch. Its
    /// time limit counts from now.
    pub async fn call_held(
        &self,
        invocation: Invocation<'_>,
        dispatched: u64,
        held: Held<A>,
    ) -> (Visit, Option<Held<A>>) {
        let Held { mut instance, started, mut starting } = held;
        let marks = [(Mark::Intended, invocation.intended), (Mark::Dispatched, dispatched)];
        let temperature = if started.is_some() { Temperature::Cold } else { Temperature::Warm };
        let mut visit = Visit::new(temperature, marks.into_iter().collect());
        visit.id = Some(instance.id.clone());
        let limit = u64::try_from(invocation.target.function.timeout.as_nanos());
        let deadline = self.clock.now().saturating_add(limit.unwrap_or(u64::MAX / 2));
        let Invoked { answer, event } = instance.adapter.invoke(invocation.asked());
        instance.event = event;
        let ended = {
            let (exit, adapter) = (&mut instance.exit, &instance.adapter);
            let mut wait = pin!(self.wait(exit, answer, deadline));
            loop {
                let returning = async {
                    match &mut starting {
                        Some(starting) => starting.await,
                        None => std::future::pending().await,
                    }
                };
                tokio::select! {
                    biased;
                    ended = &mut wait => break ended,
                    result = returning => {
                        starting = None;
                        match result {
                            Ok(()) => {
                                visit.marks.set(Mark::StartReturned, self.clock.now());
                                adapter.started();
                            }
                            Err(error) => break InvocationEnd::Engine(error),
                        }
                    },
                }
            }
        };
        let (mut visit, instance) = self.conclude(invocation, instance, ended, visit).await;
        if let Some(started) = started {
            take_start(&mut visit, &started, dispatched);
        }
        let held = instance.map(|instance| {
            instance.adapter.prepare();
            Held { instance, started: None, starting }
        });
        (visit, held)
    }

    /// The last that an instance wrote, as far as its engine keeps it.
    pub async fn output(&self, id: &InstanceId) -> String {
        self.engine.output(id).await.unwrap_or_default()
    }

    /// Waits for the start call of an instance that was faster than it: the row of its first
    /// call lacks its end until then. Not for while somebody waits for an answer.
    pub async fn returned(&self, starting: Option<Starting>, visit: &mut Visit) {
        let Some(starting) = starting else { return };
        // One that fails after its function has answered is told by the next call.
        if let Ok(Ok(())) = tokio::time::timeout(LAST_CALL, starting).await {
            visit.marks.set(Mark::StartReturned, self.clock.now());
        }
    }

    /// Removes an instance that is held; false where the engine refuses, and it is tried again
    /// when the platform is cleared.
    pub async fn release(&self, held: Held<A>) -> bool {
        self.discard(held.instance).await
    }
}

/// Takes over how the instance of a call was started: what of it came after the call.
fn take_start(visit: &mut Visit, started: &Marks, dispatched: u64) {
    let began = started.get(Mark::CreateCalled).or(started.get(Mark::StartCalled));
    let is_its_own = began.is_some_and(|began| began >= dispatched);
    if !is_its_own {
        visit.why_cold = Some(STARTED_BEFORE.to_owned());
    }
    for &mark in Mark::ALL {
        if let Some(at) = started.get(mark)
            && at >= dispatched
        {
            visit.marks.set(mark, at);
        } else if visit.marks.get(mark).is_some_and(|at| at < dispatched) && mark != Mark::Intended
        {
            visit.marks.clear(mark);
        }
    }
}
