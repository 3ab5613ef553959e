//! When an event is tried again: Lambda's rules, on a clock that can be hurried.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::After;

/// How often a function that fails is called again, at most.
pub const MOST_RETRIES: u32 = 2;
/// How old an event may become, at most.
pub const MOST_AGE: Duration = Duration::from_secs(6 * 3600);
/// How long it is waited after the first error, and after the second.
const AFTER_ERRORS: [Duration; 2] = [Duration::from_secs(60), Duration::from_secs(120)];
/// How long it is waited where there is no instance: doubled each time, up to the second.
const BACK_OFF: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(300)];

/// By how much time is shortened: 60 makes a second of a minute.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale(f64);

impl Default for Scale {
    fn default() -> Self {
        Self(1.0)
    }
}

impl Scale {
    /// So many times as fast.
    ///
    /// # Errors
    /// Says what it may be.
    pub fn of(times: f64) -> Result<Self, String> {
        let fits = (1.0..=1e6).contains(&times);
        if fits {
            Ok(Self(times))
        } else {
            Err("time passes 1 to 1000000 times as fast".to_owned())
        }
    }

    /// Whether time is shortened at all.
    #[must_use]
    pub fn is_real(self) -> bool {
        self.0 <= 1.0
    }

    /// What is waited in place of a time.
    #[must_use]
    pub fn shorten(self, time: Duration) -> Duration {
        time.div_f64(self.0)
    }
}

impl fmt::Display for Scale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl FromStr for Scale {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let times = text.parse().map_err(|_| format!("`{text}` is no number, such as 60"))?;
        Self::of(times)
    }
}

/// How long it is waited after a try: `errors` of its function, `refused` times in a row.
pub(super) fn wait(after: After, errors: u32, refused: u32) -> Duration {
    match after {
        After::Error => {
            let nth = (errors.max(1) as usize - 1).min(AFTER_ERRORS.len() - 1);
            AFTER_ERRORS[nth]
        }
        After::Throttled | After::Unavailable => {
            let [first, most] = BACK_OFF;
            first.saturating_mul(1 << refused.saturating_sub(1).min(20)).min(most)
        }
        After::Interrupted => Duration::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_waits_are_lambdas() {
        let seconds = |after, errors, refused| wait(after, errors, refused).as_secs();
        assert_eq!([1, 2, 3].map(|n| seconds(After::Error, n, 0)), [60, 120, 120]);
        let waits = [1, 2, 3, 8, 9, 10, 40, u32::MAX].map(|n| seconds(After::Throttled, 0, n));
        assert_eq!(waits, [1, 2, 4, 128, 256, 300, 300, 300]);
        assert_eq!(seconds(After::Interrupted, 0, 0), 0);
    }

    #[test]
    fn a_scale_shortens_and_never_lengthens() {
        assert_eq!("60".parse::<Scale>().unwrap().shorten(MOST_AGE), Duration::from_secs(360));
        assert_eq!(Scale::default().shorten(MOST_AGE), MOST_AGE);
        for text in ["0", "-1", "0.5", "NaN", "inf", "1e7", "", "fast"] {
            assert!(text.parse::<Scale>().is_err(), "{text}");
        }
    }
}
