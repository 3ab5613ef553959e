//! `compare.json`: every fact of a comparison but the order of its starts, for other
//! programs; and the schema of that file, from the same types.

use anyhow::{Context, Result};

use crate::compare::{Comparison, FunctionFacts, Missing, PartChange, Row, SideInfo, Values};
use crate::report::build::comparison::caveats::{base as base_image, caveat};
use crate::sample::Cell;
use crate::spec::scenario::LoadShape;
use crate::stats::hodges_lehmann::Estimate;
use crate::words::{invalid, plain, reason};

mod wire;

/// The version of the file's form.
const FORMAT: u32 = 1;

/// The file.
///
/// # Errors
/// When it cannot be written as JSON.
pub(in crate::report) fn document(comparison: &Comparison) -> Result<String> {
    let text = serde_json::to_string_pretty(&wire::Document::from(comparison));
    Ok(text.context("cannot write compare.json")? + "\n")
}

/// The JSON schema (draft 2020-12) of the file, as it stands in
/// `results/compare.schema.json`.
///
/// # Errors
/// When it cannot be written as JSON.
#[cfg(test)]
pub(in crate::report) fn schema() -> Result<String> {
    let schema = schemars::generate::SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<wire::Document>();
    let text = serde_json::to_string_pretty(&schema);
    Ok(text.context("cannot write the schema of compare.json")? + "\n")
}

/// A number that JSON can hold.
fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

/// A share or ratio to a millionth: figures beyond are noise, and differ by machine.
fn share(value: f64) -> Option<f64> {
    finite(value).map(|v| (v * 1e6).round() / 1e6)
}

/// Whole nanoseconds or bytes.
fn whole(value: f64) -> Option<i64> {
    finite(value).map(|v| v.round() as i64)
}

impl From<&Comparison> for wire::Document {
    fn from(c: &Comparison) -> Self {
        Self {
            format: FORMAT,
            outcome: c.outcome.into(),
            binding: c.advisory.is_empty(),
            simulated: c.is_simulated(),
            interleaved: c.interleaved,
            gated: c.gated.iter().map(|metric| (*metric).into()).collect(),
            alpha: finite(c.alpha),
            base: (&c.base).into(),
            head: (&c.head).into(),
            rows: c.rows.iter().map(Into::into).collect(),
            missing: c.missing.iter().map(Into::into).collect(),
            advisory: c.advisory.iter().map(caveat).collect(),
            notes: c.notes.iter().map(caveat).collect(),
        }
    }
}

impl From<&SideInfo> for wire::Party {
    fn from(p: &SideInfo) -> Self {
        let functions = p.functions.iter().map(|(name, facts)| (plain(name), facts.into()));
        Self {
            label: plain(&p.label),
            run: plain(&p.run),
            started: plain(&p.started),
            command: plain(&p.command),
            place: plain(&p.place),
            rounds: p.rounds,
            invalid: invalid(p),
            partial: p.partial,
            simulated: p.simulated,
            injected_ms: p.injected.iter().map(|(name, ms)| (plain(name), *ms)).collect(),
            functions: functions.collect(),
        }
    }
}

impl From<&FunctionFacts> for wire::Function {
    fn from(f: &FunctionFacts) -> Self {
        Self {
            position: f.position,
            digest: plain(&f.digest),
            size_bytes: f.size,
            memory_bytes: f.limits.memory,
            cpus: f.limits.cpus.map(|cpus| f64::from(cpus.thousandths()) / 1e3),
            version: plain(&f.version),
            bases: f
                .bases
                .iter()
                .map(|(name, base)| (plain(name), plain(&base_image(base))))
                .collect(),
        }
    }
}

impl From<&Row> for wire::Row {
    fn from(r: &Row) -> Self {
        let unit = if r.metric.is_time() { wire::Unit::Ns } else { wire::Unit::Bytes };
        Self {
            function: plain(&r.function),
            cell: r.cell.as_ref().map(Into::into),
            metric: r.metric.into(),
            unit,
            gated: r.gated,
            verdict: r.verdict.into(),
            reason: r.reason.as_ref().map(reason),
            base: r.base.into(),
            head: r.head.into(),
            ratio: r.ratio.as_ref().map(ratio),
            p90_ratio: r.p90.as_ref().map(ratio),
            difference: r.difference.as_ref().map(amount),
            p: finite(r.p.unwrap_or(f64::NAN)),
            adjusted_p: finite(r.adjusted_p.unwrap_or(f64::NAN)),
            margin: wire::Margin { share: share(r.margin.share), floor: whole(r.margin.floor) },
            detectable: r
                .detectable
                .map(|d| wire::Detectable { share: share(d.share), amount: whole(d.amount) }),
            parts: r.parts.iter().map(Into::into).collect(),
            measured_again: r.again,
        }
    }
}

impl From<Values> for wire::Values {
    fn from(v: Values) -> Self {
        Self { n: v.n, failed: v.failed, median: v.median.and_then(whole) }
    }
}

fn ratio(e: &Estimate) -> wire::Ratio {
    let (low, high) = e.interval.unzip();
    let of = |end: Option<f64>| end.and_then(share);
    wire::Ratio { value: share(e.value), low: of(low), high: of(high) }
}

fn amount(e: &Estimate) -> wire::Amount {
    let (low, high) = e.interval.unzip();
    let of = |end: Option<f64>| end.and_then(whole);
    wire::Amount { value: whole(e.value), low: of(low), high: of(high) }
}

impl From<&PartChange> for wire::Part {
    fn from(p: &PartChange) -> Self {
        Self {
            first: p.part.first.into(),
            last: p.part.last.into(),
            change_ns: amount(&p.change),
            p: finite(p.p),
            explains: p.explains,
        }
    }
}

impl From<&Missing> for wire::Missing {
    fn from(m: &Missing) -> Self {
        Self {
            function: plain(&m.function),
            cell: m.cell.as_ref().map(Into::into),
            lacks: m.lacks.into(),
        }
    }
}

impl From<&Cell> for wire::Cell {
    fn from(c: &Cell) -> Self {
        let (act, invocations, workers) = match c.act {
            LoadShape::Burst(n) => (wire::Act::Burst, n, None),
            LoadShape::Sequence(n) => (wire::Act::Sequence, n, None),
            LoadShape::Parallel { starts, workers } => (wire::Act::Parallel, starts, Some(workers)),
        };
        Self {
            function: plain(&c.function),
            control: c.control.map(|control| control.to_string()),
            network: c.factors.network.to_string(),
            runtime: plain(&c.factors.runtime),
            cpus: c.factors.cpus.map(|cpus| f64::from(cpus.thousandths()) / 1e3),
            memory_bytes: c.factors.memory,
            page_cache: c.factors.page_cache.to_string(),
            log_driver: plain(&c.factors.log_driver),
            pattern: plain(&c.pattern),
            step: plain(&c.step),
            act,
            invocations,
            workers,
            temperature: c.temperature.into(),
        }
    }
}
