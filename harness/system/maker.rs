//! Which process made a thing, and whether it still lives: asked before anything is
//! swept. It goes with whatever a killed process may leave: as a label of a container, in
//! the name of a folder.
//!
//! A process id alone says too little: it is given again, and it means another process
//! beyond a reboot, in another namespace of process ids, on another machine.
//!
//! Why not a lock: decision 0053.

use std::fmt;
use std::fs;
use std::sync::OnceLock;

use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};
use sha2::{Digest, Sha256};

use super::process::{self, Stat};

/// Hexadecimal digits that are kept of a digest: enough to tell a few machines apart, and
/// short enough for the path of a socket.
const DIGITS: usize = 5;

/// A process, named so that no other one is ever taken for it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Maker {
    world: World,
    pid: u32,
    /// When it began, in ticks since the boot.
    start: u64,
}

/// Where a process id means something: digests, so that nothing is told of the machine.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct World {
    /// Empty digits where the machine has no name.
    machine: String,
    boot: String,
    /// The namespace of process ids.
    namespace: String,
}

/// Whether the maker of a thing lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Life {
    /// It does: its process id.
    Alive(u32),
    /// It does not: what it left may go.
    Dead,
    /// That cannot be told from here, and why.
    Unknown(&'static str),
}

impl Maker {
    /// This process.
    #[must_use]
    pub fn own() -> &'static Self {
        static OWN: OnceLock<Maker> = OnceLock::new();
        OWN.get_or_init(|| Self {
            world: World::here(),
            pid: std::process::id(),
            start: Stat::of("self").map_or(0, |stat| stat.start),
        })
    }

    /// Reads what [`Maker`] is written as; none for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let (world, pid, start) = (parts.next()?, parts.next()?, parts.next()?);
        let plain = world.len() == 3 * DIGITS && world.bytes().all(|b| b.is_ascii_hexdigit());
        if !plain || parts.next().is_some() {
            return None;
        }
        let part = |n: usize| world[n * DIGITS..(n + 1) * DIGITS].to_owned();
        let world = World { machine: part(0), boot: part(1), namespace: part(2) };
        Some(Self { world, pid: pid.parse().ok()?, start: start.parse().ok()? })
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Whether it still lives.
    #[must_use]
    pub fn life(&self) -> Life {
        let here = &Self::own().world;
        if self.world.boot != here.boot {
            let same = self.world.machine == here.machine && here.machine != World::unnamed();
            return if same { Life::Dead } else { Life::Unknown("it ran on another machine") };
        }
        if self.world.namespace != here.namespace {
            return Life::Unknown("it ran in another namespace of process ids (a container?)");
        }
        if !process::numbers_are_ours() {
            return Life::Unknown("/proc is that of another namespace of process ids");
        }
        self.life_here()
    }

    fn life_here(&self) -> Life {
        match Stat::of(self.pid) {
            Some(stat) if stat.start == self.start && !stat.is_over() => Life::Alive(self.pid),
            Some(_) => Life::Dead,
            None => self.life_unseen(),
        }
    }

    /// Where processes of other users are hidden, only a signal tells that one is there.
    fn life_unseen(&self) -> Life {
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw);
        match pid.map(test_kill_process) {
            None | Some(Err(Errno::SRCH)) => Life::Dead,
            Some(_) => Life::Unknown("its process id is in use, and this user may not see by whom"),
        }
    }
}

impl fmt::Display for Maker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let World { machine, boot, namespace } = &self.world;
        write!(f, "{machine}{boot}{namespace}-{}-{}", self.pid, self.start)
    }
}

impl World {
    fn here() -> Self {
        let read = |file: &str| fs::read_to_string(file).unwrap_or_default();
        let namespace = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
        Self {
            machine: digest(read("/etc/machine-id").trim()),
            boot: digest(read("/proc/sys/kernel/random/boot_id").trim()),
            namespace: digest(&namespace.to_string_lossy()),
        }
    }

