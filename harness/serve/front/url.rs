//! A function's URL: any request is an event, and what comes of it an answer, as by Lambda's
//! function URLs (payload 2.0).

use hyper::StatusCode;
use hyper::body::Incoming;
use hyper::http::request::Parts as Head;
use serde_json::json;

use super::ask::Asked;
use super::fault::Fault;
use super::invoke::MOST_SYNCHRONOUS;
use super::named::Named;
use super::reply::{self, Response};
use super::{body, timing};
use crate::serve::{End, Platform};

mod answer;
mod event;

impl<P: Platform> Asked<'_, P> {
    pub(super) async fn url(
        &self,
        head: &Head,
        name: &str,
        path: &str,
        rest: Incoming,
    ) -> Response {
        let answered = self.through(head, name, path, rest).await;
        answered.unwrap_or_else(|fault| fault.response(self.id))
    }

    async fn through(
        &self,
        head: &Head,
        name: &str,
        path: &str,
        rest: Incoming,
    ) -> Result<Response, Fault> {
        let found = Named::parse(name, None)?.find(&self.front.platform.functions())?;
        let rest = body::read(rest, MOST_SYNCHRONOUS, self.front.limits.body).await?;
        let clock = self.front.platform.clock();
        let arrived = clock.now();
        let from = event::From {
            head,
            name,
            path,
            peer: self.peer,
            id: self.id,
            wall_ms: clock.wall_ms(arrived),
        };
        let event = from.event(&rest).to_string().into();
        let mut call = self.call(&found.function().name, event, false);
        // What the event is made from had come then.
        call.arrived = arrived;
        let done = self.front.platform.call(call).await;
        let mut response = match &done.end {
            End::Response(document) => {
                answer::of(document, self.id).unwrap_or_else(|| self.failed())
            }
            End::Failed(_) => self.failed(),
            other => {
                return Err(super::invoke::answer(other).err().unwrap_or_else(Fault::stopping));
            }
        };
        timing::tell(&mut response, &done, arrived, clock.now());
        Ok(response)
    }

    /// What a client gets of a function that fails, and no more: it is no client of ours.
    fn failed(&self) -> Response {
        let body = json!({ "Message": "Internal Server Error" }).to_string();
        reply::json(StatusCode::BAD_GATEWAY, self.id, body)
    }
}
