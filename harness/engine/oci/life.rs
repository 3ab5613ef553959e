//! The life of an instance from the call of its runtime to its end.
//!
//! The runtime is told to create and start in one (`run --detach`), which is the shortest way
//! that it has, and is over once the function runs. The function's process then becomes a
//! child of the driver, which has asked for such (decision 0089): its end is heard from the
//! kernel, with its status, and nobody is kept beside it.

use std::io;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, pidfd_open, pidfd_send_signal, waitid,
};
use tokio::net::unix::pipe;
use tokio::process::Command;
use tokio::sync::{Notify, oneshot, watch};

use super::PID;
use super::root::ROOT;
use crate::engine::Exit;
use crate::engine::words::Words;
use crate::system::child::{EXIT_GRACE, GivenUp, Group, each_piece};
use crate::text::sanitize::last_words;

/// Where the runtime keeps what it knows of an instance, in the instance's folder.
pub(super) const RUNTIME: &str = "runtime";
/// The most that is told of what a runtime printed that failed, in characters.
const WORDS: usize = 1_000;
/// What a shell adds to the number of a signal that ended a process.
const SIGNALLED: i32 = 128;

/// How far an instance has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Its runtime is at work.
    Begins,
    /// It runs: its first process.
    Runs(u32),
    /// It has ended, or never came to run.
    Ended,
}

/// An instance that was started.
#[derive(Debug, Clone)]
pub(super) struct Running {
    kill: Arc<Notify>,
    stage: watch::Receiver<Stage>,
    words: Words,
}

/// Whoever waits for the end of an instance.
pub(super) type Waiter = Option<oneshot::Sender<Exit>>;
/// Whether it came to run; else why not, and whoever still waits.
pub(super) type Started = Result<(), (String, Waiter)>;

impl Running {
    /// Its first process, while it runs.
    pub(super) fn pid(&self) -> Option<u32> {
        match *self.stage.borrow() {
            Stage::Runs(pid) => Some(pid),
            Stage::Begins | Stage::Ended => None,
        }
    }

    /// The last that it wrote.
    pub(super) fn words(&self) -> String {
        self.words.text()
    }

    /// The beginning of what it wrote, as much as is kept.
    pub(super) fn whole(&self) -> Vec<u8> {
        self.words.beginning()
    }

    /// Ends it; whether it was gone within a time.
    pub(super) async fn end(&self, limit: Duration) -> bool {
        self.kill.notify_one();
        let mut stage = self.stage.clone();
        let ended = stage.wait_for(|stage| *stage == Stage::Ended);
        // Whoever follows it has ended, and it with them.
        tokio::time::timeout(limit, ended).await.is_ok()
    }
}

/// What is called.
pub(super) fn command(runtime: &Path, folder: &Path, id: &str) -> Command {
    let mut command = Command::new(runtime);
    let options: [(&str, PathBuf); 2] =
        [("--root", folder.join(RUNTIME)), ("--log", folder.join("log"))];
    for (option, value) in options {
        command.arg(option).arg(value);
    }
    command.args(["run", "--detach", "--bundle"]).arg(folder);
    command.arg("--pid-file").arg(folder.join(PID)).arg(id);
    // What a runtime runs itself it may look for; nothing else of this environment is its.
    command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
    command
}

/// Calls the runtime, and follows what it starts. `start` is told once it runs.
pub(super) fn start(
    mut command: Command,
    folder: PathBuf,
    exit: Waiter,
    words: Words,
) -> io::Result<(Running, oneshot::Receiver<Started>)> {
    let (reader, writer) = io::pipe()?;
    command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
    let heard = pipe::Receiver::from_owned_fd(reader.into())?;
    let group = Group::start(&mut command, GivenUp::Spared)?;
    // It holds the end that is written to: what is heard would have no end.
    drop(command);
    let kill = Arc::new(Notify::new());
    let (stage, seen) = watch::channel(Stage::Begins);
    let (started, starts) = oneshot::channel();
    let running = Running { kill: kill.clone(), stage: seen, words: words.clone() };
    let follow = Follow { folder, kill, words, stage };
    tokio::spawn(follow.run_on(group, heard, exit, started));
    Ok((running, starts))
}

struct Follow {
    folder: PathBuf,
    kill: Arc<Notify>,
    words: Words,
    stage: watch::Sender<Stage>,
}

