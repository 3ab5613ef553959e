use super::*;
use crate::adapter::runtime_api::http::Keep;

fn text(body: &str, header: Option<&str>) -> String {
    words(body.as_bytes(), b"", header)
}

#[test]
fn whatever_of_a_report_is_there_is_told() {
    let told = |body, header| text(body, header);
    assert_eq!(told(r#"{"errorMessage":"no luck","errorType":"E"}"#, Some("H")), "E: no luck");
    assert_eq!(told(r#"{"errorMessage":"no luck"}"#, Some("H")), "H: no luck");
    assert_eq!(told("", Some("Function.NoSuchTable")), "Function.NoSuchTable");
    assert_eq!(told(r#"{"errorMessage":null,"errorType":"ValueError"}"#, None), "ValueError");
    assert_eq!(told("plain words", Some("H")), "H: plain words");
    assert_eq!(told("plain words", None), "plain words");
    assert_eq!(told("\"a text\"", None), "\"a text\"");
    assert_eq!(told(r#"{"message":"another form"}"#, None), r#"{"message":"another form"}"#);
    assert_eq!(
        told(r#"{"errorMessage":{"a":1},"errorType":"E"}"#, None),
        r#"E: {"errorMessage":{"a":1},"errorType":"E"}"#
    );
    for nothing in ["", "{}"] {
        assert_eq!(told(nothing, None), "it does not say which");
        assert_eq!(told(nothing, Some("")), "it does not say which");
    }
}

#[test]
fn of_a_long_report_both_ends_are_told_and_its_type_wherever_it_stands() {
    let words = text(&format!("Error: {} at the end", "y".repeat(5000)), None);
    assert!(words.starts_with("Error: yyy") && words.ends_with("y at the end"), "{words}");
    assert!(words.chars().count() <= WORDS + 3, "{}", words.len());
    let mut body = Body::new(Keep { most: 0, kept: 0, end: 0 });
    body.kept.extend_from_slice(format!(r#"{{"errorMessage":"{}"#, "y".repeat(5000)).as_bytes());
    body.end.extend_from_slice(br#"yyyy","errorType":"TooBig"}"#);
    assert!(error_text(&body, None).starts_with(r#"TooBig: {"errorMessage":"yyy"#));
    let first = text(&format!(r#"{{"errorType":"First","errorMessage":"{}"#, "y".repeat(99)), None);
    assert!(first.starts_with("First: "), "{first}");
}

#[test]
fn what_failed_in_a_stream_is_decoded_even_where_it_was_cut() {
    let told = |kind: &str, body: &str| {
        let failure = Failure { kind: kind.to_owned(), body: body.to_owned() };
        let Answer::FunctionError { cause, .. } = failure.into() else { panic!() };
        cause
    };
    assert_eq!(
        told("Function.DatabaseGone", "eyJlcnJvck1lc3NhZ2UiOiJkYiBnb25lIn0="),
        "Function.DatabaseGone: db gone"
    );
    assert_eq!(told("Runtime.StreamError", "YnJva2Vu"), "Runtime.StreamError: broken");
    assert_eq!(told("Runtime.StreamError", "YnJva2VuIH"), "Runtime.StreamError: broken");
    assert_eq!(told("K", "not base64!"), "K: not base64!");
    assert_eq!(told("K", ""), "K");
}

proptest::proptest! {
    #[test]
    fn whatever_comes_as_a_report_is_short_and_plain(
        body in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300),
        end in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..30),
    ) {
        let told = words(&body, &end, None);
        proptest::prop_assert!(!told.is_empty() && !told.chars().any(char::is_control));
    }
}
