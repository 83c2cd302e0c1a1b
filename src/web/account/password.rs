//! `/account/password`: changing one's password, or setting the first.
//!
//! The password so far is not asked again: the login is fresh, and whoever came in with a passkey or from a
//! provider because they forgot it must be able to set a new one.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::super::pages::account::{PasswordPage, Tab};
use super::super::{State, address, error_page};
use crate::accounts::links::NewPassword;
use crate::accounts::password::{self, ChangeError};
use crate::oauth::error::Refusal;
use crate::types::Plain;

const URL: &str = "/account/password";

/// Shows the form.
pub async fn get(state: Data<State>, request: HttpRequest) -> HttpResponse {
    match super::fresh_visit(&state, &request).await {
        Ok(visit) => show(&state, &visit, None, StatusCode::OK),
        Err(response) => response,
    }
}

/// Saves the password, and signs out everywhere else.
pub async fn post(state: Data<State>, request: HttpRequest, mut payload: Payload) -> HttpResponse {
    let (session, posted) = match super::fresh_submission(&state, &request, &mut payload, URL).await {
        Ok(sent) => sent,
        Err(response) => return response,
    };
    let text = |name| Plain::new(posted.first(name).unwrap_or_default().to_owned());
    let new = NewPassword { password: text("password"), again: text("password_again") };
    let origin = address::origin(&state, &request);
    match password::change(&state.accounts, &session, new, &origin).await {
        Ok(()) => super::done(URL, "password-changed"),
        Err(ChangeError::Weak(weak)) => {
            let visit = super::revisit(&state, &request, session);
            show(&state, &visit, Some(weak.to_string()), StatusCode::UNPROCESSABLE_ENTITY)
        }
        Err(ChangeError::Store(error)) => error_page::refused(&error.into(), error_page::reference(&state)),
        Err(ChangeError::Hash(_)) => error_page::refused(&Refusal::internal(), error_page::reference(&state)),
    }
}

fn show(state: &State, visit: &super::Visit, error: Option<String>, status: StatusCode) -> HttpResponse {
    let page = PasswordPage {
        shell: visit.shell(Tab::SignIn),
        has_password: visit.session.user.password_hash.is_some(),
        error,
        min_password: password::MIN_CHARS,
    };
    error_page::form_page(state, status, &page, &visit.token)
}
