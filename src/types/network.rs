//! What one subscriber of a network holds, so that limits count places rather than addresses.

use std::net::IpAddr;

/// An IPv4 address, or the /64 of an IPv6 address; other text as it is.
pub fn subscriber(address: &str) -> String {
    match address.parse::<IpAddr>() {
        Ok(IpAddr::V6(v6)) => match v6.to_ipv4_mapped() {
            Some(v4) => v4.to_string(),
            None => v6.segments()[..4].iter().map(|s| format!("{s:x}")).collect::<Vec<_>>().join(":"),
        },
        _ => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::subscriber;

    #[test]
    fn a_subscriber_holds_an_ipv4_address_or_an_ipv6_64() {
        assert_eq!(subscriber("192.0.2.1"), "192.0.2.1");
        assert_eq!(subscriber("::ffff:192.0.2.1"), "192.0.2.1");
        assert_eq!(subscriber("2001:db8:1:2:3::4"), subscriber("2001:db8:1:2:ffff::1"));
        assert_ne!(subscriber("2001:db8:1:2::1"), subscriber("2001:db8:1:3::1"));
    }
}
