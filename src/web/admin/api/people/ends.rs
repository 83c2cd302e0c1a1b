//! Ending what a person has: sign-ins, logins at other providers, apps.

use actix_web::HttpResponse;
use actix_web::web::Path;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::answers;
use super::super::call::Call;
use super::super::problem::Problem;
use super::may_change;
use crate::admin::people::ends::{self, Which};

/// How many sign-ins ended.
#[derive(Serialize, ToSchema)]
pub struct EndedSessions {
    ended: u64,
}

/// End every sign-in of a person
#[utoipa::path(delete, path = "/people/{id}/sessions", tag = "people",
    params(("id" = String, Path, description = "Their id")),
    responses((status = 200, description = "How many ended", body = EndedSessions)))]
pub async fn sessions(call: Call, id: Path<String>) -> Result<HttpResponse, Problem> {
    may_change(&call, &id).await?;
    let ended = ends::end_sessions(call.admin(), &call.actor, &id, Which::All).await?;
    Ok(answers::ok(&EndedSessions { ended }))
}

/// End one sign-in of a person
#[utoipa::path(delete, path = "/people/{id}/sessions/{session}", tag = "people",
    params(("id" = String, Path, description = "Their id"),
        ("session" = String, Path, description = "The id of the sign-in")),
    responses((status = 204, description = "It has ended")))]
pub async fn session(call: Call, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (id, session) = path.into_inner();
    may_change(&call, &id).await?;
    ends::end_sessions(call.admin(), &call.actor, &id, Which::One(&session)).await?;
    Ok(answers::done())
}

/// Remove a login at another provider
///
/// Also the last way in: the person can be given a link to choose a password.
#[utoipa::path(delete, path = "/people/{id}/identities/{identity}", tag = "people",
    params(("id" = String, Path, description = "Their id"),
        ("identity" = String, Path, description = "The id of the login")),
    responses((status = 204, description = "It is gone")))]
pub async fn identity(call: Call, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (id, identity) = path.into_inner();
    may_change(&call, &id).await?;
    ends::remove_identity(call.admin(), &call.actor, &id, &identity).await?;
    Ok(answers::done())
}

/// Disconnect every app of a person
#[utoipa::path(delete, path = "/people/{id}/apps", tag = "people",
    params(("id" = String, Path, description = "Their id")),
    responses((status = 204, description = "Their access has ended")))]
pub async fn apps(call: Call, id: Path<String>) -> Result<HttpResponse, Problem> {
    may_change(&call, &id).await?;
    ends::end_apps(call.admin(), &call.actor, &id, Which::All).await?;
    Ok(answers::done())
}

/// Disconnect one app of a person
#[utoipa::path(delete, path = "/people/{id}/apps/{app}", tag = "people",
    params(("id" = String, Path, description = "Their id"), ("app" = String, Path, description = "The id of the app")),
    responses((status = 204, description = "Its access has ended")))]
pub async fn app(call: Call, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (id, app) = path.into_inner();
    may_change(&call, &id).await?;
    ends::end_apps(call.admin(), &call.actor, &id, Which::One(&app)).await?;
    Ok(answers::done())
}
