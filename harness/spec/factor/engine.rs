//! What makes instances.

use std::any::Any;

use serde::{Deserialize, Serialize};

use super::{Capabilities, Combination, Factor, Open, named};

/// Which engine makes an instance.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum EngineKind {
    /// The Docker Engine API.
    #[default]
    Docker,
    /// An OCI runtime, called directly: no daemon.
    Oci,
    /// A plain process of this machine: controls alone.
    Process,
    /// Simulated latencies, no containers.
    Fake,
}

impl EngineKind {
    /// Those that can be asked for.
    pub const ALL: [Self; 3] = [Self::Docker, Self::Oci, Self::Fake];

    /// Whether its figures are made up, on time that is paused.
    #[must_use]
    pub fn is_simulated(self) -> bool {
        self == Self::Fake
    }
}

impl Combination {
    /// Whether it is known that no daemon makes the instance.
    #[must_use]
    pub fn is_without_daemon(&self) -> bool {
        self.engine == Some(EngineKind::Oci)
    }
}

/// A value that is asked for, where it is one of such a factor.
pub(super) fn asked<V: Any + Copy>(value: &Option<impl Any>) -> Option<V> {
    value.as_ref().and_then(|value| (value as &dyn Any).downcast_ref().copied())
}

impl Factor for EngineKind {
    type Value = Self;
    type Resolved = Self;
    const KEY: &'static str = "engine";
    const LIST: &'static str = "engine";
    const TITLE: &'static str = "engine";
    const VALUES: &'static str = "NAMES";
    const HELP: &'static str = "What makes instances: docker; oci, an OCI runtime without a daemon; both in turns; or \
         fake, simulated [default: docker]";
    const ENGINES_OWN: bool = true;

    fn parse(text: &str) -> Result<Self, String> {
        named(text, "engine", &Self::ALL)
    }

    /// What is simulated is so as a whole.
    fn is_usual(value: &Self) -> bool {
        *value != Self::Oci
    }

    fn is_told(values: &[Self]) -> bool {
        values.len() > 1
    }

    fn check(values: &[Self]) -> Result<(), String> {
        match values {
            [] | [_] => Ok(()),
            [..] if !values.contains(&Self::Fake) => Ok(()),
            _ => Err("what is simulated is so as a whole: `engine` takes `fake` alone".to_owned()),
        }
    }

    /// The engine that is asked is the one.
    fn refuse(_: &Self, _: &Capabilities) -> Result<(), String> {
        Ok(())
    }

    fn resolve(asked: Option<&Self>, _: Open<'_>) -> Self {
        asked.copied().unwrap_or_default()
    }
}
