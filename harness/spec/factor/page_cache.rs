//! What of the image is in memory before a start.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Capabilities, Factor, Open, named};

/// What of the image is in memory before a start.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
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

impl PageCache {
    /// All of them.
    pub const ALL: [Self; 3] = [PageCache::Warm, PageCache::ImageCold, PageCache::HostCold];
}

impl fmt::Display for PageCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            PageCache::Warm => "warm",
            PageCache::ImageCold => "image-cold",
            PageCache::HostCold => "host-cold",
        })
    }
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
        named(text, "state", &Self::ALL)
    }

    fn typed(value: &Self) -> String {
        value.to_string()
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

    fn asked(resolved: &Self) -> Option<Self> {
        Some(*resolved)
    }
}
