use std::fs;
use std::path::{Path, PathBuf};

use super::*;
use crate::spec::function::{Build, DOCKERFILE, ImageSource, Limits};
use crate::store::Origin;

fn function(folder: &Path) -> Function {
    Function {
        recipe: ImageSource::Build(Build {
            context: folder.to_owned(),
            bases: BTreeMap::new(),
            prepare: Vec::new(),
            dockerfile: DOCKERFILE.into(),
            args: BTreeMap::new(),
            first: None,
            inputs: Vec::new(),
            tools: BTreeMap::new(),
            files: ["main", "Dockerfile"].map(PathBuf::from).to_vec(),
            network: false,
        }),
        is_bare: false,
        stands_for: None,
        version_command: vec!["/main".to_owned()],
        limits: Limits { memory: 1 << 27, cpus: None, processes: None },
        ..Function::of_image("null", "unused", "{}", 0)
    }
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("Dockerfile"), "FROM scratch\n").unwrap();
    fs::write(folder.path().join("main"), "x").unwrap();
    folder
}

fn base(digest: &str) -> (BaseRecord, String) {
    let record = BaseRecord {
        argument: "BASE".to_owned(),
        name: "tiny".to_owned(),
        origin: Origin::Bootstrapped,
        digest: digest.to_owned(),
    };
    (record, "coldstart-base/tiny:1".to_owned())
}

#[test]
fn the_tag_tells_what_went_in_and_nothing_else() {
    let (one, two) = (folder(), folder());
    let tag = |folder: &tempfile::TempDir, used: &[_]| {
        let function = function(folder.path());
        spec(&function.name, function.build().unwrap(), used).unwrap().tag
    };
    let first = tag(&one, &[]);
    assert_eq!(first, tag(&two, &[]), "neither the folder's place nor its times matter");
    assert!(first.starts_with("coldstart/null:") && first.len() == 27, "{first}");
    assert_ne!(first, tag(&one, &[base("sha256:1")]));
    assert_ne!(tag(&one, &[base("sha256:1")]), tag(&one, &[base("sha256:2")]));
    fs::write(two.path().join("main"), "y").unwrap();
    assert_ne!(first, tag(&two, &[]));
}

#[test]
fn the_order_of_files_does_not_matter() {
    let folder = folder();
    let files = ["main", "Dockerfile"].map(PathBuf::from);
    let other = ["./Dockerfile", "main", "main"].map(PathBuf::from);
    let pack =
        |files: &[PathBuf]| context::pack(folder.path(), files, Path::new(DOCKERFILE)).unwrap();
    assert_eq!(pack(&files), pack(&other));
}

/// What is in an archive: path, mode, where a link leads.
fn entries(archive: &[u8]) -> Vec<(String, u32, Option<String>)> {
    let mut archive = tar::Archive::new(archive);
    let one = |entry: std::io::Result<tar::Entry<'_, &[u8]>>| {
        let entry = entry.unwrap();
        let text = |path: std::borrow::Cow<'_, Path>| path.display().to_string();
        let to = entry.link_name().unwrap().map(text);
        (text(entry.path().unwrap()), entry.header().mode().unwrap(), to)
    };
    archive.entries().unwrap().map(one).collect()
}

#[test]
fn of_a_folder_all_is_packed_sorted_with_its_links_and_what_can_be_run() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir_all(at("lib/.bin")).unwrap();
    fs::create_dir(at("lib/empty")).unwrap();
    fs::write(at("lib/tool"), "#!").unwrap();
    let can_run = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    fs::set_permissions(at("lib/tool"), can_run).unwrap();
    std::os::unix::fs::symlink("../tool", at("lib/.bin/tool")).unwrap();
    let packed = |files: &[&str]| {
        let files: Vec<PathBuf> = files.iter().map(PathBuf::from).collect();
        entries(&context::pack(folder.path(), &files, Path::new(DOCKERFILE)).unwrap())
    };
    let plain = |name: &str, mode| (name.to_owned(), mode, None);
    let expected = [
        plain("Dockerfile", 0o644),
        plain("lib/.bin", 0o755),
        ("lib/.bin/tool".to_owned(), 0o777, Some("../tool".to_owned())),
        plain("lib/empty", 0o755),
        plain("lib/tool", 0o755),
    ];
    assert_eq!(packed(&["lib", "Dockerfile", "lib/tool"]), expected);
    let all = packed(&["."]);
    assert!(all.len() == 7 && all.contains(&plain("main", 0o644)), "{all:?}");
}

