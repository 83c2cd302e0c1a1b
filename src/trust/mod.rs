//! Whom the resource server believes, and what has been taken back since.
//!
//! | the resource takes tokens of          | the token claims to be from | judged by                               |
//! |---------------------------------------|-----------------------------|-----------------------------------------|
//! | this server                           | –                           | `embedded`                              |
//! | ScaleKit                              | –                           | `scalekit`                              |
//! | both, for a while                     | the ScaleKit environment    | `scalekit`                              |
//! | both, for a while                     | anybody else                | `embedded`                              |
//! | nobody (ScaleKit, but not set up yet) | –                           | refused                                 |
//!
//! [`Trust`] is all that others see: which of the two is in force for a resource, and why, is decided in `whom`. The
//! claimed issuer only chooses who judges, and each accepts its own issuer alone. It owns no HTTP: which header a token
//! came in, and what the 401 looks like, is the web layer's.

mod embedded;
pub mod fetch;
pub mod kept;
mod refusal;
mod revocations;
mod scalekit;
mod usage;
pub mod whom;

use std::future::Future;
use std::sync::Arc;

use self::embedded::Embedded;
pub use self::embedded::read_unexpired;
use self::fetch::NoClient;
pub use self::refusal::{BadToken, VerifyError};
pub use self::revocations::Revocations;
pub use self::scalekit::ServerMetadata;
use self::scalekit::{ScaleKit, claimed_issuer};
pub use self::usage::{LastNoted, Usage};
pub use self::whom::Believes;
use self::whom::Whom;
use crate::mcp::Principal;
use crate::oauth::OAuth;
use crate::oauth::error::Refusal;
use crate::oauth::resource::Resource;

/// One way of believing tokens.
trait Verifier {
    /// Who the bearer of a token is, at this resource.
    fn verify(
        &self,
        token: &str,
        resource: &Resource,
    ) -> impl Future<Output = Result<Arc<Principal>, VerifyError>> + Send;

    /// Drops what was verified: keys, scopes, resources or clients changed, or what is told of a person.
    fn forget_all(&self);
}

/// Both ways; clones share what they remember.
#[derive(Clone)]
pub struct Trust {
    ctx: OAuth,
    embedded: Embedded,
    scalekit: ScaleKit,
}

/// What a client that looks for the metadata of an authorization server gets.
pub enum Server {
    /// This server's own.
    Own,
    /// That of another, as it came.
    Other(Arc<ServerMetadata>),
    /// There is none.
    Nobody,
}

impl Trust {
    pub fn new(ctx: OAuth) -> Result<Self, NoClient> {
        let scalekit = ScaleKit::new(ctx.clock.clone(), ctx.resources.clone(), ctx.usage.clone())?;
        Ok(Self { embedded: Embedded::new(ctx.clone()), scalekit, ctx })
    }

    /// Who the bearer of a token is, at this resource.
    pub async fn verify(&self, token: &str, resource: &Resource) -> Result<Arc<Principal>, VerifyError> {
        let now = self.ctx.clock.now();
        let believes = &resource.believes;
        let claims_other = || {
            let foreign = believes.scalekit(now);
            claimed_issuer(token).is_some_and(|iss| foreign.is_some_and(|foreign| foreign.is_issuer(&iss)))
        };
        let by_scalekit = match (believes.main(), believes.also(now)) {
            (Whom::Nobody, _) => return Err(BadToken::ForeignIssuer.into()),
            (Whom::Embedded, None) => false,
            (Whom::ScaleKit(_), None) => true,
            (_, Some(_)) => claims_other(),
        };
        if by_scalekit {
            self.scalekit.verify(token, resource).await
        } else {
            self.embedded.verify(token, resource).await
        }
    }

    /// Drops what was verified: keys, scopes, resources or clients changed, or what is told of a person.
    pub fn forget_all(&self) {
        self.embedded.forget_all();
        self.scalekit.forget_all();
    }

    /// Whether this server makes tokens now: some resource takes them.
    pub fn issues_tokens(&self) -> bool {
        let now = self.ctx.clock.now();
        self.ctx.resources.current().all().iter().any(|resource| resource.believes.takes_own(now))
    }

    /// The issuers whose tokens a resource takes, the main one first, as clients know them.
    pub fn issuers(&self, resource: &Resource) -> Vec<String> {
        let own = crate::oauth::scalekit::authorization_server(&self.ctx.issuer, resource);
        resource.believes.issuers(&own, self.ctx.clock.now())
    }

    /// The authorization server that clients of this resource are to use.
    ///
    /// # Errors
    /// When it is elsewhere, and its metadata cannot be had now.
    pub async fn server(&self, resource: &Resource) -> Result<Server, Refusal> {
        match resource.believes.main() {
            Whom::Embedded => Ok(Server::Own),
            Whom::ScaleKit(foreign) => self.scalekit.server_metadata(foreign).await.map(Server::Other),
            Whom::Nobody => Ok(Server::Nobody),
        }
    }
}
