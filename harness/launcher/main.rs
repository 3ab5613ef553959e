//! The first process of an instance whose image has external extensions: starts them, waits
//! until all have registered, and becomes the runtime. As AWS Lambda does it, but that there
//! runtime and extensions are all children of a process of the platform's own.
//!
//! A program of its own, compiled by `build.rs` beside it: static, for whatever image it is
//! mounted into, and of the standard library alone.
//!
//! `launcher PROGRAM ARGUMENTS`: what it becomes.
//!
//! It begins at the C library's `main`: what the standard library does before its own (it
//! reads its memory map, and makes a stack for signals) is a fifth of all the time that this
//! program takes, in a start that is timed.

#![no_main]

use std::env;
use std::ffi::{CStr, OsStr, OsString, c_char, c_int};
use std::fs;
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

/// Where AWS Lambda looks for them.
const EXTENSIONS: &str = "/opt/extensions";
/// How often it is looked whether an extension has ended, while one has still to register.
const LOOK: Duration = Duration::from_millis(20);
/// Of a program that cannot be started, as shells have it.
const NOT_STARTED: c_int = 127;

/// Where the C library begins.
#[unsafe(no_mangle)]
extern "C" fn main(count: c_int, words: *const *const c_char) -> c_int {
    let count = usize::try_from(count).unwrap_or(0);
    // SAFETY: the C library gives as many words as it says, each ended by a zero, and they
    // live as long as the program.
    let word = |i| unsafe { CStr::from_ptr(*words.add(i)) };
    let words = (1..count).map(|i| OsStr::from_bytes(word(i).to_bytes()).to_owned());
    launch(words)
}

/// Becomes the program that the words name; the exit status where it cannot.
fn launch(mut words: impl Iterator<Item = OsString>) -> c_int {
    let Some(program) = words.next() else {
        eprintln!("usage: launcher PROGRAM [ARGUMENTS]");
        return 2;
    };
    if let Err(message) = extensions() {
        eprintln!("{message}");
        return 1;
    }
    // Comes back only where it fails.
    let error = Command::new(&program).args(words).exec();
    eprintln!("{}: {error}", program.display());
    NOT_STARTED
}

/// An extension that was started.
struct Started {
    path: PathBuf,
    child: Child,
}

/// Starts every extension, and waits until all have registered.
fn extensions() -> Result<(), String> {
    let paths = paths(Path::new(EXTENSIONS)).map_err(|e| format!("{EXTENSIONS}: {e}"))?;
    let mut started = Vec::new();
    for path in paths {
        let child = Command::new(&path).env_remove("_HANDLER").spawn();
        let child = child.map_err(|e| format!("extension {} cannot start: {e}", path.display()))?;
        started.push(Started { path, child });
    }
    if started.is_empty() { Ok(()) } else { registered(&mut started) }
}

/// The extensions of an image, by name: every file, as AWS Lambda takes it.
fn paths(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut paths = entries.map(|e| e.map(|e| e.path())).collect::<io::Result<Vec<_>>>()?;
    // What a link points to counts.
    paths.retain(|path| path.is_file());
    paths.sort();
    Ok(paths)
}

/// Waits until as many extensions have registered: the driver answers then.
fn registered(started: &mut [Started]) -> Result<(), String> {
    let address = env::var("AWS_LAMBDA_RUNTIME_API").unwrap_or_default();
    let failed = |e: io::Error| format!("asking {address} for the extensions: {e}");
    let mut api = connect(&address).map_err(failed)?;
    let count = started.len();
    let asked = format!("GET /coldstart/extensions/{count} HTTP/1.1\r\nHost: {address}\r\n\r\n");
    api.write_all(asked.as_bytes()).map_err(failed)?;
    let mut answer = [0; 256];
    loop {
        match api.read(&mut answer) {
            Ok(n) if answer[..n].starts_with(b"HTTP/1.1 200") => return Ok(()),
            Ok(n) => {
                let said = String::from_utf8_lossy(&answer[..n]);
                return Err(format!("the driver said `{}`", said.lines().next().unwrap_or("")));
            }
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                started.iter_mut().try_for_each(lives)?;
            }
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return Err(failed(e)),
        }
    }
}

/// Whether an extension is still there.
fn lives(started: &mut Started) -> Result<(), String> {
    let path = started.path.display();
    match started.child.try_wait() {
        Ok(None) => Ok(()),
        Ok(Some(status)) => Err(format!("extension {path} ended before it registered: {status}")),
        Err(error) => Err(format!("extension {path}: {error}")),
    }
}

/// Both ends of a connection.
trait Api: Read + Write {}
impl<T: Read + Write> Api for T {}

/// Connects to the driver, over the network or a socket in the file system. Reading ends
/// now and then without anything having come.
fn connect(address: &str) -> io::Result<Box<dyn Api>> {
    if let Some(path) = address.strip_prefix("unix:") {
        let stream = UnixStream::connect(path)?;
        stream.set_read_timeout(Some(LOOK))?;
        return Ok(Box::new(stream));
    }
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(LOOK))?;
    Ok(Box::new(stream))
}
