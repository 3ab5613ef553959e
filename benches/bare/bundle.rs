//! The bare loop without a daemon: an OCI runtime called as a shell would, on a bundle that is
//! there, and nothing that a program would need besides.

use std::ffi::CString;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use coldstart::engine::{
    Engine, InstanceId, InstanceSource, InstanceSpec, LABEL_FUNCTION, LABEL_MAKER, LABEL_RUN,
    Watchable,
};
use coldstart::system::maker::Maker;
use nix::sched::{CloneFlags, unshare};
use rustix::mount::{MountFlags, MountPropagationFlags, UnmountFlags};
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::process::{Pid, Signal, kill_process};

use crate::client::{PATIENCE, Recipe};
use crate::oci::Oci;
use crate::ready::Ready;

/// What bundles are labelled with: they stay when the starts of a measurement are removed.
const RUN: &str = "bench-bare-bundle";
/// Where the second version of cgroups is on a machine with both, which some refuse.
const SECOND: &str = "/sys/fs/cgroup/unified";

/// Where a runtime tells the function's process, in the bundle.
const PID: &str = "bare.pid";
/// How often that is looked for. Of a start nothing is timed then.
const AGAIN: Duration = Duration::from_micros(200);

/// A bundle of the function's image as the engine makes it, its own listener in it.
pub(crate) struct Bundle {
    id: InstanceId,
    folder: PathBuf,
    listener: TcpListener,
    runtime: PathBuf,
    /// Whether the runtime is called where the second version of cgroups is not mounted.
    aside: bool,
    /// What a start mounts a root file system of its own from, where each does.
    mounting: Option<Mounting>,
}

/// What a root file system is mounted from.
struct Mounting {
    /// The folders of the image's layers, as the kernel tells them.
    lower: String,
    /// Where the folders are made that it writes to.
    disk: PathBuf,
}

