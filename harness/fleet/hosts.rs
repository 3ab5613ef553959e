//! Nodes that are hosts, each reached by the socket of its engine: one of this machine, or one
//! that `ssh` forwards. What measures runs there all the same.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};
use tokio::sync::watch;

use super::place::names;
use super::{Job, Member, beside};
use crate::drive::Stop;
use crate::engine::docker::DockerEngine;
use crate::system::private::Temporary;
use crate::text::sanitize::last_words;

/// How long `ssh` may take until it forwards.
const FORWARDED_WITHIN: Duration = Duration::from_secs(30);
/// How often it is looked whether it does.
const AGAIN: Duration = Duration::from_millis(50);
/// Where an engine's socket is, on a host that says nothing else.
const STANDARD: &str = "/var/run/docker.sock";
/// What temporary folders of forwarded sockets are called.
const KIND: &str = "forward-";
/// The most that is told of what `ssh` said, in characters.
const WORDS: usize = 300;

/// A host, as it was typed: `ssh://user@host`, or `unix:///path` of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// What `ssh` is to reach; none for this machine.
    pub destination: Option<String>,
    /// Where its engine's socket is.
    pub socket: String,
}

/// Reads one.
///
/// # Errors
/// Says what would be one.
pub fn parse_host(text: &str) -> Result<Host, String> {
    let usage = || format!("`{text}` is no host: use ssh://[user@]host[:port][/path/to/socket]");
    if let Some(path) = text.strip_prefix("unix://") {
        let is_path = path.starts_with('/') && path.len() > 1;
        return match is_path {
            true => Ok(Host { destination: None, socket: path.to_owned() }),
            false => Err(usage()),
        };
    }
    let rest = text.strip_prefix("ssh://").ok_or_else(usage)?;
    let (place, path) = match rest.split_once('/') {
        Some((place, path)) if !path.is_empty() => (place, format!("/{path}")),
        Some((place, _)) => (place, STANDARD.to_owned()),
        None => (rest, STANDARD.to_owned()),
    };
    let fine = |c: char| c.is_ascii_alphanumeric() || "._-@:[]".contains(c);
    // `ssh` would take it for a flag.
    if place.is_empty() || place.starts_with('-') || !place.chars().all(fine) {
        return Err(usage());
    }
    Ok(Host { destination: Some(format!("ssh://{place}")), socket: path })
}

impl std::fmt::Display for Host {
    /// As it is typed.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.destination {
            Some(to) if self.socket == STANDARD => f.write_str(to),
            Some(to) => write!(f, "{to}{}", self.socket),
            None => write!(f, "unix://{}", self.socket),
        }
    }
}

impl Host {
    fn name(&self) -> &str {
        match &self.destination {
            Some(to) => {
                let to = to.trim_start_matches("ssh://");
                let to = to.rsplit_once('@').map_or(to, |(_, host)| host);
                to.split(':').next().unwrap_or(to)
            }
            None => Path::new(&self.socket)
                .parent()
                .and_then(Path::file_name)
                .and_then(|name| name.to_str())
                .unwrap_or("here"),
        }
    }
}

/// Hosts with a way to the engine of each.
#[derive(Debug)]
pub struct Hosts {
    reached: Vec<(Member, Reached)>,
    /// Where forwarded sockets are.
    _folder: Temporary,
}

/// A way to an engine; why there is none.
#[derive(Debug)]
struct Reached {
    engine: Result<DockerEngine, String>,
    /// For as long as it is needed.
    _forward: Option<Child>,
}

