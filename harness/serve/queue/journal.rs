//! The file that events wait in. It grows at its end alone, by a thread of its own that writes
//! what has come together at once and waits for the disk once for all of it.

use std::fs::File;
use std::io::{self, Read as _, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use rustix::fs::{Mode, OFlags, open};
use rustix::io::Errno;
use tokio::sync::{mpsc, oneshot};

use super::entry::Entry;
use super::frame::{self, ANY_VERSION, HEAD, HEADER, LONGEST};
use super::replay::{self, Read};
use crate::system::locked::Locked;

/// The file in a queue's folder.
pub const JOURNAL: &str = "queue.journal";
/// The longest journal that is read: all of it is in memory then.
const MOST_READ: u64 = 1 << 30;
/// What is written at once, in bytes, unless one entry alone is longer.
const MOST_AT_ONCE: usize = 4 << 20;
/// Entries that wait to be written.
const MOST_WAITING: usize = 1024;
/// How long a journal of which nothing is left to do may be before it begins anew.
const LONG: u64 = 64 << 20;

/// Until when whoever writes an entry waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    /// It is the kernel's: the end of this process loses nothing of it.
    Written,
    /// It is on disk.
    OnDisk,
}

/// Why an event was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Why.
    pub why: String,
    /// Whether there is no room.
    pub is_full: bool,
}

impl Refused {
    pub(super) fn of(why: String) -> Self {
        Self { why, is_full: false }
    }

    fn by(error: &io::Error) -> Self {
        let full = [Errno::NOSPC, Errno::DQUOT, Errno::FBIG].map(|e| Some(e.raw_os_error()));
        let is_full = full.contains(&error.raw_os_error());
        Self { why: format!("{JOURNAL} cannot be written: {error}"), is_full }
    }
}

/// The file, and the thread that writes it.
#[derive(Debug)]
pub(super) struct Journal {
    asks: mpsc::Sender<Ask>,
    /// For reading what was written.
    file: Arc<Locked>,
}

/// An entry that is to be written.
#[derive(Debug)]
struct Ask {
    line: Vec<u8>,
    event: Bytes,
    until: Until,
    /// By how many the unfinished grow.
    more: i64,
    /// Where it stands then.
    answer: oneshot::Sender<Result<u64, Refused>>,
}

impl Journal {
    /// Opens that of a folder.
    pub(super) fn open(folder: &Path) -> Result<(Self, Read)> {
        crate::store::create(folder)?;
        let path = folder.join(JOURNAL);
        let opened = opened(&path).with_context(|| format!("cannot open {}", path.display()));
        let (file, read) = opened?;
        let file = Arc::new(file);
        let (asks, asked) = mpsc::channel(MOST_WAITING);
        let left = i64::try_from(read.unfinished.len()).unwrap_or(i64::MAX);
        let writer = Writer { file: file.clone(), end: read.end, left, broken: None };
        let thread = std::thread::Builder::new().name("queue".to_owned());
        thread.spawn(move || writer.run(asked)).context("cannot start a thread")?;
        Ok((Self { asks, file }, read))
    }

    /// Writes an entry, and what follows it; where it stands.
    pub(super) async fn append(
        &self,
        entry: &Entry,
        event: &Bytes,
        until: Until,
    ) -> Result<u64, Refused> {
        let (answer, told) = oneshot::channel();
        let (line, event) = (entry.line(), event.clone());
        let more = match entry {
            Entry::Accepted(_) => 1,
            Entry::Done { .. } | Entry::GivenUp { record: None, .. } => -1,
            Entry::Began { .. } | Entry::Failed { .. } | Entry::GivenUp { .. } => 0,
        };
        let gone = |_| Refused::of("the queue's thread is gone".to_owned());
        let ask = Ask { line, event, until, more, answer };
        self.asks.send(ask).await.map_err(|_| gone(()))?;
        told.await.map_err(|_| gone(()))?
    }

    /// What follows the entry that stands there.
    pub(super) fn event(&self, at: u64) -> io::Result<Bytes> {
        let mut head = [0; HEAD];
        self.file.read_exact_at(&mut head, at)?;
        let length = u32::from_le_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let damaged = || io::Error::other(format!("{JOURNAL} is damaged at byte {at}"));
        if length > LONGEST {
            return Err(damaged());
        }
        let mut bytes = vec![0; HEAD + length];
        self.file.read_exact_at(&mut bytes, at)?;
        let within = frame::at(&bytes, 0).ok_or_else(damaged)?;
        let (_, event) = Entry::read(&bytes[within]).ok_or_else(damaged)?;
        let begin = bytes.len() - event.len();
        Ok(Bytes::from(bytes).slice(begin..))
    }
}

