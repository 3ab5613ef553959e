//! What the processors execute, looked at again and again: a clock of the kernel's, no counter
//! of the hardware's, so that it is to be had on virtual machines too.
//!
//! Every processor is looked at, whoever runs on it, as a process that is yet to be started
//! cannot be named: whoever asks picks what is its own. Beside the samples the kernel tells
//! what is mapped where, forked and executed, on the run's clock.
//!
//! It interrupts whatever runs: never in a start that is timed. It knows no engines.
//!
//! Why so, and what stacks without frame pointers are worth: decision 0088.

use std::collections::{BTreeMap, HashSet};
use std::io::{self, PipeWriter, pipe};
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use perf_event::Sampler;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use thiserror::Error;

use crate::clock::Clock;

mod compiled;
mod kernel;
mod perf;

pub use compiled::Compiled;
pub use kernel::KernelSymbols;
pub use perf::{PERIOD, STACK};

/// How often what the kernel wrote is taken: a ring lasts several times as long.
const TAKEN: Timespec = Timespec { tv_sec: 0, tv_nsec: 10_000_000 };
/// Events that are kept: what comes after is counted.
const MOST: usize = 400_000;
/// Bytes of stacks that are kept, of some seconds of a processor: samples after that have none.
const MOST_STACKS: usize = 192 << 20;

/// Why nothing is sampled, and what to do about it.
#[derive(Debug, Error)]
pub enum Unavailable {
    /// The kernel refuses us.
    #[error(
        "sampling the processors needs CAP_PERFMON, which no seccomp profile takes away, or \
         kernel.perf_event_paranoid below 0 (it is {0}): run as root"
    )]
    NotPermitted(String),
    /// The kernel has no such events.
    #[error("the kernel samples no processors (CONFIG_PERF_EVENTS): {0}")]
    Missing(io::Error),
    /// Something else failed.
    #[error("could not sample the processors")]
    Failed(#[source] io::Error),
}

impl From<io::Error> for Unavailable {
    fn from(error: io::Error) -> Self {
        let paranoid = || std::fs::read_to_string("/proc/sys/kernel/perf_event_paranoid");
        match Errno::from_io_error(&error) {
            Some(Errno::PERM | Errno::ACCESS) => {
                let set = paranoid().map_or("unknown".to_owned(), |text| text.trim().to_owned());
                Self::NotPermitted(set)
            }
            Some(Errno::NOENT | Errno::NOSYS | Errno::OPNOTSUPP | Errno::NODEV) => {
                Self::Missing(error)
            }
            _ => Self::Failed(error),
        }
    }
}

/// That something was seen of a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When: nanoseconds since the run's epoch.
    pub at: u64,
    /// The process, as this machine numbers it.
    pub pid: u32,
    /// What.
    pub what: What,
}

/// What was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// It ran: for [`PERIOD`], as far as the clock tells.
    Ran {
        /// Addresses in the kernel, where it was interrupted first.
        kernel: Box<[u64]>,
        /// Addresses in its own code, the same way round.
        user: Box<[u64]>,
        /// A piece of its stack, of a process that is younger than the samples.
        stack: Option<Box<UserStack>>,
    },
    /// It may execute what is mapped there.
    Mapped(Mapping),
    /// It became another program, and nothing is mapped any more.
    Executed,
    /// It was forked, and has what its parent had mapped.
    Forked {
        /// From which.
        parent: u32,
    },
}

/// A piece of a process' stack, and the registers that say how it was used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserStack {
    /// Where its code was.
    pub ip: u64,
    /// Where the piece begins: the top of its stack.
    pub sp: u64,
    /// What its frame pointer held, if it kept one.
    pub fp: u64,
    /// What stood there, at most [`STACK`] bytes.
    pub bytes: Box<[u8]>,
}

impl UserStack {
    /// What stands at an address, of what is known.
    #[must_use]
    pub fn word(&self, address: u64) -> Option<u64> {
        let at = usize::try_from(address.checked_sub(self.sp)?).ok()?;
        Some(u64::from_ne_bytes(*self.bytes.get(at..)?.first_chunk()?))
    }
}

