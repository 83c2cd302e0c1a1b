//! `/account/data`: a copy of what is stored, and the end of the account. All of it needs a fresh login.

use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::super::pages::MessagePage;
use super::super::pages::account::{DataPage, Tab};
use super::super::{State, address, cookies, csrf, error_page};
use super::Visit;
use crate::accounts::deletion::{self, DeletionError};
use crate::accounts::export;
use crate::oauth::connected;

const PAGE: &str = "/account/data";

/// Shows what can be done.
pub async fn get(state: Data<State>, request: HttpRequest) -> HttpResponse {
    match super::fresh_visit(&state, &request).await {
        Ok(visit) => show(&state, &visit, None, StatusCode::OK),
        Err(response) => response,
    }
}

/// Gives the copy, as a file.
pub async fn post_export(state: Data<State>, request: HttpRequest, mut payload: Payload) -> HttpResponse {
    let (session, _) = match super::fresh_submission(&state, &request, &mut payload, PAGE).await {
        Ok(submission) => submission,
        Err(response) => return response,
    };
    let origin = address::origin(&state, &request);
    let copy = match export::export(&state.accounts, &session.user, &origin).await {
        Ok(copy) => copy,
        Err(error) => return error_page::refused(&error.into(), error_page::reference(&state)),
    };
    let Ok(text) = serde_json::to_string_pretty(&copy) else {
        return error_page::refused(&crate::oauth::error::Refusal::internal(), error_page::reference(&state));
    };
    HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"gatepost-data.json\""))
        .body(text)
}

/// Deletes the account, and signs out.
pub async fn post_delete(state: Data<State>, request: HttpRequest, mut payload: Payload) -> HttpResponse {
    let (session, posted) = match super::fresh_submission(&state, &request, &mut payload, PAGE).await {
        Ok(submission) => submission,
        Err(response) => return response,
    };
    let origin = address::origin(&state, &request);
    let typed = posted.first("email").unwrap_or_default();
    match deletion::delete(&state.accounts, &session.user, typed, &origin).await {
        Ok(()) => {
            connected::take_effect(&state.oauth).await;
            state.trust.forget_all();
            deleted(&state)
        }
        Err(DeletionError::Store(error)) => error_page::refused(&error.into(), error_page::reference(&state)),
        Err(error @ (DeletionError::NotConfirmed | DeletionError::LastAdmin)) => {
            let token = csrf::issue(&state, &request, Some(&session.id));
            let visit = Visit { session, token, notice: None };
            show(&state, &visit, Some(error.to_string()), StatusCode::UNPROCESSABLE_ENTITY)
        }
    }
}

fn deleted(state: &State) -> HttpResponse {
    let page = MessagePage {
        title: "Your account is deleted".to_owned(),
        sentence: "Every app has lost its access, and this browser is signed out.".to_owned(),
        link_text: "Go to the start page".to_owned(),
        link_url: "/".to_owned(),
    };
    let mut response = error_page::page(StatusCode::OK, &page);
    if let Err(error) = response.add_cookie(&cookies::clear_session(state)) {
        tracing::error!(%error, "the session cookie could not be cleared");
    }
    response
}

fn show(state: &State, visit: &Visit, error: Option<String>, status: StatusCode) -> HttpResponse {
    let page = DataPage { shell: visit.shell(Tab::Data), error };
    error_page::form_page(state, status, &page, &visit.token)
}
