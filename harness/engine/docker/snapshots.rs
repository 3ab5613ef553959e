//! Images in containerd's store, of which the engine tells neither where their layers are nor
//! how large they are unpacked.
//!
//! Both are found out without starting anything: while a container's files are being copied
//! out of it they are mounted, and the mount names the layers.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use bollard::Docker;
use bollard::models::ContainerCreateBody;
use bollard::query_parameters::DownloadFromContainerOptionsBuilder;
use futures_util::StreamExt;

use super::failure::{failed, refused};
use super::identity::Brand;
use super::{instances, run_once};
use crate::engine::EngineError;

/// The label of a container that is never started: of no run.
const RUN: &str = "looking-for-layers";

/// The folders of an image's layers, the last one first.
pub(super) async fn folders(
    docker: &Docker,
    brand: Brand,
    image: &str,
    layers: usize,
) -> Result<Vec<PathBuf>, EngineError> {
    let doing = format!("find the files of image {image}");
    let body = ContainerCreateBody {
        // Never run: an image without a command has to name one.
        entrypoint: Some(vec!["/".to_owned()]),
        ..run_once::body(image, RUN, &[], &Default::default())
    };
    let id = instances::create_body(docker, image, body).await?;
    let options = DownloadFromContainerOptionsBuilder::new().path("/").build();
    let mut files = Box::pin(docker.download_from_container(&id.0, Some(options)));
    let begun = files.next().await.transpose();
    // The rest of the files waits, and the mount with it.
    let found = mounts().find_map(|mounts| lower(&mounts, &id.0));
    drop(files);
    // Before the outcome is looked at: it goes whatever happened.
    instances::remove(docker, brand, &id).await?;
    begun.map_err(|e| failed(&doing, e))?;
    let folders = found.map(|folders| of_the_image(folders, layers));
    let seen = |all: &Vec<PathBuf>| !all.is_empty() && all.iter().all(|folder| folder.is_dir());
    folders.filter(seen).ok_or_else(|| refused(&doing, NOT_SEEN.to_owned()))
}

const NOT_SEEN: &str = "the engine keeps images in containerd's store, and no mount on this \
                        machine tells where: run this as root where the engine runs, outside any \
                        container, or have it keep images in its own store (`\"features\": \
                        {\"containerd-snapshotter\": false}` in its daemon.json)";

/// What is mounted where: here first, then in the namespaces of others, as an engine that does
/// not run as root has one of its own.
fn mounts() -> impl Iterator<Item = String> {
    let mut seen = HashSet::new();
    let others = fs::read_dir("/proc").into_iter().flatten().flatten().map(|entry| entry.path());
    std::iter::once(PathBuf::from("/proc/self")).chain(others).filter_map(move |process| {
        // What is no process has none, and what we may not see is not told.
        let namespace = fs::read_link(process.join("ns/mnt")).ok()?;
        seen.insert(namespace).then(|| fs::read_to_string(process.join("mountinfo")).ok()).flatten()
    })
}

/// The folders below the mount of a container.
fn lower(mounts: &str, id: &str) -> Option<Vec<PathBuf>> {
    let is_of = |line: &&str| line.split(' ').nth(4).is_some_and(|point| point.ends_with(id));
    let options = mounts.lines().find(is_of)?.rsplit(' ').next()?;
    let told = |name| options.split(',').find_map(|option| option.strip_prefix(name));
    // Of many layers the paths would be too long: they are told from the folder of all of them.
    let all = told("upperdir=").and_then(|upper| Path::new(upper).ancestors().nth(2));
    let all = all.unwrap_or(Path::new(""));
    Some(told("lowerdir=")?.split(':').map(|folder| all.join(folder)).collect())
}

/// Without the layer that the engine puts above an image's own for each container.
fn of_the_image(mut folders: Vec<PathBuf>, layers: usize) -> Vec<PathBuf> {
    if folders.len() == layers + 1 {
        folders.remove(0);
    }
    folders
}

/// How much an image takes unpacked, in bytes.
pub(super) async fn size(docker: &Docker, image: &str) -> Result<u64, EngineError> {
    let layers = docker.image_history(image).await;
    let layers = layers.map_err(|e| failed(&format!("ask for the layers of image {image}"), e))?;
    Ok(layers.iter().filter_map(|layer| u64::try_from(layer.size).ok()).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_are_read_from_the_mount_of_the_container_alone() {
        let mounts = "22 27 0:21 / /proc rw,relatime - proc proc rw\n\
             98 160 0:50 / /d/rootfs/overlayfs/0b rw shared:5 - overlay overlay rw,lowerdir=/d/9/fs\n\
             99 160 0:51 / /d/rootfs/overlayfs/0a rw shared:6 - overlay overlay \
             rw,lowerdir=/d/5/fs:/d/3/fs,upperdir=/d/6/fs,workdir=/d/6/work\n\
             99 160 0:51 / /d/rootfs/overlayfs/0d rw shared:6 - overlay overlay \
             rw,lowerdir=5/fs:3/fs,upperdir=/d/6/fs,workdir=/d/6/work\n";
        let found = lower(mounts, "0a").unwrap();
        assert_eq!(found, ["/d/5/fs", "/d/3/fs"].map(PathBuf::from));
        assert_eq!(of_the_image(found.clone(), 1), [PathBuf::from("/d/3/fs")]);
        assert_eq!(of_the_image(found.clone(), 2), found, "there is none of the engine's");
        assert_eq!(lower(mounts, "0d").unwrap(), found, "of many layers");
        assert_eq!(lower(mounts, "0c"), None);
        assert_eq!(lower("garbage", "0a"), None);
    }

    #[test]
    fn what_is_mounted_here_is_looked_at_before_what_others_see() {
        let points = |text: &str| {
            let lines = text.lines().filter_map(|line| line.split(' ').nth(4));
            lines.map(str::to_owned).collect::<HashSet<_>>()
        };
        let ours = fs::read_to_string("/proc/self/mountinfo").unwrap();
        let first = mounts().next().unwrap();
        // Others may mount something in between.
        assert!(points(&first).intersection(&points(&ours)).any(|point| point == "/proc"));
    }
}
