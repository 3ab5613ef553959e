//! The rings that the kernel writes its records into, one a processor.

use std::ffi::CStr;
use std::io;

use perf_event::events::Tracepoint as Event;
use perf_event::{Builder, Clock, SampleFlag};

use tokio::io::unix::AsyncFd;

use super::descriptor::{Ring, set_filter};
use super::tracefs::Tracepoint;

/// Bytes of a ring: of some hundred sockets that begin to listen at once.
const RING: usize = 16 << 10;
/// Only sockets that begin to listen: the kernel is told, so that no other wakes anybody.
const ONLY: &CStr = c"newstate == 10";

impl Ring {
    /// The next record, if there is one: when it was, in nanoseconds of CLOCK_MONOTONIC,
    /// the process, and its bytes.
    pub(super) fn next(&mut self) -> Option<(u64, u32, Vec<u8>)> {
        loop {
            let record = self.sampler().next_record()?;
            let Ok(perf_event::data::Record::Sample(sample)) = record.parse_record() else {
                continue;
            };
            if let (Some(at), Some(pid), Some(raw)) = (sample.time(), sample.pid(), sample.raw()) {
                return Some((at, pid, raw.to_vec()));
            }
        }
    }
}

/// The rings of all processors that are there.
pub(super) fn rings(tracepoint: &Tracepoint) -> io::Result<Vec<AsyncFd<Ring>>> {
    processors()?.into_iter().map(|processor| ring(tracepoint, processor)).collect()
}

fn ring(tracepoint: &Tracepoint, processor: usize) -> io::Result<AsyncFd<Ring>> {
    let mut counter = Builder::new(Event::with_id(tracepoint.id))
        .any_pid()
        .one_cpu(processor)
        .include_kernel()
        .clockid(Clock::MONOTONIC)
        .sample_period(1)
        .wakeup_events(1)
        .sample(SampleFlag::TIME | SampleFlag::TID | SampleFlag::RAW)
        .build()?;
    set_filter(&counter, ONLY)?;
    counter.enable()?;
    Ring::register(counter.sampled(RING)?)
}

/// The numbers of the processors that are there: `0-1,4`.
pub(in crate::probe) fn processors() -> io::Result<Vec<usize>> {
    let text = std::fs::read_to_string("/sys/devices/system/cpu/online")?;
    let range = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        Some(first.parse::<usize>().ok()?..=last.parse().ok()?)
    };
    let ranges = text.trim().split(',').filter_map(range);
    Ok(ranges.flatten().collect())
}
