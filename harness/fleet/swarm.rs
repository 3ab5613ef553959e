//! Nodes of a Docker Swarm. A task there gets neither the machine's processes nor its cgroups:
//! so it starts, on its node's engine, the container that measures, and passes on what that
//! prints.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use tokio::sync::watch;

use super::place::names;
use super::{Job, Member};
use crate::drive::Stop;
use crate::engine::EngineError;
use crate::engine::docker::DockerEngine;
use crate::engine::docker::beside::Came;
use crate::engine::docker::swarm::{Placed, Progress};
use crate::text::sanitize::last_words;

/// How often a manager is asked how far a task has come. Nothing is timed by it.
const AGAIN: Duration = Duration::from_millis(500);
/// How often it is asked whether a node is still there.
const NODES_AGAIN: Duration = Duration::from_secs(3);
/// What a task printed is with the manager within so long of its end.
const PRINTED_WITHIN: Duration = Duration::from_secs(30);
/// The same of a task that failed, which may have printed nothing.
const SAID_WITHIN: Duration = Duration::from_secs(3);
/// How long a manager may not answer before a node is given up.
const SILENT_FOR: Duration = Duration::from_secs(60);
/// The most that is told of what a task said, in characters.
const WORDS: usize = 400;

/// The manager of a Swarm.
#[derive(Debug)]
pub struct Swarm {
    /// It.
    pub manager: Arc<DockerEngine>,
    /// What must hold of nodes, in Swarm's words.
    pub constraints: Vec<String>,
    /// Where a node's engine's socket is, where its label says nothing.
    pub socket: String,
}

impl Swarm {
    pub(super) async fn members(&self) -> Result<Vec<Member>> {
        let nodes = self.manager.swarm_nodes().await.map_err(|error| {
            anyhow!(
                "{error}: --swarm is typed where the engine manages a Swarm (`docker swarm init`)"
            )
        })?;
        let all: Vec<(String, String)> =
            nodes.iter().map(|node| (node.hostname.clone(), node.id.clone())).collect();
        let mut members: Vec<Member> = nodes
            .into_iter()
            .zip(names(&all))
            .map(|(node, name)| Member {
                name,
                id: node.id,
                socket: node.socket.unwrap_or_else(|| self.socket.clone()),
                away: node.away,
            })
            .collect();
        members.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(members)
    }

    pub(super) async fn run(
        &self,
        member: &Member,
        job: &Job,
        words: &[&str],
        stop: &watch::Receiver<Stop>,
    ) -> Result<Option<Vec<u8>>, String> {
        let mut all = words.to_vec();
        all.push("--beside");
        // No two of a run have one name.
        let kind = if words.contains(&"--check") { "check" } else { "run" };
        let placed = Placed {
            name: &service_name(&job.id, &member.id, kind),
            fleet: &job.id,
            maker: &job.maker,
            node: &member.id,
            constraints: &self.constraints,
            image: &job.image,
            words: &all,
            env: job.environment(&member.socket).map_err(|e| format!("{e:#}"))?,
            socket: &member.socket,
        };
        let service = self.manager.place(&placed).await.map_err(|e| e.to_string())?;
        let came = self.wait(member, &service, job, stop).await;
        let removed = self.manager.unplace(&service).await;
        let came = came?;
        removed.map_err(|e| e.to_string())?;
        Ok(came)
    }

