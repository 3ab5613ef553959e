//! Kernel file events: which process opened which file of a marked file system.
//!
//! A mark on a whole file system (`FAN_MARK_FILESYSTEM` of fanotify) placed from outside
//! sees what is opened and executed in it, in whichever mount namespace, with the process
//! as this machine numbers it and the path as that process sees it. What is not seen: a
//! path that is only looked at, or looked for in vain; what is read through a mapping (its
//! open is); `/proc`, `/dev` and other file systems. Events carry no time: they are stamped
//! when they are read, by a thread that sleeps in the kernel until there is one.
//!
//! It costs the opener something: never in a start that is timed. It knows no engines.
//!
//! Why from outside and by file system: decision 0080.

use std::collections::HashMap;
use std::io::{self, PipeWriter, pipe};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use nix::errno::Errno;
use nix::sys::fanotify::{EventFFlags, Fanotify, InitFlags, MarkFlags, MaskFlags};
use rustix::event::{PollFd, PollFlags, poll};
use thiserror::Error;

use crate::clock::Clock;

/// Opens that are kept: what comes after is counted.
const MOST: usize = 200_000;

/// Why there are no file events, and what to do about it.
#[derive(Debug, Error)]
pub enum Unavailable {
    /// The kernel refuses us.
    #[error("file events need CAP_SYS_ADMIN in the host's namespaces: run as root")]
    NotPermitted,
    /// The kernel does not know them.
    #[error("the kernel has no file events for a whole file system (CONFIG_FANOTIFY, Linux 5.1)")]
    Missing,
    /// Something else failed.
    #[error("could not listen for file events")]
    Failed(#[source] io::Error),
}

impl From<Errno> for Unavailable {
    fn from(errno: Errno) -> Self {
        match errno {
            Errno::EPERM | Errno::EACCES => Self::NotPermitted,
            Errno::ENOSYS | Errno::EINVAL => Self::Missing,
            other => Self::Failed(other.into()),
        }
    }
}

/// That a process opened a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// When it was read, a little after it was: nanoseconds since the run's epoch.
    pub at: u64,
    /// The process, as this machine numbers it.
    pub pid: u32,
    /// The file, as the process sees it: anything at all.
    pub path: Arc<str>,
    /// Bytes of the file; 0 of what is no file.
    pub size: u64,
    /// Whether it was opened to be executed.
    pub executed: bool,
}

/// What was opened, and how much more.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Opens {
    /// In the order in which they were read.
    pub all: Vec<Open>,
    /// Times that the kernel's queue overflowed: each time one or more were lost.
    pub overflows: u64,
    /// Opens that were seen, and are not kept: there were too many.
    pub beyond: u64,
}

/// Listens from its start to its drop.
#[derive(Debug)]
pub struct FileTrace {
    shared: Arc<Shared>,
    /// Never written: its closing is what ends the thread.
    stop: Option<PipeWriter>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    group: Fanotify,
    clock: Clock,
    /// Also held while reading, so that whoever holds it and finds the queue empty has all.
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    opens: Opens,
    /// The same path is opened many times.
    paths: HashMap<String, Arc<str>>,
}

impl FileTrace {
    /// Begins to listen; nothing is heard before a file system is marked.
    ///
    /// # Errors
    /// When the kernel gives no events, with the reason and the cure.
    pub fn start(clock: Clock) -> Result<Self, Unavailable> {
        let flags = InitFlags::FAN_CLASS_NOTIF
            | InitFlags::FAN_CLOEXEC
            | InitFlags::FAN_NONBLOCK
            | InitFlags::FAN_UNLIMITED_QUEUE;
        let opened = EventFFlags::O_RDONLY | EventFFlags::O_LARGEFILE | EventFFlags::O_CLOEXEC;
        let group = Fanotify::init(flags, opened)?;
        let shared = Arc::new(Shared { group, clock, kept: Mutex::default() });
        let (stopped, stop) = pipe().map_err(Unavailable::Failed)?;
        let thread = std::thread::Builder::new()
            .name("file-trace".to_owned())
            .spawn({
                let shared = Arc::clone(&shared);
                move || shared.record_until(&stopped)
            })
            .map_err(Unavailable::Failed)?;
        Ok(Self { shared, stop: Some(stop), thread: Some(thread) })
    }

