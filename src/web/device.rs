//! `/device`: a person enters the code of a device without a browser, sees what it asks for, and decides.

use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::consent::{known_as, scope_views};
use super::pages::{DeviceClient, DeviceConfirmPage, DevicePage, ErrorPage, MessagePage};
use super::{State, address, csrf, error_page, forms, respond, session, when};
use crate::accounts::session::Session;
use crate::audit::{Entry, Event};
use crate::oauth::Origin;
use crate::oauth::approval::Decider;
use crate::oauth::device::decision::{self, Waiting};
use crate::oauth::device::{PATH, UserCode};
use crate::oauth::error::Refusal;
use crate::oauth::params::Params;
use crate::types::ScopeSet;

/// One sentence for every code that leads nowhere: it tells nobody which exist.
const UNKNOWN: &str = "No device waits with that code. Compare it with what your device shows; if it is the same, \
                       start again on the device: codes are good for a few minutes, and for one decision.";

/// Asks for the code. One that came with the link is filled in, and waits for the person.
pub async fn get(state: Data<State>, request: HttpRequest) -> HttpResponse {
    let params = Params::parse(request.query_string().as_bytes()).unwrap_or_default();
    let sent = params.first("user_code").and_then(UserCode::parse).map(|code| code.shown());
    let session = match ready(&state, &request, sent.as_deref()).await {
        Ok(session) => session,
        Err(answer) => return answer,
    };
    let sent = sent.unwrap_or_default();
    enter(&state, &request, &session, &Entered { prefilled: !sent.is_empty(), code: &sent, error: None })
}

/// Shows what the device asks for, or carries out the decision.
pub async fn post(state: Data<State>, request: HttpRequest, mut payload: Payload) -> HttpResponse {
    let form = match forms::fields(&state, &request, &mut payload, Some("scope")).await {
        Ok(form) => form,
        Err(problem) => return problem.as_page(&state, &request, Event::DeviceCode).await,
    };
    let typed = form.first("user_code").unwrap_or_default();
    let shown = UserCode::parse(typed).map(|code| code.shown());
    let session = match ready(&state, &request, shown.as_deref()).await {
        Ok(session) => session,
        Err(answer) => return answer,
    };
    if !csrf::check(&state, &request, Some(&session.id), form.first("csrf")) {
        let entry = Entry::refused(Event::DeviceCode, "stale_form").user(session.user.id);
        return error_page::stale_form(&state, &request, entry).await;
    }
    let origin = address::origin(&state, &request);
    if let Some(answer) = held_off(&state, &request, &session, typed, &origin).await {
        return answer;
    }
    match decision::find(&state.oauth, typed, &session.user.id, &session.id, &origin).await {
        Ok(Some(waiting)) => decide(&state, &request, &session, &waiting, &form).await,
        Ok(None) => {
            let entered = Entered { code: typed, prefilled: false, error: Some(UNKNOWN.to_owned()) };
            let mut page = enter(&state, &request, &session, &entered);
            *page.status_mut() = StatusCode::NOT_FOUND;
            page
        }
        Err(refusal) => error_page::refused(&refusal, error_page::reference(&state)),
    }
}

/// Who is signed in, with enough; otherwise where to go.
async fn ready(state: &State, request: &HttpRequest, code: Option<&str>) -> Result<Session, HttpResponse> {
    if !state.oauth.devices.enabled {
        return Err(error_page::not_found());
    }
    let here = here(code);
    let Some(session) = session::current(state, request).await? else {
        return Err(respond::see_other(&login_url(&here)));
    };
    match session::detour(state, &session, &here).await? {
        Some(detour) => Err(respond::see_other(detour.url())),
        None => Ok(session),
    }
}

/// This page, with the code filled in.
fn here(code: Option<&str>) -> String {
    code.map_or_else(|| PATH.to_owned(), |code| format!("{PATH}?user_code={code}"))
}

fn login_url(return_to: &str) -> String {
    format!("/login?{}", serde_urlencoded::to_string([("return_to", return_to)]).unwrap_or_default())
}

/// The answer to somebody who enters codes too often.
async fn held_off(
    state: &State,
    request: &HttpRequest,
    session: &Session,
    typed: &str,
    origin: &Origin,
) -> Option<HttpResponse> {
    let address = origin.address.as_deref().unwrap_or_default();
    let throttled = state.accounts.throttle.user_code(&session.user.id, address).err()?;
    let entry = Entry::refused(Event::DeviceCode, "rate_limited")
        .user(session.user.id.clone())
        .session(session.id.clone())
        .address(origin.address.clone());
    state.oauth.audit.record(entry).await;
    let error = format!("Too many codes were entered. Try again in {} seconds.", throttled.retry_after);
    let entered = Entered { code: typed, prefilled: false, error: Some(error) };
    let mut page = enter(state, request, session, &entered);
    *page.status_mut() = StatusCode::TOO_MANY_REQUESTS;
    page.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from(throttled.retry_after));
    Some(page)
}

