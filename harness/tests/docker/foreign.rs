//! Images that nobody here described, and builds of their own, by the program as it is typed.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Output;

use coldstart::engine::{Engine, ImageStore};
use coldstart::spec::factor::Network;
use coldstart::store;
use libtest_mimic::{Failed, Trial};
use tempfile::TempDir;
use tokio::io::AsyncReadExt;

use crate::bench::{Bench, Tested};
use crate::program::coldstart;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Bench::trial("an_image_without_a_command_is_told_as_that", no_command),
        Bench::trial("an_image_of_a_user_that_does_not_exist_is_told_as_that", no_user),
        Bench::trial("an_image_with_a_shell_as_entrypoint_is_measured", shell),
        Bench::trial("an_image_gated_against_itself_passes", itself),
        Bench::trial("a_build_of_ones_own_is_run_and_measured", own_build),
        Bench::trial("a_build_of_ones_own_that_fails_ends_with_its_last_lines", failing_build),
        Bench::trial("a_step_of_a_build_has_a_network_only_where_it_is_given_one", networked),
    ]
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Two rounds of an image, without controls.
fn run(bench: &Bench, image: &str, home: &TempDir) -> Result<Output, Failed> {
    let mut command = coldstart(bench);
    command.args(["run", "single", "--rounds", "2", "--no-controls", "--image", image, "--out"]);
    Ok(command.arg(home.path().join("run")).output()?)
}

fn is_measured(home: &TempDir, output: &Output) -> Tested {
    assert!(output.status.success(), "{}", text(output));
    let run = store::open(&home.path().join("run")).map_err(|e| format!("{e:#}"))?;
    assert!(run.record.complete && run.record.counts.failed == 0, "{}", text(output));
    assert_eq!(run.samples.len(), 2);
    let events = &run.record.kernel_events;
    assert_eq!(events.silent.is_none(), !events.oci_runtimes.is_empty(), "{events:?}");
    Ok(())
}

/// What cannot be started fails, with these words.
fn fails_with(bench: &Bench, image: &str, words: &[&str]) -> Tested {
    let home = tempfile::tempdir()?;
    let output = run(bench, image, &home)?;
    let said = text(&output);
    assert!(!output.status.success(), "{said}");
    for words in words {
        assert!(said.contains(words), "`{words}` is not in: {said}");
    }
    Ok(())
}

fn no_command(bench: &Bench) -> Tested {
    fails_with(bench, &bench.build("rust", "CMD []")?, &["its image names no command", "--command"])
}

fn no_user(bench: &Bench) -> Tested {
    let words = ["nobody-of-this-name", "its image names a user that it does not have"];
    fails_with(bench, &bench.build("rust", "USER nobody-of-this-name")?, &words)
}

fn shell(bench: &Bench) -> Tested {
    let lines = "ENTRYPOINT [\"/bin/sh\", \"-c\", \"exec python3 /function/function.py\"]\nCMD []";
    let image = bench.build("python", lines)?;
    let home = tempfile::tempdir()?;
    is_measured(&home, &run(bench, &image, &home)?)
}

/// Three rounds besides the first are too few for a verdict, by chance included.
fn itself(bench: &Bench) -> Tested {
    let image = bench.build("rust", "ENV A=1")?;
    let home = tempfile::tempdir()?;
    let folder = home.path().join("gate");
    let mut command = coldstart(bench);
    command.args(["gate", "--rounds", "4", "--base-image", &image, "--head-image", &image]);
    command.env_remove("GITHUB_ACTIONS").env_remove("GITHUB_STEP_SUMMARY");
    let output = command.arg("--out").arg(&folder).output()?;
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    for side in ["base", "head"] {
        let run = store::open(&folder.join(side)).map_err(|e| format!("{e:#}"))?;
        assert!(run.record.complete && run.record.counts.failed == 0, "{}", text(&output));
    }
    Ok(())
}

