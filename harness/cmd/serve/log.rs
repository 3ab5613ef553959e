//! What is written of each call: its REPORT line on standard output, and its events into a file.
//! By a thread of its own: whoever answers calls waits for no terminal and no disk.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use anyhow::{Context, Result};

use coldstart::clock::Clock;
use coldstart::serve::{Call, Done, report_line, telemetry};

/// Calls that wait to be written.
const MOST_WAITING: usize = 20_000;

/// What is written of each call.
pub(super) struct Log {
    lines: Mutex<Option<SyncSender<(Call, Done)>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// Calls of which nothing was written.
    lost: AtomicU64,
}

impl Log {
    /// `file` is that of the events, if they are wanted.
    pub(super) fn begin(clock: Clock, file: Option<PathBuf>) -> Result<Self> {
        let create = |path: PathBuf| {
            let file = File::create_new(&path);
            file.with_context(|| format!("cannot create {}", path.display()))
        };
        let file = file.map(create).transpose()?.map(BufWriter::new);
        let (lines, came) = sync_channel(MOST_WAITING);
        let thread = std::thread::Builder::new().name("log".to_owned());
        let thread = thread.spawn(move || write(&came, file, &clock));
        let thread = Mutex::new(Some(thread.context("cannot start a thread")?));
        Ok(Self { lines: Mutex::new(Some(lines)), thread, lost: AtomicU64::new(0) })
    }

    /// A call is over.
    pub(super) fn call(&self, call: &Call, done: &Done) {
        let lines = lock(&self.lines);
        let send = |to: &SyncSender<_>| to.try_send((call.clone(), done.clone())).is_ok();
        if !lines.as_ref().is_some_and(send) {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits until everything is written; what is to be said where not everything was.
    pub(super) fn end(&self) -> Option<String> {
        drop(lock(&self.lines).take());
        // A panic of it has been told.
        let _ = lock(&self.thread).take().map(JoinHandle::join);
        let lost = self.lost.load(Ordering::Relaxed);
        (lost > 0).then(|| {
            format!(
                "no REPORT line was written of {lost} calls, for which it was too slow: their rows \
                 are there"
            )
        })
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn write(came: &Receiver<(Call, Done)>, mut file: Option<BufWriter<File>>, clock: &Clock) {
    // Who does not read them any more may do so.
    while let Ok(first) = came.recv() {
        let (mut lines, mut events) = (String::new(), String::new());
        for (call, done) in std::iter::once(first).chain(came.try_iter().take(MOST_WAITING)) {
            if let Some(report) = &done.report {
                lines.push_str(&report_line::line(report, &done.end));
            }
            if file.is_some() {
                events.push_str(&telemetry::lines(&call, &done, clock));
            }
        }
        let mut out = std::io::stdout().lock();
        let _ = out.write_all(lines.as_bytes()).and_then(|()| out.flush());
        let _ =
            file.as_mut().map(|file| file.write_all(events.as_bytes()).and_then(|()| file.flush()));
    }
}
