//! `study thumbnail`: from an object that comes into a bucket to what a function makes of it.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use bytes::Bytes;
use tokio::sync::{mpsc, watch};

use super::{keep, unless_stopped};
use crate::cli::Thumbnail;
use crate::cmd::repeat::Words;
use crate::cmd::serve::triggers::{are_here, deliver, tell, tell_of_buckets};
use crate::cmd::serve::{bound, until_stopped};
use crate::cmd::{ExitReason, info, serving};
use coldstart::drive::Stop;
use coldstart::serve::queue::{self, Queue};
use coldstart::serve::trigger::bucket::{Buckets, Trigger};
use coldstart::serve::{Platform, Session};
use coldstart::study::thumbnail::{self, Asked, HEARS, Heeded, Picture, Upload};
use coldstart::study::{Found, Of};
use coldstart::text::units::format_exactly;

/// What a call may wait for beyond its own limits: its bucket, its queue, its engine.
const BESIDE: Duration = Duration::from_secs(30);
/// Where objects are, in the run's folder.
const BUCKETS: &str = "buckets";

/// Uploads, and shows what that took.
pub(super) fn run(args: &Thumbnail) -> Result<(), ExitReason> {
    let usage = |why: &str| ExitReason::Usage(anyhow!("{why}"));
    if args.from == args.to {
        return Err(usage("--from and --to are one bucket: what is made would be made again"));
    }
    let bytes = picture(args.picture.as_deref())?;
    let listener = bound(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), "port")?;
    let mut request = serving::request(&args.serving, "study-thumbnail", again(args))?;
    let at = listener.local_addr().context("where the buckets listen")?;
    if !are_here(&request) {
        return Err(usage("functions must reach the buckets of this process: --network host"));
    }
    tell_of_buckets(&mut request, &format!("http://{at}"));
    let functions = request.sides.first().map_or(&[][..], |side| &side.functions);
    let [function] = functions else {
        return Err(usage("one function makes of an object another: name one"));
    };
    let (name, timeout) = (function.name.clone(), function.timeout);
    let (id, command) = (request.id.clone(), request.command.clone());
    let limit = (timeout * 2 + BESIDE).saturating_add(args.serving.rules.init_limit);
    let Thumbnail { rounds, warm, pause, .. } = *args;
    let asked = Asked { rounds, warm, pause, limit };
    let suffix = suffix(args.picture.as_deref());
    let picture = Picture { at, bucket: args.from.clone(), suffix, bytes };
    let of = Uploads { args, function: name.as_str().into(), picture, asked };
    let act = async |session: Session, folder: &Path, stop: watch::Receiver<Stop>| {
        of.all((session, folder), listener, stop).await
    };
    let served = serving::session(request, &args.serving, None, false, act)?;
    let found = Found::Thumbnail(vec![Of { function: name, found: served.done }]);
    let what = (id, command, args.serving.rules.policy.to_string());
    keep(&served.folder, what, (found, &served.counters), args.printed.format)
}

/// What is uploaded, and how.
struct Uploads<'a> {
    args: &'a Thumbnail,
    function: Arc<str>,
    picture: Picture,
    asked: Asked,
}

impl Uploads<'_> {
    /// Has the buckets and the queue at work for as long as it uploads.
    async fn all(
        &self,
        (session, folder): (Session, &Path),
        listener: std::net::TcpListener,
        stop: watch::Receiver<Stop>,
    ) -> Result<Vec<Upload>> {
        let (clock, (hear, mut heard)) = (session.clock(), mpsc::unbounded_channel());
        let rules = queue::Rules { retries: 0, ..queue::Rules::default() };
        let (queue, _) = Queue::open(folder, rules, Arc::new(|_| {}))?;
        let on = thumbnail::hearing(clock, hear.clone(), deliver(&queue));
        let buckets = Buckets::open(&folder.join(BUCKETS), self.triggers(), on, tell());
        let buckets = buckets.map_err(|why| anyhow!(why))?;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let (over, is_over) = watch::channel(Stop::No);
        let work = async {
            let platform = Heeded::of(session, hear);
            tokio::join!(
                buckets.serve(listener, until_stopped(is_over.clone())),
                queue::work(queue, platform, until_stopped(is_over.clone())),
            );
        };
        let told = |upload: &Upload| info(&words(upload));
        let uploads = async {
            let uploads = thumbnail::uploads(clock, &self.picture, &mut heard, self.asked, told);
            let done = unless_stopped(stop, uploads).await;
            over.send_replace(Stop::Now);
            done
        };
        tokio::join!(uploads, work).0
    }

    /// The one bucket starts the function, the other tells what came.
    fn triggers(&self) -> Vec<Trigger> {
        let trigger = |bucket: &str, function: Arc<str>| Trigger {
            bucket: bucket.to_owned(),
            function: Some(function),
            prefix: String::new(),
        };
        let Thumbnail { from, to, .. } = self.args;
        vec![trigger(from, self.function.clone()), trigger(to, HEARS.into())]
    }
}

fn words(upload: &Upload) -> String {
    let met = match (&upload.cause, upload.cold) {
        (Some(why), _) => why.clone(),
        (None, Some(true)) => "cold".to_owned(),
        (None, _) => "warm".to_owned(),
    };
    format!("round {}: {met}", upload.round)
}

fn picture(file: Option<&Path>) -> Result<Bytes, ExitReason> {
    let Some(file) = file else {
        return thumbnail::brought_along().map_err(|why| anyhow!(why).into());
    };
    let read = std::fs::read(file).with_context(|| format!("--picture {}", file.display()));
    Ok(read.map_err(ExitReason::Usage)?.into())
}

/// What the key of an object ends with: some functions look at it.
fn suffix(file: Option<&Path>) -> String {
    let Some(file) = file else { return ".jpg".to_owned() };
    let is_plain = |text: &&str| text.chars().all(|c| c.is_ascii_alphanumeric());
    let extension = file.extension().and_then(|of| of.to_str()).filter(is_plain);
    extension.map(|of| format!(".{of}")).unwrap_or_default()
}

fn again(args: &Thumbnail) -> String {
    let picture: Option<&PathBuf> = args.picture.as_ref();
    serving::again(Words::of("study").word("thumbnail"), &args.serving)
        .some("--picture", picture.map(|file| file.display()))
        .flag("--from", &args.from)
        .flag("--to", &args.to)
        .flag("--rounds", args.rounds)
        .flag("--warm", args.warm)
        .flag("--pause", format_exactly(args.pause))
        .line()
}
