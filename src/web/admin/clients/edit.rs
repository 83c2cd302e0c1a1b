//! `/admin/clients/{id}/edit`: what can be set of a client.

use actix_web::HttpResponse;
use actix_web::web::Path;

use super::super::super::State;
use super::super::super::pages::admin::{Area, ClientForm, ClientTab, EditClientPage, Problems, Shell};
use super::super::access::{FreshSubmission, FreshView, Submission};
use super::super::answers;
use super::form;
use crate::admin::Failure;
use crate::admin::clients::edit::{Edit, edit};
use crate::admin::clients::{ManagedClient, find};
use crate::store::clients::{ClientKind, ClientRow};

pub async fn get(FreshView(view): FreshView, id: Path<String>) -> HttpResponse {
    let state = &view.state;
    match find(&state.admin, &id).await {
        Ok(found) => {
            let form = form::of_row(state, &found.client);
            let html = page(view.shell(Area::Clients), &found, form);
            answers::page(state, &html, &view.token)
        }
        Err(failure) => answers::failed(state, failure),
    }
}

pub async fn post(FreshSubmission(sent): FreshSubmission, id: Path<String>) -> HttpResponse {
    let state = &sent.state;
    let before = match find(&state.admin, &id).await {
        Ok(found) => found,
        Err(failure) => return answers::failed(state, failure),
    };
    let form = read(state, &sent, &before.client);
    let wanted = wanted(&form, &sent, &before.client);
    let failure = match edit(&state.admin, &sent.actor, &id, sent.version(), &wanted).await {
        Ok(_) => return answers::done(&ClientTab::Settings.url(&id), "client-saved"),
        Err(failure @ (Failure::Invalid(_) | Failure::Changed)) => failure,
        Err(failure) => return answers::failed(state, failure),
    };
    // Once more, for who it was that changed meanwhile.
    let now = match find(&state.admin, &id).await {
        Ok(found) => found,
        Err(failure) => return answers::failed(state, failure),
    };
    let html = match &failure {
        Failure::Invalid(problems) => {
            let (form, problems) = form::with_problems(form, problems.clone());
            // The version that was read: what others changed since is still to be told of.
            let version = sent.version();
            EditClientPage { version, problems, ..page(sent.shell(Area::Clients), &now, form) }
        }
        _ => {
            EditClientPage { now: Some(in_words(&now.client)), ..page(sent.shell(Area::Clients), &now, form) }
        }
    };
    answers::again(state, &failure, &html, &sent.token)
}

fn page(shell: Shell, found: &ManagedClient, form: ClientForm) -> EditClientPage {
    EditClientPage {
        shell,
        head: super::head(found, ClientTab::Settings),
        version: found.version,
        form,
        problems: Problems::default(),
        now: None,
        is_dynamic: found.client.kind.describes_itself(),
        is_document: found.client.kind == ClientKind::Cimd,
    }
}

/// What was sent; what a client says of itself has no fields and stays as it is.
fn read(state: &State, sent: &Submission, row: &ClientRow) -> ClientForm {
    let is = form::of_row(state, row);
    let typed = form::read(sent, &is);
    if row.kind.describes_itself() {
        return ClientForm {
            name: is.name,
            redirect_uris: is.redirect_uris,
            for_devices: is.for_devices,
            auth_method: is.auth_method,
            keys: is.keys,
            dpop_bound: is.dpop_bound,
            ..typed
        };
    }
    typed
}

fn wanted(form: &ClientForm, sent: &Submission, row: &ClientRow) -> Edit {
    let is = Edit::of(row);
    Edit {
        name: form.name.clone(),
        redirect_uris: if row.kind == ClientKind::Static {
            sent.lines("redirect_uris")
        } else {
            is.redirect_uris
        },
        for_devices: form.for_devices.unwrap_or(is.for_devices),
        auth_method: form.auth_method.clone().unwrap_or(is.auth_method),
        keys: form::keys(form),
        allowed_scopes: form::ceiling(form),
        access_token_seconds: form::seconds(form),
        dpop_bound: form.dpop_bound,
    }
}

/// Every value as a person reads it.
fn in_words(row: &ClientRow) -> Vec<(&'static str, String)> {
    let scopes = row.allowed_scopes.as_ref().map_or_else(
        || "no limit".to_owned(),
        |scopes| if scopes.is_empty() { "none of any resource".to_owned() } else { scopes.to_string() },
    );
    let seconds =
        row.access_token_seconds.map_or_else(|| "as each resource says".to_owned(), |v| v.to_string());
    let mut words = Vec::new();
    if !row.kind.describes_itself() {
        words.push(("Name", row.name.clone()));
    }
    if row.kind == ClientKind::Static {
        words.push(("Redirect URIs", row.redirect_uris.join(", ")));
        let for_devices = if Edit::of(row).for_devices { "allowed" } else { "not allowed" };
        words.push(("Devices without a browser", for_devices.to_owned()));
    }
    words.extend([
        ("How it proves itself", row.auth_method.clone()),
        ("Its keys", row.keys.as_ref().map_or_else(|| "none".to_owned(), |keys| keys.as_str().to_owned())),
        ("Scopes it may have at most", scopes),
        ("Life of its access tokens, in seconds", seconds),
        ("Tokens only with proofs of a key", if row.dpop_bound { "yes" } else { "no" }.to_owned()),
        ("State", if row.disabled_at.is_some() { "disabled" } else { "active" }.to_owned()),
    ]);
    words
}
