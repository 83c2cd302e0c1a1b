//! `/admin/clients/{id}/timeline`: what happened with one client.

use actix_web::HttpResponse;
use actix_web::web::Path;

use super::super::super::pages::admin::{Area, ClientTab, ClientTimelinePage};
use super::super::super::when;
use super::super::access::View;
use super::super::{answers, audit};
use crate::admin::audit::words;
use crate::admin::clients::find;
use crate::admin::clients::timeline::{Which, timeline};

/// Events on one page.
const SIZE: usize = 50;

pub async fn get(view: View, id: Path<String>) -> HttpResponse {
    let (state, admin) = (&view.state, &view.state.admin);
    let only_refused = view.query.first("show") == Some("refused");
    let which = if only_refused { Which::Refused } else { Which::All };
    let after = view.after();
    let listing = timeline(admin, &id, which, after.as_deref(), SIZE).await;
    let (found, listing) = match (find(admin, &id).await, listing) {
        (Ok(found), Ok(listing)) => (found, listing),
        (Err(failure), _) | (_, Err(failure)) => return answers::failed(state, failure),
    };
    let url = ClientTab::Timeline.url(&id);
    let start = if only_refused { format!("{url}?show=refused") } else { url };
    let joint = if only_refused { '&' } else { '?' };
    let html = ClientTimelinePage {
        shell: view.shell(Area::Clients),
        head: super::head(&found, ClientTab::Timeline),
        only_refused,
        events: listing
            .rows
            .iter()
            .map(|seen| {
                let because = words::why(&seen.event.reason).map(|(because, _)| because);
                (audit::line(state, seen), because)
            })
            .collect(),
        next_url: listing.next.map(|key| format!("{start}{joint}after={key}")),
        first_url: after.is_some().then_some(start),
        searched_back_to: listing.searched_back_to.map(when::second),
    };
    answers::page(state, &html, &view.token)
}
