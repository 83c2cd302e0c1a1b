//! The list of clients.

use askama::Template;

use super::super::super::filters;
use super::super::{Area, Shell};

/// The list.
#[derive(Template)]
#[template(path = "admin/clients/list.html")]
pub struct ClientsPage {
    pub shell: Shell,
    pub search: String,
    pub kinds: [FilterLink; 5],
    pub states: [FilterLink; 4],
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
    pub is_held: bool,
}

#[cfg(test)]
impl ClientLine {
    pub fn filled(t: &str) -> Self {
        Self {
            id: t.into(),
            name: t.into(),
            kind: "Registered itself",
            registrations: 3,
            hosts: vec![t.into()],
            last_used: Some(t.into()),
            is_disabled: false,
            is_held: false,
        }
    }
}

#[cfg(test)]
fn filter_link(name: &'static str) -> FilterLink {
    FilterLink { url: "/admin/clients".into(), name, is_chosen: name.starts_with("Any") }
}

#[cfg(test)]
impl ClientsPage {
    pub fn sample() -> Self {
        Self { shell: Shell::sample(Area::Clients), search: String::new(), ..Self::filled("Notes") }
    }

    pub fn empty() -> Self {
        Self { clients: Vec::new(), next_url: None, first_url: None, ..Self::sample() }
    }

    pub fn filled(t: &str) -> Self {
        let disabled = ClientLine { is_disabled: true, last_used: None, ..ClientLine::filled(t) };
        Self {
            shell: Shell::filled(t, Area::Clients),
            search: t.into(),
            kinds: ["Any kind", "Publish a document", "Registered themselves", "Made here", "Machines"]
                .map(filter_link),
            states: ["Any state", "Active", "On hold", "Disabled"].map(filter_link),
            is_filtered: false,
            clients: vec![
                ClientLine::filled(t),
                disabled,
                ClientLine { is_held: true, ..ClientLine::filled(t) },
            ],
            next_url: Some("/admin/clients?after=cli_1".into()),
            first_url: Some("/admin/clients".into()),
        }
    }
}
