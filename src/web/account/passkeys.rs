//! `/account/passkeys`: a person's passkeys; adding, renaming, removing.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::super::login::{self, local_path};
use super::super::login_passkey::{self, MAX_FORM};
use super::super::pages::account::{PasskeyPage, PasskeyView, PasskeysPage, Tab};
use super::super::{State, address, cookies, error_page, respond};
use super::Visit;
use crate::accounts::passkeys::{self, MAX_NAME, MOST, PasskeyError};
use crate::oauth::params::Params;
use crate::store::StoreError;
use crate::store::passkeys::PasskeyRow;
use crate::store::ways_in::Removed;
use crate::web::when;

const URL: &str = "/account/passkeys";

/// Lists them.
pub async fn get(state: Data<State>, request: HttpRequest) -> HttpResponse {
    let visit = match super::fresh_visit(&state, &request).await {
        Ok(visit) => visit,
        Err(response) => return response,
    };
    let params = Params::parse(request.query_string().as_bytes()).unwrap_or_default();
    let return_to = local_path(params.first("return_to")).map(str::to_owned);
    list(&state, &visit, None, return_to, StatusCode::OK).await
}

/// A challenge to add one with, as JSON.
pub async fn options(state: Data<State>, request: HttpRequest, mut payload: Payload) -> HttpResponse {
    let (session, _) = match super::fresh_submission(&state, &request, &mut payload, URL).await {
        Ok(sent) => sent,
        Err(response) => return response,
    };
    let browser = cookies::browser(&state, &request).unwrap_or_default();
    login_passkey::challenge(passkeys::begin_add(&state.accounts, &session, &browser).await)
}

/// Adds the one that answered.
pub async fn post(state: Data<State>, request: HttpRequest, mut payload: Payload) -> HttpResponse {
    let sent = super::fresh_submission_within(&state, &request, &mut payload, URL, MAX_FORM).await;
    let (session, posted) = match sent {
        Ok(sent) => sent,
        Err(response) => return response,
    };
    let text = |name| posted.first(name).unwrap_or_default();
    let return_to = local_path(posted.first("return_to")).map(str::to_owned);
    let name = passkeys::default_name(login::user_agent(&request));
    let browser = cookies::browser(&state, &request);
    let origin = address::origin(&state, &request);
    let (ceremony, credential) = (text("ceremony"), text("credential"));
    let accounts = &state.accounts;
    let added =
        passkeys::finish_add(accounts, &session, ceremony, browser.as_deref(), credential, name, &origin);
    let (problem, status) = match added.await {
        Ok(()) => {
            return return_to
                .map_or_else(|| super::done(URL, "passkey-added"), |path| respond::see_other(&path));
        }
        Err(PasskeyError::Store(error)) => return failed(&state, error),
        Err(PasskeyError::TooMany) => {
            ("You have as many passkeys as one person may have.", StatusCode::CONFLICT)
        }
        Err(PasskeyError::Known) => ("That passkey is known here already.", StatusCode::CONFLICT),
        Err(PasskeyError::Ceremony(_)) => {
            ("That took too long, or was done before. Please try again.", StatusCode::UNPROCESSABLE_ENTITY)
        }
        Err(PasskeyError::Refused(_) | PasskeyError::Unavailable) => {
            ("That passkey could not be added. Please try again.", StatusCode::UNPROCESSABLE_ENTITY)
        }
    };
    let visit = super::revisit(&state, &request, session);
    list(&state, &visit, Some(problem.to_owned()), return_to, status).await
}

/// One of them.
pub async fn get_one(state: Data<State>, request: HttpRequest, id: Path<String>) -> HttpResponse {
    match super::fresh_visit(&state, &request).await {
        Ok(visit) => one(&state, &visit, &id, None, StatusCode::OK).await,
        Err(response) => response,
    }
}

/// Gives it another name, which changes nothing about who may sign in.
pub async fn rename(
    state: Data<State>,
    request: HttpRequest,
    id: Path<String>,
    mut payload: Payload,
) -> HttpResponse {
    let (session, posted) = match super::submission(&state, &request, &mut payload, URL).await {
        Ok(sent) => sent,
        Err(response) => return response,
    };
    let Some(name) = passkeys::check_name(posted.first("name").unwrap_or_default()) else {
        let text = format!("A name has 1 to {MAX_NAME} characters.");
        let visit = super::revisit(&state, &request, session);
        return one(&state, &visit, &id, Some(text), StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    let origin = address::origin(&state, &request);
    match passkeys::rename(&state.accounts, &session, &id, name, &origin).await {
        Ok(true) => super::done(URL, "passkey-renamed"),
        Ok(false) => error_page::not_found(),
        Err(error) => failed(&state, error),
    }
}

/// Removes it.
pub async fn remove(
    state: Data<State>,
    request: HttpRequest,
    id: Path<String>,
    mut payload: Payload,
) -> HttpResponse {
    let (session, _) = match super::fresh_submission(&state, &request, &mut payload, URL).await {
        Ok(sent) => sent,
        Err(response) => return response,
    };
    let origin = address::origin(&state, &request);
    match passkeys::remove(&state.accounts, &session, &id, &origin).await {
        Ok(Removed::Done) => super::done(URL, "passkey-removed"),
        Ok(Removed::Unknown) => error_page::not_found(),
        Ok(Removed::Kept) => {
            let text = "This is the last thing you can sign in with as you must, so it stays. Add another \
                        passkey, a password or an authenticator app first.";
            let visit = super::revisit(&state, &request, session);
            one(&state, &visit, &id, Some(text.to_owned()), StatusCode::CONFLICT).await
        }
        Err(error) => failed(&state, error),
    }
}

async fn list(
    state: &State,
    visit: &Visit,
    problem: Option<String>,
    return_to: Option<String>,
    status: StatusCode,
) -> HttpResponse {
    let rows = match state.accounts.store.list_passkeys(&visit.session.user.id).await {
        Ok(rows) => rows,
        Err(error) => return failed(state, error),
    };
    let page = PasskeysPage {
        shell: visit.shell(Tab::SignIn),
        possible: state.accounts.passkeys.is_some(),
        full: rows.len() >= usize::try_from(MOST).unwrap_or(usize::MAX),
        passkeys: rows.into_iter().map(view).collect(),
        problem,
        return_to,
    };
    error_page::form_page(state, status, &page, &visit.token)
}

async fn one(
    state: &State,
    visit: &Visit,
    id: &str,
    error: Option<String>,
    status: StatusCode,
) -> HttpResponse {
    let rows = match state.accounts.store.list_passkeys(&visit.session.user.id).await {
        Ok(rows) => rows,
        Err(error) => return failed(state, error),
    };
    let Some(row) = rows.into_iter().find(|row| row.id == id) else { return error_page::not_found() };
    let shell = visit.shell(Tab::SignIn);
    let page = PasskeyPage { shell, passkey: view(row), max_name: MAX_NAME, error };
    error_page::form_page(state, status, &page, &visit.token)
}

fn view(row: PasskeyRow) -> PasskeyView {
    PasskeyView {
        id: row.id,
        name: row.name,
        created_at: when::moment(row.created_at),
        last_used_at: row.last_used_at.map(when::moment),
    }
}

fn failed(state: &State, error: StoreError) -> HttpResponse {
    error_page::refused(&error.into(), error_page::reference(state))
}
