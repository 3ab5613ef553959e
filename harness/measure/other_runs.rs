//! Other runs on the same engine, and what is to be done about them.

use std::collections::BTreeMap;

use anyhow::Result;

use crate::engine::Engine;
use crate::observer::Observer;
use crate::system::maker::Life;

/// Other runs on the same engine disturb this one's figures, and it theirs.
pub(super) async fn warnings(
    engine: &impl Engine,
    own: &str,
    observer: &dyn Observer,
) -> Result<Vec<String>> {
    let found = engine.instances(None).await?;
    let others = found.iter().filter(|f| f.running && f.run != own);
    // One maker a run: a warning each, whatever its containers are.
    let runs: BTreeMap<&str, Life> = others.map(|f| (f.run.as_str(), f.life())).collect();
    let warnings: Vec<String> = runs.into_iter().map(|(run, life)| beside(run, &life)).collect();
    warnings.iter().for_each(|warning| observer.warn(warning));
    Ok(warnings)
}

/// What is told of another run whose containers are up. What lives is not to be removed.
fn beside(run: &str, life: &Life) -> String {
    match life {
        Life::Alive(pid) => format!(
            "containers of another run were up ({run}, process {pid}): the two disturb each \
             other's figures; wait for its end"
        ),
        Life::Dead => format!(
            "containers that run {run} left were up, and its process is gone: they disturb the \
             figures; `coldstart clean` removes them"
        ),
        Life::Unknown(why) => format!(
            "containers of another run were up ({run}), and whether its process lives cannot be \
             told: {why}; they disturb the figures: wait for its end"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What it recommended destroyed the other run.
    #[test]
    fn only_what_a_dead_run_left_is_recommended_for_removal() {
        let clean = |life: Life| beside("r-1", &life).contains("coldstart clean");
        assert!(clean(Life::Dead));
        assert!(!clean(Life::Alive(7)) && !clean(Life::Unknown("it ran elsewhere")));
        assert!(beside("r-1", &Life::Alive(7)).contains("(r-1, process 7)"));
    }
}
