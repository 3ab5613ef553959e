//! Images: look up, pull, import, build, list, remove.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bollard::Docker;
use bollard::auth::DockerCredentials;
use bollard::models::{CreateImageInfo, ImageSummary};
use bollard::query_parameters::{
    BuildImageOptions, BuildImageOptionsBuilder, CreateImageOptions, CreateImageOptionsBuilder,
    ListImagesOptionsBuilder, RemoveImageOptions,
};
use bollard::{body_full, body_try_stream};
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use tokio::fs::File;
use tokio::io::AsyncReadExt;

use super::failure::{failed, has_status, is_not_found, refused};
use super::identity::{Brand, Identity};
use super::info::platform_of;
use super::snapshots;
use crate::engine::{
    BASE_NAMES, BUILT, BuildOutput, BuildSpec, Credentials, EngineError, FUNCTION_NAMES, Image,
    ImageConfig, LABEL_IMAGE, Login, VERSION,
};
use crate::spec::function::with_tag;
use crate::text::sanitize::{both_ends, printable_line, uncoloured};
use crate::text::units::format_size;

/// A registry that says nothing for so long is taken for unreachable.
const SILENCE: Duration = Duration::from_secs(30);

/// How much of an archive is read at a time: it is never in memory as a whole.
const CHUNK: usize = 256 * 1024;

/// How many of the last lines of a failed build are shown.
const BUILD_LINES: usize = 20;

pub(super) async fn inspect(
    docker: &Docker,
    identity: &Identity,
    reference: &str,
) -> Result<Option<Image>, EngineError> {
    let found = match docker.inspect_image(reference).await {
        Ok(found) => found,
        Err(e) if has_status(&e, 404) => return Ok(None),
        Err(e) => return Err(failed(&format!("look up image {reference}"), e)),
    };
    let size = match identity.has_snapshots {
        // What it tells is how large the image's files are as they came, often compressed.
        true => snapshots::size(docker, reference).await.ok(),
        false => None,
    };
    let told = found.size.and_then(|size| u64::try_from(size).ok());
    let config = found.config.unwrap_or_default();
    let env = config.env.unwrap_or_default();
    let env = env.iter().filter_map(|one| one.split_once('='));
    let labels = config.labels.unwrap_or_default();
    Ok(Some(Image {
        platform: platform_of(found.os.as_deref(), found.architecture.as_deref()),
        layers: found.root_fs.and_then(|root| root.layers).unwrap_or_default(),
        digest: found.id.unwrap_or_default(),
        size: size.or(told).unwrap_or(0),
        labels: labels.into_iter().collect(),
        config: ImageConfig {
            env: env.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            entrypoint: config.entrypoint.unwrap_or_default(),
            command: config.cmd.unwrap_or_default(),
            user: config.user.unwrap_or_default(),
            workdir: config.working_dir.unwrap_or_default(),
        },
    }))
}

/// The folders of an image's layers, as the storage driver tells them.
pub(super) async fn folders(
    docker: &Docker,
    identity: &Identity,
    reference: &str,
) -> Result<Vec<PathBuf>, EngineError> {
    let doing = format!("find the files of image {reference}");
    let found = docker.inspect_image(reference).await.map_err(|e| failed(&doing, e))?;
    if identity.has_snapshots {
        let layers = found.root_fs.and_then(|root| root.layers).unwrap_or_default();
        return snapshots::folders(docker, identity.brand, reference, layers.len()).await;
    }
    let storage = found.graph_driver.unwrap_or_default();
    let layers = ["UpperDir", "LowerDir"].iter().filter_map(|key| storage.data.get(*key));
    let folders: Vec<PathBuf> = layers
        .flat_map(|paths| paths.split(':'))
        .filter(|p| !p.is_empty())
        .map(PathBuf::from)
        .collect();
    if folders.is_empty() || !folders.iter().all(|folder| folder.is_dir()) {
        let message = format!(
            "storage driver `{}` does not keep them in folders of this machine: overlay2 does",
            storage.name
        );
        return Err(refused(&doing, message));
    }
    Ok(folders)
}

