//! `fleet`, as far as it goes without machines: what nodes have printed, made one run.
//! `tests/fleet` has a Swarm.

use coldstart::fleet::parcel::{FILES, Files, of_failure, of_files};
use coldstart::store;

use super::*;

/// What a node prints that measured a simulated run.
fn printed(home: &Path, name: &str, more: &[&str]) -> String {
    let folder = home.join(format!("{name}.run"));
    assert_eq!(simulate(&folder, more).status.code(), Some(0));
    let read = |file: &&str| Some(((*file).to_owned(), fs::read(folder.join(file)).ok()?));
    let files: Files = FILES.iter().filter_map(read).collect();
    format!("the kernel says hello\n{}", of_files(&files))
}

/// Collects what was printed; its status and all that it said.
fn collect(home: &Path, nodes: &[(&str, String)]) -> (Option<i32>, String) {
    let out = home.join("fleet").display().to_string();
    let mut args = vec!["fleet".to_owned(), "collect".to_owned(), "--out".to_owned(), out];
    for (name, text) in nodes {
        let file = home.join(format!("{name}.log"));
        fs::write(&file, text).unwrap();
        args.push(format!("{name}={}", file.display()));
    }
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let output = coldstart(&args).output().unwrap();
    (output.status.code(), out_and_err(&output))
}

fn out_and_err(output: &Output) -> String {
    out(output) + &err(output)
}

/// The folder of a fleet of two, the second of which failed.
pub(super) fn of_two(home: &Path) -> std::path::PathBuf {
    let nodes = [("a", printed(home, "a", &[])), ("b", of_failure("no engine"))];
    assert_eq!(collect(home, &nodes).0, Some(4));
    home.join("fleet")
}

#[test]
fn two_nodes_are_one_run_with_the_node_as_a_factor() {
    let home = tempfile::tempdir().unwrap();
    let nodes = [("a", printed(home.path(), "a", &[])), ("b", printed(home.path(), "b", &[]))];
    let (status, told) = collect(home.path(), &nodes);
    assert_eq!(status, Some(0), "{told}");
    let folder = home.path().join("fleet");
    let run = store::open(&folder).unwrap();
    let (one, two) = (&run.nodes[0].run, &run.nodes[1].run);
    let rows = |of: &Option<store::Run>| of.as_ref().unwrap().samples.len();
    assert_eq!(run.samples.len(), rows(one) + rows(two));
    assert!(run.samples.iter().all(|s| s.cell.factors.node.is_some()));
    assert!(run.record.complete && run.record.fleet.iter().all(|node| node.failed.is_none()));
    let page = fs::read_to_string(folder.join("report.md")).unwrap();
    assert!(page.contains("## Nodes") && page.contains("against the first node"), "{page}");
    for control in ["null process, a", "null process, b", "process, a", "process, b"] {
        assert!(page.contains(&format!("**{control}**")), "{control}: {page}");
    }
    assert!(page.contains("python (bridge, a)") && page.contains("python (bridge, b)"), "{page}");
    // Made again from the rows of its nodes, the same.
    let shown = folder.display().to_string();
    typed(&["report", &shown], 0);
    assert_eq!(fs::read_to_string(folder.join("report.md")).unwrap(), page);
    let (again, other) = (coldstart(&["run", "--continue", &shown]).output().unwrap(), &shown);
    assert_eq!(again.status.code(), Some(2));
    assert!(err(&again).contains("is of a fleet") && err(&again).contains(other.as_str()));
}

#[test]
fn a_node_that_failed_is_named_and_the_others_are_kept() {
    let home = tempfile::tempdir().unwrap();
    let whole = printed(home.path(), "a", &[]);
    let half = whole[..whole.len() / 2].rfind('\n').map_or("", |end| &whole[..=end]).to_owned();
    let other = printed(home.path(), "d", &["--functions", "rust"]);
    let nodes = [("a", whole), ("b", of_failure("no engine")), ("c", half), ("d", other)];
    let (status, told) = collect(home.path(), &nodes);
    assert_eq!(status, Some(4), "{told}");
    assert!(told.contains("3 of 4 nodes"), "{told}");
    let run = store::open(&home.path().join("fleet")).unwrap();
    let failed: Vec<Option<&str>> =
        run.record.fleet.iter().map(|node| node.failed.as_deref()).collect();
    assert_eq!((failed[0], failed[1]), (None, Some("no engine")));
    assert!(failed[2].unwrap().contains("did not come"), "{failed:?}");
    assert!(failed[3].unwrap().contains("another plan"), "{failed:?}");
    assert!(!run.record.complete && run.nodes[3].run.is_none());
    let page = fs::read_to_string(home.path().join("fleet/report.md")).unwrap();
    assert!(page.contains("INCOMPLETE") && page.contains("no engine"), "{page}");
    // What was planned is the same of each, whatever became of it.
    let each = run.nodes[0].run.as_ref().unwrap().record.counts.planned;
    assert!(each > 0 && run.record.fleet.iter().all(|node| node.planned == Some(each)));
    let (rows, planned) = (run.samples.len(), run.record.counts.planned);
    assert_eq!(planned, 4 * each);
    let banner = format!("{rows} of {planned} planned invocations, 3 of 4 nodes not measured");
    assert!(page.contains(&banner) && told.contains(&banner), "{page}\n{told}");
    assert!(page.contains(&format!("0 of {each}")), "{page}");
    let folder = home.path().join("fleet").display().to_string();
    let compared = home.path().join("compared").display().to_string();
    typed(&["compare", &folder, &folder, "--out", &compared], 0);
    let read = |file: &str| fs::read_to_string(Path::new(&compared).join(file)).unwrap();
    assert!(read("compare.md").contains(&banner), "{}", read("compare.md"));
    let json: serde_json::Value = serde_json::from_str(&read("compare.json")).unwrap();
    assert_eq!(json["head"]["shortfall"]["planned"], planned);
    assert!(json["head"]["shortfall"]["stopped"].as_str().unwrap().contains("b: no engine"));
}

