//! Which program an engine ran as the OCI runtime of a container: pure.

use super::Event;

/// What an OCI runtime is told where it makes a container.
const MAKING: [&str; 2] = ["create", "run"];

/// The programs that were told to make a container, by their files' names, in their order:
/// of a wrapper it is first, and what it becomes or calls comes after. The file is that of a
/// script where an interpreter runs one. None where none was heard.
#[must_use]
pub fn oci_runtimes(events: &[Event], id: &str) -> Vec<String> {
    let mut found: Vec<(u64, String)> = Vec::new();
    for event in events {
        let Event::Exec { at, argv, .. } = event else { continue };
        let [program, rest @ ..] = argv.as_slice() else { continue };
        let told = |words: &[&str]| rest.iter().any(|word| words.contains(&word.as_str()));
        if id.is_empty() || !told(&[id]) || !told(&MAKING) {
            continue;
        }
        // An interpreter has the script before everything else, by its path.
        let script = rest.first().filter(|word| word.starts_with('/'));
        found.push((*at, file_name(script.unwrap_or(program)).to_owned()));
    }
    found.sort();
    found.into_iter().map(|(_, name)| name).collect()
}

/// The last part of a path.
pub(super) fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "27d47270af154a707249382cb605428f16ca8381d198471cae948c7d2cc63635";

    fn heard(lines: &[&str]) -> Vec<String> {
        let exec = |(at, line): (usize, &&str)| Event::Exec {
            at: at as u64,
            pid: 1,
            parent: None,
            argv: line.replace("ID", ID).split(' ').map(str::to_owned).collect(),
            used: None,
        };
        oci_runtimes(&lines.iter().enumerate().map(exec).collect::<Vec<_>>(), ID)
    }

    #[test]
    fn who_is_told_to_make_the_container_is_its_oci_runtime() {
        let of_docker = [
            "/usr/bin/containerd-shim-runc-v2 -namespace moby -id ID start",
            "runc --root /run/runtime-runc/moby create --bundle /run/ID ID",
            "runc init",
            "runc --root /run/runtime-runc/moby start ID",
        ];
        assert_eq!(heard(&of_docker), ["runc"]);
        let of_podman = [
            "/usr/bin/conmon -c ID -u ID -r /usr/bin/crun -b /data/ID/userdata",
            "/usr/bin/crun --systemd-cgroup create --bundle /data/ID/userdata ID",
            "/usr/bin/crun start ID",
        ];
        assert_eq!(heard(&of_podman), ["crun"]);
        assert_eq!(heard(&["/opt/youki run -d ID"]), ["youki"]);
    }

    #[test]
    fn of_a_wrapper_both_are_heard_and_a_script_is_known_by_its_file() {
        let wrapped =
            ["/bin/sh /var/lib/docker/runtimes/slow create ID", "/usr/bin/runc create ID"];
        assert_eq!(heard(&wrapped), ["slow", "runc"]);
    }

    #[test]
    fn who_makes_another_container_or_none_is_none() {
        assert!(
            heard(&["runc create another", "", "ID create", "tool create ID-of-mine"]).is_empty()
        );
        let anything = Event::Exec {
            at: 0,
            pid: 1,
            parent: None,
            argv: vec!["runc".into(), "create".into(), String::new()],
            used: None,
        };
        assert!(oci_runtimes(&[anything], "").is_empty());
    }
}
