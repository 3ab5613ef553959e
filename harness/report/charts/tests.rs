use super::sheet::{Align, Stroke, Words};
use super::*;
use crate::report::tests::synthetic;
use crate::spec::factor::Network;
use crate::stats::summarise;

pub(super) mod comparison;
pub(super) mod legible;

fn factors() -> Factors {
    synthetic::four(2).samples[0].cell.factors.clone()
}

pub(super) fn composed(run: &Run) -> Vec<Composed> {
    composed_for(run, Paper::Wide)
}

fn composed_for(run: &Run, paper: Paper) -> Vec<Composed> {
    compose(run, &summarise(&run.samples), &factors(), paper).unwrap()
}

/// Left, top, right, bottom of a text.
fn edges(words: &Words) -> [f64; 4] {
    let (x, y) = words.at;
    let (along, half) = (words.width(), words.size * 0.6);
    let from = match words.align {
        Align::Left => 0.0,
        Align::Centre => along / 2.0,
        Align::Right => along,
    };
    if words.upright {
        [x - half, y - along / 2.0, x + half, y + along / 2.0]
    } else {
        [x - from, y - half, x - from + along, y + half]
    }
}

pub(super) fn texts(sheet: &sheet::Sheet) -> Vec<(&str, [f64; 4])> {
    sheet
        .strokes
        .iter()
        .filter_map(|stroke| match stroke {
            Stroke::Words(words) => Some((words.text.as_str(), edges(words))),
            _ => None,
        })
        .collect()
}

pub(super) fn holds(chart: &Composed, text: &str) -> bool {
    texts(&chart.sheet).iter().any(|(held, _)| held.contains(text))
}

fn check(run: &Run, expected: &[&str]) {
    look(run);
    for paper in [Paper::Wide, Paper::Narrow] {
        let charts = composed_for(run, paper);
        assert_eq!(charts.iter().map(|c| c.name).collect::<Vec<_>>(), expected);
        charts.iter().for_each(is_readable);
        charts.iter().for_each(has_figures);
        charts.iter().for_each(legible::is_legible);
    }
}

/// No word of a chart is cut off or stands on another, and it can be drawn.
pub(super) fn is_readable(chart: &Composed) {
    let Composed { name, sheet, .. } = chart;
    let small = |s: &&Stroke| matches!(s, Stroke::Words(words) if words.size < 11.0);
    assert!(!sheet.is_narrow() || !sheet.strokes.iter().any(|s| small(&s)), "{name}: small text");
    let texts = texts(sheet);
    for (i, (text, [left, top, right, bottom])) in texts.iter().enumerate() {
        let inside = *left >= 0.0 && *top >= 0.0;
        let inside = inside && *right <= sheet.width && *bottom <= sheet.height;
        assert!(inside, "{name}: `{text}` is cut off");
        for (other, [l, t, r, b]) in &texts[i + 1..] {
            let apart = left >= r || right <= l || top >= b || bottom <= t;
            assert!(apart, "{name}: `{text}` stands on `{other}`");
        }
    }
    assert!(sheet.svg("a", "b").unwrap().contains("<title>a</title>"));
    assert!(sheet.png().unwrap().starts_with(b"\x89PNG"));
}

/// As many values a row as columns, for the charts that have a table.
pub(super) fn has_figures(chart: &Composed) {
    let Data { columns, rows } = &chart.data;
    assert!(rows.iter().all(|row| row.len() == columns.len()), "{}", chart.name);
    assert!(rows.iter().flatten().all(|value| !value.is_empty()), "{}", chart.name);
}

