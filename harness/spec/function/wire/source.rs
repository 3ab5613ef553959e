//! What an entry says of where its image comes from.

use std::collections::BTreeMap;

use anyhow::{Result, bail};

use super::{Text, WireBase, WireFunction, Words};
use crate::spec::function::{Base, Build, DOCKERFILE, IMAGE, ImageSource, OwnBuild, unknown};
use crate::text::diagnostic::Mistake;

impl WireFunction {
    /// An image that is not ours to build.
    pub(super) fn as_it_is(
        &self,
        image: toml::Spanned<String>,
        at: Text<'_>,
    ) -> Result<ImageSource> {
        let said = [("context", self.context.is_some())];
        if let Some((key, _)) = said.into_iter().chain(self.of_a_build()).find(|(_, said)| *said) {
            let name = self.name.get_ref();
            let message =
                format!("`{name}` has an `image`, which is used as it is: leave out `{key}`");
            return at.wrong(image.span(), message);
        }
        at.reference(&image)?;
        Ok(ImageSource::Image(image.into_inner()))
    }

    /// What is said of a build that is ours.
    fn of_a_build(&self) -> [(&'static str, bool); 9] {
        [
            ("dockerfile", self.dockerfile.is_some()),
            ("args", !self.args.is_empty()),
            ("bases", !self.bases.is_empty()),
            ("prepare", !self.prepare.0.is_empty()),
            ("inputs", !self.inputs.is_empty()),
            ("tools", !self.tools.is_empty()),
            ("files", !self.files.is_empty()),
            ("network", self.network),
            ("process", !self.process.0.is_empty()),
        ]
    }

    /// An image that a command of the user's builds.
    pub(super) fn by_command(
        &self,
        build: toml::Spanned<Words>,
        at: Text<'_>,
    ) -> Result<ImageSource> {
        let name = self.name.get_ref();
        if let Some((key, _)) = self.of_a_build().iter().find(|(_, is_said)| *is_said) {
            let message = format!(
                "`{name}` has a `build`, a command of its own that does all of it: leave out `{key}`"
            );
            return at.wrong(build.span(), message);
        }
        if !build.get_ref().0.iter().any(|word| word.contains(IMAGE)) {
            let message = format!(
                "the `build` of `{name}` names no image: write `{IMAGE}` where its tag stands, as \
                 in [\"docker\", \"build\", \"-t\", \"{IMAGE}\", \".\"]"
            );
            return at.wrong(build.span(), message);
        }
        let folder = self
            .context
            .as_deref()
            .map_or_else(|| at.folder.to_owned(), |context| at.folder.join(context));
        Ok(ImageSource::Command(OwnBuild { folder, command: build.into_inner().0 }))
    }

    pub(super) fn built(
        &mut self,
        at: Text<'_>,
        known: &BTreeMap<String, WireBase>,
    ) -> Result<ImageSource> {
        let (name, span) = (self.name.get_ref(), self.name.span());
        let Some(context) = &self.context else {
            let message = format!(
                "`{name}` needs `image`, a reference that is used as it is, or `context`, a folder \
                 to build it from, or `build`, a command that builds it"
            );
            return at.wrong(span, message);
        };
        if self.files.is_empty() {
            let message = format!("`{name}` needs `files`: what of `context` goes into its image");
            return at.wrong(span, message);
        }
        let command =
            self.version_command.as_ref().filter(|command| !command.get_ref().0.is_empty());
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
            let (name, pull) = (key.into_inner(), pull.into_inner());
            bases.insert(argument, Base { name, pull, suite, packages });
        }
        let tools = self.tools(at)?;
        let prepare = std::mem::take(&mut self.prepare).0;
        let inputs = std::mem::take(&mut self.inputs);
        let (files, network) = (std::mem::take(&mut self.files), self.network);
        let args = self.args(&bases, at)?;
        let dockerfile = self.dockerfile.take().unwrap_or_else(|| DOCKERFILE.into());
        let build = Build {
            context,
            dockerfile,
            bases,
            args,
            first: None,
            prepare,
            inputs,
            tools,
            files,
            network,
        };
        Ok(ImageSource::Build(build))
    }

    /// Arguments of the build that are no bases.
    fn args(
        &mut self,
        bases: &BTreeMap<String, Base>,
        at: Text<'_>,
    ) -> Result<BTreeMap<String, String>> {
        let mut args = BTreeMap::new();
        for (name, value) in std::mem::take(&mut self.args) {
            if !is_argument(name.get_ref()) {
                let shown = name.get_ref().escape_debug();
                let message =
                    format!("`{shown}` is no name of a build argument: letters, digits, `_`");
                return at.wrong(name.span(), message);
            }
            if value.get_ref().contains(['\0', '\n', '\r']) {
                return at
                    .wrong(value.span(), "the value of a build argument is one line".to_owned());
            }
            if bases.contains_key(name.get_ref()) {
                let message = format!("`{}` is in `bases` too: leave out one", name.get_ref());
                return at.wrong(name.span(), message);
            }
            args.insert(name.into_inner(), value.into_inner());
        }
        Ok(args)
    }
}

/// Whether a Dockerfile can have an argument of this name.
fn is_argument(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
