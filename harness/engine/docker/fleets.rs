//! What a fleet that was killed has left on an engine: services of its Swarm, and containers
//! that measured.

use std::collections::HashMap;

use bollard::query_parameters::{ListContainersOptionsBuilder, ListServicesOptionsBuilder};

use super::DockerEngine;
use super::failure::{failed, has_status};
use crate::engine::{EngineError, InstanceId, LABEL_FLEET, LABEL_MAKER, ListedInstance};
use crate::system::maker::Maker;

/// What a person calls a container of a fleet.
const MEASURES: &str = "the program on a node";
/// And a service.
const PLACED: &str = "a service of the Swarm";

impl DockerEngine {
    /// The services of the Swarm that this engine manages which are of a fleet's run, or of any;
    /// none where it manages none.
    ///
    /// # Errors
    /// When the engine does not answer.
    pub async fn fleet_services(
        &self,
        run: Option<&str>,
    ) -> Result<Vec<ListedInstance>, EngineError> {
        let filters = HashMap::from([("label", vec![label(run)])]);
        let options = ListServicesOptionsBuilder::new().filters(&filters).build();
        match self.docker.list_services(Some(options)).await {
            Ok(services) => Ok(services
                .into_iter()
                .filter_map(|service| {
                    let labels = service.spec.and_then(|spec| spec.labels).unwrap_or_default();
                    Some(read(service.id?, &labels, PLACED, true))
                })
                .collect()),
            // No manager, or an engine that knows no Swarm.
            Err(e) if has_status(&e, 503) || has_status(&e, 404) => Ok(Vec::new()),
            Err(e) => Err(failed("list the services of the Swarm", e)),
        }
    }

    /// The containers of a fleet's run, or of any, that measure here.
    ///
    /// # Errors
    /// When the engine does not answer.
    pub async fn fleet_containers(
        &self,
        run: Option<&str>,
    ) -> Result<Vec<ListedInstance>, EngineError> {
        let filters = HashMap::from([("label", vec![label(run)])]);
        let options = ListContainersOptionsBuilder::new().all(true).filters(&filters).build();
        let found = self.docker.list_containers(Some(options)).await;
        let found = found.map_err(|e| failed("list the containers of fleets", e))?;
        let running = Some(bollard::models::ContainerSummaryStateEnum::RUNNING);
        let of = |one: bollard::models::ContainerSummary| {
            let labels = one.labels.unwrap_or_default();
            Some(read(one.id?, &labels, MEASURES, one.state == running))
        };
        Ok(found.into_iter().filter_map(of).collect())
    }

    /// Removes a container that measured; one that runs may remove its own first.
    ///
    /// # Errors
    /// When the engine refuses, or is gone.
    pub async fn remove_fleet_container(&self, one: &ListedInstance) -> Result<(), EngineError> {
        if one.running {
            self.stop_beside(&one.id).await;
        }
        self.end_beside(&one.id).await
    }
}

fn label(run: Option<&str>) -> String {
    run.map_or_else(|| LABEL_FLEET.to_owned(), |run| format!("{LABEL_FLEET}={run}"))
}

fn read(id: String, labels: &HashMap<String, String>, what: &str, running: bool) -> ListedInstance {
    let label = |key: &str| labels.get(key).cloned().unwrap_or_default();
    ListedInstance {
        id: InstanceId(id),
        run: label(LABEL_FLEET),
        function: what.to_owned(),
        maker: Maker::parse(&label(LABEL_MAKER)),
        running,
    }
}
