//! A simulated engine: scripted latencies and faults, on paused time.
//!
//! Its instances speak the Runtime API byte by byte over connections in memory,
//! so everything above the engine runs as it does on a real one. Figures made
//! with it are simulated, and every table and chart made from them says so.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tokio::io::DuplexStream;
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;
use tokio::time::sleep;

use super::{
    Engine, EngineError, EngineInfo, Exit, InstanceId, InstanceSource, InstanceSpec, InstanceState,
    LABEL_FUNCTION, LABEL_MAKER, LABEL_RUN, ListedInstance, Listener, Route, Strangers,
};
use strum::VariantArray;

use crate::clock::Clock;
use crate::spec::factor::{
    Attachment, Capabilities, CpuQuota, CpuRule, LogDriver, MemoryLimit, Network, OciRuntime,
    StartFrom,
};
use crate::system::maker::Maker;

mod function;
mod images;
mod script;

pub use script::Script;

/// What a simulated function does wrong.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    #[default]
    None,
    /// It exits at once, with code 1.
    ExitsAtOnce,
    /// It runs and never asks for an event.
    NeverAsks,
    /// Its first instances, so many, answer; every later one never asks.
    NeverAsksAfter(u64),
    /// It reports that it cannot start, and exits.
    InitError,
    /// It exits when it gets the event.
    CrashesOnEvent,
    /// It gets the event and never answers.
    NeverAnswers,
    /// It sends bytes that are not HTTP.
    Garbage,
    /// Its reply is not JSON.
    NotJson,
    /// It answers 10 MB.
    Huge,
    /// It answers every event twice.
    Twice,
    /// It asks for a path that is not in the contract; one that listens knows no path.
    WrongPath,
    /// It reports that the invocation failed, and asks for the next.
    FunctionError,
    /// One that listens answers that it is not ready, three times.
    NotYet,
    /// It changes the event that it should echo.
    WrongEcho,
    /// It echoes the event as the function's file has it, without reading what came.
    GuessedEcho,
    /// It says that it has answered before, on its first event.
    NotCold,
    /// It says the same nonce in every instance.
    SameNonce,
    /// It counts two for each invocation after the first.
    Miscounts,
    /// Its stamps are from another clock.
    ForeignClock,
    /// The engine refuses to create it.
    Refused,
    /// The engine refuses to start it.
    NotStarted,
}

/// How long the create call takes.
const CREATE: Duration = Duration::from_millis(6);
/// How long the start call takes to return after the function's main began.
const START_RETURNS: Duration = Duration::from_millis(5);
/// From the start of a plain process to its main.
const PROCESS: Duration = Duration::from_millis(1);
/// How long a removal takes.
const REMOVE: Duration = Duration::from_millis(80);

/// The simulated engine.
#[derive(Debug)]
pub struct FakeEngine {
    clock: Clock,
    scripts: BTreeMap<String, Script>,
    /// Calls of `create` after which the engine is gone; none for never.
    gone_after: Option<u64>,
    /// What every instance writes.
    output: String,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    rng: ChaCha8Rng,
    ports: HashMap<String, mpsc::UnboundedSender<DuplexStream>>,
    /// Who listens, on which port.
    open: HashMap<(InstanceId, u16), mpsc::UnboundedSender<DuplexStream>>,
    next_port: u64,
    next_instance: u64,
    instances: BTreeMap<InstanceId, Instance>,
    /// Started instances, by function, over the whole life of the engine.
    starts: BTreeMap<String, u64>,
    gone: bool,
}

#[derive(Debug)]
struct Instance {
    spec: InstanceSpec,
    exit: Option<oneshot::Sender<Exit>>,
    process: Option<AbortHandle>,
}

impl FakeEngine {
    /// An engine whose functions behave as scripted; a function without a script
    /// gets the default one, made slower by the length of its name.
    #[must_use]
    pub fn new(clock: Clock, seed: u64, scripts: BTreeMap<String, Script>) -> Self {
        let state = State {
            rng: ChaCha8Rng::seed_from_u64(seed),
            ports: HashMap::new(),
            open: HashMap::new(),
            next_port: 1,
            next_instance: 1,
            instances: BTreeMap::new(),
            starts: BTreeMap::new(),
            gone: false,
        };
        let output = "a line that the function wrote \u{1b}[31m(simulated)".to_owned();
        Self { clock, scripts, gone_after: None, output, state: Arc::new(Mutex::new(state)) }
    }

