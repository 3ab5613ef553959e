//! `init`: the files with which an image of the user's own is measured. Writes what is
//! not there, and shows what would go into what is.

use std::path::{Path, PathBuf};

use anyhow::anyhow;

use super::repeat::Words;
use super::{ExitReason, info, stdout};
use crate::cli::Init;
use coldstart::spec::function::{self, is_name, is_reference, name_of_image};
use coldstart::store;

const HEAD: &str = include_str!("init/functions.head.toml");
const FUNCTION: &str = include_str!("init/function.toml");
const ASKS: &str = include_str!("init/asks.toml");
const LISTENS: &str = include_str!("init/listens.toml");
const IMAGE: &str = include_str!("init/image.toml");
const BUILD: &str = include_str!("init/build.toml");
const SCENARIO: &str = include_str!("init/scenario.toml");

/// In place of an image that was not named.
const SOME_IMAGE: &str = "registry.example/team/mine:1.0";
/// What a function is called that was not named.
const SOME_NAME: &str = "mine";

/// Writes, and tells what to do next.
pub(super) fn run(args: &Init) -> Result<(), ExitReason> {
    let image = args.image.as_deref().unwrap_or(SOME_IMAGE);
    if !is_reference(image) {
        return Err(ExitReason::Usage(anyhow!(
            "`{}` is no image reference: name it as the engine does, such as {SOME_IMAGE}",
            image.escape_debug()
        )));
    }
    let name = name(args)?;
    let source = if args.build { BUILD } else { IMAGE };
    let filled =
        |text: &str| text.replace("SOURCE", source).replace("IMAGE", image).replace("NAME", &name);
    let entry = filled(FUNCTION).replace("SPOKEN", &spoken(args));
    let described = args.folder.join("functions.toml");
    let scenario = args.folder.join("scenario.toml");
    let mut text = String::new();
    text += &match store::create_new(&described, &(HEAD.to_owned() + &entry))? {
        true => wrote(&described, "what is measured"),
        false => stays(&described, addition(&described, &name, &entry)),
    };
    let is_new = store::create_new(&scenario, &filled(SCENARIO))?;
    text += &if is_new { wrote(&scenario, "how it is measured") } else { stays(&scenario, None) };
    let plain = |path: &Path| {
        let path: PathBuf = path.components().collect();
        path.strip_prefix(".").unwrap_or(&path).display().to_string()
    };
    let command =
        Words::of("run").word(plain(&scenario)).flag("--functions-file", plain(&described));
    // A scenario that was there may be of other functions.
    let command = command.some("--functions", (!is_new).then_some(&name));
    let gate = Words::of("gate").word(plain(&scenario)).flag("--base", "origin/main");
    let gate = gate.flag("--functions-file", plain(&described));
    let gate = gate.some("--functions", (!is_new).then_some(&name)).line();
    text += &next(args, &described, &command.line(), &gate);
    warn(args, image);
    Ok(stdout::result(&text)?)
}

/// The name that was typed, or that of the image.
fn name(args: &Init) -> Result<String, ExitReason> {
    if let Some(name) = &args.name {
        return if is_name(name) {
            Ok(name.clone())
        } else {
            Err(ExitReason::Usage(anyhow!(
                "`{}` is not a valid function name: use lower-case letters, digits and `_`",
                name.escape_debug()
            )))
        };
    }
    let Some(image) = &args.image else { return Ok(SOME_NAME.to_owned()) };
    let name = name_of_image(image);
    Ok(if is_name(&name) { name } else { SOME_NAME.to_owned() })
}

/// How it is spoken to: it asks for events, or listens.
fn spoken(args: &Init) -> String {
    let Some(port) = args.http else { return ASKS.to_owned() };
    // What a path has is written the same in both.
    let path = serde_json::Value::from(args.http_path.as_deref().unwrap_or("/")).to_string();
    LISTENS.replace("HTTP_PORT", &port.to_string()).replace("HTTP_PATH", &path)
}

fn wrote(path: &Path, what: &str) -> String {
    format!("wrote {}: {what}\n", path.display())
}

/// A file that is there is the user's: it is told what would have stood there.
fn stays(path: &Path, lacks: Option<String>) -> String {
    let path = path.display();
    let Some(text) = lacks else { return format!("{path} is there and stays as it is\n") };
    let shown: String =
        text.lines().map(|line| format!("    {line}").trim_end().to_owned() + "\n").collect();
    format!("{path} is there and stays as it is. Add this at its end:\n\n{shown}\n")
}

/// What a `functions.toml` that is there lacks: nothing where it describes the function.
fn addition(file: &Path, name: &str, entry: &str) -> Option<String> {
    let known = function::load(file).unwrap_or_default();
    (!known.iter().any(|f| f.name == name)).then(|| entry.to_owned())
}

/// What to type.
fn next(args: &Init, described: &Path, command: &str, gate: &str) -> String {
    let first = match args.image {
        Some(_) => String::new(),
        None if args.build => String::new(),
        None => format!("  name your image: `image` in {}\n", described.display()),
    };
    // What is built can be built of a commit too.
    let last = if args.build { format!("  {gate}\n") } else { String::new() };
    format!(
        "\nnext:\n{first}  {command} --dry-run\n  {command}\n  coldstart show latest\n{last}\n\
         what a function must do, and every key: harness/docs/CONTRACT.md\n"
    )
}

/// An image without a digest may be another one tomorrow.
fn warn(args: &Init, image: &str) {
    if args.image.is_some() && !image.contains("@sha256:") {
        info(&format!(
            "note: `{image}` is not pinned; its digest: docker image inspect --format \
             '{{{{index .RepoDigests 0}}}}' {image}"
        ));
    }
}
