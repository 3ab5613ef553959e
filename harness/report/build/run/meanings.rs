//! What each figure means, from which instant to which: of what a run has.

use std::sync::LazyLock;

use crate::spec::factor::EngineKind;
use crate::store::Run;

/// What each figure means, from which instant to which.
const MEANINGS: &str = include_str!("meanings.txt");
/// What stands there of the engine's parts where there is no daemon.
const WITHOUT_DAEMON: &str = "\
spawn: start call to the exec of the OCI runtime
sandbox: that exec to the exec of the function's own binary: namespaces, cgroups, mounts; a bridge's network was made before, in create
engine: spawn and sandbox, merged
";

/// The same where its containers may be created ahead.
const AHEAD: &str = "\
create: dispatched to the start call: the container is created; nothing is left of it where a start begins from a container that was created ahead
spawn: start call to the exec of the OCI runtime: which creates and starts, or starts what was created ahead
sandbox: that exec to the exec of the function's own binary: namespaces, cgroups, mounts; a bridge's network was made before
start: the same where the container was created ahead: only its start
engine: spawn and sandbox, or spawn and start, merged
";

/// The meanings of what a run has.
pub(super) fn of(run: &Run) -> &'static str {
    static WITHOUT: LazyLock<String> = LazyLock::new(|| without_daemon(WITHOUT_DAEMON));
    static CREATED: LazyLock<String> = LazyLock::new(|| without_daemon(AHEAD));
    static BOTH: LazyLock<String> = LazyLock::new(|| with_both(WITHOUT_DAEMON));
    static BOTH_CREATED: LazyLock<String> = LazyLock::new(|| with_both(AHEAD));
    let factors = &run.record.scenario.factors;
    match (factors.has_engine(EngineKind::Oci), factors.has_engine(EngineKind::Docker)) {
        (true, true) if factors.creates_ahead() => &BOTH_CREATED,
        (true, true) => &BOTH,
        (true, false) if factors.creates_ahead() => &CREATED,
        (true, false) => &WITHOUT,
        _ => MEANINGS,
    }
}

fn with_both(parts: &str) -> String {
    let without = parts.lines().map(|line| format!("{line} (where there is no daemon)"));
    [MEANINGS.trim_end().to_owned()].into_iter().chain(without).collect::<Vec<_>>().join("\n")
}

fn without_daemon(parts: &str) -> String {
    let told = |line: &str| line.split(':').next().map(str::to_owned).unwrap_or_default();
    let own: Vec<String> = parts.lines().map(told).collect();
    let of_engine = ["daemon", "shim", "sandbox", "network", "start", "engine"];
    let is_of = |line: &str| {
        let of = told(line);
        of_engine.contains(&of.as_str()) || own.contains(&of)
    };
    let at = MEANINGS.lines().position(is_of).unwrap_or(0);
    let mut others: Vec<&str> = MEANINGS.lines().filter(|line| !is_of(line)).collect();
    others.splice(at..at, parts.lines());
    others.join("\n")
}
