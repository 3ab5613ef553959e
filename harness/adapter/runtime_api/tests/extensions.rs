//! What runs beside a function in its instance.

use super::*;

const SOON: Duration = Duration::from_millis(1);

fn request(line: &str, fields: &str, body: &str) -> String {
    let length = body.len();
    format!("{line} HTTP/1.1\r\n{fields}Content-Length: {length}\r\n\r\n{body}")
}

async fn ask(stream: &mut DuplexStream, line: &str, fields: &str, body: &str) -> String {
    send(stream, &request(line, fields, body)).await;
    receive(stream).await
}

const REGISTER: &str = "POST /2020-01-01/extension/register";
const EVENT: &str = "GET /2020-01-01/extension/event/next";

async fn register(stream: &mut DuplexStream, name: &str, events: &str) -> String {
    let name = format!("Lambda-Extension-Name: {name}\r\n");
    ask(stream, REGISTER, &name, &format!("{{\"events\":{events}}}")).await
}

/// The field by which an extension is known that was registered.
fn known(reply: &str) -> String {
    let id = reply.lines().find(|line| line.starts_with("Lambda-Extension-Identifier: "));
    format!("{}\r\n", id.unwrap())
}

/// A server, an extension of its instance, and the function.
fn beside() -> (RuntimeApi, DuplexStream, DuplexStream) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let api = serving(receiver);
    let [one, two] = [(); 2].map(|()| {
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        sender.send(theirs).unwrap();
        ours
    });
    (api, one, two)
}

#[tokio::test(start_paused = true)]
async fn one_that_wants_no_events_is_told_of_its_function_and_waits() {
    let (api, mut extension, mut function) = beside();
    let reply = register(&mut extension, "internal", "[]").await;
    assert!(reply.starts_with("HTTP/1.1 200 "), "{reply}");
    let told: serde_json::Value =
        serde_json::from_str(reply.split_once("\r\n\r\n").unwrap().1).unwrap();
    let expected = serde_json::json!({
        "functionName": "f", "functionVersion": "$LATEST", "handler": "app.handler"
    });
    assert_eq!(told, expected);
    send(&mut extension, &request(EVENT, &known(&reply), "")).await;
    for _ in 0..3 {
        let answer = invoke(&api, "1");
        let (id, _) = next(&mut function).await;
        send(&mut function, &response(&id, "1")).await;
        receive(&mut function).await;
        assert_eq!(answered(answer).await, "1");
    }
    assert!(tokio::time::timeout(SOON, receive(&mut extension)).await.is_err(), "it is parked");
    assert!(api.notes().is_empty() && api.violations().is_empty(), "{:?}", api.notes());
}

