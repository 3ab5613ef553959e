use std::collections::HashSet;
use std::fs;
use std::sync::Arc;

use proptest::prelude::*;

use super::advice::advice;
use super::attribution::{Start, packages, timeline, until_ready};
use super::difference::Difference;
use super::found::*;
use super::image_files::ImageFiles;
use super::phases::phases;
use super::{Advice, Layouts};
use crate::probe::container_trace::{Exec, Reading, Seen};
use crate::probe::file_trace::Open;
use crate::sample::{Mark, Marks};

const MS: u64 = 1_000_000;

fn open(at_ms: u64, pid: u32, path: &str) -> Open {
    Open { at: at_ms * MS, pid, path: Arc::from(path), size: 10, executed: false }
}

/// A start that was executed at 100 ms and is ready at 200.
fn seen() -> Seen {
    let mut seen = Seen::default();
    let program = Open { executed: true, ..open(99, 7, "/usr/bin/run") };
    let loader = Open { executed: true, ..open(99, 7, "/lib/ld.so") };
    seen.opens.all = vec![
        open(60, 7, "/etc/passwd"),
        program,
        loader,
        open(101, 7, "/etc/ld.so.cache"),
        open(110, 7, "/x/site-packages/big/__init__.py"),
        open(120, 8, "/x/site-packages/other/a.py"),
        open(160, 7, "/x/site-packages/small/a.py"),
        open(190, 7, "/x/site-packages/big/b.py"),
        open(230, 7, "/late"),
    ];
    let argv = vec!["/usr/bin/run".to_owned()];
    seen.execs = vec![Exec { at: 100 * MS, pid: 7, argv }];
    seen
}

fn marks() -> Marks {
    let all = [(Mark::Exec, 100), (Mark::Main, 130), (Mark::Ready, 200), (Mark::Responded, 240)];
    all.into_iter().map(|(mark, at)| (mark, at * MS)).collect()
}

fn of(seen: &Seen, marks: &Marks) -> Timeline {
    let start = Start { marks, seen, until: 240 * MS };
    timeline(&start, &Layouts::shipped().unwrap())
}

#[test]
fn time_is_laid_to_the_file_that_the_process_opened_last() {
    let timeline = of(&seen(), &marks());
    let told: Vec<_> = timeline
        .spans
        .iter()
        .map(|s| (s.at / MS, s.ns / MS, s.process, timeline.files[s.file].path.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            // The engine's own opens, before the function was executed, are not its.
            (0, 0, 0, "/usr/bin/run"),
            (0, 1, 0, "/lib/ld.so"),
            (1, 9, 0, "/etc/ld.so.cache"),
            (10, 50, 0, "/x/site-packages/big/__init__.py"),
            (20, 120, 1, "/x/site-packages/other/a.py"),
            (60, 30, 0, "/x/site-packages/small/a.py"),
            (90, 40, 0, "/x/site-packages/big/b.py"),
            (130, 10, 0, "/late"),
        ]
    );
    assert_eq!(timeline.processes[0].programs, ["run"]);
    assert!(timeline.processes[1].programs.is_empty(), "it was only forked");
    assert_eq!((timeline.ready, timeline.end), (Some(100 * MS), 140 * MS));
}

#[test]
fn of_packages_only_the_time_before_the_start_was_ready_counts() {
    let timeline = of(&seen(), &marks());
    let times = until_ready(&timeline);
    assert_eq!(times["big"], 60 * MS, "50 and the 10 that were left");
    assert_eq!((times["small"], times["other"]), (30 * MS, 80 * MS));
    assert_eq!(times.get("/").copied(), Some(0), "what was opened later");
    let starts = [timeline.clone(), timeline.clone()];
    let all = packages(&starts, &timeline);
    assert_eq!(all[0].package, "other");
    assert!(all.iter().all(|p| p.installed != p.package.starts_with('/')));
    let sum: f64 = all.iter().map(|p| p.share).sum();
    assert!((sum - 1.0).abs() < 1e-9, "{sum}");
}

