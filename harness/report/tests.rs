use super::*;
use crate::sample::Outcome;

pub(crate) mod controls;
mod mixed;
pub(crate) mod synthetic;
mod trust;

/// Everything that is derived from a run.
fn render(run: &Run) -> Result<Vec<Artifact>> {
    super::render(&Analysis::of(run))
}

fn text<'a>(files: &'a [Artifact], path: &str) -> &'a str {
    let file = files.iter().find(|f| f.path.to_str() == Some(path)).unwrap();
    std::str::from_utf8(&file.bytes).unwrap()
}

#[test]
fn a_run_has_all_its_files() {
    let files = render(&synthetic::four(3)).unwrap();
    let count =
        |ending: &str| files.iter().filter(|f| f.path.to_str().unwrap().ends_with(ending)).count();
    assert_eq!((count(".svg"), count(".hlog"), count(".hgrm")), (7, 16, 16));
    assert_eq!((count(".json"), count(".csv"), count(".md"), count(".html")), (1, 1, 1, 1));
    if let Ok(folder) = std::env::var("COLDSTART_LOOK") {
        for file in render(&synthetic::four(20)).unwrap() {
            let path = std::path::Path::new(&folder).join("run").join(file.path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, file.bytes).unwrap();
        }
    }
}

#[test]
fn rendering_twice_gives_the_same_bytes() {
    let run = synthetic::four(2);
    assert!(render(&run).unwrap() == render(&run).unwrap());
}

#[test]
fn an_empty_run_and_a_run_of_failures_have_reports() {
    let mut run = synthetic::four(2);
    for sample in &mut run.samples {
        sample.outcome = Outcome::EngineError { cause: "no space left".into() };
    }
    let files = render(&run).unwrap();
    assert!(text(&files, "report.md").contains("no space left"));
    assert!(
        !files.iter().any(|f| f.path.starts_with("charts") || f.path.starts_with("histograms"))
    );

    run.samples.clear();
    run.record.complete = false;
    run.record.stopped = Some("interrupted".into());
    let files = render(&run).unwrap();
    assert!(text(&files, "report.md").contains("No cold start was measured"));
    assert!(text(&files, "report.html").contains("interrupted"));
}

/// Every form of a report that is text.
fn texts_of(run: &Run) -> String {
    let files = render(run).unwrap();
    let mut all = String::new();
    for file in &files {
        let binary = ["png", "hlog"].iter().any(|e| file.path.extension().is_some_and(|x| x == *e));
        if !binary {
            all += &format!(
                "{}:\n{}\n",
                file.path.display(),
                text(&files, file.path.to_str().unwrap())
            );
        }
    }
    let analysis = Analysis::of(run);
    all += &super::text(&analysis, &Look::default());
    all + &readme::block(&analysis)
}

#[test]
fn of_starts_that_take_no_time_or_nearly_none_no_form_says_nan_or_inf() {
    let set = |run: &mut Run, ns: fn(usize, &Sample) -> Option<u64>| {
        for (i, sample) in run.samples.iter_mut().enumerate() {
            let at = sample.marks.get(crate::sample::Mark::Intended).unwrap();
            if let Some(ns) = ns(i, sample) {
                sample.marks.set(crate::sample::Mark::Responded, at + ns);
            }
        }
    };
    let cases: [fn(usize, &Sample) -> Option<u64>; 5] = [
        |_, _| Some(0),
        |i, _| (i % 7 > 0).then_some(0),
        |_, s| (s.cell.step == "call" || s.round == 1).then_some(0),
        |_, s| (s.cell.temperature == crate::sample::Temperature::Warm).then_some(0),
        |_, s| (s.cell.function == "node" && s.round > 1).then_some(0),
    ];
    let with = |run| controls::with_controls(run, 1.0);
    for (number, ns) in cases.into_iter().enumerate() {
        for mut run in [with(synthetic::run(&synthetic::FOUR[1..3], 4)), controls::parallel(4)] {
            set(&mut run, ns);
            let all = texts_of(&run);
            for wrong in ["NaN", "inf", "-0 ", "-0.0 "] {
                let alone = |(at, _): &(usize, &str)| {
                    let c = |c: Option<char>| c.is_none_or(|c| !c.is_ascii_alphanumeric());
                    c(all[..*at].chars().next_back()) && c(all[at + wrong.len()..].chars().next())
                };
                if let Some((at, _)) = all.match_indices(wrong).find(alone) {
                    let from = all[..at].rfind('\n').unwrap_or(0);
                    panic!("case {number}: `{wrong}` in {}", &all[from..at + 20]);
                }
            }
        }
    }
}

