use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use super::line::{Keep, Line};
use super::*;
use crate::adapter::client::Onward;
use crate::engine::Caller;

mod theirs;

/// A server with what it answers to each request, connection by connection; a connection
/// is closed after its last answer.
async fn server(
    answers: Vec<Vec<&'static str>>,
) -> (SocketAddr, tokio::task::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let served = tokio::spawn(async move {
        let mut asked = Vec::new();
        for answers in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            for answer in answers {
                asked.push(request(&mut stream).await);
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        }
        asked
    });
    (address, served)
}

async fn request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|l| l.strip_prefix("Content-Length: "));
            if body.len() >= length.map_or(0, |n| n.parse().unwrap()) {
                return text;
            }
        }
        assert_ne!(stream.read_buf(&mut bytes).await.unwrap(), 0, "{text}");
    }
}

/// An adapter of an instance that listens at an address.
fn adapter(address: SocketAddr, request: HttpRequest) -> Http {
    let shared = Shared::without_kernel_events();
    let (clock, port) = (Clock::start(), address.port());
    let http = Http::serve(Route::Host, &shared, clock, request, port, "runc");
    http.starts(&InstanceId("instance".to_owned()));
    http.started();
    http
}

async fn ask(http: &Http, event: &str) -> Result<String, String> {
    let event = Event::plain(event);
    let asked = Asked {
        function: "f",
        event: &event,
        limit: Duration::MAX,
        keep: 4096,
        request: None,
        client: None,
    };
    let answered = http.invoke(asked).answer;
    let answered = tokio::time::timeout(Duration::from_secs(10), answered).await.unwrap().unwrap();
    match answered.answer {
        Answer::Response(reply) => {
            assert_eq!(reply.length, reply.body.len());
            Ok(String::from_utf8(reply.body.to_vec()).unwrap())
        }
        Answer::Unreadable(cause) => Err(cause),
        other => panic!("{other:?}"),
    }
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

#[tokio::test]
async fn one_connection_is_kept_and_the_request_is_as_it_was_asked_for() {
    let (address, served) = server(vec![vec![OK, OK]]).await;
    let path = "/orders?n=1".to_owned();
    let request =
        HttpRequest { method: crate::spec::function::Method::Post, path, ..HttpRequest::default() };
    let http = adapter(address, request);
    assert_eq!(ask(&http, "{\"a\":1}").await.unwrap(), "ok");
    let first = http.stamps();
    assert!(first.ready.is_some() && first.sent >= first.ready.map(|ready| ready.at));
    assert_eq!(ask(&http, "[2]").await.unwrap(), "ok");
    assert!(http.stamps().sent > first.sent && http.notes().is_empty());
    let asked = served.await.unwrap();
    assert!(asked[0].starts_with("POST /orders?n=1 HTTP/1.1\r\nHost: localhost:"), "{}", asked[0]);
    assert!(asked[0].ends_with("Content-Length: 7\r\n\r\n{\"a\":1}"), "{}", asked[0]);
    assert!(asked[1].ends_with("\r\n\r\n[2]"), "{}", asked[1]);
}

#[tokio::test]
async fn a_method_without_a_body_sends_no_event() {
    let (address, served) = server(vec![vec![OK]]).await;
    let http = adapter(address, HttpRequest::default());
    assert_eq!(ask(&http, "{\"a\":1}").await.unwrap(), "ok");
    let asked = served.await.unwrap().remove(0);
    assert!(asked.starts_with("GET / HTTP/1.1\r\n") && asked.ends_with("Accept: */*\r\n\r\n"));
}

/// Every way in which a server may end its answers, each followed by another.
#[tokio::test]
async fn a_server_that_closes_its_connections_is_asked_on_new_ones() {
    let old = "HTTP/1.0 200 OK\r\n\r\nuntil the end";
    let closes = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok";
    let (address, served) = server(vec![vec![old], vec![closes], vec![OK], vec![OK]]).await;
    let http = adapter(address, HttpRequest::default());
    assert_eq!(ask(&http, "").await.unwrap(), "until the end");
    assert_eq!(ask(&http, "").await.unwrap(), "ok");
    assert_eq!(ask(&http, "").await.unwrap(), "ok");
    // That one was to be kept, and is closed all the same.
    assert_eq!(ask(&http, "").await.unwrap(), "ok");
    assert_eq!(served.await.unwrap().len(), 4);
    assert!(http.notes().is_empty());
}

#[tokio::test]
async fn chunks_are_put_together_and_what_only_announces_an_answer_is_none() {
    let chunked = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\n\
        Transfer-Encoding: chunked\r\nContent-Length: 99\r\n\r\n5;a=b\r\nhello\r\n1\r\n!\r\n0\r\nX: y\r\n\r\n";
    let none = "HTTP/1.1 204 No Content\r\n\r\n";
    let (address, _served) = server(vec![vec![chunked, none]]).await;
    let http = adapter(address, HttpRequest::default());
    assert_eq!(ask(&http, "").await.unwrap(), "hello!");
    let cause = ask(&http, "").await.unwrap_err();
    assert!(cause.contains("status 204, expected 200"), "{cause}");
}

#[tokio::test]
async fn what_is_no_whole_answer_is_told_as_what_it_is() {
    let check = async |answer: &'static str, part: &str| {
        let (address, _served) = server(vec![vec![answer]]).await;
        let http = adapter(address, HttpRequest::default());
        let cause = ask(&http, "").await.unwrap_err();
        assert!(cause.contains(part), "{answer:?}: {cause}");
    };
    check("", "closed the connection without an answer").await;
    check("SSH-2.0-x\r\n\r\n", "not HTTP").await;
    check("HTTP/1.1 200 OK\r\nContent-Le", "within a head of").await;
    check("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", "closed after 2 of 9 bytes").await;
    check("HTTP/1.1 200 OK\r\nContent-Length: -9\r\n\r\nok", "`-9` is not a number").await;
    check("HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n", "bytes that are allowed")
        .await;
    let two = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nok";
    check(two, "two content lengths").await;
    let chunk = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    check(&*format!("{chunk}z\r\n").leak(), "without a valid size").await;
    check(&*format!("{chunk}2\r\nabc\r\n").leak(), "longer than it says").await;
    check(&*format!("{chunk}ffffffffffffffff\r\n").leak(), "bytes that are allowed").await;
    check(&*format!("{chunk}2\r\nok\r\n").leak(), "within a chunked body").await;
}

