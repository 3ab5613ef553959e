//! What the user typed to have starts explained: flags of `explain`.

use std::path::PathBuf;

use clap::Args;

use super::image::IMAGES;
use super::{FactorFlags, FormatFlag, FunctionFlags, ImageFlags};
use coldstart::spec::function::TypedImage;

/// The most starts of each kind: each is looked at file by file.
const MOST: i64 = 200;

/// Flags of `explain`.
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The functions to explain [default: all but the optional ones]
    #[arg(value_name = "FUNCTION", conflicts_with = "functions")]
    pub names: Vec<String>,

    /// What to explain, and with what.
    #[command(flatten)]
    pub common: FunctionFlags,

    /// Explain this image as it is. Named by its repository, or NAME=REF
    #[arg(long, value_name = "[NAME=]REF", group = IMAGES, conflicts_with_all = ["names", "functions"])]
    pub image: Option<TypedImage>,

    /// How it is started, and what it answers.
    #[command(flatten)]
    pub of_images: ImageFlags,

    /// What it was, to be told what is new: an image beside --image, else a git ref, or a
    /// folder written as ./name
    #[arg(long, value_name = "REF")]
    pub base: Option<String>,

    /// Starts of each kind: plain, watched, with its runtime telling what it loads, sampled
    /// [default: 5, or as few as 2 where they take long]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=MOST))]
    pub rounds: Option<u32>,

    /// Seed of the shuffled order [default: a random one]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,

    /// What tells packages apart by the folders they are in [default: the program's own,
    /// which is functions/layouts.toml]
    #[arg(long, value_name = "FILE")]
    pub layouts: Option<PathBuf>,

    /// What runtimes are asked, and how their answers read [default: the program's own,
    /// which is functions/profilers.toml]
    #[arg(long, value_name = "FILE")]
    pub profilers: Option<PathBuf>,

    /// The result's folder, which must not exist [default: a new one in results/]
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,

    /// What instances are started under: one value each.
    #[command(flatten)]
    pub factors: FactorFlags,

    /// How it is printed.
    #[command(flatten)]
    pub printed: FormatFlag,
}
