//! Why a verb did not do what it was asked to: the exit status, and the code in the
//! message. `harness/docs/FAILURES.md` and `coldstart --help` list both.

use coldstart::drive::DriveError;
use coldstart::engine::EngineError;
use coldstart::measure::Interrupted;
use coldstart::provision::ProvisionError;
use coldstart::text::diagnostic::Mistake;

/// Why a verb did not do what it was asked to: each kind has its exit status.
#[derive(Debug)]
pub(crate) enum ExitReason {
    /// What was typed or written in a file is wrong. Exit status 2.
    Usage(anyhow::Error),
    /// The machine, the engine, the disk or a run folder stands in the way. Exit
    /// status 4.
    Environment(anyhow::Error),
    /// What was compared got worse; that is told already. Exit status 1.
    Regression,
    /// What was compared cannot be told from its margin, and that was to be strict;
    /// told already. Exit status 3.
    Inconclusive,
    /// What was compared cannot be judged; told already. Exit status 4.
    Invalid,
    /// Ctrl-C, SIGTERM or SIGHUP. Exit status 130.
    Interrupted,
}

impl<E: Into<anyhow::Error>> From<E> for ExitReason {
    fn from(error: E) -> Self {
        let error = error.into();
        match error.is::<Interrupted>() {
            true => ExitReason::Interrupted,
            false => ExitReason::Environment(error),
        }
    }
}

impl ExitReason {
    /// The exit status, and what is to be shown, if anything is: `error[code]: ...`.
    #[must_use]
    pub(crate) fn report(&self) -> (u8, Option<String>) {
        let shown = |code: &str, error: &anyhow::Error| {
            Some(format!("error[{code}]: {}", format!("{error:#}").trim_end()))
        };
        match self {
            ExitReason::Usage(error) => (2, shown(of_usage(error), error)),
            ExitReason::Environment(error) => (4, shown(of_environment(error), error)),
            ExitReason::Regression => (1, None),
            ExitReason::Inconclusive => (3, None),
            ExitReason::Invalid => (4, None),
            ExitReason::Interrupted => (crate::terminal::interrupt::STATUS, None),
        }
    }
}

/// An error about a file or a folder that no reading or writing told of: it is there, and
/// not what it would have to be, or it is not there at all.
pub(super) fn of_files(message: impl Into<String>) -> anyhow::Error {
    std::io::Error::other(message.into()).into()
}

/// `input` for a file that the user wrote, `usage` for what was typed.
fn of_usage(error: &anyhow::Error) -> &'static str {
    if has::<Mistake>(error) || has::<std::io::Error>(error) { "input" } else { "usage" }
}

/// Whose fault it is, as far as the chain of causes tells.
fn of_environment(error: &anyhow::Error) -> &'static str {
    // Rows that could not be kept speak for themselves, and are no cause in the chain.
    let rows = error.chain().find_map(|e| match e.downcast_ref() {
        Some(DriveError::Rows(rows)) => Some(rows),
        _ => None,
    });
    if let Some(rows) = rows {
        return of_environment(rows);
    }
    if error.chain().any(|e| {
        matches!(
            e.downcast_ref(),
            Some(ProvisionError::Missing { .. } | ProvisionError::Failed { .. })
        )
    }) {
        return "missing";
    }
    let at_a_trial =
        error.chain().any(|e| matches!(e.downcast_ref(), Some(DriveError::Engine { .. })));
    if at_a_trial || has::<EngineError>(error) || has::<ProvisionError>(error) {
        return "engine";
    }
    if has::<std::io::Error>(error) || has::<serde_json::Error>(error) {
        return "files";
    }
    "environment"
}

fn has<T: std::error::Error + 'static>(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| cause.is::<T>())
}

#[cfg(test)]
mod tests {
    use anyhow::{Context, anyhow};

    use super::*;

    fn io() -> anyhow::Error {
        std::io::Error::from(std::io::ErrorKind::NotFound).into()
    }

    #[test]
    fn each_kind_has_its_status_and_its_code() {
        let check = |failure: ExitReason, status: u8, code: &str| {
            let (found, text) = failure.report();
            let text = text.unwrap_or_default();
            assert_eq!(found, status, "{text}");
            assert!(text.starts_with(code), "{text}");
        };
        let gone = || EngineError::Gone("x".to_owned());
        let missing = ProvisionError::Missing { missing: "m".to_owned(), cure: "c".to_owned() };
        check(ExitReason::Usage(anyhow!("x")), 2, "error[usage]: x");
        check(ExitReason::Usage(io().context("s.toml")), 2, "error[input]: s.toml: ");
        check(ExitReason::Usage(Mistake::of("f", "no").into()), 2, "error[input]: f: no");
        check(Err::<(), _>(gone()).context("at").unwrap_err().into(), 4, "error[engine]: at: ");
        check(ProvisionError::from(gone()).into(), 4, "error[engine]: ");
        let at_a_trial = DriveError::Engine { trial: 1, failure: gone() };
        check(at_a_trial.into(), 4, "error[engine]: the engine failed at trial 1");
        check(DriveError::Rows(io().context("f")).into(), 4, "error[files]: f");
        check(DriveError::Rows(of_files("gone")).into(), 4, "error[files]: gone");
        check(missing.into(), 4, "error[missing]: m\nc");
        check(io().context("cannot write f").into(), 4, "error[files]: cannot write f: ");
        check(of_files("no result").into(), 4, "error[files]: no result");
        check(anyhow!("x").into(), 4, "error[environment]: x");
        check(ExitReason::Regression, 1, "");
        check(ExitReason::Inconclusive, 3, "");
        check(ExitReason::Invalid, 4, "");
        check(ExitReason::Interrupted, 130, "");
    }
}
