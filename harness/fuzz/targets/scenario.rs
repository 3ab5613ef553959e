//! A scenario: what is read becomes a plan that can be told, or an error that says why.

#![no_main]

use coldstart::spec::plan::Plan;
use coldstart::spec::scenario;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match scenario::parse(text, "scenario.toml") {
        Ok(scenario) => {
            let plan = Plan::in_turns(&scenario, 2, 2, 7);
            let names = ["a", "b"].map(str::to_owned);
            let told = plan.describe(&names, &["base", "head"]);
            assert!(!told.is_empty());
            let _ = plan.estimate();
        }
        Err(error) => assert!(!format!("{error:#}").trim().is_empty()),
    }
});
