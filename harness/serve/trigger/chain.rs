//! A function whose answer starts another: their cold starts follow each other.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Deliver, Tell};
use crate::serve::around::{Around, Calling};
use crate::serve::{Call, Done, End, Platform};

/// Which function is started by the answers of which, by name.
pub type Links = BTreeMap<String, Vec<Arc<str>>>;

/// A platform whose answers are events for other functions too.
pub type Chained<P> = Around<P, Chain>;

/// What is started by which answers, and how.
#[derive(Clone)]
pub struct Chain {
    links: Arc<Links>,
    deliver: Deliver,
    tell: Tell,
}

impl Chain {
    /// Hands answers on by the links; what cannot be is told.
    #[must_use]
    pub fn of(links: Links, deliver: Deliver, tell: Tell) -> Self {
        Self { links: Arc::new(links), deliver, tell }
    }
}

impl Calling for Chain {
    async fn call(&self, platform: &impl Platform, call: Call) -> Done {
        let function = call.function.clone();
        let done = platform.call(call).await;
        let (End::Response(body), Some(next)) = (&done.end, self.links.get(&*function)) else {
            return done;
        };
        for next in next {
            if let Err(why) = (self.deliver)(next.clone(), body.clone()).await {
                (self.tell)(&format!("an answer of `{function}` is lost to `{next}`: {why}"));
            }
        }
        done
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
