//! `POST /people` and `PUT /people/{id}`: adding somebody, with an invitation, and changing name and address.

use actix_web::HttpResponse;
use actix_web::web::Path;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::answers;
use super::super::call::Sent;
use super::super::idempotency::{self, Created};
use super::super::problem::Problem;
use super::{Person, links, may_change};
use crate::admin::api_tokens::Scope;
use crate::admin::people::edit;
use crate::admin::people::link::{self, For};
use crate::admin::people::make;

/// Somebody new.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPerson {
    /// To sign in with.
    #[schema(max_length = 254, example = "ann@example.com")]
    email: String,
    #[serde(default)]
    #[schema(max_length = 100)]
    name: String,
    /// Needs `administrators:write`.
    #[serde(default)]
    is_administrator: bool,
}

/// Somebody new, with their invitation.
#[derive(Serialize, ToSchema)]
pub struct InvitedPerson {
    #[serde(flatten)]
    person: Person,
    /// Absent in the answer to a repetition.
    #[schema(required = false)]
    invitation: links::OneTimeLink,
}

/// Add a person
///
/// They come in with the invitation: a link that works once, within 7 days. It is mailed where there is a mail server,
/// and told here this once.
#[utoipa::path(post, path = "/people", tag = "people", request_body = NewPerson,
    responses((status = 201, description = "They are there", body = InvitedPerson)))]
pub async fn create(sent: Sent<NewPerson>) -> Result<HttpResponse, Problem> {
    let call = &sent.call;
    let new = make::NewPerson {
        email: sent.body.email,
        name: sent.body.name,
        is_admin: sent.body.is_administrator,
        password_hash: None,
    };
    if new.is_admin {
        call.insist(Scope::AdministratorsWrite).await?;
    }
    idempotency::once(call, &sent.digest, async {
        let user = make::make(call.admin(), &call.actor, new).await?;
        let location = format!("/people/{}", user.id);
        let link = link::make(call.admin(), &call.actor, &user.id, For::ComingIn).await?;
        let invitation = links::told(call, &link);
        let body = InvitedPerson { person: user.into(), invitation };
        Ok(Created::new(location, &body).once_only(&["invitation"]))
    })
    .await
}

/// Name and address, as they shall be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonEdit {
    #[schema(max_length = 254)]
    email: String,
    /// Empty for none.
    #[serde(default)]
    #[schema(max_length = 100)]
    name: String,
    /// Of the person as they were read.
    version: i64,
}

/// Change name and address
///
/// A new address ends links and half-done logins; the old mailbox is told.
#[utoipa::path(put, path = "/people/{id}", tag = "people", request_body = PersonEdit,
    params(("id" = String, Path, description = "Their id")),
    responses((status = 200, description = "As they are now", body = Person)))]
pub async fn change(sent: Sent<PersonEdit>, id: Path<String>) -> Result<HttpResponse, Problem> {
    let call = &sent.call;
    may_change(call, &id).await?;
    let wanted = edit::Edit { email: sent.body.email, name: sent.body.name, version: sent.body.version };
    let user = edit::edit(call.admin(), &call.actor, &id, wanted).await?;
    Ok(answers::ok(&Person::from(user)))
}
