//! What was typed for one side of a comparison -> a folder with functions.
//!
//! A side is a commit, unpacked into a folder of ours; a folder; or the working
//! tree as it is. Knows git and folders, and nothing of building or measuring.
//!
//! A checkout has no `.git`: a build that asks git for the commit finds none.
//!
//! Why not by a worktree: decision 0023.

use std::path::{Component, Path, PathBuf};

use thiserror::Error;

use crate::spec::function;
use crate::system::private;
use crate::text::sanitize::printable;

mod git;
mod unpack;
mod unsupported_entries;

use git::{Git, State};
use unpack::Checkout;
pub use unpack::{forget, sweep};

/// The longest ref or folder that is shown, in characters.
const SHOWN: usize = 100;

/// Where one side of a comparison comes from.
#[derive(Debug)]
pub struct Side {
    /// What a reader sees: `main (1a2b3c4d5e6f)`, `working tree (1a2b3c4d5e6f +
    /// changes)`, `./folder`. One line without control characters.
    pub label: String,
    /// Full commit; none outside a git repository, and for files that no commit holds.
    pub commit: Option<String>,
    /// Whether the files differ from that commit: uncommitted or untracked, and not
    /// ignored.
    pub dirty: bool,
    /// Root of the files, absolute: what the functions file's path is relative to.
    pub root: PathBuf,
    functions_file: PathBuf,
    /// Removed when the side is dropped, or left to the next that wants the same.
    _checkout: Option<Checkout>,
}

/// Why a side could not be had.
#[derive(Debug, Error)]
pub enum SideError {
    /// What was typed cannot be meant: another ref, folder or file is needed.
    #[error("{0}")]
    Typed(String),
    /// Git, the repository or the disk stands in the way.
    #[error("{0}")]
    Environment(String),
}

impl Side {
    /// The side that `text` names, as typed: a folder if it begins with `.`, `/` or `~`
    /// or ends with `/`, else a git ref of the current directory's repository.
    /// `functions_file` is relative to the folder, or for a ref to the current
    /// directory's place in the commit.
    ///
    /// # Errors
    /// Names the ref, folder or file and the cure; see [`SideError`].
    pub async fn open(text: &str, functions_file: &Path) -> Result<Self, SideError> {
        // What cannot be swept is nobody's fault who wants to compare.
        let _ = unpack::sweep();
        let git = Git { program: &["git"], here: &here()? };
        let kept = unpack::kept_folder(&private::state());
        Self::open_in(git, text, functions_file, &kept).await
    }

    /// The working tree as it is: the current directory.
    ///
    /// # Errors
    /// When the functions file is not there, or git refuses the repository. Being
    /// outside of one is fine.
    pub async fn working_tree(functions_file: &Path) -> Result<Self, SideError> {
        let here = here()?;
        let git = Git { program: &["git"], here: &here };
        // The whole repository: a build may use what lies beside the current directory.
        Self::from_folder("working tree", git, functions_file, ":/").await
    }

    /// The functions file of this side, absolute.
    #[must_use]
    pub fn functions_file(&self) -> PathBuf {
        self.functions_file.clone()
    }

    async fn open_in(
        git: Git<'_>,
        text: &str,
        functions_file: &Path,
        kept: &Path,
    ) -> Result<Self, SideError> {
        if text.is_empty() {
            return typed("an empty text names no side: name a git ref, or a folder as `./name`");
        }
        if !is_folder(text) {
            return Self::from_ref(git, text, functions_file, kept).await;
        }
        let folder = expand(git.here, text);
        if !folder.is_dir() {
            return typed(format!(
                "there is no folder {}: `{}` was taken for one because of how it begins or ends; \
                 a git ref is written without `./` and without `/` at its end",
                folder.display(),
                printable(text, SHOWN)
            ));
        }
        Self::from_folder(text, Git { here: &folder, ..git }, functions_file, ".").await
    }

