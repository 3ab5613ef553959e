//! The documents: every link leads somewhere, and every decision that is cited exists.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use coldstart::explain::Explanation;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Files below a folder whose names end so; neither what was built nor what was measured.
fn files(folder: &Path, ends: &[&str], found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if !["target", ".git", "node_modules", "kept"].contains(&name.as_str()) {
                files(&path, ends, found);
            }
        } else if ends.iter().any(|end| name.ends_with(end)) {
            found.push(path);
        }
    }
}

/// The pages that people write: those of results are made by the program.
fn pages() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for folder in [".github", "functions", "harness"] {
        files(&root().join(folder), &[".md"], &mut found);
    }
    found.extend([root().join("README.md"), root().join("results/README.md")]);
    found.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

/// The anchors of a page's headings, as forges make them.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let anchor = |line: &str| {
        let kept = line.trim_matches(['#', ' ']).to_lowercase();
        let kept = kept.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        kept.collect::<String>().replace(' ', "-")
    };
    headings.map(anchor).collect()
}

/// Why a link of a page leads nowhere.
fn broken(page: &Path, text: &str, link: &str) -> Option<String> {
    if link.starts_with("http") {
        return None;
    }
    let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
    let path = page.parent().unwrap().join(file);
    if !file.is_empty() && !path.exists() {
        return Some("there is no such file".to_owned());
    }
    let text = if file.is_empty() {
        text.to_owned()
    } else {
        fs::read_to_string(path).unwrap_or_default()
    };
    let known = anchor.is_empty() || anchors(&text).contains(anchor);
    (!known).then(|| "there is no such heading".to_owned())
}

#[test]
fn every_link_between_documents_leads_somewhere() {
    let mut wrong = Vec::new();
    let pages = pages();
    for (page, text) in &pages {
        for rest in text.split("](").skip(1) {
            let link = rest.split(')').next().unwrap();
            if let Some(why) = broken(page, text, link) {
                wrong.push(format!("{}: {link}: {why}", page.display()));
            }
        }
    }
    assert!(pages.len() > 60 && wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_document_that_code_names_exists() {
    let mut found = Vec::new();
    for folder in ["harness", "functions", "benches", ".github", ".ci"] {
        files(&root().join(folder), &[".rs", ".toml", ".yml", ".py", "run", "archive"], &mut found);
    }
    for path in found {
        let text = fs::read_to_string(&path).unwrap();
        for word in text.split(|c: char| c.is_whitespace() || "`,;:()\"'".contains(c)) {
            let word = word.trim_end_matches('.');
            let named = ["harness/", "functions/", "results/"].iter().any(|f| word.starts_with(f));
            if named && word.ends_with(".md") && !word.contains(['*', '{']) {
                assert!(root().join(word).is_file(), "{}: there is no {word}", path.display());
            }
        }
    }
}

/// The decisions by number, with their text.
fn decisions() -> Vec<(String, String)> {
    let folder = root().join("harness/docs/decisions");
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name != "README.md" {
            all.push((name, fs::read_to_string(path).unwrap()));
        }
    }
    all.sort();
    all
}

#[test]
fn decisions_are_numbered_without_gaps_and_have_all_their_parts() {
    let index = fs::read_to_string(root().join("harness/docs/decisions/README.md")).unwrap();
    for (at, (name, text)) in decisions().iter().enumerate() {
        let number = format!("{:04}", at + 1);
        assert!(name.starts_with(&number), "{name} where {number} was expected");
        let title = text.lines().next().unwrap().trim_start_matches("# ").replacen(". ", "", 1);
        let title = title.strip_prefix(&number).unwrap();
        assert!(index.contains(&format!("- [{number}]({name}) {title}\n")), "{name} in the list");
        for part in [
            "\nDate: 20",
            "\n## Context\n",
            "\n## Decision\n",
            "\n## Refused\n",
            "\n## Consequences\n",
        ] {
            assert!(text.contains(part), "{name} lacks {part:?}");
        }
    }
}

#[test]
fn every_decision_that_code_cites_exists() {
    let mut sources = Vec::new();
    files(&root().join("harness"), &[".rs"], &mut sources);
    files(&root().join("benches"), &[".rs"], &mut sources);
    let last = decisions().len();
    let cite = ["decision", " 0"].concat();
    let mut cited = 0;
    for path in sources {
        let text = fs::read_to_string(&path).unwrap();
        for rest in text.split(&cite).skip(1) {
            let number: usize = rest.get(..3).and_then(|n| n.parse().ok()).unwrap_or(0);
            assert!((1..=last).contains(&number), "{}: 0{rest:.3}", path.display());
            cited += 1;
        }
    }
    assert!(cited > 0, "is this test blind?");
}

/// A recipe or a map that names a file that is gone leads nowhere. Decisions may: they are of
/// their time.
#[test]
fn every_source_that_a_document_names_exists() {
    let mut named = 0;
    for (page, text) in
        pages().iter().filter(|(page, _)| !page.parent().unwrap().ends_with("decisions"))
    {
        for word in text.split('`').skip(1).step_by(2) {
            let is_source = [".rs", ".toml"].iter().any(|end| word.ends_with(end));
            let is_path = word.contains('/') && !word.contains(char::is_whitespace);
            if is_source && is_path && !word.contains("NAME") {
                let folders = [root().join("harness"), root().to_owned()];
                let exists = folders.iter().any(|folder| folder.join(word).is_file());
                assert!(exists, "{}: there is no {word}", page.display());
                named += 1;
            }
        }
    }
    assert!(named > 40, "is this test blind? {named}");
}

/// The table of `EXPLAINED.md`, from what was measured.
#[test]
fn what_explained_samples_came_to_is_what_is_kept_of_them() {
    let page = fs::read_to_string(root().join("harness/docs/EXPLAINED.md")).unwrap();
    let rows: Vec<&str> = page.lines().filter(|line| line.contains("ms [")).collect();
    let samples: [(&str, &[&str]); 4] = [
        ("cars", &["boto3"]),
        ("items-sdk", &["@aws-sdk/client-dynamodb", "@aws-sdk/lib-dynamodb", "moment"]),
        ("items-express", &["express"]),
        ("order", &["jackson-databind-2.17.0.jar"]),
    ];
    assert_eq!(rows.len(), samples.len());
    for ((folder, packages), row) in samples.into_iter().zip(rows) {
        let file = root().join("results/samples").join(folder).join("explain.json");
        let found: Explanation = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
        let function = &found.functions[0];
        let tree = function.modules.as_ref().unwrap();
        let loads = tree.packages.iter().filter(|of| packages.contains(&of.package.as_str()));
        let attributed = loads.map(|of| of.cumulative).sum::<u64>() as f64 / 1e6;
        let own = tree.own_part as f64 / 1e6;
        let change = function.difference.as_ref().unwrap().change.as_ref().unwrap();
        let (low, high) = change.interval.unwrap();
        let (gained, low, high) = (change.value / 1e6, low / 1e6, high / 1e6);
        let (share, ratio) = (attributed / own * 100.0, attributed / gained);
        let cells = format!(
            "| {attributed:.0} ms | {share:.0} % of {own:.0} | {gained:.0} ms [{low:.0}, {high:.0}] | \
             {ratio:.2} |"
        );
        assert!(row.ends_with(&cells), "{folder}: {cells} is not in {row}");
    }
}
