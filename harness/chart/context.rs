//! What a chart of a run is made from: the functions under one combination of factors.

use super::{Layout, conditions, groups, headline, members, plain, position, words};
use crate::sample::{Cell, Sample};
use crate::stats::{self, Summary};
use crate::store::Run;
use crate::text::units::NS_PER_MS;

/// A function on one chart: its cell and the rows used for inference.
pub(super) struct Series<'a> {
    /// Its name, tamed.
    pub(super) name: String,
    /// Its position in `functions.toml`: its colour.
    pub(super) position: usize,
    pub(super) summary: &'a Summary,
    pub(super) rows: Vec<&'a Sample>,
}

impl Series<'_> {
    /// Latencies of the successes, sorted, in milliseconds.
    pub(super) fn sorted_ms(&self) -> Vec<f64> {
        self.sorted_ns().into_iter().map(|ns| ns as f64 / NS_PER_MS).collect()
    }

    /// Latencies of the successes, sorted, in nanoseconds.
    pub(super) fn sorted_ns(&self) -> Vec<u64> {
        let mut ns: Vec<u64> = self.rows.iter().filter_map(|s| s.latency()).collect();
        ns.sort_unstable();
        ns
    }
}

/// What a chart is about: one combination of factors of one run, or all of it.
pub(super) struct ChartContext<'a> {
    pub(super) run: &'a Run,
    /// Those of its cells that belong here.
    pub(super) summaries: &'a [Summary],
    /// As [`conditions`] tells them; empty for all.
    pub(super) conditions: String,
    pub(super) layout: Layout,
    /// Put before every title.
    pub(super) warning: &'static str,
}

impl<'a> ChartContext<'a> {
    pub(super) fn new(
        run: &'a Run,
        summaries: &'a [Summary],
        conditions: String,
        layout: Layout,
    ) -> Self {
        Self { run, summaries, conditions, layout, warning: words::warning(run) }
    }

    /// The cold cells that answer the question, one a function.
    pub(super) fn cold(&self) -> Vec<Series<'a>> {
        self.series(headline(self.run, self.summaries))
    }

    pub(super) fn series(&self, summaries: Vec<&'a Summary>) -> Vec<Series<'a>> {
        let of = |cell: &Cell| {
            stats::used(&self.run.samples).filter(|s| s.cell == *cell).collect::<Vec<_>>()
        };
        summaries
            .into_iter()
            .map(|summary| Series {
                name: plain(&summary.cell.function),
                position: position(self.run, &summary.cell.function),
                summary,
                rows: of(&summary.cell),
            })
            .collect()
    }

    /// Of each function the cell that ranks highest, of those that have a rank.
    pub(super) fn best(&self, rank: impl Fn(&Summary) -> Option<u64>) -> Vec<Series<'a>> {
        let of = |group| {
            let members = members(self.summaries, group).into_iter();
            let ranked = members.filter_map(|s| Some((rank(s)?, s)));
            ranked.max_by_key(|(rank, _)| *rank).map(|(_, s)| s)
        };
        self.series(groups(self.run, self.summaries).iter().filter_map(of).collect())
    }

    /// `SIMULATED: cold start of one call, bridge`.
    pub(super) fn title(&self, what: &str) -> String {
        format!("{}{what}, {} network", self.warning, self.conditions)
    }

    /// Whether a row belongs here.
    pub(super) fn holds(&self, sample: &Sample) -> bool {
        sample.cell.control.is_none()
            && conditions(self.run, &sample.cell.factors) == self.conditions
    }

    /// The line below a title: rows, rounds, scenario.
    pub(super) fn subtitle(&self, series: &[Series]) -> String {
        let latencies = || series.iter().map(|s| &s.summary.latency);
        let n = rows(latencies().map(|l| l.n));
        let failed = failed(latencies().map(|l| l.failed));
        let lost: Vec<&str> =
            series.iter().filter(|s| s.summary.latency.min.is_none()).map(|s| &*s.name).collect();
        // A function that is not drawn must not vanish without a word.
        let lost = if lost.is_empty() {
            String::new()
        } else {
            format!("; not drawn, no answer: {}", lost.join(", "))
        };
        format!("{n}{failed}, {}{lost}", self.rounds())
    }

    /// Which rounds the rows used for inference come from.
    pub(super) fn rounds(&self) -> String {
        let seen = self.run.samples.iter().map(|s| s.round).max().unwrap_or(0);
        let scenario = plain(&self.run.record.scenario.name);
        match seen {
            0 | 1 => format!("round 1 only, scenario {scenario}"),
            2 => format!("round 2, scenario {scenario}"),
            _ => format!("rounds 2 to {seen}, scenario {scenario}"),
        }
    }
}

/// `n = 19 each`, or from the least to the most of some counts.
pub(super) fn rows(counts: impl Iterator<Item = usize> + Clone) -> String {
    match (counts.clone().min(), counts.max()) {
        (Some(least), Some(most)) if least < most => format!("n = {least} to {most}"),
        (_, most) => format!("n = {} each", most.unwrap_or(0)),
    }
}

/// `, 3 failed in all`, or nothing.
pub(super) fn failed(counts: impl Iterator<Item = usize>) -> String {
    match counts.sum::<usize>() {
        0 => String::new(),
        failed => format!(", {failed} failed in all"),
    }
}
