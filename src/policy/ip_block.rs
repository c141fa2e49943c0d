//! IP blocks.

use std::net::IpAddr;

use ipnet::IpNet;

/// Whether a block contains an address. IPv4 inside IPv6 counts as IPv4.
pub(super) fn contains(block: &IpNet, address: IpAddr) -> bool {
    block.contains(&address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::host::network;

    #[test]
    fn blocks_hold_the_addresses_with_their_first_bits() {
        for (block, address, expected) in [
            ("10.1.2.3", "10.1.2.3", true),
            ("10.1.2.3", "10.1.2.4", false),
            ("10.9.9.9/8", "10.1.2.3", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("10.1.2.0/25", "10.1.2.128", false),
            ("0.0.0.0/0", "1.1.1.1", true),
            ("0.0.0.0/0", "::1", false),
            ("10.0.0.0/8", "::ffff:10.1.1.1", true),
            ("2001:db8::/32", "2001:db8:1::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("::/0", "::1", true),
        ] {
            assert_eq!(contains(&network(block).unwrap(), address.parse().unwrap()), expected, "{block} {address}");
        }
        for invalid in ["10.0.0.0/33", "10.0.0", "10.0.0.0/x", "", "::/129"] {
            assert_eq!(network(invalid), None, "{invalid}");
        }
    }
}
