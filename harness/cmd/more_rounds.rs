//! What a gate measures beyond its rounds: until it sees what it must, and what alarms again.

use std::collections::BTreeSet;

use super::info;
use coldstart::compare::Comparison;
use coldstart::compare::sight::{self, Lacking};
use coldstart::measure::More;
use coldstart::spec::function::listed;
use coldstart::spec::scenario::Scenario;
use coldstart::text::units::format_exactly;

/// The most times that rounds are added to see more. It takes some four; rounds of a function
/// that fails by now may add nothing that is seen.
const LOOKS: u32 = 20;

/// What was decided so far.
pub(super) struct MoreRounds<'a> {
    scenario: &'a Scenario,
    looks: u32,
    confirms: bool,
    is_over: bool,
    /// What alarmed and is measured again.
    pub(super) alarmed: BTreeSet<String>,
}

impl<'a> MoreRounds<'a> {
    pub(super) fn new(scenario: &'a Scenario, confirms: bool) -> Self {
        Self { scenario, looks: 0, confirms, is_over: false, alarmed: BTreeSet::new() }
    }

    /// What to measure next, by what is judged of what was measured; nothing once an alarm
    /// was measured again.
    pub(super) fn after(&mut self, found: &[Comparison]) -> Option<More> {
        if self.is_over {
            return None;
        }
        if let Some(sight) = self.scenario.sight.as_ref().filter(|_| self.looks < LOOKS) {
            self.looks += 1;
            let rows = found.iter().flat_map(|found| &found.rows);
            if let Some(Lacking { functions, rounds }) = sight::lacking(rows, sight) {
                let sees = format_exactly(sight.sees);
                info(&format!("{}: {rounds} rounds more, to see {sees}", listed(&functions)));
                return Some(self.of(&functions, rounds));
            }
        }
        self.is_over = true;
        if self.confirms {
            self.alarmed = found.iter().flat_map(Comparison::alarmed).collect();
        }
        if self.alarmed.is_empty() {
            return None;
        }
        info(&format!("{}: slower at first sight, measured again", listed(&self.alarmed)));
        Some(self.of(&self.alarmed, self.scenario.rounds))
    }

    fn of(&self, chosen: &BTreeSet<String>, rounds: u32) -> More {
        let functions = self.scenario.functions.iter().enumerate();
        let functions = functions.filter(|(_, name)| chosen.contains(*name));
        More { functions: functions.map(|(index, _)| index).collect(), rounds }
    }
}