#[tokio::test(start_paused = true)]
async fn one_that_wants_to_hear_is_told_of_each_invocation() {
    let (api, mut extension, mut function) = beside();
    let reply = register(&mut extension, "watcher", r#"["INVOKE"]"#).await;
    let id = known(&reply);
    for _ in 0..2 {
        send(&mut extension, &request(EVENT, &id, "")).await;
        tokio::time::sleep(SOON).await;
        let answer = invoke(&api, "1");
        send(&mut function, &format!("{NEXT}\r\n")).await;
        let message = receive(&mut function).await;
        let told = receive(&mut extension).await;
        let (head, body) = told.split_once("\r\n\r\n").unwrap();
        assert!(head.contains("Lambda-Extension-Event-Identifier: "), "{head}");
        let told: serde_json::Value = serde_json::from_str(body).unwrap();
        let (id, _) = given(&message);
        assert_eq!(told["eventType"], "INVOKE");
        assert_eq!(told["requestId"], id.as_str());
        assert_eq!(told["invokedFunctionArn"], "arn:f");
        assert!(message.contains(told["tracing"]["value"].as_str().unwrap()), "{told}");
        let deadline = format!("Deadline-Ms: {:013}\r\n", told["deadlineMs"].as_u64().unwrap());
        assert!(message.contains(&deadline), "{told}");
        send(&mut function, &response(&id, "1")).await;
        receive(&mut function).await;
        answered(answer).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_event_waits_for_those_that_registered_for_events() {
    let (api, mut extension, mut function) = beside();
    let id = known(&register(&mut extension, "slow", r#"["INVOKE","SHUTDOWN"]"#).await);
    let answer = invoke(&api, "1");
    send(&mut function, &format!("{NEXT}\r\n")).await;
    assert!(tokio::time::timeout(SOON, receive(&mut function)).await.is_err(), "not yet");
    assert!(api.stamps().ready.is_some() && api.stamps().sent.is_none());
    assert!(
        api.progress(&InstanceState::default()).contains("waits until its extensions"),
        "{}",
        api.progress(&InstanceState::default())
    );
    assert!(api.notes()[0].contains("`slow` that never asked"), "{:?}", api.notes());
    send(&mut extension, &request(EVENT, &id, "")).await;
    let (id, _) = given(&receive(&mut function).await);
    send(&mut function, &response(&id, "1")).await;
    assert_eq!(answered(answer).await, "1");
    assert!(api.notes().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_one_says_of_its_end_is_kept_as_a_cause() {
    let (api, mut extension, _function) = beside();
    let id = known(&register(&mut extension, "agent", r#"["INVOKE"]"#).await);
    let fields = format!("{id}Lambda-Extension-Function-Error-Type: Extension.NoKey\r\n");
    let body = r#"{"errorMessage":"no key","errorType":"Extension.NoKey"}"#;
    let line = "POST /2020-01-01/extension/init/error";
    let reply = ask(&mut extension, line, &fields, body).await;
    assert!(reply.starts_with("HTTP/1.1 202 "), "{reply}");
    let cause = "has an extension `agent` that failed (init): Extension.NoKey: no key";
    assert_eq!(api.notes(), [cause]);
    assert!(api.violations().is_empty());
}

#[tokio::test(start_paused = true)]
async fn subscriptions_are_accepted() {
    let (api, mut extension, _function) = beside();
    for path in ["2022-07-01/telemetry", "2020-08-15/logs"] {
        let reply = ask(&mut extension, &format!("PUT /{path}"), "", "{}").await;
        assert!(reply.starts_with("HTTP/1.1 200 ") && reply.ends_with("\r\n\r\nOK"), "{reply}");
    }
    assert!(api.notes().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_is_refused_by_its_name() {
    let (api, mut stream, _) = beside();
    let name = "Lambda-Extension-Name: a\r\n";
    for (fields, body, kind) in [
        ("", "{}", "InvalidExtensionName"),
        (name, "no json", "InvalidRequestFormat"),
        (name, r#"{"events":["DANCE"]}"#, "InvalidRequestFormat"),
    ] {
        let reply = ask(&mut stream, REGISTER, fields, body).await;
        assert!(reply.starts_with("HTTP/1.1 403 ") && reply.contains(kind), "{kind}: {reply}");
    }
    assert!(api.violations().is_empty());
}

#[tokio::test(start_paused = true)]
async fn nobody_is_registered_twice_and_no_more_than_ten() {
    let (_api, mut stream, _) = beside();
    for n in 0..10 {
        let reply = register(&mut stream, &format!("e{n}"), "[]").await;
        assert!(reply.starts_with("HTTP/1.1 200 "), "{reply}");
    }
    assert!(register(&mut stream, "e1", "[]").await.contains("InvalidExtensionState"));
    assert!(register(&mut stream, "e10", "[]").await.contains("TooManyExtensions"));
    let unknown = "Lambda-Extension-Identifier: 1\r\n";
    assert!(ask(&mut stream, EVENT, unknown, "").await.contains("UnknownExtensionIdentifier"));
    assert!(ask(&mut stream, EVENT, "", "").await.contains("MissingExtensionIdentifier"));
}
