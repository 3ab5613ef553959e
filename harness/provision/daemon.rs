//! An engine of our own: started where none answers, reused next time, stopped
//! on demand. All that it keeps lies in one folder.

use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::{ProvisionError, Surroundings, command};
use crate::engine::docker::DockerEngine;
use crate::observer::Observer;

/// The daemon's program.
pub(super) const DAEMON: &str = "dockerd";
/// The program that it starts to keep images and instances.
const HELPER: &str = "containerd";

/// OCI runtimes that speak as the daemon's own does: offered where they are
/// installed, so that they can be compared.
const OTHER_RUNTIMES: [&str; 2] = ["crun", "youki"];

/// How long it may take to answer after it was started.
const STARTS_WITHIN: Duration = Duration::from_secs(60);
/// How long it may take to end: it stops its instances first.
const STOPS_WITHIN: Duration = Duration::from_secs(30);
/// How long its helper may take to end, killed.
const HELPER_ENDS_WITHIN: Duration = Duration::from_secs(10);
/// How often it is asked. This is provisioning: nothing is measured.
const AGAIN: Duration = Duration::from_millis(100);

/// Starts it, or waits for the one that is starting, until it answers.
pub(super) async fn start(
    around: &Surroundings,
    observer: &dyn Observer,
) -> Result<DockerEngine, ProvisionError> {
    around.check_socket_paths()?;
    around.make_state()?;
    let folder = around.engine();
    std::fs::create_dir_all(&folder)
        .map_err(|e| ProvisionError::failed(format!("make {}", folder.display()), e))?;
    until_it_answers(around, observer).await
}

fn spawn(around: &Surroundings) -> Result<Child, ProvisionError> {
    let failed =
        |e: std::io::Error| ProvisionError::failed(format!("start {DAEMON}"), e.to_string());
    forget_stale(&around.pid_file(), DAEMON);
    let out = File::create(log(around)).map_err(failed)?;
    let err = out.try_clone().map_err(failed)?;
    let path = std::env::var("PATH").unwrap_or_default();
    Command::new(DAEMON)
        .args(arguments(around))
        // Its helpers live where only root's path leads.
        .env("PATH", format!("{path}:/usr/sbin:/usr/bin:/sbin:/bin"))
        .stdin(Stdio::null())
        .stdout(out)
        .stderr(err)
        // A group of its own: an interrupt from the terminal must not reach it.
        .process_group(0)
        .spawn()
        .map_err(failed)
}

fn arguments(around: &Surroundings) -> Vec<String> {
    let folder = around.engine();
    let mut arguments = vec![
        format!("--host=unix://{}", around.private_socket().display()),
        format!("--data-root={}", folder.join("data").display()),
        format!("--exec-root={}", folder.join("exec").display()),
        format!("--pidfile={}", around.pid_file().display()),
        // Should a supervisor of the whole machine be used: not the names that
        // the machine's own engine uses there.
        "--containerd-namespace=coldstart".to_owned(),
        "--containerd-plugins-namespace=coldstart-plugins".to_owned(),
    ];
    let runtime =
        |name: &&str| Some(format!("--add-runtime={name}={}", command::found(name)?.display()));
    arguments.extend(OTHER_RUNTIMES.iter().filter_map(runtime));
    arguments
}

fn log(around: &Surroundings) -> std::path::PathBuf {
    around.engine().join("dockerd.log")
}

