//! The platform: dispatches an invocation to a warm instance or starts a cold
//! one, keeps instances alive for a fixed time, and reaps them.
//!
//! An idle instance that has outlived its keep-alive is never dispatched to. It
//! is *removed* only when [`Platform::settle`] is called, between trials, so that
//! no removal falls into a timed act.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::clock::Clock;
use crate::engine::{Engine, EngineError, Exit, InstanceId};
use crate::hostile::printable;
use crate::runtime_api::{Answer, RuntimeApi};
use crate::sample::{Mark, Marks, Outcome, Proof, Temperature};
use crate::scenario::Network;

mod proof;
mod target;
mod visit;

pub use target::Target;
pub use visit::Visit;

/// After an instance ended, how long its last words may still be on the way.
const LAST_WORDS: Duration = Duration::from_millis(20);
/// Times that one kind of misbehaviour is written out in the run's warnings.
const MAX_WARNINGS: usize = 20;

/// One instance that exists.
#[derive(Debug)]
struct Instance {
    id: InstanceId,
    api: RuntimeApi,
    exit: oneshot::Receiver<Exit>,
    /// What its first reply said.
    proof: Option<Proof>,
    /// When its keep-alive ends: nanoseconds since the run's epoch.
    expires: u64,
}

/// How the wait for an answer ended.
enum Ended {
    Answered(Answer),
    Exited(Exit),
    TimedOut,
    Engine(EngineError),
}

/// The instances of one run.
#[derive(Debug)]
pub struct Platform<E> {
    engine: Arc<E>,
    clock: Clock,
    run: String,
    keep_alive: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Idle instances, the most recently used last.
    idle: BTreeMap<(String, Network), Vec<Instance>>,
    /// Instances that are not to be used again and not yet removed.
    doomed: Vec<Instance>,
    /// Every nonce that was ever seen.
    nonces: HashSet<String>,
    warnings: Vec<String>,
}

impl<E: Engine> Platform<E> {
    /// A platform without instances.
    #[must_use]
    pub fn new(engine: Arc<E>, clock: Clock, run: String, keep_alive: Duration) -> Self {
        Self { engine, clock, run, keep_alive, state: Mutex::default() }
    }

    /// The platform's clock.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// Invokes a target: on the most recently used idle instance, else on a new
    /// one. Never fails: a failure is an outcome.
    pub async fn invoke(&self, target: &Target, intended: u64) -> Visit {
        let marks = [(Mark::Intended, intended), (Mark::Dispatched, self.clock.now())];
        let marks = marks.into_iter().collect();
        match self.take_idle(target) {
            Some(instance) => self.warm(target, instance, marks).await,
            None => self.cold(target, marks).await,
        }
    }

