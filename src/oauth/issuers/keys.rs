//! The keys of a trusted issuer: where they are, and whether one of them signed an assertion.
//!
//! | the administrator said  | keys are read from                                                                          |
//! |-------------------------|---------------------------------------------------------------------------------------------|
//! | discovery               | `jwks_uri` of `<issuer>/.well-known/openid-configuration`, else of its RFC 8414 metadata    |
//! | an address              | that address                                                                                |
//! | a key set               | that set; nothing is asked for                                                              |
//!
//! Metadata must name the very issuer, byte for byte; addresses are https, or http on this machine. An address may be a
//! private one: an administrator vouches for the issuer, and clusters are private.

use std::sync::Arc;

use serde::Deserialize;
use url::Url;

use super::matching::Claims;
use super::{TrustedIssuer, TrustedIssuers};
use crate::oauth::error::{Code, Reason, Refusal};
use crate::oauth::jose::{self, Keys};
use crate::store::trusted_issuers::{IssuerRow, KeysFrom};
use crate::trust::fetch::{self, Fault};
use crate::trust::kept::{Kept, Lack, kept};
use crate::types::Timestamp;
use crate::types::urls::is_loopback;

/// What is looked at of an issuer's metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discovered {
    pub jwks_uri: String,
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
        Ok(Self { jwks_uri: document.jwks_uri })
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
            KeysFrom::Uri(uri) => self.keys_at(uri, assertion, typ, now).await?,
            KeysFrom::Discovery => {
                let uri = self.discover(&issuer.row.issuer, now).await?;
                self.keys_at(&uri, assertion, typ, now).await?
            }
        };
        set.verify(assertion, typ).map_err(wrong)
    }

    /// The set at an address, with the key of the assertion in it where there is one.
    async fn keys_at(
        &self,
        uri: &str,
        assertion: &str,
        typ: &[&str],
        now: Timestamp,
    ) -> Result<Arc<Keys>, Refusal> {
        let document = kept(&self.keys, uri.to_owned(), |url| {
            Kept::new(url, self.http.clone(), |bytes, _| read_keys(bytes))
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

    async fn discover(&self, issuer: &str, now: Timestamp) -> Result<String, Refusal> {
        for url in metadata_urls(issuer) {
            let name = issuer.to_owned();
            let document = kept(&self.metadata, url, |url| {
                Kept::new(url, self.http.clone(), move |bytes, _| Discovered::read(bytes, &name))
            });
            if let Ok(found) = document.get(now).await {
                return Ok(found.jwks_uri.clone());
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
                let uri = self.probe_metadata(&row.issuer).await?;
                let keys = read_keys(&self.http.get(&uri).await?)?;
                (Some(uri), keys)
            }
        };
        Ok(Probe { address, keys: keys.count() })
    }

    async fn probe_metadata(&self, issuer: &str) -> Result<String, Fault> {
        let mut first = None;
        for url in metadata_urls(issuer) {
            match self.http.get(&url).await.and_then(|bytes| Discovered::read(&bytes, issuer)) {
                Ok(found) => return Ok(found.jwks_uri),
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
