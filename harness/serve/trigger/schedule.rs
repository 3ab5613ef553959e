//! Functions that are called when an instant comes: `rate(5 minutes)`, or `cron(0 10 * * ? *)`
//! with the fields of EventBridge (minutes, hours, day of the month, month, day of the week from
//! 1 for Sunday, year), in UTC.

use std::future::Future;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::{Deliver, Tell, event};

/// The longest that is slept at once: the wall clock may be set.
const NAP: Duration = Duration::from_secs(30);

/// When something is due.
#[derive(Debug, Clone)]
pub enum When {
    /// Again and again after a time.
    Rate(Duration),
    /// At the instants of a pattern.
    Cron(Box<Cron>),
}

/// A function, and when it is called.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// Its name.
    pub function: Arc<str>,
    /// When.
    pub when: When,
    /// As it was written.
    pub text: String,
}

impl When {
    /// The first instant after another.
    #[must_use]
    pub fn after(&self, at: Timestamp) -> Option<Timestamp> {
        match self {
            When::Rate(every) => at.checked_add(SignedDuration::try_from(*every).ok()?).ok(),
            When::Cron(cron) => {
                let next = cron.find_next_occurrence(&at.to_zoned(TimeZone::UTC), false);
                next.ok().map(|next| next.timestamp())
            }
        }
    }
}

impl FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let within = |name: &str| {
            let rest = text.trim().strip_prefix(name)?.strip_prefix('(')?;
            rest.strip_suffix(')')
        };
        if let Some(rate) = within("rate") {
            return self::rate(rate).map(When::Rate);
        }
        let Some(pattern) = within("cron") else {
            return Err(format!(
                "`{text}` is no schedule: write rate(5 minutes), or cron(0 10 * * ? *)"
            ));
        };
        if pattern.split_whitespace().count() != 6 {
            return Err(format!(
                "`{text}` has not six fields: minutes, hours, day of the month, month, day of the \
                 week, year"
            ));
        }
        // Those of a year stand behind a field of seconds here.
        let parser = CronParser::builder()
            .seconds(Seconds::Required)
            .year(Year::Required)
            .alternative_weekdays(true)
            .dom_and_dow(true)
            .sloppy_ranges(true)
            .build();
        let cron = parser.parse(&format!("0 {pattern}"));
        cron.map(|cron| When::Cron(Box::new(cron))).map_err(|why| format!("`{text}`: {why}"))
    }
}

fn rate(text: &str) -> Result<Duration, String> {
    let wrong =
        || format!("`rate({text})` is no rate: write rate(5 minutes), or of seconds, hours");
    let (n, unit) = text.trim().split_once(' ').ok_or_else(wrong)?;
    let n = n.parse::<u32>().ok().filter(|n| *n > 0).ok_or_else(wrong)?;
    let seconds = match unit.trim().trim_end_matches('s') {
        "second" => 1,
        "minute" => 60,
        "hour" => 3_600,
        "day" => 86_400,
        _ => return Err(wrong()),
    };
    Ok(Duration::from_secs(u64::from(n) * seconds))
}

