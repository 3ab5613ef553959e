//! Why a start takes as long as it does, seen from outside.
//!
//! Starts of their own are watched, none of them timed for anything else: which files the
//! function opens and when, whether it works or waits, which modules its runtime loads, and
//! what of its image no start opens. In turns with them plain ones are started, so that what
//! watching takes is known and stands beside what was seen.
//!
//! [`explain`] starts and watches; everything else is pure. What is found is an
//! [`Explanation`], which a page, a table and `explain.json` are made from.
//!
//! What is attributed to what, and what that is worth: decision 0080.

mod advice;
mod attribution;
mod carry_out;
mod difference;
mod explaining;
mod found;
mod image_files;
mod kept;
mod layouts;
mod modules;
mod native;
mod phases;
mod rounds;
mod watching;

pub use advice::Advice;
pub use carry_out::{ExplainedSide, USUAL, explain, request};
pub use difference::{Difference, PackageChange};
pub use explaining::Explaining;
pub use found::{
    Explained, Explanation, FORMAT, FileUse, Folder, ModuleTree, ModuleUse, PackageLoad,
    PackageUse, PhaseUse, ProcessSeen, Ratio, Span, Starts, Timeline, Unopened, Wait,
};
pub use layouts::Layouts;
pub use modules::Profilers;
pub use native::{Call, FileSamples, Frame, FrameChange, Native, SymbolsFound};

#[cfg(test)]
mod tests;
