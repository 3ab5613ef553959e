//! The statistics alone: two sets of latencies, and what can be said of them:
//! `cargo run --example statistics`.

use coldstart::stats::{BoundedHistogram, hodges_lehmann, mann_whitney, quantile};

fn main() -> anyhow::Result<()> {
    // Milliseconds: the head takes some 12 more, and one start took very long.
    let base: Vec<f64> = (0..40).map(|n| 200.0 + f64::from(n * 7 % 40)).collect();
    let mut head: Vec<f64> = base.iter().map(|ms| ms + 12.0).collect();
    head[11] = 900.0;

    let shift = hodges_lehmann::difference(&head, &base);
    let p = mann_whitney::greater(&head, &base);
    println!("shift in ms, with its 95 % interval: {shift:?}");
    println!("chance of as much if nothing had changed: {p:?}");
    let mut nanoseconds: Vec<u64> = head.iter().map(|ms| (ms * 1e6) as u64).collect();
    nanoseconds.sort_unstable();
    // None failed: failures would rank above every success.
    println!("p90 of the head, in ns: {:?}", quantile(&nanoseconds, 0, 0.9));
    let mut histogram = BoundedHistogram::new()?;
    nanoseconds.into_iter().for_each(|ns| histogram.record(ns));
    let p99 = histogram.histogram().value_at_quantile(0.99);
    println!("the same as an HDR histogram: p99 {p99} ns, {:?}", histogram.out_of_range());
    Ok(())
}
