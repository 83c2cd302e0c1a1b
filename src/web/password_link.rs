//! What `/invite`, `/reset` and `/setup` have in common: a new password, by a one-time link.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};

use super::problem::Problem;
use super::{State, address, csrf, error_page, forms};
use crate::accounts::links::{self, LinkError, NewPassword};
use crate::audit::{Entry, Event};
use crate::oauth::Origin;
use crate::oauth::params::Params;
use crate::store::links::LinkPurpose;
use crate::store::users::UserRow;
use crate::types::Plain;

/// A form that may be looked at.
pub struct Sent {
    /// The link's secret.
    pub token: String,
    pub new: NewPassword,
    pub origin: Origin,
    /// Every field.
    pub fields: Params,
}

/// Reads the form, or says what is wrong with it; `event` is what it would have led to.
pub async fn read(
    state: &State,
    request: &HttpRequest,
    payload: &mut Payload,
    event: Event,
) -> Result<Sent, HttpResponse> {
    let fields = match forms::fields(state, request, payload, None).await {
        Ok(fields) => fields,
        Err(problem) => return Err(problem.as_page(state, request, event).await),
    };
    if !csrf::check(state, request, None, fields.first("csrf")) {
        let entry = Entry::refused(event, "stale_form");
        return Err(error_page::stale_form(state, request, entry).await);
    }
    let origin = address::origin(state, request);
    if let Err(throttled) = state.accounts.throttle.secret(origin.address.as_deref().unwrap_or_default()) {
        return Err(Problem::from(throttled).as_page(state, request, event).await);
    }
    let text = |name| fields.first(name).unwrap_or_default().to_owned();
    let new =
        NewPassword { password: Plain::new(text("password")), again: Plain::new(text("password_again")) };
    Ok(Sent { token: text("token"), new, origin, fields })
}

/// The person a live link is for. `dead` says how to get another.
pub async fn person(
    state: &State,
    purpose: LinkPurpose,
    link: &str,
    dead: &str,
) -> Result<UserRow, HttpResponse> {
    let found = match links::find(&state.accounts, purpose, link).await {
        Ok(row) => links::person_of(&state.accounts, &row).await,
        Err(error) => Err(error),
    };
    found.map_err(|error| failed(state, error, dead))
}

/// The page for a link that did nothing; what was typed is not to blame.
pub fn failed(state: &State, error: LinkError, dead: &str) -> HttpResponse {
    match error {
        LinkError::Store(error) => error_page::refused(&error.into(), error_page::reference(state)),
        LinkError::Hash(_) => {
            error_page::refused(&crate::oauth::error::Refusal::internal(), error_page::reference(state))
        }
        LinkError::Dead | LinkError::BadEmail | LinkError::TakenEmail | LinkError::Weak(_) => {
            error_page::dead_link(dead)
        }
    }
}
