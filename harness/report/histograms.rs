//! HDR histogram files that the tools of others read: `.hlog` and `.hgrm`.
//!
//! Both hold what the summary is made of: successes, without round 1 when there
//! are more rounds. A file a cell, untagged: the reference
//! implementation's processor cannot read a log whose every line has a tag.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, anyhow};
use hdrhistogram::Histogram;
use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::IntervalLogWriterBuilder;

use crate::sample::{Mark, Sample};
use crate::stats::BoundedHistogram;
use crate::text::units::NS_PER_MS;

/// Lines of a `.hgrm` for each halving of what is left: what the reference tools use.
const TICKS_PER_HALF: u32 = 5;

/// What one trial did to one cell.
struct Interval {
    /// First intended instant, nanoseconds since the run's epoch.
    from: u64,
    /// Last reply, likewise.
    to: u64,
    /// Latencies in nanoseconds.
    latencies: Vec<u64>,
}

/// The interval log of one cell, an interval a trial; none without successes.
/// `started` is the run's, RFC 3339.
///
/// # Errors
/// When `started` is no instant, or a histogram cannot be written.
pub fn interval_log(started: &str, rows: &[&Sample]) -> Result<Option<Vec<u8>>> {
    let intervals = intervals(rows);
    if intervals.is_empty() {
        return Ok(None);
    }
    let started: jiff::Timestamp =
        started.parse().with_context(|| format!("`{started}` is no instant: see run.json"))?;
    let started = SystemTime::from(started);
    let mut bytes = Vec::new();
    let mut serializer = V2DeflateSerializer::new();
    let mut log = IntervalLogWriterBuilder::new()
        // The crate writes no version; other readers look for it.
        .add_comment("[Histogram log format version 1.3]")
        .with_start_time(started)
        .with_base_time(started)
        .with_max_value_divisor(NS_PER_MS)
        .begin_log_with(&mut bytes, &mut serializer)?;
    for Interval { from, to, latencies } in &intervals {
        // One histogram at a time: each takes 152 KiB.
        let recorded = recorded(latencies.iter().copied())?;
        let length = Duration::from_nanos(to.saturating_sub(*from));
        log.write_histogram(recorded.histogram(), Duration::from_nanos(*from), length, None)
            .map_err(|error| anyhow!("cannot write an interval: {error:?}"))?;
    }
    Ok(Some(bytes))
}

/// The percentile text of one cell, in milliseconds; none without successes.
///
/// # Errors
/// Never, in truth: see [`BoundedHistogram::new`].
pub fn percentiles(rows: &[&Sample]) -> Result<Option<Vec<u8>>> {
    let all = recorded(rows.iter().filter_map(|s| s.latency()))?;
    if all.histogram().is_empty() {
        return Ok(None);
    }
    Ok(Some(percentile_text(all.histogram()).into_bytes()))
}

fn recorded(latencies: impl Iterator<Item = u64>) -> Result<BoundedHistogram> {
    let mut recorded = BoundedHistogram::new()?;
    latencies.for_each(|ns| recorded.record(ns));
    Ok(recorded)
}

/// What each trial did, in the order of its beginning.
fn intervals(rows: &[&Sample]) -> Vec<Interval> {
    let mut trials: BTreeMap<u32, Interval> = BTreeMap::new();
    for sample in rows {
        let (Some(ns), Some(from)) = (sample.latency(), sample.marks.get(Mark::Intended)) else {
            continue;
        };
        let new = Interval { from, to: from, latencies: Vec::new() };
        let interval = trials.entry(sample.trial).or_insert(new);
        interval.from = interval.from.min(from);
        interval.to = interval.to.max(from.saturating_add(ns));
        interval.latencies.push(ns);
    }
    let mut intervals: Vec<Interval> = trials.into_values().collect();
    intervals.sort_by_key(|i| i.from);
    intervals
}

fn percentile_text(histogram: &Histogram<u64>) -> String {
    let ms = |ns: f64| ns / NS_PER_MS;
    let columns = ["Value", "Percentile", "TotalCount", "1/(1-Percentile)"];
    let [value, percentile, count, inverse] = columns;
    let mut text = format!("{value:>12} {percentile:>14} {count:>10} {inverse:>14}\n\n");
    let mut seen = 0;
    for step in histogram.iter_quantiles(TICKS_PER_HALF) {
        seen += step.count_since_last_iteration();
        let (value, q) = (ms(step.value_iterated_to() as f64), step.quantile_iterated_to());
        let _ = write!(text, "{value:12.3} {q:.12} {seen:10}");
        // The last row has three columns: its fourth would be infinite.
        let _ = match q {
            q if q < 1.0 => writeln!(text, " {:14.2}", 1.0 / (1.0 - q)),
            _ => writeln!(text),
        };
    }
    let _ = write!(
        text,
        "#[Mean    = {:12.3}, StdDeviation   = {:12.3}]\n\
         #[Max     = {:12.3}, Total count    = {:12}]\n\
         #[Buckets = {:12}, SubBuckets     = {:12}]\n",
        ms(histogram.mean()),
        ms(histogram.stdev()),
        ms(histogram.max() as f64),
        histogram.len(),
        histogram.buckets(),
        // Two halves, of which all buckets but the first use the upper.
        2 * histogram.distinct_values() / (usize::from(histogram.buckets()) + 1),
    );
    text
}

#[cfg(test)]
mod tests;
