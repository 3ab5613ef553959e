//! The prices: read from a file, or those that the program brings along.

use std::path::Path;

use anyhow::{Context, Result};

use super::Architecture;
use crate::spec::function::read_text;

mod wire;

pub use wire::parse;

/// The prices of the project, bundled with the program.
pub const BUILTIN: &str = include_str!("../../functions/prices.toml");
/// What a file of prices is called that lies beside a `functions.toml`.
pub const FILE: &str = "prices.toml";

/// What calls and machines cost, at one time in one region.
#[derive(Debug, Clone, PartialEq)]
pub struct Prices {
    /// The day of which they are, as it is written.
    pub as_of: String,
    /// In which money.
    pub currency: String,
    /// Of which region.
    pub region: String,
    /// Where a call is paid.
    pub lambda: Lambda,
    /// Where vCPUs and memory are paid while they are rented.
    pub fargate: Vec<Fargate>,
    /// What costs the same whether or not it is used.
    pub machines: Vec<Machine>,
}

/// What a call costs.
#[derive(Debug, Clone, PartialEq)]
pub struct Lambda {
    /// A call, whatever it does.
    pub request: f64,
    /// Memory that comes with one whole vCPU, in MiB.
    pub mib_per_vcpu: f64,
    /// Where this is from.
    pub source: String,
    /// What the time costs on x86.
    pub x86: Rates,
    /// What the time costs on Arm.
    pub arm: Rates,
}

/// What the time of an instance costs.
#[derive(Debug, Clone, PartialEq)]
pub struct Rates {
    /// A GB-second on demand.
    pub gb_second: f64,
    /// A GB-second of a provisioned instance, whether or not it works.
    pub provisioned_idle: f64,
    /// A GB-second of a provisioned instance while it works, besides.
    pub provisioned_running: f64,
    /// A GB-second of storage beyond what is free, while it works.
    pub storage: f64,
    /// Where this is from.
    pub source: String,
}

/// What vCPUs and memory cost while they are rented.
#[derive(Debug, Clone, PartialEq)]
pub struct Fargate {
    /// Of which processors.
    pub architecture: Architecture,
    /// A vCPU for an hour.
    pub vcpu_hour: f64,
    /// A GB for an hour.
    pub gb_hour: f64,
    /// Where this is from.
    pub source: String,
}

/// A machine that costs the same whether or not it is used.
#[derive(Debug, Clone, PartialEq)]
pub struct Machine {
    /// What it is called.
    pub name: String,
    /// Its processors.
    pub architecture: Architecture,
    /// How many vCPUs it has.
    pub vcpus: f64,
    /// Its memory, in GiB.
    pub memory_gib: f64,
    /// What it costs for an hour.
    pub hour: f64,
    /// Where this is from.
    pub source: String,
}

impl Prices {
    /// Those that the program brings along.
    ///
    /// # Errors
    /// Never, unless the file that was bundled is wrong, which a test would show.
    pub fn builtin() -> Result<Self> {
        Ok(parse(BUILTIN, FILE)?)
    }

    /// What rented vCPUs and memory cost; none where the file has no such row.
    #[must_use]
    pub fn fargate(&self, architecture: Architecture) -> Option<&Fargate> {
        self.fargate.iter().find(|row| row.architecture == architecture)
    }

    /// The machines of an architecture, in the order of the file.
    pub fn machines(&self, architecture: Architecture) -> impl Iterator<Item = &Machine> {
        self.machines.iter().filter(move |machine| machine.architecture == architecture)
    }
}

impl Lambda {
    /// What the time of an instance costs.
    #[must_use]
    pub fn rates(&self, architecture: Architecture) -> &Rates {
        match architecture {
            Architecture::X86 => &self.x86,
            Architecture::Arm => &self.arm,
        }
    }
}

/// Reads a file of prices.
///
/// # Errors
/// Names the file, the line and what was expected.
pub fn load(path: &Path) -> Result<Prices> {
    Ok(parse(&text(path)?, &path.display().to_string())?)
}

/// The text of a file of prices, not yet understood.
///
/// # Errors
/// When it cannot be read.
pub fn text(path: &Path) -> Result<String> {
    read_text(path).with_context(|| {
        format!(
            "cannot read the prices {}: copy functions/prices.toml of this project, or leave out \
             --prices for those that the program brings along",
            path.display()
        )
    })
}
