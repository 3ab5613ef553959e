//! Addresses for a bridge: a subnet that no route of this machine touches. Pure.

use std::net::Ipv4Addr;

use super::PREFIX;

/// The first address of each subnet that is tried, in this order: private ones, in ranges
/// that few engines and offices use.
fn candidates() -> impl Iterator<Item = Ipv4Addr> {
    (213..=252).map(|second| Ipv4Addr::new(10, second, 77, 1))
}

/// The bridge's address in the first subnet that is free, by the kernel's table of routes.
pub(super) fn free(routes: &str) -> Option<Ipv4Addr> {
    let routes: Vec<(u32, u32)> = routes.lines().skip(1).filter_map(route).collect();
    let own = u32::MAX << (32 - u32::from(PREFIX));
    let touches = |address: Ipv4Addr, (to, mask): &(u32, u32)| {
        let both = own & mask;
        // A route to everywhere else is in nobody's way.
        *mask != 0 && address.to_bits() & both == to & both
    };
    candidates().find(|address| !routes.iter().any(|route| touches(*address, route)))
}

/// Destination and mask of a line of `/proc/net/route`: hexadecimal, in the machine's order.
fn route(line: &str) -> Option<(u32, u32)> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let number = |at: usize| {
        let bits = u32::from_str_radix(fields.get(at)?, 16).ok()?;
        Some(u32::from_be_bytes(bits.to_ne_bytes()))
    };
    Some((number(1)?, number(7)?))
}

/// The addresses of a bridge's subnet that instances may have.
pub(super) fn others(bridge: Ipv4Addr) -> impl Iterator<Item = Ipv4Addr> {
    let first = bridge.to_bits() & (u32::MAX << (32 - u32::from(PREFIX)));
    let all = (2..255).map(move |n| Ipv4Addr::from_bits(first + n));
    all.filter(move |address| *address != bridge)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT\n";

    fn line(to: Ipv4Addr, bits: u32) -> String {
        let shown = |bits: u32| format!("{:08X}", u32::from_ne_bytes(bits.to_be_bytes()));
        let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
        format!("eth0 {} 0 1 0 0 0 {} 0 0 0\n", shown(to.to_bits()), shown(mask))
    }

    #[test]
    fn a_subnet_that_a_route_touches_is_left_alone() {
        let with = |lines: &[String]| free(&format!("{HEAD}{}", lines.concat()));
        let default = line(Ipv4Addr::UNSPECIFIED, 0);
        let first = Some(Ipv4Addr::new(10, 213, 77, 1));
        assert_eq!(with(std::slice::from_ref(&default)), first);
        assert_eq!(with(&[line(Ipv4Addr::new(172, 17, 0, 0), 16)]), first);
        let wider = line(Ipv4Addr::new(10, 213, 0, 0), 16);
        assert_eq!(with(&[default, wider]), Some(Ipv4Addr::new(10, 214, 77, 1)));
        let narrower = line(Ipv4Addr::new(10, 213, 77, 128), 25);
        assert_eq!(with(&[narrower]), Some(Ipv4Addr::new(10, 214, 77, 1)));
        assert_eq!(with(&[line(Ipv4Addr::new(10, 0, 0, 0), 8)]), None);
        assert_eq!(free("broken\n\u{0}"), first);
    }

    #[test]
    fn instances_have_neither_the_bridges_address_nor_that_of_all() {
        let all: Vec<_> = others(Ipv4Addr::new(10, 213, 77, 1)).collect();
        assert_eq!((all.len(), all[0].octets()[3], all[252].octets()[3]), (253, 2, 254));
    }
}
