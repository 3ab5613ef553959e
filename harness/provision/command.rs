//! Running a program for its effect: output to a log, last lines on failure.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use tokio::process::Command;

use super::ProvisionError;
use crate::observer::Work;
use crate::system::child::{GivenUp, Group};
use crate::text::sanitize::{both_ends, printable_line, uncoloured};

/// How many of the last lines of a log are shown.
const LINES: usize = 15;
/// How much of each, in characters.
const WIDTH: usize = 400;
/// How much of a growing log is looked at for its last line, in bytes.
const TAIL: u64 = 4096;
/// How long a program that was interrupted may clean up.
const CLEAN_UP: Duration = Duration::from_secs(10);
/// The longest line that is kept, in bytes.
const LONGEST: u64 = 64 * 1024;

/// An interrupt reaches the program: it cleans up after itself.
pub(super) const REACHED: GivenUp = GivenUp::Asked(CLEAN_UP);
/// It does not: a half-installed package is worse than one that nobody waits for.
pub(super) const SPARED: GivenUp = GivenUp::Spared;

/// Runs a program to its end, with both of its outputs in a log file, whose last line
/// is shown meanwhile.
pub(super) async fn run(
    doing: &str,
    command: &[String],
    log: &Path,
    interrupted: GivenUp,
    work: &Work<'_>,
) -> Result<(), ProvisionError> {
    let failed = |message: String| ProvisionError::failed(doing, message);
    let [program, arguments @ ..] = command else {
        return Err(failed("no command".to_owned()));
    };
    work.debug(&format!("running {}; log: {}", command.join(" "), log.display()));
    let out = File::create(log).map_err(|e| failed(format!("{}: {e}", log.display())))?;
    let err = out.try_clone().map_err(|e| failed(e.to_string()))?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(out).stderr(err);
    command.env("DEBIAN_FRONTEND", "noninteractive");
    let named = |e: io::Error| failed(format!("{program}: {e}"));
    let mut group = Group::start(&mut command, interrupted).map_err(named)?;
    let status = work.watch(group.ended(), || last_line(log)).await.map_err(named)?;
    if status.success() {
        return Ok(());
    }
    Err(failed(format!("`{program}`: {status}; the end of {}:{}", log.display(), tail(log))))
}

/// The last whole line of a log that is being written; none where there is none.
fn last_line(log: &Path) -> Option<String> {
    let mut file = File::open(log).ok()?;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL))).ok()?;
    let mut end = Vec::new();
    file.take(TAIL).read_to_end(&mut end).ok()?;
    let end = String::from_utf8_lossy(&end);
    // Programs that draw a line over and over end it with a carriage return.
    let lines = end.split(['\n', '\r']);
    lines.rev().find(|line| !line.trim().is_empty()).map(str::to_owned)
}

/// What a program printed, both streams together, and how it ended. Each line is
/// passed on as it comes; the last ones are kept. What it leaves behind is killed: it
/// would run beside what is measured.
pub(crate) async fn captured(
    command: Command,
    printed: impl Fn(&str),
) -> io::Result<(ExitStatus, String)> {
    let never = |_| std::future::pending::<Infallible>();
    let (Ok(status), printed) = captured_unless(command, printed, never).await?;
    Ok((status, printed))
}

/// The same, unless a reason comes first to give it up, which is given the number of its
/// group: then it is killed.
pub(crate) async fn captured_unless<F: Future>(
    mut command: Command,
    printed: impl Fn(&str),
    reason: impl FnOnce(u32) -> F,
) -> io::Result<(Result<ExitStatus, F::Output>, String)> {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut group = Group::start(&mut command, REACHED)?;
    let (out, err) = (group.stdout(), group.stderr());
    let reason = reason(group.id().unwrap_or_default());
    let kept = RefCell::new(VecDeque::new());
    let keep = |line: String| {
        printed(&line);
        let mut kept = kept.borrow_mut();
        kept.push_back(line);
        if kept.len() > LINES {
            kept.pop_front();
        }
    };
    let read = async { tokio::try_join!(lines(out, &keep), lines(err, &keep)) };
    let ended = tokio::select! {
        biased;
        ended = group.ended_and(read) => {
            let (status, read) = ended?;
            // What was not read in time is of a child that it left behind.
            read.transpose()?;
            Ok(status)
        }
        reason = reason => Err(reason),
    };
    if ended.is_err() {
        group.kill();
    }
    let kept: Vec<String> = kept.into_inner().into();
    Ok((ended, kept.join("\n")))
}

