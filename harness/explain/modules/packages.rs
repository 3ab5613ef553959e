//! Of which packages the modules are that were loaded, and which package loaded which: what
//! leaving one out would leave out with it.

use std::collections::{BTreeSet, HashMap};

use super::Line;
use crate::explain::PackageLoad;

/// What a module belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Package {
    pub(super) name: String,
    /// Whether somebody installed it.
    pub(super) installed: bool,
    /// Whether it is known to be the function's own code.
    pub(super) own_code: bool,
}

/// The packages of modules, of which each stands behind the one that loaded it; those first
/// that took most with all they loaded.
pub(super) fn of(lines: &[Line], package: impl Fn(&Line) -> Package) -> Vec<PackageLoad> {
    let mut loads = Loads::default();
    for line in lines {
        loads.add(line, package(line));
    }
    loads.all.sort_by_key(|of| std::cmp::Reverse((of.cumulative, of.own)));
    loads.all
}

#[derive(Default)]
struct Loads {
    all: Vec<PackageLoad>,
    by_name: HashMap<String, usize>,
    /// How often each is among those that are being loaded.
    inside: Vec<u32>,
    /// Modules that are being loaded, from the outermost on.
    loading: Vec<Loading>,
}

struct Loading {
    depth: u32,
    package: usize,
    own_code: bool,
}

impl Loads {
    fn add(&mut self, line: &Line, package: Package) {
        while let Some(done) = self.loading.pop_if(|above| above.depth >= line.depth) {
            self.inside[done.package] -= 1;
        }
        let Package { name, installed, own_code } = package;
        let at = self.index(name, installed);
        if own_code {
            self.take_out(line.cumulative);
        }
        let of = &mut self.all[at];
        of.own += line.own;
        of.modules += 1;
        if self.inside[at] == 0 {
            of.cumulative += line.cumulative;
        }
        self.inside[at] += 1;
        self.loading.push(Loading { depth: line.depth, package: at, own_code });
    }

    fn index(&mut self, name: String, installed: bool) -> usize {
        let by = self.loading.last().map(|above| self.all[above.package].package.clone());
        *self.by_name.entry(name).or_insert_with_key(|name| {
            let (package, by) = (name.clone(), by.unwrap_or_default());
            self.all.push(PackageLoad { package, by, installed, ..PackageLoad::default() });
            self.inside.push(0);
            self.all.len() - 1
        })
    }

    /// A package that loads the function's own code, as a client of the platform does, is not
    /// what takes that code's time.
    fn take_out(&mut self, ns: u64) {
        let above = self.loading.iter().rev().take_while(|above| !above.own_code);
        let packages: BTreeSet<usize> = above.map(|above| above.package).collect();
        for package in packages {
            let of = &mut self.all[package];
            of.cumulative = of.cumulative.saturating_sub(ns);
        }
    }
}
