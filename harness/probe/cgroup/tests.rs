use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

const ID: &str = "fc5e5f0b2e35f2d047d9571ccdffece852df2eae56f9fe8ac39f7aec99df4d88";

const V1_CPU: &str =
    "nr_periods 11\nnr_throttled 10\nthrottled_time 840221832\nnr_bursts 0\nburst_time 0\n";
const V1_OOM: &str = "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n";
const V2_CPU: &str = "usage_usec 126136\nuser_usec 117727\nsystem_usec 8409\nnr_periods 11\n\
                      nr_throttled 9\nthrottled_usec 840221\nnr_bursts 0\nburst_usec 0\n";
const V2_EVENTS: &str = "low 0\nhigh 0\nmax 17\noom 2\noom_kill 1\noom_group_kill 0\n";

/// A made-up machine with one process, 42.
struct Machine(TempDir);

impl Machine {
    fn new(memberships: &str, mounts: &str) -> Self {
        let machine = Self(tempfile::tempdir().unwrap());
        machine.file("proc/42/cgroup", &memberships.replace("ID", ID));
        machine.file("proc/self/mountinfo", &mounts.replace("ID", ID));
        machine
    }

    fn file(&self, path: &str, text: &str) {
        let path = self.0.path().join(path.replace("ID", ID));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn v1(&self, cpu: &str, memory: &str) {
        self.file(&format!("{cpu}/cpu.stat"), V1_CPU);
        self.file(&format!("{memory}/memory.max_usage_in_bytes"), "67108864\n");
        self.file(&format!("{memory}/memory.oom_control"), V1_OOM);
    }

    fn v2(&self, folder: &str) {
        self.file(&format!("{folder}/cpu.stat"), V2_CPU);
        self.file(&format!("{folder}/memory.peak"), "5242880\n");
        self.file(&format!("{folder}/memory.events"), V2_EVENTS);
    }

    fn read(&self) -> Option<Resources> {
        read_below(self.0.path(), 42, ID)
    }
}

fn of_v1() -> Resources {
    Resources {
        throttled_periods: Some(10),
        throttled_us: Some(840_221),
        peak_memory: Some(67_108_864),
        oom_kills: Some(2),
        ..Resources::default()
    }
}

fn of_v2() -> Resources {
    Resources {
        throttled_periods: Some(9),
        throttled_us: Some(840_221),
        peak_memory: Some(5_242_880),
        oom_kills: Some(1),
        ..Resources::default()
    }
}

fn accounts(machine: &Machine) -> Option<CpuUse> {
    let mounts = text(&machine.0.path().join("proc/self/mountinfo")).unwrap();
    Accounts::in_mounts(mounts).read_below(machine.0.path(), 42)
}

#[test]
fn cpu_time_is_the_sum_that_the_kernel_keeps_and_what_it_says_of_the_kernels_part() {
    let v1 = Machine::new("1:cpu,cpuacct:/docker/ID\n", V1_MOUNTS);
    let usage = |all: &str, system: &str| {
        v1.file("sys/fs/cgroup/cpu,cpuacct/docker/ID/cpuacct.usage", all);
        v1.file("sys/fs/cgroup/cpu,cpuacct/docker/ID/cpuacct.usage_sys", system);
    };
    usage("45000000\n", "8000000\n");
    let exec = accounts(&v1).unwrap();
    usage("57500000\n", "12000000\n");
    assert_eq!(exec.now().unwrap().since(&exec), (12_500_000, 4_000_000));
    // Ticks may say more than there is.
    usage("46000000\n", "12000000\n");
    assert_eq!(exec.now().unwrap().since(&exec), (1_000_000, 1_000_000));

    let v2 = Machine::new("0::/system.slice/docker-ID.scope\n", V2_MOUNTS);
    v2.v2("sys/fs/cgroup/system.slice/docker-ID.scope");
    let exec = accounts(&v2).unwrap();
    let later = V2_CPU.replace("126136", "226136").replace("8409", "10409");
    v2.file("sys/fs/cgroup/system.slice/docker-ID.scope/cpu.stat", &later);
    let now = exec.now().unwrap();
    assert_eq!((now.since(&exec), now.is_of(&exec)), ((100_000_000, 2_000_000), true));
    assert!(!now.is_of(&accounts(&v1).unwrap()));
    fs::remove_dir_all(v2.0.path().join("sys")).unwrap();
    assert_eq!(exec.now(), None, "it is gone");
}

/// Of each process that is executed on the machine this is asked.
#[test]
fn a_process_that_is_in_no_container_has_no_account() {
    for groups in ["0::/user.slice/user-0.slice/session-1.scope\n", "0::/\n", "", "1:cpu:/short\n"]
    {
        let machine = Machine::new(groups, V2_MOUNTS);
        machine.v2("sys/fs/cgroup");
        assert_eq!(accounts(&machine), None, "{groups}");
    }
    let ours = "0::/coldstart-0123456789abcdef0123456789abcdef\n";
    let machine = Machine::new(ours, V2_MOUNTS);
    machine.v2("sys/fs/cgroup/coldstart-0123456789abcdef0123456789abcdef");
    assert!(accounts(&machine).is_some());
}

/// `COLDSTART_TEST_PID` is a process in a container.
#[test]
#[ignore = "a measurement"]
fn how_long_accounts_take() {
    let pid = |name: &str| std::env::var(name).ok()?.parse::<u32>().ok();
    let accounts = Accounts::of_this_machine();
    let inside = pid("COLDSTART_TEST_PID").expect("COLDSTART_TEST_PID names no process");
    for (what, pid) in [("in none", std::process::id()), ("in a container", inside)] {
        let mut ns: Vec<u128> = (0..1001)
            .map(|_| {
                let begun = std::time::Instant::now();
                std::hint::black_box(accounts.read(pid));
                begun.elapsed().as_nanos()
            })
            .collect();
        ns.sort_unstable();
        println!(
            "{what}: {} ns at the median, {} at p99 ({})",
            ns[500],
            ns[990],
            accounts.read(pid).is_some()
        );
    }
}

const V1_MOUNTS: &str = "\
22 27 0:21 / /proc rw,relatime - proc proc rw
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 master:1 - cgroup cgroup rw,cpu,cpuacct
33 31 0:30 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset
35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd
41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
";
const V2_MOUNTS: &str = "\
22 27 0:21 / /proc rw,relatime - proc proc rw
31 23 0:28 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot
";

#[test]
fn v1_with_the_cgroupfs_driver() {
    let groups = "9:name=systemd:/docker/ID\n4:memory:/docker/ID\n3:cpuset:/docker/ID\n\
                  1:cpu,cpuacct:/docker/ID\n";
    let machine = Machine::new(groups, V1_MOUNTS);
    machine.v1("sys/fs/cgroup/cpu,cpuacct/docker/ID", "sys/fs/cgroup/memory/docker/ID");
    assert_eq!(machine.read(), Some(of_v1()));
}

#[test]
fn v2_with_the_systemd_driver() {
    let machine = Machine::new("0::/system.slice/docker-ID.scope\n", V2_MOUNTS);
    machine.v2("sys/fs/cgroup/system.slice/docker-ID.scope");
    assert_eq!(machine.read(), Some(of_v2()));
}

#[test]
fn a_hybrid_host_has_controllers_in_both() {
    let groups = "4:memory:/docker/ID\n0::/docker/ID\n";
    let machine = Machine::new(groups, V1_MOUNTS);
    machine.v1("nowhere", "sys/fs/cgroup/memory/docker/ID");
    machine.v2("sys/fs/cgroup/unified/docker/ID");
    let (v1, v2) = (of_v1(), of_v2());
    let cpu_of_v2 = Resources { throttled_periods: v2.throttled_periods, ..v1 };
    assert_eq!(machine.read(), Some(cpu_of_v2));
}

#[test]
fn an_old_kernel_tells_no_peak_on_v2() {
    let machine = Machine::new("0::/docker/ID\n", V2_MOUNTS);
    machine.file("sys/fs/cgroup/docker/ID/memory.events", V2_EVENTS);
    let only_kills = Resources { oom_kills: Some(1), ..Resources::default() };
    assert_eq!(machine.read(), Some(only_kills));
}

#[test]
fn a_process_that_went_into_a_cgroup_inside_counts_for_its_container() {
    let machine = Machine::new("0::/libpod-ID.scope/container/init.scope\n", V2_MOUNTS);
    machine.v2("sys/fs/cgroup/libpod-ID.scope");
    machine.file("sys/fs/cgroup/libpod-ID.scope/container/init.scope/memory.peak", "1\n");
    assert_eq!(machine.read(), Some(of_v2()));
}

#[test]
fn a_part_of_the_hierarchy_may_be_mounted_anywhere() {
    // As in a container that sees the host's cgroups from its own downwards.
    let mounts = "31 23 0:28 /docker/outer /some\\040where rw - cgroup2 cgroup rw\n";
    let machine = Machine::new("0::/docker/outer/docker/ID\n", mounts);
    machine.v2("some where/docker/ID");
    assert_eq!(machine.read(), Some(of_v2()));
}

#[test]
fn a_cgroup_beside_that_of_the_driver_is_found_through_a_mount_of_the_host() {
    let mounts = "31 23 0:28 /.. /host rw - cgroup2 cgroup rw\n";
    let machine = Machine::new("0::/../ID\n", mounts);
    machine.v2("host/ID");
    assert_eq!(machine.read(), Some(of_v2()));
}

#[test]
fn a_cgroup_outside_of_what_is_mounted_is_not_guessed_at() {
    for (group, mount) in [("/../ID", "/"), ("/docker/ID", "/kubepods"), ("/docker/ID", "/dock")] {
        let mounts = format!("31 23 0:28 {mount} /sys/fs/cgroup rw - cgroup2 cgroup rw\n");
        let machine = Machine::new(&format!("0::{group}\n"), &mounts);
        machine.v2("sys/fs/cgroup/ID");
        machine.v2("sys/fs/cgroup/docker/ID");
        machine.v2("sys/fs/ID");
        assert_eq!(machine.read(), None, "{group} through {mount}");
    }
}

#[test]
fn another_container_or_a_process_of_the_host_is_none_of_ours() {
    for group in ["/", "/docker/0a1b2c", "/user.slice", ""] {
        let machine = Machine::new(&format!("0::{group}\n"), V2_MOUNTS);
        machine.v2("sys/fs/cgroup");
        machine.v2("sys/fs/cgroup/docker/0a1b2c");
        assert_eq!(machine.read(), None, "{group}");
    }
    let machine = Machine::new("0::/docker/ID\n", V2_MOUNTS);
    machine.v2("sys/fs/cgroup/docker/ID");
    assert_eq!(read_below(machine.0.path(), 42, ""), None, "a plain process has no container");
    assert_eq!(read_below(machine.0.path(), 43, ID), None, "no such process");
}

#[test]
fn a_container_that_is_gone_tells_nothing() {
    let machine = Machine::new("0::/docker/ID (deleted)\n", V2_MOUNTS);
    assert_eq!(machine.read(), None);
}

#[test]
fn this_machine_whatever_it_is() {
    let own = std::process::id();
    let _ = read(own, ID);
    assert_eq!(read(own, ""), None);
    assert_eq!(read(0, ID), None);
    assert_eq!(read(u32::MAX, ID), None);
    // The cgroup of this very process, read as though it were a container's.
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    for part in groups.split(['/', '\n']) {
        let _ = read(own, part);
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(groups in "(?s).{0,80}", mounts in "(?s).{0,120}") {
        for line in mounts.lines() {
            let _ = Mount::parse(line);
        }
        let _ = place(Path::new("/nowhere"), &groups, &mounts, "cpu", "a");
        let _ = keyed(&groups, "a");
    }

    #[test]
    fn what_has_no_escapes_stays(field in "[^\\\\]{0,40}") {
        prop_assert_eq!(unescaped(&field), field);
    }
}

#[test]
fn a_machine_with_controllers_in_both_versions_is_told_from_others() {
    const FIRST: &str = "30 24 0:26 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n";
    const SECOND: &str = "31 24 0:27 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
    let second = |mounts: &str, controllers: &str| {
        let machine = Machine::new("", mounts);
        machine.file("sys/fs/cgroup/unified/cgroup.controllers", controllers);
        second_with_controllers_below(machine.0.path(), mounts)
    };
    let both = [FIRST, SECOND].concat();
    assert_eq!(second(&both, "hugetlb\n"), Some("/sys/fs/cgroup/unified".into()));
    assert_eq!(second(&both, "\n"), None, "nothing of it is used");
    assert_eq!(second(SECOND, "cpu memory\n"), None, "it is the only one");
    assert_eq!(second(FIRST, ""), None);
}
