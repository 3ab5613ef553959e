//! The starts of one function on one side, as they come in, and what they come to.

use std::collections::{BTreeMap, HashSet};

use super::advice::advice;
use super::attribution::{Start, median, packages, timeline};
use super::explaining::Explaining;
use super::found::{Explained, ModuleTree, Ratio, Starts, Timeline};
use super::image_files::ImageFiles;
use super::layouts::Layouts;
use super::native::Samples;
use super::phases::phases;
use crate::probe::container_trace::Seen;
use crate::probe::cpu_samples::{KernelSymbols, Sampled};
use crate::sample::{Mark, Marks, Sample};
use crate::stats::hodges_lehmann::{self, Estimate};
use crate::store::FunctionRecord;
use crate::text::sanitize::printable;

/// How a start is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// Not at all.
    Plain,
    /// Its files and its processes are watched.
    Watched,
    /// Its runtime tells what it loads.
    Profiled,
    /// What the processors execute is sampled.
    Sampled,
}

impl Look {
    /// In the order of their sides.
    pub(super) const ALL: [Look; 4] = [Look::Plain, Look::Watched, Look::Profiled, Look::Sampled];
}

/// A watched start, whatever came of it.
#[derive(Debug)]
struct Watched {
    marks: Marks,
    seen: Seen,
    failure: Option<String>,
    /// Bytes of files in memory, before and after.
    resident: [BTreeMap<String, u64>; 2],
}

/// The starts of one function.
#[derive(Debug, Default)]
pub(super) struct Rounds {
    pub(super) files: ImageFiles,
    /// What files belong to, in this image.
    pub(super) layouts: Layouts,
    starts: Starts,
    watched: Vec<Watched>,
    profiled: Vec<ModuleTree>,
    samples: Samples,
    failure: Option<String>,
    /// Why the first start failed whose runtime was asked.
    asked_failure: Option<String>,
}

impl Rounds {
    /// Of an image with these files.
    pub(super) fn new(files: ImageFiles, layouts: &Layouts) -> Self {
        Self { layouts: layouts.of_image(files.paths()), files, ..Self::default() }
    }

    /// The paths that watched starts have opened so far; none before the first whose files
    /// were seen.
    pub(super) fn opened(&self) -> Option<HashSet<String>> {
        let is_seen = |of: &&Watched| of.seen.no_files.is_none() && !of.is_blind();
        let mut seen = self.watched.iter().filter(is_seen).peekable();
        seen.peek()?;
        let opens = seen.flat_map(|watched| &watched.seen.opens.all);
        Some(opens.map(|open| open.path.to_string()).collect())
    }

    /// Takes in the time of a start that counts.
    pub(super) fn timed(&mut self, look: Look, sample: &Sample) {
        let Some(own) = own_part(&sample.marks) else { return };
        match look {
            Look::Plain => self.starts.plain.push(own),
            Look::Watched => self.starts.watched.push(own),
            Look::Profiled => self.starts.profiled.push(own),
            Look::Sampled => self.starts.sampled.push(own),
        }
    }

    /// Takes in what was seen of a watched start.
    pub(super) fn watched(
        &mut self,
        sample: &Sample,
        seen: Seen,
        resident: [BTreeMap<String, u64>; 2],
    ) {
        let failure = sample.outcome.cause().map(|cause| printable(cause, usize::MAX));
        self.watched.push(Watched { marks: sample.marks, seen, failure, resident });
    }

    /// Takes in what a runtime told.
    pub(super) fn profiled(&mut self, tree: ModuleTree) {
        self.profiled.push(tree);
    }

    /// Takes in what the processors did during a start.
    pub(super) fn sampled(&mut self, sample: &Sample, seen: &Seen, sampled: &Sampled) {
        self.samples.add(&sample.marks, &seen.execs, sampled, &self.files);
    }

