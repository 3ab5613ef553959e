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
    check(&["run", "--until", "2"], &["--until", "is no share", "`2%`"]);
    check(&["run", "--until", "100%"], &["--until", "below 100"]);
    check(&["run", "--max-time", "10"], &["--max-time", "has no unit", "`10s`"]);
    check(&["run", "--networks", "mesh"], &["no network `mesh`", "bridge, host, none"]);
    check(&["run", "--networks", "host,host"], &["`networks` has a value twice"]);
    check(&["run", "--page-cache", "hot"], &["no state `hot`", "warm, image-cold, host-cold"]);
    check(&["run", "--cpus", "0"], &["--cpus", "out of range", "0.01 to 4096"]);
    check(&["run", "--cpus", "half"], &["--cpus", "`half` is no number of cores", "0.5"]);
    check(&["run", "--memory", "1"], &["--memory", "has no unit", "`1MiB`"]);
    check(&["run", "--memory", "1MiB"], &["a memory limit of 1.0 MiB", "6.0 MiB"]);
    check(&["run", "--parallel", "1"], &["--parallel", "2..=1000"]);
    check(&["swim"], &["unrecognized subcommand"]);
    check(&[], &["Usage"]);
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
    let reason = match coldstart::page_cache::can_evict() {
        Ok(()) => "the page cache of `python` cannot be cleared: finding an image's files",
        Err(_) => "run as root",
    };
    refused(&["--page-cache", "warm,image-cold"], &[reason]);
}
