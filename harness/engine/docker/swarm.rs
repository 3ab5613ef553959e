//! Docker's Swarm: which nodes there are, and one program on one of them, once.
//!
//! A service a node, as a job: an order between nodes is then that in which services are made.

use std::collections::HashMap;

use bollard::models::{
    Mount, MountType, NetworkAttachmentConfig, NodeSpecAvailabilityEnum, NodeState, ServiceSpec,
    ServiceSpecMode, ServiceSpecModeReplicatedJob, Task, TaskSpec, TaskSpecContainerSpec,
    TaskSpecLogDriver, TaskSpecPlacement, TaskSpecRestartPolicy,
    TaskSpecRestartPolicyConditionEnum, TaskState,
};
use bollard::query_parameters::{ListNodesOptions, ListTasksOptionsBuilder, LogsOptionsBuilder};
use futures_util::StreamExt;

use super::DockerEngine;
use super::beside::{Came, SOCKET_WITHIN, kept_whole};
use super::failure::{failed, refused};
use crate::engine::{EngineError, LABEL_FLEET, LABEL_MAKER};
use crate::text::sanitize::plain;

/// How long a program that is told to end may take, in nanoseconds: it removes its instances.
const GRACE: i64 = 60_000_000_000;

/// A node of a Swarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SwarmNode {
    /// Its id.
    pub id: String,
    /// What its machine is called.
    pub hostname: String,
    /// Why nothing can be placed there; none where something can.
    pub away: Option<String>,
    /// Where its engine's socket is, where its label says so.
    pub socket: Option<String>,
}

/// The label of a node that says where its engine's socket is.
pub const SOCKET_LABEL: &str = "coldstart.socket";

/// A program that is to run on one node, once.
#[derive(Debug)]
pub struct Placed<'a> {
    /// What the service is called.
    pub name: &'a str,
    /// Of which fleet's run it is.
    pub fleet: &'a str,
    /// The process that asks for it, as a maker is written.
    pub maker: &'a str,
    /// The node's id.
    pub node: &'a str,
    /// What else must hold of the node, in Swarm's words.
    pub constraints: &'a [String],
    /// The image, by its id.
    pub image: &'a str,
    /// What is typed after the program's name.
    pub words: &'a [&'a str],
    /// Its environment, as `NAME=VALUE`.
    pub env: Vec<String>,
    /// Where the engine's socket is on the node.
    pub socket: &'a str,
}

/// How far a placed program has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// It is on its way, or runs.
    Under,
    /// The node does not meet the constraints.
    Unsuitable,
    /// It has ended well.
    Complete,
    /// It has not, and never will.
    Failed(String),
}

impl DockerEngine {
    /// The nodes of the Swarm that this engine manages.
    ///
    /// # Errors
    /// When it manages none.
    pub async fn swarm_nodes(&self) -> Result<Vec<SwarmNode>, EngineError> {
        let doing = "list the nodes of the Swarm";
        let nodes = self.docker.list_nodes(None::<ListNodesOptions>).await;
        let nodes = nodes.map_err(|e| failed(doing, e))?;
        Ok(nodes
            .into_iter()
            .map(|node| {
                let state = node.status.clone().and_then(|status| status.state);
                let told = node.status.and_then(|status| status.message).unwrap_or_default();
                let spec = node.spec.unwrap_or_default();
                let drained = spec
                    .availability
                    .filter(|of| *of != NodeSpecAvailabilityEnum::ACTIVE)
                    .map(|of| format!("it takes nothing: its availability is {of}"));
                let away = match state {
                    Some(NodeState::READY) => drained,
                    Some(state) => Some(format!("it is {state}: {}", plain(&told))),
                    None => Some("its state is not told".to_owned()),
                };
                SwarmNode {
                    id: node.id.unwrap_or_default(),
                    hostname: node.description.and_then(|of| of.hostname).unwrap_or_default(),
                    away,
                    socket: spec.labels.and_then(|mut labels| labels.remove(SOCKET_LABEL)),
                }
            })
            .collect())
    }

    /// Places a program; gives the id of its service.
    ///
    /// # Errors
    /// When the manager refuses.
    pub async fn place(&self, of: &Placed<'_>) -> Result<String, EngineError> {
        let doing = format!("place `{}` on its node", of.name);
        let made = self.docker.create_service(service(of), None).await;
        let made = made.map_err(|e| failed(&doing, e))?;
        made.id.ok_or_else(|| refused(&doing, "the manager gave no id".to_owned()))
    }

    /// How far it has come.
    ///
    /// # Errors
    /// When the manager does not answer.
    pub async fn placed(&self, service: &str) -> Result<Progress, EngineError> {
        let filters = HashMap::from([("service", vec![service])]);
        let options = ListTasksOptionsBuilder::new().filters(&filters).build();
        let tasks = self.docker.list_tasks(Some(options)).await;
        let tasks = tasks.map_err(|e| failed("ask for a task of the Swarm", e))?;
        Ok(tasks.first().map_or(Progress::Under, progress))
    }

    /// What it printed so far.
    ///
    /// # Errors
    /// When the manager or the node does not answer.
    pub async fn placed_output(&self, service: &str) -> Result<Came, EngineError> {
        let doing = "read what a task of the Swarm printed";
        let options = LogsOptionsBuilder::new().stdout(true).stderr(true).build();
        let mut pieces = Box::pin(self.docker.service_logs(service, Some(options)));
        let mut came = Came::default();
        while let Some(piece) = pieces.next().await {
            came.add(piece.map_err(|e| failed(doing, e))?);
        }
        Ok(came)
    }

