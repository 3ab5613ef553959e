//! How an instance reaches the driver.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Factor, Open, named};

/// How an instance reaches the driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Network {
    /// The engine's default bridge: a network namespace and a veth pair each.
    Bridge,
    /// The host's own network namespace.
    Host,
    /// A network namespace with nothing in it: the Runtime API is a Unix socket
    /// that is mounted into the container.
    None,
}

impl Network {
    /// All of them.
    pub const ALL: [Self; 3] = [Network::Bridge, Network::Host, Network::None];
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Network::Bridge => "bridge",
            Network::Host => "host",
            Network::None => "none",
        })
    }
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
        named(text, "network", &Self::ALL)
    }

    fn typed(value: &Self) -> String {
        value.to_string()
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

    fn asked(resolved: &Self) -> Option<Self> {
        Some(*resolved)
    }
}