/// Calls functions when they are due, until it is to stop. What was due while an event could not
/// be taken is due once.
pub async fn run(
    schedules: Vec<Schedule>,
    now: impl Fn() -> Timestamp,
    deliver: Deliver,
    tell: Tell,
    stop: impl Future<Output = ()>,
) {
    let begun = now();
    let mut due: Vec<(Option<Timestamp>, Schedule)> =
        schedules.into_iter().map(|of| (of.when.after(begun), of)).collect();
    let work = async {
        loop {
            let Some(next) = due.iter().filter_map(|(at, _)| *at).min() else {
                return std::future::pending::<()>().await;
            };
            let wait = next.duration_since(now());
            let wait = Duration::try_from(wait).unwrap_or(Duration::ZERO);
            if !wait.is_zero() {
                tokio::time::sleep(wait.min(NAP)).await;
                continue;
            }
            for (at, of) in &mut due {
                let Some(instant) = at.filter(|at| *at <= next) else { continue };
                let event = event::scheduled(&of.function, instant);
                if let Err(why) = deliver(of.function.clone(), event).await {
                    tell(&format!("what was due for `{}` is lost: {why}", of.function));
                }
                // Of those that passed meanwhile the last one counts.
                let mut following = of.when.after(instant);
                while let Some(passed) = following.filter(|at| *at < now()) {
                    match of.when.after(passed).filter(|later| *later <= now()) {
                        Some(later) => following = Some(later),
                        None => break,
                    }
                }
                *at = following;
            }
        }
    };
    tokio::select! {
        () = work => {}
        () = stop => {}
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::clock::Clock;

    fn after(when: &str, at: &str) -> String {
        let when: When = when.parse().unwrap();
        when.after(at.parse().unwrap()).unwrap().to_string()
    }

    #[test]
    fn schedules_are_those_of_event_bridge() {
        let noon = "2026-11-27T12:00:00Z";
        assert_eq!(after("rate(5 minutes)", noon), "2026-11-27T12:05:00Z");
        assert_eq!(after("rate(1 hour)", noon), "2026-11-27T13:00:00Z");
        assert_eq!(after("cron(0 10 * * ? *)", noon), "2026-11-28T10:00:00Z");
        // Mondays are the second day of a week; 2026-11-27 is a Friday.
        assert_eq!(after("cron(15 8 ? * 2 *)", noon), "2026-11-30T08:15:00Z");
        assert_eq!(after("cron(15 8 ? * MON-FRI *)", noon), "2026-11-30T08:15:00Z");
        assert_eq!(after("cron(0/15 * * * ? *)", noon), "2026-11-27T12:15:00Z");
        assert_eq!(after("cron(0 0 1 1 ? 2028)", noon), "2028-01-01T00:00:00Z");
    }

    #[test]
    fn what_is_no_schedule_says_what_would_be() {
        for (text, cure) in [
            ("hourly", "rate(5 minutes)"),
            ("rate(0 minutes)", "is no rate"),
            ("rate(5 moons)", "is no rate"),
            ("cron(* * * * *)", "six fields"),
            ("cron(99 * * * ? *)", "cron(99"),
        ] {
            let error = text.parse::<When>().unwrap_err();
            assert!(error.contains(cure), "{text}: {error}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn functions_are_called_when_they_are_due_and_those_of_one_instant_together() {
        let (clock, taken) = (Clock::paused(), Arc::new(Mutex::new(Vec::new())));
        let begun: Timestamp = "2026-11-27T11:58:30Z".parse().unwrap();
        let now = move || begun + SignedDuration::from_nanos(clock.now() as i64);
        let deliver: Deliver = {
            let taken = taken.clone();
            Arc::new(move |function, _| {
                taken.lock().unwrap().push((function.to_string(), clock.now() / 1_000_000_000));
                Box::pin(async { Ok(()) })
            })
        };
        let of = |function: &str, text: &str| Schedule {
            function: function.into(),
            when: text.parse().unwrap(),
            text: text.to_owned(),
        };
        let schedules = vec![
            of("hourly", "cron(0 * * * ? *)"),
            of("also", "cron(0 * * * ? *)"),
            of("often", "rate(1 minute)"),
        ];
        let stop = tokio::time::sleep(Duration::from_secs(185));
        run(schedules, now, deliver, Arc::new(|why| panic!("{why}")), stop).await;
        let mut taken = taken.lock().unwrap().clone();
        taken.sort();
        let told: Vec<(&str, u64)> = taken.iter().map(|(name, at)| (name.as_str(), *at)).collect();
        assert_eq!(
            told,
            [("also", 90), ("hourly", 90), ("often", 60), ("often", 120), ("often", 180)]
        );
    }
}
