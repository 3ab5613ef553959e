//! What the driver itself costs, without Docker: `cargo bench --bench overhead`.

#![expect(clippy::expect_used, reason = "a benchmark that cannot be set up has no result")]

use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};

mod kernel_events;
mod made;
mod path;
mod results;

use kernel_events::joining;
use path::{clock, reading, release, round_trip, width};
use results::{calibrating, planning, recording, summarising};

criterion_group! {
    name = overhead;
    config = Criterion::default().sample_size(20).measurement_time(Duration::from_secs(3));
    targets = round_trip, release, width, clock, reading, joining, recording, summarising,
        calibrating, planning
}
criterion_main!(overhead);
