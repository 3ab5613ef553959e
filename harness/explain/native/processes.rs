//! From what all processors did to the stacks of a function's own processes: which processes
//! are its own, and which file an address was in at that instant.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::place::Place;
use super::unwinding::{Unwinder, Unwinding};
use crate::explain::image_files::ImageFiles;
use crate::explain::watching::Instants;
use crate::probe::container_trace::Exec;
use crate::probe::cpu_samples::{Compiled, Mapping, Sampled, What};
use crate::sample::{Mark, Marks};

/// The part of a start that is looked at: from its exec on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    from: u64,
    /// When it was ready.
    ready: u64,
    /// When it had answered; where it did not, everything that is there.
    until: u64,
}

impl Window {
    /// Of a start that was never ready all counts as before it.
    pub(super) fn of(marks: &Marks, execs: &[Exec]) -> Self {
        let Instants { ready, responded, .. } = Instants::of(marks);
        let first = execs.first().map(|exec| exec.at);
        let from = marks.get(Mark::Exec).or(first).unwrap_or(u64::MAX);
        let until = responded.unwrap_or(u64::MAX);
        Self { from, ready: ready.unwrap_or(u64::MAX), until }
    }
}

/// A sample of a function's own process.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stack {
    /// The caller first: its program, its own code, the kernel's.
    pub(super) places: Vec<Place>,
    /// Whether it was ready already.
    pub(super) is_late: bool,
    /// Whether no caller in its own code is known.
    pub(super) is_shallow: bool,
}

/// The samples of the processes that are known to have been executed in the container, and
/// of all that they forked.
pub(super) fn stacks(
    sampled: &Sampled,
    execs: &[Exec],
    window: Window,
    (unwinding, files): (&mut Unwinding, &ImageFiles),
) -> Vec<Stack> {
    let mut own: BTreeSet<u32> = execs.iter().map(|exec| exec.pid).collect();
    let mut processes = Processes::default();
    let mut programs = execs.iter().peekable();
    let mut found = Vec::new();
    for event in &sampled.events {
        while let Some(exec) = programs.next_if(|exec| exec.at <= event.at) {
            processes.of(exec.pid).program = Some(program(exec));
        }
        match &event.what {
            What::Forked { parent } if own.contains(parent) => {
                own.insert(event.pid);
                processes.fork(*parent, event.pid);
            }
            _ if !own.contains(&event.pid) => {}
            What::Forked { .. } => {}
            What::Executed => {
                let process = processes.of(event.pid);
                (process.unwinder, process.mapped) = (None, BTreeMap::new());
            }
            What::Mapped(mapping) => processes.of(event.pid).map(mapping),
            What::Ran { kernel, user, stack } => {
                if (window.from..window.until).contains(&event.at) {
                    let compiled = sampled.compiled.get(&event.pid);
                    let process = processes.of(event.pid);
                    let unwound = stack.as_ref().map(|stack| {
                        let unwinder = process
                            .unwinder
                            .get_or_insert_with(|| unwinding.unwinder(&process.mapped, files));
                        unwinding.callers(unwinder, stack)
                    });
                    let stack = process.stack(kernel, user, &unwound.unwrap_or_default(), compiled);
                    found.push(Stack { is_late: event.at >= window.ready, ..stack });
                }
            }
        }
    }
    found
}

fn program(exec: &Exec) -> Arc<str> {
    let program = exec.argv.first().map_or("", String::as_str);
    Arc::from(program.rsplit('/').next().unwrap_or(""))
}

#[derive(Default)]
struct Processes(BTreeMap<u32, Process>);

#[derive(Default, Clone)]
struct Process {
    program: Option<Arc<str>>,
    /// By first address, none over another.
    mapped: BTreeMap<u64, Mapping>,
    /// Of what is mapped, once that was needed.
    unwinder: Option<Unwinder>,
}

impl Processes {
    fn of(&mut self, pid: u32) -> &mut Process {
        self.0.entry(pid).or_default()
    }

    fn fork(&mut self, parent: u32, child: u32) {
        let copy = self.of(parent).clone();
        self.0.insert(child, copy);
    }
}

impl Process {
    /// What is mapped anew takes the place of what was there, or of a part of it.
    fn map(&mut self, new: &Mapping) {
        if new.from >= new.to {
            return;
        }
        let below = self.mapped.range(..new.to).map(|(from, _)| *from).rev();
        let over: Vec<u64> = below.take_while(|from| self.mapped[from].to > new.from).collect();
        for from in over {
            let Some(old) = self.mapped.remove(&from) else { continue };
            if old.from < new.from {
                self.mapped.insert(old.from, Mapping { to: new.from, ..old.clone() });
            }
            if old.to > new.to {
                let offset = old.offset.wrapping_add(new.to - old.from);
                self.mapped.insert(new.to, Mapping { from: new.to, offset, ..old });
            }
        }
        self.mapped.insert(new.from, new.clone());
        self.unwinder = None;
    }

    fn place(&self, address: u64, compiled: Option<&Compiled>) -> Option<Place> {
        let (_, mapping) = self.mapped.range(..=address).next_back()?;
        let Mapping { from, to, offset, path } = mapping;
        if address >= *to {
            return None;
        }
        Some(match path.as_ref() {
            // As the kernel names memory of its own, and of nobody.
            "//anon" => match compiled.and_then(|compiled| compiled.name(address)) {
                Some(name) => Place::Compiled(Arc::from(name)),
                None => Place::Memory(Arc::from("")),
            },
            file if file.starts_with('/') => {
                Place::File { path: path.clone(), offset: offset.wrapping_add(address - from) }
            }
            _ => Place::Memory(path.clone()),
        })
    }

    /// From what the kernel found on a stack, which follows frame pointers, and from what was
    /// unwound of it: whichever goes further. Code without frame pointers leaves anything
    /// there: where nothing is mapped the callers end.
    fn stack(
        &self,
        kernel: &[u64],
        user: &[u64],
        unwound: &[u64],
        compiled: Option<&Compiled>,
    ) -> Stack {
        // But for the first they are where it goes on after the call.
        let call = |(at, address): (usize, &u64)| address.saturating_sub(u64::from(at > 0));
        let places = |of: &[u64]| -> Vec<Place> {
            let calls = of.iter().enumerate().map(call);
            calls.map_while(|address| self.place(address, compiled)).collect()
        };
        let (unwound, mut places) = (places(unwound), places(user));
        if unwound.len() > places.len() {
            places = unwound;
        }
        if places.is_empty() && kernel.is_empty() {
            places.push(Place::Unknown);
        }
        let is_shallow = places.len() < 2;
        let above = kernel.iter().enumerate().map(call).map(Place::Kernel).rev();
        let program = Place::Program(self.program.clone().unwrap_or_else(|| Arc::from("?")));
        let own = std::iter::once(program).chain(places.into_iter().rev());
        Stack { places: own.chain(above).collect(), is_late: false, is_shallow }
    }
}
