//! Names become addresses once for each connection, and the connection goes to what was judged.
//!
//! A name is refused as a whole when one of its addresses is special: whoever mixes them wants to be lucky. Nothing
//! is looked up a second time between judging and connecting, so a name cannot point elsewhere meanwhile.
//!
//! The machine's resolver blocks a thread, and goes on after whoever asked has given up. So only so many lookups are under
//! way at a time, until they really end:
//!
//! | lookups under way for the same kind of asker | one more                        |
//! |----------------------------------------------|---------------------------------|
//! | fewer than [`PLACES`]                        | begins                          |
//! | as many                                      | is refused at once, and said so |

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::Semaphore;

use super::target::Reach;

/// The most addresses of one name.
const MAX_ADDRESSES: usize = 32;

/// Where names are looked up.
pub trait Lookup: Send + Sync {
    /// Every address of a host.
    fn lookup<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>>;
}

/// The most lookups under way at a time, of one resolver.
pub const PLACES: usize = 16;

/// A resolver that blocks.
type Ask = fn(&str) -> io::Result<Vec<IpAddr>>;

/// The machine's resolver, with places of its own: one for each kind of asker, so that none takes another's.
#[derive(Clone, Debug)]
pub struct System {
    places: Arc<Semaphore>,
    ask: Ask,
}

impl System {
    /// One that asks another way.
    pub(super) fn asking(ask: Ask) -> Self {
        Self { places: Arc::new(Semaphore::new(PLACES)), ask }
    }
}

impl Default for System {
    fn default() -> Self {
        Self::asking(|host| Ok((host, 0).to_socket_addrs()?.map(|found| found.ip()).collect()))
    }
}

impl Lookup for System {
    fn lookup<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        let place = Arc::clone(&self.places).try_acquire_owned();
        async move {
            let place = place.map_err(|_| io::Error::from(io::ErrorKind::WouldBlock))?;
            let (ask, host) = (self.ask, host.to_owned());
            let asked = tokio::task::spawn_blocking(move || {
                let found = ask(&host);
                // Not before: whoever waits may have given up long ago.
                drop(place);
                found
            });
            asked.await.map_err(io::Error::other)?
        }
        .boxed()
    }
}

/// Why a name leads nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Barred {
    #[error("the name has an address that is not public")]
    Special,
    #[error("the name has no address")]
    Unknown,
    #[error("too many names are being looked up")]
    Busy,
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
        let found = self.lookup.lookup(host).await.map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock => Barred::Busy,
            _ => Barred::Unknown,
        })?;
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
