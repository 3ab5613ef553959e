//! Base images: present, else pulled by digest, else bootstrapped.

use futures_util::{StreamExt, stream};
use sha2::{Digest, Sha256};
use tokio::sync::Mutex;

use super::command::is_root;
use super::{Consent, HOW_TO_CONSENT, ProvisionError, Surroundings, bootstrap, credentials, hex};
use crate::engine::{BASE_NAMES, EngineError, ImageStore, VERSION};
use crate::observer::{Observer, Work};
use crate::spec::function::{Base, is_id, with_tag};
use crate::store::Origin;
use crate::system::private::Temporary;

/// What the name of a folder for an archive begins with, within the state folder: a killed
/// process leaves it.
pub const ARCHIVES: &str = "archive-";

/// How many bootstraps run at once: more only wait for the disk.
const AT_ONCE: usize = 2;

/// A base image that the engine has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseImage {
    /// What to call it in a build.
    pub reference: String,
    /// Its content address.
    pub digest: String,
    /// Where it came from.
    pub origin: Origin,
}

/// Gets base images, and remembers for as long as it lives that no registry can
/// be reached: one base waits for it, not each. That a registry lacks one base
/// says nothing about the next.
pub struct Bases<'a> {
    around: &'a Surroundings,
    consent: Consent,
    observer: &'a dyn Observer,
    /// Why no registry can be reached.
    registry: Mutex<Option<String>>,
    /// Held while what bootstraps is installed; whether it was told that it is.
    installing: Mutex<bool>,
}

impl<'a> Bases<'a> {
    /// What may be done to get them, and who is told.
    #[must_use]
    pub fn new(around: &'a Surroundings, consent: Consent, observer: &'a dyn Observer) -> Self {
        Self {
            around,
            consent,
            observer,
            registry: Mutex::new(None),
            installing: Mutex::new(false),
        }
    }

