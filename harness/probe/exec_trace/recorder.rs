//! The thread that keeps what the kernel tells.
//!
//! An engine's helpers live for milliseconds, so what they are has to be read
//! the moment they are executed: hence a thread of its own, which sleeps in the
//! kernel until there is an event.

use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::io::{PipeWriter, Read, pipe};
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::process::setpriority_process;
use rustix::thread::gettid;
use thread_priority::{
    RealtimeThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy,
    set_thread_priority_and_policy, thread_native_id,
};

use super::Event;
use super::netlink::{Listener, Message, Received, Unavailable};
use crate::clock::Clock;
use crate::probe::cgroup::Accounts;
use crate::system::process::Stat;

/// Bytes and arguments that are kept of a command line.
const COMMAND_LINE: usize = 4096;
const ARGUMENTS: usize = 32;
/// Bytes that events may take before the oldest is dropped: a start takes some 6 KiB.
const MEMORY: usize = 128 << 20;

/// The highest priority of an ordinary thread.
const MOST_URGENT: i32 = -20;
/// Before every ordinary thread, and after every other one of this kind.
const AT_ONCE: ThreadSchedulePolicy =
    ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::Fifo);
/// How long after an exec the CPU time that was used before may be read, in nanoseconds. What is
/// read later has much of the function's own in it: half of the smallest change that matters.
const LATEST: u64 = 1_000_000;

/// The kernel's exec and exit events of every process, from its start to its drop.
#[derive(Debug)]
pub struct ExecTrace {
    shared: Arc<Shared>,
    /// Never written: its closing is what ends the thread.
    stop: Option<PipeWriter>,
    thread: Option<JoinHandle<()>>,
}

impl ExecTrace {
    /// Begins to record.
    ///
    /// # Errors
    ///
    /// When the kernel gives no events, with the reason and the cure.
    pub fn start(clock: Clock) -> Result<Self, Unavailable> {
        let listener = Listener::subscribe()?;
        let shared = Arc::new(Shared {
            listener,
            clock,
            accounts: Accounts::of_this_machine(),
            kept: Mutex::default(),
        });
        let (stopped, stop) = pipe().map_err(Unavailable::Failed)?;
        let thread = std::thread::Builder::new()
            .name("exec-trace".to_owned())
            .spawn({
                let shared = Arc::clone(&shared);
                move || shared.record_until(&stopped)
            })
            .map_err(Unavailable::Failed)?;
        Ok(Self { shared, stop: Some(stop), thread: Some(thread) })
    }

    /// Everything that the kernel has told since the last time, up to now.
    #[must_use]
    pub fn take(&self) -> Vec<Event> {
        let mut kept = self.shared.lock();
        // The thread may lag behind; what is in the queue is read here instead.
        self.shared.drain(&mut kept);
        kept.size = 0;
        std::mem::take(&mut kept.events).into()
    }

    /// Times that events were lost because they came too fast (each time one or
    /// more), and events that were dropped because nobody took them.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.shared.lock().lost
    }

    /// Messages that the kernel sent, of every kind.
    #[must_use]
    pub fn seen(&self) -> u64 {
        self.shared.lock().seen
    }
}

impl Drop for ExecTrace {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic there has been told already.
            let _ = thread.join();
        }
    }
}

#[derive(Debug)]
struct Shared {
    listener: Listener,
    clock: Clock,
    accounts: Accounts,
    /// Also held while reading from the listener, so that whoever holds it and
    /// finds the listener empty has everything.
    kept: Mutex<Kept>,
}

impl Shared {
    /// Sleeps until there is something to read, reads it, and again, until the
    /// other end of `stopped` is closed.
    fn record_until(&self, stopped: &impl AsFd) {
        go_first();
        loop {
            let mut ends =
                [PollFd::new(&self.listener, PollFlags::IN), PollFd::new(stopped, PollFlags::IN)];
            match poll(&mut ends, None) {
                Ok(_) if !ends[1].revents().is_empty() => return,
                Ok(_) if !self.drain(&mut self.lock()) => return,
                Ok(_) | Err(Errno::INTR) => {}
                Err(_) => return,
            }
        }
    }

