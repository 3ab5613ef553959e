//! What the user typed to get started: flags of `init`, `completions`, `man`.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

use super::image::parse_path;

/// Flags of `init`.
#[derive(Debug, Args)]
pub(crate) struct Init {
    /// Where the files go
    #[arg(default_value = ".")]
    pub folder: PathBuf,

    /// The image to measure: one that speaks the AWS Lambda Runtime API, or, with --http,
    /// listens
    #[arg(long, value_name = "REF")]
    pub image: Option<String>,

    /// The folder has a Dockerfile: build the image from it, here and on each side of a
    /// gate, by Docker's client
    #[arg(long, conflicts_with = "image")]
    pub build: bool,

    /// What the function is called [default: the image's name, or `mine`]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,

    /// It listens on this port, which it is told as PORT: ask it by HTTP
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub http: Option<u16>,

    /// The path that it is asked for [default: /]
    #[arg(long, value_name = "PATH", requires = "http", value_parser = parse_path)]
    pub http_path: Option<String>,
}

/// Flags of `image`.
#[derive(Debug, Args)]
pub(crate) struct Image {
    /// The program, static [default: the one that is running]
    #[arg(long, value_name = "FILE")]
    pub program: Option<PathBuf>,

    /// What the image is called [default: coldstart:VERSION]
    #[arg(long, value_name = "NAME:TAG")]
    pub tag: Option<String>,

    /// Write its archive to this file, which must not exist, and ask no engine
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// Flags of `completions`.
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell that is to complete
    #[arg(value_enum)]
    pub shell: Shell,
}

/// Flags of `man`.
#[derive(Debug, Args)]
pub(crate) struct Man {
    /// The page of this verb [default: the page of the whole program]
    #[arg(value_name = "VERB", conflicts_with = "out")]
    pub of: Option<String>,

    /// Write every page into this folder
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
}
