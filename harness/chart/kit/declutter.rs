//! Labels that stand where their lines end and never on each other.

/// Moves centres apart until neighbours keep their distance, as little as
/// possible, within `from..to`. `sizes` are the extents along the axis, gap
/// included. The order of the centres is kept. What does not fit is squeezed
/// evenly.
pub(crate) fn declutter(centres: &[f64], sizes: &[f64], from: f64, to: f64) -> Vec<f64> {
    let total: f64 = sizes.iter().sum();
    let squeeze = if total > to - from { (to - from) / total } else { 1.0 };
    let mut order: Vec<usize> = (0..centres.len()).collect();
    order.sort_by(|a, b| centres[*a].total_cmp(&centres[*b]).then(a.cmp(b)));
    let half = |i: usize| sizes[i] * squeeze / 2.0;

    let mut placed = vec![0.0; centres.len()];
    let mut edge = from;
    for &i in &order {
        placed[i] = (centres[i] - half(i)).max(edge) + half(i);
        edge = placed[i] + half(i);
    }
    let mut edge = to;
    for &i in order.iter().rev() {
        placed[i] = (placed[i] + half(i)).min(edge) - half(i);
        edge = placed[i] - half(i);
    }
    placed
}

/// Where pieces of some widths begin when they are set like words of a text, gap
/// included: line, and pixels. None is on the edge of a line that it overruns, but one
/// that is wider than a line.
pub(crate) fn flow(widths: &[f64], from: f64, to: f64) -> Vec<(usize, f64)> {
    let (mut line, mut x) = (0, from);
    let place = |width: &f64| {
        if x + width > to && x > from {
            (line, x) = (line + 1, from);
        }
        let at = (line, x);
        x += width;
        at
    };
    widths.iter().map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_has_room_stays() {
        assert_eq!(declutter(&[10.0, 50.0], &[10.0, 10.0], 0.0, 100.0), [10.0, 50.0]);
        assert!(declutter(&[], &[], 0.0, 1.0).is_empty());
    }

    #[test]
    fn pieces_flow_like_words() {
        let lines = flow(&[40.0, 40.0, 30.0, 200.0, 10.0], 5.0, 100.0);
        assert_eq!(lines, [(0, 5.0), (0, 45.0), (1, 5.0), (2, 5.0), (3, 5.0)]);
    }

    proptest! {
        #[test]
        fn neighbours_never_overlap(
            labels in proptest::collection::vec((-50.0..450.0_f64, 1.0..30.0_f64), 0..12),
        ) {
            let (centres, sizes): (Vec<f64>, Vec<f64>) = labels.into_iter().unzip();
            let placed = declutter(&centres, &sizes, 0.0, 400.0);
            let mut edges: Vec<(f64, f64)> = placed
                .iter()
                .zip(&sizes)
                .map(|(at, size)| (at - size / 2.0, at + size / 2.0))
                .collect();
            edges.sort_by(|a, b| a.0.total_cmp(&b.0));
            prop_assert!(edges.iter().all(|e| e.0 >= -1e-9 && e.1 <= 400.0 + 1e-9));
            prop_assert!(edges.windows(2).all(|w| w[0].1 <= w[1].0 + 1e-9), "{edges:?}");
        }
    }
}
