//! `/consent`: what a client asks for, put before the person; Allow and Deny.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::authorize::{login_url, reject, request_url};
use super::pages::{ClientView, ConsentPage, KnownAs, RedirectKind, ScopeView};
use super::{State, address, csrf, error_page, forms, respond, session};
use crate::accounts::session::Session;
use crate::audit::{Entry, Event};
use crate::oauth::approval::{Decider, is_required_scope};
use crate::oauth::authorize::{self, AuthorizeRequest, Moment, Rejected};
use crate::oauth::cimd;
use crate::oauth::client::Client;
use crate::oauth::params::Params;
use crate::oauth::redirect_uri::Destination;
use crate::oauth::resource::{OFFLINE_ACCESS, OPENID, Resource, ScopeInfo};
use crate::oauth::scopes;
use crate::store::clients::ClientKind;
use crate::types::ScopeSet;

/// Shows the question.
pub async fn get(state: Data<State>, request: HttpRequest) -> HttpResponse {
    let params = match Params::parse(request.query_string().as_bytes()) {
        Ok(params) => params,
        Err(refusal) => return reject(&state, &request, &Params::default(), Rejected::Page(refusal)).await,
    };
    let (valid, session) = match ready(&state, &request, &params).await {
        Ok(ready) => ready,
        Err(response) => return response,
    };
    let granted =
        state.oauth.store.find_consent(&session.user.id, &valid.client.id, &valid.resource.id).await;
    let granted = match granted {
        Ok(granted) => granted,
        Err(error) => return error_page::refused(&error.into(), error_page::reference(&state)),
    };
    let token = csrf::issue(&state, &request, Some(&session.id));
    let page = ConsentPage {
        csrf: token.value.clone(),
        request: params.to_query(),
        client: client_view(&valid),
        resource_name: valid.resource.name.clone(),
        resource_url: valid.resource.uri.clone(),
        scopes: scope_views(&valid.resource, &valid.client, &valid.scopes, &granted),
        user_email: session.user.email.clone(),
        switch_url: switch_url(&valid, &params),
    };
    error_page::form_page(&state, StatusCode::OK, &page, &token)
}

/// Carries out the decision.
pub async fn post(state: Data<State>, request: HttpRequest, mut payload: Payload) -> HttpResponse {
    let form = match forms::fields(&state, &request, &mut payload, Some("scope")).await {
        Ok(form) => form,
        Err(problem) => return problem.as_page(&state, &request, Event::Consent).await,
    };
    let params = match form.require("request").and_then(|q| Params::parse(q.as_bytes())) {
        Ok(params) => params,
        Err(refusal) => return reject(&state, &request, &Params::default(), Rejected::Page(refusal)).await,
    };
    let (valid, session) = match ready(&state, &request, &params).await {
        Ok(ready) => ready,
        Err(response) => return response,
    };
    if !csrf::check(&state, &request, Some(&session.id), form.first("csrf")) {
        let entry = Entry::refused(Event::Consent, "stale_form")
            .user(session.user.id)
            .client(valid.client.id.clone());
        return error_page::stale_form(&state, &request, entry).await;
    }
    let origin = address::origin(&state, &request);
    let decider = Decider {
        user_id: session.user.id.clone(),
        session_id: session.id.clone(),
        auth_time: session.auth_time,
        proof: session.proof,
    };
    if form.first("decision") != Some("allow") {
        return match authorize::deny(&state.oauth, &valid, &decider, &origin).await {
            Ok(location) => respond::see_other(&location),
            Err(refusal) => reject(&state, &request, &params, Rejected::Page(refusal)).await,
        };
    }
    let ticked: ScopeSet = form.all("scope").map(str::to_owned).collect();
    match authorize::approve(&state.oauth, &valid, &decider, &ticked, &origin).await {
        Ok(location) => respond::see_other(&location),
        Err(refusal) => reject(&state, &request, &params, Rejected::Page(refusal)).await,
    }
}

