//! `functions.toml` -> [`Function`]: what can be measured, as data.
//!
//! The harness knows no language: everything particular to one stands in that
//! file and in the folder it names. Wire types are private.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use crate::text::diagnostic::{Mistake, did_you_mean};
use crate::text::units::Cpus;

mod http;
mod input;
mod launch;
mod reply;
mod typed;
mod variables;
mod variant;
mod wire;

pub use http::{HttpRequest, Method, PORT, check_path};
pub use input::{EventFault, check_event, read_event, read_text};
pub use launch::{INIT_LIMIT, Launch, OPEN_FILES, TMP, USER, check_workdir, split_words};
pub use reply::{Expected, ReplyCheck};
pub use typed::{TypedImage, is_id, is_reference, name_of_image, names, with_tag};
pub use variables::{read_variables, variable};
pub use variant::{COMMAND, Proof, Variant};
pub use wire::takes_a_nonce;
use wire::{WireBase, WireFile};

/// Something that can be invoked: an image plus its limits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Function {
    /// Its name in tables, charts and flags.
    pub name: String,
    /// Position in `functions.toml`, from 0: fixes its colour in every chart.
    pub position: usize,
    /// Where its image comes from.
    pub recipe: ImageSource,
    /// Whether it is the control of every run: it does nothing but answer.
    pub is_null: bool,
    /// Of which function it is a variant; none of one by itself.
    pub variant: Option<Variant>,
    /// Whether it is measured only where it is named.
    pub optional: bool,
    /// The command that runs it as a plain process of this machine, its program
    /// absolute; empty for none.
    pub process: Vec<String>,
    /// Whether it is run by that command, and not from its image.
    #[serde(default)]
    pub is_bare: bool,
    /// The name of the function that it is, where this is another name of that.
    #[serde(default)]
    pub stands_for: Option<String>,
    /// A command that prints the runtime's version, run inside the image; empty for
    /// none, which only an image as it is may have.
    pub version_command: Vec<String>,
    /// What an instance may use.
    pub limits: Limits,
    /// From dispatch to reply; a later answer is a time-out.
    pub timeout: Duration,
    /// Environment of every instance, beside the contract's own.
    pub env: BTreeMap<String, String>,
    /// How an instance is started where that is not what its image says.
    pub launch: Launch,
    /// The event sent with each invocation: valid JSON. An object where the reply is a
    /// proof, and sent with a member [`EVENT_NONCE`] put first; else byte for byte.
    pub event: String,
    /// What a good reply is.
    pub reply: ReplyCheck,
    /// How its instances are spoken to.
    pub adapter: AdapterKind,
    /// How it is asked, where it listens; none where it asks.
    pub http: Option<HttpRequest>,
}

/// Where a function's image comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ImageSource {
    /// It is built.
    Build(Build),
    /// A command of the user's own builds it.
    Command(OwnBuild),
    /// It is used as it is: this reference, on the engine already or pulled.
    Image(String),
}

/// What an image is built from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Build {
    /// The folder with the Dockerfile, absolute.
    pub context: PathBuf,
    /// The file of `context`, by path, that stands for the Dockerfile.
    pub dockerfile: PathBuf,
    /// Base images by the name of the build argument that takes each.
    pub bases: BTreeMap<String, Base>,
    /// The other build arguments.
    pub args: BTreeMap<String, String>,
    /// What is prepared before `prepare`, in the same folder: the function of which it is a
    /// variant.
    pub first: Option<Box<Build>>,
    /// A command run in `context` before the image is built; empty for none.
    pub prepare: Vec<String>,
    /// Files of `context`, by path, that decide what `prepare` makes: it runs again when
    /// one of them has changed; empty where it runs each time.
    pub inputs: Vec<PathBuf>,
    /// Programs that `prepare` needs, and the Debian package that has each.
    pub tools: BTreeMap<String, String>,
    /// Files and folders of `context` that go into the image build, by path.
    pub files: Vec<PathBuf>,
    /// Whether its steps have a network.
    pub network: bool,
}

/// A command that builds an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnBuild {
    /// The folder that it is run in, absolute.
    pub folder: PathBuf,
    /// Its words; [`IMAGE`] in any stands for the tag that it gives the image.
    pub command: Vec<String>,
}

/// How an image is built, unless another file says so.
pub const DOCKERFILE: &str = "Dockerfile";

