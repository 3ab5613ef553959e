//! `compare.json`: every fact of a comparison but the order of its starts, for other
//! programs. What each member means is in `results/compare.schema.json`, which a test
//! compares with what is written.

use anyhow::{Context, Result};
use serde_json::Value;

use super::cell::cell;
use super::{Json, budget, object};
use crate::compare::{
    Comparison, Detectable, FunctionFacts, Missing, PartChange, Row, SideInfo, Values,
};
use crate::report::build::comparison::caveats::{base as base_image, caveat};
use crate::spec::function::Limits;
use crate::stats::hodges_lehmann::Estimate;
use crate::store::Shortfall;
use crate::text::units::Cpus;
use crate::words::{invalid, plain, reason};

/// The version of the file's form. It grows when a reader of the old one would break.
const FORMAT: u32 = 2;

/// The file.
///
/// # Errors
/// When it cannot be written as JSON.
pub(in crate::report) fn document(comparison: &Comparison) -> Result<String> {
    let text = serde_json::to_string_pretty(&whole_of(comparison));
    Ok(text.context("cannot write compare.json")? + "\n")
}

/// A number that JSON can hold.
fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

/// A share or ratio to a millionth: figures beyond are noise, and differ by machine.
pub(super) fn share(value: f64) -> Option<f64> {
    finite(value).map(|v| (v * 1e6).round() / 1e6)
}

/// Whole nanoseconds or bytes.
pub(super) fn whole(value: f64) -> Option<i64> {
    finite(value).map(|v| v.round() as i64)
}

/// Of a core.
fn cores(cpus: Option<Cpus>) -> Option<f64> {
    cpus.map(|cpus| f64::from(cpus.thousandths()) / 1e3)
}

fn whole_of(c: &Comparison) -> Json<'static> {
    Json::joined([facts(c), budget::member(&c.budgets)])
}

fn facts(c: &Comparison) -> Json<'static> {
    object! {
        "format": FORMAT,
        "outcome": c.outcome.name(),
        "binding": c.advisory.is_empty(),
        "simulated": c.is_simulated(),
        "interleaved": c.interleaved,
        "gated": c.gated.iter().map(|metric| metric.name()).collect::<Vec<_>>(),
        "alpha": finite(c.alpha),
        "base": side(&c.base),
        "head": side(&c.head),
        "rows": c.rows.iter().map(row).collect::<Json>(),
        "missing": c.missing.iter().map(missing).collect::<Json>(),
        "advisory": c.advisory.iter().map(caveat).collect::<Vec<_>>(),
        "notes": c.notes.iter().map(caveat).collect::<Vec<_>>(),
    }
}

fn side(s: &SideInfo) -> Json<'static> {
    object! {
        "label": plain(&s.label),
        "run": plain(&s.run),
        "started": plain(&s.started),
        "command": plain(&s.command),
        "place": plain(&s.place),
        "rounds": s.rounds,
        "invalid": invalid(s),
        "partial": s.partial,
        "shortfall": Json::or_null(s.shortfall.as_ref().map(shortfall)),
        "simulated": s.simulated,
        "works": s.works,
        "injected_ms": Json::by_name(s.injected.iter().map(|(name, ms)| (plain(name), *ms))),
        "functions": Json::by_name(s.functions.iter().map(|(name, f)| (plain(name), function(f)))),
    }
}

fn shortfall(lacks: &Shortfall) -> Json<'static> {
    object! {
        "rows": lacks.rows,
        "planned": lacks.planned,
        "stopped": lacks.why.as_deref().map(plain),
    }
}

fn function(f: &FunctionFacts) -> Json<'static> {
    let Limits { memory, cpus, .. } = f.limits;
    let bases = f.bases.iter().map(|(name, base)| (plain(name), plain(&base_image(base))));
    object! {
        "position": f.position,
        "digest": plain(&f.digest),
        "size_bytes": f.size,
        "memory_bytes": memory,
        "cpus": cores(cpus),
        "version": plain(&f.version),
        "bases": Json::by_name(bases),
    }
}

pub(super) fn row(r: &Row) -> Json<'static> {
    object! {
        "function": plain(&r.function),
        "cell": Json::or_null(r.cell.as_ref().map(cell)),
        "metric": r.metric.name(),
        "unit": if r.metric.is_time() { "ns" } else { "bytes" },
        "gated": r.gated,
        "verdict": r.verdict.name(),
        "reason": r.reason.as_ref().map(reason),
        "base": values(&r.base),
        "head": values(&r.head),
        "ratio": estimate(r.ratio, share),
        "p90_ratio": estimate(r.p90, share),
        "difference": estimate(r.difference, whole),
        "p": r.p.and_then(finite),
        "adjusted_p": r.adjusted_p.and_then(finite),
        "margin": object! { "share": share(r.margin.share), "floor": whole(r.margin.floor) },
        "detectable": Json::or_null(r.detectable.map(detectable)),
        "parts": r.parts.iter().map(part).collect::<Json>(),
        "measured_again": r.again,
    }
}

fn values(v: &Values) -> Json<'static> {
    object! { "n": v.n, "failed": v.failed, "median": v.median.and_then(whole) }
}

fn detectable(d: Detectable) -> Json<'static> {
    object! { "share": share(d.share), "amount": whole(d.amount) }
}

/// An estimate with its interval, each figure as finely as it is given.
fn estimate<T: Into<Value>>(of: Option<Estimate>, figure: fn(f64) -> Option<T>) -> Json<'static> {
    let of = of.map(|Estimate { value, interval }| {
        let (low, high) = interval.unzip();
        object! {
            "value": figure(value),
            "low": low.and_then(figure),
            "high": high.and_then(figure),
        }
    });
    Json::or_null(of)
}

fn part(p: &PartChange) -> Json<'static> {
    object! {
        "first": p.part.first.name(),
        "last": p.part.last.name(),
        "change_ns": estimate(Some(p.change), whole),
        "p": finite(p.p),
        "explains": p.explains,
    }
}

fn missing(m: &Missing) -> Json<'static> {
    object! {
        "function": plain(&m.function),
        "cell": Json::or_null(m.cell.as_ref().map(cell)),
        "lacks": m.lacks.to_string(),
        "why_cold": Json::or_null(m.why_cold.as_deref().map(|why| plain(why).into())),
    }
}