impl Hosts {
    /// Finds a way to each; `within` is a private folder.
    ///
    /// # Errors
    /// When there is no room for sockets.
    pub async fn reach(hosts: &[Host], within: &Path) -> Result<Self> {
        let folder = Temporary::create(within, KIND).context("a folder for forwarded sockets")?;
        let all: Vec<(String, String)> = hosts
            .iter()
            .enumerate()
            .map(|(i, host)| (host.name().to_owned(), i.to_string()))
            .collect();
        let mut reached = Vec::new();
        for (index, (host, name)) in hosts.iter().zip(names(&all)).enumerate() {
            let here = folder.path().join(format!("{index}.sock"));
            let (forward, address) = match &host.destination {
                None => (Ok(None), host.socket.clone()),
                Some(to) => {
                    let made = forward(to, &host.socket, &here).await.map(Some);
                    (made, here.display().to_string())
                }
            };
            let (engine, forward) = match forward {
                Err(why) => (Err(format!("{why:#}")), None),
                Ok(forward) => {
                    let engine = DockerEngine::connect(&format!("unix://{address}")).await;
                    (engine.map_err(|e| e.to_string()), forward)
                }
            };
            let away = engine.as_ref().err().cloned();
            let member = Member { id: index.to_string(), name, socket: host.socket.clone(), away };
            reached.push((member, Reached { engine, _forward: forward }));
        }
        Ok(Self { reached, _folder: folder })
    }

    pub(super) fn members(&self) -> Vec<Member> {
        self.reached.iter().map(|(member, _)| member.clone()).collect()
    }

    pub(super) async fn run(
        &self,
        member: &Member,
        job: &Job,
        words: &[&str],
        stop: &watch::Receiver<Stop>,
    ) -> Result<Vec<u8>, String> {
        let found = self.reached.iter().find(|(of, _)| of.id == member.id);
        let (_, reached) = found.ok_or("it is none of the hosts")?;
        let engine = reached.engine.as_ref().map_err(Clone::clone)?;
        let came = beside(engine, job, &member.socket, words, stop).await;
        let came = came.map_err(|error| {
            let text = format!("{error:#}");
            match text.contains("No such image") {
                true => format!("{text}: it has not this program's image: load it there"),
                false => text,
            }
        })?;
        if came.status != 0 && came.out.is_empty() {
            let said = last_words(&String::from_utf8_lossy(&came.said), WORDS);
            return Err(format!("exit status {}: {}", came.status, said.trim()));
        }
        Ok(came.out)
    }
}

/// Has `ssh` forward a socket, and waits until it does.
async fn forward(to: &str, socket: &str, here: &Path) -> Result<Child> {
    let mut command = Command::new("ssh");
    command
        .args(["-nNT", "-o", "BatchMode=yes", "-o", "ExitOnForwardFailure=yes"])
        .args(["-o", "ServerAliveInterval=15", "-L"])
        .arg(format!("{}:{socket}", here.display()))
        .arg("--")
        .arg(to)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let mut child = command.spawn().context("cannot run `ssh`: is it installed?")?;
    let begun = Instant::now();
    while !here.exists() {
        if let Some(status) = child.try_wait()? {
            let mut said = Vec::new();
            if let Some(mut of) = child.stderr.take() {
                of.read_to_end(&mut said).await?;
            }
            let said = last_words(&String::from_utf8_lossy(&said), WORDS);
            return Err(anyhow!("`ssh {to}` ended with {status}: {}", said.trim()));
        }
        if begun.elapsed() > FORWARDED_WITHIN {
            return Err(anyhow!("`ssh {to}` forwards nothing after 30 s"));
        }
        tokio::time::sleep(AGAIN).await;
    }
    Ok(child)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_read_as_docker_has_them_and_nothing_becomes_a_flag() {
        let host = parse_host("ssh://me@box.example:2222").unwrap();
        assert_eq!(host.destination.as_deref(), Some("ssh://me@box.example:2222"));
        assert_eq!((host.socket.as_str(), host.name()), (STANDARD, "box.example"));
        let host = parse_host("ssh://box/run/user/1000/docker.sock").unwrap();
        assert_eq!((host.socket.as_str(), host.name()), ("/run/user/1000/docker.sock", "box"));
        assert_eq!(parse_host("unix:///tmp/n1/docker.sock").unwrap().name(), "n1");
        for wrong in ["", "box", "tcp://box", "ssh://", "ssh://-oProxyCommand=x", "unix://x"] {
            assert!(parse_host(wrong).unwrap_err().contains("ssh://"), "{wrong}");
        }
    }
}
