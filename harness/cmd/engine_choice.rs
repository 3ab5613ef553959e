//! What is said of the engine where nobody has named one.

use coldstart::measure::quietest;
use coldstart::provision::Surroundings;
use coldstart::spec::scenario::Scenario;

/// Leaves daemons out where what is asked is the functions' own part: what is to be said of it.
pub(super) fn without_daemon(scenario: &mut Scenario) -> Option<String> {
    match quietest::without_daemon(&mut scenario.factors, &Surroundings::read()) {
        Ok(Some(runtime)) => Some(format!(
            "engine: {runtime} without a daemon, as what is asked is the functions' own part; what \
             a daemon adds to a start is left out, and is had with `--engine docker`"
        )),
        Ok(None) => None,
        Err(why) => Some(format!("engine: docker, as none without a daemon can be had: {why}")),
    }
}
