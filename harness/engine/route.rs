//! How the driver reaches instances that listen: the other way round than a listener.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::io::DuplexStream;
use tokio::net::TcpStream;

use super::{Caller, EngineError, InstanceId, InstanceState, Stream};

/// Asks an engine what it knows of an instance.
pub type Inspect =
    Arc<dyn Fn(InstanceId) -> BoxFuture<'static, Result<InstanceState, EngineError>> + Send + Sync>;
/// Connects to a port of an instance in memory; none where nobody listens.
pub type Dial = Arc<dyn Fn(&InstanceId, u16) -> Option<DuplexStream> + Send + Sync>;

/// How the driver reaches the instances of one network.
#[derive(Clone)]
pub enum Route {
    /// On this machine's own network: what listens shares its ports with all others.
    Host,
    /// Each has an address, which the engine tells once it was started.
    Address(Inspect),
    /// In memory, for the simulated engine: sockets and paused time do not go together.
    Memory(Dial),
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Host => "Host",
            Self::Address(_) => "Address",
            Self::Memory(_) => "Memory",
        })
    }
}

/// The address of this machine, as it is for itself alone.
const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

impl Route {
    /// Whether instances share their ports with all others of this machine.
    #[must_use]
    pub fn shares_ports(&self) -> bool {
        matches!(self, Self::Host)
    }

    /// The address of an instance; none where it has none, or not yet. Where the engine
    /// has to be asked that takes a millisecond.
    pub async fn address(&self, id: &InstanceId) -> Option<IpAddr> {
        match self {
            Self::Host | Self::Memory(_) => Some(HERE),
            // One that is gone tells nothing.
            Self::Address(inspect) => inspect(id.clone()).await.ok()?.address,
        }
    }

    /// Connects to an instance, and says who is at the other end as far as that costs
    /// nothing.
    ///
    /// # Errors
    /// When nobody listens there.
    pub async fn connect(
        &self,
        id: &InstanceId,
        to: SocketAddr,
    ) -> io::Result<(Box<dyn Stream>, Caller)> {
        if let Self::Memory(dial) = self {
            let stream = dial(id, to.port()).ok_or(io::ErrorKind::ConnectionRefused)?;
            return Ok((Box::new(stream), Caller::Sole));
        }
        let stream = TcpStream::connect(to).await?;
        // Without this a request that is written in two parts waits for an
        // acknowledgement, some 40 ms.
        stream.set_nodelay(true)?;
        let caller = match self {
            // Who listens, not who took this connection: that one may close it first.
            Self::Host => Caller::Local { theirs: to, ours: (Ipv4Addr::UNSPECIFIED, 0).into() },
            _ => Caller::Address(to.ip()),
        };
        Ok((Box::new(stream), caller))
    }
}
