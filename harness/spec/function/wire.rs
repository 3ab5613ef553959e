//! The shape of a `functions.toml`, and what is checked of an entry.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use serde::Deserialize;

mod entries;
mod source;
mod variant;

pub(super) use entries::functions;
use variant::WireVariant;

use super::input::read_event_file;
use super::launch::check_words;
use super::variables::{check_name, check_value};
use super::{
    AdapterKind, EVENT_NONCE, EventFault, Function, HttpRequest, ImageSource, LEAST_MEMORY, Launch,
    Limits, Method, PROCESSES, ReplyCheck, TIMEOUTS, check_event, check_path, check_workdir,
    is_reference, read_variables,
};
use crate::text::diagnostic::Mistake;
use crate::text::units::{Cpus, DurationText, SizeText, format_size};

/// The most processes that a kernel numbers.
const MOST_PROCESSES: u32 = 4_194_304;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WireFile {
    pub(super) null: Option<toml::Spanned<String>>,
    #[serde(default)]
    pub(super) base: BTreeMap<String, WireBase>,
    pub(super) function: Vec<WireFunction>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WireBase {
    pub(super) pull: toml::Spanned<String>,
    #[serde(default)]
    pub(super) suite: String,
    #[serde(default)]
    pub(super) packages: Vec<String>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WireFunction {
    name: toml::Spanned<String>,
    image: Option<toml::Spanned<String>>,
    build: Option<toml::Spanned<Words>>,
    context: Option<PathBuf>,
    dockerfile: Option<PathBuf>,
    #[serde(default)]
    args: BTreeMap<toml::Spanned<String>, toml::Spanned<String>>,
    #[serde(default)]
    network: bool,
    #[serde(default)]
    bases: BTreeMap<String, toml::Spanned<String>>,
    #[serde(default)]
    process: Words,
    #[serde(default)]
    prepare: Words,
    #[serde(default)]
    inputs: Vec<PathBuf>,
    #[serde(default)]
    tools: BTreeMap<String, toml::Spanned<String>>,
    #[serde(default)]
    optional: bool,
    #[serde(default)]
    files: Vec<PathBuf>,
    version_command: Option<toml::Spanned<Words>>,
    memory: toml::Spanned<SizeText>,
    cpus: Option<Cpus>,
    processes: Option<toml::Spanned<u32>>,
    timeout: toml::Spanned<DurationText>,
    #[serde(default)]
    env: BTreeMap<toml::Spanned<String>, toml::Spanned<String>>,
    env_file: Option<PathBuf>,
    #[serde(default)]
    command: Words,
    #[serde(default)]
    entrypoint: Words,
    workdir: Option<toml::Spanned<String>>,
    #[serde(default)]
    read_only: bool,
    #[serde(default)]
    lambda: bool,
    event: Option<toml::Spanned<String>>,
    reply: Option<ReplyCheck>,
    #[serde(default)]
    adapter: AdapterKind,
    port: Option<toml::Spanned<u16>>,
    path: Option<toml::Spanned<String>>,
    method: Option<toml::Spanned<Method>>,
    status: Option<toml::Spanned<u16>>,
    body: Option<toml::Spanned<String>>,
    #[serde(default)]
    variant: Vec<WireVariant>,
}

/// A command, as a kernel takes it; empty for none.
#[derive(Clone, Default)]
struct Words(Vec<String>);

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let words: Vec<String> = Vec::deserialize(deserializer)?;
        check_words(&words).map_err(serde::de::Error::custom)?;
        Ok(Self(words))
    }
}

/// An event as it is written, or that of the file which it names.
fn read(event: toml::Spanned<String>, at: Text<'_>) -> Result<toml::Spanned<String>> {
    let span = event.span();
    match event.get_ref().strip_prefix('@') {
        Some(file) => Ok(toml::Spanned::new(span, read_event_file(&at.folder.join(file))?)),
        None => Ok(event),
    }
}

/// Where an entry stands.
#[derive(Clone, Copy)]
pub(super) struct Text<'a> {
    /// All of the file.
    pub(super) text: &'a str,
    /// What it is called in errors.
    pub(super) file: &'a str,
    /// What its paths are relative to.
    pub(super) folder: &'a Path,
}

impl Text<'_> {
    fn wrong<T>(&self, span: Range<usize>, message: String) -> Result<T> {
        Err(Mistake::at(self.text, self.file, span, message).into())
    }

    /// Checks what is given to engines as a reference, and told in commands to type.
    pub(super) fn reference(&self, text: &toml::Spanned<String>) -> Result<()> {
        if is_reference(text.get_ref()) {
            return Ok(());
        }
        let shown = text.get_ref().escape_debug();
        self.wrong(text.span(), format!("`{shown}` is no image reference, such as `name:tag`"))
    }

    /// Checks what no kernel takes for a variable, or no instance that is spoken to so.
    fn variable(
        &self,
        adapter: AdapterKind,
        name: toml::Spanned<String>,
        value: toml::Spanned<String>,
    ) -> Result<(String, String)> {
        if let Err(why) = check_name(name.get_ref(), adapter) {
            return self.wrong(name.span(), why);
        }
        if let Err(why) = check_value(name.get_ref(), value.get_ref()) {
            return self.wrong(value.span(), why);
        }
        Ok((name.into_inner(), value.into_inner()))
    }
}

