//! Functions as plain processes of this machine: the driver's own floor.
//!
//! Wraps another engine: what is made from a program becomes a process here,
//! everything else goes on to that engine. So the platform and the driver see one
//! engine, and a control is a trial like any other.
//!
//! Why a process is an instance: decision 0017.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::process::Command;
use tokio::sync::{Notify, oneshot, watch};

use super::{
    Engine, EngineError, EngineInfo, Exit, InstanceId, InstanceSource, InstanceSpec, InstanceState,
    LABEL_FUNCTION, LABEL_MAKER, LABEL_RUN, ListedInstance, Listener, Route, Strangers,
};
use crate::engine::words::Words;
use crate::spec::factor::{Attachment, EngineKind};
use crate::system::child::{EXIT_GRACE, GivenUp, Group, each_piece};
use crate::system::maker::Maker;

/// Ids of processes begin with it; those of no engine do.
const PREFIX: &str = "process-";
/// How long a killed process may take to be gone: longer only where the kernel hangs.
const GONE_WITHIN: Duration = Duration::from_secs(10);

/// An engine that also runs processes.
#[derive(Debug)]
pub struct ProcessEngine<E> {
    containers: Arc<E>,
    next: AtomicU64,
    processes: Mutex<BTreeMap<InstanceId, Process>>,
}

#[derive(Debug)]
struct Process {
    command: Vec<String>,
    env: BTreeMap<String, String>,
    labels: BTreeMap<String, String>,
    exit: Option<oneshot::Sender<Exit>>,
    running: Option<Running>,
}

#[derive(Debug, Clone)]
struct Running {
    pid: Option<u32>,
    /// Told to end.
    kill: Arc<Notify>,
    stage: watch::Receiver<Stage>,
    words: Words,
}

/// How far a process has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Runs,
    Ended,
    /// What it wrote is all here, or as much as came in time.
    Heard,
}

