//! Which sizes are told apart from the cheapest and from the fastest: by pairs of the same
//! rounds, as a comparison of two sides that took turns is, and all tests of a function
//! together.

use super::{Choice, Size};
use crate::stats::{multiple_testing, wilcoxon};

/// Tells each size that may be chosen from the two that stand out.
pub(super) fn tell(sizes: &mut [Size], choice: &Choice) {
    let mut tests: Vec<(usize, usize, f64)> = Vec::new();
    for (by, best) in [choice.cheapest, choice.fastest].into_iter().enumerate() {
        let Some(best) = best else { continue };
        let others =
            sizes.iter().enumerate().filter(|(at, size)| *at != best && size.is_eligible());
        let p = others.filter_map(|(at, size)| Some((by, at, differs(&sizes[best], size, by)?)));
        tests.extend(p.collect::<Vec<_>>());
    }
    let p: Vec<f64> = tests.iter().map(|(_, _, p)| *p).collect();
    for ((by, at, _), adjusted) in tests.into_iter().zip(multiple_testing::holm(&p)) {
        let size = &mut sizes[at];
        let place = if by == 0 { &mut size.from_cheapest } else { &mut size.from_fastest };
        *place = Some(adjusted);
    }
}

fn differs(best: &Size, other: &Size, by: usize) -> Option<f64> {
    let pair = |(round, of): (&u32, &[f64; 2])| Some(of[by] - best.rounds.get(round)?[by]);
    let differences: Vec<f64> = other.rounds.iter().filter_map(pair).collect();
    wilcoxon::differs(&differences)
}
