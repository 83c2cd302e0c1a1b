//! `/grants`: what apps hold.

use actix_web::HttpResponse;
use actix_web::web::Path;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::answers;
use super::call::{Call, Sent};
use super::paging::{self, List};
use super::problem::Problem;
use super::text::{self, Time};
use crate::admin::grants::{self, Search, State};
use crate::admin::{Failure, people};
use crate::store::grant_search::GrantDetails;

/// What one client may do on one resource, for a person or itself.
#[derive(Serialize, ToSchema)]
pub struct Grant {
    id: String,
    /// Absent for a machine's own grant.
    #[serde(skip_serializing_if = "Option::is_none")]
    person_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    client_id: String,
    client_name: String,
    resource_id: String,
    scopes: Vec<String>,
    state: GrantState,
    created_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_at: Option<Time>,
    /// When it ends at the latest.
    ends_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_because: Option<String>,
}

/// Whether a grant gives access.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum GrantState {
    Live,
    Ended,
}

fn shown(call: &Call, found: GrantDetails) -> Grant {
    let state = grants::state_of(&found.grant, call.state.oauth.clock.now());
    let grant = found.grant;
    Grant {
        id: grant.id,
        person_id: grant.user_id,
        email: found.user_email,
        client_id: grant.client_id,
        client_name: found.client_name,
        resource_id: grant.resource_id,
        scopes: grant.scopes.iter().map(str::to_owned).collect(),
        state: if state == State::Live { GrantState::Live } else { GrantState::Ended },
        created_at: Time(grant.created_at),
        last_used_at: found.last_used_at.map(Time),
        ends_at: Time(grant.ends_at),
        ended_at: grant.revoked_at.map(Time),
        ended_because: found.revoked_reason,
    }
}

/// Which grants.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// A person's address or id.
    #[param(max_length = 300)]
    person: Option<String>,
    /// A client's id.
    #[param(max_length = 300)]
    client: Option<String>,
    /// A resource's id.
    #[param(max_length = 300)]
    resource: Option<String>,
    #[param(inline)]
    state: Option<GrantState>,
    /// Rows on a page; 50 unless it is said.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// Where the page begins: `next_cursor` of the one before.
    #[param(max_length = 400)]
    cursor: Option<String>,
}

/// List grants
///
/// The newest first. Where it is narrowed, a page may be short, or empty, and have another after it: go on while there
/// is a `next`.
#[utoipa::path(get, path = "/grants", tag = "grants", params(Wanted),
    responses((status = 200, description = "A page of grants", body = List<Grant>)))]
pub async fn list(call: Call) -> Result<HttpResponse, Problem> {
    let wanted: Wanted = call.query()?;
    let (size, after) = (paging::size(wanted.limit)?, paging::key(wanted.cursor.as_deref())?);
    for (name, value) in
        [("person", &wanted.person), ("client", &wanted.client), ("resource", &wanted.resource)]
    {
        text::bounded(name, value.as_deref())?;
    }
    let user = match wanted.person.as_deref().filter(|text| !text.is_empty()) {
        None => None,
        Some(typed) => match people::resolve(call.admin(), typed).await {
            Ok(user) => Some(user.id),
            // Grants of somebody deleted are found by id.
            Err(Failure::NotFound) => Some(typed.to_owned()),
            Err(failure) => return Err(failure.into()),
        },
    };
    let search = Search {
        user,
        client: wanted.client.filter(|text| !text.is_empty()),
        resource: wanted.resource.filter(|text| !text.is_empty()),
        state: wanted.state.map(|state| match state {
            GrantState::Live => State::Live,
            GrantState::Ended => State::Ended,
        }),
        after,
    };
    let found = grants::page(call.admin(), &search, size).await?;
    Ok(answers::ok(&List::of(&call, found.page, |row| shown(&call, row))))
}

/// Show a grant
#[utoipa::path(get, path = "/grants/{id}", tag = "grants",
    params(("id" = String, Path, description = "Its id")),
    responses((status = 200, description = "The grant", body = Grant)))]
pub async fn get(call: Call, id: Path<String>) -> Result<HttpResponse, Problem> {
    let found = grants::find(call.admin(), &id).await?;
    Ok(answers::ok(&shown(&call, found)))
}

/// Grants to end.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Ids {
    #[schema(min_items = 1, max_items = 50)]
    ids: Vec<String>,
}

/// How many ended now.
#[derive(Serialize, ToSchema)]
pub struct Ended {
    ended: u64,
}

/// End grants
///
/// Access ends at once. Those that had ended, and ids of nothing, are passed over.
#[utoipa::path(post, path = "/grants/end", tag = "grants", request_body = Ids,
    responses((status = 200, description = "How many ended", body = Ended)))]
pub async fn end(sent: Sent<Ids>) -> Result<HttpResponse, Problem> {
    let ended = grants::end(sent.call.admin(), &sent.call.actor, &sent.body.ids).await;
    let ended = ended.map_err(|failure| failure.renamed("id[]", "ids"))?;
    Ok(answers::ok(&Ended { ended: u64::try_from(ended).unwrap_or_default() }))
}

/// A person and a client.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    person_id: String,
    client_id: String,
}

/// End all a person gave a client
///
/// On whichever resource; the client has to ask again.
#[utoipa::path(post, path = "/grants/end-pair", tag = "grants", request_body = Pair,
    responses((status = 200, description = "How many ended", body = Ended),
        (status = 404, description = "There is no such person")))]
pub async fn end_pair(sent: Sent<Pair>) -> Result<HttpResponse, Problem> {
    let (call, pair) = (&sent.call, &sent.body);
    let ended = grants::end_pair(call.admin(), &call.actor, &pair.person_id, &pair.client_id).await?;
    Ok(answers::ok(&Ended { ended }))
}
