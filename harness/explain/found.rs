//! What was found: `explain.json`. All times are nanoseconds.

use serde::{Deserialize, Serialize};

use super::{Advice, Difference};

/// The version of the file's form.
pub const FORMAT: u32 = 1;

/// What explains the starts of some functions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    /// [`FORMAT`].
    pub format: u32,
    /// The program that made it, and its version.
    pub tool: String,
    /// The command that makes it again.
    pub command: String,
    /// When it was begun: UTC.
    pub started: String,
    /// The engine and its version.
    pub engine: String,
    /// The kernel's release.
    pub kernel: String,
    /// Starts of each kind, of each function.
    pub rounds: u32,
    /// What could not be seen, and the cure: once for all functions.
    pub lost: Vec<String>,
    /// A function each; of two sides base and head are one.
    pub functions: Vec<Explained>,
}

/// What explains one function.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Explained {
    /// Its name.
    pub function: String,
    /// Its image, and that image's digest.
    pub image: String,
    /// See `image`.
    pub digest: String,
    /// Why its typical start ended before it was ready, or its first invocation failed; none
    /// where it answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// The own part of its starts: exec to ready.
    pub starts: Starts,
    /// The typical watched start.
    pub timeline: Timeline,
    /// Its phases, from the exec on.
    pub phases: Vec<PhaseUse>,
    /// Where the time between exec and ready went, the most first: over all watched starts.
    pub packages: Vec<PackageUse>,
    /// What no watched start opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unopened: Option<Unopened>,
    /// What its runtime told of its modules.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modules: Option<ModuleTree>,
    /// Variants of it that can be measured beside it, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variants: Vec<String>,
    /// What is worth trying.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub advice: Vec<Advice>,
    /// What is new against base.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub difference: Option<Difference>,
}

/// Exec to ready of every start that was ready, by how it was started.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Starts {
    /// Not watched.
    pub plain: Vec<u64>,
    /// Watched.
    pub watched: Vec<u64>,
    /// Told by its environment to tell what it loads, and not watched.
    pub profiled: Vec<u64>,
    /// Watched over plain, with its 95 % interval; none of too few.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub watching: Option<Ratio>,
    /// Profiled over plain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profiling: Option<Ratio>,
    /// Times that file events were lost: each time one or more.
    pub overflows: u64,
    /// File events beyond those that are kept, or whose file was gone.
    pub beyond: u64,
}

/// So many times as much.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Ratio {
    /// Typical.
    pub value: f64,
    /// 95 %, two-sided; none of too few.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<(f64, f64)>,
}

/// One start. Instants count from the function's own exec, or from the first that was seen
/// of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Timeline {
    /// First line of its main, where it stamps it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub main: Option<u64>,
    /// When it was ready; none where it never was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ready: Option<u64>,
    /// When it had answered; none where it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub responded: Option<u64>,
    /// The last that is shown.
    pub end: u64,
    /// Its processes.
    pub processes: Vec<ProcessSeen>,
    /// Its files, each once, in the order in which they were first opened.
    pub files: Vec<FileUse>,
    /// What each process had opened last, from open to open.
    pub spans: Vec<Span>,
}

/// A process of the start.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProcessSeen {
    /// As this machine numbered it.
    pub pid: u32,
    /// The programs that it ran, one after another; empty of one that was only forked.
    pub programs: Vec<String>,
}

/// A file that was opened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FileUse {
    /// As the function sees it.
    pub path: String,
    /// What it belongs to.
    pub package: String,
    /// Whether that is a package which somebody installed, and no part of a runtime.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub installed: bool,
    /// Its bytes.
    pub size: u64,
    /// How often it was opened.
    pub opened: u32,
    /// Whether it was executed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub executed: bool,
    /// Bytes that came into memory during the start, from storage; none where that was not
    /// looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read: Option<u64>,
}

/// The time from one open of a process to its next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The open.
    pub at: u64,
    /// Until the next, or the end.
    pub ns: u64,
    /// Which of the files.
    pub file: usize,
    /// Which of the processes.
    pub process: usize,
}

