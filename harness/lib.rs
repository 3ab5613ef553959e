//! `coldstart` measures how long a function takes to answer when no warm
//! instance of it exists, and where that time goes.
//!
//! Data goes one way. Each layer is a folder, and none imports a later one:
//!
//! ```text
//! spec -> drive(platform, adapter, engine, probe) -> sample -> store -> stats -> compare | report
//! what    does it: idle, burst, scale out, reap      facts    files    numbers  words, charts
//! ```
//!
//! `harness/README.md` is the map; `harness/docs/` has the method, the architecture and the
//! decisions.

// Leaves.
pub mod clock;
pub mod system;
pub mod text;

// What is asked for, and what was seen: pure.
pub mod observer;
pub mod sample;
pub mod spec;
pub mod stats;

// Doing it.
pub mod adapter;
pub mod drive;
pub mod engine;
pub mod measure;
pub mod platform;
pub mod probe;
pub mod provision;

// Keeping, comparing and showing it.
pub mod analysis;
mod chart;
pub mod compare;
pub mod report;
pub mod store;

// The command line.
#[doc(hidden)]
pub mod cli;
#[doc(hidden)]
pub mod cmd;
mod terminal;
