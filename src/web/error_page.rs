//! Pages for people: rendering, security headers, and the one error page.

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use askama::Template;

use super::csrf::FormToken;
use super::pages::{ErrorPage, LeavingPage};
use super::{State, address, cookies};
use crate::audit::Entry;
use crate::oauth::authorize::ToClient;
use crate::oauth::error::{Code, Reason, Refusal};
use crate::oauth::redirect_uri::Destination;

/// No `form-action`: Chromium applies it to the redirect after a form post and would block the way back to
/// the client.
const CSP: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; font-src 'self'; \
                   connect-src 'self'; base-uri 'none'; frame-ancestors 'none'";

fn builder(status: StatusCode) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    response
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::CONTENT_SECURITY_POLICY, CSP))
        .insert_header((header::X_FRAME_OPTIONS, "DENY"))
        .insert_header((header::REFERRER_POLICY, "same-origin"));
    response
}

/// A page.
pub fn page(status: StatusCode, page: &impl Template) -> HttpResponse {
    match page.render() {
        Ok(html) => builder(status).body(html),
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            builder(StatusCode::INTERNAL_SERVER_ERROR).body("This page could not be shown.")
        }
    }
}

/// A page with a form on it: sets the browser cookie the form is bound to.
pub fn form_page(state: &State, status: StatusCode, html: &impl Template, token: &FormToken) -> HttpResponse {
    let mut response = page(status, html);
    if let Some(browser) = &token.set_browser
        && let Err(error) = response.add_cookie(&cookies::set_browser(state, browser.clone()))
    {
        tracing::error!(%error, "the browser cookie could not be set");
    }
    response
}

/// A reference that the person can read out and that finds the audit event.
pub fn reference(state: &State) -> String {
    let bytes = state.oauth.rng.bytes::<10>();
    bytes.iter().map(|b| char::from(b"0123456789abcdefghjkmnpqrstvwxyz"[usize::from(b & 31)])).collect()
}

/// What a person sees when a request of a client cannot go on.
pub fn refused(refusal: &Refusal, reference: String) -> HttpResponse {
    tracing::info!(reference, reason = refusal.reason.as_str(), "an error page was shown");
    let (title, _, next) = words(refusal.reason);
    let sentence = sentence(refusal);
    let is_passing =
        refusal.code == Code::TemporarilyUnavailable && matches!(refusal.reason, Reason::Document(_));
    let status = if refusal.reason == Reason::StoreUnavailable || is_passing {
        StatusCode::SERVICE_UNAVAILABLE
    } else if refusal.reason == Reason::Internal {
        StatusCode::INTERNAL_SERVER_ERROR
    } else {
        StatusCode::BAD_REQUEST
    };
    let html =
        ErrorPage { title: title.to_owned(), sentence, next: next.to_owned(), reference: Some(reference) };
    let mut response = page(status, &html);
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static("5"));
    }
    response
}

/// What a person sees in place of a redirect with an error to a site that nobody here vouches for.
pub fn leaving(to: &ToClient, continue_url: String, reference: String) -> HttpResponse {
    let (Destination::Web(host) | Destination::Loopback(host) | Destination::App(host)) =
        to.redirect_uri.destination();
    let html = LeavingPage {
        title: words(to.refusal.reason).0.to_owned(),
        sentence: sentence(&to.refusal),
        client_name: to.client.name.clone(),
        host,
        continue_url,
        reference,
    };
    page(StatusCode::BAD_REQUEST, &html)
}

/// What is wrong, in one sentence.
fn sentence(refusal: &Refusal) -> String {
    if let (Reason::Document(_), Some(rest)) = (refusal.reason, refusal.description.strip_prefix("the ")) {
        return format!("The {rest}.");
    }
    words(refusal.reason).1.map_or_else(
        || format!("The app sent a request that cannot be accepted: {}.", refusal.description),
        str::to_owned,
    )
}