/// What stands for the image's tag in the words of a build.
pub const IMAGE: &str = "{image}";

impl Function {
    /// What its image is built from; none where it is used as it is.
    #[must_use]
    pub fn build(&self) -> Option<&Build> {
        match &self.recipe {
            ImageSource::Build(build) => Some(build),
            ImageSource::Command(_) | ImageSource::Image(_) => None,
        }
    }

    /// The image that is used as it is; none where it is built.
    #[must_use]
    pub fn image(&self) -> Option<&str> {
        match &self.recipe {
            ImageSource::Build(_) | ImageSource::Command(_) => None,
            ImageSource::Image(reference) => Some(reference),
        }
    }

    /// The folder that it is built from; none where it is used as it is.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        match &self.recipe {
            ImageSource::Build(build) => Some(&build.context),
            ImageSource::Command(own) => Some(&own.folder),
            ImageSource::Image(_) => None,
        }
    }

    /// The base images that it is built on.
    pub fn bases(&self) -> impl Iterator<Item = &Base> {
        self.build().into_iter().flat_map(|build| build.bases.values())
    }
}

/// What an instance may use.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// Memory limit in bytes.
    pub memory: u64,
    /// CPU quota in cores; none for no quota.
    pub cpus: Option<Cpus>,
    /// The most processes and threads; none in the record of a run that had no such limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processes: Option<u32>,
}

/// The member of an event that is another in every invocation, so that its echo proves
/// that it was read.
pub const EVENT_NONCE: &str = "coldstart";

/// The shortest and the longest wait for a reply.
pub const TIMEOUTS: std::ops::RangeInclusive<Duration> =
    Duration::from_millis(1)..=Duration::from_secs(24 * 3600);

/// The least memory limit, in bytes: what the Docker Engine API takes.
pub const LEAST_MEMORY: u64 = 6 << 20;

/// The most processes and threads of an instance that nothing else is said of: as many as
/// AWS Lambda allows, and few enough for a machine to outlive them.
pub const PROCESSES: u32 = 1_024;

/// How an instance is spoken to.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum AdapterKind {
    /// The Lambda Runtime API: it asks for events.
    #[default]
    RuntimeApi,
    /// HTTP: it listens on a port.
    Http,
}

impl AdapterKind {
    /// Its name in files and tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::RuntimeApi => "runtime-api",
            Self::Http => "http",
        }
    }

    /// The variable by which the driver tells its instances something, and what: nobody
    /// else can set it.
    #[must_use]
    pub fn tells(self) -> (&'static str, &'static str) {
        match self {
            Self::RuntimeApi => ("AWS_LAMBDA_RUNTIME_API", "where it asks for its events"),
            Self::Http => ("PORT", "where to listen, which `port` or --http decides"),
        }
    }

    /// Whether its instances listen, and are ready when they do; others ask.
    #[must_use]
    pub fn listens(self) -> bool {
        self == Self::Http
    }
}

/// A base image and the ways to get it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Base {
    /// Its key in `functions.toml`.
    pub name: String,
    /// Registry reference, pinned by digest.
    pub pull: String,
    /// Debian suite to bootstrap from where no registry answers; empty for none.
    pub suite: String,
    /// Debian packages of the bootstrapped image; empty where it cannot be.
    pub packages: Vec<String>,
}

/// Reads a `functions.toml`.
///
/// # Errors
/// Names the file, the line and what was expected.
pub fn load(path: &Path) -> Result<Vec<Function>> {
    let text = read_text(path).with_context(|| {
        format!(
            "cannot read {}, which describes the functions (--functions-file names another, \
                 `coldstart init` writes one)",
            path.display()
        )
    })?;
    // Of a bare name the parent is an empty path, which is no folder.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = std::path::absolute(folder.unwrap_or(Path::new(".")))?;
    parse(&text, &path.display().to_string(), &folder)
}

