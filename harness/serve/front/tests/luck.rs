//! Clients that are slow, many, too much, or gone.

use tokio::time::timeout;

use super::*;

const SOON: Duration = Duration::from_secs(20);

#[tokio::test]
async fn a_connection_serves_one_request_after_the_other() {
    let served = served(&["f"]).await;
    let mut stream = served.connect().await;
    for n in 0..3 {
        let request = format!(
            "POST /2015-03-31/functions/f/invocations HTTP/1.1\r\nhost: h\r\ncontent-length: 1\r\n\r\n{n}"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        assert_eq!(got(&mut stream).await.body, n.to_string().as_bytes());
    }
}

#[tokio::test]
async fn what_is_too_large_is_refused_by_its_length_and_without() {
    let served = served(&["f"]).await;
    // A client that writes all of it before it reads finds out, too.
    for (kind, most) in [("RequestResponse", 6 << 20), ("Event", 1 << 20)] {
        let headers = format!("x-amz-invocation-type: {kind}\r\n");
        let body = "1".repeat(most + 1);
        let got = served.invoke("f", &headers, &body).await;
        assert_eq!(got.exception(), (413, "RequestTooLargeException"), "{kind}");
        let chunks = format!(
            "POST /2015-03-31/functions/f/invocations HTTP/1.1\r\nhost: h\r\n{headers}\
             transfer-encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n",
            body.len()
        );
        let got = served.raw(chunks.as_bytes()).await;
        assert_eq!(got.exception(), (413, "RequestTooLargeException"), "{kind}");
    }
    let longest = format!("\"{}\"", "1".repeat((6 << 20) - 2));
    assert_eq!(served.invoke("f", "", &longest).await.status, 200);
    assert_eq!(served.queue.unfinished(), 0);
    // By its length alone: nothing of it came.
    let head = "POST /2015-03-31/functions/f/invocations HTTP/1.1\r\nhost: h\r\n\
                content-length: 99999999\r\n\r\n";
    assert_eq!(served.raw(head.as_bytes()).await.status, 413);
}

#[tokio::test]
async fn half_a_request_is_waited_for_and_then_no_more() {
    let limits = Limits {
        head: Duration::from_millis(50),
        body: Duration::from_millis(50),
        ..Limits::default()
    };
    let served = limited(&["f"], limits).await;
    let half = "POST /2015-03-31/functions/f/invocations HTTP/1.1\r\nhost: h\r\n\
                content-length: 9\r\n\r\n{";
    assert_eq!(served.raw(half.as_bytes()).await.exception(), (408, "RequestTimeoutException"));
    for words in ["", "POST /2015"] {
        let mut stream = served.connect().await;
        stream.write_all(words.as_bytes()).await.unwrap();
        let mut rest = Vec::new();
        // Closed; with or without a word.
        let _ = timeout(SOON, stream.read_to_end(&mut rest)).await.expect("it stays open");
    }
    let mut stream = served.connect().await;
    stream.write_all(b"nonsense\r\n\r\n").await.unwrap();
    assert_eq!(got(&mut stream).await.status, 400);
    assert_eq!(served.fake.calls().len(), 0);
}

#[tokio::test]
async fn a_client_that_goes_away_changes_nothing() {
    let served = served(&["slow", "f"]).await;
    let mut stream = served.connect().await;
    let request = "POST /2015-03-31/functions/slow/invocations HTTP/1.1\r\nhost: h\r\n\
                   content-length: 2\r\n\r\n{}";
    stream.write_all(request.as_bytes()).await.unwrap();
    while served.fake.calls().is_empty() {
        tokio::task::yield_now().await;
    }
    drop(stream);
    assert_eq!(served.invoke("f", "", "{}").await.status, 200);
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_until_one_is_closed() {
    let served = limited(&["f"], Limits { connections: 2, ..Limits::default() }).await;
    let held = [served.connect().await, served.connect().await];
    let mut third = served.connect().await;
    third.write_all(b"GET / HTTP/1.1\r\nhost: h\r\n\r\n").await.unwrap();
    let mut byte = [0];
    let waits = timeout(Duration::from_millis(100), third.read(&mut byte)).await;
    assert!(waits.is_err(), "it is served beyond the limit");
    drop(held);
    assert_eq!(timeout(SOON, got(&mut third)).await.unwrap().status, 200);
}

#[tokio::test]
async fn a_thousand_connections_are_served() {
    crate::system::descriptors::raise();
    let served = served(&["f"]).await;
    let mut streams = Vec::new();
    for _ in 0..1000 {
        streams.push(served.connect().await);
    }
    for stream in &mut streams {
        stream.write_all(b"GET / HTTP/1.1\r\nhost: h\r\n\r\n").await.unwrap();
    }
    for stream in &mut streams {
        assert_eq!(got(stream).await.status, 200);
    }
}

#[tokio::test]
async fn stopping_answers_what_came_and_takes_no_more() {
    let mut served = served(&["slow"]).await;
    let idle = served.connect().await;
    let mut stream = served.connect().await;
    let request = "POST /2015-03-31/functions/slow/invocations HTTP/1.1\r\nhost: h\r\n\
                   content-length: 1\r\n\r\n7";
    stream.write_all(request.as_bytes()).await.unwrap();
    while served.fake.calls().is_empty() {
        tokio::task::yield_now().await;
    }
    served.stop.take().unwrap().send(()).unwrap();
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
    assert!(!served.task.is_finished());
    assert!(TcpStream::connect(served.address).await.is_err());
    served.fake.let_go(1);
    assert_eq!(got(&mut stream).await.body, b"7");
    // Connections without a request do not hold it up.
    timeout(SOON, &mut served.task).await.expect("it does not end").unwrap();
    drop(idle);
}