const fn words(reason: Reason) -> (&'static str, Option<&'static str>, &'static str) {
    match reason {
        Reason::UnknownClient | Reason::DisabledClient => (
            "This app is not known here",
            Some(
                "The app's registration is missing: it may have expired, or the app was registered elsewhere.",
            ),
            "Remove this server from the app, add it again, and sign in once more.",
        ),
        Reason::ForeignRedirectUri | Reason::BadRedirectUri => (
            "This app wants to be answered somewhere else",
            Some(
                "The address the app wants to be answered at is not one it registered, so nothing was sent there.",
            ),
            "Remove this server from the app and add it again. If that does not help, tell the app's makers.",
        ),
        Reason::ClientNotAdmitted => (
            "This app is not let in here",
            Some("It is not among the apps that this server takes."),
            "Ask the administrator of this server to let it in.",
        ),
        Reason::Document(_) => (
            "This app cannot be recognised",
            None,
            "Try again in a moment. If that does not help, tell the app's makers.",
        ),
        Reason::LoginNeeded | Reason::ConsentNeeded => (
            "This app needs you",
            Some("The app asked to go on without asking you anything, and that is not possible."),
            "Go back to the app and start signing in again.",
        ),
        Reason::StoreUnavailable => (
            "Please try again in a moment",
            Some("The server cannot reach its database right now."),
            "Nothing was changed. Go back and try again shortly.",
        ),
        Reason::Internal => (
            "Something went wrong here",
            Some("The server made a mistake."),
            "Try again. If it happens once more, give the reference below to whoever runs this server.",
        ),
        _ => ("This request cannot go on", None, "Go back to the app and start signing in again."),
    }
}

/// A form that was posted from elsewhere, or too late; `entry` goes into the audit trail.
pub async fn stale_form(state: &State, request: &HttpRequest, entry: Entry) -> HttpResponse {
    let reference = reference(state);
    let entry = entry.address(address::origin(state, request).address).reference(reference.clone());
    state.oauth.audit.record(entry).await;
    page(
        StatusCode::FORBIDDEN,
        &ErrorPage {
            title: "This form is out of date".to_owned(),
            sentence: "The page was open for too long, or was sent from another browser or account."
                .to_owned(),
            next: "Go back, reload the page, and try again.".to_owned(),
            reference: Some(reference),
        },
    )
}

/// A one-time link that does not work any more.
pub fn dead_link(next: &str) -> HttpResponse {
    page(
        StatusCode::GONE,
        &ErrorPage {
            title: "This link does not work any more".to_owned(),
            sentence: "It has been used, has expired, or was replaced by a newer one.".to_owned(),
            next: next.to_owned(),
            reference: None,
        },
    )
}

/// A browser that does not send the cookie it was given cannot sign in.
pub fn no_cookies() -> HttpResponse {
    page(
        StatusCode::FORBIDDEN,
        &ErrorPage {
            title: "Cookies are off".to_owned(),
            sentence: "Your browser did not send the cookie it was given.".to_owned(),
            next: "Allow cookies for this site, and sign in again.".to_owned(),
            reference: None,
        },
    )
}

/// Somebody proved who they are, and may not come in.
pub fn disabled() -> HttpResponse {
    page(
        StatusCode::FORBIDDEN,
        &ErrorPage {
            title: "This account is disabled".to_owned(),
            sentence: "You cannot sign in with it at present.".to_owned(),
            next: "Ask whoever runs this server to enable it.".to_owned(),
            reference: None,
        },
    )
}

/// Somebody proved who they are with what counts no more.
pub fn account_changed() -> HttpResponse {
    page(
        StatusCode::CONFLICT,
        &ErrorPage {
            title: "Please sign in again".to_owned(),
            sentence: "Your account was changed while you were signing in, so that nobody was signed in."
                .to_owned(),
            next: "Go back to the app or page you came from, and sign in with your new password or second factor."
                .to_owned(),
            reference: None,
        },
    )
}

/// A page that does not exist.
pub fn not_found() -> HttpResponse {
    page(
        StatusCode::NOT_FOUND,
        &ErrorPage {
            title: "There is no such page".to_owned(),
            sentence: "Nothing is served at this address.".to_owned(),
            next: "Check the address, or go to the start page.".to_owned(),
            reference: None,
        },
    )
}
