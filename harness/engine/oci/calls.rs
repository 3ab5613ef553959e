//! How an OCI runtime is called.

use std::io;
use std::path::PathBuf;
use std::process::Stdio;

use tokio::process::Command;

use super::PID;
use super::aside::Aside;
use crate::system::child::{GivenUp, Group};

/// To create a container and start it in one.
pub(super) const RUN: &[&str] = &["run", "--detach"];
/// To create one.
pub(super) const CREATE: &[&str] = &["create"];
/// To start one that was created.
pub(super) const START: &[&str] = &["start"];
/// Where the runtime keeps what it knows of an instance, in the instance's folder.
pub(super) const RUNTIME: &str = "runtime";
/// What it writes there of what it does.
pub(super) const LOG: &str = "log";

/// How a runtime is called for one instance.
#[derive(Debug)]
pub(super) struct Calls {
    pub(super) runtime: PathBuf,
    /// What it is told besides.
    pub(super) options: &'static [&'static str],
    /// The instance's folder.
    pub(super) folder: PathBuf,
    pub(super) id: String,
    /// Where it is called from, if not from here.
    pub(super) aside: Option<Aside>,
}

impl Calls {
    fn command(&self, verb: &[&str]) -> Command {
        let mut command = Command::new(&self.runtime);
        let options: [(&str, PathBuf); 2] =
            [("--root", self.folder.join(RUNTIME)), ("--log", self.folder.join(LOG))];
        for (option, value) in options {
            command.arg(option).arg(value);
        }
        command.args(self.options).args(verb);
        if verb != START {
            command.arg("--bundle").arg(&self.folder);
            command.arg("--pid-file").arg(self.folder.join(PID));
        }
        command.arg(&self.id);
        // What a runtime runs itself it may look for; nothing else of this environment is its.
        command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        command
    }

    /// Calls it; what it writes, and who it starts, is heard at the other end.
    pub(super) fn call(&self, verb: &[&str], output: &io::PipeWriter) -> io::Result<Group> {
        let mut command = self.command(verb);
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output.try_clone()?);
        // The command goes here: it holds ends that are written to, and what is heard would
        // have no end.
        let mut call = move || Group::start(&mut command, GivenUp::Spared);
        let called = match &self.aside {
            Some(aside) => aside.within(call),
            None => call(),
        };
        called.map_err(|e| io::Error::new(e.kind(), format!("{}: {e}", self.runtime.display())))
    }
}
