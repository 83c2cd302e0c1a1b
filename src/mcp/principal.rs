//! Who is calling: what a verified access token says.
//!
//! Owns the shape only. Verification happens in `trust/`; the web layer puts the value, as
//! `Arc<Principal>`, into the extensions of the request, and [`super::transport`] carries it to the tools.

use std::collections::BTreeSet;

use crate::types::Timestamp;

/// The caller of one request, taken from a token whose signature, issuer, audience and life were checked.
#[derive(Clone, Debug)]
pub struct Principal {
    /// Who made the token: claim `iss`.
    pub issuer: String,
    /// Whether that is this server: only then are subject and client people and clients of ours.
    pub is_own: bool,
    /// Whether the client acts for itself, and not for a person.
    pub is_machine: bool,
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
    /// Thumbprint of the key it is bound to: claim `cnf` (RFC 9449 §6.1).
    pub jkt: Option<String>,
}

impl Principal {
    /// Whether the token carries this scope. Hierarchies are expanded before the value is made.
    pub fn has(&self, scope: &str) -> bool {
        self.scopes.contains(scope)
    }

    /// The person with an account here who acts, if it is one: another issuer's people have none, whatever it
    /// calls them.
    pub fn person(&self) -> Option<String> {
        (self.is_own && !self.is_machine).then(|| self.subject.clone())
    }

    /// The client of ours that acts, if it is one.
    pub fn client(&self) -> Option<String> {
        self.is_own.then(|| self.client_id.clone())
    }

    /// Whom the audit trail shall name where [`Self::person`] and [`Self::client`] name nobody.
    pub fn stranger(&self) -> Option<String> {
        (!self.is_own).then(|| {
            let of = |text: &str| text.chars().take(200).collect::<String>();
            format!("{} through {}, at {}", of(&self.subject), of(&self.client_id), of(&self.issuer))
        })
    }

    /// Whom a legacy session belongs to: this person, of this issuer, through this client, on this resource.
    ///
    /// Not the grant: stepping up to more scopes gives a new one, and clients carry their session on. The
    /// parts are length-prefixed, so no two different owners read the same.
    pub fn session_owner(&self) -> String {
        let part = |text: &str| format!("{}:{text}", text.len());
        let issuer = if self.is_own { "" } else { self.issuer.as_str() };
        [issuer, &self.subject, &self.client_id, &self.resource].map(part).join("|")
    }
}

#[cfg(test)]
pub(super) fn sample(scopes: &[&str]) -> Principal {
    Principal {
        issuer: "http://localhost:10000".into(),
        is_own: true,
        is_machine: false,
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
        jkt: None,
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
