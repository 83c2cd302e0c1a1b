//! The rules of the authorization server. No actix, no sqlx, no clock of its own.
//!
//! | endpoint                      | law                                  | file               |
//! |-------------------------------|--------------------------------------|--------------------|
//! | `/oauth/authorize`, `/consent`| OAuth 2.1 §4.1.1, RFC 8707, RFC 9207 | `authorize`        |
//! | `/oauth/par`                  | RFC 9126                             | `par`              |
//! | `/oauth/token`                | OAuth 2.1 §3.2, §4.1.3, §4.2, §4.3   | `token`, `grants`  |
//! | `/oauth/device_authorization`, `/device` | RFC 8628                  | `device`           |
//! | `/oauth/register`             | RFC 7591, RFC 7592                   | `registration`     |
//! | a `client_id` that is a URL   | client ID metadata documents         | `cimd`             |
//! | `/oauth/revoke`               | RFC 7009                             | `revoke`           |
//! | `/oauth/introspect`           | RFC 7662                             | `introspect`       |
//! | `/oauth/userinfo`             | OpenID Connect Core §5.3             | `userinfo`         |
//! | proofs of possession          | RFC 9449                             | `dpop`             |
//! | `/.well-known/…`              | RFC 8414, OpenID Connect Discovery   | `metadata`         |
//! | `/keys`                       | RFC 7517                             | `keys`             |
//! | `/resources/{res}/…`          | the ScaleKit dialect                 | `scalekit`         |

pub mod access_token;
pub mod approval;
pub mod authorize;
pub mod call;
pub mod cimd;
pub mod client;
pub mod client_assertion;
pub mod client_auth;
pub mod connected;
pub mod device;
pub mod dpop;
pub mod error;
pub mod error_redirect;
pub mod flow;
pub mod grants;
pub mod introspect;
pub mod issuers;
pub mod jose;
pub mod keys;
pub mod metadata;
mod oxide;
pub mod par;
pub mod params;
pub mod pkce;
pub mod redirect_uri;
pub mod registration;
pub mod resource;
pub mod revoke;
pub mod scalekit;
pub mod scopes;
pub mod token;
pub mod userinfo;

use crate::audit::Audit;
use crate::fetch::Fetcher;
use crate::settings::Settings;
use crate::store::Store;
use crate::types::urls::Issuer;
use crate::types::{Clock, MasterKey, Requirement, Rng};

/// Lifetimes and limits, from the settings. All in seconds.
#[derive(Clone, Copy, Debug)]
pub struct Lifetimes {
    /// Access tokens, where the resource says nothing else.
    pub access_token: i64,
    /// A refresh token that is not used.
    pub refresh_idle: i64,
    /// A refresh token however much it is used.
    pub refresh_absolute: i64,
    /// How long a spent refresh token gives its unused successor once more.
    pub refresh_retry: i64,
    /// Authorization codes.
    pub code: i64,
}

impl Lifetimes {
    /// A refresh token for this resource however much it is used.
    pub fn refresh_for(&self, resource: &resource::Resource) -> i64 {
        resource.refresh_token_seconds.unwrap_or(self.refresh_absolute)
    }
}

/// Everything the rules work on; clones share it.
#[derive(Clone)]
pub struct OAuth {
    pub store: Store,
    pub clock: Clock,
    pub rng: Rng,
    pub issuer: Issuer,
    pub lifetimes: Lifetimes,
    /// Whether each proof must carry a nonce of ours.
    pub dpop_nonce: bool,
    pub master: MasterKey,
    pub keys: keys::Keyring,
    pub resources: resource::Resources,
    /// Issuers elsewhere whose assertions are taken, and the rules of exchanges.
    pub trusted: issuers::TrustedIssuers,
    pub clients: client::Clients,
    pub audit: Audit,
    pub revocations: crate::trust::Revocations,
    /// Notes when grants were last used.
    pub usage: crate::trust::Usage,
    /// What administrators set: who must show a second factor, whether clients may register themselves.
    pub settings: Settings,
    /// Documents that strangers name.
    pub fetch: Fetcher,
    pub devices: device::Devices,
    pub pushing: par::Pushing,
    /// Whether clients may name themselves by the URL of a document.
    pub documents_enabled: bool,
}

impl OAuth {
    /// Who must have shown a second factor for access to be renewed.
    pub fn second_factor(&self) -> Requirement {
        self.settings.current().second_factor.value
    }

    /// Whether clients may register themselves now: that is allowed, and a resource whose tokens are made here is
    /// open to them.
    pub fn is_registration_open(&self) -> bool {
        let now = self.clock.now();
        self.settings.current().registration.value
            && self.resources.current().all().iter().any(|r| r.registration_open && r.believes.takes_own(now))
    }

    /// The resource that a request is for, if its tokens are made here.
    ///
    /// # Errors
    /// `invalid_target`, before anything is spent.
    pub fn resolve<'a>(
        &self,
        values: impl Iterator<Item = &'a str>,
    ) -> Result<std::sync::Arc<resource::Resource>, error::Refusal> {
        let resource = self.resources.current().resolve(values)?;
        resource.check_own(self.clock.now())?;
        Ok(resource)
    }
}

/// Where a request came from; goes into the audit trail.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// The address of the peer, or of the client a trusted proxy names.
    pub address: Option<String>,
}
