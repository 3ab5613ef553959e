//! What cannot be done: who is at fault, and the cure.

use super::*;

#[test]
fn mistakes_of_the_user_exit_with_2_and_name_the_cure() {
    let check = |args: &[&str], parts: &[&str]| {
        let output = coldstart(args).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", err(&output));
        for part in parts {
            assert!(err(&output).contains(part), "`{part}` is not in: {}", err(&output));
        }
        assert!(output.stdout.is_empty());
    };
    check(&["run", "no_such_scenario"], &["cannot read the scenario", "no_such_scenario.toml"]);
    check(&["run", "--functions", "cobol"], &["unknown function `cobol`", "`python`"]);
    check(&["run", "--rounds", "0"], &["--rounds"]);
    check(&["run", "--rounds", "many"], &["--rounds"]);
    check(&["run", "--functions-file", "nowhere.toml"], &["nowhere.toml"]);
    check(&["run", "--until", "2"], &["--until", "is not a valid share", "`2%`"]);
    check(&["run", "--until", "100%"], &["--until", "below 100"]);
    check(&["run", "--max-time", "10"], &["--max-time", "has no unit", "`10s`"]);
    check(&["run", "--networks", "mesh"], &["no network `mesh`", "bridge, host, none"]);
    check(&["run", "--networks", "host,host"], &["`networks` has a value twice"]);
    check(&["run", "--page-cache", "hot"], &["no state `hot`", "warm, image-cold, host-cold"]);
    check(&["run", "--cpus", "0"], &["--cpus", "out of range", "0.01 to 4096"]);
    check(&["run", "--cpus", "half"], &["--cpus", "`half` is not a valid number of cores", "0.5"]);
    check(&["run", "--memory", "1"], &["--memory", "has no unit", "`1MiB`"]);
    check(&["run", "--memory", "1MiB"], &["a memory limit of 1.0 MiB", "6.0 MiB"]);
    check(&["run", "--parallel", "1"], &["--parallel", "2..=1000"]);
    check(&["run", "--rounds", "4000000000"], &["--rounds", "1..=100000"]);
    check(&["run", "--max-time", "0s"], &["--max-time", "no trial could begin"]);
    check(&["run", "--max-time", "99999999999h"], &["--max-time", "365 days at most"]);
    check(&["run", "--memory", "99999999999GiB"], &["--memory", "1048576GiB at most"]);
    check(&["run", "default", "--rounds", "100000"], &["trials, and 1000000 are the most"]);
    let large = ["--rounds", "100000", "--networks", "bridge,host", "--dry-run"];
    for verb in [&["gate", "--base", "./"][..], &["aa"]] {
        check(&[verb, &large].concat(), &["trials, and 1000000 are the most"]);
    }
    check(&["swim"], &["unrecognized subcommand"]);
    check(&[], &["Usage"]);
}

#[test]
fn an_error_has_a_code_and_says_what_was_probably_meant() {
    let check = |args: &[&str], status: i32, begin: &str, meant: &str| {
        let output = coldstart(args).env("DOCKER_HOST", "unix:///nowhere/docker.sock").output();
        let output = output.unwrap();
        assert_eq!(output.status.code(), Some(status), "{args:?}: {}", err(&output));
        let told = err(&output);
        assert!(told.starts_with(begin), "`{begin}` does not begin: {told}");
        assert!(told.contains(meant), "`{meant}` is not in: {told}");
        assert!(output.stdout.is_empty());
    };
    let usage = "error[usage]: ";
    check(&["run", "--functions", "pythn"], 2, usage, "did you mean `python`?");
    check(&["run", "defualt"], 2, usage, "did you mean `default`?");
    check(&["run", "--networks", "brigde"], 2, usage, "did you mean `bridge`?");
    check(&["run", "--page-cache", "image_cold"], 2, usage, "did you mean `image-cold`?");
    check(&["gate", "--base", "HEAD", "--gate", "totl"], 2, usage, "did you mean `total`?");
    check(&["gate", "--base", "./", "--functions", "nod"], 2, usage, "did you mean `node`?");
    check(&["lst"], 2, usage, "'list'");
    check(&["man", "rnu"], 2, usage, "did you mean `run`?");
    check(&["run", "--functions-file", "nowhere.toml"], 2, "error[input]: ", "coldstart init");
    check(&["build", "--functions", "rust"], 4, "error[missing]: ", "nowhere");
    check(&["report", "harness"], 4, "error[files]: ", "is not a run folder");
}

/// `environment` is what has no code of its own.
#[test]
fn what_is_wrong_with_a_file_has_the_code_of_files() {
    let home = tempfile::tempdir().unwrap();
    let (empty, run) = (home.path().join("empty"), home.path().join("run"));
    fs::create_dir(&empty).unwrap();
    simulate(&run, &["--functions", "rust", "--rounds", "1", "--no-controls"]);
    let (page, file) = (home.path().join("page.md"), home.path().join("file"));
    fs::write(&page, "no marks").unwrap();
    fs::write(&file, "").unwrap();
    let old = home.path().join("old");
    fs::create_dir(&old).unwrap();
    fs::write(old.join("run.json"), "{\"format\": 1}").unwrap();
    let text = |path: &Path| path.display().to_string();
    let (empty, run, page, file, old) =
        (text(&empty), text(&run), text(&page), text(&file), text(&old));
    let below = format!("{file}/below");
    let all: [&[&str]; 10] = [
        &["show", &empty],
        &["show", "latest", "--results", &empty],
        &["report", &empty],
        &["report", &old],
        &["report", &run, "--splice", &page],
        &["report", &run, "--splice", "/no/such/page.md"],
        &["compare", &run, &empty],
        &["compare", "--baseline", &run],
        &["aa", "--functions", "python", "--simulate", &run, "--out", &below],
        &["run", "quick", "--engine", "fake", "--rounds", "1", "--out", &below],
    ];
    for args in all {
        let output = coldstart(args).output().unwrap();
        let told = err(&output);
        assert_eq!(output.status.code(), Some(4), "{args:?}: {told}");
        assert!(told.contains("error[files]: "), "{args:?}: {told}");
        assert!(!told.contains("disk full"), "the disk is not full: {args:?}: {told}");
    }
}

