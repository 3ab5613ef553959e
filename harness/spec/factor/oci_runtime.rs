//! The OCI runtime of a container.

use super::{Factor, Open};

/// The OCI runtime, by the engine's name for it.
#[derive(Debug)]
pub struct OciRuntime;

impl Factor for OciRuntime {
    type Value = String;
    type Resolved = String;
    const KEY: &'static str = "runtime";
    const LIST: &'static str = "runtimes";
    const TITLE: &'static str = "OCI runtime";
    const VALUES: &'static str = "NAMES";
    const HELP: &'static str =
        "OCI runtimes, by the engine's names for them [default: the engine's]";

    fn parse(text: &str) -> Result<String, String> {
        Ok(text.to_owned())
    }

    fn resolve(asked: Option<&String>, open: Open<'_>) -> String {
        asked.cloned().unwrap_or_else(|| open.runtime.to_owned())
    }
}