    /// Makes the engine vanish at the create call after `creates` of them.
    #[must_use]
    pub fn gone_after(mut self, creates: u64) -> Self {
        self.gone_after = Some(creates);
        self
    }

    /// Makes every instance write this.
    #[must_use]
    pub fn writing(mut self, output: &str) -> Self {
        output.clone_into(&mut self.output);
        self
    }

    /// How many instances of a function were started so far.
    #[must_use]
    pub fn starts(&self, function: &str) -> u64 {
        lock(&self.state).starts.get(function).copied().unwrap_or(0)
    }

    fn script(&self, function: &str) -> Script {
        self.scripts.get(function).copied().unwrap_or_else(|| {
            let default = Script::default();
            let init = default.init + Duration::from_millis(10 * function.len() as u64);
            Script { init, ..default }
        })
    }

    fn check(&self) -> Result<(), EngineError> {
        if lock(&self.state).gone {
            return Err(EngineError::Gone("connection refused (simulated)".to_owned()));
        }
        Ok(())
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn refused(doing: &str) -> EngineError {
    EngineError::Refused { doing: doing.to_owned(), message: "refused (simulated)".to_owned() }
}

impl State {
    /// A factor around 1, log-normal.
    fn factor(&mut self, spread: f64) -> f64 {
        let (u, v): (f64, f64) = (self.rng.random(), self.rng.random());
        let normal = (-2.0 * (1.0 - u).ln()).sqrt() * (std::f64::consts::TAU * v).cos();
        (spread * normal).exp()
    }
}

impl Engine for FakeEngine {
    async fn describe(&self) -> Result<EngineInfo, EngineError> {
        self.check()?;
        Ok(EngineInfo {
            kind: "fake".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            api_version: "-".into(),
            oci_runtime: "-".into(),
            oci_programs: BTreeMap::new(),
            storage_driver: "-".into(),
            cgroups: "-".into(),
            kernel: "-".into(),
            address: "memory".into(),
            callback: None,
            daemons: BTreeMap::new(),
            offers: Capabilities::default()
                .with::<Network>(Network::VARIANTS.iter().map(ToString::to_string).collect())
                .with::<OciRuntime>(["fake", "other"].into_iter().collect())
                .with::<StartFrom>(true.into())
                .with::<CpuQuota>(true.into())
                .with::<CpuRule>(true.into())
                .with::<MemoryLimit>(true.into())
                .with::<LogDriver>(["json-file", "none"].into_iter().collect()),
        })
    }

    async fn listen(&self, _: Attachment) -> Result<Listener, EngineError> {
        self.check()?;
        let (sender, receiver) = mpsc::unbounded_channel();
        let mut state = lock(&self.state);
        let address = format!("memory:{}", state.next_port);
        state.next_port += 1;
        state.ports.insert(address.clone(), sender);
        Ok(Listener::memory(address, receiver))
    }

    fn reach(&self, _: Attachment) -> Result<Route, EngineError> {
        self.check()?;
        let shared = self.state.clone();
        Ok(Route::Memory(Arc::new(move |id, port| {
            let (ours, theirs) = tokio::io::duplex(64 * 1024);
            let key = (id.clone(), port);
            lock(&shared).open.get(&key)?.send(theirs).ok()?;
            Some(ours)
        })))
    }

    async fn create(&self, spec: &InstanceSpec) -> Result<InstanceId, EngineError> {
        self.check()?;
        if matches!(spec.source, InstanceSource::Image(_)) {
            sleep(CREATE).await;
        }
        let mut state = lock(&self.state);
        if self.gone_after.is_some_and(|n| state.next_instance > n) {
            state.gone = true;
            state.instances.clear();
            return Err(EngineError::Gone("broken pipe (simulated)".to_owned()));
        }
        let function = spec.labels.get(LABEL_FUNCTION).map_or("", String::as_str);
        if self.script(function).fault == Fault::Refused {
            return Err(refused("creating an instance"));
        }
        let id = InstanceId(format!("{:012x}", state.next_instance));
        state.next_instance += 1;
        let instance = Instance { spec: spec.clone(), exit: None, process: None };
        state.instances.insert(id.clone(), instance);
        Ok(id)
    }

    async fn start(&self, id: &InstanceId) -> Result<(), EngineError> {
        self.check()?;
        let (boot, process) = {
            let mut state = lock(&self.state);
            let Some(instance) = state.instances.get(id) else { return Err(refused("starting")) };
            let spec = instance.spec.clone();
            let function = spec.labels.get(LABEL_FUNCTION).cloned().unwrap_or_default();
            let mut script = self.script(&function);
            if matches!(spec.source, InstanceSource::Command(_)) {
                script = Script { engine: PROCESS, init: Duration::ZERO, spread: 0.0, ..script };
            }
            if script.fault == Fault::NotStarted {
                return Err(refused("starting an instance"));
            }
            let starts = state.starts.entry(function).or_default();
            *starts += 1;
            if let Fault::NeverAsksAfter(first) = script.fault {
                script.fault = if *starts > first { Fault::NeverAsks } else { Fault::None };
            }
            script = script.throttled(&spec.factors);
            let factor = state.factor(script.spread);
            let nonce = match script.fault {
                Fault::SameNonce => "0".repeat(16),
                _ => format!("{:016x}", state.rng.random::<u64>()),
            };
            // Whatever the variable is called that tells it whom to call.
            let port = spec.env.values().find_map(|value| state.ports.get(value));
            let process = function::Process {
                clock: self.clock,
                port: port.cloned(),
                env: spec.env,
                script,
                factor,
                nonce,
            };
            (script.engine.mul_f64(factor), process)
        };
        let (id, shared) = (id.clone(), self.state.clone());
        let running = tokio::spawn({
            let id = id.clone();
            let shared = shared.clone();
            async move {
                sleep(boot).await;
                let open = |port, door| {
                    lock(&shared).open.insert((id.clone(), port), door);
                };
                let code = process.run(open).await;
                if let Some(instance) = lock(&shared).instances.get_mut(&id)
                    && let Some(exit) = instance.exit.take()
                {
                    let _ = exit.send(Exit { code: Some(code) });
                }
            }
        });
        if let Some(instance) = lock(&shared).instances.get_mut(&id) {
            instance.process = Some(running.abort_handle());
        }
        sleep(boot + START_RETURNS).await;
        Ok(())
    }

    fn watch_exit(&self, id: &InstanceId) -> oneshot::Receiver<Exit> {
        let (sender, receiver) = oneshot::channel();
        if let Some(instance) = lock(&self.state).instances.get_mut(id) {
            instance.exit = Some(sender);
        }
        receiver
    }

    async fn inspect(&self, _: &InstanceId) -> Result<InstanceState, EngineError> {
        self.check()?;
        Ok(InstanceState::default())
    }

    async fn remove(&self, id: &InstanceId) -> Result<(), EngineError> {
        self.check()?;
        sleep(REMOVE).await;
        lock(&self.state).open.retain(|(of, _), _| of != id);
        if let Some(instance) = lock(&self.state).instances.remove(id) {
            if let Some(process) = instance.process {
                process.abort();
            }
            if let Some(exit) = instance.exit {
                let _ = exit.send(Exit { code: Some(137) });
            }
        }
        Ok(())
    }

    async fn output(&self, _: &InstanceId) -> Result<String, EngineError> {
        self.check()?;
        Ok(self.output.clone())
    }

    async fn strangers(&self) -> Result<Arc<Strangers>, EngineError> {
        self.check()?;
        Ok(Arc::default())
    }

    async fn instances(&self, run: Option<&str>) -> Result<Vec<ListedInstance>, EngineError> {
        self.check()?;
        let label = |spec: &InstanceSpec, name| spec.labels.get(name).cloned().unwrap_or_default();
        let state = lock(&self.state);
        let found = state.instances.iter().map(|(id, instance)| ListedInstance {
            id: id.clone(),
            run: label(&instance.spec, LABEL_RUN),
            function: label(&instance.spec, LABEL_FUNCTION),
            maker: Maker::parse(&label(&instance.spec, LABEL_MAKER)),
            running: instance.process.is_some(),
        });
        Ok(found.filter(|f| run.is_none_or(|run| f.run == run)).collect())
    }
}
