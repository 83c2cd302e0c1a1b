//! `/account/sessions`: where a person is signed in, and ending it.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::super::pages::account::{SessionView, SessionsPage, Tab};
use super::super::{State, address, error_page, logout, when};
use crate::accounts::session::{self, Ending};
use crate::accounts::words;
use crate::store::sessions::SessionRow;

const PAGE: &str = "/account/sessions";

/// Shows the sign-ins.
pub async fn get(state: Data<State>, request: HttpRequest) -> HttpResponse {
    let visit = match super::visit(&state, &request).await {
        Ok(visit) => visit,
        Err(response) => return response,
    };
    let rows = match session::list(&state.accounts, &visit.session.user.id).await {
        Ok(rows) => rows,
        Err(error) => return error_page::refused(&error.into(), error_page::reference(&state)),
    };
    let mut sessions: Vec<SessionView> = rows.into_iter().map(|row| view(row, &visit.session.id)).collect();
    sessions.sort_by_key(|session| !session.is_this);
    let html = SessionsPage { shell: visit.shell(Tab::Sessions), sessions };
    error_page::form_page(&state, StatusCode::OK, &html, &visit.token)
}

/// Ends one sign-in, all others, or all.
pub async fn post(state: Data<State>, request: HttpRequest, mut payload: Payload) -> HttpResponse {
    let (from, posted) = match super::submission(&state, &request, &mut payload, PAGE).await {
        Ok(submission) => submission,
        Err(response) => return response,
    };
    let which = match posted.first("end").unwrap_or_default() {
        "others" => Ending::Others,
        "all" => Ending::All,
        id => Ending::One(id),
    };
    let origin = address::origin(&state, &request);
    match session::end_some(&state.accounts, &from, which, &origin).await {
        Ok(true) => logout::signed_out(&state),
        Ok(false) if which == Ending::Others => super::done(PAGE, "sessions"),
        Ok(false) => super::done(PAGE, "session"),
        Err(error) => error_page::refused(&error.into(), error_page::reference(&state)),
    }
}

fn view(row: SessionRow, current: &str) -> SessionView {
    SessionView {
        is_this: row.id == current,
        id: row.id,
        device: words::device(row.user_agent.as_deref()),
        place: row.address,
        how: words::how(row.proof),
        since: when::moment(row.created_at),
        last_use: when::moment(row.last_seen_at),
    }
}
