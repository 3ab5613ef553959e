//! What a function most likely lacks that did not answer, by its own words.

/// What is said, in lower case, and what to write for it.
const CURES: [(&[&str], &str); 9] = [
    (
        &[
            "noregion",
            "region is missing",
            "must specify a region",
            "missing region",
            "find a region",
        ],
        "it knows no region: `env = { AWS_REGION = \"...\" }` in functions.toml, or --env",
    ),
    (
        &[
            "no command specified",
            "requires the handler name",
            "-c requires an argument",
            "cannot find `` in $path",
        ],
        "its image names no command: `command` in functions.toml, or --command, such as its handler",
    ),
    (
        &["unable to find user", "unable to find group", "no matching entries in passwd"],
        "its image names a user that it does not have: build it with one that it has",
    ),
    (
        &["exec format error"],
        "its program is for another kind of machine, or is a script without `#!` in its first line",
    ),
    (
        &[
            "executable file not found",
            "no such file or directory: unknown",
            "start container process: exec",
        ],
        "the program that its image, `entrypoint` or `command` names is not in it",
    ),
    (
        &["cgroups in hybrid mode not supported"],
        "it takes one version of cgroups and this machine has both: name a script with --runtimes \
         that hides the second from it and calls it: `exec unshare -m sh -c 'umount -l \
         /sys/fs/cgroup/unified; exec crun \"$@\"' crun \"$@\"`",
    ),
    (
        &["v1 cgroup feature is required"],
        "it was built for cgroups of version 2 alone, and this machine has version 1: build it with \
         both, such as `cargo install youki --locked --features v1`",
    ),
    (
        &[
            "it never asked for an event; it wrote: connection refused",
            "it never asked for an event; it wrote: no route to host",
            "it never asked for an event; it wrote: network is unreachable",
        ],
        "it does not reach this machine: where its engine is on another or in a network of its own, \
         say by which address its containers reach this one, with --callback (of a rootless engine \
         any address of this machine but the loopback's)",
    ),
    (
        &["read-only file system", "erofs"],
        "it writes where nothing can be written to: under `lambda` only /tmp, under `read-only` \
         nothing",
    ),
];

/// The cause of a failure, with what to write where its words tell.
pub(super) fn with_advice(cause: &str) -> String {
    let said = cause.to_lowercase();
    let cure = CURES.iter().find(|(words, _)| words.iter().any(|words| said.contains(words)));
    match cure {
        Some((_, cure)) => format!("{cause} ({cure})"),
        None => cause.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_told_by_its_key() {
        for (cause, part) in [
            ("NoRegionError: You must specify a region.", "AWS_REGION"),
            ("Error: Region is missing", "AWS_REGION"),
            ("create an instance of x: No command specified", "`command`"),
            ("it wrote: /bin/sh: 0: -c requires an argument", "`command`"),
            ("entrypoint requires the handler name to be the first argument", "--command"),
            ("unable to find user app: no matching entries in passwd file", "a user"),
            (
                "exited with code 1: it never asked for an event; it wrote: Connection refused (os \
                 error 111)",
                "--callback",
            ),
            ("OSError: [Errno 30] Read-only file system: '/x'", "only /tmp"),
            ("v1 error: v1 cgroup feature is required, but was not enabled", "--features v1"),
        ] {
            let told = with_advice(cause);
            assert!(told.starts_with(cause) && told.contains(part), "{told}");
        }
        assert_eq!(with_advice("exited with code 1"), "exited with code 1");
    }
}