    /// Where what outlives a run is kept.
    #[must_use]
    pub fn state(&self) -> &'a std::path::Path {
        &self.around.state
    }

    /// Who is told.
    #[must_use]
    pub fn observer(&self) -> &'a dyn Observer {
        self.observer
    }

    /// What may be done.
    pub(super) fn consent(&self) -> Consent {
        self.consent
    }

    /// The machine and its settings.
    pub(super) fn around(&self) -> &'a Surroundings {
        self.around
    }

    /// Gets an image that is used as it is: present, else pulled.
    ///
    /// # Errors
    /// [`ProvisionError::Missing`] when it is not there and no registry gives it.
    pub async fn fetch(
        &self,
        engine: &impl ImageStore,
        reference: &str,
    ) -> Result<(), ProvisionError> {
        if engine.image(reference).await?.is_some() {
            return Ok(());
        }
        if is_id(reference) {
            return Err(ProvisionError::Missing {
                missing: format!("image `{reference}` is not on the engine"),
                cure: "an id cannot be pulled: name the image by its repository".to_owned(),
            });
        }
        let tagged = with_tag(reference);
        let work = Work::begin(self.observer, &format!("pulling {tagged}"));
        self.pull_with_credentials(engine, &tagged, &work).await.map_err(|(_, reason)| {
            let missing =
                format!("image `{tagged}` is not on the engine, and no registry gave it: {reason}");
            ProvisionError::Missing { missing, cure: by_hand(&tagged) }
        })
    }

    /// Pulls with what the client's configuration has for the registry. What is told of a
    /// failure says why that could not be used.
    async fn pull_with_credentials(
        &self,
        engine: &impl ImageStore,
        reference: &str,
        work: &Work<'_>,
    ) -> Result<(), (EngineError, String)> {
        let (credentials, unusable) = match credentials::find(self.around, reference).await {
            Ok(credentials) => (credentials, String::new()),
            Err(why) => (None, format!("; no credentials were shown: {why}")),
        };
        let heard = |line: &str| work.printed(line);
        let pull = engine.pull(reference, credentials.as_ref(), &heard);
        work.watch(pull, || None).await.map_err(|error| {
            let reason = format!("{error}{unusable}");
            (error, reason)
        })
    }

    /// Gets several, some at once. The order is kept.
    ///
    /// # Errors
    /// The first failure, once all have ended.
    pub async fn ensure_all(
        &self,
        engine: &impl ImageStore,
        bases: &[Base],
    ) -> Result<Vec<BaseImage>, ProvisionError> {
        let each: Vec<_> = bases.iter().map(|base| self.ensure(engine, base)).collect();
        let done: Vec<_> = stream::iter(each).buffered(AT_ONCE).collect().await;
        done.into_iter().collect()
    }

    /// Gets one.
    ///
    /// # Errors
    /// [`ProvisionError::Missing`] when it would have to be bootstrapped and may
    /// not be.
    pub async fn ensure(
        &self,
        engine: &impl ImageStore,
        base: &Base,
    ) -> Result<BaseImage, ProvisionError> {
        if let Some(image) = present(engine, base).await? {
            return Ok(image);
        }
        if let Err(reason) = self.pull(engine, base).await {
            self.check(base, &reason)?;
            self.bootstrap(engine, base).await?;
        }
        present(engine, base).await?.ok_or_else(|| {
            ProvisionError::failed(
                format!("get base `{}`", base.name),
                "it is not there afterwards",
            )
        })
    }

    /// Tries the registry, unless it was out of reach before. One at a time: the wait
    /// for a dead one is shared.
    async fn pull(&self, engine: &impl ImageStore, base: &Base) -> Result<(), String> {
        let mut unusable = self.registry.lock().await;
        if let Some(reason) = unusable.as_ref() {
            return Err(reason.clone());
        }
        let work = Work::begin(self.observer, &format!("pulling base `{}`", base.name));
        self.observer.debug(&format!("pulling {}", base.pull));
        let pulled = self.pull_with_credentials(engine, &base.pull, &work).await;
        pulled.map_err(|(error, reason)| {
            self.observer.debug(&format!("no registry gave base `{}`: {reason}", base.name));
            if !matches!(error, EngineError::NotFound { .. }) {
                *unusable = Some(reason.clone());
            }
            reason
        })
    }

    /// Whether it may be bootstrapped; else what to type.
    fn check(&self, base: &Base, reason: &str) -> Result<(), ProvisionError> {
        let root = is_root();
        let can = root && bootstrap::possible() && !base.packages.is_empty();
        if can && self.consent == Consent::Given {
            return Ok(());
        }
        let missing =
            format!("base image `{}` is missing, and no registry gave it: {reason}", base.name);
        let cure = if bootstrap::possible() && !base.packages.is_empty() {
            let as_root = if root { "" } else { ", as root" };
            format!("to let coldstart make it from Debian packages: {HOW_TO_CONSENT}{as_root}")
        } else {
            by_hand(&base.pull)
        };
        Err(ProvisionError::Missing { missing, cure })
    }

    async fn bootstrap(&self, engine: &impl ImageStore, base: &Base) -> Result<(), ProvisionError> {
        {
            // The lock between processes would tell the second of two bases that another
            // process holds it.
            let mut is_told = self.installing.lock().await;
            if !std::mem::replace(&mut *is_told, true) {
                self.observer
                    .info("no registry gave it: base images are made from Debian packages");
            }
            bootstrap::prepare(self.around, self.observer).await?;
        }
        let state = self.around.make_state()?;
        // Hundreds of megabytes: it goes whatever happened, and `clean` knows who made it.
        let folder = Temporary::create(state, ARCHIVES)
            .map_err(|e| ProvisionError::failed("make a folder for an archive", e))?;
        let archive = folder.path().join(format!("{}.tar", base.name));
        bootstrap::bootstrap(base, &archive, self.around, self.observer).await?;
        let work = Work::begin(self.observer, &format!("importing base `{}`", base.name));
        let tag = tag(base);
        Ok(work.watch(engine.import(&tag, &archive), || None).await?)
    }
}

/// Looks for a base image, pulled or bootstrapped, and gets nothing.
///
/// # Errors
/// When the engine does not answer.
pub async fn present(
    engine: &impl ImageStore,
    base: &Base,
) -> Result<Option<BaseImage>, ProvisionError> {
    let ways = [(base.pull.clone(), Origin::Pulled), (tag(base), Origin::Bootstrapped)];
    for (reference, origin) in ways {
        if let Some(image) = engine.image(&reference).await? {
            return Ok(Some(BaseImage { reference, digest: image.digest, origin }));
        }
    }
    Ok(None)
}

/// How an image is had that is not pulled here.
fn by_hand(reference: &str) -> String {
    let registry = credentials::registry_of(reference);
    format!(
        "get it onto the engine first: `docker pull {reference}` where the registry can be reached \
         (`docker login {registry}` where it asks for credentials), or build or load it there"
    )
}

/// What a bootstrapped base is called: another recipe is another image.
fn tag(base: &Base) -> String {
    let recipe = bootstrap::recipe(base).join("\n");
    let digest = hex(&Sha256::digest(recipe.as_bytes()));
    format!("{BASE_NAMES}{}:{}", base.name, &digest[..VERSION])
}

#[cfg(test)]
mod tests;
