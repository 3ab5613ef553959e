//! The `git` program: the one place that runs it. Nothing is written into a
//! repository, not even for a moment: a process that is killed leaves nothing there.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Output;

use tokio::process::Command;

use super::unpack::Checkout;
use super::unsupported_entries::Entry;
use super::{SHOWN, SideError, short};
use crate::system::child;
use crate::text::sanitize::{last_words, printable};
use crate::text::units::format_size;

/// How much of git's own words is shown, in characters.
const WORDS: usize = 600;
/// The most that is kept of what git prints, in bytes: its list of some million files.
const MOST: usize = 256 << 20;
/// Set by git for its hooks: with them the current directory would not count.
const OF_HOOKS: [&str; 5] =
    ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR"];
/// Whatever is configured: writing an index runs no hook and no helper, and makes no
/// file beside it; all files are unpacked.
const SETTINGS: [&str; 5] = [
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.splitIndex=false",
    "core.untrackedCache=false",
    "core.sparseCheckout=false",
];

/// Git, seen from a folder.
#[derive(Debug, Clone, Copy)]
pub(super) struct Git<'a> {
    /// The program and its first arguments.
    pub(super) program: &'a [&'a str],
    /// A folder that exists.
    pub(super) here: &'a Path,
}

/// Where the repository is, and where we are in it.
#[derive(Debug)]
pub(super) struct Home {
    /// Its own folder, absolute.
    git_dir: PathBuf,
    /// From its root to here; empty at the root.
    pub(super) prefix: PathBuf,
}

impl Home {
    pub(super) fn git_dir(&self) -> &Path {
        &self.git_dir
    }
}

/// What a folder of a repository is.
#[derive(Debug)]
pub(super) struct State {
    /// Full commit.
    pub(super) commit: String,
    /// Whether files differ from it.
    pub(super) dirty: bool,
}

/// What git said when it failed.
struct Refusal(String);

