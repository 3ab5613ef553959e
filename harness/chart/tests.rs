use super::kit::canvas::Stroke;
use super::kit::text::{Align, Text};
use super::*;
use crate::report::tests::synthetic;
use crate::sample::Temperature;
use crate::spec::factor::Network;
use crate::stats::summarise;

pub(super) mod adding;
pub(crate) mod comparison;
pub(super) mod legible;

/// Every chart of a run of one combination of factors, by name.
fn composed(run: &Run, layout: Layout) -> Vec<(&'static str, ChartSpec)> {
    let summaries = summarise(&run.samples);
    let factors = run.samples.first().map(|s| s.cell.factors.clone());
    let conditions = factors.map(|factors| conditions(run, &factors)).unwrap_or_default();
    let context = ChartContext::new(run, &summaries, conditions, layout);
    let of = |chart: &Definition| match chart.compose {
        Compose::Conditions(compose) | Compose::Run(compose) => {
            Some((chart.name, compose(&context)?))
        }
        Compose::Comparison(_) | Compose::Explained(_) => None,
        Compose::Replay(_) | Compose::Study(_) | Compose::Tuned(_) => None,
    };
    CHARTS.iter().filter_map(of).collect()
}

/// One of them for both layouts, the wide one first, both readable; none when it is not
/// drawn.
pub(super) fn on_both(run: &Run, name: &str) -> Option<[ChartSpec; 2]> {
    look(run);
    comparison::on_both(|layout| {
        composed(run, layout).into_iter().find(|(of, _)| *of == name).map(|(_, chart)| chart)
    })
}

pub(super) fn wide(run: &Run, name: &str) -> Option<ChartSpec> {
    on_both(run, name).map(|[wide, _]| wide)
}

/// Left, top, right, bottom of a text.
fn edges(text: &Text) -> [f64; 4] {
    let (x, y) = text.at;
    let (along, half) = (text.width(), text.size * 0.6);
    let from = match text.align {
        Align::Left => 0.0,
        Align::Centre => along / 2.0,
        Align::Right => along,
    };
    if text.upright {
        [x - half, y - along / 2.0, x + half, y + along / 2.0]
    } else {
        [x - from, y - half, x - from + along, y + half]
    }
}

pub(crate) fn texts(canvas: &Canvas) -> Vec<(&str, [f64; 4])> {
    canvas
        .strokes
        .iter()
        .filter_map(|stroke| match stroke {
            Stroke::Text(text) => Some((text.text.as_str(), edges(text))),
            _ => None,
        })
        .collect()
}

pub(crate) fn holds(chart: &ChartSpec, text: &str) -> bool {
    texts(&chart.canvas).iter().any(|(held, _)| held.contains(text))
}

fn check(run: &Run, expected: &[&str]) {
    look(run);
    for layout in [Layout::Wide, Layout::Narrow] {
        let charts = composed(run, layout);
        assert_eq!(charts.iter().map(|(name, _)| *name).collect::<Vec<_>>(), expected);
        charts.iter().for_each(|(_, chart)| is_sound(chart));
    }
}

/// No word of a chart is cut off, too small or stands on another, all stands out, and it
/// can be drawn; it has as many figures a row as columns.
pub(super) fn is_sound(chart: &ChartSpec) {
    let ChartSpec { title, canvas, data, .. } = chart;
    let small = |s: &Stroke| matches!(s, Stroke::Text(text) if text.size < 11.0);
    assert!(!canvas.strokes.iter().any(small), "{title}: small text");
    let texts = texts(canvas);
    for (i, (text, [left, top, right, bottom])) in texts.iter().enumerate() {
        let inside = *left >= 0.0 && *top >= 0.0;
        let inside = inside && *right <= canvas.width && *bottom <= canvas.height;
        assert!(inside, "{title}: `{text}` is cut off");
        for (other, [l, t, r, b]) in &texts[i + 1..] {
            let apart = left >= r || right <= l || top >= b || bottom <= t;
            assert!(apart, "{title}: `{text}` stands on `{other}`");
        }
    }
    assert!(data.rows.iter().all(|row| row.len() == data.columns.len()), "{title}");
    assert!(data.rows.iter().flatten().all(|value| !value.is_empty()), "{title}");
    assert!(canvas.svg("a", "b").unwrap().contains("<title>a</title>"));
    legible::is_legible(chart);
}

/// COLDSTART_LOOK=folder keeps every chart, to be looked at.
fn look(run: &Run) {
    if std::env::var("COLDSTART_LOOK").is_ok() {
        keep(&super::charts(run, &summarise(&run.samples)).unwrap());
    }
}

pub(super) fn keep(charts: &[Chart]) {
    let Ok(folder) = std::env::var("COLDSTART_LOOK") else { return };
    let name = std::thread::current().name().unwrap().replace("::", "-");
    for chart in charts {
        let file = format!("{folder}/{name}-{}", chart.name);
        std::fs::write(format!("{file}.svg"), &chart.svg).unwrap();
        if let Some(narrow) = &chart.narrow {
            std::fs::write(format!("{file}-narrow.svg"), narrow).unwrap();
        }
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
    assert!(composed(&run, Layout::Wide).iter().all(|(_, c)| c.title.starts_with("SIMULATED")));
}

/// Every text of every chart, and all figures.
fn words(run: &Run) -> String {
    let of = |chart: &ChartSpec| {
        let drawn = texts(&chart.canvas).into_iter().map(|(text, _)| text.to_owned());
        let held = chart.data.rows.iter().flatten().cloned();
        drawn.chain(held).chain([chart.caption.clone()]).collect::<Vec<_>>().join("\n")
    };
    composed(run, Layout::Wide).iter().map(|(_, chart)| of(chart)).collect()
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
        assert!(a.svg == b.svg && a.narrow == b.narrow, "{}", a.name);
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