/// Parses the text of a `functions.toml`; `file` names it in errors and
/// `folder` is what its paths are relative to.
///
/// # Errors
/// Names the file, the line and what was expected.
pub fn parse(text: &str, file: &str, folder: &Path) -> Result<Vec<Function>> {
    let wire: WireFile =
        toml::from_str(text).map_err(|error| Mistake::in_toml(text, file, &error))?;
    let lacks_suite =
        |(_, base): &(_, &WireBase)| base.suite.is_empty() && !base.packages.is_empty();
    if let Some((key, _)) = wire.base.iter().find(lacks_suite) {
        let message = format!("[base.{key}] has `packages` and no `suite` that they come from");
        bail!(Mistake::of(file, message));
    }
    let at = wire::Text { text, file, folder };
    for base in wire.base.values() {
        at.reference(&base.pull)?;
    }
    let mut functions = wire::functions(wire.function, at, &wire.base)?;
    if functions.is_empty() {
        bail!(Mistake::of(file, "it describes no function: add a [[function]]"));
    }
    if let Some(null) = wire.null {
        mark_null(&mut functions, null.get_ref())
            .map_err(|message| Mistake::at(text, file, null.span(), message))?;
    }
    Ok(functions)
}

/// Makes one function the control of every run.
fn mark_null(functions: &mut [Function], name: &str) -> Result<(), String> {
    let unknown = unknown("function", name, functions.iter().map(|f| &f.name));
    let Some(null) = functions.iter_mut().find(|f| f.name == name) else {
        return Err(format!("`null` names an {unknown}"));
    };
    if null.process.is_empty() {
        return Err(format!(
            "the null function `{name}` needs `process`: it is also run without a container"
        ));
    }
    null.is_null = true;
    Ok(())
}

/// Picks functions by name; where none is named, all but the optional ones.
///
/// # Errors
/// Names the unknown function and the known ones, or says that all are optional.
pub fn choose(all: &[Function], names: &[String]) -> Result<Vec<Function>> {
    if !names.is_empty() {
        return select(all, names);
    }
    let chosen: Vec<Function> = all.iter().filter(|f| !f.optional).cloned().collect();
    if chosen.is_empty() {
        let known = listed(all.iter().map(|f| &f.name));
        bail!("every function is `optional`: name some with --functions; known are {known}");
    }
    Ok(chosen)
}

/// Picks functions by name, in the order of `functions.toml`.
///
/// # Errors
/// Names the unknown function and the known ones.
pub fn select(all: &[Function], names: &[String]) -> Result<Vec<Function>> {
    if let Some(unknown) = names.iter().find(|n| !all.iter().any(|f| f.name == **n)) {
        bail!(self::unknown("function", unknown, all.iter().map(|f| &f.name)));
    }
    Ok(all.iter().filter(|f| names.contains(&f.name)).cloned().collect())
}

/// Adds to functions the variants of each, or that of which it is one; after each as in the
/// file.
///
/// # Errors
/// Says which functions have variants where none of these has any.
pub fn beside_variants(all: &[Function], chosen: Vec<Function>) -> Result<Vec<Function>, String> {
    let of = |function: &Function| function.variant.as_ref().map(|variant| variant.of.clone());
    let is_chosen = |name: &str| chosen.iter().any(|function| function.name == name);
    let stands_beside = |function: &Function| match of(function) {
        Some(name) => is_chosen(&name),
        None => chosen.iter().any(|chosen| of(chosen).is_some_and(|name| name == function.name)),
    };
    let is_wanted = |function: &&Function| is_chosen(&function.name) || stands_beside(function);
    let mut wanted: Vec<Function> = all.iter().filter(is_wanted).cloned().collect();
    if !wanted.iter().any(|function| function.variant.is_some()) {
        let mut have: Vec<String> = all.iter().filter_map(of).collect();
        have.dedup();
        let have = if have.is_empty() { "none".to_owned() } else { listed(have) };
        return Err(format!(
            "no function that is to be measured has variants; those that do: {have} \
             ([[function.variant]] describes one)"
        ));
    }
    let is_typed = |function: &Function| !wanted.iter().any(|other| other.name == function.name);
    let typed: Vec<Function> = chosen.iter().filter(|f| is_typed(f)).cloned().collect();
    wanted.extend(typed);
    Ok(wanted)
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

/// ``unknown base `smal`: known are `small`; did you mean `small`?``
pub fn unknown<S: AsRef<str>>(
    what: &str,
    name: &str,
    known: impl Iterator<Item = S> + Clone,
) -> String {
    let meant = did_you_mean(name, known.clone());
    format!("unknown {what} `{name}`: known are {}{meant}", listed(known))
}

/// Names in prose: `a, b, c`.
pub fn listed<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> String {
    let names: Vec<String> = names.into_iter().map(|n| format!("`{}`", n.as_ref())).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests;
