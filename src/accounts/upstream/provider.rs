//! What is set up about each provider, and whom it may let in.

use crate::types::Plain;

/// One provider, as set up.
#[derive(Clone, Debug)]
pub struct Provider {
    /// Its name in the settings and in URLs.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// Exactly as in its metadata.
    pub issuer: String,
    pub client_id: String,
    /// None: a public client, with PKCE only.
    pub client_secret: Option<Plain<String>>,
    pub scopes: Vec<String>,
    pub policy: Policy,
    /// Whether it asks for two factors itself.
    pub second_factor: bool,
}

/// Whom a provider's word lets in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    pub admit: Admit,
    /// A verified address of these domains leads into the account with that address. Lower case.
    pub trusted_domains: Vec<String>,
    pub authority: Authority,
}

/// Who gets an account who has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admit {
    /// Nobody: an administrator makes the accounts.
    Invited,
    /// People of these domains. Lower case.
    Domains(Vec<String>),
    Anyone,
}

/// For which addresses a provider can be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authority {
    /// Those it calls verified.
    Verified,
    /// Google: verified ones that are its own, `@gmail.com` or of a Workspace (`hd`); any other may have changed
    /// hands since Google looked.
    Google,
}

impl Provider {
    /// The redirect URI below the public URL.
    pub fn callback_path(&self) -> String {
        format!("/login/{}/callback", self.name)
    }
}
