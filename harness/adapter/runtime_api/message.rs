//! An event as it goes on the wire, made ready before it is asked for.

use std::fmt::Write;

use bytes::{Buf, Bytes, BytesMut};
use serde_json::json;
use uuid::Uuid;

/// Digits of a deadline: milliseconds since 1970, until the year 2286.
const DIGITS: usize = 13;

/// What is said of an invocation beside its event.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) id: &'a str,
    pub(super) arn: &'a str,
    pub(super) trace: &'a str,
    /// What its client says of itself.
    pub(super) client: Option<&'a str>,
}

/// The reply to a `next`. Only when the function must have answered is not known before
/// it is sent.
#[derive(Debug)]
pub(super) struct Message {
    head: BytesMut,
    event: Bytes,
    /// Where in the head the deadline stands.
    deadline: usize,
}

impl Message {
    /// All but the deadline of a reply with an event, given in parts.
    pub(super) fn new(context: Context<'_>, event: [&str; 3]) -> Self {
        let Context { id, arn, trace, client } = context;
        let length: usize = event.iter().map(|part| part.len()).sum();
        let mut text = BytesMut::with_capacity(256 + id.len() + arn.len() + trace.len() + length);
        let client = client.map(|of| format!("Lambda-Runtime-Client-Context: {of}\r\n"));
        let client = client.unwrap_or_default();
        // Writing to memory does not fail.
        let _ = write!(
            text,
            "HTTP/1.1 200 OK\r\n\
             Content-Type: application/json\r\n\
             Lambda-Runtime-Aws-Request-Id: {id}\r\n\
             Lambda-Runtime-Invoked-Function-Arn: {arn}\r\n\
             Lambda-Runtime-Trace-Id: {trace}\r\n\
             {client}\
             Content-Length: {length}\r\n\
             Lambda-Runtime-Deadline-Ms: "
        );
        let deadline = text.len();
        let _ = write!(text, "{:0DIGITS$}\r\n\r\n", 0);
        let begins = text.len();
        event.iter().for_each(|part| text.extend_from_slice(part.as_bytes()));
        let event = text.split_off(begins).freeze();
        Self { head: text, event, deadline }
    }

    /// The event in it.
    pub(super) fn event(&self) -> Bytes {
        self.event.clone()
    }

    /// As it is sent, with its deadline in milliseconds since 1970, written into its place.
    pub(super) fn with_deadline(mut self, ms: u64) -> impl Buf + Send {
        let mut left = ms;
        for digit in self.head[self.deadline..][..DIGITS].iter_mut().rev() {
            *digit = b'0' + (left % 10) as u8;
            left /= 10;
        }
        self.head.chain(self.event)
    }
}

/// What extensions are told of an invocation.
pub(super) fn invoked(id: &str, arn: &str, trace: &str, deadline_ms: u64) -> String {
    let told = json!({
        "eventType": "INVOKE",
        "deadlineMs": deadline_ms,
        "requestId": id,
        "invokedFunctionArn": arn,
        "tracing": { "type": "X-Amzn-Trace-Id", "value": trace },
    });
    told.to_string()
}

/// A trace's id as X-Ray writes it, of an instant in seconds since 1970; not sampled, as
/// nobody collects it.
pub(super) fn trace_id(seconds: u64) -> String {
    let [root, parent] = [(); 2].map(|()| Uuid::new_v4().simple().to_string());
    let seconds = seconds & u64::from(u32::MAX);
    format!("Root=1-{seconds:08x}-{};Parent={};Sampled=0", &root[..24], &parent[16..])
}
