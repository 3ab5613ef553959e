//! An answer that may go on while it is made: its pieces, and then the end of its call.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;

use super::reply::{Broken, Rest};
use crate::serve::{Call, Coming as Pieces, Done, End, Head, Piece, Platform};

/// An answer that is under way. Dropped, its call goes on to its end.
pub(super) struct Coming {
    pieces: Pieces,
    call: Pin<Box<dyn Future<Output = Done> + Send>>,
    done: Option<Done>,
    is_over: bool,
    asks_for_a_head: bool,
    is_broken: bool,
}

/// The next of it.
pub(super) enum Next {
    Head(Head),
    Data(Bytes),
    /// All of it came, or it came as one.
    End(Box<Done>),
}

impl Coming {
    /// Calls, with pieces of the answer as it comes.
    pub(super) fn of(platform: &impl Platform, mut call: Call) -> Self {
        let (to, pieces) = crate::serve::Pieces::channel();
        call.client.pieces = Some(to);
        let request = call.client.request.as_ref();
        let asks_for_a_head = request.is_some_and(|request| request.method == "HEAD");
        let platform = platform.clone();
        let call = Box::pin(async move { platform.call(call).await });
        Self { pieces, call, done: None, is_over: false, asks_for_a_head, is_broken: false }
    }

    pub(super) async fn next(&mut self) -> Next {
        poll_fn(|context| self.poll_next(context)).await
    }

    /// Whether its client wants to know how it begins, and no more.
    pub(super) fn asks_for_a_head(&self) -> bool {
        self.asks_for_a_head
    }

    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }

    /// After the end nothing comes any more.
    pub(super) fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Next> {
        if let Poll::Ready(piece) = self.pieces.poll_next(context) {
            return Poll::Ready(piece.into());
        }
        if self.is_over {
            return Poll::Pending;
        }
        if self.done.is_none() {
            let Poll::Ready(done) = self.call.as_mut().poll(context) else {
                return Poll::Pending;
            };
            self.done = Some(done);
            // What was sent before it ended, and after it was looked for.
            if let Poll::Ready(piece) = self.pieces.poll_next(context) {
                return Poll::Ready(piece.into());
            }
        }
        let Some(mut done) = self.done.take() else { return Poll::Pending };
        self.is_over = true;
        if self.pieces.has_lost_any() && matches!(done.end, End::Response(_)) {
            done.end = End::Unavailable("its client did not take all of it".to_owned());
        }
        Poll::Ready(Next::End(Box::new(done)))
    }
}

impl From<Piece> for Next {
    fn from(piece: Piece) -> Self {
        match piece {
            Piece::Head(head) => Self::Head(head),
            Piece::Data(data) => Self::Data(data),
        }
    }
}

/// As it comes, byte for byte; one that fails in the middle breaks off.
impl Rest for Coming {
    fn poll_parts(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Vec<Bytes>, Broken>>> {
        if self.is_over {
            return Poll::Ready(self.is_broken.then_some(Err(Broken)));
        }
        let next = ready!(self.poll_next(context));
        Poll::Ready(match next {
            Next::Head(_) => Some(Ok(Vec::new())),
            Next::Data(data) => Some(Ok(vec![data])),
            Next::End(done) if matches!(done.end, End::Response(_)) => None,
            Next::End(_) => {
                // The server drops what it has not sent yet when it hears of it: in a moment.
                self.is_broken = true;
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
        })
    }
}
