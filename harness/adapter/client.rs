//! What whoever calls from outside brings along beside the event, and where the answer goes on
//! to as it comes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::sync::mpsc;

/// Pieces of an answer that wait for their client.
const MOST_WAITING: usize = 16;
/// How long a client may take none of them before it counts as gone: its function is not to
/// wait for it until its own time is over.
const STALLED: Duration = Duration::from_secs(10);

/// Who calls from outside. One that has no part in the answer's way is [`Default`].
#[derive(Debug, Clone, Default)]
pub struct Client {
    /// What it says of itself: JSON that a header can hold.
    pub context: Option<Arc<str>>,
    /// Its own request, which an instance that listens is asked in place of what its function
    /// says.
    pub request: Option<Arc<Request>>,
    /// Where the answer goes on to as it comes, if it comes so; none where it is wanted whole.
    pub pieces: Option<Pieces>,
}

/// A field of a head: its name and its value, as they came.
pub type Field = (String, Bytes);

/// A request of a client's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Such as `GET`.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// In their order; none says how long the body is, or how it is sent.
    pub fields: Vec<Field>,
    /// All of it.
    pub body: Bytes,
}

/// The next of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// What it begins with, once.
    Head(Head),
    /// Some of its bytes.
    Data(Bytes),
}

/// What an answer begins with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Head {
    /// The status; none of an answer that has no head of its own.
    pub status: Option<u16>,
    /// In their order, as they came.
    pub fields: Vec<Field>,
}

impl Head {
    /// The first field of a name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Bytes> {
        let is = |(known, _): &&Field| known.eq_ignore_ascii_case(name);
        self.fields.iter().find(is).map(|(_, value)| value)
    }
}

/// Where pieces of an answer go.
#[derive(Debug, Clone)]
pub struct Pieces {
    to: mpsc::Sender<Piece>,
    lost: Arc<AtomicBool>,
}

/// Where they come from.
#[derive(Debug)]
pub struct Coming {
    from: mpsc::Receiver<Piece>,
    lost: Arc<AtomicBool>,
}

impl Pieces {
    /// A way for the pieces of one answer. Who reads them is the slower of the two: few wait.
    #[must_use]
    pub fn channel() -> (Self, Coming) {
        let (to, from) = mpsc::channel(MOST_WAITING);
        let lost = Arc::new(AtomicBool::new(false));
        (Self { to, lost: lost.clone() }, Coming { from, lost })
    }

    /// Hands one on; false where nobody takes any more.
    pub async fn send(&self, piece: Piece) -> bool {
        if matches!(tokio::time::timeout(STALLED, self.to.send(piece)).await, Ok(Ok(()))) {
            return true;
        }
        self.lost.store(true, Ordering::Relaxed);
        false
    }
}

impl Coming {
    /// The next one. Nothing tells that there are no more but the end of the call.
    pub fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Piece> {
        match self.from.poll_recv(context) {
            Poll::Ready(Some(piece)) => Poll::Ready(piece),
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }

    /// Whether any did not come.
    #[must_use]
    pub fn has_lost_any(&self) -> bool {
        self.lost.load(Ordering::Relaxed)
    }
}

/// What goes on to a client while it is read; nothing where no client waits so.
#[derive(Debug, Default)]
pub(super) struct Onward {
    to: Option<Pieces>,
    /// What was read and not handed on yet.
    ready: BytesMut,
}

impl Onward {
    pub(super) fn of(to: Option<Pieces>) -> Self {
        Self { to, ready: BytesMut::new() }
    }

    pub(super) fn is_wanted(&self) -> bool {
        self.to.is_some()
    }

    pub(super) fn take(&mut self, piece: &[u8]) {
        if self.is_wanted() {
            self.ready.extend_from_slice(piece);
        }
    }

    pub(super) async fn head(&mut self, head: Head) {
        self.hand(Piece::Head(head)).await;
    }

    /// Hands on what was taken. Waits for a client that is slower; one that is gone is waited
    /// for no more, and the rest is for nobody.
    pub(super) async fn send(&mut self) {
        if !self.ready.is_empty() {
            let data = self.ready.split().freeze();
            self.hand(Piece::Data(data)).await;
        }
    }

    async fn hand(&mut self, piece: Piece) {
        let Some(to) = &self.to else { return };
        if !to.send(piece).await {
            (self.to, self.ready) = (None, BytesMut::new());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_nothing_is_waited_for_once() {
        let (pieces, mut coming) = Pieces::channel();
        let mut onward = Onward::of(Some(pieces));
        for _ in 0..MOST_WAITING {
            onward.take(b"abc");
            onward.send().await;
        }
        assert!(onward.is_wanted() && !coming.has_lost_any());
        let before = tokio::time::Instant::now();
        for _ in 0..3 {
            onward.take(b"abc");
            onward.send().await;
        }
        assert_eq!(before.elapsed(), STALLED);
        assert!(!onward.is_wanted() && coming.has_lost_any());
        let first = poll_fn(|context| coming.poll_next(context)).await;
        assert_eq!(first, Piece::Data("abc".into()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_is_gone_is_not_waited_for() {
        let (pieces, coming) = Pieces::channel();
        drop(coming);
        let mut onward = Onward::of(Some(pieces));
        let before = tokio::time::Instant::now();
        onward.head(Head::default()).await;
        assert!(!onward.is_wanted());
        assert_eq!(before.elapsed(), Duration::ZERO);
    }
}
