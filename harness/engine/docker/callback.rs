//! An address that the user gave, by which instances call the driver: their engine runs on
//! another machine, or in a network of its own.

use std::io::{self, ErrorKind};
use std::net::IpAddr;
use std::sync::Arc;

use crate::engine::{Callback, Listener, RoundTrip};

/// Where instances call, and what was seen of the way.
#[derive(Debug)]
pub(super) struct Given {
    address: IpAddr,
    round_trip: Arc<RoundTrip>,
}

impl Given {
    pub(super) fn new(address: IpAddr) -> Self {
        Self { address, round_trip: Arc::default() }
    }

    /// Listens for one instance. Where the address is of a machine between, which forwards
    /// what comes, it is listened on every address.
    pub(super) async fn listen(&self) -> io::Result<Listener> {
        match Listener::tcp_given(self.address, self.address, &self.round_trip).await {
            Err(e) if e.kind() == ErrorKind::AddrNotAvailable => {
                let any = match self.address {
                    IpAddr::V4(_) => IpAddr::from([0; 4]),
                    IpAddr::V6(_) => IpAddr::from([0; 16]),
                };
                Listener::tcp_given(any, self.address, &self.round_trip).await
            }
            listener => listener,
        }
    }

    /// What is known by now.
    pub(super) fn known(&self) -> Callback {
        let round_trip = self.round_trip.shortest();
        let nanoseconds = |time: std::time::Duration| u64::try_from(time.as_nanos()).ok();
        Callback {
            address: self.address.to_string(),
            round_trip_ns: round_trip.and_then(nanoseconds),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Caller;

    #[tokio::test]
    async fn who_calls_the_given_address_is_known_by_where_he_calls_from() {
        let given = Given::new("127.0.0.1".parse().unwrap());
        assert_eq!(given.known().round_trip_ns, None);
        let mut listener = given.listen().await.unwrap();
        let address = listener.address().to_owned();
        assert!(address.starts_with("127.0.0.1:"), "{address}");
        let _client = tokio::net::TcpStream::connect(&address).await.unwrap();
        let (_, caller) = listener.accept().await.unwrap().unwrap();
        assert_eq!(caller, Caller::Distant("127.0.0.1".parse().unwrap()));
        let known = given.known();
        assert!(known.round_trip_ns.is_some_and(|ns| ns > 0) && known.address == "127.0.0.1");
    }

    #[tokio::test]
    async fn an_address_that_is_not_of_this_machine_is_told_and_every_one_listened_on() {
        // Of documents: nobody has it.
        let given = Given::new("203.0.113.7".parse().unwrap());
        let listener = given.listen().await.unwrap();
        let (told, port) = listener.address().rsplit_once(':').unwrap();
        assert_eq!(told, "203.0.113.7");
        let here = format!("127.0.0.1:{port}");
        assert!(tokio::net::TcpStream::connect(here).await.is_ok());
    }
}
