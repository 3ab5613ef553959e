use bytes::Bytes;

use super::*;
use crate::serve::tests::failed;
use crate::serve::{End, Reason};

#[tokio::test]
async fn a_request_is_an_event_of_payload_two() {
    let served = served(&["f"]).await;
    let request = "PUT /a%20b/c?x=1&x=2&y=%C3%A9&z HTTP/1.1\r\nHost: f.localhost:9001\r\n\
                   X-Two: 1\r\nX-Two: 2\r\nCookie: a=1; b=2\r\nUser-Agent: test\r\n\
                   Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
    let got = served.raw(request.as_bytes()).await;
    assert_eq!(got.status, 200);
    // It is answered with its event.
    let event = got.json();
    assert_eq!(event["version"], "2.0");
    assert_eq!(event["routeKey"], "$default");
    assert_eq!(event["rawPath"], "/a%20b/c");
    assert_eq!(event["rawQueryString"], "x=1&x=2&y=%C3%A9&z");
    assert_eq!(event["queryStringParameters"], json!({ "x": "1,2", "y": "é", "z": "" }));
    assert_eq!(event["cookies"], json!(["a=1", "b=2"]));
    assert_eq!(event["headers"]["x-two"], "1,2");
    assert_eq!(event["headers"]["x-forwarded-for"], "127.0.0.1");
    assert_eq!(event["headers"]["x-forwarded-port"], "9001");
    assert!(event["headers"].get("cookie").is_none());
    assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!("{}"), &json!(false)));
    let context = &event["requestContext"];
    assert_eq!(context["domainName"], "f.localhost");
    assert_eq!(context["requestId"], got.headers["x-amzn-requestid"]);
    let http = &context["http"];
    assert_eq!((&http["method"], &http["path"]), (&json!("PUT"), &json!("/a%20b/c")));
    assert_eq!((&http["protocol"], &http["userAgent"]), (&json!("HTTP/1.1"), &json!("test")));
    let timing = &got.headers["server-timing"];
    assert!(timing.starts_with("platform;dur="), "{timing}");
}

#[tokio::test]
async fn a_path_is_as_good_as_a_host_and_bytes_are_text_of_their_own() {
    let served = served(&["f"]).await;
    let event = served.ask("POST", "/url/f/x", "", b"\xff").await.json();
    assert_eq!(event["rawPath"], "/x");
    assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!("/w=="), &json!(true)));
    let png = "content-type: image/png\r\n";
    let event = served.ask("POST", "/url/f", png, b"abc").await.json();
    assert_eq!(event["rawPath"], "/");
    assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!("YWJj"), &json!(true)));
    let event = served.get("/url/f").await.json();
    assert!(event.get("body").is_none() && event.get("cookies").is_none());
}

#[tokio::test]
async fn what_a_function_says_is_what_its_client_gets() {
    let served = served(&["f"]).await;
    let answer =
        "{\"statusCode\":201,\"headers\":{\"x-a\":\"b\"},\"cookies\":[\"c=1\"],\"body\":\"hi\"}";
    served
        .fake
        .script("f", [End::Response(Bytes::from(answer)), failed(), End::Response("no".into())]);
    let got = served.get("/url/f").await;
    assert_eq!((got.status, got.body.as_slice()), (201, b"hi".as_slice()));
    assert_eq!((got.headers["x-a"].as_str(), got.headers["set-cookie"].as_str()), ("b", "c=1"));
    for _ in 0..2 {
        let got = served.get("/url/f").await;
        assert_eq!((got.status, got.json()), (502, json!({ "Message": "Internal Server Error" })));
    }
    let retry_after = Duration::from_secs(1);
    served.fake.script("f", [End::Throttled { reason: Reason::Account, retry_after }]);
    assert_eq!(served.get("/url/f").await.status, 429);
    assert_eq!(served.get("/url/g").await.status, 404);
}
