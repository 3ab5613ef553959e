//! What the processors executed of a function until it was ready: samples of several starts,
//! with names as far as the image has symbols, as a tree of calls.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::image_files::ImageFiles;
use crate::probe::container_trace::Exec;
use crate::probe::cpu_samples::{KernelSymbols, PERIOD, Sampled};
use crate::sample::Marks;
use place::Place;
use symbols::FileSymbols;
use unwinding::Unwinding;

mod calls;
mod change;
mod names;
mod place;
mod processes;
mod symbols;
mod unwinding;

pub use change::FrameChange;
pub(super) use change::changes;
pub use symbols::SymbolsFound;

/// The sampled starts of a function, merged.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Native {
    /// Nanoseconds of a processor that a sample stands for.
    pub period: u64,
    /// Starts that were sampled.
    pub starts: u32,
    /// Samples between exec and ready, of all of them.
    pub samples: u64,
    /// Samples from there to the first reply.
    pub invoke_samples: u64,
    /// Of `samples`, those in whose own code one function at most is known: how it was called
    /// is not.
    pub shallow: u64,
    /// Events that the kernel lost, and times that it held back.
    pub lost: u64,
    /// Events beyond those that are kept.
    pub beyond: u64,
    /// Whether there were more calls than are kept: what is rare is taken together.
    pub cut: bool,
    /// Every function that was seen, each once; the most own samples first.
    pub frames: Vec<Frame>,
    /// The calls until it was ready; a callee after its caller.
    pub calls: Vec<Call>,
    /// The calls from there to the first reply.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub invoke: Vec<Call>,
    /// What was executed, the most samples first.
    pub files: Vec<FileSamples>,
}

/// A function, or what it is in where it has no name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    /// Its name; that of its file in brackets where it has none.
    pub name: String,
    /// The file that it is in, as the function sees it; `[kernel]`, or what else it is.
    pub file: String,
    /// Samples until ready in which it was executed itself.
    pub own: u64,
    /// Those in which it, or what it called, was.
    pub inclusive: u64,
}

/// A function as it was called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// Which of the frames.
    pub frame: usize,
    /// How deep it stands: 0 at the top, which is a program.
    pub depth: u32,
    /// Samples in which it was executed itself.
    pub own: u64,
    /// Those in which it, or what it called there, was.
    pub cumulative: u64,
}

/// A file that was executed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileSamples {
    /// As the function sees it.
    pub file: String,
    /// Samples until ready in which it was executed itself.
    pub own: u64,
    /// What names it has.
    pub symbols: SymbolsFound,
}

impl Frame {
    /// The file of all that is the kernel's.
    pub const KERNEL: &'static str = "[kernel]";

    /// Whether it is a program, as all that it executes is below.
    #[must_use]
    pub fn is_program(&self) -> bool {
        self.file.starts_with(Self::PROGRAM)
    }

    /// What the files of programs begin with.
    const PROGRAM: &'static str = "[program ";
}

impl Native {
    /// Nanoseconds of CPU time a start that so many samples stand for.
    #[must_use]
    pub fn ns(&self, samples: u64) -> f64 {
        samples as f64 * self.period as f64 / f64::from(self.starts.max(1))
    }
}

/// Sampled starts, as they come in.
#[derive(Debug, Default)]
pub(super) struct Samples {
    starts: u32,
    shallow: u64,
    lost: u64,
    beyond: u64,
    unwinding: Unwinding,
    /// Stacks, the caller first, with how often each was seen: until ready, and then.
    stacks: [HashMap<Vec<Place>, u64>; 2],
}

impl Samples {
    /// Takes in a start of an image with these files: its programs, and what all processors did
    /// meanwhile.
    pub(super) fn add(
        &mut self,
        marks: &Marks,
        execs: &[Exec],
        sampled: &Sampled,
        files: &ImageFiles,
    ) {
        self.starts += 1;
        self.lost += sampled.lost;
        self.beyond += sampled.beyond;
        let window = processes::Window::of(marks, execs);
        for stack in processes::stacks(sampled, execs, window, (&mut self.unwinding, files)) {
            self.shallow += u64::from(stack.is_shallow && !stack.is_late);
            *self.stacks[usize::from(stack.is_late)].entry(stack.places).or_default() += 1;
        }
    }

