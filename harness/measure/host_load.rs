//! What else runs on the machine, looked at before the first trial.

use std::time::{Duration, Instant};

use super::Measurement;
use crate::probe::machine::{Others, Reading};
use crate::store::Writer;

/// How long others are looked at before the first trial.
const LOOK: Duration = Duration::from_secs(1);

/// Notes what else runs on the machine, while nothing of ours does.
pub(super) async fn look(request: &Measurement, writers: &mut [Writer]) {
    if request.engine().is_simulated() {
        return;
    }
    let (before, begun) = (Reading::now(), Instant::now());
    tokio::time::sleep(LOOK).await;
    let elapsed = u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
    let now = Others::between(&before, &Reading::now(), elapsed);
    for writer in writers {
        let machine = &mut writer.record.machine;
        let first = Others { busy: machine.busy_at_start, waiting: machine.waiting_at_start };
        // An earlier part that nobody looked at is judged by its load average still.
        if first.busy.is_some() || machine.load_at_start.is_none() {
            let worst = first.worst(now);
            (machine.busy_at_start, machine.waiting_at_start) = (worst.busy, worst.waiting);
        }
    }
}
