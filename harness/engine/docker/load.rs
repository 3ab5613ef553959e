//! Images out of an archive, as `docker save` and this program write them.

use bollard::body_full;
use bollard::query_parameters::ImportImageOptions;
use bytes::Bytes;
use futures_util::StreamExt;

use super::DockerEngine;
use super::failure::failed;
use crate::engine::EngineError;

impl DockerEngine {
    /// Loads an archive of images.
    ///
    /// # Errors
    /// When the engine cannot read it, or has no room for it.
    pub async fn load(&self, archive: Vec<u8>) -> Result<(), EngineError> {
        let doing = "load an image";
        let body = body_full(Bytes::from(archive));
        let mut steps =
            Box::pin(self.docker.import_image(ImportImageOptions::default(), body, None));
        while let Some(step) = steps.next().await {
            step.map_err(|e| failed(doing, e))?;
        }
        Ok(())
    }
}
