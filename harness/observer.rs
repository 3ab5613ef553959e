//! What a measurement, or the work before it, tells whoever waits: events, for one
//! [`Observer`]. Nothing of the library writes to a terminal.
//!
//! No event is sent while something is timed, so whoever hears one may draw.

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crate::sample::Sample;
use crate::spec::plan::Trial;

/// How often those who wait are told that time passes.
const TICK: Duration = Duration::from_millis(120);

/// Something that happened.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// It goes on, and how.
    Info(&'a str),
    /// Something is wrong, and no reason to stop; it may be told twice.
    Warning(&'a str),
    /// Only of interest to those who want to know all: a command, a retry.
    Debug(&'a str),
    /// Work begins that takes its time: a build, a pull, an installation.
    WorkBegan {
        /// Its number in this process.
        work: u64,
        /// What it is.
        what: &'a str,
    },
    /// A line that work printed, as it came: foreign and hostile.
    WorkPrinted {
        /// Its number.
        work: u64,
        /// The line.
        line: &'a str,
    },
    /// Time passes while work goes on.
    Tick,
    /// Work has ended.
    WorkEnded {
        /// Its number.
        work: u64,
        /// Whether it came to what it was for.
        ok: bool,
    },
    /// The functions are tried, one by one, before the first trial.
    Trying,
    /// The run may have instances from here on.
    MayHaveInstances {
        /// Its id.
        run: &'a str,
    },
    /// Nothing is left but the trials.
    Measuring,
    /// Trials follow.
    Planned {
        /// Each with what the plan estimates for it.
        trials: &'a [(Trial, Duration)],
        /// In so many rounds; none where they end when enough is known.
        rounds: Option<u32>,
        /// None begins after so long.
        limit: Option<Duration>,
    },
    /// Further trials follow those that were planned.
    Extended {
        /// Each with what the plan estimates for it.
        trials: &'a [(Trial, Duration)],
        /// In so many rounds.
        rounds: u32,
    },
    /// A trial has ended, and its rows are on disk.
    TrialDone {
        /// Which.
        trial: &'a Trial,
        /// Its rows.
        samples: &'a [Sample],
    },
    /// No trial follows.
    Measured,
}

impl<'a> Event<'a> {
    /// A line for a log without progress; none for what only a display has use for.
    #[must_use]
    pub fn line(&self) -> Option<&'a str> {
        match self {
            Event::Info(line) | Event::Warning(line) | Event::WorkBegan { what: line, .. } => {
                Some(line)
            }
            _ => None,
        }
    }
}

/// Is told what happens. A closure that takes events is one.
pub trait Observer: Send + Sync {
    /// Something has happened.
    fn notify(&self, event: Event<'_>);

    /// It goes on, and how.
    fn info(&self, line: &str) {
        self.notify(Event::Info(line));
    }

    /// Something is wrong, and no reason to stop.
    fn warn(&self, line: &str) {
        self.notify(Event::Warning(line));
    }

    /// Only of interest to those who want to know all.
    fn debug(&self, line: &str) {
        self.notify(Event::Debug(line));
    }
}

impl<F: Fn(Event<'_>) + Send + Sync> Observer for F {
    fn notify(&self, event: Event<'_>) {
        self(event);
    }
}

/// An observer that takes the lines of a log, and what is wrong with a mark.
#[derive(Debug, Clone, Copy)]
pub struct Lines<F>(pub F);

impl<F: Fn(&str) + Send + Sync> Observer for Lines<F> {
    fn notify(&self, event: Event<'_>) {
        match event {
            Event::Warning(line) => (self.0)(&format!("warning: {line}")),
            event => event.line().into_iter().for_each(&self.0),
        }
    }
}

/// Hears nothing.
#[derive(Debug, Clone, Copy)]
pub struct Silent;

impl Observer for Silent {
    fn notify(&self, _: Event<'_>) {}
}

/// Work that is under way, and told to have ended whatever becomes of it.
pub(crate) struct Work<'a> {
    observer: &'a dyn Observer,
    number: u64,
    ok: AtomicBool,
}

impl<'a> Work<'a> {
    pub(crate) fn begin(observer: &'a dyn Observer, what: &str) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let work = NEXT.fetch_add(1, Ordering::Relaxed);
        observer.notify(Event::WorkBegan { work, what });
        Self { observer, number: work, ok: AtomicBool::new(false) }
    }

    /// Passes on what is only for those who want to know all.
    pub(crate) fn debug(&self, line: &str) {
        self.observer.debug(line);
    }

    /// Passes on a line that it printed.
    pub(crate) fn printed(&self, line: &str) {
        self.observer.notify(Event::WorkPrinted { work: self.number, line });
    }

    /// Waits for it, with a tick now and then; what `look` gives is passed on as
    /// printed.
    pub(crate) async fn watch<T, E>(
        &self,
        work: impl Future<Output = Result<T, E>>,
        mut look: impl FnMut() -> Option<String>,
    ) -> Result<T, E> {
        let mut work = pin!(work);
        let mut ticks = tokio::time::interval(TICK);
        let done = loop {
            tokio::select! {
                biased;
                done = &mut work => break done,
                _ = ticks.tick() => {
                    if let Some(line) = look() {
                        self.printed(&line);
                    }
                    self.observer.notify(Event::Tick);
                }
            }
        };
        self.ok.store(done.is_ok(), Ordering::Relaxed);
        done
    }
}

impl Drop for Work<'_> {
    fn drop(&mut self) {
        let ok = self.ok.load(Ordering::Relaxed);
        self.observer.notify(Event::WorkEnded { work: self.number, ok });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// What an observer was told while `during` went on, without numbers.
    async fn told<F: Future>(during: impl FnOnce(&'static dyn Observer) -> F) -> Vec<String> {
        let told: &'static Mutex<Vec<String>> = Box::leak(Box::default());
        let observer = Box::leak(Box::new(|event: Event<'_>| {
            told.lock().unwrap().push(match event {
                Event::WorkBegan { what, .. } => format!("began {what}"),
                Event::WorkPrinted { line, .. } => format!("printed {line}"),
                Event::WorkEnded { ok, .. } => format!("ended, ok: {ok}"),
                other => format!("{other:?}"),
            });
        }));
        during(observer).await;
        std::mem::take(&mut *told.lock().unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn slow_work_ticks_until_it_has_ended() {
        let told = told(|observer| async move {
            let work = Work::begin(observer, "build");
            let slow = async {
                tokio::time::sleep(TICK + TICK / 2).await;
                work.printed("Step 1/2");
                Ok::<_, ()>(3)
            };
            assert_eq!(work.watch(slow, || Some("log".to_owned())).await, Ok(3));
        });
        let ticks = ["printed log", "Tick", "printed log", "Tick"];
        let expected = [&["began build"], &ticks[..], &["printed Step 1/2", "ended, ok: true"]];
        assert_eq!(told.await, expected.concat());
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_fails_or_is_dropped_has_ended_too() {
        let told = told(|observer| async move {
            let work = Work::begin(observer, "build");
            assert_eq!(work.watch(async { Err::<(), _>(1) }, || None).await, Err(1));
            drop(work);
            drop(Work::begin(observer, "pull"));
        });
        let failed = told.await.iter().filter(|line| *line == "ended, ok: false").count();
        assert_eq!(failed, 2);
    }

    #[test]
    fn a_log_has_the_plain_lines() {
        let told = Mutex::new(Vec::new());
        let observer = Lines(|line: &str| told.lock().unwrap().push(line.to_owned()));
        drop(Work::begin(&observer, "building"));
        observer.warn("slow");
        observer.debug("never");
        assert_eq!(*told.lock().unwrap(), ["building", "warning: slow"]);
    }
}
