//! The controls of a run: starts whose truth is known, so that the figures of
//! all others can be believed. Pure.
//!
//! The null function does nothing but answer. As a plain process it shows the
//! driver's own floor, in an empty container the engine's; told to sleep a known
//! time before it is ready, it calibrates the driver.
//!
//! What there is to know of a control stands here, and nothing else names one: decision
//! 0068.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::factor::Combination;

/// One control: the null function, sleeping so many milliseconds in its init.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Control {
    /// As a process of the host. Without a sleep: the null process.
    Process(u32),
    /// In a container from an empty image. Without a sleep: the null container.
    Container(u32),
    /// In such a container, listening on a port. Without a sleep: the null listener.
    Listener(u32),
}

/// What all controls have in common that are started in one way.
#[derive(Debug)]
pub struct ControlKind {
    /// `null NAME` without a sleep, `NAME sleeping 5 ms` with one.
    pub name: &'static str,
    /// How it is started.
    pub start: Start,
    /// What it is the floor of, without a sleep.
    pub floor: Floor,
    /// What is compared with its known sleeps.
    pub calibrated: Calibrated,
    /// The control that sleeps so long.
    pub sleeping: fn(u32) -> Control,
}

/// How the null function of a control is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// By its command on this machine, under no factors.
    Process,
    /// From its image, under a combination of factors.
    Container,
    /// Likewise, and told to listen: only in a run of functions that do.
    Listener,
}

/// Whose time a start takes that has nothing to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Floor {
    /// The driver's.
    Driver,
    /// The engine's.
    Engine,
    /// The engine's, and that of hearing that it listens.
    Listener,
}

/// What is compared with a known sleep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Calibrated {
    /// The headline.
    Whole,
    /// What follows the engine: its noise is larger than any error that is looked for.
    AfterTheEngine,
}

/// The known sleeps of a calibration, in milliseconds; the first is none.
pub const SERIES: [u32; 5] = [0, 1, 5, 20, 100];

/// Every kind, in the order in which reports have them.
pub static CONTROLS: [ControlKind; 3] = [
    ControlKind {
        name: "process",
        start: Start::Process,
        floor: Floor::Driver,
        calibrated: Calibrated::Whole,
        sleeping: Control::Process,
    },
    ControlKind {
        name: "container",
        start: Start::Container,
        floor: Floor::Engine,
        calibrated: Calibrated::AfterTheEngine,
        sleeping: Control::Container,
    },
    ControlKind {
        name: "listener",
        start: Start::Listener,
        floor: Floor::Listener,
        calibrated: Calibrated::AfterTheEngine,
        sleeping: Control::Listener,
    },
];

impl PartialEq for ControlKind {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl ControlKind {
    /// Whether it is in every run that has controls; others are in those of functions that
    /// listen.
    #[must_use]
    pub fn is_of_every_run(&self) -> bool {
        self.start != Start::Listener
    }

    /// Whether it is started under factors, and so under each combination of them.
    #[must_use]
    pub fn has_factors(&self) -> bool {
        self.start != Start::Process
    }
}

impl Control {
    /// What it is one of.
    #[must_use]
    pub fn kind(self) -> &'static ControlKind {
        match self {
            Control::Process(_) => &CONTROLS[0],
            Control::Container(_) => &CONTROLS[1],
            Control::Listener(_) => &CONTROLS[2],
        }
    }

    /// The known sleep in milliseconds.
    #[must_use]
    pub fn sleep_ms(self) -> u32 {
        match self {
            Control::Process(ms) | Control::Container(ms) | Control::Listener(ms) => ms,
        }
    }

    /// Whether its start shows the floor of something.
    #[must_use]
    pub fn is_floor_of(self, floor: Floor) -> bool {
        self.sleep_ms() == 0 && self.kind().floor == floor
    }

    /// What a person calls it under a combination of factors.
    #[must_use]
    pub fn under(self, combination: &Combination) -> String {
        if self.kind().has_factors() { format!("{self}, {combination}") } else { self.to_string() }
    }
}

impl fmt::Display for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.kind().name, self.sleep_ms()) {
            (name, 0) => f.pad(&format!("null {name}")),
            (name, ms) => write!(f, "{name} sleeping {ms} ms"),
        }
    }
}

/// The controls of a round, with those of functions that listen or without, each with the combination of factors, by index, that it is
/// started under: those without a sleep under each, known sleeps under the first. In the
/// order of a plan before the shuffle.
#[must_use]
pub fn of_a_round(combinations: usize, listening: bool) -> Vec<(Control, usize)> {
    let mut all = Vec::new();
    for kind in CONTROLS.iter().rev().filter(|kind| listening || kind.is_of_every_run()) {
        let of = |ms: &u32| (kind.sleeping)(*ms);
        let floors = if kind.has_factors() { combinations } else { 1 };
        all.extend((0..floors).map(|under| (of(&SERIES[0]), under)));
        all.extend(SERIES[1..].iter().map(|ms| (of(ms), 0)));
    }
    all
}
