//! A run whose plan comes from outside: whoever calls, over HTTP, from a trace, a schedule or an
//! event, and every call is a sample like any other.
//!
//! [`Platform`] is what answers calls; what comes before it (`front`) speaks to clients, and
//! knows nothing of instances. What stands behind it is `session`.

mod call;
mod session;

pub use call::{Call, Done, End, Functions, Platform, Reason, Report, Served, Status};
pub use session::{Opened, Rules, Session};
