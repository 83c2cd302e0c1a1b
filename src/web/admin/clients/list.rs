//! `/admin/clients`: every client, the newest first, or those that a search finds.

use actix_web::HttpResponse;

use super::super::super::pages::admin::{Area, ClientsPage, FilterLink};
use super::super::access::View;
use super::super::answers;
use crate::admin::clients::{self, ClientState, Show};
use crate::store::clients::ClientKind;

/// Clients on one page.
const SIZE: usize = 50;
/// The kinds, as the address spells them and as people read them.
const KINDS: [(Option<ClientKind>, &str, &str); 5] = [
    (None, "", "Any kind"),
    (Some(ClientKind::Cimd), "cimd", "Publish a document"),
    (Some(ClientKind::Dynamic), "dynamic", "Registered themselves"),
    (Some(ClientKind::Static), "static", "Made here"),
    (Some(ClientKind::Machine), "machine", "Machines"),
];
/// The states.
const STATES: [(Option<ClientState>, &str, &str); 4] = [
    (None, "", "Any state"),
    (Some(ClientState::Active), "active", "Active"),
    (Some(ClientState::Held), "held", "On hold"),
    (Some(ClientState::Disabled), "disabled", "Disabled"),
];

pub async fn get(view: View) -> HttpResponse {
    let admin = &view.state.admin;
    let (search, after) = (view.search(), view.after());
    let (kind, kind_code) = chosen(&KINDS, view.query.first("kind"));
    let (state, state_code) = chosen(&STATES, view.query.first("state"));
    let found = match &search {
        Some(text) => clients::search(admin, text, after.as_deref(), SIZE).await,
        None => clients::list(admin, Show { kind, state }, after.as_deref(), SIZE).await,
    };
    let found = match found {
        Ok(found) => found,
        Err(failure) => return answers::failed(&view.state, failure),
    };
    let start = match &search {
        Some(text) => url(&[("q", text)]),
        None => url(&[("kind", kind_code), ("state", state_code)]),
    };
    // The filters belong to the list, not to what a search finds.
    let is_chosen = |value: &str, code: &str| search.is_none() && value == code;
    let joint = if start.contains('?') { '&' } else { '?' };
    let html = ClientsPage {
        shell: view.shell(Area::Clients),
        is_filtered: kind.is_some() || state.is_some(),
        kinds: KINDS.map(|(_, value, name)| FilterLink {
            url: url(&[("kind", value), ("state", state_code)]),
            name,
            is_chosen: is_chosen(value, kind_code),
        }),
        states: STATES.map(|(_, value, name)| FilterLink {
            url: url(&[("kind", kind_code), ("state", value)]),
            name,
            is_chosen: is_chosen(value, state_code),
        }),
        clients: found.rows.iter().map(super::line).collect(),
        next_url: found.next.map(|key| {
            let key: String = url::form_urlencoded::byte_serialize(key.as_bytes()).collect();
            format!("{start}{joint}after={key}")
        }),
        first_url: after.is_some().then_some(start),
        search: search.unwrap_or_default(),
    };
    answers::page(&view.state, &html, &view.token)
}

/// The filter that was asked for; the first where none of them was.
fn chosen<T: Copy, const N: usize>(
    filters: &[(T, &'static str, &'static str); N],
    asked: Option<&str>,
) -> (T, &'static str) {
    let (value, code, _) = filters.iter().find(|(_, code, _)| Some(*code) == asked).unwrap_or(&filters[0]);
    (*value, code)
}

/// The list, asked for these; what is empty is left out.
fn url(asked: &[(&str, &str)]) -> String {
    let pairs: Vec<_> = asked.iter().filter(|(_, value)| !value.is_empty()).collect();
    let query = serde_urlencoded::to_string(pairs).unwrap_or_default();
    if query.is_empty() { super::PAGE.to_owned() } else { format!("{}?{query}", super::PAGE) }
}
