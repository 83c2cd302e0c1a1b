//! The keys of a trusted issuer: where they are, and whether one of them signed an assertion.
//!
//! | the administrator said  | keys are read from                                                                          |
//! |-------------------------|---------------------------------------------------------------------------------------------|
//! | discovery               | `jwks_uri` of `<issuer>/.well-known/openid-configuration`, else of its RFC 8414 metadata    |
//! | an address              | that address                                                                                |
//! | a key set               | that set; nothing is asked for                                                              |
//!
//! Metadata must name the very issuer, byte for byte; addresses are https, or http on this machine. What an administrator
//! wrote may be a private address. Of what metadata names:
//!
//! | `jwks_uri` of the metadata                              | may be private | test                                  |
//! |---------------------------------------------------------|----------------|---------------------------------------|
//! | at the host of the issuer                               | yes            | `what_metadata_names_may_be_private_only_near_its_issuer` |
//! | elsewhere, the issuer's name is of a private network, see [`PRIVATE`] | yes | the same                          |
//! | elsewhere                                               | no             | the same                              |
//!
//! Whose metadata is public could otherwise send this server into the network around it.

use std::collections::HashSet;
use std::sync::Arc;

use serde::Deserialize;
use url::{Host, Url};

use super::matching::Claims;
use super::{TrustedIssuer, TrustedIssuers};
use crate::fetch::is_public;
use crate::oauth::error::{Code, Reason, Refusal};
use crate::oauth::jose::{self, Keys};
use crate::store::trusted_issuers::{IssuerRow, KeysFrom};
use crate::trust::fetch::{self, Fault, Http};
use crate::trust::kept::{Kept, Lack, keep, kept, peek, places};
use crate::types::Timestamp;
use crate::types::urls::is_loopback;

/// What is looked at of an issuer's metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discovered {
    pub jwks_uri: String,
    pub may_be_private: bool,
}

/// What the names of private networks end with (RFC 6761, RFC 6762 appendix G, RFC 8375, Kubernetes).
const PRIVATE: [&str; 11] = [
    ".local",
    ".localhost",
    ".internal",
    ".intranet",
    ".private",
    ".corp",
    ".home",
    ".lan",
    ".home.arpa",
    ".svc",
    ".test",
];

/// Whether this is the name of a host of a private network.
fn is_of_private_network(host: &Host<&str>) -> bool {
    match host {
        Host::Ipv4(address) => !is_public((*address).into()),
        Host::Ipv6(address) => !is_public((*address).into()),
        Host::Domain(name) => {
            let name = name.trim_end_matches('.');
            !name.contains('.') || PRIVATE.iter().any(|end| name.ends_with(end))
        }
    }
}

/// The last table above.
fn may_be_private(issuer: &str, jwks_uri: &str) -> bool {
    let (Ok(issuer), Ok(uri)) = (Url::parse(issuer), Url::parse(jwks_uri)) else { return false };
    issuer.host().is_some_and(|host| uri.host() == Some(host.clone()) || is_of_private_network(&host))
}

impl Discovered {
    fn read(bytes: &[u8], issuer: &str) -> Result<Self, Fault> {
        #[derive(Deserialize)]
        struct Document {
            issuer: String,
            jwks_uri: String,
        }
        let document: Document = serde_json::from_slice(bytes)
            .map_err(|_| Fault::Unreadable("it is not metadata with issuer and jwks_uri".to_owned()))?;
        if document.issuer != issuer {
            return Err(Fault::Unreadable("it is the metadata of another issuer".to_owned()));
        }
        // Plain http only where an administrator wrote it: a foreign document leads to no service of this machine.
        let is_as_safe = document.jwks_uri.starts_with("https:") || issuer.starts_with("http:");
        if !is_fetchable(&document.jwks_uri) || !is_as_safe {
            return Err(Fault::Unreadable("its jwks_uri is not https".to_owned()));
        }
        Ok(Self { may_be_private: may_be_private(issuer, &document.jwks_uri), jwks_uri: document.jwks_uri })
    }
}

/// Where keys are, and how far this server may be sent for them.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    url: String,
    may_be_private: bool,
}

impl Place {
    /// An address that an administrator wrote.
    fn written(url: &str) -> Self {
        Self { url: url.to_owned(), may_be_private: true }
    }

    /// One that metadata names.
    fn named(found: &Discovered) -> Self {
        Self { url: found.jwks_uri.clone(), may_be_private: found.may_be_private }
    }

    /// Under what it is kept: what was fetched from a private address serves nobody who may not be led there.
    fn on_shelf(&self) -> String {
        if self.may_be_private { self.url.clone() } else { format!("public {}", self.url) }
    }
}