    /// What went against the contract without failing an invocation, so far.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        self.lock().warnings.clone()
    }

    /// Idles until every instance has outlived its keep-alive, removes them, and
    /// verifies with the engine that none of this run's is left.
    ///
    /// # Errors
    /// When the engine fails, or an instance refuses to go.
    pub async fn settle(&self) -> Result<(), EngineError> {
        let last = self.lock().idle.values().flatten().map(|i| i.expires).max().unwrap_or(0);
        let wait = last.saturating_sub(self.clock.now());
        tokio::time::sleep(Duration::from_nanos(wait)).await;
        self.clear().await
    }

    /// Removes every instance of this run at once, idle or not, known or not,
    /// and verifies that none is left.
    ///
    /// # Errors
    /// When the engine fails, or an instance refuses to go.
    pub async fn clear(&self) -> Result<(), EngineError> {
        for instance in self.drain() {
            if let Err(error) = self.engine.remove(&instance.id).await {
                // One that is gone needs no removal to have succeeded: what
                // counts is what the engine still lists.
                self.warn(format!("a removal was tried twice: {error}"));
                break;
            }
        }
        let left = self.engine.instances(Some(&self.run)).await?;
        if left.is_empty() {
            return Ok(());
        }
        for found in &left {
            self.engine.remove(&found.id).await?;
        }
        match self.engine.instances(Some(&self.run)).await?.as_slice() {
            [] => Ok(()),
            [first, ..] => Err(EngineError::Refused {
                doing: format!("removing container {}", first.id.short()),
                message: "it is still there after its removal".to_owned(),
            }),
        }
    }

    fn drain(&self) -> Vec<Instance> {
        let mut state = self.lock();
        let mut all = std::mem::take(&mut state.doomed);
        for ((function, _), instances) in std::mem::take(&mut state.idle) {
            for instance in instances {
                state.warn_of(&function, &instance);
                all.push(instance);
            }
        }
        all
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves plain data behind, which is still right.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn warn(&self, warning: String) {
        self.lock().warn(warning);
    }

    /// The most recently used idle instance that is alive, well-behaved and
    /// within its keep-alive.
    fn take_idle(&self, target: &Target) -> Option<Instance> {
        let now = self.clock.now();
        let mut state = self.lock();
        loop {
            let mut instance = state.idle.get_mut(&target.key)?.pop()?;
            let alive =
                matches!(instance.exit.try_recv(), Err(oneshot::error::TryRecvError::Empty));
            if alive && now < instance.expires && instance.api.notes().is_empty() {
                return Some(instance);
            }
            if !alive {
                let name = &target.function.name;
                state.warn(format!("`{name}`: an idle instance ended by itself"));
            }
            state.warn_of(&target.function.name, &instance);
            state.doomed.push(instance);
        }
    }

    async fn warm(&self, target: &Target, mut instance: Instance, marks: Marks) -> Visit {
        let mut visit = Visit::new(Temperature::Warm, marks);
        visit.instance = Some(instance.id.short().to_owned());
        let deadline = visit.deadline(target);
        let function = &target.function;
        let answer = instance.api.invoke(&function.name, &function.event, deadline);
        let ended = self.wait(&mut instance.exit, answer, deadline).await;
        self.conclude(target, instance, ended, visit).await
    }

    async fn cold(&self, target: &Target, marks: Marks) -> Visit {
        let mut visit = Visit::new(Temperature::Cold, marks);
        let deadline = visit.deadline(target);
        match self.create(target, deadline, &mut visit.marks).await {
            Ok((mut instance, answer)) => {
                visit.instance = Some(instance.id.short().to_owned());
                let ended = self.start(&mut instance, answer, deadline, &mut visit.marks).await;
                self.conclude(target, instance, ended, visit).await
            }
            Err(error) => {
                visit.outcome = Outcome::EngineError { cause: error.to_string() };
                visit
            }
        }
    }

    /// Arms the listener, hands it the event, and creates the instance: a fast
    /// function asks for its event before the start call returns.
    async fn create(
        &self,
        target: &Target,
        deadline: u64,
        marks: &mut Marks,
    ) -> Result<(Instance, oneshot::Receiver<Answer>), EngineError> {
        let listener = self.engine.listen(target.network).await?;
        let mut spec = target.spec.clone();
        spec.env.insert("AWS_LAMBDA_RUNTIME_API".to_owned(), listener.address().to_owned());
        let api = RuntimeApi::serve(listener, self.clock);
        let answer = api.invoke(&target.function.name, &target.function.event, deadline);
        marks.set(Mark::CreateCalled, self.clock.now());
        let id = self.engine.create(&spec).await?;
        marks.set(Mark::Created, self.clock.now());
        let exit = self.engine.watch_exit(&id);
        Ok((Instance { id, api, exit, proof: None, expires: 0 }, answer))
    }

    async fn start(
        &self,
        instance: &mut Instance,
        answer: oneshot::Receiver<Answer>,
        deadline: u64,
        marks: &mut Marks,
    ) -> Ended {
        marks.set(Mark::StartCalled, self.clock.now());
        let mut start = std::pin::pin!(self.engine.start(&instance.id));
        let mut wait = std::pin::pin!(self.wait(&mut instance.exit, answer, deadline));
        let mut returned = None;
        let ended = loop {
            tokio::select! {
                biased;
                ended = &mut wait => break ended,
                result = &mut start, if returned.is_none() => match result {
                    Ok(()) => { returned.get_or_insert(self.clock.now()); }
                    Err(error) => break Ended::Engine(error),
                },
            }
        };
        if returned.is_none() && matches!(ended, Ended::Answered(_)) {
            // The answer is in; the start call may take its time to return.
            match tokio::time::timeout(LAST_CALL, start).await {
                Ok(Ok(())) => returned = Some(self.clock.now()),
                Ok(Err(error)) => return Ended::Engine(error),
                Err(_) => {}
            }
        }
        if let Some(at) = returned {
            marks.set(Mark::StartReturned, at);
        }
        ended
    }

    async fn wait(
        &self,
        exit: &mut oneshot::Receiver<Exit>,
        mut answer: oneshot::Receiver<Answer>,
        deadline: u64,
    ) -> Ended {
        let limit = Duration::from_nanos(deadline.saturating_sub(self.clock.now()));
        let ended = tokio::select! {
            biased;
            Ok(answer) = &mut answer => return Ended::Answered(answer),
            exit = exit => match exit {
                Ok(exit) => Ended::Exited(exit),
                Err(_) => Ended::Engine(EngineError::Gone("its events ended".to_owned())),
            },
            () = tokio::time::sleep(limit) => return Ended::TimedOut,
        };
        // What it said before it ended may still be on the way.
        match tokio::time::timeout(LAST_WORDS, answer).await {
            Ok(Ok(answer)) => Ended::Answered(answer),
            _ => ended,
        }
    }

    /// Judges what came, puts a good instance back, and removes a bad one.
    async fn conclude(
        &self,
        target: &Target,
        mut instance: Instance,
        ended: Ended,
        mut visit: Visit,
    ) -> Visit {
        visit.take_stamps(&instance.api, self.clock);
        visit.outcome = match ended {
            Ended::Answered(answer) => self.judge(target, &mut instance, answer, &mut visit),
            Ended::TimedOut => Outcome::TimedOut {
                cause: format!(
                    "no answer within {:?}: {}",
                    target.function.timeout,
                    self.circumstances(&instance).await
                ),
            },
            Ended::Exited(exit) => {
                let code = exit.code.map_or("unknown".to_owned(), |c| c.to_string());
                let circumstances = self.circumstances(&instance).await;
                Outcome::Crashed { cause: format!("exited with code {code}: {circumstances}") }
            }
            Ended::Engine(error) => Outcome::EngineError { cause: error.to_string() },
        };
        if visit.outcome.is_ok() {
            instance.expires = self.clock.now()
                + u64::try_from(self.keep_alive.as_nanos()).unwrap_or(u64::MAX / 2);
            self.lock().idle.entry(target.key.clone()).or_default().push(instance);
        } else if let Err(error) = self.engine.remove(&instance.id).await {
            self.warn(format!("removing container {}: {error}", instance.id.short()));
            self.lock().doomed.push(instance);
        }
        visit
    }

    /// How far a failed instance came, what it did wrong, what it wrote last.
    async fn circumstances(&self, instance: &Instance) -> String {
        let mut parts = vec![
            match (instance.api.ready(), instance.api.sent()) {
                (None, _) => "it never asked for an event",
                (Some(_), None) => "it asked for events, and got none",
                (Some(_), Some(_)) => "it got the event",
            }
            .to_owned(),
        ];
        parts.extend(instance.api.notes().into_iter().map(|n| format!("it {n}")));
        match self.engine.output(&instance.id).await {
            Ok(output) if output.trim().is_empty() => parts.push("it wrote nothing".to_owned()),
            Ok(output) => parts.push(format!("it wrote: {}", printable(&output, 400))),
            Err(error) => parts.push(format!("its output is lost: {error}")),
        }
        parts.join("; ")
    }

    fn judge(
        &self,
        target: &Target,
        instance: &mut Instance,
        answer: Answer,
        visit: &mut Visit,
    ) -> Outcome {
        let (responded, body) = match answer {
            Answer::Response { responded, body } => (responded, body),
            Answer::InitError(cause) => return Outcome::InitError { cause },
            Answer::FunctionError(text) => {
                let cause = format!("the function reported an error: {text}");
                return Outcome::WrongReply { cause };
            }
            Answer::Unreadable(cause) => return Outcome::WrongReply { cause },
        };
        visit.marks.set(Mark::Responded, responded);
        match proof::read(&target.function, &body) {
            Err(cause) => Outcome::WrongReply { cause },
            Ok(None) => Outcome::Ok,
            Ok(Some(proof)) => {
                let verdict =
                    proof::check(&proof, instance.proof.as_ref(), &mut self.lock().nonces);
                instance.proof = Some(proof.clone());
                visit.proof = Some(proof);
                verdict.map_or_else(|cause| Outcome::NotCold { cause }, |()| Outcome::Ok)
            }
        }
    }
}

/// How long a start call may still take to return once its function answered.
const LAST_CALL: Duration = Duration::from_secs(10);

impl State {
    fn warn(&mut self, warning: String) {
        if self.warnings.len() < MAX_WARNINGS && !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    fn warn_of(&mut self, function: &str, instance: &Instance) {
        for note in instance.api.notes() {
            self.warn(format!("`{function}`: an instance {note}"));
        }
    }
}
