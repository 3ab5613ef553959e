use std::io::Cursor;
use std::sync::Arc;

use proptest::prelude::*;

use super::processes::{Stack, Window, stacks};
use super::*;
use crate::probe::cpu_samples::{Event, Mapping, What};
use crate::sample::Mark;

const MS: u64 = 1_000_000;
const KERNEL: u64 = 0xffff_ffff_8100_0000;

fn event(at_ms: u64, pid: u32, what: What) -> Event {
    Event { at: at_ms * MS, pid, what }
}

fn map(from: u64, to: u64, offset: u64, path: &str) -> What {
    What::Mapped(Mapping { from, to, offset, path: Arc::from(path) })
}

fn ran(kernel: &[u64], user: &[u64]) -> What {
    What::Ran { kernel: kernel.into(), user: user.into(), stack: None }
}

fn execs() -> Vec<Exec> {
    vec![Exec { at: 10 * MS, pid: 7, argv: vec!["/usr/bin/run".to_owned()] }]
}

/// Executed at 10, ready at 20, replied at 30.
fn marks() -> Marks {
    let all = [(Mark::Exec, 10), (Mark::Ready, 20), (Mark::Responded, 30)];
    all.into_iter().map(|(mark, at)| (mark, at * MS)).collect()
}

fn of(events: Vec<Event>) -> Vec<Stack> {
    let sampled = Sampled { events, ..Sampled::default() };
    stacks(
        &sampled,
        &execs(),
        Window::of(&marks(), &execs()),
        (&mut Unwinding::default(), &ImageFiles::default()),
    )
}

fn file(path: &str, offset: u64) -> Place {
    Place::File { path: Arc::from(path), offset }
}

fn program(name: &str) -> Place {
    Place::Program(Arc::from(name))
}

#[test]
fn a_stack_goes_from_the_program_to_the_kernel_and_a_callers_address_is_that_of_the_call() {
    let found = of(vec![
        event(10, 7, map(0x1000, 0x2000, 0x400, "/bin/run")),
        event(12, 7, ran(&[KERNEL + 1, KERNEL + 9], &[0x1010, 0x1100])),
    ]);
    let places = vec![
        program("run"),
        file("/bin/run", 0x4ff),
        file("/bin/run", 0x410),
        Place::Kernel(KERNEL + 8),
        Place::Kernel(KERNEL + 1),
    ];
    assert_eq!(found, [Stack { places, is_late: false, is_shallow: false }]);
}

#[test]
fn only_its_own_processes_and_what_they_fork_count_between_exec_and_reply() {
    let stack = || ran(&[], &[0x1010]);
    let found = of(vec![
        event(9, 7, stack()),
        event(10, 7, map(0x1000, 0x2000, 0, "/bin/run")),
        event(11, 99, stack()),
        event(12, 7, stack()),
        event(13, 8, What::Forked { parent: 7 }),
        event(13, 98, What::Forked { parent: 99 }),
        event(14, 8, stack()),
        event(14, 98, stack()),
        event(15, 8, What::Executed),
        event(16, 8, stack()),
        event(25, 7, stack()),
        event(30, 7, stack()),
    ]);
    let seen: Vec<(bool, &Place)> = found.iter().map(|s| (s.is_late, &s.places[1])).collect();
    let own = file("/bin/run", 0x10);
    // What was executed anew has nothing mapped that its parent had.
    assert_eq!(seen, [(false, &own), (false, &own), (false, &Place::Unknown), (true, &own)]);
    assert!(found.iter().all(|stack| stack.is_shallow && stack.places[0] == program("run")));
}

#[test]
fn what_is_mapped_over_another_hides_that_part_of_it() {
    let found = of(vec![
        event(10, 7, map(0x1000, 0x4000, 0, "/lib/a")),
        event(11, 7, map(0x2000, 0x3000, 0x100, "//anon")),
        event(12, 7, map(0x5000, 0x6000, 0, "[vdso]")),
        event(13, 7, ran(&[], &[0x1800, 0x2801, 0x3801, 0x5001, 0x7001, 0x1001])),
    ]);
    let places = vec![
        program("run"),
        Place::Memory(Arc::from("[vdso]")),
        file("/lib/a", 0x2800),
        Place::Memory(Arc::from("")),
        file("/lib/a", 0x800),
    ];
    // What nothing is mapped at was no caller, nor what is above it.
    assert_eq!(found, [Stack { places, is_late: false, is_shallow: false }]);
}

