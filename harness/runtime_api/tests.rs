use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use super::*;

const NEXT: &str = "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: h\r\n";

/// A server, and the client's end of one connection to it.
fn connected() -> (RuntimeApi, DuplexStream) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let api = RuntimeApi::serve(Listener::memory("memory:1".into(), receiver), Clock::paused());
    let (ours, theirs) = tokio::io::duplex(1 << 16);
    sender.send(theirs).unwrap();
    (api, ours)
}

async fn send(stream: &mut DuplexStream, text: &str) {
    stream.write_all(text.as_bytes()).await.unwrap();
}

async fn receive(stream: &mut DuplexStream) -> String {
    let mut bytes = vec![0; 1 << 16];
    let n = stream.read(&mut bytes).await.unwrap();
    String::from_utf8_lossy(&bytes[..n]).into_owned()
}

fn response(id: u32, body: &str) -> String {
    format!(
        "POST /2018-06-01/runtime/invocation/00000000-0000-4000-8000-{id:012}/response HTTP/1.1\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

async fn answered(receiver: oneshot::Receiver<Answer>) -> String {
    match receiver.await.unwrap() {
        Answer::Response { body, .. } => String::from_utf8_lossy(&body).into_owned(),
        other => format!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_next_is_readiness_and_its_reply_is_the_event() {
    let (api, mut stream) = connected();
    let answer = api.invoke("f", "{\"a\":1}", 2_000_000_000);
    assert_eq!(api.ready(), None);
    tokio::time::sleep(std::time::Duration::from_millis(30)).await;
    send(&mut stream, &format!("{NEXT}Coldstart-Main-Ns: 5\r\ncoldstart-ready-ns: 6\r\n\r\n"))
        .await;
    let event = receive(&mut stream).await;
    assert!(event.contains("Lambda-Runtime-Aws-Request-Id: 00000000-0000-4000-8000-000000000001"));
    assert!(event.contains("Lambda-Runtime-Deadline-Ms: 2000"), "{event}");
    assert!(event.ends_with("\r\n\r\n{\"a\":1}"), "{event}");
    let at = 30_000_000;
    assert_eq!(api.ready(), Some(Ready { at, main: Some(5), ready_self: Some(6) }));
    assert_eq!(api.sent(), Some(at));
    send(&mut stream, &response(1, "\"ok\"")).await;
    assert!(receive(&mut stream).await.starts_with("HTTP/1.1 202 "));
    assert_eq!(answered(answer).await, "\"ok\"");
    assert!(api.notes().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_waiting_instance_gets_its_event_at_once() {
    let (api, mut stream) = connected();
    send(&mut stream, &format!("{NEXT}\r\n")).await;
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    let answer = api.invoke("f", "1", 0);
    assert!(receive(&mut stream).await.ends_with("\r\n\r\n1"));
    // The reply in single bytes: no reading relies on how the bytes are packed.
    for byte in response(1, "\"slowly\"").bytes() {
        stream.write_all(&[byte]).await.unwrap();
        tokio::task::yield_now().await;
    }
    assert_eq!(answered(answer).await, "\"slowly\"");
}

#[tokio::test(start_paused = true)]
async fn chunked_replies_and_waiting_for_continue_are_understood() {
    let (api, mut stream) = connected();
    let answer = api.invoke("f", "1", 0);
    send(&mut stream, &format!("{NEXT}\r\n")).await;
    receive(&mut stream).await;
    let head = response(1, "");
    let head =
        head.replace("Content-Length: 0", "Transfer-Encoding: chunked\r\nExpect: 100-continue");
    send(&mut stream, &head).await;
    assert!(receive(&mut stream).await.starts_with("HTTP/1.1 100 "));
    send(&mut stream, "5;x=y\r\n\"1234\r\n2\r\n5\"\r\n0\r\nTrailer: t\r\n\r\n").await;
    assert!(receive(&mut stream).await.starts_with("HTTP/1.1 202 "));
    assert_eq!(answered(answer).await, "\"12345\"");
    // The connection is still in step.
    let next = api.invoke("f", "2", 0);
    send(&mut stream, &format!("{NEXT}\r\n")).await;
    assert!(receive(&mut stream).await.ends_with("\r\n\r\n2"));
    send(&mut stream, &response(2, "2")).await;
    assert_eq!(answered(next).await, "2");
}

#[tokio::test(start_paused = true)]
async fn a_second_answer_is_refused_and_noted() {
    let (api, mut stream) = connected();
    let answer = api.invoke("f", "1", 0);
    send(&mut stream, &format!("{NEXT}\r\n")).await;
    receive(&mut stream).await;
    send(&mut stream, &response(1, "1")).await;
    receive(&mut stream).await;
    send(&mut stream, &response(1, "1")).await;
    assert!(receive(&mut stream).await.starts_with("HTTP/1.1 400 "));
    assert_eq!(answered(answer).await, "1");
    assert_eq!(api.notes(), ["answered an invocation that was not waiting for an answer"]);
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_hangs_up_is_not_handed_an_event() {
    let (sender, receiver) = mpsc::unbounded_channel();
    let api = RuntimeApi::serve(Listener::memory("memory:1".into(), receiver), Clock::paused());
    let connect = || {
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        sender.send(theirs).unwrap();
        ours
    };
    let mut first = connect();
    send(&mut first, &format!("{NEXT}\r\n")).await;
    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    drop(first);
    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    let _answer = api.invoke("f", "1", 0);
    let mut second = connect();
    send(&mut second, &format!("{NEXT}\r\n")).await;
    assert!(receive(&mut second).await.ends_with("\r\n\r\n1"));
}

/// What the server makes of one request, and what it notes.
#[tokio::test(start_paused = true)]
async fn hostile_requests_are_refused_by_name() {
    let check = async |request: String, status: &str, note: &str| {
        let (api, mut stream) = connected();
        let _answer = api.invoke("f", "1", 0);
        send(&mut stream, &request).await;
        let reply = receive(&mut stream).await;
        assert!(reply.starts_with(&format!("HTTP/1.1 {status}")), "{request:.80}: {reply}");
        assert!(api.notes().concat().contains(note), "{:?}", api.notes());
    };
    check("\0\0\0\0\r\n\r\n".into(), "400", "not HTTP").await;
    check("GET /wrong/\u{7f} HTTP/1.1\r\n\r\n".into(), "400", "not HTTP").await;
    check("DELETE / HTTP/1.1\r\n\r\n".into(), "404", "asked for DELETE /").await;
    check(format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(20_000)), "400", "head over").await;
    check("GET / HTTP/1.1\r\nContent-Length: -5\r\n\r\n".into(), "400", "no number").await;
    check("GET / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n".into(), "400", "gzip").await;
    check(response(9, "{}"), "400", "not waiting").await;
}

#[tokio::test(start_paused = true)]
async fn a_body_over_the_limit_is_refused_before_it_is_read() {
    let (api, mut stream) = connected();
    let answer = api.invoke("f", "1", 0);
    send(&mut stream, &format!("{NEXT}\r\n")).await;
    receive(&mut stream).await;
    let head = response(1, "").replace("Content-Length: 0", "Content-Length: 10000000");
    send(&mut stream, &head).await;
    assert!(receive(&mut stream).await.starts_with("HTTP/1.1 413 "));
    assert!(matches!(answer.await.unwrap(), Answer::Unreadable(why) if why.contains("10000000")));
}

#[tokio::test(start_paused = true)]
async fn reports_of_errors_carry_the_functions_own_words() {
    let (api, mut stream) = connected();
    let answer = api.invoke("f", "1", 0);
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
    assert!(matches!(answer.await.unwrap(), Answer::InitError(text) if text == "E: no luck"));
}

/// Without TCP_NODELAY every warm call of a real client takes some 40 ms.
#[tokio::test]
async fn accepted_sockets_do_not_delay_small_writes() {
    let mut listener = Listener::tcp([127, 0, 0, 1].into()).await.unwrap();
    let address = listener.address().to_owned();
    let accepted = listener.accept_tcp();
    let (accepted, _client) = tokio::join!(accepted, TcpStream::connect(&address));
    assert!(accepted.unwrap().unwrap().nodelay().unwrap());
}
