//! `clean`: what killed runs left behind. Touches only what carries our label or our name,
//! and of that nothing whose process lives, unless it is forced to.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};

use super::{ExitReason, info, runtime};
use crate::cli::Clean;
use crate::terminal::{self, TerminalObserver};
use coldstart::engine::docker::DockerEngine;
use coldstart::engine::oci::{Leftovers, OciEngine};
use coldstart::engine::{Engine, EngineError, ImageStore, InstanceId, ListedInstance, sockets};
use coldstart::provision::{
    Consent, Surroundings, bases, checkout, daemon, engine, images, podman,
};
use coldstart::system::maker::Life;
use coldstart::system::private::{self, Swept, Temporary};

mod fleets;

/// Removes containers and folders, and images and the private engine where asked.
pub(super) fn run(args: &Clean) -> Result<(), ExitReason> {
    let observer = TerminalObserver::default();
    runtime(false)?.block_on(async {
        let around = Surroundings { any_machine: true, ..Surroundings::read() };
        folders(&around)?;
        // Before they are swept who told of them.
        let mut others = private::used_by_the_dead(&private::folder()?)?;
        let (mut refused, mut unanswered) = (Vec::new(), None);
        match engine::find(&around, Consent::Withheld, &observer).await {
            Ok(engine) => {
                let docker = Arc::new(engine);
                others.remove(docker.address());
                // Its own instances, and those that it knows how to pass on.
                let all = OciEngine::new(docker.clone(), &around.state, &[])?;
                refused.extend(sweep(&all, &docker, args).await?);
            }
            Err(error) => {
                refused.extend(sweep_without(&around, args).await?);
                // The private one may still have to be stopped.
                unanswered = Some(error).filter(|_| !args.engine);
                info("no engine answers: swept is what was made without one");
            }
        }
        for address in &others {
            refused.extend(sweep_other(&around, address, args).await?);
        }
        if args.engine {
            refused.extend(stop_engine(&around, args).await?);
        }
        locks(&around)?;
        match (refused.is_empty(), unanswered) {
            (false, _) => Err(anyhow!(refused.join("\n")).into()),
            (true, Some(error)) => Err(error.into()),
            (true, None) => Ok(()),
        }
    })
}

/// Removes the temporary folders that killed processes left, and checkouts that nobody uses.
fn folders(around: &Surroundings) -> Result<()> {
    let private = private::folder()?;
    let all = [
        checkout::sweep()?,
        Temporary::sweep(&private, sockets::KIND)?,
        Temporary::sweep(&around.state, bases::ARCHIVES)?,
    ];
    for Swept { removed, kept } in all {
        for path in removed {
            terminal::print(&format!("removed {}, which a killed process left", path.display()));
        }
        for (path, why) in kept {
            terminal::print(&format!("kept {}: {why}; remove it by hand", path.display()));
        }
    }
    images::forget(&around.state)?;
    let forgotten = checkout::forget(&around.state)?;
    if forgotten > 0 {
        terminal::print(&format!("removed the checkouts that were kept: {forgotten}"));
    }
    Ok(())
}

/// Removes the files of locks that nobody holds. Nobody waits for one that is gone.
fn locks(around: &Surroundings) -> Result<()> {
    let (private, state) = (private::folder()?, &around.state);
    for path in [private::sweep_locks(&private)?, private::sweep_locks(state)?].concat() {
        terminal::debug(&format!("removed {}, which nobody holds", path.display()));
    }
    Ok(())
}

/// What uses an engine: runs that are there, each with what is known of its process.
type Runs = BTreeMap<String, String>;

/// Removes what dead runs left on an engine, and what they left without it; returns what was
/// asked for and refused.
async fn sweep(
    engine: &OciEngine<DockerEngine>,
    docker: &DockerEngine,
    args: &Clean,
) -> Result<Vec<String>, ExitReason> {
    // First who measures: of what it made it is the maker.
    let (fleets, mut refused) = fleets::sweep(docker, args).await?;
    let found = engine.instances(args.run.as_deref()).await?;
    tell_none(&found);
    let remove = async |id: &InstanceId| engine.remove(id).await;
    let (kept, told) = sweep_instances(found, remove, args).await?;
    refused.extend(told);
    let mut users = users(docker.private(), docker.key())?;
    users.extend(fleets);
    users.extend(kept);
    if users.is_empty() {
        in_common(engine.leftovers())?;
    }
    match (args.images, args.force || users.is_empty()) {
        (true, true) => remove_images(docker).await?,
        (true, false) => refused.push(in_use("the images", &users)),
        (false, _) => {}
    }
    Ok(refused)
}

/// Removes what dead runs left on an engine that they used, and nobody names now: one of
/// several daemons, say.
async fn sweep_other(
    around: &Surroundings,
    address: &str,
    args: &Clean,
) -> Result<Vec<String>, ExitReason> {
    let certificates = around.certificates();
    let Ok(engine) = DockerEngine::connect_by(address, certificates.as_deref()).await else {
        terminal::debug(&format!("{address} does not answer: a run that is gone used it"));
        return Ok(Vec::new());
    };
    let found = engine.instances(args.run.as_deref()).await?;
    if !found.is_empty() {
        terminal::print(&format!("at {address}, which a run used that is gone:"));
    }
    let remove = async |id: &InstanceId| engine.remove(id).await;
    let (_, refused) = sweep_instances(found, remove, args).await?;
    // Images go from the engine that is meant, and from no other that was used once.
    Ok(refused)
}

