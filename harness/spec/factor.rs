//! The factors of a start: the conditions under which an instance is made.
//!
//! A factor is a file here and a line in the list below. A [`FactorMatrix`] has the
//! values that a scenario asks for, a [`Combination`] one of each, with defaults left
//! open; [`Factors`] are what an instance was started under, nothing left open. Whoever
//! shows, keeps or compares them treats them alike. Pure.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::spec::function::{Limits, listed};
use crate::text::diagnostic::did_you_mean;

mod capabilities;
mod cgroup_moves;
mod cpu_quota;
mod cpu_rule;
mod daemon;
mod engine;
mod log_driver;
mod memory_limit;
mod network;
mod node;
mod oci_runtime;
mod page_cache;
mod start_from;
mod table;

pub use capabilities::{Capabilities, Offer};
pub use cgroup_moves::CgroupMoves;
pub use cpu_quota::CpuQuota;
pub use cpu_rule::{CpuBandwidth, CpuRule, visible_processors};
pub use daemon::Daemon;
pub use engine::EngineKind;
pub use log_driver::{HEARD, LOG_DRIVER, LogDriver};
pub use memory_limit::MemoryLimit;
pub use network::Network;
pub use node::Node;
pub use oci_runtime::OciRuntime;
pub use page_cache::PageCache;
pub use start_from::StartFrom;

table::factors! {
    /// What makes the instance.
    #[serde(default)]
    engine, engine: EngineKind;
    /// Which of several daemons makes it; none where there is one.
    #[serde(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    daemon, #[serde(default, skip_serializing_if = "Vec::is_empty")] daemons: Daemon;
    /// How it reaches the driver.
    network, networks: Network;
    /// The OCI runtime, by the engine's name for it.
    runtime, runtimes: OciRuntime;
    /// What its start begins from; none for a bundle.
    #[serde(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    start_from, #[serde(default, skip_serializing_if = "Vec::is_empty")] start_from: StartFrom;
    /// CPU quota in cores; none for no quota.
    #[serde(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    cpus, cpus: CpuQuota;
    /// By which rule it gets processor time; none for that quota.
    #[serde(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    cpu_rule, #[serde(default, skip_serializing_if = "Vec::is_empty")] cpu_rule: CpuRule;
    /// Memory limit in bytes.
    memory, memory: MemoryLimit;
    /// What of the image is in memory.
    page_cache, page_cache: PageCache;
    /// What the kernel does when its process is moved to a cgroup; none for as it is.
    #[serde(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    cgroup_moves, #[serde(default, skip_serializing_if = "Vec::is_empty")] cgroup_moves: CgroupMoves;
    /// Where the engine puts what the instance writes.
    log_driver, log_drivers: LogDriver;
    /// The node of a fleet; none of a run of one machine.
    #[serde(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    node, #[serde(default, skip_serializing_if = "Vec::is_empty")] nodes: Node;
}

/// One condition of a start: how it is typed, kept and told, and who decides where
/// nobody asks.
pub trait Factor {
    /// A value as it is asked for.
    type Value: Clone + Ord + fmt::Display + Serialize + DeserializeOwned;
    /// What an instance is started under: a value, or what may have none.
    type Resolved: Clone + Into<Option<Self::Value>>;
    /// Its name in files: of the field in a row.
    const KEY: &'static str;
    /// The name of the list of its values: the key of a scenario, and the flag.
    const LIST: &'static str;
    /// Its name for a person.
    const TITLE: &'static str;
    /// What stands for its values in the help of the flag.
    const VALUES: &'static str;
    /// The help of the flag.
    const HELP: &'static str;
    /// What is said of an instance that has none.
    const NONE: &'static str = "none";
    /// Whether the help leaves it out.
    const HIDDEN: bool = false;
    /// Whether files leave it out where nobody asked for it: those that are older know nothing
    /// of it.
    const LATER: bool = false;
    /// Whether its values are one engine's own names: who asks for one has chosen an engine.
    const ENGINES_OWN: bool = false;

    /// Reads a value as it is typed.
    ///
    /// # Errors
    /// Says what would be one.
    fn parse(text: &str) -> Result<Self::Value, String>;

