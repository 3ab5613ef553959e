//! `gate` on the real engine: two folders with the same function, and a head that
//! does not build.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use coldstart::engine::{Engine, ImageStore};
use coldstart::store;
use libtest_mimic::{Failed, Trial};
use tempfile::TempDir;

use crate::bench::{Bench, Tested, root};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Bench::trial("a_gate_measures_two_folders_in_turns_and_leaves_nothing", in_turns),
        Bench::trial("a_head_that_does_not_build_is_named_with_its_words", not_built),
        Bench::trial("of_two_images_one_that_starts_slower_fails_the_gate", two_images),
    ]
}

/// The name of the function of one test: its images are nobody else's.
fn name(bench: &Bench) -> String {
    bench.run.replace('-', "_")
}

/// A folder with the binary of the null function, and lines of a Dockerfile.
fn side(bench: &Bench, dockerfile: &str) -> Result<TempDir, Failed> {
    let home = tempfile::tempdir()?;
    let context = home.path().join("functions/only");
    fs::create_dir_all(&context)?;
    let (null, _) = bench.function("rust")?;
    let build = null.build().ok_or("not built")?;
    let binary = build.context.join(build.files.last().ok_or("no binary")?);
    fs::copy(binary, context.join("binary"))?;
    fs::write(context.join("Dockerfile"), dockerfile)?;
    let text = format!(
        "[[function]]\nname = \"{}\"\ncontext = \"only\"\nfiles = [\"Dockerfile\", \"binary\"]\n\
         version-command = [\"/binary\", \"--version\"]\nmemory = \"64MiB\"\ntimeout = \"10s\"\n\
         event = '{{}}'\n",
        name(bench)
    );
    fs::write(home.path().join("functions/functions.toml"), text)?;
    Ok(home)
}

/// Four rounds of base against head; their images are removed with the bench.
fn gate(bench: &Bench, base: &TempDir, head: &TempDir, folder: &Path) -> Result<Output, Failed> {
    let output = Command::new(env!("CARGO_BIN_EXE_coldstart"))
        .current_dir(root())
        .env("DOCKER_HOST", bench.address())
        .env_remove("GITHUB_ACTIONS")
        .env_remove("GITHUB_STEP_SUMMARY")
        .args(["gate", "--rounds", "4", "--base"])
        .arg(base.path())
        .arg("--head")
        .arg(head.path())
        .arg("--out")
        .arg(folder)
        .output()?;
    let ours = format!("coldstart/{}:", name(bench));
    for image in bench.wait(bench.engine.images())?.iter().filter(|i| i.starts_with(&ours)) {
        bench.will_remove(image);
    }
    Ok(output)
}

const BUILDS: &str = "FROM scratch\nCOPY binary /binary\nCMD [\"/binary\"]\n";

fn in_turns(bench: &Bench) -> Tested {
    let (base, head) = (side(bench, BUILDS)?, side(bench, BUILDS)?);
    let home = tempfile::tempdir()?;
    let folder = home.path().join("gate");
    let output = gate(bench, &base, &head, &folder)?;
    let said = String::from_utf8_lossy(&output.stderr);
    // Three rounds besides the first are too few for a verdict.
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("too few"), "{said}");
    for name in ["base", "head"] {
        let run = store::open(&folder.join(name)).map_err(|e| format!("{e:#}"))?;
        assert!(run.record.complete && run.record.counts.failed == 0, "{said}");
        assert_eq!(run.samples.iter().map(|s| s.round).max(), Some(4));
        let left = bench.wait(bench.engine.instances(Some(&run.record.id)))?;
        assert!(left.is_empty(), "{left:?}");
    }
    Ok(())
}

fn not_built(bench: &Bench) -> Tested {
    let base = side(bench, BUILDS)?;
    let head = side(bench, "FROM scratch\nCOPY nowhere /nowhere\n")?;
    let home = tempfile::tempdir()?;
    let folder = home.path().join("gate");
    let output = gate(bench, &base, &head, &folder)?;
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{said}");
    let label = format!("head, {}", head.path().display());
    for words in [label.as_str(), &name(bench), "nowhere"] {
        assert!(said.contains(words), "`{words}` is not in: {said}");
    }
    assert!(output.stdout.is_empty() && !folder.exists(), "nothing was measured");
    Ok(())
}

/// As two versions of one image are typed, and started as AWS Lambda does.
fn two_images(bench: &Bench) -> Tested {
    let base = bench.build("rust", "ENV A=1")?;
    // What an image says of its health is asked of nobody here, and its volumes go with it.
    let odd = "ENV COLDSTART_INIT_SLEEP_MS=400\nHEALTHCHECK CMD [\"/none\"]\nVOLUME /data";
    let head = bench.build("rust", odd)?;
    let home = tempfile::tempdir()?;
    let folder = home.path().join("gate");
    let output = Command::new(env!("CARGO_BIN_EXE_coldstart"))
        .current_dir(home.path())
        .env("DOCKER_HOST", bench.address())
        .env_remove("GITHUB_ACTIONS")
        .env_remove("GITHUB_STEP_SUMMARY")
        .args(["gate", "--rounds", "12", "--no-confirm", "--lambda", "--env", "B=2"])
        .args(["--base-image", &base, "--head-image", &head, "--out"])
        .arg(&folder)
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    let run = store::open(&folder.join("head")).map_err(|e| format!("{e:#}"))?;
    let record = &run.record.functions[0];
    assert!(record.launch.lambda && run.record.counts.failed == 0, "{said}");
    let label = run.record.side.as_ref().map(|side| side.label.clone()).unwrap_or_default();
    assert_eq!(label, format!("{head} ({})", &record.digest["sha256:".len()..][..12]));
    Ok(())
}
