use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use super::*;
use crate::adapter::Event;
use crate::engine::Resident;

mod contract;
mod extensions;
mod streams;
mod throttled;

const NEXT: &str = "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: h\r\n";

/// A server, and the client's end of one connection to it.
fn connected() -> (RuntimeApi, DuplexStream) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let api = serving(receiver);
    let (ours, theirs) = tokio::io::duplex(1 << 16);
    sender.send(theirs).unwrap();
    (api, ours)
}

fn serving(receiver: mpsc::UnboundedReceiver<DuplexStream>) -> RuntimeApi {
    let listener = Listener::memory("memory:1".into(), receiver);
    RuntimeApi::serve(listener, Clock::paused(), Arc::default(), about())
}

fn about() -> About {
    About { name: "f".into(), arn: "arn:f".into(), handler: Some("app.handler".into()) }
}

fn invoke(api: &RuntimeApi, event: &str) -> oneshot::Receiver<Answered> {
    let event = Event::plain(event);
    let asked = Asked {
        function: "f",
        event: &event,
        limit: Duration::from_secs(2),
        keep: 4096,
        request: None,
        client: None,
    };
    api.invoke(asked).answer
}

/// Asks for an event; its id, and what came with it.
async fn next(stream: &mut DuplexStream) -> (String, String) {
    send(stream, &format!("{NEXT}\r\n")).await;
    given(&receive(stream).await)
}

fn given(message: &str) -> (String, String) {
    let (head, event) = message.split_once("\r\n\r\n").unwrap();
    let id = head.lines().find_map(|l| l.strip_prefix("Lambda-Runtime-Aws-Request-Id: "));
    (id.unwrap().to_owned(), event.to_owned())
}

async fn send(stream: &mut DuplexStream, text: &str) {
    stream.write_all(text.as_bytes()).await.unwrap();
}

async fn receive(stream: &mut DuplexStream) -> String {
    let mut bytes = vec![0; 1 << 16];
    let n = stream.read(&mut bytes).await.unwrap();
    String::from_utf8_lossy(&bytes[..n]).into_owned()
}

