//! `/people/{id}/invitation` and `/people/{id}/password-link`: one-time links, told once.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::super::super::State;
use super::super::call::Call;
use super::super::idempotency::{self, Created};
use super::super::problem::Problem;
use super::may_change;
use crate::admin::people::link::{self, For};
use crate::types::Hashed;

/// A link that works once.
#[derive(Serialize, ToSchema)]
pub struct OneTimeLink {
    /// Whoever has it can use it. Absent in the answer to a repetition.
    #[schema(format = "uri", required = false)]
    link: String,
    /// How long it works.
    life: &'static str,
    /// Whether it was mailed to the person.
    is_mailed: bool,
}

pub(super) fn told(call: &Call, link: &link::Link) -> OneTimeLink {
    let state: &Data<State> = &call.state;
    OneTimeLink {
        link: state.issuer().at(link.path.expose()),
        life: link.what.life(),
        is_mailed: link.mail(call.admin()),
    }
}

async fn hand_over(call: &Call, id: &str, what: For) -> Result<HttpResponse, Problem> {
    may_change(call, id).await?;
    idempotency::once(call, &Hashed::of(""), async {
        let link = link::make(call.admin(), &call.actor, id, what).await?;
        Ok(Created::new(format!("/people/{id}"), &told(call, &link)).once_only(&["link"]))
    })
    .await
}

/// Invite a person again
///
/// Only somebody who never signed in. An earlier invitation ends.
#[utoipa::path(post, path = "/people/{id}/invitation", tag = "people",
    params(("id" = String, Path, description = "Their id")),
    responses((status = 201, description = "The link, told once", body = OneTimeLink)))]
pub async fn invite(call: Call, id: Path<String>) -> Result<HttpResponse, Problem> {
    hand_over(&call, &id, For::ComingIn).await
}

/// Make a link to choose a password
///
/// An earlier one ends.
#[utoipa::path(post, path = "/people/{id}/password-link", tag = "people",
    params(("id" = String, Path, description = "Their id")),
    responses((status = 201, description = "The link, told once", body = OneTimeLink)))]
pub async fn password(call: Call, id: Path<String>) -> Result<HttpResponse, Problem> {
    hand_over(&call, &id, For::Password).await
}
