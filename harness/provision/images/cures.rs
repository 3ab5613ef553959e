//! What a build that failed most likely lacks, and what to write for it.

use std::fs;

use crate::engine::EngineError;
use crate::spec::function::Build;

/// What programs say who cannot find a host, in lower case.
const NO_NETWORK: [&str; 10] = [
    "name resolution",
    "name or service not known",
    "could not resolve",
    "failure resolving",
    "failed to lookup address",
    "no address associated with hostname",
    "eai_again",
    "enotfound",
    "network is unreachable",
    "dial tcp: lookup",
];

/// What a builder says that does not know a syntax, in lower case.
const UNKNOWN_SYNTAX: [&str; 4] =
    ["requires buildkit", "unknown flag", "unknown instruction", "dockerfile parse error"];

/// What only BuildKit knows, as it stands in a Dockerfile, and what it is called.
const OF_BUILDKIT: [(&str, &str); 6] = [
    ("--mount=", "RUN --mount"),
    ("--link", "COPY --link"),
    ("--chmod=", "COPY --chmod"),
    ("--parents", "COPY --parents"),
    ("<<", "a heredoc"),
    ("# syntax=", "# syntax="),
];

/// The error of a build, with the cure where its words tell of one.
pub(super) fn with_cure(error: EngineError, build: &Build) -> EngineError {
    let EngineError::Refused { doing, message } = error else { return error };
    let dockerfile = fs::read_to_string(build.context.join(&build.dockerfile)).unwrap_or_default();
    let cure = cure(&message, &dockerfile, build.network).unwrap_or_default();
    EngineError::Refused { doing, message: message + &cure }
}

fn cure(message: &str, dockerfile: &str, network: bool) -> Option<String> {
    let said = message.to_lowercase();
    if !network && NO_NETWORK.iter().any(|words| said.contains(words)) {
        let cure = "\na `context` is built without a network: `network = true` gives it one";
        return Some(cure.to_owned());
    }
    let is_unknown = UNKNOWN_SYNTAX.iter().any(|words| said.contains(words));
    let of_buildkit = OF_BUILDKIT.iter().find(|(syntax, _)| dockerfile.contains(syntax));
    let (_, name) = of_buildkit.filter(|_| is_unknown)?;
    Some(format!(
        "\nits Dockerfile has `{name}`, which needs BuildKit, and a `context` may be built \
         without: build it by a command of your own, `build = [\"docker\", \"buildx\", \"build\", \
         \"--load\", \"-t\", \"{{image}}\", \".\"]`"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_that_wanted_the_network_is_told_of_the_key() {
        for said in [
            "pip: [Errno -3] Temporary failure in name resolution",
            "npm error getaddrinfo EAI_AGAIN registry.example",
            "Temporary failure resolving 'deb.example'",
            "curl: (6) Could not resolve host: example",
            "dial tcp: lookup proxy.example on 127.0.0.11:53",
        ] {
            let cure = cure(said, "FROM x\nRUN y\n", false).unwrap();
            assert!(cure.contains("`network = true`"), "{cure}");
        }
        assert_eq!(cure("Could not resolve host", "", true), None);
        assert_eq!(cure("exit 1", "RUN --mount=type=cache x", false), None);
    }

    #[test]
    fn a_syntax_of_buildkit_is_named_with_a_command_that_knows_it() {
        for (dockerfile, said, name) in [
            ("RUN --mount=type=cache x", "the --mount option requires BuildKit", "RUN --mount"),
            ("COPY --link a b", "dockerfile parse error line 2: unknown flag: link", "--link"),
            ("RUN <<EOF\nx\nEOF", "Unknown instruction: X", "a heredoc"),
        ] {
            let cure = cure(said, dockerfile, false).unwrap();
            assert!(cure.contains(name) && cure.contains("--load"), "{cure}");
        }
        assert_eq!(cure("unknown instruction: RUNN", "RUNN x", false), None);
    }
}
