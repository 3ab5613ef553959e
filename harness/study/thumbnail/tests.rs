use std::sync::Mutex;

use tokio::net::TcpListener;
use tokio::sync::watch;
use uuid::Uuid;

use super::*;
use crate::serve::queue::{self, Event, Queue};
use crate::serve::trigger::bucket::{Buckets, Trigger};
use crate::serve::{Functions, NotReserved, NotUpdated};
use crate::serve::{Report, Status};

/// A function that puts what it is told of into the other bucket, unless it is lazy; its first
/// call is cold.
#[derive(Clone)]
struct Copies {
    clock: Clock,
    at: SocketAddr,
    is_lazy: bool,
    calls: Arc<Mutex<u32>>,
}

impl Platform for Copies {
    fn functions(&self) -> Functions {
        Vec::new().into()
    }

    fn clock(&self) -> Clock {
        self.clock
    }

    fn reserve(&self, _: &str, _: Option<u32>) -> Result<(), NotReserved> {
        Err(NotReserved::NotFound)
    }

    async fn update(&self, _: &str, _: Option<String>) -> Result<u32, NotUpdated> {
        Err(NotUpdated::NotFound)
    }

    fn call(&self, call: Call) -> impl Future<Output = Done> + Send {
        let own = self.clone();
        async move {
            let is_first = {
                let mut calls = own.calls.lock().unwrap();
                *calls += 1;
                *calls == 1
            };
            let waited = Duration::from_nanos(own.clock.now() - call.arrived);
            if !own.is_lazy {
                let (at, bucket) = (own.at, "small".to_owned());
                let bytes = Bytes::from_static(b"small");
                let small = Picture { at, bucket, suffix: String::new(), bytes };
                put(own.clock, &small, &key(&call.event)).await.unwrap();
            }
            let report = Report {
                request: call.request,
                duration: Duration::ZERO,
                billed: Duration::ZERO,
                memory: None,
                used: None,
                init: None,
                waited,
                temperature: if is_first { Temperature::Cold } else { Temperature::Warm },
                status: Status::Success,
            };
            let done = Done::without(End::Response(Bytes::from_static(b"done")));
            Done { report: Some(report), ..done }
        }
    }
}

async fn uploaded(is_lazy: bool) -> Vec<Upload> {
    let home = tempfile::tempdir().unwrap();
    let clock = Clock::start();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let rules = queue::Rules { retries: 0, ..queue::Rules::default() };
    let (queue, _) = Queue::open(home.path(), rules, Arc::new(|_| {})).unwrap();
    let (hear, mut heard) = mpsc::unbounded_channel();
    let taken = queue.clone();
    let deliver: Deliver = Arc::new(move |function, event| {
        let queue = taken.clone();
        Box::pin(async move {
            let event = Event { id: Uuid::new_v4(), function, event };
            queue.accept(event).await.map_err(|refused| refused.why)
        })
    });
    let trigger = |bucket: &str, function: &str| Trigger {
        bucket: bucket.to_owned(),
        function: Some(function.into()),
        prefix: String::new(),
    };
    let triggers = vec![trigger("pictures", "f"), trigger("small", HEARS)];
    let on = hearing(clock, hear.clone(), deliver);
    let folder = home.path().join("buckets");
    let buckets = Buckets::open(&folder, triggers, on, Arc::new(|_| {})).unwrap();
    let copies = Copies { clock, at, is_lazy, calls: Arc::default() };
    let (over, is_over) = watch::channel(false);
    let until = |mut is: watch::Receiver<bool>| async move {
        let _ = is.wait_for(|is| *is).await;
    };
    let work = async {
        tokio::join!(
            buckets.serve(listener, until(is_over.clone())),
            queue::work(queue, Heeded::of(copies, hear), until(is_over.clone())),
        );
    };
    let picture = Picture {
        at,
        bucket: "pictures".to_owned(),
        suffix: ".jpg".to_owned(),
        bytes: brought_along().unwrap(),
    };
    let (pause, limit) = (Duration::from_millis(1), Duration::from_secs(60));
    let asked = Asked { rounds: 2, warm: 1, pause, limit };
    let uploads = async {
        let all = uploads(clock, &picture, &mut heard, asked, |_| {}).await;
        over.send_replace(true);
        all
    };
    let all = tokio::join!(uploads, work).0;
    if !is_lazy {
        let small = folder.join("small/in/00002-001.jpg");
        assert_eq!(std::fs::read(small).unwrap(), b"small");
    }
    all
}

#[tokio::test]
async fn an_upload_is_followed_to_what_is_made_of_it_and_its_parts_add_up() {
    let all = uploaded(false).await;
    assert_eq!(all.iter().map(|upload| upload.round).collect::<Vec<_>>(), [1, 1, 2, 2]);
    for upload in &all {
        assert_eq!(upload.cause, None, "{upload:?}");
        let parts = [upload.stored_ns, upload.queued_ns, upload.waited_ns, upload.made_ns];
        let sum: u64 = parts.iter().map(|part| part.unwrap()).sum();
        assert_eq!(Some(sum), upload.ns, "{upload:?}");
        assert!(upload.called.is_some());
    }
    let cold: Vec<Option<bool>> = all.iter().map(|upload| upload.cold).collect();
    assert_eq!(cold, [Some(true), Some(false), Some(false), Some(false)]);
    assert_eq!(summary(&all, true, |upload| upload.ns).unwrap().n, 1);
    assert_eq!(summary(&all, false, |upload| upload.ns).unwrap().n, 3);
}

#[tokio::test]
async fn a_function_that_makes_nothing_is_told_and_is_in_no_figure() {
    let all = uploaded(true).await;
    assert_eq!(all.len(), 4);
    for upload in &all {
        let cause = upload.cause.as_ref().unwrap();
        assert!(cause.contains("the other bucket got nothing: done"), "{cause}");
        assert_eq!(upload.ns, None);
    }
    assert_eq!(summary(&all, true, |upload| upload.ns), None);
}

#[test]
fn the_picture_that_is_brought_along_is_a_jpeg() {
    let picture = brought_along().unwrap();
    assert!(picture.starts_with(&[0xff, 0xd8]) && picture.ends_with(&[0xff, 0xd9]));
}