/// The file, locked, without what is cut at its end.
fn opened(path: &Path) -> Result<(Locked, Read)> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::APPEND | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file: File = open(path, flags | OFlags::NONBLOCK, Mode::from_raw_mode(0o600))
        .map_err(io::Error::from)?
        .into();
    let file = Locked::take(file)?
        .context("another process has it: name another folder, or end that one")?;
    let about = file.metadata()?;
    if !about.is_file() {
        bail!("it is no file");
    }
    if about.len() > MOST_READ {
        bail!("it is longer than {MOST_READ} bytes: name another folder");
    }
    let mut bytes = Vec::new();
    (&*file).read_to_end(&mut bytes)?;
    if bytes.len() < HEADER.len() && HEADER.starts_with(&bytes) {
        // New, or its first bytes were never whole.
        file.set_len(0)?;
        (&*file).write_all(HEADER)?;
        file.sync_all()?;
        // The name, too, is to outlast the machine's fall.
        path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())?;
        let (unfinished, cut, end) = (Vec::new(), 0, HEADER.len() as u64);
        return Ok((file, Read { unfinished, cut, end }));
    }
    if !bytes.starts_with(HEADER) {
        if bytes.starts_with(ANY_VERSION) {
            let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
            let line = String::from_utf8_lossy(&line[..line.len().min(40)]);
            let line = crate::text::sanitize::printable(&line, 40);
            bail!(
                "it is of another version (`{line}`): finish it with the program that wrote it, \
                 or name another folder"
            );
        }
        bail!("it is no queue of this program: name another folder");
    }
    let read = replay::read(&bytes).map_err(|damaged| {
        anyhow::anyhow!(
            "it is damaged at byte {}, with whole entries behind: name another folder, or cut it \
             there and lose those",
            damaged.at
        )
    })?;
    if read.cut > 0 {
        file.set_len(read.end)?;
        file.sync_all()?;
    }
    Ok((file, read))
}

/// What the thread has.
struct Writer {
    file: Arc<Locked>,
    /// Where the next entry stands.
    end: u64,
    /// Events that are not finished.
    left: i64,
    /// Why nothing can be written any more.
    broken: Option<Refused>,
}

impl Writer {
    fn run(mut self, mut asked: mpsc::Receiver<Ask>) {
        while let Some(first) = asked.blocking_recv() {
            let mut length = first.line.len() + first.event.len();
            let mut asks = vec![first];
            while length < MOST_AT_ONCE {
                let Ok(next) = asked.try_recv() else { break };
                length += next.line.len() + next.event.len();
                asks.push(next);
            }
            self.write(asks);
        }
    }

    /// Writes all of them, or none.
    fn write(&mut self, asks: Vec<Ask>) {
        let mut bytes = Vec::new();
        let (mut taken, mut more) = (Vec::new(), 0);
        for ask in asks {
            let at = self.end + bytes.len() as u64;
            if frame::put(&mut bytes, &[&ask.line, &ask.event]) {
                more += ask.more;
                taken.push((at, ask.until, ask.answer));
            } else {
                let why = format!("it is longer than {LONGEST} bytes");
                let _ = ask.answer.send(Err(Refused::of(why)));
            }
        }
        let written = match &self.broken {
            Some(why) => Err(why.clone()),
            None => (&**self.file).write_all(&bytes).map_err(|error| self.back(&error)),
        };
        // Whoever is gone meanwhile needs no answer.
        let (mut synced, mut waiting) = (written.clone(), Vec::new());
        for (at, until, answer) in taken {
            match (&written, until) {
                (Ok(()), Until::OnDisk) => waiting.push((at, answer)),
                (Ok(()), Until::Written) => drop(answer.send(Ok(at))),
                (Err(why), _) => drop(answer.send(Err(why.clone()))),
            }
        }
        if written.is_ok() {
            if !waiting.is_empty() {
                synced = self.file.sync_data().map_err(|error| self.unsure(&error));
            }
            self.end += bytes.len() as u64;
            self.left += more;
        }
        for (at, answer) in waiting {
            let _ = answer.send(synced.clone().map(|()| at));
        }
        if self.left <= 0 && self.end > LONG && self.broken.is_none() {
            self.begin_anew();
        }
    }

    /// A part that was written is taken back.
    fn back(&mut self, error: &io::Error) -> Refused {
        let why = Refused::by(error);
        if self.file.set_len(self.end).is_err() {
            // What is written behind a part could not be read.
            self.broken = Some(why.clone());
        }
        why
    }

    /// What is on disk is not known then, and no later success says it: nothing is taken any
    /// more. What was refused so may be called for after a restart.
    fn unsure(&mut self, error: &io::Error) -> Refused {
        let Refused { why, is_full } = Refused::by(error);
        let why = format!("{why}; nothing is taken any more until it is opened again");
        self.broken.insert(Refused { why, is_full }).clone()
    }

    /// Nothing in it is of use any more.
    fn begin_anew(&mut self) {
        let header = HEADER.len() as u64;
        if self.file.set_len(header).and_then(|()| self.file.sync_data()).is_ok() {
            self.end = header;
        }
    }
}