/// COLDSTART_LOOK=folder keeps every chart, to be looked at.
pub(super) fn look(run: &Run) {
    if let Ok(folder) = std::env::var("COLDSTART_LOOK") {
        let name = std::thread::current().name().unwrap().replace("::", "-");
        for chart in super::charts(run, &summarise(&run.samples)).unwrap() {
            let file = format!("{folder}/{name}-{}", chart.name);
            std::fs::write(format!("{file}.png"), &chart.png).unwrap();
            std::fs::write(format!("{file}.svg"), &chart.svg).unwrap();
            if let Some(narrow) = &chart.narrow {
                std::fs::write(format!("{file}-narrow.svg"), narrow).unwrap();
            }
        }
    }
}

/// The same for the pictures of a comparison.
pub(super) fn look_at(composed: &Composed) {
    if let Ok(folder) = std::env::var("COLDSTART_LOOK") {
        let name = std::thread::current().name().unwrap().replace("::", "-");
        let file = format!("{folder}/{name}-{}", composed.name);
        std::fs::write(format!("{file}.png"), composed.sheet.png().unwrap()).unwrap();
    }
}

const ALL: [&str; 7] = ["cold", "spread", "phases", "timeline", "burst-size", "cold-burst", "warm"];

#[test]
fn four_functions() {
    check(&synthetic::four(20), &ALL);
}

fn long_names(functions: usize) -> Run {
    let name = |i| format!("function_with_a_long_name_{i}");
    let shape = |i| (&*name(i).leak(), 150.0 + i as f64, 5.0, 0.3);
    synthetic::run(&(0..functions).map(shape).collect::<Vec<synthetic::Shape>>(), 6)
}

#[test]
fn eleven_functions_with_long_names() {
    check(&long_names(11), &ALL);
}

#[test]
fn all_but_one_of_eleven_failed() {
    let mut run = long_names(11);
    // The names of those that are not drawn are too many for a line.
    for sample in run.samples.iter_mut().filter(|s| !s.cell.function.ends_with("name_3")) {
        sample.outcome = crate::sample::Outcome::Crashed { cause: "x".into() };
    }
    check(&run, &ALL);
}

