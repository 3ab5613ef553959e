//! `man`: manual pages, one a verb.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};

use super::{ExitReason, stdout};
use crate::cli::{Man, pages};
use coldstart::store;
use coldstart::text::diagnostic::did_you_mean;

/// Prints one page, or writes all.
pub(super) fn run(args: &Man) -> Result<(), ExitReason> {
    if let Some(folder) = &args.out {
        return Ok(stdout::result(&write(folder)?)?);
    }
    match pages::manual(args.of.as_deref())? {
        Some(page) => Ok(stdout::result(&stdout::text(&page))?),
        None => {
            let typed = args.of.as_deref().unwrap_or_default();
            let meant = did_you_mean(typed, pages::verbs());
            Err(ExitReason::Usage(anyhow!("there is no verb `{typed}`{meant}")))
        }
    }
}

/// Writes `coldstart.1` and a page a verb; returns their names, a line each.
fn write(folder: &Path) -> Result<String> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot create {}", folder.display()))?;
    let verbs = pages::verbs();
    let mut names = String::new();
    store::create(folder)?;
    for verb in std::iter::once(None).chain(verbs.iter().map(Some)) {
        let end = verb.map_or_else(String::new, |verb| format!("-{verb}"));
        let name = PathBuf::from(format!("coldstart{end}.1"));
        let page = pages::manual(verb.map(String::as_str))?.unwrap_or_default();
        store::write(folder, &name, &page)?;
        names += &format!("{}\n", folder.join(&name).display());
    }
    Ok(names)
}
