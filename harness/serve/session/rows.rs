//! Rows go to disk beside the calls: as they come, and a line for each span of time.

use std::collections::BTreeMap;

use anyhow::Result;
use tokio::sync::mpsc;

use super::Session;
use crate::measure::Outside;
use crate::probe::machine::Reading;
use crate::sample::{HostInterval, Sample, TrialRecord};

/// How long a span of time is, in nanoseconds: rows of one stand for each other less than rows
/// of several do.
const SPAN: u64 = 10_000_000_000;
/// Rows that are written at once.
const MOST: usize = 1_000;

/// What is to be kept.
pub(super) enum Row {
    Sample(Box<Sample>),
    Window(Box<TrialRecord>),
    /// What whoever reads the run must know.
    Told(String),
}

/// What comes back when all is written.
pub(super) struct Written {
    pub(super) outside: Outside,
}

/// Spans of time in which calls came: the trials of such a run.
pub(super) struct Windows {
    begun: u64,
    /// Trials before the first of them.
    before: u32,
    open: BTreeMap<u32, Window>,
}

struct Window {
    /// When it began, in nanoseconds since the run's epoch.
    began: u64,
    ends: u64,
    /// Calls so far.
    calls: u32,
    /// Those without a row.
    pending: u32,
    /// The latest answer to one.
    last: u64,
    before: Reading,
}

impl Windows {
    pub(super) fn new(begun: u64, before: u32) -> Self {
        Self { begun, before, open: BTreeMap::new() }
    }

    /// The number of the span that an instant is in.
    pub(super) fn number(&self, at: u64) -> u32 {
        let passed = at.saturating_sub(self.begun) / SPAN;
        u32::try_from(passed + 1 + u64::from(self.before)).unwrap_or(u32::MAX)
    }

    /// Where a call stands: its span, and its place in that.
    pub(super) fn take(&mut self, at: u64) -> (u32, u32) {
        let passed = at.saturating_sub(self.begun) / SPAN;
        let number = self.number(at);
        let began = self.begun + passed * SPAN;
        let window = self.open.entry(number).or_insert_with(|| Window {
            began: began.min(at),
            ends: began + SPAN,
            calls: 0,
            pending: 0,
            last: 0,
            before: Reading::now(),
        });
        let index = window.calls;
        window.calls += 1;
        window.pending += 1;
        (number, index)
    }

    /// The row of a call is there; the record of its span, if that is over.
    pub(super) fn done(&mut self, number: u32, answered: u64, now: u64) -> Option<TrialRecord> {
        let window = self.open.get_mut(&number)?;
        window.pending -= 1;
        window.last = window.last.max(answered);
        if window.pending > 0 || now < window.ends {
            return None;
        }
        self.close(number)
    }

    /// The records of all spans that are over and lack no row; with `all` of those too that are
    /// not over.
    fn over(&mut self, now: u64, all: bool) -> Vec<TrialRecord> {
        let is_over = |window: &Window| window.pending == 0 && (all || now >= window.ends);
        let numbers: Vec<u32> =
            self.open.iter().filter(|(_, window)| is_over(window)).map(|(n, _)| *n).collect();
        numbers.into_iter().filter_map(|number| self.close(number)).collect()
    }

    fn close(&mut self, number: u32) -> Option<TrialRecord> {
        let Window { began, last, before, .. } = self.open.remove(&number)?;
        let ended = last.max(began + 1);
        let machine = HostInterval::between(&before, &Reading::now(), ended - began);
        Some(TrialRecord { trial: number, round: number, began, ended, machine, resident: None })
    }
}

impl Session {
    pub(super) fn close_window(&self, record: TrialRecord) {
        let _ = self.0.rows.send(Row::Window(Box::new(record)));
    }

    pub(super) fn close_old_windows(&self) {
        let now = self.0.clock.now();
        let over = self.state().windows.over(now, false);
        over.into_iter().for_each(|record| self.close_window(record));
    }

    /// The last of them: nothing is called any more.
    pub(super) fn close_windows(&self) {
        let over = self.state().windows.over(self.0.clock.now(), true);
        over.into_iter().for_each(|record| self.close_window(record));
    }
}

/// Writes what comes until nobody sends any more: all that is there at once.
pub(super) async fn write(
    mut outside: Outside,
    mut rows: mpsc::UnboundedReceiver<Row>,
) -> Result<Written> {
    let mut received = Vec::with_capacity(MOST);
    while rows.recv_many(&mut received, MOST).await > 0 {
        let (mut samples, mut windows) = (Vec::new(), Vec::new());
        for row in received.drain(..) {
            match row {
                Row::Sample(sample) => samples.push(*sample),
                Row::Window(window) => windows.push(*window),
                Row::Told(text) => outside.writer.record.warnings.push(text),
            }
        }
        outside.writer.append_all(&windows, &samples)?;
    }
    Ok(Written { outside })
}
