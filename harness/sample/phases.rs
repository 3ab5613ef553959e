//! Phases: the named intervals between marks.

use std::fmt;

use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray};

use super::{Mark, Temperature};
use crate::spec::factor::{EngineKind, Factors};
use crate::spec::function::AdapterKind;

/// The interval between two neighbouring marks of a start.
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
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Phase {
    /// Intended to dispatched: the driver's own lateness.
    Queue,
    /// Dispatched to the start call: listener armed, container created.
    Create,
    /// Start call to the OCI runtime's exec, where there is no daemon; of a container that
    /// was created ahead, to that which starts it.
    Spawn,
    /// Start call to the shim's exec: the engine's daemon at work.
    Daemon,
    /// Shim's exec to the OCI runtime's create.
    Shim,
    /// OCI create to its first hook, or to its end: namespaces, cgroups, mounts. Where the
    /// runtime creates and starts in one call, to the function's exec.
    Sandbox,
    /// Hooks to the OCI runtime's start: network and hooks.
    Network,
    /// OCI start to the function's exec.
    Start,
    /// Exec to main: the language runtime.
    Boot,
    /// Main to ready, or listening: the function's own start-up.
    Init,
    /// Ready, or listening (or, warm, dispatched) to responded.
    Invoke,
}

impl Phase {
    /// Every phase, in order.
    pub const ALL: &'static [Phase] = Self::VARIANTS;

    /// The parts of `engine`, from the start call to the function's exec: what is
    /// not the function's. No engine has all of them.
    pub const ENGINE: [Phase; 6] =
        [Phase::Spawn, Phase::Daemon, Phase::Shim, Phase::Sandbox, Phase::Network, Phase::Start];

    /// How an engine's own part of a start is divided: each part ends with its mark. An
    /// engine that is divided otherwise has a line of its own here.
    fn of_engine(factors: &Factors) -> &'static [(Phase, Mark)] {
        match factors.engine {
            // Of a process none of them is heard but the last: one part, `engine`.
            EngineKind::Docker | EngineKind::Fake | EngineKind::Process => &[
                (Phase::Daemon, Mark::Shim),
                (Phase::Shim, Mark::OciCreate),
                (Phase::Sandbox, Mark::Hooks),
                (Phase::Network, Mark::OciStart),
                (Phase::Start, Mark::Exec),
            ],
            EngineKind::Oci if factors.is_created_ahead() => {
                &[(Phase::Spawn, Mark::OciStart), (Phase::Start, Mark::Exec)]
            }
            EngineKind::Oci => &[(Phase::Spawn, Mark::OciCreate), (Phase::Sandbox, Mark::Exec)],
        }
    }

    /// The phases of an invocation, in order, each with the mark that it ends with.
    pub(super) fn ends(
        temperature: Temperature,
        factors: &Factors,
        adapter: AdapterKind,
    ) -> impl Iterator<Item = (Phase, Mark)> {
        const BEFORE: [(Phase, Mark); 2] =
            [(Phase::Queue, Mark::Dispatched), (Phase::Create, Mark::StartCalled)];
        const AFTER: [(Phase, Mark); 3] = [
            (Phase::Boot, Mark::Main),
            (Phase::Init, Mark::Ready),
            (Phase::Invoke, Mark::Responded),
        ];
        const LISTENS: [(Phase, Mark); 3] = [AFTER[0], (Phase::Init, Mark::Listening), AFTER[2]];
        let after = if adapter.listens() { &LISTENS } else { &AFTER };
        // A warm instance has been made before.
        let (before, engine, after) = match temperature {
            Temperature::Cold => (&BEFORE[..], Self::of_engine(factors), &after[..]),
            Temperature::Warm => (&BEFORE[..1], &[][..], &after[2..]),
        };
        before.iter().chain(engine).chain(after).copied()
    }

    /// Its name in tables and files.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// One or more neighbouring phases. More than one where the marks between them
/// are missing: then they are merged, and the name says so (`engine+boot`, where
/// `engine` stands for all its parts).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Phases {
    /// The first phase of the span.
    pub first: Phase,
    /// The last phase of the span; the same as `first` when nothing is merged.
    pub last: Phase,
}

impl Phases {
    /// Whether it is more than one phase: its time cannot be laid to one part.
    #[must_use]
    pub fn is_merged(self) -> bool {
        self.first != self.last
    }

    fn holds(self, phase: Phase) -> bool {
        (self.first..=self.last).contains(&phase)
    }
}

impl fmt::Display for Phases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A start has either what a daemon does or what is done without one.
        let without = self.holds(Phase::Spawn);
        let whole = match without {
            true => self.holds(Phase::Sandbox),
            false => self.holds(Phase::Daemon) && self.holds(Phase::Start),
        };
        let first = if without { Phase::Spawn } else { Phase::Daemon };
        let name = |phase: Phase| match phase {
            p if whole && p == first => Some("engine"),
            p if whole && Phase::ENGINE.contains(&p) => None,
            p => Some(p.name()),
        };
        let held = Phase::ALL.iter().filter(|p| self.holds(**p));
        f.pad(&held.copied().filter_map(name).collect::<Vec<_>>().join("+"))
    }
}
