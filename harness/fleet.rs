//! A driver on each node of something that exists: a Swarm, hosts that are reached by SSH, a
//! Kubernetes cluster.
//!
//! The stamps are taken on the node, by the ordinary run: what is here hands a node its job
//! ([`Job`]), hears what it printed ([`parcel`]) and refuses nodes that would not measure the
//! same ([`agree`]). No clock of one machine is compared with another's. Decision 0101.

use std::time::Duration;

use anyhow::{Result, anyhow};

use crate::drive::Stop;
use crate::measure::Interrupted;
use crate::observer::Observer;
use tokio::sync::watch;

mod agree;
mod hosts;
mod job;
mod kubernetes;
mod on_node;
pub mod parcel;
mod place;
mod swarm;

pub use agree::{Report, agree};
pub use hosts::{Host, Hosts, parse_host};
pub use job::{Job, SOCKET, VARIABLE, tool};
pub use kubernetes::{is_kubernetes_name, manifest};
pub use on_node::{beside, fetch_null, report};
pub use place::{Member, Place};
pub use swarm::Swarm;

/// How long a node may take to say what it has.
const CHECKED_WITHIN: Duration = Duration::from_secs(90);

/// What is typed on a node, after the program's name, to say what is there.
pub const CHECK: [&str; 3] = ["fleet", "node", "--check"];
/// What is typed there to measure.
pub const MEASURE: [&str; 2] = ["fleet", "node"];

/// A node and what came of it there; why nothing did, in words.
pub type Outcome<T> = (Member, Result<T, String>);

/// Asks every node what it has, all at once. Nodes that do not meet the constraints are left
/// out.
///
/// # Errors
/// When the place itself fails, or an interrupt comes.
pub async fn check(
    place: &Place,
    job: &Job,
    stop: &watch::Receiver<Stop>,
    observer: &dyn Observer,
) -> Result<Vec<Outcome<Report>>> {
    let members = place.members().await?;
    if members.is_empty() {
        return Err(anyhow!("there is no node to measure on"));
    }
    observer.info(&format!("asking {} nodes what they have", members.len()));
    let asked = members.into_iter().map(|member| async move {
        let ran = tokio::time::timeout(CHECKED_WITHIN, place.run(&member, job, &CHECK, stop)).await;
        let late =
            || Err(format!("it did not say within {} s what it has", CHECKED_WITHIN.as_secs()));
        let printed = match ran {
            Ok(Ok(Some(printed))) => Ok(printed),
            // It does not meet the constraints.
            Ok(Ok(None)) => return None,
            Ok(Err(why)) => Err(why),
            Err(_) => late(),
        };
        Some((member, printed.and_then(|printed| parcel::report(&printed))))
    });
    let asked = futures_util::future::join_all(asked).await;
    if *stop.borrow() != Stop::No {
        return Err(Interrupted.into());
    }
    Ok(asked.into_iter().flatten().collect())
}
