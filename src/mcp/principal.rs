//! Who is calling: what a verified access token says.
//!
//! Owns the shape only. Verification happens in `trust/`; the web layer puts the value, as
//! `Arc<Principal>`, into the extensions of the request, and [`super::transport`] carries it to the tools.

use std::collections::BTreeSet;

use crate::types::Timestamp;

/// The caller of one request, taken from a token whose signature, issuer, audience and life were checked.
#[derive(Clone, Debug)]
pub struct Principal {
    /// The person or machine: claim `sub`.
    pub subject: String,
    /// The person's address, when the issuer tells it.
    pub email: Option<String>,
    /// The person's display name, when the issuer tells it.
    pub name: Option<String>,
    /// The OAuth client that acts: claim `client_id`.
    pub client_id: String,
    /// The client's name for humans.
    pub client_name: Option<String>,
    /// The scopes granted: claim `scope`, split.
    pub scopes: BTreeSet<String>,
    /// The resource the token is for: claim `aud`, canonical.
    pub resource: String,
    /// The grant everything hangs on: claim `gid`. Absent with a foreign issuer.
    pub grant_id: Option<String>,
    /// The token's own id: claim `jti`.
    pub token_id: String,
    /// When the token ends, in seconds since the Unix epoch: claim `exp`.
    pub expires_at: Timestamp,
}

impl Principal {
    /// Whether the token carries this scope. Hierarchies are expanded before the value is made.
    pub fn has(&self, scope: &str) -> bool {
        self.scopes.contains(scope)
    }

    /// The person, unless the token is a machine's own.
    pub fn person(&self) -> Option<String> {
        (self.subject != self.client_id).then(|| self.subject.clone())
    }

    /// Whom a legacy session belongs to: this person, through this client, on this resource.
    ///
    /// Not the grant: stepping up to more scopes gives a new one, and clients carry their session on. The
    /// parts are length-prefixed, so no two different triples read the same.
    pub fn session_owner(&self) -> String {
        let part = |text: &str| format!("{}:{text}", text.len());
        format!("{}|{}|{}", part(&self.subject), part(&self.client_id), part(&self.resource))
    }
}

#[cfg(test)]
pub(super) fn sample(scopes: &[&str]) -> Principal {
    Principal {
        subject: "usr_1".into(),
        email: Some("ada@example.com".into()),
        name: Some("Ada".into()),
        client_id: "cli_1".into(),
        client_name: Some("Inspector".into()),
        scopes: scopes.iter().map(|s| (*s).to_owned()).collect(),
        resource: "http://localhost:10000/mcp".into(),
        grant_id: Some("gra_1".into()),
        token_id: "tok_1".into(),
        expires_at: 1_700_003_600,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_survives_a_step_up_and_belongs_to_the_exact_person_client_and_resource() {
        let mut stepped_up = sample(&["search:read"]);
        stepped_up.grant_id = Some("grt_2".into());
        assert_eq!(stepped_up.session_owner(), sample(&[]).session_owner());
        let pair = |subject: &str, client: &str| {
            let mut who = sample(&[]);
            (who.subject, who.client_id) = (subject.into(), client.into());
            who.session_owner()
        };
        assert_eq!(pair("a", "b"), pair("a", "b"));
        assert_ne!(pair("a|b", "c"), pair("a", "b|c"));
        assert_ne!(pair("a", "b"), pair("a", "c"));
    }

    #[test]
    fn a_scope_is_held_only_as_a_whole() {
        let who = sample(&["search:read"]);
        assert!(who.has("search:read"));
        assert!(!who.has("search"));
    }
}
