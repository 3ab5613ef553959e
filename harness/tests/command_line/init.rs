//! `init`: files that load, and nothing written over.

use super::*;

fn init(folder: &Path, more: &[&str]) -> Output {
    let folder = folder.display().to_string();
    let mut args = vec!["init", &folder];
    args.extend(more);
    coldstart(&args).output().unwrap()
}

/// The command lines that it tells to type next, without the program's name.
fn next(text: &str) -> Vec<Vec<String>> {
    let lines = text.lines().filter_map(|line| line.strip_prefix("  coldstart "));
    lines.map(|line| line.split(' ').map(str::to_owned).collect()).collect()
}

#[test]
fn what_it_writes_can_be_measured_by_what_it_tells_to_type() {
    let flags: [&[&str]; 4] = [
        &[],
        &["--name", "orders"],
        &["--image", "registry.example/team/Orders-API:1.2@sha256:00ff"],
        &["--image", "local"],
    ];
    for (flags, name) in flags.into_iter().zip(["mine", "orders", "orders_api", "local"]) {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("bench");
        let output = init(&folder, flags);
        assert_eq!(output.status.code(), Some(0), "{}", err(&output));
        let commands = next(&out(&output));
        assert_eq!(commands.len(), 3, "{}", out(&output));
        let typed = |args: &[String], more: &[&str]| {
            let args: Vec<&str> =
                args.iter().map(String::as_str).chain(more.iter().copied()).collect();
            coldstart(&args).output().unwrap()
        };
        let plan = typed(&commands[0], &[]);
        assert_eq!(plan.status.code(), Some(0), "{}", err(&plan));
        assert!(out(&plan).contains(&format!("scenario {name}, seed ")), "{}", out(&plan));
        assert!(err(&plan).is_empty(), "{}", err(&plan));
        let run = home.path().join("run").display().to_string();
        let run = typed(&commands[1], &["--engine", "fake", "--rounds", "2", "--out", &run]);
        assert_eq!(run.status.code(), Some(0), "{}", err(&run));
        let functions = coldstart::spec::function::load(&folder.join("functions.toml")).unwrap();
        let used = functions[0].image().unwrap();
        match flags {
            ["--image", image] => assert_eq!(used, *image),
            _ => assert!(out(&output).contains("name your image"), "{}", out(&output)),
        }
        assert_eq!(err(&output).contains("is not pinned"), flags.contains(&"local"));
    }
}

#[test]
fn what_listens_is_described_so_and_can_be_measured_as_told() {
    let home = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| {
        let output = coldstart(args).current_dir(home.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", err(&output));
        out(&output)
    };
    let flags = ["--image", "web:1", "--http", "9000", "--http-path", "/health?a=\"NAME\""];
    let commands = next(&run(&[&["init", "bench"], &flags[..]].concat()));
    let told = "run bench/scenario.toml --functions-file bench/functions.toml";
    assert_eq!(commands[1].join(" "), told);
    let functions =
        coldstart::spec::function::load(&home.path().join("bench/functions.toml")).unwrap();
    let asked = functions[0].http.as_ref().unwrap();
    assert_eq!((asked.port, asked.path.as_str()), (9000, "/health?a=\"NAME\""));
    let typed: Vec<&str> = commands[1].iter().map(String::as_str).collect();
    run(&[&typed[..], &["--engine", "fake", "--rounds", "2", "--out", "run"]].concat());
    let refused = coldstart(&["init", "bench", "--http-path", "/x"]).output().unwrap();
    assert_eq!(refused.status.code(), Some(2), "{}", err(&refused));
}

#[test]
fn a_folder_with_a_dockerfile_is_built_from_it_and_can_be_put_to_the_gate() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("Dockerfile"), "FROM scratch\n").unwrap();
    let run = |args: &[&str]| {
        let output = coldstart(args).current_dir(home.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", err(&output));
        out(&output)
    };
    let commands = next(&run(&["init", ".", "--build", "--name", "orders"]));
    assert_eq!(commands.len(), 4, "{commands:?}");
    assert_eq!(commands[1].join(" "), "run scenario.toml --functions-file functions.toml");
    let told = commands[3].join(" ");
    assert_eq!(told, "gate scenario.toml --base origin/main --functions-file functions.toml");
    let typed: Vec<&str> = commands[1].iter().map(String::as_str).collect();
    run(&[&typed[..], &["--engine", "fake", "--rounds", "2", "--out", "run"]].concat());
    let functions = coldstart::spec::function::load(&home.path().join("functions.toml")).unwrap();
    assert!(functions[0].folder().is_some() && functions[0].env.contains_key("AWS_REGION"));
    let listed = run(&["list", "functions", "--functions-file", "functions.toml"]);
    assert!(flat(&listed).contains("built by `docker build -t {image} .`"), "{listed}");
}

#[test]
fn a_file_that_is_there_is_left_and_what_it_lacks_is_told() {
    let home = tempfile::tempdir().unwrap();
    init(home.path(), &["--name", "one"]);
    let files = ["functions.toml", "scenario.toml"];
    let read = || files.map(|file| fs::read_to_string(home.path().join(file)).unwrap());
    let before = read();
    let again = init(home.path(), &["--name", "one"]);
    assert_eq!(out(&again).matches("is there and stays as it is").count(), 2, "{}", out(&again));
    assert!(!out(&again).contains("[[function]]"));
    let other = init(home.path(), &["--name", "two"]);
    assert_eq!(other.status.code(), Some(0), "{}", err(&other));
    assert!(read() == before, "something was written over");
    let text = out(&other);
    assert!(text.contains("functions.toml is there and stays as it is. Add this"), "{text}");
    assert!(text.contains("\n    [[function]]\n") && text.contains("    name = \"two\""), "{text}");
    // Added as told, it can be measured as told.
    let (_, entry) = text.split_once("at its end:\n\n").unwrap();
    let entry = entry.lines().take_while(|line| line.starts_with("    ") || line.is_empty());
    let entry: String = entry.map(|line| format!("{}\n", line.trim_start())).collect();
    fs::write(home.path().join("functions.toml"), format!("{}\n{entry}", before[0])).unwrap();
    let plan = &next(&text)[0];
    let plan = coldstart(&plan.iter().map(String::as_str).collect::<Vec<_>>()).output().unwrap();
    assert_eq!(plan.status.code(), Some(0), "{}", err(&plan));
    assert!(out(&plan).contains("two"), "{}", out(&plan));
}

#[test]
fn what_cannot_be_meant_writes_nothing() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("bench");
    for (flags, part) in [
        (["--image", "a b\"c"], "is no image reference"),
        (["--image", ""], "is no image reference"),
        (["--name", "My-Name"], "is not a valid function name"),
    ] {
        let output = init(&folder, &flags);
        assert_eq!(output.status.code(), Some(2), "{}", err(&output));
        assert!(err(&output).contains(part), "{}", err(&output));
        assert!(!folder.exists());
    }
    fs::write(&folder, "a file").unwrap();
    let output = init(&folder, &[]);
    assert_eq!(output.status.code(), Some(4), "{}", err(&output));
    assert!(err(&output).starts_with("error[files]: cannot create "), "{}", err(&output));
}