impl Git<'_> {
    /// The repository of this folder.
    pub(super) async fn home(&self) -> Result<Home, SideError> {
        let git_dir = self.path_of("--absolute-git-dir").await?;
        Ok(Home { git_dir, prefix: self.path_of("--show-prefix").await? })
    }

    async fn path_of(&self, what: &str) -> Result<PathBuf, SideError> {
        match self.run(["rev-parse", what]).await? {
            Ok(text) => {
                Ok(PathBuf::from(OsStr::from_bytes(text.strip_suffix(b"\n").unwrap_or(&text))))
            }
            Err(refusal) if refusal.is_outside() => Err(SideError::Typed(format!(
                "{} is in no git repository, so nothing there can be a ref: go into one, or \
                 name a folder as `./name`",
                self.here.display()
            ))),
            Err(refusal) => Err(self.refused(&refusal)),
        }
    }

    /// The full commit that a ref names. The text is never taken for an option.
    pub(super) async fn commit(&self, text: &str) -> Result<String, SideError> {
        let wanted = format!("{text}^{{commit}}");
        let answer = self.run(["rev-parse", "--verify", "--end-of-options", &wanted]).await?;
        let refusal = match answer {
            Ok(out) => match commit_of(&out) {
                Some(commit) => return Ok(commit),
                None => Refusal(String::new()),
            },
            Err(refusal) => refusal,
        };
        let shallow = self.run(["rev-parse", "--is-shallow-repository"]).await?;
        let shallow = shallow.is_ok_and(|out| out.starts_with(b"true"));
        Err(SideError::Typed(unknown(text, shallow, &refusal)))
    }

    /// The commit of this folder and whether the files of `scope` differ from it; none
    /// outside a repository, before the first commit, and where the commit does not
    /// hold this folder (it is ignored, say).
    pub(super) async fn state(&self, scope: &str) -> Result<Option<State>, SideError> {
        match self.run(["rev-parse", "--absolute-git-dir"]).await {
            Ok(Ok(_)) => {}
            Ok(Err(refusal)) if !refusal.is_outside() => return Err(self.refused(&refusal)),
            // A folder needs no git.
            _ => return Ok(None),
        }
        let Ok(head) = self.run(["rev-parse", "--verify", "HEAD^{commit}"]).await? else {
            return Ok(None);
        };
        let held = self.run(["rev-parse", "--verify", "--quiet", "HEAD:./"]).await?.is_ok();
        let Some(commit) = commit_of(&head).filter(|_| held) else { return Ok(None) };
        let status = ["status", "--porcelain", "--untracked-files=normal", "--", scope];
        let dirty = !self.run(status).await?.map_err(|refusal| self.refused(&refusal))?.is_empty();
        Ok(Some(State { commit, dirty }))
    }

    /// Unpacks the whole tree of a commit as a checkout has it; returns its entries.
    ///
    /// An index of its own and `checkout-index`, rather than `git archive`, which leaves
    /// out and rewrites what attributes tell it to (`export-ignore`, `export-subst`) and
    /// so makes another image than a checkout does; rather than `git worktree`, which
    /// writes into the repository.
    pub(super) async fn check_out(
        &self,
        home: &Home,
        commit: &str,
        into: &Checkout,
    ) -> Result<Vec<Entry>, SideError> {
        let tree = into.tree();
        let inside = Git { here: &tree, ..*self };
        let run = async |arguments: &[&str]| {
            let mut command = inside.command();
            command.arg("--git-dir").arg(&home.git_dir).arg("--work-tree").arg(&tree);
            command.env("GIT_INDEX_FILE", into.index()).args(arguments);
            self.answer(command).await?.map_err(|Refusal(words)| {
                SideError::Environment(format!(
                    "cannot unpack commit {} into {}: {words}",
                    short(commit),
                    tree.display()
                ))
            })
        };
        // What a commit holds, byte for byte, whatever was built beside it: only what differs is
        // written, so that builds see what changed. Git says no by failing: then all is anew.
        let is_there = into.index().exists()
            && run(&["read-tree", "--reset", "-u", commit]).await.is_ok()
            && run(&["update-index", "--refresh", "-q"]).await.is_ok()
            && run(&["diff-index", "--cached", "--quiet", commit, "--"]).await.is_ok();
        if !is_there {
            into.clear().map_err(|e| {
                SideError::Environment(format!("cannot empty {}: {e}", tree.display()))
            })?;
            run(&["read-tree", commit]).await?;
            run(&["checkout-index", "--all", "--index"]).await?;
        }
        let list = run(&["ls-files", "--stage", "-z"]).await?;
        Ok(list.split(|b| *b == 0).filter_map(Entry::parse).collect())
    }

    fn refused(&self, Refusal(words): &Refusal) -> SideError {
        let here = self.here.display();
        SideError::Environment(format!("git refuses the repository of {here}: {words}"))
    }

    async fn run<const N: usize>(
        &self,
        arguments: [&str; N],
    ) -> Result<Result<Vec<u8>, Refusal>, SideError> {
        let mut command = self.command();
        command.args(arguments);
        self.answer(command).await
    }

    /// What git printed, or why it failed; the outer error is that it could not be run.
    async fn answer(&self, mut command: Command) -> Result<Result<Vec<u8>, Refusal>, SideError> {
        let answered = child::output(&mut command, MOST).await;
        let Output { status, stdout, stderr } = answered.map_err(|e| {
            let program = self.program.first().unwrap_or(&"git");
            SideError::Environment(format!(
                "cannot run `{program}`: {e}; refs need it: install git, or name folders as `./name`"
            ))
        })?;
        if stdout.len() >= MOST {
            return Ok(Err(Refusal(format!("git printed more than {}", format_size(MOST as u64)))));
        }
        if status.success() {
            return Ok(Ok(stdout));
        }
        let words = last_words(&String::from_utf8_lossy(&stderr), WORDS);
        let words = words.trim_start_matches("fatal: ");
        Ok(Err(Refusal(if words.is_empty() { status.to_string() } else { words.to_owned() })))
    }

    /// Git in this folder, asking nobody, in the language that is looked for below.
    fn command(&self) -> Command {
        let (program, first) = self.program.split_first().unwrap_or((&"git", &[]));
        let mut command = Command::new(program);
        command.args(first).arg("--no-pager").arg("-C").arg(self.here);
        for setting in SETTINGS {
            command.args(["-c", setting]);
        }
        for name in OF_HOOKS {
            command.env_remove(name);
        }
        command.env("LC_ALL", "C").env("GIT_PAGER", "cat").env("GIT_TERMINAL_PROMPT", "0");
        // `status` would refresh the repository's index: as root under sudo, say.
        command.env("GIT_OPTIONAL_LOCKS", "0");
        command
    }
}

impl Refusal {
    fn is_outside(&self) -> bool {
        self.0.contains("not a git repository")
    }
}

/// The commit in git's answer: one full hash, of either kind.
fn commit_of(out: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(out).ok()?.trim_end();
    let whole = matches!(text.len(), 40 | 64) && text.bytes().all(|b| b.is_ascii_hexdigit());
    whole.then(|| text.to_owned())
}

fn unknown(text: &str, shallow: bool, Refusal(words): &Refusal) -> String {
    let name = text.strip_prefix("origin/").unwrap_or(text);
    let name = name.split(['~', '^', '@', ':']).next().unwrap_or(name);
    let fetch = if name == "HEAD" || name.is_empty() { "--unshallow origin" } else { name };
    let fetch = if fetch == name { format!("origin {name}") } else { fetch.to_owned() };
    let why = match shallow {
        true => "this clone is shallow",
        false => "a checkout of a CI system often holds one commit only",
    };
    // Git's usual words say no more than ours.
    let said = words.replace("Needed a single revision", "");
    let said = said.trim_end_matches("fatal: ").trim();
    let said = if said.is_empty() { String::new() } else { format!(" (git: {said})") };
    let text = printable(text, SHOWN);
    let fetch = printable(&fetch, SHOWN);
    format!(
        "unknown ref `{text}`: no branch, tag or commit of this repository{said}; {why}: fetch it \
         with `git fetch {fetch}` (a branch is then `origin/NAME`), or check out with \
         `fetch-depth: 0`; a folder is written `./{text}`"
    )
}
