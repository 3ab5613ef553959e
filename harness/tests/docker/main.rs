//! The real thing on a real engine: functions, images, the engine itself, and the
//! whole program; and nothing left.
//!
//! Without an engine these tests fail and say how to get one.
//! `COLDSTART_TEST_ENGINE=none` leaves them out and says how many.
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use libtest_mimic::Arguments;

mod ahead;
mod alone;
mod bench;
mod callback;
mod contract;
mod deployed;
mod engine;
mod explained;
mod external;
mod factors;
mod foreign;
mod functions;
mod gate;
mod hopeless;
mod images;
mod interrupts;
mod listening;
mod observed;
mod oci;
mod overheard;
mod processes;
mod program;
mod served;
mod standin;
mod strangers;
mod subject;
mod throttled;
mod unprivileged;
mod variants;

fn main() {
    let mut arguments = Arguments::from_args();
    // More at a time would time each other out on a small machine.
    arguments.test_threads.get_or_insert(2);
    let mut trials = functions::trials();
    trials.extend(callback::trials());
    trials.extend(contract::trials());
    trials.extend(deployed::trials());
    trials.extend(explained::trials());
    trials.extend(variants::trials());
    trials.extend(external::trials());
    trials.extend(factors::trials());
    trials.extend(foreign::trials());
    trials.extend(hopeless::trials());
    trials.extend(observed::trials());
    trials.extend(oci::trials());
    trials.extend(ahead::trials());
    trials.extend(alone::trials());
    trials.extend(processes::trials());
    trials.extend(engine::trials());
    trials.extend(images::trials());
    trials.extend(program::trials());
    trials.extend(interrupts::trials());
    trials.extend(gate::trials());
    trials.extend(strangers::trials());
    trials.extend(standin::trials());
    trials.extend(listening::trials());
    trials.extend(served::trials());
    trials.extend(throttled::trials());
    trials.extend(unprivileged::trials());
    if std::env::var("COLDSTART_TEST_ENGINE").is_ok_and(|v| v == "none") {
        eprintln!(
            "COLDSTART_TEST_ENGINE=none: {} tests that need an engine are left out",
            trials.len()
        );
        trials = trials.into_iter().map(|t| t.with_ignored_flag(true)).collect();
    }
    libtest_mimic::run(&arguments, trials).exit();
}