impl<E: Engine> ProcessEngine<E> {
    /// Around an engine.
    #[must_use]
    pub fn new(containers: Arc<E>) -> Self {
        Self { containers, next: AtomicU64::new(1), processes: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<InstanceId, Process>> {
        lock(&self.processes)
    }

    fn create_process(&self, spec: &InstanceSpec, command: &[String]) -> InstanceId {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let id = InstanceId(format!("{PREFIX}{number}"));
        let process = Process {
            command: command.to_vec(),
            env: spec.env.clone(),
            labels: spec.labels.clone(),
            exit: None,
            running: None,
        };
        self.lock().insert(id.clone(), process);
        id
    }

    fn start_process(&self, id: &InstanceId) -> Result<(), EngineError> {
        let mut processes = self.lock();
        let process = processes.get_mut(id).ok_or_else(|| gone(id))?;
        let Some((program, arguments)) = process.command.split_first() else {
            return Err(refused("start a process", "its command is empty".to_owned()));
        };
        // Nothing of this machine's environment: neither has a container.
        let mut command = Command::new(program);
        command.args(arguments).env_clear().envs(&process.env);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        // Nor does an interrupt from the terminal reach a container.
        let group = Group::start(&mut command, GivenUp::Killed)
            .map_err(|e| refused(&format!("start `{program}`"), e.to_string()))?;
        let (kill, words) = (Arc::new(Notify::new()), Words::default());
        let (sender, stage) = watch::channel(Stage::Runs);
        let running = Running { pid: group.id(), kill: kill.clone(), stage, words: words.clone() };
        process.running = Some(running);
        let exit = process.exit.take();
        tokio::spawn(async move {
            follow(group, &kill, exit, &sender, &words).await;
        });
        Ok(())
    }

    async fn remove_process(&self, id: &InstanceId) -> Result<(), EngineError> {
        let Some(process) = self.lock().remove(id) else { return Ok(()) };
        let Some(running) = process.running else { return Ok(()) };
        running.kill.notify_one();
        if running.reaches(Stage::Ended, GONE_WITHIN).await {
            return Ok(());
        }
        let pid = running.pid.unwrap_or_default();
        let message = format!("process {pid} is still there {GONE_WITHIN:?} after it was killed");
        Err(refused(&format!("remove {}", id.0), message))
    }

    async fn process_output(&self, id: &InstanceId) -> Result<String, EngineError> {
        let running = {
            let processes = self.lock();
            let process = processes.get(id).ok_or_else(|| gone(id))?;
            let Some(running) = &process.running else { return Ok(String::new()) };
            running.clone()
        };
        running.kill.notify_one();
        running.reaches(Stage::Heard, GONE_WITHIN).await;
        Ok(running.words.text())
    }

    fn found(&self, run: Option<&str>) -> Vec<ListedInstance> {
        let label = |labels: &BTreeMap<String, String>, name| labels.get(name).cloned();
        let processes = self.lock();
        let found = processes.iter().map(|(id, process)| ListedInstance {
            id: id.clone(),
            run: label(&process.labels, LABEL_RUN).unwrap_or_default(),
            function: label(&process.labels, LABEL_FUNCTION).unwrap_or_default(),
            maker: label(&process.labels, LABEL_MAKER).and_then(|text| Maker::parse(&text)),
            running: process.running.is_some(),
        });
        found.filter(|f| run.is_none_or(|run| f.run == run)).collect()
    }
}

impl Running {
    /// Whether it comes so far within a time.
    async fn reaches(&self, stage: Stage, limit: Duration) -> bool {
        let mut seen = self.stage.clone();
        let reached = tokio::time::timeout(limit, seen.wait_for(|at| *at >= stage)).await;
        // Whoever follows it has ended, and it with them.
        reached.is_ok()
    }
}

/// Waits for the end of a process, kills it when that is asked for, and hears what it writes meanwhile: one that is not heard stands still.
async fn follow(
    mut group: Group,
    kill: &Notify,
    exit: Option<oneshot::Sender<Exit>>,
    stage: &watch::Sender<Stage>,
    words: &Words,
) {
    let stderr = group.stderr();
    let mut hearing = std::pin::pin!(each_piece(stderr, |piece| words.hear(piece)));
    let mut heard = false;
    let status = loop {
        tokio::select! {
            biased;
            status = group.ended() => break status,
            // It may just have ended by itself.
            () = kill.notified() => group.kill(),
            () = &mut hearing, if !heard => heard = true,
        }
    };
    let code = status.ok().and_then(|s| s.code()).map(i64::from);
    // Nobody waits any more: no matter.
    let _ = exit.map(|exit| exit.send(Exit { code }));
    stage.send_replace(Stage::Ended);
    if !heard {
        let _ = tokio::time::timeout(EXIT_GRACE, hearing).await;
    }
    stage.send_replace(Stage::Heard);
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn is_process(id: &InstanceId) -> bool {
    id.0.starts_with(PREFIX)
}

fn gone(id: &InstanceId) -> EngineError {
    refused(&format!("find {}", id.0), "there is no such process".to_owned())
}

fn refused(doing: &str, message: String) -> EngineError {
    EngineError::Refused { doing: doing.to_owned(), message }
}

impl<E: Engine> Engine for ProcessEngine<E> {
    async fn describe(&self) -> Result<EngineInfo, EngineError> {
        self.containers.describe().await
    }

    async fn listen(&self, at: Attachment) -> Result<Listener, EngineError> {
        match at.engine {
            // On this machine, wherever containers are.
            EngineKind::Process => {
                let listener = Listener::tcp(Ipv4Addr::LOCALHOST.into()).await;
                listener.map_err(|e| refused("listen for a process", e.to_string()))
            }
            _ => self.containers.listen(at).await,
        }
    }

    fn reach(&self, at: Attachment) -> Result<Route, EngineError> {
        match at.engine {
            EngineKind::Process => Ok(Route::Host),
            _ => self.containers.reach(at),
        }
    }

    async fn create(&self, spec: &InstanceSpec) -> Result<InstanceId, EngineError> {
        match &spec.source {
            InstanceSource::Image(_) => self.containers.create(spec).await,
            InstanceSource::Command(command) => match spec.launch.key() {
                None => Ok(self.create_process(spec, command)),
                Some(key) => {
                    let message = format!("it has no container, which `{key}` is of");
                    Err(refused(&format!("create `{}`", spec.source.name()), message))
                }
            },
        }
    }

    async fn start(&self, id: &InstanceId) -> Result<(), EngineError> {
        if is_process(id) { self.start_process(id) } else { self.containers.start(id).await }
    }

    fn watch_exit(&self, id: &InstanceId) -> oneshot::Receiver<Exit> {
        if !is_process(id) {
            return self.containers.watch_exit(id);
        }
        let (sender, receiver) = oneshot::channel();
        if let Some(process) = self.lock().get_mut(id) {
            process.exit = Some(sender);
        }
        receiver
    }

    fn processes(&self, id: &InstanceId) -> Option<PathBuf> {
        if is_process(id) { None } else { self.containers.processes(id) }
    }

    async fn inspect(&self, id: &InstanceId) -> Result<InstanceState, EngineError> {
        if !is_process(id) {
            return self.containers.inspect(id).await;
        }
        let pid = self.lock().get(id).and_then(|p| p.running.as_ref()?.pid);
        Ok(InstanceState { pid, ..InstanceState::default() })
    }

    async fn remove(&self, id: &InstanceId) -> Result<(), EngineError> {
        if !is_process(id) {
            return self.containers.remove(id).await;
        }
        self.remove_process(id).await
    }

    async fn output(&self, id: &InstanceId) -> Result<String, EngineError> {
        if is_process(id) {
            self.process_output(id).await
        } else {
            self.containers.output(id).await
        }
    }

    async fn strangers(&self) -> Result<Arc<Strangers>, EngineError> {
        self.containers.strangers().await
    }

    async fn instances(&self, run: Option<&str>) -> Result<Vec<ListedInstance>, EngineError> {
        let mut found = self.containers.instances(run).await?;
        found.extend(self.found(run));
        Ok(found)
    }
}

#[cfg(test)]
mod tests;