    /// Takes in why a start that nobody watched failed.
    pub(super) fn failed(&mut self, look: Look, sample: &Sample) {
        let failure = match look {
            Look::Profiled => &mut self.asked_failure,
            Look::Plain | Look::Watched | Look::Sampled => &mut self.failure,
        };
        let cause = || sample.outcome.cause().map(|cause| printable(cause, usize::MAX));
        *failure = failure.take().or_else(cause);
    }

    /// That the function starts, and does not where its runtime is asked for its modules.
    fn refuses_to_tell(&self, function: &str) -> Option<String> {
        let cause = self.asked_failure.as_ref().filter(|_| self.failure.is_none())?;
        Some(format!("the modules of {function}: it fails where its runtime is asked: {cause}"))
    }

    /// Leaves out watched starts whose files were not seen where others' were.
    fn without_blind(&mut self, function: &str) -> Option<String> {
        let all = self.watched.len();
        let blind = self.watched.iter().filter(|watched| watched.is_blind()).count();
        if blind < all {
            self.watched.retain(|watched| !watched.is_blind());
        }
        (blind > 0).then(|| {
            format!(
                "the files of {blind} of {all} watched starts of {function}: they were opened \
                 before they could be watched; run it where less else runs"
            )
        })
    }

    /// What explains the function, and what could not be seen of it.
    pub(super) fn explained(
        mut self,
        record: &FunctionRecord,
        how: &Explaining,
        kernel: &KernelSymbols,
    ) -> (Explained, Vec<String>) {
        let blind = self.without_blind(&record.name);
        let starts = self.watched.iter().map(Watched::start);
        let timelines: Vec<Timeline> =
            starts.map(|start| timeline(&start, &self.layouts)).collect();
        let lost = self.watched.iter().filter_map(|watched| watched.seen.no_files.clone());
        let lost: Vec<String> =
            lost.chain(self.refuses_to_tell(&record.name)).chain(blind).collect();
        let mut starts = std::mem::take(&mut self.starts);
        starts.watching = ratio(&starts.watched, &starts.plain);
        starts.profiling = ratio(&starts.profiled, &starts.plain);
        starts.sampling = ratio(&starts.sampled, &starts.plain);
        for watched in &self.watched {
            starts.overflows += watched.seen.opens.overflows;
            starts.beyond += watched.seen.opens.beyond;
        }
        let explained = Explained {
            function: record.name.clone(),
            image: record.image.clone(),
            digest: record.digest.clone(),
            starts,
            unopened: self.opened().and_then(|opened| self.files.unopened(&opened)),
            modules: self.typical_modules(),
            native: std::mem::take(&mut self.samples).native(&self.files, kernel),
            failure: self.failure.clone(),
            variants: how.variants(&record.name),
            ..Explained::default()
        };
        let Some(typical) = self.typical() else { return (with_advice(explained), lost) };
        let watched = &self.watched[typical];
        let mut of = timelines[typical].clone();
        watched.add_reads(&mut of);
        let packages = packages(&timelines, &of);
        let modules = explained.modules.map(|tree| tree.with_installed(&packages));
        let failure = watched.failure.clone().or(explained.failure);
        let phases = phases(&watched.start());
        (
            with_advice(Explained {
                failure,
                timeline: of,
                phases,
                packages,
                modules,
                ..explained
            }),
            lost,
        )
    }

    /// The start whose own time is the median; of starts that never were ready the latest.
    fn typical(&self) -> Option<usize> {
        let ready = self.watched.iter().filter_map(|watched| own_part(&watched.marks));
        let middle = median(ready.collect());
        let is_it = |watched: &Watched| own_part(&watched.marks).is_some_and(|own| own == middle);
        self.watched.iter().position(is_it).or(self.watched.len().checked_sub(1))
    }

    fn typical_modules(&mut self) -> Option<ModuleTree> {
        self.profiled.sort_by_key(|tree| tree.own_part);
        let middle = self.profiled.len().saturating_sub(1) / 2;
        self.profiled.get(middle).cloned()
    }
}

