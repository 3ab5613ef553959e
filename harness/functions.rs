//! `functions.toml` -> [`Function`]: what can be measured, as data.
//!
//! The harness knows no language: everything particular to one stands in that
//! file and in the folder it names. Wire types are private.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use crate::units::{Cpus, DurationText, SizeText};

/// Something that can be invoked: an image plus its limits.
#[derive(Debug, Clone, PartialEq)]
pub struct Function {
    /// Its name in tables, charts and flags.
    pub name: String,
    /// Position in `functions.toml`, from 0: fixes its colour in every chart.
    pub position: usize,
    /// The folder with the Dockerfile, absolute.
    pub context: PathBuf,
    /// Base images by the name of the build argument that takes each.
    pub bases: BTreeMap<String, Base>,
    /// Whether it is the control of every run: it does nothing but answer.
    pub is_null: bool,
    /// The command that runs it as a plain process of this machine, its program
    /// relative to `context`; empty for none.
    pub process: Vec<String>,
    /// A command run in `context` before the image is built; empty for none.
    pub prepare: Vec<String>,
    /// Files of `context` that go into the image build, by path.
    pub files: Vec<PathBuf>,
    /// A command that prints the runtime's version, run inside the image.
    pub version_command: Vec<String>,
    /// What an instance may use.
    pub limits: Limits,
    /// From dispatch to reply; a later answer is a time-out.
    pub timeout: Duration,
    /// Environment of every instance, beside the contract's own.
    pub env: BTreeMap<String, String>,
    /// The event sent with each invocation: valid JSON, sent byte for byte.
    pub event: String,
    /// What a good reply is.
    pub reply: ReplyRule,
}

/// What an instance may use.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// Memory limit in bytes.
    pub memory: u64,
    /// CPU quota in cores; none for no quota.
    pub cpus: Option<Cpus>,
}

/// What a good reply is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ReplyRule {
    /// `{"instance", "invocation", "echo"}`: content and temperature are proved.
    Proof,
    /// Any reply: for foreign images. Temperature then rests on the container's
    /// identity alone.
    Any,
}

