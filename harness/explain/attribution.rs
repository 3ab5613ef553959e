//! From what was opened when to what took how long: from one open of a process to its next
//! the time is laid to the file that it opened last. An attribution, no measurement: what is
//! done with a file that was opened long ago is laid to another.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::found::{FileUse, PackageUse, ProcessSeen, Span, Timeline};
use super::layouts::Layouts;
use super::watching::Instants;
use crate::probe::container_trace::Seen;
use crate::probe::file_trace::Open;
use crate::sample::{Mark, Marks};

/// The instants of one start, on the run's clock: where it begins, and how far it came.
#[derive(Debug, Clone, Copy)]
pub(super) struct Start<'a> {
    pub(super) marks: &'a Marks,
    pub(super) seen: &'a Seen,
    /// The last that is looked at.
    pub(super) until: u64,
}

impl Start<'_> {
    /// The function's own exec: the kernel's mark, else the first program of the container.
    pub(super) fn exec(&self) -> Option<u64> {
        let first = self.seen.execs.first().map(|exec| exec.at);
        let opened = || self.seen.opens.all.first().map(|open| open.at);
        self.marks.get(Mark::Exec).or(first).or_else(opened)
    }
}

/// What one start opened, and what each open took.
pub(super) fn timeline(start: &Start<'_>, layouts: &Layouts) -> Timeline {
    let Some(exec) = start.exec() else { return Timeline::default() };
    let since = |at: u64| at.saturating_sub(exec);
    let mut processes = Processes::of(start);
    let mut files = Files::default();
    let mut spans = Vec::new();
    for (pid, opens) in by_process(start, exec) {
        let process = processes.index(pid);
        let ends = opens.iter().skip(1).map(|open| open.at).chain([start.until]);
        for (open, end) in opens.iter().zip(ends) {
            // The kernel opens a program before it is one.
            let (from, to) = (open.at.max(exec), end.max(exec));
            let file = files.index(open, layouts);
            spans.push(Span { at: since(from), ns: to.saturating_sub(from), file, process });
        }
    }
    spans.sort_by_key(|span| (span.at, span.process));
    let Instants { main, ready, responded } = Instants::of(start.marks);
    Timeline {
        main: main.map(since),
        ready: ready.map(since),
        responded: responded.map(since),
        end: since(start.until),
        processes: processes.all,
        files: files.all,
        spans,
    }
}

/// The opens of each process of the function, in their order: from the program that it was
/// executed as on.
fn by_process<'a>(start: &'a Start<'_>, exec: u64) -> BTreeMap<u32, Vec<&'a Open>> {
    let all = &start.seen.opens.all;
    let own = start.seen.execs.iter().rfind(|e| e.at <= exec).or(start.seen.execs.first());
    let before = all.iter().rev().filter(|open| open.at <= exec);
    let before = before.filter(|open| own.is_some_and(|own| own.pid == open.pid));
    // Just before, the kernel opens the program, and what is to load it.
    let programs = before.take_while(|open| open.executed);
    let from = programs.last().map_or(exec, |open| open.at);
    let mut of: BTreeMap<u32, Vec<&Open>> = BTreeMap::new();
    for open in all.iter().filter(|open| (from..=start.until).contains(&open.at)) {
        of.entry(open.pid).or_default().push(open);
    }
    of
}

#[derive(Default)]
struct Files<'a> {
    all: Vec<FileUse>,
    by_path: HashMap<&'a str, usize>,
}

impl<'a> Files<'a> {
    fn index(&mut self, open: &'a Open, layouts: &Layouts) -> usize {
        let at = *self.by_path.entry(&open.path).or_insert_with(|| {
            let path = open.path.to_string();
            let (package, installed) = layouts.package(&path);
            let (size, opened, executed, read) = (open.size, 0, false, None);
            self.all.push(FileUse { path, package, installed, size, opened, executed, read });
            self.all.len() - 1
        });
        let file = &mut self.all[at];
        file.opened += 1;
        file.executed |= open.executed;
        file.size = file.size.max(open.size);
        at
    }
}

struct Processes {
    all: Vec<ProcessSeen>,
}

impl Processes {
    fn of(start: &Start<'_>) -> Self {
        let mut processes = Self { all: Vec::new() };
        for exec in &start.seen.execs {
            let at = processes.index(exec.pid);
            let program = exec.argv.first().map(|program| program.rsplit('/').next().unwrap_or(""));
            processes.all[at].programs.push(program.unwrap_or("").to_owned());
        }
        processes
    }

    fn index(&mut self, pid: u32) -> usize {
        self.all.iter().position(|process| process.pid == pid).unwrap_or_else(|| {
            self.all.push(ProcessSeen { pid, programs: Vec::new() });
            self.all.len() - 1
        })
    }
}

/// Nanoseconds of each package between the exec and the ready (or the end) of a start.
pub(super) fn until_ready(timeline: &Timeline) -> BTreeMap<&str, u64> {
    let end = timeline.ready.unwrap_or(timeline.end);
    let mut of: BTreeMap<&str, u64> = BTreeMap::new();
    for span in &timeline.spans {
        let ns = (span.at + span.ns).min(end).saturating_sub(span.at.min(end));
        if let Some(file) = timeline.files.get(span.file) {
            *of.entry(file.package.as_str()).or_default() += ns;
        }
    }
    of
}

/// What packages took over all watched starts, the most first; files are those of the typical
/// one.
pub(super) fn packages(starts: &[Timeline], typical: &Timeline) -> Vec<PackageUse> {
    let each: Vec<BTreeMap<&str, u64>> = starts.iter().map(until_ready).collect();
    let mut names: Vec<&str> = each.iter().flat_map(|of| of.keys().copied()).collect();
    names.sort_unstable();
    names.dedup();
    let all = median(each.iter().map(|of| of.values().sum()).collect());
    let mut opened: HashMap<&str, (u32, u64)> = HashMap::new();
    for file in &typical.files {
        let (files, bytes) = opened.entry(&file.package).or_default();
        (*files, *bytes) = (*files + 1, *bytes + file.size);
    }
    let of_all = starts.iter().flat_map(|start| &start.files);
    let chosen: HashSet<&str> =
        of_all.filter(|file| file.installed).map(|file| file.package.as_str()).collect();
    let of = |name: &str| {
        let ns = median(each.iter().map(|of| of.get(name).copied().unwrap_or(0)).collect());
        let (files, bytes) = opened.get(name).copied().unwrap_or_default();
        let installed = chosen.contains(name);
        let share = if all > 0 { ns as f64 / all as f64 } else { 0.0 };
        PackageUse { package: name.to_owned(), installed, ns, share, files, bytes }
    };
    let mut packages: Vec<PackageUse> = names.into_iter().map(of).collect();
    packages.sort_by_key(|package| std::cmp::Reverse((package.ns, package.bytes)));
    packages
}

/// The lower median.
pub(super) fn median(mut values: Vec<u64>) -> u64 {
    values.sort_unstable();
    values.get(values.len().saturating_sub(1) / 2).copied().unwrap_or(0)
}
