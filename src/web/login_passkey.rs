//! `/login/passkey`: signing in with a passkey, without a word typed.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::login::{self, Form, HOME, Problem, local_path};
use super::pages::Again;
use super::{State, address, cookies, csrf, error_page, forms, respond};
use crate::accounts::passkeys::{self, Challenge, MAX_CREDENTIAL, PasskeyError};
use crate::audit::{Entry, Event};
use crate::oauth::flow;
use crate::types::FirstFactor;

/// The longest form with a credential in it, in bytes.
pub const MAX_FORM: usize = MAX_CREDENTIAL;
/// The same for every reason: a stranger learns nothing.
const REFUSED: &str = "That passkey could not be used here. Try again, or sign in another way.";

/// A challenge, as JSON. Says nothing about any account, and costs nobody an attempt: the answer does.
pub async fn options(state: Data<State>, request: HttpRequest, mut payload: Payload) -> HttpResponse {
    let posted = match forms::fields(&state, &request, &mut payload, None).await {
        Ok(posted) => posted,
        Err(problem) => return problem.as_json(),
    };
    let browser = cookies::browser(&state, &request).unwrap_or_default();
    if !csrf::check(&state, &request, None, posted.first("csrf")) {
        return problem(StatusCode::FORBIDDEN, "The page was open for too long. Reload it and try again.");
    }
    challenge(passkeys::begin_login(&state.accounts, &browser))
}

/// A challenge as the page's script reads it.
pub fn challenge(begun: Result<Challenge, PasskeyError>) -> HttpResponse {
    match begun {
        Ok(challenge) => {
            let body = json!({ "ceremony": challenge.ceremony.expose(), "options": challenge.options });
            respond::json_no_store(StatusCode::OK, &body)
        }
        Err(PasskeyError::TooMany) => {
            problem(StatusCode::CONFLICT, "You have as many passkeys as one person may have.")
        }
        Err(PasskeyError::Unavailable) => {
            problem(StatusCode::NOT_FOUND, "Passkeys are not possible at this address.")
        }
        Err(error) => {
            tracing::error!(%error, "a passkey could not be asked for");
            problem(StatusCode::SERVICE_UNAVAILABLE, "That is not possible right now. Try again in a moment.")
        }
    }
}

/// An error as the page's script reads it.
pub fn problem(status: StatusCode, sentence: &str) -> HttpResponse {
    respond::json_no_store(status, &json!({ "error": "refused", "error_description": sentence }))
}

/// Signs in whoever's passkey answered.
pub async fn post(state: Data<State>, request: HttpRequest, mut payload: Payload) -> HttpResponse {
    let posted = match forms::fields_within(&state, &request, &mut payload, MAX_FORM).await {
        Ok(posted) => posted,
        Err(problem) => return problem.as_page(&state, &request, Event::Login).await,
    };
    let return_to = local_path(posted.first("return_to")).unwrap_or(HOME).to_owned();
    let again = Again::read(posted.first("again"));
    let form = Form { return_to: &return_to, email: String::new(), again };
    let origin = address::origin(&state, &request);
    if !csrf::check(&state, &request, None, posted.first("csrf")) {
        let entry = Entry::refused(Event::Login, "stale_form")
            .flow(flow::of_return(&state.oauth.master, &return_to))
            .address(origin.address);
        state.accounts.audit.record(entry).await;
        let text = "The page was open for too long. Please try again.".to_owned();
        return login::show(&state, &request, form, Problem::Passkey(text), StatusCode::FORBIDDEN).await;
    }
    let text = |name| posted.first(name).unwrap_or_default();
    let browser = cookies::browser(&state, &request);
    let (ceremony, credential) = (text("ceremony"), text("credential"));
    let address = origin.address.as_deref().unwrap_or_default();
    if let Err(throttled) = state.accounts.throttle.secret(address) {
        return super::problem::Problem::from(throttled).as_page(&state, &request, Event::Login).await;
    }
    let browser = browser.as_deref();
    let found =
        passkeys::finish_login(&state.accounts, ceremony, browser, credential, &return_to, &origin).await;
    match found {
        Ok(user) => login::finish(&state, &request, &user, FirstFactor::Passkey, &return_to).await,
        Err(PasskeyError::Store(error)) => error_page::refused(&error.into(), error_page::reference(&state)),
        Err(_) => {
            let problem = Problem::Passkey(REFUSED.to_owned());
            login::show(&state, &request, form, problem, StatusCode::UNAUTHORIZED).await
        }
    }
}