    /// Removes a service, and what runs of it.
    ///
    /// # Errors
    /// When the manager refuses.
    pub async fn unplace(&self, service: &str) -> Result<(), EngineError> {
        let removed = self.docker.delete_service(service).await;
        removed.map_err(|e| failed("remove a service of the Swarm", e))
    }
}

fn progress(task: &Task) -> Progress {
    let status = task.status.clone().unwrap_or_default();
    let why = status.err.filter(|why| !why.is_empty()).or(status.message).unwrap_or_default();
    match status.state {
        Some(TaskState::COMPLETE) => Progress::Complete,
        Some(TaskState::PENDING) if why.contains("no suitable node") => Progress::Unsuitable,
        Some(
            state @ (TaskState::FAILED
            | TaskState::REJECTED
            | TaskState::SHUTDOWN
            | TaskState::ORPHANED
            | TaskState::REMOVE),
        ) => Progress::Failed(format!("its task was {state}: {}", plain(&why))),
        _ => Progress::Under,
    }
}

fn service(of: &Placed<'_>) -> ServiceSpec {
    let labels = HashMap::from([
        (LABEL_FLEET.to_owned(), of.fleet.to_owned()),
        (LABEL_MAKER.to_owned(), of.maker.to_owned()),
    ]);
    let mut constraints = vec![format!("node.id=={}", of.node)];
    constraints.extend(of.constraints.iter().cloned());
    // Only some drivers can be read again.
    let logs = kept_whole();
    ServiceSpec {
        name: Some(of.name.to_owned()),
        labels: Some(labels.clone()),
        task_template: Some(TaskSpec {
            container_spec: Some(TaskSpecContainerSpec {
                image: Some(of.image.to_owned()),
                labels: Some(labels),
                args: Some(of.words.iter().map(|word| (*word).to_owned()).collect()),
                env: Some(of.env.clone()),
                mounts: Some(vec![Mount {
                    typ: Some(MountType::BIND),
                    source: Some(of.socket.to_owned()),
                    target: Some(SOCKET_WITHIN.to_owned()),
                    ..Mount::default()
                }]),
                stop_grace_period: Some(GRACE),
                ..TaskSpecContainerSpec::default()
            }),
            restart_policy: Some(TaskSpecRestartPolicy {
                condition: Some(TaskSpecRestartPolicyConditionEnum::NONE),
                ..TaskSpecRestartPolicy::default()
            }),
            placement: Some(TaskSpecPlacement {
                constraints: Some(constraints),
                ..TaskSpecPlacement::default()
            }),
            networks: Some(vec![NetworkAttachmentConfig {
                target: Some("host".to_owned()),
                ..NetworkAttachmentConfig::default()
            }]),
            log_driver: Some(TaskSpecLogDriver { name: logs.typ, options: logs.config }),
            ..TaskSpec::default()
        }),
        mode: Some(ServiceSpecMode {
            replicated_job: Some(ServiceSpecModeReplicatedJob {
                max_concurrent: Some(1),
                total_completions: Some(1),
            }),
            ..ServiceSpecMode::default()
        }),
        ..ServiceSpec::default()
    }
}

#[cfg(test)]
mod tests {
    use bollard::models::TaskStatus;

    use super::*;

    fn came(state: TaskState, err: &str) -> Progress {
        let status =
            TaskStatus { state: Some(state), err: Some(err.to_owned()), ..TaskStatus::default() };
        progress(&Task { status: Some(status), ..Task::default() })
    }

    #[test]
    fn a_task_that_no_node_can_have_is_told_from_one_that_failed() {
        let why = "no suitable node (scheduling constraints not satisfied on 3 nodes)";
        assert_eq!(came(TaskState::PENDING, why), Progress::Unsuitable);
        assert_eq!(came(TaskState::PENDING, ""), Progress::Under);
        assert_eq!(came(TaskState::RUNNING, ""), Progress::Under);
        assert_eq!(came(TaskState::COMPLETE, ""), Progress::Complete);
        let gone = came(TaskState::REJECTED, "No such image: sha256:0");
        let told = "its task was rejected: No such image: sha256:0";
        assert_eq!(gone, Progress::Failed(told.to_owned()));
    }

    #[test]
    fn a_service_is_a_job_of_one_task_on_one_node_that_is_never_tried_again() {
        let of = Placed {
            name: "n",
            fleet: "f",
            maker: "m",
            node: "abc",
            constraints: &["node.labels.kind==big".to_owned()],
            image: "sha256:0",
            words: &["fleet", "node"],
            env: Vec::new(),
            socket: "/run/x.sock",
        };
        let spec = serde_json::to_value(service(&of)).unwrap();
        let task = &spec["TaskTemplate"];
        let constraints = serde_json::json!(["node.id==abc", "node.labels.kind==big"]);
        assert_eq!(task["Placement"]["Constraints"], constraints);
        assert_eq!(task["RestartPolicy"]["Condition"], "none");
        assert_eq!(spec["Mode"]["ReplicatedJob"]["TotalCompletions"], 1);
        assert_eq!(task["ContainerSpec"]["Mounts"][0]["Source"], "/run/x.sock");
        assert_eq!(task["Networks"][0]["Target"], "host");
    }
}
