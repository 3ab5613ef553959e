//! A client's own requests.

use std::future::poll_fn;

use super::*;
use crate::adapter::client::{Client, Coming, Head, Piece, Pieces, Request};

fn asks(method: &str) -> (Client, Coming) {
    let (pieces, coming) = Pieces::channel();
    let request = Request {
        method: method.to_owned(),
        target: "/a?b=c".to_owned(),
        fields: vec![
            ("host".to_owned(), "h".into()),
            ("x".to_owned(), Bytes::from_static(b"\xff")),
        ],
        body: if method == "POST" { "body".into() } else { Bytes::new() },
    };
    let (context, request) = (None, Some(Arc::new(request)));
    (Client { context, request, pieces: Some(pieces) }, coming)
}

async fn ask_for(http: &Http, client: &Client) -> Answer {
    let (event, request) = (Event::plain("{}"), None);
    let (limit, client) = (Duration::MAX, Some(client));
    let asked = Asked { function: "f", event: &event, limit, keep: 4, request, client };
    let invoked = http.invoke(asked);
    assert!(invoked.event.is_empty());
    let answered = tokio::time::timeout(Duration::from_secs(10), invoked.answer).await;
    answered.unwrap().unwrap().answer
}

async fn next(coming: &mut Coming) -> Piece {
    poll_fn(|context| coming.poll_next(context)).await
}

/// What is there already.
async fn all(coming: &mut Coming) -> (Head, Vec<u8>) {
    let Piece::Head(head) = next(coming).await else { panic!("it begins without a head") };
    let mut bytes = Vec::new();
    let soon = Duration::from_millis(20);
    while let Ok(Piece::Data(data)) = tokio::time::timeout(soon, next(coming)).await {
        bytes.extend_from_slice(&data);
    }
    (head, bytes)
}

#[tokio::test]
async fn the_clients_request_takes_the_place_of_the_functions_and_any_status_is_its_answer() {
    let answer = "HTTP/1.1 503 No\r\nX-A: \u{e9}\r\nX-A: 2\r\nContent-Length: 6\r\n\r\nanswer";
    let (address, served) = server(vec![vec![answer, OK]]).await;
    let http = adapter(address, HttpRequest::default());
    let (client, mut coming) = asks("POST");
    let Answer::Response(reply) = ask_for(&http, &client).await else { panic!() };
    // A status that says "not yet" is not asked again for, though it is the first answer.
    assert_eq!((reply.body.as_ref(), reply.length), (b"answ".as_slice(), 6));
    assert!(reply.first_byte.is_some_and(|first| first <= reply.responded));
    let (head, bytes) = all(&mut coming).await;
    let fields = [("X-A", "\u{e9}"), ("X-A", "2"), ("Content-Length", "6")];
    let fields = fields.map(|(name, value)| (name.to_owned(), Bytes::from(value)));
    assert_eq!((head.status, head.fields), (Some(503), fields.to_vec()));
    assert_eq!(bytes, b"answer");
    // The next call by an event is the function's own again.
    assert_eq!(ask(&http, "").await.unwrap(), "ok");
    let asked = served.await.unwrap();
    assert!(asked[0].starts_with("POST /a?b=c HTTP/1.1\r\nhost: h\r\nx: "), "{}", asked[0]);
    assert!(asked[0].ends_with("Content-Length: 4\r\n\r\nbody"), "{}", asked[0]);
    assert!(asked[1].starts_with("GET / HTTP/1.1\r\n"), "{}", asked[1]);
}

#[tokio::test]
async fn a_head_alone_has_no_body_and_the_connection_is_in_step_after_it() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n";
    let (address, served) = server(vec![vec![head, OK]]).await;
    let http = adapter(address, HttpRequest::default());
    let (client, _coming) = asks("HEAD");
    let Answer::Response(reply) = ask_for(&http, &client).await else { panic!() };
    assert_eq!(reply.length, 0);
    assert_eq!(ask(&http, "").await.unwrap(), "ok");
    assert_eq!(served.await.unwrap().len(), 2);
}

#[tokio::test]
async fn pieces_are_there_before_the_answer_is_whole_and_a_client_that_is_gone_does_no_harm() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let http = adapter(listener.local_addr().unwrap(), HttpRequest::default());
    let (client, mut coming) = asks("GET");
    let writes = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        request(&mut stream).await;
        let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n";
        stream.write_all(head).await.unwrap();
        assert!(matches!(next(&mut coming).await, Piece::Head(_)));
        assert_eq!(next(&mut coming).await, Piece::Data("one".into()));
        drop(coming);
        stream.write_all(b"3\r\ntwo\r\n0\r\n\r\n").await.unwrap();
        request(&mut stream).await;
        stream.write_all(OK.as_bytes()).await.unwrap();
    };
    let asks = async {
        let Answer::Response(reply) = ask_for(&http, &client).await else { panic!() };
        assert_eq!(reply.length, 6);
        assert_eq!(ask(&http, "").await.unwrap(), "ok");
    };
    tokio::join!(writes, asks);
    assert!(http.notes().is_empty());
}

/// A connection that was closed while nothing was asked looks like one that was closed in
/// place of an answer.
#[tokio::test]
async fn what_may_have_been_done_is_not_asked_for_twice() {
    for (method, is_repeated) in [("POST", false), ("GET", true)] {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let http = adapter(listener.local_addr().unwrap(), HttpRequest::default());
        let serves = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            request(&mut stream).await;
            stream.write_all(OK.as_bytes()).await.unwrap();
            // It was read, and there is no answer to it.
            request(&mut stream).await;
            drop(stream);
            let (mut stream, _) = listener.accept().await.unwrap();
            request(&mut stream).await;
            stream.write_all(OK.as_bytes()).await.unwrap();
        });
        assert_eq!(ask(&http, "").await.unwrap(), "ok");
        let (client, _coming) = asks(method);
        let answer = ask_for(&http, &client).await;
        assert_eq!(matches!(answer, Answer::Response(_)), is_repeated, "{method}: {answer:?}");
        serves.abort();
    }
}

#[tokio::test]
async fn what_is_no_whole_answer_fails_whatever_went_on_before() {
    for (answer, went_on) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", Some("ok")),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", Some("ok")),
        ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", None),
        ("SSH-2.0\r\n\r\n", None),
        ("HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n", Some("")),
    ] {
        let (address, _served) = server(vec![vec![answer]]).await;
        let http = adapter(address, HttpRequest::default());
        let (client, mut coming) = asks("GET");
        let came = ask_for(&http, &client).await;
        assert!(matches!(came, Answer::Unreadable(_)), "{answer}: {came:?}");
        if let Some(went_on) = went_on {
            assert_eq!(all(&mut coming).await.1, went_on.as_bytes(), "{answer}");
        }
    }
}

#[tokio::test]
async fn an_answer_to_the_functions_own_request_goes_on_where_it_is_the_expected_one() {
    let not_yet = "HTTP/1.1 503 No\r\nContent-Length: 5\r\n\r\nlater";
    let (address, _served) = server(vec![vec![not_yet, OK, not_yet]]).await;
    let http = adapter(address, HttpRequest::default());
    let streams = || {
        let (pieces, coming) = Pieces::channel();
        (Client { pieces: Some(pieces), ..Client::default() }, coming)
    };
    let (client, mut coming) = streams();
    assert!(matches!(ask_for(&http, &client).await, Answer::Response(_)));
    assert_eq!(all(&mut coming).await, (Head::default(), b"ok".to_vec()));
    let (client, coming) = streams();
    assert!(matches!(ask_for(&http, &client).await, Answer::Unreadable(_)));
    drop(coming);
}
