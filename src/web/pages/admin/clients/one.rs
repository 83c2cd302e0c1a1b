//! One client: how it is, what happened with it, and deleting it.

use askama::Template;

use super::super::super::filters;
use super::super::{Area, EventLine, Problems, Shell};
use super::{ClientHead, ClientLine, ClientTab};

/// How it is.
#[derive(Template)]
#[template(path = "admin/clients/one.html")]
pub struct ClientPage {
    pub shell: Shell,
    pub head: ClientHead,
    pub line: ClientLine,
    pub auth_method: String,
    /// The address of its key set, or the set.
    pub keys: Option<String>,
    pub redirect_uris: Vec<String>,
    /// Whether devices without a browser may use it.
    pub for_devices: bool,
    pub allowed_scopes: Option<String>,
    pub access_token_seconds: Option<i64>,
    pub dpop_bound: bool,
    /// How many secrets work; nothing for a public client.
    pub secrets: Option<usize>,
    /// Id and name of resources it holds something on, and whether there are more.
    pub resources: Vec<(String, String)>,
    pub more_resources: bool,
    pub created: String,
    pub disabled: Option<String>,
    /// What it says of itself: label and text.
    pub says: Vec<(&'static str, String)>,
    /// Of one that publishes a document.
    pub document: Option<DocumentView>,
}

/// The document of a client.
pub struct DocumentView {
    /// Its host, which vouches for the client.
    pub host: String,
    /// Why it cannot be had now.
    pub problem: Option<String>,
    /// The client is on hold since then.
    pub held: Option<String>,
    /// What it says now in other words than before: label, before, now.
    pub changes: Vec<(&'static str, String, String)>,
    /// To be sent along with the acceptance.
    pub version: i64,
}

/// What happened with it.
#[derive(Template)]
#[template(path = "admin/clients/timeline.html")]
pub struct ClientTimelinePage {
    pub shell: Shell,
    pub head: ClientHead,
    pub only_refused: bool,
    /// Each event, and why it was refused.
    pub events: Vec<(EventLine, Option<&'static str>)>,
    pub next_url: Option<String>,
    pub first_url: Option<String>,
    /// Where the search stopped for this time.
    pub searched_back_to: Option<String>,
}

/// Asks before a client is deleted.
#[derive(Template)]
#[template(path = "admin/clients/delete.html")]
pub struct DeleteClientPage {
    pub shell: Shell,
    pub line: ClientLine,
    pub problems: Problems,
}

#[cfg(test)]
impl ClientPage {
    pub fn sample() -> Self {
        let mut page = Self::unreadable();
        if let Some(document) = &mut page.document {
            document.problem = None;
        }
        page
    }

    /// On hold, and its document cannot be had.
    pub fn unreadable() -> Self {
        Self {
            shell: Shell::sample(Area::Clients),
            head: ClientHead::sample(ClientTab::Overview),
            ..Self::filled("Notes")
        }
    }

    pub fn disabled() -> Self {
        Self {
            line: ClientLine { is_disabled: true, ..ClientLine::filled("Notes") },
            head: ClientHead { is_disabled: true, ..ClientHead::sample(ClientTab::Overview) },
            disabled: Some("2026-01-01 00:00:00".into()),
            says: Vec::new(),
            document: None,
            secrets: None,
            resources: Vec::new(),
            more_resources: false,
            ..Self::sample()
        }
    }

    pub fn filled(t: &str) -> Self {
        Self {
            shell: Shell::filled(t, Area::Clients),
            head: ClientHead::filled(t, ClientTab::Overview),
            line: ClientLine::filled(t),
            auth_method: t.into(),
            keys: Some(t.into()),
            redirect_uris: vec![t.into()],
            for_devices: true,
            allowed_scopes: Some(t.into()),
            access_token_seconds: Some(600),
            dpop_bound: true,
            secrets: Some(0),
            resources: vec![("res_1".into(), t.into())],
            more_resources: true,
            created: t.into(),
            disabled: None,
            says: vec![("Home page", t.into())],
            document: Some(DocumentView {
                host: t.into(),
                problem: Some(t.into()),
                held: Some(t.into()),
                changes: vec![("Sends people to", t.into(), t.into())],
                version: 2,
            }),
        }
    }
}

#[cfg(test)]
impl ClientTimelinePage {
    pub fn sample() -> Self {
        Self {
            shell: Shell::sample(Area::Clients),
            head: ClientHead::sample(ClientTab::Timeline),
            only_refused: false,
            events: vec![
                (EventLine::sample("Token issued", None), None),
                (
                    EventLine::sample("Token refused", Some("wrong_client_secret")),
                    Some("The app showed a wrong client secret."),
                ),
            ],
            next_url: Some("/admin/clients/cli_1/timeline?after=evt_1".into()),
            first_url: None,
            searched_back_to: None,
        }
    }

    pub fn empty() -> Self {
        Self { events: Vec::new(), next_url: None, ..Self::sample() }
    }

    pub fn filled(t: &str) -> Self {
        Self {
            shell: Shell::filled(t, Area::Clients),
            head: ClientHead::filled(t, ClientTab::Timeline),
            only_refused: true,
            events: vec![(EventLine::filled(t), None)],
            searched_back_to: Some(t.into()),
            ..Self::sample()
        }
    }
}

#[cfg(test)]
impl DeleteClientPage {
    pub fn sample() -> Self {
        Self { shell: Shell::sample(Area::Clients), problems: Problems::default(), ..Self::filled("cli_1") }
    }

    pub fn filled(t: &str) -> Self {
        Self {
            shell: Shell::filled(t, Area::Clients),
            line: ClientLine::filled(t),
            problems: Problems(vec![crate::admin::Problem::new("typed", t)]),
        }
    }
}
