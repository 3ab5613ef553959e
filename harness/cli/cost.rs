//! What the user typed of a bill: flags of `run`, `report`, `gate`.

use std::path::PathBuf;

use clap::Args;

use coldstart::cost::Architecture;
use coldstart::text::units::parse_share;

/// Whether a run says what its calls would have cost.
#[derive(Debug, Args)]
#[command(next_help_heading = "Cost")]
pub(crate) struct CostFlags {
    /// Also say what the calls would have cost, paid by use or on a machine that is always
    /// on; implied by the flags below
    #[arg(long)]
    pub cost: bool,

    /// At which prices.
    #[command(flatten)]
    pub prices: PriceFlags,
}

impl CostFlags {
    /// Whether it is asked for.
    pub(crate) fn are_asked(&self) -> bool {
        self.cost || self.prices.are_typed()
    }
}

/// At which prices.
#[derive(Debug, Args)]
#[command(next_help_heading = "Cost")]
pub(crate) struct PriceFlags {
    /// The share of calls that are cold [default: 1%]
    #[arg(long, value_name = "SHARE", value_parser = parse_share)]
    pub cold: Option<f64>,

    /// A file of prices [default: prices.toml beside the functions file, or those built in]
    #[arg(long, value_name = "FILE")]
    pub prices: Option<PathBuf>,

    /// Processors that are paid for: x86 or arm [default: those of this machine]
    #[arg(long, value_name = "ARCH")]
    pub arch: Option<Architecture>,
}

impl PriceFlags {
    fn are_typed(&self) -> bool {
        self.cold.is_some() || self.prices.is_some() || self.arch.is_some()
    }
}
