//! One invocation from its dispatch to its end: on an instance that is there, or on one
//! that is created and started for it. This is the measuring path.

use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::oneshot;

use super::{Armed, Created, Instance, Invocation, Platform, Target, Visit};
use crate::adapter::{Adapter, Answered, Invoked};
use crate::engine::{Engine, EngineError, Exit, InstanceSpec};
use crate::sample::{Mark, Marks, Outcome, Temperature};

/// After an instance ended, how long its last words may still be on the way.
const EXIT_GRACE: Duration = Duration::from_millis(20);
/// How long a start call may still take to return once its function answered.
pub(super) const LAST_CALL: Duration = Duration::from_secs(10);

/// How the wait for an answer ended.
pub(super) enum InvocationEnd {
    Answered(Answered),
    Exited(Exit),
    TimedOut,
    Engine(EngineError),
}

/// An invocation that is over, and its instance if it is good for another.
pub(super) type Concluded<A> = (Visit, Option<Instance<A>>);

impl<E: Engine, A: Adapter> Platform<E, A> {
    pub(super) async fn warm(
        &self,
        invocation: Invocation<'_>,
        mut instance: Instance<A>,
        marks: Marks,
    ) -> Concluded<A> {
        let mut visit = Visit::new(Temperature::Warm, marks);
        visit.id = Some(instance.id.clone());
        let deadline = visit.deadline(invocation.target);
        let Invoked { answer, event } = instance.adapter.invoke(invocation.asked());
        instance.event = event;
        let ended = self.wait(&mut instance.exit, answer, deadline).await;
        self.conclude(invocation, instance, ended, visit).await
    }

    pub(super) async fn cold(&self, invocation: Invocation<'_>, marks: Marks) -> Concluded<A> {
        let mut visit = Visit::new(Temperature::Cold, marks);
        let deadline = visit.deadline(invocation.target);
        match self.create(invocation, &mut visit.marks).await {
            Ok((mut instance, answer)) => {
                visit.id = Some(instance.id.clone());
                let ended = self.start(&mut instance, answer, deadline, &mut visit.marks).await;
                self.conclude(invocation, instance, ended, visit).await
            }
            Err(error) => {
                visit.outcome = Outcome::EngineError { cause: error.to_string() };
                (visit, None)
            }
        }
    }

    /// Hands what is armed the event, and creates the instance where it was not created
    /// ahead: a fast function asks for its event before the start call returns.
    async fn create(
        &self,
        invocation: Invocation<'_>,
        marks: &mut Marks,
    ) -> Result<(Instance<A>, oneshot::Receiver<Answered>), EngineError> {
        let armed = self.armed(invocation.target).await?;
        let Invoked { answer, event } = armed.adapter.invoke(invocation.asked());
        let mut instance = self.created(invocation.target, armed, marks).await?;
        instance.event = event;
        Ok((instance, answer))
    }

    /// The same for no event in particular.
    pub(super) async fn created_for(
        &self,
        target: &Target,
        marks: &mut Marks,
    ) -> Result<Instance<A>, EngineError> {
        let armed = self.armed(target).await?;
        self.created(target, armed, marks).await
    }

    async fn armed(&self, target: &Target) -> Result<Armed<A>, EngineError> {
        let armed = self.lock().armed.get_mut(&target.key()).and_then(Vec::pop);
        match armed {
            Some(armed) => Ok(armed),
            None => self.arm(target).await,
        }
    }

    /// Creates the instance that something was armed for, where it was not created ahead.
    async fn created(
        &self,
        target: &Target,
        Armed { spec, adapter, created }: Armed<A>,
        marks: &mut Marks,
    ) -> Result<Instance<A>, EngineError> {
        let quota = self.quota(&spec)?;
        let Created { id, exit } = match created {
            Some(created) => created,
            None => {
                marks.set(Mark::CreateCalled, self.clock.now());
                let created = self.create_now(&spec).await?;
                marks.set(Mark::Created, self.clock.now());
                created
            }
        };
        if let Some(throttle) = quota.of(&id) {
            adapter.throttle_when_ready(throttle);
        }
        let (function, event) = (target.function.name.as_str().into(), Bytes::new());
        Ok(Instance { id, function, adapter, exit, event, proof: None, expires: 0 })
    }

    pub(super) async fn create_now(&self, spec: &InstanceSpec) -> Result<Created, EngineError> {
        self.creating.fetch_add(1, Ordering::Relaxed);
        let created = self.engine.create(spec).await;
        self.creating.fetch_sub(1, Ordering::Relaxed);
        let id = created?;
        let exit = self.engine.watch_exit(&id);
        Ok(Created { id, exit })
    }

    async fn start(
        &self,
        instance: &mut Instance<A>,
        answer: oneshot::Receiver<Answered>,
        deadline: u64,
        marks: &mut Marks,
    ) -> InvocationEnd {
        if let Some(processes) = self.engine.processes(&instance.id) {
            instance.adapter.lives_in(processes);
        }
        instance.adapter.starts(&instance.id);
        marks.set(Mark::StartCalled, self.clock.now());
        let mut start = std::pin::pin!(self.engine.start(&instance.id));
        let (exit, adapter) = (&mut instance.exit, &instance.adapter);
        let mut wait = std::pin::pin!(self.wait(exit, answer, deadline));
        let mut returned = None;
        let ended = loop {
            tokio::select! {
                biased;
                ended = &mut wait => break ended,
                result = &mut start, if returned.is_none() => match result {
                    Ok(()) => {
                        returned.get_or_insert(self.clock.now());
                        adapter.started();
                    }
                    Err(error) => break InvocationEnd::Engine(error),
                },
            }
        };
        if returned.is_none() && matches!(ended, InvocationEnd::Answered(_)) {
            // The answer is in; the start call may take its time to return.
            match tokio::time::timeout(LAST_CALL, start).await {
                Ok(Ok(())) => returned = Some(self.clock.now()),
                Ok(Err(error)) => return InvocationEnd::Engine(error),
                Err(_) => {}
            }
        }
        if let Some(at) = returned {
            marks.set(Mark::StartReturned, at);
        }
        ended
    }

    pub(super) async fn wait(
        &self,
        exit: &mut oneshot::Receiver<Exit>,
        mut answer: oneshot::Receiver<Answered>,
        deadline: u64,
    ) -> InvocationEnd {
        let limit = Duration::from_nanos(deadline.saturating_sub(self.clock.now()));
        let ended = tokio::select! {
            biased;
            Ok(answer) = &mut answer => return InvocationEnd::Answered(answer),
            exit = exit => match exit {
                Ok(exit) => InvocationEnd::Exited(exit),
                Err(_) => InvocationEnd::Engine(EngineError::Gone("its events ended".to_owned())),
            },
            () = tokio::time::sleep(limit) => return InvocationEnd::TimedOut,
        };
        // What it said before it ended may still be on the way.
        match tokio::time::timeout(EXIT_GRACE, answer).await {
            Ok(Ok(answer)) => InvocationEnd::Answered(answer),
            _ => ended,
        }
    }
}
