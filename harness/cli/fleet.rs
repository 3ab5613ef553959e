//! What the user typed of several machines: flags of `fleet`.

use std::path::{Component, Path, PathBuf};

use clap::{Args, Subcommand};

use coldstart::fleet::{Host, parse_host};

use super::{FormatFlag, Run};

/// Flags of `fleet`.
#[derive(Debug, Args)]
pub(crate) struct Fleet {
    /// What to do with it.
    #[command(subcommand)]
    pub act: FleetAct,
}

/// What to do with a fleet.
#[derive(Debug, Subcommand)]
pub(crate) enum FleetAct {
    /// Measure a scenario on every node, and report it as one run
    Run(Box<FleetRun>),
    /// Print it as Kubernetes Jobs, one a node, for `kubectl apply -f -`
    Manifest(Box<FleetManifest>),
    /// Make one run of what such Jobs have printed (`kubectl logs`)
    Collect(FleetCollect),
    /// What is typed on a node, by the others
    #[command(hide = true)]
    Node(FleetNode),
}

/// Which image of this program nodes run.
#[derive(Debug, Args)]
pub(crate) struct ToolFlags {
    /// This program's image [default: coldstart:VERSION, as `coldstart image` makes it]
    #[arg(long, value_name = "NAME:TAG")]
    pub tool: Option<String>,

    /// Where the engine's socket is on nodes. A label of a Swarm's node,
    /// coldstart.socket, comes first
    #[arg(long, value_name = "FILE", default_value = "/var/run/docker.sock",
        value_parser = on_a_node)]
    pub socket: PathBuf,
}

/// A path on another machine than this, where nobody has a folder to begin from.
fn on_a_node(typed: &str) -> Result<PathBuf, String> {
    let path = Path::new(typed);
    match path.is_absolute() && !path.components().any(|part| part == Component::ParentDir) {
        true => Ok(path.to_owned()),
        false => Err("it is a path on nodes: begin it with /, and without ..".to_owned()),
    }
}

/// Flags of `fleet run`.
#[derive(Debug, Args)]
pub(crate) struct FleetRun {
    /// Measure on the nodes of the Swarm that this machine's engine manages
    #[arg(long, required_unless_present = "hosts", conflicts_with = "hosts")]
    pub swarm: bool,

    /// Only on nodes of which this holds, such as node.labels.kind==big. May be typed again
    #[arg(long, value_name = "WORDS", requires = "swarm")]
    pub constraint: Vec<String>,

    /// Measure on these hosts, by ssh: ssh://[user@]host[:port][/path/to/socket], or
    /// unix:///path/to/socket of this machine; separated by commas
    #[arg(long, value_name = "HOSTS", value_delimiter = ',', value_parser = parse_host)]
    pub hosts: Vec<Host>,

    /// All nodes at once, and not one after the other: what they share is measured too
    #[arg(long)]
    pub together: bool,

    /// What runs there.
    #[command(flatten)]
    pub tool: ToolFlags,

    /// What is measured.
    #[command(flatten)]
    pub run: Run,
}

/// Flags of `fleet manifest`.
#[derive(Debug, Args)]
pub(crate) struct FleetManifest {
    /// For Kubernetes
    #[arg(long, required = true)]
    pub kubernetes: bool,

    /// The nodes, by their names (`kubectl get nodes`), separated by commas
    #[arg(long, value_name = "NAMES", value_delimiter = ',', required = true)]
    pub on: Vec<String>,

    /// What runs there.
    #[command(flatten)]
    pub tool: ToolFlags,

    /// What is measured.
    #[command(flatten)]
    pub run: Run,
}

/// Flags of `fleet collect`.
#[derive(Debug, Args)]
pub(crate) struct FleetCollect {
    /// What each node printed, as NAME=FILE
    #[arg(value_name = "NAME=FILE", required = true)]
    pub printed_by: Vec<String>,

    /// The result's folder, which must not exist [default: a new one in results/]
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,

    /// How it is printed.
    #[command(flatten)]
    pub printed: FormatFlag,
}

/// Flags of `fleet node`.
#[derive(Debug, Args)]
pub(crate) struct FleetNode {
    /// Say what is here, and measure nothing
    #[arg(long)]
    pub check: bool,

    /// In a container beside this one, which has all of the machine
    #[arg(long)]
    pub beside: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_of_nodes_begins_at_their_root() {
        assert_eq!(on_a_node("/run/d.sock"), Ok(PathBuf::from("/run/d.sock")));
        assert!(on_a_node("d.sock").is_err() && on_a_node("/run/../d.sock").is_err());
    }
}
