//! What a start begins from: nothing but the image's bundle, or a container that was created
//! ahead of it.

use serde::{Deserialize, Serialize};
use strum::VariantArray;

use super::{Capabilities, Factor, FactorMatrix, Factors, Open, named};

/// What a start begins from, in the words of the OCI runtime specification.
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
    VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum StartFrom {
    /// A bundle: the container is created within the start.
    #[default]
    Bundle,
    /// A container in the state `created`, made before the instant at which it is wanted.
    Created,
}

impl Factor for StartFrom {
    type Value = Self;
    type Resolved = Option<Self>;
    const KEY: &'static str = "start_from";
    const LIST: &'static str = "start-from";
    const TITLE: &'static str = "state before a start";
    const NONE: &'static str = "from bundle";
    const VALUES: &'static str = "STATES";
    const HELP: &'static str = "What a start begins from: bundle, created (a container made \
                                ahead; with --engine oci) [default: bundle]";
    const LATER: bool = true;

    fn parse(text: &str) -> Result<Self, String> {
        named(text, "state before a start", Self::VARIANTS)
    }

    fn label(value: &Self) -> String {
        format!("from {value}")
    }

    fn is_usual(value: &Self) -> bool {
        *value == Self::Bundle
    }

    fn refuse(value: &Self, offers: &Capabilities) -> Result<(), String> {
        match value {
            Self::Bundle => Ok(()),
            Self::Created => offers.refuse(Self::KEY, Self::TITLE, &Self::typed(value)),
        }
    }

    fn resolve(asked: Option<&Self>, _: Open<'_>) -> Option<Self> {
        asked.copied()
    }
}

impl Factors {
    /// Whether an instance is created before the instant at which it is wanted.
    #[must_use]
    pub fn is_created_ahead(&self) -> bool {
        self.start_from == Some(StartFrom::Created)
    }
}

impl FactorMatrix {
    /// Whether any instance is created before the instant at which it is wanted.
    #[must_use]
    pub fn creates_ahead(&self) -> bool {
        self.start_from.contains(&StartFrom::Created)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::factor::{Combination, Network};
    use crate::spec::function::Limits;

    #[test]
    fn it_is_asked_for_by_name_and_no_engine_has_it_that_does_not_say_so() {
        assert_eq!(StartFrom::parse("created"), Ok(StartFrom::Created));
        assert!(StartFrom::parse("running").unwrap_err().contains("bundle, created"));
        let refusal = |value, offers: &Capabilities| {
            let start_from = Some(value);
            Combination { start_from, ..Combination::on(Network::Host) }.refuse(offers)
        };
        let none = Capabilities::default().with::<Network>(["host"].into_iter().collect());
        assert_eq!(refusal(StartFrom::Bundle, &none), Ok(()));
        let error = refusal(StartFrom::Created, &none).unwrap_err();
        assert!(error.contains("cannot vary the state before a start"), "{error}");
        assert_eq!(refusal(StartFrom::Created, &none.with::<StartFrom>(true.into())), Ok(()));
    }

    #[test]
    fn a_row_says_it_where_it_was_asked_for() {
        let limits = Limits { memory: 1 << 28, cpus: None, processes: None };
        let of = |start_from| {
            let asked = Combination { start_from, ..Combination::on(Network::Host) };
            asked.resolve(limits, "runc")
        };
        let text = |factors: &Factors| serde_json::to_string(factors).unwrap();
        assert!(!text(&of(None)).contains("start_from") && !of(None).is_created_ahead());
        let created = of(Some(StartFrom::Created));
        assert!(text(&created).contains(r#""start_from":"created""#) && created.is_created_ahead());
        assert_eq!(
            created.asked().to_string(),
            "host, runc, from created, 256.0 MiB, log json-file"
        );
    }
}
