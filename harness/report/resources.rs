//! What instances had used, as text, for all forms of the report.

use super::findings::Findings;
use super::words::{DASH, cell_name, counted};
use crate::stats::{MedianAndMax, ResourceUse};
use crate::store::Run;
use crate::text::units::{format_ms, format_size};

/// Heading of [`rows`].
pub(super) const COLUMNS: [&str; 8] = [
    "cold cell",
    "n",
    "peak memory, p50",
    "max",
    "throttled periods",
    "throttled p50, ms",
    "max, ms",
    "out of memory",
];

/// A row a cold cell of which something was read.
pub(super) fn rows(run: &Run, findings: &Findings) -> Vec<[String; 8]> {
    let size = |bytes: Option<f64>| bytes.map_or_else(dash, |b| format_size(b as u64));
    let ms = |us: Option<f64>| us.map_or_else(dash, milliseconds);
    let count = |n: Option<u64>| n.map_or_else(dash, |n| n.to_string());
    let median = |of: Option<MedianAndMax>| of.map(|m| m.median);
    let max = |of: Option<MedianAndMax>| of.map(|m| m.max as f64);
    let row = |r: &ResourceUse| {
        [
            cell_name(run, &r.cell),
            r.n.to_string(),
            size(median(r.peak_memory)),
            size(max(r.peak_memory)),
            count(r.throttled_periods),
            ms(median(r.throttled_us)),
            ms(max(r.throttled_us)),
            count(r.oom_kills),
        ]
    };
    findings.resources.iter().map(row).collect()
}

/// A remark for each cell that was throttled or ran out of memory.
pub(super) fn remarks(run: &Run, findings: &Findings) -> Vec<String> {
    let remark = |r: &ResourceUse| {
        let told: Vec<String> = [throttling(r), out_of_memory(r)].into_iter().flatten().collect();
        (!told.is_empty()).then(|| format!("{}: {}", cell_name(run, &r.cell), told.join("; ")))
    };
    findings.resources.iter().filter_map(remark).collect()
}

fn throttling(r: &ResourceUse) -> Option<String> {
    let periods = r.throttled_periods.filter(|n| *n > 0)?;
    let time = r.throttled_us.map_or_else(String::new, |us| {
        let (median, max) = (milliseconds(us.median), milliseconds(us.max as f64));
        format!(", {median} ms at the median, {max} ms at most")
    });
    let starts = counted(r.n as u64, "start");
    Some(format!("throttled in {} of {starts}{time}", counted(periods, "period")))
}

fn out_of_memory(r: &ResourceUse) -> Option<String> {
    let kills = r.oom_kills.filter(|n| *n > 0)?;
    Some(format!("out of memory: {} by the kernel", counted(kills, "kill")))
}

fn milliseconds(us: f64) -> String {
    format_ms(us * 1e3)
}

fn dash() -> String {
    DASH.to_owned()
}
