//! Making and changing a client.
//!
//! Making posts `csrf`, `kind`, `nonce` and the fields of [`ClientForm`]; changing posts
//! `csrf`, `version` and the same fields.

use askama::Template;

use super::super::super::filters;
use super::super::{Area, Problems, Shell};
use super::{ClientHead, ClientTab};

/// What can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    Public,
    Confidential,
    Machine,
}

impl Sort {
    pub const ALL: [Self; 3] = [Self::Public, Self::Confidential, Self::Machine];

    /// As addresses spell it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Confidential => "confidential",
            Self::Machine => "machine",
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Public => "An app without a secret",
            Self::Confidential => "A web app with a secret",
            Self::Machine => "A machine",
        }
    }

    /// What it is for.
    pub const fn about(self) -> &'static str {
        match self {
            Self::Public => {
                "For people, on their own device: a desktop or mobile app, a command-line tool, a page without a server. \
                 It cannot keep a secret and proves itself with PKCE."
            }
            Self::Confidential => {
                "For people, through a server of its own that keeps a secret. People sign in and allow it; the server \
                 fetches the tokens."
            }
            Self::Machine => {
                "For nobody in particular: a nightly job, another service. It gets tokens with its secret alone, and \
                 can do what you allow it here."
            }
        }
    }
}

/// Which sort of client?
#[derive(Template)]
#[template(path = "admin/clients/kind.html")]
pub struct ClientKindPage {
    pub shell: Shell,
    /// Most apps need nothing made for them.
    pub is_registration_open: bool,
}

/// The form for a new one.
#[derive(Template)]
#[template(path = "admin/clients/new.html")]
pub struct NewClientPage {
    pub shell: Shell,
    pub sort: Sort,
    /// So that the form, sent twice, makes nothing twice.
    pub nonce: String,
    pub form: ClientForm,
    pub problems: Problems,
}

/// The form for one that is there.
#[derive(Template)]
#[template(path = "admin/clients/edit.html")]
pub struct EditClientPage {
    pub shell: Shell,
    pub head: ClientHead,
    /// The version that the form replaces.
    pub version: i64,
    pub form: ClientForm,
    pub problems: Problems,
    /// Somebody else changed it: what it says now, by the names of the fields.
    pub now: Option<Vec<(&'static str, String)>>,
    /// It says itself what it is called and where it sends people.
    pub is_dynamic: bool,
    /// It does so in a document.
    pub is_document: bool,
}

/// What the fields hold.
#[derive(Clone, Debug, Default)]
pub struct ClientForm {
    pub name: String,
    /// One a line; nothing of a machine.
    pub redirect_uris: Option<String>,
    /// Whether devices without a browser may use it; nothing of a machine.
    pub for_devices: Option<bool>,
    /// Every sentence about them.
    pub uri_problem: Option<String>,
    /// `client_secret_basic`, `client_secret_post` or `private_key_jwt`; nothing of a public client.
    pub auth_method: Option<String>,
    /// The address of its key set, or the set itself.
    pub keys: String,
    pub has_limit: bool,
    pub scopes: Vec<ScopeTick>,
    pub access_token_seconds: String,
    /// Whether it gets only tokens that are bound to a key of its own.
    pub dpop_bound: bool,
}

impl ClientForm {
    /// The ways to prove itself, each with what to know of it.
    pub const METHODS: [(&'static str, &'static str); 3] = [
        ("client_secret_basic", "a secret in the Authorization header, as most libraries send it"),
        ("client_secret_post", "a secret in the form"),
        ("private_key_jwt", "it signs with a key of its own, and no secret is shared"),
    ];
}

/// A scope to tick.
#[derive(Clone, Debug)]
pub struct ScopeTick {
    pub name: String,
    pub description: String,
    /// The resources that have it; empty for one that is gone.
    pub resources: String,
    pub is_ticked: bool,
}

/// A client that was made: its id, its secret this once, and what to do with them.
#[derive(Template)]
#[template(path = "admin/clients/made.html")]
pub struct ClientMadePage {
    pub shell: Shell,
    pub head: ClientHead,
    /// The form was sent before: nothing was made this time.
    pub is_repeat: bool,
    pub has_secret: bool,
    pub secret: Option<String>,
    pub issuer: String,
    /// Nothing of a machine, and of a client for devices only.
    pub authorize_url: Option<String>,
    /// Where devices without a browser begin.
    pub device_url: Option<String>,
    pub token_url: String,
    /// The resources it may ask for: name and address.
    pub resources: Vec<(String, String)>,
    /// A line that asks for a token; of a machine.
    pub command: Option<String>,
    pub scopes: Option<String>,
}

#[cfg(test)]
impl ClientForm {
    fn filled(text: &str) -> Self {
        let tick = |is_ticked| ScopeTick {
            name: text.into(),
            description: text.into(),
            resources: text.into(),
            is_ticked,
        };
        Self {
            name: text.into(),
            redirect_uris: Some(text.into()),
            for_devices: Some(true),
            uri_problem: Some(text.into()),
            auth_method: Some(text.into()),
            keys: text.into(),
            has_limit: true,
            scopes: vec![tick(true), ScopeTick { resources: String::new(), ..tick(false) }],
            access_token_seconds: text.into(),
            dpop_bound: true,
        }
    }