#[test]
fn a_start_that_was_never_ready_is_explained_up_to_its_end() {
    let seen = seen();
    let marks: Marks = [(Mark::Exec, 100 * MS)].into_iter().collect();
    let timeline = of(&seen, &marks);
    assert_eq!((timeline.ready, timeline.responded), (None, None));
    assert_eq!(until_ready(&timeline)["big"], 90 * MS);
    let start = Start { marks: &marks, seen: &seen, until: 240 * MS };
    let names: Vec<_> = phases(&start).into_iter().map(|p| (p.name, p.ns / MS)).collect();
    assert_eq!(names, [("boot+init".to_owned(), 140)]);
}

#[test]
fn without_any_event_there_is_nothing_and_no_panic() {
    let (seen, marks) = (Seen::default(), Marks::default());
    assert_eq!(of(&seen, &marks), Timeline::default());
    assert!(phases(&Start { marks: &marks, seen: &seen, until: 0 }).is_empty());
    assert!(packages(&[], &Timeline::default()).is_empty());
}

fn reading(at_ms: u64, state: char, user_ms: u64) -> Reading {
    Reading {
        at: at_ms * MS,
        user: Some(user_ms * MS),
        system: Some(0),
        faults: at_ms.is_multiple_of(2).then_some([at_ms, 0]),
        read: Some(0),
        switches: at_ms.is_multiple_of(2).then_some([at_ms, 0]),
        state,
        waits_in: (state != 'R').then(|| Arc::from("futex_wait")),
    }
}

#[test]
fn what_was_used_is_divided_among_phases_and_a_wait_is_named() {
    let mut seen = seen();
    // It works until 150, and waits from then on.
    seen.readings = (100..=240)
        .map(|at| reading(at, if at < 150 { 'R' } else { 'S' }, at.min(150) - 100))
        .collect();
    let marks = marks();
    let phases = phases(&Start { marks: &marks, seen: &seen, until: 240 * MS });
    let told: Vec<_> = phases.iter().map(|p| (p.name.as_str(), p.ns / MS, p.user)).collect();
    assert_eq!(
        told,
        [("boot", 30, Some(30 * MS)), ("init", 70, Some(20 * MS)), ("invoke", 40, Some(0))]
    );
    assert_eq!((phases[1].looks, phases[1].ran), (70, 20));
    assert_eq!(phases[1].waits, [Wait { place: "futex_wait".to_owned(), looks: 50 }]);
    assert_eq!((phases[0].minor_faults, phases[0].voluntary_switches), (30, Some(30)));
}

#[test]
fn upper_layers_hide_lower_ones_and_what_nobody_opened_is_found_by_folder() {
    let folder = tempfile::tempdir().unwrap();
    let put = |path: &str, size: usize| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, vec![1; size]).unwrap();
    };
    put("up/app/main", 10);
    put("low/app/main", 99);
    put("low/usr/share/doc/a", 600);
    put("low/usr/share/doc/b", 300);
    put("low/bin/sh", 90);
    let files = ImageFiles::of(&["up", "low"].map(|layer| folder.path().join(layer)));
    let opened: HashSet<String> = ["/app/main".to_owned(), "/bin/sh".to_owned()].into();
    let found = files.unopened(&opened).unwrap();
    assert_eq!((found.files, found.bytes), (4, 1000), "of the upper layer what both have");
    assert_eq!((found.unopened_files, found.unopened_bytes), (2, 900));
    let folders: Vec<_> = found.folders.iter().map(|f| (f.path.as_str(), f.bytes)).collect();
    assert_eq!(folders, [("/usr/share/doc", 900)]);
    assert!(files.resident(None).values().sum::<u64>() <= 1000);
    assert_eq!(files.resident(Some(&opened)).len(), 2);
    assert_eq!(ImageFiles::of(&[]).unopened(&opened), None);
}

fn explained(timeline: Timeline) -> Explained {
    let packages = packages(std::slice::from_ref(&timeline), &timeline);
    let starts = Starts { plain: vec![90 * MS; 8], ..Starts::default() };
    Explained { function: "f".to_owned(), timeline, packages, starts, ..Explained::default() }
}

