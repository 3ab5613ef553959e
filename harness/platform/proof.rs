//! The proof of temperature: is the reply right, and was its instance as cold,
//! or as warm, as the platform believes?

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::adapter;
use crate::sample::Proof;
use crate::spec::function::{Expected, Function, ReplyCheck};
use crate::text::sanitize::printable;

mod expected;

/// The shortest nonce that is taken, and the longest.
const NONCE: std::ops::RangeInclusive<usize> = 16..=64;

#[derive(Deserialize)]
struct Reply<'a> {
    instance: String,
    invocation: u64,
    #[serde(borrow)]
    echo: &'a RawValue,
}

/// Reads a reply to an event as it was sent and checks its content; none where it proves
/// nothing. What a reply is to hold is asked of one to the function's own event alone. The echo must
/// hold the event's own nonce: who did not read it could not know that.
pub(super) fn read(
    function: &Function,
    came: &adapter::Reply,
    event: &[u8],
    is_own: bool,
) -> Result<Option<Proof>, String> {
    let nothing = Expected::default();
    match &function.reply {
        ReplyCheck::Proof => echoed(came, event).map(Some),
        // What listens says by its own status whether it failed.
        ReplyCheck::Any if function.http.is_some() => Ok(None),
        // Whoever called judges.
        ReplyCheck::Any | ReplyCheck::Expected(_) if !is_own => Ok(None),
        ReplyCheck::Any => expected::check(&nothing, came).map(|()| None),
        ReplyCheck::Expected(expected) => expected::check(expected, came).map(|()| None),
    }
}

fn echoed(came: &adapter::Reply, event: &[u8]) -> Result<Proof, String> {
    let body = &came.body;
    if came.length > body.len() {
        return Err(format!("a reply of {} bytes to an event of {}", came.length, event.len()));
    }
    let shown = || shown(body);
    let reply: Reply = serde_json::from_slice(body).map_err(|e| {
        format!(
            "expected {{\"instance\", \"invocation\", \"echo\"}}, got `{}` ({e}); of a function \
             that sends no proof set `reply`, such as `reply = \"any\"`",
            shown()
        )
    })?;
    if !same_json(reply.echo.get().as_bytes(), event) {
        return Err(format!("expected the event as the echo, got `{}`", shown()));
    }
    let hex = reply.instance.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !hex || !NONCE.contains(&reply.instance.len()) {
        let (least, most) = (NONCE.start(), NONCE.end());
        return Err(format!("`instance` must have {least} to {most} hex digits: `{}`", shown()));
    }
    let nonce = reply.instance;
    Ok(Proof { nonce, invocation: reply.invocation })
}

/// The beginning of a reply, as a cause shows it.
fn shown(body: &[u8]) -> String {
    printable(&String::from_utf8_lossy(&body[..body.len().min(400)]), 100)
}

fn same_json(one: &[u8], other: &[u8]) -> bool {
    // Byte for byte first: most functions return the event as it came, and
    // numbers too large for a double stay what they were.
    let parse = |text| serde_json::from_slice::<serde_json::Value>(text).ok();
    one == other || parse(one).is_some_and(|value| Some(value) == parse(other))
}

/// Checks a proof against the instance's last one. Cold: the nonce was never
/// seen and the counter is 1. Warm: the nonce is the same and the counter one
/// higher.
pub(super) fn check(
    proof: &Proof,
    last: Option<&Proof>,
    nonces: &mut HashSet<String>,
) -> Result<(), String> {
    let Proof { nonce, invocation } = proof;
    match last {
        None if !nonces.insert(nonce.clone()) => {
            Err(format!("a new instance answered with the nonce {nonce}, which was seen before"))
        }
        None if *invocation != 1 => {
            Err(format!("a new instance says that this is its invocation {invocation}, not 1"))
        }
        Some(last) if last.nonce != *nonce => {
            Err(format!("a warm instance changed its nonce from {} to {nonce}", last.nonce))
        }
        Some(last) if last.invocation + 1 != *invocation => {
            Err(format!("a warm instance counts invocation {invocation} after {}", last.invocation))
        }
        _ => Ok(()),
    }
}
