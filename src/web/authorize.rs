//! `GET` and `POST /oauth/authorize`: sends the browser to the login or the consent page. Changes nothing.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::pages::Again;
use super::session::Detour;
use super::{State, address, error_page, forms, respond, session};
use crate::accounts::session::Session;
use crate::audit::{Entry, Event};
use crate::oauth::authorize::{self, AuthorizeRequest, Moment, Prompt, Rejected, ToClient};
use crate::oauth::error::{Code, Reason, Refusal};
use crate::oauth::error_redirect::{self, Way};
use crate::oauth::params::Params;
use crate::oauth::{flow, par};

/// Answers an authorization request.
pub async fn get(state: Data<State>, request: HttpRequest) -> HttpResponse {
    match Params::parse(request.query_string().as_bytes()) {
        Ok(params) => answer(&state, &request, &params).await,
        Err(refusal) => reject(&state, &request, &Params::default(), Rejected::Page(refusal)).await,
    }
}

/// The same with its parameters in a form (OpenID Connect Core §3.1.2.1).
pub async fn post(state: Data<State>, request: HttpRequest, mut payload: Payload) -> HttpResponse {
    match forms::params(&state, &request, &mut payload).await {
        Ok(params) => answer(&state, &request, &params).await,
        Err(problem) => problem.as_page(&state, &request, Event::Authorization).await,
    }
}

/// Leads the browser on.
pub async fn answer(state: &State, request: &HttpRequest, params: &Params) -> HttpResponse {
    if let Err(refusal) = par::begin(&state.oauth, params).await {
        return reject(state, request, params, Rejected::Page(refusal)).await;
    }
    let valid = match authorize::validate(&state.oauth, params).await {
        Ok(valid) => valid,
        Err(rejected) => return reject(state, request, params, rejected).await,
    };
    let session = match session::current(state, request).await {
        Ok(session) => session,
        Err(page) => return page,
    };
    let detour = match &session {
        Some(session) => match session::detour(state, session, &request_url(params)).await {
            Ok(detour) => detour,
            Err(page) => return page,
        },
        None => None,
    };
    let step = next_step(state, &valid, session.as_ref(), detour);
    if let Some(where_to) = step.name() {
        let entry = Entry::ok(Event::Authorization)
            .because(where_to)
            .client(valid.client.id.clone())
            .resource(valid.resource.id.clone())
            .session(session.as_ref().map(|s| s.id.clone()))
            .address(address::origin(state, request).address)
            .flow(flow::of_request(&state.oauth.master, params));
        state.oauth.audit.record(entry).await;
    }
    match step {
        Step::SecondFactor(detour) => respond::see_other(detour.url()),
        Step::Consent => respond::see_other(&format!("/consent?{}", params.to_query())),
        Step::Login => respond::see_other(&login_url(&valid, params)),
        Step::Refuse(refusal) => {
            let AuthorizeRequest { client, redirect_uri, state: echo, issuer, .. } = valid;
            let to = ToClient { refusal, client, redirect_uri, state: echo, issuer };
            reject(state, request, params, Rejected::Redirect(Box::new(to))).await
        }
    }
}

enum Step {
    Login,
    SecondFactor(Detour),
    Consent,
    Refuse(Refusal),
}

impl Step {
    /// Where the person is led, for the audit trail; nothing for a refusal, which is recorded as such.
    const fn name(&self) -> Option<&'static str> {
        match self {
            Self::Login => Some("to_login"),
            Self::SecondFactor(_) => Some("to_second_factor"),
            Self::Consent => Some("to_consent"),
            Self::Refuse(_) => None,
        }
    }
}

fn next_step(
    state: &State,
    valid: &AuthorizeRequest,
    session: Option<&Session>,
    detour: Option<Detour>,
) -> Step {
    let now = state.oauth.clock.now();
    let fresh = session.filter(|s| valid.accepts_login(session::login_of(s), now, Moment::Arrival));
    let is_new = fresh.is_some_and(|s| valid.has_led_to(session::login_of(s)));
    let refuse = |code, reason, text: &'static str| Step::Refuse(Refusal::new(code, reason, text));
    match (valid.prompt, fresh) {
        (Prompt::None, Some(_)) if detour.is_some() => {
            refuse(Code::LoginRequired, Reason::LoginNeeded, "the person must show a second factor")
        }
        (Prompt::None, None) => refuse(Code::LoginRequired, Reason::LoginNeeded, "the person must sign in"),
        (Prompt::None, Some(_)) => {
            refuse(Code::ConsentRequired, Reason::ConsentNeeded, "the person must be asked")
        }
        (Prompt::Login, Some(_)) if !is_new => Step::Login,
        (Prompt::Login | Prompt::Usual, None) => Step::Login,
        (Prompt::Login | Prompt::Usual, Some(_)) => detour.map_or(Step::Consent, Step::SecondFactor),
    }
}

/// The login page, which leads back here. `prompt` and `max_age` are dropped on the way: a new login is what
/// they asked for, and clients that need to be sure read `auth_time`.
pub fn login_url(valid: &AuthorizeRequest, params: &Params) -> String {
    let query = serde_urlencoded::to_string([("return_to", request_url(params))]).unwrap_or_default();
    // So that a provider asks again too.
    let again = if valid.wants_new_login { format!("&again={}", Again::App.as_str()) } else { String::new() };
    format!("/login?{query}{again}")
}

/// The request once more, without the wishes that a new login fulfils.
pub fn request_url(params: &Params) -> String {
    format!("/oauth/authorize?{}", par::after_login(params).to_query())
}

/// Records a refusal and answers it: with a page, or at the client where that is safe.
pub async fn reject(
    state: &State,
    request: &HttpRequest,
    params: &Params,
    rejected: Rejected,
) -> HttpResponse {
    let reference = error_page::reference(state);
    let entry = Entry::refused(Event::Authorization, rejected.refusal().reason.as_str())
        .client(params.first("client_id").map(str::to_owned))
        .address(address::origin(state, request).address)
        .flow(flow::of_request(&state.oauth.master, params))
        .reference(reference.clone());
    state.oauth.audit.record(entry).await;
    match rejected {
        Rejected::Page(refusal) => error_page::refused(&refusal, reference),
        Rejected::Redirect(to) => match way(state, request, &to).await {
            Ok(Way::Redirect) => respond::see_other(&location_of(&to)),
            Ok(Way::Ask) => error_page::leaving(&to, location_of(&to), reference),
            Err(page) => page,
        },
    }
}

fn location_of(to: &ToClient) -> String {
    authorize::error_location(&to.issuer, &to.redirect_uri, to.state.as_deref(), &to.refusal)
}

/// How this refusal reaches its client; the person is asked for only where that decides.
async fn way(state: &State, request: &HttpRequest, to: &ToClient) -> Result<Way, HttpResponse> {
    let decide = |agreed| error_redirect::decide(&to.redirect_uri.destination(), to.client.kind, agreed);
    if decide(false) == Way::Redirect {
        return Ok(Way::Redirect);
    }
    let Some(session) = session::current(state, request).await? else { return Ok(Way::Ask) };
    let agreed = state.oauth.store.has_consent(&session.user.id, &to.client.id).await;
    agreed.map(decide).map_err(|error| error_page::refused(&error.into(), error_page::reference(state)))
}
