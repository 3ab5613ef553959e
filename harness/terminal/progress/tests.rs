use super::*;
use coldstart::spec::plan::TrialSubject;

/// Ten kinds of trials in every round; the plan reckons half a second for each.
fn plan() -> Vec<Trial> {
    let kind = |function| TrialSubject::Function { function, combination: 0, pattern: 0 };
    let trial = |i: u32| Trial {
        number: i + 1,
        round: i / 10 + 1,
        side: 0,
        subject: kind((i % 10) as usize),
    };
    (0..200).map(trial).collect()
}

fn half_a_second(plan: &[Trial]) -> Vec<(Trial, Duration)> {
    plan.iter().map(|trial| (*trial, Duration::from_millis(500))).collect()
}

/// A measurement whose trials took so long each.
fn took(done: usize, each: Duration, rounds: Option<u32>) -> Progress {
    let plan = plan();
    let mut progress = Progress::new(&half_a_second(&plan), rounds, None);
    plan[..done].iter().for_each(|trial| progress.pace.took(trial, each));
    progress.done = done;
    progress.round.begin(7);
    progress
}

fn progress(done: usize, rounds: Option<u32>) -> Progress {
    took(done, Duration::from_millis(970), rounds)
}

fn shown(progress: &Progress, width: usize, elapsed: u64) -> String {
    let area = StatusArea { width, unicode: true };
    let pieces = progress.pieces(area, Duration::from_secs(elapsed));
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
fn the_rest_is_reckoned_by_what_each_kind_of_trial_took_the_last_time() {
    let left = |done, each| {
        took(done, Duration::from_secs(each), Some(20)).left(Duration::ZERO).unwrap().as_secs()
    };
    assert_eq!(left(0, 60), 100, "by the plan");
    assert_eq!(left(1, 60), 19 * 60 + 90, "the one that had its turn, nineteen times more");
    assert_eq!(left(10, 60), 190 * 60);
    assert_eq!(left(200, 60), 0);
    assert!(progress(0, Some(0)).left(Duration::ZERO).is_some());
}

#[test]
fn what_is_given_up_takes_no_more_time_in_the_estimate() {
    let mut progress = took(10, Duration::from_secs(90), Some(20));
    for trial in &plan()[10..20] {
        progress.pace.took(trial, Duration::ZERO);
    }
    assert_eq!(progress.left(Duration::ZERO), Some(Duration::ZERO));
}

#[test]
fn an_estimate_that_was_far_too_short_is_corrected_once() {
    let mut progress = took(1, Duration::from_secs(60), Some(20));
    let text = progress.corrected(Duration::from_secs(60)).unwrap();
    assert!(text.contains("about 20 min 30 s left"), "{text}");
    assert_eq!(progress.corrected(Duration::from_secs(61)), None, "it is said already");
    assert_eq!(took(1, Duration::from_millis(600), Some(20)).corrected(Duration::ZERO), None);
}

#[test]
fn no_more_is_left_than_the_time_limit_allows() {
    let (plan, limit) = (plan(), Some(Duration::from_secs(30)));
    let progress = Progress::new(&half_a_second(&plan), Some(20), limit);
    assert_eq!(progress.left(Duration::from_secs(10)), Some(Duration::from_secs(20)));
    assert_eq!(progress.left(Duration::from_secs(31)), Some(Duration::ZERO));
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
