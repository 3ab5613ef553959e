//! What the user typed to have functions called from outside: flags of `serve` and `invoke`.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use coldstart::serve::queue::{Destination, MOST_AGE, MOST_RETRIES, Scale};
use coldstart::serve::trigger::event::SAMPLES;
use coldstart::spec::function::TypedImage;
use coldstart::text::units::parse_duration;

use super::image::IMAGES;
use super::{FUNCTIONS_FILE, ImageFlags, ServingFlags, TriggerFlags};

/// Where clients find it, unless another port is typed.
const PORT: u16 = 9001;
/// The youngest that an event may be given up.
const LEAST_AGE: Duration = Duration::from_secs(1);

/// Flags of `serve`.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// What is served, and by which rules.
    #[command(flatten)]
    pub serving: ServingFlags,

    /// Listen on this port; 0 for any that is free
    #[arg(long, value_name = "N", default_value_t = PORT)]
    pub port: u16,

    /// Listen on this address and not on 127.0.0.1 alone: whoever reaches it can call
    /// functions and read their variables
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<IpAddr>,

    /// Connections at a time; more wait
    #[arg(long, value_name = "N", default_value_t = 2048,
        value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub connections: u32,

    /// Write what each call took as the Telemetry API tells it: telemetry.jsonl in the
    /// run's folder
    #[arg(long)]
    pub telemetry: bool,

    /// How events are called for that nobody waits for.
    #[command(flatten)]
    pub events: EventFlags,

    /// What starts functions without a client.
    #[command(flatten)]
    pub triggers: TriggerFlags,
}

/// How events are called for that nobody waits for.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Events (calls that nobody waits for)")]
pub(crate) struct EventFlags {
    /// Where they wait; what is left there by an earlier `serve` is finished [default: the
    /// run's folder]
    #[arg(long, value_name = "FOLDER")]
    pub event_queue: Option<PathBuf>,

    /// Calls for events at a time
    #[arg(long, value_name = "N", default_value_t = 8,
        value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub event_calls: u32,

    /// How often a function that fails is called again: after 1 minute, and after 2
    #[arg(long, value_name = "N", default_value_t = MOST_RETRIES,
        value_parser = clap::value_parser!(u32).range(..=i64::from(MOST_RETRIES)))]
    pub event_retries: u32,

    /// How old an event may become before it is given up
    #[arg(long, value_name = "TIME", default_value = "6h", value_parser = age)]
    pub event_age: Duration,

    /// Wait so many times less between tries, and until an event is too old
    #[arg(long, value_name = "X", default_value = "1")]
    pub time_scale: Scale,

    /// Where an event goes that came to nothing: a folder, written as ./name, or another
    /// function, by name
    #[arg(long, value_name = "WHERE", value_parser = destination)]
    pub on_failure: Option<Destination>,
}

fn age(text: &str) -> Result<Duration, String> {
    let age = parse_duration(text)?;
    match (LEAST_AGE..=MOST_AGE).contains(&age) {
        true => Ok(age),
        false => Err("from 1s to 6h".to_owned()),
    }
}

fn destination(text: &str) -> Result<Destination, String> {
    match text {
        "" => Err("a folder, written as ./name, or the name of a function".to_owned()),
        folder if folder.contains('/') => Ok(Destination::Folder(folder.into())),
        function => Ok(Destination::Function(function.into())),
    }
}

/// Flags of `invoke`.
#[derive(Debug, Args)]
pub(crate) struct Invoke {
    /// The function
    #[arg(value_name = "FUNCTION", group = IMAGES, required_unless_present = "image")]
    pub function: Option<String>,

    /// Call this image as it is
    #[arg(long, value_name = "[NAME=]REF", group = IMAGES)]
    pub image: Option<TypedImage>,

    /// The event, and how the image is started.
    #[command(flatten)]
    pub of_images: ImageFlags,

    /// An event of this kind, with made-up contents: s3, schedule or url
    #[arg(long, value_name = "KIND", conflicts_with = "event",
        value_parser = SAMPLES.map(|(name, _)| name))]
    pub sample: Option<String>,

    /// The file that describes the functions
    #[arg(long, value_name = "FILE", default_value = FUNCTIONS_FILE)]
    pub functions_file: PathBuf,

    /// Install and start what is missing: an engine, base images
    /// [env: COLDSTART_PROVISION=1]
    #[arg(long)]
    pub provision: bool,

    /// A debugger is to attach to this port: the instance has this machine's own network,
    /// is told the port as DEBUG_PORT, and has a day for its init and its answer
    #[arg(long, value_name = "PORT", conflicts_with = "network",
        value_parser = clap::value_parser!(u16).range(1..))]
    pub debug: Option<u16>,

    /// How the instance reaches the driver: bridge, host or none [default: bridge]
    #[arg(long, value_name = "NAME")]
    pub network: Option<String>,

    /// What makes the instance: docker, oci without a daemon, or fake [default: docker]
    #[arg(long, value_name = "NAME")]
    pub engine: Option<String>,

    /// Do not listen to the kernel's exec events: boot cannot be told from the engine
    #[arg(long)]
    pub no_exec_trace: bool,

    /// Where containers reach this machine, of an engine on another
    #[arg(long, value_name = "ADDRESS")]
    pub callback: Option<IpAddr>,

    /// The run's folder, which must not exist [default: a new one in results/]
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_destination_is_a_folder_by_its_slash() {
        assert_eq!(destination("./x"), Ok(Destination::Folder("./x".into())));
        assert_eq!(destination("/x"), Ok(Destination::Folder("/x".into())));
        assert_eq!(destination("x"), Ok(Destination::Function("x".into())));
        assert!(destination("").is_err());
    }

    #[test]
    fn an_event_lives_a_second_at_least_and_six_hours_at_most() {
        assert_eq!(age("1s"), Ok(LEAST_AGE));
        assert_eq!(age("6h"), Ok(MOST_AGE));
        assert!(age("7h").is_err() && age("500ms").is_err());
    }
}
