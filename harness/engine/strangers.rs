//! Who cannot be an instance that is started from now on.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::Caller;

/// Addresses that are of no instance to come, and whose they are: known before a
/// trial, so that they can be refused while it is timed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Strangers {
    /// The subnet that every instance has its address in: first address, and bits of
    /// its prefix. None where that is not known.
    pub subnet: Option<(IpAddr, u8)>,
    /// Who has which address already.
    pub known: BTreeMap<IpAddr, String>,
}

impl Strangers {
    /// Who a caller is, if it cannot be an instance.
    #[must_use]
    pub fn find(&self, caller: Caller) -> Option<String> {
        let Caller::Address(address) = caller else { return None };
        if let Some(name) = self.known.get(&address) {
            return Some(format!("{address} ({name})"));
        }
        let outside = self.subnet.is_some_and(|subnet| !contains(subnet, address));
        outside.then(|| format!("{address} (of another network)"))
    }
}

fn contains((network, prefix): (IpAddr, u8), address: IpAddr) -> bool {
    let (network, address, width) = match (network, address) {
        (IpAddr::V4(network), IpAddr::V4(address)) => {
            (u128::from(network.to_bits()), u128::from(address.to_bits()), 32)
        }
        (IpAddr::V6(network), IpAddr::V6(address)) => (network.to_bits(), address.to_bits(), 128),
        _ => return false,
    };
    let host = width - u32::from(prefix).min(width);
    network.checked_shr(host) == address.checked_shr(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(strangers: &Strangers, address: &str) -> Option<String> {
        strangers.find(Caller::Address(address.parse().unwrap()))
    }

    #[test]
    fn who_was_there_before_and_who_is_of_another_network_is_a_stranger() {
        let strangers = Strangers {
            subnet: Some(("172.17.0.0".parse().unwrap(), 16)),
            known: [("172.17.0.1".parse().unwrap(), "this host".to_owned())].into(),
        };
        assert_eq!(find(&strangers, "172.17.0.1").unwrap(), "172.17.0.1 (this host)");
        assert_eq!(find(&strangers, "172.18.0.2").unwrap(), "172.18.0.2 (of another network)");
        assert!(find(&strangers, "fd00::1").is_some());
        assert_eq!(find(&strangers, "172.17.255.254"), None);
        assert_eq!(strangers.find(Caller::Sole), None);
    }

    #[test]
    fn without_a_subnet_only_known_addresses_are_strange() {
        assert_eq!(find(&Strangers::default(), "10.0.0.1"), None);
        let whole = Strangers { subnet: Some(("0.0.0.0".parse().unwrap(), 0)), ..<_>::default() };
        assert_eq!(find(&whole, "10.0.0.1"), None);
    }
}
