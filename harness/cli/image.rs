//! What the user typed of images that are measured as they are.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use coldstart::spec::function::{ReplyCheck, TIMEOUTS, check_path, check_workdir, split_words};
use coldstart::text::units::parse_duration;

/// The event of an image, unless one is typed.
pub(crate) const NO_EVENT: &str = "{}";

/// The group of the flags that name images: each of these needs one of them.
pub(super) const IMAGES: &str = "images";

/// How images that were typed are started and invoked, and what they must answer.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Of the images that are named here")]
pub(crate) struct ImageFlags {
    /// The event that images are invoked with: JSON, or @FILE
    #[arg(long, value_name = "JSON", default_value = NO_EVENT, requires = IMAGES)]
    pub event: String,

    /// What a good reply is: any, proof, or as in functions.toml:
    /// '{ text = \"ok\" }' [default: any]
    #[arg(long, value_name = "RULE", requires = IMAGES)]
    pub reply: Option<ReplyCheck>,

    /// The longest wait for a reply [default: 30s]
    #[arg(long, value_name = "TIME", requires = IMAGES, value_parser = parse_timeout)]
    pub timeout: Option<Duration>,

    /// A variable; without a value that of the environment. May be typed again
    #[arg(long, value_name = "NAME[=VALUE]", requires = IMAGES)]
    pub env: Vec<String>,

    /// A file of variables, one a line. May be typed again
    #[arg(long, value_name = "FILE", requires = IMAGES)]
    pub env_file: Vec<PathBuf>,

    /// The command in place of the image's, such as app.handler: one argument, split
    /// as a shell does
    #[arg(long, value_name = "WORDS", requires = IMAGES, value_parser = words,
        allow_hyphen_values = true)]
    pub command: Option<String>,

    /// The entrypoint in place of the image's, likewise
    #[arg(long, value_name = "WORDS", requires = IMAGES, value_parser = words)]
    pub entrypoint: Option<String>,

    /// The folder that an instance is started in
    #[arg(long, value_name = "FOLDER", requires = IMAGES, value_parser = workdir)]
    pub workdir: Option<String>,

    /// Nothing of an instance's root can be written to
    #[arg(long, requires = IMAGES)]
    pub read_only: bool,

    /// As AWS Lambda starts it: a root that cannot be written to, 512 MiB of /tmp,
    /// no root user, 1024 open files
    #[arg(long, requires = IMAGES)]
    pub lambda: bool,

    /// The images listen on this port, which they are told as PORT: ask them by HTTP, with
    /// GET, or with POST where --event is typed
    #[arg(long, value_name = "PORT", requires = IMAGES,
        value_parser = clap::value_parser!(u16).range(1..))]
    pub http: Option<u16>,

    /// The path that they are asked for [default: /]
    #[arg(long, value_name = "PATH", requires = "http", value_parser = parse_path)]
    pub http_path: Option<String>,
}

fn parse_timeout(text: &str) -> Result<Duration, String> {
    let timeout = parse_duration(text)?;
    match TIMEOUTS.contains(&timeout) {
        true => Ok(timeout),
        false => Err("a timeout has 1ms at least and 24h at most".to_owned()),
    }
}

/// Words, kept as they were typed.
fn words(text: &str) -> Result<String, String> {
    split_words(text).map(|_| text.to_owned())
}

fn workdir(text: &str) -> Result<String, String> {
    check_workdir(text).map(|()| text.to_owned())
}

/// A path, as a request has it.
pub(super) fn parse_path(text: &str) -> Result<String, String> {
    check_path(text).map(|()| text.to_owned())
}
