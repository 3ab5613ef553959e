//! Who cannot be an instance that is started from now on.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Caller;

/// Addresses that are of no instance to come, and whose they are: known before a
/// trial, so that they can be refused while it is timed.
#[derive(Debug, Default)]
pub struct Strangers {
    /// The subnet that every instance has its address in: first address, and bits of
    /// its prefix. None where that is not known.
    subnet: Option<(IpAddr, u8)>,
    /// Who has which address.
    known: Mutex<BTreeMap<IpAddr, Resident>>,
    /// Of several engines: who is a stranger to each of them.
    each: Vec<Arc<Strangers>>,
}

/// Who has an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resident {
    /// The engine's id of a container; empty for what is none.
    pub id: String,
    /// What a person calls it.
    pub name: String,
}

impl Strangers {
    /// Everybody outside a subnet, and who has an address in it already.
    #[must_use]
    pub fn new(subnet: Option<(IpAddr, u8)>, known: BTreeMap<IpAddr, Resident>) -> Self {
        Self { subnet, known: Mutex::new(known), each: Vec::new() }
    }

    /// Who can be an instance of none of several engines.
    #[must_use]
    pub fn of_all(each: Vec<Arc<Self>>) -> Self {
        Self { each, ..Self::default() }
    }

    /// Who a caller is, if it cannot be an instance.
    #[must_use]
    pub fn find(&self, caller: Caller) -> Option<String> {
        if let Some((first, others)) = self.each.split_first() {
            let of_others = others.iter().all(|one| one.find(caller).is_some());
            return first.find(caller).filter(|_| of_others);
        }
        let Caller::Address(address) = caller else { return None };
        if let Some(resident) = self.lock().get(&address) {
            return Some(format!("{address} ({})", resident.name));
        }
        let outside = self.subnet.is_some_and(|subnet| !contains(subnet, address));
        outside.then(|| format!("{address} (of another network)"))
    }

    /// A container has left the network: the next may get its address.
    pub fn left(&self, id: &str) {
        self.lock().retain(|_, resident| resident.id != id);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<IpAddr, Resident>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
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

    fn strangers(subnet: Option<(&str, u8)>, known: &[(&str, &str, &str)]) -> Strangers {
        let resident = |(address, id, name): &(&str, &str, &str)| {
            let resident = Resident { id: (*id).to_owned(), name: (*name).to_owned() };
            (address.parse().unwrap(), resident)
        };
        let subnet = subnet.map(|(network, prefix)| (network.parse().unwrap(), prefix));
        Strangers::new(subnet, known.iter().map(resident).collect())
    }

    #[test]
    fn who_was_there_before_and_who_is_of_another_network_is_a_stranger() {
        let strangers = strangers(
            Some(("172.17.0.0", 16)),
            &[("172.17.0.1", "", "this host"), ("172.17.0.2", "4f6a", "container scan")],
        );
        assert_eq!(find(&strangers, "172.17.0.1").unwrap(), "172.17.0.1 (this host)");
        assert_eq!(find(&strangers, "172.17.0.2").unwrap(), "172.17.0.2 (container scan)");
        assert_eq!(find(&strangers, "172.18.0.2").unwrap(), "172.18.0.2 (of another network)");
        assert!(find(&strangers, "fd00::1").is_some());
        assert_eq!(find(&strangers, "172.17.255.254"), None);
        assert_eq!(strangers.find(Caller::Sole), None);
        strangers.left("another");
        assert!(find(&strangers, "172.17.0.2").is_some());
        strangers.left("4f6a");
        assert_eq!(find(&strangers, "172.17.0.2"), None, "an instance may have it now");
        assert!(find(&strangers, "172.17.0.1").is_some(), "the host stays");
    }

    #[test]
    fn of_several_engines_who_may_be_an_instance_of_one_is_no_stranger() {
        let first =
            strangers(Some(("172.17.0.0", 16)), &[("172.17.0.2", "4f6a", "container scan")]);
        let second = strangers(Some(("10.88.0.0", 16)), &[("10.88.0.1", "", "this host")]);
        let all = Strangers::of_all(vec![Arc::new(first), Arc::new(second)]);
        for instance in ["172.17.0.9", "10.88.0.7"] {
            assert_eq!(find(&all, instance), None);
        }
        for stranger in ["172.17.0.2", "10.88.0.1", "192.168.0.1"] {
            assert!(find(&all, stranger).is_some(), "{stranger}");
        }
    }

    #[test]
    fn without_a_subnet_only_known_addresses_are_strange() {
        assert_eq!(find(&Strangers::default(), "10.0.0.1"), None);
        assert_eq!(find(&strangers(Some(("0.0.0.0", 0)), &[]), "10.0.0.1"), None);
    }
}
