//! The adapters that a function can name. A further one is its folder, a variant of
//! [`AdapterKind`], and a line in each part of this file.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use super::http::{Http, Shared};
use super::runtime_api::RuntimeApi;
use super::{Adapter, Asked, Invoked, Stamps};
use crate::clock::Clock;
use crate::engine::{Engine, EngineError, InstanceId, InstanceSpec, InstanceState, Strangers};
use crate::probe::cgroup::Throttle;
use crate::spec::function::{AdapterKind, Function};

/// The adapter of whichever function. It adds a branch to each call, and nothing else:
/// what is timed is neither boxed nor allocated for it.
#[derive(Debug)]
pub enum AnyAdapter {
    /// [`AdapterKind::RuntimeApi`].
    RuntimeApi(RuntimeApi),
    /// [`AdapterKind::Http`].
    Http(Http),
}

/// Calls that go on to whichever adapter it is.
macro_rules! pass_on {
    ($($call:ident($($argument:ident: $type:ty)?) $(-> $result:ty)?;)*) => {
        $(fn $call(&self $(, $argument: $type)?) $(-> $result)? {
            match self {
                Self::RuntimeApi(adapter) => adapter.$call($($argument)?),
                Self::Http(adapter) => adapter.$call($($argument)?),
            }
        })*
    };
}

impl Adapter for AnyAdapter {
    /// Of those that share anything.
    type Shared = Shared;

    async fn arm<E: Engine>(
        engine: &E,
        function: &Function,
        spec: &mut InstanceSpec,
        clock: Clock,
        strangers: Arc<Strangers>,
        shared: &Shared,
    ) -> Result<Self, EngineError> {
        match function.adapter {
            AdapterKind::RuntimeApi => {
                let armed = RuntimeApi::arm(engine, function, spec, clock, strangers, &()).await;
                armed.map(Self::RuntimeApi)
            }
            AdapterKind::Http => {
                let armed = Http::arm(engine, function, spec, clock, strangers, shared).await;
                armed.map(Self::Http)
            }
        }
    }

    async fn ready(&self) {
        match self {
            Self::RuntimeApi(adapter) => adapter.ready().await,
            Self::Http(adapter) => adapter.ready().await,
        }
    }

    pass_on! {
        invoke(asked: Asked<'_>) -> Invoked;
        throttle_when_ready(throttle: Throttle);
        lives_in(processes: PathBuf);
        starts(id: &InstanceId);
        started();
        prepare();
        expect(address: IpAddr);
        stamps() -> Stamps;
        progress(instance: &InstanceState) -> Cow<'static, str>;
        notes() -> Vec<String>;
        violations() -> Vec<String>;
        has_hung_up() -> bool;
        refused() -> BTreeMap<String, u64>;
    }
}
