//! How long a connection's round trip takes, as the kernel has measured it by the handshake:
//! nothing is sent for it.

#![expect(unsafe_code, reason = "no crate that is used here reads what the kernel knows of TCP")]

use std::os::fd::{AsFd, AsRawFd};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The shortest round trip that was seen.
#[derive(Debug)]
pub struct RoundTrip(AtomicU64);

impl Default for RoundTrip {
    fn default() -> Self {
        Self(AtomicU64::new(u64::MAX))
    }
}

impl RoundTrip {
    /// The shortest so far; none before the first connection.
    #[must_use]
    pub fn shortest(&self) -> Option<Duration> {
        let shortest = self.0.load(Ordering::Relaxed);
        (shortest != u64::MAX).then(|| Duration::from_micros(shortest))
    }

    /// Takes a connection's into account.
    pub(super) fn look_at(&self, connection: &impl AsFd) {
        if let Some(micros) = measured(connection) {
            self.0.fetch_min(micros, Ordering::Relaxed);
        }
    }
}

/// In microseconds; none where the kernel does not say.
fn measured(connection: &impl AsFd) -> Option<u64> {
    let mut info = std::mem::MaybeUninit::<libc::tcp_info>::zeroed();
    let mut length = libc::socklen_t::try_from(size_of::<libc::tcp_info>()).ok()?;
    // SAFETY: the kernel writes at most `length` bytes, which is the size of what it is given.
    let asked = unsafe {
        libc::getsockopt(
            connection.as_fd().as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_INFO,
            info.as_mut_ptr().cast(),
            &raw mut length,
        )
    };
    // SAFETY: it was zeroed, and every pattern of its bits is a value.
    let info = unsafe { info.assume_init() };
    (asked == 0 && info.tcpi_rtt > 0).then(|| info.tcpi_rtt.into())
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn the_kernel_tells_the_round_trip_of_a_connection_and_of_nothing_else() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (accepted, _) = listener.accept().unwrap();
        let round_trip = RoundTrip::default();
        assert_eq!(round_trip.shortest(), None);
        round_trip.look_at(&accepted);
        assert!(round_trip.shortest().is_some_and(|it| it < Duration::from_secs(1)));
        drop(client);
        let (ours, _theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        assert_eq!(measured(&ours), None);
    }
}
