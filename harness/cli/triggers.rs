//! What the user typed of what starts functions without a client: buckets, schedules, chains.

use std::path::PathBuf;

use clap::Args;

use coldstart::serve::trigger::bucket::Trigger;
use coldstart::serve::trigger::schedule::Schedule;

/// Where buckets are found, unless another port is typed.
const PORT: u16 = 9002;

/// What starts functions without a client.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Triggers (what starts functions without a client)")]
pub(crate) struct TriggerFlags {
    /// An S3 bucket; an object whose key begins so starts that function. May be typed
    /// again
    #[arg(long, value_name = "NAME[=FUNCTION[:PREFIX]]", value_parser = bucket)]
    pub bucket: Vec<Trigger>,

    /// Buckets listen on this port; 0 for any that is free
    #[arg(long, value_name = "N", default_value_t = PORT, requires = "bucket")]
    pub bucket_port: u16,

    /// Where objects are kept, a folder a bucket [default: buckets/ in the run's folder]
    #[arg(long, value_name = "FOLDER", requires = "bucket")]
    pub bucket_folder: Option<PathBuf>,

    /// Where functions find the buckets, as AWS_ENDPOINT_URL_S3 [default, with --network
    /// host: where they listen]
    #[arg(long, value_name = "URL", requires = "bucket")]
    pub bucket_url: Option<String>,

    /// Call a function when an instant comes: rate(5 minutes), or cron(0 10 * * ? *) as
    /// EventBridge has it, in UTC. May be typed again
    #[arg(long, value_name = "FUNCTION=WHEN", value_parser = schedule)]
    pub schedule: Vec<Schedule>,

    /// What the one function answers is an event for the other. May be typed again
    #[arg(long, value_name = "FUNCTION=FUNCTION", value_parser = link)]
    pub then: Vec<Link>,
}

/// A function that is started by the answers of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    /// The one.
    pub(crate) from: String,
    /// The other.
    pub(crate) to: String,
}

/// A name that a bucket may have.
pub(super) fn bucket_name(text: &str) -> Result<String, String> {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
    let begins = text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    if !(3..=63).contains(&text.len()) || !text.chars().all(is_plain) || !begins {
        return Err(format!(
            "`{text}` is no name of a bucket: 3 to 63 small letters, digits, dots and hyphens"
        ));
    }
    Ok(text.to_owned())
}

fn bucket(text: &str) -> Result<Trigger, String> {
    let (bucket, starts) = text.split_once('=').map_or((text, None), |(b, s)| (b, Some(s)));
    let bucket = bucket_name(bucket)?;
    let (function, prefix) = match starts.map(|s| s.split_once(':').unwrap_or((s, ""))) {
        Some(("", _)) => return Err("write NAME=FUNCTION, or NAME alone".to_owned()),
        Some((function, prefix)) => (Some(function.into()), prefix.to_owned()),
        None => (None, String::new()),
    };
    Ok(Trigger { bucket, function, prefix })
}

fn schedule(text: &str) -> Result<Schedule, String> {
    let (function, when) =
        text.split_once('=').ok_or("write FUNCTION=WHEN, such as orders=rate(5 minutes)")?;
    Ok(Schedule { function: function.into(), when: when.parse()?, text: when.to_owned() })
}

fn link(text: &str) -> Result<Link, String> {
    match text.split_once('=') {
        Some((from, to)) if !from.is_empty() && !to.is_empty() => {
            Ok(Link { from: from.to_owned(), to: to.to_owned() })
        }
        _ => Err("write FUNCTION=FUNCTION: the second gets what the first answers".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_starts_a_function_or_nothing() {
        let trigger = bucket("pictures=thumbnail:in/").unwrap();
        assert_eq!((trigger.bucket.as_str(), trigger.prefix.as_str()), ("pictures", "in/"));
        assert_eq!(trigger.function.as_deref(), Some("thumbnail"));
        assert_eq!(bucket("small").unwrap().function, None);
        for wrong in ["", "a", "A-Bucket", "../up", "with/slash", "good=", "-x-y"] {
            assert!(bucket(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn schedules_and_links_name_a_function() {
        assert_eq!(&*schedule("a=rate(1 minute)").unwrap().function, "a");
        assert!(schedule("rate(1 minute)").is_err() && schedule("a=daily").is_err());
        assert!(link("a=b").is_ok() && link("a").is_err() && link("a=").is_err());
    }
}
