//! The rest of a request, read within limits.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};
use serde::de::IgnoredAny;

use super::fault::Fault;

/// What is still read of a request that was refused for its size, so that its client, which
/// writes first and reads then, finds out.
const MOST_DRAINED: usize = 64 << 20;
/// How long that may take.
const DRAINING: Duration = Duration::from_secs(10);

/// All of it: at most so many bytes, in at most so long.
pub(super) async fn read(body: Incoming, most: usize, limit: Duration) -> Result<Bytes, Fault> {
    if body.size_hint().lower() > most as u64 {
        drain(body);
        return Err(Fault::too_large(most));
    }
    let read = tokio::time::timeout(limit, Limited::new(body, most).collect());
    match read.await {
        Err(_) => Err(Fault::slow(limit)),
        Ok(Ok(read)) => Ok(read.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Fault::too_large(most)),
        Ok(Err(error)) => Err(Fault::broken(error)),
    }
}

fn drain(body: Incoming) {
    let mut body = Limited::new(body, MOST_DRAINED);
    let rest = async move { while let Some(Ok(_)) = body.frame().await {} };
    tokio::spawn(tokio::time::timeout(DRAINING, rest));
}

/// An event: a document of JSON, as it came. Where nothing came it is an empty object, as on
/// Lambda.
pub(super) fn event(bytes: Bytes) -> Result<Bytes, Fault> {
    if bytes.is_empty() {
        return Ok(Bytes::from_static(b"{}"));
    }
    let text = std::str::from_utf8(&bytes).map_err(Fault::no_json)?;
    serde_json::from_str::<IgnoredAny>(text).map_err(Fault::no_json)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn an_event_is_json_and_stays_as_it_came() {
        let taken = |text: &'static str| event(Bytes::from_static(text.as_bytes()));
        assert_eq!(taken("").unwrap(), "{}");
        assert_eq!(taken(" {\"a\": [1.50]}\n").unwrap(), " {\"a\": [1.50]}\n");
        for text in ["1", "null", "\"a\""] {
            assert_eq!(taken(text).unwrap(), text);
        }
        for text in ["{", "a", "{} {}", "'a'", " "] {
            let refused = taken(text).unwrap_err().response(Uuid::nil());
            assert_eq!(refused.status(), 400, "{text}");
        }
        assert!(event(Bytes::from_static(b"\"\xff\"")).is_err());
        // However deep, it is no recursion.
        assert!(event(Bytes::from("[".repeat(200_000) + &"]".repeat(200_000))).is_ok());
    }
}