    /// Listens to all of the file system that a folder is on, until that is unmounted.
    ///
    /// # Errors
    /// When the folder is not there, or the kernel marks no such file system.
    pub fn mark(&self, folder: &Path) -> io::Result<()> {
        let mask = MaskFlags::FAN_OPEN | MaskFlags::FAN_OPEN_EXEC;
        let flags = MarkFlags::FAN_MARK_ADD | MarkFlags::FAN_MARK_FILESYSTEM;
        let marked = self.shared.group.mark(flags, mask, rustix::fs::CWD, Some(folder));
        marked.map_err(io::Error::from)
    }

    /// Everything that was opened since the last time, up to now.
    #[must_use]
    pub fn take(&self) -> Opens {
        let mut kept = self.shared.lock();
        // The thread may lag behind; what is in the queue is read here instead.
        self.shared.drain(&mut kept);
        kept.paths.clear();
        std::mem::take(&mut kept.opens)
    }
}

impl Drop for FileTrace {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic there has been told already.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn record_until(&self, stopped: &impl AsFd) {
        loop {
            let mut ends =
                [PollFd::new(&self.group, PollFlags::IN), PollFd::new(stopped, PollFlags::IN)];
            match poll(&mut ends, None) {
                Ok(_) if !ends[1].revents().is_empty() => return,
                Ok(_) if !self.drain(&mut self.lock()) => return,
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(_) => return,
            }
        }
    }

    /// Keeps all that is there to read; false when there will be no more.
    fn drain(&self, kept: &mut Kept) -> bool {
        loop {
            let events = match self.group.read_events() {
                Ok(events) if events.is_empty() => return true,
                Ok(events) => events,
                Err(Errno::EAGAIN) => return true,
                Err(Errno::EINTR) => continue,
                // The kernel could not open a file for us: of that one nothing is known.
                Err(Errno::EACCES | Errno::EPERM | Errno::ETXTBSY | Errno::ENXIO) => {
                    kept.opens.beyond += 1;
                    continue;
                }
                Err(_) => return false,
            };
            let at = self.clock.now();
            for event in &events {
                let mask = event.mask();
                if mask.contains(MaskFlags::FAN_Q_OVERFLOW) {
                    kept.opens.overflows += 1;
                    continue;
                }
                let (Some(file), Ok(pid)) = (event.fd(), u32::try_from(event.pid())) else {
                    continue;
                };
                kept.add(at, pid, file, mask.contains(MaskFlags::FAN_OPEN_EXEC));
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        // What is kept is whole after every event, even if a thread died.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn add(&mut self, at: u64, pid: u32, file: BorrowedFd<'_>, executed: bool) {
        if self.opens.all.len() >= MOST {
            self.opens.beyond += 1;
            return;
        }
        let Ok(path) = std::fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd())) else {
            self.opens.beyond += 1;
            return;
        };
        let size =
            rustix::fs::fstat(file).map_or(0, |told| u64::try_from(told.st_size).unwrap_or(0));
        let path = path.to_string_lossy();
        let path = match self.paths.get(path.as_ref()) {
            Some(known) => known.clone(),
            None => {
                let new: Arc<str> = Arc::from(path.as_ref());
                self.paths.insert(path.into_owned(), new.clone());
                new
            }
        };
        // An execution is told as an open too: they are one.
        match self.opens.all.last_mut() {
            Some(last) if executed && last.pid == pid && last.path == path => last.executed = true,
            _ => self.opens.all.push(Open { at, pid, path, size, executed }),
        }
    }
}

#[cfg(test)]
mod tests;
