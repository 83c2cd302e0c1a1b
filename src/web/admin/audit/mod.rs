//! `/admin/audit`: the audit trail.

pub mod events;
pub mod export;
pub mod list;
pub mod live;
pub mod one;

use super::super::pages::admin::{EventLine, FilterView, KindView};
use super::super::{State, when};
use crate::admin::audit::{Filters, words};
use crate::audit::Event;
use crate::store::audit_search::SeenEvent;

const PAGE: &str = "/admin/audit";

/// An event as one line of a list.
pub(super) fn line(state: &State, seen: &SeenEvent) -> EventLine {
    let event = &seen.event;
    let resources = state.oauth.resources.current();
    let resource = event.resource_id.as_deref();
    EventLine {
        id: event.id.clone(),
        when: when::second(event.at),
        what: words::what(event).to_owned(),
        is_refused: event.outcome != "ok",
        reason: (event.reason != "ok").then(|| event.reason.clone()),
        who: seen.email.clone().or_else(|| event.user_id.clone()),
        actor: seen.actor_email.clone().or_else(|| event.actor_id.clone()),
        app: seen.client_name.clone().filter(|n| !n.trim().is_empty()).or_else(|| event.client_id.clone()),
        resource: resource
            .map(|id| resources.by_id(id).map_or_else(|| id.to_owned(), |found| found.name.clone())),
        address: event.address.clone(),
    }
}

/// The filters as a form shows them.
fn filter_view(state: &State, filters: Filters) -> FilterView {
    let kinds = Event::ALL.iter().map(|event| KindView {
        value: event.as_str(),
        name: words::kind(*event),
        is_chosen: filters.kind == event.as_str(),
    });
    let resources = state.oauth.resources.current();
    FilterView {
        kinds: kinds.collect(),
        resources: resources.all().iter().map(|r| (r.id.clone(), r.name.clone())).collect(),
        filters,
    }
}

/// The page of this filter, with more in its query.
fn url_of(filters: &Filters, more: &[(&str, &str)]) -> String {
    let set = filters.set();
    let pairs: Vec<(&str, &str)> =
        set.iter().map(|(n, v)| (*n, v.as_str())).chain(more.iter().copied()).collect();
    let query = serde_urlencoded::to_string(pairs).unwrap_or_default();
    if query.is_empty() { PAGE.to_owned() } else { format!("{PAGE}?{query}") }
}
