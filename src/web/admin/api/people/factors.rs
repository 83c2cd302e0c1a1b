//! `/people/{id}/second-factor`: wanting one, and taking away what was lost.

use actix_web::HttpResponse;
use actix_web::web::Path;
use serde::Deserialize;
use utoipa::ToSchema;

use super::super::answers;
use super::super::call::{Call, Sent};
use super::super::problem::Problem;
use super::{Person, may_change};
use crate::admin::people::factors;

/// Whether somebody must show a second factor.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SecondFactor {
    /// `false` leaves it to the general rule.
    required: bool,
}

/// Want a second factor of a person
#[utoipa::path(put, path = "/people/{id}/second-factor", tag = "people", request_body = SecondFactor,
    params(("id" = String, Path, description = "Their id")),
    responses((status = 200, description = "As they are now", body = Person)))]
pub async fn require(sent: Sent<SecondFactor>, id: Path<String>) -> Result<HttpResponse, Problem> {
    let call = &sent.call;
    may_change(call, &id).await?;
    let user = factors::require(call.admin(), &call.actor, &id, sent.body.required).await?;
    Ok(answers::ok(&Person::from(user)))
}

/// Remove the second factor of a person
///
/// Authenticator app, recovery codes and passkeys, of somebody who has lost them; their sign-ins end.
#[utoipa::path(delete, path = "/people/{id}/second-factor", tag = "people",
    params(("id" = String, Path, description = "Their id")),
    responses((status = 204, description = "It is gone")))]
pub async fn clear(call: Call, id: Path<String>) -> Result<HttpResponse, Problem> {
    may_change(&call, &id).await?;
    factors::clear(call.admin(), &call.actor, &id).await?;
    Ok(answers::done())
}