#[tokio::test]
async fn what_is_sent_without_being_asked_for_is_noted() {
    let much = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more";
    let (address, _served) = server(vec![vec![much]]).await;
    let http = adapter(address, HttpRequest::default());
    assert_eq!(ask(&http, "").await.unwrap(), "ok");
    for _ in 0..500 {
        if !http.notes().is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert_eq!(http.notes(), ["sent what it was not asked for"]);
}

/// Whoever listens late is found, and how well that is known stands with it.
#[tokio::test]
async fn an_instance_that_listens_late_is_found_by_trying() {
    let bound = TcpSocket::new_v4().unwrap();
    bound.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let address = bound.local_addr().unwrap();
    let http = adapter(address, HttpRequest::default());
    let event = Event::plain("{}");
    let asked = Asked {
        function: "f",
        event: &event,
        limit: Duration::MAX,
        keep: 4096,
        request: None,
        client: None,
    };
    let invoked = http.invoke(asked);
    tokio::time::sleep(Duration::from_millis(30)).await;
    let silent = http.progress(&InstanceState::default());
    assert_eq!(silent, format!("it never listened on port {}", address.port()));
    let listener = bound.listen(1).unwrap();
    let began = http.server.clock.now();
    let (mut stream, _) = listener.accept().await.unwrap();
    request(&mut stream).await;
    stream.write_all(OK.as_bytes()).await.unwrap();
    let answered = invoked.answer.await.unwrap();
    assert!(matches!(answered.answer, Answer::Response(_)), "{answered:?}");
    let ready = http.stamps().ready.unwrap();
    let readiness = ready.readiness.unwrap();
    assert!(ready.at >= began && readiness.resolution_ns > 0, "{ready:?}");
    assert!(ready.at - readiness.resolution_ns <= began, "{ready:?} {began}");
}

/// Drivers that begin with the same number too: an instance does not listen from its first
/// instant.
#[test]
fn ports_that_are_given_out_differ_and_are_free() {
    let drivers = [Shared::default(), Shared::default()];
    let kept: Vec<_> = (0..64).map(|at| drivers[at % 2].free_port().unwrap()).collect();
    let some: Vec<u16> = kept.iter().map(|port| port.number).collect();
    let mut different = some.clone();
    different.sort_unstable();
    different.dedup();
    assert_eq!(different.len(), some.len());
    assert!(some.iter().all(|port| (20_000..32_000).contains(port)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Whatever comes, it is read to an end, and no more of it is held than is wanted.
    #[test]
    fn whatever_a_server_answers_never_panics(
        head in prop::sample::select(vec![
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 70\r\n\r\n",
            "HTTP/1.0 200\r\n\r\n",
            "HTTP/1.1 100\r\n\r\n",
            "",
        ]),
        bytes in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (mut theirs, ours) = tokio::io::duplex(1024);
            theirs.write_all(head.as_bytes()).await.unwrap();
            theirs.write_all(&bytes).await.unwrap();
            drop(theirs);
            let mut line = Line::new(Box::new(ours), Caller::Address(IpAddr::V4(Ipv4Addr::LOCALHOST)));
            let keep = || Keep { keep: 16, most: 100, onward: Onward::default() };
            if let Ok(Some(head)) = line.head(None).await
                && let Ok(body) = line.body(&head, keep()).await
            {
                assert!(body.kept.len() <= 16 && body.length <= 100);
            }
        });
    }
}

#[tokio::test]
async fn what_cannot_be_throttled_is_asked_nothing() {
    let (address, _) = server(vec![vec![OK]]).await;
    let shared = Shared::without_kernel_events();
    let (clock, port) = (Clock::start(), address.port());
    let request = HttpRequest::default();
    let http = Http::serve(Route::Host, &shared, clock, request, port, "runc");
    let gone = tempfile::tempdir().unwrap().path().join("cpu.max");
    http.throttle_when_ready(Throttle::writing(gone));
    http.starts(&InstanceId("instance".to_owned()));
    http.started();
    let event = Event::plain("1");
    let asked = Asked {
        function: "f",
        event: &event,
        limit: Duration::MAX,
        keep: 0,
        request: None,
        client: None,
    };
    let answered = http.invoke(asked).answer.await.unwrap();
    let Answer::Unreachable(cause) = answered.answer else { panic!("{:?}", answered.answer) };
    assert!(cause.contains("CPU quota could not be set"), "{cause}");
    assert_eq!((http.stamps().throttled, http.stamps().sent), (None, None));
}