#[test]
fn nothing_from_outside_is_packed() {
    let folder = folder();
    let refusal = |file: &str| {
        let files = [PathBuf::from("Dockerfile"), PathBuf::from(file)];
        format!("{:#}", context::pack(folder.path(), &files, Path::new(DOCKERFILE)).unwrap_err())
    };
    assert!(refusal("../secret").contains("leads out"));
    assert!(refusal("/etc/passwd").contains("leads out"));
    std::os::unix::fs::symlink("/etc/passwd", folder.path().join("link")).unwrap();
    assert!(refusal("link").contains("link out"));
    assert!(refusal("absent").contains("prepare"));
    fs::create_dir(folder.path().join("sub")).unwrap();
    std::os::unix::fs::symlink("sub", folder.path().join("other")).unwrap();
    assert!(refusal("other").contains("name the folder"));
    for (to, said) in [("/bin/sh", "elsewhere"), ("../../..", "link out"), ("no", "to nothing")] {
        std::os::unix::fs::symlink(to, folder.path().join("sub/link")).unwrap();
        assert!(refusal("sub").contains(said), "{}", refusal("sub"));
        fs::remove_file(folder.path().join("sub/link")).unwrap();
    }
    let error =
        context::pack(folder.path(), &[PathBuf::from("main")], Path::new(DOCKERFILE)).unwrap_err();
    assert!(error.to_string().contains("Dockerfile"));
}

#[test]
fn the_version_is_the_first_line_that_says_something() {
    assert_eq!(version("\n \u{1b}[1mv1.2\u{7} \nmore").unwrap(), "[1mv1.2");
    assert_eq!(version(&"x".repeat(999)).unwrap().len(), VERSION);
    assert!(version(" \n").unwrap_err().to_string().contains("version-command"));
}

/// Prepares it on a machine where nothing may be installed.
async fn prepared(build: &Build) -> Result<(), String> {
    let around = crate::provision::Surroundings::read();
    let bases = Bases::new(&around, crate::provision::Consent::Withheld, &crate::observer::Silent);
    prepare::all("f", build, &bases).await.map(|_| ()).map_err(|error| format!("{error:#}"))
}

#[tokio::test]
async fn a_failed_prepare_shows_its_last_lines() {
    let folder = folder();
    let mut build = function(folder.path()).build().unwrap().clone();
    prepared(&build).await.unwrap();
    let script = "pwd; echo deep trouble >&2; exit 5";
    build.prepare = ["sh", "-c", script].map(str::to_owned).to_vec();
    let text = prepared(&build).await.unwrap_err();
    assert!(text.contains("deep trouble") && text.contains("exit status: 5"), "{text}");
    build.prepare = vec!["no-such-program".to_owned()];
    let text = prepared(&build).await.unwrap_err();
    assert!(text.contains("is `no-such-program` installed?"), "{text}");
}

#[tokio::test]
async fn a_tool_that_is_missing_is_named_before_anything_runs() {
    let folder = folder();
    let mut build = function(folder.path()).build().unwrap().clone();
    build.prepare = ["touch", "ran"].map(str::to_owned).to_vec();
    build.tools = BTreeMap::from([("no-such-tool".to_owned(), "its-package".to_owned())]);
    let text = prepared(&build).await.unwrap_err();
    assert!(text.contains("needs `no-such-tool`") && text.contains("its-package"), "{text}");
    assert!(!folder.path().join("ran").exists());
}

