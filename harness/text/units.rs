//! Durations and sizes: parsed from what people type, scaled, printed.
//!
//! Knows nothing of what is measured. Every latency in this project is a `u64`
//! of nanoseconds; this is the one place that turns one into text.

use std::time::Duration;

use serde::{Deserialize, Deserializer};

/// Nanoseconds in a millisecond.
pub const NS_PER_MS: f64 = 1e6;

/// The longest time that may be asked for: what is added to it, or counted in
/// nanoseconds, still fits.
pub const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

/// The largest size that may be asked for, in bytes: 1024 TiB, more than any machine has.
pub const LARGEST: u64 = 1 << 50;

/// Parses `250ms`, `2s`, `1.5s`, `10m`, `40us`, `1h`.
///
/// # Errors
/// Says what was expected when the number or the unit is missing or unknown, or the
/// whole is more than [`LONGEST`].
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = split_number(text)?;
    let scale = match unit {
        "ns" => 1e-9,
        "us" | "µs" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        "" => return Err(format!("`{text}` has no unit: write it as `{text}ms` or `{text}s`")),
        _ => return Err(format!("unknown unit `{unit}` in `{text}`: use us, ms, s, m or h")),
    };
    let time = Duration::try_from_secs_f64(number * scale).ok().filter(|time| *time <= LONGEST);
    time.ok_or_else(|| format!("`{text}` is out of range: a time of 365 days at most"))
}

/// Parses `128MiB`, `1GiB`, `512KiB`, `100B`, in bytes.
///
/// # Errors
/// Says what was expected when the number or the unit is missing or unknown, or the
/// whole is more than [`LARGEST`].
pub fn parse_size(text: &str) -> Result<u64, String> {
    let (number, unit) = split_number(text)?;
    let scale = match unit {
        "B" => 1.0,
        "KiB" => 1024.0,
        "MiB" => 1024.0 * 1024.0,
        "GiB" => 1024.0 * 1024.0 * 1024.0,
        "" => return Err(format!("`{text}` has no unit: write it as `{text}MiB`")),
        _ => return Err(format!("unknown unit `{unit}` in `{text}`: use B, KiB, MiB or GiB")),
    };
    let bytes = number * scale;
    if bytes > LARGEST as f64 {
        return Err(format!("`{text}` is out of range: a size of 1048576GiB at most"));
    }
    Ok(bytes as u64)
}

fn split_number(text: &str) -> Result<(f64, &str), String> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let number = number
        .parse::<f64>()
        .map_err(|_| format!("`{text}` does not start with a number, as in `250ms` or `128MiB`"))?;
    Ok((number, unit.trim_start()))
}

/// A duration written for people in a TOML file, such as `"250ms"`.
#[derive(Debug, Clone, Copy)]
pub struct DurationText(pub Duration);

impl<'de> Deserialize<'de> for DurationText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse_duration(&text).map(DurationText).map_err(serde::de::Error::custom)
    }
}

/// A size in bytes written for people in a TOML file, such as `"128MiB"`.
#[derive(Debug, Clone, Copy)]
pub struct SizeText(pub u64);

impl<'de> Deserialize<'de> for SizeText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse_size(&text).map(SizeText).map_err(serde::de::Error::custom)
    }
}

/// Parses `2%` or `0.5%` as a share of 1.
///
/// # Errors
/// When it is not a number of percent from 0 to below 100.
pub fn parse_share(text: &str) -> Result<f64, String> {
    let percent = text.strip_suffix('%').and_then(|number| number.trim().parse::<f64>().ok());
    percent
        .filter(|percent| (0.0..100.0).contains(percent))
        .map(|percent| percent / 100.0)
        .ok_or_else(|| {
            format!("`{text}` is not a valid share: write it as `2%`, from 0 to below 100")
        })
}

/// Parses how exactly something is to be known: a share above 0.
///
/// # Errors
/// As [`parse_share`], and for `0%`, which nothing ever reaches.
pub fn parse_precision(text: &str) -> Result<f64, String> {
    let share = parse_share(text)?;
    let reachable = (share > 0.0).then_some(share);
    reachable.ok_or_else(|| format!("`{text}` is never reached: write a share such as `2%`"))
}

