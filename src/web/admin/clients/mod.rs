//! `/admin/clients`: the apps that may ask for tokens.

pub mod accept;
pub mod delete;
pub mod disable;
pub mod edit;
pub mod enable;
mod form;
pub mod list;
pub mod new;
pub mod one;
pub mod secrets;
pub mod timeline;

use super::super::pages::admin::{ClientHead, ClientLine, ClientTab, url_of};
use super::super::when;
use crate::admin::clients::{ManagedClient, hosts};
use crate::store::clients::ClientKind;

const PAGE: &str = "/admin/clients";

fn page_of(id: &str) -> String {
    url_of(id)
}

const fn kind_word(kind: ClientKind) -> &'static str {
    match kind {
        ClientKind::Cimd => "Publishes a document",
        ClientKind::Dynamic => "Registered itself",
        ClientKind::Static => "Made here",
        ClientKind::Machine => "Machine",
    }
}

/// Its name; its id where it has none.
fn name_of(found: &ManagedClient) -> String {
    let client = &found.client;
    if client.name.trim().is_empty() { client.id.clone() } else { client.name.clone() }
}

/// A client on top of its pages.
fn head(found: &ManagedClient, tab: ClientTab) -> ClientHead {
    ClientHead {
        id: found.client.id.clone(),
        name: name_of(found),
        kind: kind_word(found.client.kind),
        is_disabled: found.client.disabled_at.is_some(),
        is_held: found.client.held_at.is_some(),
        tab,
    }
}

/// A client as one line of a list.
fn line(found: &ManagedClient) -> ClientLine {
    let client = &found.client;
    ClientLine {
        id: client.id.clone(),
        name: name_of(found),
        kind: kind_word(client.kind),
        registrations: found.registrations,
        hosts: hosts(&client.redirect_uris),
        last_used: client.last_used_at.map(when::moment),
        is_disabled: client.disabled_at.is_some(),
        is_held: client.held_at.is_some(),
    }
}
