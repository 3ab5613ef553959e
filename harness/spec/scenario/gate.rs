//! The `[gate]` table of a scenario -> [`Margins`] and budgets. Wire types, private to it.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{DurationText, MAX_ROUNDS, Pattern, Source};
use crate::spec::budget::{Budget, EVERY, Limited};
use crate::spec::function::is_name;
use crate::spec::tolerance::{Exception, MOST_ROUNDS, Margins, Metric, Sight};
use crate::text::diagnostic::{Mistake, did_you_mean};
use crate::text::units::{ShareText, parse_duration, parse_size};

/// `[gate]`: what a team puts up with.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WireGate {
    margin: Option<ShareText>,
    #[serde(default)]
    margins: BTreeMap<Metric, ShareText>,
    #[serde(default)]
    floors: BTreeMap<Metric, toml::Spanned<String>>,
    #[serde(default)]
    without_daemon: WireWithout,
    /// What must be seen, and how long that is tried.
    sees: Option<toml::Spanned<DurationText>>,
    most_rounds: Option<toml::Spanned<u32>>,
    #[serde(default)]
    cell: Vec<toml::Spanned<WireCell>>,
    /// By function, or `*` for every one: what it may take at most.
    #[serde(default)]
    budgets: BTreeMap<toml::Spanned<String>, BTreeMap<Limited, toml::Spanned<String>>>,
}

/// `[gate.without-daemon]`: what holds in their place for instances that no daemon makes.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WireWithout {
    #[serde(default)]
    margins: BTreeMap<Metric, ShareText>,
    #[serde(default)]
    floors: BTreeMap<Metric, toml::Spanned<String>>,
}

/// What the table comes to.
#[derive(Default)]
pub(super) struct Gate {
    pub(super) margins: Margins,
    pub(super) sight: Option<Sight>,
    pub(super) budgets: Vec<Budget>,
}

fn sight(
    sees: Option<toml::Spanned<DurationText>>,
    most: Option<toml::Spanned<u32>>,
    source: Source<'_>,
) -> Result<Option<Sight>, Mistake> {
    match (sees, most) {
        (None, None) => Ok(None),
        (None, Some(most)) => {
            let message = "`most-rounds` is the end of what `sees` begins: write both";
            Err(source.at(most.span(), message.to_owned()))
        }
        (Some(sees), most) => {
            if sees.get_ref().0.is_zero() {
                return Err(source.at(sees.span(), "nothing is no slowdown".to_owned()));
            }
            if let Some(most) = most.as_ref().filter(|most| *most.get_ref() > MAX_ROUNDS) {
                let message = format!("a gate has at most {MAX_ROUNDS} rounds");
                return Err(source.at(most.span(), message));
            }
            let most_rounds = most.map_or(MOST_ROUNDS, toml::Spanned::into_inner);
            Ok(Some(Sight { sees: sees.get_ref().0, most_rounds }))
        }
    }
}

/// `[[gate.cell]]`: other margins for some cells.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WireCell {
    function: Option<String>,
    pattern: Option<String>,
    step: Option<String>,
    metric: Option<Metric>,
    margin: Option<ShareText>,
    floor: Option<String>,
}

impl WireGate {
    /// Checks names against the patterns, so that a slip of the pen is no margin that
    /// holds nowhere.
    pub(super) fn check(self, patterns: &[Pattern], source: Source<'_>) -> Result<Gate, Mistake> {
        let mut margins = Margins::default();
        if let Some(share) = self.margin {
            margins.set_share(share.0);
        }
        margins.shares.extend(self.margins.into_iter().map(|(metric, share)| (metric, share.0)));
        let amount_of = |metric, floor: &toml::Spanned<String>| {
            let amount = amount(metric, floor.get_ref());
            amount.map_err(|message| source.at(floor.span(), message))
        };
        for (metric, floor) in self.floors {
            margins.set_floor(metric, amount_of(metric, &floor)?);
        }
        let WireWithout { margins: shares, floors } = self.without_daemon;
        let without = &mut margins.without_daemon;
        without.shares.extend(shares.into_iter().map(|(metric, share)| (metric, share.0)));
        for (metric, floor) in floors {
            without.floors.insert(metric, amount_of(metric, &floor)?);
        }
        for entry in self.cell {
            let span = entry.span();
            let exception = entry.into_inner().check(patterns);
            margins.exceptions.push(exception.map_err(|message| source.at(span, message))?);
        }
        let mut budgets = Vec::new();
        for (function, limits) in self.budgets {
            budgets.extend(of_function(function, limits, patterns, source)?);
        }
        Ok(Gate { margins, sight: sight(self.sees, self.most_rounds, source)?, budgets })
    }
}

