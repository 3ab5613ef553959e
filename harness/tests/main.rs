//! The integration tests that need no engine: the invariants of the design, and
//! the command line by its output, on the simulated engine. Those that need one
//! are in `docker/`.

mod command_line;
mod invariants;
