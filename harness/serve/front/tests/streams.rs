//! Answers that go on while they are made.

use bytes::Bytes;
use tokio::time::timeout;

use super::*;
use crate::serve::tests::failed;
use crate::serve::{Head, Piece};

const SOON: Duration = Duration::from_secs(20);
const WITH_PRELUDE: &str = "application/vnd.awslambda.http-integration-response";

fn head(kind: Option<&'static str>) -> Piece {
    let fields = kind.map(|kind| ("content-type".to_owned(), Bytes::from(kind)));
    Piece::Head(Head { status: None, fields: fields.into_iter().collect() })
}

fn data(text: &'static str) -> Piece {
    Piece::Data(Bytes::from(text))
}

impl Served {
    async fn begin(&self, name: &str) -> TcpStream {
        let mut stream = self.connect().await;
        let request = format!(
            "POST /2021-11-15/functions/{name}/response-streaming-invocations HTTP/1.1\r\n\
             host: h\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{{}}"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        stream
    }

    /// All that comes until the connection is closed.
    pub(super) async fn whole(&self, request: &str) -> String {
        let mut stream = self.connect().await;
        stream.write_all(request.as_bytes()).await.unwrap();
        rest(&mut stream).await
    }

    async fn url(&self) -> String {
        self.whole("GET /url/f HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n").await
    }
}

async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let _ = timeout(SOON, stream.read_to_end(&mut bytes)).await.expect("it stays open");
    String::from_utf8_lossy(&bytes).into_owned()
}

async fn until(stream: &mut TcpStream, words: &str) -> String {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if text.contains(words) {
            return text;
        }
        let read = timeout(SOON, stream.read_buf(&mut bytes)).await.expect("nothing comes");
        assert_ne!(read.unwrap(), 0, "{text}");
    }
}

#[tokio::test]
async fn pieces_are_with_the_client_before_the_function_is_done() {
    let served = served(&["slow"]).await;
    served.fake.streams("slow", vec![head(None), data("one"), data("two")]);
    let mut stream = served.begin("slow").await;
    let first = until(&mut stream, "two").await;
    assert!(first.starts_with("HTTP/1.1 200 OK\r\n") && !first.contains("InvokeComplete"));
    assert!(first.find("one") < first.find("two"), "{first}");
    served.fake.let_go(1);
    let last = rest(&mut stream).await;
    assert!(last.contains("InvokeComplete") && last.ends_with("0\r\n\r\n"), "{last}");
    assert!(!last.contains("ErrorCode"), "{last}");
}

#[tokio::test]
async fn an_error_in_the_middle_is_in_the_last_frame() {
    let served = served(&["slow"]).await;
    served.fake.streams("slow", vec![head(None), data("half")]);
    served.fake.script("slow", [failed()]);
    served.fake.let_go(1);
    let all = rest(&mut served.begin("slow").await).await;
    let at = |what: &str| all.find(what).unwrap_or_else(|| panic!("{what} is not in {all}"));
    assert!(at("half") < at("InvokeComplete"));
    assert!(all.contains("\"ErrorCode\":\"Unhandled\"") && all.contains("Oops"), "{all}");
}

#[tokio::test]
async fn a_client_that_goes_away_in_the_middle_leaves_the_call_to_its_end() {
    let served = served(&["slow", "f"]).await;
    let many = std::iter::repeat_n(data("piece"), 100);
    served.fake.streams("slow", [head(None)].into_iter().chain(many).collect());
    let mut stream = served.begin("slow").await;
    until(&mut stream, "piece").await;
    drop(stream);
    assert_eq!(served.invoke("f", "", "1").await.status, 200);
    served.fake.let_go(1);
}

#[tokio::test]
async fn a_url_streams_with_the_functions_type_and_breaks_off_with_the_function() {
    let served = served(&["f"]).await;
    served.fake.streams("f", vec![head(Some("text/plain")), data("a"), data("b")]);
    let all = served.url().await;
    assert!(all.starts_with("HTTP/1.1 200 OK\r\n") && all.contains("text/plain"), "{all}");
    assert!(all.ends_with("1\r\na\r\n1\r\nb\r\n0\r\n\r\n"), "{all}");
    served.fake.streams("f", vec![head(None), data("a")]);
    served.fake.script("f", [failed()]);
    let all = served.url().await;
    assert!(all.contains("application/octet-stream") && all.contains("1\r\na\r\n"), "{all}");
    assert!(!all.ends_with("0\r\n\r\n"), "{all}");
    // Before anything was sent there is an answer to give.
    served.fake.streams("f", vec![head(None)]);
    served.fake.script("f", [failed()]);
    assert_eq!(served.get("/url/f").await.status, 502);
}

#[tokio::test]
async fn a_prelude_says_how_a_stream_is_sent() {
    let served = served(&["f"]).await;
    let prelude = "{\"statusCode\":201,\"headers\":{\"x-a\":\"b\"},\"cookies\":[\"c=1\"]}\0\0\0";
    let pieces = [head(Some(WITH_PRELUDE)), data(prelude), data("\0\0\0\0\0hi"), data("!")];
    served.fake.streams("f", pieces.into());
    let all = served.url().await;
    assert!(all.starts_with("HTTP/1.1 201 Created\r\n"), "{all}");
    assert!(all.contains("x-a: b\r\n") && all.contains("set-cookie: c=1\r\n"), "{all}");
    assert!(all.contains("content-type: application/octet-stream\r\n"), "{all}");
    assert!(all.ends_with("\r\n\r\n2\r\nhi\r\n1\r\n!\r\n0\r\n\r\n"), "{all}");
    for wrong in ["", "{}", "[200]\0\0\0\0\0\0\0\0", "{\"statusCode\":99}\0\0\0\0\0\0\0\0"] {
        served.fake.streams("f", vec![head(Some(WITH_PRELUDE)), data(wrong)]);
        assert_eq!(served.get("/url/f").await.status, 502, "{wrong}");
    }
}
