//! The life of an instance from the call of its runtime to its end.
//!
//! The runtime is told to create and start in one (`run --detach`), which is the shortest way
//! that it has, and is over once the function runs; or, of an instance that is created ahead,
//! to `create`, and later to `start`. The function's process then becomes a
//! child of the driver, which has asked for such (decision 0089): its end is heard from the
//! kernel, with its status, and nobody is kept beside it.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, pidfd_open, pidfd_send_signal, waitid,
};
use tokio::net::unix::pipe;
use tokio::process::Command;
use tokio::sync::{Notify, oneshot, watch};

use super::PID;
use super::aside;
use super::calls::{CREATE, Calls, LOG, RUN, RUNTIME, START};
use super::runtimes::leaves_nothing;
use crate::engine::Exit;
use crate::engine::words::Words;
use crate::system::child::{EXIT_GRACE, Group, each_piece};
use crate::text::sanitize::last_words;

/// The most that is read of that: its beginning, where one is long.
const LOGGED: u64 = 1 << 20;
/// The most that is told of what a runtime printed that failed, in characters.
const WORDS: usize = 1_000;
/// How long what a runtime leaves to end after it may take, and how often it is looked: as long as
/// it lives, the instance is its child, and not ours.
const ADOPTED: Duration = Duration::from_secs(1);
const AGAIN: Duration = Duration::from_millis(1);
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

/// Whether it could be created; else why not.
pub(super) type Created = Result<(), String>;

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

/// An instance that was created, and is not started yet. Without it, it is ended.
#[derive(Debug)]
pub(super) struct Pending {
    output: io::PipeWriter,
    go: oneshot::Sender<Go>,
}

/// The start of one that was created.
#[derive(Debug)]
struct Go {
    group: Group,
    exit: Waiter,
    started: oneshot::Sender<Started>,
}

impl Pending {
    /// Calls the runtime to start it. What is returned is told once it runs.
    pub(super) fn start(
        self,
        calls: &Calls,
        exit: Waiter,
    ) -> io::Result<oneshot::Receiver<Started>> {
        let group = calls.call(START, &self.output)?;
        let (started, starts) = oneshot::channel();
        // Whoever follows it waits for this.
        let _ = self.go.send(Go { group, exit, started });
        Ok(starts)
    }
}

/// Calls the runtime to create a container and start it, and follows that. What is returned
/// is told once it runs.
pub(super) fn run(
    calls: &Calls,
    exit: Waiter,
    words: Words,
) -> io::Result<(Running, oneshot::Receiver<Started>)> {
    let (follow, running, group, _) = begin(calls, RUN, words)?;
    let (started, starts) = oneshot::channel();
    tokio::spawn(follow.run(group, exit, started));
    Ok((running, starts))
}

/// Calls the runtime to create a container, and follows that. What is returned is told once
/// it can be started; else why not.
pub(super) fn create(
    calls: &Calls,
    words: Words,
) -> io::Result<(Running, Pending, oneshot::Receiver<Created>)> {
    let (follow, running, group, output) = begin(calls, CREATE, words)?;
    let (go, goes) = oneshot::channel();
    let (created, is_created) = oneshot::channel();
    tokio::spawn(follow.created(group, created, goes));
    Ok((running, Pending { output, go }, is_created))
}

fn begin(
    calls: &Calls,
    verb: &[&str],
    words: Words,
) -> io::Result<(Follow, Running, Group, io::PipeWriter)> {
    let (reader, writer) = io::pipe()?;
    let heard = pipe::Receiver::from_owned_fd(reader.into())?;
    let group = calls.call(verb, &writer)?;
    let kill = Arc::new(Notify::new());
    let (stage, seen) = watch::channel(Stage::Begins);
    let running = Running { kill: kill.clone(), stage: seen, words: words.clone() };
    let hearing = Hearing::of(heard, words.clone());
    let follow = Follow { folder: calls.folder.clone(), kill, words, stage, hearing };
    Ok((follow, running, group, writer))
}

/// What an instance writes, heard until all who could write have ended.
struct Hearing {
    heard: Pin<Box<dyn Future<Output = ()> + Send>>,
    is_over: bool,
}

impl Hearing {
    fn of(output: pipe::Receiver, words: Words) -> Self {
        let heard = async move { each_piece(Some(output), |piece| words.hear(piece)).await };
        Self { heard: Box::pin(heard), is_over: false }
    }

    /// Hears on. Comes back once, at the end.
    async fn on(&mut self) {
        if self.is_over {
            return std::future::pending().await;
        }
        self.heard.as_mut().await;
        self.is_over = true;
    }

    /// Hears what is still on the way: what was left behind may hold the output open.
    async fn rest(&mut self) {
        if !self.is_over {
            let _ = tokio::time::timeout(EXIT_GRACE, self.on()).await;
        }
    }
}

struct Follow {
    folder: PathBuf,
    kill: Arc<Notify>,
    words: Words,
    stage: watch::Sender<Stage>,
    hearing: Hearing,
}

