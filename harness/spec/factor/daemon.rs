//! Which daemon makes an instance, where several take turns in one run.
//!
//! A daemon is known by the name that it was given: two of the same kind are told apart by
//! nothing else. Where it is stands in what was asked, and in no row.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Capabilities, EngineKind, Factor, Open};

/// Characters of a name.
const NAME: usize = 32;

/// A daemon by its name, equal to whichever has the same.
#[derive(Debug, Clone)]
pub struct Daemon {
    name: Arc<str>,
    /// None for the one that is found where none is named, and in rows.
    address: Option<Arc<str>>,
}

impl Daemon {
    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it is, as `DOCKER_HOST` would say it; none for the one that is found anyway.
    #[must_use]
    pub fn address(&self) -> Option<&str> {
        self.address.as_deref()
    }

    fn read(text: &str) -> Result<Self, String> {
        let (name, address) = match text.split_once('=') {
            Some((name, address)) => (name, Some(address)),
            None => (text, None),
        };
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if name.is_empty() || name.len() > NAME || !name.chars().all(fits) {
            return Err(format!(
                "`{text}` is no NAME=ADDRESS: a name is at most {NAME} letters, digits, `.`, `-` \
                 and `_`, as in `old=unix:///run/old.sock`; without an address it is the engine \
                 that is found"
            ));
        }
        match address {
            Some(address) if !address.contains("://") => Err(format!(
                "`{address}` is no address of an engine: write it as in DOCKER_HOST, \
                 `{name}=unix:///run/{name}.sock`"
            )),
            _ => Ok(Self { name: name.into(), address: address.map(Into::into) }),
        }
    }
}

impl fmt::Display for Daemon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.address {
            Some(address) => write!(f, "{}={address}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

impl PartialEq for Daemon {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Daemon {}

impl PartialOrd for Daemon {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Daemon {
    fn cmp(&self, other: &Self) -> Ordering {
        self.name.cmp(&other.name)
    }
}

impl std::hash::Hash for Daemon {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl Serialize for Daemon {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Daemon {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::read(&text).map_err(D::Error::custom)
    }
}

impl Factor for Daemon {
    type Value = Self;
    type Resolved = Option<Self>;
    const KEY: &'static str = "daemon";
    const LIST: &'static str = "daemons";
    const TITLE: &'static str = "daemon";
    const NONE: &'static str = "none named";
    const VALUES: &'static str = "NAMES";
    const HELP: &'static str = "Docker-compatible engines in turns, as NAME=ADDRESS with what DOCKER_HOST \
         would be, or a name alone for the one that is found";
    const LATER: bool = true;
    const ENGINES_OWN: bool = true;

    fn parse(text: &str) -> Result<Self, String> {
        Self::read(text)
    }

    fn label(value: &Self) -> String {
        value.name.as_ref().to_owned()
    }

    /// Each is asked for its own when it is found.
    fn refuse(_: &Self, _: &Capabilities) -> Result<(), String> {
        Ok(())
    }

    fn resolve(asked: Option<&Self>, _: Open<'_>) -> Option<Self> {
        asked.map(|asked| Self { name: asked.name.clone(), address: None })
    }
}

/// Checks daemons with the engines that are asked for beside them.
pub(super) fn check_with(values: &[Daemon], engines: &[EngineKind]) -> Result<(), String> {
    let other = engines.iter().find(|engine| **engine != EngineKind::Docker);
    match other.filter(|_| !values.is_empty()) {
        None => Ok(()),
        Some(other) => Err(format!(
            "`{}` are of the engine `{}` alone: leave out `{other}`, or measure it in another run",
            Daemon::LIST,
            EngineKind::Docker
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::factor::{Combination, FactorMatrix, Network};
    use crate::spec::function::Limits;

    fn lists(typed: &[&str]) -> FactorMatrix {
        let mut lists = FactorMatrix::default();
        let typed: Vec<String> = typed.iter().map(|text| (*text).to_owned()).collect();
        lists.set(Daemon::LIST, &typed).unwrap();
        lists
    }

    #[test]
    fn a_row_has_the_name_and_what_was_asked_the_address_too() {
        let asked = lists(&["old=unix:///run/old.sock", "found"]);
        assert_eq!(asked.check(), Ok(()));
        assert_eq!(asked.combinations().len(), 2);
        let text = serde_json::to_string(&asked).unwrap();
        assert!(text.contains(r#""daemons":["old=unix:///run/old.sock","found"]"#), "{text}");
        let again: FactorMatrix = serde_json::from_str(&text).unwrap();
        assert_eq!(again.daemons[0].address(), Some("unix:///run/old.sock"));
        let limits = Limits { memory: 1 << 28, cpus: None, processes: None };
        let first = &asked.combinations()[0];
        let factors = first.resolve(limits, "runc");
        let row = serde_json::to_string(&factors).unwrap();
        assert!(row.contains(r#""daemon":"old""#) && !row.contains("sock"), "{row}");
        assert!(first.allows(&factors) && !asked.combinations()[1].allows(&factors));
        assert_eq!(asked.place(&factors)[1], 0, "found in the list by its name");
        assert_eq!(first.to_string(), "old, bridge");
        let plain = Combination::on(Network::Bridge).resolve(limits, "runc");
        assert!(!serde_json::to_string(&plain).unwrap().contains("daemon"));
    }

    #[test]
    fn what_is_no_daemon_or_one_twice_or_beside_another_engine_is_refused() {
        for (typed, said) in [
            ("unix:///run/a.sock", "is no NAME=ADDRESS"),
            ("=unix:///run/a.sock", "is no NAME=ADDRESS"),
            ("a b=unix:///run/a.sock", "is no NAME=ADDRESS"),
            ("old=/run/a.sock", "`old=unix:///run/old.sock`"),
        ] {
            let text = Daemon::parse(typed).unwrap_err();
            assert!(text.contains(said), "{typed}: {text}");
        }
        let twice = lists(&["a=unix:///run/a.sock", "a=unix:///run/b.sock"]);
        assert!(twice.check().unwrap_err().contains("twice"));
        let mut beside = lists(&["a=unix:///run/a.sock"]);
        beside.engine = vec![EngineKind::Docker];
        assert_eq!(beside.check(), Ok(()));
        beside.engine.push(EngineKind::Oci);
        assert!(beside.check().unwrap_err().contains("leave out `oci`"));
    }
}
