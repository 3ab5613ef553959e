//! Where an engine puts what an instance writes.

use super::{EngineKind, Factor, Open};

/// The log driver of an instance when nobody chose.
pub const LOG_DRIVER: &str = "json-file";

/// Where there is no daemon that keeps it: the driver hears it.
pub const HEARD: &str = "pipe";

/// The log driver, by the engine's name for it.
#[derive(Debug)]
pub struct LogDriver;

impl Factor for LogDriver {
    type Value = String;
    type Resolved = String;
    const KEY: &'static str = "log_driver";
    const LIST: &'static str = "log-drivers";
    const TITLE: &'static str = "log driver";
    const VALUES: &'static str = "NAMES";
    const HELP: &'static str = "Where the engine puts what functions write, such as json-file,none";
    const ENGINES_OWN: bool = true;

    fn parse(text: &str) -> Result<String, String> {
        Ok(text.to_owned())
    }

    fn label(value: &String) -> String {
        format!("log {value}")
    }

    fn resolve(asked: Option<&String>, open: Open<'_>) -> String {
        let usual = if open.engine == EngineKind::Oci { HEARD } else { LOG_DRIVER };
        asked.cloned().unwrap_or_else(|| usual.to_owned())
    }
}