#[test]
fn what_was_compiled_has_the_name_that_its_runtime_wrote_and_no_other() {
    let events = vec![
        event(10, 7, map(0x1000, 0x2000, 0, "//anon")),
        event(11, 7, ran(&[], &[0x1010, 0x1101])),
    ];
    let map = crate::probe::cpu_samples::Compiled::parse("1000 20 hot\n");
    let sampled = Sampled { events, compiled: [(7, map)].into(), ..Sampled::default() };
    let found = stacks(
        &sampled,
        &execs(),
        Window::of(&marks(), &execs()),
        (&mut Unwinding::default(), &ImageFiles::default()),
    );
    let places =
        vec![program("run"), Place::Memory(Arc::from("")), Place::Compiled(Arc::from("hot"))];
    assert_eq!(found[0].places, places);
}

#[test]
fn a_start_that_was_never_ready_counts_to_its_end_as_before_it() {
    let marks: Marks = [(Mark::Exec, 10 * MS)].into_iter().collect();
    let events = vec![event(500, 7, ran(&[KERNEL], &[]))];
    let sampled = Sampled { events, lost: 2, beyond: 3, ..Sampled::default() };
    let mut samples = Samples::default();
    samples.add(&marks, &execs(), &sampled, &ImageFiles::default());
    let found = samples.native(&ImageFiles::default(), &KernelSymbols::default()).unwrap();
    assert_eq!((found.samples, found.invoke_samples, found.lost, found.beyond), (1, 0, 2, 3));
    assert_eq!(found.frames[0].name, "[kernel]");
    assert!(Samples::default().native(&ImageFiles::default(), &KernelSymbols::default()).is_none());
}

/// `run` calls a, which calls itself and b.
fn native(samples: &[(&[u64], usize)]) -> Native {
    let mut of = Samples::default();
    for _ in 0..2 {
        let mut events = vec![event(10, 7, map(0x1000, 0x9000, 0, "/bin/run"))];
        for (user, times) in samples {
            events.extend((0..*times).map(|_| event(12, 7, ran(&[], user))));
        }
        of.add(
            &marks(),
            &execs(),
            &Sampled { events, ..Sampled::default() },
            &ImageFiles::default(),
        );
    }
    of.native(&ImageFiles::default(), &KernelSymbols::default()).unwrap()
}

#[test]
fn starts_are_merged_to_a_tree_and_one_that_calls_itself_is_counted_once() {
    let found = native(&[(&[0x1010, 0x1010, 0x1010], 3), (&[0x1010], 1)]);
    assert_eq!((found.starts, found.samples, found.shallow), (2, 8, 2));
    let frame = |name: &str| found.frames.iter().find(|frame| frame.name == name).unwrap();
    assert_eq!((frame("[run]").own, frame("[run]").inclusive), (8, 8));
    assert!(frame("run").is_program() && frame("run").inclusive == 8);
    let told: Vec<_> = found.calls.iter().map(|c| (c.depth, c.own, c.cumulative)).collect();
    assert_eq!(told, [(0, 0, 8), (1, 2, 8), (2, 0, 6), (3, 6, 6)]);
    assert!((found.ns(8) - 4.0 * PERIOD as f64).abs() < 1.0, "a start");
    assert_eq!(found.files[0].file, "/bin/run");
    assert_eq!((found.files[0].own, found.files[0].symbols), (8, SymbolsFound::None));
}

#[test]
fn a_tree_that_is_too_large_keeps_what_is_seen_most_and_every_sample() {
    let stacks: Vec<(Vec<usize>, u64)> =
        (0..30_000).map(|at| (vec![0, at % 30_000], if at < 10 { 50 } else { 1 })).collect();
    let order: Vec<usize> = (0..30_000).collect();
    let (calls, cut) = calls::tree(&stacks, &order);
    assert!(cut && calls.len() == 1 + 10);
    let sum: u64 = calls.iter().map(|call| call.own).sum();
    assert_eq!(sum, 29_990 + 500);
}

#[test]
fn only_what_samples_alone_do_not_vary_by_is_a_change() {
    let base = native(&[(&[0x1010], 100), (&[0x2010], 100)]);
    let head = native(&[(&[0x1010], 300), (&[0x2010], 104)]);
    let mut named = head.clone();
    // Both have the file's name: told apart here.
    named.frames[0].name = "new".to_owned();
    let found = changes(&base, &named);
    assert!(found.iter().any(|f| f.name == "new" && f.base == 0 && f.head > 0), "{found:?}");
    assert!(changes(&base, &base).is_empty());
}

