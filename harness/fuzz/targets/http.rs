//! The answers of one instance that listens: whatever comes over its connections, little of it
//! is held, and who waits for an answer gets one or none.
//!
//! The input is answers, each ended by `0xff`: the first byte of one says whether the
//! connection is closed after it, whether it comes in two pieces, and whether the next request
//! is a client's own or its answer goes on.

#![no_main]

use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use coldstart::adapter::client::{Client, Pieces, Request};
use coldstart::adapter::http::{Http, Shared};
use coldstart::adapter::{Adapter as _, Answer, Asked, Event, Reply};
use coldstart::clock::Clock;
use coldstart::engine::{InstanceId, Route};
use coldstart::spec::function::HttpRequest;
use libfuzzer_sys::fuzz_target;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

/// Bytes of a reply that are kept.
const KEEP: usize = 512;
const SOON: Duration = Duration::from_millis(100);
const PORT: u16 = 8080;

/// The other ends of connections that were taken, the latest last.
type Taken = Arc<Mutex<Vec<DuplexStream>>>;

fuzz_target!(|bytes: &[u8]| {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().unwrap();
    runtime.block_on(serve(bytes));
});

async fn serve(bytes: &[u8]) {
    let taken = Taken::default();
    let dial = {
        let taken = taken.clone();
        move |_: &InstanceId, _: u16| {
            let (ours, theirs) = duplex(1 << 16);
            taken.lock().unwrap().push(ours);
            Some(theirs)
        }
    };
    let (route, shared) = (Route::Memory(Arc::new(dial)), Shared::without_kernel_events());
    let asked = HttpRequest::default();
    let http = Http::serve(route, &shared, Clock::paused(), asked, PORT, "runc");
    http.starts(&InstanceId("instance".to_owned()));
    http.started();
    let event = Event::plain("{}");
    let (pieces, mut coming) = Pieces::channel();
    // A client that takes what comes, whatever it is.
    tokio::spawn(async move {
        loop {
            poll_fn(|context| coming.poll_next(context)).await;
        }
    });
    let request = Request {
        method: "HEAD".to_owned(),
        target: "/".to_owned(),
        fields: Vec::new(),
        body: Default::default(),
    };
    let streamed = Client { pieces: Some(pieces), ..Client::default() };
    let theirs = Client { request: Some(Arc::new(request)), ..streamed.clone() };
    let invoke = |how: u8| {
        let client = match how & 12 {
            0 => None,
            4 => Some(&streamed),
            _ => Some(&theirs),
        };
        http.invoke(Asked {
            function: "f",
            event: &event,
            limit: SOON,
            keep: KEEP,
            request: None,
            client,
        })
    };
    let mut waiting = invoke(0).answer;
    for piece in bytes.split(|byte| *byte == 0xff) {
        let Some((how, answer)) = piece.split_first() else { continue };
        say(&taken, *how, answer).await;
        if let Ok(answered) = waiting.try_recv() {
            if let Answer::Response(Reply { body, length, .. }) = answered.answer {
                assert!(body.len() <= KEEP.min(length), "{} bytes of {length}", body.len());
            }
            waiting = invoke(*how).answer;
        }
    }
    let notes = http.notes();
    assert!(notes.iter().map(String::len).sum::<usize>() < 64 << 10, "{notes:?}");
}

/// Takes the request, as far as one comes, and answers it.
async fn say(taken: &Taken, how: u8, answer: &[u8]) {
    // It connects when it is its turn.
    tokio::time::sleep(Duration::from_millis(30)).await;
    let Some(mut stream) = taken.lock().unwrap().pop() else { return };
    let mut request = [0; 4096];
    let _ = tokio::time::timeout(SOON, stream.read(&mut request)).await;
    let middle = if how & 2 == 0 { answer.len() } else { answer.len() / 2 };
    for piece in [&answer[..middle], &answer[middle..]] {
        // Whoever is not read from must not hang the fuzzer either.
        let _ = tokio::time::timeout(SOON, stream.write_all(piece)).await;
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    if how & 1 == 0 {
        taken.lock().unwrap().push(stream);
    }
}
