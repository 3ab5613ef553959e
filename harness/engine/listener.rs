//! Where instances call the driver: one listener an instance.

use std::io;
use std::net::IpAddr;

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// A connection from an instance.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A listener for one instance. Its port is the instance's identity.
#[derive(Debug)]
pub struct Listener {
    address: String,
    accept: Accept,
}

#[derive(Debug)]
enum Accept {
    Tcp(TcpListener),
    Memory(mpsc::UnboundedReceiver<DuplexStream>),
}

impl Listener {
    /// Listens on a free port of one address.
    ///
    /// # Errors
    /// When the address is not ours, or no port is free.
    pub async fn tcp(address: IpAddr) -> io::Result<Self> {
        let listener = TcpListener::bind((address, 0)).await?;
        let address = listener.local_addr()?.to_string();
        Ok(Self { address, accept: Accept::Tcp(listener) })
    }

    /// Listens in memory, for the simulated engine: sockets and paused time do
    /// not go together.
    #[must_use]
    pub fn memory(address: String, streams: mpsc::UnboundedReceiver<DuplexStream>) -> Self {
        Self { address, accept: Accept::Memory(streams) }
    }

    /// `host:port`, for `AWS_LAMBDA_RUNTIME_API`.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Waits for the next connection. None when there will never be one.
    ///
    /// # Errors
    /// When the operating system refuses (out of file descriptors, say).
    pub async fn accept(&mut self) -> io::Result<Option<Box<dyn Stream>>> {
        if let Accept::Memory(streams) = &mut self.accept {
            return Ok(streams.recv().await.map(|s| Box::new(s) as Box<dyn Stream>));
        }
        Ok(self.accept_tcp().await?.map(|s| Box::new(s) as Box<dyn Stream>))
    }

    /// Waits for the next TCP connection; none for a listener in memory.
    pub(crate) async fn accept_tcp(&mut self) -> io::Result<Option<TcpStream>> {
        let Accept::Tcp(listener) = &self.accept else { return Ok(None) };
        let (stream, _) = listener.accept().await?;
        // Without this every warm call of a real client costs a delayed
        // acknowledgement, some 40 ms.
        stream.set_nodelay(true)?;
        Ok(Some(stream))
    }
}