async fn until_it_answers(
    around: &Surroundings,
    observer: &dyn Observer,
) -> Result<DockerEngine, ProvisionError> {
    let address = format!("unix://{}", around.private_socket().display());
    let log = log(around);
    let failed = |what: String| {
        let message = format!("{what}; the end of {}:{}", log.display(), command::tail(&log));
        ProvisionError::failed("start a private engine", message)
    };
    let begun = Instant::now();
    let mut child: Option<Child> = None;
    loop {
        // One that was there may have been ending.
        if child.is_none() && private_pid(around).is_none() {
            let folder = around.engine();
            observer.info(&format!("starting a private engine in {}", folder.display()));
            end_helper_of_the_dead(around).await?;
            child = Some(spawn(around)?);
        }
        let last = match DockerEngine::connect(&address).await {
            Ok(engine) => return Ok(engine),
            Err(error) => error,
        };
        if let Some(Ok(Some(status))) = child.as_mut().map(Child::try_wait) {
            return Err(failed(format!("{DAEMON} ended: {status}")));
        }
        if begun.elapsed() > STARTS_WITHIN {
            // Not one that may answer later, when nobody expects it.
            let _ = child.as_mut().map(Child::kill);
            return Err(failed(format!("{last} after {} s", STARTS_WITHIN.as_secs())));
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// The process id of our own engine, when it runs.
#[must_use]
pub fn private_pid(around: &Surroundings) -> Option<i32> {
    let pid = read_pid(&around.pid_file())?;
    let ours = format!("--pidfile={}", around.pid_file().display());
    let arguments = arguments_of(pid);
    (is_program(&arguments, DAEMON) && arguments.contains(&ours)).then_some(pid)
}

/// Stops our own engine. False when it does not run.
///
/// # Errors
/// When it does not end.
pub async fn stop_private(around: &Surroundings) -> Result<bool, ProvisionError> {
    let Some(pid) = private_pid(around) else { return Ok(false) };
    // A process that has ended and was not waited for has no arguments.
    let is_there = || arguments_of(pid).iter().any(|a| a.starts_with("--pidfile="));
    end("engine", pid, is_there).await?;
    Ok(true)
}

/// Asks a process of ours to end, and waits until it is not there any more.
pub(super) async fn end(
    what: &str,
    pid: i32,
    is_there: impl Fn() -> bool,
) -> Result<(), ProvisionError> {
    let failed = |why: String| {
        ProvisionError::failed(format!("stop the private {what}, process {pid}"), why)
    };
    let process = Pid::from_raw(pid).ok_or_else(|| failed("no such process id".to_owned()))?;
    kill_process(process, Signal::TERM).map_err(|e| failed(e.to_string()))?;
    let begun = Instant::now();
    while is_there() {
        if begun.elapsed() > STOPS_WITHIN {
            let why = format!("still there after {} s: `kill {pid}`", STOPS_WITHIN.as_secs());
            return Err(failed(why));
        }
        tokio::time::sleep(AGAIN).await;
    }
    Ok(())
}

/// Ends the helper of a daemon that was killed. The kernel kills it too, but
/// not at the same instant: a daemon that finds it alive waits for it in vain.
async fn end_helper_of_the_dead(around: &Surroundings) -> Result<(), ProvisionError> {
    let folder = around.engine().join("exec/containerd");
    let pid_file = folder.join("containerd.pid");
    let ours = |argument: &String| Path::new(argument).starts_with(&folder);
    let Some(pid) = read_pid(&pid_file) else { return Ok(()) };
    let begun = Instant::now();
    while arguments_of(pid).iter().any(ours) {
        if begun.elapsed() > HELPER_ENDS_WITHIN {
            let doing = format!("end {HELPER} of an engine that was killed, process {pid}");
            let why = format!("still there after {} s: `kill -9 {pid}`", begun.elapsed().as_secs());
            return Err(ProvisionError::failed(doing, why));
        }
        // It may have ended since it was seen.
        let _ = Pid::from_raw(pid).map(|process| kill_process(process, Signal::KILL));
        tokio::time::sleep(AGAIN).await;
    }
    // Whatever has that number now is no helper of ours.
    let _ = std::fs::remove_file(&pid_file);
    Ok(())
}

/// Removes a pid file whose process is another by now: the daemon would refuse
/// to start, or wait for a helper that is none.
fn forget_stale(pid_file: &Path, program: &str) {
    if let Some(pid) = read_pid(pid_file)
        && !is_program(&arguments_of(pid), program)
    {
        let _ = std::fs::remove_file(pid_file);
    }
}

pub(super) fn read_pid(file: &Path) -> Option<i32> {
    std::fs::read_to_string(file).ok()?.trim().parse().ok()
}

pub(super) fn arguments_of(pid: i32) -> Vec<String> {
    let text = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    text.split(|byte| *byte == 0).map(|a| String::from_utf8_lossy(a).into_owned()).collect()
}

pub(super) fn is_program(arguments: &[String], program: &str) -> bool {
    let name = arguments.first().and_then(|a| Path::new(a).file_name());
    name.is_some_and(|name| name == program)
}

#[cfg(test)]
mod tests;
