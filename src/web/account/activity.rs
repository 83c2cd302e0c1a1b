//! `/account/activity`: what happened with the account, the newest first.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::super::pages::account::{ActivityPage, EntryView, Tab};
use super::super::{State, error_page, when};
use crate::accounts::activity::{self, Weight};
use crate::oauth::params::Params;
use crate::store::audit::EventRow;

/// Entries on one page.
const ENTRIES: usize = 25;
/// After every id of an event.
const NEWEST: &str = "evt_~";

/// Shows a page of it.
pub async fn get(state: Data<State>, request: HttpRequest) -> HttpResponse {
    let visit = match super::visit(&state, &request).await {
        Ok(visit) => visit,
        Err(response) => return response,
    };
    let params = Params::parse(request.query_string().as_bytes()).unwrap_or_default();
    let before = params.first("before").filter(|text| is_event_id(text));
    let limit = i64::try_from(ENTRIES + 1).unwrap_or(i64::MAX);
    let store = &state.accounts.store;
    let listed = store.list_events_of_user(&visit.session.user.id, before.unwrap_or(NEWEST), limit).await;
    let mut events = match listed {
        Ok(events) => events,
        Err(error) => return error_page::refused(&error.into(), error_page::reference(&state)),
    };
    let more = events.len() > ENTRIES;
    events.truncate(ENTRIES);
    let next_url =
        events.last().filter(|_| more).map(|(last, _)| format!("/account/activity?before={}", last.id));
    let html = ActivityPage {
        shell: visit.shell(Tab::Activity),
        entries: events.iter().map(|(event, app)| view(event, app.as_deref())).collect(),
        next_url,
        is_first_page: before.is_none(),
    };
    error_page::form_page(&state, StatusCode::OK, &html, &visit.token)
}

fn is_event_id(text: &str) -> bool {
    text.len() <= 64 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn view(event: &EventRow, app: Option<&str>) -> EntryView {
    let (sentence, weight) = activity::tell(event, app);
    EntryView {
        when: when::moment(event.at),
        sentence,
        place: event.address.clone(),
        is_notable: weight == Weight::Notable,
    }
}
