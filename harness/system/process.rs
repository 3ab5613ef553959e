//! What the kernel tells of a process in `/proc/PID/stat` and `status`; see `proc_pid_stat(5)`.
//! The name in them is the process's own: any bytes, parentheses and blanks too.

use std::fmt::Display;
use std::fs;

/// What the line `stat` tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stat {
    /// A letter, such as `R` for one that runs.
    pub state: char,
    /// Its parent; 0 for one that is outside of our namespace of process ids.
    pub parent: u32,
    /// Its process group; 0 for one that was made outside of our namespace, none for a process
    /// that was waited for.
    pub group: Option<u32>,
    /// Its session, as its group.
    pub session: Option<u32>,
    /// Page faults without and with a reading, those of its own and of children that it waited
    /// for.
    pub faults: [u64; 2],
    /// How many threads it has.
    pub threads: usize,
    /// When it began, in ticks since the boot.
    pub start: u64,
}

impl Stat {
    /// Of a process by its number, or of ours by `self`; none where it is gone or hidden.
    #[must_use]
    pub fn of(process: impl Display) -> Option<Self> {
        Self::parse(&fs::read(format!("/proc/{process}/stat")).ok()?)
    }

    /// Reads a line; none for any other bytes.
    #[must_use]
    pub fn parse(line: &[u8]) -> Option<Self> {
        let name_ends = line.iter().rposition(|byte| *byte == b')')?;
        let mut fields = str::from_utf8(&line[name_ends + 1..]).ok()?.split_ascii_whitespace();
        let mut next = || fields.next();
        let state = next()?.chars().next()?;
        let parent = next()?.parse().ok()?;
        let (group, session) = (next()?.parse().ok(), next()?.parse().ok());
        // What comes next is of terminals.
        let mut numbers = fields.skip(3).map(|field| field.parse::<u64>().ok());
        let mut number = |skipped: usize| numbers.nth(skipped)?;
        let (minor, of_children) = (number(0)?, number(0)?);
        let (major, of_those) = (number(0)?, number(0)?);
        let threads = usize::try_from(number(6)?).ok()?;
        let faults = [minor.saturating_add(of_children), major.saturating_add(of_those)];
        Some(Self { state, parent, group, session, faults, threads, start: number(1)? })
    }

    /// Whether it has ended; until somebody asks how, it keeps its number.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self.state, 'Z' | 'X')
    }
}

/// Whether `/proc` has processes by the numbers that they have for us: it may be that of the
/// namespace around ours (`unshare --pid --fork` alone), where ours are of other processes.
#[must_use]
pub fn numbers_are_ours() -> bool {
    let own = std::process::id().to_string();
    fs::read_link("/proc/self").is_ok_and(|to| to.as_os_str() == own.as_str())
}

/// The numbers that a process has, or ours by `self`: in our namespace of process ids, in the
/// next one inwards, and so on to its own. None where it is gone.
#[must_use]
pub fn numbers(process: impl Display) -> Option<Vec<u32>> {
    let status = fs::read(format!("/proc/{process}/status")).ok()?;
    let status = String::from_utf8_lossy(&status);
    let line = status.lines().find_map(|line| line.strip_prefix("NSpid:"))?;
    line.split_whitespace().map(|number| number.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const REST: &str = "1 2 0 4 4194304 10 20 3 4 5 6 7 8 20 0 9 0 77 88 99";

    #[test]
    fn a_name_of_anything_does_not_mislead() {
        for name in [&b"a"[..], b"a) R (b", b"(", b")", b" ", b"\xff\xfe\n"] {
            let line = [&b"7 ("[..], name, b") S 3 ", REST.as_bytes()].concat();
            let stat = Stat::parse(&line).unwrap();
            let whole = Stat {
                state: 'S',
                parent: 3,
                group: Some(1),
                session: Some(2),
                faults: [30, 7],
                threads: 9,
                start: 77,
            };
            assert_eq!(stat, whole);
        }
        for line in ["", "7 (a", "7 (a)", "7 (a) S", "7 (a) S 1 2", "7 (a) S x 1 2"] {
            assert_eq!(Stat::parse(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn a_session_from_outside_is_one_and_none_is_none() {
        let session = |said: &str| {
            let line = format!("7 (a) Z 3 {}", REST.replacen("1 2", said, 1));
            Stat::parse(line.as_bytes()).unwrap().session
        };
        assert_eq!((session("0 0"), session("-1 -1")), (Some(0), None));
    }

    #[test]
    fn this_process_is_read_and_one_that_is_gone_is_not() {
        let own = std::process::id();
        let (by_number, by_name) = (Stat::of(own).unwrap(), Stat::of("self").unwrap());
        assert!(by_number.start == by_name.start && by_number.start > 0 && !by_number.is_over());
        assert_eq!(numbers(own).unwrap().first(), Some(&own));
        assert!(numbers_are_ours());
        assert_eq!((Stat::of(u32::MAX), numbers(u32::MAX)), (None, None));
    }

    proptest! {
        #[test]
        fn whatever_stands_there_never_panics(line in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = Stat::parse(&line);
            let _ = Stat::parse(&[b"7 (a) S 3 ", line.as_slice()].concat());
        }
    }
}
