use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

#[test]
fn a_stack_is_divided_by_what_the_kernel_says_whose_it_is() {
    let (kernel, user) = (-128_i64 as u64, -512_i64 as u64);
    let guest = -2048_i64 as u64;
    let found = perf::divided(&[7, kernel, 1, 2, user, 3, 4, guest, 5]);
    assert_eq!((&*found.0, &*found.1), (&[1, 2][..], &[3, 4][..]));
    assert_eq!(perf::divided(&[]), Default::default());
}

#[test]
fn what_is_beyond_those_that_are_kept_is_counted() {
    let mut sampled = Sampled::default();
    for at in 0..MOST as u64 + 3 {
        sampled.keep(Event { at, pid: 1, what: What::Executed });
    }
    assert_eq!((sampled.events.len(), sampled.beyond), (MOST, 3));
}

#[test]
fn a_refusal_names_the_setting_and_a_kernel_without_is_told_apart() {
    let of = |errno: Errno| Unavailable::from(io::Error::from(errno)).to_string();
    assert!(of(Errno::ACCESS).contains("perf_event_paranoid below 0 (it is"));
    assert!(of(Errno::NOSYS).contains("CONFIG_PERF_EVENTS"));
    assert!(matches!(Unavailable::from(io::Error::other("x")), Unavailable::Failed(_)));
}

/// A child that works is sampled about as often as it ran, with its program mapped.
#[test]
fn a_child_that_works_is_seen_to_execute_map_and_run() {
    let clock = Clock::start();
    let Ok(samples) = CpuSamples::start(clock) else { return };
    let loops = "i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done";
    let begun = Instant::now();
    let mut child = std::process::Command::new("/bin/sh").args(["-c", loops]).spawn().unwrap();
    let pid = child.id();
    child.wait().unwrap();
    let took = begun.elapsed();
    let sampled = samples.take();
    let of = sampled.events.iter().filter(|event| event.pid == pid);
    let (mut ran, mut mapped, mut executed, mut forked) = (0_u64, 0, 0, 0);
    for event in of {
        match &event.what {
            What::Ran { user, kernel, .. } => ran += u64::from(user.len() + kernel.len() > 0),
            What::Mapped(mapping) => mapped += usize::from(mapping.path.starts_with('/')),
            What::Executed => executed += 1,
            What::Forked { .. } => forked += 1,
        }
    }
    assert!(mapped > 0 && executed == 1 && forked == 1, "{mapped} {executed} {forked}");
    assert!(ran > 0 && Duration::from_nanos(ran * PERIOD) < took * 2, "{ran} of {took:?}");
    assert!(sampled.events.is_sorted_by_key(|event| event.at));
}

#[test]
fn kernel_names_are_read_and_hidden_ones_are_none() {
    let text =
        "ffffffff81000000 T first\nffffffff81000010 d data\nffffffff81000020 t second [mod]\nx\n";
    let symbols = KernelSymbols::parse(text);
    assert_eq!(symbols.name(0xffff_ffff_8100_0011), Some("first"));
    assert_eq!(symbols.name(0xffff_ffff_8100_0020), Some("second"));
    assert_eq!(symbols.name(5), None);
    assert_eq!(KernelSymbols::parse("0000000000000000 T a\n").name(7), None);
}

#[test]
fn what_was_compiled_is_named_by_where_it_is() {
    let map =
        Compiled::parse("7f0010 10 LazyCompile:~f a.js:1\nzz 1 x\n7f0030 0x8 py::g:/a b.py\n7\n");
    assert_eq!(map.name(0x7f_001f), Some("LazyCompile:~f a.js:1"));
    assert_eq!((map.name(0x7f_0020), map.name(0x7f_0037)), (None, Some("py::g:/a b.py")));
    assert_eq!((map.name(0), Compiled::of(u32::MAX)), (None, None));
}

/// This process' own root is this machine's.
#[test]
fn a_map_is_found_by_the_processs_own_number_and_is_no_folder() {
    let pid = std::process::id();
    let path = std::path::PathBuf::from(format!("/tmp/perf-{pid}.map"));
    std::fs::create_dir(&path).unwrap();
    assert_eq!(Compiled::of(pid), None);
    std::fs::remove_dir(&path).unwrap();
    std::fs::write(&path, "10 10 f\n").unwrap();
    let found = Compiled::of(pid);
    std::fs::remove_file(&path).unwrap();
    assert!(found.is_none_or(|found| found.name(0x18) == Some("f")));
}

proptest! {
    #[test]
    fn any_map_of_what_was_compiled_is_read(text in "[0-9a-fx \\PC\n]{0,300}", at in any::<u64>()) {
        let _ = Compiled::parse(&text).name(at);
    }

    #[test]
    fn any_list_of_symbols_is_read(text in "\\PC{0,200}", address in any::<u64>()) {
        let _ = KernelSymbols::parse(&text).name(address);
    }
}
