//! The cold starts of each function as a row of blocks over one scale: where they lie,
//! whether there are two heaps of them, how far the tail goes.

use unicode_width::UnicodeWidthStr;

use crate::report::document::Strips;
use crate::report::look::Look;
use crate::text::units::format_ms;
use crate::words::shortened;

const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ASCII: [char; 8] = ['.', ':', '-', '=', '+', '*', '%', '#'];
/// Columns of blocks at most: with more, a run of twenty rounds is all gaps.
const MOST: usize = 48;
/// Columns of the longest name that is shown whole.
const NAME: usize = 24;
/// Room for `  n=12345`.
const COUNT: usize = 9;

/// The scale and a line a series; nothing where nothing was measured.
pub(super) fn lines(strips: &Strips, look: &Look) -> Vec<String> {
    let Some(scale) = Scale::of(strips.rows.iter().flat_map(|(_, ns)| ns).copied()) else {
        return Vec::new();
    };
    let most = NAME.min(look.columns() / 3);
    let names: Vec<String> =
        strips.rows.iter().map(|(name, _)| shortened(name, most - 1)).collect();
    let widest = names.iter().map(|name| name.width()).max().unwrap_or(0);
    let columns = look.columns().saturating_sub(2 + widest + 2 + COUNT).min(MOST);
    let letters = if look.unicode { BLOCKS } else { ASCII };
    let line = |((_, ns), name): (&(String, Vec<f64>), &String)| {
        let pad = " ".repeat(widest - name.width());
        format!("  {name}{pad}  {}  n={}", scale.draw(ns, columns, letters), ns.len())
    };
    let mut lines = vec![format!("  {}", strips.heading)];
    lines.extend(strips.rows.iter().zip(&names).map(line));
    let (low, high) = (format_ms(scale.low), format_ms(scale.high));
    let between = columns.saturating_sub(low.len() + high.len());
    lines.push(look.faint(&format!("  {:widest$}  {low}{:between$}{high}", "", "")));
    lines
}

/// From the least to the most of all, logarithmic.
struct Scale {
    low: f64,
    high: f64,
}

impl Scale {
    fn of(all: impl Iterator<Item = f64> + Clone) -> Option<Self> {
        let low = all.clone().min_by(f64::total_cmp)?.max(1.0);
        let high = all.max_by(f64::total_cmp)?.max(low);
        Some(Self { low, high })
    }

    fn column(&self, ns: f64, columns: usize) -> usize {
        let span = (self.high / self.low).ln();
        if span <= 0.0 {
            return 0;
        }
        let share = (ns.max(1.0) / self.low).ln() / span;
        ((share * columns as f64) as usize).min(columns - 1)
    }

    /// A blank is none; the fullest column of the row has the tallest block.
    fn draw(&self, ns: &[f64], columns: usize, letters: [char; 8]) -> String {
        let mut counts = vec![0_usize; columns.max(1)];
        for ns in ns {
            counts[self.column(*ns, columns.max(1))] += 1;
        }
        let most = counts.iter().copied().max().unwrap_or(0).max(1);
        let letter = |count: usize| match count {
            0 => ' ',
            count => letters[(count * letters.len()).div_ceil(most) - 1],
        };
        counts.into_iter().map(letter).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_and_the_most_are_at_the_ends_and_nothing_is_lost() {
        let scale = Scale::of([1e6, 1e7, 1e8].into_iter()).unwrap();
        assert_eq!(scale.draw(&[1e6, 1e7, 1e7, 1e8], 9, BLOCKS), "▄   █   ▄");
        assert_eq!(scale.draw(&[1e6], 3, ASCII), "#  ");
        assert_eq!(scale.draw(&[], 3, ASCII), "   ");
    }

    #[test]
    fn one_value_has_a_scale_too() {
        let scale = Scale::of([5e6].into_iter()).unwrap();
        assert_eq!(scale.draw(&[5e6, 5e6], 4, BLOCKS), "█   ");
        assert!(Scale::of(std::iter::empty()).is_none());
    }
}
