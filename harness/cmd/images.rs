//! Images that were typed: the functions that they are, and the words that say so again.

use std::path::Path;

use anyhow::{Result, anyhow, bail};

use super::repeat::Words;
use super::{ExitReason, load_functions};
use crate::cli;
use crate::cli::ImageFlags;
use coldstart::spec::function::{
    self, Function, HttpRequest, Method, TypedImage, read_event, read_variables, split_words,
    takes_a_nonce, variable,
};
use coldstart::store;

/// Every function to measure, with their variants where those are wanted.
pub(super) fn functions(args: &cli::Run, scenario: &[String]) -> Result<Vec<Function>, ExitReason> {
    let chosen = chosen(&args.common, &args.image, &args.of_images, scenario)?;
    if !args.variants {
        return Ok(chosen);
    }
    let beside = function::beside_variants(&described(&args.common.functions_file)?, chosen);
    beside.map_err(|why| ExitReason::Usage(anyhow!("--variants: {why}")))
}

/// Those of the file that were chosen, and images that were typed. Who types images alone
/// wants no others.
pub(super) fn chosen(
    common: &cli::FunctionFlags,
    image: &[TypedImage],
    of_images: &ImageFlags,
    scenario: &[String],
) -> Result<Vec<Function>, ExitReason> {
    if image.is_empty() {
        return load_functions(common, scenario);
    }
    let mut all = match &common.functions {
        Some(_) => load_functions(common, scenario)?,
        None => Vec::new(),
    };
    let taken: Vec<&str> = all.iter().map(|function| function.name.as_str()).collect();
    let names = function::names(image, &taken);
    let names = names.map_err(|why| ExitReason::Usage(anyhow!(why)))?;
    let typed: Vec<(&TypedImage, String)> = image.iter().zip(names).collect();
    all.extend(images(&typed, of_images, &common.functions_file)?);
    Ok(all)
}

/// Images that were typed, under such names, as functions after those of the file.
pub(super) fn images(
    typed: &[(&TypedImage, String)],
    flags: &ImageFlags,
    file: &Path,
) -> Result<Vec<Function>, ExitReason> {
    let after = described(file)?.len();
    let pattern = pattern(flags).map_err(ExitReason::Usage)?;
    let of = |(i, (image, name)): (usize, &(&TypedImage, String))| Function {
        name: name.clone(),
        position: after + i,
        recipe: function::ImageSource::Image(image.reference.clone()),
        ..pattern.clone()
    };
    Ok(typed.iter().enumerate().map(of).collect())
}

/// What all images that were typed have in common.
fn pattern(flags: &ImageFlags) -> Result<Function> {
    let mut function = Function::of_image("", "", &read_event(&flags.event)?, 0);
    if let Some(asked) = asked(flags) {
        function = function.listening(asked);
    }
    let environment = |name: &str| std::env::var(name).ok();
    for file in &flags.env_file {
        function.env.extend(read_variables(file, function.adapter, environment)?);
    }
    for typed in &flags.env {
        let variable = variable(typed, function.adapter, environment);
        function.env.extend([variable.map_err(|why| anyhow!("--env: {why}"))?]);
    }
    let split = |typed: &Option<String>| {
        let words = typed.as_deref().map(split_words).transpose();
        words.map(Option::unwrap_or_default).map_err(|why| anyhow!(why))
    };
    function.launch = function::Launch {
        command: split(&flags.command)?,
        entrypoint: split(&flags.entrypoint)?,
        workdir: flags.workdir.clone(),
        read_only: flags.read_only,
        lambda: flags.lambda,
    };
    function.timeout = flags.timeout.unwrap_or(function.timeout);
    function.reply = flags.reply.clone().unwrap_or(function.reply);
    match takes_a_nonce(&function.event) {
        Err(why) if function.reply.proves() => bail!("--reply proof: the event {why}"),
        _ => {}
    }
    match &function.http {
        Some(HttpRequest { method, .. }) if function.reply.proves() && !method.has_body() => {
            bail!("--reply proof: {method} sends no event that could be proved: type an --event")
        }
        _ => Ok(function),
    }
}

/// How the images that were typed are asked, if they listen.
fn asked(flags: &ImageFlags) -> Option<HttpRequest> {
    let usual = HttpRequest::default();
    let path = flags.http_path.clone().unwrap_or(usual.path);
    // An event that was typed is to be sent.
    let method = if flags.event == cli::NO_EVENT { usual.method } else { Method::Post };
    flags.http.map(|port| HttpRequest { port, path, method, ..usual })
}

/// What the images that were typed are called in a record: as it names them, else as a
/// new run would.
pub(super) fn recorded_names(
    images: &[TypedImage],
    record: &store::RunRecord,
) -> Result<Vec<String>> {
    let own = function::names(images, &[]).map_err(|why| anyhow!(why))?;
    let name = |(image, own): (&TypedImage, String)| {
        let is_it = |f: &&store::FunctionRecord| f.image == image.reference;
        let recorded = record.functions.iter().find(is_it).map(|f| f.name.clone());
        image.name.clone().or(recorded).unwrap_or(own)
    };
    Ok(images.iter().zip(own).map(name).collect())
}

/// What the file describes: nothing where there is none, which images do not need.
pub(super) fn described(file: &Path) -> Result<Vec<Function>, ExitReason> {
    if !file.exists() {
        return Ok(Vec::new());
    }
    function::load(file).map_err(ExitReason::Usage)
}

/// With how images were typed to be started and invoked. Of a variable its name alone: its
/// value may be a secret, and is then taken from the environment.
pub(super) fn again(words: Words, flags: &ImageFlags) -> Words {
    let name = |typed: &String| typed.split('=').next().unwrap_or_default().to_owned();
    let words = words.some("--event", (flags.event != cli::NO_EVENT).then_some(&flags.event));
    let words = flags.env_file.iter().fold(words, |w, file| w.flag("--env-file", file.display()));
    let words = flags.env.iter().fold(words, |words, typed| words.flag("--env", name(typed)));
    words
        .some("--reply", flags.reply.as_ref())
        .some("--timeout", flags.timeout.map(coldstart::text::units::format_exactly))
        .some("--command", flags.command.as_ref())
        .some("--entrypoint", flags.entrypoint.as_ref())
        .some("--workdir", flags.workdir.as_ref())
        .switch("--read-only", flags.read_only)
        .switch("--lambda", flags.lambda)
        .some("--http", flags.http)
        .some("--http-path", flags.http_path.as_ref())
}

/// Whether anything was typed of how images are started and invoked.
pub(super) fn are_typed(flags: &ImageFlags) -> bool {
    again(Words::of("gate"), flags).line() != Words::of("gate").line()
}
