//! A function's URL. Of a function that asks for events any request is one, and what comes of it
//! an answer, as by Lambda's function URLs (payload 2.0), or a stream. One that listens is asked
//! what the client asks, as behind a gateway.

use bytes::Bytes;
use hyper::StatusCode;
use hyper::body::Incoming;
use hyper::http::request::Parts as Head;
use serde_json::json;

use super::ask::Asked;
use super::coming::{Coming, Next};
use super::fault::Fault;
use super::invoke::MOST_SYNCHRONOUS;
use super::named::Named;
use super::reply::{self, Response};
use super::{body, timing};
use crate::serve::{Call, End, Platform, Served};

mod answer;
mod event;
mod forwarded;
mod gateway;
mod stream;

/// A request for a function's URL, but for its body.
#[derive(Debug, Clone, Copy)]
pub(super) struct Of<'a> {
    pub(super) head: &'a Head,
    /// The function's name, as it is in the URL.
    pub(super) name: &'a str,
    /// The path behind it.
    pub(super) path: &'a str,
}

impl<P: Platform> Asked<'_, P> {
    pub(super) async fn url(&self, of: Of<'_>, rest: Incoming) -> Response {
        let answered = self.through(of, rest).await;
        answered.unwrap_or_else(|fault| fault.response(self.id))
    }

    async fn through(&self, of: Of<'_>, rest: Incoming) -> Result<Response, Fault> {
        let found = Named::parse(of.name, None)?.find(&self.front.platform.functions())?;
        let rest = body::read(rest, MOST_SYNCHRONOUS, self.front.limits.body).await?;
        let arrived = self.front.platform.clock().now();
        let mut call = self.call_of_url(of, found.function(), rest)?;
        // What it is made from had come then.
        call.arrived = arrived;
        let mut coming = Coming::of(&self.front.platform, call);
        let answered = match coming.next().await {
            Next::End(done) => {
                let mut response = self.of_end(&done.end)?;
                let now = self.front.platform.clock().now();
                timing::tell(&mut response, &done, arrived, now);
                return Ok(response);
            }
            Next::Head(head) if found.function().listens => {
                gateway::answer(&head, coming, self.id).await
            }
            Next::Head(head) => stream::answer(&head, coming, self.id).await,
            // Nothing begins so.
            Next::Data(_) => None,
        };
        Ok(answered.unwrap_or_else(|| self.failed()))
    }

    /// The call that a request makes: of its own, or with an event that is made from it.
    fn call_of_url(&self, of: Of<'_>, function: &Served, rest: Bytes) -> Result<Call, Fault> {
        if function.listens {
            let mut call = self.call(&function.name, Bytes::new(), false);
            call.client.request = Some(gateway::request(of, self.peer, rest)?.into());
            return Ok(call);
        }
        let clock = self.front.platform.clock();
        let from =
            event::From { of, peer: self.peer, id: self.id, wall_ms: clock.wall_ms(clock.now()) };
        Ok(self.call(&function.name, from.event(&rest).to_string().into(), false))
    }

    /// An answer that came as one.
    fn of_end(&self, end: &End) -> Result<Response, Fault> {
        match end {
            End::Response(document) => {
                Ok(answer::of(document, self.id).unwrap_or_else(|| self.failed()))
            }
            End::Failed(_) => Ok(self.failed()),
            other => Err(super::invoke::answer(other).err().unwrap_or_else(Fault::stopping)),
        }
    }

    /// What a client gets of a function that fails, and no more: it is no client of ours.
    fn failed(&self) -> Response {
        let body = json!({ "Message": "Internal Server Error" }).to_string();
        reply::json(StatusCode::BAD_GATEWAY, self.id, body)
    }
}
