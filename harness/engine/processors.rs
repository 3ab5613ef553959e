//! Which processors an instance sees that may see so many.

/// The processors of an instance that may see so many: one after another in turns, so that
/// those of a burst do not share theirs. None where there are no more than that.
pub(super) fn processors(visible: usize, turn: usize) -> Option<String> {
    of_these(visible, std::thread::available_parallelism().map_or(1, usize::from), turn)
}

fn of_these(visible: usize, there: usize, turn: usize) -> Option<String> {
    let first = turn.wrapping_mul(visible);
    let all = (0..visible).map(|i| (first.wrapping_add(i) % there.max(1)).to_string());
    (visible < there).then(|| all.collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instances_see_as_many_processors_as_they_may_each_others_in_turns() {
        let of = |turn| of_these(2, 5, turn);
        assert_eq!([0, 1, 2].map(of).map(Option::unwrap), ["0,1", "2,3", "4,0"]);
        assert_eq!((of_these(2, 2, 0), of_these(3, 2, 7)), (None, None));
        assert!(of_these(2, 5, usize::MAX).is_some());
    }
}