impl Watched {
    /// Whether not even its program was seen to be opened, where files could be seen: then what
    /// it opened first is missing too.
    fn is_blind(&self) -> bool {
        let program = self.seen.opens.all.iter().any(|open| open.executed);
        self.seen.no_files.is_none() && !program
    }

    fn start(&self) -> Start<'_> {
        let (marks, seen) = (&self.marks, &self.seen);
        let last = [
            seen.opens.all.last().map(|open| open.at),
            seen.readings.last().map(|reading| reading.at),
            seen.execs.last().map(|exec| exec.at),
            marks.ready(),
        ];
        let ended = || last.into_iter().flatten().max();
        let until = marks.get(Mark::Responded).filter(|_| self.failure.is_none()).or_else(ended);
        Start { marks, seen, until: until.unwrap_or(0) }
    }

    fn add_reads(&self, timeline: &mut Timeline) {
        let [before, after] = &self.resident;
        for file in &mut timeline.files {
            let (was, is) = (before.get(&file.path), after.get(&file.path));
            file.read = was.zip(is).map(|(was, is)| is.saturating_sub(*was));
        }
    }
}

fn with_advice(found: Explained) -> Explained {
    Explained { advice: advice(&found), ..found }
}

/// Exec to ready.
pub(super) fn own_part(marks: &Marks) -> Option<u64> {
    marks.ready()?.checked_sub(marks.get(Mark::Exec)?)
}

fn ratio(of: &[u64], over: &[u64]) -> Option<Ratio> {
    let values = |side: &[u64]| side.iter().map(|ns| *ns as f64).collect::<Vec<_>>();
    let Estimate { value, interval } = hodges_lehmann::ratio(&values(of), &values(over))?;
    Some(Ratio { value, interval })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::probe::file_trace::Open;

    /// Starts that opened so many files each; of one that could not be watched why.
    fn rounds(starts: &[Result<usize, &str>]) -> Rounds {
        let open = |at: usize| {
            let path = Arc::from(format!("/{at}"));
            Open { at: at as u64, pid: 7, path, size: 1, executed: at == 0 }
        };
        let watched = |of: &Result<usize, &str>| {
            let mut seen = Seen { no_files: of.err().map(str::to_owned), ..Seen::default() };
            seen.opens.all = (0..of.unwrap_or(0)).map(open).collect();
            let resident = Default::default();
            Watched { marks: Marks::default(), seen, failure: None, resident }
        };
        Rounds { watched: starts.iter().map(watched).collect(), ..Rounds::default() }
    }

    #[test]
    fn only_a_start_whose_files_were_seen_says_what_is_opened() {
        let opened = |starts: &[_]| rounds(starts).opened().map(|paths| paths.len());
        assert_eq!(opened(&[]), None);
        assert_eq!(opened(&[Err("not permitted"), Ok(0)]), None);
        assert_eq!(opened(&[Err("not permitted"), Ok(0), Ok(2), Ok(1)]), Some(2));
    }

    #[test]
    fn a_start_whose_files_were_opened_too_early_is_told_and_left_out_beside_others() {
        let told = |starts: &[_]| {
            let mut rounds = rounds(starts);
            (rounds.without_blind("f"), rounds.watched.len())
        };
        let (why, left) = told(&[Ok(3), Ok(0), Ok(2)]);
        assert!(why.unwrap().starts_with("the files of 1 of 3 watched starts of f"));
        assert_eq!(left, 2);
        let mut late = rounds(&[Ok(3), Ok(2)]);
        late.watched[0].seen.opens.all.remove(0);
        assert!(late.without_blind("f").is_some() && late.watched.len() == 1, "its program");
        let (why, left) = told(&[Ok(0), Ok(0)]);
        assert!(why.is_some() && left == 2, "what else was seen of them is told");
        assert_eq!(told(&[Ok(1), Err("not permitted")]), (None, 2));
    }
}