/// What a process may execute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// Its first address.
    pub from: u64,
    /// The address behind it.
    pub to: u64,
    /// Where in the file it begins.
    pub offset: u64,
    /// The file as the process sees it, or what the kernel calls that which is none: anything
    /// at all.
    pub path: Arc<str>,
}

/// All that was seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sampled {
    /// In the order of their instants.
    pub events: Vec<Event>,
    /// What processes wrote of what they compiled, where whoever asked has read it.
    pub compiled: BTreeMap<u32, Compiled>,
    /// Events that the kernel had no room for, and times that it held back.
    pub lost: u64,
    /// Events that were seen, and are not kept: there were too many.
    pub beyond: u64,
}

/// Samples from its start to its drop.
#[derive(Debug)]
pub struct CpuSamples {
    shared: Arc<Shared>,
    /// Never written: its closing is what ends the thread.
    stop: Option<PipeWriter>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    clock: Clock,
    /// Also held while the rings are read, so that whoever holds it and finds them empty has
    /// all.
    kept: Mutex<Kept>,
}

struct Kept {
    /// One a processor.
    rings: Vec<Sampler>,
    sampled: Sampled,
    /// The processes that were there before, none of which is asked for.
    older: HashSet<u32>,
    /// Bytes that stacks may still take.
    stacks: usize,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

impl CpuSamples {
    /// Begins.
    ///
    /// # Errors
    /// When the kernel does not sample, with the reason and the cure.
    pub fn start(clock: Clock) -> Result<Self, Unavailable> {
        let (rings, older) = (perf::rings()?, processes());
        let sampled = Sampled::default();
        let kept = Mutex::new(Kept { rings, sampled, older, stacks: MOST_STACKS });
        let shared = Arc::new(Shared { clock, kept });
        let (stopped, stop) = pipe().map_err(Unavailable::Failed)?;
        let thread = std::thread::Builder::new()
            .name("cpu-samples".to_owned())
            .spawn({
                let shared = Arc::clone(&shared);
                move || shared.take_until(&stopped)
            })
            .map_err(Unavailable::Failed)?;
        Ok(Self { shared, stop: Some(stop), thread: Some(thread) })
    }

    /// Ends it: everything that was seen.
    #[must_use]
    pub fn take(self) -> Sampled {
        let mut kept = self.shared.lock();
        // Nothing comes after it; one that cannot be stopped is only read up to now.
        kept.rings.iter_mut().for_each(|ring| drop(ring.as_counter_mut().disable()));
        kept.drain(self.shared.clock);
        let mut sampled = std::mem::take(&mut kept.sampled);
        drop(kept);
        sampled.events.sort_by_key(|event| event.at);
        sampled
    }
}

impl Drop for CpuSamples {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic there has been told already.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn take_until(&self, stopped: &impl AsFd) {
        loop {
            let mut end = [PollFd::new(stopped, PollFlags::IN)];
            match poll(&mut end, Some(&TAKEN)) {
                Ok(0) | Err(Errno::INTR) => self.lock().drain(self.clock),
                Ok(_) | Err(_) => return,
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        // What is kept is whole after every event, even if a thread died.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// Keeps all that is there to read.
    fn drain(&mut self, clock: Clock) {
        let own = std::process::id();
        for ring in &mut self.rings {
            while let Some(told) = perf::next(ring) {
                match told {
                    perf::Told::Lost(events) => self.sampled.lost += events,
                    perf::Told::Of { pid, .. } if pid == own || pid == 0 => {}
                    perf::Told::Of { monotonic, pid, mut what } => {
                        if let What::Ran { stack, .. } = &mut what {
                            let needed = stack.as_ref().map_or(0, |stack| stack.bytes.len());
                            if self.older.contains(&pid) || needed > self.stacks {
                                *stack = None;
                            } else {
                                self.stacks -= needed;
                            }
                        }
                        if let Some(at) = clock.since_epoch(monotonic) {
                            self.sampled.keep(Event { at, pid, what });
                        }
                    }
                    perf::Told::Nothing => {}
                }
            }
        }
    }
}

/// Every process that there is.
fn processes() -> HashSet<u32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

impl Sampled {
    fn keep(&mut self, event: Event) {
        match self.events.len() < MOST {
            true => self.events.push(event),
            false => self.beyond += 1,
        }
    }
}

#[cfg(test)]
mod tests;
