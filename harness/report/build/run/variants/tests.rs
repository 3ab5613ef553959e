use crate::analysis::Analysis;
use crate::compare::variants::tests::run;
use crate::report::look::Look;
use crate::store::{BuildRecord, Run};
use crate::{chart, report};

const ALL: [(&str, &str); 3] = [("f_like", "f"), ("f_quick", "f"), ("f_slow", "f")];

fn text(run: &Run) -> String {
    report::text(&Analysis::of(run), &Look::default())
}

/// What a page says between two headings.
fn section<'a>(text: &'a str, heading: &str, next: &str) -> &'a str {
    let (_, rest) = text.split_once(heading).unwrap();
    rest.split(next).next().unwrap()
}

fn file(run: &Run, name: &str) -> String {
    let files = report::render(&Analysis::of(run)).unwrap();
    let found = files.into_iter().find(|file| file.path.to_str() == Some(name));
    String::from_utf8(found.map(|file| file.bytes).unwrap_or_default()).unwrap()
}

fn built(mut run: Run) -> Run {
    let ms = [Some(2_000), Some(2_400), None, Some(9_000), None];
    for (record, ms) in run.record.functions.iter_mut().zip(ms) {
        record.build = ms.map(|ms| BuildRecord { ms, in_this_run: true });
    }
    run.record.functions[2].size += 12 << 20;
    run
}

#[test]
fn the_answer_and_the_page_say_what_each_variant_gains_and_costs() {
    let run = built(run(40, &ALL));
    let text = text(&run);
    let told = section(&text, "Variants: is it worth it here?", "\nCold starts");
    insta::assert_snapshot!(told);
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let answer = "Variants: f_quick answers cold 41 ms sooner than f (-19.8 %).";
    assert!(flat.contains(answer), "{flat}");
    assert!(file(&run, "report.md").contains("Variants: is it worth it here?"));
    assert!(file(&run, "report.html").contains("https://docs.example/another"));
}

#[test]
fn too_few_rounds_are_told_once() {
    let text = text(&run(3, &ALL));
    assert_eq!(text.matches("too few for any").count(), 1, "{text}");
}

#[test]
fn variants_are_in_the_files_for_programs_and_nothing_is_where_there_are_none() {
    let with = built(run(20, &ALL));
    let json: serde_json::Value = serde_json::from_str(&file(&with, "summary.json")).unwrap();
    let pairs = json["variants"].as_array().unwrap();
    assert_eq!(pairs.len(), 3);
    let quick = &pairs[1];
    assert_eq!((&quick["function"], &quick["variant"]), (&"f".into(), &"f_quick".into()));
    assert_eq!((&quick["verdict"], &quick["shown"]), (&"improved".into(), &"it is another".into()));
    assert_eq!(quick["function_build_ms"], 2_000);
    assert_eq!(quick["variant_build_ms"], serde_json::Value::Null);
    assert!(quick["rows"].as_array().unwrap().len() >= 4);
    let csv = file(&with, "variants.csv");
    let rows: usize = pairs.iter().map(|pair| pair["rows"].as_array().unwrap().len()).sum();
    assert_eq!(csv.lines().count(), rows + 1, "{csv}");
    let charts = |run: &Run| {
        let charts = chart::charts(run, &Analysis::of(run).summaries).unwrap();
        charts.into_iter().filter(|chart| chart.name == "variants").count()
    };
    assert_eq!(charts(&with), 1);
    let without = run(20, &[]);
    assert_eq!(charts(&without), 0);
    assert!(!file(&without, "summary.json").contains("variants"));
    assert!(file(&without, "variants.csv").is_empty());
    assert!(!file(&without, "report.md").contains("ariant"));
}

#[test]
fn hostile_names_and_sentences_of_variants_are_tamed_in_every_form() {
    let mut run = run(6, &ALL);
    for record in &mut run.record.functions {
        if let Some(variant) = &mut record.variant {
            variant.name = "<script>\u{1b}[2J".to_owned();
            variant.about = "=cmd()\u{202e}<img src=x>".to_owned();
            variant.link = Some("javascript:alert(1)//\u{1b}]0;".to_owned());
            variant.shown = Some("<b>\u{7}".to_owned());
        }
    }
    let page = file(&run, "report.html");
    assert!(!page.contains("<script>\u{fffd}") && !page.contains("<img src=x>"), "{page}");
    assert!(!page.contains("href=\"javascript"));
    for form in [text(&run), page, file(&run, "report.md"), file(&run, "summary.json")] {
        assert!(!form.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{form:?}");
    }
}
