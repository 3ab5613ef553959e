//! The rings that the kernel writes samples into, one a processor, and how they read.

use std::io;
use std::sync::Arc;

use perf_event::data::{Record, Sample};
use perf_event::events::Software;
use perf_event::{Builder, Clock, SampleFlag, Sampler};

use super::{Mapping, UserStack, What};
use crate::probe::socket_trace::processors;

/// Nanoseconds from one look at a processor to the next: no part of a millisecond, so that
/// what is done each millisecond is not met each time.
pub const PERIOD: u64 = 251_000;

/// Bytes of a stack that a sample carries: nine in ten of an interpreter's, which has the deepest,
/// are not deeper (decision 0099). None where it is not known how to follow them.
pub const STACK: u32 = if cfg!(target_arch = "x86_64") { 16 << 10 } else { 0 };
/// The registers that it begins from, as `PERF_REG_X86_*` numbers them, and as they then come:
/// BP, SP, IP.
const REGISTERS: u64 = 1 << 6 | 1 << 7 | 1 << 8;
/// Bytes of a ring: of a tenth of a second, where every stack is as deep as can be; and of one
/// whose samples carry pieces of stacks.
const RING: usize = 1 << 20;
const RING_WITH_STACKS: usize = 8 << 20;
/// Addresses from here on are no addresses: they say whose the next are.
const CONTEXT: u64 = -4095_i64 as u64;
/// What follows are addresses in the kernel, or in the process.
const KERNEL: u64 = -128_i64 as u64;
const USER: u64 = -512_i64 as u64;
/// That a process got its name because it was executed.
const BY_EXEC: u16 = 1 << 13;

/// What a record says.
pub(super) enum Told {
    /// Something of a process, at an instant of CLOCK_MONOTONIC.
    Of {
        monotonic: u64,
        pid: u32,
        what: What,
    },
    /// That so many others are lost.
    Lost(u64),
    Nothing,
}

/// The rings of all processors that are there, running; with pieces of stacks where those may
/// be had, for which whoever is not root may lack the memory.
pub(super) fn rings() -> io::Result<Vec<Sampler>> {
    let processors = processors()?;
    let all = |stacks| processors.iter().map(|at| ring(*at, stacks)).collect();
    match STACK {
        0 => all(false),
        _ => all(true).or_else(|_: io::Error| all(false)),
    }
}

fn ring(processor: usize, with_stacks: bool) -> io::Result<Sampler> {
    let mut builder = Builder::new(Software::CPU_CLOCK);
    builder
        .any_pid()
        .one_cpu(processor)
        .include_kernel()
        .exclude_idle(true)
        .clockid(Clock::MONOTONIC)
        .sample_period(PERIOD)
        .sample(SampleFlag::IP | SampleFlag::TID | SampleFlag::TIME | SampleFlag::CALLCHAIN)
        .sample_id_all(true)
        .mmap(true)
        .mmap2(true)
        .comm(true)
        .comm_exec(true)
        .task(true);
    if with_stacks {
        builder.sample(SampleFlag::REGS_USER | SampleFlag::STACK_USER);
        builder.sample_regs_user(REGISTERS).sample_stack_user(STACK);
    }
    let mut counter = builder.build()?;
    counter.enable()?;
    counter.sampled(if with_stacks { RING_WITH_STACKS } else { RING })
}

/// What the next record says, if there is one.
pub(super) fn next(ring: &mut Sampler) -> Option<Told> {
    let record = ring.next_record()?;
    let (misc, at) = (record.misc(), last_word(&record.to_contiguous()));
    Some(match record.parse_record() {
        Ok(record) => told(record, misc, at),
        Err(_) => Told::Nothing,
    })
}

fn told(record: Record<'_>, misc: u16, last: Option<u64>) -> Told {
    let of = |monotonic: Option<u64>, pid, what| match monotonic {
        Some(monotonic) => Told::Of { monotonic, pid, what },
        None => Told::Nothing,
    };
    match record {
        Record::Sample(sample) => {
            let (kernel, user) = divided(sample.callchain().unwrap_or(&[]));
            let stack = stack(&sample).map(Box::new);
            of(sample.time(), sample.pid().unwrap_or(0), What::Ran { kernel, user, stack })
        }
        Record::Mmap2(map) => {
            let path = Arc::from(map.filename_os().to_string_lossy().as_ref());
            let (from, to) = (map.addr, map.addr.saturating_add(map.len));
            let mapping = Mapping { from, to, offset: map.pgoff, path };
            of(last, map.pid, What::Mapped(mapping))
        }
        Record::Comm(comm) if misc & BY_EXEC != 0 => of(last, comm.pid, What::Executed),
        // A thread is no process.
        Record::Fork(fork) if fork.pid != fork.ppid => {
            of(Some(fork.time), fork.pid, What::Forked { parent: fork.ppid })
        }
        Record::Lost(lost) => Told::Lost(lost.lost),
        Record::LostSamples(lost) => Told::Lost(lost.lost),
        Record::Throttle(_) => Told::Lost(1),
        _ => Told::Nothing,
    }
}

/// A piece of the stack, where the sample has one.
fn stack(sample: &Sample<'_>) -> Option<UserStack> {
    let (registers, bytes) = (sample.regs_user()?, sample.stack_user()?);
    let [fp, sp, ip] = *registers.regs.first_chunk()?;
    (!bytes.is_empty()).then(|| UserStack { ip, sp, fp, bytes: Box::from(bytes) })
}

/// The instant that stands at the end of records that are no samples.
fn last_word(bytes: &[u8]) -> Option<u64> {
    Some(u64::from_ne_bytes(*bytes.last_chunk()?))
}

/// A stack, divided into what is the kernel's and what the process'.
pub(super) fn divided(chain: &[u64]) -> (Box<[u64]>, Box<[u64]>) {
    let (mut kernel, mut user) = (Vec::new(), Vec::new());
    let mut whose = 0;
    for address in chain {
        match whose {
            _ if *address >= CONTEXT => whose = *address,
            KERNEL => kernel.push(*address),
            USER => user.push(*address),
            _ => {}
        }
    }
    (kernel.into(), user.into())
}
