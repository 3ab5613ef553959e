//! Functions that listen, beside those that ask.

use coldstart::sample::Mark;
use coldstart::spec::control::{Control, SERIES};
use coldstart::store;

use super::*;

const FUNCTIONS: &str = r#"
[[function]]
name = "asks"
image = "asks:1"
memory = "128MiB"
timeout = "10s"
event = "{}"

[[function]]
name = "listens"
image = "web:1"
memory = "128MiB"
timeout = "10s"
adapter = "http"
port = 3000
path = "/health?full=1"
"#;

#[test]
fn functions_of_differing_adapters_stand_side_by_side() {
    let home = tempfile::tempdir().unwrap();
    let (file, folder) = (home.path().join("f.toml"), home.path().join("run"));
    fs::write(&file, FUNCTIONS).unwrap();
    let file = file.display().to_string();
    let output = simulate(&folder, &["--functions-file", &file, "--rounds", "3"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(out(&output).contains("asks, bridge") && out(&output).contains("listens, bridge"));
    let run = store::open(&folder).unwrap();
    for sample in &run.samples {
        let listens = sample.cell.function == "listens";
        assert_eq!(sample.cell.adapter.name(), if listens { "http" } else { "runtime-api" });
        let cold = sample.marks.get(Mark::StartCalled).is_some();
        assert_eq!(sample.marks.get(Mark::Listening).is_some(), listens && cold);
        assert_eq!(sample.marks.get(Mark::Ready).is_some(), !listens && cold);
    }
    let csv = fs::read_to_string(folder.join("summary.csv")).unwrap();
    assert!(csv.contains("\nasks,runtime-api,") && csv.contains("\nlistens,http,"), "{csv}");
    let recorded = run.record.functions[1].http.as_ref().unwrap();
    assert_eq!((recorded.port, recorded.path.as_str()), (3000, "/health?full=1"));
}

/// In a run of what listens the null function does too, and calibrates that.
#[test]
fn an_image_that_listens_is_typed_and_brings_its_control() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("run");
    let flags = ["--image", "web:1", "--http", "8080", "--http-path", "/x", "--rounds", "3"];
    let output = simulate(&folder, &flags);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(out(&output).contains("listener, after the engine"), "{}", out(&output));
    let run = store::open(&folder).unwrap();
    assert!(run.record.command.contains("--http 8080 --http-path /x"), "{}", run.record.command);
    assert!(run.record.scenario.listening);
    for ms in SERIES {
        let rows = run.samples.iter().filter(|s| s.cell.control == Some(Control::Listener(ms)));
        assert_eq!(rows.count(), 3);
    }
    let summary = fs::read_to_string(folder.join("summary.json")).unwrap();
    let summary: serde_json::Value = serde_json::from_str(&summary).unwrap();
    let slope = summary["controls"]["listener"]["slope"].as_f64().unwrap();
    // Simulated starts differ by some 8 %.
    assert!((slope - 1.0).abs() < 0.3, "{slope}");
    // No other run has it.
    let other = home.path().join("other");
    assert_eq!(simulate(&other, &["--functions", "rust", "--rounds", "1"]).status.code(), Some(0));
    let record = fs::read_to_string(other.join("run.json")).unwrap();
    assert!(!record.contains("listening"), "a run without one is recorded as before");
    let summary = fs::read_to_string(other.join("summary.json")).unwrap();
    assert!(!summary.contains("listener"));
}

#[test]
fn what_cannot_be_asked_is_refused_before_anything_is_made() {
    let check = |flags: &[&str], part: &str| {
        let home = tempfile::tempdir().unwrap();
        let output = simulate(&home.path().join("run"), flags);
        assert_ne!(output.status.code(), Some(0), "{flags:?}");
        let said = err(&output).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(part), "`{part}` is not in: {said}");
    };
    let none = ["--image", "web:1", "--http", "8080", "--networks", "bridge,none"];
    check(&none, "`web` listens, and nothing reaches it without a network");
    check(&["--image", "web:1", "--http", "0"], "0 is not in 1..");
    check(&["--http", "8080"], "--image");
    check(&["--image", "web:1", "--http-path", "/x"], "--http");
    check(&["--image", "web:1", "--http", "80", "--http-path", "x"], "begins with `/`");
    // What would be written over in silence.
    let port = ["--image", "web:1", "--http", "80", "--env", "PORT=81"];
    check(
        &port,
        "--env: `PORT` cannot be set: by it the driver tells each instance where to listen",
    );
    let api = ["--image", "asks:1", "--env", "AWS_LAMBDA_RUNTIME_API=x"];
    check(&api, "--env: `AWS_LAMBDA_RUNTIME_API` cannot be set");
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("my.env");
    fs::write(&file, "A=1\nPORT=81\n").unwrap();
    let file = file.display().to_string();
    let listed = ["--image", "web:1", "--http", "80", "--env-file", &file];
    check(&listed, "my.env:2: `PORT` cannot be set");
    let file = home.path().join("f.toml");
    let entry = FUNCTIONS.replace("port = 3000", "port = 3000\nenv = { PORT = \"81\" }");
    fs::write(&file, entry).unwrap();
    let file = file.display().to_string();
    check(&["--functions-file", &file], "f.toml:16:9: `PORT` cannot be set");
}
