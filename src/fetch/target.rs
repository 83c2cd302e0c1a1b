//! Which URLs are asked for at all, before a name is looked up.
//!
//! | URL                                               | public server | development | test                       |
//! |---------------------------------------------------|---------------|-------------|----------------------------|
//! | https to a name or a public address               | yes           | yes         | `the_table_of_urls`        |
//! | http or https to `localhost`, 127.0.0.0/8, `[::1]`| no            | yes         | `the_table_of_urls`        |
//! | http to any other host, other schemes             | no            | no          | `the_table_of_urls`        |
//! | to a special address, however it is spelled       | no            | no          | `no_spelling_hides_an_address` |
//! | with user name, password, fragment, trailing dot  | no            | no          | `the_table_of_urls`        |
//!
//! Development: this server itself is on loopback, so only programs of this machine reach it.

use std::net::IpAddr;

use url::{Host, Url};

use super::address::is_public;
use super::fault::Fault;
use crate::types::urls::{Issuer, is_loopback};

/// The longest URL, in bytes.
const MAX_URL: usize = 2048;

/// How far this server may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Over https to the public internet.
    Public,
    /// To this machine as well, also over http.
    Development,
}

impl Reach {
    /// The reach of a server with this public URL.
    pub fn of(issuer: &Issuer) -> Self {
        if issuer.is_loopback() { Self::Development } else { Self::Public }
    }

    /// Whether a connection to this address may be made for this host. A name that only points at this machine is
    /// not one of its own names: whoever owns it may be anywhere.
    pub fn allows(self, host: &str, address: IpAddr) -> bool {
        if self == Self::Development && host.eq_ignore_ascii_case("localhost") {
            return address.is_loopback();
        }
        is_public(address)
    }
}

/// A URL that may be asked for.
#[derive(Clone, Debug)]
pub struct Target {
    pub url: Url,
    /// What its fetches are counted under.
    pub host: String,
}

impl Target {
    /// By the table above.
    pub fn parse(text: &str, reach: Reach) -> Result<Self, Fault> {
        if text.len() > MAX_URL {
            return Err(Fault::BadUrl("it is too long"));
        }
        let url = Url::parse(text).map_err(|_| Fault::BadUrl("it is not an absolute URL"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Fault::BadUrl("it has a user name or a password"));
        }
        if url.fragment().is_some() {
            return Err(Fault::BadUrl("it has a fragment"));
        }
        let here = reach == Reach::Development && is_loopback(&url);
        match url.scheme() {
            "https" => {}
            "http" if here => {}
            _ => return Err(Fault::BadUrl("it is not https")),
        }
        let address = match url.host() {
            Some(Host::Domain(name)) if name.ends_with('.') => {
                return Err(Fault::BadUrl("its host ends with a dot"));
            }
            Some(Host::Domain(name)) if !here && is_name_of_this_machine(name) => {
                return Err(Fault::SpecialAddress);
            }
            Some(Host::Domain(_)) => None,
            Some(Host::Ipv4(v4)) => Some(IpAddr::V4(v4)),
            Some(Host::Ipv6(v6)) => Some(IpAddr::V6(v6)),
            None => return Err(Fault::BadUrl("it has no host")),
        };
        if address.is_some_and(|address| !here && !is_public(address)) {
            return Err(Fault::SpecialAddress);
        }
        let host = url.host_str().unwrap_or_default().to_owned();
        Ok(Self { url, host })
    }
}

/// RFC 6761 §6.3: these never leave the machine, whatever a resolver says.
fn is_name_of_this_machine(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost")
}
