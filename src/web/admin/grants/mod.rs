//! `/admin/grants/…`: what clients hold.

pub mod end;
pub mod end_pair;
pub mod list;
pub mod one;

use super::super::pages::admin::{GrantView, WhoView};
use super::super::{State, when};
use crate::admin::grants::{self, State as Standing};
use crate::store::grant_search::GrantDetails;
use crate::types::Timestamp;

const PAGE: &str = "/admin/grants";

/// What a resource is called; its id when it is gone.
pub fn resource_name(state: &State, id: &str) -> String {
    let resources = state.oauth.resources.current();
    resources.all().iter().find(|r| r.id == id).map_or_else(|| id.to_owned(), |r| r.name.clone())
}

/// A client's name, or a word for one without.
pub fn shown_name(name: String) -> String {
    if name.trim().is_empty() { "An app without a name".to_owned() } else { name }
}

fn grant_view(state: &State, row: GrantDetails, now: Timestamp) -> GrantView {
    let is_live = grants::state_of(&row.grant, now) == Standing::Live;
    let who = match (row.grant.user_id, row.user_email) {
        (Some(id), Some(email)) => WhoView::Person { id, email },
        (Some(_), None) => WhoView::Deleted,
        (None, _) => WhoView::Machine,
    };
    GrantView {
        who,
        resource_name: resource_name(state, &row.grant.resource_id),
        scopes: row.grant.scopes.to_string(),
        created: when::moment(row.grant.created_at),
        last_use: row.last_used_at.map(when::moment),
        is_live,
        id: row.grant.id,
        client_id: row.grant.client_id,
        client_name: shown_name(row.client_name),
    }
}
