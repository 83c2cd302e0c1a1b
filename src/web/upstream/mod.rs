//! `/login/<provider>`: leaving for a provider, and `/login/<provider>/callback`: coming back.

mod words;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::account::identities;
use super::pages::{PageLink, ProviderButton, StoppedPage};
use super::problem::Problem;
use super::{State, address, cookies, csrf, error_page, forms, login, respond, session};
use crate::accounts::upstream::{self, Ask, Attempt, Failure, Outcome, Purpose, Start, Stopped};
use crate::audit::{Entry, Event};
use crate::oauth::authorize;
use crate::oauth::params::Params;

/// The page whose forms add and remove identities.
const IDENTITIES: &str = "/account/identities";

/// A button for each provider that is set up.
pub fn buttons(state: &State) -> Vec<ProviderButton> {
    let button =
        |p: &upstream::provider::Provider| ProviderButton { name: p.name.clone(), label: p.label.clone() };
    state.accounts.upstream.all().map(button).collect()
}

/// What people call a provider.
pub fn label(state: &State, provider: &str) -> String {
    let found = state.accounts.upstream.find(provider);
    found.map_or_else(|| provider.to_owned(), |found| found.label.clone())
}

/// Who asks, with a reference for the page that may follow.
pub fn attempt(state: &State, request: &HttpRequest) -> Attempt {
    Attempt { origin: address::origin(state, request), reference: error_page::reference(state) }
}

/// Leaves for a provider: from the sign-in page, or from an invitation.
pub async fn post(
    state: Data<State>,
    request: HttpRequest,
    provider: Path<String>,
    mut payload: Payload,
) -> HttpResponse {
    let posted = match forms::fields(&state, &request, &mut payload, None).await {
        Ok(posted) => posted,
        Err(problem) => return problem.as_page(&state, &request, Event::Login).await,
    };
    if !csrf::check(&state, &request, None, posted.first("csrf")) {
        let entry = Entry::refused(Event::Login, "stale_form");
        return error_page::stale_form(&state, &request, entry).await;
    }
    let return_to = login::local_path(posted.first("return_to")).unwrap_or(login::HOME);
    let start = match posted.first("invitation") {
        Some(link) => Start::Invitation { link },
        None => Start::Login { return_to },
    };
    let ask = if posted.first("again").is_some() { Ask::Again } else { Ask::Nothing };
    leave(&state, &request, &provider, start, ask).await
}

/// Sends the browser to a provider, or says why not.
pub async fn leave(
    state: &State,
    request: &HttpRequest,
    provider: &str,
    start: Start<'_>,
    ask: Ask,
) -> HttpResponse {
    let attempt = attempt(state, request);
    let address = attempt.origin.address.as_deref().unwrap_or_default();
    if let Err(throttled) = state.accounts.throttle.secret(address) {
        return Problem::from(throttled).as_page(state, request, Event::Login).await;
    }
    let Some(browser) = cookies::browser(state, request) else {
        let entry = Entry::refused(Event::Login, "stale_form");
        return error_page::stale_form(state, request, entry).await;
    };
    match upstream::begin(&state.accounts, provider, &browser, start, ask, &attempt).await {
        Ok(location) => respond::see_other(&location),
        Err(stopped) => explain(state, provider, stopped, attempt.reference).await,
    }
}

/// Takes the provider's answer.
pub async fn callback(state: Data<State>, request: HttpRequest, provider: Path<String>) -> HttpResponse {
    let params = Params::parse(request.query_string().as_bytes()).unwrap_or_default();
    let session = match session::current(&state, &request).await {
        Ok(session) => session,
        Err(page) => return page,
    };
    let attempt = attempt(&state, &request);
    let browser = cookies::browser(&state, &request);
    let answered =
        upstream::answer(&state.accounts, &provider, browser.as_deref(), session.as_ref(), &params, &attempt);
    match (answered.await, session) {
        (Ok(Outcome::SignIn { user, shown, return_to }), _) => {
            login::finish(&state, &request, &user, shown, return_to.as_deref().unwrap_or(login::HOME)).await
        }
        (Ok(Outcome::Ask { secret, proposal }), Some(session)) => {
            identities::ask(&state, &request, session, &secret, &proposal)
        }
        (Ok(Outcome::AlreadyLinked), _) => super::account::done(IDENTITIES, "identity-known"),
        (Err(Stopped { failure: Failure::Answered, purpose }), Some(_)) => lead_on(purpose.as_ref()),
        (Ok(Outcome::Ask { .. }), None) => respond::see_other(IDENTITIES),
        (Err(stopped), _) => explain(&state, &provider, stopped, attempt.reference).await,
    }
}

/// Somebody went back to an answer that was used, and is signed in: on to where it led.
fn lead_on(purpose: Option<&Purpose>) -> HttpResponse {
    respond::see_other(match purpose {
        Some(Purpose::Login { return_to }) => return_to,
        Some(Purpose::Link) => IDENTITIES,
        Some(Purpose::Invitation { .. }) | None => login::HOME,
    })
}

/// The page for a visit that led nowhere: why, and every way on that there is.
pub async fn explain(state: &State, provider: &str, stopped: Stopped, reference: String) -> HttpResponse {
    let Stopped { failure, purpose } = stopped;
    match failure {
        Failure::UnknownProvider => return error_page::not_found(),
        Failure::DeadInvitation => return error_page::dead_link(super::invite::DEAD),
        Failure::Store(error) => return error_page::refused(&error.into(), reference),
        _ => {}
    }
    tracing::info!(reference, reason = failure.reason(), provider, "a login at a provider led nowhere");
    let said = words::of(&failure, &label(state, provider));
    let mut page = StoppedPage {
        title: said.title,
        sentence: said.sentence,
        next: said.next,
        reference: said.with_reference.then_some(reference),
        links: Vec::new(),
    };
    match &purpose {
        Some(Purpose::Login { return_to }) => {
            page.links.push(PageLink { text: "Back to sign-in".to_owned(), url: login_url(return_to) });
            page.links.extend(back_to_client(state, return_to).await);
        }
        Some(Purpose::Link) => {
            page.links.push(PageLink { text: "Back to your account".to_owned(), url: IDENTITIES.to_owned() });
        }
        // The invitation's link is with the person, not with us.
        Some(Purpose::Invitation { .. }) => {}
        None => page.links.push(PageLink { text: "Sign in".to_owned(), url: "/login".to_owned() }),
    }
    let mut response = error_page::page(said.status, &page);
    if said.status == StatusCode::SERVICE_UNAVAILABLE {
        let soon = actix_web::http::header::HeaderValue::from_static("10");
        response.headers_mut().insert(actix_web::http::header::RETRY_AFTER, soon);
    }
    response
}

fn login_url(return_to: &str) -> String {
    format!("/login?{}", serde_urlencoded::to_string([("return_to", return_to)]).unwrap_or_default())
}

/// Where the app that waits behind the login is told that nothing comes of it; only once the request is known good.
async fn back_to_client(state: &State, return_to: &str) -> Option<PageLink> {
    let params = login::query_of(return_to)?;
    let valid = authorize::validate(&state.oauth, &params).await.ok()?;
    let name = Some(valid.client.name.trim()).filter(|name| !name.is_empty()).unwrap_or("the app");
    Some(PageLink { text: format!("Give up and go back to {name}"), url: authorize::turned_away(&valid) })
}
