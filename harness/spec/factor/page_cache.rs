//! What of the image is in memory before a start.

use serde::{Deserialize, Serialize};
use strum::VariantArray;

use super::{Capabilities, Factor, Open, named};

/// What of the image is in memory before a start.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum PageCache {
    /// Whatever the start before it left: all that a start reads.
    #[default]
    Warm,
    /// None of the image's own files: a node that has pulled the image and never
    /// run it. The engine's own files stay.
    ImageCold,
    /// Nothing at all: a machine that has just booted.
    HostCold,
}

impl Factor for PageCache {
    type Value = Self;
    type Resolved = Self;
    const KEY: &'static str = "page_cache";
    const LIST: &'static str = "page-cache";
    const TITLE: &'static str = "page cache";
    const VALUES: &'static str = "STATES";
    const HELP: &'static str = "What of the image is in memory before a start: warm, image-cold, \
                                host-cold (the last two need root) [default: warm]";

    fn parse(text: &str) -> Result<Self, String> {
        named(text, "state", Self::VARIANTS)
    }

    fn defaults() -> Vec<Self> {
        vec![PageCache::Warm]
    }

    /// The kernel can, or cannot: no matter of the engine.
    fn refuse(_: &Self, _: &Capabilities) -> Result<(), String> {
        Ok(())
    }

    fn resolve(asked: Option<&Self>, _: Open<'_>) -> Self {
        asked.copied().unwrap_or_default()
    }
}
