//! What is said of a variant: all else is the function's own.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Result;
use serde::Deserialize;
use toml::Spanned;

use super::{Text, WireBase, WireFunction, Words};
use crate::spec::function::{Function, ImageSource, LONGEST_NAME, Proof, Variant, is_name};

/// The longest sentence that says what a variant changes, in characters.
const LONGEST_ABOUT: usize = 300;

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::spec::function) struct WireVariant {
    name: Spanned<String>,
    about: Spanned<String>,
    link: Option<Spanned<String>>,
    proof: Option<Spanned<WireProof>>,
    image: Option<Spanned<String>>,
    build: Option<Spanned<Words>>,
    dockerfile: Option<PathBuf>,
    #[serde(default)]
    args: BTreeMap<Spanned<String>, Spanned<String>>,
    #[serde(default)]
    bases: BTreeMap<String, Spanned<String>>,
    prepare: Option<Words>,
    #[serde(default)]
    inputs: Vec<PathBuf>,
    #[serde(default)]
    tools: BTreeMap<String, Spanned<String>>,
    files: Option<Vec<PathBuf>>,
    version_command: Option<Spanned<Words>>,
    #[serde(default)]
    env: BTreeMap<Spanned<String>, Spanned<String>>,
    command: Option<Words>,
    entrypoint: Option<Words>,
    workdir: Option<Spanned<String>>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WireProof {
    command: Words,
    prints: String,
}

impl WireVariant {
    /// Where its name stands.
    pub(super) fn span(&self) -> std::ops::Range<usize> {
        self.name.span()
    }

    /// A function by itself: that of which it is a variant, with what is said of it.
    pub(in crate::spec::function) fn check(
        mut self,
        of: (&WireFunction, &Function),
        position: usize,
        at: Text<'_>,
        known: &BTreeMap<String, WireBase>,
    ) -> Result<Function> {
        let (wire, function) = of;
        let variant = self.variant(&function.name, at)?;
        let (span, has_own_prepare) = (self.name.span(), self.prepare.is_some());
        let whole = self.over(wire.clone(), format!("{}_{}", function.name, variant.name));
        let mut made = whole.check(position, at, known)?;
        if is_same(&made, function) {
            let (name, of) = (&variant.name, &variant.of);
            let message = format!(
                "the variant `{name}` of `{of}` changes nothing: give it `args`, `env`, a \
                 `command`, a `dockerfile` or another key of a function of its own"
            );
            return at.wrong(span, message);
        }
        if let (ImageSource::Build(build), Some(before)) = (&mut made.recipe, function.build())
            && has_own_prepare
        {
            build.first = Some(Box::new(before.clone()));
        }
        Ok(Function { variant: Some(variant), ..made })
    }

    /// What it is, apart from how it is built and started.
    fn variant(&mut self, of: &str, at: Text<'_>) -> Result<Variant> {
        let name = self.name.get_ref().clone();
        if !is_name(&name) || !is_name(&format!("{of}_{name}")) {
            let message = format!(
                "`{name}` is not a valid name of a variant: use lower-case letters, digits and \
                 `_`, and no more than {LONGEST_NAME} characters for `{of}_{name}`"
            );
            return at.wrong(self.name.span(), message);
        }
        let about = self.about.get_ref().trim().to_owned();
        if about.is_empty() || about.chars().count() > LONGEST_ABOUT {
            let message = format!("what it changes, in 1 to {LONGEST_ABOUT} characters");
            return at.wrong(self.about.span(), message);
        }
        let link = self.link.take();
        let is_link = |link: &str| ["https://", "http://"].iter().any(|of| link.starts_with(of));
        if let Some(wrong) = link.as_ref().filter(|link| !is_link(link.get_ref())) {
            return at.wrong(wrong.span(), "an address begins with https://".to_owned());
        }
        let proof = self.proof.take().map(|proof| checked(proof, at)).transpose()?;
        let link = link.map(Spanned::into_inner);
        Ok(Variant { of: of.to_owned(), name, about, link, proof })
    }

    /// A function with what is said here in place of what it says itself, or beside it.
    fn over(self, mut whole: WireFunction, name: String) -> WireFunction {
        whole.name = Spanned::new(self.name.span(), name);
        // It is a floor's, which a variant is not.
        whole.process = Words::default();
        whole.optional = true;
        if self.image.is_some() || self.build.is_some() {
            whole.forget_build(self.image.is_some());
            (whole.image, whole.build) = (self.image, self.build);
        }
        if let Some(prepare) = self.prepare {
            (whole.prepare, whole.inputs, whole.tools) = (prepare, self.inputs, self.tools);
        }
        whole.dockerfile = self.dockerfile.or(whole.dockerfile);
        whole.files = self.files.unwrap_or(whole.files);
        whole.version_command = self.version_command.or(whole.version_command);
        whole.command = self.command.unwrap_or(whole.command);
        whole.entrypoint = self.entrypoint.unwrap_or(whole.entrypoint);
        whole.workdir = self.workdir.or(whole.workdir);
        whole.bases.extend(self.bases);
        whole.args.extend(self.args);
        whole.env.extend(self.env);
        whole
    }
}

impl WireFunction {
    /// Leaves out what it says of a build; the folder too, where that is of no use either.
    fn forget_build(&mut self, with_folder: bool) {
        (self.image, self.build, self.dockerfile) = (None, None, None);
        (self.bases, self.args, self.tools) = Default::default();
        (self.prepare, self.inputs, self.files) = Default::default();
        self.network = false;
        if with_folder {
            self.context = None;
        }
    }
}

fn checked(proof: Spanned<WireProof>, at: Text<'_>) -> Result<Proof> {
    let span = proof.span();
    let WireProof { command, prints } = proof.into_inner();
    if command.0.is_empty() || prints.is_empty() {
        let message = "a proof is a `command`, run inside the image, and what it `prints`";
        return at.wrong(span, message.to_owned());
    }
    Ok(Proof { command: command.0, text: prints })
}

/// Whether two functions are built and started alike.
fn is_same(one: &Function, other: &Function) -> bool {
    (&one.recipe, &one.env, &one.launch) == (&other.recipe, &other.env, &other.launch)
}
