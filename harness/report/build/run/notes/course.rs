//! How the run went: what was heard of the kernel, what was proved of the page
//! cache, how many rounds there were.

use std::collections::{BTreeMap, BTreeSet};

use super::Note;
use crate::analysis::Analysis;
use crate::sample::{Readiness, ReadinessSource, Residency};
use crate::spec::factor::PageCache;
use crate::stats::{self, Summary};
use crate::store::{OUT_OF_TIME, Run};
use crate::text::units::{format_ns, format_size, format_wait};
use crate::words::{cell_name, counted, is_simulated, plain};

/// Cells that are named one by one.
const MOST_NAMED: usize = 4;

/// Whether the parts of the engine could be told apart.
pub(super) fn kernel_events(run: &Run) -> Option<Note> {
    let events = &run.record.kernel_events;
    if let Some(reason) = &events.silent {
        let note = if is_simulated(run) { Note::remark } else { Note::warning };
        return Some(note("phases of the engine are merged").quoting(plain(reason)));
    }
    let (seen, lost) = (events.seen, events.lost);
    match (seen, lost) {
        // They are counted when the run ends.
        (0, 0) if run.record.elapsed.is_none() => None,
        (0, 0) => Some(Note::warning(
            "kernel events: none received, so phases are merged; `coldstart doctor` says what is \
             missing",
        )),
        (_, 0) => Some(Note::well(format!("kernel events: {seen} received, none lost"))),
        _ => {
            let times = counted(lost, "time");
            let text =
                format!("kernel events: {seen} received, lost {times}: some starts lack marks");
            Some(Note::warning(text))
        }
    }
}

/// Whether starts on a bridge are the same work for daemons that take turns.
pub(super) fn firewalls(run: &Run) -> Option<Note> {
    let calls = &run.record.kernel_events.firewall_calls;
    let differ = calls.values().collect::<BTreeSet<_>>().len() > 1;
    let told = calls.iter().map(|(name, n)| format!("{name} {}", counted((*n).into(), "time")));
    differ.then(|| {
        Note::remark(format!(
            "in a start on a bridge programs that set firewall rules run: {}: part of what differs \
             there (0 may also be a daemon that was told to set none)",
            told.collect::<Vec<_>>().join(", ")
        ))
    })
}

/// How well it is known when what listens was ready.
pub(super) fn readiness(run: &Run) -> Vec<Note> {
    let known: Vec<Readiness> = stats::used(&run.samples).filter_map(|s| s.readiness).collect();
    let is_tried = |r: &&Readiness| r.source == ReadinessSource::Connect;
    let tried = known.iter().filter(is_tried).count() as u64;
    let most = known.iter().map(|r| r.resolution_ns).max().unwrap_or_default();
    let all = counted(known.len() as u64, "start");
    let waited = known.iter().filter(|r| r.not_yet > 0).count() as u64;
    let source = match (known.len(), tried) {
        (0, _) => return Vec::new(),
        (_, 0) => Note::well(format!("{all} that listen: ready by the kernel's own stamp")),
        _ => Note::remark(format!(
            "{tried} of {all} that listen: ready as a connection found it, up to {} earlier; as \
             root the kernel's stamp is used",
            format_ns(most as f64)
        )),
    };
    let waited = (waited > 0).then(|| {
        let text = "answered 503, not yet, when they listened; what they took is in `invoke`";
        Note::remark(format!("{waited} of {all} {text}"))
    });
    [source].into_iter().chain(waited).collect()
}

/// How much of a cold start is in parts that are merged, for want of a mark between them.
pub(super) fn unattributed(analysis: &Analysis) -> Option<Note> {
    let most = analysis.unattributed.iter().map(|(_, share)| *share).max_by(f64::total_cmp)?;
    let most = most * 100.0;
    if most < 0.05 {
        return Some(Note::well("every part of the typical cold starts is attributed to a phase"));
    }
    Some(Note::remark(format!(
        "at most {most:.1} % of a typical cold start is in parts that are told as one"
    )))
}

/// For each cold state of the page cache, in how many trials it was reached.
pub(super) fn page_cache(run: &Run) -> Vec<Note> {
    let asked = &run.record.scenario.factors.page_cache;
    if asked.iter().all(|state| *state == PageCache::Warm) {
        return Vec::new();
    }
    let states: BTreeMap<u32, PageCache> =
        run.samples.iter().map(|s| (s.trial, s.cell.factors.page_cache)).collect();
    let mut trials: BTreeMap<PageCache, Vec<Option<Residency>>> = BTreeMap::new();
    for trial in &run.trials {
        if let Some(state) = states.get(&trial.trial).filter(|state| **state != PageCache::Warm) {
            trials.entry(*state).or_default().push(trial.resident);
        }
    }
    trials.into_iter().map(|(state, trials)| proved(state, &trials)).collect()
}

