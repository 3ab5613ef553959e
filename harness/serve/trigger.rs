//! What starts functions without a client that calls them: an object that comes into a bucket,
//! an instant that comes, an answer of another function. Each makes an event as Lambda's users
//! know it, and hands it to whoever keeps events until they were called for.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;

pub mod bucket;
pub mod chain;
pub mod event;
pub mod schedule;

/// Takes an event for a function; once it has, the event is not lost any more.
pub type Deliver = Arc<dyn Fn(Arc<str>, Bytes) -> Delivery + Send + Sync>;

/// An event that is being taken; or why it was not.
pub type Delivery = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;

/// Is told what went wrong with a trigger, which nobody else would hear of.
pub type Tell = Arc<dyn Fn(&str) + Send + Sync>;
