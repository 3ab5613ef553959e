//! The server of one instance: whatever comes over two connections, it holds little, and
//! who waits for an answer gets one or none.
//!
//! The input is pieces, each ended by `0xff`: the first byte of a piece says over which
//! connection it comes, and `{id}` in it stands for the id of the latest event, which
//! cannot be guessed.

#![no_main]

use std::future::poll_fn;
use std::sync::Arc;

use coldstart::adapter::client::{Client, Pieces};
use coldstart::adapter::runtime_api::{About, RuntimeApi};
use coldstart::adapter::{Adapter as _, Answer, Asked, Event, Reply};
use coldstart::clock::Clock;
use coldstart::engine::Listener;
use libfuzzer_sys::fuzz_target;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::mpsc;

/// Bytes of a reply that are kept.
const KEEP: usize = 512;
const ID: &str = "Lambda-Runtime-Aws-Request-Id: ";

fuzz_target!(|bytes: &[u8]| {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().unwrap();
    runtime.block_on(serve(bytes));
});

async fn serve(bytes: &[u8]) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let listener = Listener::memory("memory:1".to_owned(), receiver);
    let api = RuntimeApi::serve(listener, Clock::paused(), Arc::default(), About::default());
    let mut streams: Vec<DuplexStream> = Vec::new();
    for _ in 0..2 {
        let (ours, theirs) = duplex(1 << 16);
        let _ = sender.send(theirs);
        streams.push(ours);
    }
    let event = Event::with_nonce("{\"a\":1}");
    let (pieces, mut coming) = Pieces::channel();
    // A client that takes what comes, whatever it is.
    tokio::spawn(async move {
        loop {
            poll_fn(|context| coming.poll_next(context)).await;
        }
    });
    let client = Client { pieces: Some(pieces), ..Client::default() };
    let invoke = || {
        api.invoke(Asked {
            function: "f",
            event: &event,
            limit: SOON,
            keep: KEEP,
            request: None,
            client: Some(&client),
        })
    };
    let mut waiting = invoke().answer;
    let mut id = String::new();
    for piece in bytes.split(|byte| *byte == 0xff) {
        let Some((which, piece)) = piece.split_first() else { continue };
        let stream = &mut streams[usize::from(which % 2)];
        let piece = replaced(piece, &id);
        // Whoever is not read from must not hang the fuzzer either.
        let _ = tokio::time::timeout(SOON, stream.write_all(&piece)).await;
        for stream in &mut streams {
            if let Some(next) = told(stream).await {
                id = next;
            }
        }
        if let Ok(answered) = waiting.try_recv() {
            if let Answer::Response(Reply { body, .. }) = answered.answer {
                assert!(body.len() <= KEEP, "{} bytes of a reply are kept", body.len());
            }
            waiting = invoke().answer;
        }
    }
    let notes = api.notes();
    assert!(notes.iter().map(String::len).sum::<usize>() < 64 << 10, "{notes:?}");
}

const SOON: std::time::Duration = std::time::Duration::from_millis(10);

fn replaced(piece: &[u8], id: &str) -> Vec<u8> {
    const HOLE: &[u8] = b"{id}";
    let mut out = Vec::with_capacity(piece.len());
    let mut rest = piece;
    while let Some(at) = rest.windows(HOLE.len()).position(|window| window == HOLE) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(id.as_bytes());
        rest = &rest[at + HOLE.len()..];
    }
    out.extend_from_slice(rest);
    out
}

/// Reads what the server says; the id of an event, if it is one.
async fn told(stream: &mut DuplexStream) -> Option<String> {
    let mut bytes = vec![0; 1 << 16];
    let read = tokio::time::timeout(SOON, stream.read(&mut bytes)).await;
    let text = String::from_utf8_lossy(&bytes[..read.ok()?.ok()?]).into_owned();
    let id = text.lines().find_map(|line| line.strip_prefix(ID))?;
    Some(id.to_owned())
}
