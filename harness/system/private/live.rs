//! Who uses an engine now: a run that is between two trials, or builds an image, has no
//! container that would tell.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::system::maker::{Life, Maker};

/// What such a file's name begins with; its maker follows.
const KIND: &str = "live-";

/// Says that this process uses an engine, until it is dropped.
#[derive(Debug)]
pub struct Live {
    file: PathBuf,
}

/// A process that uses an engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Living {
    /// What it does there: a run's id.
    pub run: String,
    /// The engine's own id, or its address.
    pub engine: String,
    /// Its process id.
    pub pid: u32,
}

impl Live {
    /// Says so in a private folder.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn say(within: &Path, run: &str, engine: &str) -> io::Result<Self> {
        let file = within.join(format!("{KIND}{}", Maker::own()));
        fs::write(&file, format!("{run}\n{engine}\n"))?;
        Ok(Self { file })
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        // What stays is known by its maker, and swept.
        let _ = fs::remove_file(&self.file);
    }
}

/// Every process that uses an engine; what those left that are gone is removed.
///
/// # Errors
/// When the folder cannot be read.
pub fn living(within: &Path) -> io::Result<Vec<Living>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(within)? {
        let entry = entry?;
        let name = entry.file_name();
        let maker = name.to_str().and_then(|name| Maker::parse(name.strip_prefix(KIND)?));
        let Some(maker) = maker else { continue };
        if maker.life() == Life::Dead {
            // Gone already, where another sweep was faster.
            let _ = fs::remove_file(entry.path());
            continue;
        }
        let text = fs::read_to_string(entry.path()).unwrap_or_default();
        let mut lines = text.lines().map(str::to_owned);
        let (run, engine) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
        found.push(Living { run, engine, pid: maker.pid() });
    }
    Ok(found)
}
