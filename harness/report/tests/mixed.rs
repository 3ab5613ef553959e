//! A run of functions that ask beside one that listens, and replies that are streamed: what
//! its pages say.

use super::*;
use crate::sample::{Mark, Readiness, ReadinessSource};
use crate::spec::function::{AdapterKind, HttpRequest, ReplyCheck};

/// Of two functions the second listens, and proves nothing.
fn mixed() -> Run {
    let mut run = synthetic::run(&synthetic::FOUR[..2], 20);
    run.record.scenario.listening = true;
    let listens = &mut run.record.functions[1];
    listens.reply = ReplyCheck::Any;
    listens.http = Some(HttpRequest { path: "/health".into(), ..HttpRequest::default() });
    let name = listens.name.clone();
    let readiness = Readiness { source: ReadinessSource::Kernel, resolution_ns: 0, not_yet: 0 };
    for sample in run.samples.iter_mut().filter(|sample| sample.cell.function == name) {
        sample.cell.adapter = AdapterKind::Http;
        let Some(ready) = sample.marks.get(Mark::Ready) else { continue };
        sample.marks.clear(Mark::Ready);
        sample.marks.clear(Mark::Main);
        sample.marks.set(Mark::Listening, ready);
        sample.readiness = Some(readiness);
    }
    run
}

#[test]
fn a_run_of_both_adapters_says_of_each_what_holds_of_it() {
    let run = mixed();
    let files = render(&run).unwrap();
    let name = &run.record.functions[1].name;
    for page in ["report.md", "report.html"] {
        let page = text(&files, page);
        let alone = format!("verified but for {name}: temperature by container alone");
        assert!(page.contains(&alone), "{page}");
        assert!(page.contains("that listen: ready by the kernel"), "{page}");
        // What it cannot tell apart is merged, for it alone.
        assert!(page.contains("engine+boot+init") && page.contains("engine+boot "), "{page}");
    }
    let summary: serde_json::Value = serde_json::from_str(text(&files, "summary.json")).unwrap();
    let row = |function: &str| {
        let rows = summary["rows"].as_array().unwrap();
        rows.iter().find(|row| row["function"] == function).cloned().unwrap()
    };
    assert_eq!(row(name)["adapter"], "http");
    assert_eq!(row(&run.record.functions[0].name)["adapter"], "runtime-api");
    if let Ok(folder) = std::env::var("COLDSTART_LOOK") {
        for file in files {
            let path = std::path::Path::new(&folder).join("mixed").join(file.path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, file.bytes).unwrap();
        }
    }
}

#[test]
fn the_first_byte_of_streamed_replies_is_a_figure_where_there_are_any() {
    let mut run = mixed();
    let of = |run: &Run| {
        let files = render(run).unwrap();
        let all = ["summary.json", "summary.csv", "report.md", "report.html"];
        all.map(|name| text(&files, name).to_owned())
    };
    for form in of(&run) {
        assert!(!form.contains("first_byte") && !form.contains("first byte"), "{form}");
    }
    let name = run.record.functions[0].name.clone();
    for sample in run.samples.iter_mut().filter(|sample| sample.cell.function == name) {
        let [from, to] = [Mark::Intended, Mark::Responded].map(|m| sample.marks.get(m).unwrap());
        sample.marks.set(Mark::FirstByte, from + (to - from) / 2);
    }
    let [json, csv, markdown, html] = of(&run);
    let summary: serde_json::Value = serde_json::from_str(&json).unwrap();
    let rows = summary["rows"].as_array().unwrap();
    let median = |phase: &str| {
        let is_it = |row: &&serde_json::Value| row["phase"] == phase && row["function"] == *name;
        rows.iter().find(is_it).unwrap()["p50"].as_f64().unwrap()
    };
    assert!((median("latency") / median("first_byte") - 2.0).abs() < 0.01);
    assert!(csv.contains(",first_byte,"), "{csv}");
    for page in [markdown, html] {
        assert!(page.contains("first byte"), "{page}");
        assert!(page.contains("first byte: of streamed replies, the median"), "{page}");
    }
}