impl WireFunction {
    pub(super) fn check(
        mut self,
        position: usize,
        at: Text<'_>,
        known: &BTreeMap<String, WireBase>,
    ) -> Result<Function> {
        let name = self.name.get_ref().clone();
        let http = self.request(at)?;
        let event = self.event(http.as_ref(), at)?;
        let limits = self.limits(at)?;
        let timeout = self.timeout(at)?;
        let env = self.env(at)?;
        let launch = self.launch(at)?;
        let (recipe, reply) = match (self.image.take(), self.build.take()) {
            (Some(image), None) => (self.as_it_is(image, at)?, ReplyCheck::Any),
            (None, Some(build)) => (self.by_command(build, at)?, ReplyCheck::Any),
            (None, None) => (self.built(at, known)?, ReplyCheck::Proof),
            (Some(image), Some(_)) => {
                let message = format!("`{name}` has an `image` and a `build`: leave out one");
                return at.wrong(image.span(), message);
            }
        };
        // What listens answers as it likes, unless it is said that it proves.
        let reply = self.reply.unwrap_or(if http.is_some() { ReplyCheck::Any } else { reply });
        if reply.proves() {
            if let Some(HttpRequest { method, .. }) = http.as_ref().filter(|h| !h.method.has_body())
            {
                let message = format!(
                    "the reply of `{name}` cannot prove that an event was read which {method} does \
                     not send: set `method = \"POST\"`, or `reply = \"any\"`"
                );
                return at.wrong(self.name.span(), message);
            }
            if let Err(why) = takes_a_nonce(event.get_ref()) {
                let message = format!("the event of `{name}` {why}, or set `reply = \"any\"`");
                return at.wrong(event.span(), message);
            }
        }
        if let (ImageSource::Build(build), Some(program)) = (&recipe, self.process.0.first_mut()) {
            *program = build.context.join(&*program).display().to_string();
        }
        Ok(Function {
            name,
            position,
            recipe,
            is_null: false,
            variant: None,
            optional: self.optional,
            process: self.process.0,
            is_bare: false,
            stands_for: None,
            version_command: self.version_command.map(|c| c.into_inner().0).unwrap_or_default(),
            limits,
            timeout,
            env,
            launch,
            event: event.into_inner(),
            reply,
            adapter: self.adapter,
            http,
        })
    }

    /// What is sent: needed, but for what listens and is asked without one.
    fn event(&mut self, http: Option<&HttpRequest>, at: Text<'_>) -> Result<toml::Spanned<String>> {
        let (name, span) = (self.name.get_ref(), self.name.span());
        let event = match self.event.take() {
            Some(event) => read(event, at).with_context(|| format!("the event of `{name}`"))?,
            None if http.is_some() => toml::Spanned::new(span, "{}".to_owned()),
            None => {
                return at.wrong(span, format!("missing field `event`: what `{name}` is sent"));
            }
        };
        if let Err(EventFault { why, .. }) = check_event(event.get_ref()) {
            let message = format!("the event of `{name}` is not JSON: {why}");
            return at.wrong(event.span(), message);
        }
        Ok(event)
    }

    /// How it is asked, if it listens.
    fn request(&self, at: Text<'_>) -> Result<Option<HttpRequest>> {
        let (port, path, method, status, body) =
            (&self.port, &self.path, &self.method, &self.status, &self.body);
        if !self.adapter.listens() {
            let spans = [
                ("port", port.as_ref().map(toml::Spanned::span)),
                ("path", path.as_ref().map(toml::Spanned::span)),
                ("method", method.as_ref().map(toml::Spanned::span)),
                ("status", status.as_ref().map(toml::Spanned::span)),
                ("body", body.as_ref().map(toml::Spanned::span)),
            ];
            let said = spans.into_iter().find_map(|(key, span)| Some((key, span?)));
            let Some((key, span)) = said else { return Ok(None) };
            let name = self.name.get_ref();
            let message = format!(
                "`{key}` is of functions that listen, and `{name}` asks for its events: set \
                 `adapter = \"http\"`, or leave it out"
            );
            return at.wrong(span, message);
        }
        if let Some(port) = port.as_ref().filter(|port| *port.get_ref() == 0) {
            return at.wrong(port.span(), "a port: 1 to 65535".to_owned());
        }
        if let Some(path) = path
            && let Err(why) = check_path(path.get_ref())
        {
            return at.wrong(path.span(), why);
        }
        if let Some(status) = status.as_ref().filter(|s| !(200..=599).contains(s.get_ref())) {
            return at.wrong(status.span(), "the status of an answer: 200 to 599".to_owned());
        }
        let usual = HttpRequest::default();
        Ok(Some(HttpRequest {
            port: port.as_ref().map_or(usual.port, |port| *port.get_ref()),
            path: path.as_ref().map_or(usual.path, |path| path.get_ref().clone()),
            method: method.as_ref().map_or(usual.method, |method| *method.get_ref()),
            status: status.as_ref().map_or(usual.status, |status| *status.get_ref()),
            body: body.as_ref().map(|body| body.get_ref().clone()),
        }))
    }