impl Bundle {
    pub(crate) async fn new(oci: &Oci, ready: &Ready, name: &str) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        set_socket_timeout(&listener, Timeout::Recv, Some(PATIENCE))?;
        let making = oci.making(ready, name);
        let labels = [
            (LABEL_RUN, RUN.to_owned()),
            (LABEL_FUNCTION, making.function.name.clone()),
            (LABEL_MAKER, Maker::own().to_string()),
        ];
        let spec = InstanceSpec {
            source: InstanceSource::Image(ready.recipe.image.clone()),
            image: making.image,
            factors: making.factors,
            processes: making.function.limits.processes,
            socket: None,
            env: ready.recipe.environment(&listener.local_addr()?.to_string()),
            launch: making.function.launch.clone(),
            launcher: None,
            labels: labels.map(|(name, value)| (name.to_owned(), value)).into(),
        };
        let id = oci.instances.create(&spec).await?;
        let root = oci.instances.root_folder(&id).await?.context("it tells no root folder")?;
        let folder = root.parent().context("it has no folder")?.to_owned();
        let runtime = program(name).with_context(|| format!("no `{name}` is found"))?;
        let controllers = Path::new(SECOND).join("cgroup.controllers");
        let text = std::fs::read_to_string(controllers).unwrap_or_default();
        let aside = name == "crun" && !text.trim().is_empty();
        Ok(Self { id, folder, listener, runtime, aside, mounting: None })
    }

    /// The same, each start of which mounts a root file system of its own and takes it down, as
    /// every cold start from an image has to.
    pub(crate) fn mounting(mut self) -> Result<Self> {
        let root = self.root();
        let mounts = std::fs::read_to_string("/proc/self/mountinfo")?;
        let line = mounts.lines().find(|line| line.contains(&format!(" {} ", root.display())));
        let options = line.and_then(|line| line.rsplit(' ').next()).context("it has no root")?;
        let option = |name| {
            let found = options.split(',').find_map(|option| option.strip_prefix(name));
            found.with_context(|| format!("its root has no {name}"))
        };
        let upper = Path::new(option("upperdir=")?);
        let disk = upper.parent().context("it has no folder")?.join("of-a-start");
        self.mounting = Some(Mounting { lower: option("lowerdir=")?.to_owned(), disk });
        rustix::mount::unmount(&root, UnmountFlags::DETACH)?;
        Ok(self)
    }

    fn root(&self) -> PathBuf {
        self.folder.join("rootfs")
    }

    pub(crate) async fn remove(self, oci: &Oci) -> Result<()> {
        Ok(oci.instances.remove(&self.id).await?)
    }

    /// One cold start, from before the runtime is called to the verified reply; then its end,
    /// which is not in that.
    pub(crate) fn start(&self, recipe: &Recipe) -> Result<Duration> {
        match &self.mounting {
            None => self.start_there(recipe),
            Some(mounting) => {
                mounting.mount(&self.root())?;
                let took = self.start_there(recipe)?;
                mounting.unmount(&self.root())?;
                Ok(took)
            }
        }
    }

    fn start_there(&self, recipe: &Recipe) -> Result<Duration> {
        let (begun, mut child) = self.run()?;
        let answered = recipe.answer(&self.listener);
        let took = begun.elapsed();
        let ended = self.end(&mut child);
        // Where both failed, this one is the cause.
        answered?;
        ended.map(|()| took)
    }

    /// In the foreground: the runtime removes what it made when the function has ended.
    fn run(&self) -> Result<(Instant, Child)> {
        let mut command = Command::new(&self.runtime);
        command.arg("--root").arg(self.folder.join("bare")).args(["run", "--bundle"]);
        command.arg(&self.folder).arg("--pid-file").arg(self.folder.join(PID));
        command.arg(&self.id.0).process_group(0);
        // Of what cargo sets, folders of libraries among it, nothing is the runtime's.
        command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut call = move || -> Result<(Instant, Child)> {
            let begun = Instant::now();
            Ok((begun, command.spawn()?))
        };
        if !self.aside {
            return call();
        }
        // What is not the runtime's is not timed.
        let aside = move || {
            unshare(CloneFlags::CLONE_NEWNS)?;
            let apart = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
            rustix::mount::mount_change("/", apart)?;
            rustix::mount::unmount(SECOND, UnmountFlags::DETACH)?;
            call()
        };
        let called = thread::scope(|scope| scope.spawn(aside).join());
        called.map_err(|_| anyhow::anyhow!("the thread that calls the runtime panicked"))?
    }

    fn end(&self, child: &mut Child) -> Result<()> {
        let pid = self.process(child);
        match pid {
            Some(pid) => kill_process(pid, Signal::KILL)?,
            None => child.kill()?,
        }
        child.wait()?;
        ensure!(pid.is_some(), "the runtime told no process");
        std::fs::remove_file(self.folder.join(PID))?;
        Ok(())
    }

    /// The function's process: the runtime tells it a little after it started it.
    fn process(&self, child: &mut Child) -> Option<Pid> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE && matches!(child.try_wait(), Ok(None)) {
            let told = std::fs::read_to_string(self.folder.join(PID)).unwrap_or_default();
            if let Some(pid) = told.trim().parse().ok().and_then(Pid::from_raw) {
                return Some(pid);
            }
            thread::sleep(AGAIN);
        }
        None
    }
}

impl Mounting {
    fn mount(&self, root: &Path) -> Result<()> {
        let [upper, work] = ["upper", "work"].map(|name| self.disk.join(name));
        for folder in [&self.disk, &upper, &work] {
            std::fs::create_dir(folder)?;
        }
        let (upper, work) = (upper.display(), work.display());
        let options = format!("lowerdir={},upperdir={upper},workdir={work}", self.lower);
        let options = CString::new(options)?;
        Ok(rustix::mount::mount("overlay", root, "overlay", MountFlags::empty(), Some(&*options))?)
    }

    fn unmount(&self, root: &Path) -> Result<()> {
        rustix::mount::unmount(root, UnmountFlags::DETACH)?;
        Ok(std::fs::remove_dir_all(&self.disk)?)
    }
}

fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let system = ["/usr/local/sbin", "/usr/sbin", "/sbin"].map(PathBuf::from);
    let folders = std::env::split_paths(&path).chain(system);
    folders.map(|folder| folder.join(name)).find(|file| file.is_file())
}