    fn unnamed() -> String {
        digest("")
    }
}

fn digest(text: &str) -> String {
    let digest = Sha256::digest(format!("coldstart {text}").as_bytes());
    let digits: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    digits[..DIGITS].to_owned()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn of(pid: u32) -> Maker {
        let start = Stat::of(pid).unwrap().start;
        Maker { pid, start, ..Maker::own().clone() }
    }

    #[test]
    fn a_maker_is_read_as_it_was_written_and_nothing_else_is_one() {
        let own = Maker::own();
        assert_eq!(Maker::parse(&own.to_string()).as_ref(), Some(own));
        for text in ["", "x", "1-2-3", "coldstart-sockets-1-0", "-1-2", "0123456789abcde-1"] {
            assert_eq!(Maker::parse(text), None, "{text}");
        }
        assert_eq!(Maker::parse("é23456789abcde-1-2"), None, "no character is cut");
    }

    #[test]
    fn a_process_lives_until_it_ends_waited_for_or_not() {
        assert_eq!(Maker::own().life(), Life::Alive(std::process::id()));
        let mut child = Command::new("sleep").arg("1000").spawn().unwrap();
        let maker = of(child.id());
        assert_eq!(maker.life(), Life::Alive(child.id()));
        child.kill().unwrap();
        while !Stat::of(child.id()).unwrap().is_over() {
            std::thread::yield_now();
        }
        assert_eq!(maker.life(), Life::Dead, "it was not waited for yet");
        child.wait().unwrap();
        assert_eq!(maker.life(), Life::Dead);
    }

    #[test]
    fn a_process_id_that_was_given_again_is_another_process() {
        let own = Maker::own().clone();
        assert_eq!(Maker { start: own.start + 1, ..own }.life(), Life::Dead);
    }

    #[test]
    fn beyond_a_reboot_it_is_dead_and_elsewhere_it_cannot_be_told() {
        let own = Maker::own().clone();
        let in_world = |change: &dyn Fn(&mut World)| {
            let mut maker = own.clone();
            change(&mut maker.world);
            maker.life()
        };
        let other = || "fffff".to_owned();
        let rebooted = in_world(&|world| world.boot = other());
        let named = own.world.machine != World::unnamed();
        assert_eq!(rebooted == Life::Dead, named, "{rebooted:?}");
        let elsewhere = in_world(&|world| (world.machine, world.boot) = (other(), other()));
        assert!(matches!(elsewhere, Life::Unknown(_)), "{elsewhere:?}");
        let contained = in_world(&|world| world.namespace = other());
        assert!(matches!(contained, Life::Unknown(_)), "{contained:?}");
    }

    /// As under `unshare --pid --fork` alone: the processes there are numbered anew.
    #[test]
    fn in_a_table_of_processes_of_another_namespace_nothing_is_told() {
        const WITHIN: &str = "COLDSTART_TEST_WITHIN";
        if std::env::var_os(WITHIN).is_some() {
            let own = Maker::own().life();
            assert!(matches!(&own, Life::Unknown(why) if why.contains("/proc")), "{own:?}");
            return;
        }
        let this = std::thread::current().name().unwrap().to_owned();
        let mut within = Command::new("unshare");
        let user = (!rustix::process::geteuid().is_root()).then_some("--user");
        within.args(user).args(["--pid", "--fork"]).arg(std::env::current_exe().unwrap());
        let Ok(ended) = within.args(["--exact", &this]).env(WITHIN, "1").output() else { return };
        let (told, why) = (ended.stdout, String::from_utf8_lossy(&ended.stderr));
        // Not everybody may have a namespace.
        let refused = why.starts_with("unshare: ");
        assert!(refused || ended.status.success(), "{why}{}", String::from_utf8_lossy(&told));
        assert!(refused || String::from_utf8_lossy(&told).contains("1 passed"));
    }
}
