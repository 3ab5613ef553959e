//! What a fleet that was killed left: services of its Swarm, and containers that measure.

use super::{ExitReason, Runs, stays, who};
use crate::cli::Clean;
use crate::terminal;
use coldstart::engine::ListedInstance;
use coldstart::engine::docker::DockerEngine;

/// Removes those whose fleet's process is gone, the services first: what runs of them ends with
/// them. Returns what uses the others, and what was asked for and refused.
pub(super) async fn sweep(
    docker: &DockerEngine,
    args: &Clean,
) -> Result<(Runs, Vec<String>), ExitReason> {
    let run = args.run.as_deref();
    let mut kept = Runs::new();
    for service in docker.fleet_services(run).await? {
        if keep(&service, args, &mut kept) {
            continue;
        }
        docker.unplace(&service.id.0).await?;
        tell(&service);
    }
    // Those of the services that went go with them, and at once: nothing is awaited twice.
    for container in docker.fleet_containers(run).await? {
        if keep(&container, args, &mut kept) {
            continue;
        }
        docker.remove_fleet_container(&container).await?;
        tell(&container);
    }
    for (run, who) in &kept {
        terminal::print(&format!(
            "kept what measures of the fleet {run}: {who}; wait for its end, or take it with \
             --force"
        ));
    }
    let refused = run.and_then(|run| kept.get(run)).map(|who| {
        format!("nothing of the fleet was removed: {who}: --force removes it all the same")
    });
    Ok((kept, refused.into_iter().collect()))
}

fn keep(found: &ListedInstance, args: &Clean, kept: &mut Runs) -> bool {
    let stays = stays(found, args);
    if stays {
        kept.insert(found.run.clone(), who(&found.life()));
    }
    stays
}

fn tell(found: &ListedInstance) {
    let (id, what, run) = (found.id.short(), &found.function, &found.run);
    terminal::print(&format!("removed {what} ({id}), fleet {run}"));
}
