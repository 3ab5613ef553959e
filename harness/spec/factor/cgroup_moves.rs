//! How long the kernel may let a process wait that is moved to another cgroup.

use serde::{Deserialize, Serialize};
use strum::VariantArray;

use super::{Capabilities, Factor, Factors, Open, named};

/// What the kernel favours: that programs start and end, or that they are moved between
/// cgroups. Whoever makes a container moves its first process into the container's cgroup.
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
pub enum CgroupMoves {
    /// As the machine is set up: the first move after a quiet time usually waits until every
    /// processor has passed through the kernel.
    #[default]
    AsIs,
    /// At once, by the kernel's `favordynmods`: of the whole machine, while it is measured; from
    /// Linux 6.18 on until it restarts.
    Favordynmods,
}

impl Factor for CgroupMoves {
    type Value = Self;
    type Resolved = Option<Self>;
    const KEY: &'static str = "cgroup_moves";
    const LIST: &'static str = "cgroup-moves";
    const TITLE: &'static str = "moves between cgroups";
    const NONE: &'static str = "moves as is";
    const VALUES: &'static str = "SETTINGS";
    const HELP: &'static str = "What the kernel does when a start moves its process to a cgroup: \
                                as-is, favordynmods (no wait: until the machine restarts, from \
                                Linux 6.18 on; needs root) [default: as-is]";
    const LATER: bool = true;

    fn parse(text: &str) -> Result<Self, String> {
        named(text, "setting", Self::VARIANTS)
    }

    fn label(value: &Self) -> String {
        match value {
            Self::AsIs => Self::NONE.to_owned(),
            Self::Favordynmods => value.to_string(),
        }
    }

    fn is_usual(value: &Self) -> bool {
        *value == Self::AsIs
    }

    /// The kernel can, or cannot: no matter of the engine.
    fn refuse(_: &Self, _: &Capabilities) -> Result<(), String> {
        Ok(())
    }

    fn resolve(asked: Option<&Self>, _: Open<'_>) -> Option<Self> {
        asked.copied()
    }
}

impl Factors {
    /// Whether nothing waits that is moved between cgroups.
    #[must_use]
    pub fn favors_moves(&self) -> bool {
        self.cgroup_moves == Some(CgroupMoves::Favordynmods)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::factor::{Combination, Network};
    use crate::spec::function::Limits;

    #[test]
    fn it_is_asked_for_by_the_kernels_name_and_left_out_where_nobody_does() {
        assert_eq!(CgroupMoves::parse("favordynmods"), Ok(CgroupMoves::Favordynmods));
        let error = CgroupMoves::parse("favoured").unwrap_err();
        assert!(error.contains("as-is, favordynmods"), "{error}");
        let limits = Limits { memory: 1 << 28, cpus: None, processes: None };
        let of = |cgroup_moves| {
            Combination { cgroup_moves, ..Combination::on(Network::Host) }.resolve(limits, "runc")
        };
        let text = |factors: &Factors| serde_json::to_string(factors).unwrap();
        assert!(!text(&of(None)).contains("cgroup_moves") && !of(None).favors_moves());
        let as_is = of(Some(CgroupMoves::AsIs));
        assert!(text(&as_is).contains(r#""cgroup_moves":"as-is""#) && !as_is.favors_moves());
        assert!(of(Some(CgroupMoves::Favordynmods)).favors_moves());
    }
}
