//! Form tokens: a keyed hash of the browser's cookie and, once somebody is signed in, of the session.
//!
//! A token made before a login is worth nothing after it, and one browser's token nothing in another.

use actix_web::HttpRequest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{State, cookies};
use crate::types::Hashed;
use crate::types::master_key::Purpose;

/// A form token, and the browser cookie to set if there was none.
pub struct FormToken {
    pub value: String,
    pub set_browser: Option<String>,
}

fn token(state: &State, browser: &str, session: Option<&str>) -> String {
    URL_SAFE_NO_PAD.encode(state.oauth.master.mac(Purpose::Csrf, &[browser, session.unwrap_or_default()]))
}

/// The token for a form on this browser.
pub fn issue(state: &State, request: &HttpRequest, session: Option<&str>) -> FormToken {
    if let Some(browser) = cookies::browser(state, request) {
        return FormToken { value: token(state, &browser, session), set_browser: None };
    }
    let browser = URL_SAFE_NO_PAD.encode(state.oauth.rng.bytes::<32>());
    FormToken { value: token(state, &browser, session), set_browser: Some(browser) }
}

/// Whether a posted token is the one of this browser and session, in constant time.
pub fn check(state: &State, request: &HttpRequest, session: Option<&str>, posted: Option<&str>) -> bool {
    match (cookies::browser(state, request), posted) {
        (Some(browser), Some(posted)) => Hashed::of(&token(state, &browser, session)).matches(posted),
        _ => false,
    }
}
