//! Blocks of addresses.

use std::net::{IpAddr, Ipv6Addr};

/// An address, or all that start with the same bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct IpBlock {
    address: IpAddr,
    length: u32,
}

impl IpBlock {
    /// Reads `10.1.2.3` or `10.0.0.0/8`. Bits behind the length do not matter.
    pub(super) fn parse(written: &str) -> Option<Self> {
        let (address, length) = match written.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (written, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let length = length.map_or(Some(width), |length| length.parse().ok().filter(|length| *length <= width))?;
        Some(Self { address, length })
    }

    /// Whether an address is one of the block's.
    pub(super) fn contains(&self, address: IpAddr) -> bool {
        let address = match address {
            IpAddr::V6(wide) => wide.to_ipv4_mapped().map_or(address, IpAddr::V4),
            IpAddr::V4(_) => address,
        };
        if self.address.is_ipv4() != address.is_ipv4() {
            return false;
        }
        let unused = if self.address.is_ipv4() { 32 } else { 128 } - self.length;
        let prefix = |address| bits(address).checked_shr(unused).unwrap_or(0);
        prefix(self.address) == prefix(address)
    }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => Ipv6Addr::to_bits(address),
    }
}

#[cfg(test)]
mod tests {
    use super::IpBlock;

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
            assert_eq!(
                IpBlock::parse(block).unwrap().contains(address.parse().unwrap()),
                expected,
                "{block} {address}"
            );
        }
        for invalid in ["10.0.0.0/33", "10.0.0", "10.0.0.0/x", "", "::/129"] {
            assert_eq!(IpBlock::parse(invalid), None, "{invalid}");
        }
    }
}
