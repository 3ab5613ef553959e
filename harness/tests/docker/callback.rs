//! An engine in a network of its own, reached over TCP with TLS: instances call the driver by an
//! address that is given.

use std::process::Output;

use coldstart::sample::Mark;
use coldstart::store;
use libtest_mimic::{Failed, Trial};
use tempfile::TempDir;

use crate::bench::{Bench, Tested};
use crate::program::coldstart;

/// This machine's address as the engine's containers see it: of `harness/tests/engines/run`.
const ADDRESS: &str = "COLDSTART_TEST_CALLBACK";

/// Left out, and counted, where the engine is in this machine's own network.
pub(crate) fn trials() -> Vec<Trial> {
    let is_apart = std::env::var_os(ADDRESS).is_some();
    let trials = [
        Bench::trial("instances_call_by_the_address_that_is_given", by_the_address),
        Bench::trial("an_address_that_nobody_reaches_is_told_before_the_first_trial", unreached),
        Bench::trial("without_an_address_it_is_said_that_one_is_missing", without),
        Bench::trial("what_listens_is_refused_where_an_address_is_given", listens),
    ];
    let speaks_tls = is_apart && std::env::var_os("DOCKER_TLS_VERIFY").is_some();
    let name = "certificates_of_another_authority_are_told_as_that_by_address";
    let untrusted = Bench::trial(name, untrusted).with_ignored_flag(!speaks_tls);
    let all = trials.into_iter().map(|trial| trial.with_ignored_flag(!is_apart));
    all.chain([untrusted]).collect()
}

fn run(bench: &Bench, home: &TempDir, words: &[&str]) -> Result<(Output, String), Failed> {
    let mut command = coldstart(bench);
    command.args(["run", "quick", "--functions", "rust", "--rounds", "2"]).args(words);
    let output = command.arg("--out").arg(home.path().join("run")).output()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Ok((output, said))
}

fn by_the_address(bench: &Bench) -> Tested {
    let (home, address) = (tempfile::tempdir()?, std::env::var(ADDRESS)?);
    let words = ["--callback", &address, "--networks", "bridge,host"];
    let (output, said) = run(bench, &home, &words)?;
    assert!(output.status.success(), "{said}");
    let run = store::open(&home.path().join("run")).map_err(|e| format!("{e:#}"))?;
    let failed: Vec<_> = run.samples.iter().filter_map(|s| s.outcome.cause()).collect();
    assert!(run.record.complete && failed.is_empty(), "{failed:?}: {said}");
    let callback = run.record.engine.callback.as_ref().ok_or("no way was recorded")?;
    assert!(callback.address == address && callback.round_trip_ns > Some(0), "{callback:?}");
    assert!(run.record.command.contains(&format!("--callback {address}")), "{said}");
    let of_processes = |sample: &&coldstart::sample::Sample| {
        sample.cell.control.is_some() && sample.marks.get(Mark::Main).is_some()
    };
    assert!(run.samples.iter().any(|s| of_processes(&s)), "processes are on this machine");
    let own = run.samples.iter().filter(|s| s.cell.control.is_none());
    assert!(own.clone().count() > 0 && own.clone().all(|s| s.marks.get(Mark::Main).is_none()));
    let page = std::fs::read_to_string(home.path().join("run/report.html"))?;
    assert!(page.contains("a round trip takes"), "the page says nothing of the way");
    Ok(())
}

fn refused(bench: &Bench, words: &[&str], parts: &[&str]) -> Tested {
    let home = tempfile::tempdir()?;
    let (output, said) = run(bench, &home, words)?;
    assert!(!output.status.success() && !home.path().join("run").exists(), "{said}");
    for part in parts {
        assert!(said.contains(part), "`{part}` is not in: {said}");
    }
    Ok(())
}

fn unreached(bench: &Bench) -> Tested {
    // Of documents: what goes there is dropped, as by a firewall.
    let parts = ["no instance reaches this machine at 203.0.113.9", "firewall", "`rust` on bridge"];
    refused(bench, &["--callback", "203.0.113.9"], &parts)
}

fn without(bench: &Bench) -> Tested {
    refused(bench, &[], &["--callback"])
}

fn listens(bench: &Bench) -> Tested {
    let (_, record) = bench.function("rust")?;
    let address = std::env::var(ADDRESS)?;
    let words = ["--no-controls", "--callback", &address, "--http", "8080", "--image"];
    let image = format!("web={}", record.image);
    let words: Vec<&str> = words.into_iter().chain([image.as_str()]).collect();
    let home = tempfile::tempdir()?;
    let mut command = coldstart(bench);
    command.args(["run", "quick", "--rounds", "2"]).args(words);
    let output = command.arg("--out").arg(home.path().join("run")).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("run coldstart where the engine"), "{said}");
    Ok(())
}

/// Certificates that are valid, and of nobody whom the engine knows; and none.
fn untrusted(bench: &Bench) -> Tested {
    let own = std::env::var("DOCKER_CERT_PATH")?;
    let other = std::path::Path::new(&own).with_file_name("other");
    let doctor = |change: &dyn Fn(&mut std::process::Command)| {
        let mut command = coldstart(bench);
        change(command.arg("doctor"));
        let output = command.output()?;
        std::io::Result::Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let said = doctor(&|command| {
        command.env("DOCKER_CERT_PATH", &other);
    })?;
    assert!(said.contains("do not trust each other") && said.contains("ca.pem"), "{said}");
    let said = doctor(&|command| {
        command.env_remove("DOCKER_TLS_VERIFY");
    })?;
    assert!(said.contains("speaks TLS, and has no certificates"), "{said}");
    // Those of the engine, but only half of them are there.
    let half = tempfile::tempdir()?;
    std::fs::copy(std::path::Path::new(&own).join("ca.pem"), half.path().join("ca.pem"))?;
    let said = doctor(&|command| {
        command.env("DOCKER_CERT_PATH", half.path());
    })?;
    assert!(said.contains("key.pem"), "{said}");
    Ok(())
}
