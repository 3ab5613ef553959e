use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;
use crate::study::{Met, Seen, call};

/// A server that answers so, one connection after another, and where it is.
async fn answering(answers: Vec<String>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/f", listener.local_addr().unwrap());
    tokio::spawn(async move {
        for answer in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut asked = [0; 4096];
            let n = stream.read(&mut asked).await.unwrap();
            assert!(asked[..n].starts_with(b"GET /f HTTP/1.1\r\n"));
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    url
}

fn answer(status: &str, head: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{head}Content-Length: {}\r\n\r\n{body}", body.len())
}

async fn met(url: &str, sign: Sign, times: usize) -> Vec<Met> {
    let foreign = Foreign::of(url, sign, Duration::from_secs(20)).unwrap();
    let mut all = Vec::new();
    for _ in 0..times {
        let at = foreign.clock().now();
        let Seen { met, .. } = call(&foreign, &"f".into(), "", at).await;
        all.push(met);
    }
    all
}

#[tokio::test]
async fn an_instance_that_was_never_seen_is_cold_by_a_member_of_the_answer() {
    let bodies = [r#"{"id":"a"}"#, r#"{"id":"a"}"#, r#"{"id":"b"}"#, r#"{"id":7}"#, r#"{"id":7}"#];
    let answers = bodies.map(|body| answer("200 OK", "", body)).to_vec();
    let url = answering(answers.clone()).await;
    let told = met(&url, Sign::Field("id".into()), 5).await;
    assert_eq!(told, [Met::Cold, Met::Warm, Met::Cold, Met::Cold, Met::Warm]);
    let url = answering(answers).await;
    assert_eq!(met(&url, Sign::Field("/id".into()), 2).await, [Met::Cold, Met::Warm]);
}

#[tokio::test]
async fn an_instance_that_was_never_seen_is_cold_by_a_header_of_the_answer() {
    let of = |id: &str| answer("200 OK", &format!("X-Instance: {id}\r\n"), "");
    let url = answering(vec![of("a"), of("b"), of("b")]).await;
    let told = met(&url, Sign::header("x-instance").unwrap(), 3).await;
    assert_eq!(told, [Met::Cold, Met::Cold, Met::Warm]);
    assert!(Sign::header("no header").is_err());
}

#[tokio::test]
async fn by_time_alone_it_is_what_took_longer() {
    let url = answering(vec![answer("200 OK", "", "x"); 2]).await;
    assert_eq!(met(&url, Sign::Longer(Duration::ZERO), 1).await, [Met::Cold]);
    assert_eq!(met(&url, Sign::Longer(Duration::from_secs(3_600)), 1).await, [Met::Warm]);
}

#[tokio::test]
async fn an_answer_without_a_sign_and_one_that_is_no_success_are_neither() {
    let url = answering(vec![
        answer("200 OK", "", r#"{"other":1}"#),
        answer("200 OK", "", "text"),
        answer("503 Service Unavailable", "", ""),
        answer("429 Too Many Requests", "", ""),
        "nothing of HTTP\r\n\r\n".to_owned(),
    ])
    .await;
    let told = met(&url, Sign::Field("id".into()), 5).await;
    let why = |at: usize| match &told[at] {
        Met::Failed(why) => why.clone(),
        other => panic!("{other:?}"),
    };
    assert!(why(0).contains("has no `id`"), "{told:?}");
    assert!(why(1).contains("not JSON"), "{told:?}");
    assert!(why(2).contains("503"), "{told:?}");
    assert_eq!(told[3], Met::Refused);
    assert!(!why(4).is_empty(), "{told:?}");
}

#[test]
fn what_is_no_url_of_a_web_server_is_refused() {
    for wrong in ["", "host/path", "ftp://host/", "https://", "https://me:word@host/"] {
        let refused = Foreign::of(wrong, Sign::Field("id".into()), Duration::from_secs(1));
        assert!(refused.is_err(), "{wrong}");
    }
}
