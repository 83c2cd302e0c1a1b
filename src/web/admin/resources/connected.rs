//! `/admin/resources/{id}/clients` and `…/people`: who uses it.

use actix_web::HttpResponse;
use actix_web::web::Path;

use super::super::super::pages::admin::{
    Area, ResourceClientView, ResourceClientsPage, ResourceConsentView, ResourcePeoplePage, ResourceTab,
};
use super::super::super::when;
use super::super::access::View;
use super::super::answers;
use super::{head, in_force, page_after};
use crate::admin::resources::users;
use crate::store::resource_users::{ResourceClientRow, ResourceConsentRow};

pub async fn clients(view: View, id: Path<String>) -> HttpResponse {
    let state = &view.state;
    let resource = match in_force(state, &id) {
        Ok(resource) => resource,
        Err(answer) => return answer,
    };
    let after = view.after();
    let page = match users::clients(&state.admin, &id, after.as_deref()).await {
        Ok(page) => page,
        Err(error) => return answers::failed(state, error.into()),
    };
    let tab = ResourceTab::Clients;
    let html = ResourceClientsPage {
        shell: view.shell(Area::Resources),
        head: head(&resource, tab),
        clients: page.rows.into_iter().map(client_view).collect(),
        next_url: page.next.map(|last| page_after(tab, &id, &last)),
        first_url: after.map(|_| tab.url(&id)),
    };
    answers::page(state, &html, &view.token)
}

pub async fn people(view: View, id: Path<String>) -> HttpResponse {
    let state = &view.state;
    let resource = match in_force(state, &id) {
        Ok(resource) => resource,
        Err(answer) => return answer,
    };
    let after = view.after();
    let page = match users::people(&state.admin, &id, after.as_deref()).await {
        Ok(page) => page,
        Err(error) => return answers::failed(state, error.into()),
    };
    let tab = ResourceTab::People;
    let html = ResourcePeoplePage {
        shell: view.shell(Area::Resources),
        head: head(&resource, tab),
        consents: page.rows.into_iter().map(consent_view).collect(),
        next_url: page.next.map(|last| page_after(tab, &id, &last)),
        first_url: after.map(|_| tab.url(&id)),
    };
    answers::page(state, &html, &view.token)
}

fn client_view(row: ResourceClientRow) -> ResourceClientView {
    ResourceClientView {
        id: row.id,
        name: row.name,
        kind: match row.kind.as_str() {
            "dynamic" => "registered itself",
            "cimd" => "publishes a document",
            _ => "added by an administrator",
        },
        last_used: row.last_used_at.map(when::moment),
    }
}

fn consent_view(row: ResourceConsentRow) -> ResourceConsentView {
    ResourceConsentView {
        user_id: row.user_id,
        email: row.email,
        client_id: row.client_id,
        client: row.client_name,
        scopes: row.scopes.iter().map(str::to_owned).collect(),
        since: when::moment(row.created_at),
    }
}