impl WireCell {
    fn check(self, patterns: &[Pattern]) -> Result<Exception, String> {
        let Self { function, pattern, step, metric, margin, floor } = self;
        if let Some(name) = &pattern
            && !patterns.iter().any(|p| p.name == *name)
        {
            let meant = did_you_mean(name, patterns.iter().map(|p| &p.name));
            return Err(format!("the scenario has no pattern `{name}`{meant}"));
        }
        let chosen =
            patterns.iter().filter(|p| pattern.as_ref().is_none_or(|name| p.name == *name));
        if let Some(name) = &step
            && !chosen.flat_map(|p| &p.steps).any(|s| s.name == *name)
        {
            let of = pattern.as_ref().map_or("scenario".to_owned(), |p| format!("pattern `{p}`"));
            return Err(format!("the {of} has no step `{name}`"));
        }
        if metric == Some(Metric::Size) && (pattern.is_some() || step.is_some()) {
            return Err("`size` is of a whole function: leave out `pattern` and `step`".to_owned());
        }
        if margin.is_none() && floor.is_none() {
            return Err("a gate.cell needs `margin` or `floor`, else it changes nothing".to_owned());
        }
        let floor = match (floor, metric) {
            (None, _) => None,
            (Some(floor), Some(metric)) => Some(amount(metric, &floor)?),
            (Some(_), None) => {
                return Err("a floor is of one metric: add `metric = \"total\"`".to_owned());
            }
        };
        Ok(Exception { function, pattern, step, metric, share: margin.map(|m| m.0), floor })
    }
}

/// The budgets of a function, or of every one.
fn of_function(
    function: toml::Spanned<String>,
    limits: BTreeMap<Limited, toml::Spanned<String>>,
    patterns: &[Pattern],
    source: Source<'_>,
) -> Result<Vec<Budget>, Mistake> {
    if function.get_ref() != EVERY && !is_name(function.get_ref()) {
        let name = function.get_ref();
        let message = format!("`{name}` is no function's name, and every one is `\"*\"`");
        return Err(source.at(function.span(), message));
    }
    let has_warm =
        patterns.iter().any(|p| p.steps.iter().map(|s| s.act.invocations()).sum::<u32>() > 1);
    let budget = |(metric, text): (Limited, toml::Spanned<String>)| {
        let wrong = |message| source.at(text.span(), message);
        let limit = metric.limit(text.get_ref()).map_err(wrong)?;
        if matches!(metric, Limited::Warm | Limited::Cost) && !has_warm {
            let message = format!(
                "a budget of `{metric}` needs warm calls, and no pattern has any: add a step such \
                 as `{{ name = \"again\", sequence = 10 }}`"
            );
            return Err(wrong(message));
        }
        Ok(Budget { function: function.get_ref().clone(), metric, limit })
    };
    limits.into_iter().map(budget).collect()
}

/// An absolute floor in the unit of its metric.
fn amount(metric: Metric, text: &str) -> Result<f64, String> {
    let amount = if metric.is_time() {
        parse_duration(text).map(|time| time.as_nanos() as f64)
    } else {
        parse_size(text).map(|bytes| bytes as f64)
    };
    amount.map_err(|reason| format!("the floor of `{metric}`: {reason}"))
}
