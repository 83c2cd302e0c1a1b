//! Who is signed in on this browser, and whether with enough.

use actix_web::{HttpRequest, HttpResponse};

use super::account::second_factor::URL as SET_UP;
use super::pages::Again;
use super::{State, cookies, error_page};
use crate::accounts::second_factor::{Standing, standing};
use crate::accounts::session::{self, Session};
use crate::oauth::authorize::Login;

/// The session of the request, if there is a live one; an error page when that cannot be told.
pub async fn current(state: &State, request: &HttpRequest) -> Result<Option<Session>, HttpResponse> {
    let Some(cookie) = cookies::session(state, request) else { return Ok(None) };
    session::find(&state.accounts, &cookie)
        .await
        .map_err(|error| error_page::refused(&error.into(), error_page::reference(state)))
}

/// The login of a session, as a request looks at it.
pub const fn login_of(session: &Session) -> Login {
    Login { auth_time: session.auth_time, started_at: session.started_at }
}

/// Where somebody is led who must show a second factor first, and has not.
#[derive(Debug)]
pub enum Detour {
    SignInAgain(String),
    SetUp(String),
}

impl Detour {
    pub fn url(&self) -> &str {
        match self {
            Self::SignInAgain(url) | Self::SetUp(url) => url,
        }
    }
}

/// Where this session is led on the way to `return_to`, if anywhere.
pub async fn detour(
    state: &State,
    session: &Session,
    return_to: &str,
) -> Result<Option<Detour>, HttpResponse> {
    let standing = standing(&state.accounts, session)
        .await
        .map_err(|error| error_page::refused(&error.into(), error_page::reference(state)))?;
    let query = |pairs: &[(&str, &str)]| serde_urlencoded::to_string(pairs).unwrap_or_default();
    Ok(match standing {
        Standing::Enough => None,
        Standing::SetUp => Some(Detour::SetUp(format!("{SET_UP}?{}", query(&[("return_to", return_to)])))),
        Standing::SignInAgain => {
            let again = [("return_to", return_to), ("again", Again::SecondFactor.as_str())];
            Some(Detour::SignInAgain(format!("/login?{}", query(&again))))
        }
    })
}
