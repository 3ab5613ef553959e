//! The adapters that a function can name. A further one is its folder, a variant of
//! [`AdapterKind`], and a line in each part of this file.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use super::runtime_api::RuntimeApi;
use super::{Adapter, Asked, Invoked, Ready};
use crate::clock::Clock;
use crate::engine::{Engine, EngineError, InstanceSpec, Strangers};
use crate::spec::function::{AdapterKind, Function};

/// The adapter of whichever function. It adds a branch to each call, and nothing else:
/// what is timed is neither boxed nor allocated for it.
#[derive(Debug)]
pub enum AnyAdapter {
    /// [`AdapterKind::RuntimeApi`].
    RuntimeApi(RuntimeApi),
}

/// The same call to whichever adapter it is.
macro_rules! each {
    ($any:expr, $adapter:ident => $call:expr) => {
        match $any {
            AnyAdapter::RuntimeApi($adapter) => $call,
        }
    };
}

impl Adapter for AnyAdapter {
    async fn arm<E: Engine>(
        engine: &E,
        function: &Function,
        spec: &mut InstanceSpec,
        clock: Clock,
        strangers: Arc<Strangers>,
    ) -> Result<Self, EngineError> {
        match function.adapter {
            AdapterKind::RuntimeApi => {
                let armed = RuntimeApi::arm(engine, function, spec, clock, strangers).await;
                armed.map(Self::RuntimeApi)
            }
        }
    }

    fn invoke(&self, asked: Asked<'_>) -> Invoked {
        each!(self, adapter => adapter.invoke(asked))
    }

    fn prepare(&self) {
        each!(self, adapter => adapter.prepare());
    }

    fn expect(&self, address: IpAddr) {
        each!(self, adapter => adapter.expect(address));
    }

    fn ready(&self) -> Option<Ready> {
        each!(self, adapter => adapter.ready())
    }

    fn sent(&self) -> Option<u64> {
        each!(self, adapter => adapter.sent())
    }

    fn progress(&self) -> &'static str {
        each!(self, adapter => adapter.progress())
    }

    fn notes(&self) -> Vec<String> {
        each!(self, adapter => adapter.notes())
    }

    fn refused(&self) -> BTreeMap<String, u64> {
        each!(self, adapter => adapter.refused())
    }
}
