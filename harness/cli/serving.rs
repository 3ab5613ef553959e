//! What the user typed of what is served, and by which rules: flags of every verb whose calls
//! come from outside.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;

use coldstart::pool::{PolicyChoice, Queue, Scaling};
use coldstart::spec::function::TypedImage;
use coldstart::text::units::{parse_duration, parse_size};

use super::image::IMAGES;
use super::{FUNCTIONS_FILE, ImageFlags, parse_limit};

/// The policy of who asks for none: AWS Lambda was measured to keep instances for so long.
const POLICY: &str = "fixed:10m";

/// What is served.
#[derive(Debug, Args)]
pub(crate) struct ServingFlags {
    /// Functions, by name
    #[arg(value_name = "FUNCTION", required_unless_present = "image")]
    pub functions: Vec<String>,

    /// Serve this image as it is, beside or instead of functions
    #[arg(long, value_name = "[NAME=]REF", group = IMAGES)]
    pub image: Vec<TypedImage>,

    /// How those images are started.
    #[command(flatten)]
    pub of_images: ImageFlags,

    /// The file that describes the functions
    #[arg(long, value_name = "FILE", default_value = FUNCTIONS_FILE)]
    pub functions_file: PathBuf,

    /// Install and start what is missing: an engine, base images
    /// [env: COLDSTART_PROVISION=1]
    #[arg(long)]
    pub provision: bool,

    /// How instances reach the driver: bridge, host or none [default: bridge]
    #[arg(long, value_name = "NAME")]
    pub network: Option<String>,

    /// What makes the instances: docker, oci without a daemon, or fake [default: docker]
    #[arg(long, value_name = "NAME")]
    pub engine: Option<String>,

    /// Leave out the null process, the null container and the calibration, which are measured
    /// before the first call and after the last: the run then cannot say how wrong it is
    #[arg(long)]
    pub no_controls: bool,

    /// Do not listen to the kernel's exec events: boot cannot be told from the engine
    #[arg(long)]
    pub no_exec_trace: bool,

    /// Where containers reach this machine, of an engine on another
    #[arg(long, value_name = "ADDRESS")]
    pub callback: Option<IpAddr>,

    /// The run's folder, which must not exist [default: a new one in results/]
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,

    /// Which instances are kept, and how they are started.
    #[command(flatten)]
    pub rules: RuleFlags,
}

impl ServingFlags {
    /// The folder that was typed, else one of this name among the results.
    pub(crate) fn folder(&self, name: String) -> PathBuf {
        self.out.clone().unwrap_or_else(|| Path::new("results").join(name))
    }
}

/// By which rules instances are started, kept and refused. Those of AWS Lambda, unless others
/// are typed.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Rules of the pool")]
pub(crate) struct RuleFlags {
    /// Which instances are kept, and for how long: none, fixed:TIME, lru, greedy-dual,
    /// hybrid, cidre, provisioned:N
    #[arg(long, value_name = "POLICY", default_value = POLICY)]
    pub policy: PolicyChoice,

    /// Calls at a time, of all functions
    #[arg(long, value_name = "N", default_value_t = 1_000,
        value_parser = clap::value_parser!(u32).range(1..))]
    pub concurrency: u32,

    /// Calls at a time of one function, which others cannot have
    #[arg(long, value_name = "FUNCTION=N", value_parser = share)]
    pub reserved: Vec<Share>,

    /// Instances of a function that there always are
    #[arg(long, value_name = "FUNCTION=N", value_parser = share)]
    pub provisioned: Vec<Share>,

    /// Starts of one function in so long: N/TIME, or off
    #[arg(long, value_name = "N/TIME", default_value = "1000/10s", value_parser = scaling)]
    pub scaling: Off<Scaling>,

    /// So many calls wait that meet a limit, rather than being refused
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub queue: u32,

    /// What all instances may take together, by their memory limits
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub pool_memory: Option<u64>,

    /// How long an instance may take to be ready; one that takes longer is started once more,
    /// for as long as a call may take
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = parse_limit)]
    pub init_limit: Duration,
}

impl RuleFlags {
    /// For a single call, which meets none of them.
    pub(crate) fn of_one_call() -> Self {
        Self {
            policy: PolicyChoice::Nothing,
            concurrency: 1,
            reserved: Vec::new(),
            provisioned: Vec::new(),
            scaling: Off(None),
            queue: 0,
            pool_memory: None,
            init_limit: Duration::from_secs(10),
        }
    }

    /// What becomes of a call that meets a limit.
    pub(crate) fn queue(&self) -> Queue {
        if self.queue == 0 { Queue::Never } else { Queue::UpTo(self.queue) }
    }
}

/// Something that can be switched off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Off<T>(pub(crate) Option<T>);

/// So many of a function's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Share {
    /// Its name.
    pub(crate) function: String,
    /// How many.
    pub(crate) n: u32,
}

fn share(text: &str) -> Result<Share, String> {
    let (function, n) = text.split_once('=').ok_or("write FUNCTION=N, such as orders=5")?;
    let n = n.parse().map_err(|_| format!("`{n}` is no number: write FUNCTION=N"))?;
    Ok(Share { function: function.to_owned(), n })
}

fn scaling(text: &str) -> Result<Off<Scaling>, String> {
    if text == "off" {
        return Ok(Off(None));
    }
    let (starts, time) = text.split_once('/').ok_or("write N/TIME, such as 1000/10s, or off")?;
    let starts = starts.parse().ok().filter(|n| *n > 0);
    let starts = starts.ok_or_else(|| format!("`{text}`: no number of starts: write N/TIME"))?;
    let time = parse_duration(time)?;
    let within = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    if within == 0 {
        return Err(format!("`{text}`: no time: write N/TIME, such as 1000/10s, or off"));
    }
    Ok(Off(Some(Scaling { starts, within })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_as_they_are_written_and_others_say_how() {
        let ten = Scaling { starts: 1_000, within: 10_000_000_000 };
        assert_eq!(scaling("1000/10s").unwrap(), Off(Some(ten)));
        assert_eq!(scaling("off").unwrap(), Off(None));
        for wrong in ["", "1000", "0/10s", "x/10s", "5/0s"] {
            assert!(scaling(wrong).unwrap_err().contains("N/TIME"), "{wrong}");
        }
        assert_eq!(share("a=5").unwrap(), Share { function: "a".to_owned(), n: 5 });
        assert!(share("a").is_err() && share("a=b").is_err());
    }
}