/// The name of the function of one test: its images are nobody else's.
fn name(bench: &Bench) -> String {
    bench.run.replace('-', "_")
}

/// A folder with a function of such keys and such a Dockerfile.
fn folder(bench: &Bench, keys: &str, dockerfile: &str) -> Result<TempDir, Failed> {
    let home = tempfile::tempdir()?;
    fs::write(home.path().join("Dockerfile"), dockerfile)?;
    let name = name(bench);
    let text = format!(
        "[[function]]\nname = \"{name}\"\n{keys}\nmemory = \"64MiB\"\ntimeout = \"10s\"\n\
         event = '{{}}'\n"
    );
    fs::write(home.path().join("functions.toml"), text)?;
    Ok(home)
}

/// Two rounds of what such a folder describes; its images are removed with the bench.
fn run_in(bench: &Bench, home: &Path) -> Result<Output, Failed> {
    let mut command = coldstart(bench);
    command.args(["run", "single", "--rounds", "2", "--no-controls", "--out"]);
    command.arg(home.join("run")).arg("--functions-file").arg(home.join("functions.toml"));
    let output = command.output()?;
    let ours = format!("coldstart/{}:", name(bench));
    for image in bench.wait(bench.engine.images())?.iter().filter(|i| i.starts_with(&ours)) {
        bench.will_remove(image);
    }
    Ok(output)
}

const BUILD: &str = r#"build = ["docker", "build", "--tag", "{image}", "."]"#;

fn own_build(bench: &Bench) -> Tested {
    let (_, record) = bench.function("rust")?;
    let home = folder(bench, BUILD, &format!("FROM {}\nENV A=1\n", record.image))?;
    is_measured(&home, &run_in(bench, home.path())?)
}

fn failing_build(bench: &Bench) -> Tested {
    let (_, record) = bench.function("python")?;
    let wrong = "RUN [\"python3\", \"-c\", \"raise SystemExit('no such wheel: orders')\"]";
    let home = folder(bench, BUILD, &format!("FROM {}\n{wrong}\n", record.image))?;
    let output = run_in(bench, home.path())?;
    let said = text(&output);
    assert!(!output.status.success() && said.contains("no such wheel: orders"), "{said}");
    assert!(said.contains(&name(bench)) && !home.path().join("run").exists(), "{said}");
    Ok(())
}

/// A server of the test, that a step of a build can only reach over a network.
fn networked(bench: &Bench) -> Tested {
    if bench.leaves_out("the steps of its builds have a network, asked for or not")? {
        return Ok(());
    }
    let mut server = bench.wait(bench.engine.listen(Network::Bridge.into()))?;
    let address: SocketAddr = server.address().parse()?;
    let (host, port) = (address.ip(), address.port());
    let asked = format!(
        "RUN [\"python3\", \"-c\", \"import socket; \
         socket.create_connection(('{host}', {port}), 5).sendall(b'hello')\"]"
    );
    let (_, record) = bench.function("python")?;
    let dockerfile = format!("FROM {}\n{asked}\n", record.image);
    let keys = "context = \".\"\nfiles = [\"Dockerfile\"]\nversion-command = [\"python3\", \
                \"--version\"]";
    let without = folder(bench, keys, &dockerfile)?;
    let output = run_in(bench, without.path())?;
    let said = text(&output);
    assert!(!output.status.success() && said.contains("`network = true` gives it one"), "{said}");
    let with = folder(bench, &format!("{keys}\nnetwork = true"), &dockerfile)?;
    is_measured(&with, &run_in(bench, with.path())?)?;
    // It was taken when it came, and has waited since.
    let mut asked = [0; 5];
    bench.wait(async {
        let (mut stream, _) = server.accept().await?.ok_or(std::io::ErrorKind::NotConnected)?;
        stream.read_exact(&mut asked).await
    })?;
    assert_eq!(&asked, b"hello");
    Ok(())
}
