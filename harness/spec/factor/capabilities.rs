//! What an engine can vary between instances.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Factor, OciRuntime, listed};
use crate::text::diagnostic::did_you_mean;

/// What an engine says it can vary, by the keys of the factors. What it does not name it
/// cannot.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Capabilities(BTreeMap<String, Offer>);

/// What an engine offers of one factor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Offer {
    /// Any value, or none.
    Any(bool),
    /// These, the default one first.
    Named(Vec<String>),
}

impl Capabilities {
    /// The same, and this of one factor more.
    #[must_use]
    pub fn with<F: Factor>(mut self, offer: Offer) -> Self {
        self.0.insert(F::KEY.to_owned(), offer);
        self
    }

    /// What is offered of a factor.
    #[must_use]
    pub fn of(&self, key: &str) -> Option<&Offer> {
        self.0.get(key)
    }

    /// The OCI runtimes by name, the default one first.
    #[must_use]
    pub fn runtimes(&self) -> &[String] {
        match self.of(OciRuntime::KEY) {
            Some(Offer::Named(names)) => names,
            _ => &[],
        }
    }

    /// The OCI runtime of an instance when nobody chose.
    #[must_use]
    pub fn default_runtime(&self) -> &str {
        self.runtimes().first().map_or("unknown", String::as_str)
    }

    /// What this and another offer both.
    #[must_use]
    pub fn common(&self, other: &Self) -> Self {
        let both = self.0.iter().filter_map(|(key, offer)| {
            let offer = match (offer, other.of(key)?) {
                (Offer::Named(names), Offer::Named(others)) => {
                    names.iter().filter(|name| others.contains(name)).cloned().collect()
                }
                (Offer::Any(true), offer) | (offer, Offer::Any(true)) => offer.clone(),
                _ => Offer::Any(false),
            };
            Some((key.clone(), offer))
        });
        Self(both.collect())
    }

    /// Whether a value of a factor can be had.
    pub(super) fn refuse(&self, key: &str, title: &str, value: &str) -> Result<(), String> {
        match self.of(key) {
            Some(Offer::Any(true)) => Ok(()),
            Some(Offer::Named(names)) if names.iter().any(|name| name == value) => Ok(()),
            Some(Offer::Named(names)) => {
                let known = listed(names) + &did_you_mean(value, names);
                Err(format!("the engine has no {title} `{value}`; it has {known}"))
            }
            Some(Offer::Any(false)) => Err(format!("the engine's kernel has no {title}s")),
            None => Err(format!("the engine cannot vary the {title}")),
        }
    }
}

impl From<bool> for Offer {
    fn from(able: bool) -> Self {
        Offer::Any(able)
    }
}

impl<T: Into<String>> FromIterator<T> for Offer {
    fn from_iter<I: IntoIterator<Item = T>>(names: I) -> Self {
        Offer::Named(names.into_iter().map(Into::into).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{LogDriver, MemoryLimit, Network};
    use super::*;

    #[test]
    fn of_two_engines_is_offered_what_both_have() {
        let named = |names: &[&str]| -> Offer { names.iter().copied().collect() };
        let first = Capabilities::default()
            .with::<OciRuntime>(named(&["runc", "runsc"]))
            .with::<MemoryLimit>(true.into())
            .with::<LogDriver>(named(&["json-file"]))
            .with::<Network>(named(&["host"]));
        let second = Capabilities::default()
            .with::<OciRuntime>(named(&["crun", "runc"]))
            .with::<MemoryLimit>(false.into())
            .with::<LogDriver>(named(&["pipe"]));
        for both in [first.common(&second), second.common(&first)] {
            assert_eq!(both.runtimes(), ["runc"]);
            assert_eq!(both.of(MemoryLimit::KEY), Some(&Offer::Any(false)));
            assert_eq!(both.of(LogDriver::KEY), Some(&Offer::Named(Vec::new())));
            assert_eq!(both.of(Network::KEY), None);
        }
    }
}
