use hdrhistogram::serialization::Deserializer;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};

use super::*;
use crate::report::tests::synthetic;

fn cold_rows(samples: &[Sample]) -> Vec<&Sample> {
    samples.iter().filter(|s| s.cell == samples[0].cell).collect()
}

#[test]
fn an_interval_log_comes_back_whole() {
    let run = synthetic::four(20);
    let rows = cold_rows(&run.samples);
    let bytes = interval_log(&run.record.started, &rows).unwrap().unwrap();
    let text = String::from_utf8(bytes.clone()).unwrap();
    assert!(text.starts_with("#[Histogram log format version 1.3]\n#[StartTime: "), "{text}");
    let mut direct = BoundedHistogram::new().unwrap();
    rows.iter().filter_map(|s| s.latency()).for_each(|ns| direct.record(ns));
    let mut back = Histogram::<u64>::new_from(direct.histogram());
    let mut intervals = 0;
    for entry in IntervalLogIterator::new(&bytes) {
        if let LogEntry::Interval(interval) = entry.unwrap() {
            let raw = base64_of_the_log::decode(interval.encoded_histogram());
            let one: Histogram<u64> = Deserializer::new().deserialize(&mut raw.as_slice()).unwrap();
            assert!((interval.max() - one.max() as f64 / 1e6).abs() < 0.001);
            assert_eq!(interval.tag(), None);
            back.add(one).unwrap();
            intervals += 1;
        }
    }
    // Not assert_eq: a histogram prints all of its 19,456 counts.
    assert!(&back == direct.histogram(), "what is read is not what was written");
    assert_eq!(intervals, rows.len(), "one call a trial, so one interval each");
}

#[test]
fn percentile_text_has_four_columns_and_ends_with_three() {
    let run = synthetic::four(20);
    let text = percentiles(&cold_rows(&run.samples)).unwrap().unwrap();
    let text = String::from_utf8(text).unwrap();
    let rows: Vec<Vec<&str>> = text
        .lines()
        .skip(2)
        .filter(|l| !l.starts_with('#'))
        .map(|l| l.split_whitespace().collect())
        .collect();
    let (last, others) = rows.split_last().unwrap();
    assert!(others.iter().all(|r| r.len() == 4), "{text}");
    assert_eq!((last.len(), last[1], last[2]), (3, "1.000000000000", "20"));
    assert!(text.contains("Total count    =           20]"), "{text}");
    assert!(text.contains("SubBuckets     =         2048]"), "{text}");
}

#[test]
fn no_success_gives_no_file() {
    assert!(interval_log("2026-01-01T00:00:00Z", &[]).unwrap().is_none());
    assert!(percentiles(&[]).unwrap().is_none());
}

/// Standard base64, read only: not worth a dependency.
mod base64_of_the_log {
    pub(super) fn decode(text: &str) -> Vec<u8> {
        let value = |c: u8| match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'+' => 62,
            _ => 63,
        };
        let (mut bits, mut held, mut bytes) = (0_u32, 0, Vec::new());
        for c in text.bytes().filter(|c| *c != b'=') {
            bits = bits << 6 | u32::from(value(c));
            held += 6;
            if held >= 8 {
                held -= 8;
                bytes.push((bits >> held) as u8);
            }
        }
        bytes
    }
}
