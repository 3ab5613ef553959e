use super::*;

#[test]
fn a_folder_that_is_no_mount_is_not_marked() {
    let folder = tempfile::tempdir().unwrap();
    assert!(!is_mounted(folder.path()) && is_mounted(Path::new("/proc")));
    assert!(!is_mounted(Path::new("/not/there")));
}

#[test]
fn of_a_container_that_never_starts_nothing_is_seen_and_why_is_said() {
    let Ok(trace) = ContainerTrace::start(Clock::start()) else { return };
    trace.expect("0123456789abcdef", None);
    let seen = trace.take();
    assert!(seen.execs.is_empty() && seen.readings.is_empty() && seen.opens.all.is_empty());
    assert!(seen.no_files.is_some());
    assert!(trace.take().no_files.is_none(), "nothing is expected any more");
}

#[test]
fn a_process_is_of_a_container_by_its_cgroup() {
    assert!(!is_of(std::process::id(), "0123456789abcdef") && !is_of(u32::MAX, "/"));
}
