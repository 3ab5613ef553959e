//! The names of phases beside a bar of them, where there is room: each with a line
//! to its part, so that no text stands on a colour.

use super::kit::canvas::Canvas;
use super::kit::colour::Colour;
use super::kit::declutter::declutter;
use super::kit::text::{LINE, Text};
use crate::sample::{Phase, Phases};

const LEADER: Colour = Colour::Grey(0xb4);
/// The engine's phases in turn: neither is any function's.
const ENGINE: [Colour; 2] = [Colour::Grey(0xa6), Colour::Grey(0xcd)];

/// A phase that may be named.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) name: String,
    /// What it took, as text.
    pub(crate) figure: String,
    /// Where it begins and ends, in pixels.
    pub(crate) from: f64,
    pub(crate) to: f64,
}

impl Part {
    fn size(&self) -> f64 {
        Text::note(&self.name).width().max(Text::note(&self.figure).width()) + 8.0
    }

    fn length(&self) -> f64 {
        self.to - self.from
    }
}

/// Heights of the leaders' ends, and of both lines of text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Heights {
    pub(crate) bar: f64,
    pub(crate) bend: f64,
    pub(crate) name: f64,
    pub(crate) figure: f64,
}

/// The colour of a phase in a bar: grey while the engine is at work, else the
/// function's, palest where a phase is both. `turn` counts the phases of the bar.
pub(crate) fn colour(position: usize, phases: Phases, turn: usize) -> Colour {
    match phases.last {
        last if last >= Phase::Boot && phases.first < Phase::Boot => Colour::tint(position, 0.25),
        Phase::Boot => Colour::tint(position, 0.85),
        Phase::Init => Colour::tint(position, 0.5),
        Phase::Invoke => Colour::function(position),
        _ => ENGINE[turn % 2],
    }
}

/// Puts names and figures within `extent`, the longest taken first where not all have
/// room; those that had none, in their order.
pub(crate) fn put(
    canvas: &mut Canvas,
    parts: &[Part],
    extent: (f64, f64),
    heights: Heights,
) -> Vec<Part> {
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by(|a, b| parts[*b].length().total_cmp(&parts[*a].length()).then(a.cmp(b)));
    let mut room = extent.1 - extent.0;
    let mut has_room = vec![false; parts.len()];
    for i in order {
        let size = parts[i].size();
        // The first without room ends it: none is named while a longer one is not.
        if size > room {
            break;
        }
        room -= size;
        has_room[i] = true;
    }
    let sorted = |named: bool| {
        let held = parts.iter().zip(&has_room).filter(move |(_, has)| **has == named);
        held.map(|(part, _)| part.clone()).collect::<Vec<Part>>()
    };
    draw(canvas, &sorted(true), extent, heights);
    sorted(false)
}

fn draw(canvas: &mut Canvas, parts: &[Part], (left, right): (f64, f64), heights: Heights) {
    let centres: Vec<f64> = parts.iter().map(|p| f64::midpoint(p.from, p.to)).collect();
    let sizes: Vec<f64> = parts.iter().map(Part::size).collect();
    let placed = declutter(&centres, &sizes, left, right);
    for ((part, centre), at) in parts.iter().zip(centres).zip(placed) {
        canvas.line(vec![(at, heights.bend), (centre, heights.bar)], LEADER, 1.0);
        let name = Text { size: 11.0, ..Text::new(&part.name) };
        canvas.text(name.centred().at(at, heights.name));
        canvas.text(Text::note(&part.figure).centred().at(at, heights.figure));
    }
}

/// Names and figures as text, from a height on; where it ends.
pub(crate) fn told(
    canvas: &mut Canvas,
    parts: &[Part],
    (left, right): (f64, f64),
    top: f64,
) -> f64 {
    let line = |text: &str| Text::note(text).cut(right - left);
    let mut lines: Vec<String> = Vec::new();
    for Part { name, figure, .. } in parts {
        let part = format!("{name} {figure}");
        match lines.last().map(|last| format!("{last} · {part}")) {
            Some(longer) if Text::note(&longer).width() <= right - left => {
                lines.pop();
                lines.push(longer);
            }
            None => lines.push(format!("also {part}")),
            Some(_) => lines.push(part),
        }
    }
    for (i, text) in lines.iter().enumerate() {
        canvas.text(line(text).at(left, top + LINE * (i as f64 + 0.5)));
    }
    top + LINE * lines.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_are_named_and_the_rest_is_told() {
        let part = |name: &str, from, to| Part {
            name: name.to_owned(),
            figure: "1.00".to_owned(),
            from,
            to,
        };
        let parts =
            [part("create", 0.0, 9.0), part("network", 9.0, 80.0), part("init", 80.0, 99.0)];
        let heights = Heights { bar: 0.0, bend: 8.0, name: 16.0, figure: 30.0 };
        let mut canvas = Canvas::new(crate::chart::Layout::Wide);
        let rest = put(&mut canvas, &parts, (0.0, 100.0), heights);
        assert_eq!(rest.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(), ["create"]);
        assert!((told(&mut canvas, &rest, (0.0, 100.0), 40.0) - 40.0 - LINE).abs() < 1e-9);
        assert!(put(&mut canvas, &parts, (0.0, 400.0), heights).is_empty());
    }

    #[test]
    fn a_phase_of_both_is_neither_grey_nor_the_functions_own() {
        let phases = |first, last| Phases { first, last };
        let own = colour(1, phases(Phase::Init, Phase::Init), 0);
        for both in [Phase::Boot, Phase::Init, Phase::Invoke] {
            let both = colour(1, phases(Phase::Queue, both), 0);
            assert!(both != own && !ENGINE.contains(&both));
        }
    }
}