#[test]
fn what_is_new_in_head_is_named_with_what_it_takes() {
    let mut later = seen();
    later.opens.all.insert(7, open(170, 7, "/usr/lib/python3.13/decimal.py"));
    let (base, mut head) = (explained(of(&seen(), &marks())), explained(of(&later, &marks())));
    head.starts.plain = vec![110 * MS; 8];
    head.modules = Some(ModuleTree {
        modules: vec![ModuleUse {
            name: "decimal".to_owned(),
            depth: 0,
            own: 5,
            cumulative: 9,
            source: String::new(),
        }],
        ..ModuleTree::default()
    });
    let found = Difference::of(&base, &head);
    assert_eq!(found.new_files, ["/usr/lib/python3.13/decimal.py"]);
    assert_eq!((found.gone_files, found.new_modules.clone()), (0, vec![("decimal".to_owned(), 9)]));
    let decimal = found.packages.iter().find(|p| p.package == "decimal").unwrap();
    assert_eq!((decimal.base, decimal.head, decimal.new_files), (0, 20 * MS, 1));
    assert!((found.change.unwrap().value - 20.0 * MS as f64).abs() < 1.0);
    let same = Difference::of(&base, &base);
    assert!(same.packages.is_empty() && same.new_files.is_empty());
}

#[test]
fn advice_names_installed_packages_waits_storage_and_what_is_never_opened() {
    let mut found = explained(of(&seen(), &marks()));
    assert!(
        matches!(&advice(&found)[..], [Advice::Packages { packages, .. }] if packages[0].0 == "other")
    );
    found.packages.retain(|package| !package.installed);
    assert!(advice(&found).is_empty(), "a runtime's own files nobody leaves out");
    found.phases = vec![PhaseUse {
        name: "init".to_owned(),
        ns: 100,
        looks: 100,
        ran: 20,
        waits: vec![Wait { place: "x".to_owned(), looks: 80 }],
        ..PhaseUse::default()
    }];
    let mut busy = found.clone();
    (busy.phases[0].user, busy.phases[0].system) = (Some(50), Some(10));
    assert!(advice(&busy).is_empty(), "the first thread waits for another that works");
    found.timeline.files[0].read = Some(3 << 20);
    let (bytes, unopened_bytes) = (100 << 20, 80 << 20);
    found.unopened = Some(Unopened { bytes, unopened_bytes, ..Unopened::default() });
    found.variants = vec!["f_small".to_owned()];
    let kinds = advice(&found);
    assert!(matches!(&kinds[0], Advice::Waits { share, .. } if *share == 0.8));
    assert!(matches!(kinds[1], Advice::Storage { bytes: 3_145_728 }));
    assert!(matches!(kinds[2], Advice::Unopened { .. }));
    assert!(matches!(&kinds[3], Advice::Variants { names } if names.len() == 1));
}

proptest! {
    /// In each process the spans follow each other without a gap, to the end.
    #[test]
    fn spans_cover_each_process_from_its_first_open_to_the_end(
        opens in prop::collection::vec((100..240_u64, 1..4_u32, "[a-c/]{1,6}"), 1..40),
    ) {
        let mut seen = Seen::default();
        seen.opens.all = opens.iter().map(|(at, pid, path)| open(*at, *pid, path)).collect();
        seen.opens.all.sort_by_key(|open| open.at);
        let timeline = of(&seen, &marks());
        for process in 0..timeline.processes.len() {
            let spans: Vec<&Span> = timeline.spans.iter().filter(|s| s.process == process).collect();
            prop_assert!(spans.windows(2).all(|pair| pair[0].at + pair[0].ns == pair[1].at));
            prop_assert!(spans.last().is_none_or(|last| last.at + last.ns == timeline.end));
        }
        let opened: u32 = timeline.files.iter().map(|file| file.opened).sum();
        prop_assert_eq!(opened as usize, timeline.spans.len());
    }
}