    /// A value as it is typed.
    fn typed(value: &Self::Value) -> String {
        value.to_string()
    }

    /// A value as it stands alone beside a cell.
    fn label(value: &Self::Value) -> String {
        Self::typed(value)
    }

    /// The list where nobody wrote one. One that is not empty cannot be emptied.
    fn defaults() -> Vec<Self::Value> {
        Vec::new()
    }

    /// Whether a value is what everybody gets who does not ask.
    fn is_usual(value: &Self::Value) -> bool {
        Self::defaults().contains(value)
    }

    /// Whether a list of its values must be told for a reader to know what was measured.
    fn is_told(values: &[Self::Value]) -> bool {
        values != Self::defaults()
    }

    /// Checks the values of a list together.
    ///
    /// # Errors
    /// Says what cannot be.
    fn check(_: &[Self::Value]) -> Result<(), String> {
        Ok(())
    }

    /// Whether an engine can honour a value.
    ///
    /// # Errors
    /// Says what it can.
    fn refuse(value: &Self::Value, offers: &Capabilities) -> Result<(), String> {
        offers.refuse(Self::KEY, Self::TITLE, &Self::typed(value))
    }

    /// What an instance is started under, where this is asked for, or nothing.
    fn resolve(asked: Option<&Self::Value>, open: Open<'_>) -> Self::Resolved;
}

/// What decides where nobody asks.
#[derive(Debug, Clone, Copy)]
pub struct Open<'a> {
    /// What the function has of its own.
    pub limits: Limits,
    /// The engine's default OCI runtime.
    pub runtime: &'a str,
    /// What makes the instance.
    pub engine: EngineKind,
}

/// What is known of a factor.
#[derive(Debug, Clone, Copy)]
pub struct FactorInfo {
    /// [`Factor::KEY`].
    pub key: &'static str,
    /// [`Factor::LIST`].
    pub list: &'static str,
    /// [`Factor::TITLE`].
    pub title: &'static str,
    /// [`Factor::VALUES`].
    pub values: &'static str,
    /// [`Factor::HELP`].
    pub help: &'static str,
    /// [`Factor::NONE`].
    pub none: &'static str,
    /// [`Factor::HIDDEN`].
    pub hidden: bool,
    /// [`Factor::LATER`].
    pub later: bool,
    /// [`Factor::ENGINES_OWN`].
    pub engines_own: bool,
    /// Whether something that is typed is a value, and why not.
    pub check: fn(&str) -> Result<(), String>,
}

impl FactorInfo {
    const fn of<F: Factor>() -> Self {
        Self {
            key: F::KEY,
            list: F::LIST,
            title: F::TITLE,
            values: F::VALUES,
            help: F::HELP,
            none: F::NONE,
            hidden: F::HIDDEN,
            later: F::LATER,
            engines_own: F::ENGINES_OWN,
            check: |text| F::parse(text).map(|_| ()),
        }
    }
}

/// The most combinations of factors of one scenario: each is started in every round.
pub const MAX_COMBINATIONS: usize = 1_000;

/// Where an instance is, as far as its network goes: a network is one engine's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// What makes it.
    pub engine: EngineKind,
    /// Which of several daemons.
    pub daemon: Option<Daemon>,
    /// How it reaches the driver.
    pub network: Network,
}

impl From<Network> for Attachment {
    /// A network of the engine that everybody gets who does not ask.
    fn from(network: Network) -> Self {
        Self { engine: EngineKind::default(), daemon: None, network }
    }
}

impl Factors {
    /// Where an instance is that is started under them.
    #[must_use]
    pub fn attachment(&self) -> Attachment {
        Attachment { engine: self.engine, daemon: self.daemon.clone(), network: self.network }
    }

    /// Those of a plain process of the host: no engine, no limits.
    #[must_use]
    pub fn of_a_process() -> Self {
        Self {
            engine: EngineKind::Process,
            daemon: None,
            network: Network::Host,
            runtime: "process".to_owned(),
            start_from: None,
            cpus: None,
            cpu_rule: None,
            memory: 0,
            page_cache: PageCache::Warm,
            cgroup_moves: None,
            log_driver: "none".to_owned(),
            node: None,
        }
    }