/// The same where no engine answers: what was made without one.
async fn sweep_without(around: &Surroundings, args: &Clean) -> Result<Vec<String>, ExitReason> {
    let left = Leftovers::of(&around.state);
    let found = left.list(args.run.as_deref())?;
    tell_none(&found);
    let remove = async |id: &InstanceId| left.remove(id).await;
    let (kept, refused) = sweep_instances(found, remove, args).await?;
    // Of whichever engine: who lives may be about to use it.
    let living = private::living(&private::folder()?).context("looking for runs that live")?;
    if kept.is_empty() && living.is_empty() {
        in_common(&left)?;
    }
    Ok(refused)
}

fn tell_none(found: &[ListedInstance]) {
    if found.is_empty() {
        terminal::print("no container carries our label");
    }
}

/// Removes instances of dead runs; returns what uses the others, and what was refused.
async fn sweep_instances(
    found: Vec<ListedInstance>,
    remove: impl AsyncFn(&InstanceId) -> Result<(), EngineError>,
    args: &Clean,
) -> Result<(Runs, Vec<String>), ExitReason> {
    let (kept, left): (Vec<_>, Vec<_>) = found.into_iter().partition(|f| stays(f, args));
    for found in &left {
        remove(&found.id).await?;
        let (id, of, run) = (found.id.short(), &found.function, &found.run);
        terminal::print(&format!("removed container {id} of `{of}`, run {run}"));
    }
    let kept: Runs = kept.iter().map(|f| (f.run.clone(), who(&f.life()))).collect();
    for (run, who) in &kept {
        terminal::print(&format!(
            "kept the containers of run {run}: {who}; wait for its end, or take them from it \
             with --force"
        ));
    }
    let refused = args.run.as_ref().and_then(|run| kept.get(run)).map(|who| {
        format!("nothing of the run was removed: {who}: --force removes it all the same")
    });
    Ok((kept, refused.into_iter().collect()))
}

/// Removes what instances without a daemon had in common.
fn in_common(left: &Leftovers) -> Result<(), EngineError> {
    for what in left.sweep()? {
        terminal::print(&format!("removed {what}"));
    }
    Ok(())
}

fn stays(found: &ListedInstance, args: &Clean) -> bool {
    !args.force && found.life() != Life::Dead
}

fn who(life: &Life) -> String {
    match life {
        Life::Alive(pid) => format!("process {pid} lives"),
        Life::Dead => "its process is gone".to_owned(),
        Life::Unknown(why) => format!("whether its process lives cannot be told: {why}"),
    }
}

/// Who uses an engine now, containers or not, as far as this user may know.
fn users(private: &std::path::Path, engine: &str) -> Result<Runs> {
    let living = private::living(private).context("looking for runs that live")?;
    let here = living.into_iter().filter(|living| living.engines.iter().any(|one| one == engine));
    Ok(here.map(|living| (living.run, who(&Life::Alive(living.pid)))).collect())
}

fn in_use(what: &str, users: &Runs) -> String {
    let users: Vec<String> = users.iter().map(|(run, who)| format!("run {run} ({who})")).collect();
    format!("{what} stayed, in use by {}: wait for its end, or --force", users.join(", "))
}

/// Stops the private engine, unless a run that lives uses it.
async fn stop_engine(around: &Surroundings, args: &Clean) -> Result<Option<String>> {
    let mut users = Runs::new();
    for socket in [around.private_socket(), around.podman_socket()] {
        // Nobody uses what does not answer.
        if let Ok(engine) = DockerEngine::connect(&format!("unix://{}", socket.display())).await {
            users.extend(self::users(engine.private(), engine.key())?);
        }
    }
    if !args.force && !users.is_empty() {
        return Ok(Some(in_use("the private engine", &users)));
    }
    let stopped = daemon::stop_private(around).await? | podman::stop_private(around).await?;
    terminal::print(if stopped { "stopped the private engine" } else { "no private engine runs" });
    Ok(None)
}

/// Removes what carries our label, in as many passes as it takes: an image goes
/// only after those that were made from it.
async fn remove_images(engine: &DockerEngine) -> Result<(), EngineError> {
    let mut last = Vec::new();
    loop {
        let images = engine.images().await?;
        if images.is_empty() {
            return Ok(());
        }
        let stuck = images == last;
        for image in &images {
            match engine.remove_image(image).await {
                Ok(()) => terminal::print(&format!("removed image {image}")),
                Err(error) if stuck => return Err(error),
                Err(_) => {}
            }
        }
        if stuck {
            return Ok(());
        }
        last = images;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use coldstart::system::maker::Maker;

    fn found(maker: Option<&str>) -> ListedInstance {
        ListedInstance {
            id: InstanceId("a".to_owned()),
            run: "r".to_owned(),
            function: "f".to_owned(),
            maker: maker.and_then(Maker::parse),
            running: true,
        }
    }

    /// It destroyed runs that were under way.
    #[test]
    fn containers_of_a_living_run_and_of_one_nobody_knows_stay_unless_forced() {
        let (own, other) = (Maker::own().to_string(), "fffffffffffffff-1-1");
        let world = own.split('-').next().unwrap();
        // Of this number there is a process, and it is another one.
        let dead = format!("{world}-1-1");
        let args = |force| Clean { engine: false, run: None, images: false, force };
        for (maker, stayed) in
            [(Some(own.as_str()), true), (Some(other), true), (None, true), (Some(&dead), false)]
        {
            assert_eq!(stays(&found(maker), &args(false)), stayed, "{maker:?}");
            assert!(!stays(&found(maker), &args(true)), "{maker:?}");
        }
    }
}
