//! `/admin/clients/new`: which kind, then its form, then what was made.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use super::super::super::pages::admin::{
    Area, ClientForm, ClientKindPage, ClientMadePage, ClientTab, NewClientPage, Problems, Shell, Sort,
};
use super::super::super::{State, error_page};
use super::super::access::{FreshSubmission, FreshView};
use super::super::answers;
use super::form;
use crate::admin::Failure;
use crate::admin::clients::create::{Made, NewClient, create};
use crate::admin::clients::nonce;
use crate::oauth::client::AuthMethod;
use crate::oauth::grants::GrantType;
use crate::oauth::resource::Resource;
use crate::store::clients::{ClientKind, ClientRow};
use crate::types::ScopeSet;

/// The most resources that are named after a client was made.
const SHOWN: usize = 10;

pub async fn get(FreshView(view): FreshView) -> HttpResponse {
    let state = &view.state;
    let shell = view.shell(Area::Clients);
    match sort_of(view.query.first("kind")) {
        Some(sort) => {
            let html = NewClientPage {
                shell,
                sort,
                nonce: nonce(&state.admin),
                form: empty(state, sort),
                problems: Problems::default(),
            };
            answers::page(state, &html, &view.token)
        }
        None => answers::page(state, &kinds(state, shell), &view.token),
    }
}

pub async fn post(FreshSubmission(sent): FreshSubmission) -> HttpResponse {
    let state = &sent.state;
    let shell = sent.shell(Area::Clients);
    let Some(sort) = sort_of(sent.fields.first("kind")) else {
        let html = kinds(state, shell);
        return error_page::form_page(state, StatusCode::UNPROCESSABLE_ENTITY, &html, &sent.token);
    };
    let form = form::read(&sent, &empty(state, sort));
    let wanted = wanted(sort, &form, sent.lines("redirect_uris"));
    match create(&state.admin, &sent.actor, &wanted, Some(sent.text("nonce"))).await {
        Ok(made) => answers::page(state, &made_page(state, shell, made), &sent.token),
        Err(Failure::Invalid(problems)) => {
            let failure = Failure::Invalid(problems.clone());
            let is_broken = problems.iter().any(|problem| problem.field == "nonce");
            let nonce = if is_broken { nonce(&state.admin) } else { sent.text("nonce").to_owned() };
            let (form, problems) = form::with_problems(form, problems);
            let html = NewClientPage { shell, sort, nonce, form, problems };
            answers::again(state, &failure, &html, &sent.token)
        }
        Err(failure) => answers::failed(state, failure),
    }
}

fn sort_of(code: Option<&str>) -> Option<Sort> {
    Sort::ALL.into_iter().find(|sort| Some(sort.code()) == code)
}

fn kinds(state: &State, shell: Shell) -> ClientKindPage {
    ClientKindPage { shell, is_registration_open: state.oauth.is_registration_open() }
}

/// The form of a kind before anything is typed.
fn empty(state: &State, sort: Sort) -> ClientForm {
    ClientForm {
        redirect_uris: (sort != Sort::Machine).then(String::new),
        for_devices: (sort != Sort::Machine).then_some(false),
        auth_method: (sort != Sort::Public).then(|| AuthMethod::Basic.as_str().to_owned()),
        // Nobody is asked what a machine may do.
        has_limit: sort == Sort::Machine,
        scopes: form::ticks(state, &ScopeSet::default()),
        ..ClientForm::default()
    }
}

fn wanted(sort: Sort, form: &ClientForm, redirect_uris: Vec<String>) -> NewClient {
    let method = form.auth_method.as_deref().and_then(AuthMethod::parse);
    NewClient {
        kind: if sort == Sort::Machine { ClientKind::Machine } else { ClientKind::Static },
        auth_method: match sort {
            Sort::Public => AuthMethod::None,
            Sort::Confidential | Sort::Machine => {
                method.filter(|method| *method != AuthMethod::None).unwrap_or(AuthMethod::Basic)
            }
        },
        keys: form::keys(form),
        name: form.name.clone(),
        redirect_uris,
        for_devices: form.for_devices == Some(true),
        allowed_scopes: form::ceiling(form),
        access_token_seconds: form::seconds(form),
        dpop_bound: form.dpop_bound,
    }
}

fn made_page(state: &State, shell: Shell, made: Made) -> ClientMadePage {
    let client = &made.client.client;
    let at = |path| state.issuer().at(path);
    let has = |grant: GrantType| client.grant_types.iter().any(|text| text == grant.as_str());
    let token_url = at("/oauth/token");
    let resources = open_to(state, client);
    ClientMadePage {
        shell,
        head: super::head(&made.client, ClientTab::Overview),
        is_repeat: made.is_repeat,
        has_secret: AuthMethod::is_secret(&client.auth_method),
        secret: made.secret.map(|secret| secret.expose().clone()),
        issuer: state.issuer().as_str().to_owned(),
        authorize_url: has(GrantType::AuthorizationCode).then(|| at("/oauth/authorize")),
        device_url: has(GrantType::DeviceCode).then(|| at("/oauth/device_authorization")),
        // curl signs no proofs.
        command: (client.kind == ClientKind::Machine && !client.dpop_bound)
            .then(|| command(&token_url, &client.id, resources.first().map(|(_, url)| url.as_str()))),
        token_url,
        resources,
        scopes: client.allowed_scopes.as_ref().map(ToString::to_string),
    }
}

/// Name and address of the resources it can get a token for, the default one first.
fn open_to(state: &State, client: &ClientRow) -> Vec<(String, String)> {
    let resources = state.oauth.resources.current();
    let is_open = |resource: &&Resource| {
        let ceiling = client.allowed_scopes.as_ref();
        ceiling.is_none_or(|ceiling| !ceiling.intersection(&resource.scope_names()).is_empty())
    };
    let all = || resources.all().iter().map(AsRef::as_ref).filter(is_open);
    let first = all().filter(|resource| resource.is_default);
    let others = all().filter(|resource| !resource.is_default);
    first.chain(others).take(SHOWN).map(|r| (r.name.clone(), r.uri.clone())).collect()
}

/// A line that asks for a token. The addresses hold nothing that means something to a shell.
fn command(token_url: &str, client_id: &str, resource: Option<&str>) -> String {
    let resource = resource.map(|url| format!(" \\\n  -d resource={url}")).unwrap_or_default();
    format!("curl --user {client_id} {token_url} \\\n  -d grant_type=client_credentials{resource}")
}
