//! `/admin/clients`: the apps that may ask for tokens.

pub mod delete;
pub mod disable;
pub mod enable;
pub mod list;
pub mod one;

use super::super::pages::admin::ClientLine;
use super::super::when;
use crate::admin::clients::{ManagedClient, hosts};
use crate::store::clients::ClientKind;

const PAGE: &str = "/admin/clients";

fn page_of(id: &str) -> String {
    format!("{PAGE}/{id}")
}

/// A client as one line of a list.
fn line(found: &ManagedClient) -> ClientLine {
    let client = &found.client;
    ClientLine {
        id: client.id.clone(),
        name: if client.name.trim().is_empty() { client.id.clone() } else { client.name.clone() },
        kind: match client.kind {
            ClientKind::Dynamic => "Registered itself",
            ClientKind::Static => "Made here",
            ClientKind::Machine => "Machine",
        },
        registrations: found.registrations,
        hosts: hosts(&client.redirect_uris),
        last_used: client.last_used_at.map(when::second),
        is_disabled: client.disabled_at.is_some(),
    }
}
