//! Where nodes are: what runs a program on one of them, once.

use anyhow::Result;
use tokio::sync::watch;

use super::{Hosts, Job, Swarm};
use crate::drive::Stop;

/// A node that something can be run on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// What it is called in files and tables: no other has the name.
    pub name: String,
    /// What it is known by where it is.
    pub id: String,
    /// Where its engine's socket is, on its machine.
    pub socket: String,
    /// Why nothing can be run there; none where something can.
    pub away: Option<String>,
}

impl Member {
    /// One that is known by its name.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self { name: name.to_owned(), id: name.to_owned(), socket: String::new(), away: None }
    }
}

/// What nodes are reached through.
#[derive(Debug)]
pub enum Place {
    /// The manager of a Swarm.
    Swarm(Swarm),
    /// The engine of each.
    Hosts(Hosts),
}

impl Place {
    /// The nodes, each with a name of its own.
    ///
    /// # Errors
    /// When they cannot be listed.
    pub async fn members(&self) -> Result<Vec<Member>> {
        match self {
            Self::Swarm(swarm) => swarm.members().await,
            Self::Hosts(hosts) => Ok(hosts.members()),
        }
    }

    /// Runs this program on a node, and gives what it printed; nothing where the node is none of
    /// those that are asked for. An interrupt ends it.
    ///
    /// # Errors
    /// Says why it did not run to its end.
    pub async fn run(
        &self,
        member: &Member,
        job: &Job,
        words: &[&str],
        stop: &watch::Receiver<Stop>,
    ) -> Result<Option<Vec<u8>>, String> {
        if let Some(away) = &member.away {
            return Err(away.clone());
        }
        match self {
            Self::Swarm(swarm) => swarm.run(member, job, words, stop).await,
            Self::Hosts(hosts) => hosts.run(member, job, words, stop).await.map(Some),
        }
    }
}

/// What nodes are called: by their machines' names, and where two have one, by more.
pub(super) fn names(all: &[(String, String)]) -> Vec<String> {
    let safe = |name: &str| -> String {
        let fine = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' };
        let name: String = name.chars().take(48).map(fine).collect();
        name.trim_start_matches('.').to_owned()
    };
    let plain: Vec<String> = all.iter().map(|(name, _)| safe(name)).collect();
    plain
        .iter()
        .zip(all)
        .map(|(name, (_, id))| {
            let alone = plain.iter().filter(|other| *other == name).count() == 1;
            match alone && !name.is_empty() {
                true => name.clone(),
                false => format!("{name}-{}", safe(&id.chars().take(8).collect::<String>())),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::is_node_name;

    #[test]
    fn machines_of_one_name_are_told_apart() {
        let all = [("a", "1234567890"), ("b", "2"), ("a", "3"), ("", "4"), ("x/../y", "5")]
            .map(|(name, id)| (name.to_owned(), id.to_owned()));
        let names = names(&all);
        assert_eq!(names, ["a-12345678", "b", "a-3", "-4", "x-..-y"]);
        assert!(names.iter().all(|name| is_node_name(name)));
    }
}
