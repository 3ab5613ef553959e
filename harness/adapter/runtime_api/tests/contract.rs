//! What clients that people deploy do, each in its own way.

use super::*;

/// A server, and a way to open connections to it.
fn served() -> (RuntimeApi, impl Fn() -> DuplexStream) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let api = serving(receiver);
    let connect = move || {
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        sender.send(theirs).unwrap();
        ours
    };
    (api, connect)
}

/// Sends while it reads, as a large request may be answered before its end.
async fn exchange(stream: &mut DuplexStream, request: &[u8]) -> String {
    let (mut reader, mut writer) = tokio::io::split(stream);
    let reading = async {
        let mut bytes = vec![0; 1 << 12];
        let n = reader.read(&mut bytes).await.unwrap();
        String::from_utf8_lossy(&bytes[..n]).into_owned()
    };
    // Refused before its end, the rest of it finds nobody.
    tokio::join!(reading, writer.write_all(request)).0
}

fn error(id: &str, fields: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST /2018-06-01/runtime/invocation/{id}/error HTTP/1.1\r\n{fields}\
         Content-Length: {length}\r\n\r\n{body}"
    )
}

/// What comes of an error report: the status, and what is told of it. The connection is in
/// step after it, and the instance as good as before.
async fn reported(fields: &str, body: &str) -> (String, String) {
    let (api, mut stream) = connected();
    let first = invoke(&api, "1");
    let (id, _) = next(&mut stream).await;
    let reply = exchange(&mut stream, error(&id, fields, body).as_bytes()).await;
    let told = answered(first).await;
    let second = invoke(&api, "2");
    let (id, event) = next(&mut stream).await;
    assert_eq!(event, "2");
    send(&mut stream, &response(&id, "2")).await;
    assert_eq!(answered(second).await, "2");
    assert!(api.violations().is_empty());
    (reply, told)
}

#[tokio::test(start_paused = true)]
async fn stack_traces_travel_in_fields_of_heads() {
    let body = r#"{"errorMessage":"no bean of that name","errorType":"IllegalState"}"#;
    let told = "FunctionError(\"IllegalState: no bean of that name\")";
    for size in [10_000, 38_000, 900_000] {
        let cause = format!("Lambda-Runtime-Function-XRay-Error-Cause: {}\r\n", "x".repeat(size));
        let (reply, answer) = reported(&cause, body).await;
        assert!(reply.starts_with("HTTP/1.1 202 "), "{size}: {reply}");
        assert_eq!(answer, told, "{size}");
    }
    let many: String = (0..400).map(|n| format!("X-H{n}: {n}\r\n")).collect();
    assert_eq!(reported(&many, body).await.1, told);
    let kind = "Lambda-Runtime-Function-Error-Type: Kind\r\n";
    let many = format!("{many}{kind}{many}");
    assert_eq!(reported(&many, "").await.1, "FunctionError(\"Kind\")");
}

#[tokio::test(start_paused = true)]
async fn a_head_without_end_is_refused_and_so_is_one_full_of_what_is_read() {
    let check = async |fields: String| {
        let (_api, mut stream) = connected();
        let request = format!("{NEXT}{fields}\r\n");
        exchange(&mut stream, request.as_bytes()).await
    };
    let endless = check("name: value\r\n".repeat(200_000)).await;
    assert!(endless.starts_with("HTTP/1.1 400 "), "{endless}");
    let one = check(format!("name: {}\r\n", "v".repeat(1 << 21))).await;
    assert!(one.starts_with("HTTP/1.1 400 "), "{one}");
    let read = check("Connection: keep-alive\r\n".repeat(100)).await;
    assert!(read.starts_with("HTTP/1.1 400 "), "{read}");
}

