//! How often a program that sets firewall rules was executed while something started: pure.

use super::Event;
use super::runtime::file_name;

/// Such programs, by their files' names.
const PROGRAMS: [&str; 5] = ["iptables", "ip6tables", "nft", "ipset", "firewall-cmd"];

/// How many times one was executed. A wrapper and what it becomes is one.
#[must_use]
pub fn firewall_calls(events: &[Event]) -> u32 {
    let mut called: Vec<u32> = Vec::new();
    for event in events {
        let Event::Exec { pid, argv, .. } = event else { continue };
        // An interpreter has the script before everything else.
        let mut files = argv.iter().take(2).map(|word| file_name(word));
        if files.any(|file| PROGRAMS.contains(&file)) && !called.contains(pid) {
            called.push(*pid);
        }
    }
    u32::try_from(called.len()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_that_set_rules_are_counted_once_each_whatever_starts_them() {
        let exec = |pid: u32, line: &str| Event::Exec {
            at: 0,
            pid,
            parent: None,
            argv: line.split(' ').map(str::to_owned).collect(),
            used: None,
        };
        let events = [
            exec(1, "/usr/sbin/iptables --wait -t raw -C PREROUTING"),
            exec(2, "/bin/sh /usr/sbin/iptables --wait -t raw -A PREROUTING"),
            exec(2, "/usr/sbin/iptables-nft --wait -t raw -A PREROUTING"),
            exec(3, "nft -j -f -"),
            exec(4, "runc --root nft-like create nft"),
            exec(5, ""),
            Event::Exit { at: 1, pid: 1 },
        ];
        assert_eq!(firewall_calls(&events), 3);
        assert_eq!(firewall_calls(&events[4..]), 0);
    }
}