/// A phase of the typical start: what passed, and what was used.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PhaseUse {
    /// `boot`, `init`, both as `boot+init` where nothing tells them apart; `invoke`.
    pub name: String,
    /// Its begin.
    pub from: u64,
    /// Its length.
    pub ns: u64,
    /// CPU time in the function's own code, of all its processes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<u64>,
    /// CPU time in the kernel for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<u64>,
    /// Pages that its first process was given without reading.
    pub minor_faults: u64,
    /// Pages that had to be read from storage.
    pub major_faults: u64,
    /// Bytes that its first process read from storage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read: Option<u64>,
    /// Times that it gave the processor up to wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub voluntary_switches: Option<u64>,
    /// Times that the processor was taken from it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forced_switches: Option<u64>,
    /// Looks at its first thread.
    pub looks: u64,
    /// Those in which it ran, or could have.
    pub ran: u64,
    /// What it waited in else, the most first.
    pub waits: Vec<Wait>,
}

/// What a first thread was seen to wait in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wait {
    /// The kernel's own name of it; empty where it does not tell.
    pub place: String,
    /// In so many looks.
    pub looks: u64,
}

/// What the files of a package took: over the watched starts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PackageUse {
    /// Its name: a package's, or a folder.
    pub package: String,
    /// Whether it is a package which somebody installed, and no part of a runtime.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub installed: bool,
    /// Nanoseconds between exec and ready, from its opens to the next: the median of the
    /// starts.
    pub ns: u64,
    /// Of all that was attributed in that start.
    pub share: f64,
    /// Its files that were opened, in the typical start.
    pub files: u32,
    /// Their bytes.
    pub bytes: u64,
}

/// What no watched start opened.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Unopened {
    /// Files of the image.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Those that no start opened.
    pub unopened_files: u64,
    /// Their bytes.
    pub unopened_bytes: u64,
    /// Where most of them are, the largest first.
    pub folders: Vec<Folder>,
}

/// Files below a folder that no start opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Folder {
    /// Its path.
    pub path: String,
    /// So many files.
    pub files: u64,
    /// So many bytes.
    pub bytes: u64,
}

/// What a runtime told of what it loads.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ModuleTree {
    /// What told it, as `profilers.toml` names it.
    pub profiler: String,
    /// What its times are worth.
    pub about: String,
    /// From exec to ready of the start in which it was told; 0 where it was never ready.
    #[serde(default)]
    pub own_part: u64,
    /// Of which packages they are, those first that took most with all they loaded.
    #[serde(default)]
    pub packages: Vec<PackageLoad>,
    /// In the order in which they were begun; a child after its parent.
    pub modules: Vec<ModuleUse>,
    /// Lines that began as its lines do and made no sense.
    pub garbled: u64,
    /// Whether there was more than is kept.
    pub cut: bool,
}

impl ModuleTree {
    /// With what the files that were opened say of who installed what.
    pub(super) fn with_installed(mut self, opened: &[PackageUse]) -> Self {
        for load in &mut self.packages {
            load.installed |= opened.iter().any(|of| of.installed && of.package == load.package);
        }
        self
    }

    /// The installed packages that no installed one loaded: what a function's author chose, and
    /// can leave out with all that it loads. Those first that took most.
    pub fn chosen(&self) -> impl Iterator<Item = &PackageLoad> {
        let is_installed = |name: &str| {
            self.packages.iter().any(|package| package.installed && package.package == name)
        };
        self.packages.iter().filter(move |of| of.installed && !is_installed(&of.by))
    }

    /// A package's share of the own part, with all that it loaded.
    #[must_use]
    pub fn share(&self, of: &PackageLoad) -> f64 {
        of.cumulative as f64 / self.own_part.max(1) as f64
    }
}

/// What was loaded of a package.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageLoad {
    /// Its name.
    pub package: String,
    /// Whether somebody installed it.
    pub installed: bool,
    /// The package that loaded it first; empty where none did that is told of.
    pub by: String,
    /// Its modules' own time.
    pub own: u64,
    /// With all that it loaded first.
    pub cumulative: u64,
    /// So many modules.
    pub modules: u64,
}

/// A module, or a class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModuleUse {
    /// Its name.
    pub name: String,
    /// How deep it stands: 0 at the top.
    pub depth: u32,
    /// Its own time.
    pub own: u64,
    /// With all that it loaded.
    pub cumulative: u64,
    /// Where it came from, where that is told.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
}
