//! Text from people and from outside: units, what is wrong and where, and what is safe
//! to keep and to show. Leaves: they know nothing of what is measured.

pub mod diagnostic;
pub mod sanitize;
pub mod units;
