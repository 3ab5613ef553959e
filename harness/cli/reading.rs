//! What the user typed to look at what is there: flags of `list`, `show`, `report`,
//! `doctor`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{CostFlags, FUNCTIONS_FILE, FormatFlag};

/// Flags of `list`.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Only these [default: all of them]
    #[arg(value_enum, value_name = "WHAT")]
    pub what: Option<Listed>,

    /// The folder with results
    #[arg(long, value_name = "FOLDER", default_value = "results")]
    pub results: PathBuf,

    /// The file that describes the functions
    #[arg(long, value_name = "FILE", default_value = FUNCTIONS_FILE)]
    pub functions_file: PathBuf,

    /// How it is printed.
    #[command(flatten)]
    pub printed: FormatFlag,
}

/// What can be listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Listed {
    /// What was measured and judged, newest first.
    Runs,
    /// What can be started.
    Functions,
    /// What can be done to it.
    Scenarios,
}

/// Flags of `show`.
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// A folder; or the name or id of a result, as `list runs` tells it; or `latest`
    #[arg(value_name = "RUN")]
    pub run: OsString,

    /// The folder with results
    #[arg(long, value_name = "FOLDER", default_value = "results")]
    pub results: PathBuf,

    /// Read what is there of a run whose rows are not those of its plan; says so everywhere
    #[arg(long)]
    pub salvage: bool,

    /// Every row of a run in place of its figures: phases, why it was cold or failed, and of
    /// one by `run -v` what was replied and written
    #[arg(long)]
    pub rows: bool,

    /// Only rows of these functions, separated by commas
    #[arg(long, value_delimiter = ',', value_name = "NAMES", requires = "rows")]
    pub functions: Option<Vec<String>>,

    /// Only rows that failed
    #[arg(long, requires = "rows")]
    pub failed: bool,

    /// How it is printed.
    #[command(flatten)]
    pub printed: FormatFlag,
}

/// Flags of `report`.
#[derive(Debug, Args)]
pub(crate) struct Report {
    /// The folder: of a run, a study, an explanation or a replay
    pub run: PathBuf,

    /// Also put the results block into a page, between its markers
    #[arg(long, value_name = "PAGE")]
    pub splice: Option<PathBuf>,

    /// Read what is there of a run whose rows are not those of its plan; says so everywhere
    #[arg(long, conflicts_with = "splice")]
    pub salvage: bool,

    /// What its calls would have cost.
    #[command(flatten)]
    pub cost: CostFlags,

    /// How it is printed.
    #[command(flatten)]
    pub printed: FormatFlag,
}

/// Flags of `doctor`.
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// The file that describes the functions
    #[arg(long, value_name = "FILE", default_value = FUNCTIONS_FILE)]
    pub functions_file: PathBuf,

    /// How it is printed.
    #[command(flatten)]
    pub printed: FormatFlag,
}
