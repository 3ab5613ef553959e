//! Functions that listen, behind their URLs.

use bytes::Bytes;

use super::*;
use crate::serve::tests::failed;
use crate::serve::{Head, Piece};

fn answer(status: u16, fields: &[(&str, &str)], data: &[&'static str]) -> Vec<Piece> {
    let field = |(name, value): &(&str, &str)| {
        ((*name).to_owned(), Bytes::copy_from_slice(value.as_bytes()))
    };
    let head = Head { status: Some(status), fields: fields.iter().map(field).collect() };
    let data = data.iter().map(|text| Piece::Data(Bytes::from(*text)));
    [Piece::Head(head)].into_iter().chain(data).collect()
}

async fn listening() -> Served {
    let served = served(&["f"]).await;
    served.fake.listens("f");
    served
}

impl Served {
    async fn request(&self, method: &str) -> String {
        let head = "HTTP/1.1\r\nhost: f.localhost:9001\r\nconnection: close\r\n\r\n";
        self.whole(&format!("{method} /x {head}")).await
    }
}

#[tokio::test]
async fn the_clients_own_request_is_handed_on_but_for_what_was_for_us() {
    let served = listening().await;
    served.fake.streams("f", answer(200, &[], &[]));
    let request = "PATCH /url/f/a%20b/?c=d&e HTTP/1.1\r\nHost: h:9001\r\nX-Two: 1\r\nX-Two: 2\r\n\
                   Cookie: a=1\r\nConnection: close, X-Mine\r\nX-Mine: 1\r\nTE: trailers\r\n\
                   Upgrade: h2c\r\nKeep-Alive: 5\r\nProxy-Connection: x\r\nX-Forwarded-For: 1.2.3.4\r\n\
                   Expect: 100-continue\r\nContent-Length: 3\r\n\r\n";
    let request = [request.as_bytes(), b"\xff\x00z"].concat();
    let mut stream = served.connect().await;
    stream.write_all(&request).await.unwrap();
    let mut all = Vec::new();
    let _ = stream.read_to_end(&mut all).await;
    let call = served.fake.calls().remove(0);
    assert!(call.event.is_empty());
    let asked = call.client.request.unwrap();
    assert_eq!((asked.method.as_str(), asked.target.as_str()), ("PATCH", "/a%20b/?c=d&e"));
    assert_eq!(asked.body, [0xff, 0, b'z'].as_slice());
    let fields: Vec<(&str, &str)> = { asked.fields.iter() }
        .map(|(name, value)| (name.as_str(), std::str::from_utf8(value).unwrap()))
        .collect();
    let expected = [
        ("host", "h:9001"),
        ("x-two", "1"),
        ("x-two", "2"),
        ("cookie", "a=1"),
        ("x-forwarded-for", "1.2.3.4, 127.0.0.1"),
        ("x-forwarded-proto", "http"),
        ("x-forwarded-port", "9001"),
    ];
    assert_eq!(fields, expected);
}

#[tokio::test]
async fn the_functions_answer_is_handed_back_but_for_what_was_for_us() {
    let served = listening().await;
    let fields = [
        ("Content-Type", "text/plain"),
        ("Set-Cookie", "a=1"),
        ("Set-Cookie", "b=2"),
        ("Connection", "X-Mine"),
        ("X-Mine", "1"),
        ("Keep-Alive", "5"),
        ("Transfer-Encoding", "chunked"),
        ("Content-Length", "99"),
        ("Upgrade", "x"),
    ];
    served.fake.streams("f", answer(418, &fields, &["a", "b"]));
    let all = served.request("GET").await;
    let (head, body) = all.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 418 "), "{head}");
    assert!(head.contains("\r\nset-cookie: a=1\r\nset-cookie: b=2"), "{head}");
    for gone in ["x-mine", "keep-alive", "content-length", "upgrade"] {
        assert!(!head.contains(gone), "{gone}: {head}");
    }
    assert_eq!(body, "1\r\na\r\n1\r\nb\r\n0\r\n\r\n");
    served.fake.streams("f", answer(200, &[("Content-Length", "2")], &["o", "k"]));
    let all = served.request("GET").await;
    assert!(all.contains("\r\ncontent-length: 2\r\n") && all.ends_with("\r\n\r\nok"), "{all}");
}

#[tokio::test]
async fn an_answer_without_a_body_says_how_long_it_would_be_and_ends() {
    let served = listening().await;
    served.fake.streams("f", answer(200, &[("Content-Length", "5")], &[]));
    let all = served.request("HEAD").await;
    assert!(all.starts_with("HTTP/1.1 200 ") && all.contains("content-length: 5"), "{all}");
    for status in [204, 304] {
        served.fake.streams("f", answer(status, &[("Content-Length", "5")], &[]));
        let all = served.request("GET").await;
        assert!(all.starts_with(&format!("HTTP/1.1 {status} ")), "{all}");
        assert!(!all.contains("content-length: 5"), "{all}");
    }
}

#[tokio::test]
async fn a_function_that_fails_is_a_bad_gateway_or_breaks_off() {
    let served = listening().await;
    served.fake.script("f", [failed()]);
    assert!(served.request("GET").await.starts_with("HTTP/1.1 502 "));
    served.fake.streams("f", answer(200, &[("Content-Length", "5")], &["ab"]));
    served.fake.script("f", [failed()]);
    let all = served.request("GET").await;
    assert!(all.ends_with("\r\n\r\nab"), "three bytes are missing, and it is closed: {all}");
    served.fake.streams("f", answer(42, &[], &[]));
    assert!(served.request("GET").await.starts_with("HTTP/1.1 502 "));
    let all = served.request("CONNECT").await;
    assert!(all.starts_with("HTTP/1.1 4"), "{all}");
}

#[tokio::test]
async fn a_call_by_invoke_has_no_request_of_its_own() {
    let served = listening().await;
    assert_eq!(served.invoke("f", "", "{\"a\":1}").await.body, b"{\"a\":1}");
    let call = served.fake.calls().remove(0);
    assert!(call.client.request.is_none() && call.client.pieces.is_none());
}