#[test]
fn eight_functions() {
    let names = ["go", "python_slim", "node", "rust", "jvm", "dotnet", "ruby", "a_longer_name"];
    let shape = |(i, name): (usize, &'static str)| (name, 120.0 + 30.0 * i as f64, 5.0, 0.3);
    let shapes: Vec<synthetic::Shape> = names.into_iter().enumerate().map(shape).collect();
    check(&synthetic::run(&shapes, 8), &ALL);
}

#[test]
fn seventeen_functions_each_with_a_marker_of_its_own() {
    let shape = |i: usize| (&*format!("f{i:02}").leak(), 100.0 + 20.0 * i as f64, 5.0, 0.3);
    check(&synthetic::run(&(0..17).map(shape).collect::<Vec<synthetic::Shape>>(), 8), &ALL);
}

#[test]
fn a_single_round_of_one_function() {
    check(&synthetic::run(&synthetic::FOUR[..1], 1), &ALL);
}

#[test]
fn equal_values() {
    let mut run = synthetic::four(8);
    for sample in &mut run.samples {
        let at = sample.marks.get(crate::sample::Mark::Intended).unwrap();
        sample.marks = [
            (crate::sample::Mark::Intended, at),
            (crate::sample::Mark::Dispatched, at),
            (crate::sample::Mark::Responded, at + 5_000_000),
        ]
        .into_iter()
        .collect();
    }
    check(&run, &ALL);
}

#[test]
fn half_failed() {
    let mut run = synthetic::four(20);
    for (i, sample) in run.samples.iter_mut().enumerate() {
        if i % 3 == 0 || sample.cell.function == "node" {
            let cause = "no answer".to_owned();
            sample.outcome = crate::sample::Outcome::TimedOut { cause };
        }
    }
    run.record.engine.kind = "fake".into();
    check(&run, &ALL);
    assert!(composed(&run).iter().all(|c| c.title.starts_with("SIMULATED")));
}

/// Every text of every chart, and all figures.
fn words(run: &Run) -> String {
    let of = |chart: &Composed| {
        let drawn = texts(&chart.sheet).into_iter().map(|(text, _)| text.to_owned());
        let held = chart.data.rows.iter().flatten().cloned();
        drawn.chain(held).chain([chart.caption.clone()]).collect::<Vec<_>>().join("\n")
    };
    composed(run).iter().map(of).collect()
}

#[test]
fn of_starts_that_take_no_time_no_figure_is_nan_or_infinite() {
    let mut run = synthetic::four(20);
    // All but one: an axis needs some time to show.
    for (_, sample) in run.samples.iter_mut().enumerate().filter(|(i, _)| i % 7 != 0) {
        let at = sample.marks.get(crate::sample::Mark::Intended).unwrap();
        sample.marks.set(crate::sample::Mark::Responded, at);
    }
    let words = words(&run).to_lowercase();
    for wrong in ["nan", "inf"] {
        assert!(!words.contains(wrong), "`{wrong}` in: {words}");
    }
}

#[test]
fn wide_ranges_and_zeros() {
    let mut run = synthetic::four(12);
    for (i, sample) in run.samples.iter_mut().enumerate() {
        let at = sample.marks.get(crate::sample::Mark::Intended).unwrap();
        let ns = if i % 50 == 0 { 0 } else { 10_u64.pow(1 + i as u32 % 11) };
        sample.marks.set(crate::sample::Mark::Responded, at + ns);
    }
    check(&run, &ALL);
}

#[test]
fn nothing_drawn_is_no_file() {
    let mut run = synthetic::four(2);
    run.samples.clear();
    assert!(charts(&run, &[]).unwrap().is_empty());

    let mut lost = synthetic::four(2);
    for sample in &mut lost.samples {
        let cause = "gone".to_owned();
        sample.outcome = crate::sample::Outcome::EngineError { cause };
    }
    check(&lost, &[]);

    let mut warm = synthetic::four(4);
    warm.samples.retain(|s| s.cell.temperature == Temperature::Warm);
    check(&warm, &["timeline", "warm"]);

    let mut one = synthetic::four(2);
    one.samples.truncate(1);
    check(&one, &["cold", "spread", "phases", "timeline"]);
}

#[test]
fn the_same_run_gives_the_same_bytes() {
    let run = synthetic::four(3);
    let summaries = summarise(&run.samples);
    let twice = [0, 1].map(|_| charts(&run, &summaries).unwrap());
    for (a, b) in twice[0].iter().zip(&twice[1]) {
        assert!(a.svg == b.svg && a.png == b.png, "{}", a.name);
    }
}

#[test]
fn foreign_names_are_escaped() {
    let run = synthetic::run(&[("</text><script>&\"\u{1b}[31m", 150.0, 5.0, 0.3)], 3);
    for chart in charts(&run, &summarise(&run.samples)).unwrap() {
        assert!(!chart.svg.contains("<script>"), "{}", chart.svg);
        assert!(!chart.svg.contains('\u{1b}'));
        assert!(chart.svg.contains("&lt;script&gt;"), "{}", chart.name);
    }
}

#[test]
fn networks_have_charts_of_their_own() {
    let mut run = synthetic::four(3);
    let mut host = run.samples.clone();
    host.iter_mut().for_each(|s| s.cell.factors.network = Network::Host);
    run.samples.extend(host);
    let names: Vec<String> =
        charts(&run, &summarise(&run.samples)).unwrap().into_iter().map(|c| c.name).collect();
    assert_eq!(names.len(), 2 * ALL.len());
    assert!(names.contains(&"cold-bridge".to_owned()) && names.contains(&"cold-host".to_owned()));
}

/// The shape of a drawing, in a form that a review can read.
#[test]
fn phases_as_svg() {
    let run = synthetic::run(&synthetic::FOUR[..2], 3);
    let charts = charts(&run, &summarise(&run.samples)).unwrap();
    let phases = charts.iter().find(|c| c.name == "phases").unwrap();
    insta::assert_snapshot!(phases.svg);
}
