//! stub
use crate::sample::Residency;
use std::path::PathBuf;
use anyhow::Result;
pub fn can_evict() -> Result<(), String> { Ok(()) }
pub fn can_drop_host() -> Result<(), String> { Ok(()) }
pub fn evict(_: &[PathBuf]) -> Result<Residency> { Ok(Residency::default()) }
pub fn residency(_: &[PathBuf]) -> Result<Residency> { Ok(Residency::default()) }
pub fn drop_host() -> Result<()> { Ok(()) }
