//! The `[gate]` table of a scenario -> [`Margins`]. Wire types, private to it.

use std::collections::BTreeMap;

use anyhow::{Result, anyhow, bail};
use serde::Deserialize;

use super::Pattern;
use crate::functions::line_of;
use crate::margins::{Exception, Margins, Metric};
use crate::units::{ShareText, parse_duration, parse_size};

/// `[gate]`: what a team puts up with.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WireGate {
    margin: Option<ShareText>,
    #[serde(default)]
    floors: BTreeMap<Metric, toml::Spanned<String>>,
    #[serde(default)]
    cell: Vec<toml::Spanned<WireCell>>,
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
    pub(super) fn check(self, patterns: &[Pattern], text: &str, file: &str) -> Result<Margins> {
        let mut margins = Margins::default();
        margins.share = self.margin.map_or(margins.share, |share| share.0);
        for (metric, floor) in self.floors {
            let at = format!("{file}:{}", line_of(text, floor.span().start));
            margins.floors.insert(metric, amount(metric, floor.get_ref(), &at)?);
        }
        for entry in self.cell {
            let at = format!("{file}:{}", line_of(text, entry.span().start));
            margins.exceptions.push(entry.into_inner().check(patterns, &at)?);
        }
        Ok(margins)
    }
}

impl WireCell {
    fn check(self, patterns: &[Pattern], at: &str) -> Result<Exception> {
        let Self { function, pattern, step, metric, margin, floor } = self;
        if let Some(name) = &pattern
            && !patterns.iter().any(|p| p.name == *name)
        {
            bail!("{at}: the scenario has no pattern `{name}`");
        }
        let chosen =
            patterns.iter().filter(|p| pattern.as_ref().is_none_or(|name| p.name == *name));
        if let Some(name) = &step
            && !chosen.flat_map(|p| &p.steps).any(|s| s.name == *name)
        {
            let of = pattern.as_ref().map_or("scenario".to_owned(), |p| format!("pattern `{p}`"));
            bail!("{at}: the {of} has no step `{name}`");
        }
        if metric == Some(Metric::Size) && (pattern.is_some() || step.is_some()) {
            bail!("{at}: `size` is of a whole function: leave out `pattern` and `step`");
        }
        if margin.is_none() && floor.is_none() {
            bail!("{at}: a gate.cell needs `margin` or `floor`, else it changes nothing");
        }
        let floor = match (floor, metric) {
            (None, _) => None,
            (Some(floor), Some(metric)) => Some(amount(metric, &floor, at)?),
            (Some(_), None) => bail!("{at}: a floor is of one metric: add `metric = \"total\"`"),
        };
        Ok(Exception { function, pattern, step, metric, share: margin.map(|m| m.0), floor })
    }
}

/// An absolute floor in the unit of its metric.
fn amount(metric: Metric, text: &str, at: &str) -> Result<f64> {
    let amount = if metric.is_time() {
        parse_duration(text).map(|time| time.as_nanos() as f64)
    } else {
        parse_size(text).map(|bytes| bytes as f64)
    };
    amount.map_err(|reason| anyhow!("{at}: the floor of `{metric}`: {reason}"))
}