#[tokio::test(start_paused = true)]
async fn an_error_is_one_however_little_or_much_it_says() {
    let kind = "Lambda-Runtime-Function-Error-Type: Function.NoSuchTable\r\n";
    assert_eq!(reported(kind, "").await.1, "FunctionError(\"Function.NoSuchTable\")");
    let utf8 = "Lambda-Runtime-Function-Error-Type: Fehler.Ungültig•\r\n";
    assert_eq!(reported(utf8, "").await.1, "FunctionError(\"Fehler.Ungültig•\")");
    let large = format!(r#"{{"errorMessage":"{}","errorType":"TooBig"}}"#, "y".repeat(7 << 20));
    let (reply, told) = reported("", &large).await;
    assert!(reply.starts_with("HTTP/1.1 413 "), "{reply}");
    assert!(told.starts_with("FunctionError(\"TooBig: "), "{told}");
}

const STREAM: &str = "Lambda-Runtime-Function-Response-Mode: streaming\r\n";

/// What comes of a stream of so many bytes, the last chunk of which is this.
async fn streamed(mode: &str, size: usize, last: &str) -> Answer {
    let (api, mut stream) = connected();
    let answer = invoke(&api, "1");
    let (id, _) = next(&mut stream).await;
    let head = response(&id, "");
    let head = head.replace("Content-Length: 0", &format!("{mode}Transfer-Encoding: chunked"));
    send(&mut stream, &head).await;
    let piece = format!("10000\r\n{}\r\n", "s".repeat(1 << 16));
    let end = match last {
        "" => "0\r\n\r\n".to_owned(),
        last => format!("{:x}\r\n{last}\r\n0\r\n\r\n", last.len()),
    };
    let sending = async {
        for _ in 0..size >> 16 {
            let _ = stream.write_all(piece.as_bytes()).await;
        }
        tokio::time::sleep(Duration::from_millis(7)).await;
        let _ = stream.write_all(end.as_bytes()).await;
    };
    tokio::join!(sending, answer).1.unwrap().answer
}

#[tokio::test(start_paused = true)]
async fn a_stream_may_be_larger_than_a_reply_and_has_a_first_byte() {
    let Answer::Response(reply) = streamed(STREAM, 10 << 20, "").await else { panic!() };
    let Reply { first_byte, responded, length, .. } = reply;
    assert_eq!((length, responded - first_byte.unwrap()), (10 << 20, 7_000_000));
    let Answer::Response(reply) = streamed("", 1 << 20, "").await else { panic!() };
    assert_eq!(reply.first_byte, None, "of what comes as one it would be a packet's");
    let answer = streamed("", 7 << 20, "").await;
    assert!(matches!(answer, Answer::Unreadable(why) if why.contains("6291556")));
    let answer = streamed(STREAM, (200 << 20) + (1 << 16), "").await;
    assert!(matches!(answer, Answer::Unreadable(why) if why.contains("209715200")));
}

#[tokio::test(start_paused = true)]
async fn trailers_that_come_as_the_last_chunk_are_an_error() {
    let body = STANDARD.encode("the stream broke");
    let last = format!(
        "Lambda-Runtime-Function-Error-Type: Runtime.StreamError\r\n\
         Lambda-Runtime-Function-Error-Body: {body}\r\n"
    );
    let Answer::FunctionError { cause, .. } = streamed(STREAM, 1 << 16, &last).await else {
        panic!()
    };
    assert_eq!(cause, "Runtime.StreamError: the stream broke");
    // Where it is not a stream, or not the beginning of a chunk, it is the reply.
    assert!(matches!(streamed("", 1 << 16, &last).await, Answer::Response(_)));
    assert!(matches!(streamed(STREAM, 0, &format!("x{last}")).await, Answer::Response(_)));
}

#[tokio::test(start_paused = true)]
async fn several_may_ask_at_once_and_an_event_goes_to_one() {
    let (api, connect) = served();
    let mut all: Vec<DuplexStream> = (0..4).map(|_| connect()).collect();
    for stream in &mut all {
        send(stream, &format!("{NEXT}\r\n")).await;
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    for round in 0..12 {
        let answer = invoke(&api, &round.to_string());
        tokio::time::sleep(Duration::from_millis(1)).await;
        let mut given_to = Vec::new();
        for (index, stream) in all.iter_mut().enumerate() {
            let soon = Duration::from_millis(1);
            let Ok(message) = tokio::time::timeout(soon, receive(stream)).await else { continue };
            let (id, event) = given(&message);
            assert_eq!(event, round.to_string());
            given_to.push((index, id));
        }
        let [(index, id)] = given_to.try_into().unwrap();
        send(&mut all[index], &response(&id, "1")).await;
        receive(&mut all[index]).await;
        assert_eq!(answered(answer).await, "1");
        send(&mut all[index], &format!("{NEXT}\r\n")).await;
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert!(api.notes().is_empty(), "{:?}", api.notes());
}

#[tokio::test(start_paused = true)]
async fn who_asks_again_before_it_has_answered_waits() {
    let (api, connect) = served();
    let _answer = invoke(&api, "1");
    let (mut first, mut second) = (connect(), connect());
    next(&mut first).await;
    send(&mut second, &format!("{NEXT}\r\n")).await;
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(
        api.progress(&InstanceState::default()),
        "it got the event, and asked for another before it answered"
    );
    assert!(api.notes().is_empty() && api.violations().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_is_not_in_the_contract_is_refused_and_does_no_harm() {
    let (api, connect) = served();
    let mut stream = connect();
    for path in ["GET /health", "GET /2018-06-01/runtime/restore/next", "POST /x/y"] {
        send(&mut stream, &format!("{path} HTTP/1.1\r\n\r\n")).await;
        assert!(receive(&mut stream).await.starts_with("HTTP/1.1 404 "), "{path}");
        assert!(api.notes().iter().any(|note| note.contains(path)), "{:?}", api.notes());
    }
    let mut other = connect();
    send(&mut other, "\u{16}\u{3}\u{1}\r\n\r\n").await;
    assert!(receive(&mut other).await.starts_with("HTTP/1.1 400 "));
    assert!(api.violations().is_empty());
    let answer = invoke(&api, "1");
    let (id, _) = next(&mut stream).await;
    send(&mut stream, &response(&id, "1")).await;
    assert_eq!(answered(answer).await, "1");
}

#[tokio::test(start_paused = true)]
async fn targets_and_versions_of_all_forms_are_understood() {
    let head = "/2018-06-01/runtime/invocation/next";
    for line in [
        format!("GET http://172.17.0.1:4000{head} HTTP/1.1"),
        format!("GET {head}?a=1 HTTP/1.1"),
        format!("GET {head} HTTP/1.0"),
    ] {
        let (api, mut stream) = connected();
        let answer = invoke(&api, "1");
        send(&mut stream, &format!("{line}\r\nHost: h\r\n\r\n")).await;
        let (id, _) = given(&receive(&mut stream).await);
        if line.ends_with("1.0") {
            assert_eq!(stream.read(&mut [0; 9]).await.unwrap(), 0, "it is closed after a request");
        } else {
            send(&mut stream, &response(&id, "1")).await;
            assert_eq!(answered(answer).await, "1", "{line}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_closed_where_a_list_says_so_and_kept_where_it_says_that() {
    let closes = async |line: &str, field: &str| {
        let (_api, mut stream) = connected();
        send(&mut stream, &format!("GET /x HTTP/{line}\r\n{field}\r\n\r\n")).await;
        receive(&mut stream).await;
        let more = tokio::time::timeout(Duration::from_millis(1), stream.read(&mut [0; 9])).await;
        more.is_ok_and(|n| n.unwrap() == 0)
    };
    assert!(closes("1.1", "Connection: close, TE").await);
    assert!(closes("1.1", "connection: TE, Close").await);
    assert!(!closes("1.1", "Connection: keep-alive, TE").await);
    assert!(!closes("1.1", "X: close").await);
    assert!(!closes("1.0", "Connection: Keep-Alive").await);
    assert!(closes("1.0", "X: y").await);
}

#[tokio::test(start_paused = true)]
async fn chunks_win_over_a_length() {
    let (api, mut stream) = connected();
    let answer = invoke(&api, "1");
    let (id, _) = next(&mut stream).await;
    let both = "Content-Length: 3\r\nTransfer-Encoding: chunked";
    let head = response(&id, "").replace("Content-Length: 0", both);
    send(&mut stream, &format!("{head}5\r\n12345\r\n0\r\n\r\n")).await;
    assert_eq!(answered(answer).await, "12345");
}

#[tokio::test(start_paused = true)]
async fn ids_traces_and_deadlines_are_of_each_invocation() {
    let (api, mut stream) = connected();
    let mut traces = std::collections::BTreeSet::new();
    for deadline in ["0000000002001", "0000000002002"] {
        tokio::time::sleep(Duration::from_millis(1)).await;
        let answer = invoke(&api, "1");
        send(&mut stream, &format!("{NEXT}\r\n")).await;
        let message = receive(&mut stream).await;
        assert!(message.contains(&format!("Deadline-Ms: {deadline}\r\n")), "{message}");
        let trace = message.lines().find_map(|l| l.strip_prefix("Lambda-Runtime-Trace-Id: "));
        let trace = trace.unwrap();
        let [root, parent, sampled] = trace.split(';').collect::<Vec<_>>().try_into().unwrap();
        let lengths: Vec<usize> = root.split('-').map(str::len).collect();
        assert_eq!((lengths, parent.len(), sampled), (vec![6, 8, 24], 7 + 16, "Sampled=0"));
        assert!(traces.insert(trace.to_owned()));
        let (id, _) = given(&message);
        send(&mut stream, &response(&id, "1")).await;
        receive(&mut stream).await;
        answered(answer).await;
        api.prepare();
    }
}
