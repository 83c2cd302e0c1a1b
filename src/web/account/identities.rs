//! `/account/identities…`: the logins elsewhere that open this account. Adding one goes through the provider and ends
//! with a look at what came back; removing one is asked once more.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::super::pages::account::{AddIdentityPage, IdentitiesPage, IdentityView, RemoveIdentityPage, Tab};
use super::super::{State, cookies, csrf, error_page, upstream};
use super::Visit;
use crate::accounts::session::Session;
use crate::accounts::upstream::identities::{self, RemoveError};
use crate::accounts::upstream::{Ask, Proposal, Purpose, Start, Stopped};
use crate::accounts::ways_in::{Way, is_left_without};
use crate::store::StoreError;
use crate::store::identities::IdentityRow;
use crate::store::ways_in::WaysInRow;
use crate::types::Plain;
use crate::web::when;

const PAGE: &str = "/account/identities";

/// Lists them.
pub async fn get(state: Data<State>, request: HttpRequest) -> HttpResponse {
    let visit = match super::visit(&state, &request).await {
        Ok(visit) => visit,
        Err(response) => return response,
    };
    let (rows, ways) = match of(&state, &visit.session).await {
        Ok(found) => found,
        Err(error) => return error_page::refused(&error.into(), error_page::reference(&state)),
    };
    let page = IdentitiesPage {
        shell: visit.shell(Tab::SignIn),
        identities: rows.iter().map(|row| view(&state, row, &ways)).collect(),
        providers: upstream::buttons(&state),
    };
    error_page::form_page(&state, StatusCode::OK, &page, &visit.token)
}

async fn of(state: &State, session: &Session) -> Result<(Vec<IdentityRow>, WaysInRow), StoreError> {
    let rows = state.accounts.store.identities_of(&session.user.id).await?;
    Ok((rows, state.accounts.store.ways_in(&session.user.id).await?))
}

fn view(state: &State, row: &IdentityRow, ways: &WaysInRow) -> IdentityView {
    IdentityView {
        id: row.id.clone(),
        label: upstream::label(state, &row.provider),
        email: row.email.clone(),
        linked_at: when::moment(row.created_at),
        last_used_at: row.last_used_at.map(when::moment),
        works: state.accounts.upstream.knows_issuer(&row.issuer),
        removable: is_left_without(ways, &Way::Identity(row.id.clone()), |issuer| {
            state.accounts.upstream.knows_issuer(issuer)
        }),
    }
}

/// Leaves for a provider to add its account to this one.
pub async fn add(state: Data<State>, request: HttpRequest, mut payload: Payload) -> HttpResponse {
    let (session, posted) = match super::fresh_submission(&state, &request, &mut payload, PAGE).await {
        Ok(found) => found,
        Err(response) => return response,
    };
    let provider = posted.first("provider").unwrap_or_default();
    let start = Start::Link { user_id: &session.user.id };
    upstream::leave(&state, &request, provider, start, Ask::Account).await
}

/// Puts what came back before the person.
pub fn ask(
    state: &State,
    request: &HttpRequest,
    session: Session,
    secret: &Plain<String>,
    proposal: &Proposal,
) -> HttpResponse {
    let token = csrf::issue(state, request, Some(&session.id));
    let visit = Visit { session, token, notice: None };
    let page = AddIdentityPage {
        shell: visit.shell(Tab::SignIn),
        label: upstream::label(state, &proposal.provider),
        identity_email: proposal.email.clone(),
        secret: secret.expose().clone(),
    };
    error_page::form_page(state, StatusCode::OK, &page, &visit.token)
}

/// Adds it.
pub async fn confirm(state: Data<State>, request: HttpRequest, mut payload: Payload) -> HttpResponse {
    let (session, posted) = match super::fresh_submission(&state, &request, &mut payload, PAGE).await {
        Ok(found) => found,
        Err(response) => return response,
    };
    let attempt = upstream::attempt(&state, &request);
    let secret = posted.first("ceremony").unwrap_or_default();
    let browser = cookies::browser(&state, &request);
    match identities::confirm(&state.accounts, &session, secret, browser.as_deref(), &attempt).await {
        Ok(()) => super::done(PAGE, "identity-added"),
        Err(failure) => {
            let stopped = Stopped { failure, purpose: Some(Purpose::Link) };
            upstream::explain(&state, "the provider", stopped, attempt.reference).await
        }
    }
}

/// Asks whether to remove one.
pub async fn ask_to_remove(state: Data<State>, request: HttpRequest, id: Path<String>) -> HttpResponse {
    let visit = match super::fresh_visit(&state, &request).await {
        Ok(visit) => visit,
        Err(response) => return response,
    };
    show_removal(&state, visit, &id, None, StatusCode::OK).await
}

async fn show_removal(
    state: &State,
    visit: Visit,
    id: &str,
    error: Option<String>,
    status: StatusCode,
) -> HttpResponse {
    let (rows, ways) = match of(state, &visit.session).await {
        Ok(found) => found,
        Err(error) => return error_page::refused(&error.into(), error_page::reference(state)),
    };
    let Some(row) = rows.iter().find(|row| row.id == id) else { return error_page::not_found() };
    let page =
        RemoveIdentityPage { shell: visit.shell(Tab::SignIn), identity: view(state, row, &ways), error };
    error_page::form_page(state, status, &page, &visit.token)
}

/// Removes it, unless it is the last way in.
pub async fn remove(
    state: Data<State>,
    request: HttpRequest,
    id: Path<String>,
    mut payload: Payload,
) -> HttpResponse {
    let (session, _) = match super::fresh_submission(&state, &request, &mut payload, PAGE).await {
        Ok(found) => found,
        Err(response) => return response,
    };
    let attempt = upstream::attempt(&state, &request);
    match identities::remove(&state.accounts, &session.user, &id, &attempt).await {
        Ok(()) => super::done(PAGE, "identity-removed"),
        Err(RemoveError::Unknown) => error_page::not_found(),
        Err(RemoveError::LastWayIn) => {
            let token = csrf::issue(&state, &request, Some(&session.id));
            let visit = Visit { session, token, notice: None };
            let text = "It is your only way to sign in. Set a password or add another way first.".to_owned();
            show_removal(&state, visit, &id, Some(text), StatusCode::CONFLICT).await
        }
        Err(RemoveError::Store(error)) => error_page::refused(&error.into(), attempt.reference),
    }
}
