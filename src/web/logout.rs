//! `/logout`: asks on GET, signs out on POST.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::pages::{LogoutPage, MessagePage};
use super::{State, address, cookies, csrf, error_page, forms, session};
use crate::accounts::session as sessions;
use crate::audit::{Entry, Event};

/// Asks whether to sign out.
pub async fn get(state: Data<State>, request: HttpRequest) -> HttpResponse {
    let session = match session::current(&state, &request).await {
        Ok(Some(session)) => session,
        Ok(None) => return signed_out(&state),
        Err(page) => return page,
    };
    let token = csrf::issue(&state, &request, Some(&session.id));
    let page = LogoutPage { csrf: token.value.clone(), email: session.user.email };
    error_page::form_page(&state, StatusCode::OK, &page, &token)
}

/// Signs out.
pub async fn post(state: Data<State>, request: HttpRequest, mut payload: Payload) -> HttpResponse {
    let posted = match forms::fields(&state, &request, &mut payload, None).await {
        Ok(posted) => posted,
        Err(problem) => return problem.as_page(&state, &request, Event::Logout).await,
    };
    let session = match session::current(&state, &request).await {
        Ok(Some(session)) => session,
        Ok(None) => return signed_out(&state),
        Err(page) => return page,
    };
    if !csrf::check(&state, &request, Some(&session.id), posted.first("csrf")) {
        let entry = Entry::refused(Event::Logout, "stale_form").user(session.user.id);
        return error_page::stale_form(&state, &request, entry).await;
    }
    if let Err(error) = sessions::end(&state.accounts, &session.id).await {
        return error_page::refused(&error.into(), error_page::reference(&state));
    }
    let entry = Entry::ok(Event::Logout)
        .user(session.user.id)
        .session(session.id)
        .address(address::origin(&state, &request).address);
    state.oauth.audit.record(entry).await;
    signed_out(&state)
}

/// The page after signing out; the session cookie is gone with it.
pub fn signed_out(state: &State) -> HttpResponse {
    let mut response = error_page::page(
        StatusCode::OK,
        &MessagePage {
            title: "You are signed out".to_owned(),
            sentence: "This browser is no longer signed in. Apps you connected stay connected.".to_owned(),
            link_text: "Sign in again".to_owned(),
            link_url: "/login".to_owned(),
        },
    );
    if let Err(error) = response.add_cookie(&cookies::clear_session(state)) {
        tracing::error!(%error, "the session cookie could not be cleared");
    }
    response
}