#[test]
fn an_event_that_is_no_json_is_refused_with_the_place_in_its_file() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("event.json");
    let typed = format!("@{}", file.display());
    let refused = |event: &str| {
        let output = coldstart(&["run", "quick", "--image", "app", "--event", event]).output();
        let output = output.unwrap();
        assert_eq!(output.status.code(), Some(2), "{event}: {}", err(&output));
        err(&output)
    };
    fs::write(&file, "{\n  \"a\": 1,\n  b\n}\n").unwrap();
    let text = refused(&typed);
    assert!(text.starts_with("error[input]: ") && text.contains("event.json:3:3: "), "{text}");
    fs::write(&file, "\u{feff}{}").unwrap();
    assert!(refused(&typed).contains("begins with a byte order mark"), "{}", refused(&typed));
    fs::write(&file, "").unwrap();
    assert!(refused(&typed).contains("the event is not JSON"), "{}", refused(&typed));
    fs::write(&file, [b'"', 0xff, b'"']).unwrap();
    assert!(refused(&typed).contains("no UTF-8 text: byte 2"), "{}", refused(&typed));
    assert!(refused("@/no/such").starts_with("error[input]: cannot read the event /no/such"));
    assert!(refused("@/dev/zero").contains("larger than 6 MiB"), "{}", refused("@/dev/zero"));
    assert!(refused("nul").contains("the event `nul` is not JSON"), "{}", refused("nul"));
    assert!(refused("\u{feff}{}").contains("byte order mark"));
}

#[test]
fn a_functions_file_in_its_own_folder_is_read() {
    let file = coldstart::spec::function::load(Path::new("functions/functions.toml")).unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("functions");
    let args = ["list", "functions", "--functions-file", "functions.toml"];
    let output = coldstart(&args).current_dir(&folder).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(file.iter().all(|function| out(&output).contains(&function.name)), "{}", out(&output));
    let args = ["run", "../benches/scenarios/quick.toml", "--dry-run", "--functions-file"];
    let output =
        coldstart(&[&args[..], &["functions.toml"]].concat()).current_dir(&folder).output();
    assert_eq!(output.as_ref().unwrap().status.code(), Some(0), "{}", err(&output.unwrap()));
}

#[test]
fn a_mistake_in_a_file_is_quoted_whoever_found_it() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("s.toml");
    let path = file.display().to_string();
    let check = |text: &str, parts: &[&str]| {
        fs::write(&file, text).unwrap();
        let output = coldstart(&["run", &path]).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", err(&output));
        for part in parts {
            assert!(err(&output).contains(part), "`{part}` is not in: {}", err(&output));
        }
    };
    let good = "name = \"s\"\nrounds = 2\nkeep-alive = \"9ms\"\n\
                [[pattern]]\nname = \"p\"\nsteps = [{ name = \"a\", burst = 1 }]\n";
    // Found by the parser, and by us.
    check(
        &good.replace("rounds", "roundz"),
        &["s.toml:2:1: ", "did you mean `rounds`?", "\n 2 | roundz = 2\n   | ^^^^^^\n"],
    );
    check(
        &good.replace("\"a\"", "\"A\""),
        &["s.toml:6:19: `A` is not a valid name", "\n 6 | steps = [{ name = \"A\"", "   ^^^\n"],
    );
    check(&good.replace("= 2", "= 0"), &["s.toml:2:10: ", "at least one round"]);
}

/// A request that the simulated engine cannot honour: refused before the first
/// trial, without a folder.
fn refused(flags: &[&str], parts: &[&str]) {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("run");
    let output = simulate(&folder, flags);
    assert_eq!(output.status.code(), Some(4), "{flags:?}: {}", err(&output));
    for part in parts {
        assert!(err(&output).contains(part), "`{part}` is not in: {}", err(&output));
    }
    assert!(!err(&output).contains("measuring"), "a trial was begun: {}", err(&output));
    assert!(!folder.exists() && output.stdout.is_empty());
}

#[test]
fn a_factor_that_the_engine_lacks_is_refused_before_the_first_trial() {
    refused(
        &["--runtimes", "fake,nope"],
        &["`bridge, nope` cannot be measured here", "no OCI runtime `nope`", "`fake`, `other`"],
    );
    refused(
        &["--log-drivers", "nope"],
        &["`bridge, log nope` cannot be measured", "no log driver `nope`", "`json-file`, `none`"],
    );
    refused(&["--cpus", "4000"], &["`bridge, 4000 cpu`", "more than the", "there are"]);
}

#[test]
fn a_cold_image_is_refused_where_its_files_cannot_be_found() {
    // Without root that is told first.
    let reason = match coldstart::probe::page_cache::can_evict() {
        Ok(()) => "the page cache of `python` cannot be cleared: finding an image's files",
        Err(_) => "run as root",
    };
    refused(&["--page-cache", "warm,image-cold"], &[reason]);
}
