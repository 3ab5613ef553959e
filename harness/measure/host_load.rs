//! What else runs on the machine, and how long a move between cgroups waits, looked at before the
//! first trial.

use std::time::{Duration, Instant};

use super::Measurement;
use crate::probe::cgroup_moves;
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
    // Three moves of this process to where it is use no processor to speak of.
    let moves = tokio::task::spawn_blocking(cgroup_moves::waits);
    tokio::time::sleep(LOOK).await;
    let elapsed = u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
    let now = Others::between(&before, &Reading::now(), elapsed);
    let moves = moves.await.ok().and_then(Result::ok);
    let moves = moves.and_then(|took| u64::try_from(took.as_nanos()).ok());
    for writer in writers {
        // An engine on another machine is given an address to call back, and has its own kernel.
        let here = writer.record.engine.callback.is_none();
        let machine = &mut writer.record.machine;
        machine.cgroup_move_ns = machine.cgroup_move_ns.or(moves.filter(|_| here));
        let first = Others { busy: machine.busy_at_start, waiting: machine.waiting_at_start };
        // An earlier part that nobody looked at is judged by its load average still.
        if first.busy.is_some() || machine.load_at_start.is_none() {
            let worst = first.worst(now);
            (machine.busy_at_start, machine.waiting_at_start) = (worst.busy, worst.waiting);
        }
    }
}
