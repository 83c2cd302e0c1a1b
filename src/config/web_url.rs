//! The URL of a service that Gatepost calls.

use url::Url;

use super::error::Problem;
use super::key::Key;
use super::parse::Setting;
use crate::types::urls::is_loopback;

/// An https URL, or an http URL of this machine, kept byte for byte: OpenID Connect compares issuers so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebUrl(String);

impl WebUrl {
    /// The URL as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The URL with a path that starts with a slash appended.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.0.trim_end_matches('/'))
    }

    /// Why this text cannot be called. Never repeats it: it may hold a password.
    pub(super) fn check(text: &str) -> Result<Self, Problem> {
        let fix = "write an absolute URL, e.g. https://api.example.com";
        let url = Url::parse(text).map_err(|_| Problem::new("is not an absolute URL", fix))?;
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url) => {}
            "http" => {
                return Err(Problem::new(
                    "would send secrets unencrypted to another machine",
                    "write https:// (http:// is accepted for localhost, 127.0.0.1 and [::1] only)",
                ));
            }
            _ => return Err(Problem::new("is not a web address", fix)),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Problem::new("has a user name or password in it", fix));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(Problem::new("has a query or fragment", fix));
        }
        Ok(Self(text.to_owned()))
    }
}

impl Setting for WebUrl {
    fn parse(text: &str, _: &Key) -> Result<Self, Problem> {
        Self::check(text)
    }

    fn show(&self) -> String {
        self.0.clone()
    }
}
