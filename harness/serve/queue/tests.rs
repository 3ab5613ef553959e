use std::collections::HashMap;
use std::fs;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::*;
use crate::clock::Clock;
use crate::serve::tests::Fake;

mod damage;
mod rules;

/// What was told, in order.
#[derive(Clone, Default)]
struct Said(Arc<(Mutex<Vec<Happened>>, Notify)>);

impl Said {
    fn list(&self) -> Vec<Happened> {
        self.0.0.lock().unwrap().clone()
    }

    /// Waits until more is told.
    async fn more(&self) {
        self.0.1.notified().await;
    }
}

fn tell() -> (Tell, Said) {
    let said = Said::default();
    let to = said.clone();
    let tell = move |happened| {
        to.0.0.lock().unwrap().push(happened);
        to.0.1.notify_one();
    };
    (Arc::new(tell), said)
}

fn open(folder: &Path, rules: Rules) -> (Queue, Found, Said) {
    let (tell, said) = tell();
    let (queue, found) = Queue::open(folder, rules, tell).unwrap();
    (queue, found, said)
}

fn event(function: &str, text: &str) -> Event {
    Event { id: Uuid::new_v4(), function: function.into(), event: text.to_owned().into() }
}

/// A queue that is worked on.
struct Worked {
    fake: Fake,
    queue: Queue,
    said: Said,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

fn worked(folder: &Path, rules: Rules, fake: &Fake) -> Worked {
    let (queue, _, said) = open(folder, rules);
    let (stop, stopped) = oneshot::channel();
    let stopped = async move { drop(stopped.await) };
    let task = tokio::spawn(work(queue.clone(), fake.clone(), stopped));
    Worked { fake: fake.clone(), queue, said, stop: Some(stop), task }
}

impl Worked {
    /// As if the process had been killed: nothing is put in order.
    async fn kill(self) {
        self.task.abort();
        let _ = self.task.await;
        drop(self.queue);
    }

    async fn end(mut self) {
        self.stop.take().unwrap().send(()).unwrap();
        self.task.await.unwrap();
    }

    /// Waits until nothing is unfinished.
    async fn is_done(&self) {
        while self.queue.unfinished() > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

/// The lock of a journal is given back by its thread.
async fn is_free(folder: &Path) {
    let file = fs::File::open(folder.join(JOURNAL)).unwrap();
    while flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn an_event_is_called_for_byte_for_byte_and_then_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::of(&["f"]);
    let worked = worked(folder.path(), Rules::default(), &fake);
    let taken = event("f", " {\"a\": 1.50}\n ");
    worked.queue.accept(taken.clone()).await.unwrap();
    worked.is_done().await;
    let calls = worked.fake.calls();
    assert_eq!(calls.len(), 1);
    assert_eq!((calls[0].request, &calls[0].event), (taken.id, &taken.event));
    assert_eq!(worked.said.list().len(), 0);
    worked.end().await;
    is_free(folder.path()).await;
    let (_, found, _) = open(folder.path(), Rules::default());
    assert_eq!(found, Found::default());
}

#[tokio::test]
async fn ten_thousand_events_through_eight_calls_at_a_time_across_kills() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::of(&["f"]);
    let first = worked(folder.path(), Rules::default(), &fake);
    let events: Vec<Event> = (0..10_000).map(|n| event("f", &n.to_string())).collect();
    let takes = events.chunks(100).map(|some| {
        let (some, queue) = (some.to_vec(), first.queue.clone());
        tokio::spawn(async move {
            for event in some {
                queue.accept(event).await.unwrap();
            }
        })
    });
    futures_util::future::join_all(takes).await;
    let mut said = Vec::new();
    let mut again = first;
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(30)).await;
        said.extend(again.said.list());
        again.kill().await;
        is_free(folder.path()).await;
        again = worked(folder.path(), Rules::default(), &fake);
    }
    again.is_done().await;
    said.extend(again.said.list());
    again.end().await;
    let mut calls: HashMap<Uuid, usize> = HashMap::new();
    fake.calls().iter().for_each(|call| *calls.entry(call.request).or_default() += 1);
    // None lost.
    assert!(events.iter().all(|event| calls.contains_key(&event.id)));
    // None twice without its being told.
    let told = |id: &Uuid| {
        said.iter().filter(|one| matches!(one, Happened::Again { id: of, .. } if of == id)).count()
    };
    assert!(calls.iter().all(|(id, times)| *times <= 1 + told(id)));
}

