use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::*;
use crate::serve::tests::failed;
use crate::serve::{End, Reason};

#[tokio::test]
async fn a_call_is_answered_with_what_clients_of_lambda_read() {
    let served = served(&["f"]).await;
    let got = served.invoke("f", "", " {\"a\": 1.50}\n").await;
    assert_eq!((got.status, got.body.as_slice()), (200, b" {\"a\": 1.50}\n".as_slice()));
    assert_eq!(got.headers["content-type"], "application/json");
    assert_eq!(got.headers["x-amz-executed-version"], "$LATEST");
    assert_eq!(got.headers["x-coldstart-version"], "3");
    assert!(!got.headers.contains_key("x-amz-function-error"));
    assert!(!got.headers.contains_key("x-amz-log-result"));
    let id = &got.headers["x-amzn-requestid"];
    assert_eq!(Uuid::try_parse(id).unwrap().get_version_num(), 4);
    let timing = &got.headers["server-timing"];
    assert!(timing.contains("init;dur=123.454, function;dur=1.234"), "{timing}");
    let call = &served.fake.calls()[0];
    assert_eq!(
        (call.event.as_ref(), call.request.to_string()),
        (&b" {\"a\": 1.50}\n"[..], id.clone())
    );
    assert!(!call.wants_log);
}

#[tokio::test]
async fn nothing_is_an_empty_object() {
    let served = served(&["f"]).await;
    assert_eq!(served.invoke("f", "", "").await.body, b"{}");
}

#[tokio::test]
async fn kinds_of_calls_have_their_statuses() {
    let served = served(&["f"]).await;
    let got = served.invoke("f", "X-Amz-Invocation-Type: RequestResponse\r\n", "1").await;
    assert_eq!((got.status, got.body.as_slice()), (200, b"1".as_slice()));
    let got = served.invoke("f", "X-Amz-Invocation-Type: DryRun\r\n", "1").await;
    assert_eq!((got.status, got.body.len()), (204, 0));
    let got = served.invoke("f", "X-Amz-Invocation-Type: Event\r\n", "1").await;
    assert_eq!((got.status, got.body.len()), (202, 0));
    assert_eq!(served.queue.unfinished(), 1);
    let got = served.invoke("f", "X-Amz-Invocation-Type: Later\r\n", "1").await;
    assert_eq!(got.exception(), (400, "InvalidParameterValueException"));
    assert_eq!(served.fake.calls().len(), 1);
}

#[tokio::test]
async fn a_failure_of_a_function_is_an_answer() {
    let served = served(&["f"]).await;
    served.fake.script("f", [failed()]);
    let got = served.invoke("f", "", "{}").await;
    assert_eq!((got.status, got.headers["x-amz-function-error"].as_str()), (200, "Unhandled"));
    assert_eq!(got.json(), json!({ "errorMessage": "no", "errorType": "Oops" }));
    served.fake.script("f", [End::Response(Bytes::from(vec![b'1'; 7 << 20]))]);
    let got = served.invoke("f", "", "{}").await;
    assert_eq!((got.status, got.headers["x-amz-function-error"].as_str()), (200, "Unhandled"));
    assert_eq!(got.json()["errorType"], "Function.ResponseSizeTooLarge");
}

#[tokio::test]
async fn the_end_of_the_log_comes_along_where_it_is_asked_for() {
    let served = served(&["f"]).await;
    let got = served.invoke("f", "X-Amz-Log-Type: Tail\r\n", "{}").await;
    let log = STANDARD.decode(&got.headers["x-amz-log-result"]).unwrap();
    let log = String::from_utf8(log).unwrap();
    let begins: Vec<&str> = log.lines().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(begins, ["START", "hello", "END", "REPORT"]);
    assert!(log.contains(&got.headers["x-amzn-requestid"]));
    assert!(served.fake.calls()[0].wants_log);
    let got = served.invoke("f", "X-Amz-Log-Type: None\r\n", "{}").await;
    assert!(!got.headers.contains_key("x-amz-log-result"));
}

#[tokio::test]
async fn what_cannot_be_is_an_exception() {
    let served = served(&["f"]).await;
    let got = served.invoke("g", "", "{}").await;
    assert_eq!(got.exception(), (404, "ResourceNotFoundException"));
    let message = "Function not found: arn:aws:lambda:us-east-1:000000000000:function:g";
    assert_eq!(got.json(), json!({ "Type": "User", "Message": message, "message": message }));
    let got = served.invoke("f", "", "{").await;
    assert_eq!(got.exception(), (400, "InvalidRequestContentException"));
    assert_eq!(served.fake.calls().len(), 0);
    served
        .fake
        .script("f", [End::Stopping, End::Unavailable("the engine is gone\u{1b}[1m".to_owned())]);
    let got = served.invoke("f", "", "{}").await;
    assert_eq!(got.exception(), (503, "ServiceUnavailableException"));
    let got = served.invoke("f", "", "{}").await;
    assert_eq!(got.exception(), (500, "ServiceException"));
    assert_eq!(got.json()["Type"], "Service");
    assert!(!got.json()["Message"].as_str().unwrap().contains('\u{1b}'));
    let got = served.get("/2015-03-31/functions/f/policy").await;
    assert_eq!(got.exception(), (404, "UnknownOperationException"));
}

