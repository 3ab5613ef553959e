//! The shape of a `functions.toml`, and what is checked of an entry.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use serde::Deserialize;

use super::{Base, Build, EVENT_NONCE, Function, Limits, Recipe, ReplyRule, unknown};
use crate::mistake::Mistake;
use crate::units::{Cpus, DurationText, SizeText};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WireFile {
    pub(super) null: Option<toml::Spanned<String>>,
    #[serde(default)]
    pub(super) base: BTreeMap<String, WireBase>,
    pub(super) function: Vec<toml::Spanned<WireFunction>>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WireBase {
    pull: String,
    #[serde(default)]
    pub(super) suite: String,
    #[serde(default)]
    pub(super) packages: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WireFunction {
    pub(super) name: toml::Spanned<String>,
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
    version_command: Option<toml::Spanned<Vec<String>>>,
    memory: SizeText,
    cpus: Option<Cpus>,
    timeout: DurationText,
    #[serde(default)]
    env: BTreeMap<String, String>,
    event: toml::Spanned<String>,
    reply: Option<ReplyRule>,
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
}

impl WireFunction {
    pub(super) fn check(
        mut self,
        position: usize,
        at: Text<'_>,
        known: &BTreeMap<String, WireBase>,
    ) -> Result<Function> {
        let name = self.name.get_ref().clone();
        if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(self.event.get_ref()) {
            let message = format!("the event of `{name}` is not JSON: {error}");
            return at.wrong(self.event.span(), message);
        }
        let (recipe, reply) = match self.image.take() {
            Some(image) => (self.as_it_is(image, at)?, ReplyRule::Any),
            None => (self.built(at, known)?, ReplyRule::Proof),
        };
        let reply = self.reply.unwrap_or(reply);
        if reply == ReplyRule::Proof
            && let Err(why) = takes_a_nonce(self.event.get_ref())
        {
            let message = format!("the event of `{name}` {why}, or set `reply = \"any\"`");
            return at.wrong(self.event.span(), message);
        }
        if let (Recipe::Build(build), Some(program)) = (&recipe, self.process.first_mut()) {
            *program = build.context.join(&*program).display().to_string();
        }
        Ok(Function {
            name,
            position,
            recipe,
            is_null: false,
            process: self.process,
            version_command: self.version_command.map(|c| c.into_inner()).unwrap_or_default(),
            limits: Limits { memory: self.memory.0, cpus: self.cpus },
            timeout: self.timeout.0,
            env: self.env,
            event: self.event.into_inner(),
            reply,
        })
    }

    /// An image that is not ours to build.
    fn as_it_is(&self, image: toml::Spanned<String>, at: Text<'_>) -> Result<Recipe> {
        let said = [
            ("context", self.context.is_some()),
            ("bases", !self.bases.is_empty()),
            ("prepare", !self.prepare.is_empty()),
            ("files", !self.files.is_empty()),
            ("process", !self.process.is_empty()),
        ];
        if let Some((key, _)) = said.iter().find(|(_, is_said)| *is_said) {
            let name = self.name.get_ref();
            let message =
                format!("`{name}` has an `image`, which is used as it is: leave out `{key}`");
            return at.wrong(image.span(), message);
        }
        Ok(Recipe::Image(image.into_inner()))
    }

    fn built(&mut self, at: Text<'_>, known: &BTreeMap<String, WireBase>) -> Result<Recipe> {
        let (name, span) = (self.name.get_ref(), self.name.span());
        let Some(context) = &self.context else {
            let message = format!(
                "`{name}` needs `image`, a reference that is used as it is, or `context`, a folder \
                 to build it from"
            );
            return at.wrong(span, message);
        };
        if self.files.is_empty() {
            let message = format!("`{name}` needs `files`: what of `context` goes into its image");
            return at.wrong(span, message);
        }
        let command = self.version_command.as_ref().filter(|command| !command.get_ref().is_empty());
        if command.is_none() {
            let span = self.version_command.as_ref().map_or(span, toml::Spanned::span);
            let message = format!("`{name}` has an empty version-command: a run records it");
            return at.wrong(span, message);
        }
        let context = at.folder.join(context);
        let mut bases = BTreeMap::new();
        for (argument, key) in std::mem::take(&mut self.bases) {
            let Some(base) = known.get(key.get_ref()) else {
                let message = unknown("base", key.get_ref(), known.keys());
                bail!(Mistake::at(at.text, at.file, key.span(), message));
            };
            let WireBase { pull, suite, packages } = base.clone();
            bases.insert(argument, Base { name: key.into_inner(), pull, suite, packages });
        }
        let (prepare, files) = (std::mem::take(&mut self.prepare), std::mem::take(&mut self.files));
        Ok(Recipe::Build(Build { context, bases, prepare, files }))
    }
}

/// Whether an event can carry a nonce, for a reply that proves that it was read.
fn takes_a_nonce(event: &str) -> Result<(), String> {
    type Members = BTreeMap<String, serde::de::IgnoredAny>;
    let members: Members = serde_json::from_str(event)
        .map_err(|_| "must be a JSON object, as its reply proves that it was read".to_owned())?;
    match members.contains_key(EVENT_NONCE) {
        true => Err(format!("must not have a member `{EVENT_NONCE}`, which the driver puts in")),
        false => Ok(()),
    }
}
