//! The cookies: who is signed in, which browser this is, and which login waits for its second step.
//!
//! On https all carry the `__Host-` prefix: no other host of the domain can set or shadow them.

use actix_web::HttpRequest;
use actix_web::cookie::{Cookie, SameSite};

use super::State;
use crate::types::Plain;

const SESSION: &str = "gatepost-session";
const BROWSER: &str = "gatepost-browser";
const STEP: &str = "gatepost-step";

/// How long a browser keeps its mark, in days: the longest that browsers allow.
const BROWSER_DAYS: i64 = 400;

fn name(state: &State, base: &str) -> String {
    if state.issuer().is_https() { format!("__Host-{base}") } else { base.to_owned() }
}

fn build<'c>(state: &State, base: &str, value: String) -> Cookie<'c> {
    Cookie::build(name(state, base), value)
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(state.issuer().is_https())
        .finish()
}

/// The session cookie's value.
pub fn session(state: &State, request: &HttpRequest) -> Option<String> {
    request.cookie(&name(state, SESSION)).map(|c| c.value().to_owned())
}

/// Signs the browser in for as long as the session may live.
pub fn set_session<'c>(state: &State, value: &Plain<String>) -> Cookie<'c> {
    let mut cookie = build(state, SESSION, value.expose().clone());
    cookie.set_max_age(actix_web::cookie::time::Duration::seconds(state.accounts.sessions.absolute));
    cookie
}

/// Signs the browser out.
pub fn clear_session<'c>(state: &State) -> Cookie<'c> {
    let mut cookie = build(state, SESSION, String::new());
    cookie.make_removal();
    cookie
}

/// The login that waits for its second step on this browser.
pub fn step(state: &State, request: &HttpRequest) -> Option<String> {
    request.cookie(&name(state, STEP)).map(|c| c.value().to_owned())
}

/// Remembers a login that waits for its second step, for as long as it may.
pub fn set_step<'c>(state: &State, value: &Plain<String>) -> Cookie<'c> {
    let mut cookie = build(state, STEP, value.expose().clone());
    cookie.set_max_age(actix_web::cookie::time::Duration::seconds(crate::accounts::ceremony::LIFE));
    cookie
}

/// Forgets it.
pub fn clear_step<'c>(state: &State) -> Cookie<'c> {
    let mut cookie = build(state, STEP, String::new());
    cookie.make_removal();
    cookie
}

/// The browser cookie's value.
pub fn browser(state: &State, request: &HttpRequest) -> Option<String> {
    request.cookie(&name(state, BROWSER)).map(|c| c.value().to_owned()).filter(|v| v.len() == 43)
}

/// Marks the browser, so that forms can be bound to it before anybody signs in, and new ones are told apart.
pub fn set_browser<'c>(state: &State, value: String) -> Cookie<'c> {
    let mut cookie = build(state, BROWSER, value);
    cookie.set_max_age(actix_web::cookie::time::Duration::days(BROWSER_DAYS));
    cookie
}
