//! `harness/docs/FORMAT.md`: every field that is written is documented there, and every
//! field that is documented there exists.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::gate::Gate;
use super::*;

/// The fields of a section by name, with the type that each is said to have.
type Fields = BTreeMap<String, String>;

/// The sections of the page by their headings' anchors, those that have fields.
fn sections() -> BTreeMap<String, Fields> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("harness/docs/FORMAT.md");
    let page = fs::read_to_string(page).unwrap();
    let mut all = BTreeMap::new();
    for section in page.split("\n#").skip(1) {
        let (heading, body) = section.split_once('\n').unwrap();
        let Some((_, table)) = body.split_once("| field | type | meaning |\n|---|---|---|\n")
        else {
            continue;
        };
        let fields = table.lines().take_while(|line| line.starts_with("| `")).map(|line| {
            let mut cells = line.trim_matches('|').split(" | ").map(str::trim);
            let name = cells.next().unwrap().trim_matches('`').to_owned();
            (name, cells.next().unwrap().to_owned())
        });
        let anchor = heading.trim_matches(['#', ' ']).to_lowercase().replace(' ', "-");
        let before = all.insert(anchor.replace('.', ""), fields.collect::<Fields>());
        assert!(before.is_none(), "two sections are called `{heading}`");
    }
    all
}

/// The section that a type links to.
fn section_of(kind: &str) -> Option<&str> {
    kind.split_once("](#").map(|(_, rest)| rest.split(')').next().unwrap())
}

/// What was found on the way through what was written.
#[derive(Default)]
struct Found {
    sections: BTreeMap<String, Fields>,
    seen: BTreeSet<(String, String)>,
    wrong: BTreeSet<String>,
}

impl Found {
    /// Compares an object with the section that describes it.
    fn object(&mut self, section: &str, object: &Value) {
        let Value::Object(fields) = object else {
            self.wrong.insert(format!("{section}: {object} is no object"));
            return;
        };
        for (name, value) in fields {
            let kind = self.sections.get(section).and_then(|fields| fields.get(name)).cloned();
            let Some(kind) = kind else {
                self.wrong.insert(format!("{section}: `{name}` is not documented"));
                continue;
            };
            self.seen.insert((section.to_owned(), name.clone()));
            self.value(&format!("{section}: `{name}`"), &kind, value);
        }
    }

    fn value(&mut self, at: &str, kind: &str, value: &Value) {
        let (begin, within) = (kind.split(' ').next().unwrap(), kind.get(8..).unwrap_or(""));
        match (begin, value) {
            (_, Value::Null) if kind.contains("null") => {}
            ("list", Value::Array(all)) => all.iter().for_each(|v| self.value(at, within, v)),
            ("map", Value::Object(all)) => {
                let within = kind.strip_prefix("map of ").unwrap();
                all.values().for_each(|v| self.value(at, within, v));
            }
            _ if section_of(kind).is_some() => {
                let section = section_of(kind).unwrap().to_owned();
                self.object(&section, value);
            }
            ("integer" | "number", Value::Number(_)) => {}
            ("number,", Value::Number(_)) => {}
            ("integer,", Value::Number(_)) => {}
            ("boolean" | "boolean,", Value::Bool(_)) => {}
            ("string" | "string,", Value::String(_)) => {}
            (_, Value::String(text)) if kind.contains(&format!("`{text}`")) => {}
            _ => {
                self.wrong.insert(format!("{at} is {value}, and not {kind}"));
            }
        }
    }

    fn file(&mut self, folder: &Path, name: &str) {
        let text = fs::read_to_string(folder.join(name)).unwrap();
        let section = name.replace('.', "");
        let each: Vec<&str> =
            if name.ends_with('l') { text.lines().collect() } else { vec![&text] };
        for text in each {
            self.object(&section, &serde_json::from_str(text).unwrap());
        }
    }
}

/// All code of the harness, in lower case and without underscores: a field may be a variant
/// of an enum there.
fn code() -> String {
    fn collect(folder: &Path, all: &mut String) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && !["tests", "fuzz", "docs"].contains(&name.as_str()) {
                collect(&path, all);
            } else if name.ends_with(".rs") && name != "tests.rs" {
                all.push_str(&fs::read_to_string(&path).unwrap());
            }
        }
    }
    let mut all = String::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("harness"), &mut all);
    all.to_lowercase().replace('_', "")
}

#[test]
fn every_field_that_is_written_is_documented_and_every_documented_field_exists() {
    let mut found = Found { sections: sections(), ..Found::default() };
    let home = tempfile::tempdir().unwrap();
    for (name, flags) in [
        ("limits", ["--cpus", "0.5,1", "--functions", "rust,python"]),
        ("listening", ["--image", "web:1", "--http", "8080"]),
        ("throughput", ["--parallel", "2", "--functions", "rust"]),
        ("cost", ["--cost", "--cold", "2%", "--functions=rust,node"]),
        ("variants", ["--variants", "--functions", "python", "--no-controls"]),
        ("words", ["--verbose", "--no-controls", "--functions", "rust"]),
    ] {
        let folder = home.path().join(name);
        assert_eq!(simulate(&folder, &flags).status.code(), Some(0));
        for file in ["run.json", "samples.jsonl", "trials.jsonl", "summary.json"] {
            found.file(&folder, file);
        }
    }
    let fleet = super::fleet::of_two(home.path());
    for file in ["run.json", "summary.json"] {
        found.file(&fleet, file);
    }
    found.file(&home.path().join("cost"), "cost.json");
    let limited = home.path().join("limited");
    let scenario = home.path().join("budgets.toml");
    let budgets = "[gate.budgets.\"*\"]\ntotal = \"1s\"\n[[pattern]]";
    let text = include_str!("../../../benches/scenarios/gate.toml");
    fs::write(&scenario, text.replace("[[pattern]]", budgets)).unwrap();
    let (scenario, out) = (scenario.display().to_string(), limited.display().to_string());
    typed(&["run", &scenario, "--engine", "fake", "--rounds", "8", "--out", &out], 0);
    for file in ["run.json", "summary.json"] {
        found.file(&limited, file);
    }
    let gate = Gate::new(&["--rounds", "9", "--inject", "100ms"]);
    gate.ends(1, &[]);
    found.file(&gate.side("head"), "run.json");
    found.file(&gate.folder(), "compare.json");
    let folder = home.path().join("aa");
    let name = folder.display().to_string();
    let flags = ["--engine", "fake", "--runs", "2", "--rounds", "9", "--functions", "rust"];
    typed(&[&["aa", "--inject", "0ms,20ms", "--out", &name], &flags[..]].concat(), 0);
    found.file(&folder, "aa.json");

    let code = code();
    for (section, fields) in &found.sections {
        for name in fields.keys() {
            let known = found.seen.contains(&(section.clone(), name.clone()));
            if !known && !code.contains(&name.replace('_', "")) {
                found.wrong.insert(format!("{section}: there is no `{name}`"));
            }
        }
    }
    assert!(found.wrong.is_empty(), "FORMAT.md and the files differ: {:#?}", found.wrong);
    assert!(found.seen.len() > 150, "is this test blind? {}", found.seen.len());
}
