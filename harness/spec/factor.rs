//! The factors of a start: the conditions under which an instance is made.
//!
//! A [`Combination`] is what a scenario asks for, with defaults left open; a
//! [`Factors`] is what an instance was started under, nothing left open. Pure.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::spec::function::{LEAST_MEMORY, Limits};
use crate::text::diagnostic::did_you_mean;
use crate::text::units::{Cpus, format_size};

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
    /// Its name in files, flags and tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Network::Bridge => "bridge",
            Network::Host => "host",
            Network::None => "none",
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = [Network::Bridge, Network::Host, Network::None];
        let found = all.into_iter().find(|network| network.name() == text);
        let meant = did_you_mean(text, all.map(Network::name));
        found.ok_or_else(|| format!("no network `{text}`: known are bridge, host, none{meant}"))
    }
}

/// What of the image is in memory before a start.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum PageCache {
    /// Whatever the start before it left: all that a start reads.
    #[default]
    Warm,
    /// None of the image's own files: a node that has pulled the image and never
    /// run it. The engine's own files stay.
    ImageCold,
    /// Nothing at all: a machine that has just booted.
    HostCold,
}

impl PageCache {
    /// Its name in files, flags and tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            PageCache::Warm => "warm",
            PageCache::ImageCold => "image-cold",
            PageCache::HostCold => "host-cold",
        }
    }
}

impl fmt::Display for PageCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for PageCache {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = [PageCache::Warm, PageCache::ImageCold, PageCache::HostCold];
        let found = all.into_iter().find(|state| state.name() == text);
        let known = "known are warm, image-cold, host-cold";
        let meant = did_you_mean(text, all.map(PageCache::name));
        found.ok_or_else(|| format!("no state `{text}`: {known}{meant}"))
    }
}

/// The most combinations of factors of one scenario: each is started in every round.
pub const MAX_COMBINATIONS: usize = 1_000;

/// The log driver of an instance when nobody chose.
pub const LOG_DRIVER: &str = "json-file";

/// What an instance is started under: every factor, nothing left open.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub struct Factors {
    /// How it reaches the driver.
    pub network: Network,
    /// The OCI runtime, by the engine's name for it.
    pub runtime: String,
    /// CPU quota; none for no quota.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpus: Option<Cpus>,
    /// Memory limit in bytes.
    pub memory: u64,
    /// What of the image is in memory.
    pub page_cache: PageCache,
    /// Where the engine puts what it writes.
    pub log_driver: String,
}

impl Factors {
    /// Those of a plain process of the host: no engine, no limits.
    #[must_use]
    pub fn of_a_process() -> Self {
        Self {
            network: Network::Host,
            runtime: "process".to_owned(),
            cpus: None,
            memory: 0,
            page_cache: PageCache::Warm,
            log_driver: "none".to_owned(),
        }
    }

    /// Name and value of every factor, in their order.
    #[must_use]
    pub fn named(&self) -> [(&'static str, String); 6] {
        let cpus = self.cpus.map_or_else(|| "no quota".to_owned(), |c| format!("{c} cpu"));
        [
            ("network", self.network.to_string()),
            ("OCI runtime", self.runtime.clone()),
            ("CPU quota", cpus),
            ("memory limit", format_size(self.memory)),
            ("page cache", self.page_cache.to_string()),
            ("log driver", self.log_driver.clone()),
        ]
    }
}

/// One combination of factors that a scenario asks for. What is none is left to
/// the engine or the function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Combination {
    /// How the instance reaches the driver.
    pub network: Network,
    /// The OCI runtime; none for the engine's default.
    pub runtime: Option<String>,
    /// CPU quota; none for the function's own.
    pub cpus: Option<Cpus>,
    /// Memory limit in bytes; none for the function's own.
    pub memory: Option<u64>,
    /// What of the image is in memory.
    pub page_cache: PageCache,
    /// The log driver; none for [`LOG_DRIVER`].
    pub log_driver: Option<String>,
}

impl Combination {
    /// A network, and everything else left open.
    #[must_use]
    pub fn on(network: Network) -> Self {
        Self {
            network,
            runtime: None,
            cpus: None,
            memory: None,
            page_cache: PageCache::Warm,
            log_driver: None,
        }
    }

    /// Whether it asks for nothing but a network and what everybody has.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        *self == Self::on(Network::Bridge)
    }

    /// Closes what is open, for a function with such limits on an engine with
    /// such a default runtime.
    #[must_use]
    pub fn resolve(&self, limits: Limits, runtime: &str) -> Factors {
        Factors {
            network: self.network,
            runtime: self.runtime.clone().unwrap_or_else(|| runtime.to_owned()),
            cpus: self.cpus.or(limits.cpus),
            memory: self.memory.unwrap_or(limits.memory),
            page_cache: self.page_cache,
            log_driver: self.log_driver.clone().unwrap_or_else(|| LOG_DRIVER.to_owned()),
        }
    }
}

