//! What is left of instances that are gone: their root file systems and folders, taken away one
//! after another beside whatever is done next.
//!
//! The kernel writes out all that its disk has to write, whoever wrote it, before it lets go of
//! what was mounted: nobody who starts the next instance waits for that (decision 0128).

use std::collections::VecDeque;
use std::fmt;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// So many may wait: they fill the disk until it is their turn.
const MOST: usize = 64;

type Rest = Box<dyn FnOnce() + Send>;

/// Those that wait for their turn.
#[derive(Default)]
pub(super) struct Remains(Arc<Shared>);

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    /// It is one less.
    less: Notify,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Rest>,
    /// Somebody is at work.
    is_at_work: bool,
    /// So many were added, and so many of these, in their order, are gone.
    added: u64,
    gone: u64,
}

impl Remains {
    /// Takes one away when it is its turn; comes back at once where not too many wait before it.
    pub(super) async fn add(&self, rest: impl FnOnce() + Send + 'static) {
        self.until(|queue| queue.waiting.len() < MOST).await;
        let mut queue = self.0.lock();
        queue.waiting.push_back(Box::new(rest));
        queue.added += 1;
        if !std::mem::replace(&mut queue.is_at_work, true) {
            let shared = self.0.clone();
            tokio::task::spawn_blocking(move || shared.work());
        }
    }

    /// Waits until nothing is left of those that were added by now. What could not be taken away
    /// is found where it is.
    pub(super) async fn are_gone(&self) {
        let added = self.0.lock().added;
        self.until(|queue| queue.gone >= added).await;
    }

    async fn until(&self, is_so: impl Fn(&Queue) -> bool) {
        loop {
            let mut less = pin!(self.0.less.notified());
            // Before it is looked: what is told from here on is heard.
            less.as_mut().enable();
            if is_so(&self.0.lock()) {
                return;
            }
            less.await;
        }
    }
}

impl Shared {
    fn work(&self) {
        loop {
            let next = {
                let mut queue = self.lock();
                let next = queue.waiting.pop_front();
                queue.is_at_work = next.is_some();
                next
            };
            self.less.notify_waiters();
            let Some(rest) = next else { return };
            rest();
            self.lock().gone += 1;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        // What panicked elsewhere left the queue whole.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Remains {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Remains({})", self.0.lock().waiting.len())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn they_go_one_after_another_and_whoever_waits_for_all_waits_for_the_last() {
        let remains = Remains::default();
        remains.are_gone().await;
        let (began, begins) = mpsc::channel();
        let (go, goes) = mpsc::channel::<()>();
        let gone = Arc::new(Mutex::new(Vec::new()));
        let note = |n: u32| {
            let gone = gone.clone();
            move || gone.lock().unwrap().push(n)
        };
        let (first, second) = (note(1), note(2));
        remains
            .add(move || {
                began.send(()).unwrap();
                goes.recv().unwrap();
                first();
            })
            .await;
        remains.add(second).await;
        tokio::task::spawn_blocking(move || begins.recv().unwrap()).await.unwrap();
        assert!(gone.lock().unwrap().is_empty(), "nobody waits for them");
        go.send(()).unwrap();
        remains.are_gone().await;
        assert_eq!(*gone.lock().unwrap(), [1, 2]);
    }

    #[tokio::test]
    async fn where_too_many_wait_whoever_adds_another_waits_too() {
        let remains = Remains::default();
        let (go, goes) = mpsc::channel::<()>();
        remains.add(move || goes.recv().unwrap_or_default()).await;
        // The first is taken up at some instant, and waits no more.
        for _ in 0..MOST {
            remains.add(|| {}).await;
        }
        let mut further = pin!(async {
            remains.add(|| {}).await;
            remains.add(|| {}).await;
        });
        tokio::select! {
            biased;
            () = &mut further => panic!("more than {MOST} wait"),
            () = tokio::task::yield_now() => {}
        }
        go.send(()).unwrap();
        further.await;
        remains.are_gone().await;
    }
}
