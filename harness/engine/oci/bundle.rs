//! The folders of an instance: made before anything is timed, and removed with all that was
//! made for it.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Write};
use std::net::Ipv4Addr;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::config::{self, FILES, Machine, Made};
use super::folders::Folders;
use super::record::Record;
use super::{cgroup, network, root, user};
use crate::engine::InstanceSpec;
use crate::spec::factor::Network;

/// What an instance is made from.
pub(super) struct Making<'a> {
    pub(super) spec: &'a InstanceSpec,
    /// The folders of its image's layers, the uppermost first.
    pub(super) layers: &'a [PathBuf],
    /// The layer below them.
    pub(super) places: &'a Path,
    pub(super) machine: &'a Machine,
    pub(super) processors: Option<String>,
    pub(super) record: Record,
    /// The bridge's address, where it is to have one there.
    pub(super) bridge: Option<Ipv4Addr>,
}

/// Makes it, and gives its address, if it has one; what is left of one that cannot be made is
/// removed.
pub(super) fn make(
    making: Making<'_>,
    folders: &Folders,
    id: &str,
) -> Result<Option<Ipv4Addr>, String> {
    fill(making, folders, id).inspect_err(|_| {
        // It is told why it could not be made; `clean` finds what is left.
        let _ = remove(folders, id);
    })
}

fn fill(making: Making<'_>, folders: &Folders, id: &str) -> Result<Option<Ipv4Addr>, String> {
    let Making { spec, layers, places, machine, processors, mut record, bridge } = making;
    let Folders { disk, bundle: folder } = folders;
    let own = |what: &'static str| move |e: io::Error| format!("{what}: {e}");
    let make = |folder| DirBuilder::new().mode(0o700).create(folder);
    make(disk).map_err(own("making its folder"))?;
    record.write(disk).map_err(own("writing its record"))?;
    if !folders.are_one() {
        make(folder).map_err(own("making its folder in memory"))?;
    }
    let layers: Vec<&Path> = layers.iter().map(PathBuf::as_path).chain([places]).collect();
    root::mount(folders, &layers).map_err(own("mounting its layers as an overlay"))?;
    let asked = if spec.launch.lambda { crate::spec::function::USER } else { &spec.image.user };
    let [passwd, group] = ["etc/passwd", "etc/group"].map(|file| root::read(folder, file));
    let user = user::find(asked, &passwd, &group)?;
    let mut namespace = None;
    if let Some(bridge) = bridge {
        let address = network::reserve(network::shared(), disk, bridge)?;
        record.address = Some(address);
        record.write(disk).map_err(own("writing its record"))?;
        namespace = Some(network::attach(id, address, bridge)?);
    }
    let made = Made { id, folder: disk, user: &user, processors, network: namespace.as_deref() };
    let config = config::config(spec, &made, machine)?;
    let written = || -> io::Result<()> {
        fs::write(folder.join("config.json"), serde_json::to_vec(&config)?)?;
        let hostname = config::hostname(id, spec.factors.network, machine);
        // On the disk, as Docker's are.
        files(disk, hostname, spec.factors.network, record.address)
    };
    written().map_err(own("writing its configuration"))?;
    Ok(record.address)
}

/// The files that every container has of its own.
fn files(
    folder: &Path,
    hostname: &str,
    network: Network,
    address: Option<Ipv4Addr>,
) -> io::Result<()> {
    for name in FILES {
        let text = match name {
            "hostname" => format!("{hostname}\n"),
            "hosts" if network != Network::Host => hosts(hostname, address),
            // As they are here; nothing where they are not.
            name => fs::read_to_string(format!("/etc/{name}")).unwrap_or_default(),
        };
        let mut file = File::create(folder.join(name))?;
        file.write_all(text.as_bytes())?;
        file.set_permissions(PermissionsExt::from_mode(0o644))?;
    }
    Ok(())
}

fn hosts(hostname: &str, address: Option<Ipv4Addr>) -> String {
    let own = address.map_or_else(String::new, |address| format!("{address}\t{hostname}\n"));
    format!("127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n{own}")
}

/// Kills what runs in it, and removes all that was made for it, its record last: whatever that
/// may be.
pub(super) fn remove(folders: &Folders, id: &str) -> Result<(), String> {
    end(id)?;
    network::detach(id, &folders.disk, Record::read(&folders.disk).address)?;
    take_away(folders)
}

/// Kills what runs in it.
pub(super) fn end(id: &str) -> Result<(), String> {
    cgroup::clear(id).map_err(|e| format!("its cgroup: {e}"))
}

/// Takes away what is left of one that has ended: its root file system, and its folders.
pub(super) fn take_away(folders: &Folders) -> Result<(), String> {
    root::unmount(&folders.bundle).map_err(|e| format!("its root file system: {e}"))?;
    let removed = || {
        root::remove(folders)?;
        root::was_there(fs::remove_dir_all(&folders.bundle))?;
        root::was_there(fs::remove_dir_all(&folders.disk))
    };
    removed().map_err(|e| format!("its folder: {e}"))
}
