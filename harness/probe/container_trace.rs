//! One start of a container, watched: the files that it opens, the programs that it runs,
//! and what its first process does, again and again.
//!
//! A thread hears the kernel's exec events. The first that names the container finds its
//! root file system mounted, which is then marked ([`FileTrace`]); the first of a process in
//! its cgroup is the function's own, of which a [`Reading`] is taken every millisecond.
//! Watching takes the function some of its time: never in a start that is timed.
//!
//! Its container has the id in its cgroup's name and is told to its OCI runtime by that.

use std::io::{PipeWriter, pipe};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::exec_trace::netlink::{Listener, Message, Received};
use super::exec_trace::{Unavailable, arguments_of};
use super::file_trace::{FileTrace, Opens};
use crate::clock::Clock;

mod process;

use process::Process;
pub use process::Reading;

/// How often a process is read.
const PERIOD: Timespec = Timespec { tv_sec: 0, tv_nsec: 1_000_000 };
/// Readings and programs that are kept of one start.
const MOST: usize = 100_000;

/// That a process of the container became another program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exec {
    /// When, by the kernel: nanoseconds since the run's epoch.
    pub at: u64,
    /// The process, as this machine numbers it.
    pub pid: u32,
    /// Its first arguments as they came, untamed.
    pub argv: Vec<String>,
}

/// What was seen of one start.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// Files that were opened on the container's root file system.
    pub opens: Opens,
    /// Programs that its processes became.
    pub execs: Vec<Exec>,
    /// Of its first process.
    pub readings: Vec<Reading>,
    /// Why no file was seen; none where they were.
    pub no_files: Option<String>,
}

/// Watches one container after another, from its start to its drop.
#[derive(Debug)]
pub struct ContainerTrace {
    shared: Arc<Shared>,
    /// Never written: its closing is what ends the thread.
    stop: Option<PipeWriter>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    listener: Listener,
    clock: Clock,
    /// What is watched, and what was seen of it; none while nothing is.
    watched: Mutex<Option<Watched>>,
}

#[derive(Debug)]
struct Watched {
    id: String,
    /// Where its root file system will be mounted, where the engine tells.
    root: Option<PathBuf>,
    files: Option<FileTrace>,
    is_marked: bool,
    /// Whether its first process is read again and again.
    is_read: bool,
    process: Option<Process>,
    seen: Seen,
}

impl ContainerTrace {
    /// Begins to hear; nothing is kept before a container is expected.
    ///
    /// # Errors
    /// When the kernel gives no exec events, with the reason and the cure.
    pub fn start(clock: Clock) -> Result<Self, Unavailable> {
        let listener = Listener::subscribe()?;
        let shared = Arc::new(Shared { listener, clock, watched: Mutex::default() });
        let (stopped, stop) = pipe().map_err(Unavailable::Failed)?;
        let thread = std::thread::Builder::new()
            .name("container-trace".to_owned())
            .spawn({
                let shared = Arc::clone(&shared);
                move || shared.watch_until(&stopped)
            })
            .map_err(Unavailable::Failed)?;
        Ok(Self { shared, stop: Some(stop), thread: Some(thread) })
    }

    /// Watches a container that is created and not started, and no other any more.
    pub fn expect(&self, id: &str, root: Option<PathBuf>) {
        let files = FileTrace::start(self.shared.clock);
        let no_files = match (&files, &root) {
            (Err(why), _) => Some(why.to_string()),
            (_, None) => Some("the engine does not tell where its root file system is".to_owned()),
            _ => Some("its root file system was not seen to be mounted".to_owned()),
        };
        let seen = Seen { no_files, ..Seen::default() };
        let watched = Watched { root, files: files.ok(), is_read: true, ..Watched::of(id) };
        *self.shared.lock() = Some(Watched { seen, ..watched });
    }

    /// Hears of such a container which programs its processes become, and no more: it is not
    /// slowed.
    pub fn expect_programs(&self, id: &str) {
        *self.shared.lock() = Some(Watched::of(id));
    }

    /// Everything that was seen of the container, which is not watched any more.
    #[must_use]
    pub fn take(&self) -> Seen {
        let Some(mut watched) = self.shared.lock().take() else { return Seen::default() };
        if let Some(files) = &watched.files {
            watched.seen.opens = files.take();
        }
        watched.seen
    }
}

impl Drop for ContainerTrace {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic there has been told already.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn watch_until(&self, stopped: &impl std::os::fd::AsFd) {
        loop {
            let mut ends =
                [PollFd::new(&self.listener, PollFlags::IN), PollFd::new(stopped, PollFlags::IN)];
            let is_followed = self.lock().as_ref().is_some_and(|watched| watched.process.is_some());
            match poll(&mut ends, is_followed.then_some(&PERIOD)) {
                Ok(_) if !ends[1].revents().is_empty() => return,
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(_) => return,
            }
            if !self.hear() {
                return;
            }
            if let Some(watched) = self.lock().as_mut() {
                watched.read(self.clock.now());
            }
        }
    }

    /// Takes in all that is there to hear; false when there will be no more.
    fn hear(&self) -> bool {
        loop {
            match self.listener.receive() {
                Received::Message(Message::Exec { monotonic, pid }) => {
                    let at = self.clock.since_epoch(monotonic);
                    if let (Some(at), Some(watched)) = (at, self.lock().as_mut()) {
                        watched.hears(at, pid, self.clock);
                    }
                }
                Received::Message(_) | Received::Overrun => {}
                Received::Empty => return true,
                Received::Failed => return false,
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Watched>> {
        // What is kept is whole after every event, even if a thread died.
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watched {
    fn of(id: &str) -> Self {
        let (id, seen) = (id.to_owned(), Seen::default());
        Self { id, root: None, files: None, is_marked: false, is_read: false, process: None, seen }
    }

    fn hears(&mut self, at: u64, pid: u32, clock: Clock) {
        let argv = arguments_of(pid);
        if argv.iter().any(|word| word.contains(&self.id)) {
            self.mark();
        }
        if !is_of(pid, &self.id) || self.seen.execs.len() >= MOST {
            return;
        }
        if self.is_read && self.process.is_none() {
            self.process = Process::of(pid, &self.id);
            self.read(clock.now());
        }
        self.seen.execs.push(Exec { at, pid, argv });
    }

    /// Marks the root file system, if it is there by now.
    fn mark(&mut self) {
        let (false, Some(files), Some(root)) = (self.is_marked, &self.files, &self.root) else {
            return;
        };
        if !is_mounted(root) {
            return;
        }
        match files.mark(root) {
            Ok(()) => (self.is_marked, self.seen.no_files) = (true, None),
            Err(error) => {
                self.seen.no_files = Some(format!("the kernel does not mark it: {error}"))
            }
        }
    }

    fn read(&mut self, at: u64) {
        let Some(process) = &mut self.process else { return };
        match process.read(at) {
            Some(reading) if self.seen.readings.len() < MOST => self.seen.readings.push(reading),
            Some(_) => {}
            // What prepares the container may be in its cgroup first, and ends.
            None => self.process = None,
        }
    }
}

/// Whether a process is in the container's cgroup.
fn is_of(pid: u32, id: &str) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/cgroup")).is_ok_and(|lines| lines.contains(id))
}

/// Whether a file system of its own is mounted at a folder: its mark would be on that of
/// the whole machine else.
fn is_mounted(folder: &Path) -> bool {
    let device = |path: &Path| std::fs::metadata(path).map(|told| told.dev()).ok();
    match (device(folder), folder.parent().and_then(device)) {
        (Some(own), Some(above)) => own != above,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
