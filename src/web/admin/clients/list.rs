//! `/admin/clients`: every client, the newest first, or those that a search finds.

use actix_web::HttpResponse;

use super::super::super::pages::admin::{Area, ClientsPage};
use super::super::access::View;
use super::super::answers;
use crate::admin::clients::{self, Show};

/// Clients on one page.
const SIZE: usize = 50;
/// The filters, as the address spells them and as people read them.
const SHOWS: [(Show, &str, &str); 5] = [
    (Show::All, "", "All"),
    (Show::Dynamic, "dynamic", "Registered themselves"),
    (Show::Static, "static", "Made here"),
    (Show::Machine, "machine", "Machines"),
    (Show::Disabled, "disabled", "Disabled"),
];

pub async fn get(view: View) -> HttpResponse {
    let admin = &view.state.admin;
    let (search, after) = (view.search(), view.after());
    let asked = view.query.first("show").unwrap_or_default();
    let (show, code, _) = SHOWS.into_iter().find(|(_, code, _)| *code == asked).unwrap_or(SHOWS[0]);
    let found = match &search {
        Some(text) => clients::search(admin, text, after.as_deref(), SIZE).await,
        None => clients::list(admin, show, after.as_deref(), SIZE).await,
    };
    let found = match found {
        Ok(found) => found,
        Err(failure) => return answers::failed(&view.state, failure),
    };
    let asked = search.as_deref().map_or(("show", code), |text| ("q", text));
    let start = format!("{}?{}", super::PAGE, serde_urlencoded::to_string([asked]).unwrap_or_default());
    let html = ClientsPage {
        shell: view.shell(Area::Clients),
        is_filtered: show != Show::All,
        shows: SHOWS
            .iter()
            .map(|(_, value, name)| (*value, *name, search.is_none() && *value == code))
            .collect(),
        clients: found.rows.iter().map(super::line).collect(),
        next_url: found.next.map(|key| format!("{start}&after={key}")),
        first_url: after.is_some().then_some(start),
        search: search.unwrap_or_default(),
    };
    answers::page(&view.state, &html, &view.token)
}