/// Whether something may be fetched from there.
pub fn is_fetchable(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else { return false };
    let is_bare = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    is_bare && (url.scheme() == "https" || url.scheme() == "http" && is_loopback(&url))
}

/// Where an issuer's metadata may be, in the order they are tried.
fn metadata_urls(issuer: &str) -> Vec<String> {
    let mut urls = vec![format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'))];
    if let Ok(url) = Url::parse(issuer) {
        let (origin, path) = (url.origin().ascii_serialization(), url.path().trim_end_matches('/'));
        urls.push(format!("{origin}/.well-known/oauth-authorization-server{path}"));
    }
    urls
}

fn read_keys(bytes: &[u8]) -> Result<Keys, Fault> {
    Keys::read(bytes).map_err(|fault| Fault::Unreadable(format!("it {fault}")))
}

fn unavailable() -> Refusal {
    Refusal::new(
        Code::TemporarilyUnavailable,
        Reason::IssuerUnavailable,
        "the keys of the assertion's issuer cannot be had now; try again shortly",
    )
}

fn wrong(fault: jose::Fault) -> Refusal {
    let (reason, text) = match fault {
        jose::Fault::UnknownKey => {
            (Reason::UnknownIssuerKey, "assertion is signed with a key that its issuer does not publish")
        }
        jose::Fault::Algorithm => {
            (Reason::BadAssertionSignature, "assertion is signed with an algorithm that is not accepted")
        }
        jose::Fault::Signature => {
            (Reason::BadAssertionSignature, "the signature of assertion does not verify")
        }
        _ => (Reason::BadAssertion, "assertion is not a signed JWT of this kind"),
    };
    Refusal::new(Code::InvalidGrant, reason, text)
}

impl TrustedIssuers {
    /// The claims of an assertion that this issuer signed. `typ`: as [`Keys::verify`] takes it.
    ///
    /// # Errors
    /// `invalid_grant`; `temporarily_unavailable` when no keys can be had.
    pub async fn verify(
        &self,
        issuer: &TrustedIssuer,
        assertion: &str,
        typ: &[&str],
        now: Timestamp,
    ) -> Result<Claims, Refusal> {
        let set = match &issuer.row.keys {
            KeysFrom::Inline(set) => Arc::new(Keys::read(set.as_bytes()).map_err(wrong)?),
            KeysFrom::Uri(uri) => self.keys_at(&Place::written(uri), assertion, typ, now).await?,
            KeysFrom::Discovery => {
                let place = self.discover(&issuer.row.issuer, now).await?;
                self.keys_at(&place, assertion, typ, now).await?
            }
        };
        set.verify(assertion, typ).map_err(wrong)
    }

    /// The set at an address, with the key of the assertion in it where there is one.
    async fn keys_at(
        &self,
        place: &Place,
        assertion: &str,
        typ: &[&str],
        now: Timestamp,
    ) -> Result<Arc<Keys>, Refusal> {
        if peek(&self.keys, &place.on_shelf()).is_none() {
            // Another address than before, perhaps in its place.
            self.tidy();
        }
        let document = kept(&self.keys, place.on_shelf(), |_| {
            Kept::new(place.url.clone(), self.http_to(place), |bytes, _| read_keys(bytes))
        });
        let has_key =
            |keys: &Keys| !matches!(keys.verify::<Claims>(assertion, typ), Err(jose::Fault::UnknownKey));
        let name = jose::claimed_key(assertion).unwrap_or_default();
        match document.get_with(now, &name, has_key).await {
            Ok(keys) => Ok(keys),
            Err(Lack::Missing) => Err(wrong(jose::Fault::UnknownKey)),
            Err(Lack::Unavailable) => Err(unavailable()),
        }
    }

    /// What goes there, and no farther than it may.
    fn http_to(&self, place: &Place) -> Http {
        if place.may_be_private { self.http.clone() } else { self.http.outside() }
    }

    /// Forgets documents at addresses that no issuer names any more.
    pub(super) fn tidy(&self) {
        let (mut metadata, mut keys) = (HashSet::new(), HashSet::new());
        for issuer in self.current().all() {
            match &issuer.row.keys {
                KeysFrom::Inline(_) => {}
                KeysFrom::Uri(uri) => {
                    keys.insert(Place::written(uri).on_shelf());
                }
                KeysFrom::Discovery => metadata.extend(metadata_urls(&issuer.row.issuer)),
            }
        }
        let found = metadata.iter().filter_map(|url| peek(&self.metadata, url));
        keys.extend(found.map(|found| Place::named(&found).on_shelf()));
        keep(&self.metadata, |url| metadata.contains(url));
        keep(&self.keys, |place| keys.contains(place));
    }

    /// The addresses of documents that are kept, for tests.
    #[doc(hidden)]
    pub fn kept_addresses(&self) -> Vec<String> {
        let mut all = places(&self.metadata);
        all.extend(places(&self.keys));
        all
    }

    async fn discover(&self, issuer: &str, now: Timestamp) -> Result<Place, Refusal> {
        for url in metadata_urls(issuer) {
            let name = issuer.to_owned();
            let document = kept(&self.metadata, url, |url| {
                Kept::new(url, self.http.clone(), move |bytes, _| Discovered::read(bytes, &name))
            });
            if let Ok(found) = document.get(now).await {
                return Ok(Place::named(&found));
            }
        }
        Err(unavailable())
    }

    /// Fetches an issuer's keys anew, whatever is kept: where they are and how many can be used.
    pub async fn probe(&self, row: &IssuerRow) -> Result<Probe, Fault> {
        let (address, keys) = match &row.keys {
            KeysFrom::Inline(set) => (None, read_keys(set.as_bytes())?),
            KeysFrom::Uri(uri) => (Some(uri.clone()), read_keys(&self.http.get(uri).await?)?),
            KeysFrom::Discovery => {
                let place = self.probe_metadata(&row.issuer).await?;
                let keys = read_keys(&self.http_to(&place).get(&place.url).await?)?;
                (Some(place.url), keys)
            }
        };
        Ok(Probe { address, keys: keys.count() })
    }

    async fn probe_metadata(&self, issuer: &str) -> Result<Place, Fault> {
        let mut first = None;
        for url in metadata_urls(issuer) {
            match self.http.get(&url).await.and_then(|bytes| Discovered::read(&bytes, issuer)) {
                Ok(found) => return Ok(Place::named(&found)),
                Err(fault) => first = first.or(Some(fault)),
            }
        }
        Err(first.unwrap_or(fetch::Fault::NotSecure))
    }
}

/// What a look at an issuer's keys found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// Where they are; nothing for those that were written down.
    pub address: Option<String>,
    /// How many can be used.
    pub keys: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_looked_for_at_both_places() {
        assert_eq!(
            metadata_urls("https://id.example/tenant/"),
            [
                "https://id.example/tenant/.well-known/openid-configuration",
                "https://id.example/.well-known/oauth-authorization-server/tenant",
            ]
        );
    }

    #[test]
    fn what_metadata_names_may_be_private_only_near_its_issuer() {
        for (issuer, uri, expected) in [
            ("https://id.example", "https://id.example/keys", true),
            ("https://id.example/tenant", "https://id.example:8443/keys", true),
            ("https://id.example", "https://keys.example/jwks", false),
            ("https://id.example", "https://10.0.0.1/jwks", false),
            ("https://id.example", "https://keys.id.example/jwks", false),
            ("https://8.8.8.8", "https://10.0.0.1/jwks", false),
            ("https://internal.example", "https://10.0.0.1/jwks", false),
            ("https://10.0.0.2", "https://10.0.0.1/jwks", true),
            ("https://[fd00::1]", "https://10.0.0.1/jwks", true),
            ("https://kubernetes.default.svc.cluster.local", "https://10.96.0.1:6443/openid/v1/jwks", true),
            ("https://kubernetes.default.svc", "https://10.96.0.1/openid/v1/jwks", true),
            ("https://idp", "https://keys.internal/jwks", true),
            ("http://127.0.0.1:1", "http://127.0.0.1:2/keys", true),
        ] {
            assert_eq!(may_be_private(issuer, uri), expected, "{issuer} {uri}");
        }
    }

    #[test]
    fn metadata_must_be_of_the_very_issuer() {
        let read = |issuer: &str, uri: &str| {
            let text = serde_json::json!({ "issuer": issuer, "jwks_uri": uri }).to_string();
            Discovered::read(text.as_bytes(), "https://id.example")
        };
        assert!(read("https://id.example", "https://keys.example/jwks").is_ok());
        assert!(read("https://id.example", "http://127.0.0.1:8080/jwks").is_err());
        let local = br#"{"issuer":"http://127.0.0.1:1","jwks_uri":"http://127.0.0.1:1/keys"}"#;
        assert!(Discovered::read(local, "http://127.0.0.1:1").is_ok());
        assert!(read("https://id.example", "https://10.0.0.1/jwks").is_ok());
        assert!(read("https://id.example/", "https://keys.example/jwks").is_err());
        for uri in ["http://keys.example/jwks", "ftp://keys.example", "jwks", "https://u:p@keys.example/jwks"]
        {
            assert!(read("https://id.example", uri).is_err(), "{uri}");
        }
        assert!(Discovered::read(b"{}", "https://id.example").is_err());
    }
}
