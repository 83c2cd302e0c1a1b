//! Names become addresses once for each connection, and the connection goes to what was judged.
//!
//! A name is refused as a whole when one of its addresses is special: whoever mixes them wants to be lucky. Nothing
//! is looked up a second time between judging and connecting, so a name cannot point elsewhere meanwhile.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::target::Reach;

/// The most addresses of one name.
const MAX_ADDRESSES: usize = 32;

/// Where names are looked up.
pub trait Lookup: Send + Sync {
    /// Every address of a host.
    fn lookup<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>>;
}

/// The machine's resolver.
#[derive(Clone, Copy, Debug, Default)]
pub struct System;

impl Lookup for System {
    fn lookup<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        async move { Ok(tokio::net::lookup_host((host, 0)).await?.map(|found| found.ip()).collect()) }.boxed()
    }
}

/// Why a name leads nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Barred {
    #[error("the name has an address that is not public")]
    Special,
    #[error("the name has no address")]
    Unknown,
}

/// The resolver that the HTTP client is given.
#[derive(Clone)]
pub struct Guarded {
    lookup: Arc<dyn Lookup>,
    reach: Reach,
}

impl Guarded {
    pub fn new(lookup: Arc<dyn Lookup>, reach: Reach) -> Self {
        Self { lookup, reach }
    }

    /// The addresses of a name, all of which may be connected to.
    pub async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, Barred> {
        let found = self.lookup.lookup(host).await.map_err(|_| Barred::Unknown)?;
        if found.is_empty() || found.len() > MAX_ADDRESSES {
            return Err(Barred::Unknown);
        }
        if found.iter().all(|&address| self.reach.allows(host, address)) {
            Ok(found)
        } else {
            Err(Barred::Special)
        }
    }
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let guarded = self.clone();
        async move {
            let found = guarded.addresses(name.as_str()).await?;
            // Port 0: that of the URL.
            let addresses: Addrs = Box::new(found.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(addresses)
        }
        .boxed()
    }
}
