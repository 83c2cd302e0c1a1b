//! Who may come in, and who administers.

use actix_web::HttpResponse;
use actix_web::web::Path;
use serde::Deserialize;
use utoipa::ToSchema;

use super::super::answers;
use super::super::call::{Call, Sent};
use super::super::problem::Problem;
use super::{Person, may_change};
use crate::admin::api_tokens::Scope;
use crate::admin::people;
use crate::admin::people::access;

/// Disable a person
///
/// Sign-ins end, and what their apps hold is revoked, at once. Not the owner of the token, nor the last administrator.
#[utoipa::path(post, path = "/people/{id}/disable", tag = "people",
    params(("id" = String, Path, description = "Their id")),
    responses((status = 200, description = "As they are now", body = Person)))]
pub async fn disable(call: Call, id: Path<String>) -> Result<HttpResponse, Problem> {
    may_change(&call, &id).await?;
    let user = access::disable(call.admin(), &call.actor, &id).await?;
    Ok(answers::ok(&Person::from(user)))
}

/// Enable a person
///
/// They may sign in again; what was revoked stays revoked.
#[utoipa::path(post, path = "/people/{id}/enable", tag = "people",
    params(("id" = String, Path, description = "Their id")),
    responses((status = 200, description = "As they are now", body = Person)))]
pub async fn enable(call: Call, id: Path<String>) -> Result<HttpResponse, Problem> {
    may_change(&call, &id).await?;
    let user = access::enable(call.admin(), &call.actor, &id).await?;
    Ok(answers::ok(&Person::from(user)))
}

/// Whether somebody administers.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Administration {
    is_administrator: bool,
}

/// Give or take the administration
///
/// Needs `administrators:write`. Not of the owner of the token, nor of the last administrator.
#[utoipa::path(put, path = "/people/{id}/administration", tag = "people", request_body = Administration,
    params(("id" = String, Path, description = "Their id")),
    responses((status = 200, description = "As they are now", body = Person)))]
pub async fn administer(sent: Sent<Administration>, id: Path<String>) -> Result<HttpResponse, Problem> {
    let call = &sent.call;
    call.insist(Scope::AdministratorsWrite).await?;
    let user = access::set_admin(call.admin(), &call.actor, &id, sent.body.is_administrator).await?;
    Ok(answers::ok(&Person::from(user)))
}

/// Delete a person
///
/// With everything stored about them, for good. Not the owner of the token, nor the last administrator.
#[utoipa::path(delete, path = "/people/{id}", tag = "people",
    params(("id" = String, Path, description = "Their id")),
    responses((status = 204, description = "They are gone")))]
pub async fn remove(call: Call, id: Path<String>) -> Result<HttpResponse, Problem> {
    may_change(&call, &id).await?;
    let email = people::find(call.admin(), &id).await?.email;
    access::delete(call.admin(), &call.actor, &id, &email).await?;
    Ok(answers::done())
}
