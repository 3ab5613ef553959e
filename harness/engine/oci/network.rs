//! A bridge of our own, and for each instance a network namespace with one end of a veth
//! pair, the other on that bridge: made when the instance is created, not within its start.
//!
//! Instances reach the driver there, and nobody else: nothing is forwarded for them. What is
//! made bears our name, so that `clean` finds it (decision 0090).

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::net::Ipv4Addr;
use std::os::fd::AsFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::aside::in_a_thread;
use crate::system::private::Lock;
use crate::text::sanitize::last_words;

mod messages;
mod namespace;
mod subnet;

use messages::Devices;

/// Its name on this machine.
const BRIDGE: &str = "coldstart0";
/// Its hardware address. One that is not given follows the devices that come and go on it, and
/// what instances know of their gateway is wrong with each.
const HARDWARE: &str = "02:63:73:00:00:01";
/// What an instance's device is called, where it is.
const INSIDE: &str = "eth0";
/// Bits of the prefix of its subnet.
pub(super) const PREFIX: u8 = 24;
/// What is known of it, for all drivers of this machine, whatever state folder they have:
/// there is one bridge, and it goes with the machine's memory.
const SHARED: &str = "/run/coldstart";
/// Where addresses are kept that are in use, in that folder: a file each, with the folder of
/// the instance that has it.
const ADDRESSES: &str = "addresses";
/// How long another driver may hold what is changed by one at a time.
const TURN: Duration = Duration::from_secs(10);
/// How often that is looked for. Nothing is timed then.
const AGAIN: Duration = Duration::from_millis(2);
/// The most that is told of what a command printed, in characters.
const WORDS: usize = 300;

/// The folder of what is known of the bridge.
pub(super) fn shared() -> &'static Path {
    Path::new(SHARED)
}

/// Makes the bridge where it is not; gives its address, where the driver listens.
pub(super) fn bridge() -> Result<Ipv4Addr, String> {
    crate::system::private::make(shared()).map_err(|e| e.to_string())?;
    let _turn = turn(shared())?;
    if let Some(address) = address_of(BRIDGE)? {
        ip(&["link", "set", BRIDGE, "up"], "")?;
        return Ok(address);
    }
    let routes = fs::read_to_string("/proc/net/route").unwrap_or_default();
    let address = subnet::free(&routes).ok_or(
        "no subnet is free for a bridge: every one that is tried has a route; use --networks host",
    )?;
    if !is_here(BRIDGE) {
        ip(&["link", "add", BRIDGE, "address", HARDWARE, "type", "bridge"], "")?;
    }
    ip(&["address", "add", &format!("{address}/{PREFIX}"), "dev", BRIDGE], "")?;
    ip(&["link", "set", BRIDGE, "up"], "")?;
    Ok(address)
}

/// The first address of a device of this machine; none without such a device.
fn address_of(name: &str) -> Result<Option<Ipv4Addr>, String> {
    if !is_here(name) {
        return Ok(None);
    }
    let told = ip(&["-4", "-oneline", "address", "show", "dev", name], "")?;
    let address = told.split_whitespace().skip_while(|word| *word != "inet").nth(1);
    Ok(address.and_then(|address| address.split('/').next()?.parse().ok()))
}

/// Takes an address that nobody has, for an instance whose folder is there.
pub(super) fn reserve(shared: &Path, own: &Path, bridge: Ipv4Addr) -> Result<Ipv4Addr, String> {
    let _turn = turn(shared)?;
    let folder = shared.join(ADDRESSES);
    let failed = |e: std::io::Error| format!("{}: {e}", folder.display());
    fs::create_dir_all(&folder).map_err(failed)?;
    for address in subnet::others(bridge) {
        let file = folder.join(address.to_string());
        // Left by who was killed before it had anything else.
        if holder(&file).is_some_and(|holder| !holder.is_dir()) {
            let _ = fs::remove_file(&file);
        }
        match OpenOptions::new().write(true).create_new(true).open(&file) {
            Ok(mut opened) => {
                opened.write_all(own.as_os_str().as_bytes()).map_err(failed)?;
                return Ok(address);
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed(error)),
        }
    }
    Err(format!(
        "no address is free on {BRIDGE}: {} instances have one each; start fewer at a time, or see \
         `coldstart clean`",
        subnet::others(bridge).count()
    ))
}