    fn sample() -> Self {
        let tick = |name: &str, description: &str, is_ticked| ScopeTick {
            name: name.into(),
            description: description.into(),
            resources: "Gatepost tools".into(),
            is_ticked,
        };
        Self {
            name: "Reports".into(),
            redirect_uris: Some("https://reports.example.com/callback".into()),
            for_devices: Some(false),
            uri_problem: None,
            auth_method: Some("client_secret_basic".into()),
            keys: String::new(),
            has_limit: true,
            scopes: vec![
                tick("search:read", "Search the web", true),
                tick("notes:read", "Read notes", false),
            ],
            access_token_seconds: String::new(),
            dpop_bound: false,
        }
    }
}

#[cfg(test)]
fn every_problem(text: &str) -> Problems {
    let fields = [
        "name",
        "redirect_uris",
        "for_devices",
        "auth_method",
        "keys",
        "allowed_scopes",
        "access_token_seconds",
    ];
    Problems(fields.map(|field| crate::admin::Problem::new(field, text)).to_vec())
}

#[cfg(test)]
impl ClientKindPage {
    pub fn sample() -> Self {
        Self { shell: Shell::sample(Area::Clients), is_registration_open: true }
    }
}

#[cfg(test)]
impl NewClientPage {
    pub fn sample(sort: Sort) -> Self {
        let form = ClientForm {
            name: String::new(),
            redirect_uris: (sort != Sort::Machine).then(String::new),
            for_devices: (sort != Sort::Machine).then_some(false),
            auth_method: (sort != Sort::Public).then(|| "client_secret_basic".into()),
            has_limit: sort == Sort::Machine,
            ..ClientForm::sample()
        };
        Self {
            shell: Shell::sample(Area::Clients),
            sort,
            nonce: "x".repeat(22),
            form,
            problems: Problems::default(),
        }
    }

    pub fn filled(text: &str) -> Self {
        Self {
            shell: Shell::filled(text, Area::Clients),
            nonce: text.into(),
            form: ClientForm::filled(text),
            problems: every_problem(text),
            ..Self::sample(Sort::Confidential)
        }
    }
}

#[cfg(test)]
impl EditClientPage {
    pub fn sample() -> Self {
        Self {
            shell: Shell::sample(Area::Clients),
            head: ClientHead::sample(ClientTab::Settings),
            version: 3,
            form: ClientForm::sample(),
            problems: Problems::default(),
            now: None,
            is_dynamic: false,
            is_document: false,
        }
    }

    pub fn filled(text: &str) -> Self {
        Self {
            shell: Shell::filled(text, Area::Clients),
            head: ClientHead::filled(text, ClientTab::Settings),
            form: ClientForm::filled(text),
            problems: every_problem(text),
            now: Some(vec![("Name", text.into())]),
            ..Self::sample()
        }
    }
}

#[cfg(test)]
impl ClientMadePage {
    pub fn sample() -> Self {
        Self {
            shell: Shell { notice: None, ..Shell::sample(Area::Clients) },
            head: ClientHead::sample(ClientTab::Overview),
            is_repeat: false,
            has_secret: true,
            secret: Some("sec_06c0a0_sample".into()),
            issuer: "https://auth.example.com".into(),
            authorize_url: Some("https://auth.example.com/oauth/authorize".into()),
            device_url: None,
            token_url: "https://auth.example.com/oauth/token".into(),
            resources: vec![("Notes".into(), "https://notes.example.com/mcp".into())],
            command: None,
            scopes: None,
        }
    }

    pub fn machine() -> Self {
        Self {
            authorize_url: None,
            command: Some("curl --user cli_06c0a0 https://auth.example.com/oauth/token -d grant_type=client_credentials".into()),
            scopes: Some("notes:read".into()),
            ..Self::sample()
        }
    }

    pub fn filled(text: &str) -> Self {
        let t = || text.to_owned();
        Self {
            shell: Shell::filled(text, Area::Clients),
            head: ClientHead::filled(text, ClientTab::Overview),
            secret: Some(t()),
            issuer: t(),
            authorize_url: Some(t()),
            device_url: Some(t()),
            token_url: t(),
            resources: vec![(t(), t())],
            command: Some(t()),
            scopes: Some(t()),
            ..Self::sample()
        }
    }
}
