//! Images that are named: pulled, refused, told apart, and never removed when they are
//! somebody else's. On a stand-in for an engine.

use coldstart::system::maker::Maker;
use coldstart::system::private;
use std::os::unix::fs::PermissionsExt;

use coldstart::store;

use super::stand_in::StandIn;
use super::*;

/// The program on a stand-in, with a configuration of the engine's client.
pub(super) fn on(engine: &StandIn, config: &Path, args: &[&str]) -> Output {
    let mut command = coldstart(args);
    command.current_dir(config);
    command.env("DOCKER_HOST", engine.address()).env("DOCKER_CONFIG", config);
    command.env("XDG_STATE_HOME", config).env_remove("DOCKER_CONTEXT");
    let path = std::env::var("PATH").unwrap();
    command.env("PATH", format!("{}:{path}", config.display()));
    command.timeout(std::time::Duration::from_secs(60)).output().unwrap()
}

/// An image that stands in for one that the engine has.
fn image(os: &str, architecture: &str) -> String {
    format!(
        r#"{{"Id":"sha256:{}","Size":1,"Os":"{os}","Architecture":"{architecture}"}}"#,
        "ab".repeat(32)
    )
}

pub(super) const LACKING: (&str, u16, &str) =
    ("POST /images/create", 404, r#"{"message":"not found"}"#);

#[test]
fn an_image_named_without_a_tag_pulls_latest_and_not_every_tag() {
    let home = tempfile::tempdir().unwrap();
    for (typed, pulled) in [
        (
            "registry.example:5000/team/app",
            "fromImage=registry.example%3A5000%2Fteam%2Fapp%3Alatest",
        ),
        ("app", "fromImage=app%3Alatest"),
        ("app:1", "fromImage=app%3A1"),
    ] {
        let engine = StandIn::with(&[LACKING]);
        let output = on(&engine, home.path(), &["run", "quick", "--no-controls", "--image", typed]);
        assert_eq!(output.status.code(), Some(4), "{}", err(&output));
        let asked = engine.asked("POST /images/create");
        assert_eq!(asked.len(), 1, "{asked:?}");
        assert!(asked[0].what.contains(pulled), "{}", asked[0].what);
        let text = flat(&err(&output));
        assert!(text.starts_with("pulling ") && text.contains("error[missing]"), "{text}");
        assert!(text.contains("`docker pull ") && text.contains("`docker login "), "{text}");
    }
}

#[test]
fn an_image_named_by_an_id_that_is_not_there_is_not_pulled() {
    let home = tempfile::tempdir().unwrap();
    let engine = StandIn::with(&[LACKING]);
    let id = format!("sha256:{}", "0f".repeat(32));
    let output = on(&engine, home.path(), &["run", "quick", "--no-controls", "--image", &id]);
    assert_eq!(output.status.code(), Some(4), "{}", err(&output));
    assert!(flat(&err(&output)).contains("an id cannot be pulled"), "{}", err(&output));
    assert!(engine.asked("POST /images/create").is_empty());
}

/// What the engine was shown for the registry.
fn shown(engine: &StandIn) -> Option<serde_json::Value> {
    let asked = engine.asked("POST /images/create");
    let header = asked[0].head.iter().find(|(name, _)| name == "x-registry-auth")?;
    let text = base64::Engine::decode(&base64::prelude::BASE64_STANDARD, &header.1).unwrap();
    serde_json::from_slice(&text).unwrap()
}

#[test]
fn a_pull_shows_the_credentials_that_the_client_has_for_the_registry() {
    let home = tempfile::tempdir().unwrap();
    let write = |config: &str| fs::write(home.path().join("config.json"), config).unwrap();
    let pull = |image: &str| {
        let engine = StandIn::with(&[LACKING]);
        let output = on(&engine, home.path(), &["run", "quick", "--no-controls", "--image", image]);
        assert!(!err(&output).contains("s3cret"), "a secret is told: {}", err(&output));
        (engine, err(&output))
    };
    // me:s3cret
    write(r#"{"auths": {"r.example": {"auth": "bWU6czNjcmV0"}}}"#);
    let (engine, _) = pull("r.example/app:1");
    let found = shown(&engine).unwrap();
    assert_eq!((&found["username"], &found["password"]), (&"me".into(), &"s3cret".into()));
    let (engine, _) = pull("other.example/app:1");
    assert!(shown(&engine).is_none_or(|shown| shown["password"].is_null()));

    helper(
        home.path(),
        "good",
        "read host; echo '{\"Username\":\"u-'$host'\",\"Secret\":\"s3cret\"}'",
    );
    helper(home.path(), "token", "echo '{\"Username\":\"<token>\",\"Secret\":\"s3cret\"}'");
    helper(home.path(), "empty", "echo 'credentials not found in native keychain'; exit 1");
    helper(home.path(), "broken", "echo 'the keychain is locked'; exit 1");
    write(r#"{"credsStore": "good", "credHelpers": {"t.example": "token"}}"#);
    let (engine, _) = pull("r.example/app:1");
    assert_eq!(shown(&engine).unwrap()["username"], "u-r.example");
    let (engine, _) = pull("app:1");
    assert_eq!(shown(&engine).unwrap()["username"], "u-https://index.docker.io/v1/");
    let (engine, _) = pull("t.example/app:1");
    assert_eq!(shown(&engine).unwrap()["identitytoken"], "s3cret");

    write(r#"{"credsStore": "empty"}"#);
    let (_, text) = pull("r.example/app:1");
    assert!(!text.contains("docker-credential"), "it has none, which is no fault: {text}");
    write(r#"{"credsStore": "broken"}"#);
    let (_, text) = pull("r.example/app:1");
    let text = flat(&text);
    assert!(text.contains("`docker-credential-broken` gave none for r.example"), "{text}");
    assert!(text.contains("the keychain is locked"), "{text}");
    assert!(text.contains("`docker pull r.example/app:1`"), "what helps is not told: {text}");
}

/// A helper of the engine's client.
fn helper(folder: &Path, name: &str, script: &str) {
    let file = folder.join(format!("docker-credential-{name}"));
    fs::write(&file, format!("#!/bin/sh\n[ \"$1\" = get ] || exit 3\n{script}\n")).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_credential_helper_that_never_answers_does_not_hang_the_run() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("config.json"), r#"{"credsStore": "slow"}"#).unwrap();
    // Its child holds the pipe when it is killed itself.
    helper(home.path(), "slow", "sleep 1000 & wait");
    let engine = StandIn::with(&[LACKING]);
    let args = ["run", "quick", "--no-controls", "--image", "r.example/app:1"];
    let output = on(&engine, home.path(), &args);
    assert_eq!(output.status.code(), Some(4), "{}", err(&output));
    assert!(flat(&err(&output)).contains("no answer within 10 s"), "{}", err(&output));
    assert_eq!(engine.asked("POST /images/create").len(), 1, "it is tried without");
}

/// A functions file of one image, which is asked for its version where that is wanted.
fn described(folder: &Path, version: &str) -> String {
    let file = folder.join("functions.toml");
    let text = format!(
        "[[function]]\nname = \"f\"\nimage = \"app:1\"\nmemory = \"64MiB\"\ntimeout = \"9s\"\n\
         event = '{{}}'\n{version}\n"
    );
    fs::write(&file, text).unwrap();
    file.display().to_string()
}

#[test]
fn an_image_of_another_architecture_is_refused_and_both_are_named() {
    let home = tempfile::tempdir().unwrap();
    let file = described(home.path(), "");
    let build = |image: &str, status: i32| {
        let engine = StandIn::with(&[
            ("GET /images/app:1/json", 200, image),
            // Of its extensions: it has none.
            ("POST /containers/create", 201, r#"{"Id": "0a", "Warnings": []}"#),
            ("GET /containers/0a/archive", 404, r#"{"message": "no such file"}"#),
            ("DELETE /containers/0a", 204, ""),
        ]);
        let output = on(&engine, home.path(), &["build", "--functions-file", &file]);
        assert_eq!(output.status.code(), Some(status), "{image}: {}", err(&output));
        flat(&err(&output))
    };
    let text = build(&image("linux", "arm64"), 4);
    let both = "image `app:1` is for linux/arm64, and this engine runs linux/amd64";
    assert!(text.contains(both), "{text}");
    assert!(build(&image("windows", "amd64"), 4).contains("is for windows/amd64"));
    for fine in [image("linux", "amd64"), image("linux", "386"), image("", "")] {
        build(&fine, 0);
    }
}

#[test]
fn a_container_that_tells_a_version_has_a_limit_of_processes() {
    let home = tempfile::tempdir().unwrap();
    let file = described(home.path(), "version-command = [\"v\"]");
    let image = image("linux", "amd64");
    let engine = StandIn::with(&[("GET /images/app:1/json", 200, &image)]);
    let output = on(&engine, home.path(), &["build", "--functions-file", &file]);
    assert_eq!(output.status.code(), Some(4), "{}", err(&output));
    let asked = engine.asked("POST /containers/create");
    let body: serde_json::Value = serde_json::from_str(&asked[0].body).unwrap();
    assert_eq!(body["HostConfig"]["PidsLimit"], 1024, "{body}");
}

#[test]
fn two_images_of_one_name_are_told_apart_by_tag_or_as_typed() {
    let home = tempfile::tempdir().unwrap();
    let names = |images: &[&str]| {
        let folder = home.path().join(images.join("_").replace(['/', ':', '='], "-"));
        let typed = images.iter().flat_map(|image| ["--image", image]);
        let flags: Vec<&str> =
            ["--no-controls", "--rounds", "1"].into_iter().chain(typed).collect();
        let output = simulate(&folder, &flags);
        assert_eq!(output.status.code(), Some(0), "{images:?}: {}", err(&output));
        let record = store::record(&folder).unwrap();
        let names: Vec<String> = record.functions.iter().map(|f| f.name.clone()).collect();
        (names, record.command)
    };
    let (found, command) = names(&["app:1", "app:2"]);
    assert_eq!(found, ["app_1", "app_2"]);
    assert!(command.contains("--image app:1 --image app:2"), "{command}");
    let (found, command) = names(&["old=app:1", "app:2"]);
    assert_eq!(found, ["old", "app"]);
    assert!(command.contains("--image old=app:1"), "{command}");
    let ids = ["ab", "cd"].map(|pair| format!("sha256:{}", pair.repeat(32)));
    let (found, _) = names(&[&ids[0], &ids[1]]);
    assert_eq!(found, ["abababababab", "cdcdcdcdcdcd"]);
}

#[test]
fn how_an_image_is_started_is_refused_where_it_cannot_be_meant() {
    let home = tempfile::tempdir().unwrap();
    let refused = |flags: &[&str], part: &str| {
        let image = ["--image", "app:1"];
        let output = simulate(&home.path().join("run"), &[&image[..], flags].concat());
        assert_eq!(output.status.code(), Some(2), "{}", err(&output));
        assert!(flat(&err(&output)).contains(part), "{}", err(&output));
    };
    refused(&["--env", "NO_SUCH_VARIABLE_HERE"], "write `NO_SUCH_VARIABLE_HERE=VALUE`");
    refused(&["--env", "=x"], "not a valid variable name");
    refused(&["--env-file", "/no/such"], "cannot read the variables in /no/such");
    refused(&["--command", "'a"], "left open");
    refused(&["--workdir", "srv"], "begin it with `/`");
    refused(&["--timeout", "0s"], "1ms at least");
    refused(&["--reply", "all"], "expected \"proof\", \"any\"");
    refused(&["--reply", "proof", "--event", "[1]"], "--reply proof: the event must be");
    let output = simulate(&home.path().join("run"), &["--lambda"]);
    assert_eq!(output.status.code(), Some(2), "it needs an image: {}", err(&output));
}

#[test]
fn how_an_image_is_started_reaches_the_record_and_runs_that_differ_in_it_are_not_alike() {
    let home = tempfile::tempdir().unwrap();
    let run = |name: &str, flags: &[&str]| {
        let folder = home.path().join(name);
        let image = ["--image", "f=app:1"];
        let output = simulate(&folder, &[&image[..], flags].concat());
        assert_eq!(output.status.code(), Some(0), "{}", err(&output));
        folder.display().to_string()
    };
    let plain = run("plain", &[]);
    assert!(!fs::read_to_string(home.path().join("plain/run.json")).unwrap().contains("launch"));
    let other = run("other", &["--command", "app.other", "--lambda", "--timeout", "9s"]);
    let record = store::record(Path::new(&other)).unwrap();
    let launch = &record.functions[0].launch;
    assert!(launch.lambda && launch.command == ["app.other"], "{launch:?}");
    assert_eq!(record.functions[0].timeout_ms, 9_000);
    let found = coldstart(&["compare", &plain, &other]).output().unwrap();
    let text = flat(&out(&found));
    let part = "f: started as its image says in base, command app.other, as AWS Lambda in head";
    assert!(text.contains(part), "{text}");
}

#[test]
fn who_wants_to_know_more_is_told_what_each_function_replied_and_wrote_when_it_was_tried() {
    let home = tempfile::tempdir().unwrap();
    let run = |name: &str, more: &[&str]| {
        let flags = ["--image", "app:1", "--no-controls", "--rounds", "1"];
        let output = simulate(&home.path().join(name), &[&flags[..], more].concat());
        assert_eq!(output.status.code(), Some(0), "{}", err(&output));
        flat(&err(&output))
    };
    let text = run("more", &["-v"]);
    assert!(text.contains("`app`, bridge: replied `{\"instance\":"), "{text}");
    assert!(text.contains("wrote: a line that the function wrote [31m(simulated)"), "{text}");
    assert!(!run("less", &[]).contains("replied"));
}

#[test]
fn images_that_cannot_be_told_apart_are_named_as_they_were_typed() {
    let home = tempfile::tempdir().unwrap();
    let refused = |flags: &[&str]| {
        let output = simulate(&home.path().join("run"), flags);
        assert_eq!(output.status.code(), Some(2), "{}", err(&output));
        flat(&err(&output))
    };
    let text = refused(&["--image", "a.example/app:1", "--image", "b.example/app:1"]);
    assert!(text.contains("`--image a.example/app:1` and `--image b.example/app:1`"), "{text}");
    assert!(text.contains("`--image NAME=REF`"), "{text}");
    let text = refused(&["--functions", "rust", "--image", "rust=app:1"]);
    assert!(text.contains("`--image rust=app:1` and a function of that name"), "{text}");
    let text = refused(&["--image", "My-App=app:1"]);
    assert!(text.contains("`My-App` is not a valid name"), "{text}");
    let text = refused(&["--image", "a b"]);
    assert!(text.contains("`a b` is no image reference"), "{text}");
}

#[test]
fn clean_removes_images_of_our_name_and_label_and_none_that_was_built_from_ours() {
    let home = tempfile::tempdir().unwrap();
    let of = |tags: &str, label: &str| {
        format!(
            r#"{{"Id":"sha256:{}","ParentId":"","RepoTags":[{tags}],"RepoDigests":[],"Created":0,
                "Size":1,"SharedSize":0,"Containers":0,"Labels":{{"coldstart.image":"{label}"}}}}"#,
            "ef".repeat(32)
        )
    };
    let list = [
        of("\"coldstart/python:0123456789ab\"", "python"),
        of("\"coldstart-base/jdk:0123456789ab\"", "coldstart-base/jdk"),
        // Inherited: somebody's image, somebody's image in our name space, and one without
        // a name, which may be either's.
        of("\"shop/orders:7\"", "python"),
        of("\"coldstart/python:mine\",\"coldstart/orders:0123456789ab\"", "python"),
        of("\"coldstart-base/mine:0123456789ab\"", "coldstart-base/jdk"),
        of("", "python"),
    ];
    let list = format!("[{}]", list.join(","));
    let engine = StandIn::with(&[("GET /images/json", 200, &list), ("DELETE /images/", 200, "[]")]);
    let output = on(&engine, home.path(), &["clean", "--images", "--run", "none"]);
    let mut removed: Vec<String> =
        engine.asked("DELETE /").into_iter().map(|asked| asked.what).collect();
    removed.sort();
    removed.dedup();
    let ours = ["coldstart-base/jdk:0123456789ab", "coldstart/python:0123456789ab"];
    let ours = ours.map(|image| format!("DELETE /images/{image}"));
    assert_eq!(removed, ours, "{}", err(&output));
}

/// A dead run's other engine lost its images to whoever cleaned one.
#[test]
fn images_go_from_the_engine_that_is_named_and_from_no_other_that_was_used_once() {
    let home = tempfile::tempdir().unwrap();
    let list = r#"[{"Id":"sha256:ef","ParentId":"","RepoTags":["coldstart/python:0123456789ab"],
        "RepoDigests":[],"Created":0,"Size":1,"SharedSize":0,"Containers":0,
        "Labels":{"coldstart.image":"python"}}]"#;
    let answers = [
        ("GET /images/json", 200, list),
        ("DELETE /images/", 200, "[]"),
        ("GET /containers", 200, "[]"),
    ];
    let (named, other) = (StandIn::with(&answers), StandIn::with(&answers));
    // Of a process that is gone: no first one of this machine began at 1.
    let own = Maker::own().to_string();
    let gone = format!("live-{}-1-1", own.split('-').next().unwrap());
    let record = private::folder().unwrap().join(gone);
    std::fs::write(&record, format!("run-0\nkey\t{}\n", other.address())).unwrap();
    on(&named, home.path(), &["clean", "--images", "--run", "none"]);
    let _ = std::fs::remove_file(&record);
    assert!(!named.asked("DELETE /images/").is_empty(), "is this test blind?");
    assert_eq!(other.asked("DELETE /images/").len(), 0);
}

#[test]
fn an_address_of_a_kind_that_is_not_spoken_is_not_supported_and_what_is_is_told() {
    for host in ["fd://", "npipe:////./pipe/docker_engine", "build.example:2375"] {
        let output = coldstart(&["build"]).env("DOCKER_HOST", host).output().unwrap();
        assert_eq!(output.status.code(), Some(4), "{}", err(&output));
        let text = flat(&err(&output));
        assert!(text.contains("DOCKER_HOST") && text.contains(host), "{text}");
        assert!(text.contains("is not supported") && text.contains("unix:///"), "{text}");
        assert!(!text.contains("does not answer"), "nobody was asked: {text}");
    }
}

#[test]
fn what_prepares_a_function_is_not_needed_where_its_image_is_there() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("functions.toml");
    let build = |prepare: &str, answers: &[(&'static str, u16, &str)]| {
        let text = format!(
            "[[function]]\nname = \"f\"\ncontext = \".\"\nfiles = [\"Dockerfile\"]\n\
             prepare = {prepare}\nmemory = \"64MiB\"\ntimeout = \"9s\"\nevent = '{{}}'\n\
             version-command = [\"v\"]\n"
        );
        fs::write(&file, text).unwrap();
        fs::write(home.path().join("Dockerfile"), "FROM scratch\n").unwrap();
        let engine = StandIn::with(answers);
        let file = file.display().to_string();
        let output = on(&engine, home.path(), &["build", "--functions-file", &file]);
        assert_eq!(output.status.code(), Some(4), "{}", err(&output));
        (engine.asked("POST /containers/create").len(), flat(&err(&output)))
    };
    let image = image("linux", "amd64");
    let there = ("GET /images/coldstart/f:", 200, image.as_str());
    for prepare in [r#"["no-such-program"]"#, r#"["env", "no-such-program"]"#] {
        // The stand-in runs nothing: when it is asked for the version, the image was taken.
        let (asked, text) = build(prepare, &[there]);
        assert!(asked == 1 && text.contains("`f` is measured as it was prepared last"), "{text}");
        let (asked, text) = build(prepare, &[]);
        assert!(asked == 0 && text.contains("no-such-program"), "{text}");
    }
    let (asked, text) = build(r#"["false"]"#, &[there]);
    assert!(asked == 0 && text.contains("`false` in"), "what fails made something else: {text}");
}