fn response(id: &str, body: &str) -> String {
    format!(
        "POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

async fn answered(receiver: oneshot::Receiver<Answered>) -> String {
    match receiver.await.unwrap().answer {
        Answer::Response(Reply { body, .. }) => String::from_utf8_lossy(&body).into_owned(),
        Answer::FunctionError { cause, .. } => format!("FunctionError({cause:?})"),
        other => format!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_next_is_readiness_and_its_reply_is_the_event() {
    let (api, mut stream) = connected();
    let answer = invoke(&api, "{\"a\":1}");
    assert_eq!(api.stamps().ready, None);
    tokio::time::sleep(std::time::Duration::from_millis(30)).await;
    send(&mut stream, &format!("{NEXT}Coldstart-Main-Ns: 5\r\ncoldstart-ready-ns: 6\r\n\r\n"))
        .await;
    let event = receive(&mut stream).await;
    let (id, _) = given(&event);
    // The function's time begins when it gets the event.
    assert!(event.contains("Lambda-Runtime-Deadline-Ms: 0000000002030\r\n"), "{event}");
    assert!(event.contains("Lambda-Runtime-Invoked-Function-Arn: arn:f\r\n"), "{event}");
    assert!(event.ends_with("\r\n\r\n{\"a\":1}"), "{event}");
    let at = 30_000_000;
    assert_eq!(
        api.stamps().ready,
        Some(Ready { at, main: Some(5), ready_self: Some(6), readiness: None })
    );
    assert_eq!(api.stamps().sent, Some(at));
    send(&mut stream, &response(&id, "\"ok\"")).await;
    assert!(receive(&mut stream).await.starts_with("HTTP/1.1 202 "));
    assert_eq!(answered(answer).await, "\"ok\"");
    assert!(api.notes().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_waiting_instance_gets_its_event_at_once() {
    let (api, mut stream) = connected();
    send(&mut stream, &format!("{NEXT}\r\n")).await;
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    let answer = invoke(&api, "1");
    let (id, event) = given(&receive(&mut stream).await);
    assert_eq!(event, "1");
    // The reply in single bytes: no reading relies on how the bytes are packed.
    for byte in response(&id, "\"slowly\"").bytes() {
        stream.write_all(&[byte]).await.unwrap();
        tokio::task::yield_now().await;
    }
    assert_eq!(answered(answer).await, "\"slowly\"");
}

#[tokio::test(start_paused = true)]
async fn chunked_replies_and_waiting_for_continue_are_understood() {
    let (api, mut stream) = connected();
    let answer = invoke(&api, "1");
    let (id, _) = next(&mut stream).await;
    let head = response(&id, "");
    let head =
        head.replace("Content-Length: 0", "Transfer-Encoding: chunked\r\nExpect: 100-continue");
    send(&mut stream, &head).await;
    assert!(receive(&mut stream).await.starts_with("HTTP/1.1 100 "));
    send(&mut stream, "5;x=y\r\n\"1234\r\n2\r\n5\"\r\n0\r\nTrailer: t\r\n\r\n").await;
    assert!(receive(&mut stream).await.starts_with("HTTP/1.1 202 "));
    assert_eq!(answered(answer).await, "\"12345\"");
    // The connection is still in step.
    let second = invoke(&api, "2");
    let (id, event) = next(&mut stream).await;
    assert_eq!(event, "2");
    send(&mut stream, &response(&id, "2")).await;
    assert_eq!(answered(second).await, "2");
}

#[tokio::test(start_paused = true)]
async fn a_second_answer_is_refused_and_noted_and_does_no_harm() {
    let (api, mut stream) = connected();
    let answer = invoke(&api, "1");
    let (id, _) = next(&mut stream).await;
    send(&mut stream, &response(&id, "1")).await;
    receive(&mut stream).await;
    send(&mut stream, &response(&id, "1")).await;
    assert!(receive(&mut stream).await.starts_with("HTTP/1.1 400 "));
    assert_eq!(answered(answer).await, "1");
    assert_eq!(api.notes(), ["answered an invocation that was not waiting for an answer"]);
    assert!(api.violations().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_hangs_up_is_not_handed_an_event() {
    let (sender, receiver) = mpsc::unbounded_channel();
    let api = serving(receiver);
    let connect = || {
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        sender.send(theirs).unwrap();
        ours
    };
    let mut first = connect();
    send(&mut first, &format!("{NEXT}\r\n")).await;
    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    assert!(!api.has_hung_up());
    drop(first);
    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    assert!(api.has_hung_up(), "nothing of it waits any more");
    let _answer = invoke(&api, "1");
    let mut second = connect();
    send(&mut second, &format!("{NEXT}\r\n")).await;
    assert!(receive(&mut second).await.ends_with("\r\n\r\n1"));
    assert!(!api.has_hung_up(), "it has asked again");
}

#[tokio::test(start_paused = true)]
async fn one_of_several_connections_that_hangs_up_leaves_the_others() {
    let (sender, receiver) = mpsc::unbounded_channel();
    let api = serving(receiver);
    let mut both = [(); 2].map(|()| {
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        sender.send(theirs).unwrap();
        ours
    });
    for stream in &mut both {
        send(stream, &format!("{NEXT}\r\n")).await;
    }
    let soon = std::time::Duration::from_millis(1);
    tokio::time::sleep(soon).await;
    let [first, mut second] = both;
    drop(first);
    tokio::time::sleep(soon).await;
    assert!(!api.has_hung_up());
    let answer = invoke(&api, "1");
    let (id, _) = given(&receive(&mut second).await);
    assert!(!api.has_hung_up(), "it is at work, and waits for nothing");
    send(&mut second, &response(&id, "1")).await;
    assert_eq!(answered(answer).await, "1");
}

/// What the server makes of one request, and what it notes.
#[tokio::test(start_paused = true)]
async fn hostile_requests_are_refused_by_name() {
    let check = async |request: String, status: &str, note: &str| {
        let (api, mut stream) = connected();
        let _answer = invoke(&api, "1");
        send(&mut stream, &request).await;
        let reply = receive(&mut stream).await;
        assert!(reply.starts_with(&format!("HTTP/1.1 {status}")), "{request:.80}: {reply}");
        assert!(api.notes().concat().contains(note), "{:?}", api.notes());
    };
    check("\0\0\0\0\r\n\r\n".into(), "400", "not HTTP").await;
    check("GET /wrong/\u{7f} HTTP/1.1\r\n\r\n".into(), "400", "not HTTP").await;
    check("DELETE / HTTP/1.1\r\n\r\n".into(), "404", "asked for DELETE /").await;
    check(format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(20_000)), "400", "line over").await;
    check("GET / HTTP/1.1\r\nContent-Length: -5\r\n\r\n".into(), "400", "not a number").await;
    for length in ["+5", "", "0x5", " ", "5, 5", "99999999999999999999999"] {
        let head = format!("GET / HTTP/1.1\r\nContent-Length: {length}\r\n\r\n");
        check(head, "400", "not a number").await;
    }
    let twice = "GET / HTTP/1.1\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\n";
    check(twice.into(), "400", "two content lengths").await;
    check("GET / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n".into(), "400", "gzip").await;
    check(response("9", "{}"), "400", "not waiting").await;
}

#[tokio::test(start_paused = true)]
async fn a_body_over_the_limit_is_refused_before_it_is_read() {
    let (api, mut stream) = connected();
    let answer = invoke(&api, "1");
    let (id, _) = next(&mut stream).await;
    let head = response(&id, "").replace("Content-Length: 0", "Content-Length: 10000000");
    send(&mut stream, &head).await;
    assert!(receive(&mut stream).await.starts_with("HTTP/1.1 413 "));
    assert!(
        matches!(answer.await.unwrap().answer, Answer::Unreadable(why) if why.contains("10000000"))
    );
}

#[tokio::test(start_paused = true)]
async fn reports_of_errors_carry_the_functions_own_words() {
    let (api, mut stream) = connected();
    let answer = invoke(&api, "1");
    let body = r#"{"errorMessage":"no\nluck","errorType":"E"}"#;
    let length = body.len();
    send(
        &mut stream,
        &format!(
            "POST /2018-06-01/runtime/init/error HTTP/1.1\r\nContent-Length: {length}\r\n\r\n{body}"
        ),
    )
    .await;
    assert!(receive(&mut stream).await.starts_with("HTTP/1.1 202 "));
    assert!(
        matches!(answer.await.unwrap().answer, Answer::InitError(text) if text == "E: no luck")
    );
}

#[tokio::test(start_paused = true)]
async fn request_ids_are_random_and_never_the_same() {
    let (api, mut stream) = connected();
    let mut ids = std::collections::BTreeSet::new();
    for _ in 0..20 {
        let answer = invoke(&api, "1");
        let (id, _) = next(&mut stream).await;
        let version = uuid::Uuid::parse_str(&id).unwrap().get_version_num();
        assert_eq!(version, 4, "{id}");
        send(&mut stream, &response(&id, "1")).await;
        receive(&mut stream).await;
        answered(answer).await;
        assert!(ids.insert(id));
    }
}

#[tokio::test(start_paused = true)]
async fn every_invocation_has_a_nonce_of_its_own() {
    let (api, _stream) = connected();
    let event = Event::with_nonce("{\"a\":1}");
    let mut nonces = std::collections::BTreeSet::new();
    for _ in 0..20 {
        let asked = Asked {
            function: "f",
            event: &event,
            limit: Duration::ZERO,
            keep: 0,
            request: None,
            client: None,
        };
        let sent: serde_json::Value = serde_json::from_slice(&api.invoke(asked).event).unwrap();
        let nonce = sent["coldstart"].as_str().unwrap().to_owned();
        assert!(nonce.len() == 32 && sent["a"] == 1 && nonces.insert(nonce), "{sent}");
    }
}

/// A reply of two chunks, and what comes after the last of them.
async fn streamed(after: &str) -> (String, String, Vec<String>) {
    let (api, mut stream) = connected();
    let answer = invoke(&api, "1");
    let (id, _) = next(&mut stream).await;
    let head = response(&id, "").replace("Content-Length: 0", "Transfer-Encoding: chunked");
    let sent = format!("{head}2\r\n\"a\r\n2\r\nb\"\r\n{after}");
    let _refused_early = stream.write_all(sent.as_bytes()).await;
    (receive(&mut stream).await, answered(answer).await, api.notes())
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_ends_in_error_trailers_is_a_function_error() {
    let report = STANDARD.encode(r#"{"errorMessage":"half way","errorType":"Broken"}"#);
    let kind = "Lambda-Runtime-Function-Error-Type: Runtime.Broken\r\n";
    let body = format!("lambda-runtime-function-error-body: {report}\r\n");
    let (reply, answer, _) = streamed(&format!("0\r\n{kind}{body}\r\n")).await;
    assert!(reply.starts_with("HTTP/1.1 202 "), "{reply}");
    assert_eq!(answer, "FunctionError(\"Broken: half way\")");
    let (_, answer, _) = streamed(&format!("0\r\n{kind}\r\n")).await;
    assert_eq!(answer, "FunctionError(\"Runtime.Broken\")");
    let (_, answer, _) = streamed("0\r\nX-Other: 1\r\n\r\n").await;
    assert_eq!(answer, "\"ab\"");
}

#[tokio::test(start_paused = true)]
async fn a_chunk_size_that_overflows_is_refused() {
    for size in ["ffffffffffffffff", "fffffffffffffffe", "600061", "7fffffffffffffff"] {
        let (reply, answer, _) = streamed(&format!("{size}\r\nx")).await;
        assert!(reply.starts_with("HTTP/1.1 413 "), "{size}: {reply}");
        assert!(answer.contains("more than the 6291556"), "{size}: {answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn trailers_without_an_end_and_chunks_that_lie_are_refused() {
    let endless = "X: y\r\n".repeat(200_000);
    let (_, answer, _) = streamed(&format!("0\r\n{endless}\r\n")).await;
    assert!(answer.contains("trailers without an end"), "{answer}");
    let (_, answer, _) = streamed("2\r\nabcd\r\n0\r\n\r\n").await;
    assert!(answer.contains("longer than it says"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn bytes_without_end_behind_a_waiting_next_end_the_connection() {
    let (api, mut stream) = connected();
    send(&mut stream, &format!("{NEXT}\r\n")).await;
    let mut sent = 0;
    while stream.write_all(&[b'x'; 1024]).await.is_ok() {
        tokio::task::yield_now().await;
        sent += 1024;
        assert!(sent < 1 << 20, "nobody stops it");
    }
    assert_eq!(api.notes(), ["sent much that it was not asked for"]);
    assert_eq!(api.violations(), api.notes());
}

#[tokio::test(start_paused = true)]
async fn a_reply_is_kept_as_far_as_it_was_asked_for() {
    let (api, mut stream) = connected();
    let answer = invoke(&api, "1");
    let (id, _) = next(&mut stream).await;
    let body = "y".repeat(2_000_000);
    let sending = response(&id, &body);
    let (_, answered) = tokio::join!(stream.write_all(sending.as_bytes()), answer);
    let Answer::Response(Reply { body, length, .. }) = answered.unwrap().answer else { panic!() };
    assert_eq!((body.len(), length), (4096, 2_000_000));
}

/// A server on loopback that takes somebody for a stranger.
async fn reached(strangers: Strangers) -> (RuntimeApi, TcpStream) {
    let listener = Listener::tcp([127, 0, 0, 1].into()).await.unwrap();
    let address = listener.address().to_owned();
    let api = RuntimeApi::serve(listener, Clock::start(), Arc::new(strangers), about());
    let stream = TcpStream::connect(&address).await.unwrap();
    (api, stream)
}

#[tokio::test]
async fn an_answer_over_loopback_tells_whose_process_gave_it() {
    let (api, mut stream) = reached(Strangers::default()).await;
    let answer = invoke(&api, "1");
    stream.write_all(format!("{NEXT}\r\n").as_bytes()).await.unwrap();
    let mut bytes = vec![0; 1 << 12];
    let n = stream.read(&mut bytes).await.unwrap();
    let (id, _) = given(&String::from_utf8_lossy(&bytes[..n]));
    stream.write_all(response(&id, "1").as_bytes()).await.unwrap();
    let callers = answer.await.unwrap().callers;
    let [Evidence::Process(Ok(owner))] = callers.as_slice() else { panic!("{callers:?}") };
    assert_eq!(owner.cgroups, std::fs::read_to_string("/proc/self/cgroup").unwrap());
}

#[test]
fn a_stranger_is_refused_counted_and_named_and_an_instance_is_not() {
    let (caller, other) = ("172.17.0.5".parse().unwrap(), "172.17.0.6".parse().unwrap());
    let scan = Resident { id: "4f6a".to_owned(), name: "container scan".to_owned() };
    let strangers = Arc::new(Strangers::new(None, [(caller, scan)].into()));
    let (state, queued, registered, told, ready, function) = Default::default();
    let clock = Clock::start();
    let shared = Shared { clock, strangers, function, state, queued, registered, told, ready };
    assert!(!shared.admits(Caller::Address(caller)) && !shared.admits(Caller::Address(caller)));
    assert!(shared.admits(Caller::Address(other)) && shared.admits(Caller::Sole));
    // Once its address is known, nobody else is it.
    shared.lock().address = Some("172.17.0.7".parse().unwrap());
    assert!(!shared.admits(Caller::Address(other)));
    // Not who had it before: that one has left, and it may not have been told yet.
    shared.lock().address = Some(caller);
    assert!(shared.admits(Caller::Address(caller)));
    let refused = shared.lock().refused.clone();
    let counted = [("172.17.0.5 (container scan)".to_owned(), 2), ("172.17.0.6".to_owned(), 1)];
    assert_eq!(refused, counted.into());
}
