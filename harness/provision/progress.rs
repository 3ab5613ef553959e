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

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[derive(Default)]
    struct Heard(Mutex<Vec<String>>);

    impl Heard {
        fn add(&self, what: String) {
            self.0.lock().unwrap().push(what);
        }
    }

    impl Tell for Heard {
        fn say(&self, line: &str) {
            self.add(line.to_owned());
        }
        fn begin(&self, what: &str) -> u64 {
            self.add(format!("begin {what}"));
            7
        }
        fn printed(&self, work: u64, line: &str) {
            self.add(format!("{work} printed {line}"));
        }
        fn tick(&self) {
            self.add("tick".to_owned());
        }
        fn end(&self, work: u64, well: bool) {
            self.add(format!("{work} ended, well: {well}"));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_hears_that_time_passes() {
        let heard = Heard::default();
        let work = Work::begin(&heard, "build");
        let slow = async {
            tokio::time::sleep(TICK + TICK / 2).await;
            work.printed("Step 1/2");
            Ok::<_, ()>(3)
        };
        assert_eq!(work.watch(slow, || Some("log".to_owned())).await, Ok(3));
        drop(work);
        let all = heard.0.into_inner().unwrap();
        let ticks = ["7 printed log", "tick", "7 printed log", "tick"];
        let expected =
            [&["begin build"], &ticks[..], &["7 printed Step 1/2", "7 ended, well: true"]];
        assert_eq!(all, expected.concat());
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_fails_or_is_given_up_has_ended_too() {
        let heard = Heard::default();
        let work = Work::begin(&heard, "build");
        assert_eq!(work.watch(async { Err::<(), _>(1) }, || None).await, Err(1));
        drop(work);
        drop(Work::begin(&heard, "pull"));
        let all = heard.0.into_inner().unwrap();
        assert_eq!(all.iter().filter(|line| *line == "7 ended, well: false").count(), 2);
    }

    #[test]
    fn a_closure_hears_the_plain_lines() {
        let lines = Mutex::new(Vec::new());
        let say = |line: &str| lines.lock().unwrap().push(line.to_owned());
        let say: Say<'_> = &say;
        drop(Work::begin(say, "building"));
        say.warn("slow");
        say.detail("never");
        assert_eq!(*lines.lock().unwrap(), ["building", "warning: slow"]);
    }
}
