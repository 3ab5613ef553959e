//! A function whose answer starts another: their cold starts follow each other.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;

use super::{Deliver, Tell};
use crate::clock::Clock;
use crate::serve::{Call, Done, End, Functions, NotReserved, NotUpdated, Platform};

/// Which function is started by the answers of which, by name.
pub type Links = BTreeMap<String, Vec<Arc<str>>>;

/// A platform whose answers are events for other functions too.
#[derive(Clone)]
pub struct Chained<P> {
    platform: P,
    links: Arc<Links>,
    deliver: Deliver,
    tell: Tell,
}

impl<P: Platform> Chained<P> {
    /// Around another.
    #[must_use]
    pub fn of(platform: P, links: Links, deliver: Deliver, tell: Tell) -> Self {
        Self { platform, links: Arc::new(links), deliver, tell }
    }
}

impl<P: Platform> Platform for Chained<P> {
    fn functions(&self) -> Functions {
        self.platform.functions()
    }

    fn clock(&self) -> Clock {
        self.platform.clock()
    }

    fn update(
        &self,
        function: &str,
        image: Option<String>,
    ) -> impl Future<Output = Result<u32, NotUpdated>> + Send {
        self.platform.update(function, image)
    }

    fn reserve(&self, function: &str, reserved: Option<u32>) -> Result<(), NotReserved> {
        self.platform.reserve(function, reserved)
    }

    fn call(&self, call: Call) -> impl Future<Output = Done> + Send {
        let (function, own) = (call.function.clone(), self.clone());
        let answered = self.platform.call(call);
        async move {
            let done = answered.await;
            let (End::Response(body), Some(next)) = (&done.end, own.links.get(&*function)) else {
                return done;
            };
            for next in next {
                if let Err(why) = (own.deliver)(next.clone(), body.clone()).await {
                    (own.tell)(&format!("an answer of `{function}` is lost to `{next}`: {why}"));
                }
            }
            done
        }
    }
}

/// The first function that would start itself in the end, if any does.
#[must_use]
pub fn circle(links: &Links) -> Option<&str> {
    let begins = |from: &str, to: &str, seen: &mut Vec<String>| -> bool {
        let mut left = vec![to.to_owned()];
        while let Some(name) = left.pop() {
            if name == from {
                return true;
            }
            if !seen.contains(&name) {
                left.extend(links.get(&name).into_iter().flatten().map(|next| next.to_string()));
                seen.push(name);
            }
        }
        false
    };
    let is_circle = |(from, to): &(&String, &Vec<Arc<str>>)| {
        to.iter().any(|to| begins(from, to, &mut Vec::new()))
    };
    links.iter().find(is_circle).map(|(from, _)| from.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_that_ends_is_none_and_one_that_does_not_is_told() {
        let links = |of: &[(&str, &str)]| {
            let mut links = Links::new();
            for (from, to) in of {
                links.entry((*from).to_owned()).or_default().push((*to).into());
            }
            links
        };
        assert_eq!(circle(&links(&[("a", "b"), ("b", "c"), ("a", "c")])), None);
        assert_eq!(circle(&links(&[("a", "b"), ("b", "c"), ("c", "b")])), Some("b"));
        assert_eq!(circle(&links(&[("a", "a")])), Some("a"));
    }
}
