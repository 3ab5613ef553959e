//! Real instances behind [`serve::Platform`](Platform): a pool decides, this does what it
//! decides, and every call is a row.
//!
//! The pool is told everything under one lock, in the order of time, and what it decides is
//! begun before the lock is given back: nothing is awaited meanwhile.

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use super::call::{Call, Done, End, Functions, NotReserved, NotUpdated, Platform, Report, Served};
use crate::adapter::until_told;
use crate::clock::Clock;
use crate::drive::{Driver, Stop};
use crate::engine::{AnyEngine, InstanceId};
use crate::measure::{Measurement, Outside, PreparedEngine};
use crate::observer::Observer;
use crate::platform::{self, Held, Target};
use crate::pool::policy::Policy;
use crate::pool::{CallId, Counters, InstanceKey, Limits, Pool, PoolFunction};
use crate::probe::exec_trace::Event;
use crate::provision::Consent;
use crate::spec::plan::TrialSubject;
use crate::store::FunctionRecord;

mod answer;
mod calls;
mod instances;
mod rows;

#[cfg(test)]
mod tests;

use rows::{Row, Windows};

/// How instances are kept, started and given up.
pub struct Rules {
    /// What the platform allows.
    pub limits: Limits,
    /// What of it is a function's, in the functions' order.
    pub functions: Vec<PoolFunction>,
    /// Which instances are kept, and for how long.
    pub policy: Box<dyn Policy + Send>,
    /// How long an instance may take to be ready. One that takes longer is started once more,
    /// for as long as a call of its function may take, as AWS Lambda does.
    pub init: Duration,
    /// Where what each call took is told, once all of it is known.
    pub reports: Option<mpsc::UnboundedSender<Report>>,
}

/// A run that is called from outside. Cloned by whoever calls.
#[derive(Clone)]
pub struct Session(Arc<Inner>);

struct Inner {
    driver: Arc<Driver<AnyEngine>>,
    clock: Clock,
    /// What is called now, in the functions' order.
    targets: Mutex<Vec<Arc<Target>>>,
    functions: Mutex<Functions>,
    renewals: mpsc::UnboundedSender<Renewal>,
    init: Duration,
    reports: Option<mpsc::UnboundedSender<Report>>,
    state: Mutex<State>,
    /// What is due has changed.
    changed: Notify,
    /// Nothing is under way any more, maybe.
    quiet: Notify,
    rows: mpsc::UnboundedSender<Row>,
}

struct State {
    pool: Pool,
    /// Instances that are ready and have no call.
    held: HashMap<InstanceKey, Held>,
    /// Calls that have no instance yet.
    waiting: HashMap<CallId, calls::Waiting>,
    /// Starts that are under way.
    starting: HashMap<InstanceKey, Starting>,
    /// The kernel's events, as long as any start may need them.
    events: Vec<Event>,
    /// Calls of which there is no row yet.
    open: usize,
    next: u64,
    windows: Windows,
    is_stopping: bool,
}

/// A start that is under way.
struct Starting {
    /// Since when: nanoseconds since the run's epoch.
    since: u64,
    /// Whether the pool has not forgotten it.
    is_wanted: bool,
}

/// That a function is to be made again: whoever has the engine does it, and answers.
struct Renewal {
    /// Its place among the functions.
    function: usize,
    /// The image that it is to be of; none for what it is made from.
    image: Option<String>,
    /// What came of it; who asked may be gone.
    made: oneshot::Sender<Result<Renewed, String>>,
}

/// A function that was made again: what is known of its image, and what its instances are
/// created from.
type Renewed = (FunctionRecord, Arc<Target>);

/// A session with what ends it.
pub struct Opened {
    /// For whoever calls.
    pub session: Session,
    renewals: mpsc::UnboundedReceiver<Renewal>,
    request: Measurement,
    timer: JoinHandle<()>,
    writer: JoinHandle<Result<rows::Written>>,
}

