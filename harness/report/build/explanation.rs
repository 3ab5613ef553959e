//! The document of an explanation: the answer, where the time went, what is new, what is
//! never opened, what is worth trying, and what all of it is worth.

use crate::chart::Chart;
use crate::explain::{Explained, Explanation, Ratio, Starts};
use crate::report::document::Importance::{Detail, Key, Usual};
use crate::report::document::{Block, Document, Note, Section};
use crate::text::units::{format_ms, format_size};
use crate::words::{counted, plain};

mod advice;
mod difference;
mod native;
mod tables;

/// What the columns and phases mean.
const TERMS: &str = "own part: from the function's exec until it was ready\n\
    attributed: from the open of a file to the next open of the same process, laid to that file; \
    what is done with a file that was opened long ago is laid to another\n\
    CPU: of all processes of the container, interpolated between readings a millisecond apart\n\
    ran: share of the looks, one a millisecond, in which the first thread ran or could have\n\
    faults: pages of the first process that were mapped, and that had to be read from storage\n\
    not seen: paths that are only looked at or looked for in vain, /proc, /dev and tmpfs, and \
    what is read through a mapping (its open is)";

/// Bytes of the page at most, below a MiB, however many functions are explained: it is sent
/// about.
const MOST_BYTES: usize = 1_000_000;

/// The document.
pub(in crate::report) fn document<'a>(found: &Explanation, charts: &'a [Chart]) -> Document<'a> {
    let of = |section: &'static str| charts.iter().filter(move |chart| chart.section == section);
    let with = |first: Vec<Block<'a>>, section| {
        first.into_iter().chain(of(section).map(Block::Chart)).collect::<Vec<_>>()
    };
    let answers: Vec<String> = found.functions.iter().map(answer).collect();
    Document {
        title: "why starts take as long as they do".to_owned(),
        answer: answers.join(" "),
        place: format!(
            "{}, kernel {}, {} each: {}",
            plain(&found.engine),
            plain(&found.kernel),
            counted(u64::from(found.rounds), "start"),
            match found.functions.iter().any(|of| of.native.is_some()) {
                true => "plain, watched, telling what is loaded, and sampled",
                false => "plain, watched, and telling what is loaded",
            }
        ),
        sections: vec![
            Section::new("new", "What is new against base", Key, difference::blocks(found)),
            Section::new(
                "packages",
                "What took the time",
                Key,
                with(vec![tables::packages(found)], "packages"),
            ),
            Section::new("work", "Work or wait", Key, vec![tables::phases(found)]),
            Section::new(
                "modules",
                "What was loaded",
                Usual,
                with(tables::modules(found), "modules"),
            ),
            Section::new(
                "native",
                "What the processors executed",
                Key,
                with(native::blocks(found), "native"),
            ),
            Section::new("unopened", "What no start opened", Usual, tables::unopened(found)),
            Section::new("try", "What is worth trying", Key, advice::blocks(found)),
            Section::new("trust", "How far to trust it", Key, trust(found)),
            Section::new("terms", "What the words mean", Detail, vec![Block::Terms(TERMS)]),
            Section::new("again", "Again", Detail, vec![Block::Quoted(made(found))]),
        ],
        footer: "Every file with its opens, and every module, is in `explain.json`.".to_owned(),
        whole: "explain.json",
        bounded: true,
        most_bytes: Some(MOST_BYTES),
        ..Document::default()
    }
}

fn made(found: &Explanation) -> Vec<(String, String)> {
    let facts = [
        ("command", plain(&found.command)),
        ("begun", plain(&found.started)),
        ("by", plain(&found.tool)),
    ];
    facts.map(|(name, text)| (name.to_owned(), text)).to_vec()
}

/// What is most worth knowing of a function, in a sentence or two.
fn answer(found: &Explained) -> String {
    let name = plain(&found.function);
    let mut text = match (found.timeline.ready, &found.failure) {
        (Some(ready), _) => {
            format!("{name} was ready {} ms after its exec", ms(own(found, ready)))
        }
        (None, Some(cause)) => {
            format!("{name} was never ready, and is explained up to there ({})", plain(cause))
        }
        (None, None) => format!("{name} was not seen to be ready"),
    };
    if let Some(share) = cpu_share(found) {
        text += &format!(", {share:.0} % of it at work");
    }
    text += &most(found);
    if let Some(of) = found.unopened.as_ref().filter(|of| of.bytes > 0) {
        let share = of.unopened_bytes as f64 / of.bytes as f64 * 100.0;
        let of = format_size(of.bytes);
        text += &format!("; {share:.0} % of its image's {of} was never opened");
    }
    text + "."
}

