//! A command of the user's own that builds a function's image.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::process::Command;

use super::{digest, prepare};
use crate::engine::{BUILT, FUNCTION_NAMES, VERSION};
use crate::observer::{Observer, Work};
use crate::provision::{Surroundings, captured_unless, last_lines};
use crate::spec::function::{IMAGE, OwnBuild};
use crate::system::process::Stat;

/// A build that takes longer is taken for stuck.
const LIMIT: Duration = Duration::from_secs(60 * 60);
/// How often it is looked whether a build waits for a terminal.
const LOOK: Duration = Duration::from_secs(1);

/// The tag that a build is told to give its image: another one in every folder, so that
/// two sides, or two checkouts at a time, do not take each other's.
pub(super) fn tag(name: &str, own: &OwnBuild) -> String {
    let folder = own.folder.to_string_lossy();
    let words = own.command.iter().map(String::as_str);
    let digest = digest(std::iter::once(&*folder).chain(words).map(str::as_bytes));
    format!("{FUNCTION_NAMES}{name}:{BUILT}{}", &digest[..VERSION])
}

/// Runs it, always: what went into an image is known to its builder alone, which need not
/// build again what did not change.
pub(super) async fn run(
    name: &str,
    own: &OwnBuild,
    tag: &str,
    engine: &str,
    observer: &dyn Observer,
) -> Result<()> {
    let words: Vec<String> = own.command.iter().map(|word| word.replace(IMAGE, tag)).collect();
    let [program, arguments @ ..] = words.as_slice() else { bail!("its `build` is empty") };
    let (line, folder) = (words.join(" "), own.folder.display());
    let mut command = Command::new(program);
    command.args(arguments).current_dir(&own.folder).stdin(Stdio::null());
    prepare::without_leaks(&mut command);
    // Whom it builds for; and nobody is there who could be asked.
    command.env("DOCKER_HOST", engine).env_remove("DOCKER_CONTEXT");
    if let Some(folder) = Surroundings::read().certificates() {
        command.env("DOCKER_TLS_VERIFY", "1").env("DOCKER_CERT_PATH", folder);
    }
    command.env("GIT_TERMINAL_PROMPT", "0");
    let work = Work::begin(observer, &format!("building function `{name}` by its own command"));
    work.debug(&format!("running {line} in {folder}"));
    let run = captured_unless(command, |line| work.printed(line), stuck);
    let (ended, printed) = work
        .watch(run, || None)
        .await
        .with_context(|| format!("cannot run `{line}` in {folder}: is `{program}` installed?"))?;
    let lines = || last_lines(&printed);
    match ended {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => bail!("`{line}` in {folder}: {status}{}", lines()),
        Err(why) => bail!("`{line}` in {folder} was ended: {why}{}", lines()),
    }
}

/// Why a build is not waited for any longer.
async fn stuck(group: u32) -> String {
    let begun = tokio::time::Instant::now();
    loop {
        tokio::time::sleep(LOOK).await;
        if waits_for_a_terminal(group) {
            return "it asks something of a terminal, such as a password, and has none".to_owned();
        }
        if begun.elapsed() >= LIMIT {
            return format!("it was not done after {} minutes", LIMIT.as_secs() / 60);
        }
    }
}

/// Whether a process of a group was stopped: a kernel does so with what reads from the
/// terminal and is not in its foreground.
fn waits_for_a_terminal(group: u32) -> bool {
    let all = fs::read_dir("/proc").into_iter().flatten().flatten();
    all.filter_map(|entry| Stat::of(entry.file_name().display()))
        .any(|stat| stat.state == 'T' && stat.group == Some(group))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::observer::Silent;

    fn own(folder: &Path, script: &str) -> OwnBuild {
        let command = ["sh", "-c", script, "build", IMAGE].map(str::to_owned).to_vec();
        OwnBuild { folder: folder.to_owned(), command }
    }

    #[tokio::test]
    async fn a_build_runs_in_its_folder_with_its_tag_and_the_engines_address() {
        let folder = tempfile::tempdir().unwrap();
        let own = own(folder.path(), "echo \"$1 $DOCKER_HOST $(cat)\" >said");
        let tag = tag("f", &own);
        run("f", &own, &tag, "unix:///x.sock", &Silent).await.unwrap();
        let said = fs::read_to_string(folder.path().join("said")).unwrap();
        assert_eq!(said, format!("{tag} unix:///x.sock \n"));
        assert!(tag.starts_with("coldstart/f:built-") && tag.len() == 30, "{tag}");
    }

    #[test]
    fn two_folders_have_two_tags() {
        let tags = ["/a", "/b"].map(|folder| tag("f", &own(Path::new(folder), "true")));
        assert_ne!(tags[0], tags[1]);
    }

    #[tokio::test]
    async fn a_build_that_fails_shows_its_last_lines_without_colours() {
        let folder = tempfile::tempdir().unwrap();
        let own = own(folder.path(), "printf '\\033[31mdeep trouble\\033[0m\\n' >&2; exit 5");
        let error = run("f", &own, "t", "-", &Silent).await.unwrap_err().to_string();
        assert!(error.contains("exit status: 5\n  deep trouble"), "{error}");
    }

    #[tokio::test]
    async fn a_build_that_waits_for_a_terminal_is_ended_and_what_it_said_is_told() {
        let folder = tempfile::tempdir().unwrap();
        // As a kernel does with a program that reads from a terminal in the background.
        let own = own(folder.path(), "echo 'Password:'; kill -STOP $$; sleep 100");
        let ended =
            tokio::time::timeout(Duration::from_secs(60), run("f", &own, "t", "-", &Silent));
        let error = ended.await.expect("it waits").unwrap_err().to_string();
        assert!(error.contains("such as a password") && error.contains("Password:"), "{error}");
    }
}
