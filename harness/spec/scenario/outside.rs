//! Scenarios whose calls come from outside (decision 0108).

use std::time::Duration;

use super::{LoadShape, Pattern, Scenario, Step};
use crate::spec::factor::FactorMatrix;
use crate::spec::tolerance::Margins;

/// The one pattern of a run whose calls come from outside, and what its steps are called: of
/// calls that met no instance or one that has served, and of calls that met one which had been
/// started before they came and has never served.
pub const OUTSIDE: &str = "outside";
/// See [`OUTSIDE`].
pub const OUTSIDE_STEPS: [&str; 2] = ["call", "started-before"];

impl Scenario {
    /// Whether its calls come from outside, and no plan has them.
    #[must_use]
    pub fn is_from_outside(&self) -> bool {
        let mut steps = self.patterns.iter().flat_map(|pattern| &pattern.steps);
        steps.any(|step| step.act == LoadShape::Arrivals)
    }

    /// One whose calls come from outside, to functions under certain factors; controls stand
    /// before and after them.
    #[must_use]
    pub fn from_outside(name: &str, factors: FactorMatrix) -> Self {
        let step = |name: &str| {
            let act = LoadShape::Arrivals;
            Step { name: name.to_owned(), after: Duration::ZERO, act }
        };
        let steps = OUTSIDE_STEPS.map(step).into();
        Self {
            name: name.to_owned(),
            functions: Vec::new(),
            factors,
            controls: true,
            listening: false,
            rounds: 1,
            until: None,
            max_time: None,
            keep_alive: None,
            policy: None,
            remove_at_once: false,
            patterns: vec![Pattern { name: OUTSIDE.to_owned(), steps }],
            margins: Margins::default(),
            sight: None,
            budgets: Vec::new(),
        }
    }
}
