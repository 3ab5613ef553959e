//! What was found -> documents: what stands in which order, in whose words.

pub(super) mod budgets;
pub(super) mod comparison;
pub(super) mod doctor;
pub(super) mod explanation;
pub(super) mod listing;
pub(super) mod reliability;
pub(super) mod replay;
pub(super) mod rows;
pub(super) mod run;
pub(super) mod study;
pub(super) mod tune;

mod placing;
