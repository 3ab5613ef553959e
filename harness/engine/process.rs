//! Functions as plain processes of this machine: the driver's own floor.
//!
//! Wraps another engine: what is made from a program becomes a process here,
//! everything else goes on to that engine. So the platform and the driver see one
//! engine, and a control is a trial like any other.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::AsyncReadExt;
use tokio::process::{ChildStderr, Command};
use tokio::sync::{Notify, oneshot};

use super::{
    Engine, EngineError, EngineInfo, Exit, Found, Inspected, InstanceId, InstanceSpec,
    LABEL_FUNCTION, LABEL_RUN, Listener, Source, Strangers,
};
use crate::factors::Network;

/// Ids of processes begin with it; those of no engine do.
const PREFIX: &str = "process-";
/// The most that is read of what a process wrote, in bytes.
const OUTPUT: u64 = 2048;

/// An engine that also runs processes.
#[derive(Debug)]
pub struct WithProcesses<E> {
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

#[derive(Debug)]
struct Running {
    pid: Option<u32>,
    stderr: Option<ChildStderr>,
    /// Told to end; answers when it has.
    kill: Arc<Notify>,
    ended: oneshot::Receiver<()>,
}

impl<E: Engine> WithProcesses<E> {
    /// Around an engine.
    #[must_use]
    pub fn new(containers: Arc<E>) -> Self {
        Self { containers, next: AtomicU64::new(1), processes: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<InstanceId, Process>> {
        self.processes.lock().unwrap_or_else(PoisonError::into_inner)
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
        let mut child = command
            .kill_on_drop(true)
            .spawn()
            .map_err(|e| refused(&format!("start `{program}`"), e.to_string()))?;
        let kill = Arc::new(Notify::new());
        let (done, ended) = oneshot::channel();
        let running =
            Running { pid: child.id(), stderr: child.stderr.take(), kill: kill.clone(), ended };
        process.running = Some(running);
        let exit = process.exit.take();
        tokio::spawn(async move {
            let status = tokio::select! {
                status = child.wait() => status,
                () = kill.notified() => {
                    // It may just have ended by itself.
                    let _ = child.start_kill();
                    child.wait().await
                }
            };
            let code = status.ok().and_then(|s| s.code()).map(i64::from);
            // Nobody waits any more: no matter.
            let _ = exit.map(|exit| exit.send(Exit { code }));
            let _ = done.send(());
        });
        Ok(())
    }

    async fn remove_process(&self, id: &InstanceId) {
        let Some(process) = self.lock().remove(id) else { return };
        if let Some(running) = process.running {
            running.kill.notify_one();
            // Fails only with the runtime.
            let _ = running.ended.await;
        }
    }

    async fn process_output(&self, id: &InstanceId) -> Result<String, EngineError> {
        let stderr = {
            let mut processes = self.lock();
            let process = processes.get_mut(id).ok_or_else(|| gone(id))?;
            let Some(running) = &mut process.running else { return Ok(String::new()) };
            running.kill.notify_one();
            running.stderr.take()
        };
        let mut bytes = Vec::new();
        if let Some(stderr) = stderr {
            let read = stderr.take(OUTPUT).read_to_end(&mut bytes).await;
            read.map_err(|e| refused("read what a process wrote", e.to_string()))?;
        }
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn found(&self, run: Option<&str>) -> Vec<Found> {
        let label = |labels: &BTreeMap<String, String>, name| labels.get(name).cloned();
        let processes = self.lock();
        let found = processes.iter().map(|(id, process)| Found {
            id: id.clone(),
            run: label(&process.labels, LABEL_RUN).unwrap_or_default(),
            function: label(&process.labels, LABEL_FUNCTION).unwrap_or_default(),
            running: process.running.is_some(),
        });
        found.filter(|f| run.is_none_or(|run| f.run == run)).collect()
    }
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

impl<E: Engine> Engine for WithProcesses<E> {
    async fn describe(&self) -> Result<EngineInfo, EngineError> {
        self.containers.describe().await
    }

    async fn listen(&self, network: Network) -> Result<Listener, EngineError> {
        self.containers.listen(network).await
    }

    async fn create(&self, spec: &InstanceSpec) -> Result<InstanceId, EngineError> {
        match &spec.source {
            Source::Image(_) => self.containers.create(spec).await,
            Source::Command(command) => Ok(self.create_process(spec, command)),
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

    async fn inspect(&self, id: &InstanceId) -> Result<Inspected, EngineError> {
        if !is_process(id) {
            return self.containers.inspect(id).await;
        }
        let pid = self.lock().get(id).and_then(|p| p.running.as_ref()?.pid);
        Ok(Inspected { pid, ..Inspected::default() })
    }

    async fn remove(&self, id: &InstanceId) -> Result<(), EngineError> {
        if !is_process(id) {
            return self.containers.remove(id).await;
        }
        self.remove_process(id).await;
        Ok(())
    }

    async fn output(&self, id: &InstanceId) -> Result<String, EngineError> {
        if is_process(id) {
            self.process_output(id).await
        } else {
            self.containers.output(id).await
        }
    }

    async fn strangers(&self) -> Result<Strangers, EngineError> {
        self.containers.strangers().await
    }

    async fn instances(&self, run: Option<&str>) -> Result<Vec<Found>, EngineError> {
        let mut found = self.containers.instances(run).await?;
        found.extend(self.found(run));
        Ok(found)
    }
}

#[cfg(test)]
mod tests;
