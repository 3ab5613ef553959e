//! `fleet`: one run of several machines.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};
use tokio::sync::watch;

use super::{ExitReason, info, report, run, runtime, stdout, warn};
use crate::cli::{self, FleetAct, ToolFlags};
use crate::terminal::interrupt::{self, Phase};
use crate::terminal::{self, TerminalObserver};
use coldstart::analysis::Analysis;
use coldstart::drive::Stop;
use coldstart::engine::ImageStore;
use coldstart::engine::docker::DockerEngine;
use coldstart::fleet::{self, Hosts, Job, MEASURE, Member, Place, Swarm, agree};
use coldstart::measure::{Interrupted, Measurement, PreparedEngine, RunIdentity};
use coldstart::provision::{Consent, own_image};
use coldstart::report::form::Form;
use coldstart::spec::plan;
use coldstart::store::{self, NODES, NodeRecord, is_node_name, write_fleet};
use coldstart::system::private;

mod keep;
mod node;

/// Does what was typed of a fleet.
pub(super) fn run(args: &cli::Fleet) -> Result<(), ExitReason> {
    match &args.act {
        FleetAct::Run(args) => measure(args),
        FleetAct::Manifest(args) => manifest(args),
        FleetAct::Collect(args) => collect(args),
        FleetAct::Node(args) => node::run(args),
    }
}

/// What is to be measured, as far as several machines can.
fn request(args: &cli::Run) -> Result<Measurement, ExitReason> {
    let refused = [
        (args.go_on.is_some(), "--continue: a fleet is measured again as a whole"),
        (args.check, "--check: look at the budgets of the report"),
        (args.cost.are_asked(), "--cost: `coldstart report FOLDER --cost` tells it afterwards"),
        (args.measure.dry_run, "--dry-run: the plan of each node is that of `coldstart run`"),
    ];
    if let Some((_, why)) = refused.iter().find(|(is, _)| *is) {
        return Err(ExitReason::Usage(anyhow!("a fleet does not take {why}")));
    }
    let request = run::request(args)?;
    if !request.plan.scenario.factors.daemons.is_empty() {
        let why = "each node has an engine of its own: a fleet does not take --daemons";
        return Err(ExitReason::Usage(anyhow!(why)));
    }
    if request.engine().is_simulated() {
        let why = "a fleet is of machines: the simulated engine is measured by `coldstart run`";
        return Err(ExitReason::Usage(anyhow!(why)));
    }
    Ok(request)
}

/// Makes sure of the images here, and says what each node is to do.
async fn job(
    request: &Measurement,
    tool: &ToolFlags,
    provision: bool,
    stop: &watch::Receiver<Stop>,
    observer: &TerminalObserver,
) -> Result<(Job, Arc<DockerEngine>), ExitReason> {
    let consent = Consent::from_flag(provision);
    // No longer than that: this machine may be a node, where the run itself is to live.
    let prepared = PreparedEngine::get(request, consent, stop, observer).await?;
    let engine = prepared.docker().context("a fleet needs an engine here")?.clone();
    let name = tool.tool.clone().unwrap_or_else(own_image::name);
    let image = engine.image(&name).await?.ok_or_else(|| {
        anyhow!(
            "there is no image {name}, which nodes run: `coldstart image` makes it, and every \
                 node needs it"
        )
    })?;
    Ok((Job::of(request, &prepared.records()[0], &image.digest), engine))
}

fn measure(args: &cli::FleetRun) -> Result<(), ExitReason> {
    let request = request(&args.run)?;
    let reserved = run::reserve(&request.sides[0].folder, args.run.measure.out.is_some())?;
    let folder = reserved.folder().to_owned();
    let (stop, observer) = (interrupt::heard()?, TerminalObserver::default());
    let ended = runtime(false)?.block_on(async {
        let provision = args.run.common.provision;
        let (job, engine) = job(&request, &args.tool, provision, &stop, &observer).await?;
        let place = place(args, engine).await?;
        let nodes = nodes(&place, &job, args.together, &folder, &stop, &observer).await?;
        let again =
            job.command.replacen("coldstart run", "coldstart fleet run", 1) + &place_again(args);
        let planned = request.plan.invocations();
        Ok::<_, ExitReason>(write_fleet(&folder, &job.id, &again, planned, nodes)?)
    });
    interrupt::now(Phase::Showing);
    let nodes = ended?;
    let shown = show(&folder, &nodes, args.run.printed.format);
    drop(reserved);
    match *stop.borrow() == Stop::No {
        true => shown,
        false => Err(ExitReason::Interrupted),
    }
}