    /// Keeps all that is there to read; false when there will be no more.
    fn drain(&self, kept: &mut Kept) -> bool {
        loop {
            let message = match self.listener.receive() {
                Received::Message(message) => message,
                Received::Overrun => {
                    kept.lost += 1;
                    continue;
                }
                Received::Empty => return true,
                Received::Failed => return false,
            };
            kept.seen += 1;
            let at = |monotonic| self.clock.since_epoch(monotonic);
            match message {
                Message::Exec { monotonic, pid } => {
                    if let Some(at) = at(monotonic) {
                        // First, as it goes on.
                        let used = self.accounts.read(pid);
                        let late = self.clock.now().saturating_sub(at);
                        let used = used.filter(|_| late <= LATEST);
                        let argv = arguments_of(pid);
                        let parent = kept.lines.executes(pid).or_else(|| parent_of(pid));
                        kept.keep(Event::Exec { at, pid, parent, argv, used });
                    }
                }
                Message::Fork { pid, parent } => kept.lines.begins(pid, parent),
                Message::Exit { monotonic, pid } => {
                    kept.lines.ends(pid);
                    if let Some(at) = at(monotonic) {
                        kept.keep(Event::Exit { at, pid });
                    }
                }
                Message::Ack { .. } | Message::Other => {}
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        // What is kept is whole after every event, even if a thread died.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// This thread before everybody else, where it may: it runs for some 0.05 ms an event, and what
/// it reads is gone or has moved on soon. Of ordinary threads even the most urgent waits until
/// the slice of who runs is over, some milliseconds (decision 0133). As it is, where it may not.
fn go_first() {
    let first = set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, AT_ONCE);
    if first.is_err() {
        let _ = setpriority_process(Some(gettid()), MOST_URGENT);
    }
}

#[derive(Debug, Default)]
struct Kept {
    events: VecDeque<Event>,
    lines: Lines,
    /// Bytes that they take, roughly.
    size: usize,
    lost: u64,
    seen: u64,
}

/// The processes that began since and live: read from the process, its parent is lost when
/// that is gone.
#[derive(Debug, Default)]
struct Lines(HashMap<u32, Line>);

/// Where a process comes from.
#[derive(Debug)]
struct Line {
    /// The nearest before it that became a program: what a helper forks to leave its
    /// terminal becomes none, and is gone when its child does.
    parent: Option<u32>,
    /// It became a program itself.
    is_program: bool,
}

impl Lines {
    fn begins(&mut self, pid: u32, parent: u32) {
        let above = self.0.get(&parent).filter(|line| !line.is_program);
        let parent = above.and_then(|line| line.parent).unwrap_or(parent);
        self.0.insert(pid, Line { parent: Some(parent), is_program: false });
    }

    /// It becomes a program; its parent, where that is known.
    fn executes(&mut self, pid: u32) -> Option<u32> {
        let line = self.0.entry(pid).or_insert(Line { parent: None, is_program: true });
        line.is_program = true;
        line.parent
    }

    fn ends(&mut self, pid: u32) {
        self.0.remove(&pid);
    }
}

impl Kept {
    fn keep(&mut self, event: Event) {
        self.size += size(&event);
        self.events.push_back(event);
        while self.size > MEMORY
            && let Some(oldest) = self.events.pop_front()
        {
            self.size -= size(&oldest);
            self.lost += 1;
        }
    }
}

fn size(event: &Event) -> usize {
    let held = match event {
        Event::Exec { argv, .. } => argv.iter().map(|a| size_of::<String>() + a.len()).sum(),
        Event::Exit { .. } => 0,
    };
    size_of::<Event>() + held
}

/// The arguments of a process; none when it is gone.
pub(in crate::probe) fn arguments_of(pid: u32) -> Vec<String> {
    read(pid, "cmdline", &mut [0; COMMAND_LINE]).map(arguments).unwrap_or_default()
}

/// The parent of a process that is older than we.
fn parent_of(pid: u32) -> Option<u32> {
    read(pid, "stat", &mut [0; COMMAND_LINE]).and_then(Stat::parse).map(|stat| stat.parent)
}

fn read<'a>(pid: u32, what: &str, bytes: &'a mut [u8]) -> Option<&'a [u8]> {
    // One call is enough: the kernel gives all there is or fills the buffer.
    let length = File::open(format!("/proc/{pid}/{what}")).ok()?.read(bytes).ok()?;
    bytes.get(..length)
}

fn arguments(line: &[u8]) -> Vec<String> {
    let line = line.strip_suffix(&[0]).unwrap_or(line);
    if line.is_empty() {
        return Vec::new();
    }
    let each = line.split(|byte| *byte == 0).take(ARGUMENTS);
    each.map(|argument| String::from_utf8_lossy(argument).into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn arguments_are_split_and_bounded() {
        assert_eq!(arguments(b"a\0b c\0\0d\0"), ["a", "b c", "", "d"]);
        assert!(arguments(b"").is_empty());
        assert_eq!(arguments(&b"x\0".repeat(100)).len(), ARGUMENTS);
    }

    #[test]
    fn a_parent_is_the_nearest_program_above_alive_or_not() {
        let mut lines = Lines::default();
        let (daemon, helper, forked, child) = (1, 20, 30, 40);
        lines.begins(helper, daemon);
        assert_eq!(lines.executes(helper), Some(daemon));
        lines.begins(forked, helper);
        lines.ends(helper);
        lines.begins(child, forked);
        assert_eq!(lines.executes(child), Some(helper));
        assert_eq!(lines.executes(child), Some(helper), "another program, the same process");
        assert_eq!(lines.executes(7), None, "it is older than we");
        lines.ends(forked);
        lines.begins(50, forked);
        assert_eq!(lines.executes(50), Some(forked));
    }

    #[test]
    fn the_oldest_events_make_room_and_count_as_lost() {
        let mut kept = Kept::default();
        let argv = vec!["x".repeat(MEMORY / 4)];
        for pid in 0..6 {
            kept.keep(Event::Exec { at: 0, pid, parent: None, argv: argv.clone(), used: None });
        }
        assert_eq!((kept.events.len(), kept.lost), (3, 3));
        assert!(matches!(kept.events[0], Event::Exec { pid: 3, .. }));
    }

    #[test]
    fn who_hears_of_an_exec_goes_before_everybody_where_it_may() {
        let policy = |first: fn()| {
            let thread = std::thread::spawn(move || {
                first();
                thread_priority::thread_schedule_policy().unwrap()
            });
            thread.join().unwrap()
        };
        let may = policy(|| {
            let it = thread_native_id();
            let _ = set_thread_priority_and_policy(it, ThreadPriority::Min, AT_ONCE);
        });
        assert_eq!(policy(go_first), may);
        assert_ne!(policy(|| {}), AT_ONCE, "no thread is so by itself");
    }

    #[test]
    fn a_process_that_is_gone_tells_nothing() {
        assert_eq!((parent_of(u32::MAX), arguments_of(u32::MAX)), (None, Vec::new()));
        let this = std::process::id();
        assert!(parent_of(this).is_some() && !arguments_of(this).is_empty());
    }

    proptest! {
        #[test]
        fn whatever_a_process_calls_itself_never_panics(
            line in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            prop_assert!(arguments(&line).len() <= ARGUMENTS);
        }
    }
}
