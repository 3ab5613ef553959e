//! A compared cell, for other programs.

use super::{Json, factors, object};
use crate::compare::Cell;
use crate::spec::scenario::LoadShape;
use crate::words::plain;

/// What it is of: function, factors, step.
pub(super) fn cell(c: &Cell) -> Json<'static> {
    let (act, invocations, workers) = match c.act {
        LoadShape::Burst(n) => ("burst", n, None),
        LoadShape::Sequence(n) => ("sequence", n, None),
        LoadShape::Parallel { starts, workers } => ("parallel", starts, Some(workers)),
        LoadShape::Arrivals => ("arrivals", 0, None),
    };
    Json::joined([
        object! {
            "function": plain(&c.function),
            "control": c.control.map(|control| control.to_string()),
            "adapter": c.adapter.name(),
        },
        factors(&c.factors),
        object! {
            "pattern": plain(&c.pattern),
            "step": plain(&c.step),
            "act": act,
            "invocations": invocations,
            "workers": workers,
            "temperature": c.temperature.to_string(),
        },
    ])
}
