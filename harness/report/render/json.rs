//! Files for other programs, whose members they may rely on.

pub(in crate::report) mod comparison;
mod factors;
pub(in crate::report) mod reliability;
pub(in crate::report) mod run;
