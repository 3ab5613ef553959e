//! Images that one engine has, handed to another that takes turns with it.

use std::collections::BTreeMap;

use anyhow::{Context, Result, anyhow};

use crate::engine::docker::DockerEngine;
use crate::engine::{EngineError, Image, ImageStore};
use crate::observer::{Observer, Work};
use crate::store::FunctionRecord;

/// Makes sure that another engine has the same images of functions, not others by the same
/// recipe: what takes turns is to be the same. Gives what it calls them, by their digests,
/// where that is something else.
///
/// # Errors
/// Names the function whose image cannot be handed over.
pub async fn handed(
    from: &DockerEngine,
    (name, to): (&str, &DockerEngine),
    records: &[FunctionRecord],
    observer: &dyn Observer,
) -> Result<BTreeMap<String, String>> {
    let mut called = BTreeMap::new();
    for record in records {
        let one = hand(from, (name, to), record, observer).await;
        let image = one.with_context(|| format!("function `{}`", record.name))?;
        if image.digest != record.digest {
            called.insert(record.digest.clone(), image.digest);
        }
    }
    Ok(called)
}

async fn hand(
    from: &DockerEngine,
    (name, to): (&str, &DockerEngine),
    FunctionRecord { image, digest, .. }: &FunctionRecord,
    observer: &dyn Observer,
) -> Result<Image> {
    let wanted = from.image(digest).await?;
    let wanted = wanted.ok_or_else(|| anyhow!("{} has lost image {image}", from.address()))?;
    if let Some(there) = same(to, image, &wanted).await? {
        return Ok(there);
    }
    let work = Work::begin(observer, &format!("handing {image} to `{name}`"));
    work.watch(to.take(image, from), || None).await?;
    let there = same(to, image, &wanted).await?;
    there.ok_or_else(|| anyhow!("`{name}` took another image as {image}"))
}

/// The image, by its digest or by its name, where it is the same.
async fn same(
    engine: &DockerEngine,
    name: &str,
    wanted: &Image,
) -> Result<Option<Image>, EngineError> {
    for reference in [wanted.digest.as_str(), name] {
        if let Some(found) = engine.image(reference).await?
            && found.is_same(wanted)
        {
            return Ok(Some(found));
        }
    }
    Ok(None)
}
