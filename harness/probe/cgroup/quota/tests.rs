use tempfile::TempDir;

use super::*;

const ID: &str = "fc5e5f0b2e35f2d047d9571ccdffece852df2eae56f9fe8ac39f7aec99df4d88";
const OTHER: &str = "0a1b5f0b2e35f2d047d9571ccdffece852df2eae56f9fe8ac39f7aec99df4d88";
const TIME: CpuBandwidth = CpuBandwidth { quota: 1_447, period: 20_000 };

/// A made-up machine with one process, 42, and the cgroups of two containers.
fn machine(memberships: &str, mounts: &str, cgroup: &str, files: &[&str]) -> TempDir {
    let machine = tempfile::tempdir().unwrap();
    let file = |path: &str, text: &str| {
        let path = machine.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    file("proc/42/cgroup", &memberships.replace("ID", ID));
    file("proc/self/mountinfo", mounts);
    for id in [ID, OTHER] {
        for name in files {
            file(&format!("{}/{name}", cgroup.replace("ID", id)), "max 100000\n");
        }
    }
    machine
}

fn read(machine: &TempDir, path: &str) -> String {
    fs::read_to_string(machine.path().join(path.replace("ID", OTHER))).unwrap()
}

const V1: &str = "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n";
const V2: &str = "31 23 0:28 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";

#[test]
fn of_one_instance_it_is_learned_where_all_of_them_are_throttled_v2_systemd() {
    let cgroup = "sys/fs/cgroup/system.slice/docker-ID.scope";
    let machine = machine("0::/system.slice/docker-ID.scope\n", V2, cgroup, &["cpu.max"]);
    let place = QuotaPlace::below(machine.path(), 42, ID).unwrap();
    let throttle = place.throttle(OTHER, TIME);
    assert!(!throttle.is_set());
    throttle.set().unwrap();
    assert!(read(&machine, &format!("{cgroup}/cpu.max")).starts_with("1447 20000"));
}

#[test]
fn v1_has_a_file_for_the_period_and_one_for_the_quota() {
    let cgroup = "sys/fs/cgroup/cpu/docker/ID";
    let files = ["cpu.cfs_period_us", "cpu.cfs_quota_us"];
    let machine = machine("3:cpuset:/docker/ID\n1:cpu:/docker/ID\n", V1, cgroup, &files);
    let place = QuotaPlace::below(machine.path(), 42, ID).unwrap();
    place.throttle(OTHER, TIME).set().unwrap();
    assert!(read(&machine, &format!("{cgroup}/cpu.cfs_period_us")).starts_with("20000"));
    assert!(read(&machine, &format!("{cgroup}/cpu.cfs_quota_us")).starts_with("1447"));
}

#[test]
fn a_quota_that_cannot_be_written_says_where_and_why_and_makes_no_file() {
    let cgroup = "sys/fs/cgroup/docker/ID";
    let machine = machine("0::/docker/ID\n", V2, cgroup, &["cpu.stat"]);
    let place = QuotaPlace::below(machine.path(), 42, ID).unwrap();
    let error = place.throttle(OTHER, TIME).set().unwrap_err();
    assert!(error.contains("cpu.max") && error.contains("No such file"), "{error}");
    assert!(!machine.path().join(cgroup.replace("ID", OTHER)).join("cpu.max").exists());
}

#[test]
fn what_is_no_container_of_ours_has_no_place() {
    let machine = machine("0::/user.slice\n", V2, "sys/fs/cgroup/docker/ID", &["cpu.max"]);
    for (pid, id) in [(42, ID), (42, ""), (43, ID)] {
        let error = QuotaPlace::below(machine.path(), pid, id).unwrap_err();
        assert!(error.contains("cannot be told"), "{error}");
    }
}

#[test]
fn what_is_simulated_is_set_without_a_file() {
    assert_eq!(Throttle::simulated().set(), Ok(()));
}
