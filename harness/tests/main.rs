//! The one integration binary: the invariants of the design, the command line by
//! its output, and the real thing on a real engine.

mod command_line;
mod docker;
mod invariants;