impl fmt::Display for Combination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { network, runtime, cpus, memory, page_cache, log_driver } = self;
        write!(f, "{network}")?;
        if let Some(runtime) = runtime {
            write!(f, ", {runtime}")?;
        }
        if let Some(cpus) = cpus {
            write!(f, ", {cpus} cpu")?;
        }
        if let Some(memory) = memory {
            write!(f, ", {}", format_size(*memory))?;
        }
        if *page_cache != PageCache::Warm {
            write!(f, ", {page_cache}")?;
        }
        if let Some(log_driver) = log_driver {
            write!(f, ", log {log_driver}")?;
        }
        Ok(())
    }
}

/// The values of each factor that a scenario asks for. An empty list leaves the
/// factor to the engine or the function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub struct FactorMatrix {
    /// At least one.
    pub networks: Vec<Network>,
    /// Names that the engine knows.
    pub runtimes: Vec<String>,
    /// CPU quotas.
    pub cpus: Vec<Cpus>,
    /// Memory limits in bytes.
    pub memory: Vec<u64>,
    /// At least one.
    pub page_cache: Vec<PageCache>,
    /// Names that the engine knows.
    pub log_drivers: Vec<String>,
}

impl Default for FactorMatrix {
    fn default() -> Self {
        Self {
            networks: vec![Network::Bridge],
            runtimes: Vec::new(),
            cpus: Vec::new(),
            memory: Vec::new(),
            page_cache: vec![PageCache::Warm],
            log_drivers: Vec::new(),
        }
    }
}

impl FactorMatrix {
    /// Checks the lists.
    ///
    /// # Errors
    /// Names the list that is empty and must not be, or has a value twice; or the lists
    /// have more combinations than anybody could read.
    pub fn check(&self) -> Result<(), String> {
        if self.networks.is_empty() || self.page_cache.is_empty() {
            return Err("`networks` and `page-cache` need at least one value each".to_owned());
        }
        if let Some(memory) = self.memory.iter().find(|m| **m < LEAST_MEMORY) {
            let (given, least) = (format_size(*memory), format_size(LEAST_MEMORY));
            return Err(format!(
                "a memory limit of {given} is less than any engine takes: {least}"
            ));
        }
        let twice = [
            ("networks", has_twice(&self.networks)),
            ("runtimes", has_twice(&self.runtimes)),
            ("cpus", has_twice(&self.cpus)),
            ("memory", has_twice(&self.memory)),
            ("page-cache", has_twice(&self.page_cache)),
            ("log-drivers", has_twice(&self.log_drivers)),
        ];
        if let Some((list, _)) = twice.into_iter().find(|(_, twice)| *twice) {
            return Err(format!("`{list}` has a value twice: each is one cell"));
        }
        match self.many() {
            all if all > MAX_COMBINATIONS => Err(format!(
                "the factors have {all} combinations, and {MAX_COMBINATIONS} are the most: measure \
                 some of them in another run"
            )),
            _ => Ok(()),
        }
    }

    /// How many combinations there are, without making them.
    fn many(&self) -> usize {
        let Self { networks, runtimes, cpus, memory, page_cache, log_drivers } = self;
        let lengths = [
            networks.len(),
            runtimes.len(),
            cpus.len(),
            memory.len(),
            page_cache.len(),
            log_drivers.len(),
        ];
        lengths.into_iter().fold(1, |all, length| all.saturating_mul(length.max(1)))
    }

    /// Every combination, the first factor varying slowest.
    #[must_use]
    pub fn combinations(&self) -> Vec<Combination> {
        let mut all: Vec<Combination> =
            self.networks.iter().map(|network| Combination::on(*network)).collect();
        all = by(all, &open(&self.runtimes), |c, runtime| Combination { runtime, ..c });
        all = by(all, &open(&self.cpus), |c, cpus| Combination { cpus, ..c });
        all = by(all, &open(&self.memory), |c, memory| Combination { memory, ..c });
        all = by(all, &self.page_cache, |c, page_cache| Combination { page_cache, ..c });
        by(all, &open(&self.log_drivers), |c, log_driver| Combination { log_driver, ..c })
    }
}

/// Every combination with every value of one more factor.
fn by<T: Clone>(
    all: Vec<Combination>,
    values: &[T],
    with: impl Fn(Combination, T) -> Combination,
) -> Vec<Combination> {
    let each =
        |c: Combination| values.iter().map(|v| with(c.clone(), v.clone())).collect::<Vec<_>>();
    all.into_iter().flat_map(each).collect()
}

fn has_twice<T: Ord>(values: &[T]) -> bool {
    let distinct: BTreeSet<&T> = values.iter().collect();
    distinct.len() < values.len()
}

/// The values of a list, or the one open value of an empty one.
fn open<T: Clone>(values: &[T]) -> Vec<Option<T>> {
    if values.is_empty() { vec![None] } else { values.iter().cloned().map(Some).collect() }
}

#[cfg(test)]
mod tests;