#[test]
fn of_a_long_cause_the_end_where_the_last_words_are_is_on_every_page() {
    let mut run = synthetic::four(3);
    let calls = "File app.py, line 6, in a ".repeat(80);
    let cause = format!("exited with code 1: it wrote: {calls}ValueError: no table orders");
    run.samples[0].outcome = Outcome::Crashed { cause };
    let files = render(&run).unwrap();
    let table = super::text(&Analysis::of(&run), &Look::default());
    for page in [text(&files, "report.md"), text(&files, "report.html"), &table] {
        let page = page.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(page.contains("exited with code 1: it wrote"), "{page}");
        assert!(page.contains("ValueError: no table orders"), "{page}");
    }
}

#[test]
fn foreign_text_stays_text() {
    let hostile = "<script>alert(1)</script>|`*\u{1b}[2J\u{202e}";
    let mut run = synthetic::run(&[("../../<b>", 150.0, 5.0, 0.3)], 3);
    run.record.host.cpu = hostile.into();
    run.record.warnings.push(hostile.into());
    run.record.command = hostile.into();
    run.samples[0].outcome = Outcome::Crashed { cause: format!("{hostile}\n# heading\n") };
    for sample in &mut run.samples {
        sample.cell.pattern = format!("=HYPERLINK(\"x\"){hostile}");
    }
    let files = render(&run).unwrap();
    let page = text(&files, "report.html");
    assert!(!page.contains("<script>alert") && !page.contains("<b>bridge"), "{page}");
    for file in ["report.html", "report.md"] {
        assert!(!text(&files, file).contains(['\u{1b}', '\u{202e}']), "{file}");
    }
    let sheet = text(&files, "summary.csv");
    assert!(!sheet.contains(['\u{1b}', '\u{202e}']), "{sheet}");
    assert!(sheet.contains("'=HYPERLINK") && !sheet.contains(",\"=HYPERLINK"), "{sheet}");
    let markdown = text(&files, "report.md");
    assert!(!markdown.contains("\n# heading"), "{markdown}");
    assert!(!markdown.lines().any(|l| l.starts_with('|') && l.contains("<b>")), "{markdown}");
    let analysis = Analysis::of(&run);
    assert!(!super::text(&analysis, &Look::default()).contains(['\u{1b}', '\u{202e}']));
    assert!(!readme::block(&analysis).contains("](../"));
    assert!(files.iter().all(|f| !f.path.to_str().unwrap().contains("..")));
}

#[test]
fn simulated_figures_say_so_everywhere() {
    let mut run = synthetic::four(3);
    run.record.engine.kind = "fake".into();
    let files = render(&run).unwrap();
    assert!(text(&files, "report.md").starts_with("# SIMULATED: "));
    assert!(text(&files, "report.html").contains("<title>SIMULATED: "));
    assert!(text(&files, "report.html").contains("<h1>SIMULATED: "));
    let svgs = files.iter().filter(|f| f.path.extension().is_some_and(|e| e == "svg"));
    for svg in svgs {
        let drawn = String::from_utf8(svg.bytes.clone()).unwrap();
        assert!(drawn.matches("SIMULATED").count() >= 2, "{:?}", svg.path);
    }
    let analysis = Analysis::of(&run);
    assert!(super::text(&analysis, &Look::default()).starts_with("SIMULATED: "));
    assert!(readme::block(&analysis).starts_with("SIMULATED: "));
    assert!(text(&files, "summary.json").contains("\"simulated\": true"));
}

#[test]
fn the_front_page_block() {
    let run = synthetic::four(20);
    insta::assert_snapshot!(readme::block(&Analysis::of(&run)));
}

#[test]
fn the_markdown_report() {
    let run = synthetic::run(&synthetic::FOUR[..2], 3);
    insta::assert_snapshot!(text(&render(&run).unwrap(), "report.md"));
}

#[test]
fn a_long_name_makes_a_file_name_that_can_be() {
    let run = synthetic::four(3);
    let cell = |name: String| Cell { function: name, ..run.samples[0].cell.clone() };
    let [one, two] = ["a", "b"].map(|end| file_name(&run, &cell("../x".repeat(80) + end)));
    assert!(one.len() <= LONGEST_FILE_NAME && !one.contains(['/', '.']), "{one}");
    assert_ne!(one, two, "names that differ at their end alone");
}

#[test]
#[ignore = "takes seconds; run it with --release"]
fn a_large_run() {
    let run = synthetic::four(900);
    let started = std::time::Instant::now();
    let files = render(&run).unwrap();
    let bytes: usize = files.iter().map(|f| f.bytes.len()).sum();
    let page = text(&files, "report.html").len();
    let took = started.elapsed();
    eprintln!("{} rows, {bytes} bytes, page {page}, {took:?}", run.samples.len());
    assert!(page < 5 << 20, "a page of {page} bytes");
}
