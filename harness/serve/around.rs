//! A platform around another: whatever is done besides with each call, all else is the inner
//! one's.

use std::future::Future;

use super::{Call, Done, Functions, NotReserved, NotUpdated, Platform};
use crate::clock::Clock;

/// What is done with each call of a platform.
pub trait Calling: Clone + Send + Sync + 'static {
    /// Has the call answered, and does besides what it is there for.
    fn call(&self, platform: &impl Platform, call: Call) -> impl Future<Output = Done> + Send;
}

/// A platform of whose calls something is made besides.
#[derive(Debug, Clone)]
pub struct Around<P, C> {
    platform: P,
    calling: C,
}

impl<P: Platform, C: Calling> Around<P, C> {
    /// Around another.
    #[must_use]
    pub fn of(platform: P, calling: C) -> Self {
        Self { platform, calling }
    }
}

impl<P: Platform, C: Calling> Platform for Around<P, C> {
    fn functions(&self) -> Functions {
        self.platform.functions()
    }

    fn clock(&self) -> Clock {
        self.platform.clock()
    }

    fn update(
        &self,
        function: &str,
        image: Option<String>,
    ) -> impl Future<Output = Result<u32, NotUpdated>> + Send {
        self.platform.update(function, image)
    }

    fn reserve(&self, function: &str, reserved: Option<u32>) -> Result<(), NotReserved> {
        self.platform.reserve(function, reserved)
    }

    fn call(&self, call: Call) -> impl Future<Output = Done> + Send {
        self.calling.call(&self.platform, call)
    }
}