#[tokio::test]
async fn a_limit_is_named_with_when_to_come_again() {
    let served = served(&["f"]).await;
    let end = |reason, ms| End::Throttled { reason, retry_after: Duration::from_millis(ms) };
    served.fake.script("f", [end(Reason::Account, 0), end(Reason::Function, 1001)]);
    let got = served.invoke("f", "", "{}").await;
    assert_eq!(got.exception(), (429, "TooManyRequestsException"));
    assert_eq!(got.headers["retry-after"], "1");
    assert_eq!(got.json()["Reason"], "ConcurrentInvocationLimitExceeded");
    let got = served.invoke("f", "", "{}").await;
    assert_eq!(got.headers["retry-after"], "2");
    assert_eq!(got.json()["Reason"], "ReservedFunctionConcurrentInvocationLimitExceeded");
}

#[tokio::test]
async fn a_function_is_found_by_every_name_that_it_has() {
    let served = served(&["f"]).await;
    let arn = "arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Af";
    for name in ["f", "f:$LATEST", "f:3", "000000000000:function:f", arn] {
        assert_eq!(served.invoke(name, "", "{}").await.status, 200, "{name}");
    }
    let path = |qualifier| format!("/2015-03-31/functions/f/invocations?Qualifier={qualifier}");
    let got = served.ask("POST", &path("3"), "", b"{}").await;
    assert_eq!(got.headers["x-amz-executed-version"], "3");
    let got = served.ask("POST", &path("%24LATEST"), "", b"{}").await;
    assert_eq!(got.headers["x-amz-executed-version"], "$LATEST");
    let got = served.ask("POST", &path("2"), "", b"{}").await;
    assert_eq!(got.exception(), (404, "ResourceNotFoundException"));
    assert!(got.json()["Message"].as_str().unwrap().ends_with("function:f:2"));
    let got = served.invoke("a%20b", "", "{}").await;
    assert_eq!(got.exception(), (400, "ValidationException"));
}

#[tokio::test]
async fn an_answer_is_streamed_in_frames() {
    let served = served(&["f"]).await;
    let path = "/2021-11-15/functions/f/response-streaming-invocations";
    let got = served.ask("POST", path, "X-Amz-Log-Type: Tail\r\n", b"{\"a\":1}").await;
    assert_eq!(got.status, 200);
    assert_eq!(got.headers["content-type"], "application/vnd.amazon.eventstream");
    let text = String::from_utf8_lossy(&got.body).into_owned();
    let at = |what: &str| text.find(what).unwrap_or_else(|| panic!("{what} is not in {text}"));
    assert!(at("PayloadChunk") < at("{\"a\":1}") && at("{\"a\":1}") < at("InvokeComplete"));
    assert!(at("InvokeComplete") < at("LogResult"));
    served.fake.script("f", [failed()]);
    let got = served.ask("POST", path, "", b"{}").await;
    let text = String::from_utf8_lossy(&got.body).into_owned();
    assert!(text.contains("\"ErrorCode\":\"Unhandled\"") && !text.contains("PayloadChunk"));
}

#[tokio::test]
async fn what_a_client_says_of_itself_is_its_functions_to_know() {
    let served = served(&["f"]).await;
    let headers = "X-Amz-Client-Context: eyJjdXN0b20iOnsiYSI6IjEifX0=\r\n";
    assert_eq!(served.invoke("f", headers, "{}").await.status, 200);
    let path = "/2021-11-15/functions/f/response-streaming-invocations";
    assert_eq!(served.ask("POST", path, headers, b"{}").await.status, 200);
    for call in served.fake.calls() {
        assert_eq!(call.client.context.as_deref(), Some("{\"custom\":{\"a\":\"1\"}}"));
    }
    for kind in ["", "X-Amz-Invocation-Type: Event\r\n"] {
        let headers = format!("{kind}X-Amz-Client-Context: string\r\n");
        let got = served.invoke("f", &headers, "{}").await;
        assert_eq!(got.exception(), (400, "InvalidRequestContentException"));
        assert!(got.json()["message"].as_str().unwrap().starts_with("Client context must be"));
    }
    assert_eq!(served.fake.calls().len(), 2);
}
