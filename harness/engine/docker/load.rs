//! Images out of an archive, as `docker save` and this program write them.

use bollard::errors::Error;
use bollard::models::BuildInfo;
use bollard::query_parameters::ImportImageOptions;
use bollard::{body_full, body_try_stream};
use bytes::Bytes;
use futures_util::{Stream, StreamExt, TryStreamExt};

use super::DockerEngine;
use super::failure::failed;
use crate::engine::EngineError;

impl DockerEngine {
    /// Loads an archive of images.
    ///
    /// # Errors
    /// When the engine cannot read it, or has no room for it.
    pub async fn load(&self, archive: Vec<u8>) -> Result<(), EngineError> {
        let body = body_full(Bytes::from(archive));
        let steps = self.docker.import_image(ImportImageOptions::default(), body, None);
        to_the_end("load an image", steps).await
    }

    /// Takes an image from another engine, as that has it. It is never in memory as a whole.
    ///
    /// # Errors
    /// When one of both fails, or there is no room for it.
    pub async fn take(&self, reference: &str, from: &Self) -> Result<(), EngineError> {
        let doing = format!("take image {reference} from the engine at {}", from.address);
        let pieces = from.docker.export_image(reference).map_err(std::io::Error::other);
        let body = body_try_stream(pieces);
        let steps = self.docker.import_image(ImportImageOptions::default(), body, None);
        to_the_end(&doing, steps).await
    }
}

async fn to_the_end(
    doing: &str,
    steps: impl Stream<Item = Result<BuildInfo, Error>>,
) -> Result<(), EngineError> {
    let mut steps = Box::pin(steps);
    while let Some(step) = steps.next().await {
        step.map_err(|e| failed(doing, e))?;
    }
    Ok(())
}
