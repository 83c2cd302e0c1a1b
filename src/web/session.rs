//! Who is signed in on this browser.

use actix_web::{HttpRequest, HttpResponse};

use super::{State, cookies, error_page};
use crate::accounts::session::{self, Session};

/// The session of the request, if there is a live one; an error page when that cannot be told.
pub async fn current(state: &State, request: &HttpRequest) -> Result<Option<Session>, HttpResponse> {
    let Some(cookie) = cookies::session(state, request) else { return Ok(None) };
    session::find(&state.accounts, &cookie)
        .await
        .map_err(|error| error_page::refused(&error.into(), error_page::reference(state)))
}
