//! Who uses which engines now: a run that is between two trials, or builds an image, has no
//! container that would tell.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::system::maker::{Life, Maker};

/// What such a file's name begins with; its maker follows.
const KIND: &str = "live-";

/// Says that this process uses engines, until it is dropped.
#[derive(Debug)]
pub struct Live {
    file: PathBuf,
}

/// An engine that is used.
#[derive(Debug, Clone, Copy)]
pub struct Used<'a> {
    /// Its own id, or its address.
    pub key: &'a str,
    /// Where it is.
    pub address: &'a str,
}

/// A process that uses engines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Living {
    /// What it does there: a run's id.
    pub run: String,
    /// Of each engine its own id, or its address.
    pub engines: Vec<String>,
    /// Its process id.
    pub pid: u32,
}

impl Live {
    /// Says so in a private folder.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn say(within: &Path, run: &str, engines: &[Used<'_>]) -> io::Result<Self> {
        let file = within.join(format!("{KIND}{}", Maker::own()));
        let engines = engines.iter().map(|Used { key, address }| format!("{key}\t{address}\n"));
        fs::write(&file, format!("{run}\n{}", engines.collect::<String>()))?;
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
        let mut lines = text.lines();
        let run = lines.next().unwrap_or_default().to_owned();
        let engines = lines.map(|line| parts(line).0.to_owned()).collect();
        found.push(Living { run, engines, pid: maker.pid() });
    }
    Ok(found)
}

/// Where engines are that processes used which are gone, as far as the last who looked for
/// [`living`] has not swept that.
///
/// # Errors
/// When the folder cannot be read.
pub fn used_by_the_dead(within: &Path) -> io::Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(within)? {
        let entry = entry?;
        let name = entry.file_name();
        let maker = name.to_str().and_then(|name| Maker::parse(name.strip_prefix(KIND)?));
        if maker.is_some_and(|maker| maker.life() == Life::Dead) {
            let text = fs::read_to_string(entry.path()).unwrap_or_default();
            found.extend(text.lines().skip(1).filter_map(|line| parts(line).1.map(str::to_owned)));
        }
    }
    Ok(found)
}

/// What an engine is known by, and where it is; older versions did not say that.
fn parts(line: &str) -> (&str, Option<&str>) {
    line.split_once('\t').map_or((line, None), |(key, address)| (key, Some(address)))
}