impl Session {
    /// Begins to take calls. To be called on the runtime that the calls are to be answered on.
    #[must_use]
    pub fn open(request: Measurement, outside: Outside, rules: Rules) -> Opened {
        let driver = outside.driver.clone();
        let clock = driver.platform().clock();
        let functions = served(&request, &outside, &rules.functions);
        let of = |function| TrialSubject::Function { function, combination: 0, pattern: 0 };
        let target = |function| driver.targets().of(0, of(function)).clone();
        let targets = Mutex::new((0..functions.len()).map(target).collect());
        let (renew, renewals) = mpsc::unbounded_channel();
        let (rows, received) = mpsc::unbounded_channel();
        let begun = clock.now();
        let state = State {
            pool: Pool::new(rules.limits, rules.functions, rules.policy),
            held: HashMap::new(),
            waiting: HashMap::new(),
            starting: HashMap::new(),
            events: Vec::new(),
            open: 0,
            next: 0,
            windows: Windows::new(begun, outside.last),
            is_stopping: false,
        };
        let session = Self(Arc::new(Inner {
            driver,
            clock,
            targets,
            functions: Mutex::new(functions),
            renewals: renew,
            init: rules.init,
            reports: rules.reports,
            state: Mutex::new(state),
            changed: Notify::new(),
            quiet: Notify::new(),
            rows,
        }));
        let writer = tokio::spawn(rows::write(outside, received));
        let timer = tokio::spawn(session.clone().keep_time());
        let at = clock.now();
        session.told(|pool, out| pool.begin(at, out));
        Opened { session, renewals, request, timer, writer }
    }

    /// What the pool has counted so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.state().pool.counters(self.0.clock.now())
    }

    /// Has so many bytes kept of what instances write, to be looked at by [`Session::written`].
    pub fn keep_output(&self, most: usize) {
        self.0.driver.platform().keep_output(most);
    }

    /// What each instance that there is has written so far, at most so many bytes from its
    /// beginning: hostile.
    pub async fn written(&self, most: usize) -> Vec<(InstanceId, Vec<u8>)> {
        self.0.driver.platform().written(most).await
    }

    /// A further version of a function, and its number: calls that come from now on get new
    /// instances.
    fn renewed(&self, function: usize, (record, target): Renewed) -> u32 {
        let of = crate::pool::FunctionIndex(function);
        let mut functions = lock(&self.0.functions);
        let mut changed: Vec<Served> = functions.to_vec();
        let Some(served) = changed.get_mut(function) else { return 0 };
        served.version += 1;
        served.digest = without_scheme(&record.digest);
        served.size = record.size;
        let (name, version) = (served.name.clone(), served.version);
        *functions = changed.into();
        drop(functions);
        if let Some(own) = lock(&self.0.targets).get_mut(function) {
            *own = target;
        }
        let at = self.0.clock.now();
        self.told(|pool, out| pool.update(at, of, out));
        let digest = record.digest.get(..19).unwrap_or(&record.digest);
        let told = format!("`{name}` is version {version} from {at} ns on: {digest}");
        let _ = self.0.rows.send(Row::Told(told));
        version
    }

    fn target(&self, function: usize) -> Arc<Target> {
        lock(&self.0.targets)[function].clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.0.state)
    }
}

impl Platform for Session {
    fn functions(&self) -> Functions {
        lock(&self.0.functions).clone()
    }

    fn clock(&self) -> Clock {
        self.0.clock
    }

    async fn update(&self, function: &str, image: Option<String>) -> Result<u32, NotUpdated> {
        let found = self.functions().iter().position(|served| served.name == function);
        let function = found.ok_or(NotUpdated::NotFound)?;
        let (made, renewed) = oneshot::channel();
        let nobody = || NotUpdated::Failed("nothing is made again here".to_owned());
        self.0.renewals.send(Renewal { function, image, made }).map_err(|_| nobody())?;
        let renewed = renewed.await.map_err(|_| nobody())?.map_err(NotUpdated::Failed)?;
        Ok(self.renewed(function, renewed))
    }