/// The folder of the instance that an address is of.
fn holder(file: &Path) -> Option<PathBuf> {
    fs::read(file).ok().map(|path| PathBuf::from(OsString::from_vec(path)))
}

/// Makes the namespace of an instance, with an address on the bridge; gives its path.
pub(super) fn attach(id: &str, address: Ipv4Addr, bridge: Ipv4Addr) -> Result<PathBuf, String> {
    let Names { namespace, veth } = Names::of(id);
    // Goes by the address: who knew the one before is not misled.
    let [a, b, c, d] = address.octets();
    let hardware = [0x02, 0x63, a, b, c, d];
    let file = namespace::file(&namespace);
    let make = || {
        let here = Devices::open()?;
        let made = namespace::make(&file)?;
        here.add_pair(&veth, (INSIDE, hardware), made.as_fd())?;
        here.add_port(&veth, BRIDGE)?;
        let within = Devices::open()?;
        within.up("lo")?;
        within.add_address(INSIDE, address, PREFIX)?;
        within.up(INSIDE)?;
        within.add_default_route(bridge)
    };
    // The thread ends in the namespace that it made.
    in_a_thread(make).map_err(|e| format!("make the network {namespace} on {BRIDGE}: {e}"))?;
    Ok(file)
}

/// Removes what an instance had; it is no error when there is nothing.
pub(super) fn detach(id: &str, own: &Path, address: Option<Ipv4Addr>) -> Result<(), String> {
    let Names { namespace, veth } = Names::of(id);
    let file = namespace::file(&namespace);
    // The kernel removes what is in it, and what that is a pair with, when it has the time: to
    // have it done at once takes ten times as long.
    let was_there = namespace::remove(&file).map_err(|e| format!("{}: {e}", file.display()))?;
    if !was_there {
        remove_device(&veth)?;
    }
    address.map_or(Ok(()), |address| give_back(shared(), own, address))
}

/// Removes the device of an instance whose namespace is gone, at once.
pub(super) fn remove_pair(id: &str) -> Result<(), String> {
    remove_device(&Names::of(id).veth)
}

/// Removes a device, unless the kernel did meanwhile.
fn remove_device(name: &str) -> Result<(), String> {
    if !is_here(name) {
        return Ok(());
    }
    match ip(&["link", "delete", name], "") {
        Err(error) if is_here(name) => Err(error),
        _ => Ok(()),
    }
}

/// Gives an address back, if it is this instance's.
fn give_back(shared: &Path, own: &Path, address: Ipv4Addr) -> Result<(), String> {
    let file = shared.join(ADDRESSES).join(address.to_string());
    if holder(&file).as_deref() == Some(own) {
        fs::remove_file(&file).map_err(|e| format!("{}: {e}", file.display()))?;
    }
    Ok(())
}

/// Removes the bridge, where nobody has an address on it; whether there was one.
pub(super) fn remove_bridge(shared: &Path) -> Result<bool, String> {
    // Without the folder nobody made one here.
    if !shared.is_dir() || !is_here(BRIDGE) {
        return Ok(false);
    }
    let _turn = turn(shared)?;
    if fs::read_dir(shared.join(ADDRESSES)).is_ok_and(|mut held| held.next().is_some()) {
        return Ok(false);
    }
    // Of instances that are gone, where the kernel had no time for them yet, or something that
    // was left behind holds their namespace.
    for port in ports(&ip(&["-oneline", "link", "show", "master", BRIDGE], "")?) {
        remove_device(port)?;
    }
    ip(&["link", "delete", BRIDGE], "")?;
    // Empty by now; made again by who needs it.
    let _ = fs::remove_dir(shared.join(ADDRESSES));
    Ok(true)
}

/// The devices that were told, a line each: `7: name@if2: <BROADCAST> ...`.
fn ports(told: &str) -> impl Iterator<Item = &str> {
    let names = told.lines().filter_map(|line| line.split_whitespace().nth(1));
    names.filter_map(|name| name.split(['@', ':']).next())
}

/// What is made for an instance, by the beginning of its id: names of devices are short.
struct Names {
    namespace: String,
    veth: String,
}