    fn limits(&self, at: Text<'_>) -> Result<Limits> {
        let memory = self.memory.get_ref().0;
        if memory < LEAST_MEMORY {
            let (given, least) = (format_size(memory), format_size(LEAST_MEMORY));
            let message = format!("{given} is less memory than any engine takes: {least}");
            return at.wrong(self.memory.span(), message);
        }
        let processes = self.processes.as_ref().map_or(PROCESSES, |most| *most.get_ref());
        match &self.processes {
            Some(most) if !(1..=MOST_PROCESSES).contains(&processes) => {
                at.wrong(most.span(), format!("processes: 1 to {MOST_PROCESSES}"))
            }
            _ => Ok(Limits { memory, cpus: self.cpus, processes: Some(processes) }),
        }
    }

    /// Variables of its file, and those beside it, which come first.
    fn env(&mut self, at: Text<'_>) -> Result<BTreeMap<String, String>> {
        let mut all = match &self.env_file {
            Some(file) => {
                let name = self.name.get_ref();
                let known = |name: &str| std::env::var(name).ok();
                read_variables(&at.folder.join(file), self.adapter, known)
                    .with_context(|| format!("{}: the `env-file` of `{name}`", at.file))?
            }
            None => BTreeMap::new(),
        };
        for (name, value) in std::mem::take(&mut self.env) {
            let (name, value) = at.variable(self.adapter, name, value)?;
            all.insert(name, value);
        }
        Ok(all)
    }

    fn launch(&mut self, at: Text<'_>) -> Result<Launch> {
        let workdir = self.workdir.take();
        if let Some(folder) = &workdir
            && let Err(why) = check_workdir(folder.get_ref())
        {
            return at.wrong(folder.span(), why);
        }
        let launch = Launch {
            command: std::mem::take(&mut self.command.0),
            entrypoint: std::mem::take(&mut self.entrypoint.0),
            workdir: workdir.map(toml::Spanned::into_inner),
            read_only: self.read_only,
            lambda: self.lambda,
        };
        match launch.key().filter(|_| !self.process.0.is_empty()) {
            None => Ok(launch),
            Some(key) => {
                let name = self.name.get_ref();
                let message = format!(
                    "`{name}` has a `process`, which is started without a container and without \
                     what `{key}` says: leave out one of the two"
                );
                at.wrong(self.name.span(), message)
            }
        }
    }

    fn timeout(&self, at: Text<'_>) -> Result<Duration> {
        let timeout = self.timeout.get_ref().0;
        if TIMEOUTS.contains(&timeout) {
            return Ok(timeout);
        }
        at.wrong(self.timeout.span(), "a timeout has 1ms at least and 24h at most".to_owned())
    }

    /// What `prepare` needs: without it nothing is needed.
    fn tools(&mut self, at: Text<'_>) -> Result<BTreeMap<String, String>> {
        let (name, span) = (self.name.get_ref(), self.name.span());
        let said = [("inputs", self.inputs.is_empty()), ("tools", self.tools.is_empty())];
        if self.prepare.0.is_empty()
            && let Some((key, _)) = said.iter().find(|(_, is_empty)| !is_empty)
        {
            return at.wrong(span, format!("`{name}` has `{key}` and no `prepare` that it is for"));
        }
        let tools = std::mem::take(&mut self.tools).into_iter();
        let tool = |(program, package): (String, toml::Spanned<String>)| {
            if is_package(package.get_ref()) {
                return Ok((program, package.into_inner()));
            }
            let shown = package.get_ref().escape_debug();
            at.wrong(package.span(), format!("`{shown}` is not the name of a Debian package"))
        };
        tools.map(tool).collect()
    }
}

/// Whether a text may be the name of a Debian package: it is given to a command.
fn is_package(text: &str) -> bool {
    let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "+-.".contains(c);
    text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(fine)
}

/// Whether an event can carry a nonce, for a reply that proves that it was read.
///
/// # Errors
/// Says what it must be, as the end of a sentence.
pub fn takes_a_nonce(event: &str) -> Result<(), String> {
    let members: BTreeMap<String, serde::de::IgnoredAny> = serde_json::from_str(event)
        .map_err(|_| "must be a JSON object, as its reply proves that it was read".to_owned())?;
    match members.contains_key(EVENT_NONCE) {
        true => Err(format!("must not have a member `{EVENT_NONCE}`, which the driver puts in")),
        false => Ok(()),
    }
}
