//! What instances had used.

use crate::analysis::Analysis;
use crate::report::document::{Cell, Column, Table};
use crate::stats::{MedianAndMax, ResourceUse};
use crate::text::units::format_ms;
use crate::words::{cell_name, counted};

/// A row a cold cell of which something was read.
pub(super) fn table(analysis: &Analysis) -> Table<'static> {
    let size = |bytes: Option<f64>| Cell::or_unknown(bytes, |bytes| Cell::Bytes(bytes as u64));
    let time = |us: Option<f64>| Cell::or_unknown(us, |us| Cell::ns(us * 1e3));
    let ns = |ns: Option<f64>| Cell::or_unknown(ns, Cell::ns);
    let count = |n: Option<u64>| Cell::or_unknown(n, Cell::Count);
    let median = |of: Option<MedianAndMax>| of.map(|m| m.median);
    let max = |of: Option<MedianAndMax>| of.map(|m| m.max as f64);
    let caption = "What the instances of cold starts had used by the end of their step";
    Table::of(
        "resources",
        caption,
        &analysis.resources,
        &[
            (Column::new("cold cell").names(), &|r| Cell::Text(cell_name(analysis.run, &r.cell))),
            (Column::new("n"), &|r| Cell::Count(r.n as u64)),
            (Column::new("exec to reply, p50").ms().sparse(), &|r| ns(median(r.answered_ns))),
            (Column::new("CPU from exec, p50").ms().sparse(), &|r| ns(median(r.cpu_ns))),
            (Column::new("of it in the kernel").ms().sparse(), &|r| ns(median(r.cpu_system_ns))),
            (Column::new("peak memory, p50"), &|r| size(median(r.peak_memory))),
            (Column::new("peak memory, max"), &|r| size(max(r.peak_memory))),
            (Column::new("throttled periods"), &|r| count(r.throttled_periods)),
            (Column::new("throttled, p50").ms(), &|r| time(median(r.throttled_us))),
            (Column::new("throttled, max").ms(), &|r| time(max(r.throttled_us))),
            (Column::new("out of memory"), &|r| count(r.oom_kills)),
        ],
    )
}

/// A remark for each cell that was throttled or ran out of memory.
pub(super) fn remarks(analysis: &Analysis) -> Vec<String> {
    let remark = |r: &ResourceUse| {
        let told: Vec<String> = [throttling(r), out_of_memory(r)].into_iter().flatten().collect();
        (!told.is_empty())
            .then(|| format!("{}: {}", cell_name(analysis.run, &r.cell), told.join("; ")))
    };
    analysis.resources.iter().filter_map(remark).collect()
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