impl Names {
    fn of(id: &str) -> Self {
        let short = id.get(..12).unwrap_or(id);
        Self { namespace: format!("coldstart-{short}"), veth: format!("cs{short}") }
    }
}

/// Whether this network namespace has a device: what is mounted at /sys may be of another.
fn is_here(name: &str) -> bool {
    let devices = fs::read_to_string("/proc/thread-self/net/dev").unwrap_or_default();
    devices.lines().filter_map(|line| line.split_once(':')).any(|(device, _)| device.trim() == name)
}

fn turn(shared: &Path) -> Result<Lock, String> {
    let (file, begun) = (shared.join("network.lock"), Instant::now());
    loop {
        match Lock::try_take(&file).map_err(|e| e.to_string())? {
            Some(lock) => return Ok(lock),
            None if begun.elapsed() < TURN => std::thread::sleep(AGAIN),
            None => return Err(format!("another coldstart holds {} for {TURN:?}", file.display())),
        }
    }
}

/// Runs `ip`; gives what it printed.
fn ip(arguments: &[&str], told: &str) -> Result<String, String> {
    let failed = |why: &str| format!("`ip {}`: {why}", arguments.join(" "));
    let mut command = Command::new("ip");
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|e| match e.kind() {
        ErrorKind::NotFound => "a bridge needs the program `ip`: install iproute2, or use \
                                --networks host"
            .to_owned(),
        _ => failed(&e.to_string()),
    })?;
    if let Some(mut stdin) = child.stdin.take() {
        // One that does not listen says why itself.
        let _ = stdin.write_all(told.as_bytes());
    }
    let printed = child.wait_with_output().map_err(|e| failed(&e.to_string()))?;
    match printed.status.success() {
        true => Ok(String::from_utf8_lossy(&printed.stdout).into_owned()),
        false => Err(failed(&last_words(&String::from_utf8_lossy(&printed.stderr), WORDS))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BRIDGES: Ipv4Addr = Ipv4Addr::new(10, 213, 0, 1);

    #[test]
    fn an_address_is_of_one_instance_until_it_is_given_back_or_that_is_gone() {
        let home = tempfile::tempdir().unwrap();
        let shared = home.path();
        // Instances of several state folders: there is one bridge.
        let own = ["one/a", "one/b", "other/a"].map(|path| shared.join(path));
        for folder in &own {
            fs::create_dir_all(folder).unwrap();
        }
        let of = |own: &Path| reserve(shared, own, BRIDGES).unwrap();
        assert_eq!([of(&own[0]), of(&own[1])].map(|ip| ip.octets()[3]), [2, 3]);
        give_back(shared, &own[1], Ipv4Addr::new(10, 213, 0, 2)).unwrap();
        assert_eq!(of(&own[2]).octets()[3], 4, "only its own is given back");
        give_back(shared, &own[0], Ipv4Addr::new(10, 213, 0, 2)).unwrap();
        fs::remove_dir(&own[1]).unwrap();
        assert_eq!([of(&own[2]), of(&own[2])].map(|ip| ip.octets()[3]), [2, 3]);
    }

    #[test]
    fn when_no_address_is_free_the_message_says_what_to_do() {
        let home = tempfile::tempdir().unwrap();
        let take = || reserve(home.path(), home.path(), BRIDGES);
        let all: Vec<_> = (0..253).map(|_| take().unwrap()).collect();
        assert_eq!(all.len(), 253);
        let error = take().unwrap_err();
        assert!(error.contains("no address is free") && error.contains("clean"), "{error}");
    }

    #[test]
    fn who_never_made_a_bridge_removes_none() {
        let home = tempfile::tempdir().unwrap();
        assert_eq!(remove_bridge(&home.path().join("never")), Ok(false));
    }

    #[test]
    fn devices_are_told_a_line_each() {
        let told = "7: cs0123456789ab@if2: <BROADCAST,UP> mtu 1500\\    link/ether 02:63\n\
                    9: eth7: <BROADCAST> mtu 1500\n";
        assert_eq!(ports(told).collect::<Vec<_>>(), ["cs0123456789ab", "eth7"]);
        assert_eq!(ports("").count(), 0);
    }

    #[test]
    fn names_of_devices_fit_into_what_the_kernel_takes() {
        assert!(Names::of(&"f".repeat(32)).veth.len() <= 15);
    }
}
