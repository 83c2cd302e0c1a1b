//! Clients. The list asks with `q`, or `kind` and `state`, and `after`; disabling and enabling post `csrf`, deleting `csrf`, `typed`.

use askama::Template;

use super::super::filters;
use super::{Area, Problems, Shell};

/// The list.
#[derive(Template)]
#[template(path = "admin/clients/list.html")]
pub struct ClientsPage {
    pub shell: Shell,
    pub search: String,
    pub kinds: [FilterLink; 4],
    pub states: [FilterLink; 3],
    pub is_filtered: bool,
    pub clients: Vec<ClientLine>,
    pub next_url: Option<String>,
    pub first_url: Option<String>,
}

/// One way to filter a list.
pub struct FilterLink {
    pub url: String,
    pub name: &'static str,
    pub is_chosen: bool,
}

/// One client of a list.
pub struct ClientLine {
    pub id: String,
    /// Its id where it has none.
    pub name: String,
    pub kind: &'static str,
    pub registrations: i64,
    /// Where it sends people.
    pub hosts: Vec<String>,
    pub last_used: Option<String>,
    pub is_disabled: bool,
}

/// One client.
#[derive(Template)]
#[template(path = "admin/clients/one.html")]
pub struct ClientPage {
    pub shell: Shell,
    pub line: ClientLine,
    pub auth_method: String,
    pub redirect_uris: Vec<String>,
    pub allowed_scopes: Option<String>,
    pub access_token_seconds: Option<i64>,
    pub created: String,
    pub disabled: Option<String>,
    /// What it says of itself: label and text.
    pub says: Vec<(&'static str, String)>,
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
mod samples {
    use super::*;
    use crate::admin::Problem;

    fn line(t: &str) -> ClientLine {
        ClientLine {
            id: t.into(),
            name: t.into(),
            kind: "Registered itself",
            registrations: 3,
            hosts: vec![t.into()],
            last_used: Some(t.into()),
            is_disabled: false,
        }
    }

    fn filter_link(name: &'static str) -> FilterLink {
        FilterLink { url: "/admin/clients".into(), name, is_chosen: name.starts_with("Any") }
    }

    impl ClientsPage {
        pub fn sample() -> Self {
            Self { shell: Shell::sample(Area::Clients), search: String::new(), ..Self::filled("Notes") }
        }

        pub fn empty() -> Self {
            Self { clients: Vec::new(), next_url: None, first_url: None, ..Self::sample() }
        }

        pub fn filled(t: &str) -> Self {
            Self {
                shell: Shell::filled(t, Area::Clients),
                search: t.into(),
                kinds: ["Any kind", "Registered themselves", "Made here", "Machines"].map(filter_link),
                states: ["Any state", "Active", "Disabled"].map(filter_link),
                is_filtered: false,
                clients: vec![line(t), ClientLine { is_disabled: true, last_used: None, ..line(t) }],
                next_url: Some("/admin/clients?after=cli_1".into()),
                first_url: Some("/admin/clients".into()),
            }
        }
    }

    impl ClientPage {
        pub fn sample() -> Self {
            Self { shell: Shell::sample(Area::Clients), ..Self::filled("Notes") }
        }

        pub fn disabled() -> Self {
            Self {
                line: ClientLine { is_disabled: true, ..line("Notes") },
                disabled: Some("2026-01-01 00:00:00".into()),
                says: Vec::new(),
                ..Self::sample()
            }
        }

        pub fn filled(t: &str) -> Self {
            Self {
                shell: Shell::filled(t, Area::Clients),
                line: line(t),
                auth_method: t.into(),
                redirect_uris: vec![t.into()],
                allowed_scopes: Some(t.into()),
                access_token_seconds: Some(600),
                created: t.into(),
                disabled: None,
                says: vec![("Home page", t.into())],
            }
        }
    }

    impl DeleteClientPage {
        pub fn sample() -> Self {
            Self {
                shell: Shell::sample(Area::Clients),
                problems: Problems::default(),
                ..Self::filled("cli_1")
            }
        }

        pub fn filled(t: &str) -> Self {
            Self {
                shell: Shell::filled(t, Area::Clients),
                line: line(t),
                problems: Problems(vec![Problem::new("typed", t)]),
            }
        }
    }
}