impl Follow {
    /// Nobody may wait any more for what is told: no matter.
    async fn run_on(
        self,
        mut group: Group,
        heard: pipe::Receiver,
        exit: Waiter,
        started: oneshot::Sender<Started>,
    ) {
        let mut hearing = std::pin::pin!(async {
            each_piece(Some(heard), |piece| self.words.hear(piece)).await;
        });
        let mut is_heard = false;
        let status = loop {
            tokio::select! {
                biased;
                status = group.ended() => break status,
                () = self.kill.notified() => group.kill(),
                () = &mut hearing, if !is_heard => is_heard = true,
            }
        };
        let process = match status {
            Ok(status) if status.success() => Process::of(&self.folder),
            Ok(status) => Err(format!("the OCI runtime failed ({status})")),
            Err(error) => Err(format!("the OCI runtime is lost: {error}")),
        };
        let process = match process {
            Ok(process) => process,
            Err(why) => {
                if !is_heard {
                    let _ = tokio::time::timeout(EXIT_GRACE, hearing).await;
                }
                let _ = started.send(Err((self.with_words(&why), exit)));
                self.stage.send_replace(Stage::Ended);
                return;
            }
        };
        self.stage.send_replace(Stage::Runs(process.number));
        let _ = started.send(Ok(()));
        loop {
            tokio::select! {
                biased;
                () = process.ended() => break,
                () = self.kill.notified() => process.kill(),
                () = &mut hearing, if !is_heard => is_heard = true,
            }
        }
        let code = process.status();
        if !is_heard {
            // What it left behind may hold its output open.
            let _ = tokio::time::timeout(EXIT_GRACE, hearing).await;
        }
        let _ = exit.map(|exit| exit.send(Exit { code }));
        self.stage.send_replace(Stage::Ended);
    }

    fn with_words(&self, why: &str) -> String {
        match last_words(&self.words.text(), WORDS) {
            words if words.is_empty() => why.to_owned(),
            words => words,
        }
    }
}

/// The first process of an instance.
struct Process {
    number: u32,
    descriptor: pipe::Receiver,
}

impl Process {
    /// As the runtime has told it.
    fn of(folder: &Path) -> Result<Self, String> {
        let told = std::fs::read_to_string(folder.join(PID));
        let told = told.map_err(|e| format!("the OCI runtime tells no process: {e}"))?;
        let number: u32 = told.trim().parse().unwrap_or_default();
        let pid = i32::try_from(number).ok().and_then(Pid::from_raw);
        let pid = pid.ok_or("the OCI runtime tells no process, but something else")?;
        let lost = |e: &dyn std::fmt::Display| format!("process {number} cannot be followed: {e}");
        // It is our child by now: nobody else has its number, even if it has ended.
        let descriptor = pidfd_open(pid, PidfdFlags::empty()).map_err(|e| lost(&e))?;
        // Waited for and never read, as the end of a pipe is.
        let descriptor = pipe::Receiver::from_owned_fd_unchecked(descriptor);
        let descriptor = descriptor.map_err(|e| lost(&e))?;
        Ok(Self { number, descriptor })
    }

    async fn ended(&self) {
        // Only a runtime that is torn down fails here.
        let _ = self.descriptor.readable().await;
    }

    fn kill(&self) {
        // Gone already: no matter.
        let _ = pidfd_send_signal(&self.descriptor, Signal::KILL);
    }

    /// Its exit status, as a shell has it; none where it is nobody's child of ours.
    fn status(&self) -> Option<i64> {
        let descriptor = WaitId::PidFd(self.descriptor.as_fd());
        let found = waitid(descriptor, WaitIdOptions::EXITED | WaitIdOptions::NOHANG);
        let found = found.ok().flatten()?;
        let signal = || Some(SIGNALLED + found.terminating_signal()?);
        found.exit_status().or_else(signal).map(i64::from)
    }
}

/// Asks a runtime to remove what it made besides, if it may have.
pub(super) async fn delete(runtime: &Path, folder: &Path, id: &str, limit: Duration) {
    let mut command = Command::new(runtime);
    command.arg("--root").arg(folder.join(RUNTIME)).args(["delete", "--force", id]);
    // It may know nothing of it: then there is nothing.
    let _ = tokio::time::timeout(limit, crate::system::child::output(&mut command, 0)).await;
}

/// Whether a folder is one where a root file system is still mounted.
pub(super) fn is_in_use(folder: &Path) -> bool {
    super::root::is_mounted(&folder.join(ROOT))
}