    /// What they come to; none where nothing was sampled.
    pub(super) fn native(self, files: &ImageFiles, kernel: &KernelSymbols) -> Option<Native> {
        if self.starts == 0 {
            return None;
        }
        let symbols = self.symbols(files);
        let mut frames = Frames::default();
        let [ready, late] = self.stacks.each_ref().map(|stacks| {
            let named = stacks.iter().map(|(stack, samples)| {
                let of = stack.iter().map(|place| frames.index(place, &symbols, kernel));
                (of.collect::<Vec<usize>>(), *samples)
            });
            // The order of a table of hashes is another each time.
            let mut named: Vec<_> = named.collect();
            named.sort_unstable();
            named
        });
        for (stack, samples) in &ready {
            frames.count(stack, *samples);
        }
        let order = frames.by_own();
        let [(calls, cut), (invoke, cut_late)] =
            [ready, late].map(|stacks| calls::tree(&stacks, &order));
        let sum = |of: &HashMap<Vec<Place>, u64>| of.values().sum();
        let files = frames.files(&symbols);
        Some(Native {
            period: PERIOD,
            starts: self.starts,
            samples: sum(&self.stacks[0]),
            invoke_samples: sum(&self.stacks[1]),
            shallow: self.shallow,
            lost: self.lost,
            beyond: self.beyond,
            cut: cut || cut_late,
            frames: frames.sorted(&order),
            calls,
            invoke,
            files,
        })
    }

    /// The names of everything that was executed in files.
    fn symbols(&self, files: &ImageFiles) -> BTreeMap<&str, FileSymbols> {
        let mut offsets: BTreeMap<&str, BTreeSet<u64>> = BTreeMap::new();
        for place in self.stacks.iter().flat_map(HashMap::keys).flatten() {
            if let Place::File { path, offset } = place {
                offsets.entry(path).or_default().insert(*offset);
            }
        }
        let read = |(path, offsets): (_, BTreeSet<u64>)| {
            let found = files.place_of(path).map(|place| FileSymbols::read(place, &offsets));
            (path, found.unwrap_or_default())
        };
        offsets.into_iter().map(read).collect()
    }
}

/// Frames as they are met.
#[derive(Default)]
struct Frames {
    all: Vec<Frame>,
    at: HashMap<(String, String), usize>,
}

impl Frames {
    fn index(
        &mut self,
        place: &Place,
        symbols: &BTreeMap<&str, FileSymbols>,
        kernel: &KernelSymbols,
    ) -> usize {
        let key = place.named(symbols, kernel);
        *self.at.entry(key).or_insert_with_key(|(name, file)| {
            let (name, file) = (name.clone(), file.clone());
            self.all.push(Frame { name, file, own: 0, inclusive: 0 });
            self.all.len() - 1
        })
    }

    /// One that calls itself is counted once.
    fn count(&mut self, stack: &[usize], samples: u64) {
        if let Some(last) = stack.last() {
            self.all[*last].own += samples;
        }
        for frame in stack.iter().collect::<BTreeSet<_>>() {
            self.all[*frame].inclusive += samples;
        }
    }

    /// The places of the frames once those with most stand first.
    fn by_own(&self) -> Vec<usize> {
        let mut sorted: Vec<usize> = (0..self.all.len()).collect();
        let key = |frame: &Frame| {
            (
                std::cmp::Reverse((frame.own, frame.inclusive)),
                frame.name.clone(),
                frame.file.clone(),
            )
        };
        sorted.sort_by_cached_key(|at| key(&self.all[*at]));
        let mut order = vec![0; sorted.len()];
        for (place, at) in sorted.into_iter().enumerate() {
            order[at] = place;
        }
        order
    }

    fn sorted(self, order: &[usize]) -> Vec<Frame> {
        let mut all: Vec<_> = order.iter().zip(self.all).collect();
        all.sort_by_key(|(place, _)| **place);
        all.into_iter().map(|(_, frame)| frame).collect()
    }

    fn files(&self, symbols: &BTreeMap<&str, FileSymbols>) -> Vec<FileSamples> {
        let mut of: BTreeMap<&str, u64> = BTreeMap::new();
        for frame in self.all.iter().filter(|frame| frame.own > 0) {
            *of.entry(&frame.file).or_default() += frame.own;
        }
        let told = |(file, own): (&str, u64)| {
            let symbols = symbols.get(file).map_or(SymbolsFound::None, |of| of.found);
            FileSamples { file: file.to_owned(), own, symbols }
        };
        let mut files: Vec<FileSamples> = of.into_iter().map(told).collect();
        files.sort_by_key(|file| std::cmp::Reverse(file.own));
        files
    }
}

#[cfg(test)]
mod tests;
