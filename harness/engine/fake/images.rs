//! Images of the simulated engine: whatever is named is there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{FakeEngine, refused};
use crate::engine::{
    BuildOutput, BuildSpec, Credentials, EngineError, Image, ImageConfig, ImageStore,
};

/// What its images run on.
const PLATFORM: &str = "simulated/simulated";

impl ImageStore for FakeEngine {
    async fn image(&self, reference: &str) -> Result<Option<Image>, EngineError> {
        self.check()?;
        let digest = format!("sha256:{:064x}", reference.len());
        Ok(Some(Image {
            digest,
            size: 1 << 20,
            labels: BTreeMap::new(),
            config: ImageConfig::default(),
            platform: PLATFORM.to_owned(),
            layers: Vec::new(),
        }))
    }

    async fn pull(
        &self,
        _: &str,
        _: Option<&Credentials>,
        _: BuildOutput<'_>,
    ) -> Result<(), EngineError> {
        self.check()
    }

    async fn import(&self, _: &str, _: &Path) -> Result<(), EngineError> {
        self.check()
    }

    async fn build(&self, _: &BuildSpec, _: BuildOutput<'_>) -> Result<(), EngineError> {
        self.check()
    }

    async fn extensions(&self, _: &str, _: &str) -> Result<Vec<String>, EngineError> {
        Ok(Vec::new())
    }

    async fn run_once(
        &self,
        _: &str,
        _: &str,
        _: &[String],
        _: &BTreeMap<String, String>,
    ) -> Result<String, EngineError> {
        self.check()?;
        Ok("simulated".to_owned())
    }

    async fn export(&self, _: &str, _: &str, _: &Path) -> Result<(), EngineError> {
        Err(refused("exporting an image"))
    }

    async fn image_folders(&self, _: &str) -> Result<Vec<PathBuf>, EngineError> {
        Err(refused("finding an image's files"))
    }

    async fn platform(&self) -> Result<String, EngineError> {
        Ok(PLATFORM.to_owned())
    }

    async fn images(&self) -> Result<Vec<String>, EngineError> {
        self.check()?;
        Ok(Vec::new())
    }

    async fn remove_image(&self, _: &str) -> Result<(), EngineError> {
        self.check()
    }
}