/// A base image and the ways to get it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    /// Its key in `functions.toml`.
    pub name: String,
    /// Registry reference, pinned by digest.
    pub pull: String,
    /// Debian suite to bootstrap from where no registry answers.
    pub suite: String,
    /// Debian packages of the bootstrapped image.
    pub packages: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WireFile {
    null: Option<toml::Spanned<String>>,
    #[serde(default)]
    base: BTreeMap<String, WireBase>,
    function: Vec<toml::Spanned<WireFunction>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WireBase {
    pull: String,
    suite: String,
    packages: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WireFunction {
    name: String,
    context: PathBuf,
    #[serde(default)]
    bases: BTreeMap<String, toml::Spanned<String>>,
    #[serde(default)]
    process: Vec<String>,
    #[serde(default)]
    prepare: Vec<String>,
    files: Vec<PathBuf>,
    version_command: Vec<String>,
    memory: SizeText,
    cpus: Option<Cpus>,
    timeout: DurationText,
    #[serde(default)]
    env: BTreeMap<String, String>,
    event: toml::Spanned<String>,
    #[serde(default = "proof")]
    reply: ReplyRule,
}

fn proof() -> ReplyRule {
    ReplyRule::Proof
}

/// Reads a `functions.toml`.
///
/// # Errors
/// Names the file, the line and what was expected.
pub fn load(path: &Path) -> Result<Vec<Function>> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read {}: it describes the functions", path.display()))?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let folder = std::path::absolute(folder)?;
    parse(&text, &path.display().to_string(), &folder)
}

/// Parses the text of a `functions.toml`; `file` names it in errors and
/// `folder` is what its paths are relative to.
///
/// # Errors
/// Names the file, the line and what was expected.
pub fn parse(text: &str, file: &str, folder: &Path) -> Result<Vec<Function>> {
    let wire: WireFile = toml::from_str(text).with_context(|| format!("in {file}"))?;
    let mut functions: Vec<Function> = Vec::new();
    for (position, entry) in wire.function.into_iter().enumerate() {
        let line = line_of(text, entry.span().start);
        let at = format!("{file}:{line}");
        let function = entry.into_inner().check(position, text, file, folder, &wire.base)?;
        if functions.iter().any(|f| f.name == function.name) {
            bail!("{at}: a second function is named `{}`: names must differ", function.name);
        }
        if !is_name(&function.name) {
            bail!(
                "{at}: `{}` is no name for a function: use lower-case letters, digits and `_`",
                function.name
            );
        }
        functions.push(function);
    }
    if functions.is_empty() {
        bail!("{file} describes no function: add a [[function]]");
    }
    if let Some(null) = wire.null {
        let at = format!("{file}:{}", line_of(text, null.span().start));
        mark_null(&mut functions, null.get_ref()).with_context(|| at)?;
    }
    Ok(functions)
}

/// Makes one function the control of every run.
fn mark_null(functions: &mut [Function], name: &str) -> Result<()> {
    let known = listed(functions.iter().map(|f| &f.name));
    let Some(null) = functions.iter_mut().find(|f| f.name == name) else {
        bail!("`null` names the unknown function `{name}`: known are {known}");
    };
    if null.process.is_empty() {
        bail!("the null function `{name}` needs `process`: it is also run without a container");
    }
    null.is_null = true;
    Ok(())
}

impl WireFunction {
    fn check(
        self,
        position: usize,
        text: &str,
        file: &str,
        folder: &Path,
        known: &BTreeMap<String, WireBase>,
    ) -> Result<Function> {
        let mut bases = BTreeMap::new();
        for (argument, key) in self.bases {
            let Some(base) = known.get(key.get_ref()) else {
                bail!(
                    "{file}:{}: unknown base `{}`: known are {}",
                    line_of(text, key.span().start),
                    key.get_ref(),
                    listed(known.keys())
                );
            };
            let WireBase { pull, suite, packages } = base;
            bases.insert(
                argument,
                Base {
                    name: key.into_inner(),
                    pull: pull.clone(),
                    suite: suite.clone(),
                    packages: packages.clone(),
                },
            );
        }
        if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(self.event.get_ref()) {
            let line = line_of(text, self.event.span().start);
            bail!("{file}:{line}: the event of `{}` is not JSON: {error}", self.name);
        }
        if self.version_command.is_empty() {
            bail!("{file}: `{}` has an empty version-command: a run records it", self.name);
        }
        Ok(Function {
            context: folder.join(&self.context),
            position,
            bases,
            is_null: false,
            process: self.process,
            prepare: self.prepare,
            files: self.files,
            version_command: self.version_command,
            limits: Limits { memory: self.memory.0, cpus: self.cpus },
            timeout: self.timeout.0,
            env: self.env,
            event: self.event.into_inner(),
            reply: self.reply,
            name: self.name,
        })
    }
}

/// Picks functions by name, in the order of `functions.toml`.
///
/// # Errors
/// Names the unknown function and the known ones.
pub fn select(all: &[Function], names: &[String]) -> Result<Vec<Function>> {
    if let Some(unknown) = names.iter().find(|n| !all.iter().any(|f| f.name == **n)) {
        bail!("unknown function `{unknown}`: known are {}", listed(all.iter().map(|f| &f.name)));
    }
    Ok(all.iter().filter(|f| names.contains(&f.name)).cloned().collect())
}

/// Whether a text may name a function, a pattern or a step: it becomes part of
/// file names, labels and image names.
#[must_use]
pub fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 40
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// The line, from 1, of a byte offset in a text.
#[must_use]
pub fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|b| *b == b'\n').count()
}

/// Names in prose: `a, b, c`.
pub fn listed<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> String {
    let names: Vec<String> = names.into_iter().map(|n| format!("`{}`", n.as_ref())).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests;