    /// The value of every factor for a person, in their order.
    #[must_use]
    pub fn labels(&self) -> [String; FACTORS.len()] {
        let mut none = FACTORS.iter().map(|factor| factor.none);
        self.asked().labels().map(|label| {
            let none = none.next().unwrap_or_default();
            label.unwrap_or_else(|| none.to_owned())
        })
    }
}

impl Combination {
    /// A network, and everything else left open.
    #[must_use]
    pub fn on(network: Network) -> Self {
        Self { network: Some(network), ..Self::default() }
    }

    /// Whether it asks for nothing but what everybody gets who does not ask.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.usual() == [true; FACTORS.len()]
    }
}

impl fmt::Display for Combination {
    /// The network, and what is asked for beside it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = FACTORS.iter().zip(self.usual()).zip(self.labels());
        let told = told.filter(|((factor, usual), _)| factor.key == Network::KEY || !usual);
        f.write_str(&told.filter_map(|(_, label)| label).collect::<Vec<_>>().join(", "))
    }
}

impl FactorMatrix {
    /// Which engine makes the instances; the first of several.
    #[must_use]
    pub fn engine(&self) -> EngineKind {
        self.engine.first().copied().unwrap_or_default()
    }

    /// Whether an engine makes any.
    #[must_use]
    pub fn has_engine(&self, kind: EngineKind) -> bool {
        self.engine.contains(&kind) || self.engine() == kind
    }

    /// Whether nothing that is asked for is one engine's, nor an engine.
    #[must_use]
    pub fn leaves_the_engine_open(&self) -> bool {
        FACTORS.iter().zip(self.typed()).all(|(f, typed)| !f.engines_own || typed.is_empty())
    }

    /// Checks the lists.
    ///
    /// # Errors
    /// Names the list that is empty and must not be, or has a value twice; or the lists
    /// have more combinations than anybody could read.
    pub fn check(&self) -> Result<(), String> {
        self.check_lists()?;
        cpu_rule::check_with(&self.cpu_rule, &self.cpus)?;
        daemon::check_with(&self.daemons, &self.engine)?;
        start_from::check_with(&self.start_from, &self.engine)?;
        let lengths = self.lengths().into_iter();
        match lengths.fold(1, |all: usize, length| all.saturating_mul(length.max(1))) {
            all if all > MAX_COMBINATIONS => Err(format!(
                "the factors have {all} combinations, and {MAX_COMBINATIONS} are the most: measure \
                 some of them in another run"
            )),
            _ => Ok(()),
        }
    }
}

fn check_list<F: Factor>(values: &[F::Value]) -> Result<(), String> {
    if values.is_empty() && !F::defaults().is_empty() {
        return Err(format!("`{}` needs at least one value", F::LIST));
    }
    if values.iter().collect::<BTreeSet<_>>().len() < values.len() {
        return Err(format!("`{}` has a value twice: each is one cell", F::LIST));
    }
    F::check(values)
}

/// Every combination with every value of one more factor; as it is without any.
fn by<C: Clone, T: Clone>(all: Vec<C>, values: &[T], set: impl Fn(&mut C, T)) -> Vec<C> {
    if values.is_empty() {
        return all;
    }
    let with = |mut combination: C, value: &T| {
        set(&mut combination, value.clone());
        combination
    };
    all.into_iter()
        .flat_map(|c| values.iter().map(move |v| (c.clone(), v)))
        .map(|(c, v)| with(c, v))
        .collect()
}

/// The one of a few named values that was typed.
fn named<T: fmt::Display + Copy>(text: &str, what: &str, all: &[T]) -> Result<T, String> {
    let names: Vec<String> = all.iter().map(ToString::to_string).collect();
    let found = names.iter().position(|name| name == text).map(|at| all[at]);
    found.ok_or_else(|| {
        let meant = did_you_mean(text, &names);
        format!("no {what} `{text}`: known are {}{meant}", names.join(", "))
    })
}

#[cfg(test)]
mod tests;
