//! How much of the processors an instance may use.

use super::{Factor, Open};
use crate::text::units::Cpus;

/// A CPU quota in cores.
#[derive(Debug)]
pub struct CpuQuota;

impl Factor for CpuQuota {
    type Value = Cpus;
    type Resolved = Option<Cpus>;
    const KEY: &'static str = "cpus";
    const LIST: &'static str = "cpus";
    const TITLE: &'static str = "CPU quota";
    const NONE: &'static str = "no quota";
    const VALUES: &'static str = "CORES";
    const HELP: &'static str = "CPU quotas in cores, such as 0.5,1 [default: each function's own]";

    fn parse(text: &str) -> Result<Cpus, String> {
        text.parse()
    }

    fn label(value: &Cpus) -> String {
        format!("{value} cpu")
    }

    fn resolve(asked: Option<&Cpus>, open: Open<'_>) -> Option<Cpus> {
        asked.copied().or(open.limits.cpus)
    }
}
