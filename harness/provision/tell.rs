//! Telling how work goes that takes its time: builds, pulls, installs. Nothing of it
//! is timed, so what listens may draw.

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How often those who wait are told that time passes.
const TICK: Duration = Duration::from_millis(120);

/// Is told how work goes. A closure that takes lines hears the plain ones.
pub trait Tell: Send + Sync {
    /// What happens.
    fn say(&self, line: &str);

    /// What is wrong, and no reason to stop.
    fn warn(&self, line: &str) {
        self.say(&format!("warning: {line}"));
    }

    /// What is only for those who want to know all: a command, a retry.
    fn detail(&self, _line: &str) {}

    /// Work begins that takes its time; returns its number.
    fn begin(&self, what: &str) -> u64 {
        self.say(what);
        0
    }

    /// What it printed, as it came: foreign and untamed.
    fn printed(&self, _work: u64, _line: &str) {}

    /// Time passes.
    fn tick(&self) {}

    /// It has ended, well or not.
    fn end(&self, _work: u64, _well: bool) {}
}

impl<F: Fn(&str) + Send + Sync> Tell for F {
    fn say(&self, line: &str) {
        self(line);
    }
}

/// Is told how work goes.
pub type Say<'a> = &'a dyn Tell;

/// Work that is under way, and told to have ended whatever becomes of it.
pub(crate) struct Work<'a> {
    say: Say<'a>,
    number: u64,
    well: AtomicBool,
}

impl<'a> Work<'a> {
    pub(crate) fn begin(say: Say<'a>, what: &str) -> Self {
        Self { number: say.begin(what), say, well: AtomicBool::new(false) }
    }

    /// Passes on what is only for those who want to know all.
    pub(crate) fn detail(&self, line: &str) {
        self.say.detail(line);
    }

    /// Passes on a line that it printed.
    pub(crate) fn printed(&self, line: &str) {
        self.say.printed(self.number, line);
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
                    self.say.tick();
                }
            }
        };
        self.well.store(done.is_ok(), Ordering::Relaxed);
        done
    }
}

impl Drop for Work<'_> {
    fn drop(&mut self) {
        self.say.end(self.number, self.well.load(Ordering::Relaxed));
    }
}