#[tokio::test]
async fn what_is_prepared_is_prepared_again_when_an_input_a_command_or_a_file_is_another() {
    let folder = folder();
    let mut build = function(folder.path()).build().unwrap().clone();
    let script = "echo x >> count; cp lock main";
    build.prepare = ["sh", "-c", script].map(str::to_owned).to_vec();
    build.inputs = vec![PathBuf::from("lock")];
    let text = prepared(&build).await.unwrap_err();
    assert!(text.contains("lock") && text.contains("`inputs`"), "{text}");
    let place = folder.path();
    let count = || fs::read_to_string(place.join("count")).map_or(0, |text| text.lines().count());
    let write = |text: &str| fs::write(place.join("lock"), text).unwrap();
    write("1");
    for (change, expected) in [("", 1), ("", 1), ("2", 2), ("gone", 3), ("", 3)] {
        match change {
            "" => {}
            "gone" => fs::remove_file(place.join("main")).unwrap(),
            other => write(other),
        }
        prepared(&build).await.unwrap();
        assert_eq!(count(), expected, "after `{change}`");
    }
    build.prepare[2].push_str("; exit 1");
    prepared(&build).await.unwrap_err();
    build.prepare[2] = script.to_owned();
    prepared(&build).await.unwrap();
    assert_eq!(count(), 5, "what failed has spoilt what was there");
}

#[test]
fn another_file_stands_for_the_dockerfile_and_arguments_are_part_of_the_tag() {
    let folder = folder();
    fs::write(folder.path().join("Other"), "FROM other\n").unwrap();
    let plain = function(folder.path()).build().unwrap().clone();
    let tag = |build: &Build| spec("f", build, &[]).unwrap().tag;
    let other = Build { dockerfile: "Other".into(), ..plain.clone() };
    let made = spec("f", &other, &[]).unwrap();
    let mut archive = tar::Archive::new(&made.context[..]);
    let named = |entry: &tar::Entry<'_, &[u8]>| entry.path().unwrap().display().to_string();
    let mut all = archive.entries().unwrap().map(Result::unwrap);
    let mut dockerfile = all.find(|entry| named(entry) == "Dockerfile").unwrap();
    let mut text = String::new();
    std::io::Read::read_to_string(&mut dockerfile, &mut text).unwrap();
    assert_eq!(text, "FROM other\n");
    let with = |value: &str| {
        let args = BTreeMap::from([("LEVEL".to_owned(), value.to_owned())]);
        Build { args, ..plain.clone() }
    };
    let tags = [tag(&plain), tag(&other), tag(&with("1")), tag(&with("2"))];
    assert_eq!(tags.iter().collect::<std::collections::BTreeSet<_>>().len(), 4, "{tags:?}");
    assert_eq!(spec("f", &with("1"), &[]).unwrap().arguments["LEVEL"], "1");
    let out = Build { dockerfile: "../Other".into(), ..plain };
    assert!(format!("{:#}", spec("f", &out, &[]).unwrap_err()).contains("leads out"));
}

#[tokio::test]
async fn what_a_variant_prepares_comes_after_its_functions_and_each_is_done_once() {
    let folder = folder();
    let mut first = function(folder.path()).build().unwrap().clone();
    first.prepare = ["sh", "-c", "echo first >> log"].map(str::to_owned).to_vec();
    first.inputs = vec![PathBuf::from("Dockerfile")];
    let mut build = first.clone();
    build.prepare = ["sh", "-c", "echo own >> log"].map(str::to_owned).to_vec();
    build.first = Some(Box::new(first));
    let around = crate::provision::Surroundings::read();
    let bases = Bases::new(&around, crate::provision::Consent::Withheld, &crate::observer::Silent);
    for _ in 0..2 {
        let took = prepare::all("f_own", &build, &bases).await.unwrap();
        assert!(took.is_some(), "how long it took is known later too");
    }
    let log = fs::read_to_string(folder.path().join("log")).unwrap();
    assert_eq!(log.lines().collect::<Vec<_>>(), ["first", "own"]);
}

#[test]
fn a_function_under_another_name_has_the_image_of_the_first() {
    let folder = folder();
    let one = function(folder.path());
    let stands_for = Some(one.name.clone());
    let name = "other".to_owned();
    let other = Function { name, position: 1, is_bare: true, stands_for, ..one.clone() };
    assert_eq!(as_made(&other), as_made(&one));
    let record = simulated(std::slice::from_ref(&one)).remove(0);
    let renamed = under_the_name_of(&other, record.clone());
    assert_eq!((renamed.name.as_str(), renamed.position, renamed.is_bare), ("other", 1, true));
    assert_eq!(renamed.digest, record.digest);
    let command = vec!["another".to_owned()];
    assert_ne!(as_made(&Function { version_command: command, ..other }), as_made(&one));
}
