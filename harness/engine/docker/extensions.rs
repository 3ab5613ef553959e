//! The external extensions that an image has, read out of a container that never starts.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Seek, Write};

use bollard::Docker;
use bollard::models::ContainerCreateBody;
use bollard::query_parameters::DownloadFromContainerOptionsBuilder;
use futures_util::StreamExt;
use tar::Archive;

use super::failure::{failed, has_status, refused};
use super::identity::Brand;
use super::{instances, run_once};
use crate::engine::{EXTENSIONS, EngineError, InstanceId};

/// The most that is read of them, in bytes: the most that an image of AWS Lambda unpacks to.
const MOST: u64 = 10 << 30;

pub(super) async fn list(
    docker: &Docker,
    brand: Brand,
    image: &str,
    run: &str,
) -> Result<Vec<String>, EngineError> {
    let doing = format!("look for extensions in {image}");
    let body = ContainerCreateBody {
        // Never run: an image without a command has to name one.
        entrypoint: Some(vec![EXTENSIONS.to_owned()]),
        ..run_once::body(image, run, &[], &BTreeMap::new())
    };
    let id = instances::create_body(docker, image, body).await?;
    let found = archive(docker, &id, &doing).await;
    // Before the outcome is looked at: it goes whatever happened.
    instances::remove(docker, brand, &id).await?;
    let Some(archive) = found? else { return Ok(Vec::new()) };
    names(archive).map_err(|e| refused(&doing, e.to_string()))
}

/// The folder as an archive, on disk; none where the image has no such folder.
async fn archive(
    docker: &Docker,
    id: &InstanceId,
    doing: &str,
) -> Result<Option<File>, EngineError> {
    let own = |e: std::io::Error| refused(doing, e.to_string());
    let mut file = tempfile::tempfile().map_err(own)?;
    let mut length = 0;
    let options = DownloadFromContainerOptionsBuilder::new().path(EXTENSIONS).build();
    let mut pieces = Box::pin(docker.download_from_container(&id.0, Some(options)));
    while let Some(piece) = pieces.next().await {
        let piece = match piece {
            Err(e) if has_status(&e, 404) => return Ok(None),
            piece => piece.map_err(|e| failed(doing, e))?,
        };
        length += piece.len() as u64;
        if length > MOST {
            return Err(refused(doing, format!("more than {} GiB", MOST >> 30)));
        }
        file.write_all(&piece).map_err(own)?;
    }
    file.rewind().map_err(own)?;
    Ok(Some(file))
}

/// What stands in the folder itself and is no folder, by name.
fn names(archive: File) -> std::io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in Archive::new(archive).entries_with_seek()? {
        let entry = entry?;
        let path = entry.path()?;
        let mut parts = path.components().skip(1);
        if let (Some(name), None, false) =
            (parts.next(), parts.next(), entry.header().entry_type().is_dir())
        {
            names.push(name.as_os_str().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}