/// Nobody may wait any more for what is told: no matter.
impl Follow {
    async fn run(mut self, group: Group, exit: Waiter, started: oneshot::Sender<Started>) {
        let process = match self.called(group).await {
            Ok(()) => Process::of(&self.folder),
            Err(why) => Err(why),
        };
        match process {
            Ok(process) => self.runs(process, exit, started).await,
            Err(why) => {
                let _ = started.send(Err((self.with_words(&why), exit)));
                self.stage.send_replace(Stage::Ended);
            }
        }
    }

    async fn created(
        mut self,
        group: Group,
        created: oneshot::Sender<Created>,
        goes: oneshot::Receiver<Go>,
    ) {
        let process = match self.called(group).await {
            Ok(()) => Process::of(&self.folder),
            Err(why) => Err(why),
        };
        let process = match process {
            Ok(process) => process,
            Err(why) => {
                let _ = created.send(Err(self.with_words(&why)));
                self.stage.send_replace(Stage::Ended);
                return;
            }
        };
        let _ = created.send(Ok(()));
        let go = tokio::select! {
            biased;
            go = goes => go.ok(),
            () = self.kill.notified() => None,
        };
        let Some(Go { group, exit, started }) = go else { return self.ends(&process).await };
        match self.called(group).await {
            Ok(()) => self.runs(process, exit, started).await,
            Err(why) => {
                let _ = started.send(Err((self.with_words(&why), exit)));
                self.ends(&process).await;
            }
        }
    }

    /// Waits for the end of a call of the runtime; or why it failed.
    async fn called(&mut self, mut group: Group) -> Result<(), String> {
        let status = loop {
            tokio::select! {
                biased;
                status = group.ended() => break status,
                () = self.kill.notified() => group.kill(),
                () = self.hearing.on() => {}
            }
        };
        let failed = match status {
            Ok(status) if status.success() => return Ok(()),
            Ok(status) => format!("the OCI runtime failed ({status})"),
            Err(error) => format!("the OCI runtime is lost: {error}"),
        };
        self.hearing.rest().await;
        Err(failed)
    }

    /// Follows an instance to its end.
    async fn runs(mut self, process: Process, exit: Waiter, started: oneshot::Sender<Started>) {
        self.stage.send_replace(Stage::Runs(process.number));
        let _ = started.send(Ok(()));
        loop {
            tokio::select! {
                biased;
                () = process.ended() => break,
                () = self.kill.notified() => process.kill(),
                () = self.hearing.on() => {}
            }
        }
        let code = process.status().await;
        self.hearing.rest().await;
        let _ = exit.map(|exit| exit.send(Exit { code }));
        self.stage.send_replace(Stage::Ended);
    }

    /// Ends an instance that never ran.
    async fn ends(&mut self, process: &Process) {
        process.kill();
        process.ended().await;
        process.status().await;
        self.stage.send_replace(Stage::Ended);
    }

    /// Why a call failed: what the runtime printed, or wrote to its log, or else what is known.
    fn with_words(&self, why: &str) -> String {
        let printed = last_words(&self.words.text(), WORDS);
        let logged = || {
            let mut log = String::new();
            let opened = File::open(self.folder.join(LOG));
            let read = opened.and_then(|file| file.take(LOGGED).read_to_string(&mut log));
            read.map_or_else(|_| String::new(), |_| last_words(&log, WORDS))
        };
        let told = Some(printed).filter(|words| !words.is_empty()).unwrap_or_else(logged);
        match aside::cure(&told) {
            _ if told.is_empty() => why.to_owned(),
            Some(cure) => format!("{told}; {cure}"),
            None => told,
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
        // It is our child by now, or that of what the runtime left, which ends too: nobody else
        // has its number, even if it has ended.
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

    /// Its exit status, as a shell has it; none where it is nobody's child of ours. It has ended.
    async fn status(&self) -> Option<i64> {
        let ask = || {
            let descriptor = WaitId::PidFd(self.descriptor.as_fd());
            waitid(descriptor, WaitIdOptions::EXITED | WaitIdOptions::NOHANG)
        };
        let begun = Instant::now();
        let found = loop {
            match ask() {
                Err(Errno::CHILD) if begun.elapsed() < ADOPTED => {
                    tokio::time::sleep(AGAIN).await;
                }
                found => break found.ok().flatten()?,
            }
        };
        let signal = || Some(SIGNALLED + found.terminating_signal()?);
        found.exit_status().or_else(signal).map(i64::from)
    }
}

/// Asks a runtime to remove what it made besides, if it may have.
pub(super) async fn delete(runtime: &Path, folder: &Path, id: &str, limit: Duration) {
    if !runtime.is_absolute() || leaves_nothing(runtime) {
        return;
    }
    let mut command = Command::new(runtime);
    command.arg("--root").arg(folder.join(RUNTIME)).args(["delete", "--force", id]);
    // It may know nothing of it: then there is nothing.
    let _ = tokio::time::timeout(limit, crate::system::child::output(&mut command, 0)).await;
}