/// What the field holds, and what is wrong with it.
struct Entered<'a> {
    code: &'a str,
    prefilled: bool,
    error: Option<String>,
}

fn enter(state: &State, request: &HttpRequest, session: &Session, entered: &Entered<'_>) -> HttpResponse {
    let token = csrf::issue(state, request, Some(&session.id));
    let page = DevicePage {
        csrf: token.value.clone(),
        user_code: entered.code.to_owned(),
        prefilled: entered.prefilled,
        error: entered.error.clone(),
        user_email: session.user.email.clone(),
        switch_url: switch_url(UserCode::parse(entered.code).as_ref()),
    };
    error_page::form_page(state, StatusCode::OK, &page, &token)
}

fn switch_url(code: Option<&UserCode>) -> String {
    format!("{}&switch=1", login_url(&here(code.map(UserCode::shown).as_deref())))
}

async fn decide(
    state: &State,
    request: &HttpRequest,
    session: &Session,
    waiting: &Waiting,
    form: &Params,
) -> HttpResponse {
    let Some(answer) = form.first("decision") else {
        return confirm(state, request, session, waiting, form).await;
    };
    let origin = address::origin(state, request);
    let decider = Decider {
        user_id: session.user.id.clone(),
        session_id: session.id.clone(),
        auth_time: session.auth_time,
        proof: session.proof,
    };
    if answer != "allow" {
        return match decision::deny(&state.oauth, waiting, &decider, &origin).await {
            Ok(()) => denied(),
            Err(refusal) => too_late(state, &refusal),
        };
    }
    let ticked: ScopeSet = form.all("scope").map(str::to_owned).collect();
    match decision::allow(&state.oauth, waiting, &decider, &ticked, &origin).await {
        Ok(()) => allowed(),
        Err(refusal) => too_late(state, &refusal),
    }
}

async fn confirm(
    state: &State,
    request: &HttpRequest,
    session: &Session,
    waiting: &Waiting,
    form: &Params,
) -> HttpResponse {
    let Waiting { row, client, resource, scopes, .. } = waiting;
    let granted = state.oauth.store.find_consent(&session.user.id, &client.id, &resource.id).await;
    let granted = match granted {
        Ok(granted) => granted,
        Err(error) => return error_page::refused(&error.into(), error_page::reference(state)),
    };
    let code = form.first("user_code").and_then(UserCode::parse);
    let token = csrf::issue(state, request, Some(&session.id));
    let page = DeviceConfirmPage {
        csrf: token.value.clone(),
        user_code: code.as_ref().map(UserCode::shown).unwrap_or_default(),
        client: DeviceClient {
            name: client.name.clone(),
            known: known_as(client),
            client_id: client.id.clone(),
            client_uri: client.metadata.client_uri.clone(),
        },
        resource_name: resource.name.clone(),
        resource_url: resource.uri.clone(),
        scopes: scope_views(resource, client, scopes, &granted),
        asked_at: when::moment(row.created_at),
        asked_from: row.asked_from.clone(),
        user_email: session.user.email.clone(),
        switch_url: switch_url(code.as_ref()),
    };
    error_page::form_page(state, StatusCode::OK, &page, &token)
}

fn allowed() -> HttpResponse {
    let page = MessagePage {
        title: "Your device is connected".to_owned(),
        sentence:
            "You can go back to your device: it goes on by itself in a few seconds. This page can be closed."
                .to_owned(),
        link_text: "See what is connected".to_owned(),
        link_url: "/account/apps".to_owned(),
    };
    error_page::page(StatusCode::OK, &page)
}

fn denied() -> HttpResponse {
    let page = MessagePage {
        title: "The device gets no access".to_owned(),
        sentence: "You denied it, and the device is told so. This page can be closed.".to_owned(),
        link_text: "Enter another code".to_owned(),
        link_url: PATH.to_owned(),
    };
    error_page::page(StatusCode::OK, &page)
}

fn too_late(state: &State, refusal: &Refusal) -> HttpResponse {
    let reference = error_page::reference(state);
    tracing::info!(reference, reason = refusal.reason.as_str(), "a decision about a device came too late");
    let page = ErrorPage {
        title: "It is too late for this decision".to_owned(),
        sentence:
            "The code has expired or was decided before, or your account or the app was disabled meanwhile."
                .to_owned(),
        next: "Nothing was allowed. Start again on the device.".to_owned(),
        reference: Some(reference),
    };
    error_page::page(StatusCode::CONFLICT, &page)
}
