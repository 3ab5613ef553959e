//! `image`: this program as an image.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::Path;

use anyhow::{Context, Result, anyhow};

use super::{ExitReason, info, runtime, stdout};
use crate::cli::Image;
use crate::terminal::TerminalObserver;
use coldstart::engine::ImageStore;
use coldstart::provision::own_image::{self, OwnImage};
use coldstart::provision::{Consent, Surroundings, engine};
use coldstart::spec::function::is_reference;
use coldstart::text::units::format_size;

/// What makes a static one, from the project's folder.
const HOW: &str = "make one that is with `cargo run --profile image --target \
                   x86_64-unknown-linux-musl -- image` (first `rustup target add \
                   x86_64-unknown-linux-musl`), or name one with --program";

/// Loads it, or writes its archive; prints its id.
pub(super) fn run(args: &Image) -> Result<(), ExitReason> {
    let name = args.tag.clone().unwrap_or_else(own_image::name);
    if !is_reference(&name) {
        return Err(ExitReason::Usage(anyhow!("--tag: `{name}` is no name of an image")));
    }
    let program = match &args.program {
        Some(file) => file.clone(),
        None => std::env::current_exe().context("finding this program's own file")?,
    };
    let bytes = fs::read(&program).with_context(|| format!("cannot read {}", program.display()))?;
    let image = OwnImage::of(&bytes).map_err(|why| {
        anyhow!("{} cannot be an image by itself: {why}; {HOW}", program.display())
    })?;
    match &args.out {
        Some(file) => write(&image, &name, file)?,
        None => load(&image, &name)?,
    }
    info(&format!("{name}, {}", format_size(image.size())));
    Ok(stdout::result(&format!("{}\n", image.id()))?)
}

fn write(image: &OwnImage, name: &str, to: &Path) -> Result<()> {
    let made = File::create_new(to).with_context(|| format!("cannot create {}", to.display()))?;
    image.write(name, BufWriter::new(made)).with_context(|| format!("writing {}", to.display()))
}

fn load(image: &OwnImage, name: &str) -> Result<(), ExitReason> {
    let mut archive = Vec::new();
    image.write(name, &mut archive).context("making the image's archive")?;
    runtime(false)?.block_on(async {
        let observer = TerminalObserver::default();
        let engine = engine::find(&Surroundings::read(), Consent::Withheld, &observer).await?;
        engine.load(archive).await?;
        // Under the name that was given, whatever the engine calls it by.
        match engine.image(name).await? {
            Some(_) => Ok(()),
            None => Err(anyhow!("the engine took the image, and has none named `{name}`").into()),
        }
    })
}
