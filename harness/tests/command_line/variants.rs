//! `run --variants`: functions beside their variants, on the simulated engine.

use serde_json::Value;

use super::*;

const FUNCTIONS: &str = r#"
[[function]]
name = "plain"
image = "plain:1"
memory = "64MiB"
timeout = "10s"
event = '{}'
env = { COLDSTART_INIT_SLEEP_MS = "500" }

[[function.variant]]
name = "quick"
about = "It sleeps less."
link = "https://docs.example/sleep"
env = { COLDSTART_INIT_SLEEP_MS = "1" }

[[function.variant]]
name = "slow"
about = "It sleeps more."
env = { COLDSTART_INIT_SLEEP_MS = "2000" }

[[function]]
name = "zebra"
image = "zebra:1"
memory = "64MiB"
timeout = "10s"
event = '{}'
"#;

/// A simulated run of the functions above.
fn run(home: &Path, more: &[&str]) -> Output {
    let file = home.join("functions.toml");
    fs::write(&file, FUNCTIONS).unwrap();
    let file = file.display().to_string();
    let flags = ["--functions-file", &file, "--no-controls", "--rounds", "20"];
    simulate(&home.join("run"), &[&flags[..], more].concat())
}

#[test]
fn functions_are_measured_beside_their_variants_and_the_answer_says_who_gains() {
    let home = tempfile::tempdir().unwrap();
    let output = run(home.path(), &["--variants"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let text = flat(&out(&output));
    assert!(text.contains("Variants: plain_quick answers cold"), "{text}");
    assert!(text.contains("faster: quick") && text.contains("slower: slow"), "{text}");
    let folder = home.path().join("run");
    let record = coldstart::store::open(&folder).unwrap().record;
    let names: Vec<&str> = record.functions.iter().map(|f| &*f.name).collect();
    assert_eq!(names, ["plain", "plain_quick", "plain_slow", "zebra"]);
    let positions: Vec<usize> = record.functions.iter().map(|f| f.position).collect();
    assert_eq!(positions, [0, 2, 3, 1]);
    assert_eq!(record.functions[1].variant.as_ref().unwrap().of, "plain");
    assert!(record.command.contains("--functions plain,plain_quick,plain_slow,zebra"));
    for file in ["variants.csv", "charts/variants.svg"] {
        assert!(folder.join(file).is_file(), "{file} is missing");
    }
    let summary = fs::read(folder.join("summary.json")).unwrap();
    let summary: Value = serde_json::from_slice(&summary).unwrap();
    assert_eq!(summary["variants"][0]["verdict"], "improved");
}

#[test]
fn what_variants_come_to_is_told_again_from_the_folder_alone() {
    let home = tempfile::tempdir().unwrap();
    let first = run(home.path(), &["--variants", "--functions", "plain"]);
    fs::remove_file(home.path().join("functions.toml")).unwrap();
    let folder = home.path().join("run").display().to_string();
    assert_eq!(typed(&["report", &folder], 0), out(&first));
    assert!(!out(&first).contains("zebra"), "{}", out(&first));
}

#[test]
fn a_variant_is_chosen_by_its_name_and_has_its_function_beside_it_where_that_is_wanted() {
    let home = tempfile::tempdir().unwrap();
    let functions = |more: &[&str]| -> Vec<String> {
        let _ = fs::remove_dir_all(home.path().join("run"));
        let output = run(home.path(), more);
        assert_eq!(output.status.code(), Some(0), "{}", err(&output));
        let record = coldstart::store::open(&home.path().join("run")).unwrap().record;
        record.functions.into_iter().map(|function| function.name).collect()
    };
    assert_eq!(functions(&["--functions", "plain_quick"]), ["plain_quick"]);
    let beside = ["plain", "plain_quick"];
    assert_eq!(functions(&["--variants", "--functions", "plain_quick"]), beside);
    assert_eq!(functions(&[]), ["plain", "zebra"]);
}

#[test]
fn functions_without_variants_are_told_with_those_that_have_some() {
    let home = tempfile::tempdir().unwrap();
    let output = run(home.path(), &["--variants", "--functions", "zebra"]);
    assert_eq!(output.status.code(), Some(2), "{}", err(&output));
    let told = flat(&err(&output));
    for part in ["--variants:", "no function that is to be measured has variants", "`plain`"] {
        assert!(told.contains(part), "{told}");
    }
}

#[test]
fn variants_are_listed_below_their_functions() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("functions.toml");
    fs::write(&file, FUNCTIONS).unwrap();
    let file = file.display().to_string();
    let text = typed(&["list", "functions", "--functions-file", &file], 0);
    let (plain, zebra) = (text.find("plain_quick").unwrap(), text.find("zebra").unwrap());
    assert!(plain < zebra && text.contains("variant of plain"), "{text}");
    let json = typed(&["list", "functions", "--functions-file", &file, "--format", "json"], 0);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["functions"][1]["variant_of"], "plain");
    assert_eq!(json["functions"][0]["variant_of"], Value::Null);
}
