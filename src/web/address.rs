//! Where a request comes from: the peer, or what a trusted proxy says.

use std::net::IpAddr;

use actix_web::HttpRequest;

use super::State;
use crate::oauth::Origin;

/// The address to count and to record.
///
/// `X-Forwarded-For` is read from the right: each trusted proxy vouches for the entry it appended, and the
/// first address that is no trusted proxy is the client. Anything to the left of it is the client's own word.
pub fn origin(state: &State, request: &HttpRequest) -> Origin {
    let Some(peer) = request.peer_addr().map(|a| a.ip()) else { return Origin::default() };
    let trusted = |ip: IpAddr| state.settings.trusted_proxies.iter().any(|n| n.contains(ip));
    let mut address = peer;
    if trusted(peer) {
        let forwarded = request.headers().get_all("x-forwarded-for").filter_map(|v| v.to_str().ok());
        let chain: Vec<&str> = forwarded.flat_map(|v| v.split(',')).map(str::trim).collect();
        for entry in chain.iter().rev() {
            let Ok(ip) = entry.parse::<IpAddr>() else { break };
            address = ip;
            if !trusted(ip) {
                break;
            }
        }
    }
    Origin { address: Some(address.to_canonical().to_string()) }
}
