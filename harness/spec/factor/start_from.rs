//! What a start begins from: nothing but the image's bundle, or a container that was created
//! ahead of it.

use serde::{Deserialize, Serialize};
use strum::VariantArray;

use super::{Capabilities, EngineKind, Factor, FactorMatrix, Factors, Open, named};

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

/// Whether there is such a combination: with a daemon nothing is created ahead. Where nobody
/// asked for an engine, the one that is found says so itself.
pub(super) fn can_be(start_from: Option<StartFrom>, engine: Option<EngineKind>) -> bool {
    start_from != Some(StartFrom::Created) || engine != Some(EngineKind::Docker)
}

/// Checks that no engine is left without anything to start from, nor what it starts from
/// without an engine.
pub(super) fn check_with(values: &[StartFrom], engines: &[EngineKind]) -> Result<(), String> {
    let is_ahead = values.contains(&StartFrom::Created);
    let cannot = |engine: &&EngineKind| !can_be(Some(StartFrom::Created), Some(**engine));
    let Some(engine) = engines.iter().find(cannot).filter(|_| is_ahead) else { return Ok(()) };
    let cure = match (engines.len(), values.len()) {
        (1, _) => "ask for another engine",
        (_, 1) => "leave it out, or take `bundle` into `start-from` too",
        _ => return Ok(()),
    };
    Err(format!("`engine` has `{engine}`, with which nothing is created ahead: {cure}"))
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
    fn what_an_engine_cannot_start_from_is_left_out_where_another_can() {
        use EngineKind::{Docker, Oci};
        use StartFrom::{Bundle, Created};
        let of = |engine: &[EngineKind], start_from: &[StartFrom]| {
            let (engine, start_from) = (engine.to_vec(), start_from.to_vec());
            FactorMatrix { engine, start_from, ..FactorMatrix::default() }
        };
        let lists = of(&[Docker, Oci], &[Bundle, Created]);
        assert_eq!(lists.check(), Ok(()));
        let all = lists.combinations();
        let all: Vec<_> = all.iter().map(|c| (c.engine.unwrap(), c.start_from.unwrap())).collect();
        assert_eq!(all, [(Docker, Bundle), (Oci, Bundle), (Oci, Created)]);
        let error = of(&[Docker, Oci], &[Created]).check().unwrap_err();
        assert!(error.contains("`docker`") && error.contains("`bundle`"), "{error}");
        let error = of(&[Docker], &[Bundle, Created]).check().unwrap_err();
        assert!(error.contains("another engine"), "{error}");
        assert_eq!(of(&[Oci], &[Created]).check(), Ok(()));
        // The engine that is found says it.
        assert_eq!(of(&[], &[Bundle, Created]).combinations().len(), 2);
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
