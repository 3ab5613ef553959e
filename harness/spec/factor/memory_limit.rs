//! How much memory an instance may use.

use super::{Factor, Open};
use crate::spec::function::LEAST_MEMORY;
use crate::text::units::{format_size, parse_size};

/// A memory limit in bytes.
#[derive(Debug)]
pub struct MemoryLimit;

impl Factor for MemoryLimit {
    type Value = u64;
    type Resolved = u64;
    const KEY: &'static str = "memory";
    const LIST: &'static str = "memory";
    const TITLE: &'static str = "memory limit";
    const VALUES: &'static str = "SIZES";
    const HELP: &'static str =
        "Memory limits, such as 128MiB,512MiB [default: each function's own]";

    fn parse(text: &str) -> Result<u64, String> {
        parse_size(text)
    }

    fn typed(value: &u64) -> String {
        format!("{value}B")
    }

    fn label(value: &u64) -> String {
        format_size(*value)
    }

    fn check(values: &[u64]) -> Result<(), String> {
        let Some(memory) = values.iter().find(|memory| **memory < LEAST_MEMORY) else {
            return Ok(());
        };
        let (given, least) = (format_size(*memory), format_size(LEAST_MEMORY));
        Err(format!("a memory limit of {given} is less than any engine takes: {least}"))
    }

    fn resolve(asked: Option<&u64>, open: Open<'_>) -> u64 {
        asked.copied().unwrap_or(open.limits.memory)
    }
}
