//! Every form of a comparison, of comparisons of every kind.

use super::*;

mod adding;
mod budgets;
mod forms;
mod hostile;
mod numbers;
mod page;
pub(crate) mod synthetic;

fn text(comparison: &Comparison) -> String {
    super::text(comparison, &Look::default())
}

fn file(files: &[Artifact], path: &str) -> String {
    let file = files.iter().find(|f| f.path.to_str() == Some(path)).unwrap();
    String::from_utf8(file.bytes.clone()).unwrap()
}

#[test]
fn rendering_twice_gives_the_same_bytes() {
    for (name, c) in synthetic::all() {
        assert!(files(&c).unwrap() == files(&c).unwrap(), "{name}");
        assert!(text(&c) == text(&c) && annotations(&c) == annotations(&c), "{name}");
    }
}

#[test]
fn every_comparison_has_all_its_files() {
    for (name, c) in synthetic::all() {
        let files = files(&c).unwrap();
        let names: Vec<_> = files.iter().map(|f| f.path.to_str().unwrap()).collect();
        let all = ["compare.json", "compare.md", "compare.xml", "compare.bmf.json"];
        assert_eq!(names[..4], all, "{name}");
        assert_eq!(names[4..], ["compare.benchmark.json"], "{name}");
        if let Ok(folder) = std::env::var("COLDSTART_LOOK") {
            let folder = std::path::Path::new(&folder).join("compare").join(name);
            std::fs::create_dir_all(&folder).unwrap();
            for file in files.into_iter().chain(pictured(&c).unwrap()) {
                let path = folder.join(file.path);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, file.bytes).unwrap();
            }
            std::fs::write(folder.join("text"), text(&c)).unwrap();
            std::fs::write(folder.join("annotations"), annotations(&c).join("\n")).unwrap();
        }
    }
}

#[test]
fn the_answer_comes_first() {
    let starts = |c: &Comparison, sentence: &str| {
        let flat = text(c).replace("\n  ", " ");
        // After the title and what must not be missed.
        let (_, flat) = flat.split_once("\n\n").unwrap();
        assert!(flat.starts_with(sentence), "{flat}");
    };
    starts(&synthetic::regressed(), "Cold starts got slower: python +26 ms (+11.8 %), in init.");
    starts(
        &synthetic::passed(),
        "No cold start got slower by more than its margin (4 cells; smallest detectable \
         change: +8 % to +12 %).",
    );
    starts(&synthetic::advisory(), "SIMULATED: ADVISORY: Cold starts got slower: python");
    starts(&synthetic::missing(), "Nothing that was compared got worse, but 1 cell is gone.");
    starts(
        &synthetic::invalid(),
        "Nothing can be said: head is invalid: the calibration's slope in the process is 1.0400, \
         more than 1 % from 1.",
    );
    starts(
        &synthetic::inconclusive(),
        "No cold start is proved slower by more than its margin, but 1 of 4 rows cannot exclude \
         it: node bridge start/first cold, total: no alarm before others were measured again.",
    );
    starts(&synthetic::failing(), "Cold starts fail more often: jvm failed in 20 of 29 rounds.");
    starts(&synthetic::many("f"), "Cold starts got slower: f099 bridge start/first cold +40 ms");
}

#[test]
fn simulated_and_advisory_say_so_everywhere() {
    let c = synthetic::advisory();
    let files = files(&c).unwrap();
    let page = file(&files, "compare.md");
    assert!(page.contains("\n## SIMULATED: ADVISORY: "), "{page}");
    assert!(page.contains("**ADVISORY: this does not fail the build; the reasons are below.**"));
    assert!(
        text(&c).contains("does not fail the build\n  processor: Example in base"),
        "{}",
        text(&c)
    );
    let xml = file(&files, "compare.xml");
    assert!(xml.contains("failures=\"0\" errors=\"0\"") && xml.contains("SIMULATED: "), "{xml}");
    assert!(annotations(&c).iter().all(|a| a.starts_with("::warning title=SIMULATED%3A ")));
    assert!(file(&files, "compare.bmf.json").contains("\"SIMULATED: python bridge start/first\""));
    assert!(file(&files, "compare.benchmark.json").contains("\"SIMULATED: python"));
    assert!(file(&files, "compare.json").contains("\"binding\": false"));
}

#[test]
fn conditions_are_told_where_they_tell_apart() {
    let mut c = synthetic::of(vec![synthetic::row("a", 9.0, 1.0), synthetic::row("a", 9.0, 1.0)]);
    let names = |c: &Comparison| {
        let names = crate::report::build::comparison::names::Names::of(c);
        c.rows.iter().map(|r| names.row(r)).collect::<Vec<_>>()
    };
    assert_eq!(names(&c)[0], "a bridge start/first cold, total");
    c.rows[1].cell.as_mut().unwrap().factors.runtime = Some("crun".into());
    c.rows[1].cell.as_mut().unwrap().factors.log_driver = Some("none".into());
    assert_eq!(names(&c)[0], "a bridge, runc, log json-file start/first cold, total");
    assert_eq!(names(&c)[1], "a bridge, crun, log none start/first cold, total");
}
