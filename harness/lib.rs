//! `coldstart` measures how long a function takes to answer when no warm
//! instance of it exists, and where that time goes.
//!
//! Data goes one way; each stage is a module that can be read alone and none
//! imports a later one:
//!
//! ```text
//! scenario -> plan -> drive(platform, engine) -> sample -> store -> stats -> compare | report
//!  what       in what   does it: idle, burst,     facts    files    numbers  words, charts,
//!             order     scale out, reap                                      exit code
//! ```
//!
//! `harness/README.md` is the map, the invariants and the decisions.

// What is asked for, and in what order: pure.
pub mod controls;
pub mod factors;
pub mod functions;
pub mod margins;
pub mod mistake;
pub mod plan;
pub mod scenario;
pub mod units;

// What was seen: pure.
pub mod sample;
pub mod stats;

// Doing it.
pub mod cgroup;
pub mod child;
pub mod clock;
pub mod descriptors;
pub mod drive;
pub mod engine;
pub mod exec_trace;
pub mod fire;
pub mod host;
pub mod hostile;
pub mod images;
pub mod machine;
pub mod maker;

pub mod page_cache;
pub mod platform;
pub mod preflight;
pub mod private;
pub mod provision;
pub mod runtime_api;
pub mod sides;

// Keeping, comparing and showing it.
pub mod analysis;
pub mod compare;
pub mod report;
pub mod store;

// The command line.
pub mod cli;
pub mod cmd;
