//! What is new in head against base.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::found::{Explained, Ratio};
use super::native::{FrameChange, changes};
use crate::stats::hodges_lehmann;

/// What changed from base to head.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// What base is.
    pub base: String,
    /// Exec to ready of plain starts, head less base: nanoseconds, with their 95 % interval.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<Ratio>,
    /// Packages by what they take more (or less) in head, the most first.
    pub packages: Vec<PackageChange>,
    /// Files that head opens and base does not.
    pub new_files: Vec<String>,
    /// Files that base opens and head does not: so many.
    pub gone_files: u64,
    /// Modules that head loads and base does not, with their time with all they loaded.
    pub new_modules: Vec<(String, u64)>,
    /// Functions that were executed for longer in head, with all that they call, or less long:
    /// the most first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub native: Vec<FrameChange>,
}

/// What a package takes on either side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PackageChange {
    /// Its name.
    pub package: String,
    /// Nanoseconds in base.
    pub base: u64,
    /// Nanoseconds in head.
    pub head: u64,
    /// Files that head opens of it and base does not.
    pub new_files: u32,
}

impl Difference {
    /// Of head against base.
    pub(super) fn of(base: &Explained, head: &Explained) -> Self {
        let paths = |of: &Explained| -> BTreeSet<String> {
            of.timeline.files.iter().map(|file| file.path.clone()).collect()
        };
        let (was, is) = (paths(base), paths(head));
        let new = head.timeline.files.iter().filter(|file| !was.contains(&file.path));
        let mut new_of: BTreeMap<&str, u32> = BTreeMap::new();
        let mut new_files = Vec::new();
        for file in new {
            *new_of.entry(&file.package).or_default() += 1;
            new_files.push(file.path.clone());
        }
        Self {
            base: base.image.clone(),
            change: change(&base.starts.plain, &head.starts.plain),
            packages: packages(base, head, &new_of),
            new_files,
            gone_files: was.difference(&is).count() as u64,
            new_modules: modules(base, head),
            native: base
                .native
                .as_ref()
                .zip(head.native.as_ref())
                .map_or_else(Vec::new, |(b, h)| changes(b, h)),
        }
    }
}

fn change(base: &[u64], head: &[u64]) -> Option<Ratio> {
    let values = |side: &[u64]| side.iter().map(|ns| *ns as f64).collect::<Vec<_>>();
    let found = hodges_lehmann::difference(&values(head), &values(base))?;
    Some(Ratio { value: found.value, interval: found.interval })
}

fn packages(base: &Explained, head: &Explained, new: &BTreeMap<&str, u32>) -> Vec<PackageChange> {
    let times = |of: &Explained| -> BTreeMap<String, u64> {
        of.packages.iter().map(|package| (package.package.clone(), package.ns)).collect()
    };
    let (was, is) = (times(base), times(head));
    let names: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
    let of = |name: &String| PackageChange {
        package: name.clone(),
        base: was.get(name).copied().unwrap_or(0),
        head: is.get(name).copied().unwrap_or(0),
        new_files: new.get(name.as_str()).copied().unwrap_or(0),
    };
    let mut all: Vec<PackageChange> = names.into_iter().map(of).collect();
    all.retain(|package| package.base != package.head || package.new_files > 0);
    all.sort_by_key(|package| std::cmp::Reverse(package.base.abs_diff(package.head)));
    all
}

fn modules(base: &Explained, head: &Explained) -> Vec<(String, u64)> {
    let names = |of: &Explained| -> BTreeSet<String> {
        let all = of.modules.iter().flat_map(|tree| &tree.modules);
        all.map(|module| module.name.clone()).collect()
    };
    let was = names(base);
    let new = head.modules.iter().flat_map(|tree| &tree.modules);
    let mut new: Vec<(String, u64)> = new
        .filter(|module| !was.contains(&module.name))
        .map(|module| (module.name.clone(), module.cumulative))
        .collect();
    new.sort_by_key(|(_, ns)| std::cmp::Reverse(*ns));
    new
}
