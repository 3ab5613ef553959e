//! The command that a function wants run before its image is built.

use std::io::ErrorKind;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, bail};
use tokio::process::Command;

use super::tools;
use crate::observer::Work;
use crate::provision::bases::Bases;
use crate::provision::{ProvisionError, captured, last_lines};
use crate::spec::function::Build;

mod stamp;

/// The build tool that may have started us sets variables with this prefix: left
/// in place they would bend a build that uses the same tool.
const LEAKS: &str = "CARGO_";
/// What begins so all the same: where things are, and how they are fetched.
const KEPT: [&str; 6] =
    ["CARGO_HOME", "CARGO_NET_", "CARGO_HTTP_", "CARGO_REGISTR", "CARGO_SOURCE_", "CARGO_ALIAS_"];

/// The exit status of what starts another program (`env`, a shell) and does not find it.
const NOT_FOUND: i32 = 127;

/// The command, or what it calls, is not on this machine.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct NoProgram(String);

/// Whether it failed for want of a program: what it made before is not broken by that.
pub(super) fn lacks_a_program(error: &anyhow::Error) -> bool {
    let missing = error.downcast_ref::<ProvisionError>();
    error.is::<NoProgram>() || matches!(missing, Some(ProvisionError::Missing { .. }))
}

/// Runs it, and before it what is to be prepared first; how long it took when it was run,
/// none where nobody noted that.
pub(super) async fn all(name: &str, build: &Build, bases: &Bases<'_>) -> Result<Option<Duration>> {
    let before = match &build.first {
        Some(first) => run(name, first, bases).await?,
        None => Some(Duration::ZERO),
    };
    let own = run(name, build, bases).await?;
    Ok(before.zip(own).map(|(before, own)| before + own))
}

/// Runs it in the function's folder, with nothing to read; not again where its inputs are
/// what they were.
async fn run(name: &str, build: &Build, bases: &Bases<'_>) -> Result<Option<Duration>> {
    let [program, arguments @ ..] = build.prepare.as_slice() else {
        return Ok(Some(Duration::ZERO));
    };
    let stamp = stamp::of(name, build)?;
    if let Some(stamp) = &stamp
        && stamp.holds(build)
    {
        bases.observer().debug(&format!("function `{name}` is prepared already"));
        return Ok(stamp.took());
    }
    tools::ensure(name, build, bases).await?;
    stamp.as_ref().map_or(Ok(()), stamp::Stamp::withdraw)?;
    let line = build.prepare.join(" ");
    let mut command = Command::new(program);
    command.args(arguments).current_dir(&build.context).stdin(Stdio::null());
    without_leaks(&mut command);
    let work = Work::begin(bases.observer(), &format!("preparing function `{name}`"));
    work.debug(&format!("running {line} in {}", build.context.display()));
    let begun = Instant::now();
    let run = captured(command, |line| work.printed(line));
    let folder = build.context.display();
    let (status, printed) = work.watch(run, || None).await.map_err(|e| {
        let text = format!("cannot run `{line}` in {folder}: is `{program}` installed?");
        match e.kind() {
            ErrorKind::NotFound => anyhow!(NoProgram(format!("{text} {e}"))),
            _ => anyhow!(e).context(text),
        }
    })?;
    if !status.success() {
        let text = format!("`{line}` in {folder}: {status}{}", last_lines(&printed));
        match status.code() {
            Some(NOT_FOUND) => bail!(NoProgram(text)),
            _ => bail!(text),
        }
    }
    let took = begun.elapsed();
    stamp.as_ref().map_or(Ok(()), |stamp| stamp.put(took))?;
    Ok(Some(took))
}

/// Leaves out of a program's environment what a build tool may have put in ours.
pub(super) fn without_leaks(command: &mut Command) {
    for name in std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()) {
        if leaks(&name) {
            command.env_remove(name);
        }
    }
}

fn leaks(name: &str) -> bool {
    name.starts_with(LEAKS) && !KEPT.iter().any(|kept| name.starts_with(kept))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_parent_build_sets_does_not_leak() {
        assert!(leaks("CARGO_MANIFEST_DIR") && leaks("CARGO_TARGET_DIR"));
        assert!(!leaks("CARGO_HOME") && !leaks("CARGO_NET_OFFLINE") && !leaks("PATH"));
    }
}
