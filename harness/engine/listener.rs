//! Where instances call the driver: one listener an instance.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use rustix::net::sockopt;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio::net::{TcpListener, TcpSocket, TcpStream, UnixListener};
use tokio::sync::mpsc;

use std::sync::Arc;

use super::Caller;

mod round_trip;

pub use round_trip::RoundTrip;

/// A connection from an instance.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A listener for one instance. Its port is the instance's identity.
#[derive(Debug)]
pub struct Listener {
    address: String,
    accept: Accept,
}

/// Connections that may wait to be accepted, as where nobody says how many.
const BACKLOG: u32 = 1024;

/// Where the socket of a listener is found inside a container.
pub const SOCKET: &str = "/run/coldstart.sock";

#[derive(Debug)]
enum Accept {
    Tcp(TcpListener),
    /// On an address that the user gave.
    Given(TcpListener, Arc<RoundTrip>),
    Unix(UnixListener, SocketFile),
    Memory(mpsc::UnboundedReceiver<DuplexStream>),
}

/// A socket's file, removed when the listener is dropped.
#[derive(Debug)]
struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        // Gone already, or in a folder that is removed as a whole: no matter.
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Listener {
    /// Listens on a free port of one address.
    ///
    /// # Errors
    /// When the address is not ours, or no port is free.
    pub async fn tcp(address: IpAddr) -> io::Result<Self> {
        Self::tcp_at(SocketAddr::new(address, 0)).await
    }

    /// The same, of an address that this machine will have and may not have yet.
    ///
    /// # Errors
    /// When no port is free.
    pub fn tcp_before(address: IpAddr) -> io::Result<Self> {
        let socket = match address {
            IpAddr::V4(_) => TcpSocket::new_v4()?,
            IpAddr::V6(_) => TcpSocket::new_v6()?,
        };
        // One option for both kinds of address.
        sockopt::set_ip_freebind(&socket, true)?;
        socket.bind(SocketAddr::new(address, 0))?;
        Self::of(socket.listen(BACKLOG)?)
    }

    /// Listens on a port that is known before: for a test of who else knows it.
    ///
    /// # Errors
    /// When the address is not ours, or the port is in use.
    #[doc(hidden)]
    pub async fn tcp_at(address: SocketAddr) -> io::Result<Self> {
        Self::of(TcpListener::bind(address).await?)
    }

    /// Listens on a free port of one address, and is told by another: that of who forwards to
    /// here. The instances' way to it is looked at.
    ///
    /// # Errors
    /// When the address is not ours, or no port is free.
    pub async fn tcp_given(on: IpAddr, told: IpAddr, way: &Arc<RoundTrip>) -> io::Result<Self> {
        let listener = TcpListener::bind((on, 0)).await?;
        let address = SocketAddr::new(told, listener.local_addr()?.port()).to_string();
        Ok(Self { address, accept: Accept::Given(listener, way.clone()) })
    }

    fn of(listener: TcpListener) -> io::Result<Self> {
        let address = listener.local_addr()?.to_string();
        Ok(Self { address, accept: Accept::Tcp(listener) })
    }

    /// Listens on a Unix socket, which a container without network finds at
    /// [`SOCKET`]. The file must not exist; it is removed with the listener.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn unix(file: PathBuf) -> io::Result<Self> {
        let listener = UnixListener::bind(&file)?;
        let address = format!("unix:{SOCKET}");
        Ok(Self { address, accept: Accept::Unix(listener, SocketFile(file)) })
    }

    /// The socket's file on this machine; none for a listener with a port.
    #[must_use]
    pub fn socket(&self) -> Option<&Path> {
        match &self.accept {
            Accept::Unix(_, file) => Some(&file.0),
            _ => None,
        }
    }

    /// Listens in memory, for the simulated engine: sockets and paused time do
    /// not go together.
    #[must_use]
    pub fn memory(address: String, streams: mpsc::UnboundedReceiver<DuplexStream>) -> Self {
        Self { address, accept: Accept::Memory(streams) }
    }

    /// `host:port`, or `unix:` and a path inside the container.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Waits for the next connection, and tells whose it is as far as that costs
    /// nothing. None when there will never be one.
    ///
    /// # Errors
    /// When the operating system refuses (out of file descriptors, say).
    pub async fn accept(&mut self) -> io::Result<Option<(Box<dyn Stream>, Caller)>> {
        match &mut self.accept {
            Accept::Memory(streams) => {
                Ok(streams.recv().await.map(|s| (Box::new(s) as Box<dyn Stream>, Caller::Sole)))
            }
            Accept::Unix(listener, _) => {
                Ok(Some((Box::new(listener.accept().await?.0), Caller::Sole)))
            }
            Accept::Given(listener, way) => {
                let (stream, theirs) = accept_tcp(listener).await?;
                way.look_at(&stream);
                Ok(Some((Box::new(stream), Caller::Distant(theirs.ip()))))
            }
            Accept::Tcp(listener) => {
                let (stream, theirs) = accept_tcp(listener).await?;
                let ours = stream.local_addr()?;
                let caller = match ours.ip().is_loopback() {
                    true => Caller::Local { theirs, ours },
                    false => Caller::Address(theirs.ip()),
                };
                Ok(Some((Box::new(stream), caller)))
            }
        }
    }
}

async fn accept_tcp(listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
    let (stream, theirs) = listener.accept().await?;
    // Without this every warm call of a real client costs a delayed
    // acknowledgement, some 40 ms.
    stream.set_nodelay(true)?;
    Ok((stream, theirs))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_that_is_not_here_yet_can_be_listened_on() {
        // Of documents: nobody has it.
        let address = "203.0.113.7".parse().unwrap();
        assert!(Listener::tcp(address).await.is_err(), "it is here");
        let listener = Listener::tcp_before(address).unwrap();
        assert!(listener.address().starts_with("203.0.113.7:"), "{}", listener.address());
    }

    /// Without TCP_NODELAY every warm call of a real client takes some 40 ms.
    #[tokio::test]
    async fn accepted_sockets_do_not_delay_small_writes() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (accepted, _client) = tokio::join!(accept_tcp(&listener), TcpStream::connect(address));
        assert!(accepted.unwrap().0.nodelay().unwrap());
    }
}
