//! Images of functions and bases on a real engine; skipped where there is none.

#![cfg(test)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use coldstart::engine::Engine;
use coldstart::functions::{Base, Function, Limits, ReplyRule};
use coldstart::host::peak_memory;
use coldstart::images;
use coldstart::provision::bases::Bases;
use coldstart::provision::{Consent, ProvisionError, Surroundings, doctor};
use coldstart::store::Origin;

use crate::docker_engine::{BUSYBOX, engine};

fn surroundings(folder: &Path) -> Surroundings {
    Surroundings {
        host: None,
        context: None,
        config: folder.join("config"),
        standard_socket: PathBuf::from("/var/run/docker.sock"),
        state: folder.join("state"),
    }
}

fn function(folder: &Path, name: &str) -> Function {
    let dockerfile = "FROM scratch\nCOPY busybox /busybox\nENTRYPOINT [\"/busybox\", \"true\"]\n";
    std::fs::write(folder.join("Dockerfile"), dockerfile).unwrap();
    Function {
        name: name.to_owned(),
        position: 3,
        context: folder.to_owned(),
        bases: BTreeMap::new(),
        prepare: ["cp", BUSYBOX, "busybox"].map(str::to_owned).to_vec(),
        files: ["Dockerfile", "busybox"].map(PathBuf::from).to_vec(),
        version_command: ["/busybox", "echo", "v1"].map(str::to_owned).to_vec(),
        limits: Limits { memory: 1 << 27, cpus: None },
        timeout: Duration::from_secs(10),
        env: BTreeMap::new(),
        event: "{}".to_owned(),
        reply: ReplyRule::Any,
    }
}

fn base(name: &str, package: &str) -> Base {
    Base {
        name: name.to_owned(),
        pull: format!(
            "coldstart-test.invalid/{name}@sha256:{}",
            "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
        ),
        suite: "trixie".to_owned(),
        packages: vec![package.to_owned()],
    }
}

#[tokio::test]
async fn a_function_image_is_built_once_and_described() {
    let Some(engine) = engine().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let around = surroundings(folder.path());
    let said = Mutex::new(Vec::new());
    let say = |line: &str| said.lock().unwrap().push(line.to_owned());
    let bases = Bases::new(&around, Consent::Withheld, &say);
    let functions = [function(folder.path(), "test_one")];
    let first = images::ensure(&engine, &functions, &bases, "test-images").await.unwrap();
    let second = images::ensure(&engine, &functions, &bases, "test-images").await.unwrap();
    assert_eq!(first, second);
    assert_eq!((first[0].version.as_str(), first[0].position), ("v1", 3));
    assert!(first[0].digest.starts_with("sha256:") && first[0].size > 100_000);
    assert!(first[0].image.starts_with("coldstart/test_one:"));
    assert_eq!(said.lock().unwrap().len(), 1, "built once: {said:?}");
    assert!(engine.instances(Some("test-images")).await.unwrap().is_empty());

    let findings = doctor::inspect(&around, &functions).await;
    for finding in &findings {
        eprintln!("{finding:?}");
    }
    let found = findings.iter().find(|f| f.what == "function `test_one`").unwrap();
    assert!(found.ok && found.detail == first[0].image);
    engine.remove_image(&first[0].image).await.unwrap();
}

#[tokio::test]
async fn a_missing_base_without_consent_changes_nothing() {
    let Some(engine) = engine().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let around = surroundings(folder.path());
    let bases = Bases::new(&around, Consent::Withheld, &|_| ());
    let mut function = function(folder.path(), "test_two");
    function.bases.insert("BASE".to_owned(), base("absent", "hello"));
    let error = images::ensure(&engine, &[function], &bases, "test").await.unwrap_err();
    let error = error.downcast_ref::<ProvisionError>().unwrap();
    assert_eq!(error.exit_code(), 4);
    assert!(error.to_string().contains("`absent`"), "{error}");
    assert!(!around.state.exists());
}

#[tokio::test]
#[ignore = "bootstraps two base images: needs root, mmdebstrap, a Debian mirror and a minute"]
async fn bases_are_bootstrapped_where_no_registry_answers() {
    let Some(engine) = engine().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let around = surroundings(folder.path());
    let bases = Bases::new(&around, Consent::Given, &|line| eprintln!("{line}"));
    let mut function = function(folder.path(), "test_three");
    function.bases.insert("ONE".to_owned(), base("test_one", "openjdk-21-jre-headless"));
    function.bases.insert("TWO".to_owned(), base("test_two", "python3"));
    std::fs::write(
        folder.path().join("Dockerfile"),
        "ARG ONE\nARG TWO\nFROM $TWO AS two\nRUN python3 -c 'import http.server'\n\
         FROM $ONE\nCOPY busybox /busybox\n",
    )
    .unwrap();
    function.version_command = ["java", "--version"].map(str::to_owned).to_vec();
    let functions = [function];
    let begun = Instant::now();
    let records = images::ensure(&engine, &functions, &bases, "test-bases").await.unwrap();
    eprintln!("{:?}, driver's peak {} MiB", begun.elapsed(), peak_memory() >> 20);
    eprintln!("{records:?}");
    assert!(records[0].bases.iter().all(|b| b.origin == Origin::Bootstrapped));
    assert!(peak_memory() < 64 << 20);
    let begun = Instant::now();
    assert_eq!(images::ensure(&engine, &functions, &bases, "test").await.unwrap(), records);
    eprintln!("again: {:?}", begun.elapsed());
    let left: Vec<_> =
        std::fs::read_dir(&around.state).unwrap().map(|e| e.unwrap().path()).collect();
    assert!(!left.iter().any(|p| p.extension().is_some_and(|e| e == "tar")), "{left:?}");
    engine.remove_image(&records[0].image).await.unwrap();
    for image in engine.images().await.unwrap() {
        if image.starts_with("coldstart-base/test_") {
            engine.remove_image(&image).await.unwrap();
        }
    }
}