fn proved(state: PageCache, trials: &[Option<Residency>]) -> Note {
    let cold: Vec<&Residency> = trials.iter().flatten().filter(|r| r.is_cold()).collect();
    let of = counted(trials.len() as u64, "trial");
    let most = cold.iter().map(|r| r.resident).max();
    let most =
        most.map_or_else(String::new, |most| format!("; at most {} stayed", format_size(most)));
    let note = if cold.len() == trials.len() { Note::well } else { Note::warning };
    note(format!("{state} proved for {} of {of}{most}", cold.len()))
}

/// How far the stopping rule went; none where every round was to be measured.
pub(super) fn until(analysis: &Analysis) -> Option<Note> {
    let run = analysis.run;
    let share = run.record.scenario.until?;
    let measured: Vec<&Summary> =
        analysis.summaries.iter().filter(|s| s.cell.control.is_none()).collect();
    let mut rounds: BTreeMap<_, BTreeSet<u32>> = BTreeMap::new();
    for sample in run.samples.iter().filter(|s| s.cell.control.is_none()) {
        rounds.entry(&sample.cell).or_default().insert(sample.round);
    }
    let (least, most) =
        (rounds.values().map(BTreeSet::len).min()?, rounds.values().map(BTreeSet::len).max()?);
    let range = if least == most { most.to_string() } else { format!("{least} to {most}") };
    let wide: Vec<String> = measured
        .iter()
        .filter(|s| !s.latency.p50.is_within(share))
        .map(|s| cell_name(run, &s.cell))
        .collect();
    // Not the binary neighbour of what was typed.
    let percent = (share * 1e5).round() / 1e3;
    let rule = format!("{percent} % of their median");
    let note = if wide.is_empty() { Note::remark } else { Note::warning };
    let outcome = match wide.len() {
        0 => format!("every interval is within {rule}"),
        n => {
            let named = wide.iter().take(MOST_NAMED).cloned().collect::<Vec<_>>().join(", ");
            let more = if n > MOST_NAMED { ", …" } else { "" };
            let cells = counted(n as u64, "cell");
            format!("{cells} never came within {rule}: {named}{more}")
        }
    };
    Some(note(format!("rounds a cell: {range}; {outcome}")))
}

/// Whether the time limit ended the run; none without one.
pub(super) fn time_limit(run: &Run) -> Option<Note> {
    let most = run.record.scenario.max_time?;
    let over = run.record.stopped.as_deref() == Some(OUT_OF_TIME);
    let most = format_wait(most);
    Some(if over {
        Note::warning(format!("time limit {most}: it ended the run; raise `--max-time`"))
    } else {
        Note::well(format!("time limit {most}: not reached"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::synthetic;

    #[test]
    fn firewalls_are_told_of_where_daemons_differ_in_them() {
        let mut run = synthetic::run(&synthetic::FOUR[..1], 3);
        assert_eq!(firewalls(&run).map(|note| note.whole()), None);
        let mut told = |pairs: &[(&str, u32)]| {
            let all = pairs.iter().map(|(name, n)| ((*name).to_owned(), *n));
            run.record.kernel_events.firewall_calls = all.collect();
            firewalls(&run).map(|note| note.whole())
        };
        assert_eq!(told(&[("new", 2), ("old", 2)]), None);
        let text = told(&[("new", 2), ("old", 0), ("podman", 1)]).unwrap();
        assert!(text.contains("run: new 2 times, old 0 times, podman 1 time: part"), "{text}");
    }

    #[test]
    fn how_well_readiness_is_known_is_told_for_what_listens_alone() {
        let mut run = synthetic::run(&synthetic::FOUR[..1], 3);
        assert!(readiness(&run).is_empty());
        let kernel = Readiness { source: ReadinessSource::Kernel, resolution_ns: 0, not_yet: 0 };
        run.samples.iter_mut().for_each(|s| s.readiness = Some(kernel));
        let told = |run: &Run| readiness(run).iter().map(Note::whole).collect::<Vec<_>>();
        let all = told(&run);
        assert!(all.len() == 1 && all[0].ends_with("ready by the kernel's own stamp"), "{all:?}");
        let found =
            Readiness { source: ReadinessSource::Connect, resolution_ns: 1_200_000, not_yet: 2 };
        run.samples.last_mut().unwrap().readiness = Some(found);
        let all = told(&run);
        assert!(all[0].starts_with("1 of ") && all[0].contains("up to 1.20 ms earlier"), "{all:?}");
        assert!(all[1].contains("answered 503, not yet"), "{all:?}");
    }
}