/// Every line that says something. A line without end is cut.
async fn lines(stream: Option<impl AsyncRead + Unpin>, keep: &impl Fn(String)) -> io::Result<()> {
    let Some(stream) = stream else { return Ok(()) };
    let mut reader = BufReader::new(stream);
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = (&mut reader).take(LONGEST).read_until(b'\n', &mut line).await?;
        if read == 0 {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&line);
        if !text.trim().is_empty() {
            keep(text.trim_end().to_owned());
        }
    }
}

/// The last lines of a log, each on a new line, indented.
pub(super) fn tail(log: &Path) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    last_lines(&String::from_utf8_lossy(&text))
}

/// The last lines of a text, each on a new line, indented, and without control
/// characters: it goes to a terminal.
pub(crate) fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let clean = |line: &&str| {
        let line = printable_line(&uncoloured(line), usize::MAX);
        format!("\n  {}", both_ends(&line, WIDTH))
    };
    lines[lines.len().saturating_sub(LINES)..].iter().map(clean).collect()
}

/// Where a program is: on the path, or where only root looks.
pub(super) fn found(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/usr/bin".into()])
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

/// Whether a program is there.
pub(super) fn installed(program: &str) -> bool {
    found(program).is_some()
}

/// Whether we may install and start things.
pub(super) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_failure_shows_the_end_of_the_log() {
        let folder = tempfile::tempdir().unwrap();
        let work = Work::begin(&crate::observer::Silent, "work");
        let log = folder.path().join("x.log");
        let script = "for i in $(seq 1 99); do echo line $i; done; exit 3";
        let command = ["sh", "-c", script].map(str::to_owned);
        let error = run("count", &command, &log, REACHED, &work).await.unwrap_err();
        let text = error.to_string();
        assert!(text.contains("cannot count") && text.contains("line 99"), "{text}");
        assert!(!text.contains("line 80\n") && text.contains("x.log"), "{text}");
    }

    #[test]
    fn the_last_line_of_a_growing_log() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("x.log");
        assert_eq!(last_line(&log), None);
        std::fs::write(&log, "one\n50 %\r60 %\r\n\n").unwrap();
        assert_eq!(last_line(&log).as_deref(), Some("60 %"));
        std::fs::write(&log, "long ".repeat(9_000) + "\nlast").unwrap();
        assert_eq!(last_line(&log).as_deref(), Some("last"));
    }

    #[tokio::test]
    async fn what_is_printed_is_passed_on_and_the_end_of_it_kept() {
        let mut command = Command::new("sh");
        command.args(["-c", "for i in $(seq 1 99); do echo line $i; done; echo bad >&2; exit 3"]);
        let count = std::cell::Cell::new(0);
        let (status, text) = captured(command, |_| count.set(count.get() + 1)).await.unwrap();
        assert_eq!((status.code(), count.get()), (Some(3), 100));
        assert!(text.contains("line 99") && !text.contains("line 80\n"), "{text}");
    }

    #[tokio::test]
    async fn a_child_that_a_program_leaves_with_its_output_does_not_keep_us() {
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 1000 & echo done"]);
        let work = captured(command, |_| ());
        let ended = tokio::time::timeout(Duration::from_secs(30), work).await;
        let (status, text) = ended.expect("it waits for the child").unwrap();
        assert!(status.success() && text == "done", "{text}");
    }

    #[tokio::test]
    async fn a_missing_program_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let work = Work::begin(&crate::observer::Silent, "work");
        let command = ["no-such-program".to_owned()];
        let log = folder.path().join("x.log");
        let error = run("try", &command, &log, SPARED, &work).await.unwrap_err();
        assert!(error.to_string().contains("no-such-program"), "{error}");
    }
}