#[tokio::test]
async fn what_was_under_way_is_done_again_and_told_as_that() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::of(&["slow"]);
    let first = worked(folder.path(), Rules::default(), &fake);
    let taken = event("slow", "1");
    first.queue.accept(taken.clone()).await.unwrap();
    while fake.calls().is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    first.kill().await;
    is_free(folder.path()).await;
    fake.let_go(2);
    let (queue, found, said) = open(folder.path(), Rules::default());
    assert_eq!(found, Found { unfinished: 1, interrupted: 1, cut: 0 });
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(work(queue.clone(), fake.clone(), async { drop(stopped.await) }));
    while queue.unfinished() > 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let again = Happened::Again {
        id: taken.id,
        function: "slow".into(),
        attempt: 2,
        after: After::Interrupted,
    };
    assert_eq!(said.list(), [again]);
    stop.send(()).unwrap();
    task.await.unwrap();
}

#[tokio::test]
async fn stopping_waits_for_what_is_under_way_and_keeps_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::of(&["slow"]);
    let rules = Rules { at_once: 2, ..Rules::default() };
    let mut first = worked(folder.path(), rules, &fake);
    for n in 0..5 {
        first.queue.accept(event("slow", &n.to_string())).await.unwrap();
    }
    while fake.calls().len() < 2 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    first.stop.take().unwrap().send(()).unwrap();
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(!first.task.is_finished());
    fake.let_go(2);
    first.task.await.unwrap();
    assert_eq!(first.queue.unfinished(), 3);
    drop(first.queue);
    is_free(folder.path()).await;
    let (_, found, _) = open(folder.path(), Rules::default());
    assert_eq!(found, Found { unfinished: 3, interrupted: 0, cut: 0 });
}

#[tokio::test]
async fn one_folder_is_one_processs() {
    let folder = tempfile::tempdir().unwrap();
    let (_queue, _, _) = open(folder.path(), Rules::default());
    let (tell, _) = tell();
    let error = Queue::open(folder.path(), Rules::default(), tell).unwrap_err();
    assert!(format!("{error:#}").contains("another process has it"), "{error:#}");
}

#[tokio::test]
async fn a_file_that_is_none_of_ours_is_refused_and_left_alone() {
    for (text, words) in [
        ("coldstart queue 2\nwhatever", "of another version (`coldstart queue 2`)"),
        ("something else altogether", "no queue of this program"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(JOURNAL);
        fs::write(&file, text).unwrap();
        let error = Queue::open(folder.path(), Rules::default(), tell().0).unwrap_err();
        assert!(format!("{error:#}").contains(words), "{error:#}");
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
    }
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("target");
    fs::write(&target, "").unwrap();
    std::os::unix::fs::symlink(&target, folder.path().join(JOURNAL)).unwrap();
    assert!(Queue::open(folder.path(), Rules::default(), tell().0).is_err());
}

#[tokio::test]
async fn what_cannot_be_written_is_refused_and_nothing_of_it_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let (queue, _, _) = open(folder.path(), Rules::default());
    let long = "1".repeat(frame::LONGEST);
    let refused = queue.accept(event("f", &long)).await.unwrap_err();
    assert!(refused.why.contains("longer than"), "{refused:?}");
    queue.accept(event("f", "1")).await.unwrap();
    assert_eq!(queue.unfinished(), 1);
    drop(queue);
    is_free(folder.path()).await;
    assert_eq!(open(folder.path(), Rules::default()).1.unfinished, 1);
}