pub(super) async fn pull(
    docker: &Docker,
    reference: &str,
    credentials: Option<&Credentials>,
    printed: BuildOutput<'_>,
) -> Result<(), EngineError> {
    let reference = with_tag(reference);
    let doing = format!("pull {reference}");
    let options = CreateImageOptionsBuilder::new().from_image(&reference).build();
    let credentials = credentials.map(shown);
    if credentials.as_ref().is_some_and(|credentials| !can_be_passed(credentials)) {
        let message = "the registry's credentials have characters that cannot be passed on";
        return Err(refused(&doing, message.to_owned()));
    }
    let mut progress = Box::pin(docker.create_image(Some(options), None, credentials));
    loop {
        match tokio::time::timeout(SILENCE, progress.next()).await {
            Ok(Some(Ok(step))) => printed(&pulled(&step)),
            Ok(Some(Err(e))) => return Err(pull_failed(doing, e)),
            Ok(None) => return Ok(()),
            Err(_) => {
                let message = format!("the registry said nothing for {} s", SILENCE.as_secs());
                return Err(refused(&doing, message));
            }
        }
    }
}

fn shown(credentials: &Credentials) -> DockerCredentials {
    let (username, password, identitytoken) = match &credentials.login {
        Login::Password { user, password } => (Some(user.clone()), Some(password.clone()), None),
        Login::Token(token) => (None, None, Some(token.clone())),
    };
    let serveraddress = Some(credentials.server.clone());
    DockerCredentials { username, password, identitytoken, serveraddress, ..Default::default() }
}

/// bollard writes them in the alphabet of plain base64 and engines read that of URLs. The
/// two differ in two letters, and an engine takes what it cannot read for nothing at all.
fn can_be_passed(credentials: &DockerCredentials) -> bool {
    let Ok(text) = serde_json::to_string(credentials) else { return false };
    // Of plain letters it is the third of three that can become one of the two.
    let fine = |(at, byte): (usize, u8)| {
        byte.is_ascii() && !(at % 3 == 2 && matches!(byte, b'>' | b'?' | b'~' | 0x7f))
    };
    text.bytes().enumerate().all(fine)
}

/// `0123abcd: Downloading 12.0 MiB of 45.1 MiB`.
fn pulled(step: &CreateImageInfo) -> String {
    let layer = step.id.as_deref().map_or_else(String::new, |id| format!("{id}: "));
    let detail = step.progress_detail.as_ref();
    let bytes = |n: Option<i64>| n.and_then(|n| u64::try_from(n).ok()).filter(|n| *n > 0);
    let done = detail.and_then(|d| Some((bytes(d.current)?, bytes(d.total)?)));
    let done = done.map_or_else(String::new, |(current, total)| {
        format!(" {} of {}", format_size(current), format_size(total))
    });
    format!("{layer}{}{done}", step.status.as_deref().unwrap_or_default())
}

fn pull_failed(doing: String, error: bollard::errors::Error) -> EngineError {
    let not_found = is_not_found(&error);
    match failed(&doing, error) {
        EngineError::Refused { doing, message } if not_found => {
            EngineError::NotFound { doing, message }
        }
        other => other,
    }
}

pub(super) async fn import(docker: &Docker, tag: &str, archive: &Path) -> Result<(), EngineError> {
    let doing = format!("import {} as {tag}", archive.display());
    let file = File::open(archive).await.map_err(|e| refused(&doing, e.to_string()))?;
    let body = body_try_stream(chunks(file));
    let mut progress = Box::pin(docker.create_image(Some(import_options(tag)), Some(body), None));
    while let Some(step) = progress.next().await {
        step.map_err(|e| failed(&doing, e))?;
    }
    Ok(())
}

fn import_options(tag: &str) -> CreateImageOptions {
    let (repository, version) = tag.rsplit_once(':').unwrap_or((tag, "latest"));
    CreateImageOptionsBuilder::new()
        .from_src("-")
        .repo(repository)
        .tag(version)
        .changes(vec![format!("LABEL {LABEL_IMAGE}={repository}")])
        .build()
}

fn chunks(file: File) -> impl Stream<Item = io::Result<Bytes>> + Send {
    stream::try_unfold(file, |mut file| async move {
        let mut chunk = Vec::with_capacity(CHUNK);
        let read = file.read_buf(&mut chunk).await?;
        Ok((read > 0).then(|| (Bytes::from(chunk), file)))
    })
}

pub(super) async fn build(
    docker: &Docker,
    spec: &BuildSpec,
    printed: BuildOutput<'_>,
) -> Result<(), EngineError> {
    let doing = format!("build {}", spec.tag);
    let context = body_full(Bytes::from(spec.context.clone()));
    let mut steps = Box::pin(docker.build_image(build_options(spec), None, Some(context)));
    let mut last: VecDeque<String> = VecDeque::new();
    while let Some(step) = steps.next().await {
        match step {
            Ok(step) => {
                let text = step.stream.as_deref().unwrap_or_default();
                text.lines().for_each(printed);
                remember(&mut last, text);
            }
            Err(e) => return Err(with_lines(failed(&doing, e), &last)),
        }
    }
    Ok(())
}

