//! Processes, locks and private folders of this machine: what must not be left behind,
//! and whose it is.

pub mod child;
pub mod descriptors;
pub mod locked;
pub mod maker;
pub mod private;
pub mod process;
