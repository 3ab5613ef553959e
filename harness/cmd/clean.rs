//! `clean`: what killed runs left behind. Touches only what carries our label.

use super::voice::{self, Aloud};
use super::{Failure, runtime, say};
use crate::cli::Clean;
use crate::engine::docker::DockerEngine;
use crate::engine::sockets;
use crate::engine::{Engine, EngineError, ImageStore};
use crate::provision::{Consent, Surroundings, daemon, engine};

/// Removes containers, and images and the private engine where asked.
pub(super) fn run(args: &Clean) -> Result<(), Failure> {
    runtime(false)?.block_on(async {
        let around = Surroundings::read();
        match engine::find(&around, Consent::Withheld, &Aloud).await {
            Ok(engine) => sweep(&engine, args).await?,
            // Where no engine answers there is nothing to sweep, and the private
            // one may still have to be stopped.
            Err(error) if args.engine => say(&format!("nothing to sweep: {error:#}")),
            Err(error) => return Err(error.into()),
        }
        if args.engine {
            let stopped = daemon::stop_private(&around).await?;
            voice::print(if stopped {
                "stopped the private engine"
            } else {
                "no private engine runs"
            });
        }
        Ok(())
    })
}

async fn sweep(engine: &DockerEngine, args: &Clean) -> Result<(), Failure> {
    let left = engine.instances(args.run.as_deref()).await?;
    for found in &left {
        engine.remove(&found.id).await?;
        let (id, of, run) = (found.id.short(), &found.function, &found.run);
        voice::print(&format!("removed container {id} of `{of}`, run {run}"));
    }
    if left.is_empty() {
        voice::print("no container carries our label");
    }
    match sockets::remove_left_over()? {
        0 => {}
        n => voice::print(&format!("removed {n} folders of sockets that killed runs left")),
    }
    if args.images {
        remove_images(engine).await?;
    }
    Ok(())
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
                Ok(()) => voice::print(&format!("removed image {image}")),
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