async fn place(args: &cli::FleetRun, engine: Arc<DockerEngine>) -> Result<Place> {
    if !args.hosts.is_empty() {
        let within = private::folder().context("a private folder")?;
        return Ok(Place::Hosts(Hosts::reach(&args.hosts, &within).await?));
    }
    let constraints = args.constraint.clone();
    let socket = args.tool.socket.display().to_string();
    Ok(Place::Swarm(Swarm { manager: engine, constraints, socket }))
}

/// The words that say again where it was measured.
fn place_again(args: &cli::FleetRun) -> String {
    let mut words: Vec<String> = Vec::new();
    if args.swarm {
        words.push("--swarm".to_owned());
    }
    for constraint in &args.constraint {
        words.extend(["--constraint".to_owned(), constraint.clone()]);
    }
    let host = |host: &coldstart::fleet::Host| host.to_string();
    if !args.hosts.is_empty() {
        words.extend([
            "--hosts".to_owned(),
            args.hosts.iter().map(host).collect::<Vec<_>>().join(","),
        ]);
    }
    if args.together {
        words.push("--together".to_owned());
    }
    let quoted = words
        .iter()
        .map(|word| shlex::try_quote(word).map_or_else(|_| String::new(), |w| format!(" {w}")));
    quoted.collect()
}

/// Measures on every node that is there; why each was not measured to its end.
async fn nodes(
    place: &Place,
    job: &Job,
    together: bool,
    folder: &Path,
    stop: &watch::Receiver<Stop>,
    observer: &TerminalObserver,
) -> Result<Vec<(String, Option<String>)>> {
    let outcomes = fleet::check(place, job, stop, observer).await?;
    let (mut failed, mut reports, mut wrong) = (BTreeMap::new(), Vec::new(), Vec::new());
    for (member, outcome) in outcomes {
        match outcome {
            Ok(report) => reports.push((member, report)),
            // It is not there: the others can be measured without it.
            Err(why) if member.away.is_some() => {
                warn(&format!("{}: {why}", member.name));
                failed.insert(member.name, Some(why));
            }
            Err(why) => wrong.push(format!("{}: {why}", member.name)),
        }
    }
    agree(job, &reports, wrong).map_err(|why| anyhow!(why))?;
    if reports.is_empty() {
        return Err(anyhow!("no node can be measured on"));
    }
    let members: Vec<Member> = reports.into_iter().map(|(member, _)| member).collect();
    let one = async |member: &Member| {
        if *stop.borrow() != Stop::No {
            return Some("interrupted".to_owned());
        }
        info(&format!("{}: measuring", member.name));
        let failed = match place.run(member, job, &MEASURE, stop).await {
            Ok(Some(printed)) => {
                let of_node = folder.join(NODES).join(&member.name);
                keep::keep(&of_node, &printed, |record| keep::is_of(job, &record))
            }
            Ok(None) => Some("it does not meet the constraints any more".to_owned()),
            Err(why) => Some(why),
        };
        match &failed {
            Some(why) => warn(&format!("{}: {why}", member.name)),
            None => info(&format!("{}: measured", member.name)),
        }
        failed
    };
    let ended: Vec<Option<String>> = match together {
        true => futures_util::future::join_all(members.iter().map(one)).await,
        false => {
            let mut ended = Vec::new();
            for member in &members {
                ended.push(one(member).await);
            }
            ended
        }
    };
    failed.extend(members.into_iter().map(|member| member.name).zip(ended));
    if *stop.borrow() != Stop::No && !folder.join(NODES).exists() {
        return Err(Interrupted.into());
    }
    Ok(failed.into_iter().collect())
}

