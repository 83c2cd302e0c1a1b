//! `/reset`: a new password, by a one-time link from an administrator.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::pages::ResetPage;
use super::{State, csrf, error_page, login, password_link};
use crate::accounts::links::{self, LinkError};
use crate::accounts::password;
use crate::audit::Event;
use crate::oauth::params::Params;
use crate::store::links::LinkPurpose;
use crate::types::FirstFactor;

const DEAD: &str = "Ask whoever runs this server for a new link.";

/// Shows the form. Looking does not use the link up.
pub async fn get(state: Data<State>, request: HttpRequest) -> HttpResponse {
    let params = Params::parse(request.query_string().as_bytes()).unwrap_or_default();
    let token = params.first("token").unwrap_or_default();
    show(&state, &request, token, None, StatusCode::OK).await
}

/// Sets the password and signs the person in.
pub async fn post(state: Data<State>, request: HttpRequest, mut payload: Payload) -> HttpResponse {
    let event = Event::PasswordReset;
    let sent = match password_link::read(&state, &request, &mut payload, event).await {
        Ok(sent) => sent,
        Err(response) => return response,
    };
    match links::reset(&state.accounts, &sent.token, sent.new, &sent.origin).await {
        Ok(user) => login::finish(&state, &request, &user, FirstFactor::Link, login::HOME).await,
        Err(LinkError::Weak(weak)) => {
            let text = Some(weak.to_string());
            show(&state, &request, &sent.token, text, StatusCode::UNPROCESSABLE_ENTITY).await
        }
        Err(error) => password_link::failed(&state, error, DEAD),
    }
}

async fn show(
    state: &State,
    request: &HttpRequest,
    link: &str,
    error: Option<String>,
    status: StatusCode,
) -> HttpResponse {
    let user = match password_link::person(state, LinkPurpose::Reset, link, DEAD).await {
        Ok(user) => user,
        Err(response) => return response,
    };
    let token = csrf::issue(state, request, None);
    let page = ResetPage {
        csrf: token.value.clone(),
        token: link.to_owned(),
        email: user.email,
        error,
        min_password: password::MIN_CHARS,
    };
    error_page::form_page(state, status, &page, &token)
}