fn build_options(spec: &BuildSpec) -> BuildImageOptions {
    let map = |from: &std::collections::BTreeMap<String, String>| -> HashMap<String, String> {
        from.iter().map(|(k, v)| (k.clone(), v.clone())).collect()
    };
    BuildImageOptionsBuilder::new()
        .t(&spec.tag)
        .buildargs(&map(&spec.arguments))
        .labels(&map(&spec.labels))
        .networkmode(if spec.network { "default" } else { "none" })
        .rm(true)
        .forcerm(true)
        .build()
}

fn remember(last: &mut VecDeque<String>, text: &str) {
    for line in text.lines().map(str::trim_end).filter(|l| !l.is_empty()) {
        // A build prints what it likes: no control characters to the terminal.
        last.push_back(both_ends(&printable_line(&uncoloured(line), usize::MAX), 400));
        if last.len() > BUILD_LINES {
            last.pop_front();
        }
    }
}

fn with_lines(error: EngineError, last: &VecDeque<String>) -> EngineError {
    match error {
        EngineError::Refused { doing, message } => {
            let lines: String = last.iter().map(|line| format!("\n  {line}")).collect();
            EngineError::Refused { doing, message: message + &lines }
        }
        gone => gone,
    }
}

pub(super) async fn list(docker: &Docker, brand: Brand) -> Result<Vec<String>, EngineError> {
    let labelled = matching(docker, "label", LABEL_IMAGE).await?;
    let ours = |image: ImageSummary| {
        let label = image.labels.get(LABEL_IMAGE).cloned().unwrap_or_default();
        let tags = image.repo_tags.into_iter().map(move |tag| plain(brand, tag));
        tags.filter(move |tag| is_ours(tag, &label))
    };
    let mut all: Vec<String> = labelled.into_iter().flat_map(ours).collect();
    let named = matching(docker, "reference", &format!("{FUNCTION_NAMES}*:{BUILT}*")).await?;
    let named = named.into_iter().flat_map(|image| image.repo_tags).map(|tag| plain(brand, tag));
    all.extend(named.filter(|tag| is_built(tag)));
    Ok(all)
}

/// A tag as it was given: podman lists one without a registry as this machine's where it was
/// loaded, and as the public one's where it was built or imported.
fn plain(brand: Brand, tag: String) -> String {
    let ours = ["localhost/", "docker.io/"].iter().find_map(|prefix| tag.strip_prefix(prefix));
    match (brand, ours) {
        (Brand::Podman, Some(plain)) => plain.to_owned(),
        _ => tag,
    }
}

async fn matching(docker: &Docker, by: &str, what: &str) -> Result<Vec<ImageSummary>, EngineError> {
    let filters = HashMap::from([(by, vec![what])]);
    let options = ListImagesOptionsBuilder::new().filters(&filters).build();
    docker.list_images(Some(options)).await.map_err(|e| failed("list the images", e))
}

/// Whether a tag is one that a build of the user's own was told to give.
fn is_built(tag: &str) -> bool {
    let version = tag.strip_prefix(FUNCTION_NAMES).and_then(|tag| tag.split_once(':'));
    version.and_then(|(_, version)| version.strip_prefix(BUILT)).is_some_and(is_version)
}

fn is_version(text: &str) -> bool {
    text.len() == VERSION && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether a tag is one that is given here to an image with such a label. An image that
/// was built from one of ours has its label, and a name of its own or none.
fn is_ours(tag: &str, label: &str) -> bool {
    let Some((name, version)) = tag.rsplit_once(':') else { return false };
    let named = match label.strip_prefix(BASE_NAMES) {
        Some(_) => name == label,
        None => name.strip_prefix(FUNCTION_NAMES) == Some(label),
    };
    named && is_version(version)
}

pub(super) async fn remove(docker: &Docker, reference: &str) -> Result<(), EngineError> {
    match docker.remove_image(reference, None::<RemoveImageOptions>, None).await {
        Ok(_) => Ok(()),
        Err(e) if has_status(&e, 404) => Ok(()),
        Err(e) => Err(failed(&format!("remove image {reference}"), e)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_read_as_it_was_given_whoever_lists_it() {
        let of = |brand, tag: &str| plain(brand, tag.to_owned());
        for listed in ["coldstart/f:1", "localhost/coldstart/f:1", "docker.io/coldstart/f:1"] {
            assert_eq!(of(Brand::Podman, listed), "coldstart/f:1");
        }
        let theirs = "localhost/coldstart/f:1";
        assert_eq!(of(Brand::Docker, theirs), theirs, "a registry of that name");
    }
}
