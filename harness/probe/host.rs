//! What the machine is: read once, part of every run's record.

use std::fs;

use serde::{Deserialize, Serialize};

/// The machine that the driver ran on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    /// Processor model, as the kernel names it.
    pub cpu: String,
    /// Processors that the driver may use.
    pub cpus: usize,
    /// Physical memory in bytes.
    pub memory: u64,
    /// Kernel name and release.
    pub kernel: String,
    /// Distribution, as it names itself.
    pub os: String,
    /// Machine architecture, such as `x86_64`.
    pub architecture: String,
}

impl Host {
    /// Reads what the kernel and the distribution say. What cannot be read is
    /// `unknown`, never a guess.
    #[must_use]
    pub fn read() -> Self {
        let uname = rustix::system::uname();
        let text = |t: &std::ffi::CStr| t.to_string_lossy().into_owned();
        Self {
            cpu: field("/proc/cpuinfo", "model name", ':'),
            cpus: std::thread::available_parallelism().map_or(0, usize::from),
            memory: kib("/proc/meminfo", "MemTotal"),
            kernel: format!("{} {}", text(uname.sysname()), text(uname.release())),
            os: field("/etc/os-release", "PRETTY_NAME", '='),
            architecture: text(uname.machine()),
        }
    }
}

/// The most memory that this process has held, in bytes.
#[must_use]
pub fn peak_memory() -> u64 {
    kib("/proc/self/status", "VmHWM")
}

fn field(file: &str, key: &str, separator: char) -> String {
    fs::read_to_string(file)
        .ok()
        .and_then(|text| {
            text.lines()
                .filter_map(|line| line.split_once(separator))
                .find(|(k, _)| k.trim() == key)
                .map(|(_, value)| value.trim().trim_matches('"').to_owned())
        })
        .unwrap_or_else(|| "unknown".to_owned())
}

fn kib(file: &str, key: &str) -> u64 {
    let text = field(file, key, ':');
    text.split(' ').next().and_then(|n| n.parse::<u64>().ok()).map_or(0, |kib| kib * 1024)
}