    async fn from_folder(
        name: &str,
        git: Git<'_>,
        functions_file: &Path,
        scope: &str,
    ) -> Result<Self, SideError> {
        let file = git.here.join(relative(functions_file)?);
        if !file.is_file() {
            return typed(format!(
                "{} has no {}: name a folder that has it, or the file with `--functions-file`",
                git.here.display(),
                functions_file.display()
            ));
        }
        let state = git.state(scope).await?;
        let changed = if state.as_ref().is_some_and(|s| s.dirty) { " + changes" } else { "" };
        let name = printable(name, SHOWN);
        Ok(Self {
            label: match &state {
                Some(State { commit, .. }) => format!("{name} ({}{changed})", short(commit)),
                None => name,
            },
            dirty: state.as_ref().is_some_and(|s| s.dirty),
            commit: state.map(|s| s.commit),
            root: git.here.to_owned(),
            functions_file: file,
            _checkout: None,
        })
    }

    async fn from_ref(
        git: Git<'_>,
        text: &str,
        functions_file: &Path,
        kept: &Path,
    ) -> Result<Self, SideError> {
        let relative = relative(functions_file)?;
        let home = git.home().await?;
        let commit = git.commit(text).await?;
        let label = format!("{} ({})", printable(text, SHOWN), short(&commit));
        let Some(path) = normal(&home.prefix.join(relative)) else {
            return typed(format!(
                "{} lies outside of the repository: {label} cannot have it",
                functions_file.display()
            ));
        };
        let checkout = Checkout::of(kept, home.git_dir(), &commit)?;
        let entries = git.check_out(&home, &commit, &checkout).await?;
        let tree = checkout.tree();
        let file = tree.join(&path);
        let mut needed = vec![path.clone()];
        // What is wrong with the file itself is said by whoever reads it.
        let functions = function::load(&file).unwrap_or_default();
        let inside = |folder: &Path| Some(normal(folder)?.strip_prefix(&tree).ok()?.to_owned());
        needed.extend(functions.iter().filter_map(|f| inside(f.folder()?)));
        if let Some(gap) = unsupported_entries::find(&tree, &entries, &needed) {
            return typed(format!("{label} cannot be had whole: {gap}"));
        }
        if !file.is_file() {
            return typed(format!(
                "{label} has no {}: commit {commit} does not hold it; name a commit that does, \
                 or another file with `--functions-file`",
                path.display()
            ));
        }
        Ok(Self {
            label,
            commit: Some(commit),
            dirty: false,
            root: tree.join(&home.prefix),
            functions_file: file,
            _checkout: Some(checkout),
        })
    }
}

fn typed<T>(message: impl Into<String>) -> Result<T, SideError> {
    Err(SideError::Typed(message.into()))
}

fn here() -> Result<PathBuf, SideError> {
    std::env::current_dir()
        .map_err(|e| SideError::Environment(format!("the current directory cannot be read: {e}")))
}

/// Whether a text is a folder rather than a git ref. No ref begins or ends so.
fn is_folder(text: &str) -> bool {
    text.starts_with(['.', '/', '~']) || text.ends_with('/')
}

/// The folder as an absolute path. The shell leaves a `~` within `--base=~/x` alone.
fn expand(here: &Path, text: &str) -> PathBuf {
    let path = Path::new(text);
    match (path.strip_prefix("~"), std::env::home_dir()) {
        (Ok(rest), Some(home)) => home.join(rest),
        // By its components, so that `./x/` and `./x` are one folder.
        _ => here.join(path.components().collect::<PathBuf>()),
    }
}

/// The path, if it is relative: an absolute one would be the same file on both sides.
fn relative(functions_file: &Path) -> Result<&Path, SideError> {
    if functions_file.is_absolute() {
        return typed(format!(
            "{} is absolute, and so the same on both sides: give `--functions-file` relative to \
             the root of a side",
            functions_file.display()
        ));
    }
    Ok(functions_file)
}

/// The path without `.` and `..`; none where it leads out of where it begins.
fn normal(path: &Path) -> Option<PathBuf> {
    let mut out = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => out.pop().then_some(())?,
            Component::CurDir => {}
            other => out.push(other),
        }
    }
    Some(out)
}

/// A commit as a reader sees it.
fn short(commit: &str) -> &str {
    commit.get(..12).unwrap_or(commit)
}

#[cfg(test)]
mod tests;
