//! `clean`: what killed runs left behind. Touches only what carries our label.

use super::{Failure, runtime, say};
use crate::cli::Clean;
use crate::engine::Engine;
use crate::engine::docker::DockerEngine;
use crate::provision::{Consent, Surroundings, daemon, engine};

/// Removes containers, and images and the private engine where asked.
pub(super) fn run(args: &Clean) -> Result<(), Failure> {
    runtime(false)?.block_on(async {
        let around = Surroundings::read();
        match engine::find(&around, Consent::Withheld, &say).await {
            Ok(engine) => sweep(&engine, args).await?,
            // Where no engine answers there is nothing to sweep, and the private
            // one may still have to be stopped.
            Err(error) if args.engine => say(&format!("nothing to sweep: {error:#}")),
            Err(error) => return Err(error.into()),
        }
        if args.engine {
            let stopped = daemon::stop_private(&around).await?;
            println!(
                "{}",
                if stopped { "stopped the private engine" } else { "no private engine runs" }
            );
        }
        Ok(())
    })
}

async fn sweep(engine: &DockerEngine, args: &Clean) -> Result<(), Failure> {
    let left = engine.instances(args.run.as_deref()).await?;
    for found in &left {
        engine.remove(&found.id).await?;
        println!(
            "removed container {} of `{}`, run {}",
            found.id.short(),
            found.function,
            found.run
        );
    }
    if left.is_empty() {
        println!("no container carries our label");
    }
    if args.images {
        for image in engine.images().await? {
            engine.remove_image(&image).await?;
            println!("removed image {image}");
        }
    }
    Ok(())
}