    fn reserve(&self, function: &str, reserved: Option<u32>) -> Result<(), NotReserved> {
        self.reserved(function, reserved)
    }

    /// The call is a task of its own: it goes on whoever waits.
    fn call(&self, call: Call) -> impl Future<Output = Done> + Send {
        let (answer, answered) = oneshot::channel();
        tokio::spawn(self.clone().answer(call, answer));
        async move {
            let gone = || Done::without(End::Unavailable("its task is gone".to_owned()));
            answered.await.unwrap_or_else(|_| gone())
        }
    }
}

impl Opened {
    /// Does something with it, and meanwhile makes functions again that are updated: nobody
    /// updates any where this is not awaited.
    pub async fn with<T>(
        &mut self,
        engine: &PreparedEngine,
        consent: Consent,
        observer: &dyn Observer,
        act: impl Future<Output = T>,
    ) -> T {
        let Self { request, renewals, .. } = self;
        let renew = async {
            // The session asks, and is there as long as this is.
            while let Some(Renewal { function, image, made }) = renewals.recv().await {
                let with = (consent, observer);
                let renewed = Outside::renew(engine, request, function, image, with).await;
                // Who asked may be gone.
                let _ = made.send(renewed.map_err(|error| format!("{error:#}")));
            }
            std::future::pending::<Infallible>().await
        };
        tokio::select! {
            done = act => done,
            never = renew => match never {},
        }
    }

    /// Takes no more calls, waits for those that are under way, removes every instance,
    /// measures the controls again, unless that is to be over at once, and saves the record; what
    /// the pool has counted.
    ///
    /// # Errors
    /// When an instance would not go, or rows could not be kept.
    pub async fn end(
        self,
        stop: &watch::Receiver<Stop>,
        observer: &dyn Observer,
    ) -> Result<Counters> {
        let Self { session, request, timer, writer, .. } = self;
        let at = session.0.clock.now();
        session.state().is_stopping = true;
        session.told(|pool, out| pool.drain(at, out));
        session.is_quiet().await;
        let counters = session.counters();
        timer.abort();
        session.close_windows();
        let last = session.state().windows.number(session.0.clock.now());
        drop(session);
        let written = writer.await.context("the task that keeps rows ended")??;
        let mut outside = written.outside;
        outside.last = last;
        outside.end(&request, stop, observer).await?;
        Ok(counters)
    }
}

impl Session {
    /// Waits until no call is without its row, and no start under way.
    async fn is_quiet(&self) {
        let is_so = || {
            let state = self.state();
            state.open == 0 && state.starting.is_empty()
        };
        until_told(&self.0.quiet, is_so).await;
    }
}

/// What can be called, as those who call may know it.
fn served(request: &Measurement, outside: &Outside, pool: &[PoolFunction]) -> Functions {
    let record = &outside.writer.record;
    let functions = request.sides.first().map_or(&[][..], |side| &side.functions);
    let reserved = pool.iter().map(|of| of.reserved).chain(std::iter::repeat(None));
    let all = functions.iter().zip(&record.functions).zip(reserved);
    let all = all.map(|((function, known), reserved)| Served {
        name: function.name.clone(),
        version: 1,
        timeout: function.timeout,
        memory: Some(function.limits.memory).filter(|memory| *memory > 0),
        digest: without_scheme(&known.digest),
        size: known.size,
        reserved,
        listens: function.adapter.listens(),
        environment: function.env.iter().map(|(name, is)| (name.clone(), is.clone())).collect(),
    });
    all.collect::<Vec<_>>().into()
}

fn without_scheme(digest: &str) -> String {
    digest.strip_prefix("sha256:").unwrap_or(digest).to_owned()
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic elsewhere leaves plain data behind, which is still right.
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The instances of a session, as the platform makes them.
type Instances = platform::Platform<AnyEngine>;
