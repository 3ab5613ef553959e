//! What starts functions without a client: checked, opened, and at work beside the front.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Result, anyhow};
use tokio::sync::watch;
use uuid::Uuid;

use super::{Words, bound, until_stopped};
use crate::cli::TriggerFlags;
use crate::cmd::ExitReason;
use crate::terminal;
use coldstart::drive::Stop;
use coldstart::measure::Measurement;
use coldstart::serve::Platform;
use coldstart::serve::queue::{Event, Queue};
use coldstart::serve::trigger::bucket::Buckets;
use coldstart::serve::trigger::chain::{Chain, Chained, Links, circle};
use coldstart::serve::trigger::{Deliver, Tell, schedule};
use coldstart::spec::factor::Network;
use coldstart::text::diagnostic::did_you_mean;

/// Where functions look for buckets, and with which keys: any will do.
const URL: &str = "AWS_ENDPOINT_URL_S3";
const KEYS: [(&str, &str); 3] = [
    ("AWS_ACCESS_KEY_ID", "coldstart"),
    ("AWS_SECRET_ACCESS_KEY", "coldstart"),
    ("AWS_REGION", "us-east-1"),
];

/// What was typed, checked; and the port of the buckets, which nobody else can have any more.
pub(super) struct Triggers<'a> {
    flags: &'a TriggerFlags,
    listener: Option<TcpListener>,
}

impl<'a> Triggers<'a> {
    /// Checks what was typed against what is served, and tells functions where buckets are.
    pub(super) fn of(
        flags: &'a TriggerFlags,
        listen: IpAddr,
        request: &mut Measurement,
    ) -> Result<Self, ExitReason> {
        let usage = |why: String| ExitReason::Usage(anyhow!(why));
        let functions = request.sides.iter().flat_map(|side| &side.functions);
        let names: BTreeSet<String> = functions.map(|function| function.name.clone()).collect();
        let is_served = |flag: &str, name: &str| {
            if names.contains(name) {
                return Ok(());
            }
            let meant = did_you_mean(name, names.iter().map(String::as_str));
            Err(usage(format!("{flag}: no function `{name}` is served{meant}")))
        };
        for trigger in &flags.bucket {
            trigger.function.iter().try_for_each(|name| is_served("--bucket", name))?;
        }
        flags.schedule.iter().try_for_each(|of| is_served("--schedule", &of.function))?;
        for link in &flags.then {
            is_served("--then", &link.from)?;
            is_served("--then", &link.to)?;
        }
        if let Some(name) = circle(&links(flags)) {
            return Err(usage(format!("--then: `{name}` would start itself, without end")));
        }
        let address = SocketAddr::new(listen, flags.bucket_port);
        let listener = match flags.bucket.is_empty() {
            true => None,
            false => Some(bound(address, "--bucket-port")?),
        };
        let own = Self { flags, listener };
        own.tell_functions(request)?;
        Ok(own)
    }

    fn tell_functions(&self, request: &mut Measurement) -> Result<()> {
        let Some(listener) = &self.listener else { return Ok(()) };
        let here = || anyhow::Ok(format!("http://127.0.0.1:{}", listener.local_addr()?.port()));
        let url = match &self.flags.bucket_url {
            Some(url) => url.clone(),
            None if are_here(request) => here()?,
            None => {
                terminal::warn(
                    "functions are not told where the buckets are, which listen where only this \
                     machine's own network reaches: type --network host, or --listen and \
                     --bucket-url",
                );
                return Ok(());
            }
        };
        tell_of_buckets(request, &url);
        Ok(())
    }

    /// A platform whose answers start what they are to start.
    pub(super) fn chained<P: Platform>(&self, platform: P, queue: &Queue) -> Chained<P> {
        Chained::of(platform, Chain::of(links(self.flags), deliver(queue), tell()))
    }

    /// Says where buckets are, and works until it is to stop.
    pub(super) async fn work(
        self,
        queue: &Queue,
        folder: &Path,
        stop: watch::Receiver<Stop>,
    ) -> Result<()> {
        let Self { flags, listener } = self;
        let buckets = async {
            let Some(listener) = listener else { return Ok(()) };
            let root = flags.bucket_folder.clone().unwrap_or_else(|| folder.join("buckets"));
            let buckets = Buckets::open(&root, flags.bucket.clone(), deliver(queue), tell());
            let buckets = buckets.map_err(|why| anyhow!(why))?;
            let listener = tokio::net::TcpListener::from_std(listener)?;
            terminal::print(&format!("{URL}=http://{}", listener.local_addr()?));
            buckets.serve(listener, until_stopped(stop.clone())).await;
            anyhow::Ok(())
        };
        let until = until_stopped(stop.clone());
        let schedules = flags.schedule.clone();
        let schedules =
            schedule::run(schedules, jiff::Timestamp::now, deliver(queue), tell(), until);
        let (buckets, ()) = tokio::join!(buckets, schedules);
        buckets
    }

    /// The words that say the same again.
    pub(super) fn again(words: Words, flags: &TriggerFlags) -> Words {
        let words = flags.bucket.iter().fold(words, |words, of| {
            let starts = of.function.as_ref().map(|function| match of.prefix.is_empty() {
                true => format!("={function}"),
                false => format!("={function}:{}", of.prefix),
            });
            words.flag("--bucket", format!("{}{}", of.bucket, starts.unwrap_or_default()))
        });
        let port = (!flags.bucket.is_empty()).then_some(flags.bucket_port);
        let words = words
            .some("--bucket-port", port)
            .some("--bucket-folder", flags.bucket_folder.as_ref().map(|folder| folder.display()))
            .some("--bucket-url", flags.bucket_url.as_ref());
        let words = flags.schedule.iter().fold(words, |words, of| {
            words.flag("--schedule", format!("{}={}", of.function, of.text))
        });
        let link = |words: Words, of: &crate::cli::Link| {
            words.flag("--then", format!("{}={}", of.from, of.to))
        };
        flags.then.iter().fold(words, link)
    }
}

/// Whether every instance has this machine's own network.
pub(in crate::cmd) fn are_here(request: &Measurement) -> bool {
    let combinations = request.plan.scenario.factors.combinations();
    combinations.iter().all(|of| of.network == Some(Network::Host))
}

/// Tells functions where the buckets are, unless they have their own.
pub(in crate::cmd) fn tell_of_buckets(request: &mut Measurement, url: &str) {
    for function in request.sides.iter_mut().flat_map(|side| &mut side.functions) {
        for (name, value) in KEYS.into_iter().chain([(URL, url)]) {
            function.env.entry(name.to_owned()).or_insert_with(|| value.to_owned());
        }
    }
}

fn links(flags: &TriggerFlags) -> Links {
    let mut links = Links::new();
    for link in &flags.then {
        links.entry(link.from.clone()).or_default().push(link.to.as_str().into());
    }
    links
}

/// Hands events to a queue.
pub(in crate::cmd) fn deliver(queue: &Queue) -> Deliver {
    let queue = queue.clone();
    Arc::new(move |function, event| {
        let queue = queue.clone();
        Box::pin(async move {
            let taken = queue.accept(Event { id: Uuid::new_v4(), function, event }).await;
            taken.map_err(|refused| refused.why)
        })
    })
}

/// Tells who watches.
pub(in crate::cmd) fn tell() -> Tell {
    Arc::new(terminal::warn)
}
