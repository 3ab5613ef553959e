//! Images: what an engine knows of one, and the trait of those that keep them.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::{Path, PathBuf};

use super::{Engine, EngineError};

/// An image that the engine has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Image {
    /// Its content address, `sha256:...`.
    pub digest: String,
    /// Bytes on disk, all layers.
    pub size: u64,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// What it says of how it is started.
    pub config: ImageConfig,
    /// What it runs on, such as `linux/amd64`; empty where that is not told.
    pub platform: String,
    /// The digests of its layers, unpacked; none where they are not told.
    pub layers: Vec<String>,
}

impl Image {
    /// Whether what is started from it is the same: engines that keep images in another way
    /// know the same one by another digest.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let told = !self.layers.is_empty() && self.layers == other.layers;
        self.digest == other.digest || (told && self.config == other.config)
    }
}

/// What an image says of how it is started.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageConfig {
    /// Its environment.
    pub env: BTreeMap<String, String>,
    /// Its entrypoint.
    pub entrypoint: Vec<String>,
    /// Its command.
    pub command: Vec<String>,
    /// Whom it is started as; empty for the first of all users.
    pub user: String,
    /// The folder that it is started in; empty for the root.
    pub workdir: String,
}

/// What a registry is shown, so that it gives an image.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The registry that they are for.
    pub server: String,
    /// What they are.
    pub login: Login,
}

/// What somebody is known by.
#[derive(Clone, PartialEq, Eq)]
pub enum Login {
    /// A user and a password.
    Password {
        /// Who.
        user: String,
        /// The secret.
        password: String,
    },
    /// A token that stands for both.
    Token(String),
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Secrets are in no message and in no log.
        write!(f, "Credentials for {}", self.server)
    }
}

/// An image build.
#[derive(Debug, Clone)]
pub struct BuildSpec {
    /// The tag to give it.
    pub tag: String,
    /// The build context as a tar archive with a `Dockerfile`.
    pub context: Vec<u8>,
    /// Build arguments.
    pub arguments: BTreeMap<String, String>,
    /// Labels of the image.
    pub labels: BTreeMap<String, String>,
    /// Whether its steps have a network.
    pub network: bool,
}

/// Takes the lines that an engine prints while it pulls or builds.
pub type BuildOutput<'a> = &'a (dyn Fn(&str) + Send + Sync);

/// An engine that keeps images. Nothing of this is called while something is
/// timed.
pub trait ImageStore: Engine {
    /// Looks an image up; none when the engine does not have it.
    fn image(
        &self,
        reference: &str,
    ) -> impl Future<Output = Result<Option<Image>, EngineError>> + Send;

    /// Pulls one image (that with the tag `latest` where none is written), and passes on
    /// what the engine prints meanwhile, untamed. [`EngineError::NotFound`] when the
    /// registry can be reached, and does not have it.
    fn pull(
        &self,
        reference: &str,
        credentials: Option<&Credentials>,
        printed: BuildOutput<'_>,
    ) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// Imports a root file system, a tar archive on disk, as an image, with the
    /// label [`LABEL_IMAGE`](super::LABEL_IMAGE).
    fn import(
        &self,
        tag: &str,
        archive: &Path,
    ) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// Builds an image, and passes on what the build prints, untamed.
    /// On failure the message ends with the
    /// last lines of the build.
    fn build(
        &self,
        spec: &BuildSpec,
        printed: BuildOutput<'_>,
    ) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// Runs a command in a fresh container of an image, without network, with more variables
    /// than the image's, and returns what it printed (both streams). The container carries
    /// [`LABEL_RUN`](super::LABEL_RUN) and is removed.
    fn run_once(
        &self,
        image: &str,
        run: &str,
        command: &[String],
        env: &BTreeMap<String, String>,
    ) -> impl Future<Output = Result<String, EngineError>> + Send;

    /// The external extensions of an image, by the names of their files.
    fn extensions(
        &self,
        image: &str,
        run: &str,
    ) -> impl Future<Output = Result<Vec<String>, EngineError>> + Send;

    /// The folders on this machine that hold an image's files, a folder a layer.
    /// [`EngineError::Refused`] where they cannot be found.
    fn image_folders(
        &self,
        reference: &str,
    ) -> impl Future<Output = Result<Vec<PathBuf>, EngineError>> + Send;

    /// Writes the root file system of an image, its layers as one, to a file: a tar archive.
    /// The container that it takes carries [`LABEL_RUN`](super::LABEL_RUN) and is removed.
    fn export(
        &self,
        image: &str,
        run: &str,
        to: &Path,
    ) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// What images run on here, such as `linux/amd64`.
    fn platform(&self) -> impl Future<Output = Result<String, EngineError>> + Send;

    /// Every image that bears our name and [`LABEL_IMAGE`](super::LABEL_IMAGE), or the tag
    /// of a build of the user's own ([`BUILT`](super::BUILT)), by reference: an image that
    /// somebody built from one of ours has the label too, and is not among them.
    fn images(&self) -> impl Future<Output = Result<Vec<String>, EngineError>> + Send;

    /// Removes an image.
    fn remove_image(&self, reference: &str)
    -> impl Future<Output = Result<(), EngineError>> + Send;
}

/// An engine whose instances can be watched and heard from their beginning. Nothing of this
/// is called while something is timed.
pub trait Watchable: ImageStore {
    /// Where the root file system of an instance is mounted while it runs; none where that is
    /// not told.
    fn root_folder(
        &self,
        id: &super::InstanceId,
    ) -> impl Future<Output = Result<Option<PathBuf>, EngineError>> + Send;

    /// Has so many bytes kept of what instances write that are started from now on, where it
    /// is not all kept anyway.
    fn keep_output(&self, _most: usize) {}

    /// What an instance wrote, as far as it is kept, at most so many bytes from its beginning:
    /// hostile. The beginning of its id is enough, as a row has it.
    fn whole_output(
        &self,
        id: &super::InstanceId,
        most: usize,
    ) -> impl Future<Output = Result<Vec<u8>, EngineError>> + Send;
}

/// The calls of [`ImageStore`], each passed on to the field that keeps the images.
macro_rules! images_are_kept_by {
    ($field:ident) => {
        $crate::engine::images_are_kept_by! { $field but folders }
        $crate::engine::images_are_kept_by! { $field:
            image_folders(reference: &str) -> Vec<std::path::PathBuf>;
        }
    };
    ($field:ident but folders) => {
        $crate::engine::images_are_kept_by! { $field:
            image(reference: &str) -> Option<$crate::engine::Image>;
            pull(
                reference: &str,
                login: Option<&$crate::engine::Credentials>,
                printed: $crate::engine::BuildOutput<'_>
            ) -> ();
            import(tag: &str, archive: &std::path::Path) -> ();
            build(
                spec: &$crate::engine::BuildSpec,
                printed: $crate::engine::BuildOutput<'_>
            ) -> ();
            run_once(
                image: &str,
                run: &str,
                command: &[String],
                env: &std::collections::BTreeMap<String, String>
            ) -> String;
            extensions(image: &str, run: &str) -> Vec<String>;
            export(image: &str, run: &str, to: &std::path::Path) -> ();
            platform() -> String;
            images() -> Vec<String>;
            remove_image(reference: &str) -> ();
        }
    };
    ($field:ident: $($call:ident($($argument:ident: $type:ty),*) -> $result:ty;)*) => {
        $(async fn $call(
            &self,
            $($argument: $type),*
        ) -> Result<$result, $crate::engine::EngineError> {
            self.$field.$call($($argument),*).await
        })*
    };
}
pub(crate) use images_are_kept_by;
