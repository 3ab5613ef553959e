//! A trace that nobody recorded, of the same form and with the distributions that were
//! published of real ones.
//!
//! - How often a function is called: log-normal, mu 3.69 and sigma 4.08 of the natural logarithm
//!   of calls a day, fitted to Shahrad et al. (Serverless in the Wild, USENIX ATC 2020): 45 % of
//!   applications are called once an hour at most, 81 % once a minute at most. The busiest are
//!   cut so that all calls together are as many as are asked for: of a few functions those that
//!   the tail has would be all there is.
//! - How long a function takes: log-normal, mu -0.38 and sigma 2.36 of the logarithm of seconds
//!   (the same paper), from 1 ms to 15 minutes; its calls about that, log-normal with sigma 0.3
//!   (ours).
//! - When it is called: 16 % of functions by a timer, exactly periodic; of the others 40 % in
//!   bursts (the share whose coefficient of variation is above 1; ten calls on the average, a
//!   second apart on the average, are ours), the rest at random (Poisson). Twice as often by day
//!   as by night, but for timers, as a sine (the baseline of about a half is that of Joosen et
//!   al., EuroSys 2025; the sine is ours).

use std::f64::consts::TAU;
use std::fmt::Write as _;
use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{MOST_CALLS, MOST_FUNCTIONS, by_call};

const DAY: f64 = 86_400.0;
const RATE: (f64, f64) = (3.69, 4.08);
const RUN: (f64, f64) = (-0.38, 2.36);
const WITHIN: f64 = 0.3;
const RUNS: (f64, f64) = (0.001, 900.0);
const TIMERS: f64 = 0.16;
const BURSTY: f64 = 0.40;
const BURST: f64 = 10.0;
/// How much more often than on the average at noon, and less at midnight.
const SWING: f64 = 1.0 / 3.0;

/// What is made.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// Functions.
    pub functions: usize,
    /// How long it lasts.
    pub time: Duration,
    /// Calls of all of them, about.
    pub calls: usize,
    /// What decides everything else.
    pub seed: u64,
}

impl Default for Wanted {
    fn default() -> Self {
        let day = Duration::from_secs(86_400);
        Self { functions: 200, time: day, calls: 100_000, seed: 0 }
    }
}

/// A call: when it ends, how long it took, both in seconds, and whose it is.
type Made = (f64, f64, usize);

/// The text of a trace.
///
/// # Errors
/// When more is wanted than a trace may have.
pub fn generate(wanted: &Wanted) -> Result<String, String> {
    if !(1..=MOST_FUNCTIONS).contains(&wanted.functions) {
        return Err(format!("a trace has 1 to {MOST_FUNCTIONS} functions"));
    }
    if !(1..=MOST_CALLS / 2).contains(&wanted.calls) {
        return Err(format!("a trace has 1 to {} calls", MOST_CALLS / 2));
    }
    if wanted.time.as_secs() == 0 {
        return Err("a trace lasts a second at least".to_owned());
    }
    let mut rng = ChaCha8Rng::seed_from_u64(wanted.seed);
    let length = wanted.time.as_secs_f64();
    let rates = rates(wanted, length, &mut rng);
    let mut calls: Vec<Made> = Vec::new();
    for (function, rate) in rates.into_iter().enumerate() {
        let run = log_normal(RUN, &mut rng);
        for at in arrivals(rate, length, &mut rng) {
            let took = run * log_normal((0.0, WITHIN), &mut rng);
            let took = took.clamp(RUNS.0, RUNS.1);
            calls.push((at + took, took, function));
        }
    }
    calls.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.2.cmp(&b.2)));
    let mut text = String::with_capacity(calls.len() * 40);
    text.push_str(by_call::HEADER);
    text.push('\n');
    for (end, took, function) in calls {
        // An application of one function each: nobody published which belong together.
        let _ = writeln!(text, "app{function},f{function},{end:.6},{took:.6}");
    }
    Ok(text)
}

/// Calls of each function in all the time, which are as many as are wanted.
fn rates(wanted: &Wanted, length: f64, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let draw = |_| log_normal(RATE, rng).min(1e7) * length / DAY;
    let mut rates: Vec<f64> = (0..wanted.functions).map(draw).collect();
    let wanted = wanted.calls as f64;
    let all: f64 = rates.iter().sum();
    if all <= wanted {
        rates.iter_mut().for_each(|rate| *rate *= wanted / all);
        return rates;
    }
    // The height at which the busiest are cut.
    let (mut low, mut high) = (0.0, wanted);
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        let sum: f64 = rates.iter().map(|rate| rate.min(middle)).sum();
        if sum > wanted { high = middle } else { low = middle }
    }
    rates.into_iter().map(|rate| rate.min(low)).collect()
}

/// When a function is called that is called so often in all the time.
fn arrivals(rate: f64, length: f64, rng: &mut ChaCha8Rng) -> Vec<f64> {
    if uniform(rng) < TIMERS {
        let period = length / rate;
        let first = uniform(rng) * period;
        let all = (0u32..).map(|n| first + f64::from(n) * period);
        return all.take_while(|at| *at < length).take(MOST_CALLS).collect();
    }
    let size = if uniform(rng) < BURSTY { BURST } else { 1.0 };
    let gap = length / (rate / size) / (1.0 + SWING);
    let (mut at, mut all) = (0.0, Vec::new());
    loop {
        at += -libm::log(1.0 - uniform(rng)) * gap;
        if at >= length || all.len() >= MOST_CALLS {
            return all;
        }
        let swing = 1.0 - SWING * libm::cos(TAU * at / DAY);
        if uniform(rng) * (1.0 + SWING) >= swing {
            continue;
        }
        let mut call = at;
        all.push(call);
        // Of the size on the average, each with the same chance to be the last.
        while size > 1.0 && uniform(rng) >= 1.0 / size {
            call += -libm::log(1.0 - uniform(rng));
            if call < length {
                all.push(call);
            }
        }
    }
}

fn uniform(rng: &mut ChaCha8Rng) -> f64 {
    rng.random_range(0.0..1.0)
}

/// By the mean and the deviation of its natural logarithm.
fn log_normal((mu, sigma): (f64, f64), rng: &mut ChaCha8Rng) -> f64 {
    let (radius, angle) = (1.0 - uniform(rng), TAU * uniform(rng));
    let normal = libm::sqrt(-2.0 * libm::log(radius)) * libm::cos(angle);
    libm::exp(mu + sigma * normal)
}
