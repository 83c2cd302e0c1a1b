//! Clients: what surrounds every page about one of them, and those pages.
//!
//! The list asks with `q`, or `kind` and `state`, and `after`; disabling and enabling post `csrf`, deleting `csrf`,
//! `typed`.

mod form;
mod list;
mod one;
mod secrets;

pub use form::{ClientForm, ClientKindPage, ClientMadePage, EditClientPage, NewClientPage, ScopeTick, Sort};
pub use list::{ClientLine, ClientsPage, FilterLink};
pub use one::{ClientPage, ClientTimelinePage, DeleteClientPage, DocumentView};
pub use secrets::{ClientSecretsPage, EndSecretPage, SecretMadePage, SecretView};

/// Where the pages of a client are. An id may be a URL.
pub fn url_of(id: &str) -> String {
    let segment: String = url::form_urlencoded::byte_serialize(id.as_bytes()).collect();
    format!("/admin/clients/{segment}")
}

/// One client, on top of its pages.
pub struct ClientHead {
    pub id: String,
    /// Its id where it has none.
    pub name: String,
    pub kind: &'static str,
    pub is_disabled: bool,
    /// Waits for an administrator, because its document has changed.
    pub is_held: bool,
    pub tab: ClientTab,
}

/// The pages about one client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientTab {
    Overview,
    Settings,
    Secrets,
    Timeline,
}

impl ClientTab {
    /// In the order they are shown.
    pub const ALL: [Self; 4] = [Self::Overview, Self::Settings, Self::Secrets, Self::Timeline];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Settings => "Settings",
            Self::Secrets => "Secrets",
            Self::Timeline => "Timeline",
        }
    }

    /// Where the page is; `id` is the client's.
    pub fn url(self, id: &str) -> String {
        let rest = match self {
            Self::Overview => "",
            Self::Settings => "/edit",
            Self::Secrets => "/secrets",
            Self::Timeline => "/timeline",
        };
        format!("{}{rest}", url_of(id))
    }
}

#[cfg(test)]
impl ClientHead {
    pub fn sample(tab: ClientTab) -> Self {
        Self {
            id: "cli_06c0a0".into(),
            name: "Reports".into(),
            kind: "Made here",
            is_disabled: false,
            is_held: false,
            tab,
        }
    }

    /// With one text wherever a stranger's could stand.
    pub fn filled(text: &str, tab: ClientTab) -> Self {
        Self { name: text.into(), ..Self::sample(tab) }
    }
}