/// What took the most of it: what its runtime tells of what was chosen to be loaded, else what
/// the files tell.
fn most(found: &Explained) -> String {
    /// Of so much of the whole the rest is details.
    const ENOUGH: f64 = 0.8;
    const NAMED: usize = 4;
    let told = found.modules.as_ref().filter(|tree| tree.own_part > 0);
    let told =
        told.map(|tree| tree.chosen().map(|of| (&of.package, of.cumulative, tree.share(of))));
    let told: Vec<_> = told.into_iter().flatten().filter(|(.., share)| *share >= 0.01).collect();
    let opened = || {
        let all = found.packages.iter().filter(|of| of.ns > 0);
        all.map(|of| (&of.package, of.ns, of.share)).collect()
    };
    let (lead, all) = match told.is_empty() {
        true => (": ", opened()),
        false => ("; it loads ", told),
    };
    let mut sum = 0.0;
    let most = all.into_iter().take_while(|(.., share)| {
        let more = sum < ENOUGH;
        sum += share;
        more
    });
    let named: Vec<String> = most
        .take(NAMED)
        .map(|(name, ns, share)| format!("{} {} ms ({:.0} %)", plain(name), ms(ns), share * 100.0))
        .collect();
    if named.is_empty() { String::new() } else { format!("{lead}{}", named.join(", ")) }
}

/// The plain starts' median, as nothing slowed those; else that of the start that is shown.
fn own(found: &Explained, shown: u64) -> u64 {
    let mut plain = found.starts.plain.clone();
    plain.sort_unstable();
    plain.get(plain.len().saturating_sub(1) / 2).copied().unwrap_or(shown)
}

/// CPU time of the own part over its length, in percent; more than one processor may work.
fn cpu_share(found: &Explained) -> Option<f64> {
    let own = || found.phases.iter().filter(|phase| phase.name != "invoke");
    let used: u64 = own().map(|phase| Some(phase.user? + phase.system?)).sum::<Option<u64>>()?;
    let passed: u64 = own().map(|phase| phase.ns).sum();
    (passed > 0).then(|| used as f64 / passed as f64 * 100.0)
}

/// Milliseconds of nanoseconds.
fn ms(ns: u64) -> String {
    format_ms(ns as f64)
}

/// What watching took, and what could not be seen.
fn trust(found: &Explanation) -> Vec<Block<'static>> {
    let mut notes: Vec<Note> = found.lost.iter().map(|why| Note::warning(plain(why))).collect();
    for function in &found.functions {
        let (name, starts) = (plain(&function.function), &function.starts);
        notes.extend(slowed(&name, "watching", starts.watching, starts));
        notes.extend(slowed(&name, "telling what is loaded", starts.profiling, starts));
        notes.extend(slowed(&name, "sampling the processors", starts.sampling, starts));
        if starts.overflows > 0 {
            let times = counted(starts.overflows, "time");
            let text = format!("{name}: the kernel's queue overflowed {times}: opens were lost");
            notes.push(Note::warning(text));
        }
        if starts.beyond > 0 {
            let text = format!(
                "{name}: {} beyond those that are kept, or of files that were gone",
                counted(starts.beyond, "open")
            );
            notes.push(Note::warning(text));
        }
        notes.extend(function.modules.as_ref().map(|tree| {
            let cut = if tree.cut { "; there was more than is kept" } else { "" };
            let garbled = match tree.garbled {
                0 => String::new(),
                n => format!("; {} made no sense", counted(n, "line")),
            };
            let (profiler, about) = (plain(&tree.profiler), plain(&tree.about));
            Note::remark(format!("{name}: {profiler}: {about}{garbled}{cut}"))
        }));
        notes.extend(native::notes(function));
    }
    vec![Block::Notes("note", notes)]
}

/// How much longer the own part took for being looked at.
fn slowed(name: &str, what: &str, ratio: Option<Ratio>, starts: &Starts) -> Option<Note> {
    /// From here on what was seen is another start.
    const MUCH: f64 = 1.1;
    let Ratio { value, interval } = ratio?;
    let change = |ratio: f64| format!("{:+.1} %", (ratio - 1.0) * 100.0);
    let interval = match interval {
        Some((low, high)) => format!(" [{}, {}]", change(low), change(high)),
        None => {
            format!(", of {} too few for an interval", counted(starts.plain.len() as u64, "start"))
        }
    };
    let text = format!("{name}: {what} changed its own part by {}{interval}", change(value));
    let is_much = what == "watching" && value > MUCH;
    Some(if is_much { Note::warning(text) } else { Note::remark(text) })
}
