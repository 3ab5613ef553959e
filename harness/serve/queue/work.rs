//! Calls for events, some at a time, until it is to stop: what is not finished then stays on
//! disk.

use std::future::Future;
use std::pin::pin;

use bytes::Bytes;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;
use uuid::Uuid;

use super::entry::{Accepted, Entry};
use super::journal::Until;
use super::{After, Destination, Given, Happened, Queue, Waiting, destination, spacing, wall_ms};
use crate::serve::{Call, Done, End, Platform};

/// Calls for what waits until it is to stop, and then until what is under way has ended.
pub async fn work<P: Platform>(queue: Queue, platform: P, stop: impl Future<Output = ()>) {
    let mut stop = pin!(stop);
    let mut under_way = JoinSet::new();
    let (stopping, stopped) = watch::channel(false);
    loop {
        while under_way.try_join_next().is_some() {}
        let may = under_way.len() < queue.0.rules.at_once;
        let next = if may { queue.next() } else { Next::Nothing };
        if let Next::Now(waiting) = next {
            let one =
                Try { queue: queue.clone(), platform: platform.clone(), stopped: stopped.clone() };
            under_way.spawn(one.of(waiting));
            continue;
        }
        let due = async {
            match next {
                Next::At(due) => tokio::time::sleep_until(due).await,
                _ => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = &mut stop => break,
            Some(_) = under_way.join_next() => {}
            () = due => {}
            () = queue.0.came.notified(), if may => {}
        }
    }
    stopping.send_replace(true);
    while under_way.join_next().await.is_some() {}
}

/// What is to be done next.
enum Next {
    Now(Waiting),
    At(Instant),
    Nothing,
}

impl Queue {
    fn next(&self) -> Next {
        let mut state = self.lock();
        let Some(first) = state.waiting.first_entry() else { return Next::Nothing };
        let (due, _) = *first.key();
        if due > Instant::now() {
            return Next::At(due);
        }
        let waiting = first.remove();
        state.busy += 1;
        Next::Now(waiting)
    }

    fn tell(&self, happened: Happened) {
        (self.0.tell)(happened);
    }
}

/// What one try needs.
struct Try<P> {
    queue: Queue,
    platform: P,
    stopped: watch::Receiver<bool>,
}

impl<P: Platform> Try<P> {
    async fn of(self, waiting: Waiting) {
        let next = self.attempt(waiting).await;
        self.queue.lock().busy -= 1;
        if let Some((due, waiting)) = next {
            self.queue.put(due, waiting);
        }
    }

    /// One try; when there is to be another, if there is.
    async fn attempt(&self, mut waiting: Waiting) -> Option<(Instant, Waiting)> {
        let Queue(shared) = &self.queue;
        let event = match shared.journal.event(waiting.at) {
            Ok(event) => event,
            Err(error) => return self.later(waiting, &error.to_string()),
        };
        if Instant::now() >= waiting.oldest {
            return self.give_up(waiting, event, Given::EventAgeExceeded, None).await;
        }
        let (id, attempt) = (waiting.id, waiting.attempts.saturating_add(1));
        // What is called for without its being known would be called for again in silence.
        let began = Entry::Began { id, attempt };
        let nothing = Bytes::new();
        if let Err(why) = shared.journal.append(&began, &nothing, Until::Written).await {
            return self.later(waiting, &why.why);
        }
        waiting.attempts = attempt;
        if let Some(after) = waiting.after {
            let function = waiting.function.clone();
            self.queue.tell(Happened::Again { id, function, attempt, after });
        }
        let (function, arrived) = (waiting.function.clone(), self.platform.clock().now());
        let done = self.platform.call(Call::of(function, id, event.clone(), arrived)).await;
        let after = match &done.end {
            End::Response(_) => {
                let entry = Entry::Done { id };
                let written = shared.journal.append(&entry, &nothing, Until::Written).await;
                if let Err(why) = written {
                    self.queue.tell(Happened::Unwritten(why.why));
                }
                return None;
            }
            End::NotFound => {
                return self.give_up(waiting, event, Given::NotFound, Some(&done)).await;
            }
            End::Failed(_) if waiting.errors >= shared.rules.retries => {
                return self.give_up(waiting, event, Given::RetriesExhausted, Some(&done)).await;
            }
            End::Failed(_) => {
                (waiting.errors, waiting.refused) = (waiting.errors + 1, 0);
                After::Error
            }
            End::Throttled { .. } => After::Throttled,
            End::Stopping | End::Unavailable(_) => After::Unavailable,
        };
        if after != After::Error {
            waiting.refused = waiting.refused.saturating_add(1);
        }
        waiting.after = Some(after);
        let wait = spacing::wait(after, waiting.errors, waiting.refused);
        let wait = shared.rules.scale.shorten(wait);
        let due = wall_ms().saturating_add(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
        let entry = Entry::Failed { id, after, due };
        if let Err(why) = shared.journal.append(&entry, &nothing, Until::Written).await {
            self.queue.tell(Happened::Unwritten(why.why));
        }
        Some((Instant::now() + wait, waiting))
    }

    /// Ends an event that came to nothing; again where that cannot be written.
    async fn give_up(
        &self,
        waiting: Waiting,
        event: Bytes,
        why: Given,
        done: Option<&Done>,
    ) -> Option<(Instant, Waiting)> {
        let Queue(shared) = &self.queue;
        let (id, function) = (waiting.id, waiting.function.clone());
        let functions = self.platform.functions();
        let served = functions.iter().find(|served| served.name == *function);
        let now = wall_ms();
        // What tells of an event that came to nothing is not told of in its turn: that could go
        // round for ever.
        let destination = shared.rules.on_failure.as_ref().filter(|_| !waiting.is_record);
        let record = || destination::record(&waiting, served, &event, (why, done), now);
        let (mut follows, mut to) = (Bytes::new(), None);
        match destination {
            None => {}
            Some(Destination::Folder(folder)) => {
                let (name, text) = (format!("{id}.json"), record());
                self.insist(|| {
                    let write = crate::store::write;
                    crate::store::create(folder)?;
                    write(folder, name.as_ref(), text.as_bytes())
                })
                .await?;
            }
            Some(Destination::Function(function)) => {
                follows = record().into();
                let (id, function) = (Uuid::new_v4(), (**function).to_owned());
                to = Some(Accepted { id, function, at: now });
            }
        }
        let entry = Entry::GivenUp { id, why, record: to.clone() };
        let at = match shared.journal.append(&entry, &follows, Until::Written).await {
            Ok(at) => at,
            Err(why) => return self.later(waiting, &why.why),
        };
        self.queue.tell(Happened::GivenUp { id, function, why });
        if let Some(Accepted { id, function, .. }) = to {
            let oldest = Instant::now() + shared.rules.scale.shorten(shared.rules.oldest);
            let record = Waiting::new(id, function.into(), at, oldest);
            self.queue.put(Instant::now(), Waiting { is_record: true, ..record });
        }
        None
    }

    /// Does it until it succeeds, with pauses; none when it is to stop first.
    async fn insist(&self, what: impl Fn() -> anyhow::Result<()>) -> Option<()> {
        let mut stopped = self.stopped.clone();
        let mut tries = 0;
        loop {
            match what() {
                Ok(()) => return Some(()),
                Err(error) if tries == 0 => {
                    self.queue.tell(Happened::Unwritten(format!("{error:#}")));
                }
                Err(_) => {}
            }
            tries += 1;
            let wait = spacing::wait(After::Unavailable, 0, tries);
            tokio::select! {
                _ = stopped.wait_for(|stopped| *stopped) => return None,
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// A try that could not even begin.
    fn later(&self, mut waiting: Waiting, why: &str) -> Option<(Instant, Waiting)> {
        self.queue.tell(Happened::Unwritten(why.to_owned()));
        waiting.refused = waiting.refused.saturating_add(1);
        let wait = spacing::wait(After::Unavailable, 0, waiting.refused);
        Some((Instant::now() + wait, waiting))
    }
}
