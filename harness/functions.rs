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
    /// Where its image comes from.
    pub recipe: Recipe,
    /// Whether it is the control of every run: it does nothing but answer.
    pub is_null: bool,
    /// The command that runs it as a plain process of this machine, its program
    /// absolute; empty for none.
    pub process: Vec<String>,
    /// A command that prints the runtime's version, run inside the image; empty for
    /// none, which only an image as it is may have.
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

/// Where a function's image comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipe {
    /// It is built.
    Build(Build),
    /// It is used as it is: this reference, on the engine already or pulled.
    Image(String),
}

/// What an image is built from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Build {
    /// The folder with the Dockerfile, absolute.
    pub context: PathBuf,
    /// Base images by the name of the build argument that takes each.
    pub bases: BTreeMap<String, Base>,
    /// A command run in `context` before the image is built; empty for none.
    pub prepare: Vec<String>,
    /// Files of `context` that go into the image build, by path.
    pub files: Vec<PathBuf>,
}

impl Function {
    /// What its image is built from; none where it is used as it is.
    #[must_use]
    pub fn build(&self) -> Option<&Build> {
        match &self.recipe {
            Recipe::Build(build) => Some(build),
            Recipe::Image(_) => None,
        }
    }

    /// The base images that it is built on.
    pub fn bases(&self) -> impl Iterator<Item = &Base> {
        self.build().into_iter().flat_map(|build| build.bases.values())
    }

    /// An image as it is, with the limits of a small function and any reply taken for
    /// a good one. Its name is made from the reference.
    ///
    /// # Errors
    /// When the event is not JSON, or no name can be made.
    pub fn of_image(reference: &str, event: &str, position: usize) -> Result<Self> {
        serde_json::from_str::<serde::de::IgnoredAny>(event)
            .with_context(|| format!("the event `{event}` is not JSON"))?;
        let name = name_of_image(reference);
        if !is_name(&name) {
            bail!("`{reference}` is no image reference: write it as `name:tag` or `host/name:tag`");
        }
        Ok(Self {
            name,
            position,
            recipe: Recipe::Image(reference.to_owned()),
            is_null: false,
            process: Vec::new(),
            version_command: Vec::new(),
            limits: Limits { memory: IMAGE_MEMORY, cpus: None },
            timeout: IMAGE_TIMEOUT,
            env: BTreeMap::new(),
            event: event.to_owned(),
            reply: ReplyRule::Any,
        })
    }
}

/// Memory of an image that nothing else is said of: 512 MiB, as the functions here.
const IMAGE_MEMORY: u64 = 512 << 20;
/// Time limit of an image that nothing else is said of.
const IMAGE_TIMEOUT: Duration = Duration::from_secs(30);

/// `registry:5000/team/Orders-Api:1.2@sha256:...` -> `orders_api`.
fn name_of_image(reference: &str) -> String {
    let path = reference.split('@').next().unwrap_or_default();
    let last = path.rsplit('/').next().unwrap_or_default();
    let name = last.split(':').next().unwrap_or_default().to_ascii_lowercase();
    let letter = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    name.chars().map(letter).take(LONGEST_NAME).collect()
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

#[derive(Clone, Deserialize)]
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
    image: Option<toml::Spanned<String>>,
    context: Option<PathBuf>,
    #[serde(default)]
    bases: BTreeMap<String, toml::Spanned<String>>,
    #[serde(default)]
    process: Vec<String>,
    #[serde(default)]
    prepare: Vec<String>,
    #[serde(default)]
    files: Vec<PathBuf>,
    #[serde(default)]
    version_command: Vec<String>,
    memory: SizeText,
    cpus: Option<Cpus>,
    timeout: DurationText,
    #[serde(default)]
    env: BTreeMap<String, String>,
    event: toml::Spanned<String>,
    reply: Option<ReplyRule>,
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
        mut self,
        position: usize,
        text: &str,
        file: &str,
        folder: &Path,
        known: &BTreeMap<String, WireBase>,
    ) -> Result<Function> {
        if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(self.event.get_ref()) {
            let line = line_of(text, self.event.span().start);
            bail!("{file}:{line}: the event of `{}` is not JSON: {error}", self.name);
        }
        let (recipe, reply) = match self.image.take() {
            Some(image) => {
                let at = format!("{file}:{}", line_of(text, image.span().start));
                (self.as_it_is(image.into_inner()).with_context(|| at)?, ReplyRule::Any)
            }
            None => (self.built(text, file, folder, known)?, ReplyRule::Proof),
        };
        if let (Recipe::Build(build), Some(program)) = (&recipe, self.process.first_mut()) {
            *program = build.context.join(&*program).display().to_string();
        }
        Ok(Function {
            position,
            recipe,
            is_null: false,
            process: self.process,
            version_command: self.version_command,
            limits: Limits { memory: self.memory.0, cpus: self.cpus },
            timeout: self.timeout.0,
            env: self.env,
            event: self.event.into_inner(),
            reply: self.reply.unwrap_or(reply),
            name: self.name,
        })
    }

    /// An image that is not ours to build.
    fn as_it_is(&self, reference: String) -> Result<Recipe> {
        let said = [
            ("context", self.context.is_some()),
            ("bases", !self.bases.is_empty()),
            ("prepare", !self.prepare.is_empty()),
            ("files", !self.files.is_empty()),
            ("process", !self.process.is_empty()),
        ];
        if let Some((key, _)) = said.iter().find(|(_, is_said)| *is_said) {
            bail!("`{}` has an `image`, which is used as it is: leave out `{key}`", self.name);
        }
        Ok(Recipe::Image(reference))
    }

    fn built(
        &mut self,
        text: &str,
        file: &str,
        folder: &Path,
        known: &BTreeMap<String, WireBase>,
    ) -> Result<Recipe> {
        let Some(context) = &self.context else {
            bail!(
                "{file}: `{}` needs `image`, a reference that is used as it is, or `context`, a \
                 folder to build it from",
                self.name
            );
        };
        if self.files.is_empty() {
            bail!("{file}: `{}` needs `files`: what of `context` goes into its image", self.name);
        }
        if self.version_command.is_empty() {
            bail!("{file}: `{}` has an empty version-command: a run records it", self.name);
        }
        let context = folder.join(context);
        let mut bases = BTreeMap::new();
        for (argument, key) in std::mem::take(&mut self.bases) {
            let Some(base) = known.get(key.get_ref()) else {
                bail!(
                    "{file}:{}: unknown base `{}`: known are {}",
                    line_of(text, key.span().start),
                    key.get_ref(),
                    listed(known.keys())
                );
            };
            let WireBase { pull, suite, packages } = base.clone();
            bases.insert(argument, Base { name: key.into_inner(), pull, suite, packages });
        }
        let (prepare, files) = (std::mem::take(&mut self.prepare), std::mem::take(&mut self.files));
        Ok(Recipe::Build(Build { context, bases, prepare, files }))
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

/// Most characters of a name.
const LONGEST_NAME: usize = 40;

/// Whether a text may name a function, a pattern or a step: it becomes part of
/// file names, labels and image names.
#[must_use]
pub fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= LONGEST_NAME
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
