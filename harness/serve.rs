//! A run whose plan comes from outside: whoever calls, over HTTP, from a trace, a schedule or an
//! event, and every call is a sample like any other.
//!
//! [`Platform`] is what answers calls; what comes before it speaks to clients, and knows nothing
//! of instances: [`front`] over HTTP, [`queue`] for calls that nobody waits for. What stands
//! behind it is `session`. Who wants to hear of every call stands [`around`] it, as
//! [`told`] does.

pub mod around;
mod call;
pub mod front;
pub mod names;
pub mod queue;
pub mod report_line;
mod session;
pub mod telemetry;
pub mod told;
pub mod trigger;

pub use call::{Call, Done, End, Functions, NotReserved, NotUpdated, Platform, Reason};
pub use call::{Client, Coming, Field, Head, Piece, Pieces, Report, Request, Served, Status};
pub use session::{Opened, Rules, Session};

#[cfg(test)]
mod tests;
