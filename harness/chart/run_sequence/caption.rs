//! The words of the picture of the run's order.

use super::cell::{Panel, percent};
use super::{MOST, NAMES};
use crate::chart::counted;
use crate::compare::Comparison;

/// How many starts, how they took turns, and what is not drawn.
pub(crate) fn subtitle(c: &Comparison, panels: &[Panel], left_out: usize) -> String {
    let starts = counted(panels.iter().map(Panel::len).sum::<usize>() as u64, "start");
    let failed: usize = panels.iter().map(Panel::failures).sum();
    let failed = if failed > 0 { format!(", {failed} failed") } else { String::new() };
    let turns = match c.interleaved {
        true => format!("; in turns: {}", turns(panels)),
        false => "; measured one after the other, each on a clock of its own".to_owned(),
    };
    let beyond = match panels.iter().map(Panel::beyond).sum::<usize>() {
        0 => String::new(),
        n => format!("; {n} beyond an edge, with an arrow"),
    };
    let left_out = match left_out {
        0 => String::new(),
        n => format!(" of the {MOST} worst cells, {n} not drawn"),
    };
    format!("{starts}{left_out}{failed}{turns}{beyond}")
}

/// `base, head, head, base, ..., at most 2 of a side in a row`.
fn turns(panels: &[Panel]) -> String {
    let longest = panels.iter().map(|panel| longest(&panel.turns())).max().unwrap_or(0);
    let both = panels.iter().find(|panel| panel.sides.iter().all(|side| !side.is_empty()));
    let Some(panel) = both else { return "only one side was started".to_owned() };
    let all = panel.turns();
    let first: Vec<&str> = all.iter().take(4).map(|side| NAMES[*side]).collect();
    let more = if all.len() > first.len() { ", ..." } else { "" };
    format!("{}{more}, at most {longest} of a side in a row", first.join(", "))
}

/// The most turns of one side without the other between.
fn longest(turns: &[usize]) -> usize {
    turns.chunk_by(|a, b| a == b).map(<[usize]>::len).max().unwrap_or(0)
}

/// What there is to see.
pub(crate) fn caption(c: &Comparison, panels: &[Panel]) -> String {
    let how = match c.interleaved {
        true => format!(
            "Both sides were measured in one run, in turns ({}): what drifts meets both.",
            turns(panels)
        ),
        false => {
            "Base and head were measured one after the other: a change of the machine between \
                  the two looks like a change of a function."
                .to_owned()
        }
    };
    let drifts = panels.iter().filter_map(|panel| Some((panel, panel.drift()?)));
    let most = drifts.max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()));
    let drift = match most {
        None => " Too few starts to tell whether the base drifted.".to_owned(),
        Some((panel, drift)) => format!(
            " From the first half of the run to the second the base's own median moved most in {}: \
             by {}.",
            panel.name,
            percent(drift)
        ),
    };
    format!("{how}{drift}")
}
