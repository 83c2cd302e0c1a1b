//! `/admin/clients/{id}`: one client and what it says of itself.

use actix_web::HttpResponse;
use actix_web::web::Path;

use super::super::super::pages::admin::{Area, ClientPage, ClientTab, DocumentView, Shell};
use super::super::super::when;
use super::super::access::View;
use super::super::answers;
use crate::admin::clients::{self, ManagedClient};
use crate::admin::{Admin, Failure};
use crate::oauth::cimd;
use crate::oauth::client::AuthMethod;
use crate::store::clients::{ClientKeys, ClientRow};

/// The most resources that are named.
const RESOURCES: usize = 10;

pub async fn get(view: View, id: Path<String>) -> HttpResponse {
    match page(&view.state.admin, view.shell(Area::Clients), &id).await {
        Ok(html) => answers::page(&view.state, &html, &view.token),
        Err(failure) => answers::failed(&view.state, failure),
    }
}

async fn page(admin: &Admin, shell: Shell, id: &str) -> Result<ClientPage, Failure> {
    let found = clients::find(admin, id).await?;
    let client = &found.client;
    let has_secrets = AuthMethod::is_secret(&client.auth_method);
    let secrets = if has_secrets { clients::secrets::list(admin, id).await? } else { Vec::new() };
    let working = secrets.iter().filter(|secret| !secret.is_expired).count();
    let resources = clients::resources(admin, id, RESOURCES).await?;
    Ok(ClientPage {
        shell,
        head: super::head(&found, ClientTab::Overview),
        line: super::line(&found),
        secrets: has_secrets.then_some(working),
        more_resources: resources.next.is_some(),
        resources: resources.rows,
        auth_method: match client.auth_method.as_str() {
            "none" if client.keys.is_some() => {
                "No secret (public client, PKCE), or a key of its own".to_owned()
            }
            "none" => "No secret (public client, PKCE)".to_owned(),
            "private_key_jwt" => "A key of its own (private_key_jwt)".to_owned(),
            method => method.to_owned(),
        },
        keys: client.keys.as_ref().map(|keys| keys.as_str().to_owned()),
        redirect_uris: client.redirect_uris.clone(),
        for_devices: clients::edit::Edit::of(client).for_devices,
        allowed_scopes: client.allowed_scopes.as_ref().map(ToString::to_string),
        access_token_seconds: client.access_token_seconds,
        dpop_bound: client.dpop_bound,
        created: when::moment(client.created_at),
        disabled: client.disabled_at.map(when::moment),
        says: says(&found),
        document: document_view(admin, &found).await,
    })
}

/// What a client says of itself, as text: nothing of it is loaded or linked.
fn says(found: &ManagedClient) -> Vec<(&'static str, String)> {
    let said = &found.client.metadata;
    let contacts = (!said.contacts.is_empty()).then(|| said.contacts.join(", "));
    let scope = (!found.client.scope.is_empty()).then(|| found.client.scope.clone());
    [
        ("Scopes it said it would ask for", scope),
        ("Home page", said.client_uri.clone()),
        ("Logo", said.logo_uri.clone()),
        ("Terms of service", said.tos_uri.clone()),
        ("Privacy policy", said.policy_uri.clone()),
        ("Software", said.software_id.clone()),
        ("Software version", said.software_version.clone()),
        ("Type", said.application_type.clone()),
        ("Contacts", contacts),
    ]
    .into_iter()
    .filter_map(|(label, value)| value.map(|value| (label, value)))
    .collect()
}

/// What its document says now, and how that differs from what people relied on.
async fn document_view(admin: &Admin, found: &ManagedClient) -> Option<DocumentView> {
    let now = clients::document::now(admin, found).await?;
    let before = &found.client;
    let mut changes = Vec::new();
    if let Ok(now) = &now {
        let mut compare = |label, before: String, now: String| {
            if before != now {
                changes.push((label, before, now));
            }
        };
        compare("Name", before.name.clone(), now.name.clone());
        compare("Sends people to", before.redirect_uris.join(" "), now.redirect_uris.join(" "));
        compare("Proves itself with", before.auth_method.clone(), now.auth_method.clone());
        compare("Keys", keys(before), keys(now));
    }
    Some(DocumentView {
        host: cimd::id::host(&before.id),
        problem: now.err(),
        held: before.held_at.map(when::moment),
        changes,
        version: found.version,
    })
}

/// Where its keys are; of a set in the document, which.
fn keys(row: &ClientRow) -> String {
    match &row.keys {
        None => "none".to_owned(),
        Some(ClientKeys::Uri(uri)) => uri.clone(),
        Some(ClientKeys::Inline(set)) => set.clone(),
    }
}
