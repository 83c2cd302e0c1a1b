//! `/admin/grants/{id}`: one grant.

use actix_web::HttpResponse;
use actix_web::web::Path;

use super::super::super::pages::admin::{Area, GrantPage};
use super::super::super::when;
use super::super::access::View;
use super::super::answers;
use crate::admin::grants::{State, find, state_of};
use crate::store::grant_search::GrantDetails;
use crate::types::Timestamp;

pub async fn get(view: View, id: Path<String>) -> HttpResponse {
    let (state, now) = (&view.state, view.state.oauth.clock.now());
    let row = match find(&state.admin, &id).await {
        Ok(row) => row,
        Err(failure) => return answers::failed(state, failure),
    };
    let resources = state.oauth.resources.current();
    let resource = resources.all().iter().find(|r| r.id == row.grant.resource_id);
    let describe = |name: &str| {
        let known = resource.and_then(|r| r.scopes.iter().find(|scope| scope.name == name));
        (name.to_owned(), known.map(|scope| scope.description.clone()).unwrap_or_default())
    };
    let html = GrantPage {
        shell: view.shell(Area::Grants),
        resource_id: row.grant.resource_id.clone(),
        scopes: row.grant.scopes.iter().map(describe).collect(),
        state: standing(&row, now),
        ends: when::moment(row.grant.ends_at),
        renewable_until: row
            .renewable_until
            .filter(|_| state_of(&row.grant, now) == State::Live)
            .map(when::moment),
        session_id: row.grant.session_id.clone(),
        grant: super::grant_view(state, row, now),
    };
    answers::page(state, &html, &view.token)
}

fn standing(row: &GrantDetails, now: Timestamp) -> String {
    let Some(at) = row.grant.revoked_at else {
        return if row.grant.ends_at > now { "gives access" } else { "has run out" }.to_owned();
    };
    let why = match row.revoked_reason.as_deref().unwrap_or_default() {
        "ended_by_administrator" => "ended by an administrator",
        "consent_withdrawn" => "disconnected",
        "revoked_by_client" => "given back by the client",
        "client_disabled" => "ended when the client was disabled",
        "client_deleted" => "ended when the client was deleted",
        "user_disabled" => "ended when the person was disabled",
        "user_deleted" => "ended when the person was deleted",
        "replayed_code" | "replayed_refresh_token" => "ended because two programs used the same login",
        _ => "revoked",
    };
    format!("{why}, {}", when::moment(at))
}
