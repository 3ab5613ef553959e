//! A program that is run for us, in a group of its own: an interrupt from the terminal
//! does not reach it, and what it leaves behind ends with it.
//!
//! What it prints is read for as long as it runs and a little longer: a child of its own
//! that holds its output open must not keep us waiting.

use std::io;
use std::process::{ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};

/// After its end, how long what it printed may still be on the way.
pub const EXIT_GRACE: Duration = Duration::from_millis(200);
/// How long a killed process may take to be gone: longer only where the kernel hangs.
const GONE_WITHIN: Duration = Duration::from_secs(2);
/// How often one that is waited for without the runtime is asked. Nothing is measured.
const AGAIN: Duration = Duration::from_millis(2);

/// What becomes of a program that is given up while it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GivenUp {
    /// It is killed at once.
    Killed,
    /// It is asked to end, as it cleans up after itself, and killed when it takes longer.
    Asked(Duration),
    /// It goes on: a half-done work is worse.
    Spared,
}

/// A program that runs, the first of its group.
#[derive(Debug)]
pub struct Group {
    child: Child,
    /// None once it has ended and was waited for: its number may be another's by then.
    id: Option<Pid>,
    given_up: GivenUp,
}

impl Group {
    /// Starts it.
    ///
    /// # Errors
    /// When it cannot be started: it is not there, most of the time.
    pub fn start(command: &mut Command, given_up: GivenUp) -> io::Result<Self> {
        let child = command.process_group(0).spawn()?;
        let id = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        Ok(Self { child, id, given_up })
    }

    /// Its process id; none once it has ended.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Its standard output, if it was to be piped.
    pub fn stdout(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// Its standard error, if it was to be piped.
    pub fn stderr(&mut self) -> Option<ChildStderr> {
        self.child.stderr.take()
    }

    /// Kills it, and all that it started and that did not leave its group.
    pub fn kill(&self) {
        self.signal(Signal::KILL);
    }

    fn signal(&self, signal: Signal) {
        if let Some(id) = self.id {
            // Gone already: no matter.
            let _ = kill_process_group(id, signal);
        }
    }

    /// Waits for its end; what is left of its group is killed.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub async fn ended(&mut self) -> io::Result<ExitStatus> {
        let ended = self.child.wait().await;
        self.over();
        ended
    }

    /// Waits for its end, and a little for what is read of it; none where that was not
    /// over by then.
    ///
    /// # Errors
    /// As [`Group::ended`].
    pub async fn ended_and<T>(
        &mut self,
        read: impl Future<Output = T>,
    ) -> io::Result<(ExitStatus, Option<T>)> {
        let mut read = std::pin::pin!(read);
        let mut done = None;
        let status = loop {
            tokio::select! {
                biased;
                status = self.ended() => break status?,
                all = &mut read, if done.is_none() => done = Some(all),
            }
        };
        if done.is_none() {
            done = tokio::time::timeout(EXIT_GRACE, read).await.ok();
        }
        Ok((status, done))
    }

    /// At once after it was waited for, before its number can be another's.
    fn over(&mut self) {
        if self.given_up != GivenUp::Spared {
            self.kill();
        }
        self.id = None;
    }

    /// Whether it is gone within a time. Blocks: it is given up, and nothing is measured.
    fn is_gone_within(&mut self, limit: Duration) -> bool {
        let begun = Instant::now();
        loop {
            match self.child.try_wait() {
                Ok(None) if begun.elapsed() < limit => std::thread::sleep(AGAIN),
                Ok(None) => return false,
                Ok(Some(_)) | Err(_) => return true,
            }
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if self.id.is_none() || self.given_up == GivenUp::Spared {
            return;
        }
        if let GivenUp::Asked(limit) = self.given_up {
            self.signal(Signal::TERM);
            if self.is_gone_within(limit) {
                return self.over();
            }
        }
        self.kill();
        // It may be writing into a folder that is removed next.
        self.is_gone_within(GONE_WITHIN);
    }
}

/// Runs a program with nothing to read, and gives what it printed: `most` bytes of either
/// stream at most, the rest is not kept.
///
/// # Errors
/// When it cannot be started or waited for.
pub async fn output(command: &mut Command, most: usize) -> io::Result<Output> {
    answer(command, b"", most).await
}

/// [`output`] of a program that has something to read.
///
/// # Errors
/// As [`output`].
pub async fn answer(command: &mut Command, told: &[u8], most: usize) -> io::Result<Output> {
    let stdin = if told.is_empty() { Stdio::null() } else { Stdio::piped() };
    command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut group = Group::start(command, GivenUp::Killed)?;
    let (stdin, out, err) = (group.child.stdin.take(), group.stdout(), group.stderr());
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let write = async {
        if let Some(mut stdin) = stdin {
            // One that does not listen ends the pipe, and says why itself.
            let _ = stdin.write_all(told).await;
        }
    };
    let read = async {
        let (out, err) = (beginning(out, &mut stdout, most), beginning(err, &mut stderr, most));
        tokio::join!(write, out, err);
    };
    let (status, _) = group.ended_and(read).await?;
    Ok(Output { status, stdout, stderr })
}

/// Reads to the end, and keeps the first bytes: a program whose output is not read stands
/// still.
async fn beginning(stream: Option<impl AsyncRead + Unpin>, kept: &mut Vec<u8>, most: usize) {
    each_piece(stream, |piece| {
        let room = most.saturating_sub(kept.len());
        kept.extend_from_slice(&piece[..piece.len().min(room)]);
    })
    .await;
}

/// Reads to the end, piece by piece. One that breaks has ended.
pub async fn each_piece(stream: Option<impl AsyncRead + Unpin>, mut piece: impl FnMut(&[u8])) {
    let Some(mut stream) = stream else { return };
    let mut bytes = [0; 4096];
    while let Ok(n @ 1..) = stream.read(&mut bytes).await {
        piece(&bytes[..n]);
    }
}

#[cfg(test)]
mod tests;
