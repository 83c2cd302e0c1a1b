//! `/setup`: the first administrator, by the one-time link printed at start.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::pages::SetupPage;
use super::{State, csrf, error_page, login, password_link};
use crate::accounts::links::{self, LinkError};
use crate::accounts::password;
use crate::audit::Event;
use crate::oauth::params::Params;
use crate::store::links::LinkPurpose;
use crate::types::FirstFactor;

const DEAD: &str = "Restart the server to get a new link, or set GATEPOST_ADMIN_EMAIL and \
                    GATEPOST_ADMIN_PASSWORD. If an administrator exists already, sign in.";

/// Where the new administrator comes to: it says what to do next.
const NEXT: &str = "/admin";

/// Shows the form. Looking does not use the link up.
pub async fn get(state: Data<State>, request: HttpRequest) -> HttpResponse {
    let params = Params::parse(request.query_string().as_bytes()).unwrap_or_default();
    let token = params.first("token").unwrap_or_default();
    match links::find(&state.accounts, LinkPurpose::Setup, token).await {
        Ok(_) => form(&state, &request, token, "", None, StatusCode::OK),
        Err(LinkError::Store(error)) => error_page::refused(&error.into(), error_page::reference(&state)),
        Err(_) => error_page::dead_link(DEAD),
    }
}

/// Creates the administrator and signs them in.
pub async fn post(state: Data<State>, request: HttpRequest, mut payload: Payload) -> HttpResponse {
    let sent = match password_link::read(&state, &request, &mut payload, Event::SetupCompleted).await {
        Ok(sent) => sent,
        Err(response) => return response,
    };
    let (token, email) = (sent.token, sent.fields.first("email").unwrap_or_default());
    let user = match links::set_up(&state.accounts, &token, email, sent.new, &sent.origin).await {
        Ok(user) => user,
        Err(error) => return failed(&state, &request, &token, email, error),
    };
    login::finish(&state, &request, &user, FirstFactor::Password, NEXT).await
}

fn failed(state: &State, request: &HttpRequest, token: &str, email: &str, error: LinkError) -> HttpResponse {
    match error {
        LinkError::Dead | LinkError::Store(_) | LinkError::Hash(_) => {
            password_link::failed(state, error, DEAD)
        }
        LinkError::BadEmail | LinkError::TakenEmail | LinkError::Weak(_) => {
            let text = Some(error.to_string());
            form(state, request, token, email, text, StatusCode::UNPROCESSABLE_ENTITY)
        }
    }
}

fn form(
    state: &State,
    request: &HttpRequest,
    link: &str,
    email: &str,
    error: Option<String>,
    status: StatusCode,
) -> HttpResponse {
    let token = csrf::issue(state, request, None);
    let page = SetupPage {
        csrf: token.value.clone(),
        token: link.to_owned(),
        email: email.to_owned(),
        error,
        min_password: password::MIN_CHARS,
    };
    error_page::form_page(state, status, &page, &token)
}