/// A duration as [`parse_duration`] reads it, exactly: in milliseconds where those are
/// whole.
#[must_use]
pub fn format_exactly(time: Duration) -> String {
    match time.as_nanos() {
        ns if ns.is_multiple_of(1_000_000) => format!("{}ms", ns / 1_000_000),
        ns if ns.is_multiple_of(1_000) => format!("{}us", ns / 1_000),
        ns => format!("{ns}ns"),
    }
}

/// A share as [`parse_share`] reads it, without the dust of binary fractions.
#[must_use]
pub fn format_share(share: f64) -> String {
    format!("{}%", (share * 1e8).round() / 1e6)
}

/// A share written for people in a TOML file, such as `"2%"`.
#[derive(Debug, Clone, Copy)]
pub struct ShareText(pub f64);

impl<'de> Deserialize<'de> for ShareText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse_share(&text).map(ShareText).map_err(serde::de::Error::custom)
    }
}

/// A precision in a TOML file, such as `"2%"`.
#[derive(Debug, Clone, Copy)]
pub struct PrecisionText(pub f64);

impl<'de> Deserialize<'de> for PrecisionText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse_precision(&text).map(PrecisionText).map_err(serde::de::Error::custom)
    }
}

/// A CPU quota in cores, to a thousandth: `0.5`, in files too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cpus(u32);

impl Cpus {
    /// From cores.
    ///
    /// # Errors
    /// When it is not between 0.01, the least that a kernel takes, and 4096.
    pub fn from_cores(cores: f64) -> Result<Self, String> {
        if (0.01..=4096.0).contains(&cores) {
            return Ok(Self((cores * 1e3).round() as u32));
        }
        Err(format!("a CPU quota of {cores} is out of range: 0.01 to 4096 cores"))
    }

    /// Thousandths of a core.
    #[must_use]
    pub fn thousandths(self) -> u32 {
        self.0
    }
}

impl std::str::FromStr for Cpus {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let cores = text
            .parse()
            .map_err(|_| format!("`{text}` is not a valid number of cores: try 0.5"))?;
        Self::from_cores(cores)
    }
}

impl std::fmt::Display for Cpus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", f64::from(self.0) / 1e3)
    }
}

impl serde::Serialize for Cpus {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(f64::from(self.0) / 1e3)
    }
}

impl<'de> Deserialize<'de> for Cpus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_cores(f64::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// Prints nanoseconds with three significant figures and the unit that fits:
/// `812 ns`, `51.3 us`, `0.214 ms` never; `214 us`, `1.02 s`.
#[must_use]
pub fn format_ns(ns: f64) -> String {
    let (value, unit) = match ns.abs() {
        n if n < 999.5 => return format!("{ns:.0} ns"),
        n if n < 999.5e3 => (ns / 1e3, "us"),
        n if n < 999.5e6 => (ns / 1e6, "ms"),
        _ => (ns / 1e9, "s"),
    };
    format!("{} {unit}", three_figures(value))
}

/// Prints nanoseconds as milliseconds with three significant figures, no unit:
/// for columns that must share one unit.
#[must_use]
pub fn format_ms(ns: f64) -> String {
    three_figures(ns / NS_PER_MS)
}

/// Prints a length of time for a person who waits for it: `48 s`, `3 min 20 s`.
#[must_use]
pub fn format_wait(wait: Duration) -> String {
    let seconds = wait.as_secs_f64().round() as u64;
    match seconds {
        0 => format!("{} ms", wait.as_millis()),
        1..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// Prints bytes in the unit in which they read best, whole ones or with one decimal: nothing
/// small prints as nothing.
#[must_use]
pub fn format_size(bytes: u64) -> String {
    let mut size = bytes as f64 / 1024.0;
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    for unit in ["KiB", "MiB"] {
        // From where it would print as 1024.0 of it.
        if size < 1023.95 {
            return format!("{size:.1} {unit}");
        }
        size /= 1024.0;
    }
    format!("{size:.1} GiB")
}

fn three_figures(value: f64) -> String {
    match value.abs() {
        v if v >= 99.95 => format!("{value:.0}"),
        v if v >= 9.995 => format!("{value:.1}"),
        v if v >= 0.9995 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

#[cfg(test)]
mod tests;
