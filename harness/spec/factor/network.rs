//! How an instance reaches the driver.

use serde::{Deserialize, Serialize};
use strum::VariantArray;

use super::{Factor, Open, named};

/// How an instance reaches the driver.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    VariantArray,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Network {
    /// The engine's default bridge: a network namespace and a veth pair each.
    Bridge,
    /// The host's own network namespace.
    Host,
    /// A network namespace with nothing in it: the Runtime API is a Unix socket
    /// that is mounted into the container.
    None,
}

impl Factor for Network {
    type Value = Self;
    type Resolved = Self;
    const KEY: &'static str = "network";
    const LIST: &'static str = "networks";
    const TITLE: &'static str = "network";
    const VALUES: &'static str = "NAMES";
    const HELP: &'static str =
        "How instances reach the driver: bridge, host, none [default: the scenario's]";

    fn parse(text: &str) -> Result<Self, String> {
        named(text, "network", Self::VARIANTS)
    }

    fn defaults() -> Vec<Self> {
        vec![Network::Bridge]
    }

    fn is_told(_: &[Self]) -> bool {
        true
    }

    fn resolve(asked: Option<&Self>, _: Open<'_>) -> Self {
        asked.copied().unwrap_or(Network::Bridge)
    }
}
