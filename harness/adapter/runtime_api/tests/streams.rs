//! Answers that go on to a client while they are read.

use std::future::poll_fn;

use super::*;
use crate::adapter::client::{Client, Coming, Head, Piece};

const STREAMING: &str = "Lambda-Runtime-Function-Response-Mode: streaming\r\n\
                         Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n";

fn invoke_for(api: &RuntimeApi, client: &Client) -> oneshot::Receiver<Answered> {
    let event = Event::plain("{}");
    let (limit, client) = (Duration::from_secs(2), Some(client));
    let asked = Asked { function: "f", event: &event, limit, keep: 4, request: None, client };
    api.invoke(asked).answer
}

fn waiting() -> (Client, Coming) {
    let (pieces, coming) = Pieces::channel();
    (Client { pieces: Some(pieces), ..Client::default() }, coming)
}

fn begin(id: &str) -> String {
    format!("POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1\r\n{STREAMING}")
}

fn chunk(text: &str) -> String {
    format!("{:x}\r\n{text}\r\n", text.len())
}

async fn went_on(coming: &mut Coming) -> (Option<Head>, String) {
    let (mut head, mut text) = (None, String::new());
    let soon = Duration::from_millis(5);
    while let Ok(piece) =
        tokio::time::timeout(soon, poll_fn(|context| coming.poll_next(context))).await
    {
        match piece {
            Piece::Head(first) => head = Some(first),
            Piece::Data(data) => text.push_str(std::str::from_utf8(&data).unwrap()),
        }
    }
    (head, text)
}

#[tokio::test(start_paused = true)]
async fn chunks_go_on_as_they_are_written() {
    let (api, mut stream) = connected();
    let (client, mut coming) = waiting();
    let mut answer = invoke_for(&api, &client);
    let (id, _) = next(&mut stream).await;
    send(&mut stream, &(begin(&id) + &chunk("one"))).await;
    let (head, text) = went_on(&mut coming).await;
    let kind = ("content-type".to_owned(), "text/plain".into());
    assert_eq!(head.unwrap(), Head { status: None, fields: vec![kind] });
    assert_eq!(text, "one");
    assert!(answer.try_recv().is_err());
    send(&mut stream, &(chunk("two") + "0\r\n\r\n")).await;
    assert_eq!(went_on(&mut coming).await.1, "two");
    let Answer::Response(reply) = answer.await.unwrap().answer else { panic!() };
    assert_eq!((reply.body.as_ref(), reply.length), (b"onet".as_slice(), 6));
}

/// Nobody knows of a chunk that begins as trailers do whether it is the last one.
#[tokio::test(start_paused = true)]
async fn what_stands_for_trailers_does_not_go_on_and_what_only_looks_so_does() {
    let name = "Lambda-Runtime-Function-Error-";
    let body = STANDARD.encode("the stream broke");
    let trailers = format!("{name}Type: Runtime.StreamError\r\n{name}Body: {body}\r\n");
    for (chunks, expected, fails) in [
        (vec!["one".to_owned(), trailers.clone()], "one".to_owned(), true),
        (vec![trailers.clone(), "one".to_owned()], format!("{trailers}one"), false),
        (vec!["Lambda-".to_owned(), "Lambda".to_owned()], "Lambda-Lambda".to_owned(), false),
        (vec![name.to_owned()], name.to_owned(), false),
    ] {
        let (api, mut stream) = connected();
        let (client, mut coming) = waiting();
        let answer = invoke_for(&api, &client);
        let (id, _) = next(&mut stream).await;
        let chunks: String = chunks.iter().map(|text| chunk(text)).collect();
        send(&mut stream, &(begin(&id) + &chunks + "0\r\n\r\n")).await;
        assert_eq!(went_on(&mut coming).await.1, expected);
        let answer = answer.await.unwrap().answer;
        assert_eq!(matches!(answer, Answer::FunctionError { .. }), fails, "{answer:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_in_one_piece_and_a_second_one_do_not_go_on() {
    let (api, mut stream) = connected();
    let (client, mut coming) = waiting();
    let answer = invoke_for(&api, &client);
    let (id, _) = next(&mut stream).await;
    send(&mut stream, &response(&id, "whole")).await;
    let Answer::Response(_) = answer.await.unwrap().answer else { panic!() };
    receive(&mut stream).await;
    send(&mut stream, &(begin(&id) + &chunk("late") + "0\r\n\r\n")).await;
    receive(&mut stream).await;
    assert_eq!(went_on(&mut coming).await, (None, String::new()));
}

#[tokio::test(start_paused = true)]
async fn an_instance_whose_client_is_gone_answers_to_its_end() {
    let (api, mut stream) = connected();
    let (client, coming) = waiting();
    let answer = invoke_for(&api, &client);
    let (id, _) = next(&mut stream).await;
    send(&mut stream, &(begin(&id) + &chunk("one"))).await;
    drop(coming);
    send(&mut stream, &(chunk("two") + "0\r\n\r\n")).await;
    let Answer::Response(reply) = answer.await.unwrap().answer else { panic!() };
    assert_eq!(reply.length, 6);
    receive(&mut stream).await;
    let second = invoke(&api, "2");
    let (id, _) = next(&mut stream).await;
    send(&mut stream, &response(&id, "2")).await;
    assert_eq!(answered(second).await, "2");
    assert!(api.violations().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_the_client_says_of_itself_comes_with_its_event_alone() {
    let (api, mut stream) = connected();
    let client = Client { context: Some("{\"custom\":{}}".into()), ..Client::default() };
    let _answer = invoke_for(&api, &client);
    send(&mut stream, &format!("{NEXT}\r\n")).await;
    let message = receive(&mut stream).await;
    let field = "\r\nLambda-Runtime-Client-Context: {\"custom\":{}}\r\n";
    assert!(message.contains(field), "{message}");
    let (id, event) = given(&message);
    assert_eq!(event, "{}");
    send(&mut stream, &response(&id, "1")).await;
    receive(&mut stream).await;
    let _answer = invoke(&api, "2");
    send(&mut stream, &format!("{NEXT}\r\n")).await;
    assert!(!receive(&mut stream).await.contains("Client-Context"));
}
