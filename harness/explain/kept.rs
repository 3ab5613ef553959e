//! What is kept of the opens of all functions: whatever they open, what is written can be read
//! again, and the page of it too.

use std::cmp::Reverse;

use super::found::{Explained, FileUse, Timeline};

/// Bytes that the opens of all functions take at most in `explain.json`, about: half of the
/// longest file that is read.
const MOST: usize = 32 << 20;
/// Bytes of an open beside its file's.
const SPAN: usize = 64;

/// Leaves out the shortest opens where there are too many; they are counted with those that
/// were not kept. Functions have equal shares, and who needs less leaves the rest to the others.
pub(super) fn bound(functions: &mut [Explained]) {
    bound_to(functions, MOST);
}

fn bound_to(functions: &mut [Explained], most: usize) {
    let mut all: Vec<(usize, &mut Explained)> =
        functions.iter_mut().map(|of| (needed(&of.timeline), of)).collect();
    all.sort_by_key(|(needed, _)| *needed);
    let (mut left, mut others) = (most, all.len());
    for (needed, of) in all {
        let share = left / others;
        if needed > share {
            of.starts.beyond += shorten(&mut of.timeline, share);
        }
        (left, others) = (left - needed.min(share), others - 1);
    }
}

fn needed(timeline: &Timeline) -> usize {
    let files: usize = timeline.files.iter().map(length).sum();
    files + timeline.spans.len() * SPAN
}

/// Bytes of a file, as it is written.
fn length(file: &FileUse) -> usize {
    serde_json::to_string(file).map_or(usize::MAX, |text| text.len() + 1)
}

/// Keeps the longest opens, with their files, as have room; gives how many it does not keep.
fn shorten(timeline: &mut Timeline, most: usize) -> u64 {
    let all = timeline.spans.len();
    timeline.spans.sort_by_key(|span| (Reverse(span.ns), span.at, span.process));
    let (mut left, mut kept) = (most, 0);
    // Where each file goes that is kept: in the order in which they were opened.
    let mut places: Vec<Option<usize>> = vec![None; timeline.files.len()];
    for span in &timeline.spans {
        let Some(place) = places.get_mut(span.file) else { break };
        let file = if place.is_some() { 0 } else { length(&timeline.files[span.file]) };
        let Some(more) = left.checked_sub(SPAN + file) else { break };
        (*place, left, kept) = (Some(0), more, kept + 1);
    }
    timeline.spans.truncate(kept);
    timeline.spans.sort_by_key(|span| (span.at, span.process));
    for (at, place) in places.iter_mut().flatten().enumerate() {
        *place = at;
    }
    timeline.spans.iter_mut().for_each(|span| span.file = places[span.file].unwrap_or(0));
    let mut stays = places.iter().map(Option::is_some);
    timeline.files.retain(|_| stays.next().unwrap_or(false));
    (all - kept) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::Span;

    fn opened(opens: usize) -> Explained {
        let file = |at: usize| FileUse {
            path: format!("/a/\"quoted\"/{at}"),
            package: "a".to_owned(),
            installed: false,
            size: 1,
            opened: 2,
            executed: false,
            read: None,
        };
        let span = |at: usize| Span {
            at: at as u64,
            ns: (at as u64 * 7) % 101,
            file: at % (opens / 2),
            process: 0,
        };
        let timeline = Timeline {
            files: (0..opens / 2).map(file).collect(),
            spans: (0..opens).map(span).collect(),
            ..Timeline::default()
        };
        Explained { timeline, ..Explained::default() }
    }

    #[test]
    fn of_too_many_opens_the_longest_stay_with_their_files_and_the_others_are_counted() {
        let (few, many) = (opened(10), opened(2_000));
        let mut bounded = [many.clone(), few.clone(), many.clone()];
        bound_to(&mut bounded, 60_000);
        assert_eq!(bounded[1], few, "who needs little keeps it");
        for of in [&bounded[0], &bounded[2]] {
            let bytes = serde_json::to_string(&of.timeline).unwrap().len();
            assert!((20_000..31_000).contains(&bytes), "{bytes}");
            let Timeline { files, spans, .. } = &of.timeline;
            assert_eq!(of.starts.beyond as usize + spans.len(), 2_000);
            let shortest = spans.iter().map(|span| span.ns).min().unwrap();
            let longer = many.timeline.spans.iter().filter(|span| span.ns > shortest).count();
            assert!(longer <= spans.len() && spans.is_sorted_by_key(|span| span.at));
            for span in spans {
                let was = &many.timeline.spans[span.at as usize];
                assert_eq!(files[span.file], many.timeline.files[was.file]);
            }
            assert!((0..files.len()).all(|at| spans.iter().any(|span| span.file == at)));
        }
        let mut kept = [many.clone(), few];
        bound(&mut kept);
        assert_eq!(kept[0], many);
    }
}
