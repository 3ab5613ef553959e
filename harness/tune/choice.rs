//! Which size: the cheapest, the fastest, and the knee between them.

use super::Size;

/// The share of calls that may fail under a size that is chosen.
pub const MOST_FAILED: f64 = 0.05;
/// The level at which two sizes are told apart, of all tests of a function together.
pub const LEVEL: f64 = 0.05;

/// Which sizes stand out, by their places among the function's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Choice {
    /// The lowest price at the share of cold calls; none where no size works.
    pub cheapest: Option<usize>,
    /// The shortest average call at that share.
    pub fastest: Option<usize>,
    /// The size at which more money begins to buy little time; none where there is nothing
    /// between the cheapest and the fastest.
    pub knee: Option<usize>,
}

impl Choice {
    /// Of some sizes.
    #[must_use]
    pub fn of(sizes: &[Size]) -> Self {
        let at = |(at, size): (usize, &Size)| {
            let eligible = size.is_eligible();
            let (price, average) = (size.price?.value, size.average?.value);
            eligible.then_some((at, [price, average]))
        };
        let points: Vec<(usize, [f64; 2])> = sizes.iter().enumerate().filter_map(at).collect();
        let least = |by: usize| {
            let of = |point: &&(usize, [f64; 2])| point.1;
            // Of two that are the same the one that is better in the other way.
            let order = |a: &[f64; 2], b: &[f64; 2]| {
                a[by].total_cmp(&b[by]).then(a[1 - by].total_cmp(&b[1 - by]))
            };
            points.iter().min_by(|a, b| order(&of(a), &of(b))).map(|(at, _)| *at)
        };
        Self { cheapest: least(0), fastest: least(1), knee: knee(&points) }
    }
}

/// The knee of price against time: of the sizes that no other one beats in both, the one
/// that lies furthest below the straight line from the cheapest to the fastest, when both
/// axes go from 0 to 1. Satopää et al. 2011, Finding a "Kneedle" in a Haystack.
pub(super) fn knee(points: &[(usize, [f64; 2])]) -> Option<usize> {
    let beats =
        |a: &[f64; 2], b: &[f64; 2]| a[0] <= b[0] && a[1] <= b[1] && (a[0] < b[0] || a[1] < b[1]);
    let is_beaten = |of: &[f64; 2]| points.iter().any(|(_, other)| beats(other, of));
    let front: Vec<_> = points.iter().filter(|(_, of)| !is_beaten(of)).collect();
    let ends = |by: usize| {
        let all = front.iter().map(|(_, of)| of[by]);
        (all.clone().fold(f64::INFINITY, f64::min), all.fold(f64::NEG_INFINITY, f64::max))
    };
    let (price, time) = (ends(0), ends(1));
    let below = |of: &[f64; 2]| {
        let share = |value: f64, (least, most): (f64, f64)| (value - least) / (most - least);
        1.0 - share(of[0], price) - share(of[1], time)
    };
    let deepest = front.iter().map(|(at, of)| (*at, below(of)));
    // At either end it is 0, and not a number where all are one point.
    let deepest = deepest.filter(|(_, below)| below.is_finite() && *below > 1e-9);
    deepest.max_by(|a, b| a.1.total_cmp(&b.1)).map(|(at, _)| at)
}
