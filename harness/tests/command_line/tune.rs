//! `tune` on the simulated engine: what it answers, writes, gives again and refuses.

use serde_json::Value;

use super::*;

fn tune(folder: &Path, flags: &[&str]) -> Output {
    let out = folder.display().to_string();
    let words = ["tune", "python", "--engine", "fake", "--seed", "7", "--out", &out];
    said(&[&words[..], flags].concat())
}

fn said(words: &[&str]) -> Output {
    coldstart(words).output().unwrap()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn sizes_are_weighed_in_one_run_whose_folder_gives_them_again() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("tuned");
    let output = tune(&folder, &["--rounds", "8"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let text = out(&output);
    for words in ["SIMULATED", "cheapest", "fastest", "memory / 1,769 MiB", "AWS says nothing"] {
        let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(words), "{words}: {text}");
    }
    assert!(text.contains("https://lambda-power-tuning.show/#"), "{text}");
    for file in ["tune.json", "tune.csv", "tune.md", "tune.html", "charts/tune.svg", "report.html"]
    {
        assert!(folder.join(file).is_file(), "{file}");
    }
    let found = json(&fs::read_to_string(folder.join("tune.json")).unwrap());
    let sizes = found["functions"][0]["sizes"].as_array().unwrap();
    let mib: Vec<u64> = sizes.iter().map(|size| size["memory_mib"].as_u64().unwrap()).collect();
    assert_eq!(mib, [128, 256, 512, 1024, 1536, 3008]);
    assert_eq!(found["functions"][0]["cheapest"], 128, "what is simulated is slower with less");
    let shown = said(&["show", folder.to_str().unwrap()]);
    assert_eq!(out(&shown), text, "show gives it again");
    for form in ["json", "csv", "markdown"] {
        let shown = said(&["show", folder.to_str().unwrap(), "--format", form]);
        let file = folder.join("tune").with_extension(form.replace("markdown", "md"));
        assert_eq!(out(&shown).trim_end(), fs::read_to_string(file).unwrap().trim_end(), "{form}");
    }
    fs::remove_file(folder.join("tune.html")).unwrap();
    let report = said(&["report", folder.to_str().unwrap()]);
    assert_eq!(out(&report), text);
    assert!(folder.join("tune.html").is_file(), "report makes its pages again");
}

#[test]
fn what_it_writes_is_as_its_schema_says() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("tuned");
    let flags = ["--memory", "128,512", "--rounds", "3", "--init", "provisioned"];
    assert_eq!(tune(&folder, &flags).status.code(), Some(0));
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("results/tune.schema.json");
    let schema = json(&fs::read_to_string(schema).unwrap());
    assert!(jsonschema::meta::is_valid(&schema));
    let found = json(&fs::read_to_string(folder.join("tune.json")).unwrap());
    let validator = jsonschema::validator_for(&schema).unwrap();
    let faults: Vec<String> = validator.iter_errors(&found).map(|e| e.to_string()).collect();
    assert!(faults.is_empty(), "{faults:?}");
    assert_eq!(found["cpu_rule"], "lambda-provisioned");
    assert!(found["functions"][0]["sizes"][0]["waiting_a_month"].as_f64() > Some(1.0));
}

#[test]
fn the_command_in_the_record_measures_the_same_again() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("tuned");
    let flags = ["--memory", "128..512", "--rounds", "2", "--cold", "5%", "--arch", "arm"];
    assert_eq!(tune(&folder, &flags).status.code(), Some(0));
    let record = json(&fs::read_to_string(folder.join("run.json")).unwrap());
    let command = record["command"].as_str().unwrap().to_owned();
    assert!(command.starts_with("coldstart tune python --memory 128,256,512"), "{command}");
    let again = home.path().join("again").display().to_string();
    let words: Vec<&str> = command.split(' ').skip(1).chain(["--out", &again]).collect();
    let output = said(&words);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let sizes = |folder: &Path| {
        let found = json(&fs::read_to_string(folder.join("tune.json")).unwrap());
        (found["functions"].clone(), found["cold_share"].clone(), found["architecture"].clone())
    };
    assert_eq!(sizes(&folder), sizes(Path::new(&again)));
}

#[test]
fn a_plan_is_told_and_nothing_is_done() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("tuned");
    let output = tune(&folder, &["--dry-run"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(out(&output).contains("15 rounds, 90 trials"), "{}", out(&output));
    assert!(!folder.exists());
}

#[test]
fn what_cannot_be_weighed_is_refused_with_what_can() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("tuned");
    let refused = |flags: &[&str], words: &str| {
        let output = tune(&folder, flags);
        assert_eq!(output.status.code(), Some(2), "{flags:?}: {}", err(&output));
        assert!(err(&output).contains(words), "{flags:?}: {}", err(&output));
        assert!(!folder.exists());
    };
    refused(&["--memory", "64"], "128 to 10240");
    refused(&["--memory", "1GiB"], "such as 512");
    refused(&["--memory", "1024..128"], "128..1024");
    refused(&["--cpu", "plain", "--init", "provisioned"], "drop one");
    refused(&["--cold", "1"], "write it as");
    refused(&["--arch", "mips"], "known are x86, arm");
    refused(&["--prices", "nowhere.toml"], "nowhere.toml");
    let prices = home.path().join("prices.toml");
    fs::write(&prices, "as-of = \"2026-01-01\"\ncurrency = \"USD\"\n").unwrap();
    refused(&["--prices", prices.to_str().unwrap()], "missing field");
    let nothing = said(&["tune", "--engine", "fake"]);
    assert_eq!(nothing.status.code(), Some(2));
    assert!(err(&nothing).contains("FUNCTION"), "{}", err(&nothing));
    let unknown = said(&["tune", "pithon", "--engine", "fake"]);
    assert!(err(&unknown).contains("did you mean `python`"), "{}", err(&unknown));
}

#[test]
fn a_run_of_sizes_that_was_stopped_goes_on_and_is_weighed() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("tuned");
    let output = tune(&folder, &["--max-time", "1ms", "--rounds", "3", "--memory", "128,256"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(err(&output).contains("--continue"), "{}", err(&output));
    let output = said(&["run", "--continue", folder.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(out(&output).contains("memory against latency"), "{}", out(&output));
    assert!(folder.join("tune.json").is_file());
}
