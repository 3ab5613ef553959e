//! What is done with rows: written, read back, summarised; and with what they come from, a plan.

use std::hint::black_box;

use coldstart::sample::{Mark, Sample};
use coldstart::spec::control::{Control, SERIES};
use coldstart::spec::plan::Plan;
use coldstart::stats;
use coldstart::store::{self, Writer};
use criterion::{Criterion, Throughput};

use crate::made::{default_scenario, of_one_step, record, samples, trial};

/// Rows of one trial of the default scenario's surge, to disk.
pub(crate) fn recording(c: &mut Criterion) {
    let home = tempfile::tempdir().expect("a temporary folder");
    let mut writer = Writer::create(&home.path().join("run"), record()).expect("a run folder");
    let rows: Vec<Sample> = samples(208).collect();
    let trial = trial();
    let mut group = c.benchmark_group("recording");
    group.throughput(Throughput::Elements(rows.len() as u64));
    group.bench_function("208 samples to disk", |b| {
        b.iter(|| writer.append(&trial, &rows).expect("room on the disk"));
    });
    group.finish();
}

pub(crate) fn summarising(c: &mut Criterion) {
    let rows: Vec<Sample> = samples(100_000).collect();
    let home = tempfile::tempdir().expect("a temporary folder");
    let folder = home.path().join("run");
    let (record, kept) = of_one_step(100_000);
    let mut writer = Writer::create(&folder, record).expect("a run folder");
    writer.append(&trial(), &kept).expect("room on the disk");
    let mut group = c.benchmark_group("100,000 samples");
    group.sample_size(10);
    group.bench_function("summarise", |b| b.iter(|| stats::summarise(black_box(&rows))));
    group.bench_function("read back and summarise", |b| {
        b.iter(|| stats::summarise(&store::open(&folder).expect("a run").samples));
    });
    group.finish();
}

/// At worst: every row is a control's.
pub(crate) fn calibrating(c: &mut Criterion) {
    let rows: Vec<Sample> = samples(100_000).map(as_control).collect();
    let summaries = stats::summarise(&rows);
    let mut group = c.benchmark_group("100,000 samples");
    group.sample_size(10);
    group.bench_function("of controls, calibrated", |b| {
        b.iter(|| {
            let controls = stats::Controls::of(black_box(&rows), &summaries);
            assert!(controls.kinds.iter().all(|of| of.line.is_some()));
        });
    });
    group.finish();
}

/// The row as one of a control's, each of them in turn.
fn as_control(mut sample: Sample) -> Sample {
    let ms = SERIES[sample.index as usize % SERIES.len()];
    let process = sample.trial.is_multiple_of(2);
    sample.cell.control = Some(if process { Control::Process(ms) } else { Control::Container(ms) });
    let intended = sample.marks.get(Mark::Intended).expect("a mark of every row");
    let responded = intended + 400_000 + u64::from(ms) * 1_000_000;
    sample.marks.set(Mark::Main, intended + 200_000);
    sample.marks.set(Mark::Replied, responded - 50_000);
    sample.marks.set(Mark::Responded, responded);
    sample
}

pub(crate) fn planning(c: &mut Criterion) {
    let scenario = default_scenario();
    c.bench_function("planning the default scenario", |b| {
        b.iter(|| Plan::new(black_box(&scenario), 4, 7));
    });
}
