use super::*;

fn progress(done: usize, rounds: Option<u32>) -> Progress {
    let mut progress = Progress::new(200, rounds, Duration::from_secs(100));
    progress.done = done;
    progress.round.begin(7);
    progress
}

fn shown(progress: &Progress, width: usize, elapsed: u64) -> String {
    let canvas = Canvas { width, unicode: true };
    let pieces = progress.pieces(canvas, Duration::from_secs(elapsed));
    pieces.into_iter().map(|(_, text)| text).collect()
}

fn with_figures(mut progress: Progress) -> Progress {
    let latest = |function: &str, sides: &[Option<&str>]| Latest {
        function: function.to_owned(),
        sides: sides.iter().map(|side| side.map(str::to_owned)).collect(),
    };
    progress.latest = vec![latest("one", &[Some("212")]), latest("two", &[None, Some("162")])];
    progress
}

#[test]
fn a_wide_terminal_shows_everything() {
    let progress = with_figures(progress(66, Some(20)));
    insta::assert_snapshot!(
        shown(&progress, 120, 64),
        @"measuring ███░░░░░░░░░ 33 %  round 7 of 20  1:04, 2:10 left  ms: one 212, two -|162"
    );
}

#[test]
fn a_narrow_one_shows_what_is_most_wanted() {
    let text = shown(&with_figures(progress(66, Some(20))), 40, 64);
    assert!(text.starts_with("33 %  round 7 of 20  1:04, 2:10 left  ms: one 212"), "{text}");
}

#[test]
fn the_rest_is_estimated_by_the_plan_until_a_round_is_over() {
    // A round has ten trials; the plan thought of half a second for each.
    assert_eq!(progress(5, Some(20)).left(Duration::from_secs(50)).unwrap().as_secs(), 97);
    assert_eq!(progress(10, Some(20)).left(Duration::from_secs(50)).unwrap().as_secs(), 950);
    assert_eq!(progress(200, Some(20)).left(Duration::from_secs(50)).unwrap().as_secs(), 0);
    assert!(progress(0, Some(0)).left(Duration::ZERO).is_some());
}

#[test]
fn what_ends_when_enough_is_known_has_no_rest() {
    assert_eq!(shown(&progress(66, None), 80, 3670), "measuring round 7  1:01:10");
}

#[test]
fn lines_off_a_terminal_are_few() {
    let now = Duration::ZERO;
    let due = |rounds: u32| (1..=rounds).filter(|n| is_due(*n, Some(rounds), now)).count();
    assert_eq!([due(1), due(20), due(21), due(100), due(995)], [1, 20, 7, 10, 9]);
    assert!(is_due(1, Some(100), SILENCE) && !is_due(1, None, now) && is_due(1, None, APART));
}