/// The request, still valid, and the person, still signed in; otherwise where to go.
async fn ready(
    state: &State,
    request: &HttpRequest,
    params: &Params,
) -> Result<(AuthorizeRequest, Session), HttpResponse> {
    let valid = match authorize::validate(&state.oauth, params).await {
        Ok(valid) => valid,
        Err(rejected) => return Err(reject(state, request, params, rejected).await),
    };
    let session = session::current(state, request).await?;
    let now = state.oauth.clock.now();
    match session.filter(|s| valid.accepts_login(session::login_of(s), now, Moment::Decision)) {
        Some(session) => match session::detour(state, &session, &request_url(params)).await? {
            Some(detour) => Err(respond::see_other(detour.url())),
            None => Ok((valid, session)),
        },
        None => Err(respond::see_other(&login_url(&valid, params))),
    }
}

fn switch_url(valid: &AuthorizeRequest, params: &Params) -> String {
    format!("{}&switch=1", login_url(valid, params))
}

fn client_view(valid: &AuthorizeRequest) -> ClientView {
    let (redirect_host, redirect) = match valid.redirect_uri.destination() {
        Destination::Web(host) => (host, RedirectKind::Web),
        Destination::Loopback(host) => (host, RedirectKind::Loopback),
        Destination::App(scheme) => (format!("{scheme}://"), RedirectKind::App(scheme)),
    };
    ClientView {
        name: valid.client.name.clone(),
        known: known_as(&valid.client),
        redirect_host,
        redirect,
        client_id: valid.client.id.clone(),
        client_uri: valid.client.metadata.client_uri.clone(),
    }
}

/// How far the app's name can be believed.
pub fn known_as(client: &Client) -> KnownAs {
    match client.kind {
        ClientKind::Cimd => KnownAs::VerifiedHost(cimd::id::host(&client.id)),
        ClientKind::Dynamic => KnownAs::SelfDeclared,
        ClientKind::Static | ClientKind::Machine => KnownAs::RegisteredHere,
    }
}

/// What the person is asked for, in words. `granted` is what they allowed before.
pub fn scope_views(
    resource: &Resource,
    client: &Client,
    scopes: &ScopeSet,
    granted: &ScopeSet,
) -> Vec<ScopeView> {
    scopes.iter().map(|name| scope_view(resource, client, name, granted)).collect()
}

fn scope_view(resource: &Resource, client: &Client, name: &str, granted: &ScopeSet) -> ScopeView {
    let (description, mut tools) = scope_words(&resource.scopes, name);
    let mut includes = Vec::new();
    let one: ScopeSet = std::iter::once(name.to_owned()).collect();
    let given = scopes::of_token(resource, client, &one);
    for (text, more) in given.iter().filter(|other| *other != name).map(|o| scope_words(&resource.scopes, o))
    {
        includes.push(text);
        tools.extend(more);
    }
    let mut seen = std::collections::BTreeSet::new();
    tools.retain(|tool| seen.insert(tool.clone()));
    ScopeView {
        name: name.to_owned(),
        description,
        tools,
        includes,
        required: is_required_scope(name),
        already_granted: granted.contains(name),
    }
}

/// What a scope means to people, and the tools it unlocks. `scopes` are those of the resource.
pub fn scope_words(scopes: &[ScopeInfo], name: &str) -> (String, Vec<String>) {
    let known = scopes.iter().find(|s| s.name == name);
    let description = known.map_or_else(|| own_words(name), |s| s.description.clone());
    (description, known.map(|s| s.tools.clone()).unwrap_or_default())
}

/// What the scopes that belong to no resource mean.
fn own_words(name: &str) -> String {
    match name {
        OPENID => "Know who you are here",
        "profile" => "See your name",
        "email" => "See your e-mail address",
        OFFLINE_ACCESS => "Stay connected until you disconnect it",
        _ => "",
    }
    .to_owned()
}
