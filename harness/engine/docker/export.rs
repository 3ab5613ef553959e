//! The root file system of an image as an archive, read out of a container that never starts.

use std::collections::BTreeMap;
use std::path::Path;

use bollard::Docker;
use bollard::models::ContainerCreateBody;
use futures_util::StreamExt;
use tokio::io::AsyncWriteExt;

use super::failure::{failed, refused};
use super::identity::Brand;
use super::{instances, run_once};
use crate::engine::{EngineError, InstanceId};

/// Writes it to a file.
pub(super) async fn write(
    docker: &Docker,
    brand: Brand,
    image: &str,
    run: &str,
    to: &Path,
) -> Result<(), EngineError> {
    let doing = format!("export image {image}");
    let body = ContainerCreateBody {
        // Never run: an image without a command has to name one.
        entrypoint: Some(vec!["/".to_owned()]),
        ..run_once::body(image, run, &[], &BTreeMap::new())
    };
    let id = instances::create_body(docker, image, body).await?;
    let written = archive(docker, &id, to, &doing).await;
    // Before the outcome is looked at: it goes whatever happened.
    instances::remove(docker, brand, &id).await?;
    written
}

async fn archive(
    docker: &Docker,
    id: &InstanceId,
    to: &Path,
    doing: &str,
) -> Result<(), EngineError> {
    let own = |e: std::io::Error| refused(doing, format!("{}: {e}", to.display()));
    let mut file = tokio::fs::File::create(to).await.map_err(own)?;
    let mut pieces = Box::pin(docker.export_container(&id.0));
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|e| failed(doing, e))?;
        file.write_all(&piece).await.map_err(own)?;
    }
    file.flush().await.map_err(own)
}
