//! What is worth trying, from what was seen: each is a change that can be measured. None is
//! a promise.

use serde::{Deserialize, Serialize};

use super::found::Explained;

/// A package is named from such a share of the own part on, and such a time.
const SHARE: f64 = 0.1;
const TIME: u64 = 5_000_000;
/// Packages that are named at most.
const MOST: usize = 3;
/// A phase waits where its first thread was seen to in such a share of the looks.
const WAITS: f64 = 0.5;
/// Nor does it wait where its processes work for more than such a share of its time.
const WORKS: f64 = 0.5;
/// Looks from which on a share says anything.
const LOOKS: u64 = 20;
/// So much of an image's bytes that nobody opens is worth a word.
const UNOPENED: f64 = 0.5;
const UNOPENED_BYTES: u64 = 20 << 20;

/// Something to try.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Advice {
    /// Packages that take most: load them later, or others.
    Packages {
        /// Their names, with nanoseconds and share.
        packages: Vec<(String, u64, f64)>,
        /// Whether that is with all they loaded, as the runtime told it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        with_all: bool,
    },
    /// A phase mostly waits: what it waits for is to be looked at, not its code.
    Waits {
        /// Which.
        phase: String,
        /// Of the looks.
        share: f64,
        /// The kernel's name of what it waits in; empty where it does not tell.
        place: String,
    },
    /// Much came from storage: a smaller image, or files that are in memory.
    Storage {
        /// So many bytes, in the typical start.
        bytes: u64,
    },
    /// Most of the image is never opened.
    Unopened {
        /// Of its bytes.
        share: f64,
        /// So many.
        bytes: u64,
    },
    /// It has variants that can be measured beside it.
    Variants {
        /// Their names.
        names: Vec<String>,
    },
}

/// What is worth trying for a function, the most first.
pub(super) fn advice(found: &Explained) -> Vec<Advice> {
    [packages(found), waits(found), storage(found), unopened(found), variants(found)]
        .into_iter()
        .flatten()
        .collect()
}

fn packages(found: &Explained) -> Option<Advice> {
    let told = found.modules.as_ref().filter(|tree| tree.own_part > 0).map(|tree| {
        let each = tree.chosen().map(|of| (of.package.clone(), of.cumulative, tree.share(of)));
        large(each)
    });
    if let Some(packages) = told.filter(|packages| !packages.is_empty()) {
        return Some(Advice::Packages { packages, with_all: true });
    }
    // What a runtime itself is made of nobody leaves out.
    let named = found.packages.iter().filter(|package| package.installed);
    let packages = large(named.map(|p| (p.package.clone(), p.ns, p.share)));
    (!packages.is_empty()).then_some(Advice::Packages { packages, with_all: false })
}

/// Those that are worth a word.
fn large(packages: impl Iterator<Item = (String, u64, f64)>) -> Vec<(String, u64, f64)> {
    packages.filter(|(_, ns, share)| *share >= SHARE && *ns >= TIME).take(MOST).collect()
}

fn waits(found: &Explained) -> Option<Advice> {
    let own = found.phases.iter().filter(|phase| phase.name != "invoke" && phase.looks >= LOOKS);
    let share = |ran: u64, looks: u64| (looks - ran.min(looks)) as f64 / looks as f64;
    // The first thread may wait for another that works.
    let idle = own.filter(|p| {
        p.user.zip(p.system).is_none_or(|(u, s)| (u + s) as f64 <= WORKS * p.ns as f64)
    });
    let waiting = idle.filter(|phase| share(phase.ran, phase.looks) >= WAITS);
    let phase = waiting.max_by_key(|phase| phase.ns)?;
    let place = phase.waits.first().map(|wait| wait.place.clone()).unwrap_or_default();
    let (name, share) = (phase.name.clone(), share(phase.ran, phase.looks));
    Some(Advice::Waits { phase: name, share, place })
}

fn storage(found: &Explained) -> Option<Advice> {
    let bytes = found.timeline.files.iter().filter_map(|file| file.read).sum();
    (bytes >= 1 << 20).then_some(Advice::Storage { bytes })
}

fn unopened(found: &Explained) -> Option<Advice> {
    let of = found.unopened.as_ref()?;
    let share = of.unopened_bytes as f64 / (of.bytes.max(1)) as f64;
    let is_much = share >= UNOPENED && of.unopened_bytes >= UNOPENED_BYTES;
    is_much.then_some(Advice::Unopened { share, bytes: of.unopened_bytes })
}

fn variants(found: &Explained) -> Option<Advice> {
    let names = found.variants.clone();
    (!names.is_empty()).then_some(Advice::Variants { names })
}
