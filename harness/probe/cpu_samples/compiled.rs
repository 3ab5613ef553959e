//! What a runtime compiled while it ran, where it writes a map of that for profilers:
//! `/tmp/perf-PID.map` of its own root, a line each with address, size and name. Hostile, as all
//! that a container writes.

use std::fs::{self, File};
use std::io::Read;

use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};

use crate::system::process;

/// Bytes of a map that are read, and functions that are kept of it.
const LARGEST: u64 = 64 << 20;
const MOST: usize = 500_000;

/// Functions that were compiled, by address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Compiled {
    of: Vec<(u64, u64, Box<str>)>,
}

impl Compiled {
    /// What a process that lives wrote so far; none where it wrote nothing.
    #[must_use]
    pub fn of(pid: u32) -> Option<Self> {
        // As it numbers itself: the innermost.
        let own = process::numbers(pid)?.pop()?;
        let root = File::open(format!("/proc/{pid}/root")).ok()?;
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
        // No link in it leads out of the container.
        let within = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
        let map = openat2(&root, format!("tmp/perf-{own}.map"), flags, Mode::empty(), within);
        let file = File::from(map.ok()?);
        file.metadata().ok().filter(fs::Metadata::is_file)?;
        let mut bytes = Vec::new();
        file.take(LARGEST).read_to_end(&mut bytes).ok()?;
        Some(Self::parse(&String::from_utf8_lossy(&bytes)))
    }

    /// `7f0010 1c name of it`, in hexadecimal digits.
    pub(crate) fn parse(text: &str) -> Self {
        let hex = |word: &str| u64::from_str_radix(word.trim_start_matches("0x"), 16).ok();
        let one = |line: &str| {
            let (from, rest) = line.split_once(' ')?;
            let (size, name) = rest.split_once(' ')?;
            let from = hex(from)?;
            Some((from, from.saturating_add(hex(size)?), Box::from(name.trim())))
        };
        let mut of: Vec<_> = text.lines().filter_map(one).take(MOST).collect();
        of.sort_by_key(|(from, ..)| *from);
        Self { of }
    }

    /// The function that was compiled to an address: the latest that was written there.
    #[must_use]
    pub fn name(&self, address: u64) -> Option<&str> {
        let behind = self.of.partition_point(|(from, ..)| *from <= address);
        let (_, to, name) = self.of.get(behind.checked_sub(1)?)?;
        (address < *to).then_some(name)
    }
}
