//! On which node of a fleet an instance was started.
//!
//! Nobody chooses it on the machine that measures: who reads a fleet's runs as one sets it.

use super::{Capabilities, Factor, Factors, Open};

/// A node of a fleet, by its name.
#[derive(Debug)]
pub struct Node;

impl Factor for Node {
    type Value = String;
    type Resolved = Option<String>;
    const KEY: &'static str = "node";
    const LIST: &'static str = "nodes";
    const TITLE: &'static str = "node";
    const NONE: &'static str = "no fleet";
    const VALUES: &'static str = "NAMES";
    const HELP: &'static str = "The nodes of a fleet: `coldstart fleet run` measures them";
    const HIDDEN: bool = true;
    const LATER: bool = true;

    fn parse(text: &str) -> Result<String, String> {
        Err(format!("`{text}`: one run is of one node: `coldstart fleet run` measures several"))
    }

    fn refuse(value: &String, _: &Capabilities) -> Result<(), String> {
        Err(format!("`{value}` is a node of a fleet: `coldstart fleet run` measures several"))
    }

    fn resolve(asked: Option<&String>, _: Open<'_>) -> Option<String> {
        asked.cloned()
    }
}

impl Factors {
    /// Which machine of a fleet it was, by its name; none of a run of one.
    #[must_use]
    pub fn machine(&self) -> Option<&str> {
        self.node.as_deref()
    }

    /// The same, on a node of a fleet.
    #[must_use]
    pub fn on_node(self, name: &str) -> Self {
        Self { node: Some(name.to_owned()), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::factor::{Combination, Network};
    use crate::spec::function::Limits;

    #[test]
    fn nobody_can_ask_for_it_and_a_row_has_it_where_a_fleet_is_read() {
        assert!(Node::parse("a").unwrap_err().contains("coldstart fleet run"));
        let asked = Combination { node: Some("a".to_owned()), ..Combination::on(Network::Host) };
        assert!(asked.refuse(&Capabilities::default()).is_err());
        let limits = Limits { memory: 1 << 28, cpus: None, processes: None };
        let factors = Combination::on(Network::Host).resolve(limits, "runc");
        let text = |factors: &Factors| serde_json::to_string(factors).unwrap();
        assert!(!text(&factors).contains("node"));
        assert!(text(&factors.on_node("a")).contains(r#""node":"a""#));
    }
}
