//! The integration tests that need no engine: the invariants of the design, and
//! the command line by its output, on the simulated engine. Those that need one
//! are in `docker/`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod command_line;
mod documents;
mod figures;
mod invariants;
