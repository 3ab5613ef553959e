use std::pin::Pin;
use std::task::{Context, Poll};

use proptest::prelude::*;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::*;
use crate::adapter::wire::MAX_PIECE;

/// Bytes from outside, in pieces of a size, and nothing that takes what is written.
struct Pieces {
    bytes: Vec<u8>,
    at: usize,
    size: usize,
}

impl AsyncRead for Pieces {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let end = (self.at + self.size.min(buffer.remaining())).min(self.bytes.len());
        buffer.put_slice(&self.bytes[self.at..end]);
        self.at = end;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Pieces {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// The most that a connection may hold: a head and a piece, as much again for how a
/// buffer grows, and its first size.
const HELD: usize = 2 * (MAX_HEAD + MAX_PIECE) + 4096;

/// Reads all requests out of some bytes, as a server does; tells the most that was held.
async fn most_held(bytes: Vec<u8>, size: usize, keep: Keep) -> usize {
    let mut connection = Connection::new(Box::new(Pieces { bytes, at: 0, size }), Clock::start());
    let mut most = 0;
    while let Ok(Some(request)) = connection.request().await {
        most = most.max(connection.wire.buffer.capacity());
        let body = connection.body(&request, keep).await;
        most = most.max(connection.wire.buffer.capacity());
        let Ok(body) = body else { break };
        assert!(body.kept.len() <= keep.kept && body.kept.len() <= body.length);
        assert!(body.length <= keep.most);
    }
    most.max(connection.wire.buffer.capacity())
}

/// Texts that look like requests, and end anywhere.
fn requests() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        Just("POST /x HTTP/1.1\r\n".to_owned()),
        Just("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n".to_owned()),
        Just("Transfer-Encoding: chunked\r\n".to_owned()),
        Just("Expect: 100-continue\r\n".to_owned()),
        Just("\r\n".to_owned()),
        Just("0\r\n\r\n".to_owned()),
        any::<u64>().prop_map(|n| format!("Content-Length: {n}\r\n")),
        (0u64..100_000).prop_map(|n| format!("Content-Length: {n}\r\n")),
        any::<u64>().prop_map(|n| format!("{n:x}\r\n")),
        (0usize..40_000).prop_map(|n| format!("{n:x}\r\n{}\r\n", "b".repeat(n))),
        (0usize..40_000).prop_map(|n| "x".repeat(n)),
        (0usize..40_000).prop_map(|n| format!("X-Trace: {}\r\n", "x".repeat(n))),
        (0usize..200).prop_map(|n| "x: y\r\n".repeat(n)),
        Just("Lambda-Runtime-Function-Response-Mode: streaming\r\n".to_owned()),
        "[ -~]{0,40}: [ -~]{0,40}\r\n",
    ];
    let texts = prop::collection::vec(line, 0..12).prop_map(|lines| lines.concat().into_bytes());
    prop_oneof![4 => texts, 1 => prop::collection::vec(any::<u8>(), 0..3000)]
}

/// The first request of some bytes, and what came after its head.
async fn first(bytes: Vec<u8>, size: usize) -> String {
    let stream = Box::new(Pieces { bytes, at: 0, size });
    let mut connection = Connection::new(stream, Clock::start());
    let request = connection.request().await;
    let mut rest = connection.wire.buffer.split();
    while connection.wire.fill().await {
        rest.unsplit(connection.wire.buffer.split());
    }
    format!("{request:?} {}", String::from_utf8_lossy(&rest))
}

proptest! {
    #[test]
    fn a_head_is_read_as_if_what_is_shed_of_it_had_not_been_there(
        fields in prop::collection::vec(prop::sample::select(vec![
            "Connection: close\r\n",
            "Coldstart-Main-Ns: 5\r\n",
            "Lambda-Extension-Name: a\r\n",
            "Lambda-Runtime-Function-Error-Type: E\r\n",
        ]), 0..6),
        other in prop::collection::vec((0usize..7, 0usize..30_000, 0usize..90), 0..6),
        size in 1usize..60_000,
    ) {
        let first_line = "POST /x HTTP/1.1\r\n";
        let plain = format!("{first_line}{}\r\nbody: 1\r\n\r\n", fields.concat());
        let mut lines: Vec<String> = fields.iter().map(|&field| field.to_owned()).collect();
        for (at, long, many) in other {
            let noise = format!("X-Trace: {}\r\n{}", "x".repeat(long), "x: y\r\n".repeat(many));
            lines.insert(at.min(lines.len()), noise);
        }
        let noisy = format!("{first_line}{}\r\nbody: 1\r\n\r\n", lines.concat());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let [plain, noisy] =
            [plain, noisy].map(|text| runtime.block_on(first(text.into_bytes(), size)));
        prop_assert_eq!(plain, noisy);
    }

    #[test]
    fn whatever_comes_in_little_of_it_is_held(
        bytes in requests(),
        size in 1usize..60_000,
        most in 0usize..100_000,
        kept in 0usize..10_000,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let held = runtime.block_on(most_held(bytes, size, Keep { most, kept, end: 0 }));
        prop_assert!(held <= HELD, "{held}");
    }
}

#[tokio::test]
async fn a_long_body_is_counted_and_not_held() {
    let length = 5 << 20;
    let mut bytes = format!("POST / HTTP/1.1\r\nContent-Length: {length}\r\n\r\n").into_bytes();
    bytes.resize(bytes.len() + length, b'x');
    let held = most_held(bytes, usize::MAX / 2, Keep { most: 6 << 20, kept: 100, end: 0 }).await;
    assert!(held <= HELD, "{held}");
}