/// Shows what was measured, and says which nodes were not.
fn show(folder: &Path, nodes: &[NodeRecord], format: &Form) -> Result<(), ExitReason> {
    let run = store::open(folder)?;
    stdout::result(&report::write(&Analysis::of(&run), format)?)?;
    terminal::hint("kept in ", &folder.display().to_string());
    terminal::hint("open    ", &format!("{}/report.html", folder.display()));
    let told = |node: &NodeRecord| Some(format!("{}: {}", node.name, node.failed.as_ref()?));
    let failed: Vec<String> = nodes.iter().filter_map(told).collect();
    match failed.is_empty() {
        true => Ok(()),
        false => Err(anyhow!(
            "{} of {} nodes not measured to the end\n  {}",
            failed.len(),
            nodes.len(),
            failed.join("\n  ")
        )
        .into()),
    }
}

fn manifest(args: &cli::FleetManifest) -> Result<(), ExitReason> {
    let members = members(&args.on, &args.tool.socket).map_err(ExitReason::Usage)?;
    let request = request(&args.run)?;
    let (stop, observer) = (interrupt::heard()?, TerminalObserver::default());
    let provision = args.run.common.provision;
    let prepared = runtime(false)?.block_on(job(&request, &args.tool, provision, &stop, &observer));
    let (job, _) = prepared?;
    let image = args.tool.tool.clone().unwrap_or_else(own_image::name);
    Ok(stdout::result(&fleet::manifest(&job, &image, &members)?)?)
}

/// The nodes that are named, each once, as Kubernetes can name them.
fn members(on: &[String], socket: &Path) -> Result<Vec<Member>> {
    let mut members: Vec<Member> = Vec::new();
    for name in on {
        if !(is_node_name(name) && fleet::is_kubernetes_name(name)) {
            bail!("--on: `{name}` is no name of a node: `kubectl get nodes` has them");
        }
        if members.iter().any(|member| member.name == *name) {
            bail!("--on: `{name}` is named twice");
        }
        members.push(Member { socket: socket.display().to_string(), ..Member::named(name) });
    }
    Ok(members)
}

fn collect(args: &cli::FleetCollect) -> Result<(), ExitReason> {
    let mut printed = Vec::new();
    for typed in &args.printed_by {
        let Some((name, file)) = typed.split_once('=').filter(|(name, _)| is_node_name(name))
        else {
            return Err(ExitReason::Usage(anyhow!("`{typed}` is not NAME=FILE")));
        };
        let bytes = fs::read(file).with_context(|| format!("cannot read {file}"))?;
        printed.push((name, bytes));
    }
    let begun = RunIdentity::now();
    let named = args.out.clone();
    let folder =
        named.clone().unwrap_or_else(|| PathBuf::from("results").join(begun.name("fleet")));
    let reserved = run::reserve(&folder, named.is_some())?;
    let folder = reserved.folder().to_owned();
    let mut nodes = Vec::new();
    let mut first: Option<store::RunRecord> = None;
    for (name, bytes) in printed {
        let of_node = folder.join(NODES).join(name);
        let failed = keep::keep(&of_node, &bytes, |record| keep::is_like(&mut first, record));
        nodes.push((name.to_owned(), failed));
    }
    let planned = first.map_or(0, |of| plan::size(&of.scenario, of.functions.len()));
    let command = format!("coldstart fleet collect {}", args.printed_by.join(" "));
    let nodes = write_fleet(&folder, &begun.id("fleet"), &command, planned, nodes)?;
    let shown = show(&folder, &nodes, args.printed.format);
    drop(reserved);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(on: &str) -> Result<Vec<Member>> {
        let on: Vec<String> = on.split(',').map(str::to_owned).collect();
        members(&on, Path::new("/run/docker.sock"))
    }

    #[test]
    fn nodes_are_named_as_kubernetes_can_and_each_once() {
        assert_eq!(named("a,b.example").unwrap()[1].id, "b.example");
        for (on, why) in [("a,B", "`B` is no name of a node"), ("a,b,a", "`a` is named twice")] {
            assert!(named(on).unwrap_err().to_string().contains(why), "{on}");
        }
    }
}