#[test]
fn names_are_as_people_write_them() {
    let of = |name: &str| names::readable(name.as_bytes());
    assert_eq!(
        of("_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE"),
        "core::fmt::Write::write_fmt"
    );
    assert_eq!(
        of("_ZN2v88internal7Isolate4InitEPNS0_12SnapshotDataE"),
        "v8::internal::Isolate::Init"
    );
    assert_eq!(of("memcpy@@GLIBC_2.14"), "memcpy");
    assert_eq!(of("_Zgarbage"), "_Zgarbage");
    assert_eq!(of("evil\u{1b}[2J"), crate::text::sanitize::printable("evil\u{1b}[2J", 100));
}

/// The file that an address of this process is mapped from, and the place in it.
fn mapped(address: u64) -> (std::path::PathBuf, u64) {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let hex = |text: &str| u64::from_str_radix(text, 16).unwrap();
    let found = maps.lines().find_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (from, to) = words[0].split_once('-')?;
        let is_it = (hex(from)..hex(to)).contains(&address);
        is_it.then(|| (words[5].into(), address - hex(from) + hex(words[2])))
    });
    found.unwrap()
}

/// This program's own functions, where it was built with their names; the C library's else.
#[test]
fn a_file_with_symbols_names_the_function_at_a_place_in_it() {
    let own = names::readable as fn(&[u8]) -> String as usize as u64;
    let others = libc::getpid as *const () as usize as u64;
    for (address, name) in [(own, "names::readable"), (others, "getpid")] {
        let (path, offset) = mapped(address);
        let symbols = FileSymbols::read(&path, &[offset, u64::MAX].into());
        if symbols.found != SymbolsFound::None {
            assert!(symbols.names[&offset].ends_with(name), "{path:?}: {:?}", symbols.names);
            assert_eq!(symbols.names.len(), 1);
        }
    }
}

#[test]
fn what_is_no_file_or_a_link_to_one_has_no_names() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(std::env::current_exe().unwrap(), &link).unwrap();
    for path in [link.as_path(), folder.path(), &folder.path().join("absent"), "/dev/zero".as_ref()]
    {
        assert_eq!(FileSymbols::read(path, &[1].into()).found, SymbolsFound::None, "{path:?}");
    }
}

proptest! {
    #[test]
    fn any_name_is_read_and_bounded(name in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(names::readable(&name).chars().count() <= 201);
        prop_assert!(names::readable(&[b"_Z".as_slice(), &name].concat()).chars().count() <= 201);
    }

    #[test]
    fn any_bytes_are_read_as_a_program(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let bytes = [b"\x7fELF\x02\x01\x01".as_slice(), &bytes].concat();
        let _ = FileSymbols::of(Cursor::new(bytes), &[0, 5, u64::MAX].into());
    }

    /// A program with some of its bytes spoilt, most of all in its tables.
    #[test]
    fn a_spoilt_program_is_read(spoilt in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..40)) {
        let Ok(mut bytes) = std::fs::read("/bin/true") else { return Ok(()) };
        let tables = bytes.len().saturating_sub(4096);
        for (at, byte) in spoilt {
            let at = if byte % 3 == 0 { at.index(64) } else { tables + at.index(bytes.len() - tables) };
            bytes[at] = byte;
        }
        let _ = FileSymbols::of(Cursor::new(bytes), &[0x1000, 0x4000, u64::MAX].into());
    }

    #[test]
    fn any_records_make_a_tree_that_holds_every_sample(
        events in prop::collection::vec(
            (0..40_u64, 6..9_u32, 0..4_u8, any::<u64>(), any::<u64>(), prop::collection::vec(any::<u64>(), 0..5)),
            0..60,
        ),
    ) {
        let events = events.into_iter().map(|(at, pid, kind, a, b, chain)| {
            let what = match kind {
                0 => What::Executed,
                1 => What::Forked { parent: (a % 4 + 5) as u32 },
                2 => map(a.min(b), a.max(b), a, "/x"),
                _ => ran(&chain, &chain),
            };
            event(at, pid, what)
        });
        let mut samples = Samples::default();
        samples.add(&marks(), &execs(), &Sampled { events: events.collect(), ..Sampled::default() }, &ImageFiles::default());
        let found = samples.native(&ImageFiles::default(), &KernelSymbols::default()).unwrap();
        prop_assert_eq!(found.calls.iter().map(|call| call.own).sum::<u64>(), found.samples);
        prop_assert_eq!(found.frames.iter().map(|frame| frame.own).sum::<u64>(), found.samples);
        prop_assert!(found.calls.iter().all(|call| call.frame < found.frames.len()));
    }
}
