//! Calls at a time that are a function's own, as clients of Lambda change them while it is called.

use hyper::StatusCode;
use hyper::body::Incoming;
use hyper::http::request::Parts as Head;
use serde_json::{Map, Value, json};

use super::ask::Asked;
use super::body;
use super::fault::Fault;
use super::named::Found;
use super::reply::{self, Parts, Response};
use crate::serve::{NotReserved, Platform};

/// The longest request, in bytes.
const MOST: usize = 64 << 10;

/// What says how many.
const CALLS: &str = "ReservedConcurrentExecutions";

/// As clients read it; nothing where a function has none of its own.
pub(super) fn told(reserved: Option<u32>) -> Value {
    reserved.map_or_else(|| json!({}), |calls| json!({ CALLS: calls }))
}

impl<P: Platform> Asked<'_, P> {
    pub(super) async fn reserve(
        &self,
        head: &Head,
        name: &str,
        rest: Incoming,
    ) -> Result<Response, Fault> {
        let found = self.find(head, name)?;
        let asked = body::read(rest, MOST, self.front.limits.body).await?;
        let asked: Map<String, Value> = serde_json::from_slice(&asked).map_err(Fault::no_json)?;
        let calls = asked.get(CALLS).and_then(Value::as_u64).and_then(|n| u32::try_from(n).ok());
        let calls = calls.ok_or_else(|| Fault::invalid(format!("{CALLS} is a whole number")))?;
        let name = &found.function().name;
        match self.front.platform.reserve(name, Some(calls)) {
            Ok(()) => Ok(self.number(Some(calls))),
            Err(NotReserved::NotFound) => Err(Fault::invalid("it is gone")),
            Err(NotReserved::Exceeds(left)) => Err(Fault::invalid(format!(
                "Specified {CALLS} for function is {calls}, and {left} are \
                 left for it of all calls at a time (--concurrency, less what others reserve)"
            ))),
        }
    }

    pub(super) fn unreserve(&self, head: &Head, name: &str) -> Result<Response, Fault> {
        let found = self.find(head, name)?;
        match self.front.platform.reserve(&found.function().name, None) {
            // It asks for none.
            Ok(()) | Err(NotReserved::Exceeds(_)) => {}
            Err(NotReserved::NotFound) => return Err(Fault::invalid("it is gone")),
        }
        Ok(reply::plain(StatusCode::NO_CONTENT, self.id, Parts::default()))
    }

    pub(super) fn reserved(&self, found: &Found) -> Response {
        self.number(found.function().reserved)
    }

    fn number(&self, reserved: Option<u32>) -> Response {
        reply::json(StatusCode::OK, self.id, told(reserved).to_string())
    }
}