#[test]
fn a_node_that_ended_early_has_its_whole_plan_counted() {
    let home = tempfile::tempdir().unwrap();
    let nodes = [("a", printed(home.path(), "a", &[])), ("b", cut_short(home.path()))];
    let (status, told) = collect(home.path(), &nodes);
    assert_eq!(status, Some(4), "{told}");
    let run = store::open(&home.path().join("fleet")).unwrap();
    let [one, two] = [0, 1].map(|at: usize| run.record.fleet[at].planned.unwrap());
    assert!(one == two && run.record.counts.planned == 2 * one);
    assert!((run.samples.len() as u64) < 2 * one && run.nodes[1].run.is_some());
    let banner = format!("{} of {} planned invocations, 1 of 2 nodes", run.samples.len(), 2 * one);
    assert!(told.contains(&banner) && told.contains("b: interrupted"), "{told}");
}

/// What a node prints whose run was interrupted after its first trials.
fn cut_short(home: &Path) -> String {
    let folder = home.join("b.run");
    assert_eq!(simulate(&folder, &[]).status.code(), Some(0));
    let read = |file: &str| fs::read_to_string(folder.join(file)).unwrap();
    let mut record: serde_json::Value = serde_json::from_str(&read("run.json")).unwrap();
    (record["complete"], record["stopped"]) = (false.into(), "interrupted".into());
    let trial = |line: &&str| {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        row["trial"].as_u64().unwrap() <= 3
    };
    let first = |file: &str| read(file).lines().filter(trial).map(|l| format!("{l}\n")).collect();
    let files: [(&str, String); 3] = [
        ("run.json", record.to_string()),
        ("samples.jsonl", first("samples.jsonl")),
        ("trials.jsonl", first("trials.jsonl")),
    ];
    let files: Files = files.map(|(name, text)| (name.to_owned(), text.into_bytes())).into();
    of_failure("interrupted") + &of_files(&files)
}

#[test]
fn a_fleet_of_nothing_and_names_that_lead_elsewhere_are_refused() {
    let home = tempfile::tempdir().unwrap();
    let (status, told) = collect(home.path(), &[("a", of_failure("no engine"))]);
    assert_eq!(status, Some(4));
    assert!(told.contains("no node measured anything: a: no engine"), "{told}");
    assert!(!home.path().join("fleet").exists());
    assert_eq!(coldstart(&["fleet", "collect", "../a=x"]).output().unwrap().status.code(), Some(2));
    let simulated = ["fleet", "run", "quick", "--engine", "fake", "--swarm"];
    let refused = coldstart(&simulated).output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
    assert!(err(&refused).contains("simulated"), "{}", err(&refused));
    let alone = coldstart(&["run", "quick", "--engine", "fake", "--nodes", "a"]).output().unwrap();
    assert_eq!(alone.status.code(), Some(2));
    assert!(err(&alone).contains("coldstart fleet run"), "{}", err(&alone));
}

#[test]
fn an_image_is_made_of_a_static_program_without_an_engine() {
    let home = tempfile::tempdir().unwrap();
    let archive = home.path().join("image.tar").display().to_string();
    // The tests' own program is linked dynamically.
    let refused = coldstart(&["image", "--out", &archive]).output().unwrap();
    assert_eq!(refused.status.code(), Some(4), "{}", err(&refused));
    assert!(err(&refused).contains("linked dynamically"), "{}", err(&refused));
    assert!(!Path::new(&archive).exists());
    let mut program = vec![0_u8; 64];
    program[..6].copy_from_slice(b"\x7fELF\x02\x01");
    program[18] = 62;
    let file = home.path().join("program");
    fs::write(&file, program).unwrap();
    let file = file.display().to_string();
    let id = typed(&["image", "--program", &file, "--out", &archive], 0);
    assert!(id.starts_with("sha256:") && Path::new(&archive).exists(), "{id}");
    assert_eq!(
        coldstart(&["image", "--program", &file, "--out", &archive])
            .output()
            .unwrap()
            .status
            .code(),
        Some(4)
    );
}
