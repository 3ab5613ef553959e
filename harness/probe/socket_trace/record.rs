//! A record of the tracepoint: pure.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// `TCP_LISTEN`, a state of a socket.
const LISTEN: u32 = 10;
/// `AF_INET6`, a family of addresses.
const INET6: u16 = 10;
/// Bytes of an address of version 4, and of version 6.
const V4: usize = 4;
const V6: usize = 16;

/// Where in a record what stands, in bytes from its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layout {
    state: usize,
    port: usize,
    family: usize,
    v4: usize,
    v6: usize,
}

impl Layout {
    /// Reads it from what the kernel says of a record; none where a field is missing.
    pub(super) fn parse(format: &str) -> Option<Self> {
        let at = |field: &str| {
            let line = format.lines().find(|line| {
                let declared = line.trim().strip_prefix("field:").and_then(|l| l.split(';').next());
                let name = declared.and_then(|declared| declared.split_whitespace().last());
                name.is_some_and(|name| name.split('[').next() == Some(field))
            })?;
            let offset = line.split(';').find_map(|part| part.trim().strip_prefix("offset:"))?;
            offset.parse().ok()
        };
        Some(Self {
            state: at("newstate")?,
            port: at("sport")?,
            family: at("family")?,
            v4: at("saddr")?,
            v6: at("saddr_v6")?,
        })
    }

    /// The port and the address of a socket that began to listen; none of any other record.
    pub(super) fn listening(&self, record: &[u8]) -> Option<(u16, IpAddr)> {
        let state = u32::from_ne_bytes(*record.get(self.state..)?.first_chunk()?);
        let half = |at: usize| Some(u16::from_ne_bytes(*record.get(at..)?.first_chunk()?));
        if state != LISTEN {
            return None;
        }
        let address: IpAddr = match half(self.family)? {
            INET6 => {
                let bytes: [u8; V6] = *record.get(self.v6..)?.first_chunk()?;
                Ipv6Addr::from(bytes).into()
            }
            _ => {
                let bytes: [u8; V4] = *record.get(self.v4..)?.first_chunk()?;
                Ipv4Addr::from(bytes).into()
            }
        };
        Some((half(self.port)?, address))
    }
}
