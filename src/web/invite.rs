//! `/invite`: the first sign-in of a person who was invited, with a password or with a login elsewhere.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::pages::InvitePage;
use super::problem::Problem;
use super::{State, address, csrf, error_page, forms, login, upstream};
use crate::accounts::links::{self, LinkError, NewPassword};
use crate::accounts::password;
use crate::audit::{Entry, Event};
use crate::oauth::params::Params;
use crate::store::links::LinkPurpose;
use crate::types::{FirstFactor, Plain};

pub const DEAD: &str =
    "Ask whoever runs this server for a new invitation. If you have accepted it, just sign in.";

/// Shows who is invited, and the ways to come in. Looking does not use the invitation up.
pub async fn get(state: Data<State>, request: HttpRequest) -> HttpResponse {
    let params = Params::parse(request.query_string().as_bytes()).unwrap_or_default();
    let token = params.first("token").unwrap_or_default();
    show(&state, &request, token, None, StatusCode::OK).await
}

/// Sets the password and signs the person in. The other ways go through `/login/<provider>`.
pub async fn post(state: Data<State>, request: HttpRequest, mut payload: Payload) -> HttpResponse {
    let posted = match forms::fields(&state, &request, &mut payload, None).await {
        Ok(posted) => posted,
        Err(problem) => return problem.as_page(&state, &request, Event::InvitationAccepted).await,
    };
    if !csrf::check(&state, &request, None, posted.first("csrf")) {
        let entry = Entry::refused(Event::InvitationAccepted, "stale_form");
        return error_page::stale_form(&state, &request, entry).await;
    }
    let origin = address::origin(&state, &request);
    if let Err(throttled) = state.accounts.throttle.secret(origin.address.as_deref().unwrap_or_default()) {
        return Problem::from(throttled).as_page(&state, &request, Event::InvitationAccepted).await;
    }
    let text = |name| posted.first(name).unwrap_or_default().to_owned();
    let token = text("token");
    let new =
        NewPassword { password: Plain::new(text("password")), again: Plain::new(text("password_again")) };
    match links::accept(&state.accounts, &token, new, &origin).await {
        Ok(user) => login::finish(&state, &request, &user, FirstFactor::Link, login::HOME).await,
        Err(LinkError::Weak(weak)) => {
            let text = Some(weak.to_string());
            show(&state, &request, &token, text, StatusCode::UNPROCESSABLE_ENTITY).await
        }
        Err(error) => failed(&state, error),
    }
}

fn failed(state: &State, error: LinkError) -> HttpResponse {
    match error {
        LinkError::Store(error) => error_page::refused(&error.into(), error_page::reference(state)),
        LinkError::Hash(_) => {
            error_page::refused(&crate::oauth::error::Refusal::internal(), error_page::reference(state))
        }
        LinkError::Dead | LinkError::BadEmail | LinkError::TakenEmail | LinkError::Weak(_) => {
            error_page::dead_link(DEAD)
        }
    }
}

async fn show(
    state: &State,
    request: &HttpRequest,
    link: &str,
    error: Option<String>,
    status: StatusCode,
) -> HttpResponse {
    let found = match links::find(&state.accounts, LinkPurpose::Invite, link).await {
        Ok(row) => links::person_of(&state.accounts, &row).await,
        Err(error) => Err(error),
    };
    let user = match found {
        Ok(user) => user,
        Err(error) => return failed(state, error),
    };
    let token = csrf::issue(state, request, None);
    let page = InvitePage {
        csrf: token.value.clone(),
        token: link.to_owned(),
        email: user.email,
        error,
        min_password: password::MIN_CHARS,
        providers: upstream::buttons(state),
    };
    error_page::form_page(state, status, &page, &token)
}
