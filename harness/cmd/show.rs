//! `show`: an old result again, as it was printed. Writes nothing.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};

use super::failure::of_files;
use super::{ExitReason, holds, info, kept, stdout};
use crate::cli::Show;
use coldstart::analysis::Analysis;
use coldstart::report::form::{Form, Kept, Printed};
use coldstart::report::{comparison, reliability};
use coldstart::store;
use coldstart::store::catalog::{self, Kind};
use coldstart::text::diagnostic::did_you_mean;
use coldstart::text::sanitize::{printable_json, printable_line};
use coldstart::tune::Tuning;

mod rows;

/// What `show` takes for the newest of all.
const LATEST: &str = "latest";
/// The longest line that is shown, in characters.
const LINE: usize = 10_000;

/// Finds the folder, and prints what it holds.
pub(super) fn run(args: &Show) -> Result<(), ExitReason> {
    let folder = find(&args.run, &args.results)?;
    let text = match args.rows {
        true => rows::shown(&folder, args)?,
        false => shown(&folder, args.printed.format, args.salvage)?,
    };
    Ok(stdout::result(&text)?)
}

/// What a folder holds, in a form; of a run what is there, where that was asked for.
pub(super) fn shown(folder: &Path, format: &Form, salvage: bool) -> Result<String, ExitReason> {
    Ok(match Kind::of(folder) {
        Some(Kind::Run) => a_run(folder, format, salvage)?,
        Some(_) if salvage => {
            return Err(ExitReason::Usage(anyhow!(
                "{} holds no run, and only a run's rows can be salvaged: leave out --salvage",
                folder.display()
            )));
        }
        Some(Kind::Comparison) => A_COMPARISON.shown(folder, format)?,
        Some(Kind::Reliability) => A_RELIABILITY.shown(folder, format)?,
        Some(Kind::Explanation) => {
            stdout::form(format, &Printed::Explanation(&kept::explanation(folder)?))?
        }
        Some(Kind::Replay) => stdout::form(format, &Printed::Replay(&kept::replay(folder)?))?,
        Some(Kind::Study) => stdout::form(format, &Printed::Study(&kept::study(folder)?))?,
        None => return Err(holds::nothing(folder).into()),
    })
}

/// The folder that was meant: one that is there, else by its name or id among the
/// results, else `latest`. What is typed need not be UTF-8, as a folder's name need not.
fn find(typed: &OsStr, results: &Path) -> Result<PathBuf, ExitReason> {
    let path = Path::new(typed);
    if path.is_dir() {
        return Ok(path.to_owned());
    }
    let all = catalog::scan(results);
    if typed == LATEST {
        let newest = all.iter().find(|found| found.broken.is_none());
        let newest = newest.ok_or_else(|| {
            let results = results.display();
            of_files(format!("{results} holds no result yet: `coldstart run` makes one"))
        })?;
        info(&format!("latest: {}", newest.folder.display()));
        return Ok(newest.folder.clone());
    }
    // The very folder before one that merely looks the same in a list.
    let exact = all.iter().find(|found| found.folder == results.join(path));
    if let Some(found) = exact.or_else(|| all.iter().find(|found| found.is_called(typed))) {
        return Ok(found.folder.clone());
    }
    let typed = catalog::shown(path);
    let meant = did_you_mean(&typed, all.iter().map(|found| &found.name));
    Err(ExitReason::Usage(anyhow!(
        "there is no result `{typed}`, neither as a folder nor in {}: `coldstart list runs` names \
         them{meant}",
        results.display()
    )))
}

fn a_run(folder: &Path, format: &Form, salvage: bool) -> Result<String> {
    let run = kept::run(folder, salvage)?;
    kept::tell_truncated(&run);
    let analysis = Analysis::of(&run);
    let tuning = Tuning::of(&analysis)?;
    stdout::form(format, &kept::printed(&analysis, tuning.as_ref()))
}

/// A verdict is shown as it was given: judging again, under other rules or by another
/// version, might give another.
struct Verdict {
    /// What its files are called, before their endings.
    stem: &'static str,
    csv: fn(&serde_json::Value) -> Result<String>,
    /// What makes the folder's files again.
    again: &'static str,
}

const A_COMPARISON: Verdict = Verdict {
    stem: "compare",
    csv: comparison::csv,
    again: "`coldstart compare BASE HEAD` makes it again from two runs",
};

const A_RELIABILITY: Verdict =
    Verdict { stem: "aa", csv: reliability::csv, again: "`coldstart aa` measures it again" };

impl Verdict {
    /// In a form. The folder may be somebody else's: nothing in it moves a cursor.
    fn shown(&self, folder: &Path, format: &Form) -> Result<String> {
        let file = |ending: &&str| folder.join(self.stem).with_extension(ending);
        let json = file(&"json");
        match format.kept {
            Kept::Json => Ok(printable_json(&self.document(&json)?.0)),
            Kept::Rows => (self.csv)(&self.document(&json)?.1)
                .with_context(|| format!("{} is not whole: {}", json.display(), self.again)),
            Kept::Lines(endings) => {
                let files: Vec<PathBuf> = endings.iter().map(file).collect();
                let there = files.iter().find(|file| file.is_file()).or(files.last());
                Ok(lines(&store::text(there.unwrap_or(&json))?))
            }
        }
    }

    /// The text of the document, and what it says.
    fn document(&self, path: &Path) -> Result<(String, serde_json::Value)> {
        let text = store::text(path)?;
        let document = serde_json::from_str(&text)
            .with_context(|| format!("{} is not readable: {}", path.display(), self.again))?;
        Ok((text, document))
    }
}

fn lines(text: &str) -> String {
    text.lines().map(|line| printable_line(line, LINE) + "\n").collect()
}
