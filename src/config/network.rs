//! Addresses and networks of trusted proxies.

use std::fmt;
use std::net::IpAddr;

use super::error::Problem;
use super::key::Key;
use super::parse::Setting;

/// An address, or a network in CIDR notation. An IPv4 address also matches in its IPv6-mapped form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    base: IpAddr,
    prefix: u8,
}

impl Network {
    /// Whether `ip` is in the network.
    pub fn contains(&self, ip: IpAddr) -> bool {
        match (self.base, ip.to_canonical()) {
            (IpAddr::V4(base), IpAddr::V4(ip)) => {
                let shift = 32 - u32::from(self.prefix);
                u32::from(base).checked_shr(shift) == u32::from(ip).checked_shr(shift)
            }
            (IpAddr::V6(base), IpAddr::V6(ip)) => {
                let shift = 128 - u32::from(self.prefix);
                u128::from(base).checked_shr(shift) == u128::from(ip).checked_shr(shift)
            }
            _ => false,
        }
    }

    /// Whether every address of its family is in it.
    pub const fn is_everything(&self) -> bool {
        self.prefix == 0
    }

    fn read(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse::<u8>().ok()?)),
            None => (text, None),
        };
        let base = address.parse::<IpAddr>().ok()?;
        let longest = if base.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.unwrap_or(longest);
        (prefix <= longest).then_some(Self { base, prefix })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.base, self.prefix)
    }
}

impl Setting for Network {
    fn parse(text: &str, _: &Key) -> Result<Self, Problem> {
        Self::read(text).ok_or_else(|| {
            Problem::new(
                format!("\"{text}\" is neither an IP address nor a network"),
                "write addresses or networks, e.g. 10.0.0.7 or 10.0.0.0/8 or fd00::/8",
            )
        })
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contains_by_prefix() {
        let holds = |network: &str, ip: &str| Network::read(network).unwrap().contains(ip.parse().unwrap());
        assert!(holds("10.0.0.0/8", "10.255.0.1"));
        assert!(holds("10.0.0.0/8", "::ffff:10.1.2.3"));
        assert!(!holds("10.0.0.0/8", "11.0.0.1"));
        assert!(holds("10.0.0.7", "10.0.0.7"));
        assert!(!holds("10.0.0.7", "10.0.0.8"));
        assert!(holds("fd00::/8", "fd12::1"));
        assert!(!holds("fd00::/8", "10.0.0.1"));
        assert!(holds("0.0.0.0/0", "192.0.2.1"));
        assert!(holds("::/0", "2001:db8::1"));
        for bad in ["10.0.0.0/33", "10.0.0/8", "::/129", "proxy", "10.0.0.1/x", ""] {
            assert!(Network::read(bad).is_none(), "{bad}");
        }
    }
}