    /// Waits for its end, and reads what it printed.
    async fn wait(
        &self,
        member: &Member,
        service: &str,
        job: &Job,
        stop: &watch::Receiver<Stop>,
    ) -> Result<Option<Vec<u8>>, String> {
        let (mut heard, mut looked) = (Instant::now(), Instant::now());
        loop {
            tokio::time::sleep(AGAIN).await;
            if *stop.borrow() != Stop::No {
                return Err("interrupted".to_owned());
            }
            let asked = self.manager.placed(service).await;
            if asked.is_ok() {
                heard = Instant::now();
            }
            match asked {
                Ok(Progress::Unsuitable) => return Ok(None),
                Ok(Progress::Complete) => {
                    return self.printed(service, PRINTED_WITHIN).await.map(|came| Some(came.out));
                }
                Ok(Progress::Failed(why)) => {
                    // What it said of itself comes before what is said of it.
                    let came = self.printed(service, SAID_WITHIN).await.unwrap_or_default();
                    if !came.out.is_empty() {
                        return Ok(Some(came.out));
                    }
                    return Err(with_words(cured(why, &job.image), &came));
                }
                Err(error) if heard.elapsed() >= SILENT_FOR => {
                    return Err(format!("the Swarm's manager does not answer: {error}"));
                }
                Ok(Progress::Under) | Err(_) => {}
            }
            if looked.elapsed() >= NODES_AGAIN {
                looked = Instant::now();
                if let Some(why) = self.away(&member.id).await {
                    return Err(format!("it was lost in the middle: {why}"));
                }
            }
        }
    }

    /// Why a node is not to be had any more; none where it is, or nobody can say.
    async fn away(&self, id: &str) -> Option<String> {
        let nodes = self.manager.swarm_nodes().await.ok()?;
        match nodes.into_iter().find(|node| node.id == id) {
            Some(node) => node.away,
            None => Some("it has left the Swarm".to_owned()),
        }
    }

    /// All that a task has printed, once its last line is there.
    async fn printed(&self, service: &str, within: Duration) -> Result<Came, String> {
        let begun = Instant::now();
        let mut last: Result<Came, EngineError> = Ok(Came::default());
        while begun.elapsed() < within {
            last = self.manager.placed_output(service).await;
            if let Ok(came) = &last
                && is_whole(&came.out)
            {
                break;
            }
            tokio::time::sleep(AGAIN).await;
        }
        last.map_err(|e| e.to_string())
    }
}

/// Whether the line that ends what a node prints is there.
fn is_whole(out: &[u8]) -> bool {
    let text = String::from_utf8_lossy(out);
    let last = text.lines().next_back().unwrap_or_default();
    text.ends_with('\n') && [" end ", " report ", " failed "].iter().any(|kind| last.contains(kind))
}

/// Names of services are those of hosts: 63 characters at most.
fn service_name(run: &str, id: &str, kind: &str) -> String {
    let tail = |text: &str, most: usize| -> String {
        let kept: Vec<char> = text.chars().filter(char::is_ascii_alphanumeric).collect();
        kept[kept.len().saturating_sub(most)..].iter().collect()
    };
    format!("coldstart-{kind}-{}-{}", tail(run, 12), tail(id, 12))
}

/// With what to do where a node has not this program's image.
fn cured(why: String, image: &str) -> String {
    match why.contains("No such image") {
        true => format!(
            "{why}: it has not this program's image ({image}), or another version of it: \
             `coldstart image --out FILE` here, `docker load -i FILE` there"
        ),
        false => why,
    }
}

fn with_words(why: String, came: &Came) -> String {
    match last_words(&String::from_utf8_lossy(&came.said), WORDS) {
        said if said.trim().is_empty() => why,
        said => format!("{why}; it said: {}", said.trim()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_services_name_is_short_and_of_one_run_node_and_kind() {
        let of = |run: &str, id: &str, kind| service_name(run, id, kind);
        let name = of("2026-11-27-170000-default-abcdef", "x1y2z3", "run");
        assert!(name.len() <= 63 && name.ends_with("x1y2z3"), "{name}");
        assert_ne!(name, of("2026-11-27-170000-default-abcdef", "x1y2z3", "check"));
    }

    #[test]
    fn output_is_whole_with_its_last_line() {
        assert!(is_whole(b"x\ncoldstart-fleet end 3 abc\n"));
        assert!(!is_whole(b"coldstart-fleet piece a 0 eA==\n") && !is_whole(b""));
        assert!(!is_whole(b"coldstart-fleet end 3 a"));
    }
}
